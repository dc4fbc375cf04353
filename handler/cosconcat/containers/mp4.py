"""mp4 and mov: the sample descriptions of each track (ISO/IEC 14496-12 and -14, QuickTime File Format)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cosconcat.containers.ranged import RangedObject
from cosconcat.containers.streams import Configuration
from cosconcat.errors import InvalidInput
from cosconcat.model import StreamKind

MOST_BOXES = 2000  # looked at in one file
_KINDS: dict[bytes, StreamKind] = {b"vide": "video", b"soun": "audio"}
_VIDEO_ENTRY = 86  # bytes of a VisualSampleEntry before its boxes
_AUDIO_ENTRY = {0: 36, 1: 52, 2: 72}  # of a sound description by its version

# The box that sets up the decoder, by sample entry; None where what a probe shows is all there is.
_CONFIGURATION = {
    b"avc1": b"avcC", b"avc3": b"avcC", b"hvc1": b"hvcC", b"hev1": b"hvcC", b"vvc1": b"vvcC", b"vvi1": b"vvcC",
    b"av01": b"av1C", b"vp08": b"vpcC", b"vp09": b"vpcC", b"mp4v": b"esds", b"mp4a": b"esds", b"Opus": b"dOps",
    b"fLaC": b"dfLa", b"alac": b"alac", b"ac-3": b"dac3", b"ec-3": b"dec3", b".mp3": None, b"jpeg": None,
    b"mjpa": None, b"png ": None, b"twos": None, b"sowt": None, b"lpcm": None, b"ipcm": None, b"raw ": None,
    b"ulaw": None, b"alaw": None,
}  # fmt: skip
_MP3_OBJECTS = (0x69, 0x6B)  # esds objectTypeIndication of MPEG-1 and -2 layer III, which needs no more


class _Box(NamedTuple):
    kind: bytes
    start: int  # of its content
    end: int


def configurations(file: RangedObject) -> list[Configuration]:
    """avcC, hvcC, the DecoderSpecificInfo of esds and their like, of each picture and sound track in order.

    Of esds only that part: its bitrates differ from file to file.

    Raises:
        InvalidInput: broken, encrypted, several descriptions in one track, or a codec that is not known here.
    """
    walk = _Walk(file)
    moov = walk.child(_Box(b"", 0, file.size), b"moov")
    return [found for box in walk.children(moov) if box.kind == b"trak" and (found := _track(walk, box))]


def _track(walk: _Walk, trak: _Box) -> Configuration | None:
    file = walk.file
    mdia = walk.child(trak, b"mdia")
    handler = walk.child(mdia, b"hdlr")
    kind = _KINDS.get(file.bytes_at(handler.start + 8, 4))
    if kind is None:
        return None
    stsd = walk.child(walk.child(walk.child(mdia, b"minf"), b"stbl"), b"stsd")
    if file.number_at(stsd.start + 4, 4) != 1:
        raise InvalidInput(["stsd: not one sample description; allowed: one a track"])
    [entry] = walk.children(_Box(b"", stsd.start + 8, stsd.end))
    return Configuration(kind, entry.kind.decode("latin-1"), _of_entry(walk, entry, kind))


def _of_entry(walk: _Walk, entry: _Box, kind: StreamKind) -> bytes:
    if entry.kind not in _CONFIGURATION:
        raise InvalidInput([f"sample entry {entry.kind!r}: its configuration is not known here"])
    wanted = _CONFIGURATION[entry.kind]
    if wanted is None:
        return b""
    boxes = list(walk.children(_Box(b"", entry.start - 8 + _header(walk.file, entry, kind), entry.end)))
    wave = next((box for box in boxes if box.kind == b"wave"), None)  # QuickTime's wrapping
    found = next((box for box in [*boxes, *(walk.children(wave) if wave else ())] if box.kind == wanted), None)
    if found is None:
        raise InvalidInput([f"sample entry {entry.kind!r}: no {wanted!r}"])
    data = walk.file.bytes_at(found.start, found.end - found.start)
    if wanted == b"esds":
        return _decoder_specific(data[4:])
    if wanted == b"avcC" and (len(data) < 7 or data[5] & 31 == 0):
        raise InvalidInput(["avcC: holds no parameter sets"])
    if wanted == b"hvcC" and (len(data) < 24 or data[22] == 0):
        raise InvalidInput(["hvcC: holds no parameter sets"])
    return data


def _header(file: RangedObject, entry: _Box, kind: StreamKind) -> int:
    if kind == "video":
        return _VIDEO_ENTRY
    version = file.number_at(entry.start + 8, 2)
    if version not in _AUDIO_ENTRY:
        raise InvalidInput([f"sound description of version {version}; allowed: 0, 1, 2"])
    return _AUDIO_ENTRY[version]


def _decoder_specific(data: bytes) -> bytes:
    """The object type and the DecoderSpecificInfo of an ES descriptor (ISO/IEC 14496-1)."""
    tag, body, _ = _descriptor(data)
    if tag != 3 or len(body) < 3:
        raise InvalidInput(["esds: no ES descriptor"])
    flags = body[2]
    at = 3 + (2 if flags & 0x80 else 0)
    if flags & 0x40:
        at += 1 + (body[at] if at < len(body) else 0)
    at += 2 if flags & 0x20 else 0
    tag, decoder, _ = _descriptor(body[at:])
    if tag != 4 or len(decoder) < 13:
        raise InvalidInput(["esds: no decoder configuration"])
    rest = decoder[13:]
    while rest:
        tag, specific, rest = _descriptor(rest)
        if tag == 5:
            return decoder[:1] + specific
    if decoder[0] in _MP3_OBJECTS:
        return decoder[:1]
    raise InvalidInput(["esds: no decoder-specific information"])


def _descriptor(data: bytes) -> tuple[int, bytes, bytes]:
    """Tag, content, and what follows."""
    length, at = 0, 1
    while at < min(len(data), 5):
        length = length << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            break
    if len(data) < 2 or at + length > len(data):
        raise InvalidInput(["esds: a descriptor goes beyond its end"])
    return data[0], data[at : at + length], data[at + length :]


class _Walk:
    """Boxes of one file, a bounded number of them."""

    def __init__(self, file: RangedObject) -> None:
        self.file = file
        self._left = MOST_BOXES

    def children(self, parent: _Box) -> Iterator[_Box]:
        """The boxes within, in order."""
        at = parent.start
        while at + 8 <= parent.end:
            self._left -= 1
            if self._left < 0:
                raise InvalidInput([f"more than {MOST_BOXES} boxes"])
            size, header = self.file.number_at(at, 4), 8
            kind = self.file.bytes_at(at + 4, 4)
            if size == 1:
                size, header = self.file.number_at(at + 8, 8), 16
            elif size == 0:
                size = parent.end - at
            if size < header or at + size > parent.end:
                raise InvalidInput([f"box {kind!r} at {at}: {size} bytes do not fit"])
            yield _Box(kind, at + header, at + size)
            at += size

    def child(self, parent: _Box, kind: bytes) -> _Box:
        """The first box of a kind within."""
        for box in self.children(parent):
            if box.kind == kind:
                return box
        raise InvalidInput([f"no box {kind!r}"])
