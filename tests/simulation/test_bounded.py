"""What lasts costs only itself: groups at which calls hang or runs die, POSTs that lead to no job, throttling."""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import Tally, explain, play
from tests.simulation.plan import STRAINED, STRAINS, draw
from tests.simulation.schedules.schedule import Schedule

PART, SCHEDULES = 40, 400  # the first part in every run
TOTAL = Tally()
SEEDS = [
    STRAINED,
    *(pytest.param(first, marks=pytest.mark.slow) for first in range(STRAINED + PART, STRAINED + SCHEDULES, PART)),
]


@pytest.mark.parametrize("first", SEEDS)
def test_no_promise_breaks(first: int) -> None:
    """While it lasts the others come to their end; once it is mended, everybody does."""
    tally = play(range(first, first + PART))
    TOTAL.add(tally)
    assert not tally.failures, explain(tally.failures[0][0])


def test_what_lasts_is_met() -> None:
    """Each kind of it, and what the promises are about."""
    tally = TOTAL if TOTAL.schedules else play(range(STRAINED, STRAINED + PART))
    assert {draw(seed).strain for seed in range(STRAINED, STRAINED + PART)} == {*STRAINS}
    assert {"hangs at LIST", "hangs at GET", "kills at LIST", "kills at GET"} <= {*tally.reached}
    assert {"asked too often", "ten attempts without a job"} <= {*tally.reached}
    assert {"throttled at POST", "throttled at GET jobs"} <= {*tally.injected}


@pytest.mark.slow
def test_the_rare_ones_are_met() -> None:
    """Among the seeds of the longer run."""
    tally = TOTAL if TOTAL.schedules > PART else play(range(STRAINED, STRAINED + SCHEDULES))
    assert {"hangs at HEAD", "hangs at DELETE", "kills at DELETE", "kills at PUT tagging"} <= {*tally.reached}
    assert {"hangs at GET videoinfo", "three POSTs without an answer"} <= {*tally.reached}


def test_a_group_is_set_aside_for_ever_longer_and_ends_once_it_is_mended() -> None:
    """The judgement is about something: many turns, far apart, and then a join."""
    for seed in range(STRAINED, STRAINED + 200):
        plan = draw(seed)
        if plan.strain != "hangs" or plan.bad_call != "LIST" or plan.bad > 1:
            continue
        schedule = Schedule(plan)
        assert schedule.run() == ""
        assert schedule.strain is not None
        runs = [*{s.run: s.at for s in schedule.strain.struck if s.began >= schedule.strain.peace}.values()]
        [gid] = schedule.strain.bad
        joined = [done for place, done in schedule.promises.done.items() if place[0] == gid]
        if len(runs) >= 5 and joined:
            assert runs[-1] - runs[-2] > 600 * 2**3
            return
    raise AssertionError("no such schedule")
