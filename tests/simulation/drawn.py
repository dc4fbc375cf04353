"""Finds, kept as drawn schedules: the plan and every choice of chance. Seeds do not survive a change of the world.

A seed is short, but it means another schedule as soon as a fault is added, a plan draws once more or a user learns
a new edit. What was drawn stays: a stored schedule holds its plan, the numbers of the faults that do not happen, and
for each stream of chance (schedule, chance, users) the values in the order in which they were taken. Where the code
under test has changed so much that a stream is used up, or asks for another kind of value, it goes on from its seed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

from tests.simulation.plan import FAULTS, Plan

FOUND = Path(__file__).parent / "found"
Draw = float | tuple[int, int]  # random(), or getrandbits(bits) with its bits


class Recorded(Random):
    """A seeded stream that remembers what it gave."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.draws: list[Draw] = []

    def random(self) -> float:
        """The next float, remembered."""
        value = super().random()
        self.draws.append(value)
        return value

    def getrandbits(self, bits: int, /) -> int:
        """The next bits, remembered."""
        value = super().getrandbits(bits)
        self.draws.append((bits, value))
        return value


class Replayed(Random):
    """Gives what was drawn once, in order, and then what its seed gives."""

    _left: list[Draw]

    @classmethod
    def of(cls, seed: int, draws: Sequence[Draw]) -> Replayed:
        """These draws, and then those of the seed."""
        stream = cls(seed)
        stream._left = list(reversed(draws))
        return stream

    def random(self) -> float:
        """The next float as it was drawn."""
        if self._left and isinstance(self._left[-1], float):
            return self._left.pop()  # type: ignore[return-value]  # the line above looked
        self._left = []
        return super().random()

    def getrandbits(self, bits: int, /) -> int:
        """The next bits as they were drawn."""
        if self._left:
            drawn = self._left.pop()
            if isinstance(drawn, tuple) and drawn[0] == bits:
                return drawn[1]
            self._left = []
        return super().getrandbits(bits)


class Chance:
    """The streams of one schedule, by name: fresh from its seed, recorded, or as they were drawn once."""

    def __init__(self, seed: int, *, record: bool = False, drawn: dict[str, list[Draw]] | None = None) -> None:
        self._seed = seed
        self._record = record
        self._drawn = drawn or {}
        self.recorded: dict[str, Recorded] = {}

    def stream(self, name: str, number: int) -> Random:
        """The stream of that name; `number` makes its seed differ from the others'."""
        seed = self._seed * 3 + number
        if name in self._drawn:
            return Replayed.of(seed, self._drawn[name])
        if not self._record:
            return Random(seed)
        self.recorded[name] = Recorded(seed)
        return self.recorded[name]


def as_text(plan: Plan, masked: frozenset[int], recorded: dict[str, Recorded], broke: str) -> str:
    """A schedule that was played with its draws recorded, as it is stored; `broke` says what it found."""
    body = {
        "broke": broke,
        "plan": asdict(plan),
        "masked": sorted(masked),
        "draws": {name: stream.draws for name, stream in recorded.items()},
    }
    return json.dumps(body, indent=None, separators=(",", ": ")) + "\n"


def read(path: Path) -> tuple[Plan, frozenset[int], dict[str, list[Draw]]]:
    """A stored schedule. A fault that the world has learned since does not happen in it."""
    body: dict[str, Any] = json.loads(path.read_text())
    plan = Plan(**body["plan"])
    plan.faults = {**dict.fromkeys(FAULTS, 0.0), **plan.faults}
    draws = {
        name: [tuple(draw) if isinstance(draw, list) else float(draw) for draw in stream]
        for name, stream in body["draws"].items()
    }
    return plan, frozenset(body["masked"]), draws
