"""mkv and webm: CodecPrivate of each track, when each ends, and the clock in between (RFC 9559)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from cosconcat.containers.ranged import BLOCK, MOST_BYTES, RangedObject
from cosconcat.containers.streams import Configuration, StreamEnd, end_of
from cosconcat.errors import InvalidInput
from cosconcat.model import StreamKind

MOST_ELEMENTS = 500  # looked at before the tracks are found
TAIL_BYTES = 24 * BLOCK  # in which the last clusters are looked for
LAST_BLOCKS = 16  # of each track: pictures are not stored in the order in which they are shown
_EBML, _SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_TRACK, _NUMBER, _TYPE, _CODEC, _PRIVATE, _SCALE = 0xAE, 0xD7, 0x83, 0x86, 0x63A2, 0x2AD7B1
_CLUSTER_TIME, _SIMPLE_BLOCK, _GROUP, _BLOCK, _DURATION, _DEFAULT = 0xE7, 0xA3, 0xA0, 0xA1, 0x9B, 0x23E383
_KINDS: dict[int, StreamKind] = {1: "video", 2: "audio", 17: "subtitle"}
_NEEDS_PRIVATE = ("V_MPEG4/ISO", "V_MPEGH", "V_AV1", "V_MS/VFW", "A_AAC", "A_VORBIS", "A_OPUS", "A_FLAC")


class _Element(NamedTuple):
    id: int
    start: int
    end: int


class _Track(NamedTuple):
    number: int
    kind: StreamKind | None
    codec: str
    private: bytes
    frame_seconds: float  # DefaultDuration


class _Head(NamedTuple):
    scale: float  # seconds of one tick
    tracks: tuple[_Track, ...]


def configurations(file: RangedObject) -> list[Configuration]:
    """CodecPrivate of each picture and sound track.

    Raises:
        InvalidInput: not Matroska, or a track whose codec needs one and has none.
    """
    found = []
    for track in _head(file).tracks:
        if track.kind not in ("video", "audio"):
            continue
        if not track.private and track.codec.startswith(_NEEDS_PRIVATE):
            raise InvalidInput([f"matroska {track.codec}: no CodecPrivate"])
        found.append(Configuration(track.kind, track.codec, track.private))
    return found


def ends(file: RangedObject) -> list[StreamEnd]:
    """When each track ends, told by the blocks of the last clusters.

    Raises:
        InvalidInput: not Matroska, or no cluster in its last part.
    """
    head = _head(file)
    begun: dict[int, list[float]] = {}
    told: dict[int, float] = {}  # where a block says how long it lasts
    for number, seconds, lasting in _blocks(_tail(file), head):
        begun.setdefault(number, []).append(seconds)
        if lasting is not None:
            told[number] = max(told.get(number, 0.0), seconds + lasting)
    if not begun:
        raise InvalidInput(["matroska: no cluster in its last part"])
    earliest = min(map(min, begun.values()))
    found: list[StreamEnd] = []
    for track in head.tracks:
        if track.kind is None:
            continue
        rank = sum(end.kind == track.kind for end in found)
        if track.number not in begun:
            found.append(StreamEnd(track.kind, rank, earliest, at_most=True))
            continue
        times_ = begun[track.number]
        end = max(times_) + track.frame_seconds if track.frame_seconds else end_of(times_[-LAST_BLOCKS:])
        found.append(StreamEnd(track.kind, rank, max(end, told.get(track.number, 0.0))))
    return found


def times(file: RangedObject, places: int) -> list[list[float]]:
    """Seconds of the blocks whose clusters begin at each of so many places over the file, in the file's order.

    Raises:
        InvalidInput: not Matroska.
    """
    head = _head(file)
    return [[seconds for _, seconds, _ in _blocks(data, head)] for data in file.places(places)]


def _blocks(data: bytes, head: _Head) -> Iterator[tuple[int, float, float | None]]:
    """Track, seconds and length (None where it is not told) of each block of the clusters that begin in these bytes."""
    known = {track.number for track in head.tracks}
    for ticks, body in _clusters(data):
        for id_, content in _elements(body):
            lasting = None
            if id_ == _GROUP:
                inner = list(_elements(content))
                content = next((held for each, held in inner if each == _BLOCK), b"")
                ticks_long = next((int.from_bytes(held, "big") for each, held in inner if each == _DURATION), None)
                lasting = None if ticks_long is None else ticks_long * head.scale
            elif id_ != _SIMPLE_BLOCK:
                continue
            number, at = _size(content, 0)
            if at and number in known and len(content) >= at + 2:
                relative = int.from_bytes(content[at : at + 2], "big", signed=True)
                yield number, (ticks + relative) * head.scale, lasting


def _tail(file: RangedObject) -> bytes:
    start = max(file.size - TAIL_BYTES, 0)
    return b"".join(file.some_bytes_at(at, MOST_BYTES) for at in range(start, file.size, MOST_BYTES))


def _clusters(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Time and content of each cluster that begins in these bytes; content may be cut short by their end."""
    mark = _CLUSTER.to_bytes(4, "big")
    at = data.find(mark)
    while at >= 0:
        size, body = _size(data, at + 4)
        following = data.find(mark, at + 4)
        if body:
            end = body + size if size is not None else following if following >= 0 else len(data)
            content = data[body : min(end, len(data))]
            for id_, held in islice(_elements(content), 3):  # a checksum may stand before it
                if id_ == _CLUSTER_TIME and len(held) <= 8:
                    yield int.from_bytes(held, "big"), content
                    break
        at = following


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Id and content of the elements in these bytes, up to the first that does not fit."""
    at = 0
    while at < len(data):
        length = 9 - data[at].bit_length() if data[at] else 9
        id_ = int.from_bytes(data[at : at + length], "big")
        size, start = _size(data, at + length)
        if length > 4 or not start or size is None or start + size > len(data):
            return
        yield id_, data[start : start + size]
        at = start + size


def _size(data: bytes, at: int) -> tuple[int | None, int]:
    """A variable-length number and where it ends; (None, end) for "not known", (0, 0) where there is none."""
    if at >= len(data) or data[at] == 0:
        return 0, 0
    length = 9 - data[at].bit_length()
    if at + length > len(data):
        return 0, 0
    value = int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1)
    return (None if value == (1 << 7 * length) - 1 else value), at + length


def _head(file: RangedObject) -> _Head:
    """What comes before the first cluster: the scale of time and the tracks."""
    first = _element_at(file, 0)
    if first.id != _EBML:
        raise InvalidInput(["not Matroska: it does not begin so"])
    segment = _element_at(file, first.end)
    if segment.id != _SEGMENT:
        raise InvalidInput([f"matroska: element {segment.id:#x} where the segment should begin"])
    scale, at = 1_000_000, segment.start
    for _ in range(MOST_ELEMENTS):
        element = _element_at(file, at)
        if element.id == _CLUSTER:
            break
        if element.id == _INFO:
            told = dict(_elements(file.bytes_at(element.start, element.end - element.start)))
            scale = int.from_bytes(told.get(_SCALE, b""), "big") or scale
        elif element.id == _TRACKS:
            entries = _elements(file.bytes_at(element.start, element.end - element.start))
            tracks = tuple(_track(content) for id_, content in entries if id_ == _TRACK)
            return _Head(scale / 1e9, tracks)
        at = element.end
    raise InvalidInput(["matroska: no tracks before the first cluster"])


def _track(content: bytes) -> _Track:
    told = dict(_elements(content))
    return _Track(
        number=int.from_bytes(told.get(_NUMBER, b""), "big"),
        kind=_KINDS.get(int.from_bytes(told.get(_TYPE, b""), "big")),
        codec=told.get(_CODEC, b"").decode("latin-1"),
        private=told.get(_PRIVATE, b""),
        frame_seconds=int.from_bytes(told.get(_DEFAULT, b""), "big") / 1e9,
    )


def _element_at(file: RangedObject, at: int) -> _Element:
    head = file.some_bytes_at(at, 12)
    length = 9 - head[0].bit_length() if head and head[0] else 9
    size, start = _size(head, length)
    if length > 4 or not start:
        raise InvalidInput([f"matroska: no element at {at}"])
    end = file.size if size is None else at + start + size
    if end > file.size:
        raise InvalidInput([f"matroska: the element at {at} goes beyond the end"])
    return _Element(int.from_bytes(head[:length], "big"), at + start, end)
