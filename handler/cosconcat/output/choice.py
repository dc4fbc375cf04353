"""Which key an output gets: one that nothing lies at and that no other group's job in flight writes."""

from __future__ import annotations

import re
from itertools import chain

from cosconcat.job.compose import container_format
from cosconcat.model import FragmentSet, gid_of
from cosconcat.output.key import expand, with_rev
from cosconcat.services import Services

SPARE_NAMES = 20  # names beside the first that are tried one after the other
LIKE_A_REV = re.compile(r"\.r[0-9]{4,}(-[0-9]+)?(\.[^/.]*)?$")  # a key that another group's second content could get


def free_key(services: Services, fragments: FragmentSet, key: str, rev: int, *, occupied: bool) -> str | None:
    """`key` if it is free and no other group's, else the first of `.r<rev>`, `.r<rev>-2`, … that is.

    Whoever may upload one group can take a name away from another, but never all of them: where SPARE_NAMES are taken
    somebody is at it, and the number is one that nobody can guess. None when even that is taken.
    """
    if not occupied and _reserve(services, fragments, key, rev):
        return key
    for count in chain(range(1, SPARE_NAMES + 1), (int(services.nonce()[:8], 16) for _ in range(2))):
        other = with_rev(key, rev, count)
        if not is_occupied(services, fragments, other) and _reserve(services, fragments, other, max(rev, 2)):
            return other
    return None


def none_free(key: str, rev: int) -> str:
    """Why there is no result where `free_key` found no key."""
    tried = f"the {SPARE_NAMES} names tried after it, from {with_rev(key, rev)} on"
    return f"{key} is taken, and so are {tried}: remove what lies there, or change CONCAT_OUTPUT_KEY"


def is_occupied(services: Services, fragments: FragmentSet, key: str) -> bool:
    """Whether something lies at `key`; never where the key holds the job's id."""
    literal = expand(key, container_format(services.config, fragments))
    return literal is not None and services.cos.head(services.config.output_bucket, literal) is not None


def bears_fingerprint(services: Services, fragments: FragmentSet, key: str) -> bool:
    """Whether what lies at `key` says by its tag that it is this very content, joined."""
    literal = expand(key, container_format(services.config, fragments))
    if literal is None:
        return False
    found = services.cos.tags(services.config.output_bucket, literal)
    return found.get("concat-fingerprint") == fragments.fingerprint


def _reserve(services: Services, fragments: FragmentSet, key: str, rev: int) -> bool:
    """See to it that no other group's job in flight writes this key.

    Without manifests the group's name is in the key, so that only names that end like `.r0002` can meet.
    """
    literal = expand(key, container_format(services.config, fragments))
    unique = services.config.completion not in ("marker", "manifest") and rev == 1
    if literal is None or (unique and not LIKE_A_REV.search(literal)):
        return True
    bucket, gid = services.config.output_bucket, gid_of(fragments.group)
    held = services.ledger.reserve(bucket, literal, gid)
    if held is None:
        return True
    from cosconcat.output.reservations import reserve_after

    return reserve_after(services, bucket, literal, gid, held)
