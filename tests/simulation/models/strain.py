"""What lasts: groups at which calls hang or runs die, one that never gets a job, a CI that wants to be left alone.

Faults come by chance and end with peace; what stands here goes on until it is mended. What it decides by chance it
draws from a stream of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import NamedTuple

from cosconcat.errors import Blocked
from cosconcat.model import Job
from tests.simulation.models.world import EPOCH, HANG_SECONDS, HANGS, RESERVE_SECONDS, World

THROTTLED_CALLS = {"GET jobs": 0.8, "GET job": 0.8, "POST": 1.0}  # while CI is asked too often; and in some plans
INPUT_PREFIX = "fragments/"
THROTTLED_STORAGE = 0.2  # of all other calls


class Strike(NamedTuple):
    """A call of a function for one of the bad groups, which hung or killed it."""

    gid: str
    run: str  # the name of the invocation
    began: float  # when that began
    at: float  # when it made the call
    lasts: float  # seconds
    cut: bool  # it hung until right before its time limit: what came of it could perhaps not be written down
    indexed: bool  # for an entry of the index; a sweep goes through these before it lists the input prefix


class Turn(NamedTuple):
    """A run that came to one of the bad groups: it read a record of it, perhaps no more."""

    gid: str
    run: str
    indexed: bool  # as a `Strike` has it


class Strain:
    """Asked at every call whether it fails; see `Plan.strain`."""

    def __init__(self, world: World, bad: Mapping[str, str]) -> None:
        """`bad`: the ids of the bad groups, each with what its keys begin with behind a `/`."""
        self.world = world
        self.plan = world.plan
        self.bad = bad
        self.mended = False
        self.peace = float("inf")  # from when on nothing else fails
        self.struck: list[Strike] = []
        self.turns: dict[Turn, float] = {}  # when each began
        self._behind_the_index: set[str] = set()  # runs that listed the input prefix
        rng = Random(world.plan.seed * 389 + 11)
        self._rng = rng
        self._dies = rng.random() < 0.3  # at the POST of the group that never gets a job
        start = EPOCH + 900.0 * rng.random()
        self._bad_from = EPOCH + 600.0 * max(0.0, rng.random() - 0.5)
        self._throttled = start, start + 600.0 + 3000.0 * rng.random()
        self._refuses = rng.random() < 0.6  # with an answer that says so
        self._storage = rng.random() < 0.3
        world.strain = self.fault

    def fault(self, kind: str, name: str) -> str:
        """The fault of this call, or none."""
        if self.mended:
            return ""
        if (kind, name) == ("LIST", INPUT_PREFIX) and self.world.actor is not None:
            self._behind_the_index.add(self.world.actor.name)
        self._turn(name)
        if self.plan.strain == "throttled":
            return self._at_throttled(kind)
        if kind != self.plan.bad_call or self.world.now < self._bad_from:
            return ""
        if "/closed/" in name:  # what ended, not a turn of the group
            return ""
        gid = next((gid for gid, beginning in self.bad.items() if f"/{beginning}" in name or gid in name), "")
        if not gid:
            return ""
        if self.plan.strain == "no-job":
            self.world.injected["no-job"] += 1
            return "kill" if self._dies else "down"
        self._strike(gid, kind)
        return "hang" if self.plan.strain == "hangs" else "kill"

    def refusal(self) -> Callable[[], Job] | None:
        """CI's answer to a POST while it is asked too often, where it answers."""
        return _refuse if self._is_throttled() and self._refuses else None

    def _turn(self, name: str) -> None:
        gid = next((gid for gid in self.bad if f"/{gid}/" in name), "")
        if gid and self.world.actor is not None:
            run = self.world.actor.name
            self.turns.setdefault(Turn(gid, run, run not in self._behind_the_index), self.world.now)

    def _strike(self, gid: str, kind: str) -> None:
        actor = self.world.actor
        assert actor is not None
        now, left = self.world.now, actor.deadline - RESERVE_SECONDS - self.world.now
        usual = HANGS.get(kind, HANG_SECONDS)
        began = actor.deadline - self.plan.time_limit
        self.world.reached[f"{self.plan.strain} at {kind}"] += 1
        indexed = actor.name not in self._behind_the_index
        self.struck.append(Strike(gid, actor.name, began, now, min(left, usual), cut=left <= usual, indexed=indexed))

    def _is_throttled(self) -> bool:
        begins, ends = self._throttled
        return self.plan.strain == "throttled" and begins <= self.world.now < ends and not self.world.calm

    def _at_throttled(self, kind: str) -> str:
        if not self._is_throttled() or (kind == "POST" and self._refuses):
            return ""
        chance = THROTTLED_CALLS.get(kind, THROTTLED_STORAGE if self._storage else 0.0)
        if not chance or self._rng.random() >= chance:
            return ""
        self.world.injected[f"throttled at {kind}"] += 1
        return "lost-answer" if kind == "POST" and self._rng.random() < 0.4 else "down"


def _refuse() -> Job:
    raise Blocked("POST /jobs", code="TooManyRequests", fix="wait", for_all=True)
