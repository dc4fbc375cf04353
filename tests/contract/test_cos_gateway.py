"""The gateway as a whole: what it does not know it refuses, what happens it tells, and whoever calls is counted."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import imageio_ffmpeg
import pytest
from qcloud_cos import CosServiceError

from local.cos.store import Store
from local.cos.versions import ObjectEvent
from tests.support.local_cos import LocalCos, code_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """One second of pictures."""
    clip = tmp_path_factory.mktemp("clip") / "clip.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=10:duration=1"]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, str(clip)], check=True)
    return clip.read_bytes()


NOT_SERVED = [  # whoever asks
    ("PATCH", "k", {}, {}, 405, "MethodNotAllowed"),
    ("OPTIONS", "k", {}, {}, 403, "AccessForbidden"),
    ("POST", "k", {}, {}, 405, "MethodNotAllowed"),
    ("POST", "", {}, {}, 405, "MethodNotAllowed"),
    ("PUT", "k", {"versioning": ""}, {}, 501, "NotImplemented"),
    ("GET", "k", {"ci-process": "snapshot"}, {}, 501, "NotImplemented"),
    ("PUT", "k", {}, {"If-None-Match": "*"}, 501, "NotImplemented"),
    ("DELETE", "k", {}, {"If-Match": "e"}, 501, "NotImplemented"),
    ("PUT", "k", {}, {"Pic-Operations": "{}"}, 501, "NotImplemented"),
]
UNKNOWN = [  # refused to a strict key, left unheeded for everybody else
    ("GET", "k", {"nonsense": "1"}, {}),
    ("GET", "", {"nonsense": "1"}, {}),
    ("HEAD", "k", {"a": "1"}, {}),
    ("GET", "k", {"ci-process": "videoinfo", "response-cache-control": "no-cache"}, {}),
    ("PUT", "k", {}, {"x-cos-forbid-overwite": "true"}),
    ("PUT", "k", {}, {"x-cos-acl": "default"}),
    ("PUT", "k", {}, {"x-cos-traffic-limit": "819200"}),
    ("PUT", "k", {}, {"x-cos-test": "1"}),
    ("PUT", "k", {}, {"x-amz-meta-a": "1"}),
    ("PUT", "k", {}, {"x-ci-security-token": "t"}),
    ("GET", "k", {}, {"x-cos-meta-a": "1"}),
    ("GET", "k", {"acl": ""}, {}),
    ("GET", "", {"acl": ""}, {}),
]
WORK = [  # asks for what is not done here; silence would be a lie
    ("PUT", "k", {}, {"x-cos-server-side-encryption-customer-algorithm": "AES256"}),
    ("PUT", "k", {}, {"x-cos-server-side-encryption": "cos/kms"}),
    ("PUT", "k", {}, {"x-cos-callback": "e30="}),
    ("PUT", "k", {}, {"x-cos-object-lock-mode": "COMPLIANCE"}),
    ("GET", "k", {"imageMogr2/thumbnail/20x": ""}, {}),
    ("GET", "k", {"watermark/1/image/aHR0": ""}, {}),
    ("PUT", "k", {"symlink": ""}, {}),
    ("POST", "k", {"restore": ""}, {}),
    ("PUT", "", {"cors": ""}, {}),
    ("PUT", "", {"policy": ""}, {}),
    ("PUT", "", {"notification": ""}, {}),
]


@pytest.mark.parametrize(("method", "key", "parameters", "headers", "status", "code"), NOT_SERVED)
@pytest.mark.parametrize("as_function", [True, False], ids=["a function's role", "the owner"])
def test_what_is_not_served_is_refused_to_everybody(
    cos: LocalCos,
    as_function: bool,
    method: str,
    key: str,
    parameters: dict[str, str],
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    """Loudly, so that no client believes in an effect which there was not."""
    cos.store.put(cos.bucket, "k", b"x")
    signer = cos.account.issue("upload") if as_function else None
    body = b"y" if method == "PUT" else None
    answer = cos.ask(method, key, parameters=parameters, headers=headers, body=body, signer=signer)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert cos.store.get(cos.bucket, "k") == b"x"


@pytest.mark.parametrize(("method", "key", "parameters", "headers"), WORK)
def test_work_that_is_not_done_here_is_refused(
    cos: LocalCos, method: str, key: str, parameters: dict[str, str], headers: dict[str, str]
) -> None:
    """Processing, encryption with a key of one's own, call-backs: an answer of 200 would claim that it was done."""
    cos.store.put(cos.bucket, "k", b"x")
    answer = cos.ask(method, key, parameters=parameters, headers=headers, body=b"y" if method == "PUT" else None)
    assert answer.status_code in (405, 501)
    assert code_of(answer) in ("NotImplemented", "MethodNotAllowed")
    assert cos.store.get(cos.bucket, "k") == b"x"


@pytest.mark.parametrize(("method", "key", "parameters", "headers"), UNKNOWN)
def test_what_nobody_knows_is_refused_to_a_role_and_left_unheeded_for_others(
    cos: LocalCos, method: str, key: str, parameters: dict[str, str], headers: dict[str, str], tiny_clip: bytes
) -> None:
    """A slip in this project's code is found; a client that nobody here wrote works as with the service."""
    cos.store.put(cos.bucket, "k", tiny_clip)
    asked = {"parameters": parameters, "headers": headers, "body": b"y" if method == "PUT" else None}
    refused = cos.ask(method, key, **asked, signer=cos.account.issue("upload"))
    assert refused.status_code == 400
    assert method == "HEAD" or code_of(refused) == "InvalidArgument"
    assert cos.store.get(cos.bucket, "k") == tiny_clip
    assert cos.ask(method, key, **asked).status_code == 200
    assert cos.ask(method, key, **asked, signer=cos.account.issue("guest", strict=False)).status_code == 200


def test_a_traffic_limit_must_be_one(cos: LocalCos) -> None:
    """100 KB/s to 100 MB/s in bits (436/40140); it is checked, and nothing is slowed down here."""
    for limit in ("1", "819199", "838860801", "fast"):
        assert code_of(cos.ask("PUT", "k", headers={"x-cos-traffic-limit": limit}, body=b"x")) == "InvalidArgument"
    assert cos.store.get(cos.bucket, "k") is None


@pytest.mark.parametrize("what", ["cors", "website", "policy", "replication", "encryption", "object-lock", "domain"])
def test_a_configuration_that_cannot_be_made_is_not_there(cos: LocalCos, what: str) -> None:
    """404 with the service's code; removing it does nothing."""
    answer = cos.ask("GET", "", parameters={what: ""})
    assert answer.status_code == 404
    assert "Configuration" in code_of(answer) or "Policy" in code_of(answer)
    assert cos.ask("DELETE", "", parameters={what: ""}).status_code == 204


@pytest.mark.parametrize(
    "host",
    [
        "other-1250000000.cos.ap-guangzhou.myqcloud.com",
        "demo-1250000000.cos.ap-beijing.myqcloud.com",
    ],
)
def test_a_bucket_that_is_not_there_or_not_in_that_region(cos: LocalCos, host: str) -> None:
    """404 NoSuchBucket."""
    cos.host = host
    assert code_of(cos.ask("GET", "k")) == "NoSuchBucket"
    assert cos.ask("HEAD", "").status_code == 404


def test_a_bucket_from_creation_to_deletion(cos: LocalCos) -> None:
    """It must end in the appid and be empty in the end."""
    client, name = cos.client, "new-1250000000"
    client.create_bucket(name)
    assert client.head_bucket(name)["x-cos-bucket-region"] == cos.region
    with pytest.raises(CosServiceError, match="BucketAlreadyOwnedByYou"):
        client.create_bucket(name)
    with pytest.raises(CosServiceError, match="InvalidBucketName"):
        client.create_bucket("new-1")
    client.put_object(name, b"x", "k")
    with pytest.raises(CosServiceError, match="BucketNotEmpty"):
        client.delete_bucket(name)
    client.delete_object(name, "k")
    client.delete_bucket(name)
    assert set(cos.store.buckets()) == {cos.bucket}


def test_lifecycle_rules_are_kept(cos: LocalCos) -> None:
    """Put, read, deleted; nothing acts on them."""
    with pytest.raises(CosServiceError, match="NoSuchLifecycleConfiguration"):
        cos.client.get_bucket_lifecycle(cos.bucket)
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": "3"}}
    cos.client.put_bucket_lifecycle(cos.bucket, {"Rule": [rule]})
    (found,) = cos.client.get_bucket_lifecycle(cos.bucket)["Rule"]
    assert (found["Filter"]["Prefix"], found["Expiration"]["Days"]) == ("a/", "3")
    cos.client.delete_bucket_lifecycle(cos.bucket)
    with pytest.raises(CosServiceError, match="NoSuchLifecycleConfiguration"):
        cos.client.get_bucket_lifecycle(cos.bucket)


def test_every_creation_and_removal_is_told(cos: LocalCos) -> None:
    """By name, with what the object is, and once each; refused and failed calls are not told."""
    seen: list[ObjectEvent] = []
    cos.store.subscribe(seen.append)
    client, bucket = cos.client, cos.bucket
    client.put_object(bucket, b"hello", "目录/a b", ContentType="video/mp4")
    client.copy_object(bucket, "copy", {"Bucket": bucket, "Key": "目录/a b", "Region": cos.region})
    upload = client.create_multipart_upload(bucket, "parts")["UploadId"]
    etag = client.upload_part(bucket, "parts", b"x", 1, upload)["ETag"]
    client.complete_multipart_upload(bucket, "parts", upload, {"Part": [{"PartNumber": 1, "ETag": etag}]})
    with pytest.raises(CosServiceError):
        client.put_object(bucket, b"again", "copy", Metadata={"x-cos-forbid-overwrite": "true"})
    client.put_object_tagging(bucket, "copy", {"TagSet": {"Tag": [{"Key": "a", "Value": "1"}]}})
    client.delete_object(bucket, "copy")
    client.delete_object(bucket, "missing")
    client.delete_objects(bucket, {"Object": [{"Key": "parts"}]})
    cos.store.put(bucket, "direct", b"x")
    assert [(event.event_name, event.key) for event in seen] == [
        ("cos:ObjectCreated:Put", "目录/a b"),
        ("cos:ObjectCreated:Copy", "copy"),
        ("cos:ObjectCreated:CompleteMultipartUpload", "parts"),
        ("cos:ObjectRemove:Delete", "copy"),
        ("cos:ObjectRemove:Delete", "parts"),
        ("cos:ObjectCreated:Put", "direct"),
    ]
    first = seen[0]
    assert (first.bucket, first.region, first.size) == (bucket, cos.region, 5)
    assert first.etag == "5d41402abc4b2a76b9719d911017c592"
    assert first.headers["content-type"] == "video/mp4"
    assert len({event.request_id for event in seen}) == len(seen)


def test_calls_are_counted_by_caller_and_kind(cos: LocalCos) -> None:
    """Also those that were refused; the test's own look into the store is not counted."""
    upload = cos.sdk(cos.account.issue("upload"))
    cos.calls.reset()
    upload.put_object(cos.bucket, b"x", "k")
    upload.head_object(cos.bucket, "k")
    upload.head_object(cos.bucket, "k")
    cos.client.list_objects(cos.bucket)
    cos.ask("GET", "missing")
    unsigned = cos.signed("GET", "k")
    del unsigned.headers["Authorization"]
    cos.send(unsigned)
    cos.store.get(cos.bucket, "k")
    assert cos.calls.snapshot() == {
        ("upload", "PUT Object"): 1,
        ("upload", "HEAD Object"): 2,
        ("root", "LIST"): 1,
        ("root", "GET Object"): 1,
        ("", "GET ?"): 1,
    }
    assert cos.calls.kinds("upload") == {"PUT Object": 1, "HEAD Object": 2}
    assert cos.calls.kinds()["LIST"] == 1


def test_media_info_is_that_of_the_object(cos: LocalCos, tiny_clip: bytes) -> None:
    """What the SDK's get_media_info reads: format, duration, streams."""
    cos.store.put(cos.bucket, "目录/clip 1.mp4", tiny_clip)
    (info,) = cos.client.get_media_info(cos.bucket, "目录/clip 1.mp4")["MediaInfo"]
    assert float(info["Format"]["Duration"]) == pytest.approx(1, abs=0.2)
    assert info["Format"]["Size"] == str(len(tiny_clip))
    assert (info["Stream"]["Video"]["Width"], info["Stream"]["Video"]["Height"]) == ("160", "120")
    assert cos.calls.kinds() == {"GET videoinfo": 1}


def test_media_info_of_what_is_no_media(cos: LocalCos) -> None:
    """An error that names the object, 404 for what is not there."""
    cos.store.put(cos.bucket, "text", b"this is no video")
    answer = cos.ask("GET", "text", parameters={"ci-process": "videoinfo"})
    assert (answer.status_code, code_of(answer)) == (400, "ResourceNotSupported")
    assert code_of(cos.ask("GET", "none", parameters={"ci-process": "videoinfo"})) == "NoSuchKey"


def test_curl_can_use_it_as_a_proxy(cos: LocalCos) -> None:
    """Any client that speaks http through a proxy; a signed URL needs nothing else."""
    cos.store.put(cos.bucket, "a b", b"hello")
    address = cos.client.get_presigned_url(cos.bucket, "a b", "GET")
    command = ["curl", "-sS", "-x", cos.proxy.url, address]
    try:
        answer = subprocess.run(command, capture_output=True, check=True, timeout=20)
    except FileNotFoundError:
        pytest.skip("there is no curl on this machine")
    assert answer.stdout == b"hello"


def test_two_stores_in_one_process_do_not_meet() -> None:
    """A bucket of the same name in each, and closing one leaves the other."""
    one, two = Store(), Store()
    for store in (one, two):
        store.create_bucket("demo-1250000000", "ap-guangzhou")
    one.put("demo-1250000000", "k", b"one")
    two.put("demo-1250000000", "k", b"two")
    one.close()
    assert two.get("demo-1250000000", "k") == b"two"
    two.close()


def test_the_store_reads_and_writes_files(tmp_path: Path) -> None:
    """As CI and the demonstration do."""
    store = Store()
    store.create_bucket("demo-1250000000", "ap-guangzhou")
    (tmp_path / "in").write_bytes(b"bytes")
    store.upload("demo-1250000000", "k", tmp_path / "in", "video/mp4")
    assert store.download("demo-1250000000", "k", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"bytes"
    assert not store.download("demo-1250000000", "missing", tmp_path / "none")
    assert not (tmp_path / "none").exists()
    assert store.info("demo-1250000000", "missing") is None
    assert store.get("other", "k") is None
    assert store.keys("other") == []
    store.delete("demo-1250000000", "k")
    assert store.get("demo-1250000000", "k") is None
    store.close()
