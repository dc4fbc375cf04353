"""Makes the files of the media table with the ffmpeg that is there, each recipe once."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.ci.rendering.ffmpeg import executable
from tests.media.cases import Case, Piece, Step
from tests.support.coded import make_base

OTHER = 8  # number of the source that second tracks are made of, less the piece's own
WORDS = "1\n00:00:00,200 --> 00:00:01,000\nnumber {n}\n\n2\n00:00:01,200 --> 00:00:02,200\nmore of {n}\n"


class Studio:
    """A folder of coded sources and of what was made of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for number in range(1, 16):
            make_base(folder / f"{number}.nut", number)
        for number in range(1, 9):
            (folder / f"{number}").mkdir()
            (folder / f"{number}" / "words.srt").write_text(WORDS.format(n=number))
            (folder / f"{number}" / "other.nut").symlink_to(folder / f"{min(number + OTHER, 15)}.nut")
        _ffmpeg("-f lavfi -i color=c=red:s=64x64 -frames:v 1", folder / "cover.png")
        for number in range(1, 9):
            (folder / f"{number}" / "cover.png").symlink_to(folder / "cover.png")

    def make(self, cases: Sequence[Case]) -> dict[str, list[Path]]:
        """The files of each case by its name; two are made at a time."""
        wanted = {
            (piece, case.ext): self._path(piece.sources, piece.steps, case.ext)
            for case in cases
            for piece in case.pieces
        }
        with ThreadPoolExecutor(2) as makers:
            list(makers.map(self._piece, wanted, wanted.values()))
        return {case.name: [wanted[piece, case.ext] for piece in case.pieces] for case in cases}

    def _path(self, sources: Sequence[int], steps: Sequence[Step], ext: str) -> Path:
        told = repr([*sources, [step if isinstance(step, str) else id(step) for step in steps], ext])
        return self.folder / f"{hashlib.md5(told.encode()).hexdigest()[:12]}.{ext}"

    def _piece(self, recipe: tuple[Piece, str], target: Path) -> None:
        piece, ext = recipe
        parts = [self._chain(number, piece.steps, ext) for number in piece.sources]
        if not target.exists():
            target.write_bytes(b"".join(part.read_bytes() for part in parts))

    def _chain(self, number: int, steps: Sequence[Step], ext: str) -> Path:
        """The file after these steps; chains that begin alike share what they begin with."""
        if not steps:
            return self.folder / f"{number}.nut"
        target = self._path([number], steps, ext)
        if target.exists():
            return target
        *before, step = steps
        path, made = self._chain(number, before, ext), self.folder / f"{uuid.uuid4().hex}.{ext}"
        if callable(step):
            made.write_bytes(step(path.read_bytes()))
        else:
            told = step if "{in}" in step else f"-i {{in}} {step}"
            _ffmpeg(told.replace("{in}", str(path)).replace("{dir}", str(self.folder / str(number))), made)
        return made.replace(target)


def _ffmpeg(arguments: str, target: Path) -> None:
    command = [executable(), "-v", "error", "-y", "-nostdin", *_split(arguments), str(target)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stderr[-500:]}"


def _split(arguments: str) -> list[str]:
    """As a shell does, but a backslash stays: filters need theirs."""
    words = shlex.shlex(arguments, posix=True)
    words.whitespace_split, words.escape, words.commenters = True, "", ""
    return list(words)
