"""A plan in words and as JSON, neither of which holds a secret, and its steps as they are done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ops.deployment.plan import Plan
    from ops.deployment.seen import Seen
    from ops.deployment.settings import Settings
    from ops.deployment.steps.step import Step


def tell(step: Step, state: str) -> None:
    """One line for each step that is done."""
    if state == "done":
        click.echo(f"  done: {step.change} {step.thing}")


def lines(settings: Settings, seen: Seen, plan: Plan) -> Iterator[str]:
    """The plan for a person: whose account, what is done, what stays, what to know. Refusals are told as errors."""
    yield whose(settings, seen)
    if plan.refusals:
        yield "Nothing is done:"
        return
    yield ""
    for step in plan.changes:
        yield f"  {step.change:<8} {step.thing}"
        yield from (f"             {detail}" for detail in step.details)
    unchanged = len(plan.steps) - len(plan.changes)
    if not plan.changes:
        yield f"  Nothing to do: all of {unchanged} things are as they should be."
    elif unchanged:
        yield f"  unchanged: {unchanged} more"
    if plan.notes or plan.media_processing:
        yield ""
    yield from (f"  {note}" for note in plan.notes)
    if plan.media_processing:
        yield f"  {plan.media_processing}"


def whose(settings: Settings, seen: Seen) -> str:
    """Account, place and stage in one line."""
    account, bucket = seen.account, settings.config.bucket
    return f"Account {account.appid} (uin {account.uin}), {bucket.region}, bucket {bucket.name}, stage {settings.stage}"


def as_dict(settings: Settings, seen: Seen, plan: Plan) -> dict[str, object]:
    """The plan for a program."""
    return {
        "account": seen.account._asdict(),
        "stage": settings.stage,
        "region": settings.region,
        "bucket": settings.config.bucket.name,
        "steps": [{"change": s.change, "thing": s.thing, "details": list(s.details)} for s in plan.steps],
        "refusals": list(plan.refusals),
        "notes": list(plan.notes),
        "asks": {
            name: words
            for name, words in (("allow-removal", plan.removal), ("enable-ci", plan.media_processing))
            if words
        },
    }
