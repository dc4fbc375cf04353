"""One source's pieces around a day, as LIST and HEAD show them, and what they are called as a recording."""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterable
from math import inf
from typing import NamedTuple

from cosconcat.config import Config
from cosconcat.groups import gap
from cosconcat.groups.gap import TimedFragment
from cosconcat.model import Fragment, FragmentSet, ObjectInfo
from cosconcat.naming.keys import FragmentName, common_beginning
from cosconcat.naming.times import ZONES_SECONDS
from cosconcat.records.records import Claim
from cosconcat.records.slots import Slot
from cosconcat.services import Services


def rule_of(config: Config) -> gap.Rule:
    """What of the configuration decides."""
    return gap.Rule(config.gap_seconds, config.max_length_seconds, config.max_fragments, config.stale_seconds)


def timed_fragment(config: Config, found: ObjectInfo) -> TimedFragment | None:
    """The object as a piece; None when its name is none of a timed convention."""
    name = config.convention.read(found.key)
    plain = config.convention_as_written.read(found.key)
    if not isinstance(name, FragmentName) or not isinstance(plain, FragmentName):
        return None
    return TimedFragment(found, name.number, name.end, plain.number)


def timed_fragments(config: Config, claim: Claim) -> tuple[TimedFragment, ...]:
    """The fragments of a claim as pieces."""
    found = (timed_fragment(config, fragment.object) for fragment in claim.set.fragments)
    return tuple(piece for piece in found if piece is not None)


def cut_bounds(config: Config, record: Claim | Slot) -> tuple[float, float]:
    """Starts (epoch milliseconds) of the pieces before and after it that a recording was cut off from; infinite where
    nothing was.
    """
    before, after = (
        timed_fragment(config, ObjectInfo(key, "", 0, 0)) if key else None
        for key in (record.follows, record.followed_by)
    )
    return before.start if before else -inf, after.start if after else inf


# -- names -------------------------------------------------------------------------------------------------------------


def recording_id(source: str, first: TimedFragment) -> str:
    """The group id of a recording that begins with this piece: its source and its start in UTC, to the second."""
    began = time.gmtime(first.start // 1000)
    start = f"{began.tm_year:04}{time.strftime('%m%dT%H%M%SZ', began)}"
    return f"{source}_{start}" if source else start


def fragments_of(source: str, part: gap.Part) -> FragmentSet:
    """A part as the set that is joined."""
    return FragmentSet(recording_id(source, part.pieces[0]), in_places(*(piece.object for piece in part.pieces)))


def in_places(*pieces: ObjectInfo) -> tuple[Fragment, ...]:
    """Pieces in the order in which they are joined."""
    return tuple(Fragment(at, piece) for at, piece in enumerate(pieces))


def written_day(day: int) -> str:
    """A day in keys: `2024-01-01`."""
    began = time.gmtime(day * 86_400)
    return f"{began.tm_year:04}{time.strftime('-%m-%d', began)}"


def day_of(written: str) -> int:
    """The other way round."""
    return calendar.timegm(time.strptime(written, "%Y-%m-%d")) // 86_400


# -- looks -------------------------------------------------------------------------------------------------------------


class SourceListing(NamedTuple):
    """The pieces of a source that start on a day, the one before or the one after, and the service's clock; `archived`
    are keys that have to be restored before CI can read them.
    """

    pieces: tuple[TimedFragment, ...]
    now: int
    archived: frozenset[str] = frozenset()


def list_source(services: Services, source: str, day: int, own: str = "") -> SourceListing:
    """LIST, joined with the key of the event that brought us here (by HEAD, if LIST does not show it)."""
    config, now = services.config, 0
    found: dict[str, TimedFragment] = {}
    archived: frozenset[str] = frozenset()

    def add(objects: Iterable[ObjectInfo]) -> None:
        for one in objects:
            name = config.convention.read(one.key)
            if isinstance(name, FragmentName) and name.group == source:
                piece = timed_fragment(config, one)
                if piece is not None and abs(piece.day - day) <= 1:
                    found[one.key] = piece

    bounds = ((day - 1) * 86_400 - ZONES_SECONDS, (day + 2) * 86_400 + ZONES_SECONDS)
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
            archived |= {own} if head.is_archived else set()
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
                piece = timed_fragment(config, one)
                if piece is not None and isinstance(name, FragmentName) and name.group == source:
                    days.add(piece.day)
            after = page.next_marker
            if page.objects and span.passed(page.objects[-1].key):
                break
    return sorted(days)
