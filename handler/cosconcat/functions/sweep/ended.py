"""What ended since the last report: counted by outcome, the last hundred by name."""

from __future__ import annotations

import time
from collections import Counter
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
OVERLAP_SECONDS = 120  # entries are named by the time of their end and written a moment later


def ended_since(
    ledger: Ledger, before: Mapping[str, Any], now: float, out_of_time: Callable[[], bool]
) -> dict[str, object]:
    """The report's part `ended`. `before` is that part of the report before this one, or empty.

    `counts` are by outcome; `unread` are further ones, for which the time was too short,
    or that could not be read. `last` holds the newest
    hundred, oldest first, whether they ended since the last report or before.
    """
    known = _known(before)
    seen_to = max(known, default=_name(now - LOOK_BACK_SECONDS))
    complete_from = min(known, default=seen_to)  # from here on `known` has every entry up to `seen_to`
    start = max(complete_from, _minus(seen_to, OVERLAP_SECONDS)) if known else seen_to
    new = [name for name in ledger.closed(start) if name not in known and name >= complete_from]
    counts: Counter[str] = Counter()
    unread = max(0, len(new) - READ)
    for at, name in enumerate(new[-READ:]):
        if out_of_time():
            unread += min(len(new), READ) - at
            break
        try:
            entry = ledger.read_closed(name)
        except TimedOut:
            unread += min(len(new), READ) - at
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
    }


def _known(before: Mapping[str, Any]) -> dict[str, dict[str, object]]:
    """The entries that the earlier report named; none where it is not as it was written here."""
    try:
        return {str(entry["entry"]): dict(entry) for entry in before.get("last", ())}
    except (TypeError, KeyError, ValueError):
        return {}


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


def _minus(name: str, seconds: int) -> str:
    """The beginning of a name, so many seconds earlier; the name itself where it holds no time."""
    import calendar

    try:
        return _name(calendar.timegm(time.strptime(name[:17], "%Y-%m-%d/%H%M%S")) - seconds)
    except ValueError:
        return name
