"""An entry of the index that COS does not delete: the report says so, and the receiver hears of its end once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.model import Bucket, DeleteError, ObjectVersion, gid_of
from tests.simulation.counted import BUCKET, InMemory, in_memory, keys, live

ENTRY = f".concat/open/{gid_of('g')}-0001"
SWEEPS = 5


def receiver(told: list[str], failure: str) -> Callable[[Mapping[str, object]], str]:
    """Of notifications, which it keeps the ids of and answers so."""

    def notify(end: Mapping[str, object]) -> str:
        told.append(str(end["id"]))
        return failure

    return notify


def joined(monkeypatch: pytest.MonkeyPatch, told: list[str], **changed: str) -> tuple[InMemory, list[bool]]:
    """A group whose end is known and whose entry COS does not delete while the switch is on."""
    memory = in_memory(**changed)
    refuses, delete = [True], memory.cos.delete

    def refused(bucket: Bucket, versions: Sequence[ObjectVersion]) -> Sequence[DeleteError]:
        if refuses[-1] and any(one.key == ENTRY for one in versions):
            return [DeleteError(one.key, "AccessDenied", "no right") for one in versions]
        return delete(bucket, versions)

    monkeypatch.setattr(memory.cos, "delete", refused)
    memory.services = replace(memory.services, notify=receiver(told, ""))
    assert list(live(memory, keys("g", 2)))[-1].action == "finished"
    return memory, refuses


def swept(memory: InMemory) -> dict[str, Any]:
    """What the report says after another sweep."""
    memory.world.run(memory.world.now + 300)
    handle_sweep(memory.services)
    report: dict[str, Any] = json.loads(memory.cos.shelves[BUCKET].current[".concat/report.json"].body)
    return report


def test_the_report_names_the_entry_and_the_receiver_hears_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sweep told it again, and nobody learned why."""
    told: list[str] = []
    memory, refuses = joined(monkeypatch, told, CONCAT_NOTIFY_URL="https://notify.example/")
    for _ in range(SWEEPS):
        reason = swept(memory)["blocked"]["g"]["reason"]
        assert reason == f"COS does not delete {BUCKET}/{ENTRY}: AccessDenied no right"
    assert told == [f"{gid_of('g')}/1"]
    refuses.append(False)
    swept(memory)
    assert swept(memory)["blocked"] == {}
    assert ENTRY not in memory.cos.shelves[BUCKET].current
    assert len(told) == 1


def test_whoever_was_not_heard_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only an end that arrived counts as told."""
    told: list[str] = []
    memory, _ = joined(monkeypatch, told, CONCAT_NOTIFY_URL="https://notify.example/")
    deaf = in_memory(CONCAT_NOTIFY_URL="https://notify.example/")
    unheard: list[str] = []
    deaf.services = replace(deaf.services, notify=receiver(unheard, "answered 503"))
    list(live(deaf, keys("g", 2)))
    for _ in range(SWEEPS):
        swept(deaf)
    assert len(unheard) == 1 + SWEEPS
    assert f".concat/{gid_of('g')}/0001/told" not in deaf.cos.shelves[BUCKET].current
    assert f".concat/{gid_of('g')}/0001/told" in memory.cos.shelves[BUCKET].current


def test_without_a_receiver_nothing_is_written_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """No further record, no further call."""
    memory, _ = joined(monkeypatch, [])
    swept(memory)
    assert f".concat/{gid_of('g')}/0001/told" not in memory.cos.shelves[BUCKET].current
