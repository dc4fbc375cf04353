"""CONCAT_JOBS_PER_HOUR: never more jobs in a clock hour, whoever asks; what waits goes on in the next, oldest first."""

from __future__ import annotations

import contextlib
import io
import json
import random
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from cosconcat.events.cos import Upload
from cosconcat.functions.retry import retry
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.functions.upload import handle_uploads
from cosconcat.model import Result
from tests.simulation.counted import BUCKET, InMemory, budget, in_memory, live
from tests.simulation.counted import keys as keys_of

HOUR = 3600


def later(memory: InMemory, seconds: float) -> None:
    """Let time pass."""
    memory.world.run(memory.world.now + seconds)


def at_full_hour(memory: InMemory) -> None:
    """Go to the beginning of the next hour."""
    later(memory, HOUR - memory.world.now % HOUR)


def arrive(memory: InMemory, key: str) -> Result:
    """One piece, and what its event leads to."""
    memory.put(key)
    return upload(memory, key)


def upload(memory: InMemory, key: str) -> Result:
    """The event of a piece that is there."""
    with contextlib.redirect_stdout(io.StringIO()):
        (result,) = handle_uploads(memory.services, [Upload(BUCKET, "ap-guangzhou", key, "")])
    return result


def sweep(memory: InMemory) -> Counter[str]:
    """One sweep, its results by action."""
    with contextlib.redirect_stdout(io.StringIO()):
        counts: Any = handle_sweep(memory.services)["counts"]
        return Counter(counts)


def posts(memory: InMemory) -> int:
    """Jobs so far."""
    return memory.calls["POST jobs"]


def slots(memory: InMemory) -> list[str]:
    """The slots that were taken."""
    return [key for key in memory.cos.shelves[BUCKET].current if key.startswith(".concat/jobs/")]


def test_the_budget_is_used_and_the_rest_waits_until_the_full_hour() -> None:
    """No claim, no raise, and the words of the reason; at the hour the next event goes on."""
    memory = in_memory(CONCAT_JOBS_PER_HOUR="2")
    at_full_hour(memory)
    results = [arrive(memory, f"fragments/g{number}.part1-of-1.mp4") for number in range(4)]
    assert [result.action for result in results] == ["submitted", "submitted", "waiting", "waiting"]
    hour = int(memory.world.now) // HOUR % 24
    assert results[2].reason == f"budget of 2 jobs an hour used until {(hour + 1) % 24:02}:00"
    claims = [key for key in memory.cos.shelves[BUCKET].current if "claim-" in key]
    assert (posts(memory), len(claims), len(slots(memory))) == (2, 2, 2)
    assert all(key.rpartition("/")[0].endswith(f"T{hour:02}") for key in slots(memory))
    assert retry(memory.services, "g2").action == "waiting"
    at_full_hour(memory)
    assert retry(memory.services, "g3").action == "submitted"
    assert upload(memory, "fragments/g2.part1-of-1.mp4").action == "submitted"


def test_without_the_variable_no_call_is_added() -> None:
    """The budget of calls of a group stays what it was; with it, a look at records and slots, and a slot."""
    plain, limited = in_memory(), in_memory(CONCAT_JOBS_PER_HOUR="9")
    for memory in (plain, limited):
        list(live(memory, keys_of("cam1", 10)))
    assert plain.calls.total() <= budget(10, probed=True)
    assert limited.calls - plain.calls == Counter({"GET": 1, "LIST": 1, "PUT": 1})


def test_events_again_of_what_is_being_joined_take_no_slot() -> None:
    """Whoever uploads one piece over and over cannot use up the hour with it."""
    memory = in_memory(CONCAT_JOBS_PER_HOUR="3")
    key = "fragments/g.part1-of-1.mp4"
    arrive(memory, key)
    for _ in range(10):
        assert upload(memory, key).action == "already-submitted"
    assert len(slots(memory)) == 1


def test_the_next_attempt_needs_a_slot_of_its_own() -> None:
    """A failed job's successor is a job too: it waits for the next hour, and is not lost."""
    memory = in_memory(CONCAT_JOBS_PER_HOUR="1")
    at_full_hour(memory)
    assert arrive(memory, "fragments/g.part1-of-1.mp4").action == "submitted"
    work = next(iter(memory.ci.work.values()))
    later(memory, 300)
    work.state = "Failed"
    memory.cos.remove(BUCKET, work.resolved)
    sweep(memory)
    later(memory, 120)
    assert posts(memory) == 1
    assert sweep(memory)["waiting"] >= 1
    assert posts(memory) == 1
    at_full_hour(memory)
    sweep(memory)
    assert posts(memory) == 2
    assert len(slots(memory)) == 2


def test_a_slot_of_an_hour_that_ends_before_the_post_is_not_enough() -> None:
    """A job counts in the hour in which it is posted."""
    memory = in_memory(CONCAT_JOBS_PER_HOUR="1")
    at_full_hour(memory)
    later(memory, HOUR - 1)
    create = memory.services.ledger.create_claim

    def slow(claim: object) -> object:
        later(memory, 5)
        return create(claim)  # type: ignore[arg-type]  # a claim, as it was given

    object.__setattr__(memory.services.ledger, "create_claim", slow)
    assert arrive(memory, "fragments/g.part1-of-1.mp4").action == "submitted"
    hours = [key.split("/")[2] for key in slots(memory)]
    assert len(set(hours)) == 2, "one of each hour"
    assert arrive(memory, "fragments/h.part1-of-1.mp4").action == "waiting"


@pytest.mark.parametrize("wrong", [-5000, 5000])
def test_the_hour_is_the_service_s(wrong: float) -> None:
    """An instance whose clock is wrong by more than an hour uses the same slots as the others."""
    memory = in_memory(CONCAT_JOBS_PER_HOUR="1")
    at_full_hour(memory)
    clock = memory.services.clock
    object.__setattr__(memory.services, "clock", type("Wrong", (), {"now": lambda self: clock.now() + wrong})())
    assert arrive(memory, "fragments/g.part1-of-1.mp4").action == "submitted"
    hour = int(memory.world.now) // HOUR % 24
    assert slots(memory)[0].rpartition("/")[0].endswith(f"T{hour:02}")


@pytest.mark.parametrize(("groups", "hourly"), [(250, 30), pytest.param(1000, 120, marks=pytest.mark.slow)])
def test_a_burst_goes_on_hour_by_hour_the_oldest_first(groups: int, hourly: int) -> None:
    """Whatever their names: those that came first are joined first, and no hour has more than its budget."""
    memory = in_memory(CONCAT_JOBS_PER_HOUR=str(hourly), CONCAT_SWEEP_JOBS=str(hourly * 5 // 6))
    at_full_hour(memory)
    names = [f"{number:04}" for number in range(groups)]
    random.Random(7).shuffle(names)
    for name in names:
        memory.put(f"fragments/{name}.part1-of-1.mp4")
        later(memory, 1)
    at_full_hour(memory)
    posted: list[int] = []
    for _ in range(10):
        before = posts(memory)
        for _ in range(4):
            sweep(memory)
            later(memory, 300)
        posted.append(posts(memory) - before)
        at_full_hour(memory)
    assert posted == [hourly] * 8 + [hourly // 3, 0]
    order = [work.resolved.removeprefix("output/")[:4] for work in memory.ci.work.values()]
    assert order == names
    report = json.loads(memory.cos.shelves[BUCKET].current[".concat/report.json"].body)
    assert not report["budget"]


def test_what_waits_for_the_budget_is_in_the_report_and_what_else_there_is_to_do_is_done() -> None:
    """The sweep goes on: incomplete groups are told, jobs that ended are finished."""
    memory = in_memory(CONCAT_JOBS_PER_HOUR="1")
    at_full_hour(memory)
    assert arrive(memory, "fragments/a.part1-of-1.mp4").action == "submitted"
    for group in ("b", "c"):
        memory.put(f"fragments/{group}.part1-of-1.mp4")
    memory.put("fragments/d.part1-of-2.mp4")
    later(memory, 600)
    counts = sweep(memory)
    assert (counts["finished"], counts["submitted"], counts["waiting"]) == (1, 0, 3)
    report = json.loads(memory.cos.shelves[BUCKET].current[".concat/report.json"].body)
    assert list(report["budget"]) == ["b", "c"]
    assert "budget of 1 jobs an hour used until" in report["budget"]["b"]["reason"]
    assert report["arriving"]["d"]["missing"] == [2]


def test_a_copy_is_no_job_and_takes_no_slot() -> None:
    """CONCAT_SINGLE=copy goes on whatever the hour."""
    memory = in_memory(CONCAT_JOBS_PER_HOUR="1", CONCAT_SINGLE="copy")
    actions = {arrive(memory, f"fragments/g{number}.part1-of-1.mp4").action for number in range(3)}
    assert actions == {"finished"}
    assert (posts(memory), slots(memory)) == (0, [])


def test_a_recording_that_may_have_no_job_reserves_nothing() -> None:
    """Cut at gaps: its pieces stay free, so that what comes before the next hour still belongs to it."""
    memory = in_memory(CONCAT_JOBS_PER_HOUR="1", CONCAT_NAMING="timestamp", CONCAT_COMPLETION="gap:60")
    at_full_hour(memory)
    start = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(memory.world.now - 600))
    for source in ("cam1", "cam2"):
        memory.put(f"fragments/{source}_{start}.mp4")
    later(memory, 1200)
    sweep(memory)
    assert (posts(memory), len(slots(memory))) == (1, 1)
    reserved = [key for key in memory.cos.shelves[BUCKET].current if key.startswith(".concat/gap/")]
    assert len(reserved) == 1
    at_full_hour(memory)
    sweep(memory)
    assert posts(memory) == 2


def report(memory: InMemory) -> dict[str, list[str]]:
    """The words of the report, each with what it names."""
    stored = memory.cos.get(memory.config.state_bucket, ".concat/report.json")
    assert stored is not None
    told = json.loads(stored.body)
    return {kind: list(told[kind]) for kind in ("quiet", "budget", "arriving") if told[kind]}


def test_a_recording_waits_in_the_report_for_one_thing_only() -> None:
    """For the jobs of the hour under its source and day, and for nothing once its job was submitted."""
    memory = in_memory(CONCAT_JOBS_PER_HOUR="1", CONCAT_NAMING="timestamp", CONCAT_COMPLETION="gap:60")
    at_full_hour(memory)
    day = memory.world.now // 86_400 * 86_400
    for back in (1, 2):
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(day - back * 86_400))
        memory.put(f"fragments/cam_{stamp}.mp4")
    later(memory, HOUR + 600)
    assert sweep(memory)["submitted"] == 1
    assert list(report(memory)) == ["budget"]
    assert len(report(memory)["budget"]) == 1
    at_full_hour(memory)
    assert sweep(memory)["submitted"] == 1
    assert report(memory) == {}


def test_what_got_in_line_before_gaps_decided_is_found_by_its_pieces() -> None:
    """Its window's name is no day of a source, and no fault."""
    memory = in_memory(CONCAT_NAMING="timestamp", CONCAT_COMPLETION="quiet:60", CONCAT_JOBS_PER_HOUR="1")
    at_full_hour(memory)
    for source in ("a", "b"):
        memory.put(f"fragments/{source}_{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(memory.world.now - 7200))}.mp4")
    later(memory, 1800)
    assert sweep(memory) == {"submitted": 1, "waiting": 1}
    memory.services = replace(memory.services, config=replace(memory.config, completion="gap", gap_seconds=60))
    later(memory, 2 * HOUR)
    with contextlib.redirect_stdout(io.StringIO()):
        actions = {result["action"] for result in handle_sweep(memory.services)["results"]}  # type: ignore[attr-defined]
    assert "invalid" not in actions
    assert "submitted" in actions
