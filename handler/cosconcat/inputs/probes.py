"""What is known of the pieces of one content: probes, paid once and recorded, and what was compared before the join."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cosconcat.errors import ServiceUnavailable
from cosconcat.model import Media, ProbeError, Unanswered
from cosconcat.records.records import Probes

if TYPE_CHECKING:
    from cosconcat.records.records import Claim
    from cosconcat.services import Services


def recorded_probes(services: Services, claim: Claim) -> Probes:
    """What earlier invocations learned of this content, in this rev or in one before it that held the same."""
    for rev in range(claim.rev, 0, -1):
        found = services.ledger.probes(claim.gid, rev)
        if found is not None and found.fingerprint == claim.fingerprint:
            return found
    return Probes(claim.fingerprint)


def probe(services: Services, claim: Claim, keys: Sequence[str], known: Probes) -> Mapping[str, Media | ProbeError]:
    """The probe of each key: as recorded, otherwise made now (a paid call each).

    Raises:
        ServiceUnavailable: one could not be made for now; the others are recorded first, so that none is paid twice.
        Blocked: the deployment's role, or CI's, may not read the fragments.
    """
    missing = [key for key in keys if key not in known.media]
    made = services.cos.media(services.config.bucket, missing) if missing else {}
    learned = {key: found for key, found in made.items() if not isinstance(found, Unanswered)}
    unanswered = [found.message for found in made.values() if isinstance(found, Unanswered)]
    if unanswered:
        if learned:
            services.ledger.create_probes(claim, replace(known, media=learned))
        raise ServiceUnavailable(unanswered[0])
    return {**known.media, **learned}
