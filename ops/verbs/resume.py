"""`cos-concat resume`: let a paused deployment go on."""

from __future__ import annotations

import click

from ops.deployment.switch import switch
from ops.desk.options import json_option

EXAMPLES = """\b
Examples:
  cos-concat resume
  cos-concat --env .env.prod resume --json
"""


@click.command(epilog=EXAMPLES)
@json_option
def command(as_json: bool) -> int:
    """Start the triggers again, and show what is in flight.

    The COS trigger and the timer are switched on. What was uploaded meanwhile is found by the next sweep, at most five
    minutes later.
    """
    return switch(on=True, as_json=as_json)
