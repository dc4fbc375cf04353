"""The job of a claim, looked for in CI's listing by its nonce."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from cosconcat.errors import InvalidInput, ServiceUnavailable
from cosconcat.model import Job, Token, is_job_id
from cosconcat.output.key import expand
from cosconcat.records.records import Claim, Lease, Stamped
from cosconcat.services import Services

LISTING_SLACK_SECONDS = 900  # how far around a claim a job's CreationTime is looked for: clocks of COS and CI differ
NO_ID = "which is no id that CI can be asked for"


class Found(NamedTuple):
    """What CI lists of a claim: the job to go on with; or else one in doubt, which bears our nonce and is told
    otherwise than it was claimed. Such a job is never taken over, and never taken for absent.
    """

    job: Job | None
    doubt: Job | None


NOT_LISTED = Found(None, None)


def find_job(services: Services, claim: Claim) -> Job | None:
    """The job of a POST whose answer was lost just now, from CI's listing since a little before the claim."""
    listed = listed_jobs(services, _written(services, claim) - LISTING_SLACK_SECONDS)
    return _among(services, claim, listed).job


def find_earlier_job(services: Services, claim: Claim) -> Found:
    """The job of an attempt before this one, looked for once more before the POST. What this invocation has read of the
    listing counts: the leases of those attempts are over, so no job of theirs can come any more.
    """
    return _within(services, claim, _earlier_leases(services, claim), float("-inf"))[0]


def search_listing(services: Services, entry: Stamped[Claim]) -> tuple[Found, bool]:
    """The job of a claim whose lease is over, or whether CI lists jobs of ours at all from its time.

    What this invocation read of those pages before counts, unless the claim was too young then for their silence to be
    believed (two leases).
    """
    claim, now = entry.record, services.clock.now()
    believed_for = entry.age - 2 * claim.lease_seconds
    leases = (*_earlier_leases(services, claim), lease_of(entry))
    return _within(services, claim, leases, now - believed_for if believed_for > 0 else float("-inf"))


def _within(services: Services, claim: Claim, leases: Iterable[Lease], not_before: float) -> tuple[Found, bool]:
    """What CI lists of the attempts with these leases, oldest first, and whether it lists any of ours.

    Whoever claimed posts within the lease or never. So however old a claim is, and however long ago attempts before it
    were lost, the pages of those times are all that is read.
    """
    doubt, shows_ours = None, False
    for lease in leases:
        jobs, ours = services.submissions.listing.bearing(
            claim.nonces,
            lease.claimed - LISTING_SLACK_SECONDS,
            lease.over + LISTING_SLACK_SECONDS,
            read=partial(listed_jobs, services),
            now=services.clock.now(),
            not_before=not_before,
        )
        found, shows_ours = _among(services, claim, jobs), shows_ours or ours
        if found.job is not None:
            return found, shows_ours
        doubt = doubt or found.doubt
    return Found(None, doubt), shows_ours


def lease_of(entry: Stamped[Claim]) -> Lease:
    """From when to when the attempt may post."""
    return Lease(entry.written, entry.written + entry.record.lease_seconds)


def _earlier_leases(services: Services, claim: Claim) -> tuple[Lease, ...]:
    """Those of the attempts whose jobs were not found.

    Raises:
        InvalidInput: a claim of an earlier release does not say it, and the record of such an attempt is gone.
    """
    if len(claim.leases) == len(claim.earlier):
        return claim.leases
    records = [services.ledger.claim(claim.gid, claim.rev, n) for n in range(1, claim.n)]
    leases = {entry.record.nonce: lease_of(entry) for entry in records if entry}
    if not leases.keys() >= set(claim.earlier):
        raise InvalidInput([f"{claim.gid}/{claim.rev:04}: the claim of an attempt before {claim.n} is gone"])
    return tuple(leases[nonce] for nonce in claim.earlier)


def _among(services: Services, claim: Claim, jobs: Iterable[Job]) -> Found:
    """What of these jobs is the claim's. One in doubt is asked for by its id: a listing may tell less of a job."""
    doubts: dict[str, Job] = {}
    for job in jobs:
        if is_adoptable(job, claim):
            return Found(job, None)
        if _is_in_doubt(job, claim):
            doubts[job.id] = job
    for listed in list(doubts.values()):
        told = services.ci.job(services.config.bucket, listed.id) if is_job_id(listed.id) else None
        if told is not None and is_adoptable(told, claim):
            return Found(told, None)
        if told is not None and is_job_of(told, claim, claim.nonces):  # of an earlier attempt, and it failed
            del doubts[listed.id]
    return Found(None, next(iter(doubts.values()), None))


def _is_in_doubt(job: Job, claim: Claim) -> bool:
    """Whether it bears our nonce and is told otherwise than it was claimed; what came to nothing for an earlier attempt
    stands in nobody's way.
    """
    nonces = Token.nonces_in(job.user_data) & claim.nonces
    if not nonces or is_job_of(job, claim, claim.nonces):
        return False
    return claim.nonce in nonces or job.state not in ("Failed", "Cancel")


def told_otherwise(job: Job) -> str:
    """A sentence about a job in doubt."""
    what = f"CI lists job {job.id[:80]} ({job.state or 'without a state'}) with our nonce in its UserData"
    return f"{what}, but tells another token, Tag, bucket or key of it than was claimed"


def is_anothers(job: Job, claim: Claim) -> str:
    """What shows that a job, which CI named in answer to our POST or tells of by its recorded id, is none of this
    content; empty where nothing does.

    What is not told shows nothing: no page promises that every answer repeats UserData and Tag, and a job that is not
    believed is billed all the same.
    """
    if job.user_data and not Token.nonces_in(job.user_data) & claim.nonces:
        return "which bears another UserData than ours"
    return f"which is no Concat job but {job.tag[:80]}" if job.tag.lower() not in ("", "concat") else ""


def listed_jobs(services: Services, since: int, until: float = float("inf")) -> Iterator[Job]:
    """All Concat jobs that CI lists as created between two moments (epoch seconds).

    Raises:
        ServiceUnavailable: a page led back to an earlier one, so that what is behind it stays unseen: a job that is
            believed lost is posted again.
    """
    bucket, token, seen = services.config.bucket, "", {""}
    while True:
        page = services.ci.jobs(bucket, since, token, int(until) if until < float("inf") else 0)
        yield from page.jobs
        token = page.next_token
        if not token:
            return
        if token in seen:
            raise ServiceUnavailable(f"GET /jobs of {bucket.name}: the page after {token[:80]!r} leads back to it")
        seen.add(token)


def _written(services: Services, claim: Claim) -> int:
    entry = services.ledger.claim(claim.gid, claim.rev, claim.n)
    return entry.written if entry else 0


def is_job_of(job: Job, claim: Claim, nonces: frozenset[str]) -> bool:
    """Whether CI's job is the one this claim led to: Tag, nonce and output key must all match."""
    token = Token.parse(job.user_data)
    return (
        job.tag == "Concat"
        and token is not None
        and (token.gid, token.rev) == (claim.gid, claim.rev)
        and token.nonce in nonces
        and job.output == claim.output
        and job.output_key.lstrip("/") in (claim.output_key, expand(claim.output_key, claim.format, job.id))
    )


def is_adoptable(job: Job, claim: Claim) -> bool:
    """Whether the claim's attempt may go on with this job: its own in any state, an earlier one's that did not fail.

    An earlier attempt's failed job is what this attempt was claimed for: taken over, one failure would count thrice.
    """
    if not is_job_of(job, claim, claim.nonces):
        return False
    return job.state not in ("Failed", "Cancel") or is_job_of(job, claim, frozenset({claim.nonce}))
