"""flv: sequence headers, time stamps of the last tags, and the clock in between (Adobe's specification, 10.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cosconcat.containers.ranged import BLOCK, RangedObject
from cosconcat.containers.streams import Configuration, StreamEnd, end_of
from cosconcat.errors import InvalidInput
from cosconcat.model import StreamKind

MOST_TAGS = 2000  # looked at from the beginning, and from the end
LAST_TAGS = 16  # of each stream: pictures are not stored in the order in which they are shown
HEAD_BYTES = 8 * BLOCK  # in which the sequence headers are looked for
_KINDS: dict[int, StreamKind] = {8: "audio", 9: "video"}
_SCRIPT = 18
_AVC, _HEVC = 7, 12  # CodecID; 12 is what China's servers write for HEVC
_AAC, _EXTENDED_SOUND = 10, 9  # SoundFormat
_PLAIN_SOUND = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 14})  # what a probe shows is all there is
_PLAIN_PICTURES = frozenset({2, 3, 4, 5, 6})


class _Tag(NamedTuple):
    kind: StreamKind | None  # None: script data
    seconds: float
    start: int  # of its data
    size: int
    after: int  # where the next tag begins


def configurations(file: RangedObject) -> list[Configuration]:
    """The sequence headers of picture and sound: AVCDecoderConfigurationRecord, AudioSpecificConfig and their like.

    Raises:
        InvalidInput: not flv, or a stream whose header does not come in the file's first part.
    """
    found: dict[StreamKind, Configuration] = {}
    for tag in _from_start(file):
        if tag.start > HEAD_BYTES or len(found) == 2:
            break
        if tag.kind is None or tag.kind in found or tag.size == 0:
            continue
        data = file.bytes_at(tag.start, min(tag.size, 4096))
        configuration = _picture(data) if tag.kind == "video" else _sound(data)
        if configuration is not None:
            found[tag.kind] = configuration
    return [found[kind] for kind in ("video", "audio") if kind in found]


def _picture(data: bytes) -> Configuration | None:
    codec = data[0] & 15
    if data[0] & 0x80:  # enhanced: the packet's type and a four-character code
        is_header = codec == 0
        return Configuration("video", data[1:5].decode("latin-1"), data[5:]) if is_header else None
    if codec in _PLAIN_PICTURES:
        return Configuration("video", str(codec), b"")
    if codec in (_AVC, _HEVC):
        return Configuration("video", str(codec), data[5:]) if data[1:2] == b"\0" and len(data) > 5 else None
    raise InvalidInput([f"flv CodecID {codec}: its configuration is not known here"])


def _sound(data: bytes) -> Configuration | None:
    codec = data[0] >> 4
    if codec in _PLAIN_SOUND:
        return Configuration("audio", str(codec), b"")
    if codec == _EXTENDED_SOUND:
        return Configuration("audio", data[1:5].decode("latin-1"), data[5:]) if data[0] & 15 == 0 else None
    if codec == _AAC:
        return Configuration("audio", str(codec), data[2:]) if data[1:2] == b"\0" and len(data) > 2 else None
    raise InvalidInput([f"flv SoundFormat {codec}: its configuration is not known here"])


def ends(file: RangedObject) -> list[StreamEnd]:
    """When picture and sound end, told by the last tags.

    Raises:
        InvalidInput: not flv, or its end is broken.
    """
    shown: dict[StreamKind, list[float]] = {"video": [], "audio": []}
    earliest: float | None = None
    try:
        for tag in _from_end(file):
            earliest = tag.seconds
            seconds = _shown_at(file, tag)
            if tag.kind is not None and seconds is not None and len(shown[tag.kind]) < LAST_TAGS:
                shown[tag.kind].append(seconds)
            if all(len(times_) == LAST_TAGS for times_ in shown.values()):
                break
    except InvalidInput:
        if not any(shown.values()):  # else: far enough back
            raise
    if earliest is None:
        raise InvalidInput(["flv: no tags"])
    return [
        StreamEnd(kind, 0, end_of(times_)) if times_ else StreamEnd(kind, 0, earliest, at_most=True)
        for kind, times_ in shown.items()
    ]


def _shown_at(file: RangedObject, tag: _Tag) -> float | None:
    """When its picture is shown or its sound played; None for headers and the end-of-sequence mark."""
    if tag.kind is None or tag.size < 2:
        return None
    head = file.bytes_at(tag.start, min(tag.size, 5))
    if tag.kind == "audio":
        return None if head[0] >> 4 == _AAC and head[1] == 0 else tag.seconds
    if head[0] & 0x80:  # enhanced: 1 and 3 are coded frames
        return tag.seconds if head[0] & 15 in (1, 3) else None
    if head[0] & 15 not in (_AVC, _HEVC):
        return tag.seconds
    if head[1] != 1 or len(head) < 5:
        return None
    return tag.seconds + int.from_bytes(head[2:5], "big", signed=True) / 1000


def times(file: RangedObject, places: int) -> list[list[float]]:
    """Time stamps (seconds) met at each of so many places spread over the file, in the file's order.

    Raises:
        InvalidInput: not flv.
    """
    _check_header(file)
    return [list(_stamps(file.block_at(place))) for place in file.places(places)]


def _stamps(data: bytes) -> Iterator[float]:
    """Of the tags in these bytes; what looks like one is one when its own length is repeated behind it."""
    at = 0
    while at + 15 <= len(data):
        size = 11 + int.from_bytes(data[at + 1 : at + 4], "big")
        looks_like_one = data[at] in _KINDS and data[at + 8 : at + 11] == b"\0\0\0" and at + size + 4 <= len(data)
        if looks_like_one and int.from_bytes(data[at + size : at + size + 4], "big") == size:
            yield _stamp(data[at + 4 : at + 8])
            at += size + 4
        else:
            at += 1


def _stamp(four: bytes) -> float:
    """Milliseconds, whose highest byte comes last."""
    return int.from_bytes(four[3:4] + four[:3], "big") / 1000


def _check_header(file: RangedObject) -> int:
    """Where the first tag begins."""
    if file.some_bytes_at(0, 3) != b"FLV":
        raise InvalidInput(["not flv: it does not begin so"])
    return file.number_at(5, 4) + 4


def _from_start(file: RangedObject) -> Iterator[_Tag]:
    at = _check_header(file)
    for _ in range(MOST_TAGS):
        if at + 15 > file.size:
            return
        tag = _tag_at(file, at)
        yield tag
        at = tag.after


def _from_end(file: RangedObject) -> Iterator[_Tag]:
    """Tags from the last to the first; the length of each stands behind it."""
    first, after = _check_header(file), file.size
    for _ in range(MOST_TAGS):
        if after - 15 < first:
            return
        size = file.number_at(after - 4, 4)
        start = after - 4 - size
        if size < 11 or start < first:
            raise InvalidInput([f"flv: no tag ends at {after}"])
        yield _tag_at(file, start)
        after = start


def _tag_at(file: RangedObject, at: int) -> _Tag:
    header = file.bytes_at(at, 11)
    kind = header[0] & 31
    size = int.from_bytes(header[1:4], "big")
    if (kind not in _KINDS and kind != _SCRIPT) or at + 11 + size > file.size:
        raise InvalidInput([f"flv: no tag at {at}"])
    return _Tag(_KINDS.get(kind), _stamp(header[4:8]), at + 11, size, at + 15 + size)
