"""Where a joined recording goes: keys, the API's wildcards in them, and the name of a second content."""

from __future__ import annotations

from cosconcat.errors import NotYet
from cosconcat.ledger import Claim
from cosconcat.ports import Job
from cosconcat.token import Token
from cosconcat.wildcards import resolve


def expand(key: str, container: str, job_id: str = "") -> str | None:
    """The key that CI writes for `key`: `${ext}` and `${jobid}` resolved; None while the job id is not known."""
    return None if "${jobid}" in key and not job_id else resolve(key, container, job_id)


def with_rev(key: str, rev: int) -> str:
    """`key` with `.r<rev>` before its extension: the name for content that must not overwrite what is there."""
    return with_mark(key, f"r{rev:04}")


def with_mark(key: str, mark: str) -> str:
    """`key` with `.<mark>` before its extension."""
    folder, slash, name = key.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        stem, extension = name, ""
    return f"{folder}{slash}{stem}.{mark}{dot}{extension}"


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
