"""Pause and resume: the COS trigger and the timer off and on, and what is in flight meanwhile."""

from __future__ import annotations

import click

from cosconcat.log import printable
from ops.deployment.account import open_account
from ops.deployment.destroy import plan_switch
from ops.deployment.execute import Executor, Zips
from ops.deployment.in_flight import in_flight
from ops.deployment.seen import look
from ops.deployment.show import tell, whose
from ops.desk.environment import command_line
from ops.desk.mistakes import Mistake
from ops.desk.show import counted, show_json


def switch(*, on: bool, as_json: bool) -> int:
    """Switch the deployment on or off and say what is in flight.

    Raises:
        Mistake: when it is not deployed.
    """
    settings, door = open_account()
    seen = look(door, settings)
    plan = plan_switch(settings, seen, on=on)
    if not plan.steps:
        raise Mistake(f"stage {settings.stage} is not deployed in {settings.region}")
    if not as_json:
        click.echo(whose(settings, seen))
    Executor(door, Zips(b"", b""), (lambda _step, _state: None) if as_json else tell).run(plan.steps)
    count, groups = in_flight(settings)
    state = "running" if on else "paused"
    if as_json:
        show_json({"stage": settings.stage, "state": state, "in_flight": count, "groups": groups})
        return 0
    click.echo(
        f"{state}{'' if plan.changes else ', as before'}; {counted(count, 'group')} in flight" + (":" if count else "")
    )
    for group in groups:
        click.echo(f"  {printable(group)}")
    if count > len(groups):
        click.echo(f"  and {count - len(groups)} more")
    if not on:
        go_on = command_line("resume")
        click.echo(f"callbacks of running jobs are still answered; nothing new begins until `{go_on}`")
    return 0
