"""Are the pictures of the output as many, as fast and as large as those of the pieces."""

from __future__ import annotations

import math
from typing import NamedTuple

from cosconcat.model import Stream
from cosconcat.verification.join import Join
from cosconcat.verification.streams import counted, nominal_rate, picture_rate, shown_rate

MOVING = 24.0  # pictures a second that look like motion: a joiner may bring faster pieces down to it


def frames(join: Join) -> str:
    """Pictures that were dropped: neither as many as in the pieces, nor without a gap at a rate that moves."""
    count = _count(join)
    if count is None or count.kept or (count.gapless and count.fast):
        return ""
    output = count.output
    if count.gapless:
        return f"the output shows {count.rate:g} pictures a second, its pieces up to {count.fastest:g}"
    return f"the output has {output} pictures, its pieces {count.pieces:.0f} (allowed {count.allowed:.0f} less)"


def rate(join: Join) -> str:
    """Where pictures are not counted: an average rate that no longer moves."""
    shown, own = _pictures(join)
    if shown is None or not own or _count(join) is not None or join.options.fps:
        return ""
    fastest = max((picture_rate(stream) or 0.0 for stream, _ in own), default=0.0)
    if shown.avg_fps and shown.avg_fps < min(MOVING, fastest) * 0.9:
        return f"the output shows {shown.avg_fps:g} pictures a second, its pieces up to {fastest:g}"
    return ""


def size(join: Join) -> str:
    """Pictures that shrank although nobody asked for a size."""
    shown, own = _pictures(join)
    if shown is None or not own or join.options.template or join.options.resized:
        return ""
    side = max(min(stream.width or 0, stream.height or 0) for stream, _ in own)
    if min(shown.width or side, shown.height or side) < side / 2:
        return f"the output is {shown.width}x{shown.height}, a piece has a short side of {side}"
    return ""


def tiny(join: Join) -> str:
    """A piece no longer than twice the tolerance: only its counted pictures can show it."""
    if not join.tiny:
        return ""
    key = join.pieces[join.lengths.index(join.shortest)].key
    count = _count(join)
    if count is None or not count.exact:
        return f"{key} lasts {join.shortest:.3f} s, no longer than the tolerance, and its pictures are not counted"
    if abs(count.output - count.pieces) > max(count.fewest - 1, 0) / 2:
        counts = f"{count.output} pictures in the output, {count.pieces:.0f} in the pieces"
        return f"{key} lasts {join.shortest:.3f} s, and there are {counts}"
    return ""


class _Count(NamedTuple):
    """Pictures of the output against those of its pieces."""

    output: int
    pieces: float
    allowed: float
    rate: float
    fastest: float
    kept: bool  # as many as there were
    gapless: bool  # none missing at the output's own rate
    fast: bool  # which is fast enough
    exact: bool  # each piece counts its own
    fewest: int  # in one piece


def _pictures(join: Join) -> tuple[Stream | None, list[tuple[Stream, float]]]:
    """The output's first moving picture, and each piece's with the seconds of it that were joined."""
    shown = counted(join.output, "video")
    own = []
    for index, piece in enumerate(join.pieces):
        for stream in counted(piece.shown, "video")[:1]:
            begins, ends = join.edges(index, stream)
            own.append((stream, max(ends - begins, 0.0)))
    return (shown[0] if shown and join.options.requires("video", 0) else None), own


def _count(join: Join) -> _Count | None:
    """None where there are no pictures to count, or the output does not count them."""
    shown, own = _pictures(join)
    if shown is None or not own or not shown.frames or not shown.duration:
        return None
    options, slack = join.options, join.tolerances.short
    rates = [picture_rate(stream) or 0.0 for stream, _ in own]
    rate_ = shown_rate(shown) or 0.0
    nominal = nominal_rate(shown) or options.fps or 0.0  # by an average nothing is missing, whatever was dropped
    average = max(stream.avg_fps or 0.0 for stream in (shown, *(stream for stream, _ in own)))
    joined = [
        min(stream.frames or length * each, round(length * each, 3) if each else math.inf)
        for (stream, length), each in zip(own, rates, strict=True)
    ]
    there, fewest = sum(joined), min(joined)
    most = max(fewest / 2, 1.0)  # more could hide half of a piece
    allowed = min(2 + slack * (min(max(*rates, rate_), 60.0) if nominal else average), most)
    overlapped = join.overlap * max(rates)
    kept = abs(shown.frames - there) <= allowed or (
        options.transition > 0 and abs(shown.frames - there + overlapped) <= allowed
    )
    missed = abs(shown.frames - nominal * shown.duration)  # more than its rate are no better: it is another rate
    floor = options.fps or min(MOVING, max(rates)) * 0.98
    return _Count(
        output=shown.frames,
        pieces=there,
        allowed=allowed,
        rate=rate_,
        fastest=max(rates),
        kept=kept,
        gapless=nominal > 0 and missed <= min(2 + slack * nominal, max(nominal * join.shortest / 2, 1.0)),
        fast=rate_ >= floor * 0.98,
        exact=len(own) == len(join.pieces) and all(stream.frames for stream, _ in own),
        fewest=round(fewest),
    )
