"""What the COS adapter makes of answers that the local COS does not give: errors of every class, and nonsense."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from qcloud_cos import CosS3Client

from cosconcat.cloud.bucket_settings import SettingsOverHttp
from cosconcat.cloud.cos import SIMPLE_COPY_BYTES, CosOverHttp
from cosconcat.cloud.ports import LARGEST
from cosconcat.config import Config, Credentials
from cosconcat.errors import Blocked, ConcatError, InvalidInput, Rejected, ServiceUnavailable
from cosconcat.job.refusals import OBJECT_CODES, REFUSALS, Standing
from cosconcat.model import Bucket, ByteRange, Media, ObjectInfo, ObjectVersion, ProbeError, Unanswered
from local.network.http import ConnectionCut, Request, Response
from local.network.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEMO = Bucket("demo-1250000000", "ap-guangzhou")
XML = {"Content-Type": "application/xml", "x-cos-request-id": "rid"}


def error(code: str, *, resource: bool = True) -> bytes:
    """An error body; Cloud Infinite's have no Resource."""
    where = "<Resource>r</Resource>" if resource else ""
    return f"<Error><Code>{code}</Code><Message>said so</Message>{where}<RequestId>rid</RequestId></Error>".encode()


@dataclass
class Script:
    """A service that gives one prepared answer to everything, and remembers what it was asked."""

    answer: Response | None = None  # None cuts the connection
    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        """The prepared answer."""
        self.asked.append(request)
        if self.answer is None:
            raise ConnectionCut("as prepared")
        return Response(self.answer.status, dict(self.answer.headers), self.answer.body)


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[Script, str]]:
    """One for all, and where it listens."""
    script = Script()
    proxy = Proxy([(lambda _: True, script)])
    proxy.start()
    yield script, proxy.url
    proxy.stop()


@pytest.fixture
def script(service: tuple[Script, str], monkeypatch: pytest.MonkeyPatch) -> Script:
    """Behind a proxy, for any host; the SDK repeats nothing."""
    script, url = service
    script.answer, script.asked = None, []
    monkeypatch.setattr("cosconcat.cloud.cos.RETRIES", 0)
    for name, value in (("http_proxy", url), ("no_proxy", "")):
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.upper(), value)
    return script


@pytest.fixture
def cos() -> CosOverHttp:
    """With a temporary key."""
    return CosOverHttp(Config(DEMO, scheme="http"), Credentials("AKIDexample", "secret-key", "the-token"))


CALLS: dict[str, Callable[[CosOverHttp], object]] = {
    "list": lambda cos: cos.list(DEMO, "p/"),
    "head": lambda cos: cos.head(DEMO, "k"),
    "heads": lambda cos: cos.heads(DEMO, ["k", "l"]),
    "get": lambda cos: cos.get(DEMO, "k"),
    "create": lambda cos: cos.create(DEMO, "k", b"{}"),
    "put": lambda cos: cos.put(DEMO, "k", b"{}"),
    "copy": lambda cos: cos.copy(DEMO, ObjectInfo("k", "e", 1, 0), DEMO, "t"),
    "delete": lambda cos: cos.delete(DEMO, [ObjectVersion("k")]),
    "tags": lambda cos: cos.tags(DEMO, "k"),
    "tag": lambda cos: cos.tag(DEMO, "k", {"a": "b"}),
    "untag": lambda cos: cos.tag(DEMO, "k", {}),
    "media": lambda cos: cos.media(DEMO, ["k"]),
    "read": lambda cos: cos.read(DEMO, [ByteRange("k", 0, 4096)]),
    "copy once": lambda cos: cos.copy(DEMO, ObjectInfo("k", "e", 1, 0), DEMO, "t", create_only=True),
    "copy in parts": lambda cos: cos.copy(DEMO, ObjectInfo("k", "e", SIMPLE_COPY_BYTES + 1, 0), DEMO, "t"),
    "delete version": lambda cos: cos.delete(DEMO, [ObjectVersion("k", "v1")]),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (Response(500, XML, error("InternalError")), ServiceUnavailable),
        (Response(503, XML, error("SlowDown", resource=False)), ServiceUnavailable),
        (Response(502, {}, b"<html>bad gateway"), ServiceUnavailable),
        (Response(429, XML, error("SlowDown", resource=False)), ServiceUnavailable),
        (Response(400, XML, error("ExpiredToken")), ServiceUnavailable),
        (None, ServiceUnavailable),
        (Response(403, XML, error("AccessDenied", resource=False)), Rejected),
        (Response(403, XML, error("SignatureDoesNotMatch")), Rejected),
        (Response(401, XML, error("Whatever", resource=False)), Rejected),
    ],
)
def test_every_call_tells_for_now_from_for_good(
    script: Script, cos: CosOverHttp, call: str, answer: Response | None, meaning: type[ConcatError]
) -> None:
    """Down, throttled, cut off, or refused, and the message names call, bucket and key, and no secret."""
    script.answer = answer
    if call == "media" and meaning is Rejected:  # a probe is refused for the deployment's sake, which can be mended
        meaning = Blocked
    said = told(cos, call, meaning)
    assert "demo-1250000000/" in said
    assert "secret-key" not in said
    assert "the-token" not in said


def told(cos: CosOverHttp, call: str, meaning: type[ConcatError]) -> str:
    """The words of a failure; one probe of several that fails for now is an answer of its own, the others count."""
    if call == "media" and meaning is ServiceUnavailable:
        probe = cos.media(DEMO, ["k"])["k"]
        assert isinstance(probe, Unanswered)
        return probe.message
    with pytest.raises(meaning) as refused:
        CALLS[call](cos)
    return str(refused.value)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 412])
def test_a_refusal_without_an_error_is_nobody_s(script: Script, cos: CosOverHttp, call: str, status: int) -> None:
    """A proxy's page: believed, a probe would fail for good, an output that cannot be tagged be kept, and an output's
    key be free that is not.
    """
    for body in (b"<html>forbidden</html>", b""):
        script.answer = Response(status, {"Content-Type": "text/html"}, body)
        assert f"HTTP {status}" in told(cos, call, ServiceUnavailable)


def test_nothing_is_there_only_where_cos_says_so(script: Script, cos: CosOverHttp) -> None:
    """A HEAD's 404 has no body; the id of the request tells COS's own from that of a proxy."""
    settings = SettingsOverHttp(Config(DEMO, scheme="http"), Credentials("AKIDexample", "secret-key", "the-token"))
    script.answer = Response(404, {"Content-Type": "text/html"})
    for ask in (lambda: cos.head(DEMO, "k"), lambda: cos.heads(DEMO, ["k", "l"]), lambda: settings.exists(DEMO)):
        with pytest.raises(ServiceUnavailable, match="HTTP 404 without x-cos-request-id"):
            ask()
    script.answer = Response(404, {"x-cos-request-id": "rid"})
    assert cos.head(DEMO, "k") is None
    assert cos.heads(DEMO, ["k", "l"]) == {"k": None, "l": None}


OBJECT = {"ETag": '"e"', "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}
TEXT = b"0123456789" * 1000


@pytest.mark.parametrize(
    ("encoding", "stored", "meant"),
    [
        ("", b"3", b"3"),
        ("identity", b"3", b"3"),
        ("utf-8", b"3", b"3"),
        ("br", b"3", b"3"),
        ("gzip", b"", b""),
        ("gzip", gzip.compress(TEXT), TEXT),
        ("GZIP", gzip.compress(TEXT), TEXT),
        ("x-gzip", gzip.compress(TEXT), TEXT),
        ("aws-chunked, gzip", gzip.compress(TEXT), TEXT),
        ("deflate", zlib.compress(TEXT), TEXT),
        ("deflate", zlib.compress(TEXT)[2:-4], TEXT),
        ("gzip", b"3", None),
        ("gzip", b"12", None),
        ("gzip", gzip.compress(TEXT)[:-20], None),
        ("gzip", gzip.compress(TEXT)[:-1], None),
        ("gzip", gzip.compress(TEXT) + b"3", None),
        ("gzip", gzip.compress(TEXT) + gzip.compress(b"3"), None),
        ("gzip", gzip.compress(bytes(LARGEST + 1)), None),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT)), None),
        ("deflate", b"3", None),
        ("deflate", zlib.compress(TEXT)[:-20], None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_client_encoded_is_decoded_whole_or_refused(
    script: Script, cos: CosOverHttp, encoding: str, stored: bytes, meant: bytes | None
) -> None:
    """A marker that says 3 must not read as empty because its client called it gzip. The parts of a file are its bytes
    as they are stored.
    """
    script.answer = Response(200, {**OBJECT, "Content-Encoding": encoding}, stored)
    if meant is None:
        with pytest.raises(InvalidInput, match=f"{DEMO.name}/k: its Content-Encoding is {encoding}, but"):
            cos.get(DEMO, "k")
    else:
        found = cos.get(DEMO, "k")
        assert found is not None
        assert (found.body, found.head.object.size) == (meant, len(stored))
    script.answer = Response(206, {"Content-Encoding": encoding, "Content-Range": f"bytes 0-9/{len(stored)}"}, stored)
    part = ByteRange("k", 0, len(stored))
    if stored:
        assert cos.read(DEMO, [part]) == {part: stored}
    assert {request.headers["accept-encoding"] for request in script.asked} == {"identity"}


@pytest.mark.parametrize("length", ["2", "4", "-3", "three", None])
def test_a_body_of_another_length_than_was_said_is_asked_for_again(
    cos: CosOverHttp, monkeypatch: pytest.MonkeyPatch, length: str | None
) -> None:
    """What was cut off is no marker, no manifest and no piece; nor is what nobody said the length of."""
    answer = {**OBJECT, "Content-Range": "bytes 0-2/3"} | ({} if length is None else {"Content-Length": length})
    monkeypatch.setattr(CosS3Client, "get_object", lambda *_, **__: {**answer, "Body": _Body(b"abc")})
    for ask in (lambda: cos.get(DEMO, "k"), lambda: cos.read(DEMO, [ByteRange("k", 0, 3)])):
        with pytest.raises(ServiceUnavailable, match=f"{DEMO.name}/k.*the answer makes no sense"):
            ask()


class _Body:
    """What the SDK makes of a body."""

    def __init__(self, held: bytes) -> None:
        self._held = held

    def get_raw_stream(self) -> io.BytesIO:
        """The bytes."""
        return io.BytesIO(self._held)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_no_success(script: Script, cos: CosOverHttp, call: str, status: int) -> None:
    """The SDK raises from 400 on: a record that a redirect swallowed would count as created, and its job be posted."""
    script.answer = Response(status, {"Location": "http://elsewhere.example/", "ETag": '"e"'}, b"")
    assert re.search(rf"demo-1250000000/.*HTTP {status}", told(cos, call, ServiceUnavailable))


NO_ANSWERS = {
    "a proxy's page": b"<html>welcome",
    "a well-formed page": b"<html><body>welcome</body></html>",
    "an error that came late": error("InternalError", resource=False),
    "another document": b"<Other/>",
    "half a document": b"<Response><MediaInfo><Format><Num",
    "nothing": b"",
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("body", NO_ANSWERS)
def test_a_success_with_something_else_in_it_is_no_answer(
    script: Script, cos: CosOverHttp, call: str, body: str
) -> None:
    """Believed, a listing would be empty, tags would be none and lost when merged, and a probe would fail for good."""
    script.answer = Response(200, dict(XML), NO_ANSWERS[body])
    if call in ("tag", "untag") and not NO_ANSWERS[body]:  # the only ones whose success says nothing (436/42998)
        CALLS[call](cos)
        return
    assert "demo-1250000000/" in told(cos, call, ServiceUnavailable)


def test_an_error_in_a_success_is_named(script: Script, cos: CosOverHttp) -> None:
    """Its code says more than that something is missing."""
    script.answer = Response(200, dict(XML), error("InternalError", resource=False))
    for call in ("list", "copy", "delete", "tags", "tag", "untag", "media"):
        assert "InternalError" in told(cos, call, ServiceUnavailable)


@pytest.mark.parametrize("body", [*NO_ANSWERS, "half a queue"])
def test_settings_that_are_something_else_are_not_told(script: Script, body: str) -> None:
    """The doctor would say that all is well: versioning never on, and no rule that removes records."""
    bodies = {**NO_ANSWERS, "half a queue": b"<Response><QueueList><QueueId>p1"}
    script.answer = Response(200, dict(XML), bodies[body])
    settings = SettingsOverHttp(Config(DEMO, scheme="http"), Credentials("AKIDexample", "secret-key", "the-token"))
    for ask in (settings.versioning, settings.lifecycle, settings.queues):
        with pytest.raises(ServiceUnavailable):
            ask(DEMO)


@pytest.mark.parametrize(
    "body",
    [
        b"<Response/>",
        b"<Response><RequestId>r</RequestId></Response>",
        b"<Response><Code>InternalError</Code><Message>busy</Message></Response>",
        b"<Response><MediaInfo/></Response>",
        b"<Response><MediaInfo><Format><Duration>1</Duration></Format></MediaInfo></Response>",
        b"<Response><MediaInfo><Format><Duration>one</Duration><Size>1</Size></Format></MediaInfo></Response>",
    ],
)
def test_a_probe_without_figures_is_no_answer(script: Script, cos: CosOverHttp, body: bytes) -> None:
    """Nothing is verified by it, and nothing given up: the file may be as it should."""
    script.answer = Response(200, dict(XML), body)
    told = cos.media(DEMO, ["k"])["k"]
    assert isinstance(told, Unanswered)
    assert "demo-1250000000/k: MediaInfo" in told.message
    assert ("InternalError" in told.message) == (b"InternalError" in body)


@pytest.mark.parametrize(
    ("content_range", "held", "is_part"),
    [
        ("bytes 10-19/100", 10, True),
        ("bytes 10-14/15", 5, True),
        ("bytes 10-14/100", 5, False),
        ("bytes 10-19/100", 5, False),
        ("bytes 0-9/100", 10, False),
        ("", 10, False),
    ],
)
def test_a_part_of_an_object_is_what_was_asked_for(
    script: Script, cos: CosOverHttp, content_range: str, held: int, *, is_part: bool
) -> None:
    """Fewer bytes come only where the object ends: pieces are compared by what is read so."""
    script.answer = Response(206, {"Content-Range": content_range}, b"x" * held)
    part = ByteRange("k", 10, 10)
    if is_part:
        assert cos.read(DEMO, [part]) == {part: b"x" * held}
    else:
        with pytest.raises(ServiceUnavailable, match="the 10 from 10 on"):
            cos.read(DEMO, [part])


@pytest.mark.parametrize(
    ("code", "meaning"),
    [("FileAlreadyExists", False), ("ObjectAlreadyExists", False), ("PathConflict", ServiceUnavailable),
     ("UploadConflict", ServiceUnavailable), ("SomethingNew", ServiceUnavailable), ("ObjectLocked", Rejected)],
)  # fmt: skip
def test_a_conflict_on_create_is_not_always_an_existing_key(
    script: Script, cos: CosOverHttp, code: str, meaning: type[ConcatError] | bool
) -> None:
    """Of the 409s only the one that says so; the others decide nothing or forbid."""
    script.answer = Response(409, XML, error(code))
    if isinstance(meaning, bool):
        assert cos.create(DEMO, "k", b"{}") is meaning
    else:
        with pytest.raises(meaning):
            cos.create(DEMO, "k", b"{}")
    assert script.asked[-1].headers["x-cos-forbid-overwrite"] == "true"
    assert script.asked[-1].headers["x-cos-security-token"] == "the-token"
    assert "x-cos-forbid-overwrite" in script.asked[-1].headers["authorization"]


def test_an_upload_that_is_gone_is_begun_anew(
    script: Script, cos: CosOverHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Completed by a request whose answer was lost, or removed by a lifecycle rule: neither is refused for good."""
    script.answer = Response(404, XML, error("NoSuchUpload"))
    monkeypatch.setattr(CosS3Client, "create_multipart_upload", lambda *_, **__: {"UploadId": "u"})
    with pytest.raises(ServiceUnavailable, match="NoSuchUpload"):
        CALLS["copy in parts"](cos)


def test_what_is_deleted_already_is_no_failure(script: Script, cos: CosOverHttp) -> None:
    """Whatever the service says about a missing key or version."""
    errors = "".join(
        f"<Error><Key>{key}</Key><Code>{code}</Code><Message>m</Message></Error>"
        for key, code in (("a", "NoSuchKey"), ("b", "NoSuchVersion"), ("c &amp; d", "AccessDenied"))
    )
    script.answer = Response(200, XML, f"<DeleteResult>{errors}</DeleteResult>".encode())
    assert [
        (each.key, each.code)
        for each in cos.delete(DEMO, [ObjectVersion("a"), ObjectVersion("b"), ObjectVersion("c & d")])
    ] == [("c & d", "AccessDenied")]


def test_an_answer_without_a_date_has_no_time(script: Script, cos: CosOverHttp) -> None:
    """Ages are never measured by this machine's clock."""
    script.answer = Response(200, {**XML, "Date": "-"}, _page("", "false"))
    with pytest.raises(ServiceUnavailable, match="Date"):
        cos.list(DEMO, "p/")


def test_a_page_that_leads_nowhere_is_a_failure(script: Script, cos: CosOverHttp) -> None:
    """Truncated without a marker or a key: whoever went on would begin again for ever."""
    script.answer = Response(200, XML, _page("", "true"))
    with pytest.raises(ServiceUnavailable, match="marker"):
        cos.list(DEMO, "p/")


def test_a_page_that_leads_back_is_a_failure(script: Script, cos: CosOverHttp) -> None:
    """A marker that does not move, as from a cache that ignores it: whoever went on would never come to an end."""
    script.answer = Response(200, XML, _page("p/b", "true", "p/b"))
    assert cos.list(DEMO, "p/", "p/a").next_marker == "p/b"
    for marker in ("p/b", "p/c"):
        script.answer = Response(200, XML, _page("p/b", "true"))
        with pytest.raises(ServiceUnavailable, match="marker"):
            cos.list(DEMO, "p/", marker)


TOLD = "<Prefix>p%2F</Prefix><Marker>p%2Fa</Marker><IsTruncated>false</IsTruncated>"


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ("", "KeyError 'IsTruncated'"),
        ("<Prefix>p%2F</Prefix>", "KeyError 'IsTruncated'"),
        ("<Prefix>p%2F</Prefix><IsTruncated/>", "IsTruncated 'None'"),
        ("<Prefix>p%2F</Prefix><IsTruncated>True</IsTruncated>", "IsTruncated 'True'"),
        (f"{TOLD}<IsTruncated>true</IsTruncated>", r"IsTruncated ..'false', 'true'.."),
        ("<IsTruncated>false</IsTruncated>", "KeyError 'Prefix'"),
        ("<Prefix/><IsTruncated>false</IsTruncated>", "of the prefix 'None'"),
        ("<Prefix>output%2F</Prefix><IsTruncated>false</IsTruncated>", "of the prefix 'output/'"),
        (f"{TOLD}<Prefix>p%2F</Prefix>", "the answer makes no sense"),
        (TOLD.replace("p%2Fa", ""), "after the marker 'None'"),
        (TOLD.replace("p%2Fa", "p%2Fz"), "after the marker 'p/z'"),
    ],
)
def test_a_page_that_says_too_little_or_is_of_another_listing_is_none(
    script: Script, cos: CosOverHttp, listed: str, why: str
) -> None:
    """As the last page, or of the right prefix, it would hide keys: a piece, a marker, a record."""
    script.answer = Response(200, XML, f"<ListBucketResult>{listed}</ListBucketResult>".encode())
    with pytest.raises(ServiceUnavailable, match=f"LIST {DEMO.name}/p/.*{why}"):
        cos.list(DEMO, "p/", "p/a")


@pytest.mark.parametrize("key", ["output/b", "p", "p/a", "p/Z"])
def test_a_page_with_keys_that_were_not_asked_for_is_none(script: Script, cos: CosOverHttp, key: str) -> None:
    """Of another prefix, or not after the marker."""
    script.answer = Response(200, XML, _page("", "false", "p/b", key))
    with pytest.raises(ServiceUnavailable, match=f"with the key '{key}'"):
        cos.list(DEMO, "p/", "p/a")


@pytest.mark.parametrize("told", ["100%2525%2F%E4%B8%80 a", "100%25/一 a", "100%25%2F一%20a"])
def test_the_prefix_of_a_page_is_known_encoded_or_not(script: Script, cos: CosOverHttp, told: str) -> None:
    """The SDK decodes it, and no document says that it is encoded."""
    body = f"<Prefix>{told}</Prefix><IsTruncated>false</IsTruncated>"
    script.answer = Response(200, XML, f"<ListBucketResult>{body}</ListBucketResult>".encode())
    assert cos.list(DEMO, "100%25/一 a").objects == ()


def test_an_object_without_an_etag_spoils_no_page(script: Script, cos: CosOverHttp) -> None:
    """It is one object's trouble, not that of all beside it."""
    script.answer = Response(200, XML, _page("", "false", "p/a", etag=""))
    assert [(one.key, one.etag) for one in cos.list(DEMO, "p/").objects] == [("p/a", "")]


def _page(next_marker: str, truncated: str, *keys: str, etag: str = '"e"') -> bytes:
    rest = f"<ETag>{etag}</ETag><Size>1</Size><LastModified>2024-01-01T00:00:00.000Z</LastModified>"
    contents = "".join(f"<Contents><Key>{key}</Key>{rest}</Contents>" for key in keys)
    told = f"<Prefix>p/</Prefix><IsTruncated>{truncated}</IsTruncated><NextMarker>{next_marker}</NextMarker>{contents}"
    return f"<ListBucketResult>{told}</ListBucketResult>".encode()


SUCCESSES = {  # each call with an answer that is whole
    "list": _page("", "false", "p/a"),
    "head": b"x",
    "get": b"x",
    "create": b"",
    "put": b"",
    "copy": b'<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>',
    "delete": b"<DeleteResult/>",
    "tags": b"<Tagging><TagSet/></Tagging>",
    "media": b"<Response><MediaInfo><Format><Duration>1</Duration></Format></MediaInfo></Response>",
}


@pytest.mark.parametrize("call", SUCCESSES)
@pytest.mark.parametrize("status", [201, 202, 203, 204, 206])
def test_only_the_status_that_says_it_was_done_is_success(
    script: Script, cos: CosOverHttp, call: str, status: int
) -> None:
    """What was only accepted, or is a part, is neither written nor the object."""
    whole = {**XML, **OBJECT, "Content-Range": "bytes 0-0/100"}
    script.answer = Response(200, whole, SUCCESSES[call])
    CALLS[call](cos)
    script.answer = Response(status, whole, SUCCESSES[call])
    assert f"HTTP {status}, which is no success" in told(cos, call, ServiceUnavailable)


def test_a_part_is_one_only_as_partial_content(script: Script, cos: CosOverHttp) -> None:
    """206; a 200 is the object from its beginning."""
    script.answer = Response(200, {"Content-Range": "bytes 0-9/100"}, b"x" * 10)
    with pytest.raises(ServiceUnavailable, match="HTTP 200, which is no success"):
        cos.read(DEMO, [ByteRange("k", 0, 10)])


@pytest.mark.parametrize("call", ["create", "put"])
def test_an_error_beside_an_etag_is_nothing_written(script: Script, cos: CosOverHttp, call: str) -> None:
    """It came too late for the status; a claim would count as ours."""
    script.answer = Response(200, {**XML, **OBJECT}, error("InternalError"))
    assert "InternalError" in told(cos, call, ServiceUnavailable)


@pytest.mark.parametrize(
    "headers", [{"ETag": '""'}, {"ETag": ""}, {"Content-Length": "-5"}, {"Content-Length": "five"}]
)
def test_a_head_without_etag_or_size_is_no_answer(
    cos: CosOverHttp, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    """An object is known by both."""
    whole = {**OBJECT, "Content-Length": "5", **headers}
    monkeypatch.setattr(CosS3Client, "head_object", lambda *_, **__: whole)
    with pytest.raises(ServiceUnavailable, match=f"HEAD {DEMO.name}/k.*makes no sense"):
        cos.head(DEMO, "k")


@pytest.mark.parametrize(
    ("inner", "why"),
    [
        ("<Code>InternalError</Code><Message>m</Message>", "InternalError"),
        ("oops", "oops"),
        ("<Error><Key>z</Key><Code>AccessDenied</Code></Error>", "AccessDenied of 'z', which was not to be deleted"),
        ("<Error><Key>z</Key><Code>NoSuchKey</Code></Error>", "NoSuchKey of 'z'"),
        ("<Error><Key/><Code>InternalError</Code></Error>", "InternalError of ''"),
        ("<Error><Code>InternalError</Code></Error>", "Key"),
        ("<Error>InternalError</Error>", "makes no sense"),
        ("<Error><Key>k</Key><Key>l</Key><Code>InternalError</Code></Error>", "makes no sense"),
    ],
)
def test_a_delete_that_says_something_else_than_asked_is_no_answer(
    script: Script, cos: CosOverHttp, inner: str, why: str
) -> None:
    """Believed, all counted as removed, or one too few."""
    script.answer = Response(200, XML, f"<DeleteResult>{inner}</DeleteResult>".encode())
    with pytest.raises(ServiceUnavailable, match=f"POST delete {DEMO.name}/k.*{why}"):
        cos.delete(DEMO, [ObjectVersion("k"), ObjectVersion("l")])


@pytest.mark.parametrize("element", ["Key", "ETag", "Size", "LastModified"])
def test_what_stands_twice_is_no_answer(script: Script, cos: CosOverHttp, element: str) -> None:
    """The SDK makes a list of it, which no other code expects."""
    page = _page("", "false", "p/a").decode()
    once = page[page.index(f"<{element}>") : page.index(f"</{element}>")] + f"</{element}>"
    script.answer = Response(200, XML, page.replace(once, once * 2).encode())
    with pytest.raises(ServiceUnavailable, match="makes no sense"):
        cos.list(DEMO, "p/")


@pytest.mark.parametrize("code", [*REFUSALS, *sorted(OBJECT_CODES), "ServerBusy", "1103", "1014", "1015"])
def test_what_the_object_cannot_help_is_told_from_what_it_is(script: Script, cos: CosOverHttp, code: str) -> None:
    """A probe refused for the object's sake is an answer; for the account's sake it is an error; what is refused for
    now, or by a code that nobody documents, is asked again.
    """
    script.answer = Response(400, XML, error(code, resource=False))
    name = {"1103": "ResourceNotFound", "1014": "SignatureExpired", "1015": "InvalidArgument"}.get(code, code)
    told = _probed(cos)
    if isinstance(told, Blocked):
        assert REFUSALS[name].standing is Standing.FOR_NOW
        assert REFUSALS[name].fix in str(told) or name == "AccessDenied"
    elif isinstance(told, ProbeError):
        assert (told.code, name in OBJECT_CODES) == (name, True)
        assert name not in REFUSALS or REFUSALS[name].standing is Standing.FOR_GOOD
    else:
        assert (isinstance(told, Unanswered), name in OBJECT_CODES) == (True, False)


def _probed(cos: CosOverHttp) -> object:
    try:
        return cos.media(DEMO, ["k"])["k"]
    except Blocked as blocked:
        return blocked


@pytest.mark.parametrize("code", ["CIRoleNotExist", "SignatureExpired", "QueuePaused", "AccessDenied", "NoSuchBucket"])
def test_what_the_deployment_may_not_ask_is_told_with_its_fix(script: Script, cos: CosOverHttp, code: str) -> None:
    """A person has to act, and no group is to blame."""
    script.answer = Response(403, XML, error(code, resource=False))
    with pytest.raises(Blocked, match=code):
        cos.media(DEMO, ["k"])


def test_what_others_told_is_not_lost_where_one_may_not_be_asked(
    script: Script, cos: CosOverHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are paid; asked alone, it is told with its fix."""
    info = b"<Response><MediaInfo><Format><Duration>1</Duration><Size>9</Size></Format></MediaInfo></Response>"
    readable = Response(200, dict(XML), info)

    def answer(_script: Script, request: Request) -> Response:
        locked = "locked" in request.path
        return Response(403, dict(XML), error("AccessDenied", resource=False)) if locked else readable

    monkeypatch.setattr(Script, "__call__", answer)
    found = cos.media(DEMO, ["a", "locked"])
    assert isinstance(found["a"], Media)
    assert isinstance(found["locked"], Unanswered)
    assert "read the fragments" in found["locked"].message
    with pytest.raises(Blocked, match="read the fragments"):
        cos.media(DEMO, ["locked"])


def test_the_etag_of_a_condition_is_quoted_and_the_tags_carry_their_md5(script: Script, cos: CosOverHttp) -> None:
    """As HTTP and COS have it; the SDK does neither."""
    script.answer = Response(412, XML, error("PreconditionFailed"))
    assert cos.copy(DEMO, ObjectInfo("k", "abc", 1, 0), DEMO, "t") == "changed"
    assert script.asked[-1].headers["x-cos-copy-source-if-match"] == '"abc"'
    script.answer = Response(200, XML)
    cos.tag(DEMO, "k", {"a": "b"})
    assert script.asked[-1].headers["content-md5"]
