"""The pages about deployment show what the code does."""

from __future__ import annotations

from tools.pages.deploy import CALLS, OTHERWISE, PAGE, with_calls, with_examples, with_table


def test_the_pages_show_what_the_code_makes() -> None:
    """`make pages` writes them."""
    assert with_examples(PAGE.read_text("utf-8")) == PAGE.read_text("utf-8")
    assert with_table(OTHERWISE.read_text("utf-8")) == OTHERWISE.read_text("utf-8")
    assert with_calls(CALLS.read_text("utf-8")) == CALLS.read_text("utf-8")
