"""Read a video back by decoding it: how long it is, which clip plays when, whether a frame looks like another."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from local.media import clips
from local.media.probe import NotMedia, Track, open_media, tracks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Picture = np.ndarray[Any, Any]  # height x width x 3, bytes
BANDS = 96  # of pitch, sixteen to an octave
SILENT = -3.5  # powers of ten
SMALL = (48, 27)  # pixels to which frames are reduced before they are compared


class UnreadableError(Exception):
    """A file is no media that can be decoded; names it."""


@dataclass(frozen=True)
class Section:
    """What plays around one moment (seconds): the number in the bar code and the number of the tone, if any."""

    at: float
    seen: int | None
    heard: int | None


def duration(path: Path) -> float:
    """Seconds that the file's container declares.

    Raises:
        UnreadableError: when there is no such file, it is no media, or has neither picture nor sound.
    """
    if not path.is_file():
        raise UnreadableError(f"{path}: {'is no file' if path.exists() else 'there is no such file'}")
    try:
        with open_media(path) as container:
            streams = [*container.streams.video, *container.streams.audio]
            if streams and container.duration:
                return float(container.duration / av.time_base)
    except NotMedia as error:
        raise UnreadableError(f"{path}: not a media file") from error
    raise UnreadableError(f"{path}: no picture and no sound in it")


def stream(path: Path, kind: str, rank: int = 0) -> int:
    """The index of the file's first (second, …) stream of a kind: "film" (a cover is none), "sound" or "subtitle".

    Raises:
        UnreadableError: when there is none, or the file is no media.
    """
    found = [track.index for track in _tracks(path) if track.kind == kind]
    if rank >= len(found):
        raise UnreadableError(f"{path}: no {'picture' if kind == 'film' else kind} in it")
    return found[rank]


def _tracks(path: Path) -> list[Track]:
    try:
        return tracks(path)
    except NotMedia as error:
        raise UnreadableError(f"{path}: {error}") from error


def frames(path: Path, moments: Sequence[float]) -> list[Picture]:
    """The frame shown at each of the ascending moments (seconds), in one pass over the file; the last one, if later.

    Raises:
        UnreadableError: when there is no picture in it.
    """
    found: list[Picture] = []
    shown = None
    film = stream(path, "film")
    with open_media(path) as container:
        container.streams[film].thread_type = "AUTO"
        for frame in container.decode(container.streams[film]):
            while len(found) < len(moments) and frame.time is not None and frame.time > moments[len(found)]:
                found.append((shown or frame).to_ndarray(format="rgb24"))
            if len(found) == len(moments):
                return found
            shown = frame
    if shown is None:
        raise UnreadableError(f"{path}: no picture in it")
    last = shown.to_ndarray(format="rgb24")
    return found + [last] * (len(moments) - len(found))


def sound(path: Path, rate: int = 16000, rank: int = 0) -> Picture:
    """All samples of the file's first (second, …) sound as one channel at `rate` Hz; empty when it has none.

    A sound that begins after the file's beginning is preceded by silence.
    """
    blocks: list[Picture] = []
    with open_media(path) as container:
        if len(container.streams.audio) <= rank:
            return np.zeros(0, np.float32)
        begun = (container.start_time or 0) / av.time_base
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        for frame in container.decode(container.streams.audio[rank]):
            if not blocks and frame.time is not None:
                blocks.append(np.zeros(max(0, round((frame.time - begun) * rate)), np.float32))
            blocks += [each.to_ndarray()[0] for each in resampler.resample(frame)]
        blocks += [each.to_ndarray()[0] for each in resampler.resample(None)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def sections(path: Path, moments: Sequence[float], window: float = 1.0) -> list[Section]:
    """Read the clip number at each ascending moment, once by eye and once by ear over `window` seconds around it."""
    rate = 16000
    samples = sound(path, rate)
    read = []
    for at, picture in zip(moments, frames(path, moments), strict=True):
        start = max(0, round((at - window / 2) * rate))
        read.append(
            Section(at, number_seen(picture), number_heard(samples[start : start + round(window * rate)], rate))
        )
    return read


def number_seen(picture: Picture) -> int | None:
    """The number in the bar code of a frame of any size; None when its two guard cells do not differ."""
    height = picture.shape[0]
    band = picture[
        round(height * (clips.BAR_TOP + 4) / clips.HEIGHT) : round(height * (clips.BAR_BOTTOM - 4) / clips.HEIGHT)
    ]
    cells = np.array_split(band.mean(axis=(0, 2)), clips.BITS + 2)
    light, *code, dark = (float(np.median(cell)) for cell in cells)
    if light - dark < 80:
        return None
    return sum((cell > (light + dark) / 2) << bit for bit, cell in enumerate(reversed(code)))


def number_heard(samples: Picture, rate: int) -> int | None:
    """The clip number of the loudest tone between 200 and 7,100 Hz; None in silence or between two semitones."""
    if len(samples) < rate // 10 or float(np.abs(samples).max()) < 0.01:
        return None
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), n=rate * 4))  # bins of 0.25 Hz
    spectrum[: 200 * 4] = 0
    spectrum[7100 * 4 :] = 0
    semitones = 12 * math.log2(float(spectrum.argmax()) / 4 / clips.tone(1))
    return round(semitones) + 1 if abs(semitones - round(semitones)) < 0.25 else None


def similarity(one: Picture, other: Picture) -> float:
    """How much two frames of any size look alike, 1 = the same; black borders of either are cut off first."""
    first, second = (_reduced(_without_borders(each)) for each in (one, other))
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / scale if scale > 1 else float(np.allclose(first, second, atol=8))


def loudness(samples: Picture, rate: int) -> Picture:
    """What is heard, as a picture: how loud each of 96 bands of pitch (100 to 6,400 Hz) is in each quarter of a second.

    In powers of ten, from inaudible (-4) upwards.
    """
    step = rate // 4
    parts = samples[: len(samples) // step * step].reshape(-1, step)
    spectra = np.abs(np.fft.rfft(parts * np.hanning(step), axis=1)) / step
    edges = np.geomspace(100, 6400, BANDS + 1) * step / rate
    bands = [spectra[:, int(low) : max(int(high), int(low) + 1)].max(axis=1) for low, high in itertools.pairwise(edges)]
    heard: Picture = np.log10(np.maximum(np.stack(bands, axis=1), 1e-4))
    return heard


def sounds_alike(one: Picture, other: Picture) -> float:
    """How much two pictures of loudness agree, 1 = the same, wherever within a quarter of a second they begin."""
    silent = [not each.size or float(each.max()) < SILENT for each in (one, other)]
    if any(silent):
        return float(all(silent))
    best = 0.0
    for shift in (-1, 0, 1):
        first, second = one[max(shift, 0) :], other[max(-shift, 0) :]
        length = min(len(first), len(second))
        if length:
            best = max(best, _correlation(first[:length], second[:length]))
    return best


def _correlation(one: Picture, other: Picture) -> float:
    first, second = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / scale if scale > 1e-6 else 1.0


def contact_sheet(path: Path, target: Path, labels: Sequence[tuple[float, str]], columns: int = 4) -> None:
    """Write a PNG with the frame at each ascending moment (seconds) and a caption under it."""
    cell_width, gap, caption_height = 320, 14, 26
    pictures = [Image.fromarray(each) for each in frames(path, [at for at, _ in labels])]
    cell_height = round(cell_width * pictures[0].height / pictures[0].width)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    head = 52
    size = (gap + columns * (cell_width + gap), head + rows * (cell_height + caption_height + gap))
    sheet = Image.new("RGB", size, (18, 20, 27))
    draw = ImageDraw.Draw(sheet)
    title = f"{path.name}   {duration(path):.2f} s   {pictures[0].width} x {pictures[0].height}"
    draw.text((gap, head / 2), title, font=ImageFont.load_default(20), fill=(240, 242, 246), anchor="lm")
    for at, (picture, (_, label)) in enumerate(zip(pictures, labels, strict=True)):
        row, column = divmod(at, columns)
        left, top = gap + column * (cell_width + gap), head + row * (cell_height + caption_height + gap)
        sheet.paste(picture.resize((cell_width, cell_height)), (left, top))
        place = (left + 2, top + cell_height + caption_height / 2)
        draw.text(place, label, font=ImageFont.load_default(14), fill=(170, 176, 190), anchor="lm")
    sheet.save(target)


def _reduced(picture: Picture) -> Picture:
    return np.asarray(Image.fromarray(picture).resize(SMALL, Image.Resampling.BOX)).astype(np.float64)


def _without_borders(picture: Picture) -> Picture:
    """Cut off rows and columns that are black throughout, as a transcoder adds them to keep the aspect ratio."""
    light = picture.max(axis=2) > 28
    rows, columns = np.flatnonzero(light.mean(axis=1) > 0.02), np.flatnonzero(light.mean(axis=0) > 0.02)
    if not len(rows) or not len(columns):
        return picture
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
