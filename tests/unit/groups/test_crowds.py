"""One small group beside 200,000 keys that begin like it: what an event costs, and what it may say."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from cosconcat.events.cos import Upload
from cosconcat.functions.upload import handle_uploads
from cosconcat.groups.listing import CROWD, NAMED
from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Waiting, Whole
from cosconcat.model import ObjectInfo, Result
from tests.simulation.counted import BUCKET, InMemory, in_memory
from tests.simulation.models.objects import Thing
from tests.simulation.models.world import EPOCH

STRANGERS = 200_000
SOME = 20_000  # enough not to be looked through, where the sweep's look is made too


@cache
def crowd(pattern: str, count: int) -> dict[str, Thing]:
    """So many keys of others, in order."""
    names = sorted(pattern.format(number) for number in range(count))
    return {key: Thing(ObjectInfo(key, "e", 1, EPOCH), 0.0, "", b"x", None) for key in names}


def beside(pattern: str, count: int = STRANGERS, **changed: str) -> InMemory:
    """A bucket in which everything but the group is there already."""
    memory = in_memory(**changed)
    shelf = memory.cos.shelves[BUCKET]
    shelf.current = dict(crowd(pattern, count))
    shelf.keys = list(shelf.current)
    return memory


def arrives(memory: InMemory, *keys: str) -> tuple[Result, Counter[str]]:
    """The keys arrive; what the event of the last one came to, and its calls."""
    for key in keys:
        memory.put(key)
    memory.calls.clear()
    bucket = memory.config.bucket
    (result,) = handle_uploads(memory.services, [Upload(bucket.name, bucket.region, keys[-1], "")])
    return result, memory.calls


def keys(pattern: str, total: int) -> list[str]:
    """The pieces of the group."""
    return [pattern.format(number, total) for number in range(1, total + 1)]


@pytest.mark.parametrize(
    ("strangers", "group", "total"),
    [
        ("fragments/cam.{:06}.part1-of-2.mp4", "fragments/cam.part{}-of-{}.mp4", 2),
        ("fragments/cam.{:06}.part1-of-2.mp4", "fragments/cam.{}of{}.mp4", 2),
        ("fragments/cam.{:06}.part1-of-2.mp4", "fragments/cam.{}of{}.mp4", NAMED),
        ("fragments/cam.{:06}.part1-of-2.mp4", "fragments/cam.part{}-of-{}.mp4", 60),
        ("fragments/cam.{:06}.part1-of-2.mp4", "fragments/cam.part{:03}-of-{}.mp4", 200),
        ("fragments/cam.party{:06}.part1-of-2.mp4", "fragments/cam.part{}-of-{}.mp4", 2),
    ],
)
def test_a_small_group_is_judged_by_its_own_spelling(strangers: str, group: str, total: int) -> None:
    """Two pages or three for an event, and a HEAD for each spelling of a piece at most."""
    memory = beside(strangers)
    pieces = keys(group, total)
    result, calls = arrives(memory, *pieces[:-1])
    assert result.action == "waiting"
    assert (calls["LIST"] <= 3, calls["HEAD"] <= total + 11) == (True, True), calls
    result, calls = arrives(memory, pieces[-1])
    assert result.action == "submitted", result
    assert (calls["LIST"] <= 3, calls["HEAD"] <= total + 11) == (True, True), calls


def test_what_would_cost_more_is_left_to_the_sweep() -> None:
    """The strangers lie between the pieces, and there are too many of these to ask for one by one."""
    memory = beside("fragments/cam.{:06}.part1-of-2.mp4", SOME)
    pieces = keys("fragments/cam.{}of{}.mp4", 60)
    result, calls = arrives(memory, *pieces)
    assert (result.action, calls["LIST"] <= CROWD) == ("waiting", True), calls
    assert "judged by the sweep" in result.reason
    memory.calls.clear()
    assert isinstance(survey(memory.services, "cam"), Whole)
    assert memory.calls["LIST"] > SOME // 1000


def test_a_large_group_among_strangers_is_left_to_the_sweep_too() -> None:
    """However far the walk from its own key has come."""
    memory = beside("fragments/cam.{:06}.part1-of-2.mp4", SOME)
    result, calls = arrives(memory, *keys("fragments/cam.{:06}of{}.mp4", 200))
    assert (result.action, calls["LIST"] <= CROWD + 4) == ("waiting", True), (result, calls)
    assert isinstance(survey(memory.services, "cam"), Whole)


def test_a_marker_s_event_does_not_look_through_all_of_them() -> None:
    """Nothing says how many there should be: the sweep looks at everything."""
    memory = beside(
        "fragments/cam_{:06}_1.mp4", SOME, CONCAT_NAMING="{group}_{index}.{ext}", CONCAT_COMPLETION="marker"
    )
    memory.put("fragments/cam_1.mp4")
    memory.put("fragments/cam_2.mp4")
    memory.cos.write(BUCKET, "fragments/cam.done", body=b"")
    memory.calls.clear()
    verdict = survey(memory.services, "cam", "fragments/cam.done")
    assert isinstance(verdict, Waiting)
    assert memory.calls["LIST"] <= CROWD + 6, memory.calls
    assert isinstance(survey(memory.services, "cam"), Whole)


def test_the_same_number_in_another_spelling_stays_and_is_told() -> None:
    """The pieces of one spelling reach the total: they are joined, and what is spelled otherwise is not touched."""
    memory = beside("fragments/cam.{:06}.part1-of-2.mp4", SOME)
    memory.put("fragments/cam_part_2_of_2.mp4")
    result, _ = arrives(memory, *keys("fragments/cam.part{}-of-{}.mp4", 2))
    assert result.action == "submitted"
    verdict = survey(memory.services, "cam")
    assert "same place" in getattr(verdict, "reason", "")
