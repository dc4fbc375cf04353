"""`cos-concat policies`: print the CAM policies of the functions, or of whoever deploys."""

from __future__ import annotations

import click

from cosconcat.environment.reading import read_config
from deployed.policies import FUNCTIONS, deployer_needs, granting, policy, table
from ops.desk.options import json_option
from ops.desk.settings import settings
from ops.desk.show import show_json

DEPLOYER = "deployer"
EXAMPLES = """\b
Examples:
  cos-concat policies            the three policies
  cos-concat policies upload     one of them
  cos-concat policies deployer   of whoever deploys
  cos-concat policies --table    every right with the call that fails without it
"""


@click.command(epilog=EXAMPLES)
@click.argument("function", required=False, type=click.Choice((*FUNCTIONS, DEPLOYER)))
@click.option("--table", "as_table", is_flag=True, help="Every right with the call that needs it.")
@json_option
def command(function: str | None, as_table: bool, as_json: bool) -> None:  # noqa: ARG001
    """Print the CAM policy of each function, or of whoever deploys.

    As JSON; of FUNCTION (or `deployer`) alone, ready for the console.
    """
    variables = settings()
    config = read_config(variables)
    if function == DEPLOYER:
        show_json(granting(deployer_needs(config, variables.get("STAGE") or "dev")))
        return
    if as_table:
        click.echo(table(config))
        return
    chosen: dict[str, object] = {name: policy(config, name) for name in FUNCTIONS}
    show_json(chosen[function] if function else chosen)
