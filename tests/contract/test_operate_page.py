"""docs/operate.md: every command that it shows is run, and prints what it shows."""

from __future__ import annotations

import re

from ops.command import VERBS
from tests.support import transcripts


def test_every_command_of_the_page_prints_what_it_shows() -> None:
    """If this fails: make pages, and look at what has changed."""
    page = transcripts.PAGE.read_text("utf-8")
    shown = page.partition(transcripts.MARKS[0])[2].partition(transcripts.MARKS[1])[0]
    assert transcripts.made() == shown.strip()


def test_ten_questions_have_one_command_each() -> None:
    """And the verbs that act on an account are named with them."""
    page = transcripts.PAGE.read_text("utf-8")
    assert len(transcripts.QUESTIONS) == 10
    assert page.count("```console") == 10
    named = set(re.findall(r"cos-concat ([a-z]+)", page))
    wanted = {"status", "retry", "preview", "restore", "prune", "doctor", "names", "cost", "pause", "resume", "explain"}
    assert wanted <= named
    assert wanted <= set(VERBS)
