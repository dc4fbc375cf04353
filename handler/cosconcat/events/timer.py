"""What wakes the function `sweep`: the timer, and the commands a person gives by hand.

Every shape is documented in `events/README.md` and has a sample beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal

from cosconcat.errors import Refused
from cosconcat.events.cos import storable

MOST_RETRIES = 1000
_MANY = frozenset(("outcome", "since", "limit"))


@dataclass(frozen=True)
class Timer:
    """The sweep's timer fired."""


@dataclass(frozen=True)
class Retry:
    """By hand: try the group again that had been given up."""

    group: str


@dataclass(frozen=True)
class RetryMany:
    """By hand: try every group again that ended this way at `since` (epoch seconds) or later, at most `limit`."""

    outcome: Literal["gave-up", "kept"]
    since: int = 0
    limit: int = 100


@dataclass(frozen=True)
class Status:
    """By hand: say where one group is."""

    group: str


@dataclass(frozen=True)
class Report:
    """By hand: say what is not joined, and why."""


@dataclass(frozen=True)
class Doctor:
    """By hand: check the deployment."""


Command = Timer | Retry | RetryMany | Status | Report | Doctor


def read_timer_or_command(event: object) -> Command:
    """What the sweep is asked to do.

    Raises:
        Refused: the event is neither the timer's nor exactly one of the commands.
    """
    if isinstance(event, Mapping):
        if event.get("Type") == "Timer":
            return Timer()
        if len(event) == 1:
            [(name, value)] = event.items()
            if name == "retry" and isinstance(value, str) and value and storable(value):
                return Retry(value)
            if name == "retry" and isinstance(value, Mapping):
                return _retry_many(value)
            if name == "status" and isinstance(value, str) and value and storable(value):
                return Status(value)
            if name == "report" and value is True:
                return Report()
            if name == "doctor" and value is True:
                return Doctor()
    commands = '{"retry": "<group>" or {"outcome": …}}, {"status": "<group>"}, {"report": true} or {"doctor": true}'
    raise Refused([f"event: expected the timer's event, {commands}"])


def _retry_many(wanted: Mapping[str, object]) -> RetryMany:
    outcome, since, limit = wanted.get("outcome"), wanted.get("since", ""), wanted.get("limit", RetryMany.limit)
    wrong = [f"retry.{name}: unknown; allowed are outcome, since, limit" for name in wanted.keys() - _MANY]
    if outcome not in ("gave-up", "kept"):
        wrong.append(f"retry.outcome: {outcome!r}; allowed are gave-up, kept")
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST_RETRIES:
        wrong.append(f"retry.limit: {limit!r}; allowed is a whole number from 1 to {MOST_RETRIES}")
    seconds = _moment(since)
    if seconds is None:
        wrong.append(f"retry.since: {since!r} is no time such as 2024-01-31T10:00:00Z")
    if wrong:
        raise Refused(sorted(wrong))
    return RetryMany(outcome, seconds or 0, limit)  # type: ignore[arg-type]  # all three were checked above


def _moment(text: object) -> int | None:
    """Epoch seconds of an ISO 8601 time or day, UTC where it names no zone; 0 for an empty one, None for another."""
    if text == "":
        return 0
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00")) if isinstance(text, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    return max(0, int((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()))
