"""After `end` has decided: tag the output, remove what was joined, close the content. Resumable at every step.

    tag output ─► HEAD output: still the proven one? ─► remove only what equals the claim ─► marker ─► done ─► index

Whoever resumes looks at every fragment again (HEAD) before removing it: between the decision and now its key may
hold new content. The same if the HEADs of the decision are older than a moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cosconcat import log, notify, outputs, tags
from cosconcat.commit import Checked
from cosconcat.errors import InvalidInput, Rejected
from cosconcat.groups import FragmentSet
from cosconcat.ledger import Claim, Done, End, Outcome, Proof
from cosconcat.ports import Doomed, Head, ObjectInfo, Undeleted
from cosconcat.results import Action, Result
from cosconcat.services import Services
from cosconcat.submit import ledger_of

FRESH_SECONDS = 10  # HEADs older than this are repeated before anything is removed by them

NOTIFY_FOR_SECONDS = 86400  # how long an undelivered notification is tried again
EXPIRE_TAG = ("concat-cleanup", "expire")  # what the lifecycle rule of CONCAT_CLEANUP=expire filters by

OUTCOMES: Mapping[str, Outcome] = {"superseded": "superseded", "keep": "kept", "gave-up": "gave-up"}
ACTIONS: Mapping[Outcome, Action] = {
    "joined": "finished",
    "superseded": "superseded",
    "kept": "kept",
    "gave-up": "gave-up",
}


@dataclass
class Removal:
    """What a clean-up did: how many objects it removed, and why it left the others."""

    removed: int = 0
    kept: dict[str, str] = field(default_factory=dict)


def finish(services: Services, claim: Claim, end: End, checked: Checked | None = None) -> Result:
    """Carry out what `end` says, write `done`, notify, and take the content out of the index.

    `checked` are the HEADs by which this very call decided, if it did. Raises ServiceUnavailable to be resumed.
    """
    proof = end.proof
    if end.next == "clean" and proof is not None:
        done = _clean(services, claim, end, proof, checked)
    else:
        key = proof.key if proof else ""
        done = Done(OUTCOMES[end.next], end.reason, key, end.job)
    if not ledger_of(services).create_done(claim, done):
        held = ledger_of(services).done(claim.gid, claim.rev)
        done = held.record if held else done
    close(services, claim, done)
    return Result(claim.group, ACTIONS[done.outcome], done.reason, done.output, done.job)


def close(services: Services, claim: Claim, done: Done, age_seconds: int = 0) -> None:
    """Tell the receiver of CONCAT_NOTIFY_URL, then remove the index entry; undelivered, the sweep tells it again.

    `age_seconds` of the closing record: after a day a receiver that is down for good is given up.
    """
    if services.config.notify_url:
        failure = notify.notify(services.config, notify.end_of(claim, done))
        if failure:
            log.warning("notification not delivered", group=claim.group, reason=failure)
            if age_seconds < NOTIFY_FOR_SECONDS:
                return
    ledger_of(services).close(claim.gid, claim.rev)


def clean_again(services: Services, claim: Claim) -> Result | None:
    """Some or all of what was joined before is there again: the output holds it, so it may go too.

    None when the output is no longer the one that was proven; nothing is removed then.
    """
    attempt = ledger_of(services).newest_attempt(claim.gid, claim.rev)
    end = attempt.end.record if attempt and attempt.end else None
    if end is None or end.proof is None:
        return None
    head = services.cos.head(claim.output, end.proof.key)
    if head is None or head.object.etag != end.proof.etag:
        return None
    removal = _remove(services, claim, end.proof, claim.set, None)
    reason = f"joined before; {removal.removed} identical uploads removed"
    return Result(claim.group, "already-finished", reason, end.proof.key, end.job)


def _clean(services: Services, claim: Claim, end: End, proof: Proof, checked: Checked | None) -> Done:
    head = services.cos.head(claim.output, proof.key) if checked is None else None
    if checked is None and (head is None or head.object.etag != proof.etag):
        return Done("kept", f"{proof.key} is no longer the output that was verified", proof.key, end.job)
    problem = _tag(services, claim, end, proof)
    if problem:
        return Done("kept", problem, proof.key, end.job)
    head = services.cos.head(claim.output, proof.key)
    if head is None or head.object.etag != proof.etag:
        return Done("kept", f"{proof.key} is no longer the output that was verified", proof.key, end.job)
    removal = _remove(services, claim, proof, claim.set, checked)
    return Done("joined", "", proof.key, end.job, removal.removed, removal.kept)


def _tag(services: Services, claim: Claim, end: End, proof: Proof) -> str:
    """Merge our tags with what is there; returns why it cannot be done, empty when it was."""
    count = len(claim.set.fragments)
    ours = tags.own_tags(claim.group, end.job, count, claim.fingerprint, claim.rev)
    try:
        there = services.cos.tags(claim.output, proof.key)
        wanted = tags.output_tags(there, ours, services.config.tags)
        if dict(there) != wanted:
            services.cos.tag(claim.output, proof.key, wanted)
    except (InvalidInput, Rejected) as problem:  # no room for ours, or the output is gone by now
        return f"{proof.key} cannot be tagged: {problem}"
    return ""


def _remove(services: Services, claim: Claim, proof: Proof, fragments: FragmentSet, checked: Checked | None) -> Removal:
    """Remove those of `fragments` that are byte for byte what `claim` joined; the marker last."""
    config = services.config
    removal = Removal()
    if config.cleanup == "keep" or config.verify == "none" or proof.verified == "none":
        return removal
    if config.template_id and proof.verified != "duration":  # nobody has tried whose container a template's job writes
        return removal
    spared = {o.key for o in (fragments.intro, fragments.outro) if o}
    joined = {f.object.key: f.object for f in claim.set.fragments if f.object.key not in spared}
    if claim.set.marker:
        joined[claim.set.marker.key] = claim.set.marker
    heads = _heads(services, list(joined), checked)
    same: list[Head] = []
    for key, part in joined.items():
        head = heads[key]
        if head is None:
            continue
        if head.object.same_content(part):
            same.append(head)
        else:
            removal.kept[key] = "changed since it was joined"
            if config.cleanup == "expire":
                _spare(services, key)
    if config.cleanup_dry_run:
        for head in same:
            log.info("would be removed", group=claim.group, key=head.object.key, mode=config.cleanup)
            removal.kept[head.object.key] = f"dry run of {config.cleanup}"
        return removal
    marker = claim.set.marker.key if claim.set.marker else ""
    pieces = [h for h in same if h.object.key != marker]
    _remove_all(services, claim.rev, pieces, removal)
    if not removal.kept:
        _remove_all(services, claim.rev, [h for h in same if h.object.key == marker], removal)
    return removal


def _heads(services: Services, keys: Sequence[str], checked: Checked | None) -> Mapping[str, Head | None]:
    fresh = checked is not None and services.clock.now() - checked.at < FRESH_SECONDS
    if checked is not None and fresh and all(key in checked.heads for key in keys):
        return checked.heads
    return services.cos.heads(services.config.bucket, keys)


def _remove_all(services: Services, rev: int, heads: Sequence[Head], removal: Removal) -> None:
    if not heads:
        return
    mode = services.config.cleanup
    if mode == "expire":
        for head in heads:
            _expire(services, head.object, removal)
        return
    if mode == "trash":
        heads = _moved_to_trash(services, rev, heads, removal)
    doomed = [Doomed(head.object.key, head.version_id) for head in heads]
    failed: Sequence[Undeleted] = services.cos.delete(services.config.bucket, doomed) if doomed else ()
    for undeleted in failed:
        removal.kept[undeleted.key] = f"{undeleted.code}: {undeleted.message}"
    removal.removed += len(doomed) - len(failed)


def _moved_to_trash(services: Services, rev: int, heads: Sequence[Head], removal: Removal) -> list[Head]:
    """Copy with an ETag condition, then look at copies and originals: those that may go.

    From the second content of a group on, copies bear its rev: what an earlier one left in the trash stays as it is.
    """
    bucket, prefix = services.config.bucket, services.config.trash_prefix
    copies: dict[str, str] = {}
    for head in heads:
        key = head.object.key
        target = prefix + (outputs.with_rev(key, rev) if rev > 1 else key)
        try:
            if services.cos.copy(bucket, key, head.object.etag, bucket, target):
                copies[key] = target
            else:
                removal.kept[key] = "changed since it was joined"
        except Rejected as refusal:  # archived, or no right: reported, not fatal
            removal.kept[key] = str(refusal)
    now = services.cos.heads(bucket, [*copies, *copies.values()])  # copying takes its time
    may_go: list[Head] = []
    for head in heads:
        part, copy, original = head.object, now.get(copies.get(head.object.key, "")), now.get(head.object.key)
        if part.key not in copies:
            continue
        if copy is None or copy.object.size != part.size:
            removal.kept[part.key] = f"its copy {copies[part.key]} is not whole"
        elif original is None or not original.object.same_content(part):
            removal.kept[part.key] = "changed since it was joined"
        else:
            may_go.append(original)
    return may_go


def _expire(services: Services, part: ObjectInfo, removal: Removal) -> None:
    """Tag for the lifecycle rule, look again, and take the tag back from content that came in between."""
    bucket = services.config.bucket
    name, value = EXPIRE_TAG
    try:
        before = services.cos.tags(bucket, part.key)
        if before.get(name) != value and len(before) >= tags.MAX_TAGS:
            removal.kept[part.key] = f"has {len(before)} tags already, no room for {name}"
            return
        if before.get(name) != value:
            services.cos.tag(bucket, part.key, {**before, name: value})
    except Rejected as refusal:  # locked, no right, or gone by now: reported, not fatal
        removal.kept[part.key] = str(refusal)
        return
    head = services.cos.head(bucket, part.key)
    if head is not None and not head.object.same_content(part):
        _spare(services, part.key)
        removal.kept[part.key] = "changed since it was joined"
        return
    removal.removed += 1


def _spare(services: Services, key: str) -> None:
    """Take the lifecycle rule's tag from new content: whoever died between tagging and looking again left it there."""
    name, value = EXPIRE_TAG
    try:
        there = dict(services.cos.tags(services.config.bucket, key))
        if there.get(name) == value:
            del there[name]
            services.cos.tag(services.config.bucket, key, there)
    except Rejected as refusal:  # gone by now, or no right: reported, not fatal
        log.warning("tag not taken back", key=key, reason=str(refusal))
