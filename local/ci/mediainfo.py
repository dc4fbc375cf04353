"""Media information in the API's own node names, as `?ci-process=videoinfo` and a finished job give it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

from local.ci.probe import NotMedia, duration, moving_pictures, open_media, rotation

__all__ = ["NotMedia", "media_duration", "media_info", "synthetic_info"]

# Bytes of a synthetic object that stand for one second in load tests (`Switches.join == "bytes"`).
_SYNTHETIC_BYTES_PER_SECOND = 1000


def media_info(path: Path) -> dict[str, Any]:
    """`Format` and `Stream` {Video[], Audio[], Subtitle[]} of a media file; every value is text.

    Durations are seconds, bitrates kbps, sizes bytes.

    Raises:
        NotMedia: the file cannot be read as media.
    """
    with open_media(path) as container:
        seconds = duration(container)
        size = path.stat().st_size  # of a playlist: its own, as ffprobe has it
        videos = [_video(container, stream, seconds) for stream in moving_pictures(container)]
        sounds = [_audio(stream, seconds) for stream in container.streams.audio]
        if not videos and not sounds:
            raise NotMedia(f"a {container.format.name} file without picture and sound")
        description = {
            "NumStream": str(len(videos) + len(sounds)),
            "NumProgram": "0",
            "FormatName": container.format.name,
            "FormatLongName": container.format.long_name,
            "StartTime": _decimal((container.start_time or 0) / av.time_base),
            "Duration": _decimal(seconds),
            "Bitrate": _decimal(container.bit_rate / 1000),
            "Size": str(size),
        }
    return {"Format": description, "Stream": {"Video": videos, "Audio": sounds, "Subtitle": []}}


def media_duration(path: Path) -> float:
    """Seconds of a media file; raises `NotMedia`."""
    with open_media(path) as container:
        return duration(container)


def synthetic_info(size: int) -> dict[str, Any]:
    """Media information of an object that only stands for media, in load tests: 1000 bytes last a second.

    Linear in the size, so that a plain concatenation of bytes has the sum of the durations.
    """
    seconds = size / _SYNTHETIC_BYTES_PER_SECOND
    description = {
        "NumStream": "0",
        "NumProgram": "0",
        "FormatName": "synthetic",
        "FormatLongName": "bytes that stand for media in a load test",
        "StartTime": _decimal(0),
        "Duration": _decimal(seconds),
        "Bitrate": _decimal(_SYNTHETIC_BYTES_PER_SECOND * 8 / 1000),
        "Size": str(size),
    }
    return {"Format": description, "Stream": {"Video": [], "Audio": [], "Subtitle": []}}


def _video(container: InputContainer, stream: Any, seconds: float) -> Mapping[str, str]:
    context = stream.codec_context
    width, height = context.width, context.height
    sar = stream.sample_aspect_ratio or Fraction(1)
    dar = Fraction(width, height) * sar
    return _common(stream, seconds) | {
        "Profile": stream.profile or "",
        "Height": str(height),
        "Width": str(width),
        "HasBFrame": str(int(context.has_b_frames)),
        "Sar": f"{sar.numerator}:{sar.denominator}",
        "Dar": f"{dar.numerator}:{dar.denominator}",
        "PixFormat": context.pix_fmt or "",
        "Fps": _decimal(float(stream.guessed_rate or 0)),
        "AvgFps": _rate(stream.average_rate),
        "Rotation": str(rotation(container, stream)),
        "NumFrames": str(stream.frames),  # 0 where the container does not count them
    }


def _audio(stream: Any, seconds: float) -> Mapping[str, str]:
    context = stream.codec_context
    return _common(stream, seconds) | {
        "SampleFmt": context.format.name if context.format else "",
        "SampleRate": str(context.sample_rate),
        "Channel": str(context.channels),
        "ChannelLayout": context.layout.name,
    }


def _common(stream: Any, seconds: float) -> dict[str, str]:
    own = stream.duration * stream.time_base if stream.duration else seconds
    context = stream.codec_context
    return {
        "Index": str(stream.index),
        "CodecName": context.codec.canonical_name,
        "CodecLongName": context.codec.long_name,
        "CodecTimeBase": _rate(stream.time_base),
        "CodecTagString": "".join(c if c.isprintable() else f"[{ord(c)}]" for c in context.codec_tag),  # as ffprobe
        "Timebase": _rate(stream.time_base),
        "StartTime": _decimal(float((stream.start_time or 0) * stream.time_base)),
        "Duration": _decimal(float(own)),
        "Bitrate": _decimal((stream.bit_rate or 0) / 1000),
        "Language": stream.language or "und",
    }


def _rate(rate: Fraction | None) -> str:
    return f"{rate.numerator}/{rate.denominator}" if rate else "0/1"


def _decimal(value: float) -> str:
    return f"{value:.6f}"
