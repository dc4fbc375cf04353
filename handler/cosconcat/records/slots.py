"""Which pieces are which recording, under CONCAT_COMPLETION=gap: create-only slots, numbered without a hole.

    <state>/gap/<sid>/<day>/<k:06>.json      the k-th reservation among the pieces of one source that start on one day

Slot k+1 can be created once, by somebody who judged by slot k: so no piece is reserved twice, whatever LIST showed to
whom. A `main` slot is a recording: its pieces of that day, and as `next` those of the following day that it wants. A
`grant` in the following day says which of these it gets. Each slot holds the intervals of all before it in its day, so
one GET shows a day. The claim that follows names its slot, and holds exactly what was reserved.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from cosconcat.cloud.ports import LARGEST, Cos
from cosconcat.errors import InvalidInput
from cosconcat.model import Bucket, ContentId, ObjectInfo, gid_of
from cosconcat.records.reading import made, read_json

FORMAT = 1  # of the slots that are written; higher ones are refused
OBJECT = ("key", "etag", "size", "last_modified")  # a piece as a slot holds it, in this order

Kind = Literal["main", "grant"]


class Interval(NamedTuple):
    """A slot as those after it remember it: its number, the time that its pieces take (epoch milliseconds, as written),
    and whose it is.
    """

    k: int
    first: int
    last: int
    kind: Kind
    gid: str
    rev: int

    @property
    def content_id(self) -> ContentId:
        """The recording that it belongs to."""
        return self.gid, self.rev


@dataclass(frozen=True)
class Slot:
    """One reservation. `first` and `last` are the time that it takes, `next` included, as an `Interval` has it.

    `rejoined` counts the recordings before this one that late pieces superseded; `note` is what a person should know,
    such as where its run was cut. `follows` and `followed_by` are keys of the pieces before and after those of a main
    slot that were cut off from them. `asked`: a person said retry to some of them.
    """

    k: int
    kind: Kind
    day: str  # 2024-01-01, in which its pieces start as written
    group: str
    rev: int
    pieces: tuple[ObjectInfo, ...]
    first: int
    last: int
    next: tuple[ObjectInfo, ...] = ()
    before: tuple[Interval, ...] = ()
    rejoined: int = 0
    note: str = ""
    follows: str = ""
    followed_by: str = ""
    asked: bool = False
    format: int = FORMAT

    @property
    def gid(self) -> str:
        """The recording's name in keys."""
        return gid_of(self.group)

    @property
    def content_id(self) -> ContentId:
        """The recording that it belongs to."""
        return self.gid, self.rev

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """Its day up to and with this slot."""
        return (*self.before, Interval(self.k, self.first, self.last, self.kind, self.gid, self.rev))


def sid_of(source: str) -> str:
    """The source's name in keys: 32 hex of SHA-256."""
    return hashlib.sha256(source.encode()).hexdigest()[:32]


class Slots:
    """Reads and creates slots; nothing here overwrites or deletes."""

    def __init__(self, cos: Cos, bucket: Bucket, prefix: str) -> None:
        self._cos = cos
        self._bucket = bucket
        self._prefix = f"{prefix}gap/"

    def newest(self, sid: str, day: str) -> Slot | None:
        """The last slot of a day. LIST may lag: what it shows is only where the reading upward starts."""
        newest = None
        for k in self._upward(sid, day):
            slot = self.read(sid, day, k)
            if slot is None:
                break
            newest = slot
        return newest

    def last(self, sid: str, since: str = "") -> Slot | None:
        """The last slot of the last day of a source that LIST shows from a day on; None where there is none."""
        folder, shown = f"{self._prefix}{sid}/", ""
        marker: str | None = f"{folder}{since}" if since else ""
        while marker is not None:
            page = self._cos.list(self._bucket, folder, marker)
            shown = page.objects[-1].key if page.objects else shown
            marker = page.next_marker
        return self.newest(sid, shown[len(folder) :].partition("/")[0]) if shown else None

    def read(self, sid: str, day: str, k: int) -> Slot | None:
        """The k-th slot of a day.

        Raises:
            InvalidInput: it is no slot, or was written by a later version.
        """
        key = self._key(sid, day, k)
        stored = self._cos.get(self._bucket, key)
        if stored is None:
            return None
        try:
            return _read(day, k, read_json(stored.body))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as broken:
            raise InvalidInput([f"{self._bucket.name}/{key}: not a record of ours ({broken})"]) from broken

    def create(self, sid: str, day: str, slot: Slot) -> bool:
        """Reserve; False when that number is taken (by somebody else, or by this call, its answer lost).

        Raises:
            InvalidInput: it is so large that nobody could read it back, nor any slot after it.
        """
        key = self._key(sid, day, slot.k)
        body = json.dumps(_written(slot), ensure_ascii=False, separators=(",", ":")).encode()
        if len(body) > LARGEST:
            raise InvalidInput([f"{self._bucket.name}/{key}: would have {len(body)} bytes; at most {LARGEST} are read"])
        return self._cos.create(self._bucket, key, body)

    def _key(self, sid: str, day: str, k: int) -> str:
        return f"{self._prefix}{sid}/{day}/{k:06}.json"

    def _upward(self, sid: str, day: str) -> Iterator[int]:
        """The number of the last slot that LIST shows, and those after it without end."""
        folder, shown = f"{self._prefix}{sid}/{day}/", 1
        marker: str | None = ""
        while marker is not None:
            page = self._cos.list(self._bucket, folder, marker)
            for found in page.objects:
                number = re.fullmatch(r"([0-9]{6,})\.json", found.key[len(folder) :])
                shown = max(shown, int(number[1])) if number else shown
            marker = page.next_marker
        while True:
            yield shown
            shown += 1


def _written(slot: Slot) -> dict[str, object]:
    objects = {
        name: [[getattr(o, part) for part in OBJECT] for o in kept]
        for name, kept in (("pieces", slot.pieces), ("next", slot.next))
    }
    return {**vars(slot), **objects, "before": [list(interval) for interval in slot.before]}


def _read(day: str, k: int, d: dict[str, Any]) -> Slot:
    """The slot that was asked for, as it was written; fields of a later version that do not change its meaning are left
    out.

    Raises:
        ValueError, TypeError, KeyError: it is no slot, is another one, or was written by a later version.
    """
    if isinstance(d["format"], int | float) and d["format"] > FORMAT:
        raise ValueError(f"format {d['format']}, written by a later version; this one reads up to {FORMAT}")
    objects = {name: [_named(OBJECT, one) for one in d.get(name, ())] for name in ("pieces", "next")}
    before = [_named(Interval._fields, one) for one in d.get("before", ())]
    slot = made(Slot, {**d, **objects, "before": before})
    if (slot.day, slot.k) != (day, k):
        raise ValueError(f"day, k: it is slot {slot.k} of {slot.day[:20]!r}")
    return slot


def _named(names: Sequence[str], values: Sequence[object]) -> dict[str, object]:
    """What is written as a list, by the names of its fields."""
    return dict(zip(names, values, strict=True))
