"""What is uploaded: `build/code/` and `build/code.zip`, beside the layer of `layers/build.py`.

The code is `handler/` with byte-code compiled for its read-only place in the cloud, and nothing else: no settings, no
tests. The same bytes each time, so that two people who package one commit can compare what they deployed.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from layers.build import compile_folder, zip_folder

if TYPE_CHECKING:
    from pathlib import Path

UNPACKED_AT = "/var/user"


def build_code(handler: Path, target: Path) -> tuple[Path, bool]:
    """Assemble `target`/code and `target`/code.zip; returns the zip and whether it holds byte-code."""
    folder = target / "code"
    shutil.rmtree(folder, ignore_errors=True)
    for source in sorted(handler.rglob("*.py")):
        place = folder / source.relative_to(handler)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
    compiled = compile_folder(folder, UNPACKED_AT)
    return zip_folder(folder, target / "code.zip"), compiled
