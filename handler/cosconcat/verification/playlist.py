"""An hls output, which is many objects: its playlist, its segments, and what they are together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from cosconcat.model import Head, Media, Stream
from cosconcat.verification.streams import counted, picture_rate
from cosconcat.verification.tolerances import TS_SECONDS
from cosconcat.verification.verdict import Unverified, Verdict, Verified

SOUND_SECONDS = (
    0.36  # a packet of MPEG-TS holds so much sound where there are no pictures; the last one counts as nothing
)
_SEGMENT_SECONDS = re.compile(r"#EXTINF:\s*([0-9.]+)")


@dataclass(frozen=True)
class Playlist:
    """An `hls` output's m3u8: the length it promises, the keys of its segments in order, and whether it is closed;
    `lengths` are what it promises of each segment.
    """

    seconds: float
    segments: tuple[str, ...]
    ended: bool
    lengths: tuple[float, ...] = ()


def read_playlist(body: bytes, key: str) -> Playlist:
    """The playlist stored under `key`; segment names are relative to its folder, as HLS has it (RFC 8216, 4.1)."""
    lines = [line.strip() for line in body.decode(errors="replace").splitlines()]
    told = (found[1] for line in lines if (found := _SEGMENT_SECONDS.match(line)))
    lengths = tuple(float(each) for each in told if _is_number(each))
    names = [line for line in lines if line and not line.startswith("#")]
    segments = tuple(_segment_key(name, key) for name in names)
    return Playlist(sum(lengths), segments, "#EXT-X-ENDLIST" in lines, lengths)


def check_playlist(playlist: Playlist, heads: Mapping[str, Head | None]) -> Verdict:
    """For `hls`: the playlist is closed, and every segment is there with content.

    Then `joined_segments` goes through the rules like any other output.
    """
    figures: dict[str, object] = {"segments": len(playlist.segments), "output_seconds": round(playlist.seconds, 3)}
    if not playlist.segments or not playlist.ended:
        return Unverified("the playlist names no segments or has no end", figures, "playlist")
    gone = [key for key in playlist.segments if (head := heads.get(key)) is None or head.object.size == 0]
    if gone:
        reason = f"segments missing or empty: {', '.join(gone[:5])}"
        return Unverified(reason, {**figures, "missing": len(gone)}, "playlist")
    return Verified(figures)


def cut_off(playlist: Playlist, first: Media, last: Media) -> str:
    """Which of the first and the last segment is shorter than the playlist says; an empty text when neither is."""
    if not playlist.lengths:
        return ""
    for key, told, media in (
        (playlist.segments[0], playlist.lengths[0], first),
        (playlist.segments[-1], playlist.lengths[-1], last),
    ):
        rates = [rate for stream in counted(media, "video") if (rate := picture_rate(stream))]
        allowed = TS_SECONDS + min(1 / min(rates), 1.0) if rates else SOUND_SECONDS
        if (media.duration or 0.0) < told - allowed:
            return f"{key} lasts {media.duration or 0.0:.3f} s, the playlist says {told:.3f} s"
    return ""


def joined_segments(playlist: Playlist, first: Media, last: Media, size: int) -> Media:
    """What the segments are together, told by the first and the last one (probes of both).

    A stream of the last segment that is shorter than the segment itself ends as much before the playlist's length. One
    that the first has and the last has not is left out: it ended before.
    """
    ends = [_ends(last, stream) for stream in last.streams]
    end = max((e for e in ends if e is not None), default=0.0)
    streams = []
    ranks: dict[str, int] = {}
    for stream, stream_end in zip(last.streams, ends, strict=True):
        rank = ranks[stream.kind] = ranks.get(stream.kind, -1) + 1
        same = first.of(stream.kind)
        if rank >= len(same):
            continue  # not there from the beginning
        begin = _begins(first, same[rank])
        length = None if stream_end is None else playlist.seconds - (end - stream_end) - begin
        streams.append(stream._replace(start=begin, duration=length, frames=None, bitrate=None))
    return Media(playlist.seconds, size, tuple(streams), "hls", 0.0)


def _ends(media: Media, stream: Stream) -> float | None:
    return None if stream.duration is None else _begins(media, stream) + stream.duration


def _segment_key(name: str, playlist_key: str) -> str:
    parts = urlsplit(name)
    if parts.scheme or name.startswith("/"):
        return unquote(parts.path).removeprefix("/")
    return f"{playlist_key.rpartition('/')[0]}/{unquote(parts.path)}".removeprefix("/")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[0-9]+(\.[0-9]*)?|\.[0-9]+", text) is not None


def _begins(media: Media, stream: Stream) -> float:
    """Seconds from the file's first moment to the stream's."""
    base = media.start or 0.0
    return (base if stream.start is None else stream.start) - base
