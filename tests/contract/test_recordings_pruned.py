"""`cos-concat prune` where recordings are cut at gaps: a chain of nights holds nothing back."""

from __future__ import annotations

import contextlib
import io
import time

import pytest

from cosconcat.functions.sweep.round import handle_sweep
from ops.verbs.prune import prunable, removed
from tests.simulation.counted import BUCKET, InMemory, in_memory
from tests.simulation.models.objects import Content
from tests.support.joins import recording

DAY = 86_400
NIGHTS = 12


def key(source: str, second: int) -> str:
    """A piece that starts then."""
    return f"fragments/{source}_{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(second))}.mp4"


def sweeps(memory: InMemory, times: int = 3) -> None:
    """Time passes, and what is whole is joined and removed."""
    for _ in range(times):
        memory.world.run(memory.world.now + 3000)
        with contextlib.redirect_stdout(io.StringIO()):
            handle_sweep(memory.services)


@pytest.fixture
def nights() -> tuple[InMemory, int]:
    """A recording across each midnight, and another camera's in the midst; the last midnight."""
    memory = in_memory(CONCAT_NAMING="timestamp", CONCAT_COMPLETION="gap:60")
    first = (int(memory.world.now) // DAY + 1) * DAY
    for night in range(NIGHTS):
        midnight = first + night * DAY
        memory.world.run(midnight + 200)
        for second in (-50, 0, 50):
            memory.put(key("cam", midnight + second))
        if night == 5:
            memory.put(key("zoo", midnight))
        sweeps(memory)
    assert not [name for name in memory.cos.shelves[BUCKET].current if name.startswith("fragments/")]
    return memory, first + (NIGHTS - 1) * DAY


def test_what_goes_on_at_each_midnight_is_pruned_up_to_the_last_that_is_young(nights: tuple[InMemory, int]) -> None:
    """Only the one that reaches into a day which keeps its slots stays, until that day goes too."""
    memory, _ = nights
    found = prunable(memory.services, 7, 100)
    assert [one.group.partition("_")[0] for one in found if not one.why_not] == ["cam", "cam", "cam"]
    assert [one.why_not for one in found if one.why_not] == ["another recording of its day stays"]
    for one in found:
        assert removed(memory.services, one) == one
    assert [one.why_not for one in prunable(memory.services, 7, 100)] == ["another recording of its day stays"]
    memory.world.run(memory.world.now + 100 * DAY)
    for one in prunable(memory.services, 7, 100):
        assert removed(memory.services, one).why_not == ""
    records = [name.removeprefix(".concat/") for name in memory.cos.shelves[BUCKET].current if ".concat/" in name]
    assert [name for name in records if "/" in name] == []


def test_the_limit_counts_what_goes(nights: tuple[InMemory, int]) -> None:
    """Those that stay are in nobody's way."""
    memory, last = nights
    for night in (0, 1, 2):
        memory.put(key("cam", last - (NIGHTS - 1 - night) * DAY))
    memory.world.run(memory.world.now + 100 * DAY)
    found = prunable(memory.services, 7, 3)
    assert sum(not one.why_not for one in found) == 3
    assert any(one.why_not for one in found)


def test_what_comes_late_beside_a_recording_whose_slots_were_pruned_is_joined(nights: tuple[InMemory, int]) -> None:
    """Its records say that the id was used, and its name is taken: the new one gets another, and nothing is lost."""
    memory, _ = nights
    found = prunable(memory.services, 7, 100)
    (stays,) = [one for one in found if one.why_not]
    for one in found:
        removed(memory.services, one)
    name = f"fragments/{stays.group}.mp4"
    memory.cos.write(BUCKET, name, content=Content("other", recording(60.0, 60_000)))
    sweeps(memory, 6)
    shelf = memory.cos.shelves[BUCKET].current
    assert name not in shelf
    assert [key for key in shelf if key.startswith(f"output/{stays.group}")] == [
        f"output/{stays.group}.mp4", f"output/{stays.group}.r0002.mp4",
    ]  # fmt: skip
