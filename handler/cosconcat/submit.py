"""From a claim that was won to a job: look, then POST once.

      claim-n ──► open ──► (n or rev > 1: fragments unchanged? job of this content already there?) ──► POST ──► job-n
         │                                                                                   │
         └─ killed here: the lease runs out, nothing at CI ─► end-n retry                     ├─ refused: end-n
                                                                                             └─ answer lost: listing,
                                                                                                else the lease

A POST is never repeated: not here, not in the adapter. What its answer does not tell is asked from CI's job listing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cosconcat import log, outputs, signing
from cosconcat.errors import InvalidInput, NeverAgain, NotYet, OutcomeUnknown, TryAgain
from cosconcat.groups import FragmentSet
from cosconcat.job.compose import compose, container_format
from cosconcat.job.mixed import differences
from cosconcat.job.request import Request
from cosconcat.ledger import Claim, End, Entry, JobRecord, Ledger, Next
from cosconcat.ports import Job, Unreadable
from cosconcat.results import Result
from cosconcat.services import Services

LISTING_SLACK_SECONDS = 900  # how far before the claim a job's CreationTime is looked for: clocks of COS and CI differ
FIRST_BACKOFF_SECONDS = 60
LONGEST_BACKOFF_SECONDS = 3600


def back_off(times: int) -> int:
    """Seconds to leave between tries: one minute, doubling, at most an hour."""
    return int(min(FIRST_BACKOFF_SECONDS * 2 ** min(times - 1, 10), LONGEST_BACKOFF_SECONDS))


def ledger_of(services: Services) -> Ledger:
    """The ledger where the configuration says it lives."""
    return Ledger(services.cos, services.config.state_bucket, services.config.state_prefix)


def first_claim(services: Services, fragments: FragmentSet, rev: int, output_key: str) -> Claim:
    """Attempt 1 for this content, with a nonce drawn now."""
    return Claim(
        group=fragments.group,
        rev=rev,
        n=1,
        nonce=services.nonce(),
        lease_seconds=services.config.lease_seconds,
        set=fragments,
        fingerprint=fragments.fingerprint,
        output=services.config.output_bucket,
        output_key=output_key,
        format=container_format(services.config, fragments),
    )


def next_claim(services: Services, previous: Claim) -> Claim:
    """The attempt after `previous` for the same content."""
    return replace(previous, n=previous.n + 1, nonce=services.nonce(), lease_seconds=services.config.lease_seconds)


def submit(services: Services, claim: Claim, previous: End | None = None) -> Result:
    """What the winner of `claim` does: exactly one POST, or none. `previous` is how the attempt before it ended.

    Raises:
        TryAgain: CI refuses for now (the refusal is recorded first), or the outcome of the POST is unknown.
    """
    ledger_of(services).open(claim.gid, claim.rev)
    taken = _look_first(services, claim)
    if taken is not None:
        return taken
    try:
        request = _request(services, claim)
    except TryAgain as failure:
        _end_without_job(services, claim, previous, "retry", "NotPosted", failure)
        raise
    except NeverAgain as mistake:
        return _end_without_job(services, claim, previous, "gave-up", "NotPosted", mistake)
    try:
        job = services.ci.submit(services.config.bucket, request)
    except OutcomeUnknown as lost:
        found = find_job(services, claim)
        if found is None:
            raise NotYet(f"group {claim.group}: {lost}; its job is looked for when the lease is over") from lost
        return adopt(services, claim, found)
    except TryAgain as refusal:  # the port's word for: no job exists, ask again later
        _end_without_job(services, claim, previous, "retry", "Rejected", refusal)
        raise
    except NeverAgain as refusal:
        return _end_without_job(services, claim, previous, "gave-up", "Rejected", refusal)
    ledger_of(services).create_job(claim, JobRecord(job.id))
    return Result(claim.group, "submitted", key=claim.output_key, job=job.id)


def _look_first(services: Services, claim: Claim) -> Result | None:
    """Before any POST but the very first: the fragments unchanged, no job yet, the output's key free?"""
    if claim.n > 1 or claim.rev > 1:
        changed = changed_fragments(services, claim)
        if changed:
            reason = f"changed since it was listed: {', '.join(changed[:5])}"
            ledger_of(services).create_end(claim, End("superseded", "NotPosted", reason))
            return Result(claim.group, "superseded", reason)
    if claim.n == 1:
        return None
    found = find_job(services, claim)
    if found is not None:
        return adopt(services, claim, found)
    literal = outputs.expand(claim.output_key, claim.format)
    if literal is not None and services.cos.head(claim.output, literal) is not None:
        reason = f"{literal} was free when it was claimed, now something else lies there"
        ledger_of(services).create_end(claim, End("superseded", "NotPosted", reason))
        return Result(claim.group, "superseded", reason)
    return None


def _end_without_job(
    services: Services,
    claim: Claim,
    previous: End | None,
    next_: Next,
    outcome: str,
    why: Exception,
) -> Result:
    """End an attempt that led to no job; refusals in a row lengthen the pause before the next."""
    failures, refusals = (previous.failures, previous.refusals + 1) if previous else (0, 1)
    pause = back_off(refusals) if next_ == "retry" else 0
    ledger_of(services).create_end(
        claim, End(next_, outcome, str(why), after_seconds=pause, failures=failures, refusals=refusals)
    )
    return Result(claim.group, "gave-up", str(why))


def adopt(services: Services, claim: Claim, job: Job) -> Result:
    """Take over a job that an earlier try of ours created."""
    ledger_of(services).create_job(claim, JobRecord(job.id, adopted=True))
    return Result(claim.group, "adopted", "found in CI's job listing by its nonce", claim.output_key, job.id)


def find_job(services: Services, claim: Claim) -> Job | None:
    """The job of this content that the claim may take over, from CI's listing since a little before the claim."""
    ledger = ledger_of(services)
    nonces = ledger.nonces(claim)
    mine = (
        job for job in listed_jobs(services, _first_written(ledger, claim)) if outputs.is_adoptable(job, claim, nonces)
    )
    return next(mine, None)


def listed_jobs(services: Services, since: int) -> Iterator[Job]:
    """All Concat jobs that CI lists as created after `since` (epoch seconds), less the slack between clocks."""
    token = ""
    while True:
        page = services.ci.jobs(services.config.bucket, since - LISTING_SLACK_SECONDS, token)
        yield from page.jobs
        token = page.next_token
        if not token:
            return


def changed_fragments(services: Services, claim: Claim) -> list[str]:
    """Keys of the claim's objects that are no longer the bytes it named (HEAD, not LIST)."""
    parts = [f.object for f in claim.set.fragments] + [o for o in (claim.set.intro, claim.set.outro) if o]
    heads = services.cos.heads(services.config.bucket, [o.key for o in parts])
    return [o.key for o in parts if (h := heads[o.key]) is None or not h.object.same_content(o)]


def _first_written(ledger: Ledger, claim: Claim) -> int:
    first: Entry[Claim] | None = ledger.claim(claim.gid, claim.rev, 1)
    return first.written if first else 0


def _request(services: Services, claim: Claim) -> Request:
    """The request, composed before anything is probed: a probe costs, a mistake in the request does not."""
    config = services.config
    callback = signing.callback_url(config, claim.token) if config.callback_url else ""
    request = compose(config, claim.set, claim.output_key, str(claim.token), callback)
    if request.direct and config.on_mixed != "trust":
        differences = _differences(services, claim.set)
        if differences and config.on_mixed == "refuse":
            raise InvalidInput([f"DirectConcat joins only fragments of one kind: {d}" for d in differences])
        if differences:
            log.warning("fragments differ: transcoded, not joined directly", group=claim.group, reason=differences[:5])
            return request.transcoded()
    return request


def _differences(services: Services, fragments: FragmentSet) -> tuple[str, ...]:
    keys = [f.object.key for f in fragments.fragments]
    keys += [o.key for o in (fragments.intro, fragments.outro) if o]
    media = services.cos.media(services.config.bucket, keys)
    unreadable = [f"{k}: {m.code} {m.message}" for k, m in media.items() if isinstance(m, Unreadable)]
    if unreadable:
        return tuple(unreadable)
    return differences([(k, m) for k in keys if not isinstance(m := media[k], Unreadable)])
