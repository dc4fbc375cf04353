"""Media information in the API's own node names, as `?ci-process=videoinfo` and a finished job give it.

Every stream has a node of its own kind, covers and further tracks included; streams of data (time code, telemetry) show
in NumStream alone. A figure is what ffprobe would print for it. What the container does not hold has no node: Matroska,
WebM and FLV tell no length of a single stream, and those, MPEG-TS and fragmented mp4 no number of frames. That the
service reads media as ffprobe does is assumed: its nodes are ffprobe's under other names.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

from local.media.probe import NotMedia, open_media

__all__ = ["NotMedia", "media_info", "synthetic_info"]

# Bytes of a synthetic object that stand for one second in load tests (`Switches.join == "bytes"`).
_SYNTHETIC_BYTES_PER_SECOND = 1000
_WITHOUT_STREAM_LENGTHS = {"matroska,webm", "flv", "hls"}
_MANY_PROGRAMS = {"mpegts", "hls"}  # PyAV does not count their programs

Nodes = dict[str, str]


def media_info(path: Path) -> dict[str, Any]:
    """`Format` and `Stream` {Video[], Audio[], Subtitle[]} of a media file; every value is text.

    Durations and times are seconds, bitrates kbps, sizes bytes.

    Raises:
        NotMedia: the file cannot be read as media, or holds neither picture nor sound.
    """
    with open_media(path) as container:
        told = {
            "Video": [_video(container, stream) for stream in container.streams.video],
            "Audio": [_audio(container, stream) for stream in container.streams.audio],
            "Subtitle": [_stream(container, stream) for stream in container.streams.subtitles],
        }
        if not told["Video"] and not told["Audio"]:
            raise NotMedia(f"a {container.format.name} file without picture and sound")
        return {"Format": _format(container, path.stat().st_size), "Stream": told}


def synthetic_info(size: int) -> dict[str, Any]:
    """Media information of an object that only stands for media, in load tests: 1000 bytes last a second.

    Linear in the size, so that a plain concatenation of bytes has the sum of the durations.
    """
    seconds = size / _SYNTHETIC_BYTES_PER_SECOND
    description = {
        "NumStream": "1",
        "NumProgram": "0",
        "FormatName": "synthetic",
        "FormatLongName": "bytes that stand for media in a load test",
        "StartTime": _decimal(0),
        "Duration": _decimal(seconds),
        "Bitrate": _decimal(_SYNTHETIC_BYTES_PER_SECOND * 8 / 1000),
        "Size": str(size),
    }
    picture = {
        "Index": "0",
        "CodecName": "synthetic",
        "StartTime": _decimal(0),
        "Duration": _decimal(seconds),
        "NumFrames": str(size),  # one a byte
        "Fps": _decimal(_SYNTHETIC_BYTES_PER_SECOND),
        "AvgFps": f"{_SYNTHETIC_BYTES_PER_SECOND}/1",
    }
    return {"Format": description, "Stream": {"Video": [picture], "Audio": [], "Subtitle": []}}


def _format(container: InputContainer, size: int) -> Nodes:
    """The file as a whole; the size of a playlist is its own, as ffprobe has it."""
    return _known(
        NumStream=str(len(container.streams)),
        NumProgram=None if container.format.name in _MANY_PROGRAMS else "0",
        FormatName=container.format.name,
        FormatLongName=container.format.long_name,
        StartTime=_seconds(container.start_time, Fraction(1, av.time_base)),
        Duration=_seconds(container.duration, Fraction(1, av.time_base)),
        Bitrate=_kbps(container.bit_rate),
        Size=str(size),
    )


def _level(context: Any) -> str | None:
    """The codec's level; PyAV tells it from 18 on, and only where there is one."""
    level = getattr(context, "level", None)
    return str(level) if level is not None and level > 0 else None


def _video(container: InputContainer, stream: Any) -> Nodes:
    """Fps is the rate of the time stamps (`r_frame_rate`), AvgFps pictures by seconds; a cover has no AvgFps."""
    context = stream.codec_context
    if context is None:  # no decoder here knows the codec
        return _stream(container, stream)
    width, height = context.width, context.height
    sar = stream.sample_aspect_ratio or Fraction(1)
    dar = Fraction(width, height) * sar if height else None
    return _stream(container, stream) | _known(
        Profile=stream.profile,
        Level=_level(context),
        Height=str(height),
        Width=str(width),
        HasBFrame=str(int(context.has_b_frames)),
        Sar=f"{sar.numerator}:{sar.denominator}",
        Dar=f"{dar.numerator}:{dar.denominator}" if dar else None,
        PixFormat=context.pix_fmt,
        Fps=_decimal(float(stream.base_rate)) if stream.base_rate else None,
        AvgFps=_ratio(stream.average_rate) or "0/0",
        Rotation=str(_rotation(container, stream)),
        NumFrames=str(stream.frames) if stream.frames else None,
    )


def _rotation(container: InputContainer, stream: Any) -> int:
    """Degrees counterclockwise, 0 to 359, as the first picture tells; 0 where no picture can be decoded."""
    try:
        stream.codec_context.thread_count = 1  # starting threads takes longer than decoding one picture
        frame = next(container.decode(stream), None)
    except av.FFmpegError:
        return 0
    return int(frame.rotation) % 360 if isinstance(frame, av.VideoFrame) else 0


def _audio(container: InputContainer, stream: Any) -> Nodes:
    context = stream.codec_context
    if context is None:
        return _stream(container, stream)
    return _stream(container, stream) | _known(
        SampleFmt=context.format.name if context.format else None,
        SampleRate=str(context.sample_rate),
        Channel=str(context.channels),
        ChannelLayout=context.layout.name,
    )


def _stream(container: InputContainer, stream: Any) -> Nodes:
    """What streams of every kind have, and all that a subtitle has."""
    told = container.format.name not in _WITHOUT_STREAM_LENGTHS
    return _codec(stream) | _known(
        Index=str(stream.index),
        Timebase=_ratio(stream.time_base),
        StartTime=_seconds(stream.start_time, stream.time_base),
        Duration=_seconds(stream.duration, stream.time_base) if told else None,
        Bitrate=_kbps(stream.bit_rate) if hasattr(stream, "bit_rate") else None,
        Language=stream.language,
    )


def _codec(stream: Any) -> Nodes:
    context = stream.codec_context
    if context is None:
        return {}
    tag = "".join(c if c.isprintable() else f"[{ord(c)}]" for c in context.codec_tag)  # as ffprobe
    return {
        "CodecName": context.codec.canonical_name,
        "CodecLongName": context.codec.long_name,
        "CodecTimeBase": _ratio(stream.time_base) or "",
        "CodecTagString": tag,
    }


def _known(**nodes: str | None) -> Nodes:
    """The nodes that have a value: for what is not known there is no node."""
    return {name: value for name, value in nodes.items() if value is not None and value != ""}


def _seconds(count: int | None, unit: Fraction) -> str | None:
    return None if count is None else _decimal(float(count * unit))


def _kbps(bits: int | None) -> str | None:
    return _decimal(bits / 1000) if bits else None


def _ratio(rate: Fraction | None) -> str | None:
    return f"{rate.numerator}/{rate.denominator}" if rate else None


def _decimal(value: float) -> str:
    return f"{value:.6f}"
