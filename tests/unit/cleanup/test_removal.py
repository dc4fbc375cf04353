"""What was looked at too long ago is looked at again before it is removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from cosconcat.cleanup.removal import remove
from cosconcat.errors import ServiceUnavailable
from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Whole
from cosconcat.inputs.heads import FreshHeads
from cosconcat.model import Bucket, Head
from cosconcat.records.records import Proof
from cosconcat.submission.submit import first_claim
from tests.simulation.counted import InMemory, in_memory, keys

PROOF = Proof("output/cam1.mp4", "", 0, "duration")


def slow(memory: InMemory, seconds: float) -> None:
    """Let every HEAD take so long."""
    quick = memory.cos.head

    def heads(bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Head | None]:
        found = {}
        for key in keys:
            found[key] = quick(bucket, key)
            memory.world.now += seconds
        return found

    memory.cos.heads = heads  # type: ignore[method-assign]  # the model's own, only slower


def whole(memory: InMemory, fragments: int) -> Whole:
    """A group that has just arrived."""
    for key in keys("cam1", fragments):
        memory.put(key)
    verdict = survey(memory.services, "cam1")
    assert isinstance(verdict, Whole)
    return verdict


@pytest.mark.parametrize(("seconds", "looks"), [(1.0, 8), (2.0, 16), (6.0, 32)])
def test_a_look_that_takes_long_is_repeated_for_fewer_objects_at_a_time(seconds: float, looks: int) -> None:
    """Eight objects: at 2 s each in two halves, at 6 s each one by one; nothing is removed by an old look."""
    memory = in_memory()
    claim = first_claim(memory.services, whole(memory, 8).set, 1, "output/cam1.mp4")
    memory.calls.clear()
    slow(memory, seconds)
    assert remove(memory.services, claim, PROOF, None).removed == 8
    assert memory.calls["HEAD"] == looks


def test_a_look_from_the_future_is_no_fresh_one() -> None:
    """The local clock was set back in between: how old the look is cannot be known."""
    memory = in_memory()
    claim = first_claim(memory.services, whole(memory, 2).set, 1, "output/cam1.mp4")
    checked = FreshHeads(memory.cos.heads(memory.config.bucket, keys("cam1", 2)), memory.world.now + 1000)
    memory.calls.clear()
    assert remove(memory.services, claim, PROOF, checked).removed == 2
    assert memory.calls["HEAD"] == 2


def test_what_another_deployment_joined_stays() -> None:
    """It shares our records, and its fragments lie under a prefix of its own."""
    memory = in_memory()
    claim = first_claim(memory.services, whole(memory, 2).set, 1, "output/cam1.mp4")
    theirs = replace(memory.services, config=replace(memory.config, input_prefix="elsewhere/"))
    assert remove(theirs, claim, PROOF, None).removed == 0
    assert len(memory.cos.shelves[memory.config.bucket.name].current) == 2


def test_an_object_that_takes_too_long_to_look_at_stays() -> None:
    """Whoever comes next tries again."""
    memory = in_memory()
    claim = first_claim(memory.services, whole(memory, 2).set, 1, "output/cam1.mp4")
    slow(memory, 10.0)
    with pytest.raises(ServiceUnavailable, match="took 10 s"):
        remove(memory.services, claim, PROOF, None)
    assert len(memory.cos.shelves[memory.config.bucket.name].current) == 2
