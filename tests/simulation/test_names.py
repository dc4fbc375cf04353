"""Names that make it hard (two spellings, pieces that last, a first piece that is forgotten), under every fault."""

from __future__ import annotations

import pytest

from tests.simulation.mutants.mutant import Mutant
from tests.simulation.mutants.naming import MUTANTS
from tests.simulation.schedules.schedule import Schedule

SCHEDULES, PART = 100, 25  # the first part in every run


def _name(mutant: Mutant) -> str:
    return mutant.name


@pytest.mark.parametrize(
    "first", [1, *(pytest.param(more, marks=pytest.mark.slow) for more in range(1 + PART, 1 + SCHEDULES, PART))]
)
@pytest.mark.parametrize("mutant", MUTANTS, ids=_name)
def test_no_promise_breaks_where_its_guard_stands(mutant: Mutant, first: int) -> None:
    """The kind of plans in which the guard matters, with all other faults as they are drawn."""
    broken = {seed: told for seed in range(first, first + PART) if (told := Schedule(mutant.plan(seed)).run())}
    assert broken == {}
