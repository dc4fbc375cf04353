"""`cos-concat pause`: stop what starts by itself; nothing in flight is lost."""

from __future__ import annotations

import click

from ops.deployment.switch import switch
from ops.desk.options import json_option

EXAMPLES = """\b
Examples:
  cos-concat pause
  cos-concat --env .env.prod pause --json
"""


@click.command(epilog=EXAMPLES)
@json_option
def command(as_json: bool) -> int:
    """Stop the triggers, and show what is in flight.

    The COS trigger and the timer are switched off. Running jobs end, and their callbacks are answered. Uploads of the
    meantime are found by the sweep after `resume`.
    """
    return switch(on=False, as_json=as_json)
