"""The pieces of a plan with their files: what of which file is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local.ci.errors import JobFailed
from local.ci.plan import Piece, Plan
from local.ci.probe import NotMedia, Source, probe

_TRIM_SLACK = 0.05  # seconds by which EndTime may pass the end: people round durations
_PROBERS = 4  # PyAV lets go of the interpreter while it reads
_CUT_SLACK = 0.3  # seconds by which packets may end before the header says so


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
    def whole(self) -> bool:
        """Whether nothing is cut off."""
        return self.start == 0 and self.end == self.source.duration


def spans_of(plan: Plan, files: Mapping[str, Path]) -> list[Span]:
    """Probes every object of the pieces once, to its last packet; raises `JobFailed` for what cannot be joined."""
    keys = dict.fromkeys(piece.key for piece in plan.pieces)
    with ThreadPoolExecutor(_PROBERS) as probers:
        probed = probers.map(lambda key: source_of(key, files[key], count_packets=True), keys)
        sources = dict(zip(keys, probed, strict=True))
    return [_trimmed(piece, sources[piece.key]) for piece in plan.pieces]


def source_of(key: str, path: Path, *, count_packets: bool = False) -> Source:
    """What an object is made of; raises `JobFailed` naming it when it cannot be joined."""
    try:
        source = probe(path, count_packets=count_packets)
    except NotMedia as error:
        raise JobFailed("ResourceNotSupported", f"{key}: {error}") from None
    if source.counted is not None and source.duration - source.counted > _CUT_SLACK:
        raise JobFailed(
            "ResourceNotSupported",
            f"{key} is cut: its header says {source.duration:.3f} s, but it holds {source.counted:.3f} s",
        )
    return source


def _trimmed(piece: Piece, source: Source) -> Span:
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
    """The first property in which the pieces' coding differs, in words; empty when packets could be copied."""
    first = spans[0]
    for span in spans[1:]:
        for name, here, there in _differences(first.source, span.source):
            return f"{name} is {here} in {first.piece.key}, but {there} in {span.piece.key}"
    return ""


def _differences(first: Source, other: Source) -> list[tuple[str, str, str]]:
    """Frame rates count as equal within 2 %: recorders drift, and time stamps are kept anyway."""
    mine, theirs = _properties(first), _properties(other)
    named = [(name, mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]]
    if first.picture and other.picture and abs(other.picture.fps / first.picture.fps - 1) > 0.02:
        named.append(("frame rate", f"{float(first.picture.fps):g}", f"{float(other.picture.fps):g}"))
    return named


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
        "audio codec": sound.codec if sound else "none",
        "audio profile": sound.profile if sound else "none",
        "sample rate": str(sound.sample_rate) if sound else "none",
        "channels": str(sound.channels) if sound else "none",
    }
