"""A group whose names tell how many pieces there are: whole, waiting, or at odds with itself."""

from __future__ import annotations

import pytest

from cosconcat.config import Config
from cosconcat.groups.verdicts import NoFragments
from tests.support.shelf import BUCKET, NOW, Shelf
from tests.support.verdicts import (
    DIRECT,
    IN,
    PART_OF,
    invalid,
    look,
    parts,
    waiting,
    whole,
)


def test_a_group_is_joined_in_the_order_of_its_numbers() -> None:
    """Part 10 comes after part 9, not after part 1."""
    verdict = look(parts(*range(1, 13), of=12), PART_OF, "v", "v.part12-of-12.mp4")
    assert whole(verdict) == [f"v.part{number}-of-12.mp4" for number in range(1, 13)]


def test_a_group_may_count_from_0() -> None:
    """Then its last number is one less than the total."""
    assert len(whole(look(parts(0, 1, 2, of=3), PART_OF, "v"))) == 3


def test_spellings_zeros_and_cases_mix_in_one_group() -> None:
    """A look without an event sees every spelling, also when its group has more neighbours than one page."""
    keys = ["v.part01-of-3.mp4", "v_PART_2_of_03.MP4", "v-3of3.ts"]
    shelf = Shelf().store(*(IN + key for key in keys))
    assert whole(look(shelf, PART_OF, "v")) == keys
    shelf.store(*(f"{IN}v{number}.part1-of-2.mp4" for number in range(1500)))
    assert whole(look(shelf, PART_OF, "v")) == keys


def test_what_is_missing_is_named() -> None:
    """By number, in runs, with the time since when."""
    found = waiting(look(parts(1, 5, 9, of=9), PART_OF, "v", "v.part5-of-9.mp4"))
    assert found.reason == "6 of 9 are missing: 2-4, 6-8"
    assert found.missing == (2, 3, 4, 6, 7, 8)
    assert found.since == NOW - 1000


def test_a_group_without_objects_is_gone() -> None:
    """Its event came late, or twice."""
    assert isinstance(look(Shelf(), PART_OF, "v", "v.part1-of-2.mp4"), NoFragments)


def test_the_event_s_own_key_counts_before_the_listing_shows_it() -> None:
    """Otherwise the last event would find the group incomplete, and nobody would come again."""
    shelf = parts(1, 2, of=2)
    shelf.hidden = {IN + "v.part2-of-2.mp4"}
    assert len(whole(look(shelf, PART_OF, "v", "v.part2-of-2.mp4"))) == 2


def test_without_any_declared_total_a_group_waits_for_one() -> None:
    """An own expression may leave the total out of some names, but not out of all."""
    config = Config(BUCKET, naming=r"(?P<group>\w+)-(?P<index>\d)(?:of(?P<total>\d))?\.ts")
    shelf = Shelf().store(IN + "v-1.ts", IN + "v-2.ts")
    assert waiting(look(shelf, config, "v", "v-2.ts")).reason == "no name declares a total"
    assert len(whole(look(shelf.store(IN + "v-3of3.ts"), config, "v", "v-1.ts"))) == 3


@pytest.mark.parametrize("zeros", [2, 4])
@pytest.mark.parametrize("hidden", [(3,), (1, 4), (1,), (10,)])
def test_two_fragments_that_the_listing_hides_are_looked_for(hidden: tuple[int, ...], zeros: int) -> None:
    """Their keys follow from the others."""
    shelf = Shelf().store(*(f"{IN}v.part{number:0{zeros}}-of-10.mp4" for number in range(1, 11)))
    shelf.hidden = {f"{IN}v.part{number:0{zeros}}-of-10.mp4" for number in hidden}
    assert len(whole(look(shelf, PART_OF, "v", f"v.part{5:0{zeros}}-of-10.mp4"))) == 10


@pytest.mark.parametrize(
    ("keys", "parts_of_reason"),
    [
        (["v.part1-of-2.mp4", "v.part1-of-2.mov"], ["v.part1-of-2.mp4", "v.part1-of-2.mov", "same place"]),
        (["v.part1-of-2.mp4", "v.part01-of-2.mp4"], ["v.part1-of-2.mp4", "v.part01-of-2.mp4", "same place"]),
        (["v.part1-of-2.mp4", "v.part2-of-3.mp4"], ["v.part1-of-2.mp4", "v.part2-of-3.mp4", "different totals"]),
        (["v.part1-of-2.mp4", "v.part3-of-2.mp4"], ["v.part3-of-2.mp4", "beyond the total of 2"]),
        (["v.part0-of-2.mp4", "v.part2-of-2.mp4"], ["v.part0-of-2.mp4", "v.part2-of-2.mp4", "from 0"]),
    ],
)
def test_a_group_at_odds_is_invalid_and_names_the_keys(keys: list[str], parts_of_reason: list[str]) -> None:
    """Duplicates, totals that disagree, a number beyond the total, counting from 0 and from 1."""
    reason = invalid(look(Shelf().store(*(IN + key for key in keys)), PART_OF, "v", keys[0]))
    assert all(part in reason for part in parts_of_reason), reason


def test_an_empty_object_makes_its_group_invalid() -> None:
    """A broken upload is no recording."""
    shelf = parts(1, 2, of=2).store(IN + "v.part2-of-2.mp4", body=b"")
    assert invalid(look(shelf, PART_OF, "v")) == f"{IN}v.part2-of-2.mp4 is empty (0 bytes)"


def test_types_may_differ_only_where_they_are_transcoded() -> None:
    """DirectConcat copies streams as they are."""
    shelf = Shelf().store(IN + "v.part1-of-2.mp4", IN + "v.part2-of-2.MOV")
    assert len(whole(look(shelf, PART_OF, "v"))) == 2
    reason = invalid(look(shelf, DIRECT, "v"))
    assert "v.part1-of-2.mp4" in reason
    assert "v.part2-of-2.MOV" in reason
