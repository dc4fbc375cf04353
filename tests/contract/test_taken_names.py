"""A group whose output name is taken gets another one: nobody can hold it up by taking names."""

from __future__ import annotations

import re

from cosconcat.model import Result
from cosconcat.output.choice import SPARE_NAMES
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


def wants(desk: Desk, group: str, output: str, **more: object) -> Result:
    """A group of one piece with a manifest that wants this name for its result."""
    piece = f"fragments/{group}.part1-of-1.mp4"
    desk.put(piece)
    desk.manifest(f"fragments/{group}.manifest.json", fragments=[{"key": piece}], output=output, **more)
    return only(desk.upload(f"fragments/{group}.manifest.json"))


BROKEN = {"ConcatTemplate": {"Video": {"Crf": "25"}}}  # a picture without a codec: no request can be made of it
MANIFESTS = {"CONCAT_COMPLETION": "manifest"}


def test_a_name_that_was_reserved_for_no_job_is_given_back() -> None:
    """After two leases, when nobody can be about to use it; until then the others get another name at once."""
    with Desk(MANIFESTS) as desk:
        assert wants(desk, "thief", "output/talk.mp4", job=BROKEN).action == "gave-up"
        desk.sweep()
        assert wants(desk, "one", "output/talk.mp4").key == "output/talk.r0001.mp4"
        desk.later(121)
        assert wants(desk, "two", "output/talk.mp4").key == "output/talk.mp4"
        assert wants(desk, "three", "output/talk.mp4").key == "output/talk.r0001-2.mp4"
        desk.later(121)
        assert wants(desk, "thief", "output/talk.mp4").key == "output/talk.r0002.mp4", "it is two's now"


def test_a_name_that_a_job_writes_is_not_given_to_another() -> None:
    """However old the reservation is: the job may take days."""
    with Desk(MANIFESTS) as desk:
        assert wants(desk, "slow", "output/talk.mp4").key == "output/talk.mp4"
        assert desk.cloud.ci.wait_idle(20)
        desk.cloud.store.delete(desk.cloud.bucket, "output/talk.mp4")  # as if it were not written yet
        desk.later(800)
        assert wants(desk, "other", "output/talk.mp4").key == "output/talk.r0001.mp4"


def test_an_old_reservation_is_renewed_before_it_is_used() -> None:
    """Or another group might take it over at that very moment."""
    with Desk(MANIFESTS) as desk:
        assert wants(desk, "talk", "output/talk.mp4", job=BROKEN).action == "gave-up"
        desk.sweep()
        desk.later(61)
        assert wants(desk, "talk", "output/talk.mp4").key == "output/talk.mp4"
        assert len(desk.keys(".concat/out/")) == 2
        assert wants(desk, "other", "output/talk.mp4").key == "output/talk.r0001.mp4"


def test_whoever_takes_every_name_that_can_be_guessed_holds_nobody_up() -> None:
    """The number after them is drawn."""
    with Desk() as desk:
        names = ["output/talk.mp4", "output/talk.r0001.mp4"]
        names += [f"output/talk.r0001-{count}.mp4" for count in range(2, SPARE_NAMES + 1)]
        for key in names:
            desk.put(key, "squatter")
        key = only(desk.arrive(*PIECES)).key
        assert re.fullmatch(r"output/talk\.r0001-[0-9]{2,10}\.\$\{ext\}", key)
        assert only(desk.call_back()).action == "finished"
