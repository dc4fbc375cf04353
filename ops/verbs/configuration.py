"""`cos-concat configuration`: check the configuration, and say every mistake at once."""

from __future__ import annotations

import click

from cosconcat.errors import ConfigurationError
from ops.deployment.settings import stage_problems
from ops.desk.environment import config_of, environment
from ops.desk.options import json_option
from ops.desk.show import show_json

EXAMPLES = """\b
Examples:
  cos-concat configuration
  CONCAT_NAMING=folder cos-concat configuration
"""


@click.command(epilog=EXAMPLES)
@json_option
def command(as_json: bool) -> None:
    """Check the configuration, and name every mistake.

    A variable of a release that is not this one is no mistake: it is named on standard error.
    """
    environ = environment()
    wrong = stage_problems(environ)
    try:
        config = config_of(environ)
    except ConfigurationError as mistakes:
        raise ConfigurationError([*mistakes.problems, *wrong]) from mistakes
    if wrong:
        raise ConfigurationError(wrong)
    for name in config.unknown:
        click.echo(f"{name} is no variable of this release: it is ignored", err=True)
    place = f"{config.bucket.name}/{config.input_prefix}"
    if as_json:
        show_json({"place": place, "naming": config.naming, "completion": config.completion, "unknown": config.unknown})
    else:
        click.echo(f"fine: {place} by {config.naming}, whole by {config.completion}")
