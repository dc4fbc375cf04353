"""After `end` has decided: tag the output, remove what was joined, close the content. Resumable at every step.

    tag output ─► HEAD output: still the proven one? ─► remove only what equals the claim ─► marker ─► done ─► its day's
    entry ─► index

How things are removed, and what is never removed, is in `removal.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import NamedTuple

from cosconcat import log
from cosconcat.cleanup.removable import NOTHING_REMOVED
from cosconcat.cleanup.removal import remove
from cosconcat.errors import InvalidInput, Rejected
from cosconcat.inputs.expiry import untag_expiry
from cosconcat.inputs.heads import FreshHeads
from cosconcat.inputs.ownership import other_owner, own_keys
from cosconcat.model import Action, ObjectInfo, Result
from cosconcat.output import tags
from cosconcat.records.records import Claim, Done, End, Outcome, Proof
from cosconcat.services import Services
from cosconcat.verification.output import whole_playlist
from cosconcat.verification.verdict import Unverified

NOTIFY_FOR_SECONDS = 86400  # how long an undelivered notification is tried again

OUTCOMES: Mapping[str, Outcome] = {"superseded": "superseded", "keep": "kept", "gave-up": "gave-up"}
ACTIONS: Mapping[Outcome, Action] = {
    "joined": "finished",
    "superseded": "superseded",
    "kept": "kept",
    "gave-up": "gave-up",
}


def finish(services: Services, claim: Claim, end: End, fresh_heads: FreshHeads | None = None) -> Result:
    """Carry out what `end` says, write `done`, notify, and take the content out of the index.

    `fresh_heads` are the HEADs by which this very call decided, if it did. Raises ServiceUnavailable to be resumed.
    """
    proof = end.proof
    if end.next == "clean" and proof is not None:
        done = _clean(services, claim, end, proof, fresh_heads)
    else:
        key = proof.key if proof else ""
        done = Done(OUTCOMES[end.next], end.reason, key, end.job, figures=proof.figures if proof else {})
    if done.outcome in ("kept", "gave-up"):  # whoever died while tagging may have met what came in between
        untag_expiry(services, own_keys(services.config, claim))
    seconds = proof.figures.get("output_seconds", 0) if proof else 0
    length = float(seconds) if isinstance(seconds, int | float) and isfinite(seconds) else 0.0
    reason = log.safe(done.reason)  # a service may have quoted what it was sent
    done = replace(done, reason=reason, closed_at=services.ledger.now(), seconds=length)
    if not services.ledger.create_done(claim, done):
        held = services.ledger.done(claim.gid, claim.rev)
        done = held.record if held else done
    close(services, claim, done)
    return Result(claim.group, ACTIONS[done.outcome], done.reason, done.output, done.job)


def end_of(claim: Claim, done: Done) -> dict[str, object]:
    """What a receiver is told. `id` is the same whenever the same end is told again."""
    return {
        "id": f"{claim.gid}/{claim.rev}",
        "group": claim.group,
        "outcome": done.outcome,
        "reason": done.reason,
        "bucket": claim.output.name,
        "region": claim.output.region,
        "output": done.output,
        "job": done.job,
        "fragments": len(claim.set.fragments),
        "fingerprint": claim.fingerprint,
        "removed": done.removed,
        "kept": len(done.kept),
    }


def close(services: Services, claim: Claim, done: Done, age_seconds: int = 0) -> str:
    """Enter the content under the day of its end, tell the receiver of CONCAT_NOTIFY_URL, then remove the index entry;
    undelivered, the sweep tells it again. Returns why COS refuses to remove the entry, or ''.

    `age_seconds` of the closing record: after a day a receiver that is down for good is given up.
    """
    services.ledger.enter_closed(claim, done)
    notifies = bool(services.config.notify_url)
    heard = age_seconds > 0 and notifies and services.ledger.is_told(claim)
    failure = "" if heard else services.notify(end_of(claim, done))
    if failure:
        log.warning("notification not delivered", group=claim.group, reason=failure)
        if age_seconds < NOTIFY_FOR_SECONDS:
            return ""
    refused = services.ledger.close(claim.gid, claim.rev)
    if refused:
        log.warning("not taken out of the index", group=claim.group, reason=refused)
        if notifies and not heard:
            services.ledger.create_told(claim)  # or every sweep would tell it, for as long as COS refuses
    return refused


def remove_reuploads(services: Services, *claims: Claim, besides: Sequence[str] = ()) -> Result | None:
    """Some or all of what these contents of a group joined is there again: their outputs hold it, so it may go too.

    None when one of the outputs is no longer the one that was proven. `waiting` when new content has begun to arrive
    under the same keys, or `besides` under others: then the identical pieces may belong to it. Nothing is removed in
    either case. `kept` when something of it has to stay, with the reason.
    """
    proofs = []
    for claim in claims:
        end = _end_of(services, claim)
        if end is None or end.proof is None or not _still_proven(services, claim, end.proof):
            untag_expiry(services, own_keys(services.config, claim))
            return None
        proofs.append((claim, end.proof, end.job))
    looks = [_seen_again(services, claim) for claim in claims]
    (newest, proof, job), removed, left = proofs[0], 0, []
    new = [key for look in looks for key in look.new] + [*besides]
    if new:
        untag_expiry(services, [key for key in new if not other_owner(services.config, newest, key)])
        reason = f"new content has begun to arrive where joined pieces lie: {', '.join(new[:3])}"
        return Result(newest.group, "waiting", reason, proof.key)
    for (claim, proven, _), look in zip(proofs, looks, strict=True):
        if claim is not newest and not _still_proven(services, claim, proven):  # removing the others took its time
            left.append(f"{proven.key} is no longer the output that was verified")
            continue
        removal = remove(services, claim, proven, look.heads, look.there)
        removed += removal.removed
        left += [f"{key}: {why}" for key, why in removal.kept.items() if key in look.there]
    objects = "1 object" if removed == 1 else f"{removed} objects"
    reason = "; ".join([f"joined before; {objects} that its result holds removed", *left[:3]])
    return Result(newest.group, "kept" if left else "already-finished", reason, proof.key, job)


def resume(services: Services, claim: Claim) -> Result | None:
    """A person says retry to content whose clean-up was not carried out: carry it out now, if the proof still holds.

    None when there is no such proof, or when new content lies there: then it can only be joined anew.
    """
    end = _end_of(services, claim)
    look = _seen_again(services, claim) if end and end.next == "clean" and end.proof else None
    if end is None or end.proof is None or look is None or look.new:
        return None
    done = _clean(services, claim, end, end.proof, None)
    if done.outcome != "joined":
        return None
    reason = f"cleaned up at last; {done.removed} removed"
    if not done.removed:
        stays = [f"{key}: {why}" for key, why in done.kept.items() if key in look.there][:3]
        stays += [why for why in done.reason.split("; ") if why.startswith(NOTHING_REMOVED) and look.there]
        reason = "; ".join(stays) or "nothing of it was left to remove"
    return Result(claim.group, "finished", reason, done.output, done.job)


class _SeenAgain(NamedTuple):
    """What lies at the keys of a claim now: as HEAD showed it; by key, what was joined, or is the same; and the keys of
    content that came after it. What is older (with versions, removing shows the one before) is neither.
    """

    heads: FreshHeads
    there: dict[str, ObjectInfo]
    new: list[str]


def _seen_again(services: Services, claim: Claim) -> _SeenAgain:
    began = services.clock.now()
    parts = [fragment.object for fragment in claim.set.fragments]
    heads = services.cos.heads(services.config.bucket, [part.key for part in parts])
    found = [(head.object, part) for part in parts if (head := heads[part.key]) is not None]
    there = {one.key: one for one, part in found if one.same_content(part)}
    new = [one.key for one, part in found if not one.same_content(part) and one.last_modified >= part.last_modified]
    return _SeenAgain(FreshHeads(heads, began), there, new)


def _end_of(services: Services, claim: Claim) -> End | None:
    attempt = services.ledger.newest_attempt(claim.gid, claim.rev)
    return attempt.end.record if attempt and attempt.end else None


def _clean(services: Services, claim: Claim, end: End, proof: Proof, fresh_heads: FreshHeads | None) -> Done:
    if fresh_heads is None and not _still_proven(services, claim, proof):
        return Done("kept", f"{proof.key} is no longer the output that was verified", proof.key, end.job)
    problem = _tag(services, claim, end, proof)
    if problem:
        return Done("kept", problem, proof.key, end.job)
    if not _still_proven(services, claim, proof, segments=False):
        return Done("kept", f"{proof.key} is no longer the output that was verified", proof.key, end.job)
    removal = remove(services, claim, proof, fresh_heads)
    kept = removal.lent | removal.kept
    copied = "a group of one piece, copied as it is: no job" if claim.copied else ""
    note = "; ".join(filter(None, (claim.note, copied, removal.nothing, _numbers_left_out(services, claim))))
    return Done("joined", note, proof.key, end.job, removal.removed, kept, figures=proof.figures)


def _numbers_left_out(services: Services, claim: Claim) -> str:
    """Which numbers are not in the output, where CONCAT_FIRST=any allows that."""
    from cosconcat.groups.rules import numbers_left_out

    convention = services.config.convention
    if convention.first != "any" or convention.timed:
        return ""
    return numbers_left_out([fragment.index for fragment in claim.set.fragments])


def _still_proven(services: Services, claim: Claim, proof: Proof, *, segments: bool = True) -> bool:
    """Whether the output is there as it was verified: its ETag, and for a playlist every segment it names."""
    head = services.cos.head(claim.output, proof.key)
    if head is None or head.object.etag != proof.etag:
        return False
    if claim.format != "hls" or not segments:
        return True
    return not isinstance(whole_playlist(services, claim, head), Unverified)


def _tag(services: Services, claim: Claim, end: End, proof: Proof) -> str:
    """Merge our tags with what is there; returns why it cannot be done, empty when it was."""
    count = len(claim.set.fragments)
    ours = tags.own_tags(claim.group, end.job or "copy", count, claim.fingerprint, claim.rev)
    try:
        there = services.cos.tags(claim.output, proof.key)
        wanted = tags.output_tags(there, ours, services.config.tags)
        if dict(there) != wanted:
            services.cos.tag(claim.output, proof.key, wanted)
    except (InvalidInput, Rejected) as problem:  # no room for ours, or the output is gone by now
        return f"{proof.key} cannot be tagged: {problem}"
    return ""
