"""Recordings cut at gaps: whole ones are closed, which begins their jobs; what is late, in doubt or over is told.

    LIST ─► parts, judged (groups/recordings.py) ─► a whole part is reserved, claimed and submitted (reserving.py)
                                                 └► what is said of all others (day.py)

A walk goes over one source and day by one listing. It reads each record once and, as others write them too, judges anew
whenever somebody was faster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from cosconcat.errors import Blocked, NeverAgain, NotYet, TimedOut, TryAgain
from cosconcat.groups import gap
from cosconcat.groups.gap import Part, TimedFragment
from cosconcat.groups.recordings import Judgement, Recording, judge
from cosconcat.groups.reserved import Reserved, fitted
from cosconcat.groups.source import SourceListing, fragments_of, list_source, recording_id, rule_of, timed_fragment
from cosconcat.model import ContentId, Result, gid_of
from cosconcat.naming.keys import FragmentName
from cosconcat.protocol.day import (
    Asked,
    came_again,
    ended,
    may_have_records,
    overdue,
    overwritten,
    unclosed,
    unreadable,
)
from cosconcat.protocol.reserving import ROUNDS, claim_reserved, main_slot, reserve
from cosconcat.protocol.run import not_admitted, run_content
from cosconcat.records.records import Content
from cosconcat.records.slots import Slot
from cosconcat.services import Services


def reconcile_fragment(services: Services, key: str, *, forced: bool = False) -> Result:
    """The recording of one piece, one step further: what an event, or a person who says retry, brings about.

    Raises:
        TryAgain: nothing is lost; the same call later goes on from the records.
    """
    name, plain = services.config.convention.read(key), services.config.convention_as_written.read(key)
    if not isinstance(name, FragmentName) or not isinstance(plain, FragmentName):
        return Result("", "ignored", "no piece of a source", key)
    asked = Asked(name.group, plain.number // gap.DAY, key, frozenset([key] if forced else []))
    results = list(_closed(services, asked))
    if not results:
        return Result(name.group, "ignored", "the object is gone", key)
    begun = (one for one in results if one.action == "submitted" and one.group == results[-1].group)
    told = next(begun, results[-1])
    return told if told.key else replace(told, key=key)


def retry_recording(services: Services, group: str) -> Result:
    """A person says retry: what was kept is cleaned up if its output still holds, otherwise what is left of it is
    joined anew. Where pieces between were taken away, or cuts lie elsewhere by now, that is several recordings: all are
    begun, and the first of them is told.

    Raises:
        TryAgain: as `reconcile_fragment` does.
    """
    content = services.ledger.newest_content(gid_of(group))
    if content is None:
        reason = "no recording of this name was closed so far; its id is its source and its start in UTC"
        return Result(group, "ignored", reason)
    claim = content.claim.record
    *_, standing = services.ledger.back_to_standing(claim.gid, content)
    if standing.done is not None and standing.done.record.outcome == "kept":
        from cosconcat.cleanup.finish import resume

        resumed = resume(services, standing.claim.record)
        if resumed is not None:
            return resumed
    results = [result for run in _left_of(services, content) for result in _retried(services, run, group)]
    begun = (one for one in results if one.action in ("submitted", "finished"))
    left = (one for one in results if one.action != "superseded")  # what somebody had begun beside it
    gone = Result(group, "ignored", "none of its pieces is there any more")
    return next(begun, next(left, results[0] if results else gone))


def _retried(services: Services, run: Sequence[TimedFragment], group: str) -> Iterator[Result]:
    """A run of what is left of a recording, whichever parts it is cut into by now."""
    name = services.config.convention.read(run[0].object.key)
    if isinstance(name, FragmentName):
        keys = frozenset(piece.object.key for piece in run)
        yield from _closed(services, Asked(name.group, run[0].day, run[0].object.key, keys, group))


def _left_of(services: Services, newest: Content) -> list[list[TimedFragment]]:
    """Of all contents that a recording had, the pieces that are still there, whatever lies under their names by now; in
    runs.
    """
    claims = (services.ledger.claim(newest.claim.record.gid, rev, 1) for rev in range(1, newest.rev + 1))
    keys = {one.object.key for claim in claims if claim is not None for one in claim.record.set.fragments}
    heads = services.cos.heads(services.config.bucket, sorted(keys))
    pieces = (timed_fragment(services.config, head.object) for head in heads.values() if head is not None)
    return gap.runs([piece for piece in pieces if piece is not None], rule_of(services.config))


def close_again(services: Services, gid: str, rev: int) -> Result | None:
    """A recording was superseded: its pieces are free again, so that they are judged with what came late; None when
    nothing follows at once.

    Raises:
        TryAgain: as `reconcile_fragment` does.
    """
    claim = services.ledger.claim(gid, rev, 1)
    if claim is None:
        return None
    result = reconcile_fragment(services, claim.record.set.fragments[0].object.key)
    return None if result.action in ("waiting", "ignored") else result


def close_recordings(services: Services, source: str, day: int) -> Iterator[Result]:
    """Every recording of a source that begins on a day (UTC, as written): closed if it is whole; otherwise what it
    waits for. A generator: whoever has no more time or jobs stops asking.

    Raises:
        TryAgain: nothing is lost; the same call later goes on from the records.
    """
    return _closed(services, Asked(source, day))


def _closed(services: Services, asked: Asked) -> Iterator[Result]:
    rule = rule_of(services.config)
    listing = list_source(services, asked.source, asked.day, asked.own)
    near = asked.near(listing.pieces, rule)
    if near and (asked.forced or may_have_records(near, rule, listing.now)):
        yield from _Walk(services, asked, listing._replace(pieces=tuple(near))).results()
    elif near:
        judged = judge(near, [], rule, listing.now)
        yield from unclosed(asked.source, [one for one in judged if asked.wants(one.part)])


@dataclass
class _Walk:
    """Over what one listing showed near what is asked for. `helped` are recordings that had their step, `failed` says
    whose step failed for now, and `put_off` are keys that whole parts begin with which may have no job now, or were
    superseded at once.
    """

    services: Services
    asked: Asked
    listing: SourceListing
    helped: set[ContentId] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    put_off: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rule = rule_of(self.services.config)
        self.reserved = Reserved(self.services, self.asked.source)

    def results(self) -> Iterator[Result]:
        """Complete, close, help, clean, until only what waits is left: who is whole waits for nobody's step."""
        overtaken = 0
        while overtaken < ROUNDS:
            recordings = self.reserved.near(self.listing.pieces)
            if self._unclaimed():
                yield from self._complete_unclaimed()
                continue
            judged = self._judged(recordings)
            whole = [one.part for one in judged if one.action == "close" and not self._is_put_off(one.part)]
            if not whole:
                steps = self._steps(judged, recordings)
                for one, step in steps.items():
                    yield from self._alone(one, self.reserved.claims[one].group, step)
                if steps:
                    continue
                yield from self._told(judged, recordings)
                return
            for part in whole:
                try:
                    closed = self._close(part, recordings)
                except TryAgain as failure:
                    self.put_off.add(part.pieces[0].object.key)
                    closed = self._failure(recording_id(self.asked.source, part.pieces[0]), failure)
                except NeverAgain as mistake:
                    self.put_off.add(part.pieces[0].object.key)
                    closed = Result(recording_id(self.asked.source, part.pieces[0]), "invalid", str(mistake))
                if closed is None:
                    overtaken += 1
                    break
                yield closed
                if self.asked.own and not self.asked.forced and closed.action in ("submitted", "finished"):
                    return
        raise NotYet(f"source {self.asked.source}: its recordings are being closed by others right now")

    def _unclaimed(self) -> list[Slot]:
        """Somebody's slots, whose claims are not there yet: whoever finds them goes on."""
        return [slot for one, slot in self.reserved.pending.items() if one not in self.helped]

    def _complete_unclaimed(self) -> Iterator[Result]:
        for slot in self._unclaimed():
            step = partial(claim_reserved, self.services, self.reserved, slot, self.listing.now, found=True)
            yield from self._alone(slot.content_id, slot.group, step)

    def _steps(
        self, judged: Sequence[Judgement], recordings: Sequence[Recording]
    ) -> dict[ContentId, Callable[[], Result | None]]:
        """What others left undone, each once: claims whose lease is over, also where one holds back a part; and what
        was joined and lies there again, which is removed if its output is still the one that was proven. Beside new
        content of its recording that waits for what becomes of the content.
        """
        pieces, config = self.listing.pieces, self.services.config
        beside = [one.beside.content_id for one in judged if one.beside and one.beside.overdue]
        steps: dict[ContentId, Callable[[], Result | None]] = {
            one: partial(self._run, one) for one in (*overdue(recordings, pieces), *beside)
        }
        again = came_again(recordings, pieces, "keep" if config.verify == "none" else config.cleanup)
        steps |= {one: partial(self._remove_again, one) for one in (*again, *self._asked_to_join_again(recordings))}
        return {one: step for one, step in steps.items() if one not in self.helped}

    def _asked_to_join_again(self, recordings: Iterable[Recording]) -> list[ContentId]:
        """What was joined of which a person said retry."""
        joined = [one for one in recordings if one.state == "joined" and one.group == self.asked.again]
        return [one.content_id for one in joined if any(map(self.asked.names, one.pieces))]

    def _remove_again(self, one: ContentId) -> Result | None:
        """Where the output is no longer what was proven, nothing is: who says retry has it joined anew."""
        from cosconcat.cleanup.finish import remove_reuploads

        claim, known = self.reserved.claims[one], self.reserved.known[one]
        result = remove_reuploads(self.services, claim)
        if result is None and one in self._asked_to_join_again([known]):
            self.reserved.known[one] = known._replace(state="kept")
        elif result is None:
            reason = (
                "joined before, but its output is no longer what was proven: nothing is removed; retry joins it anew"
            )
            result = Result(claim.group, "kept", reason)
        return result

    def _run(self, one: ContentId) -> Result:
        """What it has come to is read anew."""
        self.reserved.read_anew(one)
        return run_content(self.services, *one)

    def _alone(self, one: ContentId, group: str, step: Callable[[], Result | None]) -> Iterator[Result]:
        """A recording's step, and only once: what goes wrong with it keeps no other waiting. But what hung once hangs
        again.
        """
        self.helped.add(one)
        try:
            result = step()
        except TryAgain as failure:
            result = self._failure(group, failure)
        except NeverAgain as mistake:
            result = Result(group, "invalid", str(mistake))
        if result is not None:
            yield result

    def _failure(self, group: str, failure: TryAgain) -> Result:
        """What is told of a step that failed for now, unless all others would fail as well."""
        if isinstance(failure, TimedOut) or self.services.submissions.refusal is not None:
            raise failure
        self.failed.append(f"{group}: {failure}")
        return Result(group, "blocked" if isinstance(failure, Blocked) else "try-again", str(failure))

    def _judged(self, recordings: Sequence[Recording]) -> list[Judgement]:
        """The parts that are asked for, with what is to be done about each."""
        judged = judge(self.listing.pieces, recordings, self.rule, self.listing.now, forced=self.asked.forced)
        wanted = [one for one in judged if self.asked.wants(one.part)]
        return [fitted(self.services, self.asked.source, one, self.listing.archived) for one in wanted]

    def _is_put_off(self, part: Part) -> bool:
        return part.pieces[0].object.key in self.put_off

    def _close(self, part: Part, recordings: Sequence[Recording]) -> Result | None:
        """Reserve a whole part, then claim and submit; None when somebody else was faster. Whether a job may be claimed
        is asked before anything is reserved.
        """
        source, first = self.asked.source, part.pieces[0]
        refused = not_admitted(self.services, fragments_of(source, part))
        if refused is not None:
            self.put_off.add(first.object.key)
            return refused
        self.services.submissions.may_claim()
        taken = 0
        for _ in range(ROUNDS):
            newest = self.reserved.newest(first.day)
            slot = main_slot(source, part, self.listing.pieces, recordings, newest, self.rule, taken)
            slot = replace(slot, asked=any(piece.object.key in self.asked.forced for piece in part.pieces))
            if not reserve(self.services, self.reserved, first.day, slot):
                return None
            self.helped.add(slot.content_id)
            closed = claim_reserved(self.services, self.reserved, slot, self.listing.now, found=False)
            if closed is not None:
                if closed.action == "superseded":  # LIST showed what is no longer there: another look has to see that
                    self.put_off.add(first.object.key)
                return closed
            self.helped.discard(slot.content_id)
            content = self.services.ledger.newest_content(slot.gid)
            taken = max(slot.rev, content.rev if content else 0)
        raise NotYet(f"group {recording_id(source, first)}: its name is being claimed by others right now")

    def _told(self, judged: Sequence[Judgement], recordings: Sequence[Recording]) -> Iterator[Result]:
        """What waits, in whose way it is, and what ended without a join; at the very end whose step failed for now."""
        yield from unreadable(recordings)
        yield from unclosed(self.asked.source, judged)
        yield from overwritten(self.asked, recordings, self.listing.pieces)
        yield from ended(self.asked, judged, recordings, self.listing.pieces)
        if self.failed:
            raise TryAgain("; ".join(self.failed))
