"""CONCAT_COMPLETION=gap, by the pieces alone: which of a source are one recording, and when it is whole. Pure.

pieces ─► runs (no gap between them) ─► parts (cut where a run is too long) ─► whole or not, sound or not

What is done with a part, beside what the records say, is in `recordings.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple

from cosconcat.model import ObjectInfo

DAY = 86_400_000  # milliseconds
SHORTEST_CUT = 1000  # milliseconds; where even so short parts hold too many pieces, a person must decide

Identity = tuple[str, str, int]  # key, ETag, size: the same piece as far as COS tells


class TimedFragment(NamedTuple):
    """A piece as LIST or HEAD showed it, and when it was recorded: epoch milliseconds, `end` None where its name does
    not tell. `written` is its start as it is written, read as UTC, which does not change with CONCAT_TIMEZONE.
    """

    object: ObjectInfo
    start: int
    end: int | None
    written: int

    @property
    def day(self) -> int:
        """Days since the epoch, of its start as written: where it is reserved."""
        return self.written // DAY

    @property
    def reaches(self) -> int:
        """Up to where it is known to record."""
        return self.start if self.end is None else self.end

    @property
    def written_end(self) -> int:
        """The same, as `written` is."""
        return self.written + self.reaches - self.start

    @property
    def identity(self) -> Identity:
        """What makes it this piece and no other."""
        return self.object.key, self.object.etag, self.object.size


class Rule(NamedTuple):
    """The configuration that decides: seconds, but for `max_fragments`. `longest_lag` caps how long pieces are taken to
    need until they arrive.
    """

    gap: int
    max_length: int
    max_fragments: int
    longest_lag: int


class Part(NamedTuple):
    """A run, or what it was cut into; `cut` names the variable by which it ends before its run does.

    `follows` and `followed_by` are the keys of the pieces before and after it that were cut off from it.
    """

    pieces: tuple[TimedFragment, ...]
    cut: str = ""
    follows: str = ""
    followed_by: str = ""


def in_order(pieces: Iterable[TimedFragment]) -> list[TimedFragment]:
    """By start; pieces with one start come in the order of their keys."""
    return sorted(pieces, key=lambda piece: (piece.start, piece.object.key))


class Reach(NamedTuple):
    """How far a run reaches: to the end of `piece`. One that another piece overlaps by more than half (a clock that was
    set back, an end that is mistyped) does not tell; its end is `doubted`, and counts where a next piece starts there.
    """

    piece: TimedFragment
    doubted: int | None = None

    @property
    def end(self) -> int:
        """Epoch milliseconds."""
        return self.piece.reaches

    def includes(self, start: int, gap: int) -> bool:
        """Whether a start (epoch milliseconds) lies at most the gap (seconds) behind."""
        near = self.doubted is not None and abs(start - self.doubted) <= gap * 1000
        return near or start - self.end <= gap * 1000

    def on(self, piece: TimedFragment) -> Reach:
        """With the next piece of the run."""
        if piece.reaches >= self.end:
            return Reach(piece)
        return Reach(piece, self.end) if _overlap(self.piece, piece) else self


def runs(pieces: Iterable[TimedFragment], rule: Rule, borders: Collection[int] = ()) -> list[list[TimedFragment]]:
    """Pieces without a gap between them: the next belongs if it starts at most the gap after the latest end so far
    (after the latest start where names tell no end). `borders` are starts that no run reaches across.

    Nor does a run go back to a day before that of its first piece, as written: it could not be reserved with that.
    """
    found: list[list[TimedFragment]] = []
    limits = sorted(borders)
    reach: Reach | None = None
    for piece in in_order(pieces):
        if reach is not None and reach.includes(piece.start, rule.gap) and _goes_on(found[-1], piece, limits):
            found[-1].append(piece)
            reach = reach.on(piece)
        else:
            found.append([piece])
            reach = Reach(piece)
    return found


def _goes_on(run: Sequence[TimedFragment], piece: TimedFragment, limits: Sequence[int]) -> bool:
    """Whether no border lies strictly between the last start and the next, and no day goes back."""
    at = bisect_right(limits, run[-1].start)
    return piece.day >= run[0].day and not (at < len(limits) and limits[at] < piece.start)


def parts(run: Sequence[TimedFragment], rule: Rule) -> list[Part]:
    """What a run is cut into: a part is shorter than CONCAT_MAX_LENGTH. Whoever sees the same run cuts it so; of one
    that has grown, or of which a part is joined, cuts may lie elsewhere. So each part says what it was cut off from.

    A part with more than CONCAT_MAX_FRAGMENTS pieces is cut by half the length, and half of that, until it fits.
    """
    cut = _cut(Part(tuple(run)), rule.max_length * 1000, rule, "CONCAT_MAX_LENGTH")
    found = [small for part in cut for small in _fitting(part, rule.max_length * 500, rule)]
    found = [*(_as_it_ends(*two, rule) for two in pairwise(found)), found[-1]]
    before = ["", *(part.pieces[-1].object.key for part in found[:-1])]
    after = [*(part.pieces[0].object.key for part in found[1:]), ""]
    return [one._replace(follows=key, followed_by=to) for one, key, to in zip(found, before, after, strict=True)]


def _cut(whole: Part, length: int, rule: Rule, by: str) -> Iterator[Part]:
    """A run longer than `length` (milliseconds) ends before the first piece at or after the last multiple of it, from
    midnight UTC, that is not later than its first start and `length`.

    What follows is looked at as if the run began there: a piece that ends late reaches across no cut.
    """
    run, began = whole.pieces, 0
    while began < len(run):
        place, reach = began + 1, Reach(run[began])
        latest = run[began].start + length
        while place < len(run) and run[place].start < latest and reach.includes(run[place].start, rule.gap):
            reach = reach.on(run[place])
            place += 1
        if place < len(run) and reach.includes(run[place].start, rule.gap):
            border = latest - latest % DAY % length
            place = next(at for at in range(began + 1, place + 1) if run[at].start >= border)
        yield Part(run[began:place], by if place < len(run) else whole.cut)
        began = place


def _as_it_ends(part: Part, after: Part, rule: Rule) -> Part:
    """Not cut, where what follows does not go on with it."""
    reach, following = reach_of(part.pieces), after.pieces[0]
    goes_on = reach.includes(following.start, rule.gap) and not _overlap(reach.piece, following)
    return part if goes_on else Part(part.pieces)


def reach_of(pieces: Sequence[TimedFragment]) -> Reach:
    """How far these pieces reach, in order."""
    reach = Reach(pieces[0])
    for piece in pieces[1:]:
        reach = reach.on(piece)
    return reach


def _fitting(part: Part, length: int, rule: Rule) -> Iterator[Part]:
    if len(part.pieces) <= rule.max_fragments or length < SHORTEST_CUT:
        yield part
        return
    for one in _cut(part, length, rule, "CONCAT_MAX_FRAGMENTS"):
        yield from _fitting(one, length // 2, rule)


def whole_at(pieces: Iterable[TimedFragment], rule: Rule) -> int:
    """From when on (epoch seconds) nothing more is expected: the gap has passed since the newest arrived, and as long
    again as its pieces took to arrive.
    """
    pieces = in_order(pieces)
    return max(piece.object.last_modified for piece in pieces) + rule.gap + max(lags(pieces, rule))


def lags(pieces: Sequence[TimedFragment], rule: Rule) -> list[int]:
    """How long each of these pieces, in order, is taken to have needed from its start until it arrived, in seconds: at
    most `longest_lag`, but no less than it records. So neither a long piece nor a clock that is ahead (or a wrong
    CONCAT_TIMEZONE) lets a recording end before its next piece can be there.

    What came later than `longest_lag` after its end was not sent while it was recorded. An end behind the next start is
    not believed.
    """
    starts = [*(piece.start for piece in pieces[1:]), inf]
    found = []
    for piece, following in zip(pieces, starts, strict=True):
        records = int(min(piece.reaches, following) - piece.start) // 1000
        late = min(piece.object.last_modified - piece.start // 1000, rule.longest_lag)
        afterwards = piece.object.last_modified - piece.reaches // 1000 > rule.longest_lag
        found.append(late if afterwards else max(records, late))
    return found


def inconsistent(pieces: Sequence[TimedFragment], rule: Rule) -> str:
    """Why these pieces cannot be one recording, naming the keys; an empty text when they can."""
    twice = overlapping(pieces)
    if twice:
        one, other = (piece.object.key for piece in twice)
        return f"{one} and {other} overlap by more than half: a clock that was set back, or two recorders of one name"
    empty = next((piece.object.key for piece in pieces if piece.object.size == 0), "")
    if empty:
        return f"{empty} is empty (0 bytes)"
    if len(pieces) > rule.max_fragments:
        return (
            f"{len(pieces)} pieces start within one second, more than CONCAT_MAX_FRAGMENTS={rule.max_fragments}: "
            "raise that, or upload the recording in larger pieces"
        )
    return ""


def overlapping(pieces: Iterable[TimedFragment]) -> tuple[TimedFragment, TimedFragment] | None:
    """The first two pieces that overlap by more than half of the shorter, so that they cannot follow one another: one
    start, a clock that was set back, an hour that came twice.

    Only the piece that ends last so far is compared: whoever overlaps another so overlaps that one, or that one did.
    """
    ordered = in_order(pieces)
    for one, other in pairwise(ordered):
        if one.start == other.start:
            return one, other
    last: TimedFragment | None = None
    for piece in ordered:
        if last is not None and _overlap(last, piece):
            return last, piece
        if last is None or piece.reaches >= last.reaches:
            last = piece
    return None


def _overlap(one: TimedFragment, later: TimedFragment) -> bool:
    """Whether the later overlaps the other by more than half of the shorter."""
    shorter = min(one.reaches - one.start, later.reaches - later.start)
    return 2 * (min(one.reaches, later.reaches) - later.start) > shorter


def why_it_ends(part: Part, pieces: Iterable[TimedFragment], rule: Rule) -> str:
    """Why no later piece of the source is in this part; an empty text when there is none."""
    if part.cut:
        return f"cut by {part.cut}"
    reach = reach_of(part.pieces)
    after = next((piece for piece in in_order(pieces) if piece.start > part.pieces[-1].start), None)
    if after is None:
        return ""
    if not reach.includes(after.start, rule.gap):
        return f"then nothing for {(after.start - reach.end) // 1000} s"
    if _overlap(reach.piece, after):
        return f"then {after.object.key}, before the end that the name of {reach.piece.object.key} tells"
    return "then a piece that another recording holds"


def gap_too_short(pieces: Iterable[TimedFragment], rule: Rule, earlier: Collection[int] = ()) -> str:
    """A sentence when every piece seems to be a recording by itself because the gap is shorter than a piece: names tell
    no end, starts lie further apart than the gap, and a piece arrives about one such distance after it starts.

    `earlier` are starts (milliseconds) of pieces that were recordings by themselves before.
    """
    ordered = in_order(pieces)
    starts = sorted([*earlier, *(piece.start for piece in ordered)])
    before = dict(zip(starts[1:], starts, strict=False))
    apart = [
        (piece.start - before[piece.start]) // 1000
        for piece in ordered
        if piece.end is None and piece.start in before and _takes(piece, piece.start - before[piece.start])
    ]
    long = sorted(distance for distance in apart if distance > rule.gap)
    if len(starts) < 3 or not long or 2 * len(long) < len(ordered) - 1:
        return ""
    return (
        f"starts lie {long[len(long) // 2]} s apart, and pieces arrive so long after they start: the gap of {rule.gap} "
        "s in CONCAT_COMPLETION is shorter than a piece, so each becomes a recording; raise it"
    )


def _takes(piece: TimedFragment, milliseconds: int) -> bool:
    """Whether it arrived about so long after it started."""
    distance, late = milliseconds // 1000, piece.object.last_modified - piece.start // 1000
    return 0.9 * distance <= late <= 1.1 * distance + 60
