"""LIST: its order, its pages, and what it says of an object."""

from __future__ import annotations

from tests.conformance.behaviours.behaviour import COS, NOWHERE, Chapter
from tests.conformance.targets import Target

CHAPTER = Chapter()
behaviour = CHAPTER.behaviour


@behaviour("LIST is in UTF-8 order and begins after the marker", "documented", f"{COS}7734", "surveys")
def list_order(at: Target) -> None:
    names = ["a.b", "a b", "a+b", "a%20b", "a/1", "a/10", "a/2", "a讲", "aé", "a~", "b"]
    for name in names:
        at.cos.put(at.bucket, at.prefix + name, name.encode())

    def all_listed() -> list[str] | None:
        page = at.cos.list(at.bucket, f"{at.prefix}a")
        return [found.key for found in page.objects] if len(page.objects) == len(names) - 1 else None

    listed = at.until(all_listed)
    assert listed == sorted((at.prefix + name for name in names if name != "b"), key=str.encode)
    after = at.cos.list(at.bucket, f"{at.prefix}a", f"{at.prefix}a/10")
    assert [found.key for found in after.objects] == listed[listed.index(f"{at.prefix}a/10") + 1 :]


@behaviour(
    "a page holds at most what was asked for, the marker goes on exactly there", "documented", f"{COS}7734", "surveys"
)
def list_pages(at: Target) -> None:
    keys = [f"{at.prefix}{number:02}" for number in range(7)]
    for key in keys:
        at.cos.put(at.bucket, key, b"x")
    at.until(lambda: True if len(at.cos.list(at.bucket, at.prefix).objects) == 7 else None)
    seen: list[str] = []
    marker: str | None = ""
    while marker is not None:
        page = at.cos.list(at.bucket, at.prefix, marker, 3)
        assert len(page.objects) <= 3
        seen += [found.key for found in page.objects]
        marker = page.next_marker
    assert seen == keys
    assert at.cos.list(at.bucket, at.prefix, "", 7).next_marker is None


@behaviour(
    "LIST and HEAD agree on ETag, size and Last-Modified once the listing has caught up", "assumed", NOWHERE, "surveys"
)
def list_equals_head(at: Target) -> None:
    at.cos.put(at.bucket, f"{at.prefix}a", b"12345")
    at.until(lambda: at.cos.list(at.bucket, at.prefix).objects or None)
    head = at.cos.head(at.bucket, f"{at.prefix}a")
    assert head is not None
    assert at.cos.list(at.bucket, at.prefix).objects == (head.object,)
