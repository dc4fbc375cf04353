"""All that differs between what is to be there and what is, as API calls in the order in which they are safe. Pure.

The order: policies and roles, the layer, the callback function with its address, the other functions, and only then
what makes them run. Whatever fails, nothing half-made is started.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from cosconcat.config import films_stay
from cosconcat.inputs.expiry import EXPIRE_TAG
from deployed import blueprint
from deployed.blueprint import NAMESPACE, Trigger
from ops.deployment import lifecycle
from ops.deployment.desired import (
    ADDRESS_TO_COME,
    CODE_ZIP,
    LAYER_TO_COME,
    LAYER_ZIP,
    Desired,
    Function,
    document,
    removal,
    removes,
)
from ops.deployment.seen import Seen, SeenTrigger, as_object
from ops.deployment.settings import ADDRESS, NOT_SHOWN

if TYPE_CHECKING:
    from ops.deployment.settings import Settings

Change = Literal["create", "change", "replace", "remove", "unchanged"]
PERMANENT = (
    "what is in flight under the old setting may never be finished: pause, wait until nothing is, then change it"
)
# What records and names of a deployment depend on.
_ROOTS = (
    "CONCAT_BUCKET", "CONCAT_INPUT_PREFIX", "CONCAT_NAMING", "CONCAT_WINDOW", "CONCAT_TIMEZONE", "CONCAT_STATE_PREFIX",
    "CONCAT_STATE_BUCKET",
)  # fmt: skip


class Call(NamedTuple):
    """One call: `scf`, `cam`, `cos` or `ci`, the action and its body, which may hold stand-ins of `desired`."""

    service: str
    action: str
    body: Mapping[str, object]


class Step(NamedTuple):
    """One thing and what is to be done with it; `details` say what differs, without secrets."""

    change: Change
    thing: str
    details: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()


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
        *_rights(wanted, seen),
        _layer(wanted, seen),
        *_functions(wanted, seen),
        *(_trigger(wanted, seen, trigger) for trigger in wanted.triggers if trigger.kind != "http"),
        *_lifecycle(settings, wanted, seen),
    ]
    paid = (
        f"media processing is off for {settings.config.bucket.name}; it is a paid service (--enable-ci switches it on)"
    )
    return Plan(
        tuple(steps),
        notes=tuple(_notes(settings, wanted, seen)),
        removal=_asked_removal(settings, seen),
        media_processing=paid if off and not enable_ci else "",
    )


def layer_version(wanted_sha256: str, seen: Seen) -> int | str:
    """The number of our layer version with these bytes, or the stand-in for the one to be published."""
    found = [layer.version for layer in seen.layers if layer.description.endswith(wanted_sha256)]
    return max(found) if found else LAYER_TO_COME


# -- what stands in the way -------------------------------------------------------------------------------------------


def refusals(settings: Settings, wanted: Desired, seen: Seen) -> Iterator[str]:
    """Why nothing may be done: each a sentence with what mends it."""
    config, account = settings.config, seen.account
    for variable, bucket in (
        ("CONCAT_BUCKET", config.bucket),
        ("CONCAT_OUTPUT_BUCKET", config.output_bucket),
        ("CONCAT_STATE_BUCKET", config.state_bucket),
    ):
        if variable != "CONCAT_BUCKET" and bucket == config.bucket:
            continue
        appid = bucket.name.rpartition("-")[2]
        if appid != account.appid:
            yield (
                f"{variable} {bucket.name} belongs to account {appid}, but these keys are of account {account.appid} "
                f"(uin {account.uin}): use keys of the bucket's account"
            )
        elif not seen.buckets[bucket.name].there:
            yield (
                f"{variable}: {bucket.name} is not in {bucket.region}: create it there (console > COS > Buckets), or "
                "correct the name or the region"
            )
    versioning = seen.buckets[config.state_bucket.name].versioning
    if versioning:
        yield (
            f"{config.state_bucket.name} has versioning {versioning}, and there COS does not refuse to overwrite, "
            "on which the ledger rests: set CONCAT_STATE_BUCKET to a new bucket that never had versioning"
        )
    yield from _queue(settings, seen)
    yield from _not_ours(wanted, seen)
    yield from _overlaps(settings, wanted, seen)


def _queue(settings: Settings, seen: Seen) -> Iterator[str]:
    """A queue that is not there; one that is paused is told in the notes, for whoever paused it had a reason."""
    wanted, bucket = settings.config.queue_id, settings.config.bucket.name
    there = [queue for queue, _ in seen.queues]
    if wanted and there and wanted not in there:
        yield f"CONCAT_QUEUE_ID is {wanted}, and {bucket} has {', '.join(there)}: correct it, or leave it unset"


def _not_ours(wanted: Desired, seen: Seen) -> Iterator[str]:
    """Things that have our names and not our tags."""
    ours = blueprint.tags(wanted.stage)
    found: list[tuple[str, str, Mapping[str, str]]] = []
    for spec in blueprint.FUNCTIONS:
        name = blueprint.name(wanted.stage, spec.key)
        found += [("function", name, seen.functions[spec.key].tags)] if spec.key in seen.functions else []
        found += [("role", name, seen.roles[spec.key].tags)] if spec.key in seen.roles else []
        found += [("policy", name, seen.policies[spec.key].tags)] if spec.key in seen.policies else []
    for layer in seen.layers[-1:]:
        known = layer.tags if layer.tags is not None else ours if is_our_layer(layer.description) else {}
        found.append(("layer", wanted.layer, known))
    for kind, name, tags in found:
        if not ours.items() <= tags.items():
            marks = ", ".join(f"{key}={value}" for key, value in ours.items())
            yield (
                f"the {kind} {name} exists without our tags ({marks}), so it is left alone: choose another STAGE, "
                f"remove it, or give it the tags if this deployment made it"
            )


def _overlaps(settings: Settings, wanted: Desired, seen: Seen) -> Iterator[str]:
    """Prefixes that another stage calls its own: nothing but the bucket may be shared."""
    from ops.deployment.seen import places

    del settings
    for neighbour in seen.neighbours:
        for bucket, prefix in places(wanted.functions["upload"].environment):
            for its_bucket, its_prefix in neighbour.places:
                if bucket == its_bucket and (prefix.startswith(its_prefix) or its_prefix.startswith(prefix)):
                    yield (
                        f"{bucket}/{prefix} and {its_bucket}/{its_prefix} of stage {neighbour.stage} contain one "
                        f"another: give stage {wanted.stage} prefixes of its own"
                    )


# -- the steps --------------------------------------------------------------------------------------------------------


def _media_processing(settings: Settings) -> Iterator[Step]:
    bucket = settings.config.bucket
    body = {"Bucket": bucket.name, "Region": bucket.region}
    yield Step("create", f"media processing for {bucket.name}", (), (Call("ci", "CreateMediaBucket", body),))


def _rights(wanted: Desired, seen: Seen) -> Iterator[Step]:
    """A policy, a role and the bond between them for each function."""
    marks = _rows(blueprint.tags(wanted.stage))
    for key, role in wanted.roles.items():
        there, policy, text = seen.roles.get(key), seen.policies.get(key), document(role.policy)
        if policy is None:
            body = {"PolicyName": role.name, "PolicyDocument": text, "Tags": marks}
            yield Step("create", f"policy {role.name}", (), (Call("cam", "CreatePolicy", body),))
        elif as_object(policy.document) != json.loads(text):
            update = Call("cam", "UpdatePolicy", {"PolicyName": role.name, "PolicyDocument": text})
            yield Step("change", f"policy {role.name}", tuple(_policy_differences(policy.document, text)), (update,))
        else:
            yield Step("unchanged", f"policy {role.name}")
        attach = Call("cam", "AttachRolePolicy", {"AttachRoleName": role.name, "PolicyName": role.name})
        trust = document(blueprint.TRUST)
        if there is None:
            body = {"RoleName": role.name, "PolicyDocument": trust, "Tags": marks}
            yield Step("create", f"role {role.name}", (), (Call("cam", "CreateRole", body), attach))
            continue
        calls, details = [], []
        if as_object(there.trust) != blueprint.TRUST:
            update = Call("cam", "UpdateAssumeRolePolicy", {"RoleName": role.name, "PolicyDocument": trust})
            calls.append(update)
            details.append("only SCF may take it")
        if role.name not in there.attached:
            calls.append(attach)
            details.append(f"policy {role.name} attached")
        yield Step("change" if calls else "unchanged", f"role {role.name}", tuple(details), tuple(calls))


def _layer(wanted: Desired, seen: Seen) -> Step:
    if layer_version(wanted.layer_sha256, seen) != LAYER_TO_COME:
        return Step("unchanged", f"layer {wanted.layer}")
    body = {
        "LayerName": wanted.layer,
        "CompatibleRuntimes": [blueprint.RUNTIME],
        "Content": {"ZipFile": LAYER_ZIP},
        "Description": f"{_LAYER_MARK} {wanted.layer_sha256}",
        "Tags": _rows(blueprint.tags(wanted.stage)),
    }
    change: Change = "change" if seen.layers else "create"
    details = (f"version {LAYER_TO_COME}, sha256 {wanted.layer_sha256[:12]}",)
    return Step(change, f"layer {wanted.layer}", details, (Call("scf", "PublishLayerVersion", body),))


_LAYER_MARK = "Dependencies of cos concat. Layer"


def is_our_layer(description: str) -> bool:
    """Whether the description is one that a deployment writes: for where the API tells no tags of layers."""
    return description.startswith(_LAYER_MARK)


def _functions(wanted: Desired, seen: Seen) -> Iterator[Step]:
    """The callback function, its address, and then all that the address belongs to."""
    made_anew = [key for key in wanted.functions if _is_to_be_replaced(wanted, seen, key)]
    absent = [key for key in wanted.functions if key not in seen.functions or key in made_anew]
    url = next((trigger for trigger in wanted.triggers if trigger.kind == "http"), None)
    there = {key: found for key, found in seen.triggers.items() if key not in made_anew}
    address_comes = ADDRESS_TO_COME in wanted.functions["callback"].environment.values()
    for key, function in wanted.functions.items():
        if key in absent:
            early = key == "callback" and address_comes
            body = creation(wanted.stage, _without_address(function) if early else function)
            removal_first = (Call("scf", "DeleteFunction", _named(function.name)),) if key in made_anew else ()
            calls = (*removal_first, Call("scf", "CreateFunction", body), _retry_call(function.name))
            made_of = f"{function.runtime}, {function.memory} MB, {function.seconds} s, role {function.role}"
            details = (made_of, f"variables: {', '.join(function.environment)}")
            yield Step("replace" if removal_first else "create", f"function {function.name}", details, calls)
            if key == "callback" and url:
                yield _trigger(wanted, seen._replace(triggers=there), url)
            if early:
                update = Call("scf", "UpdateFunctionConfiguration", configuration(function))
                yield Step("change", f"function {function.name}", (f"{ADDRESS}: {ADDRESS_TO_COME}",), (update,))
        else:
            if key == "callback" and url:
                yield _trigger(wanted, seen, url)
            yield _update(function, seen, key)


def _is_to_be_replaced(wanted: Desired, seen: Seen, key: str) -> bool:
    """A runtime cannot be changed, and what could not be created has to go first."""
    found = seen.functions.get(key)
    return found is not None and (
        found.function.runtime != wanted.functions[key].runtime or found.status == "CreateFailed"
    )


def _update(wanted: Function, seen: Seen, key: str) -> Step:
    found = seen.functions[key].function
    details = list(differences(found, wanted))
    calls: list[Call] = []
    if found.description != wanted.description or found.handler != wanted.handler:
        # The code first: its SHA-256 is in the description, which must not tell of code that is not there yet.
        code = {"Handler": wanted.handler, "CodeSource": "ZipFile", "Code": {"ZipFile": CODE_ZIP}}
        calls.append(Call("scf", "UpdateFunctionCode", {**_named(wanted.name), **code}))
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
        "Tags": _rows(blueprint.tags(stage)),
    }


def configuration(function: Function) -> dict[str, object]:
    """The body of UpdateFunctionConfiguration: all of it, for what is left out may be reset."""
    return {
        **_named(function.name),
        "Description": function.description,
        "MemorySize": function.memory,
        "Timeout": function.seconds,
        "InitTimeout": function.init_seconds,
        "Role": function.role,
        "Layers": [{"LayerName": function.layer, "LayerVersion": function.layer_version}],
        "Environment": {"Variables": _rows(function.environment)},
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


def _trigger(wanted: Desired, seen: Seen, trigger: Trigger) -> Step:
    """Create, change or replace the one trigger of its kind on its function."""
    function, thing = blueprint.name(wanted.stage, trigger.function), _thing(trigger)
    found = [each for each in seen.triggers.get(trigger.function, ()) if each.kind == trigger.kind]
    if is_to_be_recreated := _is_to_be_replaced(wanted, seen, trigger.function):
        found = []
    create = Call(
        "scf",
        "CreateTrigger",
        {
            **_named(function),
            "TriggerName": trigger.name,
            "Type": trigger.kind,
            "TriggerDesc": trigger.description,
            "Qualifier": blueprint.QUALIFIER,
            "Enable": "CLOSE" if trigger.kind != "http" and is_paused(seen) else "OPEN",
        },
    )
    read_back = (Call("scf", "ListTriggers", _named(function)),) if trigger.kind == "http" else ()
    if not found:
        return Step("replace" if is_to_be_recreated else "create", thing, (), (create, *read_back))
    if len(found) == 1 and _same_trigger(found[0], trigger):
        return Step("unchanged", thing)
    if trigger.kind == "http":
        change = {"TriggerName": found[0].name, "Type": "http", "TriggerDesc": trigger.description, "Enable": "OPEN"}
        body = {**_named(function), **change, "Qualifier": found[0].qualifier or blueprint.QUALIFIER}
        return Step("change", thing, ("public, for everybody",), (Call("scf", "UpdateTrigger", body), *read_back))
    details = tuple(f"{each.name} {filter_of(each)} -> {trigger.name} {_wanted_filter(trigger)}" for each in found)
    gone = [Call("scf", "DeleteTrigger", trigger_body(function, each)) for each in found]
    return Step("replace", thing, details, (*gone, create))


def trigger_body(function: str, trigger: SeenTrigger) -> dict[str, object]:
    """How DeleteTrigger and UpdateTriggerStatus name a trigger; of a COS trigger they want its description as well."""
    body = {**_named(function), "TriggerName": trigger.name, "Type": trigger.kind, "Qualifier": trigger.qualifier}
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
    return filter_of(found) == _wanted_filter(wanted)


def filter_of(trigger: SeenTrigger) -> str:
    """When a trigger fires, in one line."""
    return _filter(trigger.kind, trigger.description)


def _wanted_filter(trigger: Trigger) -> str:
    return _filter(trigger.kind, trigger.description)


def _filter(kind: str, description: str) -> str:
    content = as_object(description)
    if kind == "timer":
        return str(content.get("cron") or description)
    narrow: Mapping[str, object] = content.get("filter") or {}
    return f"{content.get('event', '')} {narrow.get('Prefix', '')}*{narrow.get('Suffix', '') or ''}"


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


# -- what to know -----------------------------------------------------------------------------------------------------


def _asked_removal(settings: Settings, seen: Seen) -> str:
    """Removal is asked for apart, unless this deployment has run without, or is removing in this way already."""
    words, deployed = removal(settings), seen.environment
    if not words or (deployed and not removes(deployed)):
        return ""
    same = deployed.get("CONCAT_CLEANUP", "delete") == settings.config.cleanup
    return "" if deployed and same else words


def _notes(settings: Settings, wanted: Desired, seen: Seen) -> Iterator[str]:
    if words := removal(settings):
        yield words
    if words := films_stay(settings.config):
        yield words
    if is_paused(seen):
        yield "the deployment is paused and stays so: `cos-concat resume` lets it go on"
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


def _policy_differences(before: str, after: str) -> Iterator[str]:
    """Rights that come and rights that go, as `action on resource`."""
    old, new = _grants(as_object(before)), _grants(as_object(after))
    yield from (f"+ {grant}" for grant in sorted(new - old))
    yield from (f"- {grant}" for grant in sorted(old - new))


def _grants(policy: Mapping[str, object]) -> set[str]:
    statements = policy.get("statement")
    return {
        f"{statement.get('effect', '')} {action} on {resource}{' if ' + json.dumps(condition) if condition else ''}"
        for statement in (statements if isinstance(statements, list) else [])
        for condition in [statement.get("condition")]
        for action in _several(statement.get("action"))
        for resource in _several(statement.get("resource"))
    }


def _several(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def _without_address(function: Function) -> Function:
    kept = {name: value for name, value in function.environment.items() if value != ADDRESS_TO_COME}
    return function._replace(environment=kept)


def _retry_call(name: str) -> Call:
    setting = {"RetryConfig": [{"RetryNum": blueprint.RETRIES}], "MsgTTL": blueprint.EVENT_SECONDS}
    return Call("scf", "UpdateFunctionEventInvokeConfig", {**_named(name), "AsyncTriggerConfig": setting})


def _thing(trigger: Trigger) -> str:
    words = {"cos": f"COS trigger on {trigger.name}", "http": "function URL", "timer": f"timer {trigger.name}"}
    return words[trigger.kind]


def _named(function: str) -> dict[str, object]:
    return {"FunctionName": function, "Namespace": NAMESPACE}


def _rows(pairs: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def stand_ins(value: object) -> set[str]:
    """The stand-ins that a call's body holds."""
    found = re.findall(r"<[^<>]*>", json.dumps(value, ensure_ascii=False))
    return {text for text in found if text in {ADDRESS_TO_COME, LAYER_TO_COME, CODE_ZIP, LAYER_ZIP}}
