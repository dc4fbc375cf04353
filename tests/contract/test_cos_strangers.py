"""What clients that nobody here wrote rely on: checksums, text in any script, defaults, signatures in every place."""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pytest
import requests
from qcloud_cos import CosServiceError

from local.cos.crc64 import crc64
from tests.support.local_cos import LocalCos, code_of

if TYPE_CHECKING:
    from collections.abc import Callable

MB = 1 << 20


def hand_signed(cos: LocalCos, method: str, path: str, query: str, text: str) -> requests.PreparedRequest:
    """A request signed over `text`, the parameters as the description (436/7778) writes them; no headers signed."""
    key = cos.account.root_key()
    times = f"{int(time.time()) - 10};{int(time.time()) + 600}"

    def hashed(with_: str, what: str) -> str:
        return hmac.new(with_.encode(), what.encode(), hashlib.sha1).hexdigest()

    digest = hashlib.sha1(f"{method.lower()}\n{path}\n{text}\n\n".encode()).hexdigest()
    signature = hashed(hashed(key.secret_key, times), f"sha1\n{times}\n{digest}\n")
    names = ";".join(pair.partition("=")[0] for pair in text.split("&")) if text else ""
    fields = {
        "q-sign-algorithm": "sha1",
        "q-ak": key.secret_id,
        "q-sign-time": times,
        "q-key-time": times,
        "q-header-list": "",
        "q-url-param-list": names,
        "q-signature": signature,
    }
    request = requests.Request(method, f"http://{cos.host}{path}?{query}").prepare()
    request.headers["Authorization"] = "&".join(f"{name}={value}" for name, value in fields.items())
    return request


def test_every_part_tells_its_checksum_and_the_whole_has_its_own(cos: LocalCos) -> None:
    """The official Go client refuses an upload in parts without it (436/44883)."""
    upload = cos.client.create_multipart_upload(cos.bucket, "k")["UploadId"]
    bodies = [os.urandom(MB), os.urandom(MB), b"end"]
    parts = []
    for number, body in enumerate(bodies, 1):
        answer = cos.client.upload_part(cos.bucket, "k", body, number, upload)
        assert answer["x-cos-hash-crc64ecma"] == crc64(body)
        assert answer["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    cos.client.complete_multipart_upload(cos.bucket, "k", upload, {"Part": parts})
    head = cos.client.head_object(cos.bucket, "k")
    assert head["x-cos-hash-crc64ecma"] == crc64(b"".join(bodies))
    assert cos.store.get(cos.bucket, "k") == b"".join(bodies)


def test_header_values_may_be_in_chinese(cos: LocalCos) -> None:
    """Signed as UTF-8, kept, and given back as they were sent."""
    request = cos.signed("PUT", "k", headers={"x-cos-meta-a": "placeholder"}, body=b"x")
    for name, value in (("Content-Disposition", "attachment; filename=讲座.mp4"), ("x-cos-meta-name", "讲座 一")):
        request.headers[name] = value.encode()  # type: ignore[assignment]  # requests would write it as latin-1
    assert cos.send(request).status_code == 200
    head = cos.ask("HEAD", "k").headers
    assert head["Content-Disposition"].encode("latin-1").decode() == "attachment; filename=讲座.mp4"
    assert head["x-cos-meta-name"].encode("latin-1").decode() == "讲座 一"
    version = cos.store.version(cos.bucket, "k")
    assert version is not None
    assert version.headers["x-cos-meta-name"] == "讲座 一"


def test_a_signed_header_value_in_chinese_counts_as_utf_8(cos: LocalCos) -> None:
    """The text that is signed holds its percent-encoding."""
    key, times = cos.account.root_key(), f"{int(time.time()) - 10};{int(time.time()) + 600}"
    text = f"put\n/k\n\nx-cos-meta-name={quote('讲座')}\n"
    sign_key = hmac.new(key.secret_key.encode(), times.encode(), hashlib.sha1).hexdigest()
    to_sign = f"sha1\n{times}\n{hashlib.sha1(text.encode()).hexdigest()}\n"
    signature = hmac.new(sign_key.encode(), to_sign.encode(), hashlib.sha1).hexdigest()
    request = requests.Request("PUT", f"http://{cos.host}/k", data=b"x").prepare()
    request.headers["x-cos-meta-name"] = "讲座".encode()  # type: ignore[assignment]  # as above
    request.headers["Authorization"] = (
        f"q-sign-algorithm=sha1&q-ak={key.secret_id}&q-sign-time={times}&q-key-time={times}"
        f"&q-header-list=x-cos-meta-name&q-url-param-list=&q-signature={signature}"
    )
    assert cos.send(request).status_code == 200


def test_response_headers_may_be_in_chinese_but_not_break_a_line(cos: LocalCos) -> None:
    """They come from the address; control characters are refused."""
    cos.store.put(cos.bucket, "k", b"x")
    asked = {"response-content-disposition": "attachment; filename=讲座.mp4"}
    shown = cos.ask("GET", "k", parameters=asked).headers["Content-Disposition"]
    assert shown.encode("latin-1").decode() == "attachment; filename=讲座.mp4"
    broken = cos.ask("GET", "k", parameters={"response-content-type": "a\r\nSet-Cookie: b"})
    assert (broken.status_code, code_of(broken)) == (400, "InvalidArgument")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("a%2Fb=1", "a%2fb=1"),
        ("%E8%AE%B2=%E5%BA%A7", "%e8%ae%b2=%E5%BA%A7"),
        ("A=%2F&b=", "a=%2F&b="),
        ("x%3By=1", "x%3by=1"),
    ],
)
def test_parameter_names_are_lower_cased_after_they_were_encoded(cos: LocalCos, query: str, text: str) -> None:
    """436/7778; a value keeps its capital digits."""
    cos.store.put(cos.bucket, "k", b"hello")
    assert cos.send(hand_signed(cos, "GET", "/k", query, text)).content == b"hello"
    spoilt = hand_signed(cos, "GET", "/k", query, text.replace("=", "=0", 1))
    assert code_of(cos.send(spoilt)) == "SignatureDoesNotMatch"


def test_a_signature_may_stand_whole_in_one_parameter(cos: LocalCos) -> None:
    """`?sign=` is the older form of a signed address."""
    cos.store.put(cos.bucket, "目录/k", b"hello")
    signed = cos.signed("GET", "目录/k").headers["Authorization"]
    names = signed.replace("q-header-list=host", "q-header-list=")
    address = f"http://{cos.host}/%E7%9B%AE%E5%BD%95/k?sign="
    assert cos.http.get(address + quote(str(signed), safe="")).content == b"hello"
    assert code_of(cos.http.get(address + quote(str(names), safe=""))) == "SignatureDoesNotMatch"
    assert code_of(cos.http.get(address + "nonsense")) == "AccessDenied"


def test_empty_headers_say_nothing(cos: LocalCos) -> None:
    """No Cache-Control, and a type all the same."""
    cos.ask("PUT", "k", headers={"Cache-Control": "", "Content-Type": "", "x-cos-acl": ""}, body=b"x")
    head = cos.ask("HEAD", "k").headers
    assert "Cache-Control" not in head
    assert head["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("讲座.mp4", "video/mp4"),
        ("a.txt", "text/plain"),
        ("a.ZIP", "application/zip"),
        ("a", "application/octet-stream"),
    ],
)
def test_an_object_without_a_type_has_that_of_its_suffix(cos: LocalCos, key: str, kind: str) -> None:
    """One that is given wins, in an upload by parts as well."""
    cos.ask("PUT", key, body=b"x")
    assert cos.client.head_object(cos.bucket, key)["Content-Type"] == kind
    upload = cos.client.create_multipart_upload(cos.bucket, key, ContentType="text/xml")["UploadId"]
    etag = cos.client.upload_part(cos.bucket, key, b"x", 1, upload)["ETag"]
    cos.client.complete_multipart_upload(cos.bucket, key, upload, {"Part": [{"PartNumber": 1, "ETag": etag}]})
    assert cos.client.head_object(cos.bucket, key)["Content-Type"] == "text/xml"


def test_reading_tells_how_many_tags_there_are(cos: LocalCos) -> None:
    """`x-cos-tagging-count`, only where there are any."""
    cos.client.put_object(cos.bucket, b"x", "k", Tagging="a=1&b=2")
    cos.client.put_object(cos.bucket, b"x", "none")
    for answer in (cos.client.head_object(cos.bucket, "k"), cos.client.get_object(cos.bucket, "k")):
        assert answer["x-cos-tagging-count"] == "2"
    assert "x-cos-tagging-count" not in cos.client.head_object(cos.bucket, "none")


def test_classes_of_several_zones_are_classes(cos: LocalCos) -> None:
    """What is none is refused."""
    cos.client.put_object(cos.bucket, b"x", "k", StorageClass="MAZ_STANDARD")
    assert cos.client.head_object(cos.bucket, "k")["x-cos-storage-class"] == "MAZ_STANDARD"
    with pytest.raises(CosServiceError, match="InvalidStorageClass"):
        cos.client.put_object(cos.bucket, b"x", "k", StorageClass="MAZ_NONE")


def test_unfinished_uploads_are_listed_by_folder_and_page(cos: LocalCos) -> None:
    """In order of key, several of one key in order of id."""
    for key in ("a", "f/1", "f/2", "讲/1", "z", "z"):
        cos.client.create_multipart_upload(cos.bucket, key)
    found, asked = [], {"Delimiter": "/", "MaxUploads": 2, "EncodingType": "url"}
    while True:
        page = cos.client.list_multipart_uploads(cos.bucket, **asked)
        found += [upload["Key"] for upload in page.get("Upload", [])]
        found += [unquote(common["Prefix"]) for common in page.get("CommonPrefixes", [])]
        if page["IsTruncated"] == "false":
            break
        asked |= {"KeyMarker": unquote(page["NextKeyMarker"]), "UploadIdMarker": page.get("NextUploadIdMarker") or ""}
    assert sorted(found) == ["a", "f/", "z", "z", "讲/"]


def test_an_encrypted_object_has_an_etag_that_is_no_md5(cos: LocalCos) -> None:
    """436/7749; the bytes are the same, and the header is repeated."""
    encrypted = {"x-cos-server-side-encryption": "AES256"}
    put = cos.ask("PUT", "k", headers=encrypted, body=b"hello").headers
    assert put["ETag"] != f'"{hashlib.md5(b"hello").hexdigest()}"'
    head = cos.ask("HEAD", "k").headers
    assert (head["ETag"], head["x-cos-server-side-encryption"]) == (put["ETag"], "AES256")
    assert cos.ask("GET", "k").content == b"hello"


def test_an_object_can_be_made_by_appending(cos: LocalCos) -> None:
    """Each time at the end and nowhere else; an object that was put is none of that kind."""
    first = cos.client.append_object(cos.bucket, "k", 0, b"one")
    assert first["x-cos-next-append-position"] == "3"
    cos.client.append_object(cos.bucket, "k", 3, b"two")
    assert cos.store.get(cos.bucket, "k") == b"onetwo"
    with pytest.raises(CosServiceError, match="PositionUnequalToLength"):
        cos.client.append_object(cos.bucket, "k", 3, b"x")
    cos.store.put(cos.bucket, "put", b"one")
    with pytest.raises(CosServiceError, match="ObjectNotAppendable"):
        cos.client.append_object(cos.bucket, "put", 3, b"x")
    assert cos.store.get(cos.bucket, "k") == b"onetwo"


def test_bytes_that_are_no_text_are_refused(cos: LocalCos) -> None:
    """In a path and in a parameter, by an error that says so."""
    assert code_of(cos.send(hand_signed(cos, "GET", "/%FF", "", ""))) in ("InvalidURI", "SignatureDoesNotMatch")
    assert code_of(cos.send(hand_signed(cos, "GET", "/", "prefix=%FF", "prefix=%FF"))) == "InvalidArgument"


def longest_wait(cos: LocalCos, act: Callable[[], Any]) -> float:
    """Seconds of the slowest of the small requests that another client makes meanwhile."""
    stop, waits = threading.Event(), [0.0]
    client = cos.sdk()

    def ask() -> None:
        while not stop.is_set():
            began = time.perf_counter()
            client.head_object(cos.bucket, "small")
            waits.append(time.perf_counter() - began)

    other = threading.Thread(target=ask)
    other.start()
    try:
        act()
    finally:
        stop.set()
        other.join()
    return max(waits)


@pytest.mark.slow
def test_completing_a_large_upload_does_not_hold_up_others(cos: LocalCos) -> None:
    """200 MB: somebody else's HEAD takes less than 50 ms (the best of three: a busy machine only adds)."""
    cos.store.put(cos.bucket, "small", b"x")
    part, best = os.urandom(10 * MB), 1.0
    for attempt in range(3):
        upload = cos.client.create_multipart_upload(cos.bucket, f"big{attempt}")["UploadId"]
        etags = [cos.client.upload_part(cos.bucket, f"big{attempt}", part, n, upload)["ETag"] for n in range(1, 21)]
        parts = {"Part": [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]}

        def complete(key: str = f"big{attempt}", upload: str = upload, parts: dict[str, Any] = parts) -> None:
            cos.client.complete_multipart_upload(cos.bucket, key, upload, parts)

        best = min(best, longest_wait(cos, complete))
        if best < 0.05:
            break
    assert best < 0.05


def test_a_browser_that_asks_first_is_told_that_no_rule_allows_it(cos: LocalCos) -> None:
    """Without a signature, as a browser has none (436/8288)."""
    asked = {"Origin": "https://example.com", "Access-Control-Request-Method": "PUT"}
    answer = cos.http.options(f"http://{cos.host}/a.mp4", headers=asked, timeout=10)
    assert (answer.status_code, b"<Code>AccessForbidden</Code>" in answer.content) == (403, True)
