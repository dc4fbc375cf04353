"""CAM: what a right is, and whether a policy (version 2.0) grants it. What a call needs: `rights.py` of each service.

A policy is a list of statements; an explicit deny wins, nothing is allowed that no statement allows. Actions and
resources are patterns in which `*` stands for any text. Sources: 436/31923 (resources), 436/71306 (conditions).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PASS_ROLE = "name/cam:PassRole"
_STATEMENT_NODES = {"effect", "action", "resource", "condition"}
_OPERATOR = re.compile(
    r"(?:(for_all_value|for_any_value):)?(string_(?:not_)?(?:equal|like))(_ignore_case)?(_if_exist)?"
)


@dataclass(frozen=True)
class Demand:
    """One right that a call needs: an action such as `name/cos:PutObject` on one resource.

    `values` are the condition keys the request gives a value to, e.g. `cos:prefix`.
    """

    action: str
    resource: str
    values: Mapping[str, str] = field(default_factory=dict)


def allows(policy: Mapping[str, Any], demand: Demand) -> bool:
    """Whether the policy grants what is demanded: some statement allows it and none denies it."""
    effects = {statement["effect"] for statement in policy["statement"] if _applies(statement, demand)}
    return effects == {"allow"}


def _applies(statement: Mapping[str, Any], demand: Demand) -> bool:
    return (
        any(_means(pattern, demand.action) for pattern in _several(statement["action"]))
        and any(_covers(pattern, demand.resource) for pattern in _several(statement["resource"]))
        and all(
            _holds(operator, key, _several(wanted), demand.values)
            for operator, tests in statement.get("condition", {}).items()
            for key, wanted in tests.items()
        )
    )


def _covers(pattern: str, resource: str) -> bool:
    """Match the six parts `qcs:project:service:region:account:resource` one by one.

    An empty region stands for every region and an empty account for the policy's own (598/10606).
    """
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", 5), resource.split(":", 5)
    return len(wanted) == len(given) and all(
        _matches(part, actual) for part, actual in zip(wanted, given, strict=True) if part
    )


@lru_cache(maxsize=4096)  # the actions are few, and each call is judged by all of its policy's
def _means(pattern: str, action: str) -> bool:
    """`name/cos:GetObject` and `cos:GetObject` are the same right, whatever the case."""
    plain, given = (text.removeprefix("name/").lower() for text in (pattern, action))
    return _matches(plain, given)


def _several(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def _pattern(text: str, *, ignore_case: bool) -> re.Pattern[str]:
    expression = ".*".join(re.escape(part) for part in text.split("*"))
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    return _pattern(pattern, ignore_case=ignore_case).fullmatch(text) is not None


def _holds(operator: str, key: str, wanted: Sequence[str], values: Mapping[str, str]) -> bool:
    """One test of a condition: the request's value is one of those wanted (or for `not`, none of them)."""
    match = _OPERATOR.fullmatch(operator)
    if match is None:
        raise ValueError(f"condition operator {operator!r}")
    if key.lower() not in values:
        return bool(match[4])  # ..._if_exist holds where the request says nothing
    given = values[key.lower()]
    if match[3]:
        wanted, given = [text.lower() for text in wanted], given.lower()
    found = any(_matches(text, given) for text in wanted) if match[2].endswith("like") else given in wanted
    return found != ("not_" in match[2])


def validate(policy: Mapping[str, Any]) -> None:
    """Check that a policy says nothing that `allows` would not understand.

    Raises:
        ValueError: names the statement and the part that is wrong and what is allowed there.
    """
    if policy.get("version") != "2.0" or not isinstance(policy.get("statement"), list):
        raise ValueError('a policy needs "version": "2.0" and a list "statement"')
    for at, statement in enumerate(policy["statement"]):
        where = f"statement[{at}]"
        if unknown := set(statement) - _STATEMENT_NODES:
            raise ValueError(f"{where} has unknown nodes {sorted(unknown)}; allowed are {sorted(_STATEMENT_NODES)}")
        if statement.get("effect") not in ("allow", "deny"):
            raise ValueError(f'{where}.effect is {statement.get("effect")!r}; allowed are "allow" and "deny"')
        for node in ("action", "resource"):
            listed = statement.get(node)
            if not listed or not all(isinstance(text, str) and text for text in _several(listed)):
                raise ValueError(f"{where}.{node} must be a text or a list of texts")
        for resource in _several(statement["resource"]):
            if resource != "*" and not (resource.startswith("qcs:") and resource.count(":") >= 5):
                raise ValueError(f'{where}.resource {resource!r} must be "*" or have the six parts of "qcs::..."')
        for operator in statement.get("condition", {}):
            if _OPERATOR.fullmatch(operator) is None:
                raise ValueError(f"{where}.condition operator {operator!r} is not understood here (string_* only)")
