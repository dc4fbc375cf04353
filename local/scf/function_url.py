"""Function URLs: an HTTP request becomes a synchronous invocation, its return value the answer (product/583/96099)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from local.network.http import ConnectionCut, Request, Response
from local.scf.events import Json, Shape, http_event
from local.scf.function import EVENT_TOO_LARGE, OK, SYNCHRONOUS_LIMIT, Result, error
from local.scf.instances import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = {"Content-Type": "application/json"}


def function_host(appid: str, region: str, name: str) -> str:
    """The public host of a function, in the real form; the id in it is derived from the name."""
    return f"{appid}-{hashlib.sha256(name.encode()).hexdigest()[:10]}.{region}.tencentscf.com"


def is_function_host(host: str) -> bool:
    """Whether the proxy should hand requests for this host to the function URLs."""
    return host.endswith(".tencentscf.com")


def request_event(request: Request, shape: Shape) -> Json:
    """The event for a request. A body that is no text travels as base64 with `isBase64Encoded`, as API Gateway did;
    the function URL's documents say nothing about such bodies.
    """
    try:
        body, encoded = request.body.decode(), False
    except UnicodeDecodeError:
        body, encoded = base64.b64encode(request.body).decode(), True
    event = http_event(request.method, request.path, request.query, request.headers, body, shape)
    return {**event, "isBase64Encoded": True} if encoded else event


def http_response(result: Result) -> Response:
    """The answer for a result: the integrated form `{statusCode, headers, body}`, or any other value as JSON with 200.

    A failed invocation answers with SCF's own code and error; the platform does not document that answer.
    """
    value = result.value
    if not result.ok:
        return Response(result.status, dict(JSON), json.dumps(value).encode())
    if not (isinstance(value, dict) and "statusCode" in value):
        return Response(OK, dict(JSON), json.dumps(value).encode())
    body, headers = value.get("body", ""), value.get("headers") or {}
    if not isinstance(value["statusCode"], int) or not isinstance(body, str) or not isinstance(headers, dict):
        told = "Invalid scf response. expected scf response valid JSON"
        return Response(502, dict(JSON), json.dumps({"errorMessage": told}).encode())
    raw = base64.b64decode(body) if value.get("isBase64Encoded") else body.encode()
    return Response(value["statusCode"], {str(name): str(text) for name, text in headers.items()}, raw)


class FunctionUrls:
    """A `Service` for every function's host; never repeats an invocation."""

    def __init__(self, invoke: Callable[[str, Json], Result], *, shape: Shape) -> None:
        self.shape: Shape = shape
        self._hosts: dict[str, str] = {}  # host -> function
        self._invoke = invoke

    def open(self, host: str, function: str) -> None:
        """From now on the function answers at this host."""
        self._hosts[host] = function

    def close(self, host: str) -> None:
        """Nothing answers at this host any more."""
        self._hosts.pop(host, None)

    def __call__(self, request: Request) -> Response:
        """Invoke the function whose host this is."""
        function = self._hosts.get(request.host)
        if function is None:
            told = f"no function has the address {request.host}; there are {', '.join(sorted(self._hosts))}"
            return Response(404, dict(JSON), json.dumps({"errorMessage": told}).encode())
        if len(request.body) > SYNCHRONOUS_LIMIT:
            return Response(EVENT_TOO_LARGE, dict(JSON), json.dumps(error(EVENT_TOO_LARGE, "")).encode())
        try:
            return http_response(self._invoke(function, request_event(request, self.shape)))
        except StoppedError as stopped:  # whoever ends the cloud while it is asked gets no answer
            raise ConnectionCut(str(stopped)) from None
