"""An HTTP/1.1 proxy on loopback that answers for real host names, so that unmodified clients reach the local cloud.

It is deliberately small: absolute-form requests, keep-alive, one thread for each connection, bodies with
Content-Length or chunked. CONNECT opens a tunnel whose other end is the proxy itself, with a certificate that the local
authority signs for the host asked for: a client that insists on https needs to trust that authority and nothing else.

Header values are text in UTF-8, bytes that are not are kept as they came (RFC 9110 calls them opaque).
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import ssl
import threading
import time
from email.utils import formatdate
from http import HTTPStatus
from ipaddress import ip_address
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus, urlsplit

from local.network.authority import Authority
from local.network.http import ConnectionCut, Request, Response, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import BufferedIOBase

MAX_LINE = 64 * 1024  # bytes of one request line or header line
MAX_HEADERS = 200
STOPS_WITHIN = 0.01  # seconds
MAX_BODY = 1 << 30  # bytes; bodies are held in memory, larger objects go up in parts

_log = logging.getLogger(__name__)
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # would end a header line, or hide in it
_HOP_BY_HOP = ("connection", "proxy-connection", "keep-alive", "proxy-authorization", "te", "upgrade")


class Proxy:
    """Dispatches by host name to the first service whose test accepts it; unknown hosts get 502."""

    def __init__(
        self,
        services: Sequence[tuple[Callable[[str], bool], Service]],
        port: int = 0,
        now: Callable[[], float] = time.time,
        authority: Authority | None = None,
    ) -> None:
        """`port` 0 takes a free one; `now` is the clock (epoch seconds) of the Date header."""
        self.services = tuple(services)
        self.authority = authority or Authority()
        self.now = now
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOPS_WITHIN,), name="proxy", daemon=True
        )

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """What a client sets as its http proxy."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve from now on; connections made before are waiting in the backlog."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and cut every open connection."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.cut_all()

    def serves(self, host: str) -> bool:
        """Whether some service answers for this host."""
        return any(accepts(host) for accepts, _ in self.services)

    def answer(self, request: Request) -> Response:
        """Let the responsible service answer; what a service fails to handle becomes a 500 that says so."""
        for accepts, service in self.services:
            if accepts(request.host):
                try:
                    return service(request)
                except ConnectionCut:
                    raise
                except Exception:  # noqa: BLE001 -- one bad exchange must not end the cloud; it is logged and answered
                    _log.exception("the service for %s failed on %s %s", request.host, request.method, request.path)
                    return _plain(500, f"the local service for {request.host} failed; its log says why")
        return _plain(502, f"the local cloud does not answer for the host {request.host!r}")


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], proxy: Proxy) -> None:
        self.proxy = proxy
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Connection)

    def remember(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.add(connection)

    def forget(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.discard(connection)

    def cut_all(self) -> None:
        with self._guard:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _BadRequest(Exception):  # noqa: N818 -- the name of the answer it becomes
    """The bytes on the connection are not a request we accept; carries status and reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _Connection(StreamRequestHandler):
    server: _Server
    secured = False
    rbufsize = 128 * 1024
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.remember(self.connection)

    def finish(self) -> None:
        self.server.forget(self.connection)
        with contextlib.suppress(OSError):
            super().finish()
        if self.secured:
            self.connection.close()

    def handle(self) -> None:
        try:
            while self._one_exchange():
                pass
        except (ConnectionError, ConnectionCut, ssl.SSLEOFError):
            pass
        except ssl.SSLError as error:
            _log.warning("https by the proxy failed (%s): does the client trust the local authority?", error)

    def _secure(self, target: str) -> None:
        """Answer CONNECT and go on in TLS, in the name of the host asked for.

        Raises:
            _BadRequest: 502 for a host that no service answers for, 400 inside of another tunnel.
            ssl.SSLError: the client ended the handshake, most often because it does not trust the authority.
        """
        host = _hostname(target)
        if self.secured:
            raise _BadRequest(400, "a tunnel inside of a tunnel")
        if not self.server.proxy.serves(host):
            raise _BadRequest(502, f"the local cloud does not answer for the host {host!r}")
        context = self.server.proxy.authority.context(host)
        while _line(self.rfile):
            pass
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        plain = self.connection
        self.secured = True
        self.request = context.wrap_socket(plain, server_side=True)
        self.server.forget(plain)
        self.setup()

    def _one_exchange(self) -> bool:
        """Read one request and answer it; False ends the connection."""
        try:
            start = _line(self.rfile)
            if not start:
                return False
            method, target, version = _start_line(start)
            if method == "CONNECT":
                self._secure(target)
                return True
            headers = _headers(self.rfile)
            _acknowledge(self.connection)
            if headers.get("expect", "").lower() == "100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request = _request(method, target, headers, _body(self.rfile, headers))
        except _BadRequest as bad:
            self._send(_plain(bad.status, str(bad)), head=False, keep=False)
            return False
        keep = version == "HTTP/1.1" and "close" not in headers.get("connection", "").lower()
        self._send(self.server.proxy.answer(request), head=method == "HEAD", keep=keep)
        return keep

    def _send(self, response: Response, *, head: bool, keep: bool) -> None:
        bodiless = head or response.status in (204, 304)
        lines = [f"HTTP/1.1 {response.status} {_phrase(response.status)}"]
        given = {name.lower() for name in response.headers}
        lines += [f"{name}: {_CONTROLS.sub(' ', value)}" for name, value in response.headers.items()]
        if "date" not in given:
            lines.append(f"Date: {formatdate(self.server.proxy.now(), usegmt=True)}")
        if "server" not in given:
            lines.append("Server: tencent-cos")
        if "content-length" not in given and response.status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {len(response.body)}")
        lines.append("Connection: keep-alive" if keep else "Connection: close")
        head_bytes = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")
        if bodiless or not response.body:
            self.wfile.write(head_bytes)
        elif len(response.body) < MAX_LINE:
            self.wfile.write(head_bytes + response.body)
        else:
            self.wfile.write(head_bytes)
            self.wfile.write(response.body)


def _acknowledge(connection: socket.socket) -> None:
    """Tell the client at once that its headers arrived: to a proxy urllib3 sends the body only then (it leaves Nagle's
    algorithm on), and the system would wait 40 ms with it. Where there is no such option requests are slower.
    """
    if hasattr(socket, "TCP_QUICKACK"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _plain(status: int, text: str) -> Response:
    return Response(status, {"Content-Type": "text/plain; charset=utf-8"}, (text + "\n").encode())


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _line(stream: BufferedIOBase) -> str:
    raw = stream.readline(MAX_LINE + 1)
    if len(raw) > MAX_LINE:
        raise _BadRequest(431, f"a line of the request is longer than {MAX_LINE} bytes")
    return raw.decode("utf-8", "surrogateescape").rstrip("\r\n") if raw.strip() else ""


def _start_line(line: str) -> tuple[str, str, str]:
    words = line.split(" ")
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise _BadRequest(400, f"not an HTTP/1.1 request line: {line[:200]!r}")
    return words[0], words[1], words[2]


def _headers(stream: BufferedIOBase) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS):
        line = _line(stream)
        if not line:
            return headers
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise _BadRequest(400, f"not a header line: {line[:200]!r}")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    raise _BadRequest(431, f"more than {MAX_HEADERS} headers")


def _body(stream: BufferedIOBase, headers: dict[str, str]) -> bytes:
    if "transfer-encoding" in headers:
        if headers["transfer-encoding"].lower() != "chunked":
            raise _BadRequest(501, f"transfer encoding {headers['transfer-encoding']!r}: only chunked is served")
        return _chunks(stream)
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise _BadRequest(400, f"Content-Length {length!r} is not a number")
    return _exactly(stream, int(length))


def _chunks(stream: BufferedIOBase) -> bytes:
    body = bytearray()
    while True:
        size_text = _line(stream).partition(";")[0].strip()
        try:
            size = int(size_text, 16)
        except ValueError:
            raise _BadRequest(400, f"not a chunk size: {size_text!r}") from None
        if size == 0:
            while _line(stream):  # trailers, and the empty line that ends them
                pass
            return bytes(body)
        if size < 0 or len(body) + size > MAX_BODY:
            raise _BadRequest(413, f"a body may have at most {MAX_BODY} bytes here; upload in parts")
        body += _exactly(stream, size)
        _line(stream)


def _exactly(stream: BufferedIOBase, size: int) -> bytes:
    if size > MAX_BODY:
        raise _BadRequest(413, f"a body may have at most {MAX_BODY} bytes here; upload in parts")
    body = stream.read(size) if size else b""
    if len(body) < size:
        raise ConnectionError("the client closed the connection inside a body")
    return body


def _request(method: str, target: str, headers: dict[str, str], body: bytes) -> Request:
    """Build the request; an absolute target names the host and overrules the Host header (RFC 9112, 3.2.2)."""
    scheme, _, rest = target.partition("://")
    if rest:
        if scheme.lower() not in ("http", "https"):  # https without a tunnel: the client leaves TLS to the proxy
            raise _BadRequest(501, f"scheme {scheme!r}: a proxy is asked for http or https")
        slash = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
        netloc, target = rest[:slash], rest[slash:]
        headers["host"] = netloc
    else:
        netloc = headers.get("host", "")
    if not netloc:
        raise _BadRequest(400, "the request names no host: use this address as an http proxy")
    path, _, query = target.partition("?")
    return Request(
        method=method,
        host=_hostname(netloc),
        path=path if path.startswith("/") else "/" + path,
        query=_query(query),
        headers={name: value for name, value in headers.items() if name not in _HOP_BY_HOP},
        body=body,
    )


def _hostname(netloc: str) -> str:
    try:
        name = (urlsplit(f"//{netloc}").hostname or "").lower()
        if netloc.startswith("["):
            ip_address(name.partition("%")[0])  # Python 3.10 takes anything between brackets for an address
        return name
    except ValueError as error:
        raise _BadRequest(400, f"{netloc[:200]!r} is no host: {error}") from None


def _query(text: str) -> tuple[tuple[str, str], ...]:
    """Decoded parameters in order; clients write a blank as "+" here (RFC 1866), unlike in paths."""
    pairs = (part.partition("=") for part in text.split("&") if part)
    return tuple((_decoded(name), _decoded(value)) for name, _, value in pairs)


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="surrogateescape")
