"""A record that cannot be read is its group's trouble alone: nobody else waits, nothing is posted or removed for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from cosconcat.functions.status import handle_status
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.model import gid_of
from tests.simulation.counted import InMemory, in_memory

BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "0 bytes": lambda body: b"",
    "half": lambda body: body[: len(body) // 2],
    "no JSON": lambda body: b"<html>",
    "no object": lambda body: b"[1]",
    "no UTF-8": lambda body: b"\xff" + body,
    "deep": lambda body: b"[" * 100_000,
    "empty": lambda body: b"{}",
    "higher format": lambda body: json.dumps({**json.loads(body), "format": 99}).encode(),
    "infinite": lambda body: body.replace(b'"format":1', b'"format":Infinity'),
}


@pytest.fixture(autouse=True)
def _quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """Log lines are not what these tests are about."""


def run_until_claimed(record: str) -> InMemory:
    """A group of one piece with its records up to this one, and what a second one needs to follow."""
    memory = in_memory()
    memory.put("fragments/bad.part1-of-1.mp4")
    handle_sweep(memory.services)
    if record != "claim":
        memory.world.run(memory.world.now + 4000)
        memory.services.submissions.begin()
    if record in ("end", "done"):
        handle_sweep(memory.services)
    return memory


def written(memory: InMemory, kind: str) -> list[str]:
    """Keys of the group's records of a kind."""
    shelf = memory.cos.shelves[memory.config.state_bucket.name].current
    return [key for key in shelf if f"{gid_of('bad')}/0001/{kind}" in key]


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("record", ["claim", "job", "end", "done"])
def test_a_record_that_cannot_be_read_is_its_group_s_trouble_alone(record: str, how: str) -> None:
    """Three rounds: the other group is joined, the report tells of this one by name or id."""
    memory = run_until_claimed(record)
    (key,) = written(memory, record)
    state = memory.config.state_bucket.name
    thing = memory.cos.shelves[state].current[key]
    memory.cos.write(state, key, body=BROKEN[how](thing.body))
    memory.put("fragments/bad.part1-of-1.mp4")  # it comes again, or lies there still
    memory.put("fragments/other.part1-of-1.mp4")
    jobs = len(memory.ci.work)
    for _ in range(3):
        handle_sweep(memory.services)
        memory.world.run(memory.world.now + 5000)
    own = [work for work in memory.ci.work.values() if work.key.startswith("output/bad")]
    assert len(own) == jobs, "nothing is posted for what cannot be read"
    assert "fragments/other.part1-of-1.mp4" not in memory.cos.shelves[memory.config.bucket.name].current
    assert "fragments/bad.part1-of-1.mp4" in memory.cos.shelves[memory.config.bucket.name].current
    told_in_the_report(memory, key)


def told_in_the_report(memory: InMemory, key: str) -> None:
    """The record is named."""
    state = memory.config.state_bucket.name
    report: dict[str, Any] = json.loads(memory.cos.shelves[state].current[".concat/report.json"].body)
    told = json.dumps([report["invalid"], report["blocked"]])
    assert key.rpartition("/")[2] in told


@pytest.mark.parametrize("record", ["claim", "job", "end", "done", "closed"])
def test_a_field_of_another_type_ends_no_sweep(record: str) -> None:
    """Whichever it is: the other group is joined, a report is published, and what is returned can be printed."""
    fields = 0
    for wrong in ("\ud83d", [1], {"a": 1}, None, 5, 1e300, True):
        memory = run_until_claimed("done" if record == "closed" else record)
        state = memory.config.state_bucket.name
        (key,) = written(memory, record) if record != "closed" else closed_entries(memory)
        body = memory.cos.shelves[state].current[key].body
        for number, field in enumerate(json.loads(body)):
            memory.cos.write(state, key, body=json.dumps({**json.loads(body), field: wrong}).encode())
            memory.cos.shelves[state].current.pop(".concat/report.json", None)
            memory.put(f"fragments/other{number}.part1-of-1.mp4")
            json.dumps(handle_sweep(memory.services), ensure_ascii=False).encode()
            assert any(work.key.startswith(f"output/other{number}.") for work in memory.ci.work.values())
            report = json.loads(memory.cos.shelves[state].current[".concat/report.json"].body)
            assert "published" in report
            fields += 1
    assert fields >= 7 * 3


def closed_entries(memory: InMemory) -> list[str]:
    """Keys of what ended, by its day."""
    return [key for key in memory.cos.shelves[memory.config.state_bucket.name].current if "/closed/" in key]


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("record", ["claim", "job", "end", "done"])
def test_where_recordings_are_cut_at_gaps_it_is_the_trouble_of_that_recording_alone(record: str, how: str) -> None:
    """Another one of the same source and day is joined; what may belong to the broken one waits, and is told so. By a
    closing record that can be read nothing more belongs to it: it came too late, and is joined by itself.
    """
    memory = in_memory(CONCAT_NAMING="timestamp", CONCAT_COMPLETION="gap:60")
    noon = (int(memory.world.now) // 86_400 + 1) * 86_400 + 43_200
    bad, late, other = (
        f"fragments/cam_{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(noon + at))}.mp4" for at in (0, 30, 900)
    )
    memory.world.run(noon + 60)
    memory.put(bad)
    memory.world.run(noon + 1000)
    handle_sweep(memory.services)
    if record != "claim":
        memory.world.run(memory.world.now + 4000)
    if record in ("end", "done"):
        handle_sweep(memory.services)
    state, shelf = memory.config.state_bucket.name, memory.cos.shelves[memory.config.bucket.name].current
    (key,) = [name for name in shelf if f"{gid_of(bad[len('fragments/') : -len('.mp4')])}/0001/{record}" in name]
    memory.cos.write(state, key, body=BROKEN[how](shelf[key].body))
    for piece in (bad, late, other):
        memory.put(piece)
    for _ in range(3):
        handle_sweep(memory.services)
        memory.world.run(memory.world.now + 5000)
    closed = record == "end"
    assert [name for name in shelf if name.startswith("fragments/")] == [bad] + ([] if closed else [late])
    posted = [work.fragments for work in memory.ci.work.values()]
    assert posted.count((bad,)) == 1, "nothing is posted for what cannot be read"
    assert posted.count((late,)) == closed, "nor for what may belong to it"
    assert len(posted) == 2 + closed
    told_in_the_report(memory, key)
    status: Any = handle_status(memory.services, "cam")["status"]
    assert {one["state"] for one in status["recordings"]} == {"invalid"} | (set() if closed else {"arriving"})
