"""What wakes the function `sweep`: the timer, and the commands a person gives by hand.

Every shape is documented in `events/README.md` and has a sample beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cosconcat.errors import Refused
from cosconcat.events.cos import storable


@dataclass(frozen=True)
class Timer:
    """The sweep's timer fired."""


@dataclass(frozen=True)
class Retry:
    """By hand: try the group again that had been given up."""

    group: str


@dataclass(frozen=True)
class Report:
    """By hand: say what is not joined, and why."""


@dataclass(frozen=True)
class Doctor:
    """By hand: check the deployment."""


Command = Timer | Retry | Report | Doctor


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
            if name == "report" and value is True:
                return Report()
            if name == "doctor" and value is True:
                return Doctor()
    raise Refused(
        ['event: expected the timer\'s event, {"retry": "<group>"}, {"report": true} or {"doctor": true}'],
    )
