"""Sounds and images that a request names are looked at, with the function's own rights, before a job is posted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cosconcat.errors import Rejected
from cosconcat.model import Bucket, Head
from tests.support.desk import Altered, Desk, only

PIECE = "fragments/talk.part1-of-1.mp4"
LOGO, TUNE = "brand/标志 1.png", "brand/标志 1.mp3"
ADDRESS = "https://demo-1250000000.cos.ap-guangzhou.myqcloud.com/brand/%E6%A0%87%E5%BF%97%201.png"
SHOWN = {"Type": "Image", "Pos": "TopRight", "LocMode": "Absolute", "Dx": "8", "Dy": "8"}
JOB: dict[str, Any] = {
    "Watermark": [{**SHOWN, "Image": {"Url": ADDRESS, "Mode": "Original", "Transparency": "100"}}],
    "ConcatTemplate": {"AudioMix": {"AudioSource": ADDRESS.replace("png", "mp3")}},
}


@pytest.fixture
def desk() -> Iterator[Desk]:
    """With a watermark and a sound in every request."""
    with Desk({"CONCAT_JOB": json.dumps(JOB)}) as desk:
        assert desk.cloud.bucket == "demo-1250000000"
        yield desk


def records(desk: Desk) -> list[str]:
    """What the ledger holds."""
    return desk.keys(".concat/")


def test_a_job_is_posted_only_when_all_that_it_names_is_there(desk: Desk) -> None:
    """The reason names what is not; nothing is claimed, so that the next look goes on by itself."""
    result = only(desk.arrive(PIECE))
    assert (result.action, TUNE in result.reason, desk.jobs, records(desk)) == ("invalid", True, [], [])
    desk.put(TUNE)
    result = only(desk.upload(PIECE))
    assert (result.action, LOGO in result.reason) == ("invalid", True)
    desk.sweep()
    assert LOGO in desk.report()["invalid"]["talk"]["reason"]
    desk.put(LOGO)
    assert desk.sweep()["counts"]["submitted"] == 1
    assert len(desk.jobs) == 1


def test_what_the_function_may_not_look_at_is_not_drawn_into_a_result(desk: Desk) -> None:
    """Although CI, in a role of its own, could read it."""
    cos = desk.services.cos
    for key in (LOGO, TUNE):
        desk.put(key)

    def head(bucket: Bucket, key: str) -> Head | None:
        if key.startswith("brand/"):
            raise Rejected(f"HEAD {key}", status=403, code="AccessDenied")
        return cos.head(bucket, key)

    with desk.instead(cos=Altered(cos, head=head)):
        result = only(desk.arrive(PIECE))
    assert result.action == "invalid"
    assert f"{TUNE}, which the request names as a sound or image, may not be read" in result.reason
    assert desk.jobs == []


def test_a_retry_by_hand_and_a_second_attempt_look_again(desk: Desk) -> None:
    """What was there for the first job may be gone."""
    from cosconcat.functions.retry import retry

    for key in (LOGO, TUNE):
        desk.put(key)
    assert only(desk.arrive(PIECE)).action == "submitted"
    assert desk.cloud.ci.wait_idle(20)
    desk.cloud.store.delete(desk.cloud.bucket, LOGO)
    ci = desk.services.ci

    def failed(bucket: Bucket, job_id: str) -> Any:
        found = ci.job(bucket, job_id)
        return found and found._replace(state="Failed", code="InternalError")

    desk.cloud.store.delete(desk.cloud.bucket, "output/talk.mp4")
    with desk.instead(ci=Altered(ci, job=failed)):
        assert only(desk.hear(desk.callback())).action == "job-failed"
        result = retry(desk.services, "talk")
    assert (result.action, LOGO in result.reason) == ("invalid", True)
    assert len(desk.jobs) == 1


def test_a_manifest_s_image_lies_where_assets_may(desk: Desk) -> None:
    """Elsewhere in the bucket it is not even looked for."""
    with desk.instead(config=replace(desk.services.config, job={}, completion="manifest", assets_prefix="brand/")):
        for key in (PIECE, LOGO, TUNE, "private/plan.png"):
            desk.put(key)
        stolen = json.loads(json.dumps(JOB).replace("/brand/%E6%A0%87%E5%BF%97%201.png", "/private/plan.png"))
        desk.manifest("fragments/talk.manifest.json", fragments=[{"key": PIECE}], job=stolen)
        result = only(desk.upload("fragments/talk.manifest.json"))
        assert (result.action, "private/plan.png lies outside" in result.reason) == ("invalid", True)
        desk.manifest("fragments/talk.manifest.json", fragments=[{"key": PIECE}], job=JOB)
        assert only(desk.upload("fragments/talk.manifest.json")).action == "submitted"
