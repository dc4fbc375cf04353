"""Every row of the protocol's tables is attacked by a mutant, or says in a sentence why by none."""

from __future__ import annotations

import pytest

from tests.simulation.mutants.every import MUTANTS
from tests.unit.protocol import rows

NAMES = [line.name for table in rows.tables() for line in table]


def test_every_row_has_a_name_of_its_own() -> None:
    """So that an exception is made for one row alone."""
    assert len({*NAMES}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_mutant_changes_what_the_row_answers(name: str) -> None:
    """Or it is one of the few of which a sentence says why there is none."""
    assert rows.attackers()[name] or name in rows.BARE, f"no mutant in tests/simulation/mutants changes: {name}"


@pytest.mark.parametrize("name", rows.BARE)
def test_an_exception_is_needed_and_says_why(name: str) -> None:
    """It is a row, no mutant changes it, and the mutant elsewhere that it names exists."""
    reason, elsewhere = rows.BARE[name]
    assert rows.attackers()[name] == ()
    assert len(reason.split()) >= 5
    assert not elsewhere or elsewhere in {mutant.name for mutant in MUTANTS}


def test_the_page_shows_the_tables_as_they_are_tested() -> None:
    """Line by line, in the order in which the first that fits wins; `make mutants` writes them."""
    text = rows.PAGE.read_text("utf-8")
    assert rows.page(text) == text
