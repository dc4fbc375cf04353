"""mkv and webm: CodecPrivate of each track, when each ends, and the clock in between (RFC 9559)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from cosconcat.containers.ranged import BLOCK, MOST_BYTES, RangedObject
from cosconcat.containers.streams import Configuration, StreamEnd, end_of
from cosconcat.errors import InvalidInput
from cosconcat.model import StreamKind

MOST_ELEMENTS = 500  # looked at before the tracks are found
TAIL_BYTES = 24 * BLOCK  # in which the last clusters are looked for
LAST_BLOCKS = 16  # of each track: pictures are not stored in the order in which they are shown
LARGEST_CLUSTER = 4 * MOST_BYTES  # that is read to its end
MOST_HOPS = 10  # elements from the last cluster that the cues know to the end: more clusters, cues, tags
CLUSTER_HEAD = 64  # bytes in which a cluster says when it begins
_EBML, _SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_POSITION = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
_CUES, _CUE, _CUE_POSITIONS, _CUE_CLUSTER = 0x1C53BB6B, 0xBB, 0xB7, 0xF1
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


class _Block(NamedTuple):
    """`at` is where it begins in its cluster's content, `lasting` None where it does not say how long it lasts."""

    at: int
    track: int
    seconds: float
    lasting: float | None


class _Head(NamedTuple):
    scale: float  # seconds of one tick
    tracks: tuple[_Track, ...]
    segment: int  # where its content begins, from which positions count
    end: int  # of the segment
    cues: int | None  # where they begin


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
    """When each track ends, told by the blocks of the last clusters; from one more of them where a picture or sound has
    none there.

    Raises:
        InvalidInput: not Matroska, or no cluster in its last part.
    """
    head = _head(file)
    start = max(file.size - TAIL_BYTES, 0)
    blocks = list(_blocks_from(file, head, start))
    wanted = {track.number for track in head.tracks if track.kind in ("video", "audio")}
    if not wanted <= {block.track for block in blocks}:
        earlier = _last_cluster(file, head, _cued(file, head), start)
        blocks = blocks if earlier is None else list(_blocks_from(file, head, earlier))
    if not blocks:
        raise InvalidInput(["matroska: no cluster in its last part"])
    begun: dict[int, list[float]] = {}
    told: dict[int, float] = {}  # where a block says how long it lasts
    for block in blocks:
        begun.setdefault(block.track, []).append(block.seconds)
        if block.lasting is not None:
            told[block.track] = max(told.get(block.track, 0.0), block.seconds + block.lasting)
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
    """Seconds met at each of so many places over the file, in the file's order: of the cluster in which a place lies,
    if the cues know it, otherwise of those that begin there. The last cluster is read to its end. Nothing behind the
    segment counts: it is another file.

    Raises:
        InvalidInput: not Matroska.
    """
    head = _head(file)
    cued, starts = _cued(file, head), file.places(places)
    found: list[list[float]] = []
    for place in starts:
        around = _times_to_the_end if place == starts[-1] else _times_around
        inside = place < head.end
        found.append((around(file, head, cued, place) or _times(file.block_at(place), head)) if inside else [])
    return found


def _times(data: bytes, head: _Head, since: int = 0) -> list[float]:
    """Of the clusters that begin in these bytes, and of their blocks, but for what lies before `since`."""
    found: list[float] = []
    for ticks, start, body in _clusters(data):
        found += [ticks * head.scale] if start >= since else []
        found += [block.seconds for block in _blocks(ticks, body, head) if start + block.at >= since]
    return found


def _times_around(file: RangedObject, head: _Head, cued: Sequence[int], place: int) -> list[float]:
    """When the cluster around a place begins, as its own length says; nothing where the cues do not know it."""
    at = bisect_right(cued, place) - 1
    if at < 0:
        return []
    cluster = _element_at(file, cued[at])
    known = cluster.id == _CLUSTER and place < cluster.end
    return _times(file.some_bytes_at(cued[at], CLUSTER_HEAD), head) if known else []


def _times_to_the_end(file: RangedObject, head: _Head, cued: Sequence[int], place: int) -> list[float]:
    """Of the last cluster what lies at the last place or behind it; nothing where it is not found from the cues."""
    last = _last_cluster(file, head, cued, head.end)
    if last is None:
        return []
    return _times(_from(file, last), head, since=place - last)


def _cued(file: RangedObject, head: _Head) -> list[int]:
    """Where clusters begin, as the cues say; none where there are no cues, or they cannot be read."""
    if head.cues is None:
        return []
    try:
        cues = _element_at(file, head.cues)
        points = _elements(file.bytes_at(cues.start, cues.end - cues.start)) if cues.id == _CUES else ()
    except InvalidInput:
        return []
    tracks = [held for id_, point in points if id_ == _CUE for each, held in _elements(point) if each == _CUE_POSITIONS]
    told = [int.from_bytes(held, "big") for track in tracks for id_, held in _elements(track) if id_ == _CUE_CLUSTER]
    return sorted({head.segment + position for position in told if head.segment + position < file.size})


def _blocks(ticks: int, body: memoryview, head: _Head) -> Iterator[_Block]:
    """The blocks of a cluster that begins at so many ticks."""
    known = {track.number for track in head.tracks}
    for begin, id_, content in _placed_elements(body):
        lasting = None
        if id_ == _GROUP:
            inner = list(_elements(content))
            content = next((held for each, held in inner if each == _BLOCK), memoryview(b""))
            ticks_long = next((int.from_bytes(held, "big") for each, held in inner if each == _DURATION), None)
            lasting = None if ticks_long is None else ticks_long * head.scale
        elif id_ != _SIMPLE_BLOCK:
            continue
        number, at = _size(content, 0)
        if at and number in known and len(content) >= at + 2:
            relative = int.from_bytes(content[at : at + 2], "big", signed=True)
            yield _Block(begin, number, (ticks + relative) * head.scale, lasting)


def _blocks_from(file: RangedObject, head: _Head, start: int) -> Iterator[_Block]:
    """Of the clusters that begin there or behind it."""
    clusters = _clusters(_from(file, start))
    return (block for ticks, _, body in clusters for block in _blocks(ticks, body, head))


def _from(file: RangedObject, start: int) -> bytes:
    """All from there to the end of the file."""
    return b"".join(file.some_bytes_at(at, MOST_BYTES) for at in range(start, file.size, MOST_BYTES))


def _last_cluster(file: RangedObject, head: _Head, cued: Sequence[int], before: int) -> int | None:
    """Where the last cluster that begins before there begins; None where it is not found, or lies too far from the end
    to be read. Cues know the clusters that begin with a key picture: from the last of them others are gone through.
    """
    known = [at for at in cued if at < before]
    at, last = known[-1] if known else before, -1
    for _ in range(MOST_HOPS):
        if at >= min(before, head.end):
            break
        element = _element_at(file, at)
        last, at = at if element.id == _CLUSTER else last, element.end
    reached = at >= min(before, head.end) and last >= 0
    return last if reached and head.end - last <= LARGEST_CLUSTER else None


def _clusters(data: bytes) -> Iterator[tuple[int, int, memoryview]]:
    """Ticks of each cluster that begins in these bytes, where its content begins, and the content, which may be cut
    short by their end.
    """
    mark, view = _CLUSTER.to_bytes(4, "big"), memoryview(data)
    at = data.find(mark)
    while at >= 0:
        size, body = _size(data, at + 4)
        end = at + 4
        if body:
            known = body + size if size is not None else data.find(mark, at + 4)
            content = view[body : min(known, len(data)) if known >= 0 else len(data)]
            for id_, held in islice(_elements(content), 3):  # a checksum may stand before it
                if id_ == _CLUSTER_TIME and len(held) <= 8:
                    yield int.from_bytes(held, "big"), body, content
                    end = body + len(content)  # what looks like a cluster within is none
                    break
        at = data.find(mark, end)


def _elements(data: bytes | memoryview) -> Iterator[tuple[int, memoryview]]:
    """Id and content of the elements in these bytes, up to the first that does not fit."""
    return ((id_, content) for _, id_, content in _placed_elements(data))


def _placed_elements(data: bytes | memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """The same, with where each begins."""
    data, at = memoryview(data), 0
    while at < len(data):
        length = 9 - data[at].bit_length() if data[at] else 9
        id_ = int.from_bytes(data[at : at + length], "big")
        size, start = _size(data, at + length)
        if length > 4 or not start or size is None or start + size > len(data):
            return
        yield at, id_, data[start : start + size]
        at = start + size


def _size(data: bytes | memoryview, at: int) -> tuple[int | None, int]:
    """A variable-length number and where it ends; (None, end) for "not known", (0, 0) where there is none."""
    if at >= len(data) or data[at] == 0:
        return 0, 0
    length = 9 - data[at].bit_length()
    if at + length > len(data):
        return 0, 0
    value = int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1)
    return (None if value == (1 << 7 * length) - 1 else value), at + length


def _head(file: RangedObject) -> _Head:
    """What comes before the first cluster: the scale of time, the tracks, and where the cues are."""
    first = _element_at(file, 0)
    if first.id != _EBML:
        raise InvalidInput(["not Matroska: it does not begin so"])
    segment = _element_at(file, first.end, whole=False)
    if segment.id != _SEGMENT:
        raise InvalidInput([f"matroska: element {segment.id:#x} where the segment should begin"])
    scale, at, cues = 1_000_000, segment.start, None
    for _ in range(MOST_ELEMENTS):
        element = _element_at(file, at)
        if element.id == _CLUSTER:
            break
        if element.id == _INFO:
            told = dict(_elements(file.bytes_at(element.start, element.end - element.start)))
            scale = int.from_bytes(told.get(_SCALE, b""), "big") or scale
        elif element.id == _SEEK_HEAD:
            cues = _sought(file.bytes_at(element.start, element.end - element.start), _CUES)
        elif element.id == _TRACKS:
            entries = _elements(file.bytes_at(element.start, element.end - element.start))
            tracks = tuple(_track(content) for id_, content in entries if id_ == _TRACK)
            return _Head(
                scale / 1e9, tracks, segment.start, segment.end, None if cues is None else segment.start + cues
            )
        at = element.end
    raise InvalidInput(["matroska: no tracks before the first cluster"])


def _sought(content: bytes, id_: int) -> int | None:
    """Where a seek head says that an element lies, counted from the beginning of the segment's content."""
    for entry in (dict(_elements(held)) for each, held in _elements(content) if each == _SEEK):
        if int.from_bytes(entry.get(_SEEK_ID, b""), "big") == id_ and _SEEK_POSITION in entry:
            return int.from_bytes(entry[_SEEK_POSITION], "big")
    return None


def _track(content: memoryview) -> _Track:
    told = dict(_elements(content))
    return _Track(
        number=int.from_bytes(told.get(_NUMBER, b""), "big"),
        kind=_KINDS.get(int.from_bytes(told.get(_TYPE, b""), "big")),
        codec=bytes(told.get(_CODEC, b"")).decode("latin-1"),
        private=bytes(told.get(_PRIVATE, b"")),
        frame_seconds=int.from_bytes(told.get(_DEFAULT, b""), "big") / 1e9,
    )


def _element_at(file: RangedObject, at: int, *, whole: bool = True) -> _Element:
    """The element that begins there; if it need not be `whole`, what is there of one that was torn off.

    Raises:
        InvalidInput: there is none.
    """
    head = file.some_bytes_at(at, 12)
    length = 9 - head[0].bit_length() if head and head[0] else 9
    size, start = _size(head, length)
    if length > 4 or not start:
        raise InvalidInput([f"matroska: no element at {at}"])
    end = file.size if size is None else at + start + size
    if end > file.size and whole:
        raise InvalidInput([f"matroska: the element at {at} goes beyond the end"])
    return _Element(int.from_bytes(head[:length], "big"), at + start, min(end, file.size))
