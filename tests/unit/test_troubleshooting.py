"""docs/troubleshooting.md explains every word that the report and the log use."""

from __future__ import annotations

import re
from typing import get_args

from cosconcat.model import Action
from tools.pages import ROOT, troubleshooting

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")


def words(section: str) -> list[str]:
    """What stands in the first cells of a section's table."""
    _, _, after = PAGE.partition(f"## {section}\n")
    return re.findall(r"`([^`]+)`", " ".join(re.findall(r"^\|(.*?)\|", after.partition("\n## ")[0], re.MULTILINE)))


def test_the_words_of_the_report_are_the_codes() -> None:
    """With what they mean and what to do, as `make pages` writes them."""
    assert troubleshooting.with_words(PAGE) == PAGE


def test_every_action_of_the_log_is_explained() -> None:
    """Once, and no other."""
    assert sorted(words("By the action in the log")) == sorted(get_args(Action))
