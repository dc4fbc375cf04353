"""What a competent person writes in an afternoon: list on each event, submit when all are there, delete on callback.

It reads names, pages listings, does not submit what is joined already, and deletes only after Success. It keeps no
records: what it does not know is in the README's promises. The SDK is imported and the client made at the top, as
every example has it.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any
from urllib.parse import unquote

from qcloud_cos import CosConfig, CosS3Client

BUCKET, REGION = os.environ["CONCAT_BUCKET"], os.environ["CONCAT_REGION"]
CALLBACK = os.environ.get("CONCAT_CALLBACK_URL", "")
NAME = re.compile(r"fragments/(?P<group>.+)\.part(?P<index>[0-9]+)-of-(?P<total>[0-9]+)\.(?P<ext>[a-z0-9]+)")

client = CosS3Client(
    CosConfig(
        Region=REGION,
        SecretId=os.environ["TENCENTCLOUD_SECRETID"],
        SecretKey=os.environ["TENCENTCLOUD_SECRETKEY"],
        Token=os.environ.get("TENCENTCLOUD_SESSIONTOKEN"),
        Scheme=os.environ.get("CONCAT_SCHEME", "https"),
    )
)


def upload_handler(event: dict[str, Any], context: object) -> str:  # noqa: ARG001  the platform's signature
    """A fragment arrived."""
    said = "ignored"
    for record in event["Records"]:
        key = record["cos"]["cosObject"]["key"].split("/", 3)[3]
        name = NAME.fullmatch(key)
        if name:
            said = look_at(name["group"], int(name["total"]))
    return said


def look_at(group: str, total: int) -> str:
    """Submit the group if it is whole and not joined yet."""
    parts = fragments(group)
    if len(parts) < total:
        return "waiting"
    if client.object_exists(Bucket=BUCKET, Key=f"output/{group}.mp4"):
        return "joined"
    submit(group=group, keys=[parts[index] for index in sorted(parts)])
    return "submitted"


def fragments(group: str) -> dict[int, str]:
    """Keys by index, over all pages of the listing."""
    found: dict[int, str] = {}
    marker, more = "", "true"
    while more == "true":
        page = client.list_objects(Bucket=BUCKET, Prefix=f"fragments/{group}.part", Marker=marker, MaxKeys=1000)
        for item in page.get("Contents", []):
            name = NAME.fullmatch(item["Key"])
            if name and name["group"] == group:
                found[int(name["index"])] = item["Key"]
        marker, more = page.get("NextMarker", ""), page["IsTruncated"]
    return found


def submit(*, group: str, keys: list[str]) -> str:
    """One Concat job; returns its id."""
    pieces = [
        {"Url": f"http://{BUCKET}.cos.{REGION}.myqcloud.com/{key}", "FragmentIndex": index}
        for index, key in enumerate(keys)
    ]
    job: dict[str, Any] = {
        "Tag": "Concat",
        "Operation": {
            "ConcatTemplate": {"ConcatFragment": pieces, "Container": {"Format": "mp4"}},
            "Output": {"Region": REGION, "Bucket": BUCKET, "Object": f"output/{group}.mp4"},
        },
    }
    if CALLBACK:
        job |= {"CallBack": CALLBACK, "CallBackFormat": "JSON"}
    answer = client.ci_create_media_jobs(Bucket=BUCKET, Jobs=job, Lst={}, ContentType="application/xml")
    return str(answer["JobsDetail"][0]["JobId"])


def callback_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """The job ended: remove what it joined."""
    jobs = json.loads(event["body"])["JobsDetail"]
    for job in several(jobs):
        pieces = several(job["Operation"]["ConcatTemplate"]["ConcatFragment"])
        if job["State"] == "Success":
            remove([unquote(piece["Url"].split("/", 3)[3]) for piece in pieces])
    return {"statusCode": 200, "headers": {}, "body": "ok"}


def several(node: Any) -> list[Any]:
    """One item comes without a list around it."""
    return node if isinstance(node, list) else [node]


def remove(keys: list[str]) -> None:
    """Multi-delete, a thousand at a time."""
    for start in range(0, len(keys), 1000):
        batch = [{"Key": key} for key in keys[start : start + 1000]]
        client.delete_objects(Bucket=BUCKET, Delete={"Object": batch, "Quiet": "true"})
