"""Test media: clips that carry their own number, to the eye (digits), the ear (a tone) and a program (a bar code).

`reading` finds the number again in whatever was made of the clip. Real cameras would not be so kind.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 320, 180
RATE = 24  # frames a second
SAMPLE_RATE = 44100  # Hz
BITS = 8  # of the bar code: numbers up to 255
BAR_TOP, BAR_BOTTOM = 156, 172  # pixels of 180
QUIET_SECONDS = 0.06  # the tone fades in and out, so that a join does not click

Picture = np.ndarray[Any, Any]  # height x width x 3, bytes

_INK, _PAPER = (245, 246, 248), (12, 14, 20)


def tone(number: int) -> float:
    """Frequency in Hz of a clip's tone: semitones from A3 (220 Hz) upwards, distinct up to number 60."""
    return float(220 * 2 ** ((number - 1) / 12))


def make_clip(path: Path, number: int, count: int, seconds: float = 2.5) -> None:
    """Write clip `number` of `count`: H.264 and AAC in the container that the path's extension names."""
    frames = round(seconds * RATE)
    background = _picture(number, count)
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "24", "g": "24"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio: Any = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        for at in range(frames):
            picture = av.VideoFrame.from_ndarray(_with_progress(background, at / frames), format="rgb24")
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        for packet in _sound(audio, number, seconds):
            container.mux(packet)


def _picture(number: int, count: int) -> Picture:
    """A still in the number's own colour: the number large, its place in the set, the bar code below."""
    hue = (number - 1) / max(count, 1)
    top, bottom = (colorsys.hls_to_rgb(hue, lightness, 0.55) for lightness in (0.46, 0.24))
    slope = np.linspace(0, 1, HEIGHT)[:, None, None]
    rows: Any = (np.array(top) * (1 - slope) + np.array(bottom) * slope) * 255
    image = Image.fromarray(np.broadcast_to(rows, (HEIGHT, WIDTH, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw.text((WIDTH / 2, 74), str(number), font=ImageFont.load_default(104), fill=_INK, anchor="mm")
    caption = f"part {number} of {count}  ·  {tone(number):.0f} Hz"
    draw.text((WIDTH / 2, 142), caption, font=ImageFont.load_default(14), fill=_INK, anchor="mm")
    cell = WIDTH / (BITS + 2)  # between a light and a dark cell, which tell what light and dark are
    for at, light in enumerate((True, *(bool(number >> bit & 1) for bit in reversed(range(BITS))), False)):
        draw.rectangle((at * cell, BAR_TOP, (at + 1) * cell, BAR_BOTTOM), fill=_INK if light else _PAPER)
    picture: Picture = np.asarray(image)
    return picture


def _with_progress(background: Picture, done: float) -> Picture:
    """The still with a line along the top that grows while the clip plays."""
    frame: Picture = background.copy()
    frame[:5, : max(1, round(done * WIDTH))] = _INK
    return frame


def _sound(stream: Any, number: int, seconds: float) -> Any:
    """The encoded packets of the tone."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    edge = np.clip(np.minimum(times, seconds - times) / QUIET_SECONDS, 0, 1)
    wave = (0.25 * np.sin(2 * np.pi * tone(number) * times) * edge).astype(np.float32)
    stereo = np.stack([wave, wave])
    for start in range(0, stereo.shape[1], 1024):
        block = np.ascontiguousarray(stereo[:, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        yield from stream.encode(frame)
    yield from stream.encode(None)


@dataclass(frozen=True)
class Clip:
    """A media file that is uploaded as a fragment: its place in the order (from 1), its key, its length in seconds."""

    index: int
    path: Path
    key: str
    seconds: float
