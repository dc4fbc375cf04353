"""What whoever deploys is to know, and what is asked apart: removal. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cosconcat.config import films_stay
from ops.deployment.desired import Desired, removal, removes
from ops.deployment.seen import Seen
from ops.deployment.steps.triggers import is_paused
from ops.desk.environment import command_line

if TYPE_CHECKING:
    from ops.deployment.settings import Settings

PERMANENT = (
    "what is in flight under the old setting may never be finished: pause, wait until nothing is, then change it"
)
# What records and names of a deployment depend on.
_ROOTS = (
    "CONCAT_BUCKET", "CONCAT_INPUT_PREFIX", "CONCAT_NAMING", "CONCAT_WINDOW", "CONCAT_TIMEZONE", "CONCAT_STATE_PREFIX",
    "CONCAT_STATE_BUCKET",
)  # fmt: skip


def asked_removal(settings: Settings, seen: Seen) -> str:
    """Removal is asked for apart, unless this deployment has run without, or is removing in this way already."""
    words, deployed = removal(settings), seen.environment
    if not words or (deployed and not removes(deployed)):
        return ""
    same = deployed.get("CONCAT_CLEANUP", "delete") == settings.config.cleanup
    return "" if deployed and same else words


def notes(settings: Settings, wanted: Desired, seen: Seen) -> Iterator[str]:
    """One sentence each."""
    if words := removal(settings):
        yield words
    if words := films_stay(settings.config):
        yield words
    if is_paused(seen):
        yield f"the deployment is paused and stays so: `{command_line('resume')}` lets it go on"
    for queue, state in seen.queues:
        if state != "Active" and settings.config.queue_id in ("", queue):
            where = f"console > Cloud Infinite > {settings.config.bucket.name} > Media processing > Queue"
            yield f"queue {queue} is {state} and is left so: no job runs until somebody sets it to Active ({where})"
    yield from _topic(settings, wanted, seen)
    if settings.from_shell:
        yield f"from the shell, not from the file: {', '.join(settings.from_shell)}"
    deployed, now = seen.environment, wanted.functions["upload"].environment
    changed = [name for name in _ROOTS if deployed and deployed.get(name) != now.get(name)]
    if changed:
        yield f"{', '.join(changed)} changes; {PERMANENT}"
    for key, role in seen.roles.items():
        others = [name for name in role.attached if name != wanted.roles[key].name]
        if others:
            yield f"role {wanted.roles[key].name} has further policies, which are left as they are: {', '.join(others)}"


def _topic(settings: Settings, wanted: Desired, seen: Seen) -> Iterator[str]:
    """How CI's messages reach the callback function by CMQ: `CreateTrigger` no longer lists such triggers."""
    mq, function = settings.config.callback_mq, wanted.functions["callback"].name
    if mq is None or any((each.kind, each.name) == ("cmq", mq.name) for each in seen.triggers.get("callback", ())):
        return
    instead = "set CONCAT_CALLBACK_MQ=- and deploy again, and a function URL takes its place"
    until = "until then the sweep finds the end of each job, within minutes"
    if mq.mode == "Topic":
        by_hand = f"console > SCF > {function} > Trigger management > Create trigger > CMQ topic {mq.name}"
        yield f"the API makes no triggers of CMQ topics: make it by hand ({by_hand}), or {instead}; {until}"
    else:
        yield f"CMQ {mq.mode} {mq.name} triggers no function: read it yourself, or {instead}; {until}"
