"""Probes are paid once for a content, and count only for the very uploads that were probed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Whole
from cosconcat.inputs.probes import recorded_probes
from cosconcat.records.records import Claim, Probes
from cosconcat.submission.submit import first_claim
from tests.simulation.counted import InMemory, in_memory, keys


@pytest.fixture
def memory() -> InMemory:
    """Two pieces of one recording."""
    memory = in_memory()
    for key in keys("cam1", 2):
        memory.put(key)
    return memory


def claimed(memory: InMemory, rev: int) -> Claim:
    """What lies there now, claimed as this rev."""
    verdict = survey(memory.services, "cam1")
    assert isinstance(verdict, Whole)
    claim = first_claim(memory.services, verdict.set, rev, "output/cam1.mp4")
    assert memory.services.ledger.create_claim(claim) is None
    return claim


def probed(claim: Claim) -> Probes:
    """What a direct join records before its job."""
    return Probes(claim.fingerprint, {}, "unlike")


def test_probes_of_the_same_uploads_count_in_a_later_rev(memory: InMemory) -> None:
    """They are a paid call each."""
    claim = claimed(memory, 1)
    memory.services.ledger.create_probes(claim, probed(claim))
    later = replace(claim, rev=2)
    assert recorded_probes(memory.services, claim).probed == "unlike"
    assert recorded_probes(memory.services, later).probed == "unlike"


def test_probes_from_before_another_upload_of_the_same_bytes_do_not_count(memory: InMemory) -> None:
    """While the key held something else, that was probed perhaps: nobody knows which of them the figures are of."""
    claim = claimed(memory, 1)
    memory.services.ledger.create_probes(claim, probed(claim))
    memory.world.now += 10
    memory.put(keys("cam1", 2)[0])
    again = claimed(memory, 2)
    assert again.fingerprint == claim.fingerprint
    assert recorded_probes(memory.services, again) == Probes(claim.fingerprint)
