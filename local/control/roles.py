"""CAM: execution roles, policies of the account's own, and which is attached to which."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.account import cam
from local.network.http import Refusal

Body = Mapping[str, Any]
Answer = dict[str, Any]
MOST_ROLES, MOST_POLICIES = 1000, 1500  # of one account (598/10611, 598/45490)


@dataclass
class Role:
    """A role: who may take it, and the policies attached to it by name."""

    id: str
    name: str
    trust: str
    tags: list[dict[str, str]]
    attached: list[str] = field(default_factory=list)

    @property
    def services(self) -> set[str]:
        """The services that may take it."""
        found: set[str] = set()
        for statement in json.loads(self.trust)["statement"]:
            named = (statement.get("principal") or {}).get("service") or []
            found |= set(named if isinstance(named, list) else [named])
        return found


@dataclass
class Policy:
    """A policy of the account's own."""

    id: int
    name: str
    document: str
    tags: list[dict[str, str]]


class Roles:
    """The account's roles and policies; `changed` is called when what a role may do has changed."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.roles: dict[str, Role] = {}
        self.policies: dict[str, Policy] = {}
        self._changed = changed
        self._last = 1000

    def policy_of(self, name: str) -> dict[str, Any]:
        """All that a role may do: the statements of its policies in one document."""
        attached = (self.policies[each] for each in self.roles[name].attached if each in self.policies)
        return {"version": "2.0", "statement": [one for p in attached for one in json.loads(p.document)["statement"]]}

    def answer(self, action: str, body: Body) -> Answer:
        """The content of the answer to one action."""
        method: Callable[[Body], Answer] = getattr(self, _METHODS[action])
        return method(body)

    def _create_role(self, body: Body) -> Answer:
        name = body["RoleName"]
        if name in self.roles:
            raise Refusal(200, "InvalidParameter.RoleNameInUse", f"role name {name} is in use")
        if len(self.roles) >= MOST_ROLES:
            raise Refusal(200, "InvalidParameter.RoleFull", f"there are {MOST_ROLES} roles, no more are allowed")
        role = Role(self._next(), name, _read(body["PolicyDocument"]), list(body.get("Tags") or []))
        self.roles[name] = role
        return {"RoleId": role.id}

    def _get_role(self, body: Body) -> Answer:
        role = self._role(body.get("RoleName", ""))
        info = {"RoleId": role.id, "RoleName": role.name, "PolicyDocument": role.trust, "Tags": role.tags}
        return {"RoleInfo": {**info, "Description": "", "ConsoleLogin": 0, "RoleType": "user"}}

    def _delete_role(self, body: Body) -> Answer:
        del self.roles[self._role(body.get("RoleName", "")).name]
        return {}

    def _update_trust(self, body: Body) -> Answer:
        self._role(body.get("RoleName", "")).trust = _read(body["PolicyDocument"])
        return {}

    def _create_policy(self, body: Body) -> Answer:
        name = body["PolicyName"]
        if name in self.policies:
            raise Refusal(200, "FailedOperation.PolicyNameInUse", f"policy name {name} is in use")
        if len(self.policies) >= MOST_POLICIES:
            raise Refusal(200, "FailedOperation.PolicyFull", f"there are {MOST_POLICIES} policies, no more are allowed")
        text = _policy(body["PolicyDocument"])
        policy = Policy(int(self._next()), name, text, list(body.get("Tags") or []))
        self.policies[name] = policy
        return {"PolicyId": policy.id}

    def _get_policy(self, body: Body) -> Answer:
        policy = self._by_id(body["PolicyId"])
        told = {"PolicyName": policy.name, "PolicyDocument": policy.document, "Type": 1, "Tags": policy.tags}
        return {**told, "Description": ""}

    def _list_policies(self, body: Body) -> Answer:
        size, page = body.get("Rp", 20), body.get("Page", 1)
        found = [each for each in self.policies.values() if body.get("Keyword", "") in each.name]
        shown = found[size * (page - 1) : size * page]
        rows = [{"PolicyId": each.id, "PolicyName": each.name, "Type": 1, "Tags": each.tags} for each in shown]
        return {"TotalNum": len(found), "List": rows, "ServiceTypeList": []}

    def _update_policy(self, body: Body) -> Answer:
        policy = self._named(body)
        policy.document = _policy(body["PolicyDocument"])
        self._changed()
        return {"PolicyId": policy.id}

    def _delete_policy(self, body: Body) -> Answer:
        for number in body["PolicyId"]:
            gone = self._by_id(number)
            del self.policies[gone.name]
            for role in self.roles.values():
                role.attached = [name for name in role.attached if name != gone.name]
        self._changed()
        return {}

    def _attach(self, body: Body) -> Answer:
        role, policy = self._role(body.get("AttachRoleName", "")), self._named(body)
        if policy.name not in role.attached:
            role.attached.append(policy.name)
        self._changed()
        return {}

    def _detach(self, body: Body) -> Answer:
        role, policy = self._role(body.get("DetachRoleName", "")), self._named(body)
        role.attached = [name for name in role.attached if name != policy.name]
        self._changed()
        return {}

    def _list_attached(self, body: Body) -> Answer:
        names = self._role(body.get("RoleName", "")).attached
        rows = [
            {"PolicyId": self.policies[n].id, "PolicyName": n, "PolicyType": "User", "CreateMode": 2} for n in names
        ]
        return {"TotalNum": len(rows), "List": rows}

    def _role(self, name: str) -> Role:
        if name not in self.roles:
            raise Refusal(200, "InvalidParameter.RoleNotExist", f"role {name!r} does not exist")
        return self.roles[name]

    def _named(self, body: Body) -> Policy:
        if "PolicyId" in body:
            return self._by_id(body["PolicyId"])
        name = body.get("PolicyName", "")
        if name not in self.policies:
            raise Refusal(200, "ResourceNotFound.PolicyIdNotFound", f"policy {name!r} does not exist")
        return self.policies[name]

    def _by_id(self, number: int) -> Policy:
        found = next((each for each in self.policies.values() if each.id == number), None)
        if found is None:
            raise Refusal(200, "ResourceNotFound.PolicyIdNotFound", f"policy {number} does not exist")
        return found

    def _next(self) -> str:
        self._last += 1
        return str(self._last)


_METHODS = {
    "CreateRole": "_create_role",
    "GetRole": "_get_role",
    "DeleteRole": "_delete_role",
    "UpdateAssumeRolePolicy": "_update_trust",
    "CreatePolicy": "_create_policy",
    "GetPolicy": "_get_policy",
    "ListPolicies": "_list_policies",
    "UpdatePolicy": "_update_policy",
    "DeletePolicy": "_delete_policy",
    "AttachRolePolicy": "_attach",
    "DetachRolePolicy": "_detach",
    "ListAttachedRolePolicies": "_list_attached",
}


def _read(text: str) -> str:
    """A trust document: JSON with statements."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("statement"), list):
        raise Refusal(200, "InvalidParameter.PolicyDocumentError", "PolicyDocument is no policy in JSON")
    return text


def _policy(text: str) -> str:
    """A policy document that can be evaluated."""
    try:
        cam.validate(json.loads(_read(text)))
    except ValueError as error:
        raise Refusal(200, "InvalidParameter.PolicyDocumentError", str(error)) from None
    return text
