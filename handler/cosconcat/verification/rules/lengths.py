"""Is every stream of the pieces in the output, from its beginning to its end. Seconds, unless they say otherwise."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cosconcat.verification.join import Join, Track
from cosconcat.verification.streams import counted, shown_rate
from cosconcat.verification.tolerances import SUBTITLE_SECONDS

GRID = 100  # steps to a second when losses are added up


def no_evidence(join: Join) -> str:
    """One of several streams of whose length the output says nothing."""
    several = len([s for s in join.output.streams if s.kind != "subtitle"]) > 1
    for track in join.tracks:
        if track.output is not None and track.output_ends is None and several:
            return f"the output does not say how long its {track.label} is"
    return ""


def late(join: Join) -> str:
    """A stream that begins later than its first piece's."""
    for track in join.tracks:
        slack = _slack(join, track)
        if track.output_begins > track.begins + slack:
            return (
                f"{track.label} begins at {track.output_begins:.3f} s in the output;"
                f" with {join.pieces[track.first].key} it should at {track.begins:.3f} s (allowed {slack:.3f} s)"
            )
    return ""


def ambiguous(join: Join) -> str:
    """With transitions: a shorter output that the loss of some pieces would explain as well."""
    if not join.options.transition:
        return ""
    slack = join.tolerances.short
    tight = join.shortest - join.options.transition <= 2 * slack
    for track in join.tracks:
        short = _missing(join, track)
        overlapped = short > slack and abs(short - join.overlap) <= slack
        if overlapped and (tight or _loss_explains(short, join.lengths, slack)):
            return (
                f"{track.label} is {short:.3f} s shorter: by its transitions or by a lost piece, which looks the same"
            )
    return ""


def length(join: Join) -> str:
    """An output that ends, as a whole, before its pieces do; with transitions, by anything but what they overlap."""
    if not join.tracks or join.output.duration is None:
        return ""
    last = max(join.tracks, key=lambda track: track.ends)
    if not last.told:
        return ""
    missing = _less_rounding(join, last.ends - join.output.duration, last.last)
    slack = _slack(join, last)
    if missing <= slack or (join.options.transition and abs(missing - join.overlap) <= slack):
        return ""
    return (
        f"the output lasts {join.output.duration:.3f} s, its pieces {last.ends:.3f} s:"
        f" {missing:.3f} s are missing (allowed {slack:.3f} s)"
    )


def short(join: Join) -> str:
    """A stream that ends before its last piece's; with transitions, by anything but what they overlap."""
    return next(filter(None, (_too_short(join, track) for track in join.tracks if track.told)), "")


def untold_end(join: Join) -> str:
    """The same where the last piece does not say how long the stream is, so that its file's end had to be expected."""
    return next(filter(None, (_too_short(join, track) for track in join.tracks if not track.told)), "")


def long(join: Join) -> str:
    """An output, or a stream of it, that goes on after its pieces together: it holds something else."""
    allowed = join.tolerances.long
    for track in join.tracks:
        more = allowed + (SUBTITLE_SECONDS if track.kind == "subtitle" else 0.0)
        over = _end(join, track) - join.total
        if over > more:
            return f"{track.label} ends {over:.3f} s after the pieces together (allowed {more:.3f} s)"
    over = (join.output.duration or 0.0) - join.total
    return (
        f"the output is {over:.3f} s longer than its pieces together (allowed {allowed:.3f} s)"
        if over > allowed
        else ""
    )


def _end(join: Join, track: Track) -> float:
    """Where the output's stream ends; a single stream without a length ends with the file."""
    return track.output_ends if track.output_ends is not None else join.output.duration or 0.0


def _slack(join: Join, track: Track) -> float:
    return join.tolerances.short + (SUBTITLE_SECONDS if track.kind == "subtitle" else 0.0)


def _too_short(join: Join, track: Track) -> str:
    missing, slack = _missing(join, track), _slack(join, track)
    if missing <= slack or (join.options.transition and abs(missing - join.overlap) <= slack):
        return ""
    return (
        f"{track.label} ends at {_end(join, track):.3f} s in the output;"
        f" with {join.pieces[track.last].key} it should at {track.ends:.3f} s:"
        f" {missing:.3f} s are missing (allowed {slack:.3f} s)"
    )


def _missing(join: Join, track: Track) -> float:
    """Seconds by which the output's stream ends early, less what rounding may have taken away."""
    return _less_rounding(join, track.ends - _end(join, track), track.last)


def _less_rounding(join: Join, missing: float, last: int) -> float:
    """Missing seconds less what bringing each piece up to `last` to whole pictures takes away.

    That is computed from the lengths, not allowed for; all the same it may not hide half of a piece.
    """
    pictures = counted(join.output, "video")
    fps = shown_rate(pictures[0]) if pictures and not join.options.direct else None
    if not fps:
        return missing
    cut = sum(max(0.0, each - math.ceil(each * fps - 0.5) / fps) for each in join.lengths[: last + 1])
    cut = min(cut, max(join.shortest / 2 - join.tolerances.short, 0.0))
    return max(missing - cut, min(missing, 0.0))


def _loss_explains(missing: float, lengths: Sequence[float], slack: float) -> bool:
    """Whether some set of lost pieces costs `missing` seconds, within `slack` of a second.

    Sums of sets are kept as bits of one number, a grid apart; each length is rounded to the grid.
    """
    lowest = max(round((missing - slack) * GRID), 1)
    highest = round((missing + slack) * GRID) + len(lengths)
    within = (1 << (highest + 1)) - 1
    reachable = 1
    for length in lengths:
        reachable |= (reachable << round(length * GRID)) & within
    return bool(reachable >> lowest)
