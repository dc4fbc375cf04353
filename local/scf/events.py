"""The events that triggers send, as dicts: in the documented shape and in the shape seen in real logs."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Shape = Literal["documented", "observed"]
Json = dict[str, object]

SHORT_REGION = {
    "ap-guangzhou": "gz",
    "ap-shanghai": "sh",
    "ap-beijing": "bj",
    "ap-chengdu": "cd",
    "ap-hongkong": "hk",
}


def cos_record(
    *,
    bucket: str,
    region: str,
    key: str,
    size: int,
    etag: str,
    event_name: str,
    time: int,
    function: str,
    shape: Shape,
    version_id: str = "",
    headers: Mapping[str, str] | None = None,
) -> Json:
    """One record of a COS trigger, `time` in epoch seconds.

    The documented sample names the event by its wildcard and knows short region codes only; real records carry the
    concrete name, the ETag and the full region beside it. The bucket comes without its appid, the key behind
    `/<appid>/<bucket>/` and as it is, while the URL is percent-encoded (product/583/9707 and captured logs).
    """
    name, _, appid = bucket.rpartition("-")
    short = SHORT_REGION.get(region, region)
    url = f"http://{bucket}.cos.{region}.myqcloud.com/{quote(key)}"
    given = dict(headers or {})
    meta: Json = {"x-cos-request-id": uuid.uuid4().hex, "Content-Type": given.pop("content-type", ""), **given}
    place: Json = {"region": short, "name": name, "appid": appid}
    queue, family = f"qcs:0:scf:{short}:appid/{appid}:default.{function}.$LATEST", event_name
    if shape == "observed":
        meta |= {"ETag": f'"{etag}"', "x-cos-storage-class": "Standard"}
        place |= {"cosRegion": region, "s3Region": region}
        queue = f"qcs:0:scf:{region}:appid/{appid}:default.{function}.$DEFAULT"
    else:
        family = event_name.rsplit(":", 1)[0] + ":*"
    return {
        "cos": {
            "cosSchemaVersion": "1.0",
            "cosObject": {"url": url, "meta": meta, "vid": version_id, "key": f"/{appid}/{name}/{key}", "size": size},
            "cosBucket": place,
            "cosNotificationId": "unkown",  # so in every sample
        },
        "event": {
            "eventName": family,
            "eventVersion": "1.0",
            "eventTime": time,
            "eventSource": "qcs::cos",
            "requestParameters": {
                "requestSourceIP": "127.0.0.1",
                "requestHeaders": {"Authorization": "q-sign-algorithm=sha1&q-ak=..."},
            },
            "eventQueue": queue,
            "reservedInfo": "",
            "reqid": 0 if shape == "observed" else 179398952,
        },
    }


def timer_event(name: str, message: str = "") -> Json:
    """A timer's event; its time is UTC (product/583/9708)."""
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"Type": "Timer", "TriggerName": name, "Time": now, "Message": message}


def http_event(
    method: str,
    path: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    body: str,
    shape: Shape,
) -> Json:
    """A function URL's event; the documented one has no requestContext, a real one was seen with it."""
    event: Json = {
        "body": body,
        "headers": {**{name.lower(): value for name, value in headers.items()}, "x-scf-remote-addr": "127.0.0.1"},
        "httpMethod": method,
        "path": path,
        "queryString": dict(query),
    }
    if shape == "observed":
        event["requestContext"] = {"sourceIp": "127.0.0.1", "requestId": str(uuid.uuid4())}
    return event


def cmq_record(*, owner: str, topic: str, body: str, tags: Sequence[str], shape: Shape) -> Json:
    """One record of a CMQ topic trigger. Documents disagree on two types, so there are two shapes: the owner as a
    number with the tags in one string, and the owner as a string with a list of tags.
    """
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    documented = shape == "documented"
    return {
        "CMQ": {
            "type": "topic",
            "topicOwner": int(owner) if documented else owner,
            "topicName": topic,
            "subscriptionName": f"{topic}-scf",
            "publishTime": now,
            "msgId": str(uuid.uuid4().int % 10**16),
            "requestId": str(uuid.uuid4().int % 10**16),
            "msgBody": body,
            "msgTag": ",".join(tags) if documented else list(tags),
        }
    }
