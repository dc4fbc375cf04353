"""A group of one piece, copied by the service to its output key instead of being joined.

      claim-n ──► open ──► COPY, create-only, of the very ETag that was claimed ──► HEAD piece and copy ──► end
         │                   │
         │                   └─ refused or down: end retry, after a pause
         └─ killed here: the lease runs out, and anybody copies again; what is there already is looked at, not replaced

Two at once copy the same bytes to the same key, and one of them meets the other's copy. The proof is of the bytes, so
it does not matter whose copy it is. From `end` on it is as after a job.
"""

from __future__ import annotations

import re
from typing import Literal

from cosconcat import log
from cosconcat.cloud.ports import Copied
from cosconcat.errors import Blocked, NotYet, Rejected, TryAgain
from cosconcat.groups.reserved import late_fragments
from cosconcat.groups.survey import newcomers
from cosconcat.inputs.expiry import untag_expiry
from cosconcat.inputs.heads import FreshHeads, compare, inputs_of
from cosconcat.inputs.ownership import own_keys
from cosconcat.model import Head
from cosconcat.records.records import Claim, End, Next, Proof, Stamped
from cosconcat.services import Services
from cosconcat.submission.submit import end_without_job

_MD5 = re.compile(r"[0-9a-f]{32}")  # what the ETag of an object that was uploaded in one is, unless it is encrypted


def copy_fragment(services: Services, claim: Claim, *, again: bool = False) -> tuple[Stamped[End], FreshHeads | None]:
    """Copy the claim's piece and write how its attempt ended; with `clean` also the HEADs it was decided by.

    `again` says that it is not the claim's winner who does it, who has just seen that nothing lies at the key: then the
    key is looked at first, as no document says that a copy follows the header that forbids to overwrite.

    Raises:
        TryAgain: COS is down or refuses for now, which is recorded first; or a look at the copy failed for now.
    """
    copied = _copied(services, claim, again=again)
    if not isinstance(copied, str):
        return copied, None
    if copied == "changed":
        return _ends(services, claim, "superseded", "changed before it was copied")
    copy = services.cos.head(claim.output, claim.output_key)
    if copy is None:  # somebody took it away at once
        reason = f"{claim.output_key} was copied, but it is not there"
        end_without_job(services, claim, End("retry", "NotCopied", reason))
        raise NotYet(f"group {claim.group}: {reason}")
    began = services.clock.now()
    fresh_heads = FreshHeads(services.cos.heads(services.config.bucket, list(inputs_of(claim))), began)
    return _judged(services, claim, copy, fresh_heads, taken=copied == "taken")


def _copied(services: Services, claim: Claim, *, again: bool) -> Copied | Stamped[End]:
    """Make the copy, unless it is there; the attempt's end where COS refuses it for good.

    Raises:
        TryAgain: it may be tried again, which is recorded.
    """
    bucket, piece = services.config.bucket, claim.set.fragments[0].object
    if claim.rev > 1 or claim.n > 1:
        untag_expiry(services, own_keys(services.config, claim))
    try:
        if again and services.cos.head(claim.output, claim.output_key) is not None:
            return "taken"
        return services.cos.copy(bucket, piece, claim.output, claim.output_key, create_only=True)
    except TryAgain as failure:
        end_without_job(services, claim, End("retry", "NotCopied", str(failure)))
        raise
    except Rejected as refusal:
        if refusal.status not in (401, 403) or refusal.code == "InvalidObjectState":
            return services.ledger.create_end(claim, End("gave-up", "NotCopied", str(refusal)))
        end_without_job(services, claim, End("retry", "NotCopied", str(refusal)))
        fix = "let the functions' role read the fragments and write the outputs (cos-concat policies)"
        raise Blocked(str(refusal), code=refusal.code, fix=fix) from refusal


def _judged(
    services: Services, claim: Claim, copy: Head, fresh_heads: FreshHeads, *, taken: bool
) -> tuple[Stamped[End], FreshHeads | None]:
    """Whether what lies at the key is the piece, and the piece still what was claimed; `taken`: it lay there before."""
    key, piece = claim.output_key, claim.set.fragments[0].object
    changed, _ = compare(claim, fresh_heads.heads)
    original = fresh_heads.heads[piece.key]
    if changed or original is None:
        return _ends(services, claim, "superseded", f"changed while it was copied: {', '.join(changed[:5])}")
    same, by = same_bytes(original, copy)
    log.info("compared", group=claim.group, key=key, same=same, by=by)
    proof = Proof(key, copy.object.etag, copy.object.size, "copy", {"compared": by, "output_bytes": copy.object.size})
    if same == "no" and taken:
        return _ends(services, claim, "superseded", f"{key} was free when it was claimed, now something lies there")
    if same == "no":
        return _ends(services, claim, "gave-up", f"unverified (copy): {key} is not what was copied, by its {by}", proof)
    if same == "unknown":
        reason = f"unverified (copy): {by} of {piece.key} and {key} do not compare; look whether the copy is whole"
        return _ends(services, claim, "keep", reason, proof)
    late = late_fragments(services, claim) if claim.slot else newcomers(services, claim.set)
    if late:
        return _ends(services, claim, "superseded", f"arrived while it was copied: {', '.join(late[:5])}", proof)
    end, _ = _ends(services, claim, "clean", "", proof)
    return end, fresh_heads if end.mine else None


def _ends(
    services: Services, claim: Claim, next_: Next, reason: str, proof: Proof | None = None
) -> tuple[Stamped[End], None]:
    return services.ledger.create_end(claim, End(next_, "Copied", reason, proof=proof)), None


def same_bytes(original: Head, copy: Head) -> tuple[Literal["yes", "no", "unknown"], str]:
    """Whether a copy has the bytes of its original, and what was compared.

    The size, then the MD5s where both ETags are one (what was uploaded in parts, or is encrypted, has another:
    documents 436/7749, 436/7742), otherwise the CRC-64 that the service tells of both (436/40334).
    """
    if original.object.size != copy.object.size:
        return "no", "size"
    etags = original.object.etag, copy.object.etag
    if not (original.encrypted or copy.encrypted) and all(map(_MD5.fullmatch, etags)):
        return ("yes" if etags[0] == etags[1] else "no"), "ETag"
    if original.crc64 and copy.crc64:
        return ("yes" if original.crc64 == copy.crc64 else "no"), "CRC-64"
    return "unknown", "ETag and CRC-64"
