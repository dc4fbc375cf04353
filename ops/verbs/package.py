"""`cos-concat package`: make what is uploaded, and say how large it is."""

from __future__ import annotations

import hashlib

import click

from layers.build import describe
from ops import ROOT
from ops.deployment.package import build_code
from ops.desk.mistakes import Mistake
from ops.desk.options import json_option
from ops.desk.show import show_json

EXAMPLES = """\b
Examples:
  make package
  cos-concat package --json
"""


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
