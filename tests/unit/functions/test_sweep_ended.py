"""What a report says of contents that ended: each counted once, the newest hundred named, whatever came before."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.errors import TimedOut
from cosconcat.functions.sweep.ended import NAMED, READ, ended_since
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.model import Bucket, FragmentSet, gid_of
from cosconcat.records.ledger import Ledger
from cosconcat.records.records import Claim, Done
from cosconcat.services import Submissions
from tests.simulation.counted import InMemory, in_memory
from tests.unit.functions.test_sweep_aside import Timed

START = 1_700_000_000


def ledger_in(memory: InMemory) -> Ledger:
    """The records of a group in memory."""
    return memory.services.ledger


def end(ledger: Ledger, group: str, at: int) -> None:
    """A content that ended then."""
    claim = Claim(
        group, 1, 1, "0" * 32, 60, FragmentSet(group, ()), "f", Bucket("b-1", "r"), f"output/{group}.mp4", "mp4"
    )
    ledger.enter_closed(claim, Done("joined", closed_at=at))


def report(ledger: Ledger, before: Any, now: int, *, late: bool = False) -> dict[str, Any]:
    """As it is published."""
    told: dict[str, Any] = json.loads(json.dumps(ended_since(ledger, before, now, lambda: late)))
    return told


@given(st.lists(st.lists(st.integers(0, 90), max_size=6), min_size=1, max_size=6))
def test_every_end_is_counted_exactly_once(rounds: list[list[int]]) -> None:
    """Ends are entered up to a minute and a half late, in any order; reports come every two minutes."""
    before: dict[str, Any] = {}
    ledger, counted, number = ledger_in(in_memory()), 0, 0
    for turn, delays in enumerate(rounds):
        now = START + 120 * turn
        for delay in delays:
            number += 1
            end(ledger, f"g{number}", now - delay)
        before = report(ledger, before, now)
        counted += before["counts"].get("joined", 0)
    assert counted == number
    assert sorted(each["group"] for each in before["last"]) == sorted(f"g{n + 1}" for n in range(number))


def test_a_burst_is_named_as_far_as_there_is_room_and_counted_whole() -> None:
    """More than are named, and more than are read."""
    ledger = ledger_in(in_memory())
    for number in range(READ + 20):
        end(ledger, f"g{number:04}", START + number)
    told = report(ledger, {}, START + READ + 20)
    assert told["counts"] == {"joined": READ}
    assert told["unread"] == 20
    assert [each["group"] for each in told["last"]] == [f"g{READ + 20 - NAMED + n:04}" for n in range(NAMED)]
    assert report(ledger, told, START + READ + 140)["counts"] == {}


def test_when_the_time_is_short_the_rest_is_only_counted() -> None:
    """The report is published all the same."""
    ledger = ledger_in(in_memory())
    end(ledger, "g", START)
    told = report(ledger, {}, START, late=True)
    assert told.pop("lately") == [*ledger.closed()]
    assert told == {"since": "", "until": "2023-11-14T22:13:20Z", "counts": {}, "unread": 1, "last": []}


def test_a_report_that_somebody_wrote_over_is_begun_anew() -> None:
    """From the day before on."""
    ledger = ledger_in(in_memory())
    end(ledger, "old", START - 100_000)
    end(ledger, "g", START)
    assert [each["group"] for each in report(ledger, {"last": [7]}, START)["last"]] == ["g"]
    assert gid_of("g") in next(iter(ledger.closed("2023-11-14/22")))


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'{"format": 9}', b'{"group": "g"}', b"\xff"])
def test_an_entry_that_cannot_be_read_is_counted_as_unread_and_stops_nothing(body: bytes) -> None:
    """Of a later release, or broken: the round's report is published all the same, every round."""
    memory = in_memory()
    ledger = ledger_in(memory)
    for number, group in enumerate("abc"):
        end(ledger, group, START + number)
    state = memory.config.state_bucket.name
    memory.cos.write(state, next(key for key in memory.cos.shelves[state].current if gid_of("b") in key), body=body)
    told = report(ledger, {}, START + 10)
    assert (told["counts"], told["unread"], [each["group"] for each in told["last"]]) == ({"joined": 2}, 1, ["a", "c"])
    again = report(ledger, told, START + 70)
    assert (again["counts"], again["unread"]) == ({}, 0), "it is told once"


@pytest.mark.parametrize("ahead", [-840, 840, 365 * 86_400])
def test_an_end_by_another_clock_hides_no_other(ahead: int) -> None:
    """Minutes behind or ahead, as COS allows it, or a year: each of the others is counted, and itself, once."""
    memory = in_memory()
    ledger, world = ledger_in(memory), memory.world
    before, counted = report(ledger, {}, int(world.now)), 0
    for turn in range(6):
        world.run(world.now + 200)
        end(ledger, f"g{turn}", int(world.now))
        if turn == 1:
            end(ledger, "by another clock", int(world.now) + ahead)
        world.run(world.now + 100)
        before = report(ledger, before, int(world.now))
        counted += before["counts"].get("joined", 0)
    assert counted == 7
    assert {each["group"] for each in before["last"]} == {"by another clock", *(f"g{turn}" for turn in range(6))}


def test_more_ends_between_two_reports_than_are_named_are_counted_once() -> None:
    """What was entered shortly before a report is seen by the next one again."""
    memory = in_memory()
    ledger, world = ledger_in(memory), memory.world
    before, counted = report(ledger, {}, int(world.now)), 0
    for turn in range(4):
        for number in range(NAMED + 50):
            end(ledger, f"g{turn}-{number}", int(world.now) - number % 60)
        before = report(ledger, before, int(world.now))
        counted += before["counts"]["joined"]
        world.run(world.now + 60)
    assert counted == 4 * (NAMED + 50)
    world.run(world.now + 61)
    assert "lately" not in report(ledger, before, int(world.now))


def test_more_than_are_named_that_ended_before_the_last_report_are_not_counted_again() -> None:
    """Their names lie within the clocks' tolerance, and they were entered earlier."""
    memory = in_memory()
    ledger, world = ledger_in(memory), memory.world
    for number in range(NAMED + 50):
        end(ledger, f"g{number}", int(world.now))
    world.run(world.now + 200)
    before = report(ledger, {}, int(world.now))
    assert before["counts"] == {"joined": NAMED + 50}
    assert report(ledger, before, int(world.now) + 60)["counts"] == {}


def test_an_end_that_list_did_not_show_at_first_is_in_the_next_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was entered a minute before."""
    memory = in_memory()
    ledger, world = ledger_in(memory), memory.world
    end(ledger, "g", int(world.now))
    world.run(world.now + 60)
    with monkeypatch.context() as lagging:
        lagging.setattr(Ledger, "closed_as_listed", lambda ledger, after: iter(()))
        before = report(ledger, {}, int(world.now))
    assert report(ledger, before, int(world.now) + 60)["counts"] == {"joined": 1}


@pytest.mark.parametrize("lost", [{"lately": 7}, {"lately": [[1]]}, {"until": "9999-12-31T23:59:59Z"}, {"until": [1]}])
def test_a_report_of_which_a_part_was_written_over_hides_nothing(lost: dict[str, Any]) -> None:
    """A border in the future is none."""
    memory = in_memory()
    ledger, world = ledger_in(memory), memory.world
    end(ledger, "a", int(world.now))
    before = report(ledger, {}, int(world.now))
    world.run(world.now + 300)
    end(ledger, "b", int(world.now))
    told = report(ledger, {**before, **lost}, int(world.now))
    assert told["counts"] == {"joined": 1}
    assert [each["group"] for each in told["last"]] == ["a", "b"]


def test_an_end_is_named_by_the_service_s_clock() -> None:
    """An instance whose clock is ten minutes ahead names it as the others do."""
    memory = in_memory()
    memory.put("fragments/x.part1-of-1.mp4")
    handle_sweep(memory.services)
    memory.world.run(memory.world.now + 3000)
    services = replace(memory.services, clock=Timed(memory.world.now + 600), submissions=Submissions())
    handle_sweep(services)
    [name] = memory.services.ledger.closed()
    entry = memory.services.ledger.read_closed(name)
    assert entry is not None
    assert entry.closed_at == memory.world.now
    assert name.startswith(time.strftime("%Y-%m-%d/%H%M%S-", time.gmtime(memory.world.now)))


def test_after_an_entry_that_hangs_no_other_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would take as long."""
    ledger, asked = ledger_in(in_memory()), []
    for number, group in enumerate("abc"):
        end(ledger, group, START + number)

    def hang(*given: object) -> None:
        asked.append(given)
        raise TimedOut("GET: no answer")

    monkeypatch.setattr(Ledger, "read_closed", hang)
    assert report(ledger, {}, START + 10)["unread"] == 3
    assert len(asked) == 1
