"""docs/troubleshooting.md has a row for every word that the report and the log use."""

from __future__ import annotations

import re
from typing import get_args

from cosconcat.functions.sweep.report import KINDS
from cosconcat.model import Action
from tools.pages import ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")


def words(section: str) -> list[str]:
    """What stands in the first cells of a section's table."""
    _, _, after = PAGE.partition(f"## {section}\n")
    return re.findall(r"`([^`]+)`", " ".join(re.findall(r"^\|(.*?)\|", after.partition("\n## ")[0], re.MULTILINE)))


def test_every_word_of_the_report_is_explained() -> None:
    """Once, and no other."""
    assert sorted(words("By the word in the report")) == sorted(KINDS)


def test_every_action_of_the_log_is_explained() -> None:
    """Once, and no other."""
    assert sorted(words("By the action in the log")) == sorted(get_args(Action))
