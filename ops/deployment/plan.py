"""All that differs between what is to be there and what is, as API calls in the order in which they are safe. Pure.

The order: policies and roles, the layer, the callback function with its address, the other functions, and only then
what makes them run. Whatever fails, nothing half-made is started.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from cosconcat.inputs.expiry import EXPIRE_TAG
from deployed import blueprint
from ops.deployment import lifecycle
from ops.deployment.desired import Desired
from ops.deployment.notes import asked_removal, notes
from ops.deployment.refusals import refusals
from ops.deployment.seen import Seen
from ops.deployment.steps.functions import functions, layer
from ops.deployment.steps.rights import rights
from ops.deployment.steps.step import Call, Step
from ops.deployment.steps.triggers import trigger_step

if TYPE_CHECKING:
    from ops.deployment.settings import Settings


class Plan(NamedTuple):
    """The steps in order; `refusals` are why nothing may be done, `notes` what to know, `removal` and
    `media_processing` what is asked apart ("" where nothing is).
    """

    steps: tuple[Step, ...]
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    removal: str = ""
    media_processing: str = ""

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.change != "unchanged")


def plan(settings: Settings, wanted: Desired, seen: Seen, *, enable_ci: bool = False) -> Plan:
    """How to get from `seen` to `wanted`; with `enable_ci` media processing, a paid service, is switched on."""
    refused = tuple(refusals(settings, wanted, seen))
    if refused:
        return Plan((), refused)
    off = not seen.queues
    steps = [
        *(_media_processing(settings) if off and enable_ci else ()),
        *rights(wanted, seen),
        layer(wanted, seen),
        *functions(wanted, seen),
        *(trigger_step(wanted, seen, trigger) for trigger in wanted.triggers if trigger.kind != "http"),
        *_lifecycle(settings, wanted, seen),
    ]
    paid = (
        f"media processing is off for {settings.config.bucket.name}; it is a paid service (--enable-ci switches it on)"
    )
    return Plan(
        tuple(steps),
        notes=tuple(notes(settings, wanted, seen)),
        removal=asked_removal(settings, seen),
        media_processing=paid if off and not enable_ci else "",
    )


def _media_processing(settings: Settings) -> Iterator[Step]:
    bucket = settings.config.bucket
    body = {"Bucket": bucket.name, "Region": bucket.region}
    yield Step("create", f"media processing for {bucket.name}", (), (Call("ci", "CreateMediaBucket", body),))


def _lifecycle(settings: Settings, wanted: Desired, seen: Seen) -> Iterator[Step]:
    """The one rule of ours in the bucket's list; the others stay as they are, byte for byte."""
    name, bucket = blueprint.rule_name(wanted.stage), settings.config.bucket
    found = lifecycle.rules(seen.lifecycle).get(name, "")
    body = {"Bucket": bucket.name, "Region": bucket.region, "ID": name, "Rule": wanted.expire_rule}
    call = Call("cos", "PutBucketLifecycle", body)
    thing = f"lifecycle rule {name}"
    if wanted.expire_rule and not found:
        details = (f"objects tagged {'='.join(EXPIRE_TAG)} go after {blueprint.EXPIRE_DAYS} days",)
        yield Step("create", thing, details, (call,))
    elif wanted.expire_rule and not lifecycle.is_same_but_for_days(found, wanted.expire_rule):
        yield Step("change", thing, ("prefix, tag or state",), (call,))
    elif found and not wanted.expire_rule:
        yield Step("remove", thing, ("nothing is to expire any more",), (call,))
    elif found:
        yield Step("unchanged", thing)
