"""The request and the answer that pass between the proxy and the services behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote


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
    """An answer; the proxy adds Date, Server and Content-Length."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Service = Callable[[Request], Response]


class ConnectionCut(Exception):  # noqa: N818 -- not an error of the service but the loss of its answer
    """A service raises this to have the connection closed without an answer, as when the network fails."""
