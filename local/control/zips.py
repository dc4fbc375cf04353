"""Uploaded packages: read from base64, checked, and unpacked once for each content."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import stat
import threading
import zipfile
from pathlib import Path, PurePosixPath

from local.network.http import Refusal

UPLOAD_BYTES = 50 * 1024 * 1024  # of a zip in a request (product/583/11637)
UNPACKED_BYTES = 500 * 1024 * 1024  # of code and layers together, same page


class Zips:
    """Packages unpacked below `folder`, each content in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._guard = threading.Lock()

    def unpack(self, text: str) -> tuple[Path, str]:
        """The folder that holds the package's files, and its SHA-256.

        Raises:
            Refusal: the text is no base64 of a zip, or a path in it leads out of the folder.
        """
        try:
            raw = base64.b64decode(text, validate=True)
            archive = zipfile.ZipFile(io.BytesIO(raw))
        except (binascii.Error, zipfile.BadZipFile, ValueError) as error:
            raise _wrong(f"no base64 of a zip: {error}") from None
        if len(raw) > UPLOAD_BYTES:
            raise _wrong(f"{len(raw)} bytes; {UPLOAD_BYTES} are allowed")
        digest = hashlib.sha256(raw).hexdigest()
        target = self._folder / digest
        with self._guard, archive:
            if not target.is_dir():
                _check(archive)
                unfinished = self._folder / f"{digest}.unfinished"
                archive.extractall(unfinished)
                unfinished.rename(target)
        return target, digest


def _check(archive: zipfile.ZipFile) -> None:
    """Every entry is a plain file or folder below the root, and all fit."""
    names: set[str] = set()
    total = 0
    for entry in archive.infolist():
        path, kind = PurePosixPath(entry.filename), stat.S_IFMT(entry.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in entry.filename.split("/")[0]:
            raise _wrong(f"the path {entry.filename!r} leads out of the package")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _wrong(f"{entry.filename!r} is no plain file: links are not unpacked")
        if entry.filename in names:
            raise _wrong(f"{entry.filename!r} is in it twice")
        names.add(entry.filename)
        total += entry.file_size
    if total > UNPACKED_BYTES:
        raise _wrong(f"{total} bytes unpacked; {UNPACKED_BYTES} are allowed")


def _wrong(told: str) -> Refusal:
    return Refusal(200, "InvalidParameterValue.ZipFile", f"ZipFile: {told}")
