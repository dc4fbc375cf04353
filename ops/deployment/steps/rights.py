"""Steps for a policy, a role and the bond between them, for each function. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from deployed import blueprint
from ops.deployment.desired import Desired, document
from ops.deployment.seen import Seen, as_object
from ops.deployment.steps.step import Call, Step, rows


def rights(wanted: Desired, seen: Seen) -> Iterator[Step]:
    """A policy, a role and the bond between them for each function."""
    marks = rows(blueprint.tags(wanted.stage))
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
