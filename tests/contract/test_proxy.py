"""The proxy by itself: any HTTP client that can use an http proxy reaches the services under real host names."""

from __future__ import annotations

import http.client
import socket
import ssl
from queue import Queue
from typing import TYPE_CHECKING

import pytest

from local.network.http import ConnectionCut, Request, Response
from local.network.proxy import MAX_BODY, Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "echo.example.com"


class Echo:
    """Remembers what arrived and answers with the body."""

    def __init__(self) -> None:
        self.seen: list[Request] = []

    def __call__(self, request: Request) -> Response:
        """Answer, or misbehave as the path says."""
        self.seen.append(request)
        if request.path == "/cut":
            raise ConnectionCut
        if request.path == "/bug":
            raise RuntimeError("a bug in the service")
        if request.path == "/empty":
            return Response(204)
        return Response(200, {"Content-Type": "text/plain"}, request.body or b"nothing")


@pytest.fixture
def echo() -> Echo:
    """The service behind the proxy."""
    return Echo()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    """A running proxy that answers for one host, with a clock that stands still."""
    proxy = Proxy([(lambda host: host == HOST, echo)], now=lambda: 1_700_000_000)
    proxy.start()
    yield proxy
    proxy.stop()


def exchange(proxy: Proxy, sent: bytes) -> bytes:
    """Send raw bytes, end the sending side, read until the proxy closes."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def get(target: str, *headers: str) -> bytes:
    """The bytes of a GET."""
    return "\r\n".join([f"GET {target} HTTP/1.1", f"Host: {HOST}", *headers, "", ""]).encode()


def test_a_path_arrives_exactly_as_it_was_sent(proxy: Proxy, echo: Echo) -> None:
    """Nothing is decoded, normalised or re-encoded on the way."""
    path = "/a//b/%2F/%E4%B8%AD+%20/../'\"~"
    exchange(proxy, get(f"http://{HOST}{path}?x=%2B+1&flag&e="))
    assert echo.seen[0].path == path
    assert echo.seen[0].query == (("x", "+ 1"), ("flag", ""), ("e", ""))
    assert echo.seen[0].parameter("flag") == ""
    assert echo.seen[0].parameter("absent") is None


def test_the_target_names_the_host_and_overrules_the_header(proxy: Proxy, echo: Echo) -> None:
    """An absolute target wins over Host, as RFC 9112 says, so nobody can be sent to two places."""
    exchange(proxy, f"GET http://{HOST.upper()}:80/ HTTP/1.1\r\nHost: other.example\r\n\r\n".encode())
    assert echo.seen[0].host == HOST
    assert echo.seen[0].headers["host"] == f"{HOST.upper()}:80"


def test_a_request_in_origin_form_is_served_by_its_host_header(proxy: Proxy, echo: Echo) -> None:
    """A client that was merely pointed at the port is understood as well."""
    assert exchange(proxy, get("/x")).startswith(b"HTTP/1.1 200 OK\r\n")
    assert echo.seen[0].host == HOST


def test_one_connection_carries_several_requests(proxy: Proxy, echo: Echo) -> None:
    """Keep-alive, also when the requests are sent without waiting for the answers."""
    answers = exchange(proxy, get("/1") + get("/empty") + get("/3"))
    assert [request.path for request in echo.seen] == ["/1", "/empty", "/3"]
    assert answers.count(b"HTTP/1.1 ") == 3


def test_a_client_may_ask_to_close(proxy: Proxy) -> None:
    """Connection: close ends the connection after the answer, so does HTTP/1.0."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        connection.sendall(get("/", "Connection: close"))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"Connection: close" in answer


@pytest.mark.parametrize("body", [b"", b"x", b"0123456789" * 100_000], ids=["empty", "one byte", "1 MB"])
def test_bodies_arrive_whole_in_either_form(proxy: Proxy, echo: Echo, body: bytes) -> None:
    """With Content-Length and chunked alike."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
    pieces = [body[at : at + 70_001] for at in range(0, len(body), 70_001)]
    for sent, chunked in ((body, False), (iter(pieces), True)):
        connection.request("PUT", f"http://{HOST}/", body=sent, headers={"Host": HOST}, encode_chunked=chunked)
        assert connection.getresponse().read() == (body or b"nothing")
    connection.close()
    assert [request.body for request in echo.seen] == [body, body]


def test_a_client_that_waits_for_100_continue_is_told_to_go_on(proxy: Proxy, echo: Echo) -> None:
    """Else curl waits a second before it sends a large body."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        connection.sendall(
            f"PUT /x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"ok")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")
    assert echo.seen[0].body == b"ok"


def test_head_has_the_headers_and_no_body(proxy: Proxy) -> None:
    """The length is that of the body which GET would have."""
    answer = exchange(proxy, f"HEAD / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    assert b"Content-Length: 7\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_an_answer_without_content_has_no_length(proxy: Proxy) -> None:
    """204 must not carry Content-Length (RFC 9110, 8.6)."""
    assert b"Content-Length" not in exchange(proxy, get("/empty"))


def test_every_answer_carries_the_clock_of_the_services(proxy: Proxy) -> None:
    """Date comes from the clock that was given, for clients that measure ages by it."""
    assert b"Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n" in exchange(proxy, get("/"))


def test_a_lost_answer_closes_the_connection(proxy: Proxy, echo: Echo) -> None:
    """The service did its work, the client learns nothing."""
    assert exchange(proxy, get("/cut")) == b""
    assert len(echo.seen) == 1


def test_a_failing_service_answers_500_and_the_proxy_lives_on(proxy: Proxy) -> None:
    """One bad exchange must not end the cloud."""
    assert exchange(proxy, get("/bug")).startswith(b"HTTP/1.1 500 ")
    assert exchange(proxy, get("/")).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("sent", "status", "reason"),
    [
        (get("http://nobody.example/"), 502, b"nobody.example"),
        (b"CONNECT a:443 HTTP/1.1\r\n\r\n", 502, b"'a'"),
        (b"CONNECT [::1 HTTP/1.1\r\n\r\n", 400, b"no host"),
        (get("http://[::1/"), 400, b"no host"),
        (get("http://[zz]/"), 400, b"no host"),
        (get("ftp://echo.example.com/"), 501, b"http or https"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, b"names no host"),
        (b"nonsense\r\n\r\n", 400, b"request line"),
        (b"GET / HTTP/2\r\n\r\n", 400, b"request line"),
        (get("/", "broken header"), 400, b"header line"),
        (get("/", "Content-Length: -1"), 400, b"Content-Length"),
        (get("/", f"Content-Length: {MAX_BODY + 1}"), 413, b"upload in parts"),
        (get("/", "Transfer-Encoding: gzip"), 501, b"only chunked"),
        (get("/", "Transfer-Encoding: chunked") + b"zz\r\n", 400, b"chunk size"),
        (get("/", "x: " + "y" * 70_000), 431, b"longer than"),
        (get("/", *[f"x{n}: y" for n in range(300)]), 431, b"more than"),
    ],
)
def test_what_is_no_proper_request_is_refused_with_a_reason(
    proxy: Proxy, echo: Echo, sent: bytes, status: int, reason: bytes
) -> None:
    """The service never sees it, and the text says what was wrong."""
    answer = exchange(proxy, sent)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert reason in answer
    assert echo.seen == []


def test_a_client_that_insists_on_https_is_served_in_a_tunnel(proxy: Proxy, echo: Echo) -> None:
    """It trusts the local authority and nothing else, and the certificate is for the very host it asked for."""
    trusting = ssl.create_default_context(cadata=proxy.authority.certificate.decode())
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=5, context=trusting)
    connection.set_tunnel(HOST, 443)
    for body in (b"one", b"0123456789" * 100_000):
        connection.request("PUT", "/a%20b?x=1", body=body)
        assert connection.getresponse().read() == body
    connection.close()
    assert [(each.host, each.path) for each in echo.seen] == [(HOST, "/a%20b")] * 2


def test_a_client_that_does_not_trust_the_authority_ends_the_handshake(
    proxy: Proxy, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is served, the log says what is the matter, and the proxy lives on."""
    said: Queue[str] = Queue()
    monkeypatch.setattr("local.network.proxy._log.warning", lambda text, *_: said.put(text))
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=5, context=ssl.create_default_context())
    connection.set_tunnel(HOST, 443)
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/")
    assert exchange(proxy, get("/")).startswith(b"HTTP/1.1 200 ")
    assert [each.path for each in echo.seen] == ["/"]
    assert "trust the local authority" in said.get(timeout=5)


def test_a_client_may_leave_https_to_the_proxy(proxy: Proxy, echo: Echo) -> None:
    """The official Node client does with `Tunnel: false`; on loopback nothing is lost by it."""
    assert exchange(proxy, get(f"https://{HOST}/x")).startswith(b"HTTP/1.1 200 ")
    assert (echo.seen[0].host, echo.seen[0].path) == (HOST, "/x")


def test_stopping_cuts_a_tunnel_as_well(echo: Echo) -> None:
    """A client that waits inside of one sees the end at once."""
    proxy = Proxy([(lambda _: True, echo)])
    proxy.start()
    trusting = ssl.create_default_context(cadata=proxy.authority.certificate.decode())
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=5, context=trusting)
    connection.set_tunnel(HOST, 443)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"nothing"
    proxy.stop()
    assert connection.sock.recv(1) == b""
    connection.close()


def test_headers_are_text_in_utf_8_both_ways(proxy: Proxy, echo: Echo) -> None:
    """What is not UTF-8 comes back byte for byte."""
    for sent in ("讲座.mp4".encode(), b"\xe9t\xe9"):
        exchange(proxy, f"GET http://{HOST}/ HTTP/1.1\r\nHost: {HOST}\r\nx: ".encode() + sent + b"\r\n\r\n")
        assert echo.seen[-1].headers["x"].encode("utf-8", "surrogateescape") == sent
    assert echo.seen[0].headers["x"] == "讲座.mp4"


def test_no_header_value_can_end_its_line(echo: Echo) -> None:
    """A service that passes on what a client sent cannot be made to write a header of the client's own."""
    proxy = Proxy([(lambda _: True, lambda _: Response(200, {"x": "讲 a\r\nSet-Cookie: b"}))])
    proxy.start()
    answer = exchange(proxy, get("/", "Connection: close"))
    proxy.stop()
    assert "x: 讲 a  Set-Cookie: b\r\n".encode() in answer


def test_a_body_cut_short_reaches_no_service(proxy: Proxy, echo: Echo) -> None:
    """A client that dies inside of its body has not made a request."""
    assert exchange(proxy, get("/", "Content-Length: 10") + b"short") == b""
    assert echo.seen == []


def test_it_listens_on_loopback_only(proxy: Proxy) -> None:
    """Nothing of the local cloud is reachable from outside."""
    assert proxy._server.server_address[0] == "127.0.0.1"
    assert proxy.url == f"http://127.0.0.1:{proxy.port}"


def test_stopping_cuts_open_connections(echo: Echo) -> None:
    """Nothing is left running: a client that waits sees the end at once."""
    proxy = Proxy([(lambda _: True, echo)])
    proxy.start()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as connection:
        connection.sendall(get("/"))
        assert connection.recv(4096)
        proxy.stop()
        assert connection.recv(4096) == b""
        with pytest.raises(OSError):  # noqa: PT011 -- which one depends on the system
            socket.create_connection(("127.0.0.1", proxy.port), timeout=1)
