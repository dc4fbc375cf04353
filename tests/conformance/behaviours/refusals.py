"""Answers of COS and CI without effect: redirects and throttling."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cosconcat.errors import OutcomeUnknown, ServiceUnavailable
from cosconcat.model import ObjectInfo, ObjectVersion
from tests.conformance.behaviours.behaviour import COS, NOWHERE, Chapter
from tests.conformance.targets import Target, concat

CHAPTER = Chapter()
behaviour = CHAPTER.behaviour


def _write_all(at: Target, there: ObjectInfo) -> list[Callable[[], object]]:
    """Everything that writes, of an object that is there."""
    return [
        lambda: at.cos.create(at.bucket, f"{at.prefix}created", b"new"),
        lambda: at.cos.put(at.bucket, there.key, b"other"),
        lambda: at.cos.copy(at.bucket, there, at.bucket, f"{at.prefix}copied"),
        lambda: at.cos.tag(at.bucket, there.key, {"a": "b"}),
        lambda: at.cos.delete(at.bucket, [ObjectVersion(there.key)]),
    ]


@behaviour(
    "a write that is answered by a redirect took no effect, and is a failure for now",
    "assumed", "the SDK raises from status 400 on", "every record and every removal",
)  # fmt: skip
def redirects_change_nothing(at: Target) -> None:
    at.cos.put(at.bucket, f"{at.prefix}a", b"bytes")
    before = at.cos.head(at.bucket, f"{at.prefix}a")
    assert before is not None
    with at.refusing("redirect"):
        for write in _write_all(at, before.object):
            with pytest.raises(ServiceUnavailable):
                at.together([write])
    after = at.cos.heads(at.bucket, [f"{at.prefix}{name}" for name in ("a", "created", "copied")])
    assert [head and head.object for head in after.values()] == [before.object, None, None]
    assert at.cos.tags(at.bucket, f"{at.prefix}a") == {}


@behaviour(
    "a POST that is answered by a redirect has an unknown outcome; here no job came of it",
    "assumed", NOWHERE, "the POST is never repeated",
)  # fmt: skip
def redirected_post_is_unknown(at: Target) -> None:
    at.clip(f"{at.prefix}1.mp4", 1, 1.0)
    head = at.cos.head(at.bucket, f"{at.prefix}1.mp4")
    assert head is not None
    since = head.now - 900
    known = {job.id for job in at.ci.jobs(at.bucket, since).jobs}
    request = concat(at.bucket, [f"{at.prefix}1.mp4"], f"{at.prefix}out.mp4", "redirected")
    with at.refusing("redirect"), pytest.raises(OutcomeUnknown):
        at.together([lambda: at.ci.submit(at.bucket, request)])
    assert {job.id for job in at.ci.jobs(at.bucket, since).jobs} == known


@behaviour(
    "503 SlowDown changes nothing, and is a failure for now", "documented", f"{COS}7730", "every call may be throttled"
)
def throttling_is_for_now(at: Target) -> None:
    at.cos.put(at.bucket, f"{at.prefix}a", b"bytes")
    with at.refusing("throttle"), pytest.raises(ServiceUnavailable):
        at.together([lambda: at.cos.delete(at.bucket, [ObjectVersion(f"{at.prefix}a")])])
    assert at.cos.head(at.bucket, f"{at.prefix}a") is not None
