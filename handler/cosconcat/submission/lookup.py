"""The job of a claim, looked for in CI's listing by its nonce."""

from __future__ import annotations

from collections.abc import Iterator

from cosconcat.model import Job, Token
from cosconcat.output.key import expand
from cosconcat.records.records import Claim
from cosconcat.services import Services

LISTING_SLACK_SECONDS = 900  # how far before the claim a job's CreationTime is looked for: clocks of COS and CI differ


def find_job(services: Services, claim: Claim) -> Job | None:
    """The job that carries a nonce of this content, from CI's listing since a little before the claim."""
    since = claim.since or _written(services, claim)
    listed = listed_jobs(services, since)
    return next((job for job in listed if is_adoptable(job, claim)), None)


def listed_jobs(services: Services, since: int) -> Iterator[Job]:
    """All Concat jobs that CI lists as created after `since` (epoch seconds), less the slack between clocks."""
    token, seen = "", set[str]()
    while token not in seen:  # a listing that came round to where it was would never end
        seen.add(token)
        page = services.ci.jobs(services.config.bucket, since - LISTING_SLACK_SECONDS, token)
        yield from page.jobs
        token = page.next_token
        if not token:
            return


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
