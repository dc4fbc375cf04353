"""What ended since the last report: counted by outcome, the last hundred by name."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from cosconcat import log
from cosconcat.errors import ConcatError, TimedOut
from cosconcat.model import iso_time
from cosconcat.records.ledger import Ledger
from cosconcat.records.records import Closed

NAMED = 100  # of the contents that ended last, in the report
READ = 500  # most entries that one report reads; further ones are only counted
LOOK_BACK_SECONDS = 86400  # where there is no earlier report to go on from
OVERLAP_SECONDS = 120  # LIST may lag: what was entered so shortly before the last report, it may not have shown
SKEW_SECONDS = 900  # names are by the time of the end, by clocks that are no further off: COS answers no others
MOST_LATELY = 1000  # entries of these two minutes that are remembered as told


def ended_since(
    ledger: Ledger, before: Mapping[str, Any], now: float, out_of_time: Callable[[], bool]
) -> dict[str, object]:
    """The report's part `ended`. `before` is that part of the report before this one, or empty; `now` is the service's
    clock.

    New is what was entered since then, whatever time its name tells: an end in the future hides no other. `counts` are
    by outcome; `unread` are further ones, for which the time was too short, or that could not be read. `last` holds the
    newest hundred, oldest first, whether they ended since the last report or before; `lately` what the next report may
    see again.
    """
    known = _known(before)
    since = _reached(before, now)
    told = {*known, *_lately(before)}
    new: deque[str] = deque(maxlen=READ)
    lately: deque[str] = deque(maxlen=MOST_LATELY)
    unread = 0
    for name, entered in ledger.closed_as_listed(_name(since - SKEW_SECONDS)):
        if entered >= now - OVERLAP_SECONDS:
            lately.append(name)
        if entered >= since - OVERLAP_SECONDS and name not in told:
            unread += len(new) == READ
            new.append(name)
    counts: Counter[str] = Counter()
    for at, name in enumerate(new):
        if out_of_time():
            unread += len(new) - at
            break
        try:
            entry = ledger.read_closed(name)
        except TimedOut:
            unread += len(new) - at
            break
        except ConcatError as failure:
            log.warning("closed entry not read", entry=name, reason=str(failure))
            unread += 1
            continue
        if entry is not None:
            counts[entry.outcome] += 1
            known[name] = _in_short(name, entry)
    last = [known[name] for name in sorted(known)[-NAMED:]]
    return {
        "since": before.get("until", ""),
        "until": iso_time(now),
        "counts": dict(counts),
        "unread": unread,
        "last": last,
        **({"lately": [*lately]} if lately else {}),
    }


def _known(before: Mapping[str, Any]) -> dict[str, dict[str, object]]:
    """The entries that the earlier report named; none where it is not as it was written here."""
    try:
        return {str(entry["entry"]): dict(entry) for entry in before.get("last", ())}
    except (TypeError, KeyError, ValueError):
        return {}


def _lately(before: Mapping[str, Any]) -> list[str]:
    """What the earlier report remembered as told."""
    lately = before.get("lately")
    return [str(name) for name in lately] if isinstance(lately, list) else []


def _in_short(name: str, entry: Closed) -> dict[str, object]:
    told = {
        "entry": name,
        "group": entry.group,
        "outcome": entry.outcome,
        "at": iso_time(entry.closed_at),
        "output": entry.output,
        "reason": entry.reason,
        "removed": entry.removed,
        "kept": entry.kept,
    }
    return {word: value for word, value in told.items() if value not in ("", 0)}


def _name(seconds: float) -> str:
    """Where the entries of ends at this time (epoch seconds) begin."""
    return time.strftime("%Y-%m-%d/%H%M%S", time.gmtime(seconds))


def _reached(before: Mapping[str, Any], now: float) -> float:
    """Up to when (epoch seconds) the report before this one told what had ended."""
    import calendar

    try:
        return min(calendar.timegm(time.strptime(str(before.get("until")), "%Y-%m-%dT%H:%M:%SZ")), now)
    except ValueError:
        return now - LOOK_BACK_SECONDS
