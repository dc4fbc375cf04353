"""What a media file is made of: what its header says, and what its packets say, read with PyAV before any rendering.

A header may claim too little or too much, so nothing is rendered by it: lengths are those of the packets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

# Lists of other files: they would make the renderer open what the request did not name.
_PLAYLISTS = {"hls", "concat", "dash", "hls,applehttp"}
# Formats whose clock may start again in the middle; ffmpeg's own reading goes on where it was (AVFMT_TS_DISCONT).
_RESTARTING = {"mpegts", "mpeg"}
_NOTHING_AFTER, _TRAILER = {"flv", "wav"}, 4096  # formats with no more than so many bytes behind the last packet
_BACK, _AHEAD = 0.1, 10.0  # seconds by which ffmpeg lets such a clock jump before it takes it for a new one
_MP4_BEGINS = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp"}
_SENSIBLE_RATE = 240  # pictures a second; more is a guess of the demuxer


class NotMedia(Exception):  # noqa: N818 -- a finding
    """The file holds nothing that can be played."""


@dataclass(frozen=True)
class Extent:
    """Where the packets of a stream begin and end, in seconds from the file's beginning, and how many are played."""

    start: float
    end: float
    packets: int


@dataclass(frozen=True)
class Track:
    """A stream of a file, with its kind: "film", "cover", "sound", "subtitle", or what else ffmpeg calls it."""

    index: int
    kind: str
    extent: Extent | None


@dataclass(frozen=True)
class Picture:
    """The first moving picture. `width` and `height` are as shown, `rotation` (degrees, as stored) already applied."""

    index: int
    codec: str
    profile: str
    parameters: bytes  # the decoder's parameter sets
    width: int
    height: int
    pixel_format: str
    fps: Fraction
    time_base: Fraction
    aspect: Fraction
    rotation: int
    extent: Extent


@dataclass(frozen=True)
class Sound:
    """The first track of sound; `sample_rate` in Hz, `bitrate` in bits/s (0 when unknown)."""

    index: int
    codec: str
    profile: str
    parameters: bytes
    sample_rate: int
    channels: int
    bitrate: int
    extent: Extent


@dataclass(frozen=True)
class Source:
    """A media file, `size` in bytes.

    `claimed`: seconds of its header, None where it has none. `reach`: seconds to the end of its last packet, of
    whatever stream. `hidden`: pictures that an edit list hides. `restarts`: how often its clock jumps.
    """

    path: Path
    size: int
    format: str
    claimed: float | None
    reach: float
    picture: Picture | None
    sound: Sound | None
    hidden: int
    restarts: int

    @property
    def extents(self) -> list[Extent]:
        """Those of the picture and of the sound, as far as they are there."""
        return [part.extent for part in (self.picture, self.sound) if part is not None]

    @property
    def duration(self) -> float:
        """Seconds from the file's beginning to the end of its last packet of picture or sound."""
        return max(extent.end for extent in self.extents)


# Metadata may be in any encoding; only the streams matter here. PyAV 19 needs no telling, and does not take it.
_LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}


def open_media(path: Path) -> InputContainer:
    """Opens a file for reading; raises `NotMedia` when no demuxer takes it."""
    try:
        container: InputContainer = av.open(str(path), **_LENIENT)
        return container
    except av.FFmpegError as error:
        raise NotMedia(f"not a readable media file: {error.strerror}") from None
    except (ValueError, OSError) as error:
        raise NotMedia(f"not a readable media file: {type(error).__name__}") from None


def probe(path: Path) -> Source:
    """What an input file is made of, read to its last packet (nothing but one picture is decoded).

    Raises:
        NotMedia: it cannot be joined; playlists are among that.
    """
    if _movies(path) > 1:
        raise NotMedia("several mp4 recordings in one file, of which only the first is played")
    with open_media(path) as container:
        if container.format.name in _PLAYLISTS:
            raise NotMedia(f"a {container.format.name} playlist: its segments are other objects")
        scan = _Scan(container)
        if not scan.picture and not scan.sound:
            raise NotMedia(f"a {container.format.name} file without picture and sound")
        found = Source(
            path,
            path.stat().st_size,
            container.format.name,
            container.duration / av.time_base if container.duration is not None else None,
            scan.reach,
            _picture(scan.picture, scan.rotation(), scan.extent(scan.picture)) if scan.picture else None,
            _sound(scan.sound, scan.extent(scan.sound)) if scan.sound else None,
            scan.hidden,
            scan.restarts,
        )
        unread = found.size - scan.read_to
        if found.format in _NOTHING_AFTER and unread > _TRAILER:
            raise NotMedia(f"its last {unread} bytes are not played: it seems to be several recordings in one file")
    if found.duration <= 0:
        raise NotMedia("a media file of no length")
    return found


def _movies(path: Path) -> int:
    """How many descriptions of a movie (`moov`) stand in a file of the mp4 family; 0 for any other file."""
    count = at = 0
    with path.open("rb") as file:
        while len(head := file.read(16)) >= 8:
            length = int.from_bytes(head[:4], "big")
            if at == 0 and head[4:8] not in _MP4_BEGINS:
                return 0
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            count += head[4:8] == b"moov"
            if length < 8:  # to the end of the file, or no such file
                break
            at += length
            file.seek(at)
    return count


def extents(path: Path) -> tuple[Extent | None, Extent | None]:
    """How far the packets of the film and of the first sound reach; raises `NotMedia`."""
    with open_media(path) as container:
        scan = _Scan(container)
        return (
            scan.extent(scan.picture) if scan.picture else None,
            scan.extent(scan.sound) if scan.sound else None,
        )


def tracks(path: Path) -> list[Track]:
    """Every stream of a file in its order; further moving pictures are films too. Raises `NotMedia`."""
    with open_media(path) as container:
        scan = _Scan(container)
        return [Track(stream.index, scan.kind(stream), scan.reached(stream)) for stream in container.streams]


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


class _Scan:
    """One pass over a file's packets: where each stream begins and ends, on clocks that never jump back.

    `picture` is the film: the first video stream that is no cover, told by its disposition or by its single picture.
    """

    def __init__(self, container: InputContainer) -> None:
        self._clocks = {stream.index: _Clock(container.format.name in _RESTARTING) for stream in container.streams}
        videos = [stream for stream in container.streams.video if stream.codec_context is not None]
        for stream in videos:
            stream.codec_context.thread_count = 1  # starting threads takes longer than decoding one picture
        self._firsts: dict[int, Any] = {stream.index: None for stream in videos}
        self._hidden = dict.fromkeys(self._clocks, 0)
        self.read_to = 0
        try:
            for packet in container.demux():
                self._read(packet)
        except av.FFmpegError as error:
            raise NotMedia(f"broken: {error}") from None
        self.picture = _film(videos, {index: clock.packets for index, clock in self._clocks.items()})
        self.sound: Any = next((s for s in container.streams.audio if s.codec_context is not None), None)
        mine = [self._clocks[stream.index] for stream in (self.picture, self.sound) if stream is not None]
        self.restarts = max((clock.restarts for clock in mine), default=0)
        self.hidden = self._hidden[self.picture.index] if self.picture else 0
        self._zero = min((clock.first for clock in mine if clock.packets), default=0.0)
        if container.start_time is not None:
            self._zero = container.start_time / av.time_base
        self.reach = max((clock.last for clock in self._clocks.values() if clock.packets), default=0.0) - self._zero

    def _read(self, packet: Any) -> None:
        index = packet.stream.index
        if index in self._firsts and self._firsts[index] is None:
            self._firsts[index] = _first_picture(packet)
        if packet.size == 0 and packet.dts is None:
            return  # PyAV's sign of the end
        if packet.is_discard:
            self._hidden[index] += 1
        else:
            self._clocks[index].read(packet)
        self.read_to = max(self.read_to, (packet.pos or 0) + packet.size)

    def rotation(self) -> int:
        """Degrees (counterclockwise, 0 to 359) by which pictures are to be turned when shown."""
        first = self._firsts[self.picture.index]
        if first is None:
            raise NotMedia("its video stream holds no picture that can be decoded")
        return int(first.rotation) % 360

    def extent(self, stream: Any) -> Extent:
        """Of one of the joined streams; raises `NotMedia` when it is empty."""
        extent = self.reached(stream)
        if extent is None:
            raise NotMedia(f"its {stream.type} stream {stream.index} holds nothing")
        return extent

    def reached(self, stream: Any) -> Extent | None:
        """Of any stream; None when it is empty."""
        clock = self._clocks[stream.index]
        if not clock.packets:
            return None
        return Extent(max(clock.first - self._zero, 0.0), clock.last - self._zero, clock.packets)

    def kind(self, stream: Any) -> str:
        """What a stream is to a viewer."""
        if stream.type != "video":
            return {"audio": "sound"}.get(stream.type, str(stream.type))
        moves = self._clocks[stream.index].packets > 1 or (self.picture and stream.index == self.picture.index)
        return "film" if moves else "cover"


def _film(videos: Sequence[Any], packets: Mapping[int, int]) -> Any:
    """The video stream that is no cover; a single picture counts only where there is no other."""
    pictures = [s for s in videos if not s.disposition & av.stream.Disposition.attached_pic]
    return next((s for s in pictures if packets[s.index] > 1), pictures[0] if pictures else None)


def _first_picture(packet: Any) -> Any:
    """The first picture that comes out of this packet, if any; what is broken may come right with a later one."""
    try:
        return next(iter(packet.decode()), None)
    except av.FFmpegError:
        return None


class _Clock:
    """The time stamps of one stream, in seconds; where they start again they go on instead."""

    def __init__(self, restarting: bool) -> None:
        self.first, self.last, self.packets, self.restarts = float("inf"), float("-inf"), 0, 0
        self._restarting = restarting
        self._offset = self._step = 0.0
        self._decoded = float("-inf")

    def read(self, packet: Any) -> None:
        expected = self._decoded + self._step
        decoded, shown = self._times(packet, expected)
        untold = (
            packet.dts is None and packet.pts is not None
        )  # the first ones of Matroska, where pictures are reordered
        if self.packets and not untold:
            ahead = decoded - expected
            if ahead < -_BACK - self._step or (self._restarting and ahead > _AHEAD):
                self.restarts += 1
                self._offset -= ahead
                decoded, shown = expected, shown - ahead
        if packet.duration:
            self._step = float(packet.duration * packet.time_base)
        elif self.packets and decoded > self._decoded:
            self._step = decoded - self._decoded  # its format tells no lengths: as long as the one before
        if not untold or not self.packets:
            self._decoded = decoded
        self.packets += 1
        self.first = min(self.first, shown)
        self.last = max(self.last, shown + self._step)

    def _times(self, packet: Any, expected: float) -> tuple[float, float]:
        """When the packet is decoded and shown; one without time stamps follows the one before."""
        decoded, shown = (None if ticks is None else float(ticks * packet.time_base) + self._offset
                          for ticks in (packet.dts, packet.pts))  # fmt: skip
        if decoded is None:
            decoded = shown
        if decoded is None:
            decoded = expected if self.packets else 0.0
        return decoded, decoded if shown is None else shown


def _picture(stream: Any, turned: int, extent: Extent) -> Picture:
    context = stream.codec_context
    aspect = stream.sample_aspect_ratio or Fraction(1)
    width, height = round(context.width * aspect), context.height
    if turned in (90, 270):
        width, height = height, width
    return Picture(
        stream.index,
        context.name,
        stream.profile or "",
        bytes(context.extradata or b""),
        width,
        height,
        context.pix_fmt or "",
        _rate(stream),
        stream.time_base,
        aspect,
        turned,
        extent,
    )


def _rate(stream: Any) -> Fraction:
    """The rate at which no picture is left out: that of the time stamps, where it is one, not the average."""
    for rate in (stream.base_rate, stream.average_rate):
        if rate and rate <= _SENSIBLE_RATE:
            return Fraction(rate)
    return Fraction(25)


def _sound(stream: Any, extent: Extent) -> Sound:
    context = stream.codec_context
    return Sound(
        stream.index,
        context.name,
        stream.profile or "",
        bytes(context.extradata or b""),
        context.sample_rate,
        context.channels,
        stream.bit_rate or 0,
        extent,
    )
