"""A source's day, where recordings are cut at gaps: what is asked of it, what is helped along, and what is told. Pure.

`closing.py` makes the calls; what is done with which pieces `groups/recordings.py` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cosconcat.groups import gap
from cosconcat.groups.gap import Part, Rule, TimedFragment
from cosconcat.groups.recordings import Judgement, Recording, came_back, standing
from cosconcat.groups.source import recording_id
from cosconcat.model import Action, ContentId, Result

_ACTIONS: dict[str, Action] = {"wait": "waiting", "defer": "deferred", "invalid": "invalid", "leave": "ignored"}


class Asked(NamedTuple):
    """The recordings of a source that begin on a day (UTC, as written), or those of the piece `own` and of `forced`:
    keys of which a person said retry. Who meant the recording `again`, which is joined anew where its output is gone.
    """

    source: str
    day: int
    own: str = ""
    forced: frozenset[str] = frozenset()
    again: str = ""

    def names(self, piece: TimedFragment) -> bool:
        """Whether it is one of the pieces that are asked for by their keys."""
        return piece.object.key == self.own or piece.object.key in self.forced

    def near(self, pieces: Iterable[TimedFragment], rule: Rule) -> list[TimedFragment]:
        """The pieces that may be in what is asked for: whole runs of them."""
        return [piece for run in gap.runs(pieces, rule) if self._touches(run) for piece in run]

    def _touches(self, run: Sequence[TimedFragment]) -> bool:
        return any(self.names(piece) if self.own else piece.day == self.day for piece in run)

    def wants(self, part: Part) -> bool:
        """Whether a part is what is asked for."""
        if self.own:
            return any(map(self.names, part.pieces))
        return part.pieces[0].day == self.day


def may_have_records(near: Sequence[TimedFragment], rule: Rule, now: int) -> bool:
    """Whether some part of it may be over, whoever owns its pieces, or may have been before a later piece came: if not,
    no record needs to be read, as there is none.
    """
    for run in gap.runs(near, rule):
        for part in gap.parts(run, rule):
            came = sorted(
                (p.object.last_modified, lag) for p, lag in zip(part.pieces, gap.lags(part.pieces, rule), strict=True)
            )
            until = (at + rule.gap + lag for at, lag in came)
            pauses = zip(until, (at for at, _ in came[1:]), strict=False)
            if now >= gap.whole_at(part.pieces, rule) or any(before <= after for before, after in pauses):
                return True
    return False


def overdue(recordings: Iterable[Recording], near: Iterable[TimedFragment]) -> list[ContentId]:
    """Recordings whose pieces, or others under their names, lie there although their claim's lease is over: nobody else
    may come back to them. Likewise those that hold nothing.
    """
    there = {piece.object.key for piece in near}
    return [
        one.content_id
        for one in recordings
        if one.state in ("in flight", "clean")
        and one.overdue
        and (one.unneeded or any(p.object.key in there for p in one.pieces))
    ]


def came_again(recordings: Iterable[Recording], near: Iterable[TimedFragment], cleanup: str) -> list[ContentId]:
    """Recordings that were joined and some of whose pieces lie there again; with `keep` they never left, with `expire`
    only the bucket's rule takes them away, unless they were left as they were: by `keep` or a dry run before.
    """
    there = {piece.identity: piece for piece in near}
    found = []
    for one in recordings:
        visible = [(piece, there[piece.identity]) for piece in one.pieces if piece.identity in there]
        if cleanup == "expire":
            visible = [
                (was, now)
                for was, now in visible
                if was.object.last_modified != now.object.last_modified or was.object.key in one.left
            ]
        if one.state == "joined" and visible and cleanup != "keep":
            found.append(one.content_id)
    return found


def unclosed(source: str, judged: Iterable[Judgement]) -> Iterator[Result]:
    """What is said of parts that are not closed."""
    for one in judged:
        if one.action in _ACTIONS:
            yield Result(recording_id(source, one.part.pieces[0]), _ACTIONS[one.action], one.reason)


def unreadable(recordings: Iterable[Recording]) -> Iterator[Result]:
    """What is said of recordings of which a record cannot be read: what lies near them may wait for a person."""
    for one in recordings:
        if one.state == "unreadable":
            yield Result(one.group, "invalid", one.reason)


def overwritten(asked: Asked, recordings: Iterable[Recording], near: Iterable[TimedFragment]) -> Iterator[Result]:
    """What is said of pieces of which a later upload was joined: they stay."""
    reason = "is older than what was joined: a version that was overwritten came back, or LIST shows the past"
    for piece, one in came_back(near, recordings).items():
        if asked.names(piece) if asked.own else piece.day == asked.day:
            yield Result(one.group, "kept", f"{piece.object.key} {reason}")


def ended(
    asked: Asked, judged: Sequence[Judgement], recordings: Sequence[Recording], near: Iterable[TimedFragment]
) -> Iterator[Result]:
    """What is said of recordings whose pieces still lie there because they were kept or given up, or are in flight;
    nothing where `unclosed` said something of the pieces.
    """
    told = {piece.identity for one in judged if one.action in _ACTIONS for piece in one.part.pieces}
    there = {piece.identity for piece in near} - told
    owned = standing(judged, recordings)
    for recording in recordings:
        shown = [p for p in recording.pieces if p.identity in there and owned.get(p.identity) == recording]
        if shown and _is_asked_for(asked, shown):
            yield from _as_it_ended(recording, asked)


def _is_asked_for(asked: Asked, shown: Sequence[TimedFragment]) -> bool:
    """By what is left of a recording: the pieces of the day on which it began may have been taken away."""
    if asked.own:
        return any(map(asked.names, shown))
    return shown[0].day == asked.day


def _as_it_ended(recording: Recording, asked: Asked) -> Iterator[Result]:
    """What was not joined is told to everybody, what was or will be only to who asks for a piece of it."""
    if recording.state == "kept":
        yield Result(recording.group, "kept", f"since earlier: {recording.reason}")
    elif recording.state == "gave-up":
        yield Result(recording.group, "gave-up", f"since earlier: {recording.reason}")
    elif asked.own and recording.state not in ("superseded", "unreadable"):
        action: Action = "already-finished" if recording.state == "joined" else "already-submitted"
        yield Result(recording.group, action, f"rev {recording.rev} is {recording.state}")
