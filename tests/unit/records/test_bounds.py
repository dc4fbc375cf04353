"""Every record that is written can be read back, whatever people upload."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cosconcat.cloud.ports import LARGEST
from cosconcat.groups.reserved import BESIDE_KEY_BYTES
from cosconcat.model import Fragment, FragmentSet, Media, ObjectInfo, Stream
from cosconcat.records.ledger import MOST_KEPT, PROBES_TOGETHER
from cosconcat.records.records import Done, Probes
from tests.simulation.counted import InMemory, in_memory
from tests.unit.protocol.test_attempt import CLAIM

STREAM = Stream(
    "video", "h264", 0, 0.123456, 600.123456, 15000, 25.0, 25.0, 4000.0, "High", "40", 1920, 1080, "yuv420p"
)
LONGEST_KEY = "fragments/" + "永" * 270  # 820 bytes


def largest(memory: InMemory) -> int:
    """Bytes of the largest object."""
    return max(thing.info.size for shelf in memory.cos.shelves.values() for thing in shelf.current.values())


@pytest.mark.parametrize("count", [1, PROBES_TOGETHER, PROBES_TOGETHER + 1, 10_000])
def test_probes_of_ten_thousand_pieces_are_read_back(count: int) -> None:
    """In several records where one would be too large; an ordinary group has one."""
    memory = in_memory()
    media = {f"{LONGEST_KEY}{n:05}": Media(600.0, 10**9, (STREAM, STREAM._replace(kind="audio"))) for n in range(count)}
    probes = Probes(CLAIM.fingerprint, media, "alike")
    memory.services.ledger.create_probes(CLAIM, probes)
    assert memory.services.ledger.probes(CLAIM.gid, CLAIM.rev) == probes
    assert memory.calls["PUT"] == -(-count // PROBES_TOGETHER)
    assert largest(memory) <= LARGEST


@pytest.mark.parametrize("streams", [30, pytest.param(300, marks=pytest.mark.slow)])
def test_probes_of_pieces_with_many_streams_are_read_back(streams: int) -> None:
    """A channel with a sound track in each language: its pieces fill a record sooner."""
    memory = in_memory()
    tracks = tuple(STREAM._replace(kind="audio", stream_index=n) for n in range(streams))
    media = {f"{LONGEST_KEY}{n:05}": Media(600.0, 10**9, tracks) for n in range(PROBES_TOGETHER * 30 // streams)}
    probes = Probes(CLAIM.fingerprint, media, "alike")
    memory.services.ledger.create_probes(CLAIM, probes)
    assert largest(memory) <= LARGEST
    assert memory.services.ledger.probes(CLAIM.gid, CLAIM.rev) == probes


def test_probes_without_a_piece_are_a_record_too() -> None:
    """What was compared counts."""
    memory = in_memory()
    memory.services.ledger.create_probes(CLAIM, Probes(CLAIM.fingerprint, {}, "unlike"))
    assert memory.services.ledger.probes(CLAIM.gid, CLAIM.rev) == Probes(CLAIM.fingerprint, {}, "unlike")


def test_a_closing_record_names_what_fits_of_ten_thousand_kept_pieces() -> None:
    """And says how many more there are."""
    memory = in_memory()
    kept = {f"{LONGEST_KEY}{n:05}": "AccessDenied: " + "永" * 5000 for n in range(10_000)}
    assert memory.services.ledger.create_done(CLAIM, Done("joined", "永" * 100_000, kept=kept))
    done = memory.services.ledger.done(CLAIM.gid, CLAIM.rev)
    assert done is not None
    assert len(done.record.kept) == MOST_KEPT + 1
    assert done.record.kept["…"] == f"and {10_000 - MOST_KEPT} more"
    few = replace(done.record, kept={"a": "why"})
    memory.services.ledger.create_done(replace(CLAIM, rev=2), few)
    again = memory.services.ledger.done(CLAIM.gid, 2)
    assert again is not None
    assert again.record.kept == {"a": "why"}
    assert largest(memory) <= LARGEST


def test_a_claim_is_no_larger_than_what_is_reckoned_for_it() -> None:
    """By that is judged what may be reserved, before there is a claim."""
    memory = in_memory()
    pieces = [
        ObjectInfo(f'{LONGEST_KEY}"{n:05}', "f" * 32 + "-10000", 48 * 1024**4, 4_000_000_000) for n in range(1000)
    ]
    fragments = FragmentSet("cam", tuple(Fragment(n, piece) for n, piece in enumerate(pieces)))
    memory.services.ledger.create_claim(replace(CLAIM, set=fragments))
    keys = len(json.dumps([piece.key for piece in pieces], ensure_ascii=False).encode())
    assert keys < largest(memory) <= keys + len(pieces) * BESIDE_KEY_BYTES
