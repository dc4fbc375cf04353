"""What a request asks for: its bucket, its body as it was checked, which jobs to list; or why it is refused."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from datetime import datetime

from local.ci import schema
from local.ci.board import Selection
from local.ci.document import Element, Malformed, parse
from local.ci.errors import refused
from local.ci.rules import Place
from local.network.http import Request

_STATES = ("All", "Submitted", "Running", "Success", "Failed", "Pause", "Cancel")
_LISTING = {
    "tag",
    "queueId",
    "states",
    "startCreationTime",
    "endCreationTime",
    "orderByTime",
    "size",
    "nextToken",
    "inputObject",
}
_QUEUE_SEARCH = {"queueIds", "state", "category", "pageNumber", "pageSize"}
_PARAMETERS = {("GET", "/jobs"): _LISTING, ("GET", "/queue"): _QUEUE_SEARCH}


def place_of(host: str) -> Place:
    """The bucket that a host addresses."""
    found = re.fullmatch(r"([a-z0-9-]+-[0-9]+)\.ci\.([a-z0-9-]+)\.myqcloud\.com", host)
    if found is None:
        raise refused("InvalidHost", f"{host!r} is not <bucket>-<appid>.ci.<region>.myqcloud.com")
    return Place(found[1], found[2])


def kind_of(request: Request) -> str:
    """How a call is counted: "POST jobs", "GET jobs" (the listing), "GET job", "PUT job", "GET queue", …"""
    noun, _, rest = request.decoded_path.strip("/").partition("/")
    return f"{request.method} {noun.removesuffix('s') if rest else noun}"


def refuse(mistakes: Iterable[str]) -> None:
    """Raises a refusal that names every mistake, if there is any."""
    found = list(mistakes)
    if found:
        raise refused("InvalidArgument", "; ".join(found))


# -- bodies ------------------------------------------------------------------------------------------------------------


def read_body(request: Request, rule: schema.Rule) -> Element:
    """The request's body, checked against the schema."""
    body = parsed(request)
    if body.name != "Request":
        raise refused("InvalidArgument", f"the root is {body.name}, allowed: Request")
    refuse(schema.mistakes(body, rule, "Request"))
    return body


def parsed(request: Request) -> Element:
    """The request's body as XML; whatever stands in it."""
    if not request.body:
        raise refused("MissingContent", "the body is missing")
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if content_type not in ("application/xml", "text/xml"):
        raise refused("InvalidContentType", f"Content-Type is {content_type!r}, allowed: application/xml")
    digest = request.headers.get("content-md5")
    if digest and digest != base64.b64encode(hashlib.md5(request.body).digest()).decode():
        raise refused("InvalidContent", "the body is not what Content-MD5 says")
    try:
        return parse(request.body)
    except Malformed as error:
        raise refused("InvalidContent", f"the body is not well-formed: {error}") from None


# -- parameters --------------------------------------------------------------------------------------------------------


def unknown_parameters(request: Request) -> Iterable[str]:
    """What a strict key sent that the call does not take; for other keys it is left unheeded, as by the service."""
    known = _PARAMETERS.get((request.method, request.decoded_path))
    if known is None:
        return
    signing = re.compile("q-|sign|x-ci-|x-cos-")
    for name, _ in request.query:
        if name not in known and not signing.match(name):
            yield f"{name} is not a parameter of this call"


def selection_of(request: Request) -> Selection:
    """What GET /jobs asks for; raises a refusal that names each parameter that is none."""

    def asked(name: str, default: str = "") -> str:
        return request.parameter(name) or default

    states = [state for state in asked("states", "All").split(",") if state]
    mistakes = [f"states holds {state!r}, allowed: {', '.join(_STATES)}" for state in states if state not in _STATES]
    if asked("tag") != "Concat":
        mistakes.append(f"tag is {asked('tag')!r}, allowed: Concat")
    if asked("orderByTime", "Desc") not in ("Desc", "Asc"):
        mistakes.append(f"orderByTime is {asked('orderByTime')!r}, allowed: Desc, Asc")
    if not re.fullmatch("[0-9]{1,3}", asked("size", "10")) or not 1 <= int(asked("size", "10")) <= 100:
        mistakes.append(f"size is {asked('size')!r}, allowed: an integer in [1, 100]")
    if not re.fullmatch("[0-9]*", asked("nextToken")):
        mistakes.append(f"nextToken {asked('nextToken')!r} is not of an earlier answer")
    mistakes += [
        f"{name} is {asked(name)!r}, allowed: a time like 2022-06-27T15:23:10+0800"
        for name in ("startCreationTime", "endCreationTime")
        if asked(name) and _epoch(asked(name)) is None
    ]
    refuse(mistakes)
    return Selection(
        states=() if "All" in states else states,
        queue_id=asked("queueId"),
        input_object=asked("inputObject"),
        since=_epoch(asked("startCreationTime")) or 0,
        until=_epoch(asked("endCreationTime")) or float("inf"),
        ascending=asked("orderByTime") == "Asc",
        size=int(asked("size", "10")),
        after=int(asked("nextToken")) if asked("nextToken") else None,
    )


def _epoch(text: str) -> float | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()
    except ValueError:
        return None
