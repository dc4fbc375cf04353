"""Requests that were really sent verify with an independent implementation of the documented algorithm."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

import pytest
import requests
from qcloud_cos import CosConfig
from qcloud_cos.cos_auth import CosS3Auth

from cosconcat.cloud.ci import CiOverHttp
from cosconcat.config import Config, Credentials
from cosconcat.job.request import Request
from cosconcat.model import Bucket
from tests.contract.signature_oracle import Verdict, verify
from tests.support.ci_server import Answer, CiServer, Seen, ci_server

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = Bucket("demo-1250000000", "ap-guangzhou")
CONFIG = Config(bucket=BUCKET, scheme="http", queue_id="p1")
KEYS = {"plain-id": "plain-secret"}
TEMPORARY = Credentials("plain-id", "plain-secret", "TOK/+=")
PLAIN = Credentials("plain-id", "plain-secret")
JOB = b"<Response><JobsDetail><JobId>j1</JobId></JobsDetail></Response>"


def request(key: str = "输出/a b+%.${ext}") -> Request:
    """A request whose body holds what is hard to write."""
    output = {"Region": "ap-guangzhou", "Bucket": "demo-1250000000", "Object": key}
    url = "http://demo-1250000000.cos.ap-guangzhou.myqcloud.com/讲座 1+%20.mp4"
    template = {"ConcatFragment": [{"Url": url}], "Container": {"Format": "mp4"}}
    return Request.from_mapping({"Tag": "Concat", "Operation": {"ConcatTemplate": template, "Output": output}})


@pytest.fixture
def server() -> Iterator[CiServer]:
    """Answers every request with a job."""
    with ci_server() as running:
        running.script = [Answer(200, JOB)]
        yield running


def verdict(seen: Seen) -> Verdict:
    """What the oracle says; through a proxy the request line holds the whole URL."""
    parts = urlsplit(seen.target)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return verify(seen.method, target, seen.headers, KEYS, int(time.time()))


def authorization(seen: Seen) -> dict[str, str]:
    """The parts of the Authorization header."""
    return dict(part.split("=", 1) for part in seen.headers["authorization"].split("&"))


@pytest.mark.parametrize("credentials", [PLAIN, TEMPORARY], ids=["plain", "temporary"])
def test_every_request_of_the_adapter_verifies(server: CiServer, credentials: Credentials) -> None:
    """POST /jobs, GET /jobs/<id>, and GET /jobs with a time, a token and `+`."""
    ci = CiOverHttp(CONFIG, credentials)
    ci.submit(BUCKET, request())
    ci.job(BUCKET, "j1")
    ci.jobs(BUCKET, 1767578461)
    ci.jobs(BUCKET, 1767578461, "2/2+5 5&=")
    assert [verdict(seen) for seen in server.seen] == [Verdict(True)] * 4
    assert [seen.method for seen in server.seen] == ["POST", "GET", "GET", "GET"]


def test_what_matters_is_inside_the_signature(server: CiServer) -> None:
    """Host, content type and length, the token's header, and every parameter of a listing."""
    ci = CiOverHttp(CONFIG, TEMPORARY)
    ci.submit(BUCKET, request())
    ci.jobs(BUCKET, 0, "5")
    post, listing = (authorization(seen) for seen in server.seen)
    assert post["q-header-list"] == "content-length;content-type;host;x-ci-security-token"
    assert listing["q-header-list"] == "host;x-ci-security-token"
    assert listing["q-url-param-list"] == "nexttoken;orderbytime;queueid;size;startcreationtime;states;tag"


def test_a_changed_request_no_longer_verifies(server: CiServer) -> None:
    """The oracle would notice: another path, method, host, parameter, token, key or time."""
    CiOverHttp(CONFIG, TEMPORARY).jobs(BUCKET, 0)
    (seen,) = server.seen
    assert verdict(seen).good
    changed = [
        replace(seen, target=seen.target.replace("/jobs", "/queue")),
        replace(seen, target=seen.target.replace("tag=Concat", "tag=Transcode")),
        replace(seen, target=seen.target.replace("%2B0800", "+0900")),
        replace(seen, target=seen.target.replace("&states=All", "")),
        replace(seen, method="PUT"),
        replace(seen, headers={**seen.headers, "host": "other-1.ci.ap-guangzhou.myqcloud.com"}),
        replace(seen, headers={**seen.headers, "x-ci-security-token": "stolen"}),
        replace(seen, headers={**seen.headers, "authorization": ""}),
        replace(seen, headers={**seen.headers, "authorization": seen.headers["authorization"] + "0"}),
    ]
    assert [verdict(other).good for other in changed] == [False] * len(changed)
    parts = urlsplit(seen.target)
    late = int(time.time()) + 20_000
    assert not verify("GET", f"{parts.path}?{parts.query}", seen.headers, KEYS, late).good
    assert not verify("GET", f"{parts.path}?{parts.query}", seen.headers, {"plain-id": "other"}, late - 20_000).good


@pytest.mark.parametrize(
    ("method", "path", "parameters"),
    [
        ("PUT", "/jobs/j1", {"cancel": ""}),
        ("GET", "/讲座/a b+%20.mp4", {"ci-process": "videoinfo"}),
        ("GET", "/a!'()*~;:@&=$,[]/x", {"prefix": "讲座 +%/"}),
        ("GET", "/jobs/j1,j2", {}),
    ],
)
def test_the_signer_agrees_with_the_oracle_on_other_paths(
    server: CiServer, method: str, path: str, parameters: dict[str, str]
) -> None:
    """Cancelling, probing an object with a hard name, several ids: the same signer, the decoded path."""
    query = urlencode(parameters, quote_via=quote)
    conf = CosConfig(Region="ap-guangzhou", SecretId="plain-id", SecretKey="plain-secret")
    url = f"http://{BUCKET.ci_host}{quote(path, safe='/')}?{query}"
    requests.request(method, url, auth=CosS3Auth(conf, path, parameters), timeout=5)
    assert verdict(server.seen[0]) == Verdict(True)
    assert len(authorization(server.seen[0])["q-url-param-list"]) == len(";".join(parameters))
