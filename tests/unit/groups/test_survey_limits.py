"""What is too large to be joined is invalid, with the way out, before anything counts up to it."""

from __future__ import annotations

import pytest

from cosconcat.config import Config
from tests.support.shelf import BUCKET, Shelf
from tests.support.verdicts import (
    FOLDER,
    IN,
    PART_OF,
    QUIET,
    invalid,
    look,
    parts,
    waiting,
    whole,
)


@pytest.mark.parametrize("own", ["", "v.part1-of-101.mp4"])
def test_a_group_larger_than_the_limit_is_invalid_with_the_way_out(own: str) -> None:
    """Its declared size is enough to know."""
    reason = invalid(look(parts(1, of=101), PART_OF, "v", own))
    assert "101 fragments" in reason
    assert "CONCAT_MAX_FRAGMENTS=100" in reason
    assert "larger pieces" in reason


def test_a_group_whose_result_would_have_too_long_a_key_is_invalid() -> None:
    """Before a job is paid for that cannot write."""
    config = Config(BUCKET, output_key="output/{fingerprint}/{group}/{group}.{ext}")
    group = "x" * 390
    assert "COS allows 850" in invalid(look(parts(1, 2, of=2, group=group), config, group))
    assert len(whole(look(parts(1, 2, of=2, group=group), PART_OF, group))) == 2


@pytest.mark.parametrize(
    ("config", "keys"),
    [
        (FOLDER, ["trip/VID_30241201.mp4"]),
        (FOLDER, ["trip/1.mp4", "trip/999999999.mp4"]),
        (QUIET, ["trip/0.mp4", "trip/100.mp4"]),
        (FOLDER, ["trip/101.mp4"]),
        (Config(BUCKET, naming=r"(?P<group>\w+)/(?P<index>\d+)\.ts", completion="marker"), ["trip/123456789012345.ts"]),
    ],
)
def test_a_number_beyond_the_limit_is_invalid_before_anything_counts_up_to_it(config: Config, keys: list[str]) -> None:
    """A date for a number: the list of what is missing would fill the memory, and nothing would ever make it whole."""
    shelf = Shelf().store(*(IN + key for key in keys))
    reason = invalid(look(shelf, config, "trip", keys[0]))
    assert "CONCAT_MAX_FRAGMENTS=100" in reason
    assert any(key in reason for key in keys)
    assert reason == invalid(look(shelf, config, "trip"))


def test_numbers_up_to_the_limit_are_waited_for() -> None:
    """From 1 up to it, from 0 up to one less."""
    assert len(waiting(look(Shelf().store(IN + "trip/100.mp4"), QUIET, "trip")).missing) == 99
    shelf = Shelf().store(IN + "trip/0.mp4", IN + "trip/99.mp4")
    assert len(waiting(look(shelf, QUIET, "trip")).missing) == 98


def test_a_huge_total_is_invalid_however_the_group_is_completed() -> None:
    """Nothing is listed up to a number that somebody wrote into a name."""
    for config in (PART_OF, Config(BUCKET, completion="marker"), Config(BUCKET, completion="quiet", quiet_seconds=1)):
        for own in ("v.part1-of-999999.mp4", ""):
            shelf = parts(1, of=999999).store(IN + "v.done", body=b"999999")
            assert "has 999999 fragments" in invalid(look(shelf, config, "v", own))
