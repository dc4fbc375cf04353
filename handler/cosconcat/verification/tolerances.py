"""By how much a whole output may differ from its pieces, as measured on about a thousand joins by ffmpeg.

The worst good join ended 0.07 s early, however many seams it had: the joiner rounds at the end, not at each seam, so
nothing is allowed for a seam. Too long it may get at every seam, where padding is played: a frame of sound each, and of
MPEG-TS with sound what comes after the last packet's beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cosconcat.model import Media
from cosconcat.verification.streams import counted, picture_rate, sound_frame

BASE_SECONDS = 0.10  # at 0.05 seven to nine whole joins in a thousand are refused, at 0.2 a piece of 0.2 s goes unseen
LONGEST_PICTURE = 0.125  # seconds; a picture of one a second does not make a second invisible
TS_SECONDS = 0.30  # the length of an MPEG-TS stops at its last packet's beginning: up to 0.23 s early
SUBTITLE_SECONDS = 0.5  # a cue may be cut at a seam


class Tolerances(NamedTuple):
    """Seconds: `base` is what rounding alone can do; `short` may be missing, `long` be too much."""

    base: float
    short: float
    long: float
    grain: float


def tolerances(pieces: Sequence[Media], output: Media, format_: str, shortest: float) -> Tolerances:
    """What may differ; never so much that half of the shortest piece (seconds) could hide in it, unless it is tiny."""
    everything = (*pieces, output)
    rates = [rate for media in everything for s in counted(media, "video") if (rate := picture_rate(s))]
    frame = max((sound_frame(s) for media in everything for s in counted(media, "audio")), default=0.0)
    grain = frame + (min(1 / min(rates), LONGEST_PICTURE) if rates else 0.0)
    base = max(BASE_SECONDS, grain)
    packets = TS_SECONDS if format_ in ("ts", "hls") or output.format == "mpegts" else 0.0
    early = TS_SECONDS * sum(media.format == "mpegts" and bool(counted(media, "audio")) for media in pieces)
    most = max(shortest / 2, base)
    return Tolerances(
        base=base,
        short=min(base + packets, most),
        long=min(base + frame * (len(pieces) - 1) + packets + early, most),
        grain=grain,
    )
