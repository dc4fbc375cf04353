"""CAM: which rights a call needs, and whether a policy (version 2.0) grants them.

A policy is a list of statements; an explicit deny wins, nothing is allowed that no statement allows. Actions and
resources are patterns in which `*` stands for any text. Sources: 436/31923 (COS resources), 436/71306 (conditions),
460/41741 (CI), 436/75241 (media info needs cos:GetObject alone).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from local.cos.operations import copy_source, operation_of, region_of, target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local.http import Request

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


def cos_resource(region: str, appid: str, bucket: str, key: str) -> str:
    """The name of an object (or with key "" of a bucket) in policies; the key stands as it is."""
    return f"qcs::cos:{region}:uid/{appid}:{bucket}/{key}"


def demands(request: Request, appid: str, uin: str) -> tuple[Demand, ...]:
    """The rights that a call to COS or CI needs. A multi-delete demands nothing here: its keys are judged singly.

    Raises:
        Refusal: for a call that COS does not serve (so that an unknown call is never an allowed one).
    """
    if not request.host:
        return (Demand("name/cos:GetService", "qcs::cos:::*"),)
    if ".cos." in request.host:
        return _cos_demands(request, appid)
    return _ci_demands(request, appid, uin)


def _cos_demands(request: Request, appid: str) -> tuple[Demand, ...]:
    operation = operation_of(request)
    if operation.kind == "POST delete":
        return ()
    bucket, key = target(request)
    own = Demand(
        f"name/cos:{operation.action}", cos_resource(region_of(request), appid, bucket, key), _condition_values(request)
    )
    if not operation.copies:
        return (own,)
    source_bucket, source_region, source_key, _ = copy_source(request)
    source = cos_resource(source_region or region_of(request), appid, source_bucket, source_key)
    return own, Demand("name/cos:GetObject", source)


def delete_demand(request: Request, appid: str, key: str) -> Demand:
    """The right that one key of a multi-delete needs (assumed: judged key by key, reported key by key)."""
    return Demand("name/cos:DeleteObject", cos_resource(region_of(request), appid, target(request)[0], key))


def _condition_values(request: Request) -> dict[str, str]:
    """COS offers a request's headers and parameters as condition keys under `cos:` (436/71306)."""
    values = {f"cos:{name}": value for name, value in request.headers.items() if name.startswith("x-cos-")}
    values |= {f"cos:{name.lower()}": value for name, value in request.query}
    if "content-type" in request.headers:
        values["cos:content-type"] = request.headers["content-type"]
    return values


_CI_ACTIONS = (  # method, path, parameter that must be there, action (1045/49896)
    ("POST", r"/jobs", "", "CreateMediaJobs"),
    ("GET", r"/jobs", "", "DescribeMediaJobs"),
    ("GET", r"/jobs/.+", "", "DescribeMediaJob"),
    ("PUT", r"/jobs/.+", "cancel", "CancelMediaJob"),
    ("GET", r"/queue", "", "DescribeMediaQueues"),
    ("PUT", r"/queue/.+", "", "UpdateMediaQueue"),
    ("GET", r"/mediabucket", "", "DescribeMediaBuckets"),
    ("POST", r"/mediabucket", "", "CreateMediaBucket"),
    ("POST", r"/mediainfo", "", "GenerateMediainfo"),
    ("POST", r"/template", "", "CreateMediaTemplate"),
    ("GET", r"/template", "", "DescribeMediaTemplates"),
    ("PUT", r"/template/.+", "", "UpdateMediaTemplate"),
    ("DELETE", r"/template/.+", "", "DeleteMediaTemplate"),
)


def _ci_demands(request: Request, appid: str, uin: str) -> tuple[Demand, ...]:
    """CI's rights are granted on the whole bucket; a submission also passes the role CI works under (concat API)."""
    bucket, _, rest = request.host.partition(".ci.")
    resource = f"qcs::ci:{rest.partition('.')[0]}:uid/{appid}:bucket/{bucket}/*"
    for method, path, flag, action in _CI_ACTIONS:
        if (
            request.method == method
            and re.fullmatch(path, request.decoded_path)
            and (not flag or request.parameter(flag) is not None)
        ):
            own = Demand(f"ci:{action}", resource)
            if action == "CreateMediaJobs":
                return own, Demand(PASS_ROLE, f"qcs::cam::uin/{uin}:roleName/CI_QCSRole")
            return (own,)
    return ()


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
