"""Bring one content one step further, driven by its records alone: the same for upload, callback and sweep.

no claim            reconcile_group: name the output, claim rev r, submit
claim               lease runs: leave it. Over: the job is looked for; found → job, believed absent → end retry
claim, job          ask CI: running → leave it; Success → commit (which writes end); Failed, Cancel, gone → end
claim, (job,) end   do what `next` says: retry → claim n+1 · clean → clean up · superseded, keep, gave-up → done
..., done           take it out of the index

What follows an end is imported there: most events that get this far submit a job, in a process that has just started.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from cosconcat.errors import NotYet
from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Whole
from cosconcat.job.compose import container_format
from cosconcat.model import FragmentSet, Job, Result, Token, gid_of
from cosconcat.naming.keys import ManifestName
from cosconcat.output.key import expand, output_key, with_rev
from cosconcat.records.records import Claim, Content, End, Stamped
from cosconcat.services import Services
from cosconcat.submission.lookup import is_adoptable, listed_jobs
from cosconcat.submission.submit import adopt, back_off, first_claim, next_claim, submit

if TYPE_CHECKING:
    from cosconcat.inputs.heads import FreshHeads

LIKE_A_REV = re.compile(r"\.r[0-9]{4,}(\.[^/.]*)?$")  # a key that another group's second content could get
NO_JOBS: Mapping[str, Job] = MappingProxyType({})


def reconcile_group(services: Services, fragments: FragmentSet, *, forced: bool = False) -> Result:
    """A whole group was seen: see to it that its content has exactly one claim, and act if the claim is ours.

    `forced` (a person said retry) starts a new rev even for content that was given up and not uploaded anew.

    Raises:
        TryAgain: nothing is lost; the same call later goes on from the records.
    """
    ledger = services.ledger
    gid = gid_of(fragments.group)
    key = output_key(services.config, fragments)
    content: Content | None = None
    for _ in range(4):  # whoever loses a create meets the winner's records the next time round
        if content is not None:
            held = _in_flight(services, content, fragments) or _settled(services, content, fragments, forced=forced)
            if held is not None:
                return held
        occupied = _occupied(services, fragments, key)
        if occupied and content is None:  # most often by our own earlier output
            content = ledger.newest_content(gid)
            if content is not None:
                continue
            if _bears_fingerprint(services, key, fragments):
                reason = "joined before, its records are gone; nothing removed"
                return Result(fragments.group, "already-finished", reason, key)
        rev = content.rev + 1 if content else 1
        name = _free_name(services, fragments, key, rev, occupied=occupied)
        if isinstance(name, Result):
            content = None if content else ledger.newest_content(gid)
            if content is None:
                return name
            continue  # what lies there is perhaps our own: this group has been joined before
        claim = first_claim(services, fragments, rev, name, _same_before(services, content, fragments))
        winner = ledger.create_claim(claim)
        if winner is None:
            result = submit(services, claim)
            return reconcile_content(services, gid, rev, again=False) if result.action == "superseded" else result
        content = ledger.newest_content(gid, winner if rev == 1 else None)
    raise NotYet(f"group {fragments.group}: its records are being written by others right now")


def reconcile_content(
    services: Services,
    gid: str,
    rev: int,
    listed: Mapping[str, Job] = NO_JOBS,
    *,
    forced: bool = False,
    again: bool = True,
) -> Result:
    """One content, one step. `listed` are jobs already read from CI, by id; `forced` does not wait for a retry's time.

    With `again`, a group whose content was superseded is looked at anew.

    Raises:
        TryAgain: nothing is lost; the same call later goes on from the records.
    """
    from cosconcat.cleanup.finish import close, finish

    ledger = services.ledger
    attempt = ledger.newest_attempt(gid, rev)
    if attempt is None:  # only when records were deleted by hand
        ledger.close(gid, rev)
        return Result(gid, "ignored", f"rev {rev} is in the index but has no claim")
    claim, end, checked = attempt.claim.record, attempt.end, None
    if not claim.set.lies_under(services.config.input_prefix):
        return Result(claim.group, "ignored", "claimed by another deployment, whose input prefix is not ours")
    if end is not None:
        done = ledger.done(gid, rev)
        if done is not None:
            close(services, claim, done.record, done.age)
            return Result(claim.group, "already-finished", done.record.reason, done.record.output, done.record.job)
    else:
        settled = _settle(services, attempt.claim, listed)
        if isinstance(settled, Result):
            return settled
        end, checked = settled
    if end.record.next == "retry":
        return _retry(services, attempt.claim, end, forced=forced, again=again)
    result = finish(services, claim, end.record, checked)
    if result.action == "superseded" and again:
        verdict = survey(services, claim.group)
        if isinstance(verdict, Whole):
            return reconcile_group(services, verdict.set)
    return result


def end_of_job(services: Services, claim: Claim, job: Job) -> tuple[Stamped[End], FreshHeads | None]:
    """The end of an attempt, from its job as CI tells it: by commit for Success, by the state's meaning otherwise.

    Raises:
        NotYet: the job has not ended, or its output cannot be judged yet.
    """
    from cosconcat.verification.commit import commit

    ledger = services.ledger
    if job.state == "Success":
        return commit(services, claim, job)
    if job.state == "Cancel":
        return ledger.create_end(claim, End("gave-up", "Cancel", f"job {job.id} was cancelled", job.id)), None
    if job.state != "Failed":
        raise NotYet(f"group {claim.group}: job {job.id} is {job.state}")
    return _failed(services, claim, job.id, "Failed", f"job {job.id} failed: {job.code} {job.message}".strip()), None


def _failed(services: Services, claim: Claim, job_id: str, outcome: str, reason: str) -> Stamped[End]:
    """A job came to nothing: another attempt after a pause, but no more than CONCAT_MAX_ATTEMPTS of them."""
    failures = claim.failures + 1
    if failures >= services.config.max_attempts:
        reason = f"{failures} failed jobs (CONCAT_MAX_ATTEMPTS); the last: {reason}"
        end = End("gave-up", outcome, reason, job_id, failures=failures)
    else:
        end = End("retry", outcome, reason, job_id, back_off(failures), failures, probed=claim.probed)
    return services.ledger.create_end(claim, end)


def _settle(
    services: Services, entry: Stamped[Claim], listed: Mapping[str, Job]
) -> Result | tuple[Stamped[End], FreshHeads | None]:
    """An attempt without an end: its end if it has come to one, otherwise what it is waiting for."""
    claim = entry.record
    record = services.ledger.job(claim.gid, claim.rev, claim.n)
    if record is None:
        if entry.age <= claim.lease_seconds:
            return Result(claim.group, "already-submitted", f"claimed {entry.age} s ago, its job is being submitted")
        found = _job_or_lost(services, entry)
        if not isinstance(found, Job):
            return found
        adopted = adopt(services, claim, found)
        if found.state in ("Submitted", "Running", "Pause"):
            return adopted
        job: Job | None = found
    else:
        job = listed.get(record.record.job) or services.ci.job(services.config.bucket, record.record.job)
    if job is None:
        return _gone_from_ci(services, entry, record.record.job if record else "")
    if job.state in ("Submitted", "Running", "Pause"):
        stuck = entry.age > services.config.stale_seconds
        reason = f"job {job.state}, {entry.age} s after its claim"
        return Result(claim.group, "already-submitted", reason, claim.output_key, job.id, stuck)
    return end_of_job(services, claim, job)


def _job_or_lost(services: Services, entry: Stamped[Claim]) -> Job | Result | tuple[Stamped[End], None]:
    """The lease is over and no job is recorded: the job from CI's listing, or the belief that there is none.

    The listing's silence counts only after two leases (the winner may post until its lease ends, the listing may lag by
    less than another), and when it has shown a job of ours (so it shows them at all) or CONCAT_STALE_SECONDS have
    passed; and never while something newer than the claim lies at the output key.
    """
    claim = entry.record
    ledger = services.ledger
    ledger.open(claim.gid, claim.rev)  # the claim's winner may have died before that; nobody would come back to it
    shows_ours = False
    for job in listed_jobs(services, claim.since or entry.written):
        if is_adoptable(job, claim):
            return job
        shows_ours = shows_ours or Token.parse(job.user_data) is not None
    if entry.age <= 2 * claim.lease_seconds:  # posted as late as the lease's end, listed as late as a lease after that
        return Result(claim.group, "already-submitted", "no job known; CI's listing may still hide it")
    stale = entry.age > services.config.stale_seconds
    if not (shows_ours or stale):
        return Result(claim.group, "already-submitted", "no job known; CI's listing has shown none of ours so far")
    if _written_since(services, claim, entry.written):
        if not stale:
            return Result(claim.group, "already-submitted", "its output appeared, its job is not listed yet")
        reason = f"{claim.output_key} was written after the claim, but CI lists no job of ours for it"
        return ledger.create_end(claim, End("gave-up", "Lost", reason)), None
    pause = back_off(claim.n) if claim.earlier else 0  # the first loss is tried again at once
    reason = "no job was created: CI lists none with its nonce"
    end = End("retry", "Lost", reason, "", pause, claim.failures, probed=claim.probed)
    return ledger.create_end(claim, end), None


def _gone_from_ci(services: Services, entry: Stamped[Claim], job_id: str) -> Result | tuple[Stamped[End], None]:
    claim = entry.record
    if entry.age <= services.config.stale_seconds:
        return Result(claim.group, "already-submitted", "CI does not know its job (yet)")
    if _written_since(services, claim, entry.written, job_id):
        reason = f"CI no longer knows job {job_id}, and {claim.output_key} cannot be verified without it"
        return services.ledger.create_end(claim, End("gave-up", "Lost", reason)), None
    return _failed(services, claim, job_id, "Lost", f"CI no longer knows job {job_id}, and it left no output"), None


def _retry(services: Services, entry: Stamped[Claim], end: Stamped[End], *, forced: bool, again: bool) -> Result:
    claim = entry.record
    left = end.record.after_seconds - end.age
    if left > 0 and not forced:
        refused = end.record.outcome in ("Rejected", "NotPosted")
        reason = f"{end.record.reason}; tried again in {left} s"
        return Result(claim.group, "blocked" if refused else "job-failed", reason, job=end.record.job)
    following = next_claim(services, entry, end.record)
    if services.ledger.create_claim(following) is not None:
        return Result(claim.group, "already-submitted", "the next attempt was claimed by another instance")
    result = submit(services, following)
    if result.action == "superseded":
        return reconcile_content(services, claim.gid, claim.rev, again=again)
    return result


def _in_flight(services: Services, content: Content, fragments: FragmentSet) -> Result | None:
    """What to say when the group's newest content is not done; its lease over, it is helped along first."""
    if content.done is not None:
        return None
    claim = content.claim.record
    same = claim.fingerprint == fragments.fingerprint
    if content.claim.age > claim.lease_seconds:
        helped = reconcile_content(services, claim.gid, content.rev, again=False)
        if same:
            return helped
    if same:
        return Result(claim.group, "already-submitted", f"rev {content.rev} is being joined", claim.output_key)
    return Result(claim.group, "deferred", f"rev {content.rev}, another content of this group, is in flight")


def _settled(services: Services, content: Content, fragments: FragmentSet, *, forced: bool) -> Result | None:
    """What to say when the group's newest content is done and holds all of this one; None when a new rev is due."""
    if content.done is None:
        return None
    from cosconcat.cleanup.finish import remove_reuploads, resume

    *_, content = services.ledger.back_to_standing(gid_of(fragments.group), content)
    if content.done is None:
        return None
    claim, done = content.claim.record, content.done.record
    anew = fragments.newest > content.done.written
    if done.outcome == "joined":
        if claim.fingerprint != fragments.fingerprint and not _is_rest(services, fragments, claim.set):
            if forced or (fragments.newest >= content.claim.written and not _came_back(fragments, claim.set)):
                return None
            reason = "older than what was joined: a version that was overwritten came back, or LIST shows the past"
            return Result(fragments.group, "kept", reason, done.output, done.job)
        again = remove_reuploads(services, claim)
        if again is not None and again.action == "waiting":
            raise NotYet(f"group {fragments.group}: {again.reason}")
        if again is not None or anew or forced:
            return again
        reason = f"joined before, but {done.output} is no longer what was proven: nothing is removed"
        return Result(fragments.group, "kept", reason, done.output, done.job)
    same = claim.fingerprint == fragments.fingerprint
    if same and forced and done.outcome == "kept":
        return resume(services, claim)
    if not same or done.outcome == "superseded" or forced or anew:
        return None
    return Result(fragments.group, done.outcome, f"since earlier: {done.reason}", done.output, done.job)


def _came_back(fragments: FragmentSet, joined: FragmentSet) -> bool:
    """Whether a piece is older than what was joined from its key: with versions, removing one shows the one before."""
    before = {f.object.key: f.object.last_modified for f in joined.fragments}
    return any(f.object.last_modified < before.get(f.object.key, 0) for f in fragments.fragments)


def _is_rest(services: Services, some: FragmentSet, joined: FragmentSet) -> bool:
    """Whether a whole group is but the rest of one that was joined: pieces that LIST still shows or could not be
    removed can look whole again, above all where a marker is left with them.

    Where time orders, places are counted anew without the pieces that are gone, so they do not compare. A manifest says
    itself what it wants: fewer pieces in another, or parts of them, are another wish.
    """
    convention = services.config.convention
    if any(one.marker and isinstance(convention.read(one.marker.key), ManifestName) for one in (some, joined)):
        return False
    timed = convention.timed
    pieces, all_pieces = (
        {(0 if timed else f.index, f.object.key, f.object.etag, f.object.size) for f in one.fragments}
        for one in (some, joined)
    )
    return pieces <= all_pieces


def _free_name(services: Services, fragments: FragmentSet, key: str, rev: int, *, occupied: bool) -> str | Result:
    """The output's key: `key` if it is free and no other group's, else with its rev; or why neither will do."""
    if not occupied and _reserve(services, fragments, key, rev):
        return key
    name = with_rev(key, rev)
    if not _occupied(services, fragments, name) and _reserve(services, fragments, name, max(rev, 2)):
        return name
    return Result(fragments.group, "invalid", f"{key} and {name} both belong to something else", name)


def _reserve(services: Services, fragments: FragmentSet, key: str, rev: int) -> bool:
    """See to it that no other group's job in flight writes this key.

    Without manifests the group's name is in the key, so that only names that end like `.r0002` can meet.
    """
    literal = expand(key, container_format(services.config, fragments))
    unique = services.config.completion not in ("marker", "manifest") and rev == 1
    if literal is None or (unique and not LIKE_A_REV.search(literal)):
        return True
    return services.ledger.reserve(services.config.output_bucket, literal, gid_of(fragments.group))


def _same_before(services: Services, content: Content | None, fragments: FragmentSet) -> Claim | None:
    """The last attempt of the same content, when all that came since was superseded: its failures count on."""
    ledger, gid = services.ledger, gid_of(fragments.group)
    for before in ledger.back_to_standing(gid, content) if content is not None else ():
        if before.done is None or before.done.record.outcome != "superseded":
            return None
        attempt = ledger.newest_attempt(gid, before.rev)
        if (
            attempt is not None
            and attempt.end is not None
            and attempt.claim.record.fingerprint == fragments.fingerprint
        ):
            end = attempt.end.record
            return replace(attempt.claim.record, failures=end.failures, probed=end.probed)
    return None


def _occupied(services: Services, fragments: FragmentSet, key: str) -> bool:
    literal = expand(key, container_format(services.config, fragments))
    return literal is not None and services.cos.head(services.config.output_bucket, literal) is not None


def _bears_fingerprint(services: Services, key: str, fragments: FragmentSet) -> bool:
    literal = expand(key, container_format(services.config, fragments))
    if literal is None:
        return False
    found = services.cos.tags(services.config.output_bucket, literal)
    return found.get("concat-fingerprint") == fragments.fingerprint


def _written_since(services: Services, claim: Claim, since: int, job_id: str = "") -> bool:
    literal = expand(claim.output_key, claim.format, job_id)
    head = services.cos.head(claim.output, literal) if literal else None
    return head is not None and head.object.last_modified >= since
