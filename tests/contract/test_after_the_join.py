"""What comes after a group was joined: another list, another recording of its name, its marker, a single piece."""

from __future__ import annotations

import time
from dataclasses import replace

from cosconcat.functions.status import status_of
from tests.support.desk import Desk, only

FOLDER = {"CONCAT_NAMING": "folder", "CONCAT_COMPLETION": "marker"}
DONE = "fragments/talk/_DONE"
HOUR = int(time.time()) // 3600 * 3600 - 7200


def piece(number: int) -> str:
    """A piece of the talk."""
    return f"fragments/talk/{number}.mp4"


def timed(minute: int) -> str:
    """A piece of a camera that starts in this minute of an hour that is over."""
    return f"fragments/cam_{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(HOUR + 60 * minute))}.mp4"


def joined(desk: Desk) -> list[int]:
    """How many pieces of ten seconds each output holds."""
    store, bucket = desk.cloud.store, desk.cloud.bucket
    return [len(store.get(bucket, key) or b"") // 10_000 for key in desk.keys("output/")]


def state(desk: Desk, group: str) -> str:
    """What is said of a group when a person asks."""
    return status_of(desk.services, group).state


def test_a_second_manifest_is_news_however_old_its_pieces_are() -> None:
    """Three of six were listed first; the others lay there all the time."""
    with Desk({"CONCAT_NAMING": "folder", "CONCAT_COMPLETION": "manifest"}) as desk:
        for number in range(1, 7):
            desk.put(piece(number))
        for number in (1, 4):
            desk.later(5)
            listed = [{"key": piece(number + more)} for more in range(3)]
            desk.manifest("fragments/talk/manifest.json", fragments=listed)
            assert state(desk, "talk") == "whole"
            assert only(desk.upload("fragments/talk/manifest.json")).action == "submitted"
            assert only(desk.call_back()).action == "finished"
        assert (joined(desk), desk.keys("fragments/")) == ([3, 3], [])


def test_the_marker_of_the_next_recording_stays() -> None:
    """Empty ones are alike, and it came while the first recording was joined."""
    with Desk(FOLDER) as desk:
        desk.arrive(piece(1), piece(2))
        desk.arrive(DONE, seconds=0)
        desk.later(5)
        desk.put(DONE, seconds=0)
        assert only(desk.call_back()).action == "finished"
        assert desk.keys("fragments/") == [DONE]
        desk.later(5)
        desk.arrive(piece(1), piece(2), content="next ")
        desk.later(5)
        assert only(desk.arrive(DONE, seconds=0)).action == "submitted"


def test_where_a_marker_closes_times_no_session_is_joined_with_those_before_it() -> None:
    """Under `keep` all of them go on lying there."""
    marker = "fragments/cam/end.flag"
    settings = {"CONCAT_NAMING": "timestamp", "CONCAT_COMPLETION": "marker", "CONCAT_MARKER": "{group}/end.flag"}
    with Desk({**settings, "CONCAT_CLEANUP": "keep"}) as desk:
        for session in range(3):
            desk.arrive(timed(10 * session), timed(10 * session + 1))
            desk.later(5)
            desk.put(marker, seconds=0)
            desk.upload(marker)
            assert only(desk.call_back()).action == "finished"
        assert joined(desk) == [2, 2, 2]


def test_pieces_of_several_sessions_go_by_their_own_outputs_once_they_may() -> None:
    """A marker closed two sessions under `keep`; then one piece of each is left, and removal is switched on."""
    settings = {"CONCAT_NAMING": "timestamp", "CONCAT_COMPLETION": "marker", "CONCAT_MARKER": "{group}/end.flag"}
    with Desk({**settings, "CONCAT_CLEANUP": "keep"}) as desk:
        for session in range(2):
            desk.arrive(timed(10 * session), timed(10 * session + 1))
            desk.later(5)
            desk.put("fragments/cam/end.flag", seconds=0)
            desk.upload("fragments/cam/end.flag")
            assert only(desk.call_back()).action == "finished"
        for minute in (0, 10):
            desk.cloud.store.delete(desk.cloud.bucket, timed(minute))
        desk.cloud.store.delete(desk.cloud.bucket, "fragments/cam/end.flag")
        desk.later(4000)
        with desk.instead(config=replace(desk.services.config, cleanup="delete")):
            desk.sweep()
        assert desk.keys("fragments/") == []


def test_an_overwritten_version_that_shows_again_is_no_news_to_status() -> None:
    """The sweep says that it is kept; a whole group would wait for its job."""
    with Desk({"CONCAT_NAMING": "timestamp"}, versioning="Enabled") as desk:
        desk.arrive(timed(0))
        desk.later(2)
        desk.arrive(timed(0), content="corrected")
        desk.arrive(timed(1))
        desk.later(400)
        desk.sweep()
        assert only(desk.call_back()).action == "finished"
        desk.arrive(timed(2))
        desk.later(400)
        group = only(desk.upload(timed(2))).group
        assert state(desk, group) == "joined"


def test_a_late_piece_that_is_left_as_it_is_is_told() -> None:
    """CONCAT_SINGLE=leave: it came after its hour was joined, and will be in no output."""
    settings = {"CONCAT_NAMING": "timestamp", "CONCAT_SINGLE": "leave"}
    with Desk(settings) as desk:
        desk.arrive(timed(0), timed(1))
        desk.later(400)
        desk.sweep()
        assert only(desk.call_back()).action == "finished"
        desk.arrive(timed(2))
        desk.later(400)
        desk.sweep()
        [told] = desk.report()["kept"].values()
        assert told["reason"].startswith("came after the end: a group of one piece")
        assert (desk.keys("fragments/"), len(desk.jobs)) == ([timed(2)], 1)


def test_one_piece_that_comes_again_goes_although_single_pieces_are_left() -> None:
    """It is in an output."""
    with Desk({"CONCAT_NAMING": "timestamp", "CONCAT_SINGLE": "leave"}) as desk:
        desk.arrive(timed(0), timed(1))
        desk.later(400)
        desk.sweep()
        assert only(desk.call_back()).action == "finished"
        desk.put(timed(1))
        desk.later(400)
        desk.sweep()
        assert desk.keys("fragments/") == []
