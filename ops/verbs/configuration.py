"""`cos-concat configuration`: check the configuration, and say every mistake at once."""

from __future__ import annotations

import click

from ops.desk.options import json_option
from ops.desk.settings import config_of, settings
from ops.desk.show import show_json

EXAMPLES = """\b
Examples:
  cos-concat configuration
  CONCAT_NAMING=folder cos-concat configuration
"""


@click.command(epilog=EXAMPLES)
@json_option
def command(as_json: bool) -> None:
    """Check the configuration, and name every mistake."""
    config = config_of(settings())
    place = f"{config.bucket.name}/{config.input_prefix}"
    if as_json:
        show_json({"place": place, "naming": config.naming, "completion": config.completion})
    else:
        click.echo(f"fine: {place} by {config.naming}, whole by {config.completion}")
