"""Is every stream there: what the pieces show, and whether the output has each of them at all."""

from __future__ import annotations

from cosconcat.verification.join import KINDS, Join
from cosconcat.verification.streams import counted

UNTOLD = frozenset(("", "und"))  # languages


def no_streams(join: Join) -> str:
    """A piece of which no stream is shown, or all may be missing; or nothing left to compare."""
    for piece in join.pieces:
        streams = [(kind, rank) for kind in KINDS for rank in range(len(counted(piece.shown, kind)))]
        if not streams:
            return f"{piece.key}: its probe shows no stream"
        if join.tracks and not any(join.options.requires(kind, rank) for kind, rank in streams):
            return f"{piece.key}: each of its streams may be missing, so that nothing shows whether it is there"
    return "" if join.tracks else "every stream may be missing, so nothing is left to compare"


def lost_stream(join: Join) -> str:
    """A stream that a piece has and the output has not."""
    for track in join.tracks:
        if track.output is None:
            piece = join.pieces[track.first]
            has = len(counted(piece.shown, track.kind))
            there = len(counted(join.output, track.kind))
            word = track.kind if track.rank == 0 or track.kind == "subtitle" else f"extra-{track.kind}"
            what = f"no {track.kind}" if not there else f"{there} {track.kind} stream(s)"
            return (
                f"{track.label} is missing: {piece.key} has {has} {track.kind} stream(s), the output {what}"
                f" (format {join.options.format}; CONCAT_MAY_LOSE={word} would allow it)"
            )
    return ""


def other_stream(join: Join) -> str:
    """A stream that has taken the place of another: of two sounds the second alone, or twice."""
    for track in join.tracks:
        for piece in join.pieces:
            own = counted(piece.shown, track.kind)[track.rank : track.rank + 1]
            languages = [stream.language for stream in (*own, *filter(None, [track.output]))]
            if len(languages) == 2 and not UNTOLD.intersection(languages) and len(set(languages)) == 2:
                return f"{track.label} of {piece.key} is {languages[0]}, that of the output {languages[1]}"
    return ""
