"""A hostile uploader beside the others: no promise breaks, and they end as in the same schedule without him."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.simulation.plan import CAMERAS, CONVENTIONS, Plan, draw
from tests.simulation.promises.endings import LAST_REV, SPOILERS
from tests.simulation.schedules.schedule import Schedule

PART, MORE = 50, 1000  # the seeds of every run, and up to which the longer one goes on
CUT_PART, CUT_MORE = 20, 280  # likewise, of recordings cut at gaps
SEEDS = [0, *(pytest.param(first, marks=pytest.mark.slow) for first in range(PART, MORE, PART))]
CUT_SEEDS = [0, *(pytest.param(first, marks=pytest.mark.slow) for first in range(CUT_PART, CUT_MORE, CUT_PART))]
# What decides by chance how a group ends: a twin would meet it elsewhere.
SPOILING = [name for name in SPOILERS if name != "odd piece"]
DECIDING = ("edit", "late-pieces", "callback-forged", "job-fails", "retry-lost", "tags-full", *SPOILING)


def plan_of(seed: int) -> Plan:
    """A schedule with ordinary faults, in which only its uploads decide how a group ends."""
    plan = draw(seed)
    naming, completion = CONVENTIONS[seed % len(CONVENTIONS)]
    faults = {name: 0.0 if name in DECIDING else chance for name, chance in plan.faults.items()}
    most = min(plan.most, 4)
    return replace(plan, naming=naming, completion=completion, most=most, faults=faults, direct="", groups=2)


def endings(schedule: Schedule) -> dict[str, Any]:
    """Of each group of the others: its last outcome, what its results hold, and what of it is left."""
    found = {}
    inputs = schedule.cos.shelves[schedule.promises.inputs].current
    for group in schedule.users.groups:
        revs = [rev for gid, rev in schedule.promises.done if gid == group.gid]
        outcome = schedule.promises.done[group.gid, max(revs)]["outcome"] if revs else "never joined"
        joined = schedule.promises.joined_before(group.gid, LAST_REV)
        left = sorted((key, inputs[key].info.etag, bool(inputs[key].tags)) for key in group.keys if key in inputs)
        found[group.name] = outcome, sorted((key, etag) for key, etag, _ in joined), left
    return found


def played(plan: Plan) -> Schedule:
    """This schedule, to its end."""
    schedule = Schedule(plan)
    assert schedule.run() == "", plan
    return schedule


@pytest.mark.parametrize("first", SEEDS)
def test_the_others_end_as_in_the_twin_without_him(first: int) -> None:
    """The same uploads, the same faults; whatever he lists, claims, names or repeats."""
    whole = 0
    for seed in range(first + 1, first + PART + 1):
        plan = plan_of(seed)
        alone = endings(played(plan))
        beside = endings(played(replace(plan, hostile=True)))
        assert beside == alone, seed
        whole += sum(ending[0] == "joined" for ending in alone.values())
    assert whole > PART, "most of them are joined"


@pytest.mark.slow
def test_he_reaches_what_he_is_for() -> None:
    """Manifests that claim names of others, groups named like a rev, and results of his own."""
    reached = [played(replace(plan_of(seed), hostile=True)) for seed in range(1, 41)]
    claims = [claim for schedule in reached for claim in schedule.promises.claims.values()]
    his = [claim for claim in claims if claim["group"].startswith("evil") or ".r000" in claim["group"]]
    assert len(his) > 20
    assert any(len(claim["set"]["fragments"]) > 1 for claim in his), "with pieces of others"
    reserved = [key for s in reached for key in s.cos.shelves[s.promises.state_bucket].current if "/out/" in key]
    assert len(reserved) > 10


@pytest.mark.parametrize("first", SEEDS)
def test_no_hour_has_more_jobs_than_slots(first: int) -> None:
    """Several instances side by side, kills, lost answers, wrong clocks; and everybody gets a job in the end."""
    slots = 0
    for seed in range(first + 1, first + PART + 1):
        plan = replace(plan_of(seed), hostile=seed % 2 == 0, jobs_per_hour=1 + seed % 4)
        if seed % 3:
            plan.faults |= dict.fromkeys(("late", "stall", "post-slow", "post-lost", "down", "lost-answer"), 0.0)
        slots += played(plan).promises.job_slots
    assert slots > 3 * PART // 2


@pytest.mark.parametrize("first", CUT_SEEDS)
def test_recordings_that_are_cut_at_gaps_need_slots_too(first: int) -> None:
    """Reservation, claim and job: each recording by a slot of the hour, and all of them in the end."""
    slots = 0
    for seed in range(first + 1, first + CUT_PART + 1):
        slots += played(replace(draw(CAMERAS + seed), jobs_per_hour=1 + seed % 3)).promises.job_slots
    assert slots > CUT_PART
