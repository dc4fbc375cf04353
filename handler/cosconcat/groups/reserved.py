"""What the records say of a source's recordings, and how its pieces are judged by them: slots, claims and ends read."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from cosconcat.cloud.ports import LARGEST
from cosconcat.errors import InvalidInput
from cosconcat.groups import gap
from cosconcat.groups.gap import DAY, TimedFragment
from cosconcat.groups.recordings import (
    MOST_REJOINED,
    Judgement,
    Recording,
    State,
    as_they_stand,
    between,
    came_back,
    judge,
    newcomers,
    owners,
)
from cosconcat.groups.rules import differing_types
from cosconcat.groups.source import (
    cut_bounds,
    fragments_of,
    list_source,
    rule_of,
    timed_fragment,
    timed_fragments,
    written_day,
)
from cosconcat.inputs.heads import still_archived
from cosconcat.model import ContentId, FragmentSet, ObjectInfo
from cosconcat.naming.keys import FragmentName
from cosconcat.output.key import impossible_key
from cosconcat.records.records import Attempt, Claim
from cosconcat.records.slots import Interval, Slot, sid_of
from cosconcat.services import Services

BESIDE_KEY_BYTES = 200  # what a claim holds of a piece beside its key, at most


@dataclass
class Reserved:
    """What the slots of a source say, day by day; what was read once is remembered: what is settled stays settled, and
    what is not only makes others wait.

    `pending` are main slots without a claim.
    """

    services: Services
    source: str
    days: dict[int, Slot | None] = field(default_factory=dict)
    known: dict[ContentId, Recording] = field(default_factory=dict)
    claims: dict[ContentId, Claim] = field(default_factory=dict)
    pending: dict[ContentId, Slot] = field(default_factory=dict)

    @cached_property
    def sid(self) -> str:
        """The source's name in keys."""
        return sid_of(self.source)

    def newest(self, day: int) -> Slot | None:
        """The last slot of a day."""
        if day not in self.days:
            self.days[day] = self.services.slots.newest(self.sid, written_day(day))
        return self.days[day]

    def forget(self, *days: int) -> None:
        """Somebody else was faster: these days are read anew."""
        for day in days:
            self.days.pop(day, None)
        for recording in [one for one in self.known.values() if one.state == "pending"]:
            del self.known[recording.content_id]
        self.pending.clear()

    def remember(self, claim: Claim, now: int) -> None:
        """From now on it is in flight, whoever wins the claim."""
        own = Recording(
            claim.group,
            claim.gid,
            claim.rev,
            "in flight",
            self._held(claim),
            claimed_at=now,
            rejoined=claim.rejoined,
            bounds=cut_bounds(self.services.config, claim),
            asked=claim.asked,
            unneeded=bool(claim.unneeded),
        )
        self.pending.pop(own.content_id, None)
        self.claims[own.content_id] = claim
        self.known[own.content_id] = own

    def read_anew(self, content_id: ContentId) -> None:
        """Its records have changed, or may have."""
        self.known.pop(content_id, None)
        self.claims.pop(content_id, None)

    def near(self, pieces: Sequence[TimedFragment]) -> list[Recording]:
        """The recordings that took time within a gap of one of these pieces, of the pieces' own days; and of the day
        before or after, where a piece may go on with what began there, or be what that goes on with. How long pieces of
        the day before were whose names told an end, and that were removed, only its slots know. Where some of these
        names write another zone than others, each is looked for by the times of both.
        """
        margin = self.services.config.gap_seconds * 1000
        longest = max((piece.reaches - piece.start for piece in pieces), default=0)
        zones = {piece.written - piece.start for piece in pieces}
        spans = sorted((piece.start + zone, piece.reaches + zone) for zone in zones for piece in pieces)
        told = any(piece.end is not None for piece in pieces)
        days = {first // DAY for first, _ in spans} | {(last + margin) // DAY for _, last in spans}
        days |= {first // DAY - 1 for first, _ in spans if told or first % DAY <= margin + longest}
        found: dict[ContentId, Recording] = {}
        for day in sorted(days):
            newest = self.newest(day)
            for interval in newest.intervals if newest else ():
                if _touches(interval, spans, margin, longest):
                    found[interval.content_id] = self._recording(day, interval)
        return as_they_stand(list(found.values()))

    def _recording(self, day: int, interval: Interval) -> Recording:
        content_id = interval.content_id
        known = self.known.get(content_id)
        if known is None or (known.state in ("pending", "unreadable") and content_id not in self.claims):
            try:
                known = self._claimed(interval) or self._reserved(day, interval, known)
            except InvalidInput as broken:
                known = self._reserved(day, interval, known)._replace(state="unreadable", reason=str(broken))
                self.pending.pop(content_id, None)
            self.known[content_id] = known
        return known

    def _claimed(self, interval: Interval) -> Recording | None:
        """By its claim: that and the closing record say all of a recording that ended, as most near a piece have."""
        ledger, gid, rev = self.services.ledger, interval.gid, interval.rev
        first = ledger.claim(gid, rev, 1)
        if first is None:
            return None
        done = ledger.done(gid, rev)
        attempt = Attempt(first, None) if done else ledger.newest_attempt(gid, rev, first)
        if attempt is None:
            return None
        claim = attempt.claim.record
        self.claims[interval.content_id] = claim
        known = Recording(
            claim.group,
            gid,
            rev,
            "clean" if attempt.end is not None and attempt.end.record.next == "clean" else "in flight",
            self._held(claim),
            overdue=attempt.claim.age > claim.lease_seconds,
            rejoined=claim.rejoined,
            claimed_at=attempt.claim.written,
            bounds=cut_bounds(self.services.config, claim),
            asked=claim.asked,
            unneeded=bool(claim.unneeded),
        )
        if done is None:
            return known
        left = done.record.kept if done.record.removed else [one.object.key for one in claim.set.fragments]
        return known._replace(
            state=_state(done.record.outcome),
            closed_at=done.written,
            reason=done.record.reason,
            left=frozenset(left),
        )

    def _held(self, claim: Claim) -> tuple[TimedFragment, ...]:
        """The pieces of a claim; of one that was not needed they stay with those who had them before."""
        return () if claim.unneeded else timed_fragments(self.services.config, claim)

    def _reserved(self, day: int, interval: Interval, known: Recording | None) -> Recording:
        """A recording without a claim holds what its slots name. Whose first slot lies a day before a piece of it that
        is left is found by its grant.
        """
        if interval.kind == "grant" and interval.content_id not in self.pending:
            newest = self.newest(day - 1)
            mains = (one for one in (newest.intervals if newest else ()) if one.kind == "main")
            main = next((one for one in mains if one.content_id == interval.content_id), None)
            known = self._reserved(day - 1, main, known) if main else known
        slot = self.services.slots.read(self.sid, written_day(day), interval.k)
        found = (timed_fragment(self.services.config, one) for one in slot.pieces) if slot else ()
        pieces = (*(known.pieces if known else ()), *(piece for piece in found if piece is not None))
        if slot is not None and slot.kind == "main":
            self.pending[interval.content_id] = slot
        if slot is None:
            return Recording("", interval.gid, interval.rev, "pending", pieces)
        bounds = cut_bounds(self.services.config, slot)
        if known is not None:  # only a main slot says both
            bounds = (max(bounds[0], known.bounds[0]), min(bounds[1], known.bounds[1]))
        return Recording(slot.group, interval.gid, interval.rev, "pending", pieces, bounds=bounds)


def _state(word: str) -> State:
    states: tuple[State, ...] = ("in flight", "clean", "joined", "superseded", "kept", "gave-up")
    return next(state for state in states if state == word)


def _touches(interval: Interval, spans: Sequence[tuple[int, int]], margin: int, longest: int) -> bool:
    """Whether one of the sorted spans lies within `margin` of the interval (milliseconds)."""
    at = bisect_left(spans, (interval.first - margin - longest, 0))
    while at < len(spans) and spans[at][0] <= interval.last + margin:
        if spans[at][1] >= interval.first - margin:
            return True
        at += 1
    return False


def slot_name(sid: str, slot: Slot) -> str:
    """A slot as its claim names it."""
    return f"{sid}/{slot.day}/{slot.k:06}"


class Look(NamedTuple):
    """What lies around a day of a source, what the records say of it, and what would be done with what is nobody's."""

    pieces: tuple[TimedFragment, ...]
    recordings: list[Recording]
    judged: list[Judgement]


def look_at_source(services: Services, source: str, day: int, own: str = "") -> Look:
    """A day of a source and those beside it, judged as when it is closed; nothing is changed. The recordings of the
    piece `own` are found even when it was removed.
    """
    seen, rule = list_source(services, source, day, own), rule_of(services.config)
    gone = timed_fragment(services.config, ObjectInfo(own, "", 0, 0)) if own else None
    recordings = Reserved(services, source).near([*seen.pieces, *([gone] if gone else [])])
    judged = judge(seen.pieces, recordings, rule, seen.now)
    return Look(seen.pieces, recordings, [fitted(services, source, one, seen.archived) for one in judged])


def fitted(services: Services, source: str, judged: Judgement, archived: Collection[str]) -> Judgement:
    """The judgement, unless what is whole cannot be joined or is left as it is for reasons beside its times."""
    if judged.action != "close":
        return judged
    fragments = fragments_of(source, judged.part)
    if fragments.is_single and services.config.single == "leave":
        reason = "a recording of one piece, which CONCAT_SINGLE=leave leaves as it is"
        return judged._replace(action="leave", reason=reason)
    reason = differing_types(services.config, [fragment.object.key for fragment in fragments.fragments])
    reason = reason or impossible_key(services.config, fragments) or _too_large(fragments)
    reason = reason or still_archived(services, fragments, archived)
    return judged._replace(action="invalid", reason=reason) if reason else judged


def _too_large(fragments: FragmentSet) -> str:
    """Why no claim could hold these pieces, empty when one could: what cannot be claimed must not be reserved, as its
    slot would be in the way of its whole day.
    """
    pieces = fragments.fragments
    keys = json.dumps([piece.object.key for piece in pieces], ensure_ascii=False).encode()
    if len(keys) + BESIDE_KEY_BYTES * len(pieces) <= LARGEST:
        return ""
    return f"{len(pieces)} pieces with such long names do not fit into a record: lower CONCAT_MAX_FRAGMENTS"


def late_fragments(services: Services, claim: Claim) -> tuple[str, ...]:
    """Keys that came while a recording was joined, and would be part of it; none after it was begun anew twice.

    One LIST, and a look at the slots only if something lies near.
    """
    own = timed_fragments(services.config, claim)
    name = services.config.convention.read(own[0].object.key) if own else None
    if claim.rejoined >= MOST_REJOINED or not isinstance(name, FragmentName):
        return ()
    rule, keys = rule_of(services.config), {piece.object.key for piece in own}
    there = list_source(services, name.group, own[0].day).pieces
    others = [piece for piece in there if piece.object.key not in keys]
    beside = {piece for run in gap.runs([*own, *others], rule) if not {*own}.isdisjoint(run) for piece in run}
    inside = between(others, own)  # whatever the gap is by now
    others = [piece for piece in others if piece in beside or piece in inside]
    if not others:
        return ()
    reserved = Reserved(services, name.group)
    recordings = [one for one in reserved.near([*own, *others]) if one.content_id != (claim.gid, claim.rev)]
    owned = owners(recordings)
    past = came_back(others, recordings)
    others = [p for p in others if p not in past]
    free = [p for p in others if (owner := owned.get(p.identity)) is None or owner.state == "superseded"]
    bounds = cut_bounds(services.config, claim)
    mine = Recording(claim.group, claim.gid, claim.rev, "in flight", own, bounds=bounds)
    return tuple(sorted(newcomers(mine, free, recordings, rule)))
