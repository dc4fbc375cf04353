"""Which streams of a file count: moving pictures, sounds, subtitles; not cover pictures, not data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosconcat.model import Media, Stream, StreamKind

PICTURE_FORMATS = ("image2", "png_pipe", "jpeg_pipe", "mjpeg")  # how a probe names a file that is one picture
FASTEST = 240.0  # pictures a second; a nominal rate above is a time base, not a rate
SAMPLES = {"aac": 1024, "mp3": 1152, "opus": 960, "ac3": 1536, "vorbis": 1024}  # in one frame of sound


def counted(media: Media, kind: StreamKind) -> tuple[Stream, ...]:
    """The streams of a kind that must be in the output; of pictures, those that move."""
    found = media.of(kind)
    if kind != "video":
        return found
    moving = tuple(stream for stream in found if not stream.is_cover)
    return moving if moving or media.of("audio") else found


def is_still(media: Media) -> bool:
    """Whether the whole file is one picture."""
    return media.format.startswith(PICTURE_FORMATS)


def picture_rate(stream: Stream) -> float | None:
    """Pictures a second: the average, or the nominal rate where that is not told and this is no time base."""
    return stream.avg_fps or nominal_rate(stream)


def shown_rate(stream: Stream) -> float | None:
    """The rate at which an encoder was told to make pictures; the average where that is not told."""
    return nominal_rate(stream) or stream.avg_fps


def nominal_rate(stream: Stream) -> float | None:
    """The rate at which an encoder was told to make pictures; None where it is not told, or is a time base."""
    return stream.fps if stream.fps and stream.fps <= FASTEST else None


def sound_frame(stream: Stream) -> float:
    """Seconds of one frame of sound; 0 when its rate is not known."""
    return SAMPLES.get(stream.codec, 1024) / stream.sample_rate if stream.sample_rate else 0.0


def unlisted(media: Media) -> int:
    """Streams without a node of their own: data, time codes, attachments."""
    return max((media.num_streams or 0) - len(media.streams), 0)
