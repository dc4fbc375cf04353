"""Steps for the layer and the functions: the callback function, its address, then what the address belongs to. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from deployed import blueprint
from ops.deployment.desired import ADDRESS_TO_COME, CODE_ZIP, LAYER_TO_COME, LAYER_ZIP, Desired, Function
from ops.deployment.seen import Seen
from ops.deployment.settings import ADDRESS, NOT_SHOWN
from ops.deployment.steps.step import Call, Change, Step, named, rows
from ops.deployment.steps.triggers import is_to_be_replaced, trigger_step

_LAYER_MARK = "Dependencies of cos concat. Layer"


def layer_version(wanted_sha256: str, seen: Seen) -> int | str:
    """The number of our layer version with these bytes, or the stand-in for the one to be published."""
    found = [layer.version for layer in seen.layers if layer.description.endswith(wanted_sha256)]
    return max(found) if found else LAYER_TO_COME


def layer(wanted: Desired, seen: Seen) -> Step:
    """A new version of the layer, unless one has these bytes."""
    if layer_version(wanted.layer_sha256, seen) != LAYER_TO_COME:
        return Step("unchanged", f"layer {wanted.layer}")
    body = {
        "LayerName": wanted.layer,
        "CompatibleRuntimes": [blueprint.RUNTIME],
        "Content": {"ZipFile": LAYER_ZIP},
        "Description": f"{_LAYER_MARK} {wanted.layer_sha256}",
        "Tags": rows(blueprint.tags(wanted.stage)),
    }
    change: Change = "change" if seen.layers else "create"
    details = (f"version {LAYER_TO_COME}, sha256 {wanted.layer_sha256[:12]}",)
    return Step(change, f"layer {wanted.layer}", details, (Call("scf", "PublishLayerVersion", body),))


def is_our_layer(description: str) -> bool:
    """Whether the description is one that a deployment writes: for where the API tells no tags of layers."""
    return description.startswith(_LAYER_MARK)


def functions(wanted: Desired, seen: Seen) -> Iterator[Step]:
    """The callback function, its address, and then all that the address belongs to."""
    made_anew = [key for key in wanted.functions if is_to_be_replaced(wanted, seen, key)]
    absent = [key for key in wanted.functions if key not in seen.functions or key in made_anew]
    url = next((trigger for trigger in wanted.triggers if trigger.kind == "http"), None)
    there = {key: found for key, found in seen.triggers.items() if key not in made_anew}
    address_comes = ADDRESS_TO_COME in wanted.functions["callback"].environment.values()
    for key, function in wanted.functions.items():
        if key in absent:
            early = key == "callback" and address_comes
            body = creation(wanted.stage, _without_address(function) if early else function)
            removal_first = (Call("scf", "DeleteFunction", named(function.name)),) if key in made_anew else ()
            calls = (*removal_first, Call("scf", "CreateFunction", body), _retry_call(function.name))
            made_of = f"{function.runtime}, {function.memory} MB, {function.seconds} s, role {function.role}"
            details = (made_of, f"variables: {', '.join(function.environment)}")
            yield Step("replace" if removal_first else "create", f"function {function.name}", details, calls)
            if key == "callback" and url:
                yield trigger_step(wanted, seen._replace(triggers=there), url)
            if early:
                update = Call("scf", "UpdateFunctionConfiguration", configuration(function))
                yield Step("change", f"function {function.name}", (f"{ADDRESS}: {ADDRESS_TO_COME}",), (update,))
        else:
            if key == "callback" and url:
                yield trigger_step(wanted, seen, url)
            yield _update(function, seen, key)


def _update(wanted: Function, seen: Seen, key: str) -> Step:
    found = seen.functions[key].function
    details = list(differences(found, wanted))
    calls: list[Call] = []
    if found.description != wanted.description or found.handler != wanted.handler:
        # The code first: its SHA-256 is in the description, which must not tell of code that is not there yet.
        code = {"Handler": wanted.handler, "CodeSource": "ZipFile", "Code": {"ZipFile": CODE_ZIP}}
        calls.append(Call("scf", "UpdateFunctionCode", {**named(wanted.name), **code}))
    if details:
        calls.append(Call("scf", "UpdateFunctionConfiguration", configuration(wanted)))
    if seen.retries.get(key) != (blueprint.RETRIES, blueprint.EVENT_SECONDS):
        calls.append(_retry_call(wanted.name))
        details.append(f"{blueprint.RETRIES} more tries of an event that failed")
    return Step("change" if calls else "unchanged", f"function {wanted.name}", tuple(details), tuple(calls))


def creation(stage: str, function: Function) -> dict[str, object]:
    """The body of CreateFunction."""
    return {
        **configuration(function),
        "Code": {"ZipFile": CODE_ZIP},
        "CodeSource": "ZipFile",
        "Handler": function.handler,
        "Runtime": function.runtime,
        "Type": "Event",
        "AsyncRunEnable": "FALSE",  # another product, without retries
        "Tags": rows(blueprint.tags(stage)),
    }


def configuration(function: Function) -> dict[str, object]:
    """The body of UpdateFunctionConfiguration: all of it, for what is left out may be reset."""
    return {
        **named(function.name),
        "Description": function.description,
        "MemorySize": function.memory,
        "Timeout": function.seconds,
        "InitTimeout": function.init_seconds,
        "Role": function.role,
        "Layers": [{"LayerName": function.layer, "LayerVersion": function.layer_version}],
        "Environment": {"Variables": rows(function.environment)},
        "PublicNetConfig": {"PublicNetStatus": "ENABLE", "EipConfig": {"EipStatus": "DISABLE"}},  # CI is public only
    }


def differences(found: Function, wanted: Function) -> Iterator[str]:
    """What differs, in words and without secrets."""
    words = {
        "handler": "handler",
        "memory": "memory in MB",
        "seconds": "time limit in seconds",
        "init_seconds": "initialisation limit in seconds",
        "role": "role",
        "layer": "layer",
        "layer_version": "layer version",
    }
    for field, word in words.items():
        before, after = getattr(found, field), getattr(wanted, field)
        if before != after:
            yield f"{word}: {before} -> {after}"
    if found.description != wanted.description:
        yield f"code: {found.description[-64:][:12] or 'none'} -> {wanted.description[-64:][:12]}"
    for name in sorted({*found.environment, *wanted.environment}):
        before, after = found.environment.get(name), wanted.environment.get(name)
        if before != after:
            yield f"{name}: {shown(name, before)} -> {shown(name, after)}"


def shown(name: str, value: str | None) -> str:
    """A variable's value as it may be printed."""
    if value is None:
        return "not set"
    return "(not shown)" if name in NOT_SHOWN else value


def _without_address(function: Function) -> Function:
    kept = {name: value for name, value in function.environment.items() if value != ADDRESS_TO_COME}
    return function._replace(environment=kept)


def _retry_call(name: str) -> Call:
    setting = {"RetryConfig": [{"RetryNum": blueprint.RETRIES}], "MsgTTL": blueprint.EVENT_SECONDS}
    return Call("scf", "UpdateFunctionEventInvokeConfig", {**named(name), "AsyncTriggerConfig": setting})
