"""The inputs as HEAD shows them: fresh enough to act on, and whether they are still what was claimed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cosconcat.model import ARCHIVES, FragmentSet, Head, ObjectInfo
from cosconcat.records.records import Claim
from cosconcat.services import Services


@dataclass(frozen=True)
class FreshHeads:
    """The fragments as HEAD showed them from `at` (local seconds) on: fresh enough to delete by, for a moment."""

    heads: Mapping[str, Head | None]
    at: float


def changed_fragments(services: Services, claim: Claim) -> list[str]:
    """Keys of the claim's objects that are no longer the bytes it named (HEAD, not LIST)."""
    parts = claim.set.joined
    heads = services.cos.heads(services.config.bucket, [o.key for o in parts])
    return [o.key for o in parts if (h := heads[o.key]) is None or not h.object.same_content(o)]


def inputs_of(claim: Claim) -> dict[str, ObjectInfo]:
    """What must still be what it was: everything joined, and the marker, which would be removed too; by key."""
    marker = [claim.set.marker] if claim.set.marker else []
    return {o.key: o for o in [*claim.set.joined, *marker]}


def compare(claim: Claim, heads: Mapping[str, Head | None]) -> tuple[list[str], list[str]]:
    """Keys whose content is no longer what was joined, and keys that only look the same (A-B-A)."""
    changed: list[str] = []
    rewritten: list[str] = []
    for key, joined in inputs_of(claim).items():
        head = heads[key]
        if head is None or not head.object.same_content(joined):
            changed.append(key)
        elif head.object.last_modified != joined.last_modified and joined != claim.set.marker:
            rewritten.append(key)
    return changed, rewritten


def still_archived(services: Services, fragments: FragmentSet, archived: Collection[str]) -> str:
    """Which of the fragments that LIST showed as archived nobody has restored; an empty text when there is none."""
    for key in (fragment.object.key for fragment in fragments.fragments):
        head = services.cos.head(services.config.bucket, key) if key in archived else None
        if head is not None and head.storage_class in ARCHIVES and not head.restored:
            return f"{key} is archived ({head.storage_class}), so CI cannot read it: restore it, then say retry"
    return ""
