"""What is judged: the pieces as they were probed, the output, what the request allows, and the timeline they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from cosconcat.model import Media, ProbeError, Stream, StreamKind
from cosconcat.records.records import Probed
from cosconcat.verification.streams import counted
from cosconcat.verification.tolerances import Tolerances, tolerances

KINDS: tuple[StreamKind, ...] = ("video", "audio", "subtitle")

Clock = Literal["", "steady", "jumps"]


class ProbedFragment(NamedTuple):
    """One part of the join. `start` and `end` (seconds, decimal text) as sent to CI, empty where it is not trimmed.

    `clock` says what its own time stamps showed when they were read: nothing was read, they run on, or they jump.
    """

    key: str
    media: Media | ProbeError
    start: str = ""
    end: str = ""
    clock: Clock = ""

    @property
    def shown(self) -> Media:
        """The probe; nothing at all where there is none."""
        return Media(None, 0) if isinstance(self.media, ProbeError) else self.media


class JoinOptions(NamedTuple):
    """What of the request, and of the configuration, decides how the output may differ from its pieces.

    `transition` seconds of one transition, 0 without; `configurations` what is known of the decoder configurations of
    a direct join's pieces, read before it was posted.
    """

    format: str = "mp4"
    direct: bool = False
    template: bool = False  # a splicing template, whose own nodes are not known here
    fps: float | None = None
    resized: bool = False
    transition: float = 0.0
    removed: frozenset[StreamKind] = frozenset()
    may_lose: frozenset[str] = frozenset()
    configurations: Probed = ""

    def requires(self, kind: StreamKind, rank: int) -> bool:
        """Whether the stream must be in the output: no Remove node, no word in CONCAT_MAY_LOSE lets it go."""
        words = {kind, f"extra-{kind}"} if rank else {kind}
        return kind not in self.removed and not words & self.may_lose


@dataclass(frozen=True)
class Track:
    """The streams of one kind and rank along the timeline: where they must begin and end, where the output's does."""

    kind: StreamKind
    rank: int
    first: int  # index of the first piece that has it
    last: int
    begins: float
    ends: float
    told: bool  # whether the last piece says how long its stream is; the end of its file is expected otherwise
    output: Stream | None
    output_begins: float = 0.0
    output_ends: float | None = None  # None: the output does not say how long the stream is

    @property
    def label(self) -> str:
        """`audio 2`, for sentences and figures."""
        return f"{self.kind} {self.rank + 1}"


@dataclass(frozen=True)
class Join:
    """Everything that the rules look at. Each piece's span is its length less its trim, one after the other."""

    pieces: Sequence[ProbedFragment]
    output: Media
    options: JoinOptions

    @cached_property
    def spans(self) -> tuple[tuple[float, float], ...]:
        """Of each piece the part that was joined, on its own clock; a direct join ignores trims."""
        return tuple(_span(piece, trimmed=not self.options.direct) for piece in self.pieces)

    @cached_property
    def lengths(self) -> tuple[float, ...]:
        """Seconds that each piece contributes."""
        return tuple(end - begin for begin, end in self.spans)

    @cached_property
    def offsets(self) -> tuple[float, ...]:
        """Where each piece begins in the output."""
        at, found = 0.0, []
        for length in self.lengths:
            found.append(at)
            at += length
        return tuple(found)

    @cached_property
    def total(self) -> float:
        """Seconds of all pieces together."""
        return sum(self.lengths)

    @cached_property
    def shortest(self) -> float:
        """Seconds of the shortest piece."""
        return min(self.lengths, default=0.0)

    @cached_property
    def overlap(self) -> float:
        """By how much transitions may shorten the output; whether they do is not documented."""
        return (len(self.pieces) - 1) * self.options.transition

    @cached_property
    def tolerances(self) -> Tolerances:
        """What may be missing, what may be too much."""
        media = [piece.shown for piece in self.pieces]
        return tolerances(media, self.output, self.options.format, self.shortest)

    @cached_property
    def tiny(self) -> bool:
        """Whether a piece is so short that no length could show its loss."""
        return self.shortest <= 2 * self.tolerances.base

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        """Every stream that some piece has, and that must be in the output, matched by kind and rank."""
        return tuple(self._tracks())

    def end_of(self, track: Track) -> float:
        """Where the output's stream ends; a single stream without a length ends with the file."""
        return track.output_ends if track.output_ends is not None else self.output.duration or 0.0

    def _tracks(self) -> Iterator[Track]:
        for kind in KINDS:
            wanted = [counted(piece.shown, kind) for piece in self.pieces]
            have = counted(self.output, kind)
            for rank in range(max(map(len, wanted), default=0)):
                if not self.options.requires(kind, rank):
                    continue
                owners = [index for index, streams in enumerate(wanted) if len(streams) > rank]
                first, last = owners[0], owners[-1]
                begins = self.offsets[first] + self.edges(first, wanted[first][rank])[0]
                ends = self.offsets[last] + self.edges(last, wanted[last][rank])[1]
                output = have[rank] if rank < len(have) else None
                told = bool(wanted[last][rank].duration) or len(self.pieces[last].shown.streams) == 1
                yield Track(kind, rank, first, last, begins, ends, told, output, *self._output_edges(output))

    def edges(self, index: int, stream: Stream) -> tuple[float, float]:
        """Where a stream begins and ends within what was joined of its piece."""
        media, (low, high) = self.pieces[index].shown, self.spans[index]
        base = media.start or 0.0
        length = media.duration or 0.0
        begin = max((base if stream.start is None else stream.start) - base, 0.0)
        end = min(begin + stream.duration, length) if stream.duration else length
        return max(begin - low, 0.0), max(min(end, high) - low, 0.0)

    def _output_edges(self, stream: Stream | None) -> tuple[float, float | None]:
        if stream is None:
            return 0.0, None
        starts = [s.start for s in self.output.streams if s.start is not None and s.kind != "subtitle"]
        base = min(starts, default=0.0)
        begin = (base if stream.start is None else stream.start) - base
        return begin, begin + stream.duration if stream.duration else None


def _span(piece: ProbedFragment, *, trimmed: bool) -> tuple[float, float]:
    length = piece.shown.duration or 0.0
    if not trimmed:
        return 0.0, length
    begin = float(piece.start or 0.0)
    end = min(float(piece.end), length) if piece.end else length
    return begin, max(end, begin)
