"""A session of cos-python-sdk-v5 as its manual shows it: everything by its defaults, so over https.

Runs under the interpreter of the clients' own environment. Prints a line for each step that held, and stops at the
first that did not. Arguments: the files of a recording in two parts.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
from qcloud_cos import CosConfig, CosS3Client, CosServiceError

BUCKET, REGION = os.environ["COS_BUCKET"], os.environ["COS_REGION"]
APPID = BUCKET.rpartition("-")[2]
MB = 1 << 20
FOLDER = "讲座/第一周 a+b%/"

client = CosS3Client(
    CosConfig(Region=REGION, SecretId=os.environ["COS_SECRET_ID"], SecretKey=os.environ["COS_SECRET_KEY"])
)


def create() -> None:
    """A bucket of its own, among the account's."""
    client.create_bucket(f"second-{APPID}", ACL="private")
    assert f"second-{APPID}" in [each["Name"] for each in client.list_buckets()["Buckets"]["Bucket"]]


def put() -> None:
    """Text headers in Chinese come back as they were sent."""
    client.put_object(
        BUCKET,
        "内容".encode(),
        FOLDER + "一.txt",
        ContentDisposition="attachment; filename=one.txt",
        Metadata={"x-cos-meta-name": "%E8%AE%B2%E5%BA%A7"},
        EnableMD5=True,
    )


def multipart() -> None:
    """More than 20 MB by the high-level call, in several threads, the checksum compared by the client."""
    body = os.urandom(21 * MB + 7)
    Path("large.bin").write_bytes(body)
    client.upload_file(BUCKET, FOLDER + "large.bin", "large.bin", PartSize=2, MAXThread=4, EnableMD5=True)
    client.download_file(BUCKET, FOLDER + "large.bin", "back.bin", EnableCRC=True)
    assert Path("back.bin").read_bytes() == body


def list_pages() -> None:
    """Page by page, and by folder."""
    for number in range(7):
        client.put_object(BUCKET, b"x", f"{FOLDER}页/{number}")
    found: list[str] = []
    marker = ""
    while True:
        page = client.list_objects(BUCKET, Prefix=FOLDER, Marker=marker, MaxKeys=3)
        found += [each["Key"] for each in page.get("Contents", [])]
        if page["IsTruncated"] == "false":
            break
        marker = page["NextMarker"]
    assert len(found) == 9
    assert found == sorted(found, key=str.encode)
    page = client.list_objects(BUCKET, Prefix="讲座/", Delimiter="/")
    assert [each["Prefix"] for each in page["CommonPrefixes"]] == [FOLDER]


def head() -> None:
    """What the object is."""
    seen = client.head_object(BUCKET, FOLDER + "一.txt")
    assert seen["Content-Length"] == "6"
    assert seen["Content-Type"] in ("text/plain", "application/octet-stream")
    assert seen["x-cos-meta-name"] == "%E8%AE%B2%E5%BA%A7"


def byte_range() -> None:
    """A part of it."""
    answer = client.get_object(BUCKET, FOLDER + "large.bin", Range=f"bytes={21 * MB}-")
    assert answer["Body"].get_raw_stream().read() == Path("large.bin").read_bytes()[-7:]


def tag() -> None:
    """Tags are set, counted, read, removed."""
    key, tags = FOLDER + "一.txt", {"TagSet": {"Tag": [{"Key": "类别", "Value": "讲座"}]}}
    client.put_object_tagging(BUCKET, key, tags)
    assert client.head_object(BUCKET, key)["x-cos-tagging-count"] == "1"
    assert client.get_object_tagging(BUCKET, key) == tags
    client.delete_object_tagging(BUCKET, key)


def copy() -> None:
    """Within the bucket and to the other one, in one piece and in parts."""
    source = {"Bucket": BUCKET, "Key": FOLDER + "large.bin", "Region": REGION}
    client.copy(f"second-{APPID}", "拷贝.bin", source, PartSize=5)
    client.copy_object(BUCKET, FOLDER + "二.txt", {**source, "Key": FOLDER + "一.txt"})
    assert client.get_object(BUCKET, FOLDER + "二.txt")["Body"].get_raw_stream().read().decode() == "内容"


def delete() -> None:
    """One, and many at once."""
    client.delete_object(BUCKET, FOLDER + "二.txt")
    keys = {"Quiet": "true", "Object": [{"Key": f"{FOLDER}页/{number}"} for number in range(7)]}
    client.delete_objects(BUCKET, keys)
    assert not client.object_exists(BUCKET, FOLDER + "二.txt")
    assert len(client.list_objects(BUCKET, Prefix=FOLDER)["Contents"]) == 2


def versions() -> None:
    """Every version is there to read; a delete only marks."""
    bucket = f"second-{APPID}"
    client.put_bucket_versioning(bucket, "Enabled")
    first = client.put_object(bucket, b"one", "版本")["x-cos-version-id"]
    client.put_object(bucket, b"two", "版本")
    client.delete_object(bucket, "版本")
    page = client.list_objects_versions(bucket, Prefix="版本")
    assert (len(page["Version"]), len(page["DeleteMarker"])) == (2, 1)
    assert client.get_object(bucket, "版本", VersionId=first)["Body"].get_raw_stream().read() == b"one"


def acl() -> None:
    """A list for the bucket and one for an object, which anybody may then read."""
    client.put_bucket_acl(BUCKET, ACL="private")
    client.put_object_acl(BUCKET, FOLDER + "一.txt", ACL="public-read")
    assert len(client.get_object_acl(BUCKET, FOLDER + "一.txt")["AccessControlList"]["Grant"]) == 2
    assert requests.get(client.get_object_url(BUCKET, FOLDER + "一.txt"), timeout=20).content.decode() == "内容"
    client.put_object_acl(BUCKET, FOLDER + "一.txt", ACL="default")
    assert requests.get(client.get_object_url(BUCKET, FOLDER + "一.txt"), timeout=20).status_code == 403


def presigned() -> None:
    """An address that needs no key, with parameters of its own."""
    asked = {"response-content-disposition": "attachment; filename=讲座.txt", "a": "1"}
    address = client.get_presigned_url(BUCKET, FOLDER + "一.txt", "GET", Params=asked)
    answer = requests.get(address, timeout=20)
    assert answer.content.decode() == "内容"
    assert answer.headers["Content-Disposition"].encode("latin-1").decode() == "attachment; filename=讲座.txt"


def refusal() -> None:
    """What is not served is refused in the service's terms."""
    refused = None
    try:
        client.put_bucket_policy(BUCKET, {"version": "2.0", "Statement": []})
    except CosServiceError as error:
        refused = error.get_status_code(), error.get_error_code()
    assert refused == (501, "NotImplemented")


def concat_job() -> None:
    """A job by the client's own call, followed to its end."""
    for number, file in enumerate(sys.argv[1:], 1):
        client.upload_file(BUCKET, f"手动/{number}.mp4", file)
    fragments = [
        {"Url": f"https://{BUCKET}.cos.{REGION}.myqcloud.com/手动/{number}.mp4"} for number in range(1, len(sys.argv))
    ]
    job: dict[str, Any] = {
        "Tag": "Concat",
        "Operation": {
            "ConcatTemplate": {"ConcatFragment": fragments, "Container": {"Format": "mp4"}},
            "Output": {"Bucket": BUCKET, "Region": REGION, "Object": "手动/全部.mp4"},
        },
    }
    queue = client.ci_get_media_queue(BUCKET)["QueueList"][0]["QueueId"]
    made = client.ci_create_media_jobs(BUCKET, {**job, "QueueId": queue}, {}, ContentType="application/xml")
    job_id = made["JobsDetail"][0]["JobId"] if isinstance(made["JobsDetail"], list) else made["JobsDetail"]["JobId"]
    wait_for(lambda: state_of(job_id) == "Success")
    info = client.get_media_info(BUCKET, "手动/全部.mp4")["MediaInfo"]
    assert float(info["Format"]["Duration"] if isinstance(info, dict) else info[0]["Format"]["Duration"]) > 2


def state_of(job_id: str) -> str:
    """The job's state, as CI tells it."""
    found = client.ci_get_media_jobs(BUCKET, job_id)["JobsDetail"]
    return str((found[0] if isinstance(found, list) else found)["State"])


def story() -> None:
    """Two parts under the functions' prefix become one tagged recording, and the parts go."""
    for number, file in enumerate(sys.argv[1:], 1):
        client.upload_file(BUCKET, f"fragments/讲座 a+b.part{number}-of-2.mp4", file)
    wait_for(lambda: client.object_exists(BUCKET, "output/讲座 a+b.mp4"))
    wait_for(lambda: "Contents" not in client.list_objects(BUCKET, Prefix="fragments/"))
    tags = client.get_object_tagging(BUCKET, "output/讲座 a+b.mp4")["TagSet"]["Tag"]
    assert {each["Key"]: each["Value"] for each in tags}["concat-fragments"] == "2"


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


STEPS = (
    create,
    put,
    multipart,
    list_pages,
    head,
    byte_range,
    tag,
    copy,
    delete,
    versions,
    acl,
    presigned,
    refusal,
    concat_job,
    story,
)

if __name__ == "__main__":
    for step in STEPS:
        step()
        print("held:", step.__name__, flush=True)
