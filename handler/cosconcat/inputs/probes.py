"""What is known of the pieces of one content: probes, paid once and recorded, and what was compared before the join."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from cosconcat.errors import ServiceUnavailable, TryAgain, Unprobed
from cosconcat.model import Media, ProbeError, Unanswered
from cosconcat.records.records import Probes

if TYPE_CHECKING:
    from cosconcat.model import ObjectInfo
    from cosconcat.records.records import Claim
    from cosconcat.services import Services


UNPROBED_STALE = 24  # times CONCAT_STALE_SECONDS (together a day by default) that probes of one content are waited for

_REPLACED = "Replaced"  # our own word, as nothing refused: other bytes lie there than were claimed
_REMEDIES = {
    "InvalidObjectState": "restore it from the archive",
    "NoSuchKey": "it is gone",
    _REPLACED: "it is another by now",
}
_NOT_MEDIA = (
    "upload the recording again, or leave it out; later chunks of a browser's recorder and parts of a split file are no"
    " media files of their own: put them together before the upload"
)


def recorded_probes(services: Services, claim: Claim) -> Probes:
    """What earlier invocations learned of this content, in this rev or in one before it that held the very uploads.

    The same bytes uploaded again do not count: something else may have lain there for a while and been probed. How long
    probes could not be made counts for this rev alone: a person may have said retry.
    """
    for rev in range(claim.rev, 0, -1):
        found = services.ledger.probes(claim.gid, rev)
        if found is None or found.fingerprint != claim.fingerprint:
            continue
        held = claim if rev == claim.rev else _claimed(services, claim.gid, rev)
        if held is not None and held.set.joined == claim.set.joined:
            return found if rev == claim.rev else replace(found, unanswered_for=None)
    return Probes(claim.fingerprint)


def _claimed(services: Services, gid: str, rev: int) -> Claim | None:
    entry = services.ledger.claim(gid, rev, 1)
    return entry.record if entry else None


def unreadable(services: Services, claim: Claim) -> tuple[str, ...]:
    """The pieces that CI refuses to probe, for good, each with what to do; none while that cannot be looked at.

    What has gone in this very moment is none of them: the next attempt looks before its POST. What could be probed is
    recorded, so that the proof of a later attempt does not pay for it again.
    """
    keys = [o.key for o in claim.set.joined]
    try:
        known = recorded_probes(services, claim)
        media = probe(services, claim, list(dict.fromkeys(keys)), known)
    except TryAgain:
        return ()
    except Unprobed as failure:
        return (str(failure),)
    record_readable(services, claim, known, media)
    return tuple(refused({key: found for key, found in media.items() if not _is_gone(found)}))


def _is_gone(found: Media | ProbeError) -> bool:
    return isinstance(found, ProbeError) and found.code in ("NoSuchKey", _REPLACED)


def record_readable(services: Services, claim: Claim, known: Probes, media: Mapping[str, Media | ProbeError]) -> None:
    """Record new probes; a refusal is none to keep, for an archived object may be restored."""
    learned = {key: found for key, found in _readable(media).items() if known.media.get(key) != found}
    if learned:
        services.ledger.create_probes(claim, replace(known, media=learned))


def _readable(media: Mapping[str, Media | ProbeError]) -> Mapping[str, Media]:
    return {key: found for key, found in media.items() if isinstance(found, Media)}


def refused(media: Mapping[str, Media | ProbeError]) -> list[str]:
    """A sentence for each probe that CI refused for this very object."""
    return [
        f"{key} cannot be joined: CI cannot read it ({found.code}); {_REMEDIES.get(found.code, _NOT_MEDIA)}"
        for key, found in media.items()
        if isinstance(found, ProbeError)
    ]


def probe(services: Services, claim: Claim, keys: Sequence[str], known: Probes) -> Mapping[str, Media | ProbeError]:
    """The probe of each key: as recorded, otherwise made now (a paid call each).

    Raises:
        ServiceUnavailable: one could not be made for now; the others are recorded first, so that none is paid twice.
        Unprobed: nor for longer than is waited for.
        Blocked: the deployment's role, or CI's, may not read the fragments.
    """
    objects = {o.key: o for o in claim.set.joined}
    recorded = _readable(known.media).items()  # earlier releases recorded refusals too, some of them passing ones
    kept = {key: found for key, found in recorded if key in objects and is_of(found, objects[key].size)}
    missing = [key for key in keys if key not in kept]
    made = services.cos.media(services.config.bucket, missing) if missing else {}
    others = [objects[key] for key, found in made.items() if not is_of(found, objects[key].size)]
    made = {**made, **_of_other_bytes(services, others)}
    learned = {key: found for key, found in made.items() if not isinstance(found, Unanswered)}
    unanswered = [found.message for found in made.values() if isinstance(found, Unanswered)]
    if unanswered:
        wait_for_probe(services, claim, known, learned, unanswered[0])
    return {**kept, **learned}


def wait_for_probe(
    services: Services, claim: Claim, known: Probes, media: Mapping[str, Media | ProbeError], failure: str
) -> NoReturn:
    """A probe of the content could not be made: record since when, and what others told (`media`), by key.

    Raises:
        ServiceUnavailable: always, but for
        Unprobed: the first record of it is older than is waited for. Late to be looked at is not long unreadable.
    """
    waited = known.unanswered_for
    if waited is not None and waited > UNPROBED_STALE * services.config.stale_seconds:
        raise Unprobed(f"a probe was not answered for {waited} s; the last: {failure}")
    if waited is None:  # what an earlier rev holds comes along, as only the newest with records is read
        begun = replace(known, media={**known.media, **_readable(media)}, unanswered_for=0)
        services.ledger.create_probes(claim, begun)
    else:
        record_readable(services, claim, known, media)
    raise ServiceUnavailable(failure)


def is_of(found: Media | ProbeError | Unanswered, size: int) -> bool:
    """Whether a probe can be one of an object of so many bytes: where it tells another size, something else was looked
    at, and nothing that it says counts.
    """
    return not isinstance(found, Media) or found.size == size


def _of_other_bytes(services: Services, claimed: Sequence[ObjectInfo]) -> Mapping[str, ProbeError | Unanswered]:
    """What is known of objects whose probes are of other bytes: that they were replaced, or nothing yet."""
    heads = services.cos.heads(services.config.bucket, [o.key for o in claimed]) if claimed else {}
    found: dict[str, ProbeError | Unanswered] = {}
    for one in claimed:
        head = heads[one.key]
        if head is None or not head.object.same_content(one):
            found[one.key] = ProbeError(_REPLACED, f"{one.key} is not what was claimed")
        else:
            found[one.key] = Unanswered(f"GET videoinfo {one.key}: told of other bytes than the {one.size} that it has")
    return found
