"""From a claim that was won to a job: look, then POST once.

      claim-n ──► open ──► (n or rev > 1: fragments unchanged? job of this content already there?) ──► POST ──► job-n
         │                                                                                   │
         └─ killed here: the lease runs out, nothing at CI ─► end-n retry                     ├─ refused: end-n
                                                                                             └─ answer lost: listing,
                                                                                                else the lease

A POST is never repeated: not here, not in the adapter. What its answer does not tell is asked from CI's job listing.
"""

from __future__ import annotations

from dataclasses import replace

from cosconcat import log, signing
from cosconcat.errors import ConcatError, InvalidInput, NeverAgain, NotYet, OutcomeUnknown, TryAgain
from cosconcat.job.compose import compose, container_format
from cosconcat.job.request import Request
from cosconcat.model import FragmentSet, Job, Media, Result, is_job_id
from cosconcat.output.key import expand, extension_of, is_copied
from cosconcat.records.records import Claim, End, JobRecord, Probed, Probes, Stamped
from cosconcat.services import Services
from cosconcat.submission.lookup import (
    NO_ID,
    NOT_LISTED,
    find_earlier_job,
    find_job,
    is_anothers,
    lease_of,
    told_otherwise,
)

FIRST_BACKOFF_SECONDS = 60
LONGEST_BACKOFF_SECONDS = 3600


def back_off(times: int) -> int:
    """Seconds to leave between tries: one minute, doubling, at most an hour."""
    return int(min(FIRST_BACKOFF_SECONDS * 2 ** min(times - 1, 10), LONGEST_BACKOFF_SECONDS))


def first_claim(
    services: Services, fragments: FragmentSet, rev: int, output_key: str, before: Claim | None = None
) -> Claim:
    """Attempt 1 for this content, with a nonce drawn now.

    `before` is an attempt for the same content in an earlier rev: its failed jobs and its probes still count.
    """
    copied = is_copied(services.config, fragments)
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
        format=extension_of(fragments) if copied else container_format(services.config, fragments),
        copied=copied,
        failures=before.failures if before else 0,
        probed=before.probed if before else "",
    )


def next_claim(services: Services, previous: Stamped[Claim], end: End) -> Claim:
    """The attempt after `previous`, which ended as `end` says, for the same content."""
    claim = previous.record
    lost = end.outcome == "Lost"
    return replace(
        claim,
        n=claim.n + 1,
        nonce=services.nonce(),
        lease_seconds=services.config.lease_seconds,
        earlier=(*claim.earlier, claim.nonce) if lost else claim.earlier,
        since=claim.since or (previous.written if lost else 0),
        leases=(*claim.leases, lease_of(previous)) if lost else claim.leases,
        failures=end.failures,
        refusals=end.refusals,
        probed=end.probed,
    )


def submit(services: Services, claim: Claim, *, doubted: bool = False) -> Result:
    """What the winner of `claim` does: exactly one POST, or none. `doubted`: even before the very first POST the
    fragments are looked at, as what is claimed was seen by somebody else.

    Raises:
        TryAgain: CI refuses for now (the refusal is recorded first), or the outcome of the POST is unknown.
    """
    services.ledger.open(claim.gid, claim.rev)
    taken = _look_first(services, claim, doubted=doubted)
    if taken is not None:
        return taken
    probed = claim.probed
    try:
        request = compose_request(services, claim)
        if request.direct and services.config.on_mixed != "trust":
            probed = probed or _probe(services, claim)
            request = _fit(services, request, probed)
    except TryAgain as failure:
        end_without_job(services, claim, End("retry", "NotPosted", str(failure), probed=probed))
        raise
    except NeverAgain as mistake:
        return _give_up(services, claim, str(mistake), probed)
    late = services.job_slots.spend() if services.config.jobs_per_hour is not None else ""
    if late:
        end_without_job(services, claim, End("retry", "NotPosted", late, probed=probed))
        return Result(claim.group, "waiting", late)
    try:
        job = _post(services, claim, request)
    except OutcomeUnknown as lost:
        found = find_job(services, claim)
        if found is None:
            raise NotYet(f"group {claim.group}: {lost}; its job is looked for when the lease is over") from lost
        return adopt(services, claim, found)
    except TryAgain as refusal:  # the port's word for: no job exists, ask again later
        end_without_job(services, claim, End("retry", "Rejected", str(refusal), probed=probed))
        raise
    except NeverAgain as refusal:
        return end_without_job(services, claim, End("gave-up", "Rejected", str(refusal), probed=probed))
    direct = request.direct and not (request.Operation and request.Operation.TemplateId)
    services.ledger.create_job(claim, JobRecord(job.id, direct=direct))
    return Result(claim.group, "submitted", key=claim.output_key, job=job.id)


def _post(services: Services, claim: Claim, request: Request) -> Job:
    """The one POST, counted whatever comes of it. What its answer names is recorded, and believed from then on: so it
    must be a job that CI can be asked for, and none that is told to be another's.
    """
    services.submissions.posted += 1
    try:
        job = services.ci.submit(services.config.bucket, request)
        wrong = is_anothers(job, claim) if is_job_id(job.id) else NO_ID
        if wrong:
            told = f"the answer names job {job.id[:80]!r}, {wrong}; whether one of ours exists is unknown"
            raise OutcomeUnknown(f"POST /jobs of {services.config.bucket.name}: {told}")
    except ConcatError as failure:
        services.submissions.answered(failure)
        raise
    services.submissions.answered()
    return job


def _look_first(services: Services, claim: Claim, *, doubted: bool) -> Result | None:
    """Before any POST but the very first: the fragments and the configuration unchanged, nothing archived, no job yet,
    the output's key free?
    """
    archived = ""
    if doubted or claim.n > 1 or claim.rev > 1:
        from cosconcat.inputs.expiry import untag_expiry
        from cosconcat.inputs.heads import look_at_joined
        from cosconcat.inputs.ownership import own_keys

        changed, archived = look_at_joined(services, claim)
        if changed:
            return _superseded(services, claim, f"changed since it was listed: {', '.join(changed[:5])}")
        untag_expiry(services, own_keys(services.config, claim))
    found, doubt = find_earlier_job(services, claim) if claim.earlier else NOT_LISTED
    if found is not None:
        return adopt(services, claim, found)
    if doubt is not None:
        raise NotYet(f"group {claim.group}: {told_otherwise(doubt)}; no job is posted beside it")
    if archived:
        return end_without_job(services, claim, End("gave-up", "NotPosted", archived, probed=claim.probed))
    if claim.n == 1:
        return None
    meant = claim.output, claim.format
    if meant != (services.config.output_bucket, container_format(services.config, claim.set)):
        reason = f"the configuration no longer names {claim.output.name} and {claim.format}, for which it was claimed"
        return _superseded(services, claim, reason)
    literal = expand(claim.output_key, claim.format)
    head = services.cos.head(claim.output, literal) if literal is not None else None
    if head is not None and claim.earlier and head.object.last_modified >= claim.since:
        reason = f"{literal} was written after the claim, but CI lists no job of ours for it"
        return end_without_job(services, claim, End("gave-up", "Lost", reason, probed=claim.probed))
    if head is not None:
        return _superseded(services, claim, f"{literal} was free when it was claimed, now something lies there")
    return None


def _give_up(services: Services, claim: Claim, mistake: str, probed: Probed) -> Result:
    """The fragments cannot be joined as they are; unless they are no longer there, or no longer the same."""
    from cosconcat.inputs.heads import look_at_joined

    changed, _ = look_at_joined(services, claim)
    if changed:
        return _superseded(services, claim, f"changed since it was listed: {', '.join(changed[:5])}; {mistake}")
    return end_without_job(services, claim, End("gave-up", "NotPosted", mistake, probed=probed))


def _superseded(services: Services, claim: Claim, reason: str) -> Result:
    end = End("superseded", "NotPosted", reason, failures=claim.failures, probed=claim.probed)
    services.ledger.create_end(claim, end)
    return Result(claim.group, "superseded", reason)


def end_without_job(services: Services, claim: Claim, end: End) -> Result:
    """End an attempt that led to no job; refusals in a row lengthen the pause before the next."""
    refusals = claim.refusals + 1
    pause = back_off(refusals) if end.next == "retry" else 0
    services.ledger.create_end(claim, replace(end, after_seconds=pause, failures=claim.failures, refusals=refusals))
    return Result(claim.group, "gave-up", end.reason)


def adopt(services: Services, claim: Claim, job: Job) -> Result:
    """Take over a job that an earlier try of ours created."""
    services.ledger.create_job(claim, JobRecord(job.id, adopted=True))
    return Result(claim.group, "adopted", "found in CI's job listing by its nonce", claim.output_key, job.id)


def compose_request(services: Services, claim: Claim) -> Request:
    """The request of a claim as it would be posted if its fragments are alike."""
    config = services.config
    callback = signing.callback_url(config, claim.token) if config.callback_url else ""
    return compose(config, claim.set, claim.output_key, str(claim.token), callback)


def _probe(services: Services, claim: Claim) -> Probed:
    """Whether a direct join would do: every piece probed, a paid call each, and its decoder configuration read.

    What is learned is recorded for the proof of the output, so that no probe is paid for twice.
    """
    from cosconcat.inputs.configurations import compare_configurations
    from cosconcat.inputs.probes import probe, record_readable, recorded_probes, refused
    from cosconcat.job.mixed import differences

    keys = [o.key for o in claim.set.joined]
    first = claim.n == 1 and claim.rev == 1
    known = Probes(claim.fingerprint) if first else recorded_probes(services, claim)
    media = probe(services, claim, keys, known)
    if broken := refused(media):
        record_readable(services, claim, known, media)
        raise InvalidInput(broken)
    read = [(key, found) for key in keys if isinstance(found := media[key], Media)]
    unlike = differences(read)
    unread: tuple[str, ...] = ()
    if not unlike and len(read) > 1:
        unlike, unread = compare_configurations(services, read)
    probed: Probed = "unlike" if unlike else "unread" if unread else "alike"
    if known.probed != probed:
        services.ledger.create_probes(claim, Probes(claim.fingerprint, media, probed))
    if unlike:
        log.warning("fragments differ, so no direct join", group=claim.group, reason=unlike[:5])
    elif unread:
        log.warning("decoder configurations cannot be read", group=claim.group, reason=unread[:5])
    if unlike and services.config.on_mixed == "refuse":
        raise InvalidInput([f"DirectConcat joins only fragments of one kind: {each}" for each in unlike])
    return probed


def _fit(services: Services, request: Request, probed: Probed) -> Request:
    """CONCAT_ON_MIXED=transcode: what cannot be joined directly is transcoded."""
    if probed != "unlike":
        return request
    if services.config.on_mixed == "refuse":
        raise InvalidInput(["DirectConcat joins only fragments of one kind: these differ, as probed before"])
    return request.transcoded()
