"""The pages for whoever works on the code say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.simulation.mutants.every import MUTANTS
from tools.pages import ROOT, internals

INTERNALS = ROOT / "docs" / "internals"
DESIGNS = sorted((INTERNALS / "designs").glob("*.md"))


@pytest.mark.parametrize("page", list(internals.pages()), ids=lambda page: page.name)
def test_the_tables_are_those_of_the_code(page: Path) -> None:
    """Layers from the contract and the packages' own words, retries from the constants; `make pages` writes them."""
    assert page.read_text("utf-8") == internals.pages()[page]


@pytest.mark.parametrize("page", sorted(INTERNALS.rglob("*.md")), ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    """So that whoever looks there finds something; a bare name is that of some file of ours."""
    named = set(re.findall(r"`([a-z_/]+\.py)`", page.read_text("utf-8")))
    assert named or page not in (*internals.pages(), *DESIGNS)
    assert [name for name in named if not _files(name)] == []


def test_every_function_that_is_named_with_a_file_is_in_it() -> None:
    """`file.py` (`function`), in the tables and walks of the architecture."""
    text = internals.ARCHITECTURE.read_text("utf-8")
    named = re.findall(r"`([a-z_/]+\.py)` \(`(?:\w+\.)?(\w+)`", text)
    assert len(named) >= 6
    assert [(file, name) for file, name in named if not any(_has(found, name) for found in _files(file))] == []


def _files(name: str) -> list[Path]:
    """The files that a page can mean: from the root, from the package, or by the bare name alone."""
    roots = (ROOT, ROOT / "handler" / "cosconcat")
    if "/" in name:
        return [root / name for root in roots if (root / name).exists()]
    return [found for folder in ("handler", "ops", "local", "tests") for found in (ROOT / folder).rglob(name)]


def _has(file: Path, name: str) -> bool:
    """A function, a class, or a field."""
    text = file.read_text("utf-8")
    return re.search(rf"^ *(?:def|class) {name}\b|^ +(?:self\.)?{name}(?::| =)", text, re.MULTILINE) is not None


def test_every_mutant_that_a_design_names_is_one() -> None:
    """In its last paragraph."""
    names = {mutant.name for mutant in MUTANTS}
    for page in DESIGNS:
        _, _, after = page.read_text("utf-8").partition("Mutants: ")
        assert set(re.findall(r"`([a-z-]+)`", after)) <= names, page.name


def test_every_test_that_shows_how_clients_are_answered_exists() -> None:
    """`file`: `test`, in the table of what clients came upon."""
    named = re.findall(r"`(test_\w+)`: `(test_\w+)`", (INTERNALS / "clients.md").read_text("utf-8"))
    assert named
    missing = [
        test
        for file, test in named
        if f"def {test}(" not in (ROOT / "tests/contract" / f"{file}.py").read_text("utf-8")
    ]
    assert missing == []
