"""Calls on one object: PUT, copy, GET, HEAD, DELETE, media info, tags."""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from dataclasses import replace
from datetime import datetime, timezone
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.cos import xml
from local.cos.conditions import byte_range, not_modified, precondition_fails
from local.cos.operations import OVERRIDES, copy_source
from local.cos.store import no_such_key
from local.cos.tags import check_tags, read_tags, written_tags
from local.cos.versions import CRC64, CREATED_APPEND, CREATED_COPY, NewObject, Version
from local.network.http import Refusal, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.cos.call import Call

XML = {"Content-Type": "application/xml"}
MOST_KEY_BYTES = 850  # 436/14518
_COPY = "x-cos-copy-source-"
APPENDABLE = "x-cos-object-type"
NEXT_POSITION = "x-cos-next-append-position"
SENT_DIGEST = "x-cos-content-sha1"  # an MD5 of what was appended, as the official Go client compares it
ENCRYPTION = "x-cos-server-side-encryption"


def check_key(key: str) -> None:
    """Refuse a key that COS would not store.

    Raises:
        Refusal: 400 KeyTooLong.
    """
    if len(key.encode()) > MOST_KEY_BYTES:
        raise Refusal(400, "KeyTooLong", f"The key has {len(key.encode())} bytes, allowed are {MOST_KEY_BYTES}.")


def put_object(call: Call) -> Response:
    """Store the body under the key; with `x-cos-forbid-overwrite: true` only if there is nothing yet."""
    check_key(call.key)
    call.check_md5()
    if "content-length" not in call.request.headers and "transfer-encoding" not in call.request.headers:
        raise Refusal(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
    written = call.store.write(call.bucket, call.key, call.request.body, _encrypted(call.new_object()))
    return Response(200, _identity(call, written))


def append_object(call: Call) -> Response:
    """Lengthen an object that was begun this way; `position` must be its present length (436/7741).

    Raises:
        Refusal: 409 PositionUnequalToLength or ObjectNotAppendable.
    """
    check_key(call.key)
    call.check_md5()
    with call.store.appending:
        found = call.store.fetch(call.bucket, call.key)
        before = b"" if found is None else found[1]
        if found is not None and APPENDABLE not in found[0].headers:
            raise Refusal(409, "ObjectNotAppendable", f"The object {call.key} was not made by appending.")
        if call.parameter("position") != str(len(before)):
            wanted = f"position is {call.parameter('position')!r}, the object has {len(before)} bytes"
            raise Refusal(409, "PositionUnequalToLength", wanted, {NEXT_POSITION: str(len(before))})
        new = call.new_object(CREATED_APPEND)
        headers = new.headers if found is None else _kept(found[0])
        body = before + call.request.body
        etag = hashlib.md5(b"appended" + body).hexdigest()  # the service's is no MD5 of the body either
        new = replace(new, headers={**headers, APPENDABLE: "appendable"}, etag=etag)
        written = call.store.write(call.bucket, call.key, body, new)
    told = {NEXT_POSITION: str(written.size), SENT_DIGEST: hashlib.md5(call.request.body).hexdigest()}
    return Response(200, {**_identity(call, written), **told})


def _encrypted(new: NewObject) -> NewObject:
    """With server-side encryption the ETag is not the MD5 of what was sent (436/7749)."""
    return replace(new, etag=secrets.token_hex(16)) if ENCRYPTION in new.headers else new


def copy_object(call: Call) -> Response:
    """Copy within the account; metadata and tags come along unless their directive says `Replaced`."""
    check_key(call.key)
    source, body, tags = read_source(call)
    here = copy_source(call.request)[::2] == (call.bucket, call.key)
    keeps = _directive(call, "x-cos-metadata-directive")
    if here and keeps and call.storage_class() == source.storage_class:
        raise Refusal(400, "InvalidRequest", "A copy onto itself must replace the metadata or the storage class.")
    new = call.new_object(CREATED_COPY)
    new = replace(
        new,
        headers=_kept(source) if keeps else new.headers,
        tags=tags if _directive(call, "x-cos-tagging-directive") else new.tags,
    )
    if call.account.switches.take("copy_errors_in_body"):
        refusal = Refusal(200, "InternalError", "We encountered an internal error. Please try again.")
        return refusal.response(call.request_id, f"{call.request.host}{call.request.path}")
    written = call.store.write(call.bucket, call.key, body, new)
    answer = {"ETag": f'"{written.etag}"', "LastModified": iso(written.last_modified), **crc_node(written)}
    return Response(200, {**XML, **call.version_headers(written)}, xml.write("CopyObjectResult", answer))


def read_source(call: Call) -> tuple[Version, bytes, dict[str, str]]:
    """The object a copy reads, its bytes and its tags.

    Raises:
        Refusal: 404 when it is not there, 412 when a condition on it fails, 403 while it is archived.
    """
    bucket, region, key, version_id = copy_source(call.request)
    call.store.bucket(bucket, region)
    found = call.store.fetch(bucket, key, version_id)
    if found is None:
        raise no_such_key(key, version_id)
    version, body = found
    headers = call.request.headers
    if precondition_fails(headers, version, _COPY) or not_modified(headers, version, _COPY):
        raise _precondition_failed()
    _refuse_archived(call, bucket, version)
    return version, body, call.store.tags(bucket, key, version_id)


def get_object(call: Call) -> Response:
    """The bytes, or the part of them that Range names."""
    version, body = _fetch(call)
    _refuse_archived(call, call.bucket, version)
    headers = call.request.headers
    if precondition_fails(headers, version):
        raise _precondition_failed()
    if not_modified(headers, version):
        return Response(304, _identity(call, version))
    described = {**_description(call, version), **_overrides(call)}
    span = byte_range(call.header("range"), version.size)
    if span is None:
        return Response(200, described, body)
    first, last = span
    return Response(206, {**described, "Content-Range": f"bytes {first}-{last}/{version.size}"}, body[first : last + 1])


def head_object(call: Call) -> Response:
    """What GET would say, without the bytes."""
    version = call.store.version(call.bucket, call.key, call.parameter("versionid"))
    if version is None or version.is_marker:
        raise _missing(call, version)
    if precondition_fails(call.request.headers, version):
        raise _precondition_failed()
    if not_modified(call.request.headers, version):
        return Response(304, _identity(call, version))
    return Response(200, {**_description(call, version), "Content-Length": str(version.size)})


def delete_object(call: Call) -> Response:
    """Delete the object or one version of it; 204 also when there was nothing."""
    version_id = call.parameter("versionid")
    removed = call.store.remove(call.bucket, call.key, version_id, call.request_id)
    headers = {} if removed is None else dict(call.version_headers(removed))
    if removed is not None and removed.is_marker:
        headers["x-cos-delete-marker"] = "true"
    return Response(204, headers)


def media_info(call: Call) -> Response:
    """`?ci-process=videoinfo`: what CI's probe says about the object; other processes are not served.

    Raises:
        Refusal: 501 for another process, 404 NoSuchKey, 403 while archived, 400 when the object is no media (the
            code for that is assumed from CI's list).
    """
    from local.media.mediainfo import media_info as probe
    from local.media.mediainfo import synthetic_info
    from local.media.probe import NotMedia

    process = call.parameter("ci-process")
    if process != "videoinfo":
        raise Refusal(501, "NotImplemented", f"ci-process={process}: only videoinfo is served here")
    version, body = _fetch(call)
    _refuse_archived(call, call.bucket, version)
    if call.store.switches.join == "bytes":  # load tests: objects only stand for media
        return Response(200, dict(XML), xml.write("Response", {"MediaInfo": synthetic_info(version.size)}))
    with tempfile.NamedTemporaryFile(suffix=Path(call.key).suffix[:16]) as copy:
        copy.write(body)
        copy.flush()
        try:
            described: Mapping[str, Any] = probe(Path(copy.name))
        except NotMedia as error:
            raise Refusal(400, "ResourceNotSupported", f"{call.key} is not a media file: {error}") from None
    return Response(200, dict(XML), xml.write("Response", {"MediaInfo": described}))


def put_tagging(call: Call) -> Response:
    """Replace the whole set of tags."""
    call.check_md5()
    tags = check_tags(read_tags(call.request.body))
    version = call.store.tag(call.bucket, call.key, tags, call.parameter("versionid"))
    return Response(200, dict(call.version_headers(version)))


def get_tagging(call: Call) -> Response:
    """The tags; an object without any has an empty set, or with `Switches.no_empty_tag_set` 404 NoSuchTagSet."""
    version = call.store.version(call.bucket, call.key, call.parameter("versionid"))
    if version is None or version.is_marker:
        raise no_such_key(call.key, call.parameter("versionid"))
    tags = call.store.tags(call.bucket, call.key, call.parameter("versionid"))
    if not tags and call.account.switches.no_empty_tag_set:
        raise Refusal(404, "NoSuchTagSet", "There is no tag set associated with the object.")
    return Response(200, {**XML, **call.version_headers(version)}, written_tags(tags))


def delete_tagging(call: Call) -> Response:
    """Remove every tag."""
    version = call.store.tag(call.bucket, call.key, {}, call.parameter("versionid"))
    return Response(204, dict(call.version_headers(version)))


def iso_to_seconds(moment: float) -> str:
    """A time as the list of buckets writes it, without the fraction."""
    return iso(moment).replace(".000Z", "Z")


def iso(moment: float) -> str:
    """A time as COS writes it in bodies."""
    return _iso_seconds(int(moment))


@lru_cache(maxsize=1024)
def _iso_seconds(second: int) -> str:
    return datetime.fromtimestamp(second, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def crc_node(version: Version) -> dict[str, str]:
    """The checksum as the bodies of copy and complete carry it."""
    return {"CRC64": version.headers[CRC64]}


def multipart_etag(parts: list[bytes]) -> str:
    """MD5 over the parts' MD5s (raw), and how many they are: `...-3`."""
    return f"{hashlib.md5(b''.join(parts)).hexdigest()}-{len(parts)}"


def _fetch(call: Call) -> tuple[Version, bytes]:
    found = call.store.fetch(call.bucket, call.key, call.parameter("versionid"))
    if found is None:
        raise _missing(call, call.store.version(call.bucket, call.key, call.parameter("versionid")))
    return found


def _missing(call: Call, version: Version | None) -> Refusal:
    """404, also for a delete marker, by its version or as the newest (436/7745, 436/36716)."""
    refusal = no_such_key(call.key, call.parameter("versionid"))
    if version is not None:
        refusal.headers |= {"x-cos-delete-marker": "true", **call.version_headers(version)}
    return refusal


def _identity(call: Call, version: Version) -> dict[str, str]:
    return {
        "ETag": f'"{version.etag}"',
        CRC64: version.headers[CRC64],
        **({ENCRYPTION: version.headers[ENCRYPTION]} if ENCRYPTION in version.headers else {}),
        **call.version_headers(version),
    }


def _description(call: Call, version: Version) -> dict[str, str]:
    described = {
        **_identity(call, version),
        "Last-Modified": formatdate(int(version.last_modified), usegmt=True),
        "Accept-Ranges": "bytes",
    }
    described |= {_titled(name): value for name, value in version.headers.items() if name not in described}
    if tags := call.store.tags(call.bucket, call.key, call.parameter("versionid")):
        described["x-cos-tagging-count"] = str(len(tags))
    if (call.bucket, call.key) in call.account.switches.archived:
        described["x-cos-storage-class"] = "ARCHIVE"
    return described


def _overrides(call: Call) -> dict[str, str]:
    """`response-content-type=...` and its kin replace what the object carries."""
    asked = {name.lower(): value for name, value in call.request.query if name.lower() in OVERRIDES and value}
    for name, value in asked.items():
        if not value.isprintable():
            raise Refusal(400, "InvalidArgument", f"{name} holds control characters: {value[:100]!r}")
    return {_titled(name.removeprefix("response-")): value for name, value in asked.items()}


def _titled(name: str) -> str:
    return name if name.startswith("x-cos-") else name.title()


def _kept(version: Version) -> dict[str, str]:
    """What a copy takes over: everything but what belongs to the very bytes and place of the source."""
    return {
        name: value for name, value in version.headers.items() if name not in (CRC64, "x-cos-storage-class", APPENDABLE)
    }


def _directive(call: Call, name: str) -> bool:
    """True for `Copy` (the default), False for `Replaced`."""
    text = call.header(name) or "Copy"
    if text not in ("Copy", "Replaced"):
        raise Refusal(400, "InvalidArgument", f"{name} is {text!r}, expected Copy or Replaced")
    return text == "Copy"


def _refuse_archived(call: Call, bucket: str, version: Version) -> None:
    archived = (bucket, version.key) in call.account.switches.archived
    if archived or version.storage_class in ("ARCHIVE", "DEEP_ARCHIVE"):
        raise Refusal(403, "InvalidObjectState", "The operation is not valid for the object's storage class.")


def _precondition_failed() -> Refusal:
    return Refusal(412, "PreconditionFailed", "At least one of the preconditions you specified did not hold.")
