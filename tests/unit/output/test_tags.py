"""Tags of the output: COS's alphabet and limits, nothing of the user's lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.errors import InvalidInput
from cosconcat.output.tags import MAX_VALUE_BYTES, clean, output_tags, own_tags

OURS = own_tags("a/讲座 1", "j1", 12, "f" * 64, 3)


def test_our_five_tags_say_where_an_output_comes_from() -> None:
    """With the group in COS's alphabet."""
    assert output_tags({}, OURS, {}) == {
        "concat-group": "a/讲座_1",
        "concat-job": "j1",
        "concat-fragments": "12",
        "concat-fingerprint": "f" * 64,
        "concat-rev": "3",
    }


@given(value=st.text(max_size=400))
def test_any_value_becomes_one_that_cos_takes(value: str) -> None:
    """Alphabet, 1 to 255 bytes, cut between characters; what is fine already stays."""
    cleaned = clean(value)
    assert 1 <= len(cleaned.encode()) <= MAX_VALUE_BYTES
    assert re.fullmatch(r"[a-zA-Z0-9+\-=._:/@\u4e00-\u9fff]+", cleaned)
    assert clean(cleaned) == cleaned


def test_a_long_value_is_cut_between_characters() -> None:
    """Chinese takes three bytes a character."""
    assert clean("讲" * 100) == "讲" * 85
    assert clean("a" + "讲" * 100) == "a" + "讲" * 84


def test_what_is_there_stays_as_it_is() -> None:
    """Even where the configuration has another value for it, and even if we would not write it so."""
    there = {"owner": "anna b", "team": "x"}
    merged = output_tags(there, OURS, {"owner": "configured", "cost": "42 €"})
    assert merged == {**output_tags({}, OURS, {}), "owner": "anna b", "team": "x", "cost": "42__"}


def test_tagging_again_changes_nothing() -> None:
    """A resumed clean-up meets its own tags."""
    once = output_tags({}, OURS, {"a": "1"})
    assert output_tags(once, OURS, {"a": "1"}) == once


def test_a_tag_of_ours_with_another_value_is_not_overwritten() -> None:
    """Somebody else says that the output is theirs."""
    with pytest.raises(InvalidInput, match="concat-job"):
        output_tags({"concat-job": "j2"}, OURS, {})


def test_more_than_ten_are_refused_and_none_dropped() -> None:
    """Five of ours and five others fit."""
    others = {f"t{n}": "v" for n in range(5)}
    assert len(output_tags(others, OURS, {})) == 10
    with pytest.raises(InvalidInput, match="at most 10"):
        output_tags({**others, "t6": "v"}, OURS, {})
    with pytest.raises(InvalidInput, match="at most 10"):
        output_tags(others, OURS, {"configured": "v"})
