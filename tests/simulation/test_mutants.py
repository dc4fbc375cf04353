"""The simulator notices every guard that is taken away: one in ten of them in every run, all in the longer one."""

from __future__ import annotations

import pytest

from tests.simulation.mutants import deaths
from tests.simulation.mutants.deaths import deadliest, known_deaths
from tests.simulation.mutants.every import MUTANTS
from tests.simulation.mutants.mutant import Mutant
from tests.simulation.schedules.schedule import Schedule
from tests.support.longer import one_in


def _name(mutant: Mutant) -> str:
    return mutant.name


def test_there_are_enough_and_each_is_documented() -> None:
    """At least 30, one line each in docs/internals/mutants.md, all of them dead there."""
    assert len(MUTANTS) >= 30
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert known_deaths().keys() == {mutant.name for mutant in MUTANTS}


def test_the_guarantees_name_the_mutants_that_attack_them() -> None:
    """Written by `make mutants`."""
    page = deaths.PROOFS.read_text("utf-8")
    assert deaths.between(page, deaths.attacks()) == page


@pytest.mark.parametrize("mutant", MUTANTS, ids=_name)
def test_mutant_still_applies(mutant: Mutant) -> None:
    """The guard that it removes is still where it says, and is back afterwards."""
    with mutant.applied():
        pass
    with mutant.applied():
        pass


@pytest.mark.parametrize("mutant", one_in(10, MUTANTS), ids=_name)
def test_mutant_dies(mutant: Mutant) -> None:
    """At the seed of the list, or else soon after it: the list is written anew by `make mutants`."""
    listed = known_deaths()[mutant.name]
    assert Schedule(mutant.plan(listed)).run() == "", "with its guard in place the same schedule keeps every promise"
    seed, _ = deadliest(mutant, first=listed, limit=1)
    if not seed:
        seed, _ = deadliest(mutant, limit=deaths.MOST_SEEDS, seconds=20)
    assert seed, f"{mutant.name} survives: {mutant.breaks}"
