"""Media information of made-up recordings, and of what an honest join of them is."""

from __future__ import annotations

from collections.abc import Sequence

from cosconcat.model import Media, Stream
from cosconcat.verification.join import JoinOptions, ProbedFragment

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
KBPS = 1000.0


def picture(seconds: float | None, fps: float = 25.0, **changed: object) -> Stream:
    """A picture stream of an mp4."""
    stream = Stream(
        "video", "h264", start=0.0, duration=seconds, frames=round((seconds or 0.0) * fps) or None, fps=fps,
        avg_fps=fps, bitrate=KBPS - 100, width=1280, height=720,
    )  # fmt: skip
    return stream._replace(**changed)  # type: ignore[arg-type]  # names of fields


def sound(seconds: float | None, **changed: object) -> Stream:
    """A sound stream of an mp4."""
    stream = Stream("audio", "aac", start=0.0, duration=seconds, bitrate=100.0, sample_rate=48000, channels=2)
    return stream._replace(**changed)  # type: ignore[arg-type]  # names of fields


def subtitle(seconds: float | None) -> Stream:
    """A subtitle stream of an mp4."""
    return Stream("subtitle", "mov_text", start=0.0, duration=seconds)


def media(seconds: float | None, *streams: Stream, format_: str = MP4) -> Media:
    """A file of these streams, of as many bytes as their bitrates make; of picture and sound, if none are given."""
    shown = streams or (picture(seconds), sound(seconds))
    size = round(sum((s.bitrate or 0.0) * 125 * (s.duration or seconds or 1.0) for s in shown)) + 2000
    return Media(seconds, size, tuple(shown), format_, 0.0, num_streams=len(shown))


def pieces(*seconds: float) -> list[ProbedFragment]:
    """Pieces of these lengths with picture and sound."""
    return [ProbedFragment(f"part{number}.mp4", media(each)) for number, each in enumerate(seconds, 1)]


def joined(parts: Sequence[ProbedFragment]) -> Media:
    """What an honest join of pieces with picture and sound shows."""
    return media(sum(part.shown.duration or 0.0 for part in parts))


DIRECT = JoinOptions(direct=True, configurations="alike")


def recording(seconds: float, size: int, height: int = 720) -> Media:
    """A plain mp4 of picture and sound whose bitrates nobody tells."""
    streams = (picture(seconds, bitrate=None, height=height), sound(seconds, bitrate=None))
    return Media(seconds, size, streams, MP4, 0.0, num_streams=2)


def mp4_head(configuration: int) -> bytes:
    """The beginning of an mp4 of picture and sound: an index whose avcC holds these parameter sets, and no more."""
    avcc = _box(b"avcC", bytes([1, 66, 0, 30, 255, 225, 0, 1, configuration, 1, 0, 1, 104]))
    entry = _box(b"avc1", bytes(78) + avcc)
    specific = b"\x05\x02\x12\x10"
    decoder = b"\x04" + bytes([13 + len(specific)]) + b"\x40" + bytes(12) + specific
    descriptor = b"\x03" + bytes([3 + len(decoder)]) + bytes(3) + decoder
    sound_entry = _box(b"mp4a", bytes(28) + _box(b"esds", bytes(4) + descriptor))
    tracks = _track(b"vide", entry) + _track(b"soun", sound_entry)
    return _box(b"ftyp", b"isom" + bytes(4)) + _box(b"moov", tracks)


def _track(handler: bytes, entry: bytes) -> bytes:
    stsd = _box(b"stsd", bytes(4) + b"\0\0\0\1" + entry)
    handling = _box(b"hdlr", bytes(8) + handler + bytes(12))
    return _box(b"trak", _box(b"mdia", handling + _box(b"minf", _box(b"stbl", stsd))))


def _box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content
