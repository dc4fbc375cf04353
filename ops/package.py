"""What is uploaded: `build/code/` and `build/code.zip`, beside the layer that `layers/build.py` made.

    python -m ops.package

The code is `handler/` with byte-code compiled for its read-only place in the cloud, and nothing else: no settings, no
tests. The same bytes each time, so that two people who package one commit can compare what they deployed.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from typing import TYPE_CHECKING

from layers.build import compile_folder, describe, zip_folder
from ops import ROOT

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


def main() -> int:
    """Package the code and show what lies ready; 1 when the layer is not there."""
    made, compiled = build_code(ROOT / "handler", ROOT / "build")
    layer = ROOT / "build" / "layer.zip"
    if not layer.is_file():
        print("build/layer.zip is missing: run `make layer`", file=sys.stderr)
        return 1
    print(describe(made))
    for archive in (made, layer):
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        print(f"{archive.relative_to(ROOT)}  {archive.stat().st_size:,} bytes  sha256 {digest}")
    if not compiled:
        print("no Python 3.10 found: source only; it works, but a cold start takes longer")
    return 0


if __name__ == "__main__":
    sys.exit(main())
