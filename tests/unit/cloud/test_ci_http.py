"""The CI adapter over real sockets: a POST leaves once whatever happens, a GET a bounded number of times."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest

import cosconcat.cloud.ci
from cosconcat.cloud.ci import READ_TRIES, CiOverHttp, creation_time
from cosconcat.config import Config, Credentials
from cosconcat.errors import Blocked, InvalidInput, OutcomeUnknown, Rejected, ServiceUnavailable
from cosconcat.job.request import Request
from cosconcat.model import Bucket
from tests.support.ci_server import CLOSE, CUT, HANG, RESET, Answer, CiServer, Step, ci_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUCKET = Bucket("demo-1250000000", "ap-guangzhou")
CONFIG = Config(bucket=BUCKET, scheme="http", queue_id="p1")
REQUEST = Request.from_mapping(
    {
        "Tag": "Concat",
        "Operation": {
            "TemplateId": "t1",
            "Output": {"Region": "ap-guangzhou", "Bucket": "demo-1250000000", "Object": "输出/a b+.${ext}"},
        },
    }
)
JOB = b"<Response><JobsDetail><JobId>j1</JobId><State>Submitted</State><Tag>Concat</Tag></JobsDetail></Response>"
NO_JOB = b"<Response><NonExistJobIds>j1</NonExistJobIds></Response>"


def error(code: str) -> bytes:
    """CI's error body."""
    return f"<Error><Code>{code}</Code><Message>m</Message><RequestId>r</RequestId></Error>".encode()


@pytest.fixture
def server() -> Iterator[CiServer]:
    """A server of one's own for each test, and time-outs that a test can wait for."""
    with ci_server() as running, patch.object(cosconcat.cloud.ci, "READ_SECONDS", 0.3):
        yield running


@pytest.fixture
def pauses() -> list[float]:
    """Where the adapter's pauses are written down instead of slept."""
    return []


@pytest.fixture
def ci(pauses: list[float]) -> CiOverHttp:
    """The adapter with temporary keys."""
    return CiOverHttp(CONFIG, Credentials("id", "key", "token"), pauses.append)


def test_a_submitted_job_is_returned(server: CiServer, ci: CiOverHttp) -> None:
    """One POST /jobs to the CI host with the request's XML and its content type."""
    server.script = [Answer(200, JOB)]
    assert ci.submit(BUCKET, REQUEST).id == "j1"
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("POST", "http://demo-1250000000.ci.ap-guangzhou.myqcloud.com/jobs")
    assert seen.headers["content-type"] == "application/xml"
    assert seen.headers["x-ci-security-token"] == "token"
    assert Request.from_xml(seen.body) == REQUEST


UNKNOWN: dict[str, Step] = {
    "hangs": HANG,
    "resets": RESET,
    "closes": CLOSE,
    "cuts the answer": CUT,
    "500": Answer(500, error("InternalError")),
    "503": Answer(503, error("ServiceUnavailable")),
    "502 of a proxy": Answer(502, b"<html>Bad Gateway</html>"),
    "403 of a proxy": Answer(403, b"<html>Forbidden</html>"),
    "302": Answer(302, b"", {"Location": "http://elsewhere.example/jobs"}),
    "307 without a body": Answer(307, b"", {"Location": "http://elsewhere.example/jobs"}),
    "200 with nothing": Answer(200, b""),
    "200 with half an answer": Answer(200, JOB[:40]),
    "200 without a job": Answer(200, b"<Response/>"),
    "200 with an error": Answer(200, error("InternalError")),
    "503 that asks for a retry": Answer(503, error("ServiceUnavailable"), {"Retry-After": "0"}),
}


@pytest.mark.parametrize("step", UNKNOWN.values(), ids=list(UNKNOWN))
def test_a_post_without_a_clear_answer_is_never_repeated(server: CiServer, ci: CiOverHttp, step: Step) -> None:
    """Exactly one request on exactly one connection, at every layer; whether a job exists is said to be unknown."""
    server.script = [step]
    with pytest.raises(OutcomeUnknown, match="demo-1250000000"):
        ci.submit(BUCKET, REQUEST)
    assert [seen.method for seen in server.seen] == ["POST"]
    assert server.connections == 1


@pytest.mark.parametrize(
    ("status", "code", "raised"),
    [(400, "InvalidArgument", Rejected), (403, "QueuePaused", Blocked), (429, "SlowDown", Blocked)],
)
def test_a_refused_post_is_told_apart(
    server: CiServer, ci: CiOverHttp, status: int, code: str, raised: type[Exception]
) -> None:
    """A parsed error says that no job exists; it is not repeated either."""
    server.script = [Answer(status, error(code))]
    with pytest.raises(raised, match=code):
        ci.submit(BUCKET, REQUEST)
    assert len(server.seen) == 1


def test_a_post_for_which_no_connection_came_about_was_never_sent(ci: CiOverHttp) -> None:
    """No job can exist: it is tried again in a minute, and not looked for until its lease is over."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        proxy = f"http://127.0.0.1:{closed.getsockname()[1]}"
    environment = {"http_proxy": proxy, "HTTP_PROXY": proxy, "no_proxy": "", "NO_PROXY": ""}
    with patch.dict("os.environ", environment), pytest.raises(ServiceUnavailable, match="nothing was sent"):
        ci.submit(BUCKET, REQUEST)


def test_a_host_that_does_not_exist_was_sent_nothing() -> None:
    """The same without a proxy: the name has no address."""
    ci = CiOverHttp(Config(Bucket("demo-1250000000", "nowhere.invalid"), scheme="http"), Credentials("id", "key", ""))
    environment = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), "")
    with patch.dict("os.environ", environment), pytest.raises(ServiceUnavailable, match="nothing was sent"):
        ci.submit(Bucket("demo-1250000000", "nowhere.invalid"), REQUEST)


def test_a_post_never_uses_a_kept_connection(server: CiServer, ci: CiOverHttp) -> None:
    """A kept connection may just be closing, which would leave the outcome unknown for nothing."""
    server.script = [Answer(200, JOB)]
    ci.job(BUCKET, "j1")
    ci.submit(BUCKET, REQUEST)
    ci.job(BUCKET, "j1")
    assert server.connections == 2


def test_a_job_is_read_by_its_id(server: CiServer, ci: CiOverHttp) -> None:
    """GET /jobs/<id>; an id that CI does not know is None."""
    server.script = [Answer(200, JOB), Answer(200, NO_JOB)]
    job = ci.job(BUCKET, "j1")
    assert job is not None
    assert job.state == "Submitted"
    assert ci.job(BUCKET, "j1") is None
    assert server.seen[0].target == "http://demo-1250000000.ci.ap-guangzhou.myqcloud.com/jobs/j1"


@pytest.mark.parametrize("body", [JOB, b"<Response><RequestId>r</RequestId></Response>"])
def test_an_answer_that_does_not_speak_of_the_job_is_none(server: CiServer, ci: CiOverHttp, body: bytes) -> None:
    """A job is gone when CI says so; one that only goes unmentioned may still run, and nobody may post another."""
    server.script = [Answer(200, body)]
    with pytest.raises(ServiceUnavailable, match="does not speak of the job"):
        ci.job(BUCKET, "j2")


@pytest.mark.parametrize("status", [201, 202, 204, 300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize("call", ["submit", "job", "jobs"])
def test_what_is_neither_an_answer_nor_a_refusal_decides_nothing(
    server: CiServer, ci: CiOverHttp, call: str, status: int
) -> None:
    """A redirect, or a success that says nothing: no job is believed created, and none believed gone."""
    server.script = [Answer(status, b"", {"Location": "http://elsewhere.example/jobs"})]
    calls: dict[str, Callable[[], object]] = {
        "submit": lambda: ci.submit(BUCKET, REQUEST),
        "job": lambda: ci.job(BUCKET, "j1"),
        "jobs": lambda: ci.jobs(BUCKET, 0),
    }
    with pytest.raises(OutcomeUnknown if call == "submit" else ServiceUnavailable, match="demo-1250000000"):
        calls[call]()
    assert all("elsewhere" not in seen.target for seen in server.seen)


@pytest.mark.parametrize("call", ["job", "jobs"])
@pytest.mark.parametrize("body", [b"", b"<html>welcome", error("InternalError"), error("AccessDenied"), JOB[:40]])
def test_a_success_with_something_else_in_it_is_no_answer(
    server: CiServer, ci: CiOverHttp, call: str, body: bytes
) -> None:
    """An error's body, a proxy's page, half an answer."""
    server.script = [Answer(200, body)]
    with pytest.raises(ServiceUnavailable, match="demo-1250000000"):
        _ = ci.job(BUCKET, "j1") if call == "job" else ci.jobs(BUCKET, 0)


def test_a_reading_that_timed_out_at_the_service_may_be_repeated(server: CiServer, ci: CiOverHttp) -> None:
    """It answers 400 then, which is no refusal for good."""
    server.script = [Answer(400, b"<Error><Code>RequestTimeout</Code><Message>slow</Message></Error>")]
    with pytest.raises(ServiceUnavailable, match="RequestTimeout"):
        ci.job(BUCKET, "j1")


@pytest.mark.parametrize("job_id", ["", "j1,j2", "../queue", "j1?cancel", "j 1", "ｊ1", "x" * 65])
def test_an_id_that_is_none_never_reaches_the_service(server: CiServer, ci: CiOverHttp, job_id: str) -> None:
    """A forged callback may carry anything; it must not become a path."""
    with pytest.raises(InvalidInput, match="JobId"):
        ci.job(BUCKET, job_id)
    assert server.seen == []


def test_the_listing_asks_for_everything_it_needs(server: CiServer, ci: CiOverHttp) -> None:
    """Names in lower camel case, newest first, 100 a page, all states, from a time with seconds and offset."""
    server.script = [Answer(200, JOB.replace(b"</Response>", b"<NextToken>5</NextToken></Response>")), Answer(200, JOB)]
    page = ci.jobs(BUCKET, 1767578461)
    assert ([job.id for job in page.jobs], page.next_token) == (["j1"], "5")
    assert ci.jobs(BUCKET, 1767578461, page.next_token).next_token == ""
    first, second = (parse_qs(urlsplit(seen.target).query) for seen in server.seen)
    assert first == {
        "tag": ["Concat"],
        "size": ["100"],
        "orderByTime": ["Desc"],
        "states": ["All"],
        "startCreationTime": ["2026-01-05T10:01:01+0800"],
        "queueId": ["p1"],
    }
    assert second == {**first, "nextToken": ["5"]}


@pytest.mark.parametrize("inner", [b"<Code>InternalError</Code>", b"<NextToken>1</NextToken><NextToken>2</NextToken>"])
def test_half_a_listing_is_asked_for_again_and_is_none(server: CiServer, ci: CiOverHttp, inner: bytes) -> None:
    """Taken for the last page it would say that a job of ours does not exist."""
    server.script = [Answer(200, b"<Response>" + inner + b"</Response>")]
    with pytest.raises(ServiceUnavailable, match=r"GET /jobs of .*unreadable answer"):
        ci.jobs(BUCKET, 0)
    assert len(server.seen) == 3


def test_the_listing_ends_where_it_is_asked_to(server: CiServer, ci: CiOverHttp) -> None:
    """On every page of it; without an end none is named."""
    server.script = [Answer(200, JOB)]
    ci.jobs(BUCKET, 1767578461, "5", 1767578462)
    (asked,) = (parse_qs(urlsplit(seen.target).query) for seen in server.seen)
    assert (asked["endCreationTime"], asked["nextToken"]) == (["2026-01-05T10:01:02+0800"], ["5"])


def test_without_a_queue_none_is_named(server: CiServer) -> None:
    """QueueId is for older accounts."""
    server.script = [Answer(200, JOB)]
    CiOverHttp(Config(bucket=BUCKET, scheme="http"), Credentials("id", "key")).jobs(BUCKET, 0)
    assert "queueId" not in server.seen[0].target
    assert "x-ci-security-token" not in server.seen[0].headers


@pytest.mark.parametrize("step", [RESET, CUT, CLOSE, Answer(500), Answer(503), Answer(429, error("SlowDown"))])
def test_reading_is_repeated_a_bounded_number_of_times(
    server: CiServer, ci: CiOverHttp, pauses: list[float], step: Step, capsys: pytest.CaptureFixture[str]
) -> None:
    """With pauses that grow and jitter, each told in the log; then it is the caller's turn."""
    server.script = [step]
    with pytest.raises(ServiceUnavailable, match=f"tried {READ_TRIES} times"):
        ci.job(BUCKET, "j1")
    assert len(server.seen) == READ_TRIES
    assert len(pauses) == READ_TRIES - 1
    assert all(0 < pause <= 2 for pause in pauses)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["what"] for line in told] == ["asked again"] * (READ_TRIES - 1)


@pytest.mark.parametrize("step", [RESET, Answer(500), Answer(200, b"<Response>"), Answer(429, error("SlowDown"))])
def test_reading_recovers(server: CiServer, ci: CiOverHttp, step: Step) -> None:
    """One hiccup is not passed on."""
    server.script = [step, Answer(200, JOB)]
    assert ci.job(BUCKET, "j1") is not None


@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [
        (400, error("InvalidArgument"), Rejected),
        (403, error("AccessDenied"), Blocked),
        (401, error("SignatureExpired"), Blocked),
        (403, b"<html/>", Rejected),
    ],
)
def test_refused_reading_is_not_repeated(
    server: CiServer, ci: CiOverHttp, status: int, body: bytes, raised: type[Exception]
) -> None:
    """Asking again would get the same answer."""
    server.script = [Answer(status, body)]
    with pytest.raises(raised):
        ci.job(BUCKET, "j1")
    assert len(server.seen) == 1


def test_no_secret_is_ever_logged_or_told(
    server: CiServer, caplog: pytest.LogCaptureFixture, pauses: list[float]
) -> None:
    """At DEBUG the SDK's signer would log the signing key."""
    caplog.set_level("DEBUG")
    ci = CiOverHttp(CONFIG, Credentials("id-of-role", "secret-key", "secret-token"), pauses.append)
    server.script = [Answer(500), Answer(200, JOB), RESET]
    ci.job(BUCKET, "j1")
    with pytest.raises(OutcomeUnknown) as told:
        ci.submit(BUCKET, REQUEST)
    written = caplog.text + str(told.value)
    for secret in ("secret-key", "secret-token", "q-signature", "sign_key"):
        assert secret not in written
    assert server.seen[0].headers["authorization"]


@pytest.mark.parametrize(("since", "text"), [(0, "1970-01-01T08:00:00+0800"), (1767578461, "2026-01-05T10:01:01+0800")])
def test_creation_time_shows_minutes_where_the_documents_show_months(since: int, text: str) -> None:
    """The documented format string has %m twice."""
    assert creation_time(since) == text


def test_a_page_that_is_too_large_is_asked_for_with_fewer_jobs(server: CiServer, ci: CiOverHttp) -> None:
    """So are those after it: 5,000 fragments in each of a hundred jobs do not fit into a function."""
    with patch.object(cosconcat.cloud.ci, "LARGEST_ANSWER", 1000):
        ci = CiOverHttp(CONFIG, Credentials("id", "key"))
    server.script = [Answer(200, b" " * 1001 + JOB), Answer(200, JOB), Answer(200, JOB)]
    assert [job.id for job in ci.jobs(BUCKET, 0, "5").jobs] == ["j1"]
    ci.jobs(BUCKET, 0, "6")
    asked = [parse_qs(urlsplit(seen.target).query) for seen in server.seen]
    assert [(page["size"], page["nextToken"]) for page in asked] == [(["100"], ["5"]), (["25"], ["5"]), (["25"], ["6"])]


def test_a_single_job_that_is_too_large_fails_for_now(server: CiServer) -> None:
    """After pages that are each smaller than the one before."""
    with patch.object(cosconcat.cloud.ci, "LARGEST_ANSWER", 1000):
        ci = CiOverHttp(CONFIG, Credentials("id", "key"))
    server.script = [Answer(200, b" " * 1001 + JOB)]
    with pytest.raises(ServiceUnavailable, match="more than 1000 bytes"):
        ci.jobs(BUCKET, 0)
    assert [parse_qs(urlsplit(seen.target).query)["size"] for seen in server.seen] == [["100"], ["25"], ["6"], ["1"]]
    with pytest.raises(ServiceUnavailable, match="more than 1000 bytes"):
        ci.job(BUCKET, "j1")


@pytest.mark.parametrize(("most", "size"), [(100, 100), (250, 100), (1000, 25), (5000, 5), (10_000, 2)])
def test_large_groups_have_small_pages_from_the_start(server: CiServer, most: int, size: int) -> None:
    """Each job of a page echoes all its fragments."""
    server.script = [Answer(200, JOB)]
    config = Config(bucket=BUCKET, scheme="http", max_fragments=most)
    CiOverHttp(config, Credentials("id", "key")).jobs(BUCKET, 0)
    assert f"size={size}&" in server.seen[0].target
