"""Signatures are checked for real: against the documented vectors, against the SDK's signer, and spoilt one by one."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from qcloud_cos import CosConfig, CosS3Auth

from local.account import signature
from local.account.account import Account, Key
from local.network.http import Refusal, Request
from tests.support.local_cos import LocalCos, code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CI_HOST = "demo-1250000000.ci.ap-guangzhou.myqcloud.com"
TIMES = "1700000000;1700003600"


@pytest.fixture(scope="module")
def cos() -> Iterator[LocalCos]:
    """One COS for the whole file: nothing here is ever stored but by `cos.store`."""
    with LocalCos() as cos:
        yield cos


def claim(headers: str = "", parameters: str = "", times: str = TIMES) -> signature.Signature:
    """What a header claims, its lists joined by ";"."""
    return signature.Signature(
        "AKID", times, times, tuple(filter(None, headers.split(";"))), tuple(filter(None, parameters.split(";"))), ""
    )


@pytest.mark.parametrize(
    ("request_", "headers", "parameters", "digest"),
    [
        (
            Request("POST", CI_HOST, "/jobs", headers={"content-type": "application/xml", "host": CI_HOST}),
            "content-type;host",
            "",
            "969907ec5bcb86e8041d01802a01b31eead6ee54",
        ),
        (Request("POST", CI_HOST, "/jobs"), "", "", "04d5d4a7b49bd8ad560f2bcf49e413d6b5541e03"),
        (
            Request(
                "GET",
                CI_HOST,
                "/jobs",
                (("queueId", "p1"), ("tag", "Concat"), ("startCreationTime", "2026-01-01T00:00:00+0800")),
                {"host": CI_HOST, "x-ci-security-token": "TOK/+="},
            ),
            "host;x-ci-security-token",
            "queueid;startcreationtime;tag",
            "35a98693192952d6e4b173493c85afb311d0c3ed",
        ),
        (
            Request("PUT", CI_HOST, "/jobs/j1", (("cancel", ""),), {"host": CI_HOST}),
            "host",
            "cancel",
            "fe35dd4ad23688529af1b1cea6f0094b20943af7",
        ),
    ],
    ids=["POST", "nothing signed", "parameters and token", "parameter without value"],
)
def test_the_digest_is_that_of_the_written_vectors(
    request_: Request, headers: str, parameters: str, digest: str
) -> None:
    """Worked out once by hand from the description of the algorithm."""
    assert signature.expected(claim(headers, parameters), request_, "demo-secret-key") == digest


def test_the_digest_is_that_of_the_published_example() -> None:
    """The documents' GET example up to the text that is signed (its printed signature ends in made-up digits)."""
    request = Request(
        "GET",
        "examplebucket-1250000000.cos.ap-beijing.myqcloud.com",
        "/exampleobject(%E8%85%BE%E8%AE%AF%E4%BA%91)",
        (
            ("response-content-type", "application/octet-stream"),
            ("response-cache-control", "max-age=600"),
        ),
        {"date": "Thu, 16 May 2019 06:55:53 GMT", "host": "examplebucket-1250000000.cos.ap-beijing.myqcloud.com"},
    )
    text = signature._listed(("date", "host"), request.headers, "header")
    assert text == (
        "date=Thu%2C%2016%20May%202019%2006%3A55%3A53%20GMT&host=examplebucket-1250000000.cos.ap-beijing.myqcloud.com"
    )


def test_the_lists_are_computed_in_the_order_of_names() -> None:
    """Whatever order the header names them in."""
    request = Request("GET", "h", "/", headers={"host": "h", "date": "d", "range": "r"})
    orders = ("date;host;range", "range;host;date")
    assert len({signature.expected(claim(order), request, "secret") for order in orders}) == 1


KEYS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFFF, exclude_categories=["Cs"]), min_size=1)


@settings(max_examples=200, deadline=None)
@given(
    key=KEYS.filter(lambda key: not key.startswith("/")),
    parameters=st.dictionaries(st.sampled_from(["prefix", "marker", "tagging", "versionId"]), KEYS),
    meta=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40),
)
def test_it_agrees_with_the_sdks_signer(key: str, parameters: dict[str, str], meta: str, secret: str) -> None:
    """Two implementations, written apart, give the same digest for any path, parameters and headers."""
    host = "demo-1250000000.cos.ap-guangzhou.myqcloud.com"
    config = CosConfig(Region="ap-guangzhou", SecretId="AKID", SecretKey=secret)
    path = "/" + quote(key, safe="/-_.~")
    prepared = requests.Request("PUT", f"http://{host}{path}", headers={"x-cos-meta-a": meta}, data=b"x").prepare()
    CosS3Auth(config, key, parameters)(prepared)
    request = Request(
        "PUT",
        host,
        path,
        tuple(parameters.items()),
        {**{name.lower(): value for name, value in prepared.headers.items()}, "host": host},
    )
    found = signature.read(request)
    assert found is not None
    assert signature.expected(found, request, secret) == found.digest


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=200))
def test_no_text_in_the_header_breaks_the_reader(text: str) -> None:
    """Whatever stands there is a signature, or malformed, and nothing else."""
    with contextlib.suppress(signature.Malformed):
        signature.read(Request("GET", "h", "/", headers={"authorization": text}))


def window(start: float, end: float) -> str:
    """A time window relative to now, in seconds."""
    now = time.time()
    return f"{int(now + start)};{int(now + end)}"


def resigned(cos: LocalCos, **changed: str) -> Callable[[requests.PreparedRequest], None]:
    """A signature over other times or lists than the SDK takes, computed rightly."""

    def spoil(request: requests.PreparedRequest) -> None:
        fields = dict(part.partition("=")[::2] for part in request.headers["Authorization"].split("&"))
        fields |= changed
        key = cos.account.root_key()
        made = signature.Signature(
            key.secret_id,
            fields["q-sign-time"],
            fields["q-key-time"],
            tuple(filter(None, fields["q-header-list"].split(";"))),
            (),
            "",
        )
        headers = {name.lower(): value for name, value in request.headers.items()} | {"host": cos.host}
        seen = Request(request.method or "", cos.host, "/k", (), headers)
        fields["q-signature"] = signature.expected(made, seen, key.secret_key)
        request.headers["Authorization"] = "&".join(f"{name}={value}" for name, value in fields.items())

    return spoil


def field(name: str, value: str | None) -> Callable[[requests.PreparedRequest], None]:
    """Replace one field of the Authorization header, or take it out."""

    def spoil(request: requests.PreparedRequest) -> None:
        parts = [part.partition("=") for part in request.headers["Authorization"].split("&")]
        request.headers["Authorization"] = "&".join(
            f"{key}={old if key != name else value}" for key, _, old in parts if key != name or value is not None
        )

    return spoil


def header(name: str, value: str | None) -> Callable[[requests.PreparedRequest], None]:
    """Set a header after signing, or take it out."""

    def spoil(request: requests.PreparedRequest) -> None:
        if value is None:
            del request.headers[name]
        else:
            request.headers[name] = value

    return spoil


def url(suffix: str) -> Callable[[requests.PreparedRequest], None]:
    """Address something else than what was signed."""

    def spoil(request: requests.PreparedRequest) -> None:
        request.url = f"{request.url}{suffix}"

    return spoil


SPOILT: list[tuple[str, Callable[[requests.PreparedRequest], None], int, str]] = [
    ("no signature", header("Authorization", None), 403, "AccessDenied"),
    ("empty signature", header("Authorization", ""), 403, "AccessDenied"),
    ("another scheme", header("Authorization", "Basic abc"), 403, "AccessDenied"),
    ("another algorithm", field("q-sign-algorithm", "md5"), 403, "AccessDenied"),
    ("a field missing", field("q-key-time", None), 403, "AccessDenied"),
    ("a field twice", field("q-ak", "AKID&q-ak=AKID"), 403, "AccessDenied"),
    ("time is no window", field("q-sign-time", "yesterday"), 403, "AccessDenied"),
    ("window turned round", field("q-sign-time", "20;10"), 403, "AccessDenied"),
    ("list in capitals", field("q-header-list", "Host"), 403, "AccessDenied"),
    ("unknown key", field("q-ak", "AKIDnobody"), 403, "InvalidAccessKeyId"),
    ("wrong digest", field("q-signature", "0" * 40), 403, "SignatureDoesNotMatch"),
    ("digest is no text of its kind", field("q-signature", "é"), 403, "SignatureDoesNotMatch"),
    ("other key", url("2"), 403, "SignatureDoesNotMatch"),
    ("signed header changed", header("x-cos-meta-a", "2"), 403, "SignatureDoesNotMatch"),
    ("signed header missing", header("x-cos-meta-a", None), 403, "SignatureDoesNotMatch"),
    ("list names what is absent", field("q-header-list", "host;x-cos-absent"), 403, "SignatureDoesNotMatch"),
    ("parameter list names what is absent", field("q-url-param-list", "absent"), 403, "SignatureDoesNotMatch"),
    ("times changed", field("q-sign-time", window(-10, 90_000)), 403, "SignatureDoesNotMatch"),
    ("token with a permanent key", header("x-cos-security-token", "t"), 403, "InvalidAccessKeyId"),
]


@pytest.mark.parametrize(("spoil", "status", "code"), [row[1:] for row in SPOILT], ids=[row[0] for row in SPOILT])
def test_a_spoilt_signature_gets_the_services_own_code(
    cos: LocalCos, spoil: Callable[[requests.PreparedRequest], None], status: int, code: str
) -> None:
    """COS's status, code and XML body with Resource; nothing is stored."""
    request = cos.signed("PUT", "k", body=b"x", headers={"x-cos-meta-a": "1"})
    spoil(request)
    response = cos.send(request)
    assert (response.status_code, code_of(response)) == (status, code)
    assert f"<Resource>{cos.host}/k" in response.text
    assert all(f"<{node}>" in response.text for node in ("Message", "RequestId", "TraceId"))
    assert cos.store.keys(cos.bucket) == []


@pytest.mark.parametrize(
    ("start", "end", "code", "words"),
    [
        (-1000, 1000, "NoSuchKey", ""),
        (-2000, -1000, "AccessDenied", "Request has expired"),
        (800, 20000, "NoSuchKey", ""),
        (3000, 20000, "RequestTimeTooSkewed", ""),
    ],
    ids=["now", "over", "begins within the tolerance", "begins too late"],
)
def test_a_rightly_signed_request_counts_only_in_its_window(
    cos: LocalCos, start: int, end: int, code: str, words: str
) -> None:
    """The digest is right each time: it is the clock that decides, with room for a machine that is slow."""
    request, times = cos.signed("GET", "k"), window(start, end)
    resigned(cos, **{"q-sign-time": times, "q-key-time": times})(request)
    response = cos.send(request)
    assert code_of(response) == code
    assert words in response.text


def test_the_lists_may_be_empty(cos: LocalCos) -> None:
    """What is signed is the caller's choice (the documents' own samples sign nothing)."""
    request = cos.signed("GET", "k")
    resigned(cos, **{"q-header-list": "", "q-url-param-list": ""})(request)
    assert code_of(cos.send(request)) == "NoSuchKey"


def test_the_clock_of_the_account_decides(cos: LocalCos) -> None:
    """With the services' clock three hours ahead the SDK's window is over; its Date says so."""
    cos.switches.clock_skew = 3 * 3600
    try:
        response = cos.ask("GET", "k")
    finally:
        cos.switches.clock_skew = 0
    assert code_of(response) == "AccessDenied"
    assert "Request has expired" in response.text


def test_a_temporary_key_needs_its_token_inside_of_the_signature(cos: LocalCos) -> None:
    """Missing, wrong or unsigned: refused; signed: served. A guest's may stand outside, as the Node client has it."""
    key = cos.account.issue("upload")
    assert code_of(cos.ask("GET", "k", signer=key)) == "NoSuchKey"
    assert code_of(cos.ask("GET", "k", signer=replace(key, token=""))) == "InvalidAccessKeyId"
    assert code_of(cos.ask("GET", "k", signer=replace(key, token="other"))) == "InvalidAccessKeyId"
    unsigned = cos.signed("GET", "k", signer=replace(key, token=""))
    unsigned.headers["x-cos-security-token"] = key.token
    assert code_of(cos.send(unsigned)) == "SignatureDoesNotMatch"
    guest = cos.account.issue("guest", strict=False)
    outside = cos.signed("GET", "k", signer=replace(guest, token=""))
    outside.headers["x-cos-security-token"] = guest.token
    assert code_of(cos.send(outside)) == "NoSuchKey"


def test_a_temporary_key_ends(cos: LocalCos) -> None:
    """After its life it is answered 400 ExpiredToken."""
    response = cos.ask("GET", "k", signer=cos.account.issue("upload", seconds=-1))
    assert (response.status_code, code_of(response)) == (400, "ExpiredToken")


def test_a_revoked_key_is_unknown(cos: LocalCos) -> None:
    """It worked, now it does not exist."""
    key = cos.account.issue("upload")
    cos.account.revoke(key)
    assert code_of(cos.ask("GET", "k", signer=key)) == "InvalidAccessKeyId"


def test_a_signed_url_needs_no_headers(cos: LocalCos) -> None:
    """The same fields as URL parameters, as the SDK makes them, for permanent and for temporary keys."""
    cos.store.put(cos.bucket, "目录/a+b", b"hello")
    for key in (cos.account.root_key(), cos.account.issue("reader")):
        parameters = {"x-cos-security-token": key.token} if key.token else {}
        address = cos.sdk(key).get_presigned_url(cos.bucket, "目录/a+b", "GET", Params=parameters)
        assert cos.http.get(address).content == b"hello"
        assert code_of(cos.http.get(address.replace("q-signature=", "q-signature=0"))) == "SignatureDoesNotMatch"
        assert code_of(cos.http.put(address)) == "SignatureDoesNotMatch"


def ci_request(key: Key, spoil: Callable[[dict[str, Any]], None] = lambda _: None) -> Request:
    """POST /jobs signed by the SDK, as the CI service behind the proxy receives it."""
    config = CosConfig(Region="ap-guangzhou", SecretId=key.secret_id, SecretKey=key.secret_key)
    headers = {"x-ci-security-token": key.token} if key.token else {}
    prepared = requests.Request("POST", f"http://{CI_HOST}/jobs", headers=headers, data=b"<Request/>").prepare()
    CosS3Auth(config, "/jobs")(prepared)
    received = {name.lower(): value for name, value in prepared.headers.items()} | {"host": CI_HOST}
    spoil(received)
    return Request("POST", CI_HOST, "/jobs", (), received, b"<Request/>")


@pytest.mark.parametrize(
    ("spoil", "status", "code"),
    [
        (lambda h: h.pop("authorization"), 401, "MissingAuthorization"),
        (lambda h: h.update(authorization="q-ak=a"), 401, "InvalidAuthorization"),
        (lambda h: h.update(authorization=h["authorization"] + "0"), 401, "InvalidAuthorization"),
        (lambda h: h.update(authorization=h["authorization"].replace("q-ak=", "q-ak=x")), 401, "SecretidNotExist"),
        (lambda h: h.pop("x-ci-security-token"), 401, "SecretidNotExist"),
        (
            lambda h: h.update({"x-cos-security-token": h.pop("x-ci-security-token")}),
            401,
            "SecretidNotExist",
        ),
    ],
    ids=["unsigned", "malformed", "digest", "key", "no token", "COS's token header"],
)
def test_ci_answers_in_its_own_words(spoil: Callable[[dict[str, Any]], None], status: int, code: str) -> None:
    """401 with CI's codes and a body without Resource."""
    account = Account()
    with pytest.raises(Refusal) as refused:
        account.signer(ci_request(account.issue("upload"), spoil), ci=True)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert b"Resource" not in refused.value.response("id").body


def test_ci_knows_expired_signatures_and_serves_good_ones() -> None:
    """SignatureExpired once the window is over; who signed, before."""
    account = Account()
    request = ci_request(account.issue("upload"))
    assert account.signer(request, ci=True).name == "upload"
    account.switches.clock_skew = 11_000
    with pytest.raises(Refusal) as refused:
        account.signer(request, ci=True)
    assert refused.value.code == "SignatureExpired"


def test_secrets_do_not_show_in_the_text_of_a_key() -> None:
    """A key may end up in a log or in a failing assertion."""
    key = Account().issue("upload")
    assert key.secret_key not in repr(key)
    assert key.token not in repr(key)


def test_the_host_signed_is_the_host_asked() -> None:
    """A signature for one bucket does not open another one."""
    account = Account()
    request = ci_request(account.root_key())
    other = request.headers["host"].replace("demo", "prod")
    with pytest.raises(Refusal):
        account.signer(replace(request, host=other, headers={**request.headers, "host": other}), ci=True)


def test_signed_parameters_are_compared_decoded(cos: LocalCos) -> None:
    """A blank as "+" or "%20", a plus as "%2B": what counts is what they mean."""
    for prefix in ("a b", "a+b", "100%", "中文"):
        response = cos.ask("GET", "", parameters={"prefix": prefix})
        assert response.status_code == 200, urlencode({"prefix": prefix})
