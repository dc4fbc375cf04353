"""A loopback HTTP server that stands behind the proxy variables, does what a test tells it, and counts."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Seen:
    """One request as it arrived: the target as written on the request line, header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What to answer; the other things a server may do are below."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


RESET = "reset"  # read the request, then cut the connection with a TCP reset
CLOSE = "close"  # read the request, then close without an answer
CUT = "cut"  # begin an answer and close in the middle of it
HANG = "hang"  # read the request and never answer (until the test ends)
TRICKLE = "trickle"  # answer a byte every few hundredths of a second, without an end
SLOW_HEAD = "slow head"  # answer so within a header, before there is a body
SLOW_CHUNK = "slow chunk"  # and so within the length of a chunk
STALL = "stall"  # begin an answer, then say nothing more
Step = Answer | str

_BEGINNINGS = {
    TRICKLE: b"Content-Length: 100000\r\nConnection: close\r\n\r\n",
    SLOW_HEAD: b"X-Long: ",
    SLOW_CHUNK: b"Transfer-Encoding: chunked\r\n\r\n",
}


class CiServer:
    """Follows `script` request by request; the last step is repeated. `seen` holds what arrived."""

    def __init__(self) -> None:
        self.script: list[Step] = [Answer()]
        self.seen: list[Seen] = []
        self.connections = 0
        self.over = threading.Event()

    def next_step(self) -> Step:
        """What to do with the request that has just arrived."""
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ours: ClassVar[CiServer]

    def setup(self) -> None:
        super().setup()
        self.ours.connections += 1

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        step = self.ours.next_step()
        self.ours.seen.append(Seen(self.command, self.path, headers, body))
        if isinstance(step, Answer):
            self.send_response(step.status)
            for name, value in {"Content-Length": str(len(step.body)), **step.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(step.body)
            return
        self.close_connection = True
        if step == HANG:
            self.ours.over.wait(30)
        elif step == STALL:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n ")
            self.ours.over.wait(0.4)
            self.wfile.write(b" ")
            self.ours.over.wait(30)
        elif step in _BEGINNINGS:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n" + _BEGINNINGS[step])
            while not self.ours.over.wait(0.03):
                self.wfile.write(b"0")
        elif step == CUT:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<Response>")
        elif step == RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    do_GET = do_HEAD = do_POST = do_PUT = _any  # noqa: N815  the base class looks for these names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
        """Say nothing."""


@contextmanager
def ci_server() -> Iterator[CiServer]:
    """A running server that answers for every host, over the standard proxy variables."""
    ours = CiServer()
    handler = type("Handler", (_Handler,), {"ours": ours})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a reset on purpose is no news
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    proxy = f"http://127.0.0.1:{server.server_port}"
    environment = {"http_proxy": proxy, "HTTP_PROXY": proxy, "no_proxy": "", "NO_PROXY": ""}
    try:
        with patch.dict("os.environ", environment):
            yield ours
    finally:
        ours.over.set()
        server.shutdown()
        server.server_close()
