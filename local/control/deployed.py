"""SCF's functions and layers as its API sees them; what is uploaded runs in `local.scf`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.control.zips import Zips
from local.network.http import Refusal
from local.scf.function import Function
from local.scf.instances import checked_environment

if TYPE_CHECKING:
    from local.control.roles import Roles
    from local.scf.functions import Functions
    from local.scf.instances import Platform

Body = Mapping[str, Any]
Answer = dict[str, Any]
MOST_FUNCTIONS, MOST_LAYER_VERSIONS = 50, 200  # of a namespace, of a layer (product/583/11637)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]")
DESCRIPTION = re.compile(r"[A-Za-z0-9 ,.\n\u4e00-\u9fff]{0,1000}")  # what the API's page allows in one
RUNTIMES = ("Python2.7", "Python3.6", "Python3.7", "Python3.9", "Python3.10")
SCF_SERVICE = "scf.qcloud.com"  # who must be trusted by an execution role


@dataclass
class Deployed:
    """A function; `pending` is how many more looks will find it in a state between two."""

    name: str
    code: Path
    handler: str
    runtime: str
    memory: int = 128
    seconds: int = 3
    init_seconds: int = 65
    role: str = ""
    description: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    layers: list[dict[str, Any]] = field(default_factory=list)
    dependencies: Path | None = None  # the layer's files, kept when the layer's version is deleted
    tags: list[dict[str, str]] = field(default_factory=list)
    retries: int = 2
    event_seconds: int = 21_600
    status: str = "Creating"
    pending: int = 1


@dataclass
class LayerVersion:
    """One version of a layer."""

    version: int
    folder: Path
    description: str
    runtimes: list[str]
    tags: list[dict[str, str]]


class FunctionsApi:
    """The actions on functions and layers."""

    def __init__(self, running: Functions, platform: Platform, roles: Roles, zips: Zips, empty: Path) -> None:
        """`running` runs what is deployed; `empty` is a folder for functions without a layer."""
        self.functions: dict[str, Deployed] = {}
        self.layers: dict[str, list[LayerVersion]] = {}
        self._running = running
        self._platform = platform
        self._roles = roles
        self._zips = zips
        self._empty = empty

    def knows(self, action: str) -> bool:
        """Whether an action is one of these."""
        return action in _METHODS

    def answer(self, action: str, body: Body) -> Answer:
        """The content of the answer to one action."""
        method: Callable[[Body], Answer] = getattr(self, _METHODS[action])
        return method(body)

    def get(self, body: Body) -> Deployed:
        """The function that a body names.

        Raises:
            Refusal: when there is none.
        """
        name = body.get("FunctionName", "")
        if name not in self.functions or body.get("Namespace", "default") != "default":
            raise Refusal(200, "ResourceNotFound.Function", f"the function {name!r} does not exist")
        return self.functions[name]

    def rights_changed(self) -> None:
        """Roles have changed: every function runs with what its role may do now."""
        for function in self.functions.values():
            self._run(function)

    def _create(self, body: Body) -> Answer:
        name = body["FunctionName"]
        if not NAME.fullmatch(name):
            raise Refusal(200, "InvalidParameterValue.FunctionName", f"FunctionName {name!r} is not allowed")
        if name in self.functions:
            raise Refusal(200, "ResourceInUse.Function", f"the function {name} exists")
        if len(self.functions) >= MOST_FUNCTIONS:
            raise Refusal(200, "LimitExceeded.Function", f"there are {MOST_FUNCTIONS} functions in this namespace")
        if body.get("Runtime") not in RUNTIMES:
            raise Refusal(200, "InvalidParameterValue.Runtime", f"Runtime is {body.get('Runtime')!r}: {RUNTIMES}")
        code, _ = self._zips.unpack(body["Code"].get("ZipFile", ""))
        made = Deployed(name, code, body.get("Handler", ""), body["Runtime"], tags=list(body.get("Tags") or []))
        self._configure(made, body)
        self.functions[name] = made
        self._run(made)
        return {}

    def _update_code(self, body: Body) -> Answer:
        found = self._settled(body)
        text = (body.get("Code") or {}).get("ZipFile") or body.get("ZipFile", "")
        found.code, _ = self._zips.unpack(text)
        found.handler = body.get("Handler", found.handler)
        found.status, found.pending = "Updating", 1
        self._run(found)
        return {}

    def _update_configuration(self, body: Body) -> Answer:
        found = self._settled(body)
        self._configure(found, body)
        found.status, found.pending = "Updating", 1
        self._run(found)
        return {}

    def _configure(self, function: Deployed, body: Body) -> None:
        """Take over what a body says, checked as the platform checks it; nothing changes when anything is wrong."""
        changed = replace(function)
        rows = (body.get("Environment") or {}).get("Variables")
        if rows is not None:
            changed.environment = {row["Key"]: row["Value"] for row in rows}
            try:
                checked_environment(changed.environment)
            except ValueError as error:
                raise Refusal(200, "InvalidParameterValue.EnvironmentExceededLimit", str(error)) from None
        if not DESCRIPTION.fullmatch(body.get("Description", "")):
            raise Refusal(200, "InvalidParameterValue.Description", f"Description {body['Description']!r}")
        changed.description = body.get("Description", changed.description)
        changed.memory = body.get("MemorySize", changed.memory)
        changed.seconds = body.get("Timeout", changed.seconds)
        changed.init_seconds = body.get("InitTimeout", changed.init_seconds)
        if changed.memory != 64 and (changed.memory % 128 or not 128 <= changed.memory <= 3072):
            raise Refusal(200, "InvalidParameterValue.MemorySize", f"MemorySize {changed.memory}")
        if not 1 <= changed.seconds <= 900:
            raise Refusal(200, "InvalidParameterValue.Timeout", f"Timeout {changed.seconds}: 1 to 900 seconds")
        changed.layers = body.get("Layers", changed.layers)
        if "Layers" in body:
            found = [self._layer(each["LayerName"], each["LayerVersion"]).folder for each in changed.layers]
            changed.dependencies = found[0] if found else None
        if len(changed.layers) > 1:
            raise Refusal(200, "LimitExceeded.Layers", "the local cloud gives a function one layer")
        changed.role = body.get("Role", changed.role)
        if changed.role and (
            changed.role not in self._roles.roles or SCF_SERVICE not in self._roles.roles[changed.role].services
        ):
            raise Refusal(200, "ResourceNotFound.Role", f"there is no role {changed.role!r} that trusts {SCF_SERVICE}")
        function.__dict__.update(changed.__dict__)

    def _settled(self, body: Body) -> Deployed:
        """The function, if nothing is being done with it."""
        found = self.get(body)
        if found.pending:
            raise Refusal(200, "FailedOperation.FunctionStatusError", f"the function {found.name} is {found.status}")
        return found

    def _get(self, body: Body) -> Answer:
        found = self.get(body)
        status = found.status
        if found.pending:
            found.pending -= 1
            found.status = found.status if found.pending else "Active"
        return {
            **_short(found, status),
            "Handler": found.handler,
            "MemorySize": found.memory,
            "Timeout": found.seconds,
            "InitTimeout": found.init_seconds,
            "Role": found.role,
            "Environment": {"Variables": [{"Key": key, "Value": value} for key, value in found.environment.items()]},
            "Layers": [dict(layer) for layer in found.layers],
            "FunctionVersion": "$LATEST",
            "StatusReasons": [],
        }

    def _list(self, body: Body) -> Answer:
        key, start, size = body.get("SearchKey", ""), body.get("Offset", 0), body.get("Limit", 20)
        found = [each for each in self.functions.values() if key in each.name]
        return {
            "Functions": [_short(each, each.status) for each in found[start : start + size]],
            "TotalCount": len(found),
        }

    def _delete(self, body: Body) -> Answer:
        gone = self.get(body)
        del self.functions[gone.name]
        self._running.remove(gone.name)
        return {}

    def _invoke(self, body: Body) -> Answer:
        import json

        found = self.get(body)
        event = json.loads(body.get("ClientContext") or "{}")
        if body.get("InvocationType") == "Event":
            self._running.send(found.name, event, trigger="invoke")
            return {"Result": {"FunctionRequestId": ""}}
        result = self._running.invoke(found.name, event)
        text = json.dumps(result.value, ensure_ascii=False)
        told = {"RetMsg": text, "ErrMsg": ""} if result.ok else {"RetMsg": "", "ErrMsg": text}
        times = {"Duration": result.seconds * 1000, "BillDuration": int(result.seconds * 1000), "MemUsage": 0}
        bare = {
            "FunctionRequestId": result.request_id,
            "InvokeResult": 0 if result.ok else -1,
            "Log": result.log[-4096:],
        }
        return {"Result": {**told, **times, **bare}}

    def _get_retries(self, body: Body) -> Answer:
        found = self.get(body)
        return {"AsyncTriggerConfig": {"RetryConfig": [{"RetryNum": found.retries}], "MsgTTL": found.event_seconds}}

    def _set_retries(self, body: Body) -> Answer:
        found, wanted = self.get(body), body["AsyncTriggerConfig"]
        found.retries = max(each["RetryNum"] for each in wanted["RetryConfig"])
        found.event_seconds = wanted["MsgTTL"]
        return {}

    def _publish_layer(self, body: Body) -> Answer:
        name = body["LayerName"]
        versions = self.layers.setdefault(name, [])
        if len(versions) >= MOST_LAYER_VERSIONS:
            raise Refusal(200, "LimitExceeded.LayerVersions", f"layer {name} has {MOST_LAYER_VERSIONS} versions")
        folder, _ = self._zips.unpack(body["Content"].get("ZipFile", ""))
        number = max((each.version for each in versions), default=0) + 1
        runtimes, tags = list(body["CompatibleRuntimes"]), list(body.get("Tags") or [])
        versions.append(LayerVersion(number, folder, body.get("Description", ""), runtimes, tags))
        return {"LayerVersion": number}

    def _list_layer(self, body: Body) -> Answer:
        found = self.layers.get(body["LayerName"])
        if not found:
            raise Refusal(200, "ResourceNotFound.Layer", f"the layer {body['LayerName']!r} does not exist")
        rows = [
            {
                "LayerName": body["LayerName"],
                "LayerVersion": each.version,
                "Description": each.description,
                "CompatibleRuntimes": each.runtimes,
                "Tags": each.tags,
                "Status": "Active",
            }
            for each in reversed(found)
        ]
        return {"LayerVersions": rows}

    def _delete_layer(self, body: Body) -> Answer:
        gone = self._layer(body["LayerName"], body["LayerVersion"])
        self.layers[body["LayerName"]].remove(gone)
        return {}

    def _layer(self, name: str, version: int) -> LayerVersion:
        found = next((each for each in self.layers.get(name, ()) if each.version == version), None)
        if found is None:
            raise Refusal(200, "ResourceNotFound.LayerVersion", f"layer {name!r} has no version {version}")
        return found

    def _run(self, function: Deployed) -> None:
        """Put what is deployed to work, with the rights that its role has now."""
        policy = self._roles.policy_of(function.role) if function.role in self._roles.roles else NOTHING
        made = Function(
            name=function.name,
            handler=function.handler,
            time_limit=function.seconds,
            environment=dict(function.environment),
            policy=policy,
        )
        self._running.deploy(
            made, replace(self._platform, code_root=function.code, deps_root=function.dependencies or self._empty)
        )


NOTHING: dict[str, Any] = {"version": "2.0", "statement": []}  # the rights of a function without a role

_METHODS = {
    "CreateFunction": "_create",
    "UpdateFunctionCode": "_update_code",
    "UpdateFunctionConfiguration": "_update_configuration",
    "GetFunction": "_get",
    "DeleteFunction": "_delete",
    "ListFunctions": "_list",
    "Invoke": "_invoke",
    "GetFunctionEventInvokeConfig": "_get_retries",
    "UpdateFunctionEventInvokeConfig": "_set_retries",
    "PublishLayerVersion": "_publish_layer",
    "ListLayerVersions": "_list_layer",
    "DeleteLayerVersion": "_delete_layer",
}


def _short(function: Deployed, status: str) -> Answer:
    return {
        "FunctionName": function.name,
        "Namespace": "default",
        "Runtime": function.runtime,
        "Status": status,
        "Description": function.description,
        "Tags": function.tags,
        "Type": "Event",
    }
