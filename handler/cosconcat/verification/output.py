"""The output as its job shows it, or a probe where the job tells too little, or, of hls, its first and last segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosconcat.errors import ServiceUnavailable
from cosconcat.model import Media, ProbeError, Unanswered
from cosconcat.verification.playlist import Playlist, check_playlist, joined_segments, read_playlist
from cosconcat.verification.verdict import Unverified

if TYPE_CHECKING:
    from cosconcat.model import Head, Job
    from cosconcat.records.records import Claim
    from cosconcat.services import Services


def output_media(services: Services, claim: Claim, job: Job, head: Head) -> Media | Unverified:
    """What the output is.

    Raises:
        ServiceUnavailable: it could not be looked at for now.
    """
    if claim.format == "hls":
        return _of_segments(services, claim, head)
    if job.media is not None and job.media.duration and job.media.streams:
        return job.media
    key = head.object.key
    return _probe(services, claim, [key])[key]


def whole_playlist(services: Services, claim: Claim, head: Head) -> Playlist | Unverified:
    """The playlist of an hls output, if it is complete and every segment is there."""
    key = head.object.key
    stored = services.cos.get(claim.output, key)
    playlist = read_playlist(stored.body if stored else b"", key)
    whole = check_playlist(playlist, services.cos.heads(claim.output, playlist.segments))
    return whole if isinstance(whole, Unverified) else playlist


def _of_segments(services: Services, claim: Claim, head: Head) -> Media | Unverified:
    playlist = whole_playlist(services, claim, head)
    if isinstance(playlist, Unverified):
        return playlist
    ends = [playlist.segments[0], playlist.segments[-1]]
    probes = _probe(services, claim, ends)
    first, last = (probes[key] for key in ends)
    if isinstance(first, Unverified):
        return first
    if isinstance(last, Unverified):
        return last
    return joined_segments(playlist, first, last, head.object.size)


def _probe(services: Services, claim: Claim, keys: list[str]) -> dict[str, Media | Unverified]:
    """Paid calls."""
    found: dict[str, Media | Unverified] = {}
    for key, media in services.cos.media(claim.output, keys).items():
        if isinstance(media, Unanswered):
            raise ServiceUnavailable(media.message)
        if isinstance(media, ProbeError):
            found[key] = Unverified(f"{key} cannot be probed: {media.code} {media.message}", {}, "no-length")
        else:
            found[key] = media
    return found
