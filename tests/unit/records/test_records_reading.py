"""A record is read by the types of its fields: what is of another type is named, and reaches nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from cosconcat.errors import InvalidInput
from cosconcat.model import Media, ProbeError, Stream
from cosconcat.records.reading import made, read_json
from cosconcat.records.records import Closed, Done, End, JobRecord, Probes, Proof
from tests.simulation.counted import InMemory, in_memory
from tests.unit.protocol.test_attempt import CLAIM
from tests.unit.records.test_slots import DAY, SID, Records, main, slots

HALF = "\ud83d"
GID = CLAIM.gid
PROOF = Proof("output/a.mp4", "e", 1, "duration", {"output_seconds": 1.5})
PROBES = Probes("f", {"a": Media(1.5, 9, (Stream("video", width=2),)), "b": ProbeError("NoSuchKey", "gone")}, "alike")

READS: dict[str, Callable[[InMemory], object]] = {
    "claim-0001.json": lambda memory: memory.services.ledger.claim(GID, 1, 1),
    "job-0001.json": lambda memory: memory.services.ledger.job(GID, 1, 1),
    "end-0001.json": lambda memory: memory.services.ledger.end(GID, 1, 1),
    "done.json": lambda memory: memory.services.ledger.done(GID, 1),
    "probes-1.json": lambda memory: memory.services.ledger.probes(GID, 1),
    "closed/": lambda memory: [*map(memory.services.ledger.read_closed, memory.services.ledger.closed())],
}


@pytest.fixture
def memory() -> InMemory:
    """One record of each kind."""
    memory = in_memory()
    ledger = memory.services.ledger
    done = Done("joined", "", "output/a.mp4", "j1", 1, {"k": "why"}, 1_700_000_000, 1.5, {"a": [1]})
    ledger.create_claim(CLAIM)
    ledger.create_job(CLAIM, JobRecord("j1"))
    ledger.create_end(CLAIM, End("clean", "Success", "", "j1", proof=PROOF))
    ledger.create_done(CLAIM, done)
    ledger.enter_closed(CLAIM, done)
    ledger.create_probes(CLAIM, PROBES)
    return memory


def stored(memory: InMemory, record: str) -> Any:
    """The object that holds it."""
    [found] = [
        thing for key, thing in memory.cos.shelves[memory.config.state_bucket.name].current.items() if record in key
    ]
    return found


FREE = {"figures", "kept", "media"}  # whose names are not ours to judge
NULLABLE = {"marker", "intro", "outro", "proof"}
NAN, INFINITE = float("nan"), float("inf")
WRONG: dict[type, tuple[object, ...]] = {
    str: (HALF, [1], {"a": 1}, None, 5, True),
    bool: ("x", [1], {"a": 1}, None, 5, 1.5),
    int: ("x", [1], {"a": 1}, None, 1e300, 1.5, NAN, True, 2**60),
    float: ("x", [1], {"a": 1}, None, NAN, INFINITE, True, 2**60),
    list: ("x", {"a": 1}, None, 5, True, [[1]]),
    dict: ("x", [1], None, 5, True),
    type(None): ("x", [1], 5, True, {"a": 1}),
}


def places(node: Any, *path: Any) -> Iterator[tuple[tuple[Any, ...], object]]:
    """Every place in a JSON value that a field stands for, with the values of another type that it may not have."""
    for name, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        here = (*path, name)
        if here == ("format",) or FREE & {*here}:
            continue
        yield from ((here, wrong) for wrong in WRONG[type(inner)] if wrong is not None or name not in NULLABLE)
        yield from places(inner, *here)


def with_value(node: Any, path: tuple[Any, ...], value: object) -> Any:
    """The same JSON value with another one at this place."""
    copy: Any = json.loads(json.dumps(node))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return copy


@pytest.mark.parametrize("record", READS)
def test_every_field_of_another_type_is_refused_by_its_name(memory: InMemory, record: str) -> None:
    """At any depth; nobody is handed a number for a text, half a character, or a list that no set holds."""
    thing = stored(memory, record)
    whole = json.loads(thing.body)
    for path, wrong in places(whole):
        thing.body = json.dumps(with_value(whole, path, wrong)).encode()
        with pytest.raises(InvalidInput, match="not a record of ours") as refusal:
            READS[record](memory)
        name = {"container": "format"}.get(path[-1], path[-1])
        assert record in str(refusal.value)
        assert isinstance(name, int) or name in str(refusal.value)


@pytest.mark.parametrize("where", [("figures", "a"), ("kept", "k"), ("kept", HALF)])
def test_no_text_of_a_free_name_holds_half_a_character(memory: InMemory, where: tuple[str, str]) -> None:
    """It would end whoever writes it down, or prints it."""
    thing = stored(memory, "done.json")
    thing.body = json.dumps(with_value(json.loads(thing.body), where, HALF)).encode()
    with pytest.raises(InvalidInput, match=rf"{where[0]}.*half a character"):
        READS["done.json"](memory)


def test_a_field_that_is_not_there_has_its_default_or_is_named(memory: InMemory) -> None:
    """An earlier release did not write it; without one that every release wrote nobody can go on."""
    thing = stored(memory, "claim-0001.json")
    whole = json.loads(thing.body)
    for name in ("earlier", "since", "failures", "refusals", "probed", "slot", "rejoined", "note", "copied"):
        del whole[name]
    thing.body = json.dumps(whole).encode()
    read = memory.services.ledger.claim(GID, 1, 1)
    assert read is not None
    assert read.record == CLAIM
    for name in ("group", "rev", "n", "nonce", "lease_seconds", "set", "fingerprint", "output", "output_key"):
        thing.body = json.dumps({field: value for field, value in whole.items() if field != name}).encode()
        with pytest.raises(InvalidInput, match=f"'{name}'"):
            memory.services.ledger.claim(GID, 1, 1)


def test_what_was_written_is_read_as_it_was(memory: InMemory) -> None:
    """Each record of every kind, with all that it holds."""
    ledger = memory.services.ledger
    claim, probes = ledger.claim(GID, 1, 1), ledger.probes(GID, 1)
    assert claim is not None
    assert (claim.record, probes) == (CLAIM, PROBES)
    assert [getattr(read(memory), "record", None) for record, read in READS.items() if record == "end-0001.json"] == [
        End("clean", "Success", "", "j1", proof=PROOF)
    ]


@pytest.mark.parametrize(("rev", "n"), [(2, 1), (1, 2)])
def test_a_claim_of_another_content_or_attempt_is_refused(memory: InMemory, rev: int, n: int) -> None:
    """Copied by hand to where another one is looked for."""
    state = memory.config.state_bucket.name
    memory.cos.write(state, f".concat/{GID}/{rev:04}/claim-{n:04}.json", body=stored(memory, "claim-0001").body)
    with pytest.raises(InvalidInput, match="claim 1 for content 1 of group"):
        memory.services.ledger.claim(GID, rev, n)


def test_a_claim_of_another_group_is_refused(memory: InMemory) -> None:
    """Its pieces are not this group's to remove."""
    memory.cos.write(memory.config.state_bucket.name, f".concat/{'a' * 32}/0001/claim-0001.json",
                     body=stored(memory, "claim-0001").body)  # fmt: skip
    with pytest.raises(InvalidInput, match="of group"):
        memory.services.ledger.claim("a" * 32, 1, 1)


def test_a_claim_that_joins_nothing_is_refused(memory: InMemory) -> None:
    """Everything that lies there would be new."""
    thing = stored(memory, "claim-0001")
    thing.body = json.dumps(with_value(json.loads(thing.body), ("set", "fragments"), [])).encode()
    with pytest.raises(InvalidInput, match="joins nothing"):
        memory.services.ledger.claim(GID, 1, 1)


@pytest.mark.parametrize("body", [b'{"group": "\xed\xa0\xbd"}', b"\xff\xfe{\x00}\x00", b"\xff"])
def test_only_utf_8_is_read(body: bytes) -> None:
    """`json` would let halves of characters pass, and guess at other encodings."""
    with pytest.raises(ValueError, match="utf-8"):
        read_json(body)


def test_every_field_of_a_slot_is_judged_by_its_type() -> None:
    """And by where it lies: another day's or number's is not this one."""
    records = Records()
    assert slots(records).create(SID, DAY, main(2, main(1)))
    [key] = records.bodies
    whole = json.loads(records.bodies[key])
    for path, wrong in places(whole):
        records.bodies[key] = json.dumps(with_value(whole, path, wrong)).encode()
        with pytest.raises(InvalidInput, match=r"000002.json: not a record of ours"):
            slots(records).read(SID, DAY, 2)
    for name, value in (("k", 3), ("day", "2024-01-02")):
        records.bodies[key] = json.dumps({**whole, name: value}).encode()
        with pytest.raises(InvalidInput, match="day, k"):
            slots(records).read(SID, DAY, 2)


def test_a_closed_entry_is_one_by_its_types() -> None:
    """Not by a time that has no name, or an outcome that nobody knows."""
    entry = {"group": "g", "rev": 1, "outcome": "joined", "reason": "", "output": "", "job": "", "attempts": 1,
             "fragments": 1, "bytes": 1, "seconds": 1, "removed": 1, "kept": 0, "closed_at": 1}  # fmt: skip
    assert made(Closed, entry).seconds == 1
    for wrong in ({"closed_at": 1e300}, {"closed_at": "2026-09-21T00:00:00Z"}, {"outcome": "lost"}, {"reason": HALF}):
        with pytest.raises((ValueError, TypeError), match=next(iter(wrong))):
            made(Closed, {**entry, **wrong})


def test_a_group_s_name_may_be_anything_that_is_whole(memory: InMemory) -> None:
    """Chinese, an emoji, a blank: whole characters."""
    for group in ("讲座", "🎬", " ", ""):
        claim = replace(CLAIM, group=group)
        memory.services.ledger.create_claim(claim)
        read = memory.services.ledger.claim(claim.gid, 1, 1)
        assert read is not None
        assert read.record == claim
