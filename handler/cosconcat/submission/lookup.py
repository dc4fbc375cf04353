"""The job of a claim, looked for in CI's listing by its nonce."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from cosconcat.errors import ServiceUnavailable
from cosconcat.model import Job, Token
from cosconcat.output.key import expand
from cosconcat.records.records import Claim, Stamped
from cosconcat.services import Services

LISTING_SLACK_SECONDS = 900  # how far around a claim a job's CreationTime is looked for: clocks of COS and CI differ


def find_job(services: Services, claim: Claim) -> Job | None:
    """The job that carries a nonce of this content, from CI's listing since a little before the claim, read now."""
    since = claim.since or _written(services, claim)
    listed = listed_jobs(services, since - LISTING_SLACK_SECONDS)
    return next((job for job in listed if is_adoptable(job, claim)), None)


def find_earlier_job(services: Services, claim: Claim) -> Job | None:
    """The job of an attempt before this one, looked for once more before the POST. What this invocation has read of the
    listing counts: the leases of those attempts are over, so no job of theirs can come any more.
    """
    found, _ = services.submissions.listing.bearing(
        claim.nonces,
        claim.since - LISTING_SLACK_SECONDS,
        float("inf"),
        read=partial(listed_jobs, services),
        now=services.clock.now(),
        not_before=float("-inf"),
    )
    return next((job for job in found if is_adoptable(job, claim)), None)


def search_listing(services: Services, entry: Stamped[Claim]) -> tuple[Job | None, bool]:
    """The job of a claim whose lease is over, or whether CI lists jobs of ours at all from that time.

    Whoever claimed posts within the lease or never, so however old a claim is, the pages of its time are all that is
    read; what this invocation read of them before counts, unless the claim was too young then for their silence to be
    believed (two leases).
    """
    claim, now = entry.record, services.clock.now()
    since = (claim.since or entry.written) - LISTING_SLACK_SECONDS
    until = entry.written + claim.lease_seconds + LISTING_SLACK_SECONDS
    believed_for = entry.age - 2 * claim.lease_seconds
    found, shows_ours = services.submissions.listing.bearing(
        claim.nonces,
        since,
        until,
        read=partial(listed_jobs, services),
        now=now,
        not_before=now - believed_for if believed_for > 0 else float("-inf"),
    )
    return next((job for job in found if is_adoptable(job, claim)), None), shows_ours


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
