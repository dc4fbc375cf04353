"""What import-linter's contracts do not say: tests/unit mirrors the packages, and no chain of imports is too long."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

from tools.pages import ROOT

UNIT, HANDLER = ROOT / "tests" / "unit", ROOT / "handler" / "cosconcat"
AROUND = {"ops", "tools"}  # what stands around the package; the local cloud is tested by contract


def folders(of: Path, files: str) -> set[str]:
    """The names of the folders that hold such files."""
    return {folder.name for folder in of.iterdir() if any(folder.glob(files))}


def test_each_package_has_its_folder_of_tests_and_no_other_is_there() -> None:
    """So that whoever changes a package knows what to run."""
    assert folders(UNIT, "test_*.py") == folders(HANDLER, "*.py") | AROUND


@pytest.mark.parametrize(("package", "most"), [("cosconcat", 22), ("local", 15), ("ops", 17)])
def test_no_chain_of_imports_is_longer_than_docs_internals_architecture_says(package: str, most: int) -> None:
    """Modules, lazy and type-only imports included; that there is no circle is a contract."""
    graph = grimp.build_graph(package, exclude_type_checking_imports=False, cache_dir=None)
    lengths: dict[str, int] = {}

    def length(module: str) -> int:
        if module not in lengths:
            lengths[module] = 1 + max(map(length, graph.find_modules_directly_imported_by(module)), default=0)
        return lengths[module]

    longest = max(graph.modules, key=length)
    assert length(longest) <= most, longest
    assert f" {most} " in (ROOT / "docs" / "internals" / "architecture.md").read_text("utf-8").replace("\n", " ")
