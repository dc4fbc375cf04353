"""Is every stream of the pieces in the output, from its beginning to its end. Seconds, unless they say otherwise."""

from __future__ import annotations

from cosconcat.containers.reading import has_tail
from cosconcat.verification.join import Join, Track
from cosconcat.verification.rules import rounding, transitions
from cosconcat.verification.tolerances import SUBTITLE_SECONDS


def no_evidence(join: Join) -> str:
    """A stream of whose length the output says nothing: one of several, or one that only a header tells of which was
    written before the end.
    """
    several = len([s for s in join.output.streams if s.kind != "subtitle"]) > 1
    untold = several or has_tail(join.output.format)
    for track in join.tracks:
        if track.output is not None and track.output_ends is None and untold:
            return f"the output does not say how long its {track.label} is"
    return ""


def late(join: Join) -> str:
    """A stream that begins later than its first piece's."""
    for track in join.tracks:
        begins, slack = track.begins - transitions.shift(join, track.first), _slack(join, track, track.first)
        if track.output_begins > begins + slack:
            return (
                f"{track.label} begins at {track.output_begins:.3f} s in the output;"
                f" with {join.pieces[track.first].key} it should at {begins:.3f} s (allowed {slack:.3f} s)"
            )
    return ""


def length(join: Join) -> str:
    """An output that is, as a whole, shorter than its pieces."""
    if not join.tracks or join.output.duration is None:
        return ""
    last = max(join.tracks, key=lambda track: track.ends)
    if not last.told:
        return ""
    ends = last.ends - transitions.shift(join, last.last)
    slack = _slack(join, last, last.last)
    missing = _less_cut(join, ends - join.output.duration, last.last, slack)
    if missing <= slack:
        return ""
    return (
        f"the output lasts {join.output.duration:.3f} s, its pieces {ends:.3f} s{transitions.words(join)}:"
        f" {missing:.3f} s are missing (allowed {slack:.3f} s)"
    )


def short(join: Join) -> str:
    """A stream that ends before its last piece's."""
    return next(filter(None, (_too_short(join, track) for track in join.tracks if track.told)), "")


def untold_end(join: Join) -> str:
    """The same where the last piece does not say how long the stream is, so that its file's end had to be expected."""
    return next(filter(None, (_too_short(join, track) for track in join.tracks if not track.told)), "")


def long(join: Join) -> str:
    """An output, or a stream of it, that goes on after its pieces together: it holds something else."""
    allowed = join.tolerances.long + rounding.filled(join)
    for track in join.tracks:
        more = allowed + (SUBTITLE_SECONDS if track.kind == "subtitle" else 0.0)
        over = join.end_of(track) - join.total
        if over > more:
            return f"{track.label} ends {over:.3f} s after the pieces together (allowed {more:.3f} s)"
    over = (join.output.duration or 0.0) - join.total
    return (
        f"the output is {over:.3f} s longer than its pieces together (allowed {allowed:.3f} s)"
        if over > allowed
        else ""
    )


def _slack(join: Join, track: Track, piece: int) -> float:
    """What may be missing at an edge of the stream that lies in the piece of this number."""
    words = SUBTITLE_SECONDS if track.kind == "subtitle" else 0.0
    return join.tolerances.short + transitions.slack(join, piece) + words


def _too_short(join: Join, track: Track) -> str:
    ends = track.ends - transitions.shift(join, track.last)
    slack = _slack(join, track, track.last)
    missing = _less_cut(join, ends - join.end_of(track), track.last, slack)
    if missing <= slack:
        return ""
    return (
        f"{track.label} ends at {join.end_of(track):.3f} s in the output;"
        f" with {join.pieces[track.last].key} it should at {ends:.3f} s:"
        f" {missing:.3f} s are missing (allowed {slack:.3f} s)"
    )


def _less_cut(join: Join, missing: float, last: int, slack: float) -> float:
    """Missing seconds less what cutting the pieces up to `last` to whole pictures took away, if all of that is missing:
    a joiner cuts every piece, or none.
    """
    taken = rounding.cut(join, last)
    return missing - taken if taken and missing >= taken - slack else missing
