"""What earlier joins of a group make of what lies there: late, held by outputs, or a correction."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from cosconcat.config import Config
from cosconcat.groups.joined import holders, new_among, placed
from cosconcat.model import Bucket, Fragment, FragmentSet, ObjectInfo
from cosconcat.records.records import Claim

DEMO = Bucket("demo-1250000000", "ap-guangzhou")
CONVENTION = Config(DEMO, naming="folder", completion="quiet", quiet_seconds=300).convention


def pieces(text: str, at: int = 100) -> FragmentSet:
    """`1a 2b`: number and content of each piece, all of them uploaded at one time."""
    words = text.split()
    made = [Fragment(int(word[:-1]), ObjectInfo(f"fragments/cam/{word[:-1]}.mp4", word[-1], 1, at)) for word in words]
    return FragmentSet("cam", tuple(made))


def joins(*texts: str) -> list[Claim]:
    """What was joined, the newest first."""
    sets = list(map(pieces, texts))
    revs = range(len(sets), 0, -1)
    return [
        Claim("cam", rev, 1, "a" * 32, 1200, joined, joined.fingerprint, DEMO, "output/cam.mp4", "mp4")
        for rev, joined in zip(revs, sets, strict=True)
    ]


class Row(NamedTuple):
    """What was joined (the newest first), what lies there, and the revs by whose outputs it may go."""

    joined: tuple[str, ...]
    there: str
    revs: list[int]


@pytest.mark.parametrize(
    "row",
    [
        Row(("1a 2a",), "1a 2a", [1]),
        Row(("1a 2a",), "2a", [1]),
        Row(("3a", "1a 2a"), "1a 2a", [1]),
        Row(("3a", "1a 2a"), "1a 2a 3a", [2, 1]),
        Row(("3a", "1a 2a"), "2a 3a", [2, 1]),
        Row(("4a", "3a", "1a 2a"), "1a 4a", [3, 1]),
        Row(("3a", "1a 2a"), "1a 4a", []),  # new
        Row(("3a", "1a 2a"), "1b 3a", []),  # a correction
        Row(("1b", "1a 2a"), "2a", []),  # perhaps of the corrected recording
        Row(("1b", "1a 2a"), "1b 2a", []),  # no output holds the corrected recording
        Row(("1b 2a", "1b", "1a 2a"), "1b 2a", [3]),
        Row(("1b 2b", "1a 2a"), "1a 2b", []),
        Row(("1b", "3a", "1a 2a"), "3a", [2]),
    ],
    ids=str,
)
def test_what_lies_there_goes_by_the_outputs_that_hold_it(row: Row) -> None:
    """None of them where the whole of it was never joined as it is there."""
    held = holders(placed(pieces(row.there), CONVENTION), joins(*row.joined), CONVENTION)
    assert [claim.rev for claim in held] == row.revs


def test_the_same_bytes_again_are_new_only_beside_a_correction() -> None:
    """The very upload that was joined is not: it lies there still, or LIST shows the past."""
    before = [pieces("1a 2a 3a")]
    again = [fragment.object for fragment in pieces("2a", at=200).fragments]
    still = [fragment.object for fragment in pieces("3a").fragments]
    assert new_among(again + still, pieces("1b", at=200), before, CONVENTION) == again
    assert new_among(again + still, pieces("4a", at=200), before, CONVENTION) == []
    other = [fragment.object for fragment in pieces("2c", at=200).fragments]
    assert new_among(other, pieces("4a", at=200), before, CONVENTION) == other
