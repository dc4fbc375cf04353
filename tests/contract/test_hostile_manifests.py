"""Over HTTP: manifests that are made to break their reader. Each spoils its own group alone, with a reason."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from cosconcat.errors import TryAgain
from cosconcat.model import Bucket, Head
from tests.support.desk import Altered, Desk

PIECE = "fragments/evil/1.mp4"
LISTED = json.dumps([{"key": PIECE}])
NESTED = "[" * 600 + "1" + "]" * 600
HALF = "half a character that JSON smuggles in"
BREAKERS = {
    "a job nested 600 deep": (f'{{"fragments": {LISTED}, "job": {{"Watermark": {NESTED}}}}}', "nested more than 32"),
    "a trim nested 600 deep": (f'{{"fragments": [{{"key": "{PIECE}", "start": {NESTED}}}]}}', "nested more than 32"),
    "nested without an end": ("[" * 200_000, "nested more than 32"),
    f"{HALF}, in the output": (f'{{"fragments": {LISTED}, "output": "output/\\ud800.mp4"}}', "surrogates not allowed"),
    f"{HALF}, in a name": (f'{{"fragments": {LISTED}, "\\udfff": 1}}', "surrogates not allowed"),
    f"{HALF}, in a name twice": (f'{{"fragments": {LISTED}, "\\ud800": 1, "\\ud800": 2}}', "'\\ud800' twice"),
    f"{HALF}, in the job": (f'{{"fragments": {LISTED}, "job": {{"\\ud800": 1}}}}', "surrogates not allowed"),
    "thousands of unknown nodes": (
        json.dumps({"fragments": [{"key": PIECE}], "job": {f"ConcatTempla{each}": 1 for each in range(11_000)}}),
        "did you mean ConcatTemplate?",
    ),
    "thousands of equal names": ('{"a": 1, ' + ", ".join(['"b": 1'] * 30_000) + "}", "'b' twice"),
}


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """A cloud in which groups are folders."""
    with Desk({"CONCAT_NAMING": "folder"}) as made:
        yield made


@pytest.mark.parametrize(("body", "words"), BREAKERS.values(), ids=BREAKERS)
def test_a_manifest_that_breaks_its_reader_is_invalid_and_holds_nobody_up(desk: Desk, body: str, words: str) -> None:
    """By event, together with another group's, and by the sweep; its reason can be printed, and takes no long time."""
    manifest, folder = "fragments/evil/manifest.json", f"fragments/good{len(desk.jobs)}"
    desk.put(PIECE)
    desk.put(f"{folder}/1.mp4")
    for key, content in ((manifest, body.encode()), (f"{folder}/_DONE", b"")):
        desk.cloud.store.put(desk.cloud.bucket, key, content)
    began = time.process_time()
    evil, good = desk.upload(manifest, f"{folder}/_DONE")
    assert time.process_time() - began < 1.5
    assert (evil.action, words in evil.reason) == ("invalid", True), evil.reason
    assert good.action == "submitted"
    assert desk.cloud.ci.wait_idle(20)
    assert desk.sweep()["counts"] == {"finished": 1, "invalid": 1}
    assert words in desk.report()["invalid"]["evil"]["reason"]


def test_a_fault_of_ours_with_one_group_keeps_no_other_of_its_event_waiting(desk: Desk) -> None:
    """The others are handled first, then the event fails, so that it is repeated and somebody looks."""
    cos = desk.services.cos

    def head(bucket: Bucket, key: str) -> Head | None:
        if "/broken/" in key:
            raise ArithmeticError("a fault of ours")
        return cos.head(bucket, key)

    for group in ("broken", "other"):
        desk.put(f"fragments/{group}/1.mp4")
        desk.cloud.store.put(desk.cloud.bucket, f"fragments/{group}/_DONE", b"")
    before = len(desk.jobs)
    with (
        desk.instead(cos=Altered(cos, head=head)),
        pytest.raises(TryAgain, match=r"^broken: fault: ArithmeticError a fault of ours$") as raised,
    ):
        desk.upload("fragments/broken/_DONE", "fragments/other/_DONE")
    assert [job.operation.value("Output/Object") for job in desk.jobs[before:]] == ["output/other.${ext}"]
    assert isinstance(raised.value.__cause__, ArithmeticError), "with where it happened, for whoever looks"


HLS = {"ConcatTemplate": {"Container": {"Format": "hls"}}}


@pytest.mark.parametrize(
    ("form", "group", "says", "words"),
    [
        (
            "ts",
            "evil",
            {"job": HLS, "output": "output/cam.{ext}"},
            "Format: is hls; where results are ts it may not be",
        ),
        ("mp4", "evil", {"job": HLS}, "Format: is hls; where results are mp4 it may not be"),
        ("hls", "evil", {"job": {"ConcatTemplate": {"Container": {"Format": "ts"}}}}, "Format: is ts; where results"),
        ("hls", "s", {"output": "output/cam_00000.t{group}"}, "'output/cam_00000.ts' is named like a segment"),
    ],
)
def test_nobody_s_segments_are_written_over_another_s_result(
    form: str, group: str, says: dict[str, object], words: str
) -> None:
    """Segments get their names from the service: `cam` as a playlist would write over the result cam_00000.ts."""
    with Desk({"CONCAT_NAMING": "folder", "CONCAT_FORMAT": form}) as desk:
        piece = f"fragments/{group}/1.mp4"
        desk.put(piece)
        desk.manifest(f"fragments/{group}/manifest.json", fragments=[{"key": piece}], **says)
        [result] = desk.upload(f"fragments/{group}/manifest.json")
        assert (result.action, words in result.reason, desk.jobs) == ("invalid", True, []), result.reason
