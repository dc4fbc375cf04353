"""Media that say of every moment which it is, and the judge that looks for every moment of the pieces in an output.

Each picture carries a grid of light and dark cells: the number of the piece and the moment, in steps of 1/25 s. The
sound changes its pitch every fifth of a second, and no two fifths of any piece sound alike. So whatever was cut,
frozen, muted, doubled or exchanged is seen by decoding, stream by stream. The judge knows nothing of how joins are
verified.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import subprocess
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np

from local.ci.rendering.ffmpeg import executable

WIDTH, HEIGHT, RATE, SAMPLE_RATE = 160, 120, 25, 44100
MOMENT, SLOT = 1 / RATE, 0.2  # seconds
COLUMNS, ROWS, EDGE = 5, 4, 10  # cells, and pixels of the light edge
PITCHES = 12  # of a piece
LONGEST = 2.4  # seconds of a piece
AROUND = 5  # pixels of a cell that are looked at, in each direction
LOST = 0.3  # seconds: a shorter stretch is rounding at a cut
HEARD_RATE = 16000  # Hz

Code = tuple[int, int]  # the number of the piece, and the moment or the pitch
Array = np.ndarray[Any, Any]


# --- making -----------------------------------------------------------------------------------------------------------


def make_base(path: Path, number: int, seconds: float = LONGEST, rate: int = RATE) -> Path:
    """Piece `number` (1 to 15) without loss, as a source for what recorders make: picture and sound in a .nut file."""
    pictures = b"".join(picture(number, at * RATE // rate) for at in range(round(seconds * rate)))
    sound = path.with_suffix(".wav")
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((tune(number, seconds) * 32767).astype("<i2").tobytes())
    raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(rate), "-i", "-"]
    coded = ["-c:v", "rawvideo", "-c:a", "pcm_s16le", "-f", "nut", str(path)]
    command = [executable(), "-v", "error", "-y", *raw, "-i", str(sound), *coded]
    subprocess.run(command, input=pictures, check=True)
    return path


def picture(number: int, moment: int) -> bytes:
    """A grey picture that carries a code: light edge, one light cell, 18 of the code, one dark cell."""
    bits = [1, *_bits(number, 4), *_bits(moment, 12), *_bits((number * 7 + moment) % 4, 2), 0]
    grid = np.array(bits, np.uint8).reshape(ROWS, COLUMNS)
    inner = np.kron(grid, np.ones(((HEIGHT - 2 * EDGE) // ROWS, (WIDTH - 2 * EDGE) // COLUMNS), np.uint8))
    frame = np.full((HEIGHT, WIDTH), 235, np.uint8)
    frame[EDGE : EDGE + inner.shape[0], EDGE : EDGE + inner.shape[1]] = np.where(inner, 235, 20)
    return frame.tobytes()


def _bits(value: int, count: int) -> list[int]:
    return [value >> at & 1 for at in reversed(range(count))]


def hertz(number: int, slot: int) -> float:
    """The pitch of a fifth of a second: forty to an octave from 400 Hz upwards."""
    return float(400 * 2 ** (((number - 1) * PITCHES + slot) / 40))


def tune(number: int, seconds: float) -> Array:
    """Samples at `SAMPLE_RATE`, between -1 and 1, without jumps."""
    pitches = [hertz(number, int(at * 0.01 / SLOT)) for at in range(math.ceil(seconds * 100) + 1)]
    assert seconds <= LONGEST, "the pitches of the next number would follow"
    each = np.repeat(pitches, SAMPLE_RATE // 100)[: round(seconds * SAMPLE_RATE)]
    waves: Array = 0.3 * np.sin(np.cumsum(2 * np.pi * each / SAMPLE_RATE))
    return waves


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stream:
    """What a stream shows or says: (seconds from the file's beginning, code) in the order of decoding."""

    kind: str
    seen: tuple[tuple[float, Code], ...]


def read(path: Path) -> tuple[Stream, ...]:
    """Every stream of a file with its codes, subtitles with their text's; what cannot be decoded says nothing."""
    return _read(path, path.stat().st_mtime_ns, path.stat().st_size)


@lru_cache(maxsize=4096)
def _read(path: Path, _written: int, _size: int) -> tuple[Stream, ...]:
    found: dict[int, list[tuple[float, Code]]] = {}
    kinds: dict[int, str] = {}
    sounds: dict[int, list[tuple[float, Array]]] = {}
    rates: dict[int, int] = {}
    with contextlib.suppress(av.FFmpegError, ValueError, OSError), av.open(str(path)) as container:
        start = (container.start_time or 0) / av.time_base
        kinds = {s.index: s.type for s in container.streams if s.type in ("video", "audio", "subtitle")}
        for stream in container.streams.audio:
            sounds[stream.index] = []
        for packet in container.demux([s for s in container.streams if s.index in kinds]):
            with contextlib.suppress(av.FFmpegError, ValueError):
                for frame in packet.decode():
                    if isinstance(frame, av.VideoFrame):
                        code = code_of(frame)
                        if code is not None:
                            at = (
                                frame.time if frame.time is not None else len(found.get(packet.stream.index, ())) / RATE
                            )
                            found.setdefault(packet.stream.index, []).append((at - start, code))
                    elif isinstance(frame, av.AudioFrame):
                        rates.setdefault(packet.stream.index, frame.sample_rate)
                        at = frame.time if frame.time is not None else -1.0
                        sounds[packet.stream.index].append((at - start, _mono(frame)))
                    elif packet.pts is not None:  # a subtitle
                        code = (0, sum(bytes(packet)) % 100_000)
                        found.setdefault(packet.stream.index, []).append(
                            (float(packet.pts * packet.time_base) - start, code)
                        )
    for index, blocks in sounds.items():
        found[index] = list(_heard(blocks, rates.get(index, HEARD_RATE)))
    return tuple(Stream(kind, tuple(found.get(index, ()))) for index, kind in kinds.items())


def code_of(frame: av.VideoFrame) -> Code | None:
    """The code of a picture of any size, turned as it says, with or without black bars; None when there is none."""
    shown = np.rot90(_luma(frame), int(frame.rotation) // 90)
    light = shown > 128
    rows, columns = (np.flatnonzero(np.count_nonzero(light, axis) > 0.2 * light.shape[axis]) for axis in (1, 0))
    if len(rows) < 40 or len(columns) < 40:
        return None
    inner = shown[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = inner.shape
    top, left = height * EDGE / HEIGHT, width * EDGE / WIDTH
    cell_height, cell_width = (height - 2 * top) / ROWS, (width - 2 * left) / COLUMNS
    rows = _around(top + cell_height * (np.arange(ROWS) + 0.5))
    columns = _around(left + cell_width * (np.arange(COLUMNS) + 0.5))
    cells = inner[np.ix_(rows, columns)].reshape(ROWS, AROUND, COLUMNS, AROUND).mean(axis=(1, 3)).ravel()
    if ((cells > 100) & (cells < 156)).any():
        return None
    bits = cells >= 156
    value = int("".join("1" if bit else "0" for bit in bits), 2)
    number, moment, check = value >> 15 & 15, value >> 3 & 4095, value >> 1 & 3
    if not bits[0] or bits[-1] or (number * 7 + moment) % 4 != check or number == 0:
        return None
    return number, moment


def _around(middles: Array) -> Array:
    """The pixels around the middle of each cell."""
    return (middles[:, None] + np.arange(AROUND) - AROUND // 2).astype(int).ravel()


def _luma(frame: av.VideoFrame) -> Array:
    if frame.format.name.startswith(("yuv4", "yuvj4", "gray", "nv12")) and frame.format.components[0].bits == 8:
        plane = frame.planes[0]
        rows: Array = np.frombuffer(bytes(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
        return rows
    return np.asarray(frame.to_ndarray(format="gray"))


def _mono(frame: av.AudioFrame) -> Array:
    samples = frame.to_ndarray()
    if samples.dtype.kind == "u":
        samples = samples.astype(np.float32) / 128 - 1
    elif samples.dtype.kind == "i":
        samples = samples.astype(np.float32) / float(2 ** (8 * samples.dtype.itemsize - 1))
    if not frame.format.is_planar:
        samples = samples.reshape(-1, len(frame.layout.channels)).T
    mono: Array = samples.mean(axis=0, dtype=np.float32)
    return mono


def _heard(blocks: Sequence[tuple[float, Array]], rate: int) -> Iterator[tuple[float, Code]]:
    """The pitch in every twentieth of a second; a pause in the time stamps is a pause, a jump back goes on."""
    placed: list[Array] = []
    length, begun = 0, 0.0
    for at, samples in blocks:
        if not placed:
            begun = max(at, 0.0)
        gap = round((at - begun) * rate) - length
        if 0.02 * rate < gap < 20 * rate:
            placed.append(np.zeros(gap, np.float32))
            length += gap
        placed.append(samples)
        length += len(samples)
    whole = np.concatenate(placed) if placed else np.zeros(0, np.float32)
    window, hop, bins = rate // 10, rate // 20, 1 << (rate // 3).bit_length()  # of 2 to 3 Hz each
    if len(whole) < window:
        return
    parts = np.lib.stride_tricks.sliding_window_view(whole, window)[::hop]
    spectra = np.abs(np.fft.rfft(parts * np.hanning(window).astype(np.float32), n=bins))
    spectra[:, : 300 * bins // rate] = 0
    peaks, loud = spectra.argmax(axis=1), np.abs(parts).max(axis=1) > 0.02
    before = -1
    for at, (peak, sounding) in enumerate(zip(peaks, loud, strict=True)):
        if not sounding or not 0 < peak < spectra.shape[1] - 1:
            continue
        left, middle, right = (float(spectra[at, peak + beside]) for beside in (-1, 0, 1))
        top = peak + (right - left) / 2 / max(2 * middle - left - right, 1e-9)  # of the parabola through the three
        step = 40 * math.log2(top * rate / bins / 400)
        if step > -0.5 and abs(step - round(step)) < 0.35:
            number, slot = divmod(round(step), PITCHES)
            if round(step) == before:  # heard twice running: what is between two pitches is heard once
                yield begun + (at * hop + window / 2) / rate, (number + 1, slot)
            before = round(step)


# --- judging ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judgement:
    """What of the pieces is not in the output, in words, stream by stream; `complete` when nothing is missing."""

    faults: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every moment of every stream is there, in order."""
        return not self.faults


def judge(pieces: Sequence[Path], output: Path, without: Sequence[str] = ()) -> Judgement:
    """Look for every moment of every stream of the pieces in the output, as it plays.

    Args:
        pieces: the files that were joined, in order; one that was meant to be joined twice stands twice.
        output: what came of it; a playlist with its segments beside it.
        without: kinds of stream ("video", "audio", "subtitle") that were to be left out.
    """
    faults, figures = [], {}
    sources, result = [read(piece) for piece in pieces], read(output)
    for kind, step in (("video", MOMENT), ("audio", SLOT), ("subtitle", 1.0)):
        if kind in without:
            continue
        ranked = [[stream for stream in source if stream.kind == kind and stream.seen] for source in sources]
        shown = [stream for stream in result if stream.kind == kind]
        for rank in range(max((len(streams) for streams in ranked), default=0)):
            wanted = [code for streams in ranked if len(streams) > rank for _, code in streams[rank].seen]
            name = kind if rank == 0 else f"{kind} {rank + 1}"
            best = min((_compared(wanted, stream, step) for stream in shown), default=None, key=lambda each: each[0])
            lost, order, again = best or (len(dict.fromkeys(wanted)) * step, 0, 0)
            figures[name] = round(lost, 2)
            if lost:
                faults.append(f"{lost:.1f} s of {name} missing")
            if order > LOST:
                faults.append(f"{order:.1f} s of {name} out of order")
            if again > LOST and not lost:
                faults.append(f"{again:.1f} s of {name} twice")
    return Judgement(tuple(faults), figures)


def _compared(wanted: Sequence[Code], stream: Stream, step: float) -> tuple[float, float, float]:
    """Seconds that are missing, that come in another order, and that come again at another time."""
    order = {code: at for at, code in enumerate(dict.fromkeys(wanted))}
    times: dict[Code, list[float]] = {}
    for at, code in stream.seen:
        times.setdefault(code, []).append(at)
    missing = _missing([code for code in order if code not in times], order, step)
    found = [code for code in order if code in times]
    late = sum(times[code][0] + LOST < times[before][0] for before, code in itertools.pairwise(found))
    once = [code for code in found if wanted.count(code) == 1 or step == MOMENT]
    again = sum(times[code][-1] - times[code][0] > 1.0 for code in once if len(set(wanted)) == len(wanted)) * step
    return missing, float(late), again


def _missing(codes: Sequence[Code], order: Mapping[Code, int], step: float) -> float:
    """Seconds of missing codes, of those that stand together for longer than `LOST`.

    A code lasts until the next one of its piece: slow pictures are long ones.
    """
    at_place = list(order)
    total = run = 0.0
    before = -2
    for code in codes:
        place = order[code]
        follows = at_place[place + 1] if place + 1 < len(at_place) else code
        length = step * (follows[1] - code[1]) if follows[0] == code[0] and follows[1] > code[1] else step
        if place != before + 1:
            total, run = total + (run if run > LOST + 1e-6 else 0.0), 0.0
        run, before = run + length, place
    return total + (run if run > LOST + 1e-6 else 0.0)
