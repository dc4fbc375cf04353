"""The output as its job shows it, or a probe where the job tells too little, or, of hls, its first and last segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cosconcat.inputs.probes import is_of
from cosconcat.model import Media, ProbeError, Unanswered
from cosconcat.verification.playlist import Playlist, check_playlist, cut_off, joined_segments, read_playlist
from cosconcat.verification.verdict import Unverified

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosconcat.model import Head, Job
    from cosconcat.records.records import Claim
    from cosconcat.services import Services


def output_media(services: Services, claim: Claim, job: Job, head: Head) -> Media | Unverified | Unanswered:
    """What the output is; `Unanswered` where it can only be probed, and that failed for now.

    Raises:
        ServiceUnavailable: it could not be looked at for now.
    """
    if claim.format == "hls":
        return _of_segments(services, claim, head)
    if job.media is not None and job.media.duration and job.media.streams:
        return job.media
    key = head.object.key
    return _probe(services, claim, {key: head.object.size})[key]


class WholePlaylist(NamedTuple):
    """A complete playlist, and the bytes of each of its segments, by key."""

    playlist: Playlist
    sizes: Mapping[str, int]


def whole_playlist(services: Services, claim: Claim, head: Head) -> WholePlaylist | Unverified:
    """The playlist of an hls output, if it is complete and every segment is there."""
    key = head.object.key
    stored = services.cos.get(claim.output, key)
    playlist = read_playlist(stored.body if stored else b"", key)
    heads = services.cos.heads(claim.output, playlist.segments)
    whole = check_playlist(playlist, heads)
    if isinstance(whole, Unverified):
        return whole
    return WholePlaylist(playlist, {segment: found.object.size for segment, found in heads.items() if found})


def _of_segments(services: Services, claim: Claim, head: Head) -> Media | Unverified | Unanswered:
    whole = whole_playlist(services, claim, head)
    if isinstance(whole, Unverified):
        return whole
    playlist, sizes = whole
    ends = [playlist.segments[0], playlist.segments[-1]]
    probes = _probe(services, claim, {key: sizes[key] for key in ends})
    first, last = (probes[key] for key in ends)
    if not isinstance(first, Media):
        return first
    if not isinstance(last, Media):
        return last
    cut = cut_off(playlist, first, last)
    if cut:
        return Unverified(cut, {"segments": len(playlist.segments)}, "playlist")
    return joined_segments(playlist, first, last, head.object.size)


def _probe(services: Services, claim: Claim, sizes: Mapping[str, int]) -> dict[str, Media | Unverified | Unanswered]:
    """Paid calls; `sizes` are the bytes of each object, by key."""
    found: dict[str, Media | Unverified | Unanswered] = {}
    for key, media in services.cos.media(claim.output, list(sizes)).items():
        if isinstance(media, ProbeError):
            found[key] = Unverified(f"{key} cannot be probed: {media.code} {media.message}", {}, "no-length")
        elif not is_of(media, sizes[key]):
            found[key] = Unanswered(f"GET videoinfo {key}: told of other bytes than the {sizes[key]} that it has")
        else:
            found[key] = media
    return found
