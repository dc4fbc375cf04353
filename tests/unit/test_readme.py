"""What README and docs name exists: files, links, variables, make targets, commands."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from cosconcat.environment.variables import NAMES
from ops.command import VERBS

ROOT = Path(__file__).parents[2]
PAGES = sorted(ROOT.glob("*.md"))
PAGES += sorted((ROOT / "docs").rglob("*.md"))


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request: pytest.FixtureRequest) -> Path:
    """Each page in turn."""
    return Path(request.param)


def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file that is in the repository."""
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_named_files_exist(page: Path) -> None:
    """Sample events and source files that a page sends its reader to are there."""
    named = re.findall(r"(?:EVENT=|`)((?:events|handler|local|ops|layers|bench)/[\w./-]+\.\w+)", page.read_text())
    made = {"bench/RESULTS.md"}
    roots = (ROOT, ROOT / "handler" / "cosconcat")  # pages for maintainers name modules from the package
    assert [name for name in named if not any((root / name).exists() for root in roots) and name not in made] == []


def test_variables_are_known(page: Path) -> None:
    """Every variable of ours that a page names is one that the configuration reads."""
    named = set(re.findall(r"\bCONCAT_[A-Z_]+[A-Z]\b", page.read_text()))
    misspelt = {"CONCAT_NAMNG"}  # shown as what the configuration finds wrong
    assert sorted(named - set(NAMES) - misspelt) == []


def test_make_targets_exist(page: Path) -> None:
    """Every `make …` that a page shows can be typed."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^ {4}|`)make ([a-z-]+)", page.read_text(), re.MULTILINE))
    assert sorted(named - targets) == []


def test_every_target_that_is_configured_takes_another_file() -> None:
    """`ENV=.env.prod` is nowhere passed over, as if `.env` had been asked for; the demonstration reads none."""
    makefile = (ROOT / "Makefile").read_text()
    assert re.findall(r"^\t@\$\(COMMAND\) (\S+)", makefile, re.MULTILINE) == ["demo"]
    assert "CONFIGURED = $(COMMAND) $(if $(ENV),--env $(ENV))" in makefile


def test_commands_exist(page: Path) -> None:
    """Every `python -m …` that a page shows is a module here, every `cos-concat …` a verb."""
    named = set(re.findall(r"python -m ((?:ops|local|bench|tests)[\w.]*)", page.read_text()))
    assert [name for name in sorted(named) if find_spec(name.rstrip(".")) is None] == []
    verbs = set(re.findall(r"(?:`|^\$ .*|^ {4}|bin/)cos-concat ([a-z]+)", page.read_text(), re.MULTILINE))
    misspelt = {"stauts"}  # shown as a mistake
    assert sorted(verbs - set(VERBS) - misspelt) == []
