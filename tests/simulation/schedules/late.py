"""People whose pieces come after quiet time was over: around what was joined, the same bytes again, corrected ones.

What they do is drawn apart from everything else, so that the same schedule can be played without them.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.simulation.models.functions import Functions
from tests.simulation.models.objects import Content
from tests.simulation.models.world import EPOCH, World
from tests.simulation.promises import names
from tests.simulation.promises.groups import Group
from tests.simulation.schedules.users import Users

QUIET_SECONDS = 300
STEPS = 3  # times that somebody comes back to a group, each after its last join


class LatePieces:
    """Of some groups that quiet time calls whole; a sweep joins them between two of their steps."""

    def __init__(self, world: World, users: Users, functions: Functions) -> None:
        self.world = world
        self.users = users
        self.functions = functions
        self.rng = Random(f"late {world.plan.seed}")
        for group in users.groups:
            if self.rng.random() < world.plan.faults["late-pieces"]:
                self._plan(group)

    def _plan(self, group: Group) -> None:
        rng, moment = self.rng, EPOCH + 100.0
        for _ in range(STEPS):
            moment += QUIET_SECONDS + rng.choice((20.0, 20.0, 400.0))
            self.world.at(moment, self.functions.sweep)
            moment += rng.choice((1.0, 30.0, 200.0)) * rng.random()  # while it is joined, or later
            step = rng.choice((self._around, self._around, self._again, self._correct))
            self.world.at(moment, self.users.doing(self._take, group, step))
        for _ in range(2):
            moment += QUIET_SECONDS + 20.0
            self.world.at(moment, self.functions.sweep)

    def _take(self, group: Group, step: Callable[[Group], None]) -> None:
        self.world.injected["late-pieces"] += 1
        group.disturbed = True
        group.corrected = {}
        group.edits += 1
        step(group)

    def _around(self, group: Group) -> None:
        """The numbers before and behind what is there, now and then with what was uploaded before."""
        places = sorted({*group.original, *group.keys}, key=_place)
        wanted = []
        if after := _beside(places[-1], 1):
            wanted.append(after)
        if (before := _beside(places[0], -1)) and self.rng.random() < 0.7:
            wanted.append(before)
        if self.rng.random() < 0.3:
            wanted += self.rng.sample(places, self.rng.randint(1, len(places)))
        self._spread(group, {key: group.original.get(key) for key in wanted})

    def _again(self, group: Group) -> None:
        """Some or all of it as it was."""
        keys = list(group.original)
        chosen = self.rng.sample(keys, self.rng.choice((1, len(keys), len(keys)))) if keys else []
        self._spread(group, {key: group.original[key] for key in chosen})

    def _correct(self, group: Group) -> None:
        """All of it as it was, but for one piece, which comes first; the first of all is whole by itself."""
        keys = sorted(group.original, key=_place)
        if not keys:
            return
        torn = self.rng.random() < 0.5
        changed = keys[0] if torn else self.rng.choice(keys)
        group.original[changed] = self.users.new_content()
        contents: dict[str, Content | None] = {changed: group.original[changed]}
        contents |= {key: group.original[key] for key in keys}
        (self._torn if torn else self._spread)(group, contents)

    def _torn(self, group: Group, contents: dict[str, Content | None]) -> None:
        """The first is taken for all of it, and the others come while it is joined."""
        for at, (key, content) in enumerate(contents.items()):
            moment = QUIET_SECONDS + 4.0 + 5.0 * self.rng.random() if at else 1.0
            self.world.after(moment, self.users.doing(self.users.upload, group, key, content))
        self.world.after(QUIET_SECONDS + 3.0, self.functions.sweep)

    def _spread(self, group: Group, contents: dict[str, Content | None]) -> None:
        """One after the other; the first may be joined before the next comes."""
        pause = self.rng.choice((1.0, 1.0, 60.0, QUIET_SECONDS + 60.0))
        for at, (key, content) in enumerate(contents.items()):
            self.world.after(1.0 + pause * at, self.users.doing(self.users.upload, group, key, content))
        self.world.after(2.0 + pause + QUIET_SECONDS, self.functions.sweep)


def _place(key: str) -> int:
    found = names.read(key)
    return found.place if found else 0


def _beside(key: str, step: int) -> str:
    """The key one number, or one minute, further; empty where there is none."""
    folder, _, _ = key.rpartition("/")
    if "_" in key.rpartition("/")[2]:
        second = names.begins_at(key) - names.HOUR_BEGINS + 60 * step
        source = key.removeprefix("fragments/").partition("_")[0]
        return names.by_time(source, second) if 0 <= second < 3600 else ""
    number = _place(key) + step
    return f"{folder}/{number}.mp4" if number >= 0 else ""
