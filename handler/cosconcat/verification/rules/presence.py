"""Is every stream there: what the pieces show, and whether the output has each of them at all."""

from __future__ import annotations

from cosconcat.verification.join import KINDS, Join
from cosconcat.verification.streams import counted


def no_streams(join: Join) -> str:
    """A piece of which no stream is shown, or nothing left to compare."""
    for piece in join.pieces:
        if not any(counted(piece.shown, kind) for kind in KINDS):
            return f"{piece.key}: its probe shows no stream"
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
