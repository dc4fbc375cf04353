"""Transitions: whether each piece begins while the one before it still plays is not documented, so either is right.

Which of the two it was, the output's length says: it is that of the pieces, or less by all that they overlap, and by
nothing between. Every stream then has to be where that puts it. Seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from cosconcat.verification.join import Join
from cosconcat.verification.rules import rounding

GRID = 100  # steps to a second when losses are added up


def shift(join: Join, piece: int) -> float:
    """By how much the piece of this number begins earlier than the lengths before it add up to."""
    return piece * join.options.transition if _overlapping(join) else 0.0


def slack(join: Join, piece: int) -> float:
    """By how much that may be wrong, in either direction."""
    return rounding.of_transitions(join, piece) if _overlapping(join) else 0.0


def words(join: Join) -> str:
    """What transitions have to do with the expected length, for a sentence; empty where there are none."""
    count, seconds = len(join.pieces) - 1, join.options.transition
    if not join.overlap:
        return ""
    if _overlapping(join):
        return f" less {count} transition(s) of {seconds:g} s"
    return f", or {join.total - join.overlap:.3f} s if {count} transition(s) of {seconds:g} s overlap"


def ambiguous(join: Join) -> str:
    """A shorter output that the loss of some pieces would explain as well."""
    if not _overlapping(join):
        return ""
    for track in join.tracks:
        off, missing = slack(join, track.last), track.ends - join.end_of(track)
        short, long = _shorter(join), _longer(join)
        within = -short - off <= shift(join, track.last) - missing <= long + off
        tight = join.shortest - join.options.transition <= short + long + 2 * off
        if missing > short and within and (tight or _loss_explains(missing, join.lengths, short, long)):
            return (
                f"{track.label} is {missing:.3f} s shorter: by its transitions or by a lost piece, which looks the same"
            )
    return ""


def _overlapping(join: Join) -> bool:
    """Whether the output is too short for its pieces, but not for all that they may overlap."""
    missing = join.total - (join.output.duration or 0.0)
    off = rounding.of_transitions(join, len(join.pieces) - 1)
    return join.overlap > 0 and missing > _shorter(join) and missing >= join.overlap - off - _longer(join)


def _shorter(join: Join) -> float:
    """By how much an output without loss may be shorter than its pieces."""
    return join.tolerances.short + rounding.cut(join, len(join.pieces) - 1)


def _longer(join: Join) -> float:
    """By how much it may be longer."""
    return join.tolerances.long + rounding.filled(join)


def _loss_explains(missing: float, lengths: Sequence[float], short: float, long: float) -> bool:
    """Whether some set of lost pieces may look like `missing` seconds, where the rest is up to `short` seconds shorter
    or `long` seconds longer than it should be.

    Sums of sets are kept as bits of one number, a grid apart; each length is rounded to the grid.
    """
    lowest = max(round((missing - short) * GRID), 1)
    highest = round((missing + long) * GRID) + len(lengths)
    within = (1 << (highest + 1)) - 1
    reachable = 1
    for length in lengths:
        reachable |= (reachable << round(length * GRID)) & within
    return bool(reachable >> lowest)
