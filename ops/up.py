"""`cos-concat up`: keep the local cloud running for any COS client."""

from __future__ import annotations

import click

from ops.mistakes import Mistake
from ops.options import Amount

EXAMPLES = """\b
Examples:
  cos-concat up
  cos-concat up --port 8080 --sweep 30
"""


@click.command(epilog=EXAMPLES)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of the proxy; a free one by default.")
@click.option("--sweep", type=Amount(1, 86400), default=300, show_default=True, help="Seconds between sweeps.")
def command(port: int, sweep: float) -> None:
    """Keep the local cloud running until Ctrl-C."""
    from local import up

    if up.running() is not None:
        raise Mistake(f"a local cloud is running already, see {up.STATE}")
    try:
        up.keep_up(port, sweep)
    except OSError as wrong:
        if wrong.filename:
            raise
        raise Mistake(f"--port {port}: {wrong.strerror}") from wrong
