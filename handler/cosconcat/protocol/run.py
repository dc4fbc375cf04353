"""The executor: makes the calls that the steps of `attempt` and `content` ask for, until there is a result.

no claim            reconcile_group: choose the output's key, claim rev r, submit
claim               lease runs: leave it. Over: the job is looked for; found → job, believed absent → end retry
claim of a copy     lease runs: leave it. Over: copied again, or the copy that is there is proven (which writes end)
claim, job          ask CI: running → leave it; Success → commit (which writes end); Failed, Cancel, gone → end
claim, (job,) end   do what `next` says: retry → claim n+1 · clean → clean up · superseded, keep, gave-up → done
..., done           take it out of the index

What follows a claim is imported there: most events that get this far submit a job, in a process that has just started.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from cosconcat.errors import NotYet
from cosconcat.model import Action, FragmentSet, Job, Result, gid_of
from cosconcat.output.choice import bears_fingerprint, free_key, is_occupied, none_free
from cosconcat.output.key import expand, is_copied, output_key, with_rev
from cosconcat.protocol import content
from cosconcat.records.records import Claim, Content, Done, End, Stamped
from cosconcat.services import Services
from cosconcat.submission.lookup import search_listing
from cosconcat.submission.submit import adopt, first_claim, next_claim, submit

if TYPE_CHECKING:
    from cosconcat.inputs.heads import FreshHeads
    from cosconcat.protocol.attempt import Listing, OpenAttempt

ROUNDS = 4  # whoever loses a create meets the winner's records the next time round
LEFT = "a group of one piece, which CONCAT_SINGLE=leave leaves as it is"
NO_JOBS: Mapping[str, Job] = MappingProxyType({})


def reconcile_group(services: Services, fragments: FragmentSet, *, forced: bool = False) -> Result:
    """A whole group was seen: see to it that its content has exactly one claim, and act if the claim is ours.

    `forced` (a person said retry) starts a new rev even for content that was given up and not uploaded anew.

    Raises:
        TryAgain: nothing is lost; the same call later goes on from the records.
    """
    left = services.config.single == "leave" and fragments.is_single
    if left and services.ledger.newest_content(gid_of(fragments.group)) is None:
        return Result(fragments.group, "ignored", LEFT)
    late_apart = services.config.late_apart
    seen = content.WholeGroup(fragments, output_key(services.config, fragments), forced, late_apart=late_apart)
    for _ in range(ROUNDS):
        met = _run_group(services, seen)
        if isinstance(met, Result):
            return met
        seen = content.WholeGroup(fragments, seen.key, forced, met, late_apart=late_apart)
    raise NotYet(f"group {fragments.group}: its records are being written by others right now")


def _run_group(services: Services, seen: content.WholeGroup) -> Result | Content | None:
    """The steps of a group, up to a result or to records that were not known before: those are begun with anew."""
    gid = gid_of(seen.fragments.group)
    while True:
        match content.next_step(seen, services.config.convention):
            case content.HeadOutput() | content.ReadTags() | content.ReadStanding() | content.ReadJoined() as look:
                seen = _look(services, seen, look)
            case content.JoinLate(late):
                seen = seen._replace(fragments=late, key=output_key(services.config, late))
            case content.ReadRecords():
                newest = services.ledger.newest_content(gid)
                if newest is not None:
                    return newest
                seen = seen._replace(no_records=True)
            case content.ClaimContent(rev):
                return _claim_content(services, seen, rev)
            case content.RunContent(rev, final):
                helped = run_content(services, gid, rev)
                if final:
                    return helped
                seen = seen._replace(helped=True)
            case content.RemoveReuploads() | content.ResumeCleanup() as step:
                cleaned = _clean(services, step)
                if cleaned is not None:
                    return cleaned
                seen = seen._replace(still_proven=False)
            case Result() as result:
                return result


def _look(
    services: Services,
    seen: content.WholeGroup,
    look: content.HeadOutput | content.ReadTags | content.ReadStanding | content.ReadJoined,
) -> content.WholeGroup:
    match look:
        case content.HeadOutput():
            return seen._replace(occupied=is_occupied(services, seen.fragments, seen.key))
        case content.ReadTags():
            return seen._replace(ours=bears_fingerprint(services, seen.fragments, seen.key))
        case content.ReadStanding(newest):
            *_, standing = services.ledger.back_to_standing(gid_of(seen.fragments.group), newest)
            return seen._replace(standing=standing)
        case content.ReadJoined(rev):
            claims = services.ledger.joined(gid_of(seen.fragments.group), rev)
            return seen._replace(joined=tuple(claims))


def _claim_content(services: Services, seen: content.WholeGroup, rev: int) -> Result | Content | None:
    """Claim a content and submit its job; or the records of whoever was faster."""
    ledger, fragments, gid = services.ledger, seen.fragments, gid_of(seen.fragments.group)
    if services.config.single == "leave" and fragments.is_single:  # beside what was joined of its group
        return Result(fragments.group, "kept", f"came after the end: {LEFT}")
    services.submissions.may_claim()
    if services.config.jobs_per_hour is not None and seen.newest is None:
        met = ledger.newest_content(gid)  # what is being joined already needs no further slot
        if met is not None:
            return met
    refused = not_admitted(services, fragments)
    if refused is not None:
        return refused
    key = free_key(services, fragments, seen.key, rev, occupied=bool(seen.occupied))
    if key is None:
        met = None if seen.newest else ledger.newest_content(gid)
        if met is not None:  # what lies there is perhaps our own: this group has been joined before
            return met
        return Result(fragments.group, "invalid", none_free(seen.key, rev), with_rev(seen.key, rev))
    claim = first_claim(services, fragments, rev, key, _same_before(services, seen))
    winner = ledger.create_claim(claim)
    if winner is not None:
        return ledger.newest_content(gid, winner if rev == 1 else None)
    return begin(services, claim)


def begin(services: Services, claim: Claim, *, doubted: bool = False) -> Result:
    """What the winner of a claim does: one POST, the copy of a single piece, or neither where none is needed;
    `doubted` is `submit`'s.

    Raises:
        TryAgain: nothing is lost; the same call later goes on from the records.
    """
    if claim.unneeded:
        services.ledger.open(claim.gid, claim.rev)
        return run_content(services, claim.gid, claim.rev)
    if claim.copied:
        from cosconcat.copying.copy import copy_fragment

        services.ledger.open(claim.gid, claim.rev)
        end, heads = copy_fragment(services, claim, again=claim.n > 1 or doubted)
        return _after_end(services, Stamped(claim, 0, 0, mine=True), end, heads)
    result = submit(services, claim, doubted=doubted)
    return run_content(services, claim.gid, claim.rev) if result.action == "superseded" else result


def not_admitted(services: Services, fragments: FragmentSet) -> Result | None:
    """Why no job may be claimed now, None when one may or none is needed; most configurations have nothing to ask."""
    config = services.config
    asks = config.jobs_per_hour is not None or config.job or fragments.job
    if not asks or is_copied(config, fragments):
        return None
    from cosconcat.submission.admission import reason_against

    return reason_against(services, fragments)


def _same_before(services: Services, seen: content.WholeGroup) -> Claim | None:
    """The last attempt of the same content, when all that came since was superseded: its failures count on."""
    ledger, gid = services.ledger, gid_of(seen.fragments.group)
    for before in ledger.back_to_standing(gid, seen.newest) if seen.newest is not None else ():
        if before.done is None or before.done.record.outcome != "superseded":
            return None
        attempt = ledger.newest_attempt(gid, before.rev)
        if (
            attempt is not None
            and attempt.end is not None
            and attempt.claim.record.fingerprint == seen.fragments.fingerprint
        ):
            claim, end = attempt.claim.record, attempt.end.record
            same = claim.set.joined == seen.fragments.joined  # of other uploads nobody knows what was probed
            return replace(claim, failures=end.failures, probed=end.probed if same else "")
    return None


def _clean(services: Services, step: content.RemoveReuploads | content.ResumeCleanup) -> Result | None:
    """What came of it; None when the output is no longer the one that was proven."""
    from cosconcat.cleanup.finish import remove_reuploads, resume

    if isinstance(step, content.ResumeCleanup):
        return resume(services, step.claim)
    again = remove_reuploads(services, *step.claims)
    if again is not None and again.action == "waiting":
        raise NotYet(f"group {again.group}: {again.reason}")
    return again


def run_content(
    services: Services, gid: str, rev: int, listed: Mapping[str, Job] = NO_JOBS, *, forced: bool = False
) -> Result:
    """One content, one step further. `listed` are jobs already read from CI, by id; `forced` waits for no pause.

    Raises:
        TryAgain: nothing is lost; the same call later goes on from the records.
    """
    ledger = services.ledger
    newest = ledger.newest_attempt(gid, rev)
    if newest is None:  # only when records were deleted by hand
        refused = ledger.close(gid, rev)
        return Result(
            gid, "blocked" if refused else "ignored", refused or f"rev {rev} is in the index but has no claim"
        )
    claim, end = newest.claim.record, newest.end
    if not claim.set.lies_under(services.config.input_prefix):
        return Result(claim.group, "ignored", "claimed by another deployment, whose input prefix is not ours")
    if end is not None:
        return _after_end(services, newest.claim, end, None, ledger.done(gid, rev), forced=forced)
    ended = run_attempt(services, newest.claim, listed)
    return ended if isinstance(ended, Result) else _after_end(services, newest.claim, *ended, forced=forced)


def _after_end(
    services: Services,
    entry: Stamped[Claim],
    end: Stamped[End],
    heads: FreshHeads | None,
    done: Stamped[Done] | None = None,
    *,
    forced: bool = False,
) -> Result:
    """Do what the end says; `heads` are those by which this very call wrote it, if it did."""
    from cosconcat.cleanup.finish import close, finish
    from cosconcat.protocol import attempt

    claim = entry.record
    match attempt.after_end(attempt.EndedAttempt(claim, end, done, forced)):
        case attempt.Close(closed):
            refused = close(services, claim, closed.record, closed.age)
            action: Action = "blocked" if refused else "already-finished"
            return Result(claim.group, action, refused or closed.record.reason, closed.record.output, closed.record.job)
        case attempt.ClaimNext():
            return _claim_next(services, entry, end.record)
        case attempt.Finish():
            return finish(services, claim, end.record, heads)
        case Result() as result:
            return result


def _claim_next(services: Services, entry: Stamped[Claim], end: End) -> Result:
    """Claim the attempt after this one, and submit its job if the claim is ours."""
    services.submissions.may_claim()
    refused = not_admitted(services, entry.record.set)
    if refused is not None:
        return refused
    following = next_claim(services, entry, end)
    if services.ledger.create_claim(following) is not None:
        return Result(following.group, "already-submitted", "the next attempt was claimed by another instance")
    return begin(services, following)


def run_attempt(
    services: Services, entry: Stamped[Claim], listed: Mapping[str, Job] = NO_JOBS
) -> Result | tuple[Stamped[End], FreshHeads | None]:
    """The steps of an attempt without an end, up to its end or to what it waits for."""
    from cosconcat.protocol.attempt import OpenAttempt

    claim = entry.record
    record = None if claim.copied else services.ledger.job(claim.gid, claim.rev, claim.n)
    return _run_attempt(services, entry, OpenAttempt(claim, entry.age, record.record.job if record else ""), listed)


def end_of_job(
    services: Services, entry: Stamped[Claim], job: Job, *, probes_recorded: bool = True
) -> tuple[Stamped[End], FreshHeads | None]:
    """The end of an attempt, from its job as CI tells it.

    `probes_recorded` is False where it is known that no earlier invocation has recorded probes of this content.

    Raises:
        NotYet: the job has not ended, or its output cannot be judged yet.
    """
    from cosconcat.protocol.attempt import OpenAttempt

    seen = OpenAttempt(entry.record, entry.age, job.id, job)
    ended = _run_attempt(services, entry, seen, NO_JOBS, probes_recorded=probes_recorded)
    if isinstance(ended, Result):
        raise NotYet(f"group {entry.record.group}: job {job.id} is {job.state}")
    return ended


def _run_attempt(
    services: Services,
    entry: Stamped[Claim],
    seen: OpenAttempt,
    listed: Mapping[str, Job],
    *,
    probes_recorded: bool = True,
) -> Result | tuple[Stamped[End], FreshHeads | None]:
    from cosconcat.protocol import attempt

    claim = entry.record
    while True:
        match attempt.next_step(seen, services.config):
            case attempt.ReadJob(job_id):
                job = listed.get(job_id) or services.ci.job(services.config.bucket, job_id)
                seen = seen._replace(job=job, unknown_to_ci=job is None)
            case attempt.SearchListing():
                services.ledger.open(claim.gid, claim.rev)  # its winner may have died before that: nobody would come
                seen = seen._replace(listing=_search_listing(services, entry))
            case attempt.HeadOutput(job_id):
                seen = seen._replace(output_written=_written_since(services, claim, entry.written, job_id))
            case attempt.HeadFragments():
                from cosconcat.inputs.heads import look_at_joined

                now = look_at_joined(services, claim)
                seen = seen._replace(changed=now.changed, unreadable=(now.archived,) if now.archived else None)
            case attempt.ProbeFragments():
                from cosconcat.inputs.probes import unreadable

                seen = seen._replace(unreadable=unreadable(services, claim))
            case attempt.Adopt(job):
                adopt(services, claim, job)
                seen = seen._replace(job=job, adopted=True)
            case attempt.Verify(job):
                from cosconcat.verification.commit import commit

                return commit(services, claim, job, probes_recorded=probes_recorded)
            case attempt.CopyFragment():
                from cosconcat.copying.copy import copy_fragment

                services.ledger.open(claim.gid, claim.rev)  # its winner may have died before that
                return copy_fragment(services, claim, again=True)
            case attempt.EndAttempt(end):
                return services.ledger.create_end(claim, end), None
            case Result() as result:
                return result


def _search_listing(services: Services, entry: Stamped[Claim]) -> Listing:
    """The attempt's job in CI's listing, one in doubt, or whether it shows jobs of ours at all."""
    from cosconcat.protocol.attempt import Listing

    found, shows_ours = search_listing(services, entry)
    return Listing(found.job, shows_ours, found.doubt)


def _written_since(services: Services, claim: Claim, since: int, job_id: str = "") -> bool:
    literal = expand(claim.output_key, claim.format, job_id)
    head = services.cos.head(claim.output, literal) if literal else None
    return head is not None and head.object.last_modified >= since
