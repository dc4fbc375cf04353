"""No call outlasts its invocation: what hangs or trickles is cut off in time, what cannot be finished is not begun."""

from __future__ import annotations

import time
from itertools import product
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

import cosconcat.cloud.cos
from cosconcat.cloud.ci import CiOverHttp
from cosconcat.cloud.cos import PROBE, CosOverHttp
from cosconcat.cloud.cos_answers import PARALLEL
from cosconcat.cloud.notify import Notifier
from cosconcat.cloud.ports import LARGEST
from cosconcat.cloud.session import Bounds, NoTimeLeft
from cosconcat.config import Config, Credentials
from cosconcat.errors import InvalidInput, ServiceUnavailable, TimedOut
from cosconcat.model import Bucket, ByteRange, ObjectInfo, ObjectVersion, Unanswered
from tests.support.ci_server import HANG, SLOW_CHUNK, SLOW_HEAD, STALL, TRICKLE, Answer, CiServer, ci_server
from tests.support.longer import one_in
from tests.unit.cloud.test_ci_http import CONFIG, REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEMO = Bucket("demo-1250000000", "ap-guangzhou")
KEYS = Credentials("id", "key", "token")
LIMIT = 0.6  # seconds of an invocation
SLACK = 0.25  # a busy machine; unbounded, a call would take 20 s and more
CALLS: dict[str, Callable[[CosOverHttp, CiOverHttp], object]] = {
    "LIST": lambda cos, _: cos.list(DEMO, "p/"),
    "HEAD": lambda cos, _: cos.head(DEMO, "k"),
    "GET": lambda cos, _: cos.get(DEMO, "k"),
    "GET range": lambda cos, _: cos.read(DEMO, [ByteRange("k", 0, 9)]),
    "PUT": lambda cos, _: cos.create(DEMO, "k", b"{}"),
    "COPY": lambda cos, _: cos.copy(DEMO, ObjectInfo("k", "e", 1, 0), DEMO, "t"),
    "POST delete": lambda cos, _: cos.delete(DEMO, [ObjectVersion("k")]),
    "tagging": lambda cos, _: cos.tag(DEMO, "k", {"a": "b"}),
    "GET job": lambda _, ci: ci.job(DEMO, "j1"),
    "GET jobs": lambda _, ci: ci.jobs(DEMO, 0),
}


@pytest.fixture
def server() -> Iterator[CiServer]:
    """Behind the proxy variables, for any host."""
    with ci_server() as running:
        yield running


def adapters(seconds: float) -> tuple[CosOverHttp, CiOverHttp]:
    """For an invocation that ends so soon."""
    deadline = time.time() + seconds
    return CosOverHttp(Config(DEMO, scheme="http"), KEYS, deadline), CiOverHttp(CONFIG, KEYS, deadline=deadline)


@pytest.mark.parametrize("case", one_in(3, product([HANG, TRICKLE, STALL], CALLS)), ids=" ".join)
def test_what_hangs_or_trickles_ends_before_the_invocation_and_is_asked_once(
    server: CiServer, case: tuple[str, str]
) -> None:
    """Neither the SDK nor the adapter repeats what was slow: it would be slow again."""
    step, call = case
    server.script = [HANG if call == "HEAD" else step]  # its answer has no body
    began = time.monotonic()
    with pytest.raises(TimedOut, match="timed out"):
        CALLS[call](*adapters(LIMIT))
    assert time.monotonic() - began < LIMIT + SLACK
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("call", "step"), [("HEAD", SLOW_HEAD), ("LIST", SLOW_CHUNK), ("GET jobs", SLOW_HEAD), ("GET job", SLOW_CHUNK)]
)
def test_a_head_or_the_length_of_a_chunk_that_trickles_in_ends_as_well(server: CiServer, call: str, step: str) -> None:
    """Time-outs of the library are for one look at the socket, and each look finds a byte."""
    server.script = [step]
    began = time.monotonic()
    with pytest.raises(TimedOut, match="timed out"):
        CALLS[call](*adapters(LIMIT))
    assert time.monotonic() - began < LIMIT + SLACK


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_could_not_end_in_time_is_not_begun(server: CiServer, call: str) -> None:
    """It would be killed in the midst, and nothing of it be recorded."""
    with pytest.raises(ServiceUnavailable, match="not enough time left"):
        CALLS[call](*adapters(0))
    assert not server.seen


def test_no_job_is_posted_whose_answer_could_not_be_recorded(server: CiServer) -> None:
    """Whoever reads this error knows that nothing was sent."""
    with pytest.raises(ServiceUnavailable, match=r"not enough time left.*nothing was sent"):
        adapters(0)[1].submit(DEMO, REQUEST)
    assert not server.seen


def test_after_a_probe_that_hangs_no_other_is_begun(server: CiServer) -> None:
    """A group of a hundred pieces that hang costs one time-out, and what the others told is not lost."""
    server.script = [HANG]
    keys = [f"k{number}" for number in range(100)]
    with patch.object(cosconcat.cloud.cos, "PROBE", PROBE._replace(read=0.3)):
        cos = CosOverHttp(Config(DEMO, scheme="http"), KEYS)
        began = time.monotonic()
        answers = cos.media(DEMO, keys)
    assert {type(answer) for answer in answers.values()} == {Unanswered}
    assert list(answers) == keys
    assert len(server.seen) <= PARALLEL
    assert time.monotonic() - began < 2


def test_an_answer_without_an_end_is_not_read_on(server: CiServer) -> None:
    """A record has at most 8 MiB, and no pace of its own makes a call longer."""
    server.script = [Answer(200, b"x" * (LARGEST + 1))]
    with pytest.raises(InvalidInput, match="too large for a record"):
        adapters(60)[0].get(DEMO, "k")


def test_short_invocations_keep_less_back() -> None:
    """A function with a limit of three seconds still makes calls."""
    bounds = Bounds(5, 20, 1000, least=2, reserve=2)
    now = time.time()
    assert 2.7 < bounds.until(now + 3, now).left() < 3
    assert bounds.until(now + 300, now).left() == 25
    assert bounds.until(float("inf"), now) == bounds


def test_a_first_call_late_in_a_long_invocation_keeps_back_what_an_early_one_does() -> None:
    """However late the adapter is first used: what is killed in the midst records nothing."""
    now = time.time()
    with pytest.raises(NoTimeLeft):
        Bounds(5, 20, 1000, least=8, reserve=2).until(now + 5, began=now - 295).left()


@pytest.mark.parametrize("step", [HANG, SLOW_HEAD, SLOW_CHUNK, TRICKLE])
def test_a_receiver_costs_its_time_out_at_most(server: CiServer, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Whatever it does: where the status came in time the rest is not read."""
    monkeypatch.setattr("cosconcat.cloud.notify.TIMEOUT_SECONDS", LIMIT)
    config = Config(DEMO, notify_url="http://receiver.example/", callback_secret="0" * 32)
    server.script = [step]
    began = time.monotonic()
    assert Notifier(config)({"id": "1"}) == ("CONCAT_NOTIFY_URL: ReadTimeout" if step in (HANG, SLOW_HEAD) else "")
    assert time.monotonic() - began < LIMIT + SLACK


def test_nobody_is_notified_when_the_answer_would_come_too_late() -> None:
    """The sweep tells it again."""
    config = Config(DEMO, notify_url="http://receiver.example/", callback_secret="0" * 32)
    assert "not enough time left" in Notifier(config, time.time() + 3)({"id": "1"})
