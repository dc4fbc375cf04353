"""A sweep whose function has a short time limit does its share all the same: what it keeps back shrinks with it."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from cosconcat.cloud.ports import Ci
from cosconcat.errors import Rejected
from cosconcat.events.timer import RetryMany
from cosconcat.functions.retry import handle_retry_of_many
from cosconcat.job.request import Request
from cosconcat.model import Bucket, Job
from cosconcat.services import Services, Submissions
from tests.simulation.counted import InMemory, in_memory
from tests.support.desk import Altered
from tests.unit.functions.test_sweep_aside import Timed, hanging, put_groups, run_of, stored, swept

LIMITS = [10.0, 20.0, 30.0, 300.0]  # seconds


def short_run(memory: InMemory, clock: Timed, limit: float) -> Services:
    """The surroundings of one run."""
    return replace(run_of(memory, clock), deadline=clock.at + limit, submissions=Submissions())


@pytest.mark.parametrize("limit", LIMITS)
def test_a_retry_of_many_begins_with_the_first(limit: float) -> None:
    """It kept back more than it had, so that all were left, each time."""
    memory = in_memory()
    clock = Timed(memory.world.now)
    put_groups(memory, "a", "b")

    def refused(_bucket: Bucket, _request: Request) -> Job:
        raise Rejected("refused", status=400, code="InvalidArgument")

    swept(run_of(memory, clock, ci=cast("Ci", Altered(memory.ci, submit=refused))))
    swept(run_of(memory, clock))
    assert not memory.ci.work
    told = handle_retry_of_many(short_run(memory, clock, limit), RetryMany("gave-up"))
    assert told["left"] == 0
    assert len(memory.ci.work) == 2


@pytest.mark.parametrize("limit", LIMITS)
def test_a_group_that_takes_most_of_a_run_to_fail_is_set_aside(limit: float) -> None:
    """Where a run is too short for the usual long wait, it would cost one run of every round."""
    memory = in_memory()
    clock = Timed(memory.world.now)
    put_groups(memory, "a", "b")
    asked: list[str] = []
    for _ in range(4):
        cos = hanging(memory, clock, "a", seconds=0.7 * limit, asked=asked)
        swept(replace(short_run(memory, clock, limit), cos=cos))
        clock.at += 60
    assert asked == ["a"]
    assert [held[0] for held in stored(memory, "sweep")["aside"].values()] == ["a"]
    assert len(memory.ci.work) == 1
