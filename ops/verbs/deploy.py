"""`cos-concat deploy`: put cos-concat into the account, or bring what is there up to date."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from cosconcat.errors import InvalidInput
from deployed import blueprint
from ops import ROOT
from ops.deployment import show
from ops.deployment.account import open_account
from ops.deployment.deploy import Proposal, propose
from ops.deployment.execute import Executor, Zips
from ops.deployment.recorded import warnings
from ops.deployment.seen import as_object
from ops.desk.confirm import confirm
from ops.desk.mistakes import NO, Mistake
from ops.desk.options import json_option, yes_option
from ops.desk.show import show_json

if TYPE_CHECKING:
    from ops.deployment.door import Door
    from ops.deployment.plan import Plan
    from ops.deployment.settings import Settings

EXAMPLES = """\b
Examples:
  cos-concat deploy                      show the plan, ask, do it
  cos-concat deploy --check              show the plan only
  cos-concat deploy --yes --enable-ci    no question, and switch media processing on
  cos-concat --env .env.prod deploy      another stage, with a file of its own
  cos-concat deploy --show-env           the configuration as it is deployed
"""
RIGHTS_SECONDS = 120  # new rights take about a minute to arrive
LOOK_AGAIN_SECONDS = 10


@click.command(epilog=EXAMPLES)
@click.option("--check", is_flag=True, help="Only show the plan; exit code 1 when something is to be done.")
@yes_option
@click.option("--allow-removal", is_flag=True, help="With --yes: fragments may be removed from the first day on.")
@click.option("--enable-ci", is_flag=True, help="Switch media processing on, a paid service, where it is off.")
@click.option("--rotate-secret", is_flag=True, help="Make a new callback secret; the present one stays valid as _OLD.")
@click.option("--show-env", is_flag=True, help="Print the deployed configuration as a .env, secrets left out.")
@click.option("--print-tccli", is_flag=True, help="Print the plan as calls of tccli, secrets left out.")
@json_option
def command(
    check: bool,
    yes: bool,
    allow_removal: bool,
    enable_ci: bool,
    rotate_secret: bool,
    show_env: bool,
    print_tccli: bool,
    as_json: bool,
) -> int:
    """Deploy, or bring the deployment up to date.

    From .env alone: roles and policies, the layer, three functions, their triggers, the callback's address and secret.
    Only what differs is touched. After a failure run the same again: it goes on where it stopped.
    """
    if as_json and not (check or yes or show_env or print_tccli):
        raise Mistake("--json asks no questions: add --check or --yes")
    settings, door = open_account()
    if show_env:
        return _show_env(settings, door, as_json=as_json)
    zips = packages()
    proposal = propose(settings, zips, door, enable_ci=enable_ci, rotate_secret=rotate_secret)
    if print_tccli:
        from ops.deployment.tccli import script

        _stop_if_refused(proposal.plan)
        printed = script(settings, proposal.plan)
        show_json({"script": printed}) if as_json else click.echo(printed, nl=False)
        return 0
    doubts = warnings(settings)
    if as_json and (check or proposal.plan.refusals):
        show_json({**show.as_dict(settings, proposal.seen, proposal.plan), "warnings": doubts})
    elif not as_json:
        click.echo("\n".join(show.lines(settings, proposal.seen, proposal.plan)))
        click.echo("".join(f"\nwarning: {doubt}" for doubt in doubts), nl=bool(doubts))
    _stop_if_refused(proposal.plan)
    if check:
        return NO if proposal.plan.changes or proposal.plan.media_processing else 0
    proposal = _asked(settings, door, zips, proposal, yes=yes, allow_removal=allow_removal, rotate=rotate_secret)
    return _carry_out(settings, door, zips, proposal, as_json=as_json)


def packages() -> Zips:
    """Code and layer as they are to be deployed; the code is packed anew, which takes a second.

    Raises:
        Mistake: when the layer was not built.
    """
    from ops.deployment.package import build_code

    layer = ROOT / "build" / "layer.zip"
    if not layer.is_file():
        raise Mistake("build/layer.zip is missing: run `make package`, or `make deploy`, which does")
    code, _ = build_code(ROOT / "handler", ROOT / "build")
    return Zips(code.read_bytes(), layer.read_bytes())


def _asked(
    settings: Settings, door: Door, zips: Zips, proposal: Proposal, *, yes: bool, allow_removal: bool, rotate: bool
) -> Proposal:
    """The proposal once everything is agreed to: the plan, a paid service and the removal of fragments apart.

    Raises:
        Mistake: when it is not; nothing was changed.
    """
    plan = proposal.plan
    if plan.media_processing:
        if yes:
            console = f"console > Cloud Infinite > {settings.config.bucket.name} > Media processing"
            raise Mistake(f"{plan.media_processing}, or {console}; nothing was changed")
        if not confirm("Switch this paid service on?", yes=False, flag="--enable-ci"):
            raise InvalidInput(["media processing stays off; nothing was changed"])
        made = proposal.secrets.now
        proposal = propose(settings, zips, door, enable_ci=True, rotate_secret=rotate, make_secret=lambda: made)
        plan = proposal.plan
    if plan.changes and not confirm("Go on?", yes=yes):
        raise InvalidInput(["nothing was changed"])
    if plan.changes and plan.removal:
        if yes and not allow_removal:
            raise Mistake(
                f"{plan.removal}, and nothing has run under keep or a dry run yet: add --allow-removal, "
                "or begin with CONCAT_CLEANUP=keep; nothing was changed"
            )
        if not allow_removal and not confirm(f"{plan.removal}. Really?", yes=False, flag="--allow-removal"):
            raise InvalidInput(["begin with CONCAT_CLEANUP=keep; nothing was changed"])
    return proposal


def _carry_out(settings: Settings, door: Door, zips: Zips, proposal: Proposal, *, as_json: bool) -> int:
    """Make the calls, examine what came of it, and say where to upload."""
    plan = proposal.plan
    Executor(door, zips, (lambda _step, _state: None) if as_json else show.tell).run(plan.steps)
    new_rights = any(step.thing.startswith(("role ", "policy ")) for step in plan.changes)
    findings = examine(settings, door, patience=RIGHTS_SECONDS if new_rights else 0)
    well = all(finding["ok"] for finding in findings)
    if as_json:
        told = show.as_dict(settings, proposal.seen, plan)
        show_json(
            {
                **told,
                "warnings": warnings(settings),
                "done": True,
                "doctor": findings,
                "upload_to": _where(settings),
            }
        )
        return 0 if well else NO
    click.echo("\nThe doctor's findings, from inside the deployed function:")
    for finding in findings:
        click.echo(f"  {'ok   ' if finding['ok'] else 'WRONG'} {finding['check']}: {finding['text']}")
        if finding.get("fix"):
            click.echo(f"        fix: {finding['fix']}")
    click.echo(f"\nUpload to {_where(settings)}; results appear under {settings.config.output_key}")
    return 0 if well else NO


def examine(settings: Settings, door: Door, patience: float = 0) -> list[dict[str, Any]]:
    """What `{"doctor": true}` says from inside; asked again for `patience` seconds while rights have not arrived."""
    body = {
        "FunctionName": blueprint.name(settings.stage, "sweep"),
        "Namespace": blueprint.NAMESPACE,
        "ClientContext": json.dumps({"doctor": True}),
    }
    deadline = time.monotonic() + patience
    while True:
        result = door.api("scf", "Invoke", body)["Result"]
        if result.get("InvokeResult"):
            why = str(result.get("ErrMsg", ""))[:2000]
            return [{"check": "sweep", "ok": False, "text": f"the function failed: {door.hide(why)}"}]
        said = str(result.get("RetMsg", ""))
        findings = as_object(said).get("doctor")
        if not isinstance(findings, list):
            return [{"check": "sweep", "ok": False, "text": f"it answered something else: {door.hide(said[:200])}"}]
        denied = any("AccessDenied" in str(finding["text"]) for finding in findings if not finding["ok"])
        if not denied or time.monotonic() >= deadline:
            return findings
        time.sleep(LOOK_AGAIN_SECONDS)


def _where(settings: Settings) -> str:
    return f"cos://{settings.config.bucket.name}/{settings.config.input_prefix}"


def _stop_if_refused(plan: Plan) -> None:
    if plan.refusals:
        raise InvalidInput(plan.refusals)


def _show_env(settings: Settings, door: Door, *, as_json: bool) -> int:
    from ops.deployment.seen import look
    from ops.deployment.show_env import dotenv_text, shown_variables

    seen = look(door, settings)
    if not seen.functions:
        raise Mistake(f"stage {settings.stage} is not deployed in {settings.region}")
    if as_json:
        show_json({"stage": settings.stage, "variables": shown_variables(seen.environment)})
        return 0
    click.echo(dotenv_text(seen.environment, settings.stage, seen.address), nl=False)
    return 0
