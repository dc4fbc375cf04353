"""Recordings cut at gaps, over HTTP on the local cloud: what is joined, what waits, what becomes of late pieces."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from cosconcat.bootstrap import SystemClock
from cosconcat.events.cos import Upload
from cosconcat.functions.upload import handle_uploads
from cosconcat.protocol.closing import reconcile_fragment
from ops.verbs.prune import prunable, removed
from tests.support.desk import Desk, only
from tests.support.gaps import (
    GAP,
    MIDNIGHT,
    actions,
    close,
    finish,
    joined,
    key,
    put,
    recording,
    slots,
    status,
)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A cloud in which nothing happens by itself."""
    with Desk(GAP) as one:
        yield one


def test_pieces_without_a_gap_are_one_recording_and_a_gap_begins_another(desk: Desk) -> None:
    """Joined in order of time, verified, and gone."""
    put(desk, 120, 0, 60, 300, 360)
    assert actions(desk) == {recording(0): "waiting", recording(300): "waiting"}
    assert desk.report()["quiet"].keys() == {recording(0), recording(300)}
    assert close(desk) == {recording(0): "submitted", recording(300): "submitted"}
    assert finish(desk) == {recording(0): "finished", recording(300): "finished"}
    assert desk.keys("fragments/") == []
    assert desk.keys("output/") == [f"output/{recording(0)}.mp4", f"output/{recording(300)}.mp4"]
    lengths = [len(desk.cloud.store.get(desk.cloud.bucket, one) or b"") for one in desk.keys("output/")]
    assert [length // 1000 for length in lengths] == [150, 100]


def test_an_event_younger_than_the_gap_waits_and_a_late_one_closes(desk: Desk) -> None:
    """The first without any call."""
    put(desk, 0)
    bucket, now = desk.services.config.bucket, int(time.time())
    event = Upload(bucket.name, bucket.region, key(0), "cos:ObjectCreated:Put", now)
    before = desk.cloud.store.keys(desk.cloud.bucket, ".concat/")
    with desk.instead(cos=None, ci=None):
        assert only(handle_uploads(desk.services, [event])).action == "waiting"
    assert desk.cloud.store.keys(desk.cloud.bucket, ".concat/") == before
    assert only(desk.upload(key(0))).action == "waiting"
    desk.later(300)
    assert only(desk.upload(key(0))).action == "submitted"
    assert only(desk.upload(key(0))).action == "already-submitted"
    assert only(desk.call_back()).action == "finished"


def test_an_event_of_several_pieces_closes_each_of_their_recordings(desk: Desk) -> None:
    """One look for each, though all are of one source."""
    put(desk, 0, 60, 1000)
    desk.later(300)
    said = {result.group: result.action for result in desk.upload(key(0), key(1000), key(60))}
    assert said == {recording(0): "submitted", recording(1000): "submitted"}


def test_a_recording_across_midnight_is_one(desk: Desk) -> None:
    """Reserved in both days, and claimed as it was reserved."""
    put(desk, *range(MIDNIGHT - 120, MIDNIGHT + 120, 60))
    assert close(desk) == {recording(MIDNIGHT - 120): "submitted"}
    assert [(slot["kind"], len(slot["pieces"])) for slot in slots(desk)] == [("main", 2), ("grant", 2)]  # type: ignore[arg-type]
    assert finish(desk) == {recording(MIDNIGHT - 120): "finished"}
    assert desk.keys("fragments/") == []


def test_a_piece_that_comes_while_its_recording_is_joined_is_joined_with_it(desk: Desk) -> None:
    """The first output stays, nothing is removed for it; the second holds everything."""
    put(desk, 0, 60)
    close(desk)
    put(desk, 120)
    assert desk.cloud.ci.wait_idle(20)
    assert [one["action"] for one in desk.sweep()["results"]] == ["superseded", "waiting"]
    assert len(desk.keys("fragments/")) == 3
    assert close(desk) == {recording(0): "submitted"}
    assert finish(desk) == {recording(0): "finished"}
    assert desk.keys("output/") == [f"output/{recording(0)}.mp4", f"output/{recording(0)}.r0002.mp4"]
    assert desk.keys("fragments/") == []


@pytest.mark.parametrize("second", [30, 120, -60], ids=["within", "after", "before"])
@pytest.mark.parametrize("cleanup", ["delete", "keep"])
def test_a_piece_that_comes_after_the_join_is_a_recording_of_its_own(second: int, cleanup: str) -> None:
    """The report says beside which; what was joined is not joined again."""
    with Desk({**GAP, "CONCAT_CLEANUP": cleanup}) as desk:
        put(desk, 0, 60)
        close(desk)
        finish(desk)
        put(desk, second)
        assert close(desk) == {recording(second): "submitted"}
        note = desk.report()["gap"][recording(second)]["reason"]
        assert note == f"came too late for {recording(0)}, which it adjoins and which had been joined"
        assert finish(desk)[recording(second)] == "finished"
        assert joined(desk) == [1, 2]


def test_pieces_are_joined_in_order_of_time_whatever_days_their_names_say() -> None:
    """A camera whose new release writes UTC where the old one wrote the local time: the days as written go back."""
    with Desk({**GAP, "CONCAT_TIMEZONE": "+08:00"}) as desk:
        local = [key(second + 28_800).replace("Z.mp4", ".mp4") for second in (14_300, 14_360, 14_420)]
        utc = [key(second) for second in (14_480, 14_540)]
        assert [name[22:24] for name in (local[0], local[-1], utc[0])] != [local[0][22:24]] * 3
        for name in (*local, *utc):
            desk.put(name, "", 50)
        assert close(desk) == {recording(14_300): "submitted"}
        [claim] = [name for name in desk.keys(".concat/") if name.endswith("/claim-0001.json")]
        record = json.loads(desk.cloud.store.get(desk.cloud.bucket, claim) or b"{}")
        assert [one["object"]["key"] for one in record["set"]["fragments"]] == [*local, *utc]
        assert finish(desk) == {recording(14_300): "finished"}


def test_a_late_piece_before_midnight_is_told_beside_what_began_after_it(desk: Desk) -> None:
    """The day after is looked at where a piece ends within a gap of it."""
    put(desk, MIDNIGHT, MIDNIGHT + 60)
    close(desk)
    finish(desk)
    put(desk, MIDNIGHT - 60)
    assert close(desk) == {recording(MIDNIGHT - 60): "submitted"}
    note = desk.report()["gap"][recording(MIDNIGHT - 60)]["reason"]
    assert note == f"came too late for {recording(MIDNIGHT)}, which it adjoins and which had been joined"


def test_pieces_whose_names_go_back_a_day_are_joined_once() -> None:
    """West of Greenwich, where a new release writes the local time: another recording begins."""
    with Desk({**GAP, "CONCAT_TIMEZONE": "-08:00"}) as desk:
        for name in (key(MIDNIGHT + 300), key(MIDNIGHT + 360 - 28_800).replace("Z.mp4", ".mp4")):
            desk.put(name, "", 50)
        expected = dict.fromkeys((recording(MIDNIGHT + 300), recording(MIDNIGHT + 360)), "submitted")
        assert close(desk) == expected
        assert finish(desk) == dict.fromkeys(expected, "finished")
        assert desk.keys("output/") == [f"output/{one}.mp4" for one in expected]


def test_pieces_that_overlap_are_left_to_a_person_and_the_rest_goes_on(desk: Desk) -> None:
    """Two recorders of one name, or an hour that came twice."""
    put(desk, 0, 60, 1000)
    desk.put(key(0).replace(".mp4", ".MP4"), "other", 50)
    said = close(desk)
    assert said == {recording(0): "invalid", recording(1000): "submitted"}
    assert "overlap by more than half" in desk.report()["invalid"][recording(0)]["reason"]
    finish(desk)
    assert len(desk.keys("fragments/")) == 3


def test_the_same_piece_again_beside_other_content_that_nobody_can_join_is_told(desk: Desk) -> None:
    """It may belong to that content, so it stays, and the report says what it waits for."""
    put(desk, 0, 60)
    close(desk)
    finish(desk)
    put(desk, 60)
    put(desk, 0, content="other")
    desk.put(key(0).replace(".mp4", ".MP4"), "another", 50)
    assert close(desk) == {recording(0): "invalid"}
    assert desk.keys("fragments/") == [key(0).replace(".mp4", ".MP4"), key(0), key(60)]
    waits = desk.report()["quiet"][recording(0)]["reason"]
    assert waits == f"new content has begun to arrive where joined pieces lie: {key(0)}"


def test_the_same_piece_again_is_cleaned_up_again_and_another_is_a_new_one(desk: Desk) -> None:
    """Only what is in a proven output is removed."""
    put(desk, 0, 60)
    close(desk)
    finish(desk)
    put(desk, 0)
    assert close(desk) == {recording(0): "already-finished"}
    assert desk.keys("fragments/") == []
    put(desk, 0, content="other")
    assert close(desk) == {recording(0): "submitted"}
    assert finish(desk) == {recording(0): "finished"}
    assert desk.keys("output/") == [f"output/{recording(0)}.mp4", f"output/{recording(0)}.r0002.mp4"]


@pytest.mark.parametrize("before", [{"CONCAT_CLEANUP": "keep"}, {"CONCAT_CLEANUP_DRY_RUN": "true"}], ids=str)
def test_what_was_joined_before_anything_was_to_expire_expires_as_well(before: dict[str, str]) -> None:
    """As pieces of other groups do, from the next sweep on; those that are joined later are not looked at again."""
    with Desk({**GAP, "CONCAT_CLEANUP": "expire", **before}) as desk:
        put(desk, 0, 60)
        close(desk)
        finish(desk)
        usual = desk.services.config
        with desk.instead(config=replace(usual, cleanup="expire", cleanup_dry_run=False)):
            put(desk, 1000)
            assert close(desk) == {recording(0): "already-finished", recording(1000): "submitted"}
            finish(desk)
            assert recording(1000) not in close(desk)
            tags = [desk.services.cos.tags(usual.bucket, key(second)) for second in (0, 60, 1000)]
        assert tags == [{"concat-cleanup": "expire"}] * 3


def test_where_nothing_is_proven_nobody_comes_back_to_what_was_joined() -> None:
    """CONCAT_VERIFY=none removes nothing, so a sweep has no piece to look at."""
    with Desk({**GAP, "CONCAT_VERIFY": "none"}) as desk:
        put(desk, 0, 60)
        close(desk)
        finish(desk)
        assert close(desk) == {}
        assert desk.keys("fragments/") == [key(0), key(60)]


def test_a_version_that_was_overwritten_is_not_joined_when_it_comes_back() -> None:
    """Removing what was joined shows the upload before: that stays and is told; a person may retry."""
    with Desk(GAP, versioning="Enabled") as desk:
        put(desk, 0, 60)
        desk.later(2)
        put(desk, 60, content="corrected")
        assert close(desk) == {recording(0): "submitted"}
        assert finish(desk) == {recording(0): "kept"}
        assert close(desk) == {recording(0): "kept"}
        assert desk.keys("fragments/") == [key(60)]
        assert "a version that was overwritten came back" in desk.report()["kept"][recording(0)]["reason"]
        assert status(desk, key(60))["state"] == "joined"
        assert only(desk.upload(key(60))).action == "kept"
        assert reconcile_fragment(desk.services, key(60), forced=True).action == "submitted"
        assert finish(desk)[recording(60)] == "finished"


def test_the_records_of_a_day_are_pruned_together_with_its_slots(desk: Desk) -> None:
    """Not while a piece of one of them is there; afterwards nothing of them comes back when a late piece does."""
    ahead = SystemClock.now

    class Later(SystemClock):
        def now(self) -> float:
            return ahead(self) + 100 * 86_400

    def prune() -> dict[str, str]:
        with desk.instead(clock=Later()):
            return {one.group: removed(desk.services, one).why_not for one in prunable(desk.services, 90, 100)}

    put(desk, 0, 1000, MIDNIGHT - 30, MIDNIGHT + 30)
    close(desk)
    finish(desk)
    put(desk, 1000)
    told = prune()
    assert told.pop(recording(1000)).startswith("1 of its pieces")
    assert told == dict.fromkeys((recording(0), recording(MIDNIGHT - 30)), "another recording of its day stays")
    assert close(desk) == {recording(1000): "already-finished"}
    assert set(prune().values()) == {""}
    assert desk.keys(".concat/gap/") == []
    put(desk, 60)
    assert close(desk) == {recording(60): "submitted"}
    assert status(desk, recording(0))["state"] == "unknown"
