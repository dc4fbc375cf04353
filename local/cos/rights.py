"""The rights that each call to COS needs (436/31923, 436/71306; media info needs cos:GetObject alone: 436/75241)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.account.cam import Demand
from local.cos.operations import copy_source, operation_of, region_of, target

if TYPE_CHECKING:
    from local.network.http import Request


def cos_resource(region: str, appid: str, bucket: str, key: str) -> str:
    """The name of an object (or with key "" of a bucket) in policies; the key stands as it is."""
    return f"qcs::cos:{region}:uid/{appid}:{bucket}/{key}"


def demands(request: Request, appid: str) -> tuple[Demand, ...]:
    """The rights that a call needs. A multi-delete demands nothing here: its keys are judged singly.

    Raises:
        Refusal: for a call that is not served (so that an unknown call is never an allowed one).
    """
    if not request.host:
        return (Demand("name/cos:GetService", "qcs::cos:::*"),)
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
