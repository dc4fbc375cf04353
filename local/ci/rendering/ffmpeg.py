"""Running ffmpeg: which one, how its complaints are taken, and how it is ended at once."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Sequence

import imageio_ffmpeg

from local.ci.errors import JobFailed, Stopped

_KEPT = 4000  # bytes of complaint that are read; a broken file can cause megabytes of it


def executable() -> str:
    """The ffmpeg named by COS_CONCAT_FFMPEG, otherwise the one that a wheel brought along."""
    return os.environ.get("COS_CONCAT_FFMPEG") or str(imageio_ffmpeg.get_ffmpeg_exe())


class Ffmpeg:
    """Runs ffmpeg for several threads at once; `stop()` kills every child and refuses new ones."""

    def __init__(self) -> None:
        self._children: set[subprocess.Popen[bytes]] = set()
        self._guard = threading.Lock()
        self._stopped = False

    def run(self, arguments: Sequence[str], *, believing: bool = False) -> None:
        """Runs ffmpeg with these arguments to its end.

        ffmpeg's concat loses content with exit code 0, therefore every line that it prints at level "error" counts as
        failure, unless `believing`.

        Raises:
            JobFailed: exit code not 0, or a complaint.
            Stopped: `stop()` was called.
        """
        command = [executable(), "-hide_banner", "-nostdin", "-y", "-v", "error", *arguments]
        with tempfile.TemporaryFile() as complaints:
            child = self._start(command, complaints.fileno())
            try:
                code = child.wait()
            finally:
                self._forget(child)
            complaints.seek(0)
            said = complaints.read(_KEPT).decode("utf-8", "replace").strip()
        if self._stopped:
            raise Stopped
        if code != 0 or (said and not believing):
            raise JobFailed("ResourceNotSupported", f"ffmpeg ended with {code}: {said or 'no word'}")

    def _start(self, command: Sequence[str], complaints: int) -> subprocess.Popen[bytes]:
        with self._guard:
            if self._stopped:
                raise Stopped
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=complaints)
            self._children.add(child)
            return child

    def _forget(self, child: subprocess.Popen[bytes]) -> None:
        with self._guard:
            self._children.discard(child)

    def stop(self) -> None:
        """Kills the children; whoever waits for one gets `Stopped`."""
        with self._guard:
            self._stopped = True
            for child in self._children:
                child.kill()
