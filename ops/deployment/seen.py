"""What is there: the account, the bucket and everything with our names, as values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cosconcat.environment.variables import DEFAULTS
from cosconcat.errors import Rejected
from cosconcat.output.key import literal_beginning
from deployed import blueprint
from ops.deployment.desired import Function

if TYPE_CHECKING:
    from cosconcat.model import Bucket
    from ops.deployment.door import Door
    from ops.deployment.settings import Settings

PAGE = 100  # names in one answer of a listing
_NOT_THERE = ("ResourceNotFound", "InvalidParameter.RoleNotExist", "ResourceNotFound.NotFound")
_ELSEWHERE = (301, 307, 404)  # a bucket that is not there, or not in this region
_FORBIDDEN = 403
_UNBOUND = ("MediaBucketUnBinded", "BucketUnBinded")  # media processing is off (1045/33700)


class Account(NamedTuple):
    """Whose keys these are."""

    appid: str
    uin: str
    owner: str


class SeenFunction(NamedTuple):
    """A function with its state; `status` is the API's word (Active, Creating, ...Failed)."""

    function: Function
    tags: Mapping[str, str]
    status: str


class SeenTrigger(NamedTuple):
    """A trigger; `description` is the API's TriggerDesc, `enabled` whether it fires."""

    kind: str
    name: str
    description: str
    enabled: bool
    qualifier: str

    @property
    def address(self) -> str:
        """The public address of a function URL, "" of another trigger."""
        net = as_object(self.description).get("NetConfig")
        found = net.get("ExtranetUrl", "") if isinstance(net, dict) else ""
        return f"{found}/" if found and not str(found).endswith("/") else str(found)


class SeenRole(NamedTuple):
    """An execution role: its tags, who may take it, and the names of the policies attached to it."""

    tags: Mapping[str, str]
    trust: str
    attached: tuple[str, ...]


class SeenPolicy(NamedTuple):
    """A policy of the account's own."""

    id: int
    document: str
    tags: Mapping[str, str]


class SeenLayer(NamedTuple):
    """One version of the layer; `tags` None where the API tells none."""

    version: int
    description: str
    tags: Mapping[str, str] | None


class SeenBucket(NamedTuple):
    """What of a bucket matters; `there` False when it is not in its region."""

    there: bool
    versioning: str = ""


class Neighbour(NamedTuple):
    """Another stage's deployment in this region: what it calls its own, as (bucket, prefix)."""

    stage: str
    places: tuple[tuple[str, str], ...]


class Seen(NamedTuple):
    """Everything that was found. Functions, roles and so on by upload, callback and sweep; absent where not there."""

    account: Account
    buckets: Mapping[str, SeenBucket]  # by name
    lifecycle: bytes  # the input bucket's rules as COS's XML, b"" without
    queues: tuple[tuple[str, str], ...]  # (id, state) of the input bucket's queues
    functions: Mapping[str, SeenFunction]
    triggers: Mapping[str, tuple[SeenTrigger, ...]]
    retries: Mapping[str, tuple[int, int]]  # (more tries, seconds an event is kept)
    roles: Mapping[str, SeenRole]
    policies: Mapping[str, SeenPolicy]
    layers: tuple[SeenLayer, ...]
    neighbours: tuple[Neighbour, ...]

    @property
    def address(self) -> str:
        """The callback function's public address, "" before it is made."""
        found = (trigger.address for trigger in self.triggers.get("callback", ()) if trigger.kind == "http")
        return next(found, "")

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables in force: the callback function's, which checks signatures, else another's."""
        order = (spec.key for spec in blueprint.FUNCTIONS)
        return next((self.functions[key].function.environment for key in order if key in self.functions), {})


def look(door: Door, settings: Settings) -> Seen:
    """Everything that a plan needs to know; nothing is changed."""
    account = look_at_account(door)
    config, stage = settings.config, settings.stage
    buckets = {b.name: _bucket(door, b) for b in (config.bucket, config.state_bucket, config.output_bucket)}
    there = buckets[config.bucket.name].there and account.appid == settings.appid
    names = _function_names(door)
    functions, triggers, retries, roles = {}, {}, {}, {}
    for spec in blueprint.FUNCTIONS:
        name = blueprint.name(stage, spec.key)
        if name in names:
            functions[spec.key] = _function(door, name)
            triggers[spec.key] = _triggers(door, name)
            retries[spec.key] = _retries(door, name)
        if role := _role(door, name):
            roles[spec.key] = role
    return Seen(
        account=account,
        buckets=buckets,
        lifecycle=_lifecycle(door, config.bucket) if there else b"",
        queues=_queues(door, config.bucket) if there else (),
        functions=functions,
        triggers=triggers,
        retries=retries,
        roles=roles,
        policies=_policies(door, stage),
        layers=_layers(door, stage),
        neighbours=tuple(_neighbours(door, stage, names)),
    )


def look_at_account(door: Door) -> Account:
    """Whose keys these are."""
    found = door.api("cam", "GetUserAppId", {})
    return Account(str(found["AppId"]), str(found["Uin"]), str(found["OwnerUin"]))


def as_object(text: str) -> dict[str, Any]:
    """A JSON object in a string; empty when it is something else."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _bucket(door: Door, bucket: Bucket) -> SeenBucket:
    try:
        door.storage("cos", "HEAD", bucket)
    except Rejected as refusal:
        if refusal.status in _ELSEWHERE:
            return SeenBucket(there=False)
        if refusal.status == _FORBIDDEN:  # a HEAD has no body that says why; a GET has
            door.storage("cos", "GET", bucket, params={"versioning": ""})
        raise
    content = door.storage("cos", "GET", bucket, params={"versioning": ""})
    found = re.search(rb"<Status>(\w+)</Status>", content)
    return SeenBucket(there=True, versioning=found[1].decode() if found else "")


def _lifecycle(door: Door, bucket: Bucket) -> bytes:
    try:
        return door.storage("cos", "GET", bucket, params={"lifecycle": ""})
    except Rejected as refusal:
        if refusal.code == "NoSuchLifecycleConfiguration":
            return b""
        raise


def _queues(door: Door, bucket: Bucket) -> tuple[tuple[str, str], ...]:
    """The queues that media processing made; none where it is off."""
    from cosconcat.job.markup import read_xml

    try:
        answer = read_xml(door.storage("ci", "GET", bucket, "/queue"), "GET /queue")[1]
    except Rejected as refusal:
        if refusal.code in _UNBOUND:
            return ()
        raise
    listed = answer.get("QueueList") or []
    rows = listed if isinstance(listed, list) else [listed]
    return tuple((str(row.get("QueueId", "")), str(row.get("State", ""))) for row in rows if isinstance(row, dict))


def _function_names(door: Door) -> dict[str, Mapping[str, str]]:
    """The tags of every function whose name begins like ours, by name."""
    found: dict[str, Mapping[str, str]] = {}
    while True:
        asked = {
            "SearchKey": f"{blueprint.APP}-",
            "Limit": PAGE,
            "Offset": len(found),
            "Namespace": blueprint.NAMESPACE,
        }
        answer = door.api("scf", "ListFunctions", asked)
        page = answer.get("Functions") or []
        found |= {str(one["FunctionName"]): _pairs(one.get("Tags")) for one in page}
        if len(page) < PAGE:
            return found


def _function(door: Door, name: str) -> SeenFunction:
    found = door.api("scf", "GetFunction", {"FunctionName": name, "Namespace": blueprint.NAMESPACE})
    layers = found.get("Layers") or [{}]
    function = Function(
        name=name,
        handler=str(found.get("Handler", "")),
        runtime=str(found.get("Runtime", "")),
        memory=int(found.get("MemorySize") or 0),
        seconds=int(found.get("Timeout") or 0),
        init_seconds=int(found.get("InitTimeout") or 0),
        role=str(found.get("Role") or ""),
        layer=str(layers[0].get("LayerName", "")),
        layer_version=int(layers[0].get("LayerVersion") or 0),
        environment=_pairs((found.get("Environment") or {}).get("Variables")),
        description=str(found.get("Description") or ""),
    )
    return SeenFunction(function, _pairs(found.get("Tags")), str(found.get("Status", "")))


def _triggers(door: Door, name: str) -> tuple[SeenTrigger, ...]:
    asked = {"FunctionName": name, "Namespace": blueprint.NAMESPACE, "Limit": PAGE}
    answer = door.api("scf", "ListTriggers", asked)
    return tuple(
        SeenTrigger(
            str(one.get("Type", "")),
            str(one.get("TriggerName", "")),
            str(one.get("TriggerDesc", "")),
            str(one.get("Enable", "")) in ("1", "OPEN"),
            str(one.get("Qualifier", "")),
        )
        for one in answer.get("Triggers") or []
    )


def _retries(door: Door, name: str) -> tuple[int, int]:
    asked = {"FunctionName": name, "Namespace": blueprint.NAMESPACE}
    found = door.api("scf", "GetFunctionEventInvokeConfig", asked).get("AsyncTriggerConfig") or {}
    tries = [int(one.get("RetryNum", 0)) for one in found.get("RetryConfig") or []]
    return (max(tries, default=0), int(found.get("MsgTTL") or 0))


def _role(door: Door, name: str) -> SeenRole | None:
    try:
        found = door.api("cam", "GetRole", {"RoleName": name})["RoleInfo"]
    except Rejected as refusal:
        if refusal.code.startswith(_NOT_THERE):
            return None
        raise
    answer = door.api("cam", "ListAttachedRolePolicies", {"RoleName": name, "Page": 1, "Rp": PAGE})
    attached = tuple(str(one["PolicyName"]) for one in answer.get("List") or [])
    return SeenRole(_pairs(found.get("Tags")), str(found.get("PolicyDocument", "")), attached)


def _policies(door: Door, stage: str) -> dict[str, SeenPolicy]:
    """Those with our names; the search is for what the names have in common."""
    wanted = {blueprint.name(stage, spec.key): spec.key for spec in blueprint.FUNCTIONS}
    asked = {"Scope": "Local", "Keyword": blueprint.name(stage, ""), "Page": 1, "Rp": PAGE}
    found = {}
    for one in door.api("cam", "ListPolicies", asked).get("List") or []:
        if one["PolicyName"] in wanted:
            policy = door.api("cam", "GetPolicy", {"PolicyId": one["PolicyId"]})
            tags = _pairs(policy.get("Tags"))
            found[wanted[one["PolicyName"]]] = SeenPolicy(int(one["PolicyId"]), str(policy["PolicyDocument"]), tags)
    return found


def _layers(door: Door, stage: str) -> tuple[SeenLayer, ...]:
    try:
        answer = door.api("scf", "ListLayerVersions", {"LayerName": blueprint.layer_name(stage)})
    except Rejected as refusal:
        if refusal.code.startswith(_NOT_THERE):
            return ()
        raise
    return tuple(
        SeenLayer(
            int(one["LayerVersion"]),
            str(one.get("Description") or ""),
            None if one.get("Tags") is None else _pairs(one["Tags"]),
        )
        for one in answer.get("LayerVersions") or []
    )


def _neighbours(door: Door, stage: str, names: Mapping[str, Mapping[str, str]]) -> list[Neighbour]:
    """Other stages, by their upload functions."""
    found = []
    for name, tags in names.items():
        other = tags.get("stage", "")
        if tags.get("app") == blueprint.APP and other != stage and name == blueprint.name(other, "upload"):
            environment = _function(door, name).function.environment
            found.append(Neighbour(other, places(environment)))
    return found


def places(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What a deployment with these variables calls its own, as (bucket, prefix)."""
    said = {**DEFAULTS, **environment}
    bucket = said["CONCAT_BUCKET"]
    return (
        (bucket, said["CONCAT_INPUT_PREFIX"]),
        (said["CONCAT_OUTPUT_BUCKET"] or bucket, literal_beginning(said["CONCAT_OUTPUT_KEY"])),
        (said["CONCAT_STATE_BUCKET"] or bucket, said["CONCAT_STATE_PREFIX"]),
        (bucket, said["CONCAT_TRASH_PREFIX"]),
    )


def _pairs(rows: object) -> dict[str, str]:
    """`[{"Key": ..., "Value": ...}]` as a mapping."""
    listed = rows if isinstance(rows, list) else []
    return {str(row["Key"]): str(row.get("Value") or "") for row in listed if isinstance(row, dict) and "Key" in row}
