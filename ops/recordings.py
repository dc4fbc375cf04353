"""Recordings cut at gaps, as verbs judge what lies in a bucket or what a person names: nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cosconcat.config import Config
from cosconcat.groups import gap
from cosconcat.groups.gap import Part, TimedFragment
from cosconcat.groups.recordings import Judgement, note_of, owners
from cosconcat.groups.reserved import Look, look_at_source
from cosconcat.groups.source import fragments_of, in_places, recording_id, rule_of, timed_fragment
from cosconcat.groups.verdicts import Invalid, Verdict, Waiting, Whole
from cosconcat.model import FragmentSet, ObjectInfo
from cosconcat.naming.keys import FragmentName
from cosconcat.services import Services


class Judged(NamedTuple):
    """What would become of a recording; `claimed`: its records say that it was begun before."""

    group: str
    verdict: Verdict
    claimed: bool = False


def parts_of(config: Config, keys: Iterable[str]) -> list[Part]:
    """What the pieces of one source are cut into, those being all there are."""
    read = (timed_fragment(config, ObjectInfo(key, "", 1, 0)) for key in keys)
    rule = rule_of(config)
    return [part for run in gap.runs(filter(None, read), rule) for part in gap.parts(run, rule)]


def judged(services: Services, objects: Iterable[ObjectInfo]) -> Iterator[Judged]:
    """Every recording of these objects, source by source and day by day, as the sweep would judge it."""
    config = services.config
    days: dict[tuple[str, int], None] = {}
    for found in objects:
        name, piece = config.convention.read(found.key), timed_fragment(config, found)
        if piece is not None and isinstance(name, FragmentName):
            days[name.group, piece.day] = None
    for source, day in days:
        look = look_at_source(services, source, day)
        yield from _begun(look, day)
        yield from (_new(config, source, look, one) for one in look.judged if _is_of(one, day))


def _is_of(one: Judgement, day: int) -> bool:
    return one.action != "settled" and one.part.pieces[0].day == day


def _begun(look: Look, day: int) -> Iterator[Judged]:
    """Recordings that have records, and of which the first piece that is still there starts on this day."""
    owned = owners(look.recordings)
    for recording in look.recordings:
        there = [piece for piece in look.pieces if owned.get(piece.identity) == recording]
        if not there or there[0].day != day or recording.state == "superseded":
            continue
        if recording.state == "unreadable":
            yield Judged(recording.group, Invalid(recording.group, recording.reason))
        else:
            pieces = in_places(*(piece.object for piece in recording.pieces))
            yield Judged(recording.group, Whole(FragmentSet(recording.group, pieces)), claimed=True)


def _new(config: Config, source: str, look: Look, one: Judgement) -> Judged:
    """A part that is nobody's so far."""
    pieces: Sequence[TimedFragment] = one.part.pieces
    group = recording_id(source, pieces[0])
    if one.action == "invalid":
        return Judged(group, Invalid(group, one.reason))
    if one.action in ("wait", "defer"):
        since = max(piece.object.last_modified for piece in pieces)
        return Judged(group, Waiting(group, one.reason, since=since, until=one.until, awaits="quiet"))
    return Judged(
        group, Whole(fragments_of(source, one.part), "; ".join(note_of(one.part, look.recordings, rule_of(config))))
    )
