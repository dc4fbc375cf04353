"""Finds, kept as drawn schedules: the plan and every choice of chance. Seeds do not survive a change of the world.

A seed is short, but it means another schedule as soon as a fault is added, a plan draws once more or a user learns
a new edit. What was drawn stays: a stored schedule holds its plan, the numbers of the faults that do not happen, and
for each stream of chance (schedule, chance, users) the values in the order in which they were taken. Where the code
under test has changed so much that a stream is used up, or asks for another kind of value, it goes on from its seed.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.simulation.chance import Chance, Draw, Recorded
from tests.simulation.plan import FAULTS, Plan
from tests.simulation.schedules.schedule import Schedule

FOUND = Path(__file__).parents[1] / "found"


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


def stored(path: Path, *, trace: bool = False) -> Schedule:
    """A schedule that was kept as it was drawn, ready to run."""
    plan, masked, draws = read(path)
    return Schedule(plan, trace=trace, masked=masked, chance=Chance(plan.seed, drawn=draws))
