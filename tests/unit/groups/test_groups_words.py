"""The small decisions behind a verdict."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cosconcat.groups.rules import in_words, long_gap, missing_numbers
from cosconcat.groups.verdicts import FoundFragment
from cosconcat.model import ObjectInfo
from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import FragmentName


def pieces(*numbers: int) -> list[FoundFragment]:
    """Pieces with these numbers."""
    return [
        FoundFragment(FragmentName(f"v{n}", "v", n, None, "mp4", (1, 2)), ObjectInfo(f"v{n}", "e", 1, 0))
        for n in numbers
    ]


@given(st.sets(st.integers(0, 300)))
def test_numbers_in_words_lose_none(numbers: set[int]) -> None:
    """Runs and the rest add up."""
    words = in_words(sorted(numbers), most=3)
    shown, _, rest = words.partition(" and ")
    runs = [run.split("-") for run in shown.split(", ") if run]
    count = sum(int(run[-1]) - int(run[0]) + 1 for run in runs) + int(rest.split()[0] if rest else 0)
    assert count == len(numbers)
    assert len(runs) <= 3


@given(st.sets(st.integers(0, 60), min_size=1), st.integers(1, 60) | st.none())
def test_what_is_missing_and_what_is_there_make_a_row(numbers: set[int], count: int | None) -> None:
    """From 0 or 1 without a gap, as long as the count says, or up to the highest."""
    start = 0 if 0 in numbers else 1
    missing = missing_numbers(pieces(*numbers), count, Convention.of("folder", ""))
    end = start + count if count is not None else max(numbers) + 1
    assert sorted({*missing, *numbers} & set(range(start, end))) == list(range(start, end))
    assert not numbers & set(missing)


def test_the_longest_gap_is_told_only_beyond_the_limit() -> None:
    """In seconds between starting times."""
    times = pieces(0, 60_000, 200_000, 230_000)
    assert long_gap(times, 140) == ""
    assert long_gap(times, 139) == "140 s between v60000 and v200000"
    assert long_gap(times, None) == ""
    assert long_gap(times[:1], 1) == ""
