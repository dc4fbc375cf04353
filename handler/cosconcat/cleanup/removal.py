"""How what was joined is removed, in each mode of CONCAT_CLEANUP, and what is never removed.

    HEAD ─► is it the very upload that was joined? ─► delete · copy and delete · tag · nothing
                            └─ no: it stays, and the closing record says why

Never removed: intro and outro, what a manifest lists besides its own group (jingles, other groups' pieces), fragments
that were trimmed (the output holds only a part of them), anything that changed since, and everything where nothing was
proven. The marker goes last, and only if nothing of its own group stayed.

Whoever resumes looks at every fragment again before removing it: between the decision and now its key may hold new
content. The same if the HEADs of the decision are older than a moment. The same bytes put there again are another
upload: they may belong to a corrected recording whose other pieces have come too, or have yet to come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cosconcat import log
from cosconcat.cleanup.removable import NOTHING_REMOVED, Removal, removable
from cosconcat.errors import Rejected, ServiceUnavailable
from cosconcat.inputs.expiry import tag_for_expiry, untag_expiry
from cosconcat.inputs.heads import FreshHeads
from cosconcat.model import DeleteError, Head, ObjectInfo, ObjectVersion
from cosconcat.naming.keys import KEY_BYTES
from cosconcat.output.key import with_mark
from cosconcat.records.records import Claim, Proof
from cosconcat.services import Services

FRESH_SECONDS = 10  # HEADs begun longer ago are repeated before anything is removed by them
AT_ONCE = 1000  # one multi-delete, so that each has its own fresh HEADs
COPIED_AT_ONCE = 20  # copies take their time: what was copied is deleted before the next, so that every run gets on
COPY_SECONDS = 30  # so long copies are made before what was copied is deleted


def remove(
    services: Services,
    claim: Claim,
    proof: Proof,
    fresh_heads: FreshHeads | None,
    again: Mapping[str, ObjectInfo] | None = None,
) -> Removal:
    """Remove of the claim's fragments those that still are the uploads that were joined, then the marker.

    `fresh_heads` are the HEADs by which this very call decided, if it did; used only while they are fresh. `again` are
    later uploads of the same bytes that may go as well, by key.

    Raises:
        ServiceUnavailable: COS is down, or too slow to remove anything by what it showed.
    """
    config = services.config
    removal = Removal()
    if config.cleanup == "keep":
        removal.nothing = f"{NOTHING_REMOVED}CONCAT_CLEANUP=keep"
    elif config.verify == "none" or proof.verified == "none":
        removal.nothing = f"{NOTHING_REMOVED}CONCAT_VERIFY=none, so nothing was proven"
    elif not claim.set.lies_under(config.input_prefix):  # another deployment's: it may want to keep them
        removal.nothing = f"{NOTHING_REMOVED}it lies outside CONCAT_INPUT_PREFIX"
    if removal.nothing:
        return removal
    pieces = [(again or {}).get(piece.key, piece) for piece in removable(config, claim, removal)]
    marker = claim.set.marker
    step = COPIED_AT_ONCE if config.cleanup == "trash" else AT_ONCE
    for start in range(0, len(pieces), step):
        _remove_some(services, claim, pieces[start : start + step], fresh_heads, removal)
    if marker is not None and not removal.kept and not config.convention.is_shared(marker.key):
        is_same = ObjectInfo.__eq__ if again is None else ObjectInfo.same_content  # an empty one is like the next one's
        _remove_some(services, claim, [marker], fresh_heads, removal, is_same)
    return removal


def _remove_some(
    services: Services,
    claim: Claim,
    pieces: Sequence[ObjectInfo],
    fresh_heads: FreshHeads | None,
    removal: Removal,
    is_same: Callable[[ObjectInfo, ObjectInfo], bool] = ObjectInfo.__eq__,
) -> None:
    config = services.config
    heads = _heads(services, [piece.key for piece in pieces], fresh_heads)
    if heads is None:
        half = len(pieces) // 2
        if not half:
            raise ServiceUnavailable(f"HEAD {pieces[0].key}: took {FRESH_SECONDS} s, nothing is removed by that")
        for some in (pieces[:half], pieces[half:]):
            _remove_some(services, claim, some, None, removal, is_same)
        return
    there = [(piece, head) for piece in pieces if (head := heads[piece.key]) is not None]
    same = [head for piece, head in there if is_same(head.object, piece)]
    changed = [piece.key for piece, head in there if not is_same(head.object, piece)]
    removal.kept |= dict.fromkeys(changed, "changed since it was joined")
    untag_expiry(services, changed)
    if config.cleanup_dry_run:
        for head in same:
            log.info("would be removed", group=claim.group, key=head.object.key, mode=config.cleanup)
            removal.kept[head.object.key] = f"dry run of {config.cleanup}"
    elif config.cleanup == "expire":
        reasons = {head.object.key: tag_for_expiry(services, head.object) for head in same}
        removal.kept |= {key: reason for key, reason in reasons.items() if reason}
        removal.removed += sum(not reason for reason in reasons.values())
    elif config.cleanup == "trash":
        while same:
            same = _move_to_trash(services, claim, same, removal)
    else:
        _delete(services, same, removal)


def _heads(services: Services, keys: Sequence[str], fresh_heads: FreshHeads | None) -> Mapping[str, Head | None] | None:
    fresh = fresh_heads is not None and 0 <= services.clock.now() - fresh_heads.at < FRESH_SECONDS
    if fresh_heads is not None and fresh and all(key in fresh_heads.heads for key in keys):
        return fresh_heads.heads
    return _look(services, keys)


def _look(services: Services, keys: Sequence[str]) -> Mapping[str, Head | None] | None:
    """HEADs that are fresh all together; None when they took so long that the first of them are old by now."""
    began = services.clock.now()
    heads = services.cos.heads(services.config.bucket, keys)
    return heads if services.clock.now() - began < FRESH_SECONDS else None


def _delete(services: Services, heads: Sequence[Head], removal: Removal) -> None:
    """Where the bucket has versions, the very version that was joined, and no other."""
    versions = [ObjectVersion(head.object.key, head.version_id) for head in heads]
    failed: Sequence[DeleteError] = services.cos.delete(services.config.bucket, versions) if versions else ()
    for undeleted in failed:
        removal.kept[undeleted.key] = f"{undeleted.code}: {undeleted.message}"
    removal.removed += len(versions) - len(failed)


def _move_to_trash(services: Services, claim: Claim, heads: Sequence[Head], removal: Removal) -> list[Head]:
    """Copy with an ETag condition, look at copies and originals, and delete those that may go; returns those that were
    not copied yet.

    Copying stops after a while, so that whoever is killed at it has deleted most of what it copied: the copy of a
    multipart object is not recognised, and would be made again.

    A copy's name holds a piece of the content's fingerprint where something else lies at the plain one, so that nothing
    in the trash is ever overwritten.
    """
    bucket, began = services.config.bucket, services.clock.now()
    heads = [head for head in heads if _fits(services.config.trash_prefix + head.object.key, head.object.key, removal)]
    plain = {head.object.key: services.config.trash_prefix + head.object.key for head in heads}
    there = services.cos.heads(bucket, list(plain.values()))
    copies: dict[str, str] = {}
    later: list[Head] = []
    for head in heads:
        part = head.object
        if copies and services.clock.now() - began > COPY_SECONDS:
            later.append(head)
            continue
        earlier = there[plain[part.key]]
        copies[part.key] = plain[part.key] if earlier is None else with_mark(plain[part.key], claim.fingerprint[:12])
        if earlier is not None and _is_copy(earlier, part):
            copies[part.key] = plain[part.key]
            continue  # an earlier run came so far
        try:
            if services.cos.copy(bucket, part, bucket, copies[part.key]) == "changed":
                removal.kept[part.key] = "changed since it was joined"
        except Rejected as refusal:  # archived, or no right: reported, not fatal
            removal.kept[part.key] = str(refusal)
    moved = [head for head in heads if head.object.key in copies and head.object.key not in removal.kept]
    _delete_copied(services, moved, copies, removal)
    return later


def _fits(copy: str, key: str, removal: Removal) -> bool:
    """Whether there can be a copy of this name at all: of one that is too long not even a HEAD is answered."""
    size = len(copy.encode())
    if size > KEY_BYTES:
        removal.kept[key] = f"its name in the trash would have {size} bytes; COS allows {KEY_BYTES}"
    return size <= KEY_BYTES


def _delete_copied(services: Services, moved: Sequence[Head], copies: Mapping[str, str], removal: Removal) -> None:
    """Delete originals whose copies (key by key) are whole, as copying took its time and anything may have changed:
    by halves where the looks together take so long that the first of them is old.
    """
    now = _look(services, [k for h in moved for k in (h.object.key, copies[h.object.key])]) if moved else {}
    if now is None:
        half = len(moved) // 2
        if not half:
            key = moved[0].object.key
            raise ServiceUnavailable(f"HEAD {key} and its copy: took {FRESH_SECONDS} s, nothing is removed by that")
        for some in (moved[:half], moved[half:]):
            _delete_copied(services, some, copies, removal)
        return
    may_go: list[Head] = []
    for head in moved:
        part, copy, original = head.object, now[copies[head.object.key]], now[head.object.key]
        if copy is None or copy.object.size != part.size:
            removal.kept[part.key] = f"its copy {copies[part.key]} is not whole"
        elif original is None or original.object != part:
            removal.kept[part.key] = "changed since it was joined"
        else:
            may_go.append(original)
    _delete(services, may_go, removal)


def _is_copy(head: Head, part: ObjectInfo) -> bool:
    """Whether the object in the trash is a copy of `part`. A copy of a multipart object has an ETag of its own, so such
    a one is never recognised, and copied again under its marked name.
    """
    return (head.object.etag, head.object.size) == (part.etag, part.size)
