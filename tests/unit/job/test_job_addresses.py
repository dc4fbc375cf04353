"""Addresses in a request: by their whole host, to a key that every client reads alike."""

from __future__ import annotations

import pytest

from cosconcat.job.addresses import key_at
from cosconcat.model import Bucket

BUCKET = Bucket("demo-1250000000", "ap-guangzhou")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("place", ["cos.ap-guangzhou", "cos-internal.ap-guangzhou", "cos.accelerate"])
@pytest.mark.parametrize("domain", ["myqcloud.com", "tencentcos.cn"])
def test_the_bucket_s_own_hosts_are_accepted(scheme: str, place: str, domain: str) -> None:
    """In any case; the key is decoded."""
    assert key_at(f"{scheme}://demo-1250000000.{place}.{domain}/a/%E9%9F%B3%201.mp3", BUCKET) == ("a/音 1.mp3", "")
    assert key_at(f"{scheme}://DEMO-1250000000.{place}.{domain}/a.mp3".replace("cos", "COS"), BUCKET) == ("a.mp3", "")


@pytest.mark.parametrize(
    "host",
    [
        "demo-1250000000.evil.com",
        "demo-1250000000.cos.ap-guangzhou.myqcloud.com.evil.com",
        "demo-1250000000.cos.ap-guangzhou.myqcloud.com.",
        "demo-1250000000.cos.ap-guangzhou.myqcloud.com:8080",
        "demo-1250000000.cos.ap-guangzhou.myqcloud.com:80",
        "demo-1250000000.cos.ap-beijing.myqcloud.com",
        "demo-1250000000.cos.ap-guangzhou.tencentcos.com",
        "demo-1250000000.ci.ap-guangzhou.myqcloud.com",
        "other-1250000000.cos.ap-guangzhou.myqcloud.com",
        "x.demo-1250000000.cos.ap-guangzhou.myqcloud.com",
        "cos.ap-guangzhou.myqcloud.com",
        "demo-1250000000",
        "",
    ],
)
def test_any_other_host_is_another_bucket(host: str) -> None:
    """Whatever its first label is."""
    key, problem = key_at(f"http://{host}/a.mp3", BUCKET)
    assert key == ""
    assert "is in another bucket; allowed: demo-1250000000" in problem


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "//a.mp3", "/%2Fa.mp3", "/fragments/../a.mp3", "/fragments/%2e%2E/a.mp3", "/fragments/.%2e/a.mp3"),
        *("/fragments/..%2Fa.mp3", "/fragments/%252e%252e/a.mp3", "/fragments/..%5Ca.mp3", "/%FF.mp3", "/a%00.mp3"),
        "/a%3Fb.mp3",
    ],
)
def test_a_key_that_clients_read_in_several_ways_is_refused(path: str) -> None:
    """Segments of dots however they are written, a second slash, what is no text."""
    key, problem = key_at(f"http://{BUCKET.cos_host}{path}", BUCKET)
    assert (key, "key" in problem) == ("", True)
