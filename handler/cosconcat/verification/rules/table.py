"""Is everything of the pieces in the output? One table of rules over what probes say; no call, no clock.

The first rule that is broken decides. An output that is too short or too long as a whole is given up, as it is not
what was asked for, and so is one that nothing can be compared with. Where a stream falls short, or where no figure
proves the join, the output may still be what a person wants: everything is kept, and the person is told what to do. The
figures behind the rules were measured (`tolerances.py`); what no figure shows is in docs/verification.md, which holds
this table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cosconcat.model import Media
from cosconcat.verification.join import Join, JoinOptions, ProbedFragment
from cosconcat.verification.rules import comparable, copying, lengths, pictures, presence, transitions
from cosconcat.verification.streams import unlisted
from cosconcat.verification.verdict import Unverified, Verdict, Verified


class Rule(NamedTuple):
    """One row: `holds` for people, `broken` returns the sentence that names stream, piece and figures, or ''.

    `doubt` is what a person can do where the output may still be good; without it the output is given up.
    """

    name: str
    holds: str
    broken: Callable[[Join], str]
    doubt: str = ""


def verify_streams(pieces: Sequence[ProbedFragment], output: Media, options: JoinOptions) -> Verdict:
    """Whether every stream of the pieces is in the output, from its beginning to its end."""
    join = Join(pieces, output, options)
    measured = _figures(join)
    for rule in RULES:
        reason = rule.broken(join)
        if reason:
            doubt = rule.doubt or (TEMPLATE if options.template else _guess(join))
            return Unverified(reason, measured, rule.name, doubt)
    return Verified(measured)


def _guess(join: Join) -> str:
    """What to do where an output is too short or too long for pieces of which one does not say how long it is."""
    key = comparable.guessed(join)
    return f"how long {key} is may be a guess of its probe: {REMUX}" if key else ""


LOOK = "play the output; if it is whole, remove the fragments by hand"
REMUX = f"{LOOK}; pieces that were remuxed (ffmpeg -c copy) can be proven"
LOST = "if that may be missing, name it in CONCAT_MAY_LOSE; otherwise mend the job and say retry"
SHORT = "play the output; if the stream is whole, or may be missing (CONCAT_MAY_LOSE), remove the fragments by hand"
TEMPLATE = f"a splicing template may do this, and its nodes are not known here: {LOOK}"

RULES = (
    Rule("no-length", "every piece and the output have a length", comparable.no_length),
    Rule("no-streams", "every piece shows a stream that must be in the output", presence.no_streams, LOOK),
    Rule("edit-list", "no piece hides more than 2.5 pictures behind an edit list", comparable.edit_list, REMUX),
    Rule(
        "header-of-piece",
        "no piece's probe contradicts itself, unless its time stamps were read",
        comparable.header_of_piece,
        REMUX,
    ),
    Rule("header-of-output", "the output's MediaInfo does not contradict itself", comparable.header_of_output, LOOK),
    Rule(
        "clock",
        "no piece without an index has 1.8 times the bytes a second of its like, unless its time stamps were read;"
        " those do not jump",
        comparable.clock,
        REMUX,
    ),
    Rule("order", "pictures and sound come in the same order in every piece", comparable.order, REMUX),
    Rule("cover-first", "no piece has a still before its moving pictures", comparable.cover_first, REMUX),
    Rule(
        "lost-stream",
        "the output has every picture, sound and subtitle stream that any piece has",
        presence.lost_stream,
        LOST,
    ),
    Rule(
        "other-stream",
        "no stream of the output has another language than that of its rank in a piece",
        presence.other_stream,
        LOOK,
    ),
    Rule(
        "no-evidence",
        "the output says how long each of its streams is, or its last packets do",
        lengths.no_evidence,
        LOOK,
    ),
    Rule(
        "ambiguous", "with transitions, the loss of no set of pieces has the same figures", transitions.ambiguous, LOOK
    ),
    Rule(
        "length",
        "the output as a whole is as long as its pieces; with transitions, or shorter by all they overlap",
        lengths.length,
    ),
    Rule("long", "no stream goes on after the pieces together", lengths.long),
    Rule(
        "late", "each stream begins no later than in its first piece; transitions move that ahead", lengths.late, SHORT
    ),
    Rule(
        "short",
        "each stream ends no earlier than in the last piece that has it; transitions move that ahead",
        lengths.short,
        SHORT,
    ),
    Rule(
        "untold-end",
        "the same, where the last piece does not say how long its stream is: the end of its file is expected",
        lengths.untold_end,
        REMUX,
    ),
    Rule(
        "frames",
        "as many pictures as in the pieces, or as its nominal rate says: at least 24, the fastest piece's or Video.Fps",
        pictures.frames,
        LOOK,
    ),
    Rule(
        "rate",
        "where pictures are not counted, an average rate of at least 24 or the fastest piece's",
        pictures.rate,
        LOOK,
    ),
    Rule(
        "size",
        "without Width, Height or a template, at least half of the largest piece's short side",
        pictures.size,
        LOOK,
    ),
    Rule("tiny", "a piece no longer than twice the tolerance is shown by counted pictures", pictures.tiny, LOOK),
    Rule(
        "copied",
        "a direct join carries at least 95 % of its pieces' bytes, and of each stream's where bit rates are told",
        copying.copied,
    ),
    Rule("unlike", "the pieces of a direct join are alike in everything that a probe shows", copying.unlike, LOOK),
    Rule(
        "configurations",
        "the decoder configurations of a direct join's pieces were read and are equal",
        copying.configurations,
        f"{LOOK}; or use CONCAT_ON_MIXED=transcode",
    ),
)


def _figures(join: Join) -> dict[str, object]:
    """What the closing record and the log hold: seconds rounded to milliseconds."""
    figures: dict[str, object] = {
        "fragments": len(join.pieces),
        "expected_seconds": round(join.total, 3),
        "output_seconds": round(join.output.duration or 0.0, 3),
        "shortest_seconds": round(join.shortest, 3),
        "may_be_missing_seconds": round(join.tolerances.short, 3),
    }
    if join.options.transition:
        figures["transition_seconds"] = join.options.transition
    for track in join.tracks:
        ends = None if track.output_ends is None else round(track.output_ends, 3)
        figures[track.label] = {
            "expected": [round(track.begins, 3), round(track.ends, 3)],
            "output": [round(track.output_begins, 3), ends] if track.output is not None else None,
        }
    data = max((unlisted(piece.shown) for piece in join.pieces), default=0)
    if data:
        figures["data_streams_not_compared"] = data
    covers = sum(s.is_cover for piece in join.pieces for s in piece.shown.of("video") if piece.shown.of("audio"))
    if covers:
        figures["covers_not_compared"] = covers
    return figures
