"""What was found in a listing, written down: in lines for people, as one value for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cosconcat.config import Config
from cosconcat.model import iso_time
from cosconcat.naming.keys import FragmentName, InvalidName, ManifestName, MarkerName, Name, NotOurs
from ops.desk.show import counted
from ops.naming.examine import Examination
from ops.naming.nearly import why_nearly
from ops.naming.notes import notes

_SLOW = 0.05  # seconds for one key; an expression that takes that long costs more than the rest of the function
_LISTED = 200  # so many keys are described one by one, more only in sum
WHOLE_TIME_DIGITS = 12  # of a day and a minute
_SHOWN = 50  # groups of a large listing


def in_lines(config: Config, found: Examination) -> Iterator[str]:
    """The examination for people."""
    few = len(found.names) <= _LISTED
    if few:
        for name in found.names:
            ours = isinstance(name, NotOurs) and name.key.startswith(config.input_prefix)
            nearly = why_nearly(config.convention, name.key) if ours else ""
            yield f"{name.key}\t{describe(name, timed=config.convention.timed)}" + (f" ({nearly})" if nearly else "")
    if found.slowest > _SLOW:
        yield f"slow: {found.slowest:.2f} s for one key"
    shown = found.groups.items() if few else list(found.groups.items())[:_SHOWN]
    for group, words in shown:
        yield f"group {group}\t{words}"
    if not few:
        yield from _in_sum(found)
    for words in notes(config, found.names):
        yield f"note: {words}"


def _in_sum(found: Examination) -> Iterator[str]:
    states = Counter(words.partition(":")[0] for words in found.groups.values())
    fragments = sum(isinstance(name, FragmentName) for name in found.names)
    if len(found.groups) > _SHOWN:
        yield f"… and {counted(len(found.groups) - _SHOWN, 'group')} more"
    by_state = ", ".join(f"{count} {state}" for state, count in states.most_common())
    told = (
        f"{counted(len(found.names), 'key')}: {counted(fragments, 'fragment')} in {counted(len(found.groups), 'group')}"
    )
    yield told + (f" ({by_state})" if by_state else "")
    for one in found.unmatched:
        nearly = f"; {one.nearly}" if one.nearly else ""
        yield f"unmatched: {one.keys} x {one.reason}, such as {one.example}{nearly}"


def as_json(config: Config, found: Examination) -> dict[str, object]:
    """The examination for programs."""
    return {
        "keys": {name.key: describe(name, timed=config.convention.timed) for name in found.names},
        "groups": found.groups,
        "unmatched": [one._asdict() for one in found.unmatched],
        "notes": notes(config, found.names),
    }


def describe(name: Name, *, timed: bool = False) -> str:
    """One key in words; of a `timed` convention with the time that was read."""
    if isinstance(name, FragmentName):
        of = f" of {name.total}" if name.total is not None else ""
        place = (name.digits or "without a number") + (_whole_time(name) if timed else "")
        return f"fragment {place}{of} of group {name.group} ({name.ext})"
    if isinstance(name, MarkerName):
        every = ", all its windows" if name.every else ""
        return f"marker of group {name.group}{every}" + (f", counts {name.count}" if name.count is not None else "")
    if isinstance(name, ManifestName):
        return f"manifest of group {name.group}"
    return f"{'invalid' if isinstance(name, InvalidName) else 'ignored'}: {name.reason}"


def _whole_time(name: FragmentName) -> str:
    """The time that was read, where a name writes it in several places and `digits` is but one of them."""
    written = sum(map(str.isdigit, name.digits))
    if written >= WHOLE_TIME_DIGITS or not written:
        return ""
    return f" at {iso_time(name.number // 1000)}"
