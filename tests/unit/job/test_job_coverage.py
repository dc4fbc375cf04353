"""docs/concat-api.md and docs/internals/coverage.md say what the code says, and the code covers the page."""

from __future__ import annotations

import pytest

from tools.pages.coverage import (
    ANSWER_EXAMPLES,
    ANSWER_TABLES,
    REQUEST_EXAMPLES,
    REQUEST_TABLES,
    answer_model,
    named_by,
    pages,
    request_model,
    sent,
)


def test_both_pages_are_up_to_date() -> None:
    """If this fails: make pages."""
    for page, text in pages().items():
        assert page.read_text("utf-8") == text


def test_every_node_of_the_page_is_modelled() -> None:
    """Those of its tables and those that only its examples show, in the request and in the answer."""
    assert set(REQUEST_TABLES + REQUEST_EXAMPLES) <= set(request_model())
    assert set(ANSWER_TABLES + ANSWER_EXAMPLES) <= set(answer_model())


def test_the_pages_tables_are_counted_as_they_are_printed() -> None:
    """30 rows describe the request and 24 the answer; the rest is only seen in text and examples."""
    assert (len(REQUEST_TABLES), len(ANSWER_TABLES)) == (30, 24)
    assert len(set(REQUEST_TABLES + REQUEST_EXAMPLES)) == len(REQUEST_TABLES + REQUEST_EXAMPLES)


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("Request.Operation.ConcatTemplate.ConcatFragment.StartTime", "by the function"),
        ("Request.CallBackMqConfig.MqName", "by the function"),
        ("Request.QueueId", "by the function"),
        ("Request.Operation.Watermark.Text.Text", "as `CONCAT_JOB` or a manifest says"),
        ("Request.Operation.JobLevel", "as `CONCAT_JOB` or a manifest says"),
        ("Request.Operation.ConcatTemplate.Index", "no: it places an Input, and the function sends only fragments"),
    ],
)
def test_who_sends_a_node_is_derived(path: str, who: str) -> None:
    """From composing requests and from what an overlay may say."""
    assert sent(path) == who


@pytest.mark.parametrize("path", sorted(request_model()))
def test_every_node_of_the_request_is_named_by_a_test(path: str) -> None:
    """At least one."""
    assert named_by(path)
