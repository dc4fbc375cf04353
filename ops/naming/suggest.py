"""Finds the setting for a listing: tries every preset, derives templates from the names themselves, ranks them by what
they explain.

keys ─► presets ─────────────────────────────────────┐
   └─► names of one shape ─► times, numbers, the rest ─► templates ─► each judged by the real convention ─► ranked

Of a long listing a sample ranks them; what is shown is judged by all names.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice, pairwise
from statistics import median
from typing import NamedTuple

from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import MEDIA, UNNUMBERED, FragmentName
from cosconcat.naming.presets import PRESETS
from ops.desk.show import counted
from ops.naming.derive import derive

_MOST_KEYS = 5000  # of a listing that rank the candidates
_MOST_JUDGED = 8  # candidates that all names of a longer listing are read by, the best of its sample first
_MOST_FRAGMENTS = 10_000  # CONCAT_MAX_FRAGMENTS may not be more
_LONGEST_GAP = 86_340  # seconds: less than a day, which is the most of CONCAT_MAX_LENGTH
_LONGEST_STEP = 43_200  # seconds: pieces that mostly come so long after one another are no recording together
_LEAST_SCORE = 20.0  # below it a setting explains nothing
_CARELESS = 2.0  # what one `{*}` costs, in hundredths of what is explained
_DAY = re.compile(r"(?<![0-9])20[0-9]{2}[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12][0-9]|3[01])(?![0-9])")
# What recorders write and CI may know, though the functions take it only by CONCAT_EXTENSIONS.
FURTHER = frozenset(
    {"insv", "dav", "lrv", "360", "h264", "h265", "hevc", "tod", "mod", "trp", "ifv", "lrf", "m2v", "ogv"}
)


class Suggestion(NamedTuple):
    """A setting and what it makes of the listing: lines for `.env`, in hundredths how much it explains, and why."""

    naming: str
    lines: tuple[str, ...]
    score: float
    words: str


def suggest(keys: Iterable[str], prefix: str, most: int = 3) -> list[Suggestion]:
    """The settings that explain a listing best, at most so many; none that explains nothing. A key that comes twice
    counts once.
    """
    names = sorted({key[len(prefix) :] for key in keys if key.startswith(prefix) and not key.endswith("/")})
    further = tuple(sorted(set(map(extension, names)) & FURTHER))
    media = [name for name in names if extension(name) in MEDIA or extension(name) in further]
    if not media:
        return []
    sample = _spread(media, _MOST_KEYS)
    candidates = [*PRESETS, *dict.fromkeys(derive(media))]
    if len(sample) == len(media):
        found = [one for naming in candidates if (one := _judge(naming, media, further)) is not None]
    else:
        found = _judged_by_all(_ranked(candidates, sample, further), media, further, most)
    found.sort(key=lambda one: -one.score)
    return _without_twins(found)[:most]


def _ranked(candidates: Iterable[str], sample: Sequence[str], further: Sequence[str]) -> list[str]:
    """The candidates that read a sample, best first, but those last that make the same of it as a better one. What is
    between its stretches is missing by no fault of theirs.
    """
    found = [one for naming in candidates if (one := _judge(naming, sample, further, least=-math.inf)) is not None]
    found.sort(key=lambda one: -one.score)
    differing = [one.naming for one in _without_twins(found)]
    return list(dict.fromkeys([*differing, *(one.naming for one in found)]))


def _judged_by_all(ranked: Iterable[str], names: Sequence[str], further: Sequence[str], most: int) -> list[Suggestion]:
    """What the candidates make of all names; no more are judged than it takes to find so many that differ."""
    found: list[Suggestion] = []
    for naming in islice(ranked, _MOST_JUDGED):
        one = _judge(naming, names, further)
        found += [one] if one else []
        if len(_without_twins(found)) == most:
            break
    return found


def _without_twins(found: Iterable[Suggestion]) -> list[Suggestion]:
    """Of settings that explain just as much in the same words the first."""
    seen: set[tuple[int, str]] = set()
    kept = []
    for one in found:
        twin = (round(one.score), one.words)
        if twin not in seen:
            kept.append(one)
        seen.add(twin)
    return kept


def _spread(names: Sequence[str], most: int) -> list[str]:
    """At most so many names, whole neighbourhoods from all over the listing: a group must not lose its middle."""
    if len(names) <= most:
        return list(names)
    block = most // 10
    starts = (at * (len(names) - block) // 9 for at in range(10))
    return list(dict.fromkeys(name for start in starts for name in names[start : start + block]))


def extension(name: str) -> str:
    """What stands behind the last dot of a name, lower case; empty where there is none."""
    return name.rpartition(".")[2].lower() if "." in name.rpartition("/")[2] else ""


def _judge(naming: str, names: Sequence[str], further: Sequence[str], least: float = _LEAST_SCORE) -> Suggestion | None:
    """What a naming makes of the names; None when it reads less than half of them, or scores less than the least."""
    try:
        convention = Convention.of(naming, "", window=0, extensions=further)
    except ValueError:
        return None
    groups: dict[str, list[FragmentName]] = defaultdict(list)
    for name in names:
        found = convention.read(name)
        if isinstance(found, FragmentName):
            groups[found.group].append(found)
    read = sum(map(len, groups.values()))
    if 2 * read < len(names):
        return None
    good = joined = holes = 0
    sizes = [0]
    first = _first(convention, groups.values())
    for pieces in groups.values():
        places = Counter(piece.number for piece in pieces)
        if max(places.values()) > 1 or len({piece.beginning for piece in pieces}) > 1:
            continue
        good += len(pieces)
        joined += len(pieces) if len(pieces) > 1 else 0
        if not convention.timed:
            missing = _holes(places.keys(), first) if first != "any" else 0
            holes += missing
            sizes.append(_size(pieces, missing))
    if convention.timed and _usual_step(groups.values()) > _LONGEST_STEP:
        return None
    singles = good - joined
    bonus = 0.0 if naming not in PRESETS else 2.0 if naming == "ffmpeg" else 6.0 if PRESETS[naming].source else 4.0
    spared = 3.0 if any(piece.end for pieces in groups.values() for piece in pieces) else 0.0
    loose = _CARELESS * naming.count("{*}") + 4.0 * naming.count("{**}")
    loose += 10.0 if first == "any" and naming not in PRESETS else 0.0
    dated = bool(_DAY.search(re.sub(r"{[^}]*}", "*", naming)))
    loose += 40.0 if dated else 0.0
    lost = min(60.0, 100.0 * holes / max(1, good)) + 25.0 * singles / max(1, good)
    crowds = [size for size in sizes if size > _MOST_FRAGMENTS]
    lost += min(25.0, 25.0 * sum(crowds) / max(1, good))
    score = 100.0 * good / len(names) - lost - loose + bonus + spared
    if score < least or (not joined and least == _LEAST_SCORE):
        return None
    words = f"{good:,} of {len(names):,} in {counted(len(groups), 'group')}"
    words += f", {singles:,} alone" * bool(singles) + f", {counted(holes, 'number')} missing" * bool(holes)
    words += ", names of one day alone" * dated
    words += _too_large(crowds) if crowds else ""
    needed = max((size for size in sizes if size <= _MOST_FRAGMENTS), default=0)
    return Suggestion(naming, _lines(naming, convention, groups, first, further, needed), score, words)


def _size(pieces: Sequence[FragmentName], missing: int) -> int:
    """How many fragments CONCAT_MAX_FRAGMENTS must allow for a group: with those that are missing and those that its
    names declare, unless more are missing than are there.
    """
    whole = len(pieces) + (missing if missing <= len(pieces) else 0)
    return max(whole, *(piece.total or 0 for piece in pieces))


def _too_large(crowds: Sequence[int]) -> str:
    """What to say of groups of so many pieces, which no setting lets join."""
    which = f"a group has {crowds[0]:,} pieces"
    if len(crowds) > 1:
        which = f"{len(crowds):,} groups have up to {max(crowds):,} pieces"
    allowed = f"CONCAT_MAX_FRAGMENTS may be {_MOST_FRAGMENTS:,} at most"
    return f"; {which}, and {allowed}: upload larger pieces or several groups"


def _holes(places: Collection[int], first: str) -> int:
    """How many numbers are missing; behind a piece without one they may begin with 2."""
    numbers = {*places} - {UNNUMBERED}
    if not numbers:
        return 0
    begins = 2 if len(numbers) < len(places) and 1 not in numbers else 1
    begins = 0 if first == "0" or 0 in numbers else begins
    return max(numbers) + 1 - begins - len(numbers)


def _first(convention: Convention, groups: Iterable[Sequence[FragmentName]]) -> str:
    """The number that groups begin with, as CONCAT_FIRST says it; empty where it need not be said."""
    if convention.timed or convention.totals or convention.first != "auto":
        return "" if convention.first == "auto" else convention.first
    starts = [min(piece.number for piece in pieces) for pieces in groups if len(pieces) > 1]
    if starts and all(start == 0 for start in starts):
        return "0"
    if starts and sum(start > 1 for start in starts) * 2 > len(starts):
        return "any"
    return ""


def _lines(
    naming: str,
    convention: Convention,
    groups: Mapping[str, Sequence[FragmentName]],
    first: str,
    further: Sequence[str],
    largest: int,
) -> tuple[str, ...]:
    """The lines for `.env`; the largest group needs so many fragments."""
    preset = PRESETS.get(naming)
    lines = [f"CONCAT_NAMING={_quoted(naming)}"]
    usual = preset.completion if preset else ""
    completion = _completion(convention, groups, usual)
    if completion != usual:
        lines.append(f"CONCAT_COMPLETION={completion}")
    if first and (preset is None or preset.first != first):
        lines.append(f"CONCAT_FIRST={first}")
    needed = [one for one in further if one not in Convention.of(naming, "").media]
    if needed:
        lines.append(f"CONCAT_EXTENSIONS={','.join(needed)}")
    if largest > 100:
        lines.append(f"CONCAT_MAX_FRAGMENTS={largest}")
    return tuple(lines)


def _completion(convention: Convention, groups: Mapping[str, Sequence[FragmentName]], usual: str) -> str:
    """What makes a group whole: a total, a gap somewhat longer than what is usual between pieces, or quiet time."""
    if convention.totals:
        return "total"
    if not convention.timed:
        return usual or "quiet:600"
    seconds = min(_LONGEST_GAP, max(60, int(2 * _usual_step(groups.values())) // 60 * 60 + 60))
    return usual if usual.startswith("gap:") and int(usual[4:]) >= seconds else f"gap:{seconds}"


def _usual_step(groups: Iterable[Sequence[FragmentName]]) -> float:
    """Seconds from one piece to the next, where names tell ends from its end, as it is mostly."""
    ordered = [sorted(pieces, key=lambda piece: piece.number) for pieces in groups if len(pieces) > 1]
    steps = [(b.number - (a.end or a.number)) / 1000 for pieces in ordered for a, b in pairwise(pieces)]
    return median(steps) if steps else 0.0


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w./:{}%*+,()?@=~^\[\]-]+", value) else f"'{value}'"
