"""What a media file is made of, read with PyAV before anything is rendered from it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

# Their headers carry no duration, or one guessed from the bitrate: packets are counted instead.
FORMATS_WITHOUT_DURATION = {"aac", "mp3"}
# Lists of other files: they would make the renderer open what the request did not name.
_PLAYLISTS = {"hls", "concat", "dash", "hls,applehttp"}


class NotMedia(Exception):  # noqa: N818 -- a finding
    """The file holds nothing that can be played."""


@dataclass(frozen=True)
class Picture:
    """First video stream. `width` and `height` are as shown, `rotation` (degrees, as stored) already applied."""

    codec: str
    profile: str
    width: int
    height: int
    pixel_format: str
    fps: Fraction
    time_base: Fraction
    aspect: Fraction
    rotation: int


@dataclass(frozen=True)
class Sound:
    """First audio stream; `sample_rate` in Hz, `bitrate` in bits/s (0 when unknown)."""

    codec: str
    profile: str
    sample_rate: int
    channels: int
    layout: str
    bitrate: int


@dataclass(frozen=True)
class Source:
    """A media file: `duration` in seconds (the longest stream's), `size` in bytes.

    `counted` is the duration that its packets really fill, None unless asked for.
    """

    path: Path
    size: int
    format: str
    duration: float
    picture: Picture | None
    sound: Sound | None
    counted: float | None = None


# Metadata may be in any encoding; only the streams matter here. PyAV 19 needs no telling, and does not take it.
_LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}


def open_media(path: Path) -> InputContainer:
    """Opens a file for reading; raises `NotMedia` when no demuxer takes it."""
    try:
        container: InputContainer = av.open(str(path), **_LENIENT)
        return container
    except (av.FFmpegError, ValueError, OSError) as error:
        raise NotMedia(f"not a readable media file: {error}") from None


def probe(path: Path, *, count_packets: bool = False) -> Source:
    """What an input file is made of; raises `NotMedia` for what cannot be joined, playlists among it.

    With `count_packets` all of it is read (not decoded), which shows a file that ends before its header says so.
    """
    with open_media(path) as container:
        if container.format.name in _PLAYLISTS:
            raise NotMedia(f"a {container.format.name} playlist: its segments are other objects")
        videos, sounds = moving_pictures(container), container.streams.audio
        if not videos and not sounds:
            raise NotMedia(f"a {container.format.name} file without picture and sound")
        picture = _picture(container, videos[0]) if videos else None
        sound = _sound(sounds[0]) if sounds else None
        seconds = duration(container)
        counted = _counted(container) if count_packets else None
    if seconds <= 0:
        raise NotMedia("a media file of no length")
    return Source(path, path.stat().st_size, container.format.name, seconds, picture, sound, counted)


def sound_length(path: Path) -> float:
    """Seconds of sound in a file, counted in decoded samples; raises `NotMedia` when it holds none."""
    with open_media(path) as container:
        if container.format.name in _PLAYLISTS or not container.streams.audio:
            raise NotMedia("holds no sound")
        try:
            seconds: float = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
        except av.FFmpegError as error:
            raise NotMedia(f"broken: {error}") from None
    if seconds == 0:
        raise NotMedia("holds no sound")
    return seconds


def moving_pictures(container: InputContainer) -> list[Any]:
    """The video streams, less cover art."""
    return [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]


def duration(container: InputContainer) -> float:
    """Seconds from the container's header, or counted in packets where headers do not tell."""
    if container.duration is not None and container.format.name not in FORMATS_WITHOUT_DURATION:
        return container.duration / av.time_base
    return _counted(container)


def media_duration(path: Path) -> float:
    """Seconds of a media file; raises `NotMedia`."""
    with open_media(path) as container:
        return duration(container)


def _counted(container: InputContainer) -> float:
    """Seconds from the first to the last packet of the streams that count."""
    first, last = float("inf"), 0.0
    try:
        container.seek(0)
        for packet in container.demux([*moving_pictures(container), *container.streams.audio]):
            if packet.pts is not None:
                start = float(packet.pts * packet.time_base)
                first = min(first, start)
                last = max(last, start + float((packet.duration or 0) * packet.time_base))
    except av.FFmpegError as error:
        raise NotMedia(f"broken: {error}") from None
    return max(last - first, 0.0)


def rotation(container: InputContainer, stream: Any) -> int:
    """Degrees (counterclockwise, 0 to 359) by which pictures are to be turned when shown, told by the first one.

    Raises:
        NotMedia: there is no picture that can be decoded.
    """
    try:
        stream.codec_context.thread_count = 1  # starting threads takes longer than decoding one picture
        frame = next(container.decode(stream), None)
    except av.FFmpegError as error:
        raise NotMedia(f"its first picture cannot be decoded: {error}") from None
    if frame is None:
        raise NotMedia("its video stream holds no picture")
    return int(frame.rotation) % 360


def _picture(container: InputContainer, stream: Any) -> Picture:
    context = stream.codec_context
    turned = rotation(container, stream)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    width, height = round(context.width * aspect), context.height
    if turned in (90, 270):
        width, height = height, width
    fps = stream.average_rate or stream.guessed_rate or Fraction(25)
    return Picture(
        context.name,
        stream.profile or "",
        width,
        height,
        context.pix_fmt or "",
        fps,
        stream.time_base,
        aspect,
        turned,
    )


def _sound(stream: Any) -> Sound:
    context = stream.codec_context
    return Sound(
        context.name,
        stream.profile or "",
        context.sample_rate,
        context.channels,
        context.layout.name,
        stream.bit_rate or 0,
    )
