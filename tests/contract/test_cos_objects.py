"""Objects through the unmodified SDK: what is put comes back, whatever the key, and under every condition."""

from __future__ import annotations

import hashlib
from email.utils import formatdate, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
from qcloud_cos import CosServiceError

from local.cos.crc64 import crc64
from tests.support.local_cos import LocalCos, code_of

if TYPE_CHECKING:
    pass

KEYS = [
    "a.txt",
    "目录/视频 1.mp4",
    "a+b c",
    "100%",
    "x%2Fy",
    "d//e",
    "q'\"t",
    "😀.mp4",
    " lead and trail ",
    "semi;colon=a&b",
    "日?#",
    "tab\there",
    "<xml>&amp;",
    "x" * 850,
]


@pytest.mark.parametrize("key", KEYS, ids=[key[:20] for key in KEYS])
def test_any_key_works_from_put_to_delete(cos: LocalCos, key: str) -> None:
    """PUT, GET, HEAD, LIST, tags, copy and delete agree on what the key is."""
    client, bucket = cos.client, cos.bucket
    client.put_object(bucket, b"hello", key)
    assert cos.store.keys(bucket) == [key]
    assert client.get_object(bucket, key)["Body"].get_raw_stream().read() == b"hello"
    assert client.head_object(bucket, key)["Content-Length"] == "5"
    assert [entry["Key"] for entry in client.list_objects(bucket, Prefix=key[:5])["Contents"]] == [key]
    client.put_object_tagging(bucket, key, {"TagSet": {"Tag": [{"Key": "k", "Value": "值"}]}})
    assert client.get_object_tagging(bucket, key)["TagSet"]["Tag"] == [{"Key": "k", "Value": "值"}]
    client.copy_object(bucket, "copy", {"Bucket": bucket, "Key": key, "Region": cos.region})
    assert cos.store.get(bucket, "copy") == b"hello"
    assert client.delete_objects(bucket, {"Object": [{"Key": key}]})["Deleted"] == [{"Key": key}]
    assert cos.store.keys(bucket) == ["copy"]


def test_an_answer_names_the_content(cos: LocalCos) -> None:
    """ETag is the MD5, the checksum is CRC-64/ECMA, times are on the service's clock."""
    body = b"123456789"
    put = cos.client.put_object(cos.bucket, body, "k")
    head = cos.client.head_object(cos.bucket, "k")
    assert put["ETag"] == head["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert put["x-cos-hash-crc64ecma"] == head["x-cos-hash-crc64ecma"] == "11051210869376104954"
    age = parsedate_to_datetime(head["Date"]) - parsedate_to_datetime(head["Last-Modified"])
    assert 0 <= age.total_seconds() <= 2
    assert head["x-cos-request-id"]
    assert "x-cos-storage-class" not in head
    assert "x-cos-version-id" not in head


def test_the_services_clock_stamps_objects_and_answers(cos: LocalCos) -> None:
    """A skewed clock shows in Date and Last-Modified alike, so ages come out right."""
    cos.switches.clock_skew = 600
    head = cos.client.put_object(cos.bucket, b"x", "k") and cos.client.head_object(cos.bucket, "k")
    ahead = parsedate_to_datetime(head["Last-Modified"]).timestamp() - cos.account.now() + 600
    assert 590 < ahead < 610
    assert (
        0 <= (parsedate_to_datetime(head["Date"]) - parsedate_to_datetime(head["Last-Modified"])).total_seconds() <= 2
    )


def test_headers_and_metadata_stay_with_the_object(cos: LocalCos) -> None:
    """Content headers, x-cos-meta-* and the storage class are repeated by GET and HEAD."""
    cos.client.put_object(
        cos.bucket,
        b"x",
        "k",
        ContentType="video/mp4",
        CacheControl="no-cache",
        ContentDisposition="inline",
        StorageClass="STANDARD_IA",
        Metadata={"x-cos-meta-camera": "front"},
    )
    for answer in (cos.client.head_object(cos.bucket, "k"), cos.client.get_object(cos.bucket, "k")):
        assert answer["Content-Type"] == "video/mp4"
        assert answer["Cache-Control"] == "no-cache"
        assert answer["Content-Disposition"] == "inline"
        assert answer["x-cos-meta-camera"] == "front"
        assert answer["x-cos-storage-class"] == "STANDARD_IA"
    assert cos.client.list_objects(cos.bucket)["Contents"][0]["StorageClass"] == "STANDARD_IA"
    shown = cos.client.get_object(cos.bucket, "k", ResponseContentType="text/plain")
    assert shown["Content-Type"] == "text/plain"


def test_an_overwrite_replaces_bytes_metadata_and_tags(cos: LocalCos) -> None:
    """Nothing of the former object shines through."""
    cos.client.put_object(cos.bucket, b"one", "k", Metadata={"x-cos-meta-a": "1"}, Tagging="a=1")
    cos.client.put_object(cos.bucket, b"two", "k")
    head = cos.client.head_object(cos.bucket, "k")
    assert "x-cos-meta-a" not in head
    assert cos.store.get(cos.bucket, "k") == b"two"
    assert cos.store.tags(cos.bucket, "k") == {}


def test_a_new_object_does_not_inherit_the_tags_of_a_deleted_one(cos: LocalCos) -> None:
    """The key alone carries no tags."""
    cos.client.put_object(cos.bucket, b"one", "k", Tagging="a=1")
    cos.client.delete_object(cos.bucket, "k")
    cos.client.put_object(cos.bucket, b"two", "k")
    assert cos.store.tags(cos.bucket, "k") == {}


def test_what_is_not_there(cos: LocalCos) -> None:
    """HEAD: 404 without a body; GET: NoSuchKey; DELETE: 204 all the same."""
    head = cos.ask("HEAD", "nothing")
    assert (head.status_code, head.content) == (404, b"")
    with pytest.raises(CosServiceError) as missing:
        cos.client.get_object(cos.bucket, "nothing")
    assert (missing.value.get_status_code(), missing.value.get_error_code()) == (404, "NoSuchKey")
    assert missing.value.get_digest_msg()["resource"] == f"{cos.host}/nothing"
    assert cos.ask("DELETE", "nothing").status_code == 204


@pytest.mark.parametrize(
    ("header", "value", "get"),
    [
        ("If-Match", "{etag}", 200),
        ("If-Match", '"{etag}"', 200),
        ("If-Match", "*", 200),
        ("If-Match", '"other", "{etag}"', 200),
        ("If-Match", '"other"', 412),
        ("If-None-Match", '"{etag}"', 304),
        ("If-None-Match", "*", 304),
        ("If-None-Match", '"other"', 200),
        ("If-Modified-Since", "{before}", 200),
        ("If-Modified-Since", "{after}", 304),
        ("If-Modified-Since", "no date", 200),
        ("If-Unmodified-Since", "{before}", 412),
        ("If-Unmodified-Since", "{after}", 200),
    ],
)
def test_conditions_on_get_and_head(cos: LocalCos, header: str, value: str, get: int) -> None:
    """Each condition that fails ends the call without the bytes, for HEAD as for GET."""
    version = cos.store.put(cos.bucket, "k", b"hello")
    text = value.format(
        etag=version.etag,
        before=formatdate(version.last_modified - 10, usegmt=True),
        after=formatdate(version.last_modified + 10, usegmt=True),
    )
    answers = {method: cos.ask(method, "k", headers={header: text}) for method in ("GET", "HEAD")}
    assert {method: answer.status_code for method, answer in answers.items()} == {"GET": get, "HEAD": get}
    assert answers["HEAD"].content == b""
    assert answers["GET"].content == b"hello" if get == 200 else b"hello" not in answers["GET"].content


def test_if_match_outweighs_the_date(cos: LocalCos) -> None:
    """As RFC 9110 orders them."""
    version = cos.store.put(cos.bucket, "k", b"hello")
    long_ago = formatdate(0, usegmt=True)
    answer = cos.ask("GET", "k", headers={"If-Match": f'"{version.etag}"', "If-Unmodified-Since": long_ago})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("span", "status", "body", "content_range"),
    [
        ("bytes=0-1", 206, b"01", "bytes 0-1/10"),
        ("bytes=8-", 206, b"89", "bytes 8-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=4-2", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_ranges(cos: LocalCos, span: str, status: int, body: bytes | None, content_range: str | None) -> None:
    """Parts of an object by first and last byte; a range nobody understands is ignored."""
    cos.store.put(cos.bucket, "k", b"0123456789")
    answer = cos.ask("GET", "k", headers={"Range": span})
    assert answer.status_code == status
    assert answer.headers.get("Content-Range") == content_range
    assert body is None or answer.content == body


def source(cos: LocalCos, key: str = "from") -> dict[str, str]:
    """The SDK's way to name the source of a copy."""
    return {"Bucket": cos.bucket, "Key": key, "Region": cos.region}


def test_a_copy_takes_bytes_metadata_and_tags_along(cos: LocalCos) -> None:
    """By default; its checksum and ETag are those of the bytes."""
    cos.client.put_object(cos.bucket, b"x", "from", ContentType="video/mp4", Tagging="a=1")
    answer = cos.client.copy_object(cos.bucket, "to", source(cos))
    head = cos.client.head_object(cos.bucket, "to")
    assert answer["ETag"] == head["ETag"]
    assert answer["CRC64"] == crc64(b"x")
    assert head["Content-Type"] == "video/mp4"
    assert cos.store.tags(cos.bucket, "to") == {"a": "1"}


def test_a_copy_may_replace_metadata_and_tags(cos: LocalCos) -> None:
    """With the directives set to Replaced."""
    cos.client.put_object(cos.bucket, b"x", "from", ContentType="video/mp4", Tagging="a=1")
    headers = {
        "x-cos-copy-source": f"{cos.host}/from",
        "x-cos-metadata-directive": "Replaced",
        "x-cos-tagging-directive": "Replaced",
        "x-cos-tagging": "b=2",
        "Content-Type": "text/plain",
    }
    assert cos.ask("PUT", "to", headers=headers).status_code == 200
    assert cos.client.head_object(cos.bucket, "to")["Content-Type"] == "text/plain"
    assert cos.store.tags(cos.bucket, "to") == {"b": "2"}


@pytest.mark.parametrize(
    ("condition", "value", "status"),
    [
        ("If-Match", "{etag}", 200),
        ("If-Match", "other", 412),
        ("If-None-Match", "{etag}", 412),
        ("If-None-Match", "other", 200),
        ("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT", 412),
        ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT", 200),
    ],
)
def test_a_copy_can_depend_on_its_source(cos: LocalCos, condition: str, value: str, status: int) -> None:
    """A source that changed in between is not copied."""
    version = cos.store.put(cos.bucket, "from", b"x")
    headers = {
        "x-cos-copy-source": f"{cos.host}/from",
        f"x-cos-copy-source-{condition}": value.format(etag=version.etag),
    }
    assert cos.ask("PUT", "to", headers=headers).status_code == status
    assert (cos.store.get(cos.bucket, "to") is not None) == (status == 200)


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ("{host}/nothing", 404, "NoSuchKey"),
        ("other-1250000000.cos.ap-guangzhou.myqcloud.com/from", 404, "NoSuchBucket"),
        ("/from", 400, "InvalidCopySource"),
        ("{host}/from?version=1", 400, "InvalidCopySource"),
        ("{host}/to", 400, "InvalidRequest"),
    ],
)
def test_a_copy_that_cannot_be(cos: LocalCos, given: str, status: int, code: str) -> None:
    """No source, a source that is none, or itself without any change."""
    cos.store.put(cos.bucket, "from", b"x")
    cos.store.put(cos.bucket, "to", b"y")
    answer = cos.ask("PUT", "to", headers={"x-cos-copy-source": given.format(host=cos.host)})
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert cos.store.get(cos.bucket, "to") == b"y"


def test_a_copy_may_fail_with_200(cos: LocalCos) -> None:
    """The documents warn of an error body under 200: a switch produces it, and nothing was copied."""
    cos.store.put(cos.bucket, "from", b"x")
    cos.switches.copy_errors_in_body = 1
    answer = cos.ask("PUT", "to", headers={"x-cos-copy-source": f"{cos.host}/from"})
    assert (answer.status_code, code_of(answer)) == (200, "InternalError")
    assert cos.store.get(cos.bucket, "to") is None
    assert cos.ask("PUT", "to", headers={"x-cos-copy-source": f"{cos.host}/from"}).text.count("CopyObjectResult")


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"Content-MD5": "XUFAKrxLKna5cZ2REBfFkg=="}, 200, ""),
        ({"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, 400, "BadDigest"),
        ({"Content-MD5": "nonsense"}, 400, "InvalidDigest"),
        ({"x-cos-forbid-overwrite": "yes"}, 400, "InvalidArgument"),
        ({"x-cos-storage-class": "GLACIER"}, 400, "InvalidStorageClass"),
        ({"x-cos-tagging": "a=%2A"}, 400, "InvalidTag"),
    ],
)
def test_a_put_with_headers_at_odds_stores_nothing(
    cos: LocalCos, given: dict[str, str], status: int, code: str
) -> None:
    """Digest, create-only flag, storage class and tags are checked before anything is written."""
    answer = cos.ask("PUT", "k", headers=given, body=b"hello")
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert cos.store.keys(cos.bucket) == (["k"] if status == 200 else [])


def test_a_key_has_at_most_850_bytes(cos: LocalCos) -> None:
    """Counted in UTF-8, and for the target of a copy too."""
    cos.store.put(cos.bucket, "from", b"x")
    for key in ("x" * 851, "中" * 284):
        assert code_of(cos.ask("PUT", key, body=b"x")) == "KeyTooLong"
        copied = cos.ask("PUT", key, headers={"x-cos-copy-source": f"{cos.host}/from"})
        assert code_of(copied) == "KeyTooLong"
    assert cos.ask("PUT", "中" * 283, body=b"x").status_code == 200


def test_a_path_that_is_not_utf8_is_refused(cos: LocalCos) -> None:
    """Rather than stored under a key that nobody asked for."""
    request = cos.signed("PUT", "�", body=b"x")
    request.url = f"http://{cos.host}/%FF"
    assert code_of(cos.send(request)) == "InvalidURI"
    assert cos.store.keys(cos.bucket) == []


def test_a_large_body_survives_the_way(cos: LocalCos) -> None:
    """Twenty megabytes, beyond what is kept in memory, by PUT and back."""
    body = bytes(range(256)) * 80_000
    cos.client.put_object(cos.bucket, body, "large")
    assert cos.client.get_object(cos.bucket, "large")["Body"].get_raw_stream().read() == body


def test_an_archived_object_cannot_be_read(cos: LocalCos) -> None:
    """403 InvalidObjectState for GET, copy and probe; HEAD names the class; by switch or by its own class."""
    cos.store.put(cos.bucket, "from", b"x")
    cos.switches.archived.add((cos.bucket, "from"))
    cos.client.put_object(cos.bucket, b"x", "cold", StorageClass="ARCHIVE")
    for key in ("from", "cold"):
        copied = {"x-cos-copy-source": f"{cos.host}/{key}"}
        answers: list[Any] = [
            cos.ask("GET", key),
            cos.ask("GET", key, parameters={"ci-process": "videoinfo"}),
            cos.ask("PUT", "to", headers=copied),
        ]
        assert [(answer.status_code, code_of(answer)) for answer in answers] == [(403, "InvalidObjectState")] * 3
        assert cos.client.head_object(cos.bucket, key)["x-cos-storage-class"] == "ARCHIVE"


def test_a_locked_object_cannot_be_changed(cos: LocalCos) -> None:
    """Overwriting, tagging and deleting are refused, reading is not."""
    cos.store.put(cos.bucket, "k", b"x")
    cos.switches.locked.add((cos.bucket, "k"))
    tags = "<Tagging><TagSet></TagSet></Tagging>"
    answers = [
        cos.ask("PUT", "k", body=b"y"),
        cos.ask("DELETE", "k"),
        cos.ask("PUT", "k", parameters={"tagging": ""}, body=tags.encode()),
    ]
    assert [(answer.status_code, code_of(answer)) for answer in answers] == [(409, "ObjectLocked")] * 3
    assert cos.client.delete_objects(cos.bucket, {"Object": [{"Key": "k"}]})["Error"][0]["Code"] == "ObjectLocked"
    assert cos.ask("GET", "k").content == b"x"
