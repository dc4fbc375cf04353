"""`cos-concat package`: what is uploaded, `build/code/` and `build/code.zip`, beside the layer of `layers/build.py`.

The code is `handler/` with byte-code compiled for its read-only place in the cloud, and nothing else: no settings, no
tests. The same bytes each time, so that two people who package one commit can compare what they deployed.
"""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import click

from layers.build import compile_folder, describe, zip_folder
from ops import ROOT
from ops.mistakes import Mistake
from ops.options import json_option
from ops.show import show_json

if TYPE_CHECKING:
    from pathlib import Path

UNPACKED_AT = "/var/user"
EXAMPLES = """\b
Examples:
  make package
  cos-concat package --json
"""


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


@click.command(epilog=EXAMPLES)
@json_option
def command(as_json: bool) -> None:
    """Package code and layer for deployment."""
    layer = ROOT / "build" / "layer.zip"
    if not layer.is_file():
        raise Mistake("build/layer.zip is missing: run `make layer`")
    made, compiled = build_code(ROOT / "handler", ROOT / "build")
    archives = {str(archive.relative_to(ROOT)): archive for archive in (made, layer)}
    digests = {name: hashlib.sha256(archive.read_bytes()).hexdigest() for name, archive in archives.items()}
    if as_json:
        show_json({name: {"bytes": archives[name].stat().st_size, "sha256": digests[name]} for name in archives})
        return
    click.echo(describe(made))
    for name, archive in archives.items():
        click.echo(f"{name}  {archive.stat().st_size:,} bytes  sha256 {digests[name]}")
    if not compiled:
        click.echo("no Python 3.10 found: source only; it works, but a cold start takes longer")
