"""What somebody asks for under CONCAT_COMPLETION=gap: a recording by its id or a piece's key, or all of a source.

A recording has a name before it has records: its source and the start of its first piece. What is not closed yet is
judged as the sweep judges it, and nothing is changed by asking.
"""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterator
from typing import NamedTuple

from cosconcat.functions.sweep.source_day import read_unit
from cosconcat.groups import gap
from cosconcat.groups.gap import DAY
from cosconcat.groups.recordings import Judgement, note_of, standing
from cosconcat.groups.reserved import Look, look_at_source
from cosconcat.groups.source import days_of, recording_id, rule_of, written_day
from cosconcat.model import gid_of
from cosconcat.naming.keys import FragmentName
from cosconcat.records.slots import sid_of
from cosconcat.services import Services

MOST_DAYS = 31  # of a source, the newest


class Found(NamedTuple):
    """What somebody asked for: a recording by its group id or, where it is not closed, the part it will be made of.

    `key` is a piece of it, and `ends` says why no later piece belongs to the part. `joined`: it was, and what is there
    of it are the very uploads, which were not to be removed.
    """

    group: str
    key: str = ""
    part: Judgement | None = None
    note: str = ""
    ends: str = ""
    joined: bool = False


def find(services: Services, asked: str) -> Found | None:
    """What a recording's id or a piece's key means; None when it is neither, or nothing of it is there.

    Raises:
        ServiceUnavailable: a look failed for now.
    """
    name, plain = services.config.convention.read(asked), services.config.convention_as_written.read(asked)
    if isinstance(name, FragmentName) and isinstance(plain, FragmentName):
        look = look_at_source(services, name.group, plain.number // DAY, asked)
        return _holding(services, name.group, look, asked)
    if services.ledger.newest_content(gid_of(asked)) is not None:
        return Found(asked)
    source, start = _parsed(asked)
    if start is None:
        return None
    look = look_at_source(services, source, start // 86_400)
    part = next((one.part for one in look.judged if recording_id(source, one.part.pieces[0]) == asked), None)
    if part is not None:  # looked for by the day of UTC, judged by the day that its first piece's name tells
        return find(services, part.pieces[0].object.key)
    reserved = next((one for one in look.recordings if one.group == asked and one.pieces), None)
    return Found(asked, reserved.pieces[0].object.key) if reserved else None


def _parsed(asked: str) -> tuple[str, int | None]:
    """Source and start (epoch seconds) that a recording's id names; None for the start when it is no such id."""
    source, _, start = asked.rpartition("_")
    if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", start):
        return asked, None
    try:
        return source, calendar.timegm(time.strptime(start, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        return asked, None


def _holding(services: Services, source: str, look: Look, key: str) -> Found | None:
    """The recording that a piece belongs to, by what is there and by the records; the piece itself may be gone."""
    for one in look.judged:
        if one.action != "settled" and any(piece.object.key == key for piece in one.part.pieces):
            rule = rule_of(services.config)
            note = "; ".join(note_of(one.part, look.recordings, rule))
            ends = gap.why_it_ends(one.part, look.pieces, rule)
            return Found(recording_id(source, one.part.pieces[0]), key, one, note, ends)
    owned = standing(look.judged, look.recordings)
    there = next((piece for piece in look.pieces if piece.object.key == key), None)
    owner = owned.get(there.identity) if there is not None else None
    if owner is None:  # it was removed, or what lies there is older than what was joined
        owner = next((one for one in reversed(look.recordings) if any(p.object.key == key for p in one.pieces)), None)
    return Found(owner.group, key) if owner else None


def of_source(services: Services, asked: str) -> Iterator[Found]:
    """What of a source is there, oldest first: parts that are not closed, and recordings whose pieces were not removed.

    Only the newest MOST_DAYS days on which pieces start; or the one day of `<source> <day>`, as the report names what
    the sweep judges together.
    """
    source, days = asked, days_of(services, asked)[-MOST_DAYS:]
    unit = None if days else read_unit(asked)
    if unit is not None:
        source, days = unit[0], [unit[1]]
    for day in days:
        look = look_at_source(services, source, day)
        parts = [one.part for one in look.judged if one.action != "settled" and one.part.pieces[0].day == day]
        found = [_holding(services, source, look, part.pieces[0].object.key) for part in parts]
        found += _still_there(look, day)
        yield from sorted((one for one in found if one is not None), key=lambda one: one.group)


def last_recording(services: Services, source: str) -> str:
    """The id of the recording that was reserved last among those that begin, or go on, on the last day of a source on
    which there is any; empty where there never was one. The last MOST_DAYS days are looked at first.
    """
    sid, today = sid_of(source), int(services.clock.now()) // 86_400
    slot = services.slots.last(sid, written_day(today - MOST_DAYS)) or services.slots.last(sid)
    return slot.group if slot else ""


def _still_there(look: Look, day: int) -> Iterator[Found]:
    """Recordings of which the first piece that was not removed starts on a day, each with that piece."""
    owned = standing(look.judged, look.recordings)
    for recording in look.recordings:
        there = [piece for piece in look.pieces if owned.get(piece.identity) == recording]
        if there and there[0].day == day and recording.state != "superseded":
            joined = recording.state == "joined" and set(there) <= set(recording.pieces)
            yield Found(recording.group, there[0].object.key, joined=joined)
