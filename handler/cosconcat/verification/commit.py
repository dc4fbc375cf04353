"""From a job that CI calls successful to the record that decides what may be removed.

Success alone proves nothing: a join can lose half its content and exit cleanly. So the output is looked at (is it
there, is it what CI wrote), its streams are held against the fragments' own, and the fragments are looked at once more
(are they still what was joined). Only then does `end` say clean. Probes are paid calls: they are made here and
nowhere else on the normal way.

    HEAD output ─► probe fragments ─► verify ─► HEAD fragments, newcomers? ─► end {clean | keep | superseded | gave-up}
"""

from __future__ import annotations

from cosconcat import log
from cosconcat.errors import NotYet
from cosconcat.groups.reserved import late_fragments
from cosconcat.groups.survey import newcomers
from cosconcat.inputs.heads import FreshHeads, compare, inputs_of
from cosconcat.model import Head, Job, OutputFile
from cosconcat.output.key import expand
from cosconcat.records.records import Claim, End, Next, Proof, Stamped
from cosconcat.services import Services
from cosconcat.verification.objects import check_object
from cosconcat.verification.verdict import Unverified, Verdict, Verified
from cosconcat.verification.verify import verify


def commit(
    services: Services, claim: Claim, job: Job, *, probes_recorded: bool = True
) -> tuple[Stamped[End], FreshHeads | None]:
    """Judge a successful job and write how its attempt ended; with `clean` also the HEADs it was decided by.

    `probes_recorded` is False where it is known that no earlier invocation has recorded any.

    Raises:
        NotYet: the output is not visible yet.
        ServiceUnavailable: a look at the output or a fragment failed for now.
    """
    config, ledger = services.config, services.ledger

    def ends(next_: Next, reason: str, proof: Proof | None = None) -> tuple[Stamped[End], None]:
        return ledger.create_end(claim, End(next_, "Success", reason, job.id, proof=proof)), None

    key = written_key(claim, job)
    if key is None:
        return ends("gave-up", f"job {job.id} wrote {[f.key for f in job.files][:3]}, not {claim.output_key}")
    head = services.cos.head(claim.output, key)
    if head is None:
        return _missing_output(services, claim, job, key)
    rule: str = config.verify
    verdict = _is_what_ci_wrote(job, key, head)
    if isinstance(verdict, Verified):
        rule, verdict = verify(services, claim, job, head, claim.set.joined, probes_recorded=probes_recorded)
    log.info("verified", group=claim.group, job=job.id, key=key, verified=_word(rule, verdict), figures=verdict.figures)
    proof = Proof(key, head.object.etag, head.object.size, rule, verdict.figures)
    began = services.clock.now()
    fresh_heads = FreshHeads(services.cos.heads(config.bucket, list(inputs_of(claim))), began)
    changed, rewritten = compare(claim, fresh_heads.heads)
    if changed:
        return ends("superseded", f"changed while they were joined: {', '.join(changed[:5])}", proof)
    if isinstance(verdict, Unverified):
        what = f"unverified ({verdict.rule}): {verdict.reason}"
        return ends("keep", f"{what}; {verdict.doubt}", proof) if verdict.doubt else ends("gave-up", what, proof)
    late = late_fragments(services, claim) if claim.slot else newcomers(services, claim.set)
    if late:
        return ends("superseded", f"arrived while the others were joined: {', '.join(late[:5])}", proof)
    if rewritten:
        reason = f"uploaded again while they were joined (CI may have read something else): {', '.join(rewritten[:5])}"
        return ends("keep", reason, proof)
    end = ledger.create_end(claim, End("clean", "Success", "", job.id, proof=proof))
    return end, fresh_heads if end.mine else None


def written_key(claim: Claim, job: Job) -> str | None:
    """The key of the finished job's output if it lies where the claim asked for it, else None.

    Raises:
        NotYet: when the job says nothing about its output and the key cannot be derived either.
    """
    asked = expand(claim.output_key, claim.format, job.id)
    if asked is None:
        raise NotYet(f"job {job.id}: its output key is not known yet")
    keys = [f.key.lstrip("/") for f in job.files]
    return asked if not keys or asked in keys else None


def _word(way: str, verdict: Verdict) -> str:
    """For the log: by which way it was verified, or which rule was broken."""
    return f"no: {verdict.rule}" if isinstance(verdict, Unverified) else way


def _missing_output(services: Services, claim: Claim, job: Job, key: str) -> tuple[Stamped[End], None]:
    entry = services.ledger.claim(claim.gid, claim.rev, claim.n)
    if entry is None or entry.now - max(entry.written, job.ended) <= services.config.stale_seconds:
        raise NotYet(f"group {claim.group}: job {job.id} succeeded, {key} is not visible yet")
    reason = f"job {job.id} succeeded, but {key} is not there"
    return services.ledger.create_end(claim, End("gave-up", "Success", reason, job.id)), None


def _is_what_ci_wrote(job: Job, key: str, head: Head) -> Verdict:
    """Size and MD5 of the object against what the job says it wrote; of many objects the sizes do not compare."""
    file = next((f for f in job.files if f.key.lstrip("/") == key), OutputFile(key))
    return check_object(file, head, job.media if len(job.files) <= 1 else None)
