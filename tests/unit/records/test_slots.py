"""Slots: create-only, numbered without a hole, each remembering its day; read whatever LIST shows."""

from __future__ import annotations

import json
from typing import cast

import pytest

from cosconcat.cloud.ports import Cos
from cosconcat.errors import InvalidInput
from cosconcat.model import Bucket, Head, ObjectInfo, Page, Stored, gid_of
from cosconcat.records.slots import Interval, Slot, Slots, sid_of

BUCKET, DAY = Bucket("demo-1250000000", "ap-guangzhou"), "2024-01-01"
SID = sid_of("cam")
PIECE = ObjectInfo("fragments/cam_1.mp4", "e1", 9, 1_704_067_260)
LATER = ObjectInfo("fragments/cam_2.mp4", "e2", 9, 1_704_153_660)


class Records:
    """Create-only objects; LIST shows only what is in `listed`."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.listed: set[str] = set()

    def create(self, bucket: Bucket, key: str, body: bytes) -> bool:
        """PUT with forbid-overwrite."""
        return key not in self.bodies and self.bodies.setdefault(key, body) is body

    def get(self, bucket: Bucket, key: str) -> Stored | None:
        """What was created."""
        body = self.bodies.get(key)
        return None if body is None else Stored(body, Head(ObjectInfo(key, "", 0, 0), 0))

    def list(self, bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Page:
        """What does not lag."""
        shown = sorted(key for key in self.listed if key.startswith(prefix))
        return Page(tuple(ObjectInfo(key, "", 0, 0) for key in shown), None, 0)


def slots(records: Records) -> Slots:
    """Over these records."""
    return Slots(cast("Cos", records), BUCKET, ".concat/")


def main(k: int, before: Slot | None = None) -> Slot:
    """The k-th recording of the day."""
    group = f"cam_20240101T00{k:02}00Z"
    return Slot(
        k, "main", DAY, group, 1, (PIECE,), k * 1000, k * 1000 + 500, (LATER,), before.intervals if before else ()
    )


def test_a_slot_is_read_as_it_was_written() -> None:
    """Pieces, what it wants of the next day, and the day so far."""
    records = Records()
    second = main(2, main(1))
    assert slots(records).create(SID, DAY, second)
    assert slots(records).read(SID, DAY, 2) == second
    assert second.before == (Interval(1, 1000, 1500, "main", gid_of("cam_20240101T000100Z"), 1),)
    assert second.intervals[1:] == (Interval(2, 2000, 2500, "main", second.gid, 1),)
    assert list(records.bodies) == [f".concat/gap/{SID}/2024-01-01/000002.json"]


def test_a_number_is_reserved_once() -> None:
    """Whoever comes second reads upward and judges anew."""
    records = Records()
    assert slots(records).create(SID, DAY, main(1))
    assert not slots(records).create(SID, DAY, main(1))


@pytest.mark.parametrize("shown", [set(), {1}, {2}, {1, 2, 3}])
def test_the_newest_slot_is_found_whatever_lists_shows(shown: set[int]) -> None:
    """LIST is only where the reading upward begins."""
    records, newest = Records(), None
    for k in (1, 2, 3):
        newest = main(k, newest)
        slots(records).create(SID, DAY, newest)
    records.listed = {f".concat/gap/{SID}/{DAY}/{k:06}.json" for k in shown} | {f".concat/gap/{SID}/{DAY}/notes.txt"}
    assert slots(records).newest(SID, DAY) == newest
    assert slots(records).newest(SID, "2024-01-02") is None


def test_a_later_format_is_refused_by_name_and_an_unknown_field_is_not() -> None:
    """A version that goes back still works where it can."""
    records = Records()
    slots(records).create(SID, DAY, main(1))
    (key, body), *_ = records.bodies.items()
    records.bodies[key] = json.dumps({**json.loads(body), "later": [1]}).encode()
    assert slots(records).read(SID, DAY, 1) == main(1)
    records.bodies[key] = json.dumps({**json.loads(body), "format": 2}).encode()
    with pytest.raises(InvalidInput, match=f"{key}.*format 2.*up to 1"):
        slots(records).read(SID, DAY, 1)
    records.bodies[key] = b"{}"
    with pytest.raises(InvalidInput, match="not a record of ours"):
        slots(records).read(SID, DAY, 1)


def test_three_hundred_recordings_a_day_are_a_slot_of_some_kilobytes() -> None:
    """One GET shows them all."""
    newest = None
    for k in range(1, 301):
        start = 1_704_067_200_000 + k * 240_000
        before = newest.intervals if newest else ()
        newest = Slot(k, "main", DAY, f"cam_{k}", 1, (PIECE,), start, start + 200_000, (), before)
    records = Records()
    assert newest is not None
    slots(records).create(SID, DAY, newest)
    assert len(next(iter(records.bodies.values()))) < 30_000
