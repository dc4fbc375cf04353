"""Media information as CI reports it, of a probed object or of a job's output, and what we keep of it."""

from __future__ import annotations

import math

from cosconcat.errors import InvalidInput
from cosconcat.job import schema
from cosconcat.job.markup import read_xml
from cosconcat.job.parts import PAGE, SDK
from cosconcat.job.schema import ANYTHING, Node, branch, branches, leaf
from cosconcat.ports import AudioStream, Media, VideoStream

_STREAMS = 100  # most streams of one kind that are looked at


class FormatInfo(Node):
    """The file as a whole: Duration in seconds, Size in bytes."""

    Duration: str = leaf(ANYTHING, SDK)
    Size: str = leaf(ANYTHING, SDK)


class VideoInfo(Node):
    """One video stream; Fps comes as `15.000000` or as `50/1`."""

    CodecName: str = leaf(ANYTHING, SDK)
    Profile: str = leaf(ANYTHING, SDK)
    Width: str = leaf(ANYTHING, SDK)
    Height: str = leaf(ANYTHING, SDK)
    Fps: str = leaf(ANYTHING, SDK)
    AvgFps: str = leaf(ANYTHING, SDK)
    Timebase: str = leaf(ANYTHING, SDK)
    PixFormat: str = leaf(ANYTHING, SDK)


class AudioInfo(Node):
    """One audio stream; SampleRate in Hz."""

    CodecName: str = leaf(ANYTHING, SDK)
    SampleRate: str = leaf(ANYTHING, SDK)
    Channel: str = leaf(ANYTHING, SDK)


class Streams(Node):
    """The streams, each kind once, several times or not at all."""

    Video: tuple[VideoInfo, ...] = branches(VideoInfo, SDK, most=_STREAMS)
    Audio: tuple[AudioInfo, ...] = branches(AudioInfo, SDK, most=_STREAMS)


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
        raise InvalidInput(["MediaInfo: missing in the answer"])
    return media_of(schema.read(MediaInfo, content["MediaInfo"], "MediaInfo", [], "tolerant"))


def media_of(info: MediaInfo) -> Media:
    """The file's duration, size and first streams.

    Raises:
        InvalidInput: a duration or size that is missing or no number; a join cannot be verified with a guess.
    """
    format_ = info.Format or FormatInfo()
    streams = info.Stream or Streams()
    duration, size = _number(format_.Duration), _number(format_.Size)
    if duration is None or size is None or not size.is_integer():
        found = f"Duration '{format_.Duration}', Size '{format_.Size}'"
        raise InvalidInput([f"MediaInfo.Format: {found}; allowed: seconds and whole bytes, not negative"])
    return Media(
        duration=duration,
        size=int(size),
        video=_video(streams.Video[0]) if streams.Video else None,
        audio=_audio(streams.Audio[0]) if streams.Audio else None,
    )


def _video(info: VideoInfo) -> VideoStream | None:
    if info == VideoInfo():
        return None  # an empty element: no such stream
    return VideoStream(
        codec=info.CodecName,
        profile=info.Profile,
        width=int(_number(info.Width) or 0),
        height=int(_number(info.Height) or 0),
        fps=_rate(info.Fps) or _rate(info.AvgFps),
        timebase=info.Timebase,
        pix_format=info.PixFormat,
    )


def _audio(info: AudioInfo) -> AudioStream | None:
    if info == AudioInfo():
        return None
    return AudioStream(info.CodecName, int(_number(info.SampleRate) or 0), int(_number(info.Channel) or 0))


def _number(text: str) -> float | None:
    """A number that is finite and not negative, else None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _rate(text: str) -> float:
    """Frames a second from `25`, `15.000000` or `50/1`; 0 when unknown."""
    above, _, below = text.partition("/")
    frames, seconds = _number(above), _number(below or "1")
    return frames / seconds if frames and seconds else 0.0
