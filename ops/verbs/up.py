"""`cos-concat up`: keep the local cloud running for any COS client."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

import click

from ops.desk.environment import config_of, environment
from ops.desk.mistakes import Mistake
from ops.desk.options import Amount, json_option
from ops.desk.show import show_json

if TYPE_CHECKING:
    from local.cloud import LocalCloud
    from local.commands.rehearsal import Rehearsal

_OF_A_PORT = (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES)
EXAMPLES = """\b
Examples:
  cos-concat up
  cos-concat up --port 8080 --sweep 30
  CONCAT_NAMING=folder CONCAT_CLEANUP=trash cos-concat up
  cos-concat --env .env.production up
  cos-concat up --empty               rehearse `make deploy` in another shell
"""


@click.command(epilog=EXAMPLES)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of the proxy; a free one by default.")
@click.option("--sweep", type=Amount(1, 86400), default=300, show_default=True, help="Seconds between sweeps.")
@click.option("--empty", is_flag=True, help="Nothing is deployed: to rehearse `cos-concat deploy`.")
@json_option
def command(port: int, sweep: float, empty: bool, as_json: bool) -> None:
    """Keep the local cloud running until Ctrl-C.

    It rehearses your configuration: the CONCAT_ variables of .env and of the shell, with everything that reaches the
    outside world replaced. Without any it has the defaults.
    """
    from local.commands import up
    from local.commands.rehearsal import rehearsal_of
    from local.commands.screen import Screen

    rehearsal = rehearsal_of(environment(), os.environ)
    _check(rehearsal)

    def ready(cloud: LocalCloud) -> None:
        if as_json:  # the one value of this verb; everything that happens later goes to standard error
            show_json({"shell": cloud.shell_environment(up.CERTIFICATE), "rehearsed": rehearsal.lines})
            sys.stdout.flush()

    if up.running() is not None:
        raise Mistake(f"a local cloud is running already, see {up.STATE}: use it, or end it first (Ctrl-C)")
    try:
        screen = Screen(sys.stderr if as_json else sys.stdout)
        up.keep_up(screen, port, sweep, rehearsal, ready, empty=empty)
    except OSError as wrong:
        if wrong.errno not in _OF_A_PORT:
            raise
        raise Mistake(f"--port {port}: {wrong.strerror}") from wrong


def _check(rehearsal: Rehearsal) -> None:
    """Raises ConfigurationError with every mistake at once, before anything is started."""
    named = {"CONCAT_BUCKET": rehearsal.bucket, "CONCAT_REGION": rehearsal.region, "CONCAT_SCHEME": "http"}
    config_of({**rehearsal.environment, **named, "CONCAT_CALLBACK_SECRET": "x" * 32})
