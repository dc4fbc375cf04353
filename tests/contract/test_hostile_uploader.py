"""Over HTTP: somebody who may only upload means harm to two groups of others; they end as in a twin without him."""

from __future__ import annotations

from typing import Any

import pytest

from cosconcat.functions.status import handle_status
from tests.support.desk import Desk

GROUPS = {"lecture": 3, "meeting": 2}
ADDRESS = "http://demo-1250000000.cos.ap-guangzhou.myqcloud.com"
BROKEN = {"ConcatTemplate": {"Video": {"Crf": "25"}}}


def pieces(group: str) -> list[str]:
    """The keys of a group of the others."""
    return [f"fragments/{group}/{number}.mp4" for number in range(1, GROUPS[group] + 1)]


def sound(url: str) -> dict[str, Any]:
    """A job that mixes in what lies at an address."""
    return {"ConcatTemplate": {"AudioMix": {"AudioSource": url}}}


def manifests() -> list[dict[str, Any]]:
    """What he says in his manifests, each of a group of its own with one piece of its own."""
    lecture, meeting = pieces("lecture"), pieces("meeting")
    return [
        {"listed": lecture},
        {"listed": [*meeting, *lecture], "output": "output/meeting.mp4"},
        {"listed": [], "output": "output/lecture.mp4"},
        {"listed": [], "output": "output/lecture.r0001.mp4"},
        {"listed": [], "output": "output/lecture.r0001-2.mp4", "job": BROKEN},
        {"listed": [], "output": "output/meeting.mp4", "intro": lecture[0], "outro": meeting[0]},
        {"listed": [], "output": "output/../lecture.mp4"},
        {"listed": [], "output": "output/%2e%2e/lecture.mp4"},
        {"listed": [], "output": lecture[0]},
        {"listed": [], "output": ".concat/report.json"},
        {"listed": [], "output": "{jobid}.mp4"},
        {"listed": [], "intro": "private/secret.mp4"},
        {"listed": ["output/lecture.mp4"]},
        {"listed": ["fragments/../private/secret.mp4"]},
        {"listed": [], "job": sound(f"{ADDRESS}/private/secret.mp3")},
        {"listed": [], "job": sound("http://demo-1250000000.evil.com/fragments/x.mp3")},
        {"listed": [], "job": {"Output": {"Object": "private/x.mp4"}}},
        {"listed": [], "fragmets": []},
    ]


def attack(desk: Desk) -> list[str]:
    """Everything that he can think of, through PUT alone and under names of his own; the reasons that he gets."""
    said = []
    for number, manifest in enumerate(manifests()):
        own, key = f"fragments/evil{number:02}/1.mp4", f"fragments/evil{number:02}/manifest.json"
        desk.put(own, f"evil {number}")
        listed = [{"key": each} for each in (*manifest.pop("listed"), own)]
        desk.manifest(key, fragments=listed, **manifest)
        said += [result.reason for result in desk.upload(own, key) if result.action == "invalid"]
    for key in ("fragments/../1.mp4", "fragments/%2e%2e/1.mp4", "fragments/evil\u202e/1.mp4", "fragments//1.mp4"):
        desk.put(key)
        desk.upload(key)
    for key in ("fragments/evil/_DONE", "fragments/evil/manifest.json"):
        desk.cloud.store.put(desk.cloud.bucket, key, b'{"fragments": [], "fragments": []}' * 1000)
        desk.upload(key)
    return said


def played(cleanup: str, *, hostile: bool) -> tuple[dict[str, Any], list[str]]:
    """The others upload their groups; how these end: what they are joined to, and what is left of them."""
    with Desk({"CONCAT_NAMING": "folder", "CONCAT_CLEANUP": cleanup}) as desk:
        for key in ("private/secret.mp4", "private/secret.mp3"):
            desk.put(key)
        said = []
        for group in GROUPS:
            desk.put(pieces(group)[0])
        if hostile:
            said = attack(desk)
        for group in GROUPS:
            desk.arrive(*pieces(group))
            desk.cloud.store.put(desk.cloud.bucket, f"fragments/{group}/_DONE", b"")
            desk.upload(f"fragments/{group}/_DONE")
        for _ in range(4):
            assert desk.cloud.ci.wait_idle(20)
            desk.sweep()
            desk.later(130)
        ends = {}
        for group in GROUPS:
            status: Any = handle_status(desk.services, group)["status"]
            result = desk.cloud.store.get(desk.cloud.bucket, status["output"])
            left = {
                key: (desk.cloud.store.info(desk.cloud.bucket, key), desk.cloud.store.tags(desk.cloud.bucket, key))
                for key in desk.keys(f"fragments/{group}/")
            }
            ends[group] = {
                "state": status["state"],
                "result": result,
                "left": {key: (info and info[0], tags) for key, (info, tags) in left.items()},
                "trash": sorted(key.partition("trash/")[2] for key in desk.keys(f"trash/fragments/{group}/")),
            }
        assert desk.keys("private/") == ["private/secret.mp3", "private/secret.mp4"]
        written = {job.operation.value("Output/Object") for job in desk.jobs}
        assert all(key.startswith("output/") and ".." not in key for key in written)
        return ends, said


@pytest.mark.parametrize(
    "cleanup", ["delete", *(pytest.param(mode, marks=pytest.mark.slow) for mode in ("trash", "expire", "keep"))]
)
def test_the_others_end_as_without_him(cleanup: str) -> None:
    """In every mode of clean-up; and what he is refused is told by its path."""
    alone, _ = played(cleanup, hostile=False)
    beside, said = played(cleanup, hostile=True)
    assert {end["state"] for end in alone.values()} == {"joined"}
    assert beside == alone
    for part in (
        *("folders: 'output/../lecture.mp4'", "folders: 'output/%2e%2e/lecture.mp4'", "must begin with 'output/'"),
        *("$.intro: private/secret.mp4 lies outside", "outside the input prefix", "private/secret.mp3 lies outside"),
        *("evil.com/fragments/x.mp3' is in another bucket", "$.job.Output: refused here", "did you mean fragments?"),
    ):
        assert any(part in reason for reason in said), part


LOOK_ALIKES = [
    "lecture", "lecture ", " lecture", "Lecture", "l\u0435cture", "lectur\u00e9", "lecture\u0301",
    "lecture\u200b", "lecture.r0001", "/lecture", "a//lecture", "a/lecture", "lecture%20",
    "lecture%2Fx", "lecture.mp4", "output/lecture",
    "\uff4cecture", "lecture+", "lecture&x=1",
]  # fmt: skip


def test_names_that_look_alike_or_resolve_alike_are_groups_of_their_own() -> None:
    """Each has its own result, of its own piece; none overwrites, hides or removes another's."""
    with Desk() as desk:
        for group in LOOK_ALIKES:
            desk.arrive(f"fragments/{group}.part1-of-1.mp4", content=f"{group}|")
        for _ in range(3):
            assert desk.cloud.ci.wait_idle(20)
            desk.sweep()
            desk.later(61)
        assert desk.keys("fragments/") == []
        results = {key: desk.cloud.store.get(desk.cloud.bucket, key) or b"" for key in desk.keys("output/")}
        assert len(results) == len(LOOK_ALIKES)
        for group in LOOK_ALIKES:
            held = [key for key, body in results.items() if body.startswith(f"{group}|fragments/".encode())]
            assert held in ([f"output/{group}.mp4"], [f"output/{group}.r0001.mp4"]), group
