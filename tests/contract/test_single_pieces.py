"""A group of one piece: joined like any other, copied as it is, or left."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cosconcat.cloud import cos as adapter
from cosconcat.errors import Rejected, ServiceUnavailable, TryAgain
from cosconcat.functions.retry import handle_retry
from cosconcat.functions.status import handle_status
from cosconcat.model import Head, ObjectInfo, Result, gid_of
from tests.support.desk import Altered, Desk, only

PIECE = "fragments/talk.part1-of-1.mp4"
OUTPUT = "output/talk.mp4"
COPY = {"CONCAT_SINGLE": "copy"}
MIB = 1 << 20


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A cloud whose single pieces are copied."""
    with Desk(COPY) as running:
        yield running


def status(desk: Desk, group: str = "talk") -> dict[str, Any]:
    """What status says of the group."""
    told = handle_status(desk.services, group)["status"]
    assert isinstance(told, dict)
    return told


def later_sweep(desk: Desk) -> dict[str, Any]:
    """The sweep after the lease."""
    desk.later(61)
    return desk.sweep()


@pytest.mark.parametrize(
    ("single", "action", "jobs"), [("join", "submitted", 1), ("copy", "finished", 0), ("leave", "ignored", 0)]
)
def test_one_piece_is_joined_copied_or_left(single: str, action: str, jobs: int) -> None:
    """Left, it costs no job, by its event and by the sweep."""
    with Desk({"CONCAT_SINGLE": single}) as desk:
        result = only(desk.arrive(PIECE))
        assert result.action == action
        assert len(desk.jobs) == jobs
        if single == "leave":
            assert "CONCAT_SINGLE=leave" in result.reason
            desk.sweep()
            assert (desk.jobs, desk.keys("fragments/")) == ([], [PIECE])


@pytest.mark.parametrize("single", ["leave", "copy"])
def test_a_group_of_two_is_joined_all_the_same(single: str) -> None:
    """Only single pieces are left or copied."""
    with Desk({"CONCAT_SINGLE": single}) as desk:
        pieces = [PIECE.replace("of-1", "of-2"), "fragments/talk.part2-of-2.mp4"]
        assert only(desk.arrive(*pieces)).action == "submitted"


def test_a_copy_is_the_piece_with_our_tags_and_the_piece_goes(desk: Desk) -> None:
    """The same bytes, no job, no tag of the piece; closed, reported and told like a join."""
    desk.put(PIECE)
    before = desk.cloud.store.get(desk.cloud.bucket, PIECE)
    bucket = desk.services.config.bucket
    desk.services.cos.tag(bucket, PIECE, {"concat-cleanup": "expire"})
    result = only(desk.upload(PIECE))
    assert (result.action, result.key, result.job) == ("finished", OUTPUT, "")
    assert "copied as it is" in result.reason
    assert desk.cloud.store.get(desk.cloud.bucket, OUTPUT) == before
    tags = desk.services.cos.tags(bucket, OUTPUT)
    assert (tags["concat-group"], tags["concat-fragments"], tags["concat-job"]) == ("talk", "1", "copy")
    assert "concat-cleanup" not in tags
    assert (desk.jobs, desk.keys("fragments/"), desk.keys(".concat/open/")) == ([], [], [])
    told = status(desk)
    assert (told["state"], told["output"], told["removed"]) == ("joined", OUTPUT, 1)
    assert told["proof"]["rule"] == "copy"
    assert told["proof"]["compared"] == "ETag"


@pytest.mark.parametrize(
    ("key", "settings", "output"),
    [
        ("fragments/talk.part1-of-1.WEBM", {}, "output/talk.webm"),
        ("fragments/talk.part1-of-1.webm", {"CONCAT_OUTPUT_KEY": "output/{group}.mp4"}, "output/talk.webm"),
        ("fragments/talk.part1-of-1.mp4", {"CONCAT_OUTPUT_KEY": "output/{group}/{fingerprint}"}, ""),
        ("fragments/讲座 🎥+%2F.part1-of-1.mov", {"CONCAT_FORMAT": "mp3"}, "output/讲座 🎥+%2F.mov"),
    ],
)
def test_a_copy_keeps_its_own_extension(key: str, settings: dict[str, str], output: str) -> None:
    """Whatever container a join would have."""
    with Desk({**COPY, **settings}) as desk:
        result = only(desk.arrive(key))
        assert result.action == "finished"
        assert desk.keys("output/") == [output or result.key]


@pytest.mark.parametrize("mode", ["delete", "trash", "expire", "keep"])
def test_the_piece_is_cleaned_up_as_configured(mode: str) -> None:
    """As after a join."""
    with Desk({**COPY, "CONCAT_CLEANUP": mode}) as desk:
        assert only(desk.arrive(PIECE)).action == "finished"
        left = desk.keys("fragments/")
        assert left == ([] if mode in ("delete", "trash") else [PIECE])
        assert desk.keys("trash/") == ([f"trash/{PIECE}"] if mode == "trash" else [])
        if mode == "expire":
            bucket = desk.services.config.bucket
            assert desk.services.cos.tags(bucket, PIECE) == {"concat-cleanup": "expire"}
            assert "concat-cleanup" not in desk.services.cos.tags(bucket, OUTPUT)
        desk.sweep()
        assert desk.keys("output/") == [OUTPUT]
        assert desk.jobs == []


def test_nothing_is_proven_where_nothing_is_to_be(desk: Desk) -> None:
    """CONCAT_VERIFY=none removes nothing, whatever was copied."""
    del desk
    with Desk({**COPY, "CONCAT_VERIFY": "none"}) as other:
        assert "CONCAT_VERIFY=none" in only(other.arrive(PIECE)).reason
        assert other.keys("fragments/") == [PIECE]


def test_a_taken_name_is_left_alone(desk: Desk) -> None:
    """What lies there stays; the copy gets the next name, also when the name was taken after it was looked at."""
    desk.put(OUTPUT, "squatter")
    lying = desk.cloud.store.get(desk.cloud.bucket, OUTPUT)
    result = only(desk.arrive(PIECE))
    assert (result.action, result.key) == ("finished", "output/talk.r0001.mp4")
    assert desk.cloud.store.get(desk.cloud.bucket, OUTPUT) == lying
    cos = desk.services.cos

    def copy(*given: Any, **named: Any) -> str:
        desk.put("output/other.mp4", "squatter", 7)
        return str(cos.copy(*given, **named))

    with desk.instead(cos=Altered(cos, copy=copy)):
        assert only(desk.arrive(PIECE.replace("talk", "other"))).action == "superseded"
    assert PIECE.replace("talk", "other") in desk.keys("fragments/")
    desk.sweep()
    assert desk.keys("output/other") == ["output/other.mp4", "output/other.r0002.mp4"]
    assert desk.keys("fragments/") == []
    assert desk.cloud.store.get(desk.cloud.bucket, "output/other.mp4") == b"squatter" * 875


@pytest.mark.parametrize("lost", ["before", "after"])
@pytest.mark.parametrize("call", ["copy", "head", "heads", "create", "tag", "delete"])
def test_whoever_dies_on_the_way_is_followed(desk: Desk, call: str, lost: str) -> None:
    """At each call, before or after its effect: the sweep goes on after the lease, and there is one copy."""
    real = desk.services.cos
    calls = 0
    for stop in range(1, 8):
        piece = PIECE.replace("talk", f"talk{stop}")
        calls = 0

        def dying(*given: Any, stop: int = stop, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == stop and lost == "before":
                raise SystemExit
            answer = getattr(real, call)(*given, **named)
            if calls == stop:
                raise SystemExit
            return answer

        with desk.instead(cos=Altered(real, **{call: dying})):
            try:
                desk.arrive(piece)
            except SystemExit:
                assert calls == stop
            else:
                break
    assert calls < stop
    for _ in range(2):
        later_sweep(desk)
    assert desk.keys("fragments/") == []
    assert len(desk.keys("output/")) == stop
    assert (desk.jobs, desk.keys(".concat/open/")) == ([], [])


def test_two_at_once_make_one_copy(desk: Desk) -> None:
    """One of them wins the claim; whoever takes the claim for lost meets the copy and proves it."""
    cos = desk.services.cos
    met: list[Result] = []

    def copy(*given: Any, **named: Any) -> str:
        with desk.instead(cos=cos):
            met.append(only(desk.upload(PIECE)))
            desk.later(61)
            met.append(only(desk.upload(PIECE)))
        return str(cos.copy(*given, **named))

    desk.put(PIECE)
    with desk.instead(cos=Altered(cos, copy=copy)):
        last = only(desk.upload(PIECE))
    assert [result.action for result in met] == ["already-submitted", "finished"]
    assert last.action in ("finished", "superseded")
    assert desk.keys("output/") == [OUTPUT]
    assert desk.keys("fragments/") == []


def test_a_piece_that_changes_meanwhile_is_copied_anew(desk: Desk) -> None:
    """Before the copy or after it: what was uploaded last is in an output, and nothing is removed before."""
    cos = desk.services.cos
    for moment in ("before", "after"):
        piece = PIECE.replace("talk", moment)

        def copy(*given: Any, piece: str = piece, moment: str = moment, **named: Any) -> str:
            if moment == "before":
                desk.put(piece, "other")
            answer = cos.copy(*given, **named)
            desk.put(piece, "other")
            return str(answer)

        desk.put(piece)
        with desk.instead(cos=Altered(cos, copy=copy)):
            result = only(desk.upload(piece))
        assert result.action == "superseded", result
        assert piece in desk.keys("fragments/")
        desk.later(5)
        assert only(desk.upload(piece)).action == "finished"
        newest = desk.keys(f"output/{moment}")[-1]
        assert desk.cloud.store.get(desk.cloud.bucket, newest) == b"other" * 2000


def test_a_second_piece_meanwhile_is_joined_with_the_first() -> None:
    """Without a total a group of one may grow: then the copy proves nothing for the whole."""
    with Desk({**COPY, "CONCAT_NAMING": "folder"}) as desk:
        cos = desk.services.cos

        def copy(*given: Any, **named: Any) -> str:
            answer = cos.copy(*given, **named)
            desk.put("fragments/v/2.mp4")
            return str(answer)

        desk.put("fragments/v/1.mp4")
        with desk.instead(cos=Altered(cos, copy=copy)):
            assert only(desk.arrive("fragments/v/_DONE", content="\n", seconds=0)).action == "superseded"
        assert desk.keys("fragments/") == ["fragments/v/1.mp4", "fragments/v/2.mp4", "fragments/v/_DONE"]


# -- the proof


@pytest.mark.parametrize(
    ("told", "action", "compared"),
    [
        ({}, "finished", "CRC-64"),
        ({"crc64": ""}, "kept", ""),
        ({"crc64": "1"}, "gave-up", ""),
    ],
)
def test_what_was_uploaded_in_parts_is_proven_by_its_crc(
    desk: Desk, told: dict[str, str], action: str, compared: str
) -> None:
    """Its ETag and the copy's do not compare; without a CRC-64, or with another, nothing is removed."""
    body = os.urandom(2 * MIB)
    upload_in_parts(desk, PIECE, body)
    cos = desk.services.cos

    def head(bucket: Any, key: str) -> Head | None:
        found = cos.head(bucket, key)
        return found._replace(**told) if found and key == OUTPUT and told else found  # type: ignore[arg-type]

    with desk.instead(cos=Altered(cos, head=head)):
        result = only(desk.upload(PIECE))
    assert result.action == action, result
    assert desk.keys("fragments/") == ([] if action == "finished" else [PIECE])
    assert status(desk)["proof"]["rule"] == "copy"
    if compared:
        assert status(desk)["proof"]["compared"] == compared
        assert desk.cloud.store.get(desk.cloud.bucket, OUTPUT) == body


def test_a_copy_that_is_not_the_piece_proves_nothing(desk: Desk) -> None:
    """Something else, just as long, is at the key when it is looked at."""
    cos = desk.services.cos

    def copy(*given: Any, **named: Any) -> str:
        answer = cos.copy(*given, **named)
        desk.put(OUTPUT, "damaged")
        return str(answer)

    with desk.instead(cos=Altered(cos, copy=copy)):
        result = only(desk.arrive(PIECE))
    assert (result.action, desk.keys("fragments/")) == ("gave-up", [PIECE])
    assert "is not what was copied" in result.reason


def test_what_one_request_cannot_copy_goes_in_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proven by its CRC-64; a name that was taken meanwhile is not overwritten, and no part is left behind."""
    monkeypatch.setattr(adapter, "SIMPLE_COPY_BYTES", 2 * MIB)
    monkeypatch.setattr(adapter, "COPIED_PART_BYTES", MIB)
    body = os.urandom(3 * MIB + 5)
    desk.cloud.store.put(desk.cloud.bucket, PIECE, body)
    desk.cloud.calls.reset()
    assert only(desk.upload(PIECE)).action == "finished"
    kinds = {kind: count for (_, kind), count in desk.cloud.calls.snapshot().items()}
    assert (kinds["PUT part - Copy"], kinds["POST complete"]) == (4, 1)
    assert desk.cloud.store.get(desk.cloud.bucket, OUTPUT) == body
    desk.cloud.store.put(desk.cloud.bucket, PIECE, body)
    cos, bucket = desk.services.cos, desk.services.config.bucket
    piece = cos.head(bucket, PIECE)
    assert piece is not None
    assert cos.copy(bucket, piece.object, bucket, OUTPUT, create_only=True) == "taken"
    stale = ObjectInfo(PIECE, "0" * 32, len(body), 0)
    assert cos.copy(bucket, stale, bucket, "output/new.mp4", create_only=True) == "changed"
    assert "output/new.mp4" not in desk.keys("output/")
    assert not desk.cloud.store.moto.get_bucket(bucket.name).multiparts


# -- refusals


def test_a_copy_that_fails_for_now_is_tried_again_after_a_pause(desk: Desk) -> None:
    """And status says when."""
    cos = desk.services.cos

    def copy(*_: Any, **__: Any) -> str:
        raise ServiceUnavailable("COPY: 503")

    with desk.instead(cos=Altered(cos, copy=copy)), pytest.raises(TryAgain, match="503"):
        desk.arrive(PIECE)
    assert (status(desk)["state"], desk.keys("fragments/")) == ("blocked", [PIECE])
    assert only(desk.upload(PIECE)).action in ("already-submitted", "blocked")
    later_sweep(desk)
    assert (desk.keys("output/"), desk.keys("fragments/")) == ([OUTPUT], [])


def test_a_missing_right_is_told_with_its_fix(desk: Desk) -> None:
    """Blocked, until it is given; what COS refuses for good is given up, and everything stays."""
    cos = desk.services.cos

    def refused(status: int, code: str) -> Any:
        def copy(*_: Any, **__: Any) -> str:
            raise Rejected("COPY: no", status=status, code=code)

        return Altered(cos, copy=copy)

    with desk.instead(cos=refused(403, "AccessDenied")), pytest.raises(TryAgain, match="cos-concat policies"):
        desk.arrive(PIECE)
    later_sweep(desk)
    assert desk.keys("output/") == [OUTPUT]
    with desk.instead(cos=refused(400, "InvalidArgument")):
        assert only(desk.arrive(PIECE.replace("talk", "other"))).action == "gave-up"
    assert desk.keys("fragments/") == [PIECE.replace("talk", "other")]
    handle_retry(desk.services, "other")
    assert desk.keys("fragments/") == []


# -- what is no single piece


@pytest.mark.parametrize(
    ("manifest", "jobs"),
    [
        ({}, 0),
        ({"output": "output/wanted.mp4"}, 0),
        ({"intro": "brand/intro.mp4"}, 1),
        ({"job": {"JobLevel": "1"}}, 1),
        ({"output": "output/{group}-{jobid}.mp4"}, 1),
        ({"fragments": [{"key": "fragments/v/1.mp4", "start": "1", "end": "4"}]}, 1),
    ],
)
def test_a_manifest_that_asks_for_more_than_its_piece_gets_a_job(manifest: dict[str, Any], jobs: int) -> None:
    """An intro, a part of it, wishes for the job, or a key with the job's id: a copy can do none of that."""
    with Desk({**COPY, "CONCAT_NAMING": "folder", "CONCAT_ASSETS_PREFIX": "brand/"}) as desk:
        desk.put("brand/intro.mp4")
        desk.put("fragments/v/1.mp4")
        desk.manifest("fragments/v/manifest.json", **{"fragments": [{"key": "fragments/v/1.mp4"}], **manifest})
        result = only(desk.upload("fragments/v/manifest.json"))
        assert result.action == ("submitted" if jobs else "finished"), result
        assert len(desk.jobs) == jobs
        if not jobs:
            assert desk.keys("output/") == [manifest.get("output", "output/v.mp4")]
            assert desk.keys("fragments/") == []


def test_recordings_of_one_piece_are_copied_under_gap_too() -> None:
    """By the sweep, once nothing more is expected."""
    settings = {"CONCAT_NAMING": "{group}_{time:%Y%m%d%H%M%S}.{ext}", "CONCAT_COMPLETION": "gap:60"}
    with Desk({**COPY, **settings}) as desk:
        now = time.gmtime()
        desk.put(f"fragments/cam_{time.strftime('%Y%m%d%H%M%S', now)}.ts")
        desk.later(120)
        desk.sweep()
        assert (desk.jobs, desk.keys("fragments/")) == ([], [])
        assert desk.keys("output/") == [f"output/cam_{time.strftime('%Y%m%dT%H%M%SZ', now)}.ts"]
        assert desk.keys(".concat/open/") == []


def test_a_copy_takes_nothing_of_the_budget_of_jobs() -> None:
    """With one job an hour any number of single pieces is copied, and the job is still there for a group of two."""
    with Desk({**COPY, "CONCAT_JOBS_PER_HOUR": "1"}) as desk:
        for name in ("a", "b", "c"):
            assert only(desk.arrive(PIECE.replace("talk", name))).action == "finished"
        assert desk.keys(".concat/jobs/") == []
        pieces = [PIECE.replace("of-1", "of-2"), "fragments/talk.part2-of-2.mp4"]
        assert only(desk.arrive(*pieces)).action == "submitted"


def test_the_same_piece_again_is_removed_without_another_copy(desk: Desk) -> None:
    """And other content under its name is copied beside the first."""
    assert only(desk.arrive(PIECE)).action == "finished"
    desk.later(5)
    assert only(desk.arrive(PIECE)).action == "already-finished"
    desk.later(5)
    assert only(desk.arrive(PIECE, content="new")).action == "finished"
    assert desk.keys("output/") == [OUTPUT, "output/talk.r0002.mp4"]
    assert desk.keys("fragments/") == []
    claims = [key for key in desk.keys(f".concat/{gid_of('talk')}/") if "claim" in key]
    assert len(claims) == 2


def upload_in_parts(desk: Desk, key: str, body: bytes) -> None:
    """As a client uploads what is large."""
    bucket = desk.services.config.bucket
    client = desk.services.cos._client(bucket)  # type: ignore[attr-defined]  # the SDK's, with the desk's key
    upload = client.create_multipart_upload(Bucket=bucket.name, Key=f"/{key}")["UploadId"]
    parts = []
    for number, at in enumerate(range(0, len(body), MIB), start=1):
        answer = client.upload_part(
            Bucket=bucket.name, Key=f"/{key}", Body=body[at : at + MIB], PartNumber=number, UploadId=upload
        )
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    client.complete_multipart_upload(
        Bucket=bucket.name, Key=f"/{key}", UploadId=upload, MultipartUpload={"Part": parts}
    )
