"""What whole pictures do to lengths: a joiner that transcodes cuts or fills every piece, and every transition.

Computed from the lengths and the rate of the output's pictures, not allowed for: an output of pieces that are whole
pictures is as long as they are. All of it in seconds.
"""

from __future__ import annotations

import math

from cosconcat.verification.join import Join
from cosconcat.verification.streams import counted, picture_rate, shown_rate
from cosconcat.verification.tolerances import LONGEST_PICTURE

NEARLY = 0.001  # of a picture: lengths are told in microseconds at best


def cut(join: Join, last: int) -> float:
    """What bringing the pieces up to `last` to the nearest whole picture takes away; never half of a piece."""
    rate = _rate(join)
    if not rate:
        return 0.0
    taken = sum(max(0.0, each - math.ceil(each * rate - 0.5) / rate) for each in join.lengths[: last + 1])
    return min(taken, max(join.shortest / 2 - join.tolerances.short, 0.0))


def filled(join: Join) -> float:
    """What filling every piece up to whole pictures adds; no more than is below half of a piece with all the rest."""
    rate = _rate(join)
    if not rate:
        return 0.0
    added = sum(math.ceil(each * rate - NEARLY) / rate - each for each in join.lengths)
    return max(min(added, join.shortest / 2 - join.tolerances.long), 0.0)


def of_transitions(join: Join, count: int) -> float:
    """By how much `count` transitions may be longer or shorter than was asked for: a picture each.

    A picture of the output, in which they are made, or of the slowest piece.
    """
    rate = _rate(join)
    if not rate or not join.options.transition:
        return 0.0
    rates = [own for piece in join.pieces for stream in counted(piece.shown, "video") if (own := picture_rate(stream))]
    return count * max(1 / rate, min(1 / min(rates), LONGEST_PICTURE) if rates else 0.0)


def _rate(join: Join) -> float:
    """Pictures a second of an output that was transcoded; 0 where none were made."""
    pictures = counted(join.output, "video")
    return (shown_rate(pictures[0]) if pictures and not join.options.direct else None) or 0.0
