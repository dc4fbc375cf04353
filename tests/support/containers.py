"""Files of every container that ffmpeg here can write, made once, and bytes to read by range."""

from __future__ import annotations

import subprocess
import tempfile
from functools import cache
from pathlib import Path

from cosconcat.containers.ranged import RangedObject
from local.ci.rendering.ffmpeg import executable

X264, X265 = ("-c:v", "libx264", "-pix_fmt", "yuv420p"), ("-c:v", "libx265", "-x265-params", "log-level=error")
AAC = ("-c:a", "aac")


@cache
def encoded(
    container: str,
    codecs: tuple[str, ...] = (*X264, "-preset", "ultrafast", *AAC),
    seconds: float = 2.0,
    sound_seconds: float | None = None,
    source: str = "testsrc2",
) -> bytes:
    """A file of a test picture and a tone; with `sound_seconds` the tone ends earlier."""
    form = {"ts": "mpegts", "mkv": "matroska", "webm-live": "webm"}.get(container, container)
    picture = f"{source}=s=160x120:r=25:d={seconds}"
    tone = f"sine=f=440:r=44100:d={sound_seconds or seconds}"
    arguments = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, *codecs, "-threads", "1", "-f", form]
    if container == "webm-live":  # as a browser records: into something that cannot be gone back in
        command = [executable(), "-v", "error", "-nostdin", *arguments, "pipe:1"]
        return subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout
    with tempfile.TemporaryDirectory() as folder:
        return to_file(Path(folder) / "made", *arguments)


def to_file(path: Path, *arguments: str) -> bytes:
    """What ffmpeg writes into a file that it can seek in, with these arguments before its name."""
    command = [executable(), "-v", "error", "-y", "-nostdin", *arguments, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path.read_bytes()


def ranged(data: bytes) -> RangedObject:
    """On bytes in memory."""
    return RangedObject(lambda start, length: data[start : start + length], len(data))
