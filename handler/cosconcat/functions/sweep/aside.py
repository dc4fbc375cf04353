"""Groups at which runs die, or that keep one waiting for nothing: set aside for a pause that grows, across rounds.

One bad group costs only itself. Whoever gets on takes its turn as before; whoever does not waits ten minutes, then
twice as long each time, at most a day, and is named in the report meanwhile.

A group is met in two places, the open index and its turn in the round; only the one that it was set aside for can show
that it gets on again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from cosconcat import log
from cosconcat.model import iso_time

FIRST_PAUSE_SECONDS = 600
LONGEST_PAUSE_SECONDS = 86_400
FORGOTTEN_SECONDS = 7 * 86_400  # after its pause, a group that had no turn: nothing of it is there any more
MOST_ASIDE = 1000  # groups; of more, those whose pause ends first are forgotten
NAME_CHARACTERS = 200  # of a group's name, and of a reason, as they are kept


class Aside(NamedTuple):
    """One group: how often in a row, until when (epoch seconds), why, and whether at its entry of the open index."""

    group: str
    times: int
    until: int
    why: str
    indexed: bool = False

    def __str__(self) -> str:
        often = f", {self.times} times in a row" if self.times > 1 else ""
        return f"set aside until {iso_time(self.until)}{often}: {self.why}"


class SetAside:
    """By the group's id (`gid`)."""

    def __init__(self, stored: object = None, now: float = float("inf")) -> None:
        """As the cursor holds them, if it can be read. Whoever wrote it, no pause ends later than a day from `now`, and
        whose pause was over for a week is forgotten.
        """
        self._groups: dict[str, Aside] = {}
        held = stored if isinstance(stored, Mapping) else {}
        for gid, entry in list(held.items())[:MOST_ASIDE]:
            one = _read(entry, now)
            if one is not None:
                self._groups[str(gid)] = one

    def as_json(self) -> dict[str, Any]:
        """For the cursor; earlier releases wrote four values and no more."""
        return {gid: list(one if one.indexed else one[:4]) for gid, one in self._groups.items()}

    def get(self, gid: str) -> Aside | None:
        """The group, if its last turn failed."""
        return self._groups.get(gid)

    def add(self, gid: str, group: str, now: float, why: str, *, indexed: bool = False) -> None:
        """Its turn failed once more."""
        times = self._groups[gid].times + 1 if gid in self._groups else 1
        pause = min(FIRST_PAUSE_SECONDS * 2 ** min(times - 1, 20), LONGEST_PAUSE_SECONDS)
        self._groups[gid] = Aside(
            group[:NAME_CHARACTERS], times, int(now) + pause, log.safe(why)[:NAME_CHARACTERS], indexed
        )
        if len(self._groups) > MOST_ASIDE:
            del self._groups[min(self._groups, key=lambda each: self._groups[each].until)]

    def rename(self, gid: str, group: str) -> None:
        """Its name became known."""
        self._groups[gid] = self._groups[gid]._replace(group=group[:NAME_CHARACTERS])

    def got_on(self, gid: str, before: Aside, *, indexed: bool) -> None:
        """A step of the group did not fail; `before` is what was known of it then. What it was set aside for meanwhile,
        or at the other place, stands.
        """
        if self._groups.get(gid) is before and before.indexed == indexed:
            del self._groups[gid]

    def left_the_index(self, opened: Collection[str]) -> None:
        """Of whoever was set aside at an entry of the index that is no more, its turn will show whether it gets on;
        `opened` are the ids of those left.
        """
        for gid, one in self._groups.items():
            if one.indexed and gid not in opened:
                self._groups[gid] = one._replace(indexed=False)


def _read(entry: object, now: float) -> Aside | None:
    """One group as the cursor holds it; None when it was never written so."""
    if not isinstance(entry, list) or len(entry) not in (4, 5):
        return None
    group, times, until, why = entry[:4]
    if type(times) is not int or type(until) is not int:
        return None
    if until + FORGOTTEN_SECONDS < now < float("inf"):
        return None
    latest = min(until, now + LONGEST_PAUSE_SECONDS)
    indexed = entry[4:] == [True]
    return Aside(str(group)[:NAME_CHARACTERS], max(times, 1), int(latest), str(why)[:NAME_CHARACTERS], indexed)
