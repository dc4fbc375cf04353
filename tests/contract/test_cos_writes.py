"""Create-only writes, tags, deletions and multipart uploads, as the functions rely on them."""

from __future__ import annotations

import base64
import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from qcloud_cos import CosServiceError

from local.cos.crc64 import crc64
from local.cos.versions import NewObject
from local.network.http import Refusal
from tests.support.local_cos import LocalCos, code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

CREATE_ONLY = {"x-cos-forbid-overwrite": "true"}
MB = 1 << 20


def test_create_only_leaves_an_existing_object_alone(cos: LocalCos) -> None:
    """409 FileAlreadyExists, once: the SDK does not repeat it."""
    client = cos.sdk(retry=3)
    client.put_object(cos.bucket, b"one", "k", Metadata=CREATE_ONLY)
    with pytest.raises(CosServiceError) as refused:
        client.put_object(cos.bucket, b"two", "k", Metadata=CREATE_ONLY)
    assert (refused.value.get_status_code(), refused.value.get_error_code()) == (409, "FileAlreadyExists")
    assert cos.store.get(cos.bucket, "k") == b"one"
    assert cos.calls.kinds() == {"PUT Object": 2}


def test_create_only_may_be_used_again_after_a_delete(cos: LocalCos) -> None:
    """What counts is whether there is an object now."""
    cos.client.put_object(cos.bucket, b"one", "k", Metadata=CREATE_ONLY)
    cos.client.delete_object(cos.bucket, "k")
    cos.client.put_object(cos.bucket, b"two", "k", Metadata=CREATE_ONLY)
    assert cos.store.get(cos.bucket, "k") == b"two"


def test_one_of_sixteen_create_only_writers_wins(cos: LocalCos) -> None:
    """Twelve rounds of sixteen at once over HTTP: always exactly one winner, and its bytes stay."""
    writers = 16
    clients = [cos.sdk() for _ in range(writers)]
    for turn in range(12):
        barrier = Barrier(writers)

        def write(number: int, turn: int = turn, barrier: Barrier = barrier) -> int | None:
            barrier.wait()
            try:
                clients[number].put_object(cos.bucket, str(number).encode(), f"k{turn}", Metadata=CREATE_ONLY)
            except CosServiceError as error:
                return None if error.get_error_code() == "FileAlreadyExists" else -1
            return number

        with ThreadPoolExecutor(writers) as pool:
            winners = [number for number in pool.map(write, range(writers)) if number is not None]
        assert len(winners) == 1
        assert cos.store.get(cos.bucket, f"k{turn}") == str(winners[0]).encode()


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_create_only_does_nothing_where_versioning_is_or_was_on(cos: LocalCos, status: str) -> None:
    """The documented trap: the header is accepted and ignored."""
    cos.client.put_bucket_versioning(cos.bucket, status)
    cos.client.put_object(cos.bucket, b"one", "k", Metadata=CREATE_ONLY)
    cos.client.put_object(cos.bucket, b"two", "k", Metadata=CREATE_ONLY)
    assert cos.store.get(cos.bucket, "k") == b"two"


def test_a_lost_answer_leaves_the_object_behind(cos: LocalCos) -> None:
    """The client sees a broken connection, its repetition finds its own object."""
    cos.switches.lose_cos_answers["PUT Object"] = 1
    with pytest.raises(CosServiceError) as refused:
        cos.sdk(retry=1).put_object(cos.bucket, b"one", "k", Metadata=CREATE_ONLY)
    assert refused.value.get_status_code() == 409
    assert cos.store.get(cos.bucket, "k") == b"one"


def test_a_failure_can_be_ordered(cos: LocalCos) -> None:
    """By kind of call and key, once each, before any effect."""
    cos.switches.fail_cos += [("PUT Object", "k", 503), ("HEAD Object", "", 500)]
    assert code_of(cos.ask("PUT", "k", body=b"x")) == "SlowDown"
    assert cos.store.get(cos.bucket, "k") is None
    assert cos.ask("HEAD", "k").status_code == 500
    assert cos.ask("PUT", "k", body=b"x").status_code == 200


# --- tags


def tagging(tags: list[tuple[str, str]]) -> dict[str, object]:
    """Tags in the SDK's form."""
    return {"TagSet": {"Tag": [{"Key": key, "Value": value} for key, value in tags]}}


@pytest.mark.parametrize(
    "tags",
    [
        [("k" * 127, "v" * 255)],
        [("中" * 42, "文" * 85)],
        [("a+b-c_d=e/f.g:h@i", "+-_=/.:@")],
        [(str(number), "v") for number in range(10)],
    ],
    ids=["longest", "longest Chinese", "alphabet", "ten"],
)
def test_tags_within_the_limits(cos: LocalCos, tags: list[tuple[str, str]]) -> None:
    """They come back as they were put, and replace those before."""
    cos.client.put_object(cos.bucket, b"x", "k", Tagging="old=1")
    cos.client.put_object_tagging(cos.bucket, "k", tagging(tags))
    assert cos.store.tags(cos.bucket, "k") == dict(tags)
    found = cos.client.get_object_tagging(cos.bucket, "k")["TagSet"]["Tag"]
    assert {tag["Key"]: tag["Value"] for tag in found} == dict(tags)


@pytest.mark.parametrize(
    "tags",
    [
        [("k" * 128, "v")],
        [("中" * 43, "v")],
        [("k", "v" * 256)],
        [("k", "文" * 86)],
        [("", "v")],
        [("k", "")],
        [("k", "a b")],
        [("k", "a*b")],
        [("k", "😀")],
        [("k", "1"), ("k", "2")],
        [(str(number), "v") for number in range(11)],
    ],
)
def test_tags_beyond_the_limits_change_nothing(cos: LocalCos, tags: list[tuple[str, str]]) -> None:
    """400 InvalidTag, and the former tags stay."""
    cos.client.put_object(cos.bucket, b"x", "k", Tagging="old=1")
    with pytest.raises(CosServiceError) as refused:
        cos.client.put_object_tagging(cos.bucket, "k", tagging(tags))
    assert (refused.value.get_status_code(), refused.value.get_error_code()) == (400, "InvalidTag")
    assert cos.store.tags(cos.bucket, "k") == {"old": "1"}


def test_tagging_leaves_the_object_as_it_is(cos: LocalCos) -> None:
    """Neither ETag nor time of the last change (the latter is assumed)."""
    before = cos.store.put(cos.bucket, "k", b"x")
    cos.client.put_object_tagging(cos.bucket, "k", tagging([("a", "1")]))
    assert cos.store.version(cos.bucket, "k") == before


def test_no_tags_read_as_an_empty_set_or_as_404(cos: LocalCos) -> None:
    """The documents know both; the switch chooses."""
    cos.store.put(cos.bucket, "k", b"x")
    assert cos.client.get_object_tagging(cos.bucket, "k") == {"TagSet": None}
    cos.switches.no_empty_tag_set = True
    with pytest.raises(CosServiceError) as refused:
        cos.client.get_object_tagging(cos.bucket, "k")
    assert (refused.value.get_status_code(), refused.value.get_error_code()) == (404, "NoSuchTagSet")
    cos.client.put_object_tagging(cos.bucket, "k", tagging([("a", "1")]))
    cos.client.delete_object_tagging(cos.bucket, "k")
    assert cos.store.tags(cos.bucket, "k") == {}


def test_tags_of_nothing(cos: LocalCos) -> None:
    """404 NoSuchKey for reading and writing."""
    for method, body in (("GET", None), ("PUT", b"<Tagging><TagSet/></Tagging>"), ("DELETE", None)):
        assert code_of(cos.ask(method, "k", parameters={"tagging": ""}, body=body)) == "NoSuchKey"


# --- multi-delete


def delete_body(keys: list[str], quiet: bool = False) -> bytes:
    """The body of a multi-delete."""
    objects = "".join(f"<Object><Key>{key}</Key></Object>" for key in keys)
    return f"<Delete><Quiet>{str(quiet).lower()}</Quiet>{objects}</Delete>".encode()


def md5_of(body: bytes) -> dict[str, str]:
    """The Content-MD5 header for a body."""
    return {"Content-MD5": base64.b64encode(hashlib.md5(body).digest()).decode()}


def test_each_key_of_a_multi_delete_has_its_own_outcome(cos: LocalCos) -> None:
    """A locked one stays, the others go, a missing one counts as deleted."""
    for key in ("a", "b", "locked"):
        cos.store.put(cos.bucket, key, b"x")
    cos.switches.locked.add((cos.bucket, "locked"))
    wanted = {"Object": [{"Key": key} for key in ("a", "locked", "missing", "b")]}
    answer = cos.client.delete_objects(cos.bucket, wanted)
    assert [entry["Key"] for entry in answer["Deleted"]] == ["a", "missing", "b"]
    assert [(entry["Key"], entry["Code"]) for entry in answer["Error"]] == [("locked", "ObjectLocked")]
    assert cos.store.keys(cos.bucket) == ["locked"]


def test_quiet_leaves_out_the_successes(cos: LocalCos) -> None:
    """But never the failures."""
    cos.store.put(cos.bucket, "locked", b"x")
    cos.switches.locked.add((cos.bucket, "locked"))
    quiet = cos.client.delete_objects(cos.bucket, {"Object": [{"Key": "a"}], "Quiet": "true"})
    assert quiet == {"DeleteResult": None}
    answer = cos.client.delete_objects(cos.bucket, {"Object": [{"Key": "locked"}, {"Key": "a"}], "Quiet": "true"})
    assert "Deleted" not in answer
    assert [entry["Key"] for entry in answer["Error"]] == ["locked"]


def test_a_single_key_of_a_multi_delete_can_be_made_to_fail(cos: LocalCos) -> None:
    """Half of a clean-up, as it happens."""
    for key in ("a", "b"):
        cos.store.put(cos.bucket, key, b"x")
    cos.switches.fail_cos.append(("DELETE one", "a", 500))
    answer = cos.client.delete_objects(cos.bucket, {"Object": [{"Key": "a"}, {"Key": "b"}]})
    assert [(entry["Key"], entry["Code"]) for entry in answer["Error"]] == [("a", "InternalError")]
    assert cos.store.keys(cos.bucket) == ["a"]


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (delete_body(["k"]), {}, "InvalidRequest"),
        (delete_body(["k"]), md5_of(b"other"), "BadDigest"),
        (delete_body([str(number) for number in range(1001)]), None, "MalformedXML"),
        (delete_body([]), None, "MalformedXML"),
        (b"<Delete>", None, "MalformedXML"),
        (b"<Other/>", None, "MalformedXML"),
        (b'<!DOCTYPE d [<!ENTITY e "k">]><Delete><Object><Key>&e;</Key></Object></Delete>', None, "MalformedXML"),
    ],
    ids=["no MD5", "wrong MD5", "1,001 keys", "no keys", "not XML", "another root", "entities"],
)
def test_a_multi_delete_that_cannot_be_read_deletes_nothing(
    cos: LocalCos, body: bytes, headers: dict[str, str] | None, code: str
) -> None:
    """All or nothing, as far as the request itself goes."""
    cos.store.put(cos.bucket, "k", b"x")
    answer = cos.ask("POST", parameters={"delete": ""}, body=body, headers=md5_of(body) if headers is None else headers)
    assert (answer.status_code, code_of(answer)) == (400, code)
    assert cos.store.keys(cos.bucket) == ["k"]


# --- multipart


def test_a_multipart_upload_becomes_one_object(cos: LocalCos) -> None:
    """Its ETag counts the parts, its checksum is that of the bytes, its headers are those of the start."""
    client, bucket, parts = cos.client, cos.bucket, [b"a" * MB, b"b" * MB, b"c"]
    upload = client.create_multipart_upload(bucket, "大 file", ContentType="video/mp4", Tagging="t=1")["UploadId"]
    etags = [client.upload_part(bucket, "大 file", part, n, upload)["ETag"] for n, part in enumerate(parts, 1)]
    assert [part["Size"] for part in client.list_parts(bucket, "大 file", upload)["Part"]] == [str(MB), str(MB), "1"]
    assert [entry["Key"] for entry in client.list_multipart_uploads(bucket)["Upload"]] == ["大 file"]
    assert cos.store.keys(bucket) == []
    named = {"Part": [{"PartNumber": n, "ETag": etag} for n, etag in enumerate(etags, 1)]}
    answer = client.complete_multipart_upload(bucket, "大 file", upload, named)
    digest = hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).hexdigest()
    head = client.head_object(bucket, "大 file")
    assert answer["ETag"] == head["ETag"] == f'"{digest}-3"'
    assert answer["x-cos-hash-crc64ecma"] == head["x-cos-hash-crc64ecma"] == crc64(b"".join(parts))
    assert head["Content-Type"] == "video/mp4"
    assert cos.store.tags(bucket, "大 file") == {"t": "1"}
    assert cos.store.get(bucket, "大 file") == b"".join(parts)
    assert code_of(cos.ask("GET", "大 file", parameters={"uploadId": upload})) == "NoSuchUpload"


def test_the_sdks_own_upload_of_a_large_file_works(cos: LocalCos, tmp_path: str) -> None:
    """Its threads, its checks of CRC-64 and all."""
    body = bytes(range(256)) * 20_000
    with open(f"{tmp_path}/large", "wb") as file:  # noqa: PTH123 -- the SDK takes a path
        file.write(body)
    cos.client.upload_file(cos.bucket, "large", f"{tmp_path}/large", PartSize=1, MAXThread=3, EnableMD5=True)
    assert cos.store.get(cos.bucket, "large") == body
    info = cos.store.info(cos.bucket, "large")
    assert info is not None
    assert info[0].endswith("-5")
    cos.client.download_file(cos.bucket, "large", f"{tmp_path}/back", PartSize=1, EnableCRC=True)
    with open(f"{tmp_path}/back", "rb") as file:  # noqa: PTH123
        assert file.read() == body


def complete(parts: list[tuple[str, str]]) -> bytes:
    """The body of a completion."""
    named = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>" for n, etag in parts)
    return f"<CompleteMultipartUpload>{named}</CompleteMultipartUpload>".encode()


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([("2", "{2}"), ("1", "{1}")], "InvalidPartOrder"),
        ([("1", "{1}"), ("1", "{1}")], "InvalidPartOrder"),
        ([("1", "{2}")], "InvalidPart"),
        ([("9", "{1}")], "InvalidPart"),
        ([("2", "{2}"), ("3", "{3}")], "EntityTooSmall"),
        ([], "MalformedXML"),
        ([("one", "{1}")], "MalformedXML"),
    ],
)
def test_a_completion_at_odds_with_the_parts(cos: LocalCos, parts: list[tuple[str, str]], code: str) -> None:
    """Each mistake has its code, and the upload stays open for a better one."""
    upload = cos.client.create_multipart_upload(cos.bucket, "k")["UploadId"]
    bodies = {1: b"a" * MB, 2: b"short", 3: b"end"}
    etags = [cos.client.upload_part(cos.bucket, "k", body, n, upload)["ETag"] for n, body in bodies.items()]
    body = complete([(number, etag.format("", *etags)) for number, etag in parts])
    answer = cos.ask("POST", "k", parameters={"uploadId": upload}, body=body)
    assert (answer.status_code, code_of(answer)) == (400, code)
    assert cos.store.keys(cos.bucket) == []
    good = complete([("1", etags[0]), ("2", etags[1])])
    assert cos.ask("POST", "k", parameters={"uploadId": upload}, body=good).status_code == 200


def test_create_only_holds_for_a_completion_too(cos: LocalCos) -> None:
    """Whoever came first in the meantime stays."""
    upload = cos.client.create_multipart_upload(cos.bucket, "k", Metadata=CREATE_ONLY)["UploadId"]
    etag = cos.client.upload_part(cos.bucket, "k", b"late", 1, upload)["ETag"]
    cos.store.put(cos.bucket, "k", b"first")
    answer = cos.ask("POST", "k", parameters={"uploadId": upload}, body=complete([("1", etag)]))
    assert (answer.status_code, code_of(answer)) == (409, "FileAlreadyExists")
    assert cos.store.get(cos.bucket, "k") == b"first"


def test_an_aborted_upload_is_gone(cos: LocalCos) -> None:
    """And an upload belongs to its key."""
    upload = cos.client.create_multipart_upload(cos.bucket, "k")["UploadId"]
    assert code_of(cos.ask("PUT", "other", parameters={"partNumber": "1", "uploadId": upload}, body=b"x")) == (
        "NoSuchUpload"
    )
    cos.client.abort_multipart_upload(cos.bucket, "k", upload)
    assert code_of(cos.ask("DELETE", "k", parameters={"uploadId": upload})) == "NoSuchUpload"


def test_a_part_may_be_copied(cos: LocalCos) -> None:
    """From a range of another object."""
    cos.store.put(cos.bucket, "from", b"0123456789")
    upload = cos.client.create_multipart_upload(cos.bucket, "k")["UploadId"]
    copied = cos.client.upload_part_copy(
        cos.bucket,
        "k",
        1,
        upload,
        {"Bucket": cos.bucket, "Key": "from", "Region": cos.region},
        CopySourceRange="bytes=2-4",
    )
    answer = cos.ask("POST", "k", parameters={"uploadId": upload}, body=complete([("1", copied["ETag"])]))
    assert answer.status_code == 200
    assert cos.store.get(cos.bucket, "k") == b"234"


# --- in the process


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that are switched as often as the interpreter can, to find what a lock forgets."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_in_process_writers_race_as_well(cos: LocalCos) -> None:
    """The store itself is what makes create-only atomic: one of eight wins, a hundred times over."""
    writers, rounds = 8, 100
    barrier = Barrier(writers)
    won: list[str] = []

    def write(number: int) -> None:
        for turn in range(rounds):
            barrier.wait()
            try:
                cos.store.write(cos.bucket, f"k{turn}", str(number).encode(), NewObject(create_only=True))
            except Refusal:
                continue
            won.append(f"k{turn}")

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    assert sorted(won) == sorted(f"k{turn}" for turn in range(rounds))
