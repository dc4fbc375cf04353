"""Recordings cut at gaps, by the records as well: whose each piece is, and what is done with what is nobody's. Pure.

pieces ─► free (nobody's) ─► parts (`gap.py`), never across what was joined ─► one judgement each

The protocol around it, and why it holds, is in `docs/internals/gap.md`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Literal, NamedTuple

from cosconcat.groups.gap import Identity, Part, Rule, TimedFragment, inconsistent, parts, runs, whole_at
from cosconcat.model import ContentId, iso_time

AHEAD_SECONDS = 900  # a quarter of an hour, the least by which zones differ: a clock so far ahead is told
MOST_REJOINED = 2  # times that late pieces make a recording in flight begin anew; later ones are on their own
_SETTLED = ("superseded", "kept", "gave-up")

State = Literal["pending", "in flight", "unreadable", "clean", "joined", "superseded", "kept", "gave-up"]


class Recording(NamedTuple):
    """What the records say of one recording. `pieces` are those of its claim or, without one, of its slots.

    `claimed_at` and `closed_at` are when its claim and its closing record were written (epoch seconds, 0 while there is
    none); `overdue` says that its claim's lease is over; `rejoined` counts those before it that were superseded;
    `reason` says why it was kept, given up or unreadable, and `left` are keys that its clean-up left as they were.
    `bounds` are the starts (epoch milliseconds) of the pieces before and after it that were cut off from it: what
    begins there or beyond is no part of it, wherever a cut would lie by now. `asked` says that a person said retry,
    `unneeded` that it holds nothing: its slot got nothing that needs a job.
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
    bounds: tuple[float, float] = (-inf, inf)
    asked: bool = False
    unneeded: bool = False

    @property
    def content_id(self) -> ContentId:
        """What its records are found by."""
        return self.gid, self.rev

    @property
    def stands(self) -> bool:
        """Whether its pieces will be, or were, joined for good: no other recording reaches across one of them."""
        return self.state in ("clean", "joined")


JOINED_ANEW = "its output was gone when others of its pieces were joined anew; retry joins what is left of it"


def as_they_stand(recordings: Sequence[Recording]) -> list[Recording]:
    """The recordings, but what was joined counts as kept once some of its pieces were reserved or claimed after it:
    only a person who says retry brings that about, and only where its output is no longer what was proven. When one
    was claimed whose records cannot be read nobody knows.
    """
    latest: dict[Identity, float] = {}
    for recording in recordings:
        claimed_at = inf if recording.state == "pending" else recording.claimed_at
        for piece in recording.pieces:
            latest[piece.identity] = max(claimed_at, latest.get(piece.identity, 0))

    def is_replaced(one: Recording) -> bool:
        return one.state == "joined" and any(latest[piece.identity] > one.claimed_at for piece in one.pieces)

    return [one._replace(state="kept", reason=JOINED_ANEW) if is_replaced(one) else one for one in recordings]


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


def came_back(pieces: Iterable[TimedFragment], recordings: Iterable[Recording]) -> dict[TimedFragment, Recording]:
    """Of some pieces those of which a later upload was joined, and in which recording: with versions, removing that
    shows the one before, and LIST may show the past.
    """
    joined = {piece.object.key: (piece, one) for one in recordings if one.stands for piece in one.pieces}
    found = {piece: joined[piece.object.key] for piece in pieces if piece.object.key in joined}
    return {
        piece: one for piece, (later, one) in found.items() if piece.object.last_modified < later.object.last_modified
    }


def borders(recordings: Iterable[Recording]) -> set[int]:
    """Starts of what was joined for good: no other recording reaches across one."""
    return {piece.start for recording in recordings if recording.stands for piece in recording.pieces}


def until_owned(wanted: Sequence[TimedFragment], recordings: Collection[Recording]) -> Sequence[TimedFragment]:
    """Of what a recording wants of the day after: what starts before the first piece of that day which another owns, or
    with it, where that was joined and this is a later upload of it: no run is cut between the two.
    """
    owned = [
        (piece, recording)
        for recording in recordings
        if recording.state not in _SETTLED
        for piece in recording.pieces
        if piece.day == wanted[0].day
    ]
    taken = {piece.identity for piece, _ in owned}
    end = min((piece.start + (1 if recording.stands else 0) for piece, recording in owned), default=inf)
    return [piece for piece in wanted if piece.start < end and piece.identity not in taken]


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
    past = came_back(pieces, recordings)
    free = [p for p in pieces if is_free(p, owned) and (p not in past or p.object.key in forced)]
    in_flight = [one for one in recordings if one.pieces and not one.stands and one.state not in _SETTLED]
    ended, judged = ended_last(recordings), []
    for run in runs(free, rule, limits):
        for part in parts(run, rule):
            if any(_is_new(piece, owned.get(piece.identity), ended, forced) for piece in part.pieces):
                beside = [one for one in in_flight if _lies_near(one, run, rule)]
                judged.append(_judge_part(part, free, beside, recordings, rule, now))
            else:
                judged.append(Judgement(part, "settled"))
    return judged


def holds_nothing_new(pieces: Iterable[TimedFragment], recordings: Sequence[Recording]) -> bool:
    """Whether all of it was kept or given up before, and not uploaded since."""
    owned, ended = owners(recordings), ended_last(recordings)
    return not any(_is_new(piece, owned.get(piece.identity), ended) for piece in pieces)


def ended_last(recordings: Iterable[Recording]) -> Mapping[Identity, Recording]:
    """Of each piece the last recording with it that was kept or given up, whatever held it after that and was
    superseded.
    """
    last: dict[Identity, Recording] = {}
    for recording in recordings:
        for piece in recording.pieces if recording.state in ("kept", "gave-up") else ():
            if recording.claimed_at >= last.get(piece.identity, recording).claimed_at:
                last[piece.identity] = recording
    return last


def standing(judged: Iterable[Judgement], recordings: Sequence[Recording]) -> Mapping[Identity, Recording]:
    """Whose each piece is; of what is settled who kept it or gave it up, not what was superseded after that."""
    owned, ended = dict(owners(recordings)), ended_last(recordings)
    settled = (piece.identity for one in judged if one.action == "settled" for piece in one.part.pieces)
    return owned | {identity: ended[identity] for identity in settled}


def _is_new(
    piece: TimedFragment,
    owner: Recording | None,
    ended: Mapping[Identity, Recording],
    forced: Collection[str] = (),
) -> bool:
    """Whether a free piece is a reason to begin: never kept or given up, uploaded since, or asked for."""
    before = ended.get(piece.identity)
    asked_in_vain = owner is not None and owner.state == "superseded" and owner.asked
    if before is None or asked_in_vain or piece.object.key in forced:
        return True
    return piece.object.last_modified > before.closed_at


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


def may_belong(
    some: Iterable[TimedFragment],
    recording: Recording,
    free: Iterable[TimedFragment],
    recordings: Collection[Recording],
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
    recording: Recording, free: Iterable[TimedFragment], recordings: Collection[Recording], rule: Rule
) -> set[str]:
    """Keys of free pieces that lie between a recording's, or in one part with all of them.

    A cut does not move for it: what begins where it was cut off, or beyond, is no newcomer. Nor is what would be in
    another part, were all that is there, or being joined, cut anew.
    """
    own = {piece.object.key for piece in recording.pieces}
    begin, end = recording.bounds
    others = [piece for piece in free if piece.object.key not in own]
    near = [piece for piece in others if begin < piece.start < end]
    in_flight = [one for one in recordings if not one.stands and one.state not in _SETTLED]
    claimed = (piece for one in in_flight for piece in one.pieces if piece.object.key not in own)
    limits = borders(recordings)
    with_all = (keys for keys in _parts([*recording.pieces, *near], rule, limits) if own <= keys)
    with_some = (keys for keys in _parts([*recording.pieces, *others, *claimed], rule, limits) if own & keys)
    inside = {piece.object.key for piece in between(near, recording.pieces)}
    return inside | ((set().union(*with_all) & set().union(*with_some)) - own)


def _parts(pieces: Iterable[TimedFragment], rule: Rule, limits: Collection[int]) -> Iterator[set[str]]:
    """The keys of each part of these pieces."""
    for run in runs(pieces, rule, limits):
        yield from ({piece.object.key for piece in part.pieces} for part in parts(run, rule))


def note_of(part: Part, recordings: Iterable[Recording], rule: Rule) -> list[str]:
    """What a person should know of a part that becomes a recording: where its run was cut, that its clock is ahead, or
    beside which recording it came too late.
    """
    words = [f"cut by {part.cut}: the run goes on in the next recording"] if part.cut else []
    ahead = max(piece.reaches // 1000 - piece.object.last_modified for piece in part.pieces)
    if ahead >= AHEAD_SECONDS:
        words.append(f"ends {ahead} s after it arrived: CONCAT_TIMEZONE, or the recorder's clock, is wrong")
    beside = adjoining(part, recordings, rule)
    if beside is not None and any(piece.object.last_modified >= beside.claimed_at for piece in part.pieces):
        words.append(f"came too late for {beside.group}, which it adjoins and which had been joined")
    return words


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
