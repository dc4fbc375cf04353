"""The oracle itself against published figures, and the SDK's signer against the oracle's figures."""

from __future__ import annotations

from unittest.mock import patch

import pytest
import requests
from qcloud_cos import CosConfig
from qcloud_cos.cos_auth import CosS3Auth

from tests.contract.signature_oracle import sign_key, signature, url_decode, url_encode

KEY_TIME = "1700000000;1700003600"
SIGN_KEY = "890da4ee39b8bc94b2d3fac2b55a4952a382c15e"
HOST = "demo-1250000000.ci.ap-guangzhou.myqcloud.com"
TOKEN = "TOK/+="
LISTING = [("queueId", "p1"), ("tag", "Concat"), ("startCreationTime", "2026-01-01T00:00:00+0800")]
VECTORS = {
    "submit": (
        "post", "/jobs", [], [("content-type", "application/xml"), ("host", HOST)],
        "969907ec5bcb86e8041d01802a01b31eead6ee54",
    ),
    "submit, nothing signed": ("post", "/jobs", [], [], "04d5d4a7b49bd8ad560f2bcf49e413d6b5541e03"),
    "list with a token": (
        "get", "/jobs", LISTING, [("host", HOST), ("x-ci-security-token", TOKEN)],
        "35a98693192952d6e4b173493c85afb311d0c3ed",
    ),
    "cancel": ("put", "/jobs/j1", [("cancel", "")], [("host", HOST)], "fe35dd4ad23688529af1b1cea6f0094b20943af7"),
}  # fmt: skip


def test_the_sign_key_is_as_published() -> None:
    """First step of the algorithm."""
    assert sign_key("demo-secret-key", KEY_TIME) == SIGN_KEY


@pytest.mark.parametrize(("method", "path", "parameters", "headers", "expected"), VECTORS.values(), ids=list(VECTORS))
def test_the_oracle_gives_the_known_signature(
    method: str, path: str, parameters: list[tuple[str, str]], headers: list[tuple[str, str]], expected: str
) -> None:
    """Four requests of this API."""
    assert signature(SIGN_KEY, KEY_TIME, method, path, parameters, headers) == expected


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("a b", "a%20b"),
        ("音", "%E9%9F%B3"),
        ("2026-01-01T00:00:00+0800", "2026-01-01T00%3A00%3A00%2B0800"),
        ("-_.~", "-_.~"),
        ("/", "%2F"),
        ("!\"#$%&'()*+,", "%21%22%23%24%25%26%27%28%29%2A%2B%2C"),
        (":;<=>?@[\\]^`{|}", "%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E%60%7B%7C%7D"),
    ],
)
def test_url_encoding_is_the_documented_one(text: str, encoded: str) -> None:
    """Everything but letters, digits and - _ . ~ is encoded, in upper case."""
    assert url_encode(text) == encoded
    assert url_decode(encoded) == text


@pytest.mark.parametrize("name", ["submit", "list with a token"])
def test_the_sdks_signer_gives_the_known_signature(name: str) -> None:
    """The signer that the product uses, at the vectors' time and with the vectors' key."""
    method, path, parameters, headers, expected = VECTORS[name]
    sent = {header: value for header, value in headers if header != "host"}  # the signer takes it from the URL
    prepared = requests.Request(method.upper(), f"https://{HOST}{path}", headers=sent).prepare()
    prepared.headers.pop("Content-Length", None)  # the vector signs none
    conf = CosConfig(Region="ap-guangzhou", SecretId="id", SecretKey="demo-secret-key")
    with patch("time.time", return_value=1700000060):
        signed = CosS3Auth(conf, path, dict(parameters), expire=3540)(prepared)
    assert signed.headers["Authorization"].endswith(f"q-signature={expected}")
