"""CONCAT_COMPLETION=gap: which pieces of a source are one recording, when it is whole, and what is done with it. Pure.

pieces ─► free (nobody's) ─► runs (no gap between them) ─► parts (cut where a run is too long) ─► one judgement each

The protocol around it, and why it holds, is in `docs/internals/gap.md`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from cosconcat.model import ContentId, ObjectInfo, iso_time

DAY = 86_400_000  # milliseconds
SHORTEST_CUT = 1000  # milliseconds; where even so short parts hold too many pieces, a person must decide
MOST_REJOINED = 2  # times that late pieces make a recording in flight begin anew; later ones are on their own
_SETTLED = ("superseded", "kept", "gave-up")

State = Literal["pending", "in flight", "unreadable", "clean", "joined", "superseded", "kept", "gave-up"]
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


class Recording(NamedTuple):
    """What the records say of one recording. `pieces` are those of its claim or, without one, of its slots.

    `claimed_at` and `closed_at` are when its claim and its closing record were written (epoch seconds, 0 while there is
    none); `overdue` says that its claim's lease is over; `rejoined` counts those before it that were superseded;
    `reason` says why it was kept, given up or unreadable, and `left` are keys that its clean-up left as they were.
    """

    group: str
    gid: str
    rev: int
    state: State
    pieces: tuple[TimedFragment, ...]
    closed_at: int = 0
    overdue: bool = False
    rejoined: int = 0
    reason: str = ""
    claimed_at: int = 0
    left: frozenset[str] = frozenset()

    @property
    def content_id(self) -> ContentId:
        """What its records are found by."""
        return self.gid, self.rev

    @property
    def stands(self) -> bool:
        """Whether its pieces will be, or were, joined for good: no other recording reaches across one of them."""
        return self.state in ("clean", "joined")


class Part(NamedTuple):
    """A run, or what it was cut into; `cut` names the variable by which it ends before its run does."""

    pieces: tuple[TimedFragment, ...]
    cut: str = ""


class Judgement(NamedTuple):
    """What is to be done with a part.

    close      it is whole: it becomes a recording
    wait       until `until` (epoch seconds)
    defer      it may belong to `beside`, a recording in flight
    invalid    a person must decide
    leave      CONCAT_SINGLE=leave, and it is one piece
    settled    it ended before, and nothing of it is new
    """

    part: Part
    action: Literal["close", "wait", "defer", "invalid", "leave", "settled"]
    reason: str = ""
    until: int = 0
    beside: Recording | None = None


def in_order(pieces: Iterable[TimedFragment]) -> list[TimedFragment]:
    """By start; pieces with one start come in the order of their keys."""
    return sorted(pieces, key=lambda piece: (piece.start, piece.object.key))


def runs(pieces: Iterable[TimedFragment], rule: Rule, borders: Collection[int] = ()) -> list[list[TimedFragment]]:
    """Pieces without a gap between them: the next belongs if it starts at most the gap after the latest end so far
    (after the latest start where names tell no end). `borders` are starts that no run reaches across.
    """
    found: list[list[TimedFragment]] = []
    latest, limits = 0, sorted(borders)
    for piece in in_order(pieces):
        if found and piece.start - latest <= rule.gap * 1000 and not _crosses(limits, found[-1][-1].start, piece.start):
            found[-1].append(piece)
            latest = max(latest, piece.reaches)
        else:
            found.append([piece])
            latest = piece.reaches
    return found


def _crosses(limits: Sequence[int], before: int, after: int) -> bool:
    """Whether a border lies strictly between two starts."""
    at = bisect_right(limits, before)
    return at < len(limits) and limits[at] < after


def parts(run: Sequence[TimedFragment], rule: Rule) -> list[Part]:
    """What a run is cut into: a part is shorter than CONCAT_MAX_LENGTH, and the same cuts follow whoever looks.

    A part with more than CONCAT_MAX_FRAGMENTS pieces is cut by half the length, and half of that, until it fits.
    """
    found = [Part(tuple(part), "CONCAT_MAX_LENGTH") for part in _cut(run, rule.max_length * 1000)]
    found[-1] = Part(found[-1].pieces)
    return [small for part in found for small in _fitting(part, rule.max_length * 500, rule.max_fragments)]


def _cut(run: Sequence[TimedFragment], length: int) -> Iterator[Sequence[TimedFragment]]:
    """A run longer than `length` (milliseconds) ends before the first piece at or after the last multiple of it, from
    midnight UTC, that is not later than its first start and `length`.
    """
    while run[-1].start >= run[0].start + length:
        latest = run[0].start + length
        border = latest - latest % DAY % length
        at = next(place for place, piece in enumerate(run) if piece.start >= border)
        yield run[:at]
        run = run[at:]
    yield run


def _fitting(part: Part, length: int, most: int) -> Iterator[Part]:
    if len(part.pieces) <= most or length < SHORTEST_CUT:
        yield part
        return
    smaller = [Part(tuple(pieces), "CONCAT_MAX_FRAGMENTS") for pieces in _cut(part.pieces, length)]
    smaller[-1] = Part(smaller[-1].pieces, part.cut)
    for one in smaller:
        yield from _fitting(one, length // 2, most)


def whole_at(pieces: Iterable[TimedFragment], rule: Rule) -> int:
    """From when on (epoch seconds) nothing more is expected: the gap has passed since the newest arrived, and as long
    again as its pieces took to arrive.
    """
    arrived = [(piece.object.last_modified, piece.object.last_modified - piece.start // 1000) for piece in pieces]
    lag = min(max(0, *(late for _, late in arrived)), rule.longest_lag)
    return max(at for at, _ in arrived) + rule.gap + lag


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
        if last is not None:
            shorter = min(last.reaches - last.start, piece.reaches - piece.start)
            if 2 * (min(last.reaches, piece.reaches) - piece.start) > shorter:
                return last, piece
        if last is None or piece.reaches >= last.reaches:
            last = piece
    return None


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


def owners(recordings: Iterable[Recording]) -> Mapping[Identity, Recording]:
    """Whose each piece is: by the claim, or by the slots while there is none. Of several the one claimed last, unless
    one is not settled; days are read one after the other, so that what comes later here may be older.
    """
    found: dict[Identity, Recording] = {}
    for recording in recordings:
        for piece in recording.pieces:
            before = found.get(piece.identity)
            later = before is None or recording.state not in _SETTLED or recording.claimed_at >= before.claimed_at
            if before is None or (before.state in _SETTLED and later):
                found[piece.identity] = recording
    return found


def is_free(piece: TimedFragment, owned: Mapping[Identity, Recording]) -> bool:
    """Whether it is nobody's, or only of recordings that ended without a join."""
    owner = owned.get(piece.identity)
    return owner is None or owner.state in _SETTLED


def until_owned(wanted: Sequence[TimedFragment], recordings: Collection[Recording]) -> Sequence[TimedFragment]:
    """Of what a recording wants of the day after: what starts before the first piece of that day which another owns."""
    taken = [
        piece.start
        for recording in recordings
        if recording.state not in _SETTLED
        for piece in recording.pieces
        if piece.day == wanted[0].day
    ]
    return [piece for piece in wanted if piece.start < min(taken, default=piece.start + 1)]


def borders(recordings: Iterable[Recording]) -> set[int]:
    """Starts of what was joined for good: no other recording reaches across one."""
    return {piece.start for recording in recordings if recording.stands for piece in recording.pieces}


def judge(
    pieces: Sequence[TimedFragment],
    recordings: Sequence[Recording],
    rule: Rule,
    now: int,
    *,
    forced: Collection[str] = (),
) -> list[Judgement]:
    """What is to be done with each part of what is nobody's.

    Args:
        pieces: what is there.
        recordings: what the records say of those that lie near.
        rule: the configuration.
        now: the service's clock, epoch seconds.
        forced: keys of pieces of which a person said retry.
    """
    owned, limits = owners(recordings), borders(recordings)
    free = [piece for piece in pieces if is_free(piece, owned)]
    in_flight = [one for one in recordings if one.pieces and not one.stands and one.state not in _SETTLED]
    judged = []
    for run in runs(free, rule, limits):
        for part in parts(run, rule):
            if any(_is_new(piece, owned.get(piece.identity), forced) for piece in part.pieces):
                beside = [one for one in in_flight if _lies_near(one, run, rule)]
                judged.append(_judge_part(part, free, beside, recordings, rule, now))
            else:
                judged.append(Judgement(part, "settled"))
    return judged


def _is_new(piece: TimedFragment, owner: Recording | None, forced: Collection[str]) -> bool:
    """Whether a free piece is a reason to begin: never in a recording, superseded, uploaded since, or asked for."""
    if owner is None or owner.state == "superseded" or piece.object.key in forced:
        return True
    return piece.object.last_modified > owner.closed_at


def _lies_near(recording: Recording, run: Sequence[TimedFragment], rule: Rule) -> bool:
    """Whether a recording could be one with this run of free pieces: other runs it could only reach by itself."""
    first, last = recording.pieces[0].start, max(piece.reaches for piece in recording.pieces)
    margin = rule.gap * 1000
    return first <= max(piece.reaches for piece in run) + margin and run[0].start <= last + margin


def _judge_part(
    part: Part,
    free: Sequence[TimedFragment],
    beside: Sequence[Recording],
    recordings: Sequence[Recording],
    rule: Rule,
    now: int,
) -> Judgement:
    """`beside` are the recordings in flight that lie near."""
    until = whole_at(part.pieces, rule)
    if now < until:
        reason = f"waiting for its end until {iso_time(until)}, {until - now} s more"
        return Judgement(part, "wait", reason, until)
    reason = inconsistent(part.pieces, rule)
    if reason:
        return Judgement(part, "invalid", reason)
    for recording in beside:
        if may_belong(part.pieces, recording, free, recordings, rule):
            is_what = "has a record that cannot be read" if recording.state == "unreadable" else "is in flight"
            reason = f"{recording.group}, to which it may belong, {is_what}"
            return Judgement(part, "defer", reason, beside=recording)
    return Judgement(part, "close")


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


def may_belong(
    some: Iterable[TimedFragment],
    recording: Recording,
    free: Iterable[TimedFragment],
    recordings: Iterable[Recording],
    rule: Rule,
) -> bool:
    """Whether a recording in flight holds one of their keys, lies between them, or would hold some of them, were it
    begun anew. Between pieces of one recording no other begins: whichever is joined first, the other reaches over it.
    """
    some = list(some)
    keys = {piece.object.key for piece in some}
    return (
        not keys.isdisjoint(piece.object.key for piece in recording.pieces)
        or bool(between(recording.pieces, some))
        or not keys.isdisjoint(newcomers(recording, free, recordings, rule))
    )


def between(pieces: Iterable[TimedFragment], others: Iterable[TimedFragment]) -> list[TimedFragment]:
    """Those that start between the first and the last of others."""
    starts = [piece.start for piece in others]
    return [piece for piece in pieces if min(starts) < piece.start < max(starts)]


def newcomers(
    recording: Recording, free: Iterable[TimedFragment], recordings: Iterable[Recording], rule: Rule
) -> set[str]:
    """Keys of free pieces that lie in one part with all of a recording's, or between them."""
    own = {piece.object.key for piece in recording.pieces}
    others = [piece for piece in free if piece.object.key not in own]
    together = [*recording.pieces, *others]
    found = {piece.object.key for piece in between(others, recording.pieces)}
    for run in runs(together, rule, borders(recordings)):
        for part in parts(run, rule):
            keys = {piece.object.key for piece in part.pieces}
            if own <= keys:
                found |= keys - own
    return found


def note_of(part: Part, recordings: Iterable[Recording], rule: Rule) -> list[str]:
    """What a person should know of a part that becomes a recording: where its run was cut, or beside which recording it
    came too late.
    """
    words = [f"cut by {part.cut}: the run goes on in the next recording"] if part.cut else []
    beside = adjoining(part, recordings, rule)
    if beside is not None and any(piece.object.last_modified >= beside.claimed_at for piece in part.pieces):
        words.append(f"came too late for {beside.group}, which it adjoins and which had been joined")
    return words


def why_it_ends(part: Part, pieces: Iterable[TimedFragment], rule: Rule) -> str:
    """Why no later piece of the source is in this part; an empty text when there is none."""
    if part.cut:
        return f"cut by {part.cut}"
    latest = max(piece.reaches for piece in part.pieces)
    after = min((piece.start for piece in pieces if piece.start > part.pieces[-1].start), default=None)
    if after is None:
        return ""
    seconds = (after - latest) // 1000
    return f"then nothing for {seconds} s" if seconds > rule.gap else "then a piece that another recording holds"


def adjoining(part: Part, recordings: Iterable[Recording], rule: Rule) -> Recording | None:
    """The recording, joined for good, that this part would have belonged to, had it come in time: not one that ends
    where a run is cut.
    """
    own = set(part.pieces)
    for recording in recordings:
        together = runs([*part.pieces, *recording.pieces], rule) if recording.stands else ()
        pieces = (set(one.pieces) for run in together for one in parts(run, rule))
        if any(own & some and some - own for some in pieces):
            return recording
    return None
