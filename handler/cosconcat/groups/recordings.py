"""One source's pieces around a day, and what the records say of them: the looks by which `gap` judges."""

from __future__ import annotations

import calendar
import time
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from cosconcat.config import Config
from cosconcat.groups import gap
from cosconcat.groups.gap import DAY, Piece, Recording, State
from cosconcat.inputs.heads import still_archived
from cosconcat.model import ContentId, Fragment, FragmentSet, ObjectInfo
from cosconcat.naming.keys import FragmentName, common_beginning
from cosconcat.output.key import impossible_key
from cosconcat.records.records import Claim
from cosconcat.records.slots import Interval, Slot, sid_of
from cosconcat.services import Services

_ZONES_SPAN = 14 * 3600  # the farthest that a time as written can be from UTC, seconds


def rule_of(config: Config) -> gap.Rule:
    """What of the configuration decides."""
    return gap.Rule(config.gap_seconds, config.max_length_seconds, config.max_fragments, config.stale_seconds)


def piece_of(config: Config, found: ObjectInfo) -> Piece | None:
    """The object as a piece; None when its name is none of a timed convention."""
    name = config.convention.read(found.key)
    plain = config.convention_as_written.read(found.key)
    if not isinstance(name, FragmentName) or not isinstance(plain, FragmentName):
        return None
    return Piece(found, name.number, name.end, plain.number)


def recording_id(source: str, first: Piece) -> str:
    """The group id of a recording that begins with this piece: its source and its start in UTC, to the second."""
    began = time.gmtime(first.start // 1000)
    start = f"{began.tm_year:04}{time.strftime('%m%dT%H%M%SZ', began)}"
    return f"{source}_{start}" if source else start


class SourceListing(NamedTuple):
    """The pieces of a source that start on a day, the one before or the one after, and the service's clock; `archived`
    are keys that have to be restored before CI can read them.
    """

    pieces: tuple[Piece, ...]
    now: int
    archived: frozenset[str] = frozenset()


def list_source(services: Services, source: str, day: int, own: str = "") -> SourceListing:
    """LIST, joined with the key of the event that brought us here (by HEAD, if LIST does not show it)."""
    config, now = services.config, 0
    found: dict[str, Piece] = {}
    archived: frozenset[str] = frozenset()

    def add(objects: Iterable[ObjectInfo]) -> None:
        for one in objects:
            name = config.convention.read(one.key)
            if isinstance(name, FragmentName) and name.group == source:
                piece = piece_of(config, one)
                if piece is not None and abs(piece.day - day) <= 1:
                    found[one.key] = piece

    bounds = ((day - 1) * 86_400 - _ZONES_SPAN, (day + 2) * 86_400 + _ZONES_SPAN)
    spans = config.convention.fragment_spans(source, bounds)
    whole = False
    if len(spans) > 1:  # where it may be written in several ways, one page of what they have in common often shows all
        page = services.cos.list(config.bucket, common_beginning(*(span.prefix for span in spans)))
        add(page.objects)
        now, whole, archived = page.now, page.next_marker is None, page.archived
    for span in spans if not whole else ():
        after: str | None = span.after
        while after is not None:
            page = services.cos.list(config.bucket, span.prefix, after)
            add(page.objects)
            now, after, archived = max(now, page.now), page.next_marker, archived | page.archived
            if page.objects and span.passed(page.objects[-1].key):
                break
    if own and own not in found:
        head = services.cos.head(config.bucket, own)
        if head is not None:
            add([head.object])
            now = max(now, head.now)
    return SourceListing(tuple(gap.in_order(found.values())), now, archived)


def days_of(services: Services, source: str) -> list[int]:
    """The days (since the epoch, as written) on which pieces of a source start, by LIST alone."""
    config, days = services.config, set()
    for span in config.convention.fragment_spans(source, None):
        after: str | None = span.after
        while after is not None:
            page = services.cos.list(config.bucket, span.prefix, after)
            for one in page.objects:
                name = config.convention.read(one.key)
                piece = piece_of(config, one)
                if piece is not None and isinstance(name, FragmentName) and name.group == source:
                    days.add(piece.day)
            after = page.next_marker
            if page.objects and span.passed(page.objects[-1].key):
                break
    return sorted(days)


class Look(NamedTuple):
    """What lies around a day of a source, what the records say of it, and what would be done with what is nobody's."""

    pieces: tuple[Piece, ...]
    recordings: list[Recording]
    judged: list[gap.Judgement]


def look_at_source(services: Services, source: str, day: int, own: str = "") -> Look:
    """A day of a source and those beside it, judged as when it is closed; nothing is changed. The recordings of the
    piece `own` are found even when it was removed.
    """
    seen, rule = list_source(services, source, day, own), rule_of(services.config)
    gone = piece_of(services.config, ObjectInfo(own, "", 0, 0)) if own else None
    recordings = Reserved(services, source).near([*seen.pieces, *([gone] if gone else [])])
    judged = gap.judge(seen.pieces, recordings, rule, seen.now)
    return Look(seen.pieces, recordings, [fitted(services, source, one, seen.archived) for one in judged])


def fragments_of(source: str, part: gap.Part) -> FragmentSet:
    """A part as the set that is joined."""
    return FragmentSet(recording_id(source, part.pieces[0]), in_places(*(piece.object for piece in part.pieces)))


def in_places(*pieces: ObjectInfo) -> tuple[Fragment, ...]:
    """Pieces in the order in which they are joined."""
    return tuple(Fragment(at, piece) for at, piece in enumerate(pieces))


def fitted(services: Services, source: str, judged: gap.Judgement, archived: Collection[str]) -> gap.Judgement:
    """The judgement, unless what is whole cannot be joined or is left as it is for reasons beside its times."""
    if judged.action != "close":
        return judged
    fragments = fragments_of(source, judged.part)
    if fragments.is_single and services.config.single == "leave":
        reason = "a recording of one piece, which CONCAT_SINGLE=leave leaves as it is"
        return judged._replace(action="leave", reason=reason)
    reason = impossible_key(services.config, fragments) or still_archived(services, fragments, archived)
    return judged._replace(action="invalid", reason=reason) if reason else judged


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
        pieces = pieces_of(self.services.config, claim)
        own = Recording(claim.group, claim.gid, claim.rev, "in flight", pieces, claimed_at=now, rejoined=claim.rejoined)
        self.pending.pop(own.content_id, None)
        self.claims[own.content_id] = claim
        self.known[own.content_id] = own

    def read_anew(self, content_id: ContentId) -> None:
        """Its records have changed, or may have."""
        self.known.pop(content_id, None)

    def near(self, pieces: Sequence[Piece]) -> list[Recording]:
        """The recordings that took time within a gap of one of these pieces, of the pieces' own days; and of the day
        before, where a piece may go on with what began there.
        """
        margin = self.services.config.gap_seconds * 1000
        longest = max((piece.reaches - piece.start for piece in pieces), default=0)
        days = {piece.day for piece in pieces}
        days |= {piece.day - 1 for piece in pieces if piece.written % DAY <= margin + longest}
        spans = sorted((piece.written, piece.written_end) for piece in pieces)
        found: dict[ContentId, Recording] = {}
        for day in sorted(days):
            newest = self.newest(day)
            for interval in newest.intervals if newest else ():
                if _touches(interval, spans, margin, longest):
                    found[interval.content_id] = self._recording(day, interval)
        return list(found.values())

    def _recording(self, day: int, interval: Interval) -> Recording:
        content_id = interval.content_id
        known = self.known.get(content_id)
        if known is None or (known.state == "pending" and content_id not in self.claims):
            known = self._claimed(interval) or self._reserved(day, interval, known)
            self.known[content_id] = known
        return known

    def _claimed(self, interval: Interval) -> Recording | None:
        ledger, gid, rev = self.services.ledger, interval.gid, interval.rev
        attempt = ledger.newest_attempt(gid, rev)
        if attempt is None:
            return None
        claim, state, closed_at, reason = attempt.claim.record, "in flight", 0, ""
        if attempt.end is not None:
            done = ledger.done(gid, rev)
            if done is not None:
                state, closed_at, reason = done.record.outcome, done.written, done.record.reason
            elif attempt.end.record.next == "clean":
                state = "clean"
        self.claims[interval.content_id] = claim
        overdue = attempt.claim.age > claim.lease_seconds
        pieces = pieces_of(self.services.config, claim)
        state_ = _state(state)
        written = attempt.claim.written
        return Recording(claim.group, gid, rev, state_, pieces, closed_at, overdue, claim.rejoined, reason, written)

    def _reserved(self, day: int, interval: Interval, known: Recording | None) -> Recording:
        """A recording without a claim holds what its slots name."""
        slot = self.services.slots.read(self.sid, written_day(day), interval.k)
        found = (piece_of(self.services.config, one) for one in slot.pieces) if slot else ()
        pieces = (*(known.pieces if known else ()), *(piece for piece in found if piece is not None))
        if slot is not None and slot.kind == "main":
            self.pending[interval.content_id] = slot
        group = slot.group if slot else ""
        return Recording(group, interval.gid, interval.rev, "pending", pieces)


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


def written_day(day: int) -> str:
    """A day in keys: `2024-01-01`."""
    began = time.gmtime(day * 86_400)
    return f"{began.tm_year:04}{time.strftime('-%m-%d', began)}"


def day_of(written: str) -> int:
    """The other way round."""
    return calendar.timegm(time.strptime(written, "%Y-%m-%d")) // 86_400


def pieces_of(config: Config, claim: Claim) -> tuple[Piece, ...]:
    """The fragments of a claim as pieces."""
    found = (piece_of(config, fragment.object) for fragment in claim.set.fragments)
    return tuple(piece for piece in found if piece is not None)


def late_pieces(services: Services, claim: Claim) -> tuple[str, ...]:
    """Keys that came while a recording was joined, and would be part of it; none after it was begun anew twice.

    One LIST, and a look at the slots only if something lies near.
    """
    own = pieces_of(services.config, claim)
    name = services.config.convention.read(own[0].object.key) if own else None
    if claim.rejoined >= gap.MOST_REJOINED or not isinstance(name, FragmentName):
        return ()
    rule, keys = rule_of(services.config), {piece.object.key for piece in own}
    there = list_source(services, name.group, own[0].day).pieces
    others = [piece for piece in there if piece.object.key not in keys]
    run: list[Piece] = next((run for run in gap.runs([*own, *others], rule) if own[0] in run), [])
    others = [piece for piece in run if piece.object.key not in keys]
    if not others:
        return ()
    reserved = Reserved(services, name.group)
    recordings = [one for one in reserved.near(run) if one.content_id != (claim.gid, claim.rev)]
    owned = gap.owners(recordings)
    free = [p for p in others if (owner := owned.get(p.content)) is None or owner.state == "superseded"]
    mine = gap.Recording(claim.group, claim.gid, claim.rev, "in flight", own)
    return tuple(sorted(gap.newcomers(mine, free, recordings, rule)))
