"""What COS shows of an object: the last write, its ETag, its times."""

from __future__ import annotations

import hashlib

from tests.conformance.behaviours.behaviour import COS, NOWHERE, Chapter
from tests.conformance.targets import Target

CHAPTER = Chapter()
behaviour = CHAPTER.behaviour


@behaviour("HEAD and GET of a missing key say so", "documented", f"{COS}7745", "everything")
def missing_is_none(at: Target) -> None:
    assert at.cos.head(at.bucket, f"{at.prefix}no") is None
    assert at.cos.get(at.bucket, f"{at.prefix}no") is None
    assert at.cos.heads(at.bucket, [f"{at.prefix}no"]) == {f"{at.prefix}no": None}


@behaviour("GET and HEAD see the last write at once", "assumed", NOWHERE, "every record")
def read_your_writes(at: Target) -> None:
    key = f"{at.prefix}record"
    for body in (b"one", b"two", b"three"):
        at.cos.put(at.bucket, key, body)
        stored, head = at.cos.get(at.bucket, key), at.cos.head(at.bucket, key)
        assert stored is not None
        assert head is not None
        assert (stored.body, head.object.size) == (body, len(body))
        assert stored.head.object == head.object


@behaviour("the ETag of a simple PUT is the MD5 of its bytes, in hex", "documented", f"{COS}7749", "fingerprints")
def etag_is_md5(at: Target) -> None:
    at.cos.put(at.bucket, f"{at.prefix}a", b"bytes")
    head = at.cos.head(at.bucket, f"{at.prefix}a")
    assert head is not None
    assert head.object.etag == hashlib.md5(b"bytes").hexdigest()


@behaviour(
    "Last-Modified changes when the same bytes are put again, a second later or more",
    "assumed", NOWHERE, "A-B-A is seen",
)  # fmt: skip
def same_bytes_new_time(at: Target) -> None:
    key = f"{at.prefix}a"
    at.cos.put(at.bucket, key, b"same")
    first = at.cos.head(at.bucket, key)
    assert first is not None

    def later() -> bool | None:
        head = at.cos.head(at.bucket, key)
        return True if head and head.now >= first.object.last_modified + 2 else None

    at.until(later)
    at.cos.put(at.bucket, key, b"same")
    second = at.cos.head(at.bucket, key)
    assert second is not None
    assert second.object.same_content(first.object)
    assert second.object.last_modified > first.object.last_modified


@behaviour("Date and Last-Modified are of one clock", "assumed", NOWHERE, "leases")
def one_clock(at: Target) -> None:
    at.cos.put(at.bucket, f"{at.prefix}a", b"")
    head = at.cos.head(at.bucket, f"{at.prefix}a")
    assert head is not None
    assert 0 <= head.now - head.object.last_modified <= 5


@behaviour(
    "the ETag of an object that the service encrypts is no MD5, and HEAD says that it is encrypted",
    "documented", f"{COS}7749", "an output is compared with what its job wrote",
)  # fmt: skip
def etag_of_encrypted(at: Target) -> None:
    at.encrypt(f"{at.prefix}a", b"bytes")
    head = at.cos.head(at.bucket, f"{at.prefix}a")
    assert head is not None
    assert head.encrypted
    assert (head.object.etag != hashlib.md5(b"bytes").hexdigest(), head.object.size) == (True, 5)
