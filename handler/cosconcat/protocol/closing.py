"""Recordings cut at gaps: whole ones are reserved, claimed and submitted; what is late, in doubt or over is told.

    LIST ─► a part is whole ─► main slot in the day of its first piece ─► grant in the day after, where it goes on there
    ─► claim of exactly what was reserved ─► submit, and as always from there

Whoever loses a slot reads upward and judges anew. A slot without a claim is completed by whoever finds it, with a look
at its pieces before the POST: its writer may have died, and nobody knows how old its view was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from cosconcat.errors import NotYet
from cosconcat.groups import gap
from cosconcat.groups.gap import Judgement, Part, Piece, Recording
from cosconcat.groups.recordings import (
    Reserved,
    fitted,
    in_places,
    list_source,
    piece_of,
    pieces_of,
    recording_id,
    rule_of,
    slot_name,
    written_day,
)
from cosconcat.model import Action, FragmentSet, ObjectInfo, Result, gid_of
from cosconcat.naming.keys import FragmentName
from cosconcat.output.choice import free_key, is_occupied
from cosconcat.output.key import output_key, with_rev
from cosconcat.protocol.run import begin, not_admitted, run_content
from cosconcat.records.records import Claim
from cosconcat.records.slots import Slot
from cosconcat.services import Services
from cosconcat.submission.submit import first_claim

ROUNDS = 5  # times that somebody else may be faster before this call leaves it to them
_ACTIONS: dict[str, Action] = {"wait": "waiting", "defer": "deferred", "invalid": "invalid", "leave": "ignored"}


def reconcile_piece(services: Services, key: str, *, forced: bool = False) -> Result:
    """The recording of one piece, one step further: what an event, or a person who says retry, brings about.

    Raises:
        TryAgain: nothing is lost; the same call later goes on from the records.
    """
    name, plain = services.config.convention.read(key), services.config.convention_as_written.read(key)
    if not isinstance(name, FragmentName) or not isinstance(plain, FragmentName):
        return Result("", "ignored", "no piece of a source", key)
    results = list(close_recordings(services, name.group, plain.number // gap.DAY, own=key, forced=forced))
    if not results:
        return Result(name.group, "ignored", "the object is gone", key)
    begun = (one for one in results if one.action == "submitted" and one.group == results[-1].group)
    return next(begun, results[-1])


def retry_recording(services: Services, group: str) -> Result:
    """A person says retry: what was kept is cleaned up if its output still holds, otherwise joined anew.

    Raises:
        TryAgain: as `reconcile_piece` does.
    """
    content = services.ledger.newest_content(gid_of(group))
    if content is None:
        reason = "no recording of this name was closed so far; its id is its source and its start in UTC"
        return Result(group, "ignored", reason)
    claim = content.claim.record
    if content.done is not None and content.done.record.outcome == "kept":
        from cosconcat.cleanup.finish import resume

        resumed = resume(services, claim)
        if resumed is not None:
            return resumed
    return reconcile_piece(services, claim.set.fragments[0].object.key, forced=True)


def close_again(services: Services, gid: str, rev: int) -> Result | None:
    """A recording was superseded: its pieces are free again, so that they are judged with what came late; None when
    nothing follows at once.

    Raises:
        TryAgain: as `reconcile_piece` does.
    """
    claim = services.ledger.claim(gid, rev, 1)
    if claim is None:
        return None
    result = reconcile_piece(services, claim.record.set.fragments[0].object.key)
    return None if result.action in ("waiting", "ignored") else result


def close_recordings(
    services: Services, source: str, day: int, *, own: str = "", forced: bool = False
) -> Iterator[Result]:
    """Every recording of a source that begins on a day (UTC, as written), or the one of the piece `own`: closed if it
    is whole; otherwise what it waits for. A generator: whoever has no more time or jobs stops asking.

    Raises:
        TryAgain: nothing is lost; the same call later goes on from the records.
    """
    rule, seen = rule_of(services.config), list_source(services, source, day, own)
    near = [
        piece
        for run in gap.runs(seen.pieces, rule)
        if any(piece.object.key == own if own else piece.day == day for piece in run)
        for piece in run
    ]
    if near and not forced and not _any_whole(near, rule, seen.now):
        yield from _told(source, [j for j in gap.judge(near, [], rule, seen.now) if _is_asked_for(j.part, day, own)])
        return
    if near:
        closing = _Closing(services, Reserved(services, source), near, seen.now, day, own, seen.archived, forced=forced)
        yield from closing.results()


def _any_whole(near: Sequence[Piece], rule: gap.Rule, now: int) -> bool:
    """Whether some part of it may be over, whoever owns its pieces: if not, no record needs to be read."""
    return any(now >= gap.whole_at(part.pieces, rule) for run in gap.runs(near, rule) for part in gap.parts(run, rule))


def _is_asked_for(part: Part, day: int, own: str) -> bool:
    return any(piece.object.key == own for piece in part.pieces) if own else part.pieces[0].day == day


def _told(source: str, judged: Sequence[Judgement]) -> Iterator[Result]:
    """What is said of parts that are not closed."""
    for one in judged:
        if one.action in _ACTIONS:
            first = one.part.pieces[0]
            yield Result(recording_id(source, first), _ACTIONS[one.action], one.reason, first.object.key)


class _Closing:
    """The steps over one listing, for one source and day."""

    def __init__(
        self,
        services: Services,
        reserved: Reserved,
        near: Sequence[Piece],
        now: int,
        day: int,
        own: str,
        archived: Collection[str],
        *,
        forced: bool,
    ) -> None:
        self.services = services
        self.reserved = reserved
        self.rule = rule_of(services.config)
        self.near = near
        self.now = now
        self.day = day
        self.own = own
        self.archived = archived
        self.forced = forced
        self.helped: set[tuple[str, int]] = set()
        self.put_off: set[str] = (
            set()
        )  # keys that whole parts begin with which may have no job now, or were superseded at once

    def results(self) -> Iterator[Result]:
        """Complete, help, close, until only what waits is left."""
        overtaken = 0
        while overtaken < ROUNDS:
            recordings = self.reserved.near(self.near)
            if self._left_pending():
                yield from self._complete_pending()
                continue
            for place in self._overdue(recordings):
                yield from self._run(place)
            yield from self._clean_again(recordings)
            recordings = self.reserved.near(self.near)
            judged = self._judged(recordings)
            whole = [one.part for one in judged if one.action == "close" and not self._is_put_off(one.part)]
            if not whole:
                yield from self._rest(judged, recordings)
                return
            for part in whole:
                refused = self._not_admitted(part)
                if refused is not None:
                    self.put_off.add(part.pieces[0].object.key)
                    yield refused
                    continue
                closed = self._close(part, recordings)
                if closed is None:
                    overtaken += 1
                    break
                yield closed
                if closed.action == "superseded":  # LIST showed what is no longer there: another look has to see that
                    self.put_off.add(part.pieces[0].object.key)
                if self.own and closed.action in ("submitted", "finished"):
                    return
        raise NotYet(f"source {self.reserved.source}: its recordings are being closed by others right now")

    def _judged(self, recordings: Sequence[Recording]) -> list[Judgement]:
        forced = [self.own] if self.forced else []
        judged = gap.judge(self.near, recordings, self.rule, self.now, forced=forced)
        wanted = [one for one in judged if _is_asked_for(one.part, self.day, self.own)]
        return [fitted(self.services, self.reserved.source, one, self.archived) for one in wanted]

    # -- slots without a claim ----------------------------------------------------------------------------------------

    def _left_pending(self) -> list[tuple[str, int]]:
        return [place for place in self.reserved.pending if place not in self.helped]

    def _complete_pending(self) -> Iterator[Result]:
        """Somebody's slot, whose claim is not there yet: whoever finds it goes on."""
        for place in self._left_pending():
            self.helped.add(place)
            slot = self.reserved.pending[place]
            yield self._complete(slot, found=True)

    # -- recordings that have a claim ---------------------------------------------------------------------------------

    def _overdue(self, recordings: Sequence[Recording]) -> list[tuple[str, int]]:
        """Recordings whose pieces, or others under their names, lie there although their claim's lease is over: nobody
        else may come back to them.
        """
        there = {piece.object.key for piece in self.near}
        return [
            (one.gid, one.rev)
            for one in recordings
            if one.state in ("in flight", "clean") and one.overdue and any(p.object.key in there for p in one.pieces)
        ]

    def _run(self, place: tuple[str, int]) -> Iterator[Result]:
        """One step further, once; what it has come to is read anew."""
        if place not in self.helped:
            self.helped.add(place)
            self.reserved.known.pop(place, None)
            yield run_content(self.services, *place)

    def _clean_again(self, recordings: Sequence[Recording]) -> Iterator[Result]:
        """What was joined and lies there again."""
        from cosconcat.cleanup.finish import remove_reuploads

        there = {piece.content: piece for piece in self.near}
        for one in recordings:
            place = one.gid, one.rev
            visible = [(piece, there[piece.content]) for piece in one.pieces if piece.content in there]
            if one.state != "joined" or place in self.helped or not self._comes_again(visible):
                continue
            self.helped.add(place)
            result = remove_reuploads(self.services, self.reserved.claims[place])
            if result is not None and result.action != "waiting":
                yield result

    def _comes_again(self, visible: Sequence[tuple[Piece, Piece]]) -> bool:
        """Whether what was joined came again; with `keep` it never left, with `expire` only its rule takes it away."""
        if self.services.config.cleanup == "expire":
            return any(was.object.last_modified != now.object.last_modified for was, now in visible)
        return bool(visible) and self.services.config.cleanup != "keep"

    def _is_put_off(self, part: Part) -> bool:
        return part.pieces[0].object.key in self.put_off

    def _not_admitted(self, part: Part) -> Result | None:
        """Why no job may be claimed now; asked before anything is reserved."""
        group = recording_id(self.reserved.source, part.pieces[0])
        return not_admitted(self.services, FragmentSet(group, in_places(*(piece.object for piece in part.pieces))))

    # -- a whole part -------------------------------------------------------------------------------------------------

    def _close(self, part: Part, recordings: Sequence[Recording]) -> Result | None:
        """Reserve it, then claim and submit; None when somebody else was faster."""
        slot = self._slot(part, recordings)
        day = part.pieces[0].day
        if not self.services.slots.create(self.reserved.sid, slot.day, slot):
            self.reserved.forget(day)
            return None
        self.reserved.days[day] = slot
        self.helped.add((slot.gid, slot.rev))
        return self._complete(slot, found=False)

    def _slot(self, part: Part, recordings: Sequence[Recording]) -> Slot:
        first = part.pieces[0]
        group = recording_id(self.reserved.source, first)
        pieces = [piece for piece in part.pieces if first.day <= piece.day <= first.day + 1]
        newest = self.reserved.newest(first.day)
        slot = Slot(
            k=newest.k + 1 if newest else 1,
            kind="main",
            day=written_day(first.day),
            group=group,
            rev=1,
            pieces=_objects(pieces, first.day),
            first=min(piece.written for piece in pieces),
            last=max(piece.written + piece.reaches - piece.start for piece in pieces),
            next=_objects(pieces, first.day + 1),
            before=newest.intervals if newest else (),
            rejoined=self._rejoined(part, recordings),
            note=self._note(part, recordings),
        )
        before = sum(one.kind == "main" and one.gid == slot.gid for one in slot.before)
        return replace(slot, rev=before + 1)

    def _rejoined(self, part: Part, recordings: Sequence[Recording]) -> int:
        """How often its pieces were superseded before, at most."""
        contents = {piece.content for piece in part.pieces}
        superseded = (one for one in recordings if one.state == "superseded")
        return max(
            (one.rejoined + 1 for one in superseded if contents & {piece.content for piece in one.pieces}), default=0
        )

    def _note(self, part: Part, recordings: Sequence[Recording]) -> str:
        """What a person should know: where its run was cut, or beside which recording it came too late."""
        words = gap.note_of(part, recordings, self.rule)
        newest = self.reserved.newest(part.pieces[0].day)
        shift = part.pieces[0].start - part.pieces[0].written
        alone = [one.first + shift for one in newest.intervals if one.first == one.last] if newest else []
        words.append(gap.shorter_than_a_piece(self.near, self.rule, alone))
        return "; ".join(filter(None, words))

    def _complete(self, slot: Slot, *, found: bool) -> Result:
        """Grant, claim, submit. `found` says that the slot is somebody else's."""
        self.services.submissions.may_claim()
        if found:
            refused = not_admitted(self.services, FragmentSet(slot.group, in_places(*slot.pieces, *slot.next)))
            if refused is not None:
                return refused
        granted = self._granted(slot)
        fragments = FragmentSet(slot.group, in_places(*slot.pieces, *granted))
        key = output_key(self.services.config, fragments)
        occupied = slot.rev > 1 or is_occupied(self.services, fragments, key)
        name = free_key(self.services, fragments, key, slot.rev, occupied=occupied)
        if name is None:
            reason = f"{key} and {with_rev(key, slot.rev)} both belong to something else"
            return Result(slot.group, "invalid", reason, key)
        claim = replace(
            first_claim(self.services, fragments, slot.rev, name),
            slot=slot_name(self.reserved.sid, slot),
            rejoined=slot.rejoined,
            note=slot.note,
        )
        self._remember(claim)
        if self.services.ledger.create_claim(claim) is not None:
            return Result(slot.group, "already-submitted", "its slot was claimed by another instance")
        result = begin(self.services, claim, doubted=found)
        if result.action != "submitted":  # it has ended already: what it came to is read anew
            self.reserved.known.pop((claim.gid, claim.rev), None)
        return replace(result, reason=result.reason or slot.note)

    def _remember(self, claim: Claim) -> None:
        """From now on it is in flight, whoever wins the claim."""
        place = claim.gid, claim.rev
        pieces = pieces_of(self.services.config, claim)
        self.reserved.pending.pop(place, None)
        self.reserved.claims[place] = claim
        self.reserved.known[place] = Recording(
            claim.group, *place, "in flight", pieces, claimed_at=self.now, rejoined=claim.rejoined
        )

    def _granted(self, slot: Slot) -> tuple[ObjectInfo, ...]:
        """Of what the slot wants of the day after, what it gets: up to the first piece that somebody owns."""
        wanted = [piece for one in slot.next if (piece := piece_of(self.services.config, one)) is not None]
        if not wanted:
            return ()
        day = wanted[0].day
        for _ in range(ROUNDS):
            newest = self.reserved.newest(day)
            before = newest.intervals if newest else ()
            mine = next((i for i in before if (i.kind, i.gid, i.rev) == ("grant", slot.gid, slot.rev)), None)
            if mine is not None:
                held = self.services.slots.read(self.reserved.sid, written_day(day), mine.k)
                return held.pieces if held else ()
            others = [one for one in self.reserved.near(wanted) if (one.gid, one.rev) != (slot.gid, slot.rev)]
            free = gap.until_owned(wanted, others)
            if not free:
                return ()
            grant = Slot(
                k=newest.k + 1 if newest else 1,
                kind="grant",
                day=written_day(day),
                group=slot.group,
                rev=slot.rev,
                pieces=_objects(free, day),
                first=free[0].written,
                last=max(piece.written + piece.reaches - piece.start for piece in free),
                before=before,
            )
            if self.services.slots.create(self.reserved.sid, grant.day, grant):
                self.reserved.days[day] = grant
                return grant.pieces
            self.reserved.forget(day)
        raise NotYet(f"group {slot.group}: the day after is being reserved by others right now")

    # -- what is left -------------------------------------------------------------------------------------------------

    def _rest(self, judged: Sequence[Judgement], recordings: Sequence[Recording]) -> Iterator[Result]:
        for one in judged:
            if one.beside is not None and one.beside.overdue:
                yield from self._run((one.beside.gid, one.beside.rev))
        yield from _told(self.reserved.source, judged)
        told = {piece.content for one in judged if one.action in _ACTIONS for piece in one.part.pieces}
        yield from self._ended(recordings, {piece.content for piece in self.near} - told)

    def _ended(self, recordings: Sequence[Recording], there: Collection[gap.Content]) -> Iterator[Result]:
        """Recordings whose pieces still lie there because they were kept or given up, or are in flight."""
        owned = gap.owners(recordings)
        for recording in recordings:
            shown = [p for p in recording.pieces if p.content in there and owned.get(p.content) == recording]
            asked = any(p.object.key == self.own for p in shown) if self.own else recording.begins_on(self.day)
            if not shown or not asked:
                continue
            if recording.state == "kept":
                yield Result(recording.group, "kept", f"since earlier: {recording.reason}")
            elif recording.state == "gave-up":
                yield Result(recording.group, "gave-up", f"since earlier: {recording.reason}")
            elif self.own and recording.state != "superseded":
                action: Action = "already-finished" if recording.state == "joined" else "already-submitted"
                yield Result(recording.group, action, f"rev {recording.rev} is {recording.state}")


def _objects(pieces: Sequence[Piece], day: int) -> tuple[ObjectInfo, ...]:
    return tuple(piece.object for piece in pieces if piece.day == day)
