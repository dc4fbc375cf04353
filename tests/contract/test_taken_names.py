"""A group whose output name is taken gets another one: nobody can hold it up by taking names."""

from __future__ import annotations

from tests.support.desk import Desk, only

PIECES = ["fragments/talk.part1-of-2.mp4", "fragments/talk.part2-of-2.mp4"]


def test_taken_names_are_passed_over_and_stay_what_they_are() -> None:
    """Two names belong to something else: the third is the group's, and nothing is overwritten."""
    with Desk() as desk:
        for key in ("output/talk.mp4", "output/talk.r0001.mp4"):
            desk.put(key, "squatter")
        before = [desk.cloud.store.info(desk.cloud.bucket, key) for key in ("output/talk.mp4", "output/talk.r0001.mp4")]
        assert only(desk.arrive(*PIECES)).action == "submitted"
        assert only(desk.call_back()).action == "finished"
        after = [desk.cloud.store.info(desk.cloud.bucket, key) for key in ("output/talk.mp4", "output/talk.r0001.mp4")]
        assert after == before
        assert desk.keys("output/") == ["output/talk.mp4", "output/talk.r0001-2.mp4", "output/talk.r0001.mp4"]
