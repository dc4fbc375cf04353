"""Thousands of schedules, each with its own faults: no promise breaks, and everything comes to its end."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.simulation.__main__ import Tally, explain, play
from tests.simulation.chance import Chance
from tests.simulation.plan import CALL_FAULTS, FAULTS, FORCED, draw
from tests.simulation.schedules.schedule import Schedule
from tests.simulation.schedules.shrink import Case
from tests.simulation.schedules.stored import FOUND, as_text, read, stored

SCHEDULES, MORE = 500, 5_000  # the seeds of every run, and up to which the longer one goes on
RARE = range(2_001, MORE + 1)  # enough of them for the rare ends, played again by whoever has not played them all
PART = 500
TOTAL = Tally()
SEEDS = [
    *range(1, SCHEDULES + 1, PART),
    *(pytest.param(first, marks=pytest.mark.slow) for first in range(SCHEDULES + 1, MORE + 1, PART)),
]


@pytest.mark.parametrize("first", SEEDS)
def test_no_promise_breaks(first: int) -> None:
    """Safety at every effect, liveness once faults stop; a failure comes as a short trace and the line to repeat it."""
    tally = play(range(first, first + PART))
    TOTAL.add(tally)
    assert not tally.failures, explain(tally.failures[0][0])
    assert tally.schedules == PART


def test_every_kind_of_fault_was_injected(capsys: pytest.CaptureFixture[str]) -> None:
    """A schedule without faults proves nothing."""
    tally = TOTAL if TOTAL.schedules else play(range(1, PART + 1))
    with capsys.disabled():
        rates = f"{tally.schedules / tally.seconds:.0f} schedules/s, {tally.calls / tally.seconds:.0f} port calls/s"
        print(f"\n{tally.schedules} schedules, {rates}, {sum(tally.injected[name] for name in FAULTS)} faults ", end="")
    assert FAULTS.keys() - FORCED.keys() <= {*tally.injected, "post-lost", "post-slow"}
    assert {f"at {kind}" for kind in ("LIST", "HEAD", "GET", "CREATE", "POST", "DELETE", "PUT tagging")} <= {
        *tally.injected
    }


def test_the_protocol_was_gone_through() -> None:
    """Every way to end an attempt and a content was reached."""
    tally = TOTAL if TOTAL.schedules else play(range(1, PART + 1))
    wanted = {"end: Success, clean", "end: Success, keep", "end: Success, superseded", "end: Success, gave-up"}
    wanted |= {"end: Failed, retry", "end: Lost, retry", "end: Rejected, retry", "end: Rejected, gave-up"}
    wanted |= {"done: joined", "done: superseded", "done: kept", "done: gave-up", "job: ours", "job: adopted"}
    assert wanted <= {*tally.reached}


@pytest.mark.slow
def test_the_rare_ends_were_reached() -> None:
    """Among the seeds of the longer run."""
    tally = TOTAL if TOTAL.schedules >= MORE - SCHEDULES else play(RARE)
    rare = {"end: Failed, gave-up", "end: Cancel, gave-up", "end: NotPosted, superseded", "claim rev 4 n 1"}
    assert rare <= {*tally.reached}


def test_the_mix_of_sizes() -> None:
    """80 % up to 3 fragments, 15 % up to 12, 5 % up to 40."""
    sizes = [draw(seed).most for seed in range(4000)]
    small, large = sum(n <= 3 for n in sizes), sum(n > 12 for n in sizes)
    assert 0.78 < small / 4000 < 0.82
    assert 0.04 < large / 4000 < 0.06
    assert max(sizes) == 40


def test_one_seed_is_one_schedule() -> None:
    """The same trace in this process and in another whose hashes differ."""
    script = (
        "import hashlib, sys; from tests.simulation.schedules.shrink import Case\n"
        "for seed in (2, 23, 77):\n"
        "    schedule = Case(seed).schedule(trace=True); schedule.run()\n"
        "    print(hashlib.sha256(chr(10).join(schedule.world.trace).encode()).hexdigest())\n"
    )
    root = Path(__file__).parents[2]
    traces = {
        subprocess.run(
            [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True,
            env={"PYTHONPATH": f"{root / 'handler'}:{root}", "PYTHONHASHSEED": hash_seed},
        ).stdout
        for hash_seed in ("1", "2")
    }  # fmt: skip
    assert len(traces) == 1


@pytest.mark.parametrize("first", [0, pytest.param(100, marks=pytest.mark.slow)])
def test_without_faults_everything_is_joined_at_once(first: int) -> None:
    """In peace no sweep is needed but the one that writes the report."""
    only = dict.fromkeys(FAULTS, 0.0)
    for seed in range(first, first + 100):
        schedule = Schedule(draw(seed, only))
        assert schedule.run() == ""
        assert not [name for name in schedule.world.injected if name in CALL_FAULTS]


@pytest.mark.parametrize("name", sorted(path.stem for path in FOUND.glob("*.json")))
def test_what_was_found_once_holds_now(name: str) -> None:
    """Each schedule that once broke a promise, as it was drawn then."""
    assert stored(FOUND / f"{name}.json").run() == ""


def test_a_stored_schedule_is_the_very_schedule(tmp_path: Path) -> None:
    """Its trace is the same even under another seed's fallback: everything that chance decided is stored."""
    played = Case(23).schedule(trace=True, record=True)
    failure = played.run()
    path = tmp_path / "23.json"
    path.write_text(as_text(played.plan, frozenset(), played.world.streams.recorded, failure))
    plan, masked, draws = read(path)  # what is not stored would come from another seed
    again = Schedule(plan, trace=True, masked=masked, chance=Chance(99, drawn=draws))
    assert again.run() == failure
    assert again.world.trace == played.world.trace


def test_a_bound_narrows_the_plan() -> None:
    """What the shrinker writes down is what the command line reads."""
    case = Case(7).with_only("groups", 1).with_only("kill", 0)
    assert case.command == 'make simulate SEED=7 ONLY="groups=1,kill=0"'
    assert case.schedule().plan.groups == 1
    assert case.schedule().plan.faults["kill"] == 0


def test_speed_is_kept() -> None:
    """Far below what it runs at, so that only a change for much worse fails."""
    start = time.process_time()
    play(range(1, 60))
    assert time.process_time() - start < 6
