"""Recordings cut at gaps, over HTTP on the local cloud: what is joined, what waits, what becomes of late pieces."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from cosconcat.bootstrap import SystemClock
from cosconcat.errors import NeverAgain, Rejected, ServiceUnavailable, TryAgain
from cosconcat.events.cos import Upload
from cosconcat.functions.retry import handle_retry
from cosconcat.functions.status import handle_status
from cosconcat.functions.upload import handle_uploads
from cosconcat.model import Bucket
from cosconcat.protocol.closing import reconcile_fragment
from cosconcat.records.slots import Slot
from local.cos.versions import NewObject
from ops.command import main
from ops.verbs.prune import candidates, removed, whole_days
from tests.support.desk import Altered, Desk, only

GAP = {"CONCAT_NAMING": "timestamp", "CONCAT_COMPLETION": "gap:60"}
NOON = int(time.time()) // 86_400 * 86_400 - 43_200  # of yesterday
MIDNIGHT = 43_200


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A cloud in which nothing happens by itself."""
    with Desk(GAP) as one:
        yield one


def key(second: int, source: str = "cam") -> str:
    """A piece that starts so many seconds after yesterday's noon."""
    return f"fragments/{source}_{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(NOON + second))}.mp4"


def recording(second: int, source: str = "cam") -> str:
    """The id of a recording that begins then."""
    return key(second, source)[len("fragments/") : -len(".mp4")]


def put(desk: Desk, *seconds: int, source: str = "cam", content: str = "") -> None:
    """Pieces of 50 seconds."""
    for second in seconds:
        desk.put(key(second, source), content and f"{content}{second}", 50)


def actions(desk: Desk) -> dict[str, str]:
    """What a sweep said of each recording, last."""
    return {result["group"]: result["action"] for result in desk.sweep()["results"]}


def close(desk: Desk) -> dict[str, str]:
    """Time passes, and a sweep closes what is whole."""
    desk.later(300)
    return actions(desk)


def finish(desk: Desk) -> dict[str, str]:
    """Every job runs to its end, and a sweep finds it."""
    assert desk.cloud.ci.wait_idle(20)
    return actions(desk)


def joined(desk: Desk) -> list[int]:
    """How many pieces each claim joins."""
    names = [name for name in desk.keys(".concat/") if name.endswith("/claim-0001.json")]
    claims = [json.loads(desk.cloud.store.get(desk.cloud.bucket, name) or b"{}") for name in names]
    return sorted(len(claim["set"]["fragments"]) for claim in claims)


def slots(desk: Desk) -> list[dict[str, object]]:
    """Every slot, day by day."""
    names = desk.keys(".concat/gap/")
    return [json.loads(desk.cloud.store.get(desk.cloud.bucket, name) or b"{}") for name in names]


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


@pytest.mark.parametrize("cleanup", ["delete", "keep"])
@pytest.mark.parametrize("asked", [recording(0), key(60), "cam"], ids=["recording", "piece", "source"])
def test_a_joined_piece_without_its_output_is_told_and_retry_joins_it_anew(cleanup: str, asked: str) -> None:
    """Somebody took the output away, and uploaded the pieces again; as long as it is there nothing is joined twice."""
    with Desk({**GAP, "CONCAT_CLEANUP": cleanup}) as desk:
        put(desk, 0, 60)
        close(desk)
        finish(desk)
        put(desk, 0, 60)
        assert retried(desk, asked) == [(recording(0), "already-finished")]
        desk.cloud.store.delete(desk.cloud.bucket, f"output/{recording(0)}.mp4")
        put(desk, 0, 60)
        if cleanup == "delete":
            assert close(desk) == {recording(0): "kept"}
            assert "no longer what was proven" in desk.report()["kept"][recording(0)]["reason"]
        desk.later(300)
        assert retried(desk, asked) == [(recording(0), "submitted")]
        assert finish(desk)[recording(0)] == "finished"
        assert joined(desk) == [2, 2]
        assert desk.keys("output/") == [f"output/{recording(0)}.r0002.mp4"]


def test_retry_of_a_source_pays_for_nothing_again_that_was_joined_and_moved_away() -> None:
    """With CONCAT_CLEANUP=keep the pieces lie there for good; who means one recording names it."""
    with Desk({**GAP, "CONCAT_CLEANUP": "keep"}) as desk:
        put(desk, 0, 1000)
        close(desk)
        finish(desk)
        for second in (0, 1000):
            desk.cloud.store.delete(desk.cloud.bucket, f"output/{recording(second)}.mp4")
        desk.later(300)
        expected = [(recording(second), "already-finished") for second in (0, 1000)]
        assert retried(desk, "cam") == expected
        assert len(desk.jobs) == 2
        assert retried(desk, recording(1000)) == [(recording(1000), "submitted")]


def test_retry_of_what_was_kept_pays_for_no_other_recording_that_holds_its_pieces_by_now() -> None:
    """A late piece before it began another recording with all of them, whose output was moved away."""
    with Desk({**GAP, "CONCAT_CLEANUP": "keep"}) as desk:
        put(desk, 60, 120)
        close(desk)
        desk.later(5)
        put(desk, 60)
        finish(desk)
        put(desk, 0)
        assert close(desk) == {recording(0): "submitted"}
        finish(desk)
        desk.cloud.store.delete(desk.cloud.bucket, f"output/{recording(0)}.mp4")
        desk.later(300)
        assert retried(desk, recording(60)) == [(recording(0), "already-finished")]
        assert retried(desk, key(60)) == [(recording(0), "submitted")]


def test_retry_joins_what_was_kept(desk: Desk) -> None:
    """A piece was uploaded again while it was joined: nobody knows what CI read, so a person decides."""
    put(desk, 0, 60)
    close(desk)
    desk.later(5)
    put(desk, 60)
    finish(desk)
    assert close(desk) == {recording(0): "kept"}
    assert [one["action"] for one in handle_retry(desk.services, recording(0))["results"]] == ["submitted"]  # type: ignore[attr-defined]
    assert finish(desk) == {recording(0): "finished"}
    assert desk.keys("fragments/") == []


@pytest.mark.parametrize(
    ("removed", "parts"),
    [([0], [[60, 120, 180, 240]]), ([120], [[0, 60], [180, 240]]), ([0, 120], [[60], [180, 240]])],
    ids=["the first", "one between", "both"],
)
@pytest.mark.parametrize("asked", ["recording", "source"])
def test_retry_joins_what_is_left_of_what_was_kept(
    desk: Desk, removed: list[int], parts: list[list[int]], asked: str
) -> None:
    """A person took away what could not be joined: what remains may be several recordings, each is begun."""
    put(desk, 0, 60, 120, 180, 240)
    close(desk)
    desk.later(5)
    put(desk, 60)
    finish(desk)
    for second in removed:
        desk.cloud.store.delete(desk.cloud.bucket, key(second))
    assert close(desk) == {recording(0): "kept"}
    answered = handle_retry(desk.services, recording(0) if asked == "recording" else "cam")
    assert "submitted" in {one["action"] for one in answered["results"]}  # type: ignore[attr-defined]
    assert joined(desk) == sorted([5, *map(len, parts)])
    assert finish(desk) == dict.fromkeys((recording(part[0]) for part in parts), "finished")
    assert desk.keys("fragments/") == []


def test_retry_joins_what_is_left_although_a_part_of_it_was_joined_meanwhile(desk: Desk) -> None:
    """It has the name of the recording that was joined, as both began with the same piece."""
    put(desk, 0, 60, 120)
    close(desk)
    desk.later(5)
    put(desk, 60)
    finish(desk)
    desk.cloud.store.delete(desk.cloud.bucket, key(60))
    assert close(desk) == {recording(0): "kept"}
    assert reconcile_fragment(desk.services, key(0), forced=True).action == "submitted"
    finish(desk)
    assert close(desk) == {recording(0): "kept"}
    assert [one["action"] for one in handle_retry(desk.services, recording(0))["results"]] == ["submitted"]  # type: ignore[attr-defined]
    assert finish(desk) == {recording(120): "finished"}
    assert desk.keys("fragments/") == []


def test_what_is_left_of_a_kept_recording_beyond_midnight_is_told_and_retried(desk: Desk) -> None:
    """A person took away the pieces of the day on which it began: nothing else would bring the rest to mind."""
    put(desk, *range(MIDNIGHT - 120, MIDNIGHT + 120, 60))
    close(desk)
    desk.later(5)
    put(desk, MIDNIGHT)
    finish(desk)
    for second in (-120, -60):
        desk.cloud.store.delete(desk.cloud.bucket, key(MIDNIGHT + second))
    assert close(desk) == {recording(MIDNIGHT - 120): "kept"}
    assert desk.report()["kept"].keys() == {recording(MIDNIGHT - 120)}
    assert status(desk, "cam")["recordings"][0]["state"] == "kept"
    assert retried(desk, "cam") == [(recording(MIDNIGHT), "submitted")]


def test_a_slot_whose_writer_died_is_completed_by_whoever_finds_it(desk: Desk) -> None:
    """With a look at its pieces first: here one is gone by then."""
    put(desk, 0, 60, 120)
    desk.later(300)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.services.slots, "create", _dies_after(desk.services.slots.create))
        with pytest.raises(KeyboardInterrupt):
            desk.sweep()
    assert len(slots(desk)) == 1
    desk.cloud.store.delete(desk.cloud.bucket, key(60))
    said = [(one["group"], one["action"]) for one in desk.sweep()["results"]]
    assert said == [(recording(0), "superseded"), (recording(0), "submitted"), (recording(120), "submitted")]
    finish(desk)
    assert desk.keys("fragments/") == []


def test_a_slot_whose_own_day_is_empty_is_completed_by_who_finds_its_grant() -> None:
    """Its writer died, and the long piece that reached over midnight was taken away: what is left lies far beyond."""
    naming = "{group}_{time:%Y%m%dT%H%M%SZ}-{end:%Y%m%dT%H%M%SZ}.{ext}"
    with Desk({**GAP, "CONCAT_NAMING": naming}) as desk:
        keys = [ended(MIDNIGHT + one, MIDNIGHT + end) for one, end in ((-3600, 3000), (3010, 3060), (3070, 3120))]
        for one in keys:
            desk.put(one)
        desk.later(300)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(desk.services.slots, "create", _dies_after(desk.services.slots.create, "grant"))
            with pytest.raises(KeyboardInterrupt):
                desk.sweep()
        assert [(slot["kind"], len(slot["pieces"])) for slot in slots(desk)] == [("main", 1), ("grant", 2)]  # type: ignore[arg-type]
        desk.cloud.store.delete(desk.cloud.bucket, keys[0])
        said = [(one["group"], one["action"]) for one in desk.sweep()["results"]]
        assert said == [(recording(MIDNIGHT - 3600), "superseded"), (recording(MIDNIGHT + 3010), "submitted")]


def ended(second: int, end: int) -> str:
    """A piece whose name tells when it ends as well."""
    return key(second).replace(".mp4", f"-{recording(end, '')[1:]}.mp4")


def _dies_after(create: Callable[[str, str, Slot], bool], kind: str = "main") -> Callable[[str, str, Slot], bool]:
    def dies(sid: str, day: str, slot: Slot) -> bool:
        created = create(sid, day, slot)
        if slot.kind == kind:
            raise KeyboardInterrupt
        return created

    return dies


@pytest.mark.parametrize(
    "failure",
    [ServiceUnavailable("HEAD: 503"), Rejected("HEAD", status=400, code="Odd")],
    ids=["for now", "for good"],
)
def test_a_recording_whose_output_cannot_be_looked_at_holds_up_no_other_of_its_day(
    desk: Desk, failure: Exception
) -> None:
    """Its lease is over, so whoever comes by helps it; who is whole does not wait for that, and the failure is told."""
    put(desk, 0, 60)
    close(desk)
    assert desk.cloud.ci.wait_idle(20)
    put(desk, 1000)
    desk.later(300)
    real = desk.services.cos

    def head(bucket: Bucket, key: str) -> Any:
        if key.startswith(f"output/{recording(0)}"):
            raise failure
        return real.head(bucket, key)

    with desk.instead(cos=Altered(real, head=head)):
        try:
            said = {one["action"] for one in desk.sweep()["results"] if one["group"] == recording(0)}
        except TryAgain as told:
            said = {"try-again"} if recording(0) in str(told) else set()
    assert said == ({"invalid"} if isinstance(failure, NeverAgain) else {"try-again"})
    assert recording(0) in str({kind: desk.report()[kind] for kind in ("blocked", "invalid")})
    assert len(slots(desk)) == 2
    assert finish(desk) == {recording(0): "finished", recording(1000): "finished"}


def test_a_slot_that_cannot_be_completed_holds_up_no_other_recording(desk: Desk) -> None:
    """Its writer died; the look at its output's key fails."""
    put(desk, 0, 60)
    desk.later(300)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.services.slots, "create", _dies_after(desk.services.slots.create))
        with pytest.raises(KeyboardInterrupt):
            desk.sweep()
    put(desk, 1000)
    desk.later(300)
    real = desk.services.cos

    def head(bucket: Bucket, key: str) -> Any:
        if key.startswith(f"output/{recording(0)}"):
            raise Rejected("HEAD", status=400, code="Odd")
        return real.head(bucket, key)

    with desk.instead(cos=Altered(real, head=head)):
        assert actions(desk) == {recording(0): "invalid", recording(1000): "submitted"}


def test_the_records_of_a_day_are_pruned_together_with_its_slots(desk: Desk) -> None:
    """Not while a piece of one of them is there; afterwards nothing of them comes back when a late piece does."""
    ahead = SystemClock.now

    class Later(SystemClock):
        def now(self) -> float:
            return ahead(self) + 100 * 86_400

    def prune() -> dict[str, str]:
        with desk.instead(clock=Later()):
            found = whole_days(desk.services, list(candidates(desk.services, 90, 100)))
            return {one.group: removed(desk.services, one).why_not for one in found}

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


# -- where is my video, and go on with it ------------------------------------------------------------------------------


def status(desk: Desk, asked: str) -> dict[str, Any]:
    """What the sweep answers to {"status": asked}."""
    answered: dict[str, Any] = json.loads(json.dumps(handle_status(desk.services, asked)["status"]))
    return answered


def retried(desk: Desk, asked: str) -> list[tuple[str, str]]:
    """What the sweep answers to {"retry": asked}: group and action of each."""
    answered = json.loads(json.dumps(handle_retry(desk.services, asked)["results"]))
    return [(one["group"], one["action"]) for one in answered]


def test_status_of_what_is_not_closed_says_what_is_there_and_until_when_it_waits(desk: Desk) -> None:
    """By the id that it will have, and by the key of any of its pieces; asking changes nothing."""
    put(desk, 0, 60, 300)
    told = status(desk, recording(0))
    assert (told["state"], told["fragments"], told["ends"]) == ("arriving", 2, "then nothing for 240 s")
    assert told["until"] > told["since"]
    assert told["until"] in told["why"]
    assert status(desk, key(60)) == told
    desk.later(300)
    assert status(desk, key(60))["state"] == "whole"
    assert slots(desk) == []


def test_status_by_id_tells_of_all_pieces_where_midnight_is_another() -> None:
    """A recording from two at night until after the next midnight in China: its id names the UTC day before."""
    naming = "{group}_{time:%Y%m%dT%H%M%S}-{end:%Y%m%dT%H%M%S}.{ext}"
    with Desk({**GAP, "CONCAT_TIMEZONE": "+08:00", "CONCAT_NAMING": naming}) as desk:
        first, local = MIDNIGHT - 21_600, 28_800
        for second in range(first, first + 45 * 1800, 1800):
            desk.put(ended(second + local, second + local + 1800).replace("Z", ""))
        assert status(desk, recording(first))["fragments"] == 45


def test_status_of_a_recording_that_is_closed_is_found_by_each_of_its_pieces(desk: Desk) -> None:
    """While it is joined, and when its pieces are gone."""
    put(desk, 0, 60)
    close(desk)
    assert status(desk, key(60))["state"] == "joining"
    finish(desk)
    told = status(desk, key(60))
    assert (told["group"], told["state"], told["output"]) == (recording(0), "joined", f"output/{recording(0)}.mp4")
    assert status(desk, recording(0)) == told


def test_status_of_a_source_tells_its_recordings(desk: Desk) -> None:
    """Those that wait, those in flight, those that a person must look at; not those that are over."""
    put(desk, 0)
    close(desk)
    finish(desk)
    put(desk, 1000, 2000)
    desk.put(key(2000).replace(".mp4", ".MP4"), "other", 50)
    close(desk)
    put(desk, 3000)
    told = {one["group"]: one["state"] for one in status(desk, "cam")["recordings"]}
    assert told == {recording(1000): "joining", recording(2000): "invalid", recording(3000): "arriving"}
    assert status(desk, "nobody")["state"] == "unknown"
    assert status(desk, recording(77))["state"] == "unknown"


def test_status_of_a_slot_without_a_claim_says_who_goes_on(desk: Desk) -> None:
    """Its writer has died."""
    put(desk, 0, 60)
    desk.later(300)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.services.slots, "create", _dies_after(desk.services.slots.create))
        with pytest.raises(KeyboardInterrupt):
            desk.sweep()
    assert [status(desk, asked)["state"] for asked in (recording(0), key(60))] == ["whole", "whole"]
    assert retried(desk, recording(0)) == [(recording(0), "submitted")]


def test_status_of_a_superseded_recording_says_where_its_pieces_are_now(desk: Desk) -> None:
    """A piece before it came while it was joined: the new recording has another id."""
    put(desk, 60, 120)
    close(desk)
    put(desk, 0)
    assert desk.cloud.ci.wait_idle(20)
    desk.sweep()
    told = status(desk, recording(60))
    assert (told["state"], told["note"]) == (
        "superseded",
        f"its first piece is now in {recording(0)}, which is not closed yet",
    )


def test_a_closed_recording_says_for_good_where_it_was_cut() -> None:
    """In its closing record, so in status and among what ended in the report."""
    with Desk({**GAP, "CONCAT_MAX_LENGTH": "120"}) as desk:
        put(desk, 0, 60, 120)
        assert status(desk, key(0))["ends"] == "cut by CONCAT_MAX_LENGTH"
        close(desk)
        finish(desk)
        words = "cut by CONCAT_MAX_LENGTH: the run goes on in the next recording"
        assert status(desk, recording(0))["why"] == words
        ended = {one["group"]: one.get("reason", "") for one in desk.report()["ended"]["last"]}
        assert ended == {recording(0): words, recording(120): ""}


def test_what_goes_on_behind_a_cut_is_not_told_as_late() -> None:
    """A camera that never stops: its next pieces come when those before the cut are joined."""
    with Desk({**GAP, "CONCAT_MAX_LENGTH": "120"}) as desk:
        put(desk, 0, 60)
        desk.later(200)
        put(desk, 120)
        desk.later(100)
        assert actions(desk) == {recording(0): "submitted", recording(120): "waiting"}
        put(desk, 180)
        finish(desk)
        desk.later(300)
        assert status(desk, key(180))["state"] == "whole"
        assert "note" not in status(desk, key(180))
        assert actions(desk) == {recording(120): "submitted"}
        assert recording(120) not in desk.report()["gap"]


def test_retry_of_a_source_tries_again_what_ended_and_leaves_the_rest_waiting(desk: Desk) -> None:
    """Of a piece, the recording that it is in."""
    put(desk, 0, 1000)
    close(desk)
    desk.later(5)
    put(desk, 0, 1000)  # again, while they are joined: kept
    finish(desk)
    assert retried(desk, key(1000)) == [(recording(1000), "waiting")]  # it has just been uploaded
    desk.later(300)
    put(desk, 2000)
    assert retried(desk, key(1000)) == [(recording(1000), "submitted")]
    assert desk.cloud.ci.wait_idle(20)
    assert retried(desk, "cam") == [
        (recording(0), "submitted"),
        (recording(1000), "finished"),
        (recording(2000), "waiting"),
    ]
    assert retried(desk, recording(2000)) == [(recording(2000), "waiting")]
    assert retried(desk, "nobody") == [("nobody", "ignored")]
    assert finish(desk) == {recording(0): "finished", recording(2000): "waiting"}
    assert desk.keys("fragments/") == [key(2000)]


def test_the_day_of_a_source_that_the_report_names_is_found_and_retried() -> None:
    """Where jobs are short, and where a step failed, the report says `<source> <day>`."""
    with Desk({**GAP, "CONCAT_JOBS_PER_HOUR": "1"}) as desk:
        put(desk, 0, 1000, 2000)
        close(desk)
        [unit] = desk.report()["budget"]
        told = {one["group"]: one["state"] for one in status(desk, unit)["recordings"]}
        assert told == {recording(0): "joining", recording(1000): "whole", recording(2000): "whole"}
        assert [group for group, _ in retried(desk, unit)] == [recording(0), recording(1000), recording(2000)]
        assert status(desk, f"cam {time.strftime('%Y-%m-%d', time.gmtime(NOON + 86_400))}")["state"] == "unknown"
        assert status(desk, "cam 2026-13-01")["state"] == "unknown"


def test_a_recording_of_one_piece_is_left_where_that_is_asked_for() -> None:
    """No slot, no job; a second piece makes it a recording."""
    with Desk({**GAP, "CONCAT_SINGLE": "leave"}) as desk:
        put(desk, 0)
        assert close(desk) == {recording(0): "ignored"}
        assert "CONCAT_SINGLE=leave" in status(desk, recording(0))["why"]
        put(desk, 60)
        assert close(desk) == {recording(0): "submitted"}


def test_pieces_of_two_types_cost_no_direct_join() -> None:
    """As in other groups; the recordings beside them go on."""
    with Desk({**GAP, "CONCAT_DIRECT": "true", "CONCAT_ON_MIXED": "trust", "CONCAT_VERIFY": "size"}) as desk:
        put(desk, 0, 1000)
        desk.put(key(60).replace(".mp4", ".flv"), seconds=50)
        assert close(desk) == {recording(0): "invalid", recording(1000): "submitted"}
        assert "differ in type" in desk.report()["invalid"][recording(0)]["reason"]


def test_an_archived_piece_costs_no_job(desk: Desk) -> None:
    """It is told to restore it; the recordings beside it go on."""
    put(desk, 0, 60, 1000)
    desk.cloud.store.write(desk.cloud.bucket, key(60), b"0" * 50_000, NewObject(storage_class="ARCHIVE"))
    assert close(desk) == {recording(0): "invalid", recording(1000): "submitted"}
    assert f"{key(60)} is archived" in desk.report()["invalid"][recording(0)]["reason"]


def test_explain_shows_the_request_of_a_recording_and_why_it_ends(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the id that it will have or by a piece's key; what still waits is told, and nothing is sent."""
    put(desk, 0, 60, 300)
    held = desk.cloud.account.root_key()
    environ = {**desk.cloud.shell_environment(), **desk.cloud.environment}
    environ |= {"TENCENT_SECRET_ID": held.secret_id, "TENCENT_SECRET_KEY": held.secret_key}
    assert main(["explain", "--group", key(60)], environ) == 1
    assert "waiting for its end until" in capsys.readouterr().err
    desk.later(300)
    assert main(["explain", "--group", recording(0)], environ) == 0
    out, err = capsys.readouterr()
    assert out.count("<Url>") == 2
    assert "note: then nothing for 240 s" in err
    close(desk)
    assert main(["explain", "--group", key(60)], environ) == 0
    assert capsys.readouterr().out.count("<Url>") == 2


def test_the_command_lists_a_source_and_retries_all_of_it(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """With keys of one's own, as through the function."""
    put(desk, 0, 60, 1000)
    held = desk.cloud.account.root_key()
    environ = {**desk.cloud.shell_environment(), **desk.cloud.environment}
    environ |= {
        "TENCENT_SECRET_ID": held.secret_id,
        "TENCENT_SECRET_KEY": held.secret_key,
        "CONCAT_LEASE_SECONDS": "400",
        "CONCAT_STALE_SECONDS": "400",
    }
    assert main(["status", "cam", "--here"], environ) == 0
    out = capsys.readouterr().out
    assert f"  {recording(0)}, arriving, 2, 20" in out
    assert "then nothing for 940 s" in out
    desk.later(500)
    assert main(["retry", "cam", "--here"], environ) == 0
    assert capsys.readouterr().out.count("submitted") == 2


@pytest.mark.parametrize("start", ["00010101T000000Z", "21071231T235959Z", "99991231T235959Z"])
def test_a_year_that_no_recording_is_of_is_reported_and_holds_nobody_up(start: str) -> None:
    """A recorder's dead clock, or somebody's jest: it is no time, so the object stays and the report names it."""
    key = f"fragments/cam_{start}.mp4"
    with Desk({"CONCAT_NAMING": "{group}_{time:%Y%m%dT%H%M%SZ}.{ext}", "CONCAT_COMPLETION": "gap:60"}) as desk:
        desk.put(key, seconds=50)
        put(desk, 0)
        assert close(desk) == {recording(0): "submitted"}
        assert finish(desk) == {recording(0): "finished"}
        assert desk.keys("fragments/") == [key]
        assert "allowed are 1900 to 2099" in str(desk.report()["unmatched"])


def test_a_piece_that_is_replaced_in_the_moment_before_its_copy_costs_one_turn() -> None:
    """LIST showed what is no longer there; the next sweep has a look of its own."""
    key = "fragments/cam_20240101100000.mp4"
    settings = {"CONCAT_NAMING": "{group}_{time:%Y%m%d%H%M%S}.{ext}", "CONCAT_COMPLETION": "gap:300"}
    with Desk({**settings, "CONCAT_SINGLE": "copy"}) as desk:
        desk.put(key)
        desk.later(2000)
        real, copies = desk.services.cos, []

        def copy(*told: Any, **named: Any) -> Any:
            copies.append(told)
            if len(copies) == 1:
                desk.put(key, "other")
            return real.copy(*told, **named)

        with desk.instead(cos=Altered(real, copy=copy)):
            assert [result["action"] for result in desk.sweep()["results"]] == ["superseded"]
        assert len(copies) == 1
        desk.later(2000)
        assert [result["action"] for result in desk.sweep()["results"]] == ["finished"]
