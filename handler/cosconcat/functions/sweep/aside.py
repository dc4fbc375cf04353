"""Groups at which runs die, or that keep one waiting for nothing: set aside for a pause that grows, across rounds.

One bad group costs only itself. Whoever gets on takes its turn as before; whoever does not waits ten minutes, then
twice as long each time, at most a day, and is named in the report meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from cosconcat.model import iso_time

FIRST_PAUSE_SECONDS = 600
LONGEST_PAUSE_SECONDS = 86_400
MOST_ASIDE = 1000  # groups; of more, those whose pause ends first are forgotten
NAME_CHARACTERS = 200  # of a group's name, and of a reason, as they are kept


class Aside(NamedTuple):
    """One group: how often in a row, until when (epoch seconds), why."""

    group: str
    times: int
    until: int
    why: str

    def __str__(self) -> str:
        often = f", {self.times} times in a row" if self.times > 1 else ""
        return f"set aside until {iso_time(self.until)}{often}: {self.why}"


class SetAside:
    """By the group's id (`gid`)."""

    def __init__(self, stored: object = None) -> None:
        self._groups: dict[str, Aside] = {}
        for gid, entry in stored.items() if isinstance(stored, Mapping) else ():
            group, times, until, why = entry
            self._groups[str(gid)] = Aside(str(group), int(times), int(until), str(why))

    def as_json(self) -> dict[str, Any]:
        """For the cursor."""
        return {gid: list(one) for gid, one in self._groups.items()}

    def get(self, gid: str) -> Aside | None:
        """The group, if its last turn failed."""
        return self._groups.get(gid)

    def add(self, gid: str, group: str, now: float, why: str) -> None:
        """Its turn failed once more."""
        times = self._groups[gid].times + 1 if gid in self._groups else 1
        pause = min(FIRST_PAUSE_SECONDS * 2 ** min(times - 1, 20), LONGEST_PAUSE_SECONDS)
        self._groups[gid] = Aside(group[:NAME_CHARACTERS], times, int(now) + pause, why[:NAME_CHARACTERS])
        if len(self._groups) > MOST_ASIDE:
            del self._groups[min(self._groups, key=lambda each: self._groups[each].until)]

    def remove(self, gid: str) -> None:
        """It got on."""
        self._groups.pop(gid, None)
