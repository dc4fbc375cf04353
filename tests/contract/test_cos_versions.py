"""Buckets with versioning: what stays, what a delete leaves behind, and deletion of one version for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.local_cos import LocalCos, code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.cos.versions import ObjectEvent


@pytest.fixture
def cos() -> Iterator[LocalCos]:
    """A COS whose bucket has versioning."""
    with LocalCos() as cos:
        cos.client.put_bucket_versioning(cos.bucket, "Enabled")
        yield cos


def test_versioning_is_read_as_it_was_put(cos: LocalCos) -> None:
    """Nothing before it was ever on, then Enabled or Suspended."""
    cos.store.create_bucket("other-1250000000", cos.region)
    assert cos.client.get_bucket_versioning("other-1250000000") == {"VersioningConfiguration": None} or (
        "Status" not in cos.client.get_bucket_versioning("other-1250000000")
    )
    assert cos.client.get_bucket_versioning(cos.bucket)["Status"] == "Enabled"
    cos.client.put_bucket_versioning(cos.bucket, "Suspended")
    assert cos.client.get_bucket_versioning(cos.bucket)["Status"] == "Suspended"


def test_an_overwrite_keeps_the_former_version(cos: LocalCos) -> None:
    """Each has its id, its bytes and its own tags."""
    first = cos.client.put_object(cos.bucket, b"one", "k", Tagging="n=1")["x-cos-version-id"]
    second = cos.client.put_object(cos.bucket, b"two", "k")["x-cos-version-id"]
    assert first != second
    assert cos.client.head_object(cos.bucket, "k")["x-cos-version-id"] == second
    old = cos.client.get_object(cos.bucket, "k", VersionId=first)
    assert old["Body"].get_raw_stream().read() == b"one"
    assert (cos.store.tags(cos.bucket, "k", first), cos.store.tags(cos.bucket, "k")) == ({"n": "1"}, {})


def test_a_delete_leaves_a_marker(cos: LocalCos) -> None:
    """The object is hidden, not gone; deleting the marker brings it back."""
    cos.client.put_object(cos.bucket, b"one", "k")
    deleted = cos.client.delete_object(cos.bucket, "k")
    assert deleted["x-cos-delete-marker"] == "true"
    head = cos.ask("HEAD", "k")
    assert (head.status_code, head.headers["x-cos-delete-marker"]) == (404, "true")
    assert cos.store.keys(cos.bucket) == []
    cos.client.delete_object(cos.bucket, "k", VersionId=deleted["x-cos-version-id"])
    assert cos.store.get(cos.bucket, "k") == b"one"
    assert cos.store.keys(cos.bucket) == ["k"]


def test_deleting_a_version_leaves_the_newer_one(cos: LocalCos) -> None:
    """What was joined can be removed while what came after stays."""
    first = cos.client.put_object(cos.bucket, b"one", "k")["x-cos-version-id"]
    second = cos.client.put_object(cos.bucket, b"two", "k")["x-cos-version-id"]
    answer = cos.client.delete_objects(cos.bucket, {"Object": [{"Key": "k", "VersionId": first}]})
    assert answer["Deleted"] == [{"Key": "k", "VersionId": first}]
    assert cos.store.get(cos.bucket, "k") == b"two"
    assert code_of(cos.ask("GET", "k", parameters={"versionId": first})) == "NoSuchVersion"
    cos.client.delete_object(cos.bucket, "k", VersionId=second)
    assert cos.store.versions(cos.bucket) == []
    assert cos.store.keys(cos.bucket) == []


def test_a_multi_delete_without_versions_reports_its_markers(cos: LocalCos) -> None:
    """With the id that undoes it."""
    cos.client.put_object(cos.bucket, b"one", "k")
    (deleted,) = cos.client.delete_objects(cos.bucket, {"Object": [{"Key": "k"}]})["Deleted"]
    assert deleted["DeleteMarker"] == "true"
    cos.client.delete_object(cos.bucket, "k", VersionId=deleted["DeleteMarkerVersionId"])
    assert cos.store.get(cos.bucket, "k") == b"one"


def test_suspending_keeps_the_versions_there_are(cos: LocalCos) -> None:
    """New writes replace the version "null" only."""
    first = cos.client.put_object(cos.bucket, b"one", "k")["x-cos-version-id"]
    cos.client.put_bucket_versioning(cos.bucket, "Suspended")
    for body in (b"two", b"three"):
        assert cos.client.put_object(cos.bucket, body, "k")["x-cos-version-id"] == "null"
    shown = [(version.version_id, current) for version, current in cos.store.versions(cos.bucket)]
    assert shown == [("null", True), (first, False)]
    cos.client.delete_object(cos.bucket, "k")
    shown = [(version.version_id, version.is_marker) for version, _ in cos.store.versions(cos.bucket)]
    assert shown == [("null", True), (first, False)]
    cos.client.delete_object(cos.bucket, "k", VersionId="null")
    assert cos.store.get(cos.bucket, "k") == b"one"


def test_an_object_from_before_is_the_version_null() -> None:
    """It stays when versioning begins."""
    with LocalCos() as cos:
        cos.client.put_object(cos.bucket, b"old", "k")
        cos.client.put_bucket_versioning(cos.bucket, "Enabled")
        cos.client.put_object(cos.bucket, b"new", "k")
        assert cos.client.get_object(cos.bucket, "k", VersionId="null")["Body"].get_raw_stream().read() == b"old"


def test_versions_are_listed_newest_first(cos: LocalCos) -> None:
    """By key, then by age, in pages."""
    ids = [cos.client.put_object(cos.bucket, b"x", key)["x-cos-version-id"] for key in ("b", "a", "a")]
    cos.client.delete_object(cos.bucket, "b")
    answer = cos.client.list_objects_versions(cos.bucket)
    assert [(entry["Key"], entry["VersionId"]) for entry in answer["Version"]] == [
        ("a", ids[2]),
        ("a", ids[1]),
        ("b", ids[0]),
    ]
    assert [(entry["Key"], entry["IsLatest"]) for entry in answer["DeleteMarker"]] == [("b", "true")]
    page = cos.client.list_objects_versions(cos.bucket, MaxKeys=1)
    rest = cos.client.list_objects_versions(
        cos.bucket, KeyMarker=page["NextKeyMarker"], VersionIdMarker=page["NextVersionIdMarker"]
    )
    assert [entry["VersionId"] for entry in rest["Version"]] == [ids[1], ids[0]]


def test_a_delete_marker_cannot_be_read_by_its_version(cos: LocalCos) -> None:
    """404 for GET and HEAD, and the header says why (436/7745, 436/36716)."""
    cos.client.put_object(cos.bucket, b"x", "k")
    marker = cos.client.delete_object(cos.bucket, "k")["x-cos-version-id"]
    for method in ("GET", "HEAD"):
        answer = cos.ask(method, "k", parameters={"versionId": marker})
        assert (answer.status_code, answer.headers["x-cos-delete-marker"]) == (404, "true")


def test_versions_are_listed_by_folder(cos: LocalCos) -> None:
    """Common prefixes count towards a page and stand for all that is below them."""
    for key in ("a", "f/1", "f/2", "g/1", "z"):
        cos.client.put_object(cos.bucket, b"x", key)
    cos.client.put_object(cos.bucket, b"y", "z")
    found, asked = [], {"Delimiter": "/", "MaxKeys": 2}
    while True:
        page = cos.client.list_objects_versions(cos.bucket, **asked)
        found += [version["Key"] for version in page.get("Version", [])]
        found += [common["Prefix"] for common in page.get("CommonPrefixes", [])]
        if page["IsTruncated"] == "false":
            break
        asked |= {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page.get("NextVersionIdMarker") or ""}
    assert found == ["a", "f/", "z", "g/", "z"]


def test_a_copy_may_name_a_version(cos: LocalCos) -> None:
    """An old version can be brought back under its own key."""
    first = cos.client.put_object(cos.bucket, b"one", "k")["x-cos-version-id"]
    cos.client.put_object(cos.bucket, b"two", "k")
    source = {"x-cos-copy-source": f"{cos.host}/k?versionId={first}"}
    assert cos.ask("PUT", "copy", headers=source).status_code == 200
    assert cos.store.get(cos.bucket, "copy") == b"one"


def test_events_tell_markers_from_deletions(cos: LocalCos) -> None:
    """And name the version."""
    seen: list[ObjectEvent] = []
    cos.store.subscribe(seen.append)
    version = cos.client.put_object(cos.bucket, b"x", "k")["x-cos-version-id"]
    cos.client.delete_object(cos.bucket, "k")
    cos.client.delete_object(cos.bucket, "k", VersionId=version)
    assert [event.event_name for event in seen] == [
        "cos:ObjectCreated:Put",
        "cos:ObjectRemove:DeleteMarkerCreated",
        "cos:ObjectRemove:Delete",
    ]
    assert (seen[0].version_id, seen[2].version_id) == (version, version)
