"""Tiny clips of one colour and one tone, and reading colour, tone and loudness back by decoding."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np

from local.ci.rendering.ffmpeg import executable

COLORS = {
    "red": (255, 0, 0),
    "lime": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "white": (255, 255, 255),
    "black": (0, 0, 0),
}
RATE = 16000  # Hz at which sound is read


@dataclass(frozen=True)
class Clip:
    """What to make: picture of one colour (None = none), sine of `hertz` (None = no sound)."""

    color: str | None = "red"
    hertz: int | None = 440
    seconds: float = 1.0
    size: str = "160x120"
    fps: str = "25"
    sample_rate: int = 44100
    channels: int = 2
    audio: str = "aac"
    extra: tuple[str, ...] = ()  # further output options, e.g. ("-video_track_timescale", "90000")


def make(path: Path, clip: Clip) -> Path:
    """Writes the clip in the container that the path's suffix names."""
    inputs: list[str] = []
    codecs: list[str] = []
    if clip.color:
        inputs += ["-f", "lavfi", "-i", f"color=c={clip.color}:s={clip.size}:r={clip.fps}:d={clip.seconds}"]
        codecs += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    if clip.hertz:
        inputs += ["-f", "lavfi", "-i", f"sine=f={clip.hertz}:r={clip.sample_rate}:d={clip.seconds},volume=6"]
        codecs += ["-c:a", "libmp3lame" if clip.audio == "mp3" else clip.audio, "-ac", str(clip.channels)]
    command = [executable(), "-v", "error", "-y", "-nostdin", *inputs, *codecs, *clip.extra, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def picture_at(path: Path, seconds: float) -> np.ndarray[Any, Any]:
    """The frame shown at a time, height x width x RGB."""
    shown = None
    with av.open(str(path)) as container:
        start = (container.start_time or 0) / av.time_base
        for frame in container.decode(video=0):
            if frame.time - start > seconds + 1e-6 and shown is not None:
                break
            shown = frame
    assert shown is not None, f"no picture in {path}"
    picture: np.ndarray[Any, Any] = shown.to_ndarray(format="rgb24")
    return picture


def color_of(picture: np.ndarray[Any, Any]) -> str:
    """The named colour nearest to the mean of a picture or a part of it; "?" when none is near."""
    mean = picture.reshape(-1, 3).mean(axis=0)
    distance, name = min((float(np.abs(mean - np.array(rgb)).max()), name) for name, rgb in COLORS.items())
    return name if distance < 70 else "?"


def color_at(path: Path, seconds: float) -> str:
    """The colour in the middle of the frame shown at a time."""
    picture = picture_at(path, seconds)
    height, width, _ = picture.shape
    return color_of(picture[height * 2 // 5 : height * 3 // 5, width * 2 // 5 : width * 3 // 5])


def sound_of(path: Path) -> np.ndarray[Any, Any]:
    """All samples, mono, at `RATE` Hz."""
    return _decoded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _decoded(path: Path, _written_at: int) -> np.ndarray[Any, Any]:
    blocks = []
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for frame in [*container.decode(audio=0), None]:
            blocks += [block.to_ndarray()[0] for block in resampler.resample(frame)]
    samples: np.ndarray[Any, Any] = np.concatenate(blocks)
    return samples


def tones_at(path: Path, seconds: float, window: float = 0.3) -> set[int]:
    """The frequencies (Hz, to the next 20) that sound around a time; empty in silence."""
    samples = sound_of(path)
    middle, half = round(seconds * RATE), round(window * RATE / 2)
    part = samples[max(0, middle - half) : middle + half]
    if len(part) < half or np.abs(part).max() < 0.01:
        return set()
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), n=RATE))
    loudest = spectrum.max()
    peaks = [
        hertz
        for hertz in range(100, 4000)
        if spectrum[hertz] > loudest / 4 and spectrum[hertz] == spectrum[hertz - 30 : hertz + 31].max()
    ]
    return {round(hertz / 20) * 20 for hertz in peaks}


def loudness_at(path: Path, seconds: float, window: float = 0.06) -> float:
    """Root mean square of the samples around a time, full scale = 1."""
    samples = sound_of(path)
    middle, half = round(seconds * RATE), round(window * RATE / 2)
    return float(np.sqrt(np.mean(samples[max(0, middle - half) : middle + half] ** 2)))


def duration_of(path: Path) -> float:
    """Seconds from the first to the end of the last packet: counted, not believed."""
    first, last = 1e9, 0.0
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.pts is not None:
                start = float(packet.pts * packet.time_base)
                first, last = min(first, start), max(last, start + float((packet.duration or 0) * packet.time_base))
    return last - first


def streams_of(path: Path) -> dict[str, Any]:
    """Codec, size, rate of what is in a file."""
    with av.open(str(path)) as container:
        told: dict[str, Any] = {"format": container.format.name}
        for stream in container.streams.video:
            context = stream.codec_context
            told |= {"video": context.name, "size": (context.width, context.height), "fps": stream.average_rate}
            told |= {"video_bitrate": stream.bit_rate}
        for sound in container.streams.audio:
            told |= {"audio": sound.codec_context.name, "rate": sound.codec_context.sample_rate}
            told |= {"channels": sound.codec_context.channels, "audio_bitrate": sound.bit_rate}
    return told
