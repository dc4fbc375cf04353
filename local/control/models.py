"""What a request may hold: the actions used here as Tencent's command-line tool describes them; the check of a body.

    python -m local.control.models FOLDER            compares models.json with the `api.json` files of an unpacked tccli
    python -m local.control.models FOLDER --record   writes models.json anew

`models.json` is small: of each action the names, types and required members of its request, and which texts the
documents call "cannot be empty". tccli itself checks nothing of the kind: unknown members it drops.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("models.json")
VERSIONS = {"scf": "v20180416", "cam": "v20190116", "sts": "v20180813"}
ACTIONS = {
    "scf": (
        "CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration", "GetFunction", "DeleteFunction",
        "ListFunctions", "CreateTrigger", "UpdateTrigger", "UpdateTriggerStatus", "DeleteTrigger", "ListTriggers",
        "PublishLayerVersion", "ListLayerVersions", "DeleteLayerVersion", "GetFunctionEventInvokeConfig",
        "UpdateFunctionEventInvokeConfig", "Invoke",
    ),
    "cam": (
        "GetUserAppId", "CreateRole", "GetRole", "DeleteRole", "UpdateAssumeRolePolicy", "CreatePolicy", "GetPolicy",
        "ListPolicies", "UpdatePolicy", "DeletePolicy", "AttachRolePolicy", "DetachRolePolicy",
        "ListAttachedRolePolicies",
    ),
    "sts": ("GetCallerIdentity",),
}  # fmt: skip
_NOT_EMPTY = "不可为空"  # "cannot be empty", in the words of the documents
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "int64": int,
    "uint64": int,
    "int": int,
    "bool": bool,
    "float": (int, float),
}


class Models:
    """The recorded actions."""

    def __init__(self, recorded: Mapping[str, Any] | None = None) -> None:
        self._recorded = recorded or json.loads(FILE.read_text("utf-8"))

    def knows(self, service: str, action: str) -> bool:
        """Whether this action is among those recorded."""
        return action in self._recorded["actions"].get(service, {})

    def mistakes(self, service: str, action: str, body: object) -> list[str]:
        """What is wrong with the body of a request: each mistake with the path of its member."""
        return list(self._object(service, self._recorded["actions"][service][action], body, ""))

    def _object(self, service: str, name: str, value: object, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path or 'the body'} is {type(value).__name__}, it must be an object"
            return
        members = self._recorded["objects"][service][name]
        yield from (f"{path}{each} is not a member of {name}" for each in value if each not in members)
        for each, rule in members.items():
            if each in value:
                yield from self._member(service, rule, value[each], f"{path}{each}")
            elif rule.get("required"):
                yield f"{path}{each} is required"

    def _member(self, service: str, rule: Mapping[str, Any], value: object, path: str) -> Iterator[str]:
        if rule["type"] == "list":
            if not isinstance(value, list):
                yield f"{path} is {type(value).__name__}, it must be a list"
                return
            for at, each in enumerate(value):
                yield from self._single(service, rule, each, f"{path}.{at}")
        else:
            yield from self._single(service, rule, value, path)

    def _single(self, service: str, rule: Mapping[str, Any], value: object, path: str) -> Iterator[str]:
        if "object" in rule:
            yield from self._object(service, rule["object"], value, f"{path}.")
            return
        plain = rule["of"] if rule["type"] == "list" else rule["type"]
        allowed = _TYPES[plain]
        if not isinstance(value, allowed) or (isinstance(value, bool) and allowed is not bool):
            yield f"{path} is {type(value).__name__}, it must be {plain}"
        elif rule.get("not_empty") and value == "":
            yield f"{path} cannot be empty"


def record(folder: Path, version: str) -> dict[str, Any]:
    """What the `api.json` files under `folder` say about our actions."""
    actions: dict[str, dict[str, str]] = {}
    objects: dict[str, dict[str, Any]] = {}
    for service, names in ACTIONS.items():
        model = json.loads((folder / service / VERSIONS[service] / "api.json").read_text("utf-8"))
        actions[service] = {name: model["actions"][name]["input"] for name in names}
        objects[service] = {}
        for name in actions[service].values():
            _collect(model["objects"], name, objects[service])
    return {"tccli": version, "actions": actions, "objects": objects}


def _collect(known: Mapping[str, Any], name: str, found: dict[str, Any]) -> None:
    """The object `name` and all that it is made of."""
    if name in found:
        return
    found[name] = {}
    for member in known[name]["members"]:
        rule: dict[str, Any] = {"type": "list" if member["type"] == "list" else member["type"]}
        if member["type"] == "list":
            rule["of"] = member["member"]
        if member["member"] in known:
            rule["object"] = member["member"]
            _collect(known, member["member"], found)
        if member["required"]:
            rule["required"] = True
        if _NOT_EMPTY in member.get("document", "") and member["type"] == "string":
            rule["not_empty"] = True
        found[name][member["name"]] = rule


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Where two recordings differ, by path; versions apart."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs} - {"tccli"}):
            yield from differences(ours.get(key), theirs.get(key), f"{path}/{key}")
    elif ours != theirs:
        yield f"{path}: recorded {json.dumps(ours)}, tccli says {json.dumps(theirs)}"


def main(arguments: Sequence[str]) -> int:
    """Compare or record; 1 when they differ."""
    parser = argparse.ArgumentParser("python -m local.control.models", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="tccli/services of an unpacked or installed tccli")
    parser.add_argument("--record", action="store_true", help="write models.json anew")
    asked = parser.parse_args(arguments)
    found = record(asked.folder, _version(asked.folder))
    if asked.record:
        FILE.write_text(_written(found), "utf-8")
        return 0
    ours = json.loads(FILE.read_text("utf-8"))
    wrong = list(differences(ours, found))
    print("\n".join(wrong) or f"{sum(map(len, ACTIONS.values()))} actions are as tccli {found['tccli']} describes them")
    return 1 if wrong else 0


def _version(folder: Path) -> str:
    """The version of the tccli that `folder` belongs to."""
    distributions = importlib.metadata.distributions(path=[str(folder.parents[1])])
    found = [each.version for each in distributions if each.metadata["Name"] == "tccli"]
    text = (folder.parent / "__init__.py").read_text("utf-8") if not found else ""
    match = re.search(r"__version__ = ['\"]([^'\"]+)", text)
    return found[0] if found else match[1] if match else "unknown"


def _written(found: Mapping[str, Any]) -> str:
    """JSON with a line for each action and each object, so that a change is seen in a diff."""
    lines = ["{", f' "tccli": {json.dumps(found["tccli"])},']
    for part in ("actions", "objects"):
        lines.append(f' "{part}": {{')
        services = list(found[part].items())
        for at, (service, rows) in enumerate(services):
            lines.append(f'  "{service}": {{')
            lines += [
                f"   {json.dumps(name)}: {json.dumps(row)}{',' if number < len(rows) - 1 else ''}"
                for number, (name, row) in enumerate(rows.items())
            ]
            lines.append("  }" + ("," if at < len(services) - 1 else ""))
        lines.append(" }" + ("," if part == "actions" else ""))
    return "\n".join([*lines, "}"]) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
