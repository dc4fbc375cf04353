"""The workbench: listings longer than a sample, and lines that are no keys."""

from __future__ import annotations

import pytest

from cosconcat.environment.reading import read_config
from ops.naming.suggest import suggest

IN = "fragments/"
PLACE = {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}


def settings(lines: tuple[str, ...]) -> dict[str, str]:
    """Lines for `.env` as they are read."""
    return {name: value.strip("'") for name, value in (line.split("=", 1) for line in lines)}


@pytest.mark.parametrize("folder", ["", "rec/"])
def test_one_long_recording_without_holes_misses_nothing(folder: str) -> None:
    """Its numbers are counted in all names, not in a sample of them."""
    found = suggest([f"{IN}{folder}out{number:05}.mp4" for number in range(8000)], IN)
    assert {one.words for one in found} == {"8,000 of 8,000 in 1 group"}
    assert all("CONCAT_MAX_FRAGMENTS=8000" in one.lines for one in found)
    assert "ffmpeg" in [one.naming for one in found]


def test_all_recordings_of_a_long_listing_are_counted() -> None:
    """None is cut in two by where a sample ends."""
    best = suggest([f"{IN}lesson{n:03}.part{i}-of-12.mp4" for n in range(600) for i in range(1, 13)], IN)[0]
    assert (best.lines, best.words) == (("CONCAT_NAMING=part-of",), "7,200 of 7,200 in 600 groups")


def test_pieces_that_lie_far_apart_in_a_long_listing_find_their_setting() -> None:
    """Each may be the only one of its recording in a sample: templates are derived from all names."""
    found = suggest([f"{IN}{i:02}-of-06 lesson{n:04}.mp4" for n in range(3000) for i in range(1, 7)], IN)
    words = {one.naming: one.words for one in found}
    assert words["{index}-of-{total} {group}.{ext}"] == "18,000 of 18,000 in 3,000 groups"


def test_an_extension_that_only_one_key_of_a_long_listing_has_is_told() -> None:
    """The function would not take it without."""
    keys = [f"{IN}a_{number:05}.mp4" for number in range(7000)]
    keys[612] = keys[612].replace(".mp4", ".insv")
    assert "CONCAT_EXTENSIONS=insv" in suggest(keys, IN)[0].lines


@pytest.mark.parametrize(
    ("count", "line", "told"),
    [
        (100, "", ""),
        (101, "CONCAT_MAX_FRAGMENTS=101", ""),
        (10_000, "CONCAT_MAX_FRAGMENTS=10000", ""),
        (10_001, "", "; a group has 10,001 pieces, and CONCAT_MAX_FRAGMENTS may be 10,000 at most: upload larger"),
    ],
)
def test_no_more_fragments_are_set_than_the_configuration_allows(count: int, line: str, told: str) -> None:
    """What is beyond is said instead."""
    best = suggest([f"{IN}a_{number:05}.mp4" for number in range(count)], IN)[0]
    assert [one for one in best.lines if "MAX_FRAGMENTS" in one] == [line] * bool(line)
    assert told in best.words
    assert bool(told) is ("CONCAT_MAX_FRAGMENTS" in best.words)
    read_config(PLACE | settings(best.lines))


def test_a_large_group_beside_one_that_is_too_large_keeps_its_setting() -> None:
    """Several that are too large are told in one sentence."""
    keys = [
        f"{IN}{name}_{n:05}.mp4" for name, count in (("a", 10_500), ("b", 300), ("c", 11_000)) for n in range(count)
    ]
    best = suggest(keys, IN)[0]
    assert "CONCAT_MAX_FRAGMENTS=300" in best.lines
    assert "; 2 groups have up to 11,000 pieces, and" in best.words


@pytest.mark.parametrize(
    ("names", "needed"),
    [
        ([f"a.part{n}-of-400.mp4" for n in range(1, 9)], "CONCAT_MAX_FRAGMENTS=400"),
        ([f"a_{n}.mp4" for n in range(150) if n % 3 != 1], "CONCAT_MAX_FRAGMENTS=150"),
    ],
)
def test_what_is_missing_yet_counts_for_the_most_fragments(names: list[str], needed: str) -> None:
    """A group whose number or total lies beyond it would be invalid."""
    assert needed in suggest([IN + name for name in names], IN)[0].lines


def test_the_gap_of_pieces_half_a_day_apart_is_less_than_the_longest_recording() -> None:
    """The configuration refuses a gap of a day or more."""
    best = suggest([f"{IN}live/s1.{1420254068 + at * 43_200}000.flv" for at in range(6)], IN)[0]
    config = read_config(PLACE | settings(best.lines))
    assert config.gap_seconds < config.max_length_seconds
