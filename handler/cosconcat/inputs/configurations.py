"""Are the pieces' decoders set up alike? What no probe shows, and what a join without transcoding breaks silently.

A copy of packets keeps the first file's decoder configuration (avcC, hvcC, AudioSpecificConfig and their like): pieces
of another one play garbage, or break when somebody seeks. So it is read from each piece by ranged GET and compared byte
for byte, before a direct join is posted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from cosconcat.containers.ranged import BLOCK
from cosconcat.containers.reading import configurations, describe_themselves
from cosconcat.errors import InvalidInput, Rejected
from cosconcat.inputs.ranges import ranged_object
from cosconcat.model import ByteRange, Media

if TYPE_CHECKING:
    from cosconcat.containers.streams import Configuration
    from cosconcat.services import Services


class Compared(NamedTuple):
    """What the comparison came to: `unlike` and `unread` hold a sentence for each piece concerned."""

    unlike: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def compare_configurations(services: Services, media: Sequence[tuple[str, Media]]) -> Compared:
    """Compare the decoder configurations of these pieces (key and probe, in their order) with the first one's.

    The beginning of every piece is read at once, the rest of it one after the other where that is not enough.

    Raises:
        ServiceUnavailable: a read failed for now.
    """
    bucket = services.config.bucket
    parts = {
        key: ByteRange(key, 0, min(BLOCK, one.size)) for key, one in media if not describe_themselves(_codecs(one))
    }
    try:
        heads = services.cos.read(bucket, list(parts.values())) if parts else {}
    except Rejected as refusal:
        return Compared(unread=(str(refusal),))
    unlike, unread = [], []
    first: tuple[Configuration, ...] | None = None
    for key, one in media:
        try:
            head = heads[parts[key]] if key in parts else b""
            found = configurations(ranged_object(services, bucket, key, one.size, head), one.format, _codecs(one))
        except (InvalidInput, Rejected) as mistake:
            unread.append(f"{key}: {mistake}")
            continue
        if first is None:
            first = found
        unlike += [
            f"{key}: the decoder configuration of its {here.kind} ({here.codec}) is another than in {media[0][0]}"
            for there, here in zip(first, found, strict=True)
            if there != here
        ]
    return Compared(tuple(unlike), tuple(unread))


def _codecs(media: Media) -> list[str]:
    """Of the streams that have a decoder: covers are pictures beside the recording."""
    return [s.codec for s in media.streams if s.kind == "audio" or (s.kind == "video" and not s.is_cover)]
