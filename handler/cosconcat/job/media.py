"""Media information as CI reports it, of a probed object or of a job's output, and what we keep of it."""

from __future__ import annotations

import math

from cosconcat.errors import InvalidInput
from cosconcat.job import schema
from cosconcat.job.markup import read_xml
from cosconcat.job.parts import PAGE, SDK
from cosconcat.job.schema import ANYTHING, Node, branch, branches, leaf
from cosconcat.model import Media, Stream, StreamKind

_STREAMS = 100  # most streams of one kind that are looked at
_UNSAID = frozenset({"", "N/A", "-"})  # how a length that is not known is written


class FormatInfo(Node):
    """The file as a whole: Duration and StartTime in seconds, Size in bytes, Bitrate in kbps."""

    Duration: str = leaf(ANYTHING, SDK)
    Size: str = leaf(ANYTHING, SDK)
    StartTime: str = leaf(ANYTHING, SDK)
    Bitrate: str = leaf(ANYTHING, SDK)
    FormatName: str = leaf(ANYTHING, SDK)
    NumStream: str = leaf(ANYTHING, SDK)


class StreamInfo(Node):
    """What every kind of stream says."""

    Index: str = leaf(ANYTHING, SDK)
    CodecName: str = leaf(ANYTHING, SDK)
    StartTime: str = leaf(ANYTHING, SDK)
    Duration: str = leaf(ANYTHING, SDK)
    Bitrate: str = leaf(ANYTHING, SDK)
    Timebase: str = leaf(ANYTHING, SDK)
    Language: str = leaf(ANYTHING, SDK)


class VideoInfo(StreamInfo):
    """One video stream; Fps comes as `15.000000` or as `50/1`."""

    Profile: str = leaf(ANYTHING, SDK)
    Level: str = leaf(ANYTHING, SDK)
    Width: str = leaf(ANYTHING, SDK)
    Height: str = leaf(ANYTHING, SDK)
    Fps: str = leaf(ANYTHING, SDK)
    AvgFps: str = leaf(ANYTHING, SDK)
    NumFrames: str = leaf(ANYTHING, SDK)
    PixFormat: str = leaf(ANYTHING, SDK)
    Sar: str = leaf(ANYTHING, SDK)
    Rotation: str = leaf(ANYTHING, SDK)


class AudioInfo(StreamInfo):
    """One audio stream; SampleRate in Hz."""

    Profile: str = leaf(ANYTHING, SDK)
    SampleRate: str = leaf(ANYTHING, SDK)
    Channel: str = leaf(ANYTHING, SDK)


class SubtitleInfo(StreamInfo):
    """One subtitle stream."""


class Streams(Node):
    """The streams, each kind once, several times or not at all."""

    Video: tuple[VideoInfo, ...] = branches(VideoInfo, SDK, most=_STREAMS)
    Audio: tuple[AudioInfo, ...] = branches(AudioInfo, SDK, most=_STREAMS)
    Subtitle: tuple[SubtitleInfo, ...] = branches(SubtitleInfo, SDK, most=_STREAMS)


class MediaInfo(Node):
    """`MediaInfo` of a probe or of a finished job."""

    Format: FormatInfo | None = branch(FormatInfo, PAGE)
    Stream: Streams | None = branch(Streams, PAGE)


def read_media(body: bytes) -> Media:
    """What `GET /<key>?ci-process=videoinfo` answered.

    Raises:
        InvalidInput: broken XML, no MediaInfo, or a duration or size that is no number.
    """
    _, content = read_xml(body, "MediaInfo")
    if "MediaInfo" not in content:
        code = content.get("Code")
        said = f", which says {code}" if isinstance(code, str) and code else ""
        raise InvalidInput([f"MediaInfo: missing in the answer{said}"])
    return media_of(schema.read(MediaInfo, content["MediaInfo"], "MediaInfo", [], "tolerant"))


def media_of(info: MediaInfo) -> Media:
    """The file and all of its streams; a node that is absent is None.

    Raises:
        InvalidInput: a size that is missing, or a duration or size that is no number; a join cannot be verified with a
            guess.
    """
    format_ = info.Format or FormatInfo()
    duration, size = _positive(format_.Duration), _positive(format_.Size)
    said = format_.Duration not in _UNSAID
    if size is None or not size.is_integer() or (said and duration is None):
        found = f"Duration '{format_.Duration}', Size '{format_.Size}'"
        raise InvalidInput([f"MediaInfo.Format: {found}; allowed: seconds and whole bytes, not negative"])
    return Media(
        duration=duration or None,
        size=int(size),
        streams=_streams(info.Stream or Streams()),
        format=format_.FormatName,
        start=_number(format_.StartTime),
        bitrate=_positive(format_.Bitrate),
        num_streams=_whole(format_.NumStream),
    )


def _streams(streams: Streams) -> tuple[Stream, ...]:
    """All of them in the file's order, if each says its place; an empty element is no stream."""
    found = [
        *(_video(info) for info in streams.Video if info != VideoInfo()),
        *(_audio(info) for info in streams.Audio if info != AudioInfo()),
        *(_stream("subtitle", info) for info in streams.Subtitle if info != SubtitleInfo()),
    ]
    if all(stream.stream_index is not None for stream in found):
        found.sort(key=lambda stream: stream.stream_index or 0)
    return tuple(found)


def _video(info: VideoInfo) -> Stream:
    return _stream("video", info)._replace(
        frames=_whole(info.NumFrames) or None,  # 0: not counted
        fps=_rate(info.Fps),
        avg_fps=_rate(info.AvgFps),
        profile=info.Profile,
        level=info.Level,
        width=_whole(info.Width) or None,
        height=_whole(info.Height) or None,
        pix_format=info.PixFormat,
        sar=info.Sar,
        rotation=_number(info.Rotation),
    )


def _audio(info: AudioInfo) -> Stream:
    return _stream("audio", info)._replace(
        profile=info.Profile, sample_rate=_whole(info.SampleRate) or None, channels=_whole(info.Channel) or None
    )


def _stream(kind: StreamKind, info: StreamInfo) -> Stream:
    return Stream(
        kind=kind,
        codec=info.CodecName,
        stream_index=_whole(info.Index),
        start=_number(info.StartTime),
        duration=_positive(info.Duration) or None,
        bitrate=_positive(info.Bitrate) or None,
        timebase=info.Timebase,
        language=info.Language,
    )


def _number(text: str) -> float | None:
    """A finite number, else None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _positive(text: str) -> float | None:
    """A finite number that is not negative, else None."""
    value = _number(text)
    return value if value is not None and value >= 0 else None


def _whole(text: str) -> int | None:
    """A number of things, else None."""
    value = _positive(text)
    return int(value) if value is not None else None


def _rate(text: str) -> float | None:
    """Frames a second from `25`, `15.000000` or `50/1`; None when unknown, as `0/0` says it."""
    above, _, below = text.partition("/")
    frames, seconds = _positive(above), _positive(below or "1")
    return frames / seconds if frames and seconds else None
