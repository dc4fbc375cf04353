"""Judge an output with what files say themselves, where probes say too little.

Own reads are ranged GETs, which CI does not bill. None is made for an mp4 that was transcoded from pieces whose probes
say everything. The rest: the last packets where the length of a stream is missing, time stamps at some places where a
probe contradicts itself or the last packets, or a piece has far more bytes a second than its like.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cosconcat.containers import reading
from cosconcat.errors import InvalidInput, Rejected
from cosconcat.inputs.ranges import ranged_object
from cosconcat.model import Media, Stream
from cosconcat.verification.join import Clock, Join, JoinOptions, ProbedFragment
from cosconcat.verification.rules.comparable import contradicts_itself, outliers
from cosconcat.verification.rules.table import verify_streams
from cosconcat.verification.streams import counted, picture_rate
from cosconcat.verification.verdict import Unverified, Verdict

if TYPE_CHECKING:
    from cosconcat.model import Bucket
    from cosconcat.services import Services

MOST_CLOCKS = 50  # pieces of one join whose time stamps are read; beyond that it stays a doubt
MOST_TAILS = 100  # pieces of one join whose last packets are read; beyond that only where they have no length at all
LAST_PICTURE = 0.1  # seconds by which the last packet of a file may end after its header says, beside a picture


def judge(
    services: Services,
    output_bucket: Bucket,
    output_key: str,
    pieces: Sequence[ProbedFragment],
    output: Media,
    options: JoinOptions,
) -> Verdict:
    """Hold the output against its pieces.

    Raises:
        ServiceUnavailable: a read failed for now.
    """
    inputs = services.config.bucket
    pieces = _with_tails(services, inputs, pieces)
    if any(stream.duration is None for stream in output.streams):
        output = lengths_from_tail(services, output_bucket, output_key, output, of_output=True)
    pieces = _with_clocks(services, inputs, pieces)
    verdict = verify_streams(pieces, output, options)
    if isinstance(verdict, Unverified) and verdict.rule == "untold-end":
        untold = {track.last for track in Join(pieces, output, options).tracks if not track.told}
        pieces = [
            _with_lengths(services, inputs, piece) if number in untold else piece for number, piece in enumerate(pieces)
        ]
        verdict = verify_streams(pieces, output, options)
    return verdict


def lengths_from_tail(services: Services, bucket: Bucket, key: str, media: Media, *, of_output: bool = False) -> Media:
    """The same with the lengths that its last packets tell, of streams that have none and of a file that has none.

    Of a stream that has no packet there only the latest possible end is known: expected of a piece, and no evidence
    `of_output`.
    """
    if not reading.has_tail(media.format):
        return media
    try:
        ends = reading.ends(ranged_object(services, bucket, key, media.size), media.format)
    except (InvalidInput, Rejected):
        return media
    told = {(end.kind, end.rank): end.seconds for end in ends if not (of_output and end.at_most)}
    ranks: dict[str, int] = {}
    streams: list[Stream] = []
    for stream in media.streams:
        rank = ranks[stream.kind] = ranks.get(stream.kind, -1) + 1
        end = told.get((stream.kind, rank))
        if stream.duration is None and end is not None:
            begin = media.start or 0.0 if stream.start is None else stream.start
            stream = stream._replace(duration=max(end - begin, 0.0) or None)
        streams.append(stream)
    length = media.duration or max((end.seconds for end in ends), default=0.0) - (media.start or 0.0)
    return media._replace(streams=tuple(streams), duration=length if length > 0 else None)


def _with_tails(services: Services, bucket: Bucket, pieces: Sequence[ProbedFragment]) -> list[ProbedFragment]:
    """The pieces with what their last packets tell: flv, mkv and webm say nothing of single streams, and their headers,
    which are written before the end, may be too short. What comes after such an end counts if the clock runs on to it.
    """
    untold = [
        number for number, piece in enumerate(pieces) if reading.has_tail(piece.shown.format) and _is_untold(piece)
    ]
    if len(untold) > MOST_TAILS:
        untold = [number for number in untold if not pieces[number].shown.duration]
    found, clocks = list(pieces), MOST_CLOCKS
    for number in untold:
        told = _with_lengths(services, bucket, pieces[number])
        if told.shown is pieces[number].shown and told.shown.duration:  # torn off: nothing was told
            found[number] = told._replace(clock=_clock(services, bucket, told) if clocks else "jumps")
            clocks = max(clocks - 1, 0)
            continue
        beyond = _beyond_header(told.shown)
        if beyond and clocks:
            clocks -= 1
            told = told._replace(media=told.shown._replace(duration=(told.shown.duration or 0.0) + beyond))
            told = told._replace(clock=_clock(services, bucket, told))
        found[number] = told if not beyond or told.clock == "steady" else pieces[number]._replace(clock="jumps")
    return found


def _is_untold(piece: ProbedFragment) -> bool:
    return not piece.shown.duration or any(stream.duration is None for stream in _seen_or_heard(piece.shown))


def _seen_or_heard(media: Media) -> tuple[Stream, ...]:
    """A cue of subtitles may be meant to stand longer than there is anything to see."""
    return (*counted(media, "video"), *media.of("audio"))


def _beyond_header(media: Media) -> float:
    """Seconds by which packets come after the end that the header says; 0 where a picture's own length explains it."""
    base, header = media.start or 0.0, media.duration or 0.0
    ends = [(base if s.start is None else s.start) - base + s.duration for s in _seen_or_heard(media) if s.duration]
    rates = [rate for stream in counted(media, "video") if (rate := picture_rate(stream))]
    beyond = max(ends, default=0.0) - header
    return beyond if beyond > LAST_PICTURE + (min(1 / min(rates), 1.0) if rates else 0.0) else 0.0


def _with_lengths(services: Services, bucket: Bucket, piece: ProbedFragment) -> ProbedFragment:
    if not isinstance(piece.media, Media):
        return piece
    return piece._replace(media=lengths_from_tail(services, bucket, piece.key, piece.media))


def _with_clocks(services: Services, bucket: Bucket, pieces: Sequence[ProbedFragment]) -> list[ProbedFragment]:
    """Read the time stamps of pieces whose headers cannot be believed as they are."""
    suspects = {key for key, _ in outliers(pieces)}
    suspects |= {piece.key for piece in pieces if contradicts_itself(piece.shown)}
    suspects -= {piece.key for piece in pieces if piece.clock}
    if not suspects or len(suspects) > MOST_CLOCKS:
        return list(pieces)
    return [
        piece._replace(clock=_clock(services, bucket, piece)) if piece.key in suspects else piece for piece in pieces
    ]


def _clock(services: Services, bucket: Bucket, piece: ProbedFragment) -> Clock:
    media = piece.shown
    try:
        file = ranged_object(services, bucket, piece.key, media.size)
        return reading.clock(file, media.format, media.duration or 0.0)
    except (InvalidInput, Rejected):
        return ""
