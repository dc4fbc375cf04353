"""`cos-concat cost`: what 1,000 groups cost, from the size of a group, at list prices."""

from __future__ import annotations

from dataclasses import asdict

import click

from cosconcat.environment.reading import read_config
from ops.cost import EXAMPLE, GROUPS, MINUTES, Shape, bill, lines
from ops.desk.environment import environment
from ops.desk.options import Amount, json_option, probe_price_option
from ops.desk.show import show_json

EXAMPLES = """\b
Examples:
  cos-concat cost --fragments 12 --seconds 300 --height 1080
  cos-concat cost --json
"""
_HEIGHT = "Short edge of the result, pixels."
_BUSY = Amount(0, 900)  # seconds that a function may take


@click.command(epilog=EXAMPLES)
@click.option("--fragments", type=click.IntRange(1, 100_000), default=12, show_default=True, help="In a group.")
@click.option("--seconds", type=Amount(0.1, 1e6), default=300, show_default=True, help="Of a fragment.")
@click.option("--height", type=click.IntRange(1, max(MINUTES)), default=1080, show_default=True, help=_HEIGHT)
@click.option("--upload-seconds", type=_BUSY, default=0.5, show_default=True, help="Of an upload invocation, assumed.")
@click.option("--callback-seconds", type=_BUSY, default=3.0, show_default=True, help="Of a callback's, assumed.")
@probe_price_option
@json_option
def command(
    fragments: int,
    seconds: float,
    height: int,
    upload_seconds: float,
    callback_seconds: float,
    probe_usd: float | None,
    as_json: bool,
) -> None:
    """Say what 1,000 groups cost at list prices."""
    environ = environment()
    config = read_config(environ if environ.get("CONCAT_BUCKET") else {**EXAMPLE, **environ})
    found = lines(config, Shape(fragments, seconds, height, upload_seconds, callback_seconds), probe_usd)
    if as_json:
        show_json({"groups": GROUPS, "lines": [asdict(line) for line in found]})
        return
    click.echo(f"{GROUPS:,} groups of {fragments} fragments of {seconds:g} s, {height}p, list prices\n")
    click.echo(bill(found))
    unknown = "?: no price published in what was read (--probe-usd says it). " if probe_usd is None else ""
    click.echo(f"\n{unknown}Sources and dates: docs/cost.md")
