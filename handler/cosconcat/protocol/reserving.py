"""A whole part becomes a recording: its pieces are reserved by slots, then claimed exactly as they were reserved.

    whole part ─► main slot in the day of its first piece ─► grant in the day after, where it goes on there
    ─► claim ─► submit, and as always from there

Whoever loses a slot reads upward and judges anew. A slot without a claim is completed by whoever finds it, with a look
at its pieces before the POST: its writer may have died, and nobody knows how old its view was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf

from cosconcat.errors import NotYet
from cosconcat.groups import gap
from cosconcat.groups.gap import Part, Rule, TimedFragment
from cosconcat.groups.recordings import Recording, holds_nothing_new, note_of, until_owned
from cosconcat.groups.reserved import Reserved, slot_name
from cosconcat.groups.source import in_places, recording_id, timed_fragment, written_day
from cosconcat.model import FragmentSet, ObjectInfo, Result
from cosconcat.output.choice import free_key, is_occupied, none_free
from cosconcat.output.key import output_key
from cosconcat.protocol.run import begin, not_admitted
from cosconcat.records.slots import Slot
from cosconcat.services import Services
from cosconcat.submission.submit import first_claim

LEFT = "of what it wanted one piece is left, which CONCAT_SINGLE=leave leaves as it is"
NOTHING_NEW = "what is new beyond midnight went to another recording, and the rest had been kept or given up before"
ROUNDS = 5  # times that somebody else may be faster before this call leaves it to them


# -- the slot of a part ------------------------------------------------------------------------------------------------


def main_slot(
    source: str,
    part: Part,
    near: Iterable[TimedFragment],
    recordings: Sequence[Recording],
    newest: Slot | None,
    rule: Rule,
    taken: int = 0,
) -> Slot:
    """What is reserved for a whole part: its pieces of the day on which it begins, and those of the day after that it
    wants.

    Args:
        source: whose pieces they are.
        part: what is whole.
        near: all pieces that lie near.
        recordings: what the records say of those that lie near.
        newest: the last slot of the day on which it begins, by which it was judged.
        rule: the configuration.
        taken: a rev of its name; neither that nor one before it is free.
    """
    first = part.pieces[0]
    pieces = [piece for piece in part.pieces if first.day <= piece.day <= first.day + 1]
    slot = Slot(
        k=newest.k + 1 if newest else 1,
        kind="main",
        day=written_day(first.day),
        group=recording_id(source, first),
        rev=1,
        pieces=_objects(pieces, first.day),
        first=min(piece.written for piece in pieces),
        last=max(piece.written_end for piece in pieces),
        next=_objects(pieces, first.day + 1),
        before=newest.intervals if newest else (),
        rejoined=_rejoined(part, recordings),
        note=_note(part, near, recordings, newest, rule),
        follows=part.follows,
        followed_by=part.followed_by,
    )
    revs = (one.rev for one in slot.before if one.kind == "main" and one.gid == slot.gid)
    return replace(slot, rev=max(taken, *revs, 0) + 1)


def _rejoined(part: Part, recordings: Iterable[Recording]) -> int:
    """How often its pieces were superseded before, at most."""
    contents = {piece.identity for piece in part.pieces}
    superseded = (one for one in recordings if one.state == "superseded")
    return max(
        (one.rejoined + 1 for one in superseded if contents & {piece.identity for piece in one.pieces}), default=0
    )


def _note(
    part: Part, near: Iterable[TimedFragment], recordings: Iterable[Recording], newest: Slot | None, rule: Rule
) -> str:
    """What a person should know: where its run was cut, or beside which recording it came too late."""
    words = note_of(part, recordings, rule)
    shift = part.pieces[0].start - part.pieces[0].written
    alone = [one.first + shift for one in newest.intervals if one.first == one.last] if newest else []
    words.append(gap.gap_too_short(near, rule, alone))
    return "; ".join(filter(None, words))


def reserve(services: Services, reserved: Reserved, day: int, slot: Slot) -> bool:
    """Create a slot; False when somebody else was faster: that day is read anew."""
    if not services.slots.create(reserved.sid, slot.day, slot):
        reserved.forget(day)
        return False
    reserved.days[day] = slot
    return True


# -- from a slot to its job --------------------------------------------------------------------------------------------


def claim_reserved(services: Services, reserved: Reserved, slot: Slot, now: int, *, found: bool) -> Result | None:
    """Grant, claim, submit. `found` says that the slot is somebody else's; `now` is the service's clock.

    None when another slot, of a day that another name writes or before the zone was changed, has a claim of this id and
    rev, or a group that was no recording: then this slot holds nothing.

    Raises:
        TryAgain: nothing is lost; the same call later goes on from the records.
    """
    if not all(one.key.startswith(services.config.input_prefix) for one in (*slot.pieces, *slot.next)):
        return Result(slot.group, "ignored", "reserved by another deployment, whose input prefix is not ours")
    services.submissions.may_claim()
    if found:
        refused = not_admitted(services, FragmentSet(slot.group, in_places(*slot.pieces, *slot.next)))
        if refused is not None:
            return refused
    granted = _granted(services, reserved, slot)
    left = _left_of(services, slot, granted)
    fragments = FragmentSet(slot.group, in_places(*left))
    less = len(granted) < len(slot.next)
    key = output_key(services.config, fragments)
    occupied = slot.rev > 1 or is_occupied(services, fragments, key)
    name = free_key(services, fragments, key, slot.rev, occupied=occupied)
    if name is None:
        return Result(slot.group, "invalid", none_free(key, slot.rev), key)
    claim = replace(
        first_claim(services, fragments, slot.rev, name),
        slot=slot_name(reserved.sid, slot),
        rejoined=slot.rejoined,
        note=slot.note,
        follows=slot.follows,
        followed_by=slot.followed_by,
        asked=slot.asked,
        unneeded=_unneeded(services, reserved, slot, fragments) if less else "",
    )
    reserved.remember(claim, now)
    winner = services.ledger.create_claim(claim)
    if winner is not None and winner.record.slot != claim.slot:
        reserved.read_anew(slot.content_id)
        return None
    if winner is not None:
        reserved.remember(winner.record, winner.written)  # who judged at another time may hold more or less
        return Result(slot.group, "already-submitted", "its slot was claimed by another instance")
    result = begin(services, claim, doubted=found)
    if result.action != "submitted":  # it has ended already: what it came to is read anew
        reserved.read_anew(slot.content_id)
    return replace(result, reason=result.reason or slot.note)


def _unneeded(services: Services, reserved: Reserved, slot: Slot, fragments: FragmentSet) -> str:
    """Why what is left of a slot needs no job, of which some went to another; an empty text when it needs one."""
    if services.config.single == "leave" and fragments.is_single:
        return LEFT
    pieces = _timed(services, [fragment.object for fragment in fragments.fragments])
    others = [one for one in reserved.near(pieces) if one.content_id != slot.content_id]
    return NOTHING_NEW if not slot.asked and holds_nothing_new(pieces, others) else ""


def _left_of(services: Services, slot: Slot, granted: Sequence[ObjectInfo]) -> list[ObjectInfo]:
    """What a slot has, with what it was granted, in order of time: the days that names write may go back, where some
    of a source write another zone. Nothing behind the first piece that went to another.
    """
    objects = [*slot.pieces, *granted]
    lost = min((piece.start for piece in _timed(services, slot.next) if piece.object not in granted), default=inf)
    pieces = gap.in_order(_timed(services, objects))
    if len(pieces) < len(objects):  # reserved before CONCAT_NAMING was changed
        return objects
    return [piece.object for piece in pieces if piece.start < lost]


def _timed(services: Services, objects: Iterable[ObjectInfo]) -> list[TimedFragment]:
    found = (timed_fragment(services.config, one) for one in objects)
    return [piece for piece in found if piece is not None]


def _granted(services: Services, reserved: Reserved, slot: Slot) -> tuple[ObjectInfo, ...]:
    """Of what the slot wants of the day after, what it gets."""
    wanted = [piece for one in slot.next if (piece := timed_fragment(services.config, one)) is not None]
    if not wanted:
        return ()
    day = wanted[0].day
    for _ in range(ROUNDS):
        newest = reserved.newest(day)
        mine = _grant_number(slot, newest)
        if mine:
            held = services.slots.read(reserved.sid, written_day(day), mine)
            return held.pieces if held else ()
        others = [one for one in reserved.near(wanted) if one.content_id != slot.content_id]
        grant = grant_slot(slot, wanted, others, newest)
        if grant is None:
            return ()
        if reserve(services, reserved, day, grant):
            return grant.pieces
    raise NotYet(f"group {slot.group}: the day after is being reserved by others right now")


def _grant_number(slot: Slot, newest: Slot | None) -> int:
    """The number of the grant that a slot has already, 0 when it has none up to the `newest` of the day after."""
    before = newest.intervals if newest else ()
    return next((one.k for one in before if one.kind == "grant" and one.content_id == slot.content_id), 0)


def grant_slot(
    slot: Slot, wanted: Sequence[TimedFragment], others: Sequence[Recording], newest: Slot | None
) -> Slot | None:
    """What of the day after is granted to a main slot: up to the first piece that somebody else owns, None when that is
    the first of all. It takes the time from midnight on, as it goes on with what began before.

    Args:
        slot: who wants it.
        wanted: what it wants, in order.
        others: the other recordings that lie near.
        newest: the last slot of that day.
    """
    free = until_owned(wanted, others)
    if not free:
        return None
    return Slot(
        k=newest.k + 1 if newest else 1,
        kind="grant",
        day=written_day(free[0].day),
        group=slot.group,
        rev=slot.rev,
        pieces=_objects(free, free[0].day),
        first=free[0].day * gap.DAY,
        last=max(piece.written_end for piece in free),
        before=newest.intervals if newest else (),
    )


def _objects(pieces: Iterable[TimedFragment], day: int) -> tuple[ObjectInfo, ...]:
    return tuple(piece.object for piece in pieces if piece.day == day)
