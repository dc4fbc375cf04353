"""`cos-concat destroy`: take out what `deploy` made; never a bucket or what is in one."""

from __future__ import annotations

import click

from cosconcat.errors import InvalidInput
from ops.deployment import show
from ops.deployment.account import open_account
from ops.deployment.destroy import plan_removal
from ops.deployment.execute import Executor, Zips
from ops.deployment.in_flight import in_flight
from ops.deployment.seen import look
from ops.desk.confirm import confirm
from ops.desk.environment import command_line
from ops.desk.mistakes import NO, Mistake
from ops.desk.options import json_option, yes_option
from ops.desk.show import counted, show_json

EXAMPLES = """\b
Examples:
  cos-concat destroy
  cos-concat --env .env.prod destroy --check
"""


@click.command(epilog=EXAMPLES)
@click.option("--check", is_flag=True, help="Only show what would be removed; exit code 1 when something would.")
@yes_option
@click.option("--force", is_flag=True, help="Although jobs are in flight.")
@json_option
def command(check: bool, yes: bool, force: bool, as_json: bool) -> int:
    """Remove a deployment.

    Everything with its tags: triggers, functions, layer, roles, policies, lifecycle rule. Buckets, their contents and
    media processing stay. Refused while jobs are in flight: what they make would never be proven or cleaned up.
    """
    if as_json and not (check or yes):
        raise Mistake("--json asks no questions: add --check or --yes")
    settings, door = open_account()
    seen = look(door, settings)
    plan = plan_removal(settings, seen)
    count, groups = in_flight(settings)
    if as_json:
        show_json({**show.as_dict(settings, seen, plan), "in_flight": count})
    else:
        click.echo("\n".join(show.lines(settings, seen, plan)))
    if check:
        return NO if plan.changes else 0
    if count and not force:
        names = ", ".join(groups) + (", ..." if count > len(groups) else "")
        are = f"{counted(count, 'group')} {'is' if count == 1 else 'are'}"
        told = f"{are} in flight ({names}): run `{command_line('pause')}`, wait until none is, or add --force"
        raise InvalidInput([told])
    if plan.changes and not confirm(f"Remove stage {settings.stage}?", yes=yes):
        raise InvalidInput(["nothing was changed"])
    Executor(door, Zips(b"", b""), (lambda _step, _state: None) if as_json else show.tell).run(plan.steps)
    return 0
