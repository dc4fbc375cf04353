"""The inputs as HEAD shows them: fresh enough to act on, and whether they are still what was claimed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cosconcat.model import FragmentSet, Head, ObjectInfo
from cosconcat.records.records import Claim
from cosconcat.services import Services


@dataclass(frozen=True)
class FreshHeads:
    """The fragments as HEAD showed them from `at` (local seconds) on: fresh enough to delete by, for a moment."""

    heads: Mapping[str, Head | None]
    at: float


class JoinedNow(NamedTuple):
    """What HEAD, not LIST, shows of everything that a claim joins: keys whose bytes are no longer those it named, and
    which of them CI cannot read, as it is archived; an empty text when there is none.
    """

    changed: tuple[str, ...]
    archived: str


def look_at_joined(services: Services, claim: Claim) -> JoinedNow:
    """A HEAD for each object that the claim joins."""
    parts = claim.set.joined
    heads = services.cos.heads(services.config.bucket, [o.key for o in parts])
    changed = (o.key for o in parts if (h := heads[o.key]) is None or not h.object.same_content(o))
    return JoinedNow(tuple(changed), archived(heads.values()))


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


def archived(heads: Iterable[Head | None]) -> str:
    """Which of these CI cannot read, as it is archived and nobody has restored it; an empty text when there is none."""
    found = next((head for head in heads if head is not None and head.is_archived), None)
    if found is None:
        return ""
    return f"{found.object.key} is archived ({found.storage_class}), so CI cannot read it: restore it, then say retry"


def still_archived(services: Services, fragments: FragmentSet, listed: Collection[str]) -> str:
    """Which of the objects that LIST showed as archived nobody has restored; an empty text when there is none."""
    keys = (one.key for one in fragments.joined if one.key in listed)
    return archived(services.cos.head(services.config.bucket, key) for key in keys)
