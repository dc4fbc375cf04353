"""Records are read by the releases before and after: unknown fields are left out, a later format is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cosconcat.errors import InvalidInput
from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Whole
from cosconcat.records.ledger import FORMAT, LONGEST_REASON
from cosconcat.records.records import Done, End, JobRecord, Proof
from cosconcat.submission.submit import first_claim
from tests.simulation.counted import InMemory, in_memory, keys


@pytest.fixture
def memory() -> InMemory:
    """A group with all of its records."""
    memory = in_memory()
    for key in keys("cam1", 2):
        memory.put(key)
    verdict = survey(memory.services, "cam1")
    assert isinstance(verdict, Whole)
    claim = first_claim(memory.services, verdict.set, 1, "output/cam1.mp4")
    ledger = memory.services.ledger
    ledger.create_claim(claim)
    ledger.create_job(claim, JobRecord("j1"))
    ledger.create_end(claim, End("clean", "Success", "", "j1", proof=Proof("output/cam1.mp4", "e", 1, "duration")))
    ledger.create_done(claim, Done("joined", "", "output/cam1.mp4", "j1"))
    return memory


def rewrite(memory: InMemory, change: Any) -> None:
    """Let another release have written every record."""
    shelf = memory.cos.shelves[memory.config.bucket.name].current
    for key, thing in shelf.items():
        if key.startswith(".concat/") and thing.body:
            thing.body = json.dumps(change(json.loads(thing.body))).encode()


def read(memory: InMemory) -> list[Any]:
    """Every record of the content."""
    ledger = memory.services.ledger
    content = ledger.newest_content(first(memory))
    assert content is not None
    attempt = ledger.newest_attempt(first(memory), 1)
    assert attempt is not None
    assert attempt.end is not None
    job = ledger.job(first(memory), 1, 1)
    return [content.claim.record, attempt.end.record, content.done and content.done.record, job and job.record]


def first(memory: InMemory) -> str:
    """The group's name in keys."""
    shelf = memory.cos.shelves[memory.config.bucket.name].current
    return next(key for key in shelf if key.endswith("claim-0001.json")).split("/")[1]


def with_more(node: Any) -> Any:
    """The same with a field more in every object whose fields are ours to name."""
    if isinstance(node, dict):
        free = {"job", "figures", "kept"}
        inner = {name: value if name in free else with_more(value) for name, value in node.items()}
        return {**inner, "added_later": [1]}
    return [with_more(value) for value in node] if isinstance(node, list) else node


def test_fields_of_a_later_release_are_left_out(memory: InMemory) -> None:
    """A roll-back reads on: in the record, in its fragments, in its proof."""
    before = read(memory)
    rewrite(memory, with_more)
    assert read(memory) == before


def test_records_of_an_earlier_release_name_no_format(memory: InMemory) -> None:
    """They are read as they are."""
    before = read(memory)

    def early(record: dict[str, Any]) -> dict[str, Any]:
        del record["format"]
        return {("format" if name == "container" else name): value for name, value in record.items()}

    rewrite(memory, early)
    assert read(memory) == before


def test_a_later_format_is_refused_by_name(memory: InMemory) -> None:
    """What it means cannot be known."""
    rewrite(memory, lambda record: {**record, "format": FORMAT + 1})
    with pytest.raises(InvalidInput, match=rf"claim-0001.json.*format {FORMAT + 1}"):
        read(memory)


def test_every_record_names_its_format(memory: InMemory) -> None:
    """From now on."""
    shelf = memory.cos.shelves[memory.config.bucket.name].current
    records = [json.loads(thing.body) for key, thing in shelf.items() if key.endswith(".json") and thing.body]
    assert [record["format"] for record in records] == [FORMAT] * 4


def test_a_reason_cannot_outgrow_its_record(memory: InMemory) -> None:
    """Whatever it quotes."""
    content = memory.services.ledger.newest_content(first(memory))
    assert content is not None
    claim = first_claim(memory.services, content.claim.record.set, 2, "output/cam1.r0002.mp4")
    memory.services.ledger.create_claim(claim)
    end = memory.services.ledger.create_end(claim, End("gave-up", "Failed", "x" * 100_000, "j2"))
    assert len(end.record.reason) == LONGEST_REASON


def test_a_claim_that_could_not_be_read_back_is_never_written(
    memory: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could go on from it."""
    monkeypatch.setattr("cosconcat.records.ledger.LARGEST", 500)
    content = memory.services.ledger.claim(first(memory), 1, 1)
    assert content is not None
    with pytest.raises(InvalidInput, match="at most 500"):
        memory.services.ledger.create_claim(first_claim(memory.services, content.record.set, 2, "output/x.mp4"))
