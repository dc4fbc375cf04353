"""Multipart upload: begin, part, part from a copy, list, complete, abort."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from local.cos import xml
from local.cos.bodies import SLICE, collected, give
from local.cos.conditions import byte_range
from local.cos.handlers.objects import XML, check_key, crc_node, iso, multipart_etag, read_source
from local.cos.listing import grouped_page
from local.cos.versions import CRC64, CREATED_MULTIPART, NewObject
from local.network.http import Refusal, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.cos.call import Call

MOST_PARTS = 10_000
LEAST_PART_BYTES = 1 << 20  # every part but the last (436/7750)


def begin(call: Call) -> Response:
    """Start an upload; what the headers say about the object is kept until it is complete."""
    check_key(call.key)
    new = call.new_object(CREATED_MULTIPART)
    kept: Any = {"new": new, "begun": call.store.now()}  # moto hands metadata through as it is
    with call.store.lock:
        upload = call.store.moto.create_multipart_upload(call.bucket, call.key, kept, "", {}, None, "", "")
    return Response(
        200,
        dict(XML),
        xml.write("InitiateMultipartUploadResult", {"Bucket": call.bucket, "Key": call.key, "UploadId": upload.id}),
    )


def put_part(call: Call) -> Response:
    """Store one part; a second one of the same number replaces it."""
    call.check_md5()
    etag, crc = _keep(call, call.request.body)
    return Response(200, {"ETag": f'"{etag}"', CRC64: crc})


def copy_part(call: Call) -> Response:
    """Store one part from (a range of) an existing object."""
    source, body, _ = read_source(call)
    span = byte_range(call.header("x-cos-copy-source-range"), source.size)
    etag, _ = _keep(call, body if span is None else body[span[0] : span[1] + 1])
    answer = {"ETag": f'"{etag}"', "LastModified": iso(call.store.now())}
    return Response(200, dict(XML), xml.write("CopyPartResult", answer))


def list_parts(call: Call) -> Response:
    """The parts so far, by number."""
    marker = call.number("part-number-marker", 0, 0, MOST_PARTS)
    limit = call.number("max-parts", 1000, 1, 1000)
    with call.store.lock:
        upload = _upload(call)
        parts = [(number, part.etag, part.size, part.last_modified) for number, part in sorted(upload.parts.items())]
    found = [part for part in parts if part[0] > marker]
    page, rest = found[:limit], found[limit:]
    listed: list[xml.Node] = [
        {"PartNumber": number, "LastModified": iso(modified.timestamp()), "ETag": etag, "Size": size}
        for number, etag, size, modified in page
    ]
    encode = call.encoder()
    body: dict[str, xml.Node] = {
        "Bucket": call.bucket,
        "Key": encode(call.key),
        "UploadId": upload.id,
        "PartNumberMarker": marker,
        "MaxParts": limit,
        "IsTruncated": "true" if rest else "false",
        "StorageClass": upload.metadata["new"].storage_class,
    }
    if call.parameter("encoding-type"):
        body["EncodingType"] = "url"
    if rest:
        body["NextPartNumberMarker"] = page[-1][0]
    return Response(200, dict(XML), xml.write("ListPartsResult", {**body, "Part": listed}))


def complete(call: Call) -> Response:
    """Join the named parts, in ascending order of number, into the object.

    Raises:
        Refusal: 400 InvalidPart, InvalidPartOrder, EntityTooSmall, MalformedXML; 404 NoSuchUpload; 409.
    """
    call.check_md5()
    top = xml.read(call.request.body, "CompleteMultipartUpload")
    named = [(part.findtext("PartNumber") or "", part.findtext("ETag") or "") for part in top.iterfind("Part")]
    with call.store.lock:
        upload = _upload(call)
        parts = _named_parts(upload, named)
        etag = multipart_etag([bytes.fromhex(part.etag.strip('"')) for part in parts])
        begun: NewObject = upload.metadata["new"]
        new = replace(
            begun,
            etag=etag,
            create_only=begun.create_only or call.flag_header("x-cos-forbid-overwrite"),
            request_id=call.request_id,
        )
    written = call.store.write(call.bucket, call.key, _slices(parts), new)
    with call.store.lock:
        call.store.moto.get_bucket(call.bucket).multiparts.pop(upload.id, None)
    upload.dispose()
    answer = {
        "Location": f"{call.request.host}/{quote(call.key, safe='/')}",
        "Bucket": call.bucket,
        "Key": call.key,
        "ETag": f'"{etag}"',
        **crc_node(written),
    }
    headers = {
        **XML,
        **call.version_headers(written),
        CRC64: written.headers[CRC64],
    }
    return Response(200, headers, xml.write("CompleteMultipartUploadResult", answer))


def abort(call: Call) -> Response:
    """Throw the parts away."""
    with call.store.lock:
        upload = _upload(call)
        del call.store.moto.get_bucket(call.bucket).multiparts[upload.id]
    upload.dispose()
    return Response(204)


def list_uploads(call: Call) -> Response:
    """Unfinished uploads under the prefix by key and id, and the common prefixes."""
    encode = call.encoder()
    prefix, delimiter, marker = (call.parameter(name) for name in ("prefix", "delimiter", "key-marker"))
    limit = call.number("max-uploads", 1000, 1, 1000)
    with call.store.lock:
        uploads = sorted(
            (upload.key_name, upload.id, upload.metadata["begun"], upload.metadata["new"].storage_class)
            for upload in call.store.moto.get_bucket(call.bucket).multiparts.values()
            if upload.key_name.startswith(prefix)
        )
    after = (marker, call.parameter("upload-id-marker") or "\U0010ffff")
    rest = [(upload[0], upload) for upload in uploads if not marker or upload[:2] > after]
    page = grouped_page(rest, prefix, delimiter, marker, limit)
    person = {"ID": call.account.appid, "DisplayName": call.account.appid}
    listed: list[xml.Node] = [
        {
            "Key": encode(key),
            "UploadId": upload_id,
            "Initiator": person,
            "Owner": person,
            "StorageClass": storage_class,
            "Initiated": iso(begun),
        }
        for key, upload_id, begun, storage_class in page.items
    ]
    head: dict[str, xml.Node] = {
        "Bucket": call.bucket,
        "Prefix": encode(prefix),
        "KeyMarker": encode(marker),
        "UploadIdMarker": call.parameter("upload-id-marker"),
        "MaxUploads": limit,
        "IsTruncated": "true" if page.truncated else "false",
    }
    if call.parameter("encoding-type"):
        head["EncodingType"] = "url"
    if delimiter:
        head["Delimiter"] = encode(delimiter)
    if page.truncated:
        last = page.items[-1][1] if page.items and page.items[-1][0] == page.last else ""
        head |= {"NextKeyMarker": encode(page.last), "NextUploadIdMarker": last}
    groups: list[xml.Node] = [{"Prefix": encode(text)} for text in page.prefixes]
    body = {**head, "Upload": listed, "CommonPrefixes": groups}
    return Response(200, dict(XML), xml.write("ListMultipartUploadsResult", body))


def _upload(call: Call) -> Any:
    """The upload as moto holds it, if it is one of this key."""
    upload_id = call.parameter("uploadid")
    upload = call.store.moto.get_bucket(call.bucket).multiparts.get(upload_id)
    if upload is None or upload.key_name != call.key:
        raise Refusal(404, "NoSuchUpload", f"The upload {upload_id} of {call.key} does not exist.")
    return upload


def _keep(call: Call, body: bytes) -> tuple[str, str]:
    """Store a part; its ETag and checksum."""
    number = call.number("partnumber", 0, 1, MOST_PARTS + 1)
    if not 1 <= number <= MOST_PARTS:
        raise Refusal(400, "InvalidArgument", f"partNumber must be from 1 to {MOST_PARTS}")
    etag, stored = hashlib.md5(body).hexdigest(), collected([body])
    with call.store.lock:
        part = _upload(call).set_part(number, b"")
        part._etag = etag
        give(part, stored)
    return etag, stored.crc64


def _named_parts(upload: Any, named: list[tuple[str, str]]) -> list[Any]:
    """The parts to join, in order, as moto holds them."""
    if not named or not all(number.isdigit() for number, _ in named):
        raise Refusal(400, "MalformedXML", "complete needs parts with PartNumber and ETag")
    numbers = [int(number) for number, _ in named]
    if numbers != sorted(set(numbers)):
        raise Refusal(400, "InvalidPartOrder", "The parts must be listed once each and in ascending order.")
    parts = []
    for number, (_, etag) in zip(numbers, named, strict=True):
        part = upload.parts.get(number)
        if part is None or part.etag.strip('"') != etag.strip('" '):
            raise Refusal(400, "InvalidPart", f"Part {number} was not uploaded or has another ETag.")
        parts.append(part)
    if any(part.size < LEAST_PART_BYTES for part in parts[:-1]):
        raise Refusal(400, "EntityTooSmall", f"Every part but the last needs at least {LEAST_PART_BYTES} bytes.")
    return parts


def _slices(parts: list[Any]) -> Iterator[bytes]:
    """The parts' bytes, a slice at a time, outside of the store's lock.

    Raises:
        Refusal: 400 InvalidPart when a part is replaced or the upload ends meanwhile.
    """
    for part in parts:
        for at in range(0, part.size, SLICE):
            try:
                with part.lock:
                    part._value_buffer.seek(at)
                    piece: bytes = part._value_buffer.read(SLICE)
            except ValueError:
                raise Refusal(400, "InvalidPart", "A part was replaced while the upload was completed.") from None
            yield piece
