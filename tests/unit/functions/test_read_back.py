"""What the sweep wrote over and over is not lost to one bad answer: sweep.json and report.json are read twice."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest

from cosconcat.cloud.ports import LARGEST, Cos
from cosconcat.errors import InvalidInput, ServiceUnavailable
from cosconcat.functions.sweep.report import handle_report
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.model import Bucket, Head, ObjectInfo, Stored, gid_of
from cosconcat.services import Services, Submissions
from tests.simulation.counted import BUCKET, InMemory, in_memory
from tests.support.desk import Altered

PAGE = b"\n<Error><Code>InternalError</Code></Error>"
KEPT = ["sweep.json", "report.json"]
ASIDE = {gid_of("bad"): ["bad", 9, 1_790_080_000, "the sweep was killed while at it"]}


@pytest.fixture
def memory() -> InMemory:
    """One round was reported, the next is under way; a group is set aside."""
    memory = in_memory()
    memory.put("fragments/x.part1-of-2.mp4")
    handle_sweep(memory.services)
    cursor = {"running": False, "at": None, "aside": ASIDE, "marker": "fragments/a"}
    memory.cos.write(BUCKET, ".concat/sweep.json", body=json.dumps(cursor).encode())
    return memory


def held(memory: InMemory, name: str) -> Any:
    """The object as it lies there."""
    return json.loads(memory.cos.shelves[BUCKET].current[f".concat/{name}"].body)


def answering(memory: InMemory, name: str, body: bytes, times: int) -> Services:
    """COS, which answers so many GETs of this object with something else; and which does not list the inputs."""
    left = [times]

    def get(bucket: Bucket, key: str) -> Stored | None:
        if key.endswith(name) and left[0]:
            left[0] -= 1
            return Stored(body, Head(ObjectInfo(key, "e", len(body), 0), 0))
        return memory.services.cos.get(bucket, key)

    def lists(bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Any:
        if prefix == "fragments/":
            raise ServiceUnavailable("LIST: HTTP 503")
        return memory.services.cos.list(bucket, prefix, marker, limit)

    altered = cast("Cos", Altered(memory.services.cos, get=get, list=lists))
    return replace(memory.services, cos=altered, submissions=Submissions())


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("body", [PAGE, b"", b"{", b"[]", b'{"Code": "InternalError"}', b"\xff"])
def test_one_answer_that_is_none_of_ours_is_asked_again(memory: InMemory, name: str, body: bytes) -> None:
    """Nothing is forgotten."""
    with pytest.raises(ServiceUnavailable, match="LIST"):
        handle_sweep(answering(memory, name, body, times=1))
    assert held(memory, "sweep.json")["aside"] == ASIDE
    assert "published" in held(memory, "report.json")
    assert not held(memory, "report.json")["draft"]["invalid"]


@pytest.mark.parametrize("name", KEPT)
def test_a_page_that_comes_each_time_writes_over_nothing(memory: InMemory, name: str) -> None:
    """It is for now; the next sweep finds all as it was."""
    with pytest.raises(ServiceUnavailable, match=name):
        handle_sweep(answering(memory, name, PAGE, times=100))
    assert held(memory, "sweep.json")["aside"] == ASIDE
    assert "published" in held(memory, "report.json")
    if name == "report.json":
        with pytest.raises(ServiceUnavailable, match=name):
            handle_report(answering(memory, name, PAGE, times=100))


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("body", [PAGE, b"", b"{", b"[]", b'{"Code": "InternalError"}', b'{"running": "\\ud83d"}',
                                  b'{"published": "\xed\xa0\xbd"}'])  # fmt: skip
def test_what_really_lies_there_is_written_over_and_told(
    memory: InMemory, name: str, body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody wrote it: the round is begun anew, and log and report say what was forgotten."""
    memory.cos.write(BUCKET, f".concat/{name}", body=body)
    assert handle_sweep(memory.services)["round"] == "complete"
    assert "read twice" in held(memory, "report.json")["invalid"][f".concat/{name}"]["reason"]
    assert '"begun anew"' in capsys.readouterr().out
    memory.services.submissions.begin()
    handle_sweep(memory.services)
    assert not held(memory, "report.json")["invalid"]


@pytest.mark.parametrize("name", KEPT)
def test_what_is_too_large_to_be_read_is_written_over_and_told(memory: InMemory, name: str) -> None:
    """None of ours ever is."""

    def get(bucket: Bucket, key: str) -> Stored | None:
        if key.endswith(name):
            raise InvalidInput([f"{key}: at most {LARGEST} bytes are read"])
        return memory.services.cos.get(bucket, key)

    services = replace(memory.services, cos=cast("Cos", Altered(memory.services.cos, get=get)))
    assert handle_sweep(services)["round"] == "complete"
    assert str(LARGEST) in held(memory, "report.json")["invalid"][f".concat/{name}"]["reason"]
