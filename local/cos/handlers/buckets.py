"""Calls on a bucket: LIST, multi-delete, versioning, lifecycle, and the bucket itself."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from local.cos import xml
from local.cos.acl import header_acl
from local.cos.handlers.objects import XML, check_key, iso
from local.cos.listing import grouped_page
from local.cos.rights import delete_demand
from local.cos.tags import check_tags, read_tags, written_tags
from local.network.http import Refusal, Response

if TYPE_CHECKING:
    from local.cos.call import Call
    from local.cos.listing import Listed
    from local.cos.versions import Version

MOST_LISTED = 1000
MOST_DELETED = 1000
MOST_BUCKET_TAGS = 50  # 436/34836


def head_bucket(call: Call) -> Response:
    """200 when the bucket is there."""
    return Response(200, {"x-cos-bucket-region": call.region})


def put_bucket(call: Call) -> Response:
    """Create the bucket; its name must end in the account's appid."""
    if call.bucket in call.store.buckets():
        raise Refusal(409, "BucketAlreadyOwnedByYou", f"The bucket {call.bucket} exists.")
    if not call.bucket.endswith(f"-{call.account.appid}"):
        raise Refusal(400, "InvalidBucketName", f"The name {call.bucket} does not end in -{call.account.appid}.")
    acl = header_acl(call.request.headers, of_object=False)
    call.store.create_bucket(call.bucket, call.region)
    call.store.set_acl(call.bucket, "", acl)
    return Response(200)


def delete_bucket(call: Call) -> Response:
    """Delete the bucket once it is empty."""
    call.store.remove_bucket(call.bucket)
    return Response(204)


def get_location(call: Call) -> Response:
    """Which region the bucket is in."""
    return Response(200, dict(XML), f"<LocationConstraint>{call.region}</LocationConstraint>".encode())


def list_objects(call: Call) -> Response:
    """One page of keys in UTF-8 order; `NextMarker`, a key or a common prefix, only when there is more."""
    encode = call.encoder()
    prefix, delimiter, marker = (call.parameter(name) for name in ("prefix", "delimiter", "marker"))
    limit = call.number("max-keys", MOST_LISTED, 0, MOST_LISTED)
    with call.store.lock:
        listing = call.store.bucket(call.bucket).listing
        page = listing.page(prefix, delimiter, marker, limit, call.account.switches.listing_lag)
    head: dict[str, xml.Node] = {"Name": call.bucket}
    if call.parameter("encoding-type"):
        head["EncodingType"] = "url"
    head |= {"Prefix": encode(prefix), "Marker": encode(marker), "MaxKeys": limit}
    if delimiter:
        head["Delimiter"] = encode(delimiter)
    head["IsTruncated"] = "true" if page.next_marker else "false"
    if page.next_marker:
        head["NextMarker"] = encode(page.next_marker)
    owner = xml.element("Owner", {"ID": call.account.appid, "DisplayName": call.account.appid})
    contents = "".join(_contents_node(entry, encode(entry.key), owner) for entry in page.objects)
    prefixes = xml.element("CommonPrefixes", [{"Prefix": encode(text)} for text in page.prefixes])
    return Response(200, dict(XML), xml.write("ListBucketResult", head, contents + prefixes))


def _contents_node(entry: Listed, key: str, owner: str) -> str:
    """One object of a page; written by hand, because a page has a thousand of them."""
    return (
        f"<Contents><Key>{escape(key)}</Key><LastModified>{iso(entry.last_modified)}</LastModified>"
        f'<ETag>"{entry.etag}"</ETag><Size>{entry.size}</Size>{owner}'
        f"<StorageClass>{entry.storage_class}</StorageClass></Contents>"
    )


def list_versions(call: Call) -> Response:
    """Every version and delete marker under the prefix, newest first within a key, and the common prefixes."""
    encode = call.encoder()
    prefix, delimiter, marker = (call.parameter(name) for name in ("prefix", "delimiter", "key-marker"))
    limit = call.number("max-keys", MOST_LISTED, 1, MOST_LISTED)
    found = call.store.versions(call.bucket, prefix)
    start = _behind(found, marker, call.parameter("version-id-marker"))
    page = grouped_page(
        [(version.key, (version, current)) for version, current in found[start:]], prefix, delimiter, marker, limit
    )
    body: dict[str, xml.Node] = {
        "Name": call.bucket,
        "Prefix": encode(prefix),
        "KeyMarker": encode(marker),
        "VersionIdMarker": call.parameter("version-id-marker"),
        "MaxKeys": limit,
        "IsTruncated": "true" if page.truncated else "false",
    }
    if call.parameter("encoding-type"):
        body["EncodingType"] = "url"
    if delimiter:
        body["Delimiter"] = encode(delimiter)
    if page.truncated:
        last = page.items[-1][0] if page.items and page.items[-1][0].key == page.last else None
        body |= {"NextKeyMarker": encode(page.last), "NextVersionIdMarker": last.version_id if last else ""}
    body["CommonPrefixes"] = [{"Prefix": encode(text)} for text in page.prefixes]
    items = "".join(
        _version_node(call, version, current=current, key=encode(version.key)) for version, current in page.items
    )
    return Response(200, dict(XML), xml.write("ListVersionsResult", body, items))


def _behind(found: list[tuple[Version, bool]], key: str, version_id: str) -> int:
    """Index of the first version behind the markers; a key alone stands for all of its versions."""
    for at, (version, _) in enumerate(found):
        if version.key > key:
            return at
        if version.key == key and version_id and version.version_id == version_id:
            return at + 1
    return len(found) if key else 0


def _version_node(call: Call, version: Version, *, current: bool, key: str) -> str:
    node: dict[str, xml.Node] = {
        "Key": key,
        "VersionId": version.version_id,
        "IsLatest": "true" if current else "false",
        "LastModified": iso(version.last_modified),
        "Owner": {"ID": call.account.appid, "DisplayName": call.account.appid},
    }
    if version.is_marker:
        return xml.element("DeleteMarker", node)
    node |= {"ETag": f'"{version.etag}"', "Size": version.size, "StorageClass": version.storage_class}
    return xml.element("Version", node)


def delete_objects(call: Call) -> Response:
    """Up to 1,000 deletions; each key has its own outcome, `Quiet` leaves out the successes.

    The right to delete is judged key by key and its lack reported key by key (assumed, as for S3).
    """
    call.check_md5(required=True)
    top = xml.read(call.request.body, "Delete")
    keys = [(node.findtext("Key") or "", node.findtext("VersionId") or "") for node in top.iterfind("Object")]
    if not 1 <= len(keys) <= MOST_DELETED:
        raise Refusal(400, "MalformedXML", f"{len(keys)} objects to delete, allowed are 1 to {MOST_DELETED}")
    quiet = (top.findtext("Quiet") or "false").lower() == "true"
    deleted, errors = [], []
    for key, version_id in keys:
        try:
            deleted.append(_delete_one(call, key, version_id))
        except Refusal as refusal:  # noqa: PERF203 -- one key's failure is that key's answer
            errors.append({"Key": key, "Code": refusal.code, "Message": refusal.message})
    result: dict[str, xml.Node] = {} if quiet else {"Deleted": deleted}
    return Response(200, dict(XML), xml.write("DeleteResult", {**result, "Error": errors}))


def _delete_one(call: Call, key: str, version_id: str) -> dict[str, xml.Node]:
    check_key(key)
    call.account.require(call.signer, delete_demand(call.request, call.account.appid, key))
    status = call.account.switches.cos_failure("DELETE one", key)
    if status:
        raise Refusal(status, "InternalError", "We encountered an internal error. Please try again.")
    removed = call.store.remove(call.bucket, key, version_id, call.request_id)
    outcome: dict[str, xml.Node] = {"Key": key}
    if version_id:
        outcome["VersionId"] = version_id
    if removed is not None and removed.is_marker:
        outcome |= {"DeleteMarker": "true", "DeleteMarkerVersionId": removed.version_id}
    return outcome


def get_versioning(call: Call) -> Response:
    """Status `Enabled` or `Suspended`; an empty body where versioning never was on."""
    status = call.store.bucket(call.bucket).versioning
    return Response(200, dict(XML), xml.write("VersioningConfiguration", {"Status": status} if status else {}))


def put_versioning(call: Call) -> Response:
    """Enable or suspend versioning."""
    call.check_md5()
    status = xml.read(call.request.body, "VersioningConfiguration").findtext("Status") or ""
    if status not in ("Enabled", "Suspended"):
        raise Refusal(400, "MalformedXML", f"Status is {status!r}, allowed are Enabled and Suspended")
    call.store.set_versioning(call.bucket, status)
    return Response(200)


def get_bucket_tagging(call: Call) -> Response:
    """The bucket's tags.

    Raises:
        Refusal: 404 NoSuchTagSet when it has none.
    """
    tags = call.store.bucket(call.bucket).tags
    if not tags:
        raise Refusal(404, "NoSuchTagSet", "There is no tag set associated with the bucket.")
    return Response(200, dict(XML), written_tags(tags))


def put_bucket_tagging(call: Call) -> Response:
    """Replace the bucket's tags; they choose buckets in GET Service and do nothing else."""
    call.check_md5()
    call.store.bucket(call.bucket).tags = check_tags(read_tags(call.request.body), limit=MOST_BUCKET_TAGS)
    return Response(200)


def delete_bucket_tagging(call: Call) -> Response:
    """Remove the bucket's tags."""
    call.store.bucket(call.bucket).tags = {}
    return Response(204)


def get_lifecycle(call: Call) -> Response:
    """The rules as they were put.

    Raises:
        Refusal: 404 NoSuchLifecycleConfiguration when there are none.
    """
    rules = call.store.bucket(call.bucket).lifecycle
    if not rules:
        raise Refusal(404, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist.")
    return Response(200, dict(XML), rules)


def put_lifecycle(call: Call) -> Response:
    """Keep the rules; nothing here acts on them."""
    call.check_md5()
    top = xml.read(call.request.body, "LifecycleConfiguration")
    rules = list(top.iterfind("Rule"))
    if not rules or any(rule.findtext("Status") not in ("Enabled", "Disabled") for rule in rules):
        raise Refusal(400, "MalformedXML", "a lifecycle configuration needs rules with Status Enabled or Disabled")
    call.store.bucket(call.bucket).lifecycle = call.request.body
    return Response(200)


def delete_lifecycle(call: Call) -> Response:
    """Forget the rules."""
    call.store.bucket(call.bucket).lifecycle = b""
    return Response(204)
