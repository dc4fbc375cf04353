"""A group of one piece: joined like any other, or left as it is."""

from __future__ import annotations

import pytest

from tests.support.desk import Desk, only

PIECE = "fragments/talk.part1-of-1.mp4"


@pytest.mark.parametrize(("single", "action", "jobs"), [("join", "submitted", 1), ("leave", "ignored", 0)])
def test_one_piece_is_joined_or_left(single: str, action: str, jobs: int) -> None:
    """Left, it costs no job, by its event and by the sweep."""
    with Desk({"CONCAT_SINGLE": single}) as desk:
        result = only(desk.arrive(PIECE))
        assert result.action == action
        assert len(desk.jobs) == jobs
        if single == "leave":
            assert "CONCAT_SINGLE=leave" in result.reason
            desk.sweep()
            assert (desk.jobs, desk.keys("fragments/")) == ([], [PIECE])


def test_a_group_of_two_is_joined_all_the_same() -> None:
    """Only single pieces are left."""
    with Desk({"CONCAT_SINGLE": "leave"}) as desk:
        pieces = [PIECE.replace("of-1", "of-2"), "fragments/talk.part2-of-2.mp4"]
        assert only(desk.arrive(*pieces)).action == "submitted"
