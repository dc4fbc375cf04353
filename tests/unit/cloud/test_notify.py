"""Notifications: signed so that the documented receiver accepts them, and never in the way."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cosconcat.cleanup.finish import end_of
from cosconcat.cloud import notify as notify_module
from cosconcat.cloud.notify import notify
from cosconcat.config import Config
from cosconcat.model import Bucket, Fragment, FragmentSet, ObjectInfo
from cosconcat.records.records import Claim, Done

DOCUMENT = (Path(__file__).parents[3] / "docs" / "notifications.md").read_text()
DEMO = Bucket("demo-1250000000", "ap-guangzhou")
SECRET = "a-secret-for-tests"


@dataclass
class Receiver:
    """Keeps what is posted to it; answers `status`, or nothing at all."""

    url: str = ""
    status: int | None = 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """An HTTP server on loopback."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    receiver, released = Receiver(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            if receiver.status is None:
                released.wait(10)
                return
            self.send_response(receiver.status)
            self.send_header("Location", receiver.url + "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield receiver
    released.set()
    server.shutdown()
    server.server_close()


def config(url: str) -> Config:
    """That notifies `url`."""
    return Config(DEMO, notify_url=url, callback_secret=SECRET)


def documented_check() -> Callable[..., bool]:
    """The receiver's function, as it stands in the document."""
    [code] = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    names: dict[str, Callable[..., bool]] = {}
    exec(code, names)
    return names["is_from_concat"]


def test_a_receiver_written_by_the_document_accepts_it(receiver: Receiver) -> None:
    """Chinese group and all."""
    assert notify(config(receiver.url), {"group": "讲座", "outcome": "joined"}) == ""
    [(headers, body)] = receiver.got
    assert json.loads(body) == {"group": "讲座", "outcome": "joined"}
    assert documented_check()(SECRET, headers, body)


def test_the_documented_receiver_refuses_everything_else(receiver: Receiver) -> None:
    """Another secret, another body, another or an old time, no signature."""
    notify(config(receiver.url), {"group": "g"})
    [(headers, body)] = receiver.got
    check, timestamp = documented_check(), int(headers["X-Concat-Timestamp"])
    assert not check("another", headers, body)
    assert not check(SECRET, headers, body + b" ")
    assert not check(SECRET, {**headers, "X-Concat-Timestamp": str(timestamp + 1)}, body)
    assert not check(SECRET, {**headers, "X-Concat-Timestamp": "²"}, body)
    assert not check(SECRET, headers, body, now=timestamp + 301)
    assert not check(SECRET, {**headers, "X-Concat-Signature": "é"}, body)
    assert not check(SECRET, {}, body)


def test_the_documented_shell_line_gives_the_same_signature(receiver: Receiver, tmp_path: Path) -> None:
    """With openssl, where it is installed."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    notify(config(receiver.url), {"group": "g"})
    [(headers, body)] = receiver.got
    (tmp_path / "body.json").write_bytes(body)
    [line] = re.findall(r"```sh\n(.*?)```", DOCUMENT, re.DOTALL)
    environment = {
        "TIMESTAMP": headers["X-Concat-Timestamp"],
        "CONCAT_CALLBACK_SECRET": SECRET,
        "PATH": "/usr/bin:/bin",
    }
    printed = subprocess.run(
        ["/bin/sh", "-c", line], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    assert headers["X-Concat-Signature"] in printed.stdout


@pytest.mark.parametrize("status", [302, 307, 400, 500])
def test_a_receiver_that_does_not_take_it_is_named(receiver: Receiver, status: int) -> None:
    """A redirect is not followed: what is signed goes to the configured address alone."""
    receiver.status = status
    assert notify(config(receiver.url), {"group": "g"}) == f"CONCAT_NOTIFY_URL answered {status}"
    assert len(receiver.got) == 1


def test_a_receiver_that_never_answers_costs_its_time_out(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seconds, here less."""
    monkeypatch.setattr(notify_module, "TIMEOUT_SECONDS", 0.2)
    receiver.status = None
    began = time.monotonic()
    assert notify(config(receiver.url), {"group": "g"}) == "CONCAT_NOTIFY_URL: ReadTimeout"
    assert time.monotonic() - began < 3


def test_it_never_raises(receiver: Receiver) -> None:
    """Nobody there, no such address, nothing that can be written as JSON."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
        assert notify(config(nobody), {"group": "g"}) == "CONCAT_NOTIFY_URL: ConnectionError"
    for url in ("http://[", "nonsense", "http://\ud800/"):
        assert notify(config(url), {"group": "g"}).startswith("CONCAT_NOTIFY_URL: ")
    assert notify(config(receiver.url), {"group": object()}) == "CONCAT_NOTIFY_URL: TypeError"
    assert receiver.got == []


def test_without_an_address_nothing_happens_and_without_a_secret_nothing_is_sent(receiver: Receiver) -> None:
    """An unsigned notification would teach receivers to believe anybody."""
    assert notify(Config(DEMO), {"group": "g"}) == ""
    refused = notify(replace(config(receiver.url), callback_secret=""), {"group": "g"})
    assert "CONCAT_CALLBACK_SECRET" in refused
    assert receiver.got == []


def test_the_document_shows_every_field_that_is_sent() -> None:
    """And no other, in its example and in its table."""
    fragments = FragmentSet("lecture", (Fragment(1, ObjectInfo("fragments/a", "e", 1, 1)),))
    claim = Claim("lecture", 1, 1, "a" * 32, 1200, fragments, fragments.fingerprint, DEMO, "output/lecture.mp4", "mp4")
    told = end_of(claim, Done("joined", "", "output/lecture.mp4", "j1", 1, {"k": "locked"}))
    [example] = re.findall(r"\n(\{.*?\})\n```", DOCUMENT, re.DOTALL)
    assert set(json.loads(example)) == set(told)
    assert [name for name in told if f"`{name}`" not in DOCUMENT] == []
    assert told["kept"] == 1
