"""The pieces of a plan with their files: what of which file is wanted, and whether files are coded alike."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local.ci.errors import JobFailed
from local.ci.rendering.plan import Piece, Plan
from local.media.probe import NotMedia, Source, probe

_TRIM_SLACK = 0.05  # seconds by which EndTime may pass the end: people round durations
_PROBERS = 4  # PyAV lets go of the interpreter while it reads
_CUT_SLACK = 0.3  # seconds by which packets may end before the header says so
_GUESSED = {"aac", "mp3"}  # formats without a header that tells a length: what is claimed is a guess from the bit rate
_LENGTH_INSIDE = {"flac"}  # codecs whose configuration holds the length of the very file
_RESTARTABLE = {"mpegts", "mpeg"}  # formats whose clock ffmpeg itself lets go on where it starts again
_ROUNDED = 0.06  # seconds by which a header's length may differ from the packets' by rounding


@dataclass(frozen=True)
class Span:
    """A piece with its file: seconds `start` to `end` of it are wanted."""

    piece: Piece
    source: Source
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Length of what is wanted."""
        return self.end - self.start

    @property
    def next_at(self) -> float:
        """Seconds after which another file follows where files are put one behind the other.

        The header's length where the packets bear it out, for it knows of padding; else that of the packets.
        """
        claimed = None if self.source.format in _GUESSED else self.source.claimed
        near = claimed is not None and abs(claimed - self.source.duration) <= _ROUNDED
        return claimed if claimed is not None and near else self.source.duration

    @property
    def whole(self) -> bool:
        """Whether nothing is cut off."""
        return self.start == 0 and self.end == self.source.duration


def spans_of(plan: Plan, files: Mapping[str, Path]) -> list[Span]:
    """Probes every object of the pieces once, to its last packet; raises `JobFailed` for what cannot be joined."""
    keys = dict.fromkeys(piece.key for piece in plan.pieces)
    with ThreadPoolExecutor(_PROBERS) as probers:
        sources = dict(zip(keys, probers.map(lambda key: source_of(key, files[key]), keys), strict=True))
    return [_span(plan, piece, sources[piece.key]) for piece in plan.pieces]


def source_of(key: str, path: Path) -> Source:
    """What an object is made of; raises `JobFailed` naming it when it cannot be joined without loss."""
    try:
        source = probe(path)
    except NotMedia as error:
        raise JobFailed("ResourceNotSupported", f"{key}: {error}") from None
    if source.claimed is not None and source.format not in _GUESSED and source.claimed - source.reach > _CUT_SLACK:
        raise JobFailed(
            "ResourceNotSupported",
            f"{key} is cut: its header says {source.claimed:.3f} s, but it holds {source.reach:.3f} s",
        )
    if source.restarts and source.format not in _RESTARTABLE:
        raise JobFailed(
            "ResourceNotSupported",
            f"{key}: its time stamps jump back {source.restarts} time(s), as if several recordings were in one file",
        )
    return source


def _span(plan: Plan, piece: Piece, source: Source) -> Span:
    if plan.direct:  # "ignored when DirectConcat=true"
        return Span(piece, source, 0.0, source.duration)
    for node, seconds in (("StartTime", piece.start), ("EndTime", piece.end)):
        if seconds is not None and seconds > source.duration + _TRIM_SLACK:
            raise JobFailed(
                "InvalidArgument",
                f"Operation.ConcatTemplate.ConcatFragment.{node} is {seconds:g}, "
                f"but {piece.key} lasts {source.duration:.3f} s",
            )
    start = piece.start or 0.0
    end = source.duration if piece.end is None else min(piece.end, source.duration)
    if end <= start:
        raise JobFailed("InvalidArgument", f"nothing of {piece.key} lies between {start:g} and {end:g} s")
    return Span(piece, source, start, end)


def difference(spans: Sequence[Span]) -> str:
    """Why ffmpeg cannot read the pieces one after the other as if they were one, in words; empty when it can."""
    first = spans[0]
    for span in spans:
        if odd := _oddity(span.source):
            return f"{span.piece.key} {odd}"
        for name, here, there in _differences(first.source, span.source):
            return f"{name} is {here} in {first.piece.key}, but {there} in {span.piece.key}"
    return ""


def _oddity(source: Source) -> str:
    """What of a file's own would be lost or shifted if another were simply put behind it."""
    if source.hidden:
        return f"hides {source.hidden} pictures behind an edit list"
    if source.restarts:
        return "has a clock that starts again"
    return ""


def _differences(first: Source, other: Source) -> list[tuple[str, str, str]]:
    """Frame rates count as equal within 2 %: recorders drift, and time stamps are kept anyway."""
    mine, theirs = _properties(first), _properties(other)
    named = [(name, mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]]
    if first.picture and other.picture and abs(other.picture.fps / first.picture.fps - 1) > 0.02:
        named.append(("frame rate", f"{float(first.picture.fps):g}", f"{float(other.picture.fps):g}"))
    for name, here, there in zip(("video", "audio"), _parameters(first), _parameters(other), strict=True):
        if here != there:
            named.append((f"{name} parameter sets (MD5)", here, there))
    return named


def _parameters(source: Source) -> tuple[str, str]:
    """What the decoders need to know beforehand: it is told once for the whole of a joined file."""
    picture = source.picture.parameters if source.picture else b""
    sound = source.sound.parameters if source.sound and source.sound.codec not in _LENGTH_INSIDE else b""
    return hashlib.md5(picture).hexdigest()[:8], hashlib.md5(sound).hexdigest()[:8]


def _properties(source: Source) -> dict[str, str]:
    picture, sound = source.picture, source.sound
    return {
        "video codec": picture.codec if picture else "none",
        "video profile": picture.profile if picture else "none",
        "picture size": f"{picture.width}x{picture.height}" if picture else "none",
        "rotation": str(picture.rotation) if picture else "none",
        "pixel format": picture.pixel_format if picture else "none",
        "pixel aspect": str(picture.aspect) if picture else "none",
        "video time base": str(picture.time_base) if picture else "none",
        "video stream": str(picture.index) if picture else "none",
        "audio codec": sound.codec if sound else "none",
        "audio profile": sound.profile if sound else "none",
        "sample rate": str(sound.sample_rate) if sound else "none",
        "channels": str(sound.channels) if sound else "none",
        "audio stream": str(sound.index) if sound else "none",
    }
