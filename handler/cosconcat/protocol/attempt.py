"""One attempt, from its claim to its end: what its records and CI say, and the one step that follows. Pure.

Each function is a table, read from top to bottom; the first line that fits is the step. `docs/internals/protocol.md`
shows the same tables in words. `run.py` carries the steps out. A look is a step too, so that nothing is asked of the
services that the answers before have made needless.
"""

from __future__ import annotations

from typing import NamedTuple

from cosconcat.config import Config
from cosconcat.model import Action, Job, Result, is_job_id
from cosconcat.records.records import Claim, Done, End, Stamped
from cosconcat.submission.lookup import NO_ID, is_anothers, told_otherwise
from cosconcat.submission.submit import back_off

WITHOUT_JOB = ("Rejected", "NotPosted", "NotCopied")  # outcomes of attempts that led to no job and no copy
UNFINISHED = ("Submitted", "Running", "Pause")  # the API's words for a job that has yet to end
ENDED = ("Success", "Failed", "Cancel")
MOST_LOST = 10  # attempts for one content that led to no job: with the usual leases they take ten hours


class Listing(NamedTuple):
    """What CI's job listing showed: the attempt's job, or at least that it does show jobs of ours. `doubt` is a job
    that bears our nonce and is told otherwise than it was claimed.
    """

    job: Job | None
    shows_ours: bool
    doubt: Job | None = None


class OpenAttempt(NamedTuple):
    """What is known of an attempt that has not ended. `None` means: not looked at yet."""

    claim: Claim
    age: int  # seconds since the claim was written, on the service's clock
    job_id: str = ""  # of the job record; empty when there is none
    job: Job | None = None  # as CI tells it, which may show that it is not ours
    unknown_to_ci: bool = False  # CI was asked for `job_id` and knows no such job
    listing: Listing | None = None
    output_written: bool | None = None  # whether something at least as new as the claim lies at the output key
    adopted: bool = False  # the job was found in the listing just now
    changed: tuple[str, ...] | None = None  # fragments that are no longer what was claimed; after the first failure
    unreadable: tuple[str, ...] | None = None  # a sentence for each piece that CI cannot read; likewise


class ReadJob(NamedTuple):
    """Ask CI for this job."""

    job_id: str


class SearchListing(NamedTuple):
    """Look for the attempt's job in CI's listing."""


class HeadOutput(NamedTuple):
    """Look at the output key; `job_id` stands in it where the key holds `${jobid}`."""

    job_id: str = ""


class HeadFragments(NamedTuple):
    """Look whether the fragments are still what was claimed: of what is gone or replaced no job can succeed."""


class ProbeFragments(NamedTuple):
    """Look whether CI can read the fragments at all: another job would fail for the same reason."""


class Adopt(NamedTuple):
    """Record this job as the attempt's."""

    job: Job


class Verify(NamedTuple):
    """The job succeeded: prove its output, which ends the attempt."""

    job: Job


class CopyFragment(NamedTuple):
    """Copy the one piece of the claim, or prove the copy that is there, which ends the attempt."""


class EndAttempt(NamedTuple):
    """Write this end."""

    end: End


Step = (
    ReadJob
    | SearchListing
    | HeadOutput
    | HeadFragments
    | ProbeFragments
    | Adopt
    | Verify
    | CopyFragment
    | EndAttempt
    | Result
)


def next_step(seen: OpenAttempt, config: Config) -> Step:
    """The one thing to do now; a `Result` says what the attempt waits for."""
    if seen.claim.unneeded:
        return EndAttempt(End("superseded", "NotPosted", seen.claim.unneeded))
    if seen.job is not None and not is_anothers(seen.job, seen.claim):
        return _by_state(seen, seen.job, config)
    if seen.unknown_to_ci:
        return _unknown_to_ci(seen, config)
    if seen.job is None and is_job_id(seen.job_id):
        return ReadJob(seen.job_id)
    if seen.age <= seen.claim.lease_seconds:
        doing = "it is being copied" if seen.claim.copied else "its job is being submitted"
        return _wait(seen, f"claimed {seen.age} s ago, {doing}")
    if seen.claim.copied:
        return CopyFragment()
    if seen.listing is None:
        return SearchListing()
    if seen.listing.job is not None:
        return Adopt(seen.listing.job)
    if seen.listing.doubt is not None:
        return _in_doubt(seen, seen.listing.doubt, config)
    if seen.job_id:
        return _answered_with_anothers(seen, config)
    return _not_listed(seen, seen.listing, config)


def _by_state(seen: OpenAttempt, job: Job, config: Config) -> Step:
    """CI was asked: what the job's state means."""
    if job.state == "Success":
        return Verify(job)
    if job.state == "Cancel":
        return EndAttempt(End("gave-up", "Cancel", f"job {job.id} was cancelled", job.id))
    if job.state == "Failed":
        return _job_failed(seen, job, config)
    group, key = seen.claim.group, seen.claim.output_key
    if seen.adopted and not seen.job_id:
        return Result(group, "adopted", "found in CI's job listing by its nonce", key, job.id)
    stuck = seen.age > config.stale_seconds
    known = "" if job.state in UNFINISHED else ", a state that this release does not know,"
    return Result(
        group, "already-submitted", f"job {job.state}{known} {seen.age} s after its claim", key, job.id, stuck
    )


def _unknown_to_ci(seen: OpenAttempt, config: Config) -> Step:
    """A job is recorded that CI does not know: young, it may appear; old, it was forgotten, unless one with our nonce
    is listed under another id.
    """
    if seen.age <= config.stale_seconds:
        return _wait(seen, "CI does not know its job (yet)")
    if seen.listing is None:
        return SearchListing()
    if seen.listing.job is not None:
        return Adopt(seen.listing.job)
    if seen.listing.doubt is not None:
        return _in_doubt(seen, seen.listing.doubt, config)
    if seen.output_written is None:
        return HeadOutput(seen.job_id)
    if seen.output_written:
        reason = f"CI no longer knows job {seen.job_id}, and {seen.claim.output_key} cannot be verified without it"
        return EndAttempt(End("gave-up", "Lost", reason))
    reason = f"CI no longer knows job {seen.job_id}, and it left no output"
    return _failed(seen.claim, config, seen.job_id, "Lost", reason)


def _in_doubt(seen: OpenAttempt, doubt: Job, config: Config) -> Step:
    """A job bears our nonce, so it was posted by us, but it is told otherwise than it was claimed: nothing is built on
    it, and none is posted beside it. Once it has ended, and still is told so, a person has to look at it.
    """
    told, stale = told_otherwise(doubt), seen.age > config.stale_seconds
    if stale and doubt.state in ENDED:
        reason = f"{told}; look at that job before you say retry"
        return EndAttempt(End("gave-up", doubt.state, reason, doubt.id, failures=seen.claim.failures))
    return Result(seen.claim.group, "already-submitted", told, seen.claim.output_key, doubt.id, stuck=stale)


def _answered_with_anothers(seen: OpenAttempt, config: Config) -> Step:
    """Our POST was answered, so that a job exists and will be billed, but with the id of another, and none with our
    nonce is listed. It may come to be listed; that it never was is not believed.
    """
    why = is_anothers(seen.job, seen.claim) if seen.job is not None else NO_ID
    told = f"its job is recorded as {seen.job_id[:80]!r}, {why}"
    if seen.age <= max(config.stale_seconds, 2 * seen.claim.lease_seconds):
        return _wait(seen, f"{told}; none with its nonce is listed so far")
    return EndAttempt(End("gave-up", "Lost", f"{told}, and CI lists none with its nonce"))


def _not_listed(seen: OpenAttempt, listing: Listing, config: Config) -> Step:
    """No job recorded, none listed, the lease over: when the listing's silence is believed.

    Only after two leases: the winner may post until its lease ends, the listing may lag by less than another. And only
    when it has shown a job of ours (so it shows them at all) or CONCAT_STALE_SECONDS have passed; and never while
    something newer than the claim lies at the output key.
    """
    stale = seen.age > config.stale_seconds
    if seen.age <= 2 * seen.claim.lease_seconds:
        return _wait(seen, "no job known; CI's listing may still hide it")
    if not (listing.shows_ours or stale):
        return _wait(seen, "no job known; CI's listing has shown none of ours so far")
    if seen.output_written is None:
        return HeadOutput()
    if seen.output_written and not stale:
        return _wait(seen, "its output appeared, its job is not listed yet")
    if seen.output_written:
        reason = f"{seen.claim.output_key} was written after the claim, but CI lists no job of ours for it"
        return EndAttempt(End("gave-up", "Lost", reason))
    reason = "no job was created: CI lists none with its nonce"
    lost = len(seen.claim.earlier) + 1
    if lost >= MOST_LOST:
        told = f"{lost} attempts led to no job: functions died before their POST, or CI took none; the last: {reason}"
        return EndAttempt(End("gave-up", "Lost", told, failures=seen.claim.failures))
    pause = back_off(seen.claim.n) if seen.claim.earlier else 0  # the first loss is tried again at once
    return EndAttempt(End("retry", "Lost", reason, "", pause, seen.claim.failures, probed=seen.claim.probed))


def _job_failed(seen: OpenAttempt, job: Job, config: Config) -> Step:
    """The first failure is reason to look at the fragments, once: what is no longer there was superseded, and what CI
    cannot read it will not join later either.
    """
    reason = f"job {job.id} failed: {job.code} {job.message}".strip()
    if seen.claim.failures == 0 and config.max_attempts > 1:
        if seen.changed is None:
            return HeadFragments()
        if seen.changed:
            told = f"changed while they were joined: {', '.join(seen.changed[:5])}; {reason}"
            return EndAttempt(End("superseded", "Failed", told, job.id, failures=1))
        if seen.unreadable is None:
            return ProbeFragments()
        if seen.unreadable:
            told = f"{'; '.join(seen.unreadable[:5])}; {reason}"
            return EndAttempt(End("gave-up", "Failed", told, job.id, failures=1))
    return _failed(seen.claim, config, job.id, "Failed", reason)


def _failed(claim: Claim, config: Config, job_id: str, outcome: str, reason: str) -> EndAttempt:
    """A job came to nothing: another attempt after a pause, but no more than CONCAT_MAX_ATTEMPTS of them."""
    failures = claim.failures + 1
    if failures >= config.max_attempts:
        reason = f"{failures} failed jobs (CONCAT_MAX_ATTEMPTS); the last: {reason}"
        return EndAttempt(End("gave-up", outcome, reason, job_id, failures=failures))
    return EndAttempt(End("retry", outcome, reason, job_id, back_off(failures), failures, probed=claim.probed))


def _wait(seen: OpenAttempt, reason: str) -> Result:
    return Result(seen.claim.group, "already-submitted", reason)


class EndedAttempt(NamedTuple):
    """An attempt with its end; `done` is the closing record, looked for unless the end was written just now."""

    claim: Claim
    end: Stamped[End]
    done: Stamped[Done] | None = None
    forced: bool = False  # a person said retry: the pause is not waited for


class Close(NamedTuple):
    """Notify, and take the content out of the index."""

    done: Stamped[Done]


class ClaimNext(NamedTuple):
    """Claim the next attempt, and submit its job if the claim is ours."""


class Finish(NamedTuple):
    """Do what the end says, and write the closing record."""


def after_end(seen: EndedAttempt) -> Close | ClaimNext | Finish | Result:
    """The one thing to do about an attempt that has ended."""
    end = seen.end.record
    if seen.done is not None:
        return Close(seen.done)
    if end.next != "retry":
        return Finish()
    left = end.after_seconds - seen.end.age
    if left > 0 and not seen.forced:
        action: Action = "blocked" if end.outcome in WITHOUT_JOB else "job-failed"
        return Result(seen.claim.group, action, f"{end.reason}; tried again in {left} s", job=end.job)
    return ClaimNext()
