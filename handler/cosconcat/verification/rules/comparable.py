"""Is there anything to compare: pieces and an output whose probes say enough, and do not contradict themselves."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from cosconcat.model import Media, ProbeError, Stream
from cosconcat.verification.join import Join, ProbedFragment
from cosconcat.verification.streams import counted, is_still, unlisted

HIDDEN_PICTURES = 2.5  # an edit list shorter than so many pictures is an encoder's delay
OUTLIER = 1.8  # times the bits a second of the other pieces: a header that may be too short
WITHOUT_INDEX = (
    "mpegts",
    "mpeg",
    "matroska",
    "flv",
    "mp3",
    "aac",
    "avi",
    "wav",
    "asf",
)  # nothing in the file counts its packets
GUESSED = ("aac", "mp3")  # raw AAC, and mp3 without a header: probes take their length from the bit rate at first
CUT_OFF = 1.002  # share of its bytes that the streams of such a file can have together: 1.0, but for rounded bit rates
COUNTING = ("wav", "avi")  # formats without an index that count pictures, or whose bytes follow from the rate
EXPLAINED = 0.1  # share of the bytes a second that streams may differ from the file
TELLING = ("mov", "mp3")  # formats of which a header tells of all packets, also of those that are not there
REPLACE = "replace or remove it, or play the output and remove the fragments by hand"


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


def guessed(join: Join) -> str:
    """The first piece of which the length may be a guess of its probe; an empty text where none is."""
    return next((piece.key for piece in join.pieces if piece.shown.format in GUESSED), "")


def edit_list(join: Join) -> str:
    """Pictures that an edit list hides: whether a joiner keeps them is not said anywhere."""
    for piece in join.pieces if len(join.pieces) > 1 else ():
        for stream in counted(piece.shown, "video"):
            if stream.frames and stream.avg_fps and stream.duration:
                hidden = stream.frames / stream.avg_fps - stream.duration
                if hidden > HIDDEN_PICTURES / stream.avg_fps:
                    why = "behind an edit list" if piece.shown.format.startswith("mov") else "after its end"
                    return f"{piece.key} hides {hidden:.3f} s of its pictures {why}"
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
    found = _contradiction(join.output) or _cut_off(join.output)
    return f"the output {found}" if found else ""


def clock(join: Join) -> str:
    """A piece whose time stamps jump, or that has far more bytes a second than its like: its header may be short."""
    for piece in join.pieces:
        if piece.clock == "jumps":
            return f"the time stamps of {piece.key} jump or go on after the end that its header says"
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


def outliers(pieces: Sequence[ProbedFragment]) -> list[tuple[str, float]]:
    """Pieces without an index that have far more bytes a second than the others of their format, and how many times.

    No proof of anything: a still and a moving picture differ by more. It says whose time stamps are worth reading.
    """
    found = []
    for piece in pieces:
        media = piece.shown
        if piece.clock == "steady" or not media.duration or not media.format.startswith(WITHOUT_INDEX):
            continue
        if _is_explained(media):
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


def _is_explained(media: Media) -> bool:
    """Whether the streams of a wav or avi account for its bytes: what is counted there is no guess."""
    whole = media.size / (media.duration or inf)
    own = [(s.bitrate or 0.0) * 125 for s in media.streams]
    counts = all(s.frames for s in media.of("video"))
    return media.format.startswith(COUNTING) and counts and all(own) and abs(sum(own) - whole) <= EXPLAINED * whole


def contradicts_itself(media: Media) -> bool:
    """Whether a probe cannot be true as it stands, so that the file's own time stamps are worth reading."""
    return bool(_contradiction(media))


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


def _cut_off(media: Media) -> str:
    """An mp4 whose index stands at its beginning tells of all its packets, whether they are in the file or not; so does
    the header of an mp3.
    """
    streams = (*counted(media, "video"), *media.of("audio"))
    told = sum((s.bitrate or 0.0) * 125 * (s.duration or 0.0) for s in streams)
    if media.format.startswith(TELLING) and told > CUT_OFF * media.size:
        return f"has {media.size} bytes, but its streams {told:.0f}: it is cut off"
    return ""


def _wrong_bitrate(media: Media, streams: Sequence[Stream], seconds: float, *, alone: bool) -> str:
    """A length that does not go with the bytes and the bitrates of the streams (kbps)."""
    whole = media.size * 8 / 1000 / seconds
    own = [(s.bitrate or 0.0) * min((s.duration or seconds) / seconds, 1.0) for s in streams]
    if max(own, default=0.0) > 1.5 * whole + 50:
        return f"has a stream of {max(own):.0f} kbps, but its bytes in {seconds:.3f} s are only {whole:.0f} kbps"
    if media.format == "wav" and len(own) == 1 and whole > own[0] * 1.02 + 16 * 8.192 / seconds:
        return f"has a stream of {own[0]:.0f} kbps, but its bytes in {seconds:.3f} s are {whole:.0f} kbps"
    if own and all(own) and alone:
        content = max(media.size - 8192, 0) * 8 / 1000 / seconds
        if content > 1.5 * sum(own) + 100:
            return f"has streams of {sum(own):.0f} kbps, but its bytes in {seconds:.3f} s are {content:.0f} kbps"
        if sum(own) > 1.5 * whole + 50:
            return f"has streams of {sum(own):.0f} kbps, but its bytes in {seconds:.3f} s are only {whole:.0f} kbps"
    return ""
