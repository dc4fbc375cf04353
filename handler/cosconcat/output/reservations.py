"""Reservations of output keys that another group holds: in use, or given back because it never came to a job.

    <state>/out/<hash>      the first group that reserved the key
    <state>/out/<hash>-2    the next one, after the first had given it back; and so on

Records are never changed, so a reservation is given back by being followed. Whoever reserves claims within one lease
(an invocation is shorter), and renews what is older; so after two leases one without a claim leads to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosconcat.output.key import expand

if TYPE_CHECKING:
    from cosconcat.model import Bucket
    from cosconcat.records.records import Stamped
    from cosconcat.services import Services

NEVER_POSTED = ("NotPosted", "Rejected")  # how an attempt ends that wrote nothing: a copy that failed may have
MOST = 100  # reservations of one key, one after the other


def reserve_after(services: Services, bucket: Bucket, key: str, gid: str, first: Stamped[str]) -> bool:
    """Reserve a key that was reserved before, as `first` says; False while another group has it."""
    held: Stamped[str] | None = first
    for count in range(2, MOST + 1):
        if held is None:
            return True
        lease = services.config.lease_seconds
        if held.record == gid and held.age <= lease:
            return True
        if held.record != gid and (held.age <= 2 * lease or _is_used(services, held.record, bucket, key)):
            return False
        held = services.ledger.reserve(bucket, key, gid, count)
    return held is None


def _is_used(services: Services, gid: str, bucket: Bucket, key: str) -> bool:
    """Whether a content of this group has a job that writes the key, had one, or may still get one."""
    newest = services.ledger.newest_content(gid)
    for rev in range(newest.rev if newest else 0, 0, -1):
        attempt = services.ledger.newest_attempt(gid, rev)
        claim = attempt.claim.record if attempt else None
        if attempt is None or claim is None or claim.output != bucket:
            continue
        if expand(claim.output_key, claim.format) != key:
            continue
        end = attempt.end.record if attempt.end else None
        jobless = end is not None and end.outcome in NEVER_POSTED and not end.failures and not claim.earlier
        if not jobless or services.ledger.done(gid, rev) is None:
            return True
    return False
