"""DELETE, COPY and tags: what they change, and what they leave."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cosconcat.errors import Rejected
from cosconcat.model import ObjectVersion
from tests.conformance.behaviours.behaviour import COS, NOWHERE, Chapter
from tests.conformance.targets import Target

CHAPTER = Chapter()
behaviour = CHAPTER.behaviour


@behaviour("deleting a missing key is no error", "documented", f"{COS}8289", "clean-up can be resumed")
def delete_is_idempotent(at: Target) -> None:
    at.cos.put(at.bucket, f"{at.prefix}a", b"x")
    versions = [ObjectVersion(f"{at.prefix}a"), ObjectVersion(f"{at.prefix}never was")]
    assert not at.cos.delete(at.bucket, versions)
    assert at.cos.head(at.bucket, f"{at.prefix}a") is None
    assert not at.cos.delete(at.bucket, versions)


@behaviour(
    "with versioning, a delete by version removes that version and no other",
    "documented",
    f"{COS}8289",
    "G1 without exception",
)
def delete_by_version(at: Target) -> None:
    if at.versioned is None:
        pytest.skip("this target has no bucket with versioning")
    key = f"{at.prefix}a"
    at.cos.put(at.versioned, key, b"joined")
    old = at.cos.head(at.versioned, key)
    at.cos.put(at.versioned, key, b"newer")
    assert old is not None
    assert old.version_id
    assert not at.cos.delete(at.versioned, [ObjectVersion(key, old.version_id)])
    kept = at.cos.head(at.versioned, key)
    assert kept is not None
    assert kept.object.size == len(b"newer")


@behaviour(
    "with versioning, deleting the current version brings the one before back",
    "assumed",
    "as S3 has it",
    "old content is not joined",
)
def older_version_comes_back(at: Target) -> None:
    if at.versioned is None:
        pytest.skip("this target has no bucket with versioning")
    key = f"{at.prefix}a"
    at.cos.put(at.versioned, key, b"older")
    at.cos.put(at.versioned, key, b"newest")
    newest = at.cos.head(at.versioned, key)
    assert newest is not None
    assert not at.cos.delete(at.versioned, [ObjectVersion(key, newest.version_id)])
    back = at.cos.get(at.versioned, key)
    assert back is not None
    assert back.body == b"older"


@behaviour("copy obeys x-cos-copy-source-If-Match", "documented", f"{COS}10881", "trash")
def copy_only_if_same(at: Target) -> None:
    source, target = f"{at.prefix}a", f"{at.prefix}trash/a"
    at.cos.put(at.bucket, source, b"one")
    head = at.cos.head(at.bucket, source)
    assert head is not None
    assert at.cos.copy(at.bucket, head.object, at.bucket, target) == "copied"
    copy = at.cos.get(at.bucket, target)
    assert copy is not None
    assert copy.body == b"one"
    at.cos.put(at.bucket, source, b"two")
    assert at.cos.copy(at.bucket, head.object, at.bucket, f"{target}2") == "changed"
    absent = replace(head.object, key=f"{at.prefix}no")
    assert at.cos.copy(at.bucket, absent, at.bucket, f"{target}2") == "changed"
    assert at.cos.head(at.bucket, f"{target}2") is None


@behaviour(
    "a copy with x-cos-forbid-overwrite does not replace, and bears no tags where these are Replaced", "assumed",
    f"{COS}10881", "CONCAT_SINGLE=copy",
)  # fmt: skip
def copy_create_only(at: Target) -> None:
    source, target = f"{at.prefix}a", f"{at.prefix}output/a"
    at.cos.put(at.bucket, source, b"one")
    at.cos.tag(at.bucket, source, {"name": "value"})
    head = at.cos.head(at.bucket, source)
    assert head is not None
    assert at.cos.copy(at.bucket, head.object, at.bucket, target, create_only=True) == "copied"
    assert at.cos.tags(at.bucket, target) == {}
    copy = at.cos.head(at.bucket, target)
    assert copy is not None
    assert (copy.object.etag, copy.crc64) == (head.object.etag, head.crc64)
    at.cos.put(at.bucket, source, b"two")
    head = at.cos.head(at.bucket, source)
    assert head is not None
    assert at.cos.copy(at.bucket, head.object, at.bucket, target, create_only=True) == "taken"
    there = at.cos.get(at.bucket, target)
    assert there is not None
    assert there.body == b"one"


@behaviour(
    "tags are replaced as a whole, and go when the object is overwritten", "documented", f"{COS}42997", "tagging"
)
def tags_are_replaced(at: Target) -> None:
    key = f"{at.prefix}a"
    at.cos.put(at.bucket, key, b"x")
    assert not at.cos.tags(at.bucket, key)
    at.cos.tag(at.bucket, key, {"a": "1", "b": "2"})
    at.cos.tag(at.bucket, key, {"b": "3", "讲": "课"})
    assert at.cos.tags(at.bucket, key) == {"b": "3", "讲": "课"}
    at.cos.put(at.bucket, key, b"y")
    assert not at.cos.tags(at.bucket, key)


@behaviour("tagging does not touch ETag or Last-Modified", "assumed", NOWHERE, "clean-up compares after tagging")
def tags_leave_the_object(at: Target) -> None:
    key = f"{at.prefix}a"
    at.cos.put(at.bucket, key, b"x")
    before = at.cos.head(at.bucket, key)
    at.cos.tag(at.bucket, key, {"a": "1"})
    after = at.cos.head(at.bucket, key)
    assert before is not None
    assert after is not None
    assert before.object == after.object


@behaviour("a missing object has no tags to read or write", "documented", f"{COS}42997", "expire")
def tags_of_nothing(at: Target) -> None:
    with pytest.raises(Rejected):
        at.cos.tags(at.bucket, f"{at.prefix}no")
    with pytest.raises(Rejected):
        at.cos.tag(at.bucket, f"{at.prefix}no", {"a": "1"})
