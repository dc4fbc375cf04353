"""MPEG-TS: the first parameter sets of each stream, and the clock at several places (ISO/IEC 13818-1)."""

from __future__ import annotations

from collections.abc import Iterator

from cosconcat.containers.ranged import BLOCK, RangedObject
from cosconcat.containers.streams import Configuration
from cosconcat.errors import InvalidInput
from cosconcat.model import StreamKind

HEAD_BYTES = 16 * BLOCK  # in which parameter sets are looked for
MOST_OF_A_STREAM = 512 * 1024  # bytes of one stream that are looked at
_SYNC = 0x47
_PACKET = 188
_CLOCK_HZ = 90_000
_WRAP = 1 << 33

_H264, _HEVC, _AAC = 0x1B, 0x24, 0x0F
_TYPES: dict[int, StreamKind] = {
    0x01: "video", 0x02: "video", 0x10: "video", _H264: "video", _HEVC: "video", 0x03: "audio", 0x04: "audio",
    _AAC: "audio", 0x11: "audio", 0x81: "audio", 0x87: "audio",
}  # fmt: skip
_PLAIN = frozenset({0x03, 0x04, 0x81, 0x87})  # what a probe shows is all there is


def configurations(file: RangedObject) -> list[Configuration]:
    """SPS and PPS (H.264), VPS too (HEVC), sequence and VOL headers, the fixed part of ADTS, in the order of the PMT.

    Raises:
        InvalidInput: not MPEG-TS, or a stream whose parameter sets do not come in the file's first part.
    """
    types: dict[int, int] = {}  # PID -> stream type, from the first PMT
    table, payloads = -1, {}  # type: int, dict[int, bytearray]
    found: dict[int, Configuration] = {}
    for pid, starts, payload in _packets(file):
        if pid == 0 and starts and table < 0:
            table = _table_pid(payload)
        elif pid == table and starts and not types:
            types = _stream_types(payload)
            payloads = {each: bytearray() for each in types}
        elif pid in types and pid not in found:
            held = payloads[pid]
            if starts or held:
                held += _without_pes_header(payload) if starts else payload
            configuration = _configuration(types[pid], held, whole=len(held) > MOST_OF_A_STREAM)
            if configuration is not None:
                found[pid] = configuration
        if types and len(found) == len(types):
            break
    for pid in types:
        if pid not in found:
            configuration = _configuration(types[pid], payloads[pid], whole=True)
            if configuration is None:
                raise InvalidInput([f"MPEG-TS: no parameter sets of stream {pid} in its first part"])
            found[pid] = configuration
    return [found[pid] for pid in types]


def _configuration(type_: int, data: bytearray, *, whole: bool) -> Configuration | None:
    """None while it has not come; with `whole` nothing more will."""
    codec = f"{type_:#04x}"
    kind = _TYPES[type_]
    if type_ in _PLAIN:
        return Configuration(kind, codec, b"")
    if type_ == _AAC:
        return Configuration(kind, codec, adts(data)) if len(data) >= 4 else None
    if type_ in (_H264, _HEVC):
        wanted = (7, 8) if type_ == _H264 else (32, 33, 34)
        found = _parameter_sets(data, hevc=type_ == _HEVC, whole=whole)
        if found is None or any(each not in found for each in wanted):
            return None
        return Configuration(kind, codec, b"\0\0\1".join(found[each] for each in wanted))
    if type_ in (0x01, 0x02):
        header = _between(data, b"\0\0\1\xb3", (b"\0\0\1\0", b"\0\0\1\xb8"))
    elif type_ == 0x10:
        header = _between(data, b"\0\0\1\xb0", (b"\0\0\1\xb6", b"\0\0\1\xb3")) or _between(
            data, b"\0\0\1\x20", (b"\0\0\1\xb6", b"\0\0\1\xb3")
        )
    else:
        raise InvalidInput([f"MPEG-TS stream type {codec}: its configuration is not known here"])
    return Configuration(kind, codec, header) if header else None


def _parameter_sets(data: bytearray, *, hevc: bool, whole: bool) -> dict[int, bytes] | None:
    """By type, all that come before the first slice; None while that has not come."""
    found: dict[int, bytes] = {}
    at = data.find(b"\0\0\1")
    while at >= 0 and at + 3 < len(data):
        following = data.find(b"\0\0\1", at + 3)
        type_ = data[at + 3] >> 1 & 63 if hevc else data[at + 3] & 31
        is_slice = type_ < 32 if hevc else type_ in (1, 5)
        if is_slice and found:
            return found
        if (7 <= type_ <= 8 and not hevc) or (32 <= type_ <= 34 and hevc):
            if following < 0 and not whole:
                return None
            unit = bytes(data[at + 3 : following if following >= 0 else len(data)]).rstrip(b"\0")
            if unit not in found.get(type_, b""):
                found[type_] = found.get(type_, b"") + unit
        at = following
    return found if whole else None


def _between(data: bytearray, start: bytes, ends: tuple[bytes, ...]) -> bytes:
    at = data.find(start)
    found = [end for each in ends if (end := data.find(each, at + 4)) >= 0] if at >= 0 else []
    return bytes(data[at : min(found)]) if found else b""


def adts(data: bytes | bytearray) -> bytes:
    """The fixed part of an ADTS header: 28 bits.

    Raises:
        InvalidInput: there is none.
    """
    if data[0] != 0xFF or data[1] & 0xF6 != 0xF0:
        raise InvalidInput(["sound that should be AAC with ADTS headers is not"])
    return bytes([*data[:3], data[3] & 0xF0])


def times(file: RangedObject, places: int) -> list[list[float]]:
    """Seconds on the clock of the first stream that shows one, at each of so many places over the file, in its order.

    Raises:
        InvalidInput: not MPEG-TS.
    """
    step, _ = _shape(file.some_bytes_at(0, 5 * 204))
    found: list[list[float]] = []
    chosen, before = -1, 0
    for place in file.places(places):
        found.append([])
        for pid, stamp in _stamps(_aligned(file.block_at(place), step), step):
            if chosen in (-1, pid):
                chosen = pid
                before = stamp + _WRAP if before - stamp > _WRAP / 2 else stamp  # 33 bits last a day
                found[-1].append(before / _CLOCK_HZ)
    return found


def _aligned(data: bytes, step: int) -> bytes:
    """From the first byte on that begins three packets in a row."""
    for at in range(min(step, max(len(data) - 2 * step, 0))):
        if data[at] == data[at + step] == data[at + 2 * step] == _SYNC:
            return data[at:]
    return b""


def _stamps(data: bytes, step: int) -> Iterator[tuple[int, int]]:
    """PID and presentation time stamp of each packet that bears one."""
    for at in range(0, len(data) - _PACKET + 1, step):
        pid, starts, payload = _packet(data[at : at + _PACKET])
        if starts and payload[:3] == b"\0\0\1" and len(payload) >= 14 and payload[7] & 0x80:
            p = payload[9:14]
            yield pid, (p[0] >> 1 & 7) << 30 | p[1] << 22 | (p[2] >> 1) << 15 | p[3] << 7 | p[4] >> 1


def _packets(file: RangedObject) -> Iterator[tuple[int, bool, bytes]]:
    """PID, whether something starts in it, and payload, of the packets in the file's first part."""
    step, lead = _shape(file.some_bytes_at(0, 5 * 204))
    end = min(file.size, HEAD_BYTES)
    for at in range(lead, end - _PACKET + 1, step):
        packet = file.bytes_at(at, _PACKET)
        if packet[0] != _SYNC:
            raise InvalidInput([f"MPEG-TS: no packet at {at}"])
        yield _packet(packet)


def _packet(packet: bytes) -> tuple[int, bool, bytes]:
    pid, starts = (packet[1] & 31) << 8 | packet[2], bool(packet[1] & 0x40)
    control = packet[3] >> 4 & 3
    begin = 4 + (1 + packet[4] if control & 2 else 0)
    return pid, starts, packet[begin:] if control & 1 else b""


def _shape(head: bytes) -> tuple[int, int]:
    """How far packets are apart, and where the first begins."""
    for step, lead in ((188, 0), (192, 4), (204, 0)):
        if len(head) > lead + 2 * step and all(head[lead + n * step] == _SYNC for n in range(3)):
            return step, lead
    raise InvalidInput(["not MPEG-TS: no packets at its beginning"])


def _section(payload: bytes, table: int) -> bytes:
    """A program table's section up to its checksum."""
    at = 1 + payload[0] if payload else 0
    if len(payload) < at + 3 or payload[at] != table:
        raise InvalidInput([f"MPEG-TS: no table {table}"])
    length = (payload[at + 1] & 15) << 8 | payload[at + 2]
    if length < 9 or at + 3 + length > len(payload):
        raise InvalidInput([f"MPEG-TS: table {table} is longer than a packet"])
    return payload[at + 3 : at + 3 + length - 4]


def _table_pid(payload: bytes) -> int:
    """Where the first program's table is."""
    section = _section(payload, 0)
    for at in range(5, len(section) - 3, 4):
        if section[at : at + 2] != b"\0\0":
            return (section[at + 2] & 31) << 8 | section[at + 3]
    raise InvalidInput(["MPEG-TS: no program"])


def _stream_types(payload: bytes) -> dict[int, int]:
    """The picture and sound streams of a program."""
    section = _section(payload, 2)
    if len(section) < 9:
        raise InvalidInput(["MPEG-TS: a program table without streams"])
    at = 9 + ((section[7] & 15) << 8 | section[8])
    found = {}
    while at + 5 <= len(section):
        if section[at] in _TYPES:
            found[(section[at + 1] & 31) << 8 | section[at + 2]] = section[at]
        at += 5 + ((section[at + 3] & 15) << 8 | section[at + 4])
    return found


def _without_pes_header(payload: bytes) -> bytes:
    if payload[:3] != b"\0\0\1" or len(payload) < 9:
        return payload
    return payload[9 + payload[8] :]
