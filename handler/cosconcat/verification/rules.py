"""Is everything of the pieces in the output? One table of rules over what probes say; no call, no clock.

The first rule that is broken decides. An output that is too short or too long as a whole is given up, as it is not
what was asked for, and so is one that nothing can be compared with. Where a stream falls short, or where no figure
proves the join, the output may still be what a person wants: everything is kept, and the person is told what to do. The
figures behind the rules were measured (`tolerances.py`); what no figure shows is in docs/verification.md, which holds
this table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cosconcat.job.mixed import differences
from cosconcat.model import Media, ProbeError, Stream
from cosconcat.verification.join import KINDS, Join, JoinOptions, Piece, Track
from cosconcat.verification.streams import counted, is_still, picture_rate, shown_rate, unlisted
from cosconcat.verification.tolerances import SUBTITLE_SECONDS
from cosconcat.verification.verdict import Unverified, Verdict, Verified

MOVING = 24.0  # pictures a second that look like motion: a joiner may bring faster pieces down to it
HIDDEN_PICTURES = 2.5  # an edit list shorter than so many pictures is an encoder's delay
OUTLIER = 1.8  # times the bits a second of the other pieces: a header that may be too short
COPIED = 0.95  # share of the bytes of its pieces that a direct join must carry
GRID = 100  # steps to a second when losses are added up
WITHOUT_INDEX = ("mpegts", "matroska", "flv", "mp3", "aac", "avi", "wav")  # nothing in the file counts its packets


class Rule(NamedTuple):
    """One row: `holds` for people, `broken` returns the sentence that names stream, piece and figures, or ''.

    `doubt` is what a person can do where the output may still be good; without it the output is given up.
    """

    name: str
    holds: str
    broken: Callable[[Join], str]
    doubt: str = ""


def verify_streams(pieces: Sequence[Piece], output: Media, options: JoinOptions) -> Verdict:
    """Whether every stream of the pieces is in the output, from its beginning to its end."""
    join = Join(pieces, output, options)
    measured = _figures(join)
    for rule in RULES:
        reason = rule.broken(join)
        if reason:
            doubt = rule.doubt or (TEMPLATE if options.template else "")
            return Unverified(reason, measured, rule.name, doubt)
    return Verified(measured)


# -- is there anything to compare


def no_length(join: Join) -> str:
    """A piece or the output whose length is not known, or that is no recording."""
    if not join.pieces:
        return "there are no fragments to compare with"
    for piece, length in zip(join.pieces, join.lengths, strict=True):
        if isinstance(piece.media, ProbeError):
            return f"no length to compare with: {piece.key} cannot be probed ({piece.media.code}); {REPLACE}"
        if is_still(piece.media):
            return f"{piece.key} is a picture, not a recording; {REPLACE}"
        if length <= 0:
            return f"no length to compare with: {piece.key} has no duration; {REPLACE}"
    return "" if join.output.duration else "the output's length is not known"


def no_streams(join: Join) -> str:
    """A piece of which no stream is shown, or nothing left to compare."""
    for piece in join.pieces:
        if not any(counted(piece.shown, kind) for kind in KINDS):
            return f"{piece.key}: its probe shows no stream"
    return "" if join.tracks else "every stream may be missing, so nothing is left to compare"


def edit_list(join: Join) -> str:
    """Pictures that an edit list hides: whether a joiner keeps them is not said anywhere."""
    for piece in join.pieces if len(join.pieces) > 1 else ():
        for stream in counted(piece.shown, "video"):
            if stream.frames and stream.avg_fps and stream.duration:
                hidden = stream.frames / stream.avg_fps - stream.duration
                if hidden > HIDDEN_PICTURES / stream.avg_fps:
                    return f"{piece.key} hides {hidden:.3f} s of its pictures behind an edit list"
    return ""


def header_of_piece(join: Join) -> str:
    """A piece whose probe contradicts itself."""
    for piece in join.pieces:
        found = _contradiction(piece.shown)
        if found and piece.clock != "steady":
            return f"{piece.key} {found}"
    return ""


def header_of_output(join: Join) -> str:
    """An output whose MediaInfo contradicts itself."""
    found = _contradiction(join.output)
    return f"the output {found}" if found else ""


def clock(join: Join) -> str:
    """A piece whose time stamps jump, or that has far more bytes a second than its like: its header may be short."""
    for piece in join.pieces:
        if piece.clock == "jumps":
            return f"the time stamps of {piece.key} jump, so its length is not what its header says"
    for key, times in outliers(join.pieces):
        return f"{key} has {times:.1f} times the bytes a second of the others: its header may be too short"
    return ""


def order(join: Join) -> str:
    """Pieces whose first streams are of different kinds: which one a joiner takes for which is not said."""
    firsts: dict[str, str] = {}
    for piece in join.pieces:
        kinds = [s.kind for s in piece.shown.streams if s.kind != "subtitle" and not s.is_cover]
        if len(set(kinds)) > 1:
            firsts.setdefault(kinds[0], piece.key)
    if len(firsts) < 2:
        return ""
    return "the streams come in different orders: " + ", ".join(
        f"{kind} first in {key}" for kind, key in firsts.items()
    )


def cover_first(join: Join) -> str:
    """A still as first picture stream beside a moving one: which of them was joined is not shown."""
    for piece in join.pieces:
        pictures = piece.shown.of("video")
        if len(pictures) > 1 and pictures[0].is_cover:
            return f"the first picture stream of {piece.key} is a still"
    return ""


# -- is every stream there, from its beginning to its end


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


# -- are the pictures as many, as fast and as large


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
    if shown is None or not own or _count(join) is not None or join.options.template or join.options.fps:
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


# -- was a direct join possible


def copied(join: Join) -> str:
    """A direct join that carries fewer bytes than its pieces."""
    if not join.options.direct or join.options.removed or join.output.format != join.pieces[0].shown.format:
        return ""
    bytes_in, bytes_out = sum(_payload(piece.shown) for piece in join.pieces), _payload(join.output)
    if bytes_out < COPIED * bytes_in:
        return f"the output carries {bytes_out:.0f} bytes, its pieces {bytes_in:.0f}"
    return ""


def unlike(join: Join) -> str:
    """Packets copied from pieces that differ: the output describes the first of them only."""
    if not join.options.direct:
        return ""
    found = differences([(piece.key, piece.shown) for piece in join.pieces])
    return f"joined without transcoding, but {found[0]}" if found else ""


def configurations(join: Join) -> str:
    """A direct join whose pieces' decoder configurations were not shown to be equal."""
    if not join.options.direct or len(join.pieces) < 2 or join.options.configurations == "alike":
        return ""
    if join.options.configurations == "unlike":
        return "joined without transcoding, but the decoder configurations of the pieces differ"
    return "joined without transcoding, and the decoder configurations of the pieces were not compared"


REPLACE = "replace or remove it, or play the output and remove the fragments by hand"
LOOK = "play the output; if it is whole, remove the fragments by hand"
REMUX = f"{LOOK}; pieces that were remuxed (ffmpeg -c copy) can be proven"
LOST = "if that may be missing, name it in CONCAT_MAY_LOSE; otherwise mend the job and say retry"
SHORT = "play the output; if the stream is whole, or may be missing (CONCAT_MAY_LOSE), remove the fragments by hand"
TEMPLATE = f"a splicing template may do this, and its nodes are not known here: {LOOK}"

RULES = (
    Rule("no-length", "every piece and the output have a length", no_length),
    Rule("no-streams", "every piece shows a stream that must be in the output", no_streams, LOOK),
    Rule("edit-list", "no piece hides more than 2.5 pictures behind an edit list", edit_list, REMUX),
    Rule(
        "header-of-piece",
        "no piece's probe contradicts itself, unless its time stamps were read",
        header_of_piece,
        REMUX,
    ),
    Rule("header-of-output", "the output's MediaInfo does not contradict itself", header_of_output, LOOK),
    Rule(
        "clock",
        "no piece without an index has 1.8 times the bytes a second of its like, unless its time stamps were read;"
        " those do not jump",
        clock,
        REMUX,
    ),
    Rule("order", "pictures and sound come in the same order in every piece", order, REMUX),
    Rule("cover-first", "no piece has a still before its moving pictures", cover_first, REMUX),
    Rule(
        "lost-stream", "the output has every picture, sound and subtitle stream that any piece has", lost_stream, LOST
    ),
    Rule("no-evidence", "the output says how long each of its streams is, or its last packets do", no_evidence, LOOK),
    Rule("ambiguous", "with transitions, the loss of no set of pieces has the same figures", ambiguous, LOOK),
    Rule(
        "length",
        "the output as a whole is as long as its pieces; with transitions, shorter at most by all they overlap",
        length,
    ),
    Rule("long", "no stream goes on after the pieces together", long),
    Rule("late", "each stream begins no later than in its first piece", late, SHORT),
    Rule(
        "short",
        "each stream ends no earlier than in the last piece that has it; with transitions, at most by all they overlap",
        short,
        SHORT,
    ),
    Rule(
        "untold-end",
        "the same, where the last piece does not say how long its stream is: the end of its file is expected",
        untold_end,
        REMUX,
    ),
    Rule(
        "frames",
        "as many pictures as in the pieces, or none missing at a rate of at least 24, the fastest piece's or Video.Fps",
        frames,
        LOOK,
    ),
    Rule("rate", "where pictures are not counted, an average rate of at least 24 or the fastest piece's", rate, LOOK),
    Rule("size", "without Width, Height or a template, at least half of the largest piece's short side", size, LOOK),
    Rule("tiny", "a piece no longer than twice the tolerance is shown by counted pictures", tiny, LOOK),
    Rule("copied", "a direct join carries at least 95 % of its pieces' bytes", copied),
    Rule("unlike", "the pieces of a direct join are alike in everything that a probe shows", unlike, LOOK),
    Rule(
        "configurations",
        "the decoder configurations of a direct join's pieces were read and are equal",
        configurations,
        f"{LOOK}; or use CONCAT_ON_MIXED=transcode",
    ),
)


def outliers(pieces: Sequence[Piece]) -> list[tuple[str, float]]:
    """Pieces without an index that have far more bytes a second than the others of their format, and how many times.

    No proof of anything: a still and a moving picture differ by more. It says whose time stamps are worth reading.
    """
    found = []
    for piece in pieces:
        media = piece.shown
        if piece.clock == "steady" or not media.duration or not media.format.startswith(WITHOUT_INDEX):
            continue
        others = sorted(
            other.shown.size / other.shown.duration
            for other in pieces
            if other is not piece and other.shown.format == media.format and other.shown.duration
        )
        median = others[len(others) // 2] if others else 0.0
        times = media.size / media.duration / median if median else 0.0
        if times > OUTLIER:
            found.append((piece.key, times))
    return found


def contradicts_itself(media: Media) -> bool:
    """Whether a probe cannot be true as it stands, so that the file's own time stamps are worth reading."""
    return bool(_contradiction(media))


# -- figures


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
    own = [
        (streams[0], length)
        for piece, length in zip(join.pieces, join.lengths, strict=True)
        if (streams := counted(piece.shown, "video"))
    ]
    return (shown[0] if shown and join.options.requires("video", 0) else None), own


def _count(join: Join) -> _Count | None:
    """None where there are no pictures to count, or the output does not count them."""
    shown, own = _pictures(join)
    if shown is None or not own or not shown.frames or not shown.duration:
        return None
    options, slack = join.options, join.tolerances.short
    rates = [picture_rate(stream) or 0.0 for stream, _ in own]
    rate_ = shown_rate(shown) or 0.0
    allowed = 2 + slack * min(max(*rates, rate_), 60.0)
    there = sum(
        min(stream.frames or length * each, length * each if each else math.inf)
        for (stream, length), each in zip(own, rates, strict=True)
    )
    overlapped = join.overlap * max(rates)
    kept = abs(shown.frames - there) <= allowed or (
        options.transition > 0 and abs(shown.frames - there + overlapped) <= allowed
    )
    floor = options.fps or (0.0 if options.template else min(MOVING, max(rates)) * 0.98)
    return _Count(
        output=shown.frames,
        pieces=there,
        allowed=allowed,
        rate=rate_,
        fastest=max(rates),
        kept=kept,
        gapless=bool(rate_) and shown.frames >= rate_ * shown.duration - allowed,
        fast=rate_ >= floor * 0.98,
        exact=len(own) == len(join.pieces) and all(stream.frames for stream, _ in own),
        fewest=min(stream.frames or 0 for stream, _ in own),
    )


def _payload(media: Media) -> float:
    """Bytes of the streams that count; of the whole file where their bitrates are not told."""
    streams = (*counted(media, "video"), *media.of("audio"))
    if streams and all(stream.bitrate and stream.duration for stream in streams):
        return sum((stream.bitrate or 0.0) * 125 * (stream.duration or 0.0) for stream in streams)
    return float(media.size)


def _contradiction(media: Media) -> str:
    """How a probe contradicts itself, as the end of a sentence; '' when it does not."""
    seconds = media.duration or 0.0
    if seconds < 1.0:  # headers outweigh the content
        return ""
    base = media.start or 0.0
    streams = (*counted(media, "video"), *media.of("audio"))
    ends = [(base if s.start is None else s.start) - base + s.duration for s in streams if s.duration]
    alone = len(streams) == len(media.streams) and not unlisted(media)  # nothing else could last longer
    if ends and (max(ends) - seconds > 0.5 or (alone and seconds - max(ends) > 0.5)):
        return f"lasts {seconds:.3f} s as a whole, but its longest stream ends at {max(ends):.3f} s"
    for stream in counted(media, "video"):
        if stream.frames and stream.avg_fps and stream.duration:
            lasting = stream.frames / stream.avg_fps
            if stream.duration - lasting > 0.5 + 0.02 * stream.duration:
                return f"claims {stream.duration:.3f} s of pictures, but {stream.frames} of them last {lasting:.3f} s"
    return _wrong_bitrate(media, streams, seconds, alone=alone)


def _wrong_bitrate(media: Media, streams: Sequence[Stream], seconds: float, *, alone: bool) -> str:
    """A length that does not go with the bytes and the bitrates of the streams (kbps)."""
    whole = media.size * 8 / 1000 / seconds
    own = [(s.bitrate or 0.0) * min((s.duration or seconds) / seconds, 1.0) for s in streams]
    if max(own, default=0.0) > 1.5 * whole + 50:
        return f"has a stream of {max(own):.0f} kbps, but its bytes in {seconds:.3f} s are only {whole:.0f} kbps"
    if own and all(own) and alone:
        content = max(media.size - 8192, 0) * 8 / 1000 / seconds
        if content > 1.5 * sum(own) + 100:
            return f"has streams of {sum(own):.0f} kbps, but its bytes in {seconds:.3f} s are {content:.0f} kbps"
        if sum(own) > 1.5 * whole + 50:
            return f"has streams of {sum(own):.0f} kbps, but its bytes in {seconds:.3f} s are only {whole:.0f} kbps"
    return ""
