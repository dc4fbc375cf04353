"""Recordings cut at gaps, under every fault: no promise breaks, and each of their guards is missed when it is gone."""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import Tally, explain, play
from tests.simulation.mutants.deaths import deadliest
from tests.simulation.mutants.gap import DEATHS, MUTANTS
from tests.simulation.mutants.mutant import Mutant
from tests.simulation.plan import CAMERAS, FAULTS
from tests.simulation.schedules.schedule import Schedule
from tests.simulation.schedules.shrink import Case
from tests.support.longer import one_in

SCHEDULES, PART = 300, 50  # the first part in every run
TOTAL = Tally()


def _name(mutant: Mutant) -> str:
    return mutant.name


@pytest.mark.parametrize(
    "first",
    [
        CAMERAS,
        *(pytest.param(more, marks=pytest.mark.slow) for more in range(CAMERAS + PART, CAMERAS + SCHEDULES, PART)),
    ],
)
def test_no_promise_breaks(first: int) -> None:
    """Safety at every effect, liveness once faults stop; a failure comes as a short trace and the line to repeat it."""
    tally = play(range(first, first + PART))
    TOTAL.add(tally)
    assert not tally.failures, explain(tally.failures[0][0])


@pytest.mark.parametrize("seed", [10_000_466, 10_000_942])
def test_where_nothing_goes_wrong_everything_is_paid_for_once(seed: int) -> None:
    """Four pieces fit into a job, so that runs are cut while they are recorded."""
    calm = Case(seed, tuple((fault, 0.0) for fault in FAULTS)).schedule()
    assert calm.run() == ""
    assert (calm.config.max_fragments, bool(calm.users.undisturbed), not calm.world.injected) == (4, True, True)


def test_slots_and_grants_were_written() -> None:
    """And recordings ended in every way."""
    tally = TOTAL if TOTAL.schedules else play(range(CAMERAS, CAMERAS + PART))
    assert {"slot: main", "slot: grant", "done: joined", "done: superseded", "done: kept"} <= {*tally.reached}
    assert tally.actions["deferred"]
    assert tally.actions["invalid"]


@pytest.mark.parametrize("mutant", MUTANTS, ids=_name)
def test_mutant_still_applies(mutant: Mutant) -> None:
    """The guard that it removes is still where it says, and is back afterwards."""
    with mutant.applied():
        pass
    with mutant.applied():
        pass


@pytest.mark.parametrize("mutant", one_in(10, (mutant for mutant in MUTANTS if mutant.name in DEATHS)), ids=_name)
def test_mutant_dies(mutant: Mutant) -> None:
    """At the seed of the list, at which nothing breaks with the guard in place, or else soon after the first."""
    listed = DEATHS[mutant.name]
    assert Schedule(mutant.plan(listed)).run() == ""
    seed, _ = deadliest(mutant, first=listed, limit=1)
    if not seed:
        seed, _ = deadliest(mutant, seconds=20)
    assert seed, f"{mutant.name} survives: {mutant.breaks}"
