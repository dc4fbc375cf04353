"""What a report says of contents that ended: each counted once, the newest hundred named, whatever came before."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.errors import TimedOut
from cosconcat.functions.sweep.ended import NAMED, READ, ended_since
from cosconcat.model import Bucket, FragmentSet, gid_of
from cosconcat.records.ledger import Ledger
from cosconcat.records.records import Claim, Done
from tests.simulation.counted import InMemory, in_memory

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
    assert report(ledger, {}, START, late=True) == {
        "since": "", "until": "2023-11-14T22:13:20Z", "counts": {}, "unread": 1, "last": [],
    }  # fmt: skip


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
