"""HTTP sessions that read proxy and certificate settings once, and in which no call outlasts its invocation.

requests goes through the whole environment twice at every call, for proxies and certificates, which takes a third of
the processor time of a small one. Here the result is kept from one invocation to the next, for as long as the variables
that it follows from say the same. And its time-outs are for one look at the socket: an answer that trickles in takes as
long as it likes. Here `Bounds` hold for the whole call. Imports requests, so it is imported when first used.
"""

from __future__ import annotations

import io
import os
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, NamedTuple

from requests import ConnectionError as NoConnection
from requests import ConnectTimeout, RequestException, Session, Timeout
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Timeout as Limits

if TYPE_CHECKING:
    from socket import socket

    from requests import PreparedRequest, Response

SHORT_SECONDS = 60.0  # functions with a shorter time limit keep a smaller part of it back
CHUNK = 65536  # bytes that are read at once

_FOLLOWED = tuple(
    name
    for lower in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle")
    for name in (lower, lower.upper())
)


class Bounds(NamedTuple):
    """What one call may take; given to a `SteadySession` in the place of requests' time-out. All but `most` in seconds.

    Whoever is killed in the midst of a call can record nothing, so a call ends `reserve` before the invocation does,
    and is not begun when less than `least` is left until then.
    """

    connect: float  # until the connection stands
    read: float  # for the whole answer
    most: int  # bytes of the answer
    least: float = 0.0
    reserve: float = 0.0
    deadline: float = float("inf")  # when the invocation ends, epoch seconds

    def until(self, deadline: float, began: float) -> Bounds:
        """For an invocation that began and ends at these moments (epoch seconds), whenever it makes its first call."""
        part = max(0.0, min(1.0, (deadline - began) / SHORT_SECONDS))
        return self._replace(least=self.least * part, reserve=self.reserve * part, deadline=deadline)

    def left(self) -> float:
        """Seconds that a call which begins now may take.

        Raises:
            NoTimeLeft: too few to begin it.
        """
        left = self.deadline - self.reserve - time.time()
        if left < self.least:
            raise NoTimeLeft(f"not enough time left: {max(0.0, left):.0f} s until this invocation has to end")
        return min(left, self.connect + self.read)


class NoTimeLeft(RequestException):
    """The call was not begun: it could not have ended before the invocation."""


class CallTimedOut(RequestException):
    """The call was begun and not answered in time. Neither requests' Timeout nor its ConnectionError, which the SDK
    repeats: what hangs for one caller hangs again.
    """


class AnswerTooLarge(RequestException):
    """The answer has more bytes than the call may take."""


class SteadySession(Session):
    """A session that keeps what the environment says about each host, repeats nothing, and holds each answer to its
    time-out and each call to its `Bounds`.

    Args:
        connections: how many of them to one host are kept.
    """

    def __init__(self, connections: int = 1) -> None:
        super().__init__()
        self.headers["Accept-Encoding"] = "identity"  # what is not asked for need not be undone
        for scheme in ("http://", "https://"):
            self.mount(scheme, _PunctualAdapter(pool_maxsize=connections, max_retries=0))
        self._seen: tuple[str | None, ...] = ()
        self._kept: dict[object, dict[str, Any]] = {}

    def reload_environment(self) -> None:
        """Forget what was kept if a variable has changed; once for each invocation."""
        seen = tuple(map(os.environ.get, _FOLLOWED))
        if seen != self._seen:
            self._seen = seen
            self._kept.clear()

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Proxies, certificates and so on for one request, as requests finds them."""
        if proxies:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        asked = (*url.split("/", 3)[:3], stream, verify, cert)
        if asked not in self._kept:
            self._kept[asked] = dict(super().merge_environment_settings(url, proxies, stream, verify, cert))
        return self._kept[asked]

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """One request. With `Bounds` as its time-out the whole answer is read here, as it came: its Content-Encoding is
        not undone, since the library takes half of an encoded body, or none, for all of it.

        Raises:
            NoTimeLeft, CallTimedOut, AnswerTooLarge: as they say. RequestException: as requests does.
        """
        bounds = kwargs.get("timeout")
        if not isinstance(bounds, Bounds):
            return super().send(request, **kwargs)
        left = bounds.left()
        limits = Limits(total=left, connect=min(bounds.connect, left), read=min(bounds.read, left))
        try:
            response = super().send(request, **{**kwargs, "timeout": limits, "stream": True})
        except ConnectTimeout:
            raise
        except Timeout as slow:
            raise CallTimedOut("timed out") from slow
        response.raw = io.BytesIO(_whole(response, bounds.most))
        return response


def _whole(response: Response, most: int) -> bytes:
    """The body, read as it comes in, so that its size is not the sender's to choose."""
    body = bytearray()
    raw = response.raw
    try:
        while chunk := raw.read1(CHUNK, decode_content=False):
            body += chunk
            if len(body) > most:
                raw.close()
                raise AnswerTooLarge(f"the answer has more than {most} bytes")
        return bytes(body)
    except ReadTimeoutError as slow:
        raise CallTimedOut("timed out") from slow
    except HTTPError as broken:
        raise NoConnection(str(broken)) from broken


# -- an answer whose pace is not the sender's to choose either


class _PunctualAdapter(HTTPAdapter):
    """Connections whose answers are in by their time-out, or not at all."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The pool for one request."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _HttpsConnection if pool.scheme == "https" else _HttpConnection
        return pool


class _PunctualResponse(HTTPResponse):
    """Its head, its body and what frames them are read until the connection's time-out, counted from now."""

    def __init__(self, sock: socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        limit = sock.gettimeout()
        if limit is not None:
            self.fp = io.BufferedReader(_Until(sock, self.fp, time.monotonic() + limit))


class _HttpConnection(HTTPConnection):
    response_class = _PunctualResponse


class _HttpsConnection(HTTPSConnection):
    response_class = _PunctualResponse


class _Until(io.RawIOBase):
    """What a socket receives up to a moment (`ends`, on the monotonic clock): then it is timed out."""

    def __init__(self, sock: socket, received: io.BufferedReader, ends: float) -> None:
        super().__init__()
        self._sock = sock
        self._received = received
        self._ends = ends

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """One look at the socket, in the time that is left."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return self._received.raw.readinto(buffer)

    def close(self) -> None:
        """What it reads from is closed with it."""
        self._received.close()
        super().close()
