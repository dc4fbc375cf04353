"""What wakes the function `upload`: events of COS. Messages about finished jobs (function URL and CMQ) are read by
`callback`, the timer and what a person says by hand by `timer`.

Every shape is documented in `events/README.md` and has a sample beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus, urlsplit

from cosconcat.errors import InvalidInput, Refused
from cosconcat.naming.keys import KEY_BYTES

_CREATED = "cos:ObjectCreated:"
_HOST = r"(?P<bucket>[a-z0-9][a-z0-9-]*-[0-9]+)\.cos\.(?P<region>[a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)"


class Upload(NamedTuple):
    """An object that COS says was created; a hint, since events come late, twice and in any order.

    `bucket` is `<name>-<appid>`, `region` the long form (`ap-guangzhou`) or empty when the event does not say.
    `time` is when it happened (epoch seconds), 0 when the event does not say.
    """

    bucket: str
    region: str
    key: str
    event_name: str
    time: int = 0


class Ignored(NamedTuple):
    """A record that is nothing to us; `reason` says which and why."""

    reason: str


def read_uploads(event: object) -> tuple[Upload | Ignored, ...]:
    """The uploads that a COS trigger event tells of, one result for each of its records, in their order.

    Raises:
        Refused: the event is no COS event at all.
    """
    if isinstance(event, Mapping) and "specversion" in event:
        return (_read_cloud_event(event),)
    records = _records(event)
    if not any(_child(record, "cos") or '"cosObject"' in _message(record) for record in records):
        raise Refused(["event: no COS event; expected Records, a list whose items hold cos and event"])
    return tuple(found for place, record in enumerate(records) for found in _unwrapped(record, f"Records[{place}]"))


def _records(event: object) -> list[object]:
    """`Records` of an event, in whatever case a relay writes the name; none where there is no such list."""
    named = (
        (value for name, value in event.items() if str(name).lower() == "records") if isinstance(event, Mapping) else ()
    )
    return next((records for records in named if isinstance(records, list)), [])


def _message(record: object) -> str:
    return _text(_child(record, "CMQ").get("msgBody"))


def _unwrapped(record: object, place: str) -> Iterator[Upload | Ignored]:
    """A record, or those that a CMQ topic carried as the text of its message."""
    message = _message(record)
    if not message:
        yield _read_record(record, place)
        return
    from cosconcat.events.bodies import read_body

    try:
        body = read_body(message, f"{place}.CMQ.msgBody")
    except InvalidInput as mistake:
        yield Ignored(str(mistake))
        return
    for number, inner in enumerate(_records(body) or [body]):
        yield _read_record(inner, f"{place}.CMQ.msgBody.Records[{number}]")


def _read_cloud_event(event: Mapping[object, object]) -> Upload | Ignored:
    """An event that EventBridge delivers as a CloudEvent (document 248/65658). What `data` holds is not documented;
    the names of the COS trigger's own event are read, anything else is refused.

    Raises:
        Refused: its data holds no object of COS.
    """
    data = event.get("data")
    record = data if _child(data, "cos") else {"cos": data}
    if not _child(_child(record, "cos"), "cosObject"):
        raise Refused(
            ["event.data: an EventBridge event without cosObject; bind a COS trigger to this function instead"]
        )
    kind = _text(event.get("type"))
    if not kind.lower().startswith("cos:created"):
        return Ignored(f"event.type: {kind[:100]} is no creation of an object")
    return _read_record(record, "event.data")


def _read_record(record: object, place: str) -> Upload | Ignored:
    cos = _child(record, "cos")
    if not cos:
        return Ignored(f"{place}: no COS record")
    event_name = _text(_child(record, "event").get("eventName")).replace(" ", "")  # some documents print a blank
    if event_name and not event_name.startswith(_CREATED):
        return Ignored(f"{place}: {event_name[:100]} is no creation of an object")

    url = _text(_child(cos, "cosObject").get("url"))
    host, url_key = _split_url(url)
    bucket, region = _bucket(_child(cos, "cosBucket"), host)
    if not bucket:
        return Ignored(f"{place}.cos.cosBucket: name or appid is missing")
    key = _key(_text(_child(cos, "cosObject").get("key")), bucket, url_key)
    if not key:
        return Ignored(f"{place}.cos.cosObject.key: not of the form /<appid>/<bucket>/<key>, and no url says more")
    if not storable(key):
        return Ignored(f"{place}.cos.cosObject.key: not UTF-8 or longer than {KEY_BYTES} bytes")
    return Upload(bucket, region, key, event_name, _time(_child(record, "event").get("eventTime")))


def _bucket(said: Mapping[str, object], host: str) -> tuple[str, str]:
    """Full name and region. The event's `name` lacks the appid and its `region` is a short code (`gz`); the long
    region stands in `cosRegion`, which is observed but not documented, and in the url's host.
    """
    name, appid = _text(said.get("name")), _text(said.get("appid"))
    region = _text(said.get("cosRegion")) or _text(said.get("s3Region"))
    found = None if name and appid and region else re.fullmatch(_HOST, host)
    if name and appid:
        bucket = name if name.endswith(f"-{appid}") else f"{name}-{appid}"
    else:
        bucket = found["bucket"] if found else ""
    if not region:
        region = found["region"] if found else ""
    return bucket, region


def _key(said: str, bucket: str, url_key: str) -> str:
    """The object's key, from two places that may disagree.

    `cosObject.key` is `/<appid>/<name>/<key>`; the one captured event shows it raw, no document says so. The url is
    percent-encoded. So the url is right where the two agree once the key is decoded too (then the key was encoded
    as well); anything else speaks for the raw key, such as a url that writes a blank as `+` or ends at a raw `?`.
    A wrong choice cannot do harm, only delay: what is joined is read from the bucket, never from the event.
    """
    name, _, appid = bucket.rpartition("-")
    for prefix in (f"/{appid}/{name}/", f"/{appid}/{bucket}/"):
        if said.startswith(prefix):
            key = said.removeprefix(prefix)
            break
    else:
        return url_key
    if key != url_key and url_key in (unquote(key), unquote_plus(key), _read_as_latin(key)):
        return url_key
    return key


def _read_as_latin(key: str) -> str:
    """What a key was before somebody read its UTF-8 as Latin-1 (`è®²` for `讲`); empty where that cannot be."""
    try:
        return key.encode("latin-1").decode()
    except UnicodeError:
        return ""


def _split_url(url: str) -> tuple[str, str]:
    """Host and decoded key of an object's url; `+` stands for itself in a path, so plain unquote."""
    try:
        parts = urlsplit(url)
        if not parts.hostname:  # an old sample holds a sentence here
            return "", ""
        return parts.hostname, unquote(parts.path.removeprefix("/"), errors="strict")
    except ValueError:  # brackets in the host, or bytes that are no UTF-8
        return "", ""


def _child(node: object, name: str) -> Mapping[str, object]:
    child = node.get(name) if isinstance(node, Mapping) else None
    return child if isinstance(child, Mapping) else {}


def _time(value: object) -> int:
    """Epoch seconds, as a number or as text; 0 for anything else."""
    text = _text(value)
    return int(text) if re.fullmatch(r"[0-9]{1,11}", text) else 0


def _text(value: object) -> str:
    """Text, or a whole number as text (`appid` comes as either)."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def storable(key: str) -> bool:
    """Whether COS could hold such a key: UTF-8 (no lone surrogates from JSON) and not too long."""
    try:
        return len(key.encode()) <= KEY_BYTES
    except UnicodeEncodeError:
        return False
