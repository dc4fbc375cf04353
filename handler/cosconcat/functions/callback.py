"""CI says that a job ended: a hint, nothing more. The job is re-read with our own signature before anything happens.

Content that turns out superseded is left to the sweep to begin anew: this function may not submit jobs at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cosconcat import log, signing
from cosconcat.cleanup.finish import finish
from cosconcat.config import Config
from cosconcat.errors import NeverAgain, Refused, TryAgain
from cosconcat.events.callback import Message, read_address, read_messages
from cosconcat.events.cos import Ignored
from cosconcat.model import Result, Token
from cosconcat.protocol.run import end_of_job
from cosconcat.records.records import Claim, End, JobRecord
from cosconcat.services import Services
from cosconcat.submission.lookup import is_job_of

TOPIC_CHARACTERS = 128 * 1024  # of a message that a topic pushed: only its body names the topic that is signed for


def handle_request(services: Services, event: Mapping[str, Any]) -> list[Result]:
    """An HTTP request: who may speak is decided by the address, before a byte of the body is parsed. Where a topic
    pushes, the address is signed for its name, which the body alone tells: of that no more than TOPIC_CHARACTERS.

    Raises:
        Refused: the address is not signed by us, or the body cannot be read. TryAgain: as `handle_messages`.
    """
    text, signature = read_address(event)
    token = Token.parse(text)
    if token is not None and not signing.signed_by_us(services.config, token, signature):
        raise Refused(["callback: it does not bear our signature"])
    if token is None and (text or not signature):
        raise Refused(["callback: its address bears no token and signature of ours"])
    body = event.get("body")
    if token is None and isinstance(body, str) and len(body) > TOPIC_CHARACTERS:
        raise Refused([f"callback: without our token in the address at most {TOPIC_CHARACTERS} characters are read"])
    return handle_messages(services, read_messages(event))


def handle_messages(services: Services, messages: Sequence[Message | Ignored]) -> list[Result]:
    """One result for each message.

    Raises:
        Refused: a message over HTTP that does not bear our signature.
        TryAgain: at the very end, naming every job that failed for now (it still runs, or a service is down).
    """
    results: list[Result] = []
    failed: list[str] = []
    first_fault: Exception | None = None
    for message in messages:
        if isinstance(message, Ignored):
            result = Result("", "ignored", message.reason)
            results.append(result)
            log.info("callback", **result.as_dict())
            continue
        try:
            result = handle_message(services, message)
        except Refused:
            raise
        except NeverAgain as failure:
            if message.over_http:
                raise
            result = Result("", "invalid", str(failure), job=message.job_id)
        except TryAgain as failure:
            failed.append(f"job {message.job_id}: {failure}")
            result = Result("", "try-again", str(failure), job=message.job_id)
        except Exception as fault:
            if message.over_http:
                raise
            reason = f"fault: {type(fault).__name__} {fault}"
            log.error("callback fault", job=message.job_id, reason=reason)
            failed.append(f"job {message.job_id}: {reason}")
            first_fault = first_fault or fault
            continue
        results.append(result)
        log.info("callback", **result.as_dict())
    if failed:
        raise TryAgain(log.printable(log.redacted("; ".join(failed)))) from first_fault
    return results


def handle_message(services: Services, message: Message) -> Result:
    """Find the claim that the message speaks of, re-read its job, and settle it.

    Raises:
        Refused: not signed by us. TryAgain: the job still runs, or a service is down.
    """
    if not authentic(services.config, message):
        raise Refused(["callback: it does not bear our signature"])
    token = Token.parse(message.user_data)
    if token is None:
        return Result("", "ignored", "its UserData is not a token of ours", job=message.job_id)
    ledger = services.ledger
    entry = ledger.claim(token.gid, token.rev, token.n)
    if entry is None or entry.record.nonce != token.nonce:
        return Result("", "ignored", "no claim of ours bears its token", job=message.job_id)
    claim = entry.record
    if not claim.set.lies_under(services.config.input_prefix):
        return Result(claim.group, "ignored", "claimed by another deployment, whose input prefix is not ours")
    records = ledger.record_names(token.gid, token.rev)  # where one is hidden, its create is lost later
    end = ledger.end(token.gid, token.rev, token.n) if f"end-{token.n:04}.json" in records else None
    if end is not None:
        return _ended_before(services, claim, end.record, message)
    job = services.ci.job(services.config.bucket, message.job_id)
    if job is None:
        return Result(claim.group, "ignored", "CI knows no such job", job=message.job_id)
    if not is_job_of(job, claim, frozenset({claim.nonce})):
        return Result(claim.group, "ignored", "the job is not the one that was claimed", job=message.job_id)
    try:
        probed = any(name.startswith("probes-") for name in records)
        decided, fresh_heads = end_of_job(services, entry, job, probes_recorded=probed)
    except TryAgain:
        ledger.create_job(claim, JobRecord(job.id))  # whoever comes next need not look for it
        raise
    if decided.record.next == "retry":
        reason = f"{decided.record.reason}; tried again in {decided.record.after_seconds} s"
        return Result(claim.group, "job-failed", reason, job=job.id)
    return finish(services, claim, decided.record, fresh_heads)


def authentic(config: Config, message: Message) -> bool:
    """Whether the message may be listened to.

    A CMQ trigger record is: only the platform can invoke a function with it. Over HTTP the address must carry our
    signature over the job's token, or over the topic's name when a topic's subscription pushed it.
    """
    if not message.over_http:
        return True
    if message.topic:
        return signing.topic_signed_by_us(config, message.topic, message.signature)
    token = Token.parse(message.user_data)
    return token is not None and signing.signed_by_us(config, token, message.signature)


def _ended_before(services: Services, claim: Claim, end: End, message: Message) -> Result:
    """A repeated message: help a clean-up that was interrupted, say so when everything is done."""
    if end.next == "retry":
        return Result(claim.group, "ignored", f"attempt {claim.n} has ended before: {end.reason}", job=message.job_id)
    done = services.ledger.done(claim.gid, claim.rev)
    if done is not None:
        return Result(claim.group, "already-finished", done.record.reason, done.record.output, done.record.job)
    return finish(services, claim, end)
