"""The request, the answer and the refusal that pass between the proxy and the services behind it."""

from __future__ import annotations

import base64
import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Request:
    """One HTTP request as it arrived; nothing is decoded twice and nothing is lost.

    `host` is lower-case without a port, `path` is raw (percent-encoded as sent, starting with "/"), `query` holds the
    decoded parameters in order (one without a value has ""), `headers` has lower-case names.
    """

    method: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def decoded_path(self) -> str:
        """The path as UTF-8 text; "+" stays "+", because only query strings write blanks that way."""
        return unquote(self.path)

    def parameter(self, name: str) -> str | None:
        """The first query parameter of that name, "" when it has no value, None when it is absent."""
        return next((value for key, value in self.query if key == name), None)


@dataclass
class Response:
    """An answer; the proxy adds Date, Server and Content-Length unless they are set."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Service = Callable[[Request], Response]


class ConnectionCut(Exception):  # noqa: N818 -- not an error of a service but the loss of its answer
    """A service raises this to have the connection closed without an answer, as when the network fails."""


class Refusal(Exception):  # noqa: N818 -- an answer in the services' own terms
    """A service says no: HTTP status, its own code, and what was wrong with what."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def response(self, request_id: str, resource: str | None = None) -> Response:
        """The error body: COS names the `Resource` (host and path), CI passes None and has no such node."""
        named = "" if resource is None else f"<Resource>{escape(resource)}</Resource>"
        body = (
            "<?xml version='1.0' encoding='utf-8' ?>\n"
            f"<Error><Code>{self.code}</Code><Message>{escape(self.message)}</Message>{named}"
            f"<RequestId>{request_id}</RequestId><TraceId>{trace_id(request_id)}</TraceId></Error>"
        )
        return Response(self.status, {"Content-Type": "application/xml", **self.headers}, body.encode())


_serial = itertools.count(1)


def new_request_id() -> str:
    """A request id in the form the services use: base64 of the hour, the machine and a serial number."""
    return base64.b64encode(f"{int(time.time()):x}_7f000001_{next(_serial):x}".encode()).decode()


def trace_id(request_id: str) -> str:
    """The trace id that goes with a request id in error bodies."""
    return base64.b64encode(f"trace_{request_id}".encode()).decode()
