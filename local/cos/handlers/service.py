"""GET Service: the account's buckets, those of a region, a time or a tag, page by page (436/8291)."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from local.cos import xml
from local.cos.handlers.objects import XML, iso_to_seconds
from local.network.http import Refusal, Response

if TYPE_CHECKING:
    from local.account.account import Account
    from local.cos.store import Store
    from local.cos.versions import BucketState
    from local.network.http import Request

MOST_BUCKETS = 2000
_RANGES = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}


def list_buckets(request: Request, account: Account, store: Store, region: str) -> Response:
    """Every bucket that fits, in order of name; those of one region where the host or a parameter names it.

    Raises:
        Refusal: 405 for anything but `GET /`, 400 InvalidArgument for a parameter that cannot be read.
    """
    if request.method != "GET" or request.path != "/":
        raise Refusal(405, "MethodNotAllowed", f"{request.method} {request.path} is not served on this host")
    asked = {name.lower(): value for name, value in request.query}
    if region:
        asked["region"] = region
    limit = _number(asked, "max-keys", MOST_BUCKETS)
    if not 1 <= limit <= MOST_BUCKETS:
        raise Refusal(400, "InvalidArgument", f"max-keys is {limit}, expected 1 to {MOST_BUCKETS}")
    found = [state for state in store.states() if _fits(state, asked) and state.name > asked.get("marker", "")]
    page, rest = found[:limit], found[limit:]
    owner = f"qcs::cam::uin/{account.uin}:uin/{account.uin}"
    listed: list[xml.Node] = [
        {
            "Name": state.name,
            "Location": state.region,
            "CreationDate": iso_to_seconds(state.created),
            "BucketType": "cos",
        }
        for state in page
    ]
    body: dict[str, xml.Node] = {
        "Owner": {"ID": owner, "DisplayName": account.uin},
        "Marker": asked.get("marker", ""),
        "IsTruncated": "true" if rest else "false",
        "Buckets": {"Bucket": listed} if listed else "",
    }
    if rest:
        body["NextMarker"] = page[-1].name
    return Response(200, dict(XML), xml.write("ListAllMyBucketsResult", body))


def _fits(state: BucketState, asked: dict[str, str]) -> bool:
    region = asked.get("region", "")
    if region and region != state.region:
        return False
    if asked.get("tagkey") and state.tags.get(asked["tagkey"]) != asked.get("tagvalue", ""):
        return False
    if asked.get("create-time") or asked.get("range"):
        compare = _RANGES.get(asked.get("range", ""))
        if compare is None:
            raise Refusal(400, "InvalidArgument", f"range is {asked.get('range')!r}, expected {', '.join(_RANGES)}")
        return bool(compare(int(state.created), _number(asked, "create-time", 0)))
    return True


def _number(asked: dict[str, str], name: str, default: int) -> int:
    text = asked.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise Refusal(400, "InvalidArgument", f"{name} is {text!r}, expected a number")
    return int(text)
