"""Steps for the triggers: what makes the functions run comes last, so that nothing half-made is started. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from deployed import blueprint
from deployed.blueprint import Trigger
from ops.deployment.desired import Desired
from ops.deployment.seen import Seen, SeenTrigger, as_object
from ops.deployment.steps.step import Call, Step, named


def trigger_step(wanted: Desired, seen: Seen, trigger: Trigger) -> Step:
    """Create, change or replace the one trigger of its kind on its function."""
    function, thing = blueprint.name(wanted.stage, trigger.function), _thing(trigger)
    found = [each for each in seen.triggers.get(trigger.function, ()) if each.kind == trigger.kind]
    if is_to_be_recreated := is_to_be_replaced(wanted, seen, trigger.function):
        found = []
    create = Call(
        "scf",
        "CreateTrigger",
        {
            **named(function),
            "TriggerName": trigger.name,
            "Type": trigger.kind,
            "TriggerDesc": trigger.description,
            "Qualifier": blueprint.QUALIFIER,
            "Enable": "CLOSE" if trigger.kind != "http" and is_paused(seen) else "OPEN",
        },
    )
    read_back = (Call("scf", "ListTriggers", named(function)),) if trigger.kind == "http" else ()
    if not found:
        return Step("replace" if is_to_be_recreated else "create", thing, (), (create, *read_back))
    if len(found) == 1 and _same_trigger(found[0], trigger):
        return Step("unchanged", thing)
    if trigger.kind == "http":
        change = {"TriggerName": found[0].name, "Type": "http", "TriggerDesc": trigger.description, "Enable": "OPEN"}
        body = {**named(function), **change, "Qualifier": found[0].qualifier or blueprint.QUALIFIER}
        return Step("change", thing, ("public, for everybody",), (Call("scf", "UpdateTrigger", body), *read_back))
    details = tuple(f"{each.name} {filter_of(each)} -> {trigger.name} {filter_of(trigger)}" for each in found)
    gone = [Call("scf", "DeleteTrigger", trigger_body(function, each)) for each in found]
    return Step("replace", thing, details, (*gone, create))


def is_to_be_replaced(wanted: Desired, seen: Seen, key: str) -> bool:
    """A runtime cannot be changed, and what could not be created has to go first."""
    found = seen.functions.get(key)
    return found is not None and (
        found.function.runtime != wanted.functions[key].runtime or found.status == "CreateFailed"
    )


def trigger_body(function: str, trigger: SeenTrigger) -> dict[str, object]:
    """How DeleteTrigger and UpdateTriggerStatus name a trigger; of a COS trigger they want its description as well."""
    body = {**named(function), "TriggerName": trigger.name, "Type": trigger.kind, "Qualifier": trigger.qualifier}
    if trigger.kind == "cos":
        found = as_object(trigger.description)
        known = {key: found[key] for key in ("event", "filter") if key in found}
        body["TriggerDesc"] = json.dumps(known, separators=(",", ":"), ensure_ascii=False)
    return body


def is_paused(seen: Seen) -> bool:
    """Whether what starts the functions by itself was switched off (the function URL always answers)."""
    found = [each for triggers in seen.triggers.values() for each in triggers if each.kind in ("cos", "timer")]
    return any(not each.enabled for each in found)


def _same_trigger(found: SeenTrigger, wanted: Trigger) -> bool:
    """The same effect; the API adds to a description what it knows, and tells a timer's in two ways."""
    if wanted.kind == "http":
        has, wants = as_object(found.description), as_object(wanted.description)
        net: Mapping[str, object] = has.get("NetConfig") or {}
        flags = {name: net.get(name) for name in wants["NetConfig"]}
        return bool(found.enabled and has.get("AuthType") == wants["AuthType"] and flags == wants["NetConfig"])
    if found.name != wanted.name:
        return False
    return filter_of(found) == filter_of(wanted)


def filter_of(trigger: SeenTrigger | Trigger) -> str:
    """When a trigger fires, in one line."""
    content = as_object(trigger.description)
    if trigger.kind == "timer":
        return str(content.get("cron") or trigger.description)
    narrow: Mapping[str, object] = content.get("filter") or {}
    return f"{content.get('event', '')} {narrow.get('Prefix', '')}*{narrow.get('Suffix', '') or ''}"


def _thing(trigger: Trigger) -> str:
    words = {"cos": f"COS trigger on {trigger.name}", "http": "function URL", "timer": f"timer {trigger.name}"}
    return words[trigger.kind]
