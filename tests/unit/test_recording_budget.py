"""What a recording that is cut at gaps costs: no call while it is young, three a piece and 24 when it is whole."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from cosconcat.cloud.ports import Ci
from cosconcat.errors import Blocked, TryAgain
from cosconcat.events.cos import Upload
from cosconcat.functions.callback import handle_messages
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.functions.upload import handle_uploads
from cosconcat.model import Bucket, Job, Result
from cosconcat.protocol.closing import reconcile_fragment
from cosconcat.records.slots import Interval, Slot, sid_of
from tests.simulation.counted import InMemory, in_memory
from tests.support.desk import Altered

if TYPE_CHECKING:
    from cosconcat.job.request import Request

GAP = {"CONCAT_NAMING": "timestamp", "CONCAT_COMPLETION": "gap:120"}
EVENTS = 24  # calls of a whole recording besides three a piece


def key(at: int, source: str = "cam") -> str:
    """A piece that starts then (epoch seconds)."""
    return f"fragments/{source}_{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(at))}.mp4"


def event(memory: InMemory, name: str, *, at: int) -> list[Result]:
    """The event of a piece that was uploaded at `at` (epoch seconds)."""
    bucket = memory.config.bucket
    with contextlib.redirect_stdout(io.StringIO()):
        return handle_uploads(memory.services, [Upload(bucket.name, bucket.region, name, "", at)])


def recorded(memory: InMemory, pieces: int, first: int) -> list[str]:
    """A minute each, uploaded as it ends, each with its event; all of them wait, without a call."""
    names = [key(first + 60 * number) for number in range(pieces)]
    for number, name in enumerate(names):
        memory.world.run(first + 60.0 * number + 65)
        memory.put(name)
        assert [one.action for one in event(memory, name, at=int(memory.world.now))] == ["waiting"]
    return names


@pytest.mark.parametrize("pieces", [1, 2, 10, 100])
@pytest.mark.parametrize(
    "into_the_day", [43_200, 30, 86_400 - 90, 0], ids=["noon", "at its beginning", "across its end", "up to its end"]
)
def test_a_whole_recording_stays_within_its_budget(pieces: int, into_the_day: int) -> None:
    """Its events cost nothing; slot, claim, job, proof and clean-up at most three calls a piece and 24."""
    memory = in_memory(**GAP)
    first = (int(memory.world.now) // 86_400 + 2) * 86_400 + (into_the_day or -60 * pieces)
    names = recorded(memory, pieces, first)
    assert memory.calls.total() == 0
    memory.world.run(memory.world.now + 400)
    with contextlib.redirect_stdout(io.StringIO()):
        assert reconcile_fragment(memory.services, names[-1]).action == "submitted"
        assert [one.action for one in handle_messages(memory.services, [memory.finish_job()])] == ["finished"]
    assert memory.calls["POST jobs"] == 1
    assert memory.calls.total() <= 3 * pieces + EVENTS, dict(memory.calls)
    left = [name for name in memory.cos.shelves[memory.config.bucket.name].current if name.startswith("fragments/")]
    assert left == []


def test_three_hundred_recordings_of_a_day_cost_a_few_calls_each() -> None:
    """A card whose day is uploaded at once: one look, and then slot, name, claim, index, POST and job of each."""
    memory = in_memory(**GAP, CONCAT_SWEEP_JOBS="1000")
    first = int(memory.world.now) // 86_400 * 86_400 - 86_400
    for number in range(300):
        memory.put(key(first + 240 * number))
    memory.world.run(memory.world.now + 4000)
    with contextlib.redirect_stdout(io.StringIO()):
        answer = handle_sweep(memory.services)
    assert answer["counts"] == {"submitted": 300}
    assert memory.calls["POST jobs"] == 300
    assert memory.calls.total() <= 6 * 300 + 20, dict(memory.calls)


@pytest.mark.parametrize("before", [0, 10, 25])
def test_each_recording_that_ended_near_a_piece_costs_two_reads(before: int) -> None:
    """Its claim and its closing record: a camera whose clock begins anew at each boot has more of them every time."""
    memory = in_memory(**GAP)
    first = int(memory.world.now) // 86_400 * 86_400 - 86_400
    for boot in range(before + 1):
        memory.put(key(first + boot))
        memory.world.run(memory.world.now + 8000)
        memory.calls.clear()
        with contextlib.redirect_stdout(io.StringIO()):
            assert handle_sweep(memory.services)["counts"] == {"submitted": 1}
            spent = memory.calls.total()
            memory.world.run(memory.world.now + 2000)
            assert handle_sweep(memory.services)["counts"] == {"finished": 1}
    assert spent <= 24 + 2 * before


@pytest.mark.parametrize("most", [2, 50])
def test_recordings_that_ci_refuses_hold_up_no_other_and_count_as_jobs(most: int) -> None:
    """A refusal of one content says nothing of the next; each is one of CONCAT_SWEEP_JOBS, and is told."""
    memory = in_memory(**GAP, CONCAT_SWEEP_JOBS=str(most))
    first = int(memory.world.now) // 86_400 * 86_400 - 86_400
    for number in range(6):
        memory.put(key(first + 600 * number))
    memory.world.run(memory.world.now + 8000)
    real, asked = memory.services.ci, []

    def submit(bucket: Bucket, request: Request) -> Job:
        asked.append(request)
        if len(asked) % 2:
            raise Blocked("refused", code="Odd", fix="wait")
        return real.submit(bucket, request)

    services = replace(memory.services, ci=cast("Ci", Altered(real, submit=submit)))
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(TryAgain):
        handle_sweep(services)
    assert len(asked) == min(most, 6)
    assert memory.calls["POST jobs"] == len(asked) // 2
    report = json.loads(memory.cos.shelves[memory.config.bucket.name].current[".concat/report.json"].body)
    told = report.get("draft", report)["blocked"]
    assert len([name for name in told if name.startswith("cam_")]) == -(-len(asked) // 2)


def test_a_round_over_many_sources_that_wait_costs_a_look_each() -> None:
    """A thousand cameras: one LIST a source and day, no record is read while nothing can be whole."""
    memory = in_memory(**GAP)
    now = int(memory.world.now)
    for number in range(1000):
        memory.put(key(now - 60, f"cam{number:04}"))
    with contextlib.redirect_stdout(io.StringIO()):
        answer = handle_sweep(memory.services)
    assert answer["counts"] == {"waiting": 1000}
    assert memory.calls.total() <= 1000 + 10, dict(memory.calls)
    assert Counter(memory.calls)["LIST"] >= 1000


SWEEP_SECONDS = 300  # the time limit of the sweep, handler/serverless.yml
CALL_SECONDS = 0.03  # of a call to COS or CI within a region: assumed, not measured on a real account


class Ticking:
    """A clock by which each call takes its time."""

    def __init__(self, memory: InMemory) -> None:
        self.memory = memory

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.memory.world.now + CALL_SECONDS * self.memory.calls.total()


def full_day(memory: InMemory, source: str, day: int) -> None:
    """A day on which the source had 300 recordings, all joined and gone: what is left of them is its last slot."""
    start = day * 86_400_000
    before = tuple(
        Interval(k, start + 240_000 * (k - 1), start + 240_000 * (k - 1) + 60_000, "main", f"{k:032x}", 1)
        for k in range(1, 300)
    )
    last = start + 240_000 * 299
    written = time.strftime("%Y-%m-%d", time.gmtime(day * 86_400))
    slot = Slot(300, "main", written, f"{source}_last", 1, (), last, last + 60_000, before=before)
    assert memory.services.slots.create(sid_of(source), written, slot)


@pytest.mark.parametrize("sources", [30, pytest.param(1000, marks=pytest.mark.slow)])
def test_sources_of_three_hundred_recordings_a_day_are_gone_through_within_the_limit(sources: int) -> None:
    """One slot shows a day, no record of what is over is read; a run stops before its limit, and the next goes on."""
    memory = in_memory(**GAP, CONCAT_SWEEP_JOBS="5000")
    day = int(memory.world.now) // 86_400
    for number in range(sources):
        full_day(memory, f"cam{number:04}", day)
        memory.put(key(day * 86_400 + 86_000, f"cam{number:04}"))
    memory.world.run(day * 86_400 + 86_400 + 7200)
    memory.calls.clear()
    clock, runs, submitted = Ticking(memory), 0, 0
    while submitted < sources:
        began, runs = clock.now(), runs + 1
        services = replace(memory.services, clock=clock, deadline=began + SWEEP_SECONDS)
        with contextlib.redirect_stdout(io.StringIO()):
            counts = handle_sweep(services)["counts"]
        assert isinstance(counts, dict)
        submitted += counts.get("submitted", 0)
        assert clock.now() - began < SWEEP_SECONDS
    assert memory.calls["POST jobs"] == sources
    opened = 5 * sources * (runs - 1)  # the next run also asks after the jobs of the one before
    assert memory.calls.total() <= 11 * sources + opened + 40, dict(memory.calls)
    assert runs <= 1 + sources // 600
