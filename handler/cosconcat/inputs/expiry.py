"""CONCAT_CLEANUP=expire: nothing is deleted by the functions; a lifecycle rule removes what bears this tag.

    HEAD ─► tag ─► HEAD: still that upload? ─► no: take the tag back

Whoever is killed before the second HEAD may leave the tag on content that came in between, even after another instance
has closed the recording. So it is taken back wherever such content is met: by the sweep, before it is joined itself,
and when that join proves nothing. The rule works a day later.
"""

from __future__ import annotations

from collections.abc import Iterable

from cosconcat import log
from cosconcat.errors import Rejected
from cosconcat.model import ObjectInfo
from cosconcat.output import tags
from cosconcat.services import Services

EXPIRE_TAG = ("concat-cleanup", "expire")  # what the lifecycle rule filters by


def tag_for_expiry(services: Services, part: ObjectInfo) -> str:
    """Tag this very upload; returns why it is left, empty when it was tagged."""
    bucket = services.config.bucket
    name, value = EXPIRE_TAG
    try:
        before = services.cos.tags(bucket, part.key)
        if before.get(name) != value and len(before) >= tags.MAX_TAGS:
            return f"has {len(before)} tags already, no room for {name}"
        if before.get(name) != value:
            services.cos.tag(bucket, part.key, {**before, name: value})
    except Rejected as refusal:  # locked, no right, or gone by now: reported, not fatal
        return str(refusal)
    head = services.cos.head(bucket, part.key)
    if head is not None and head.object != part:
        untag_expiry(services, [part.key])
        return "changed since it was joined"
    return ""


def untag_expiry(services: Services, keys: Iterable[str]) -> None:
    """Take the tag from what no proven output holds; no call in any other mode of CONCAT_CLEANUP."""
    if services.config.cleanup == "expire":
        for key in keys:
            _untag(services, key)


def _untag(services: Services, key: str) -> None:
    name, value = EXPIRE_TAG
    try:
        there = dict(services.cos.tags(services.config.bucket, key))
        if there.get(name) == value:
            del there[name]
            services.cos.tag(services.config.bucket, key, there)
    except Rejected as refusal:  # gone by now, or no right: reported, not fatal
        log.warning("tag not taken back", key=key, reason=str(refusal))
