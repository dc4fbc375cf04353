"""Takes out what a deployment made: everything with its tags, and nothing else. Pure, like the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from deployed import blueprint
from ops.deployment import lifecycle
from ops.deployment.plan import Plan
from ops.deployment.steps.functions import is_our_layer
from ops.deployment.steps.step import Call, Step
from ops.deployment.steps.triggers import trigger_body

if TYPE_CHECKING:
    from ops.deployment.seen import Seen, SeenLayer
    from ops.deployment.settings import Settings


def plan_removal(settings: Settings, seen: Seen) -> Plan:
    """How to remove this stage: first what makes the functions run, then the functions, then what they ran with."""
    stage, left = settings.stage, list(_not_ours(settings.stage, seen))
    steps = [
        *_triggers_and_functions(stage, seen),
        *_layers(stage, seen),
        *_rights(stage, seen),
        *_rule(settings, seen),
    ]
    return Plan(tuple(steps), notes=(*left, *_what_stays(settings, seen)))


def plan_switch(settings: Settings, seen: Seen, *, on: bool) -> Plan:
    """Switch the COS trigger and the timer on or off; the function URL goes on answering CI's callbacks."""
    steps = []
    for key, triggers in seen.triggers.items():
        name = blueprint.name(settings.stage, key)
        for trigger in triggers:
            if trigger.kind in ("cos", "timer") and _is_ours(settings.stage, seen.functions[key].tags):
                thing = f"{'COS trigger' if trigger.kind == 'cos' else 'timer'} of {name}"
                body = {**trigger_body(name, trigger), "Enable": "OPEN" if on else "CLOSE"}
                call = Call("scf", "UpdateTriggerStatus", body)
                details = ("off -> on" if on else "on -> off",)
                same = trigger.enabled == on
                steps.append(Step("unchanged", thing) if same else Step("change", thing, details, (call,)))
    return Plan(tuple(steps))


def _triggers_and_functions(stage: str, seen: Seen) -> Iterator[Step]:
    ours = {key: found for key, found in seen.functions.items() if _is_ours(stage, found.tags)}
    for key in ours:
        name = blueprint.name(stage, key)
        for trigger in seen.triggers.get(key, ()):
            call = Call("scf", "DeleteTrigger", trigger_body(name, trigger))
            yield Step("remove", f"{trigger.kind} trigger of {name}", (trigger.name,), (call,))
    for key in ours:
        name = blueprint.name(stage, key)
        call = Call("scf", "DeleteFunction", {"FunctionName": name, "Namespace": blueprint.NAMESPACE})
        yield Step("remove", f"function {name}", (), (call,))


def _layers(stage: str, seen: Seen) -> Iterator[Step]:
    name = blueprint.layer_name(stage)
    for layer in seen.layers:
        if _is_our_layer(stage, layer):
            call = Call("scf", "DeleteLayerVersion", {"LayerName": name, "LayerVersion": layer.version})
            yield Step("remove", f"layer {name} version {layer.version}", (), (call,))


def _rights(stage: str, seen: Seen) -> Iterator[Step]:
    for key, role in seen.roles.items():
        if _is_ours(stage, role.tags):
            name = blueprint.name(stage, key)
            detach = [
                Call("cam", "DetachRolePolicy", {"DetachRoleName": name, "PolicyName": attached})
                for attached in role.attached
            ]
            yield Step("remove", f"role {name}", (), (*detach, Call("cam", "DeleteRole", {"RoleName": name})))
    for key, policy in seen.policies.items():
        if _is_ours(stage, policy.tags):
            call = Call("cam", "DeletePolicy", {"PolicyId": [policy.id]})
            yield Step("remove", f"policy {blueprint.name(stage, key)}", (), (call,))


def _rule(settings: Settings, seen: Seen) -> Iterator[Step]:
    name, bucket = blueprint.rule_name(settings.stage), settings.config.bucket
    if name in lifecycle.rules(seen.lifecycle):
        body = {"Bucket": bucket.name, "Region": bucket.region, "ID": name, "Rule": ""}
        yield Step("remove", f"lifecycle rule {name}", (), (Call("cos", "PutBucketLifecycle", body),))


def _what_stays(settings: Settings, seen: Seen) -> Iterator[str]:
    config = settings.config
    yield f"bucket {config.bucket.name} stays with all that is in it: fragments, results, trash and the ledger"
    yield f"to start anew later as if nothing had been, remove {config.state_bucket.name}/{config.state_prefix} by hand"
    if seen.queues:
        yield f"media processing of {config.bucket.name} stays on, and the functions' logs stay in CLS"


def _not_ours(stage: str, seen: Seen) -> Iterator[str]:
    named: list[tuple[str, Mapping[str, Mapping[str, str]]]] = [
        ("function", {key: found.tags for key, found in seen.functions.items()}),
        ("role", {key: found.tags for key, found in seen.roles.items()}),
        ("policy", {key: found.tags for key, found in seen.policies.items()}),
    ]
    for kind, found in named:
        for key, tags in found.items():
            if not _is_ours(stage, tags):
                yield f"{kind} {blueprint.name(stage, key)} does not carry our tags and is left alone"


def _is_ours(stage: str, tags: Mapping[str, str]) -> bool:
    return blueprint.tags(stage).items() <= tags.items()


def _is_our_layer(stage: str, layer: SeenLayer) -> bool:
    return is_our_layer(layer.description) if layer.tags is None else _is_ours(stage, layer.tags)
