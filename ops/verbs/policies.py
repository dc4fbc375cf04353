"""`cos-concat policies`: print the CAM policies of the functions, or of whoever deploys."""

from __future__ import annotations

import click

from cosconcat.environment.reading import read_config
from deployed.policies import FUNCTIONS, deployer_needs, granting, policy, table
from ops.desk.environment import environment
from ops.desk.options import json_option
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
@click.argument("function", required=False, type=click.Choice((*FUNCTIONS, DEPLOYER)), metavar="[FUNCTION]")
@click.option("--table", "as_table", is_flag=True, help="Every right with the call that needs it.")
@json_option
def command(function: str | None, as_table: bool, as_json: bool) -> None:
    """Print the CAM policies of the functions or the deployer.

    As JSON; of FUNCTION alone (upload, callback, sweep; deployer is whoever deploys), ready for the console.
    """
    if as_table and (function or as_json):
        raise click.UsageError("--table is for people, and of all functions: leave out FUNCTION and --json")
    variables = environment()
    config = read_config(variables)
    if function == DEPLOYER:
        show_json(granting(deployer_needs(config, variables.get("STAGE") or "dev")))
        return
    if as_table:
        click.echo(table(config))
        return
    chosen: dict[str, object] = {name: policy(config, name) for name in FUNCTIONS}
    show_json(chosen[function] if function else chosen)
