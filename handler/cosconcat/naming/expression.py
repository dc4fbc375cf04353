"""A convention as a regular expression: what it makes of a key, and where a group's keys lie."""

from __future__ import annotations

from dataclasses import dataclass, field

from cosconcat.naming.keys import KeyRange, Reading, common_beginning
from cosconcat.naming.matcher import Bounded, Spans
from cosconcat.naming.times import InconsistentError, any_spelling, ends_within_a_day, read_time, write_time_like

NOWHERE = (0, 0)


@dataclass(frozen=True)
class Expression:
    """An expression that was checked.

    `groups` are its parts of the group's id. `numbered` says that every name holds an index. `lead` and `tail` are the
    literal texts right before and after the group, as far as the expression fixes them: they keep listings narrow; a
    `lead` of None says that what precedes a group varies. `separators` are the characters that may follow a group where
    there is no `tail`; `time_follows` says that nothing but the time may.
    """

    pattern: Bounded
    groups: tuple[str, ...]
    timed: bool
    totals: bool
    numbered: bool
    lead: str | None = ""
    tail: str = ""
    separators: str = ""
    time_follows: bool = False
    ending: str = field(default="", init=False)

    @property
    def foldered(self) -> bool:
        """Whether a group is a folder."""
        return self.tail.startswith("/")

    def read(self, rest: str, offset: int) -> Reading | None:
        """What a key after the prefix says; None when it does not match. Times without a zone are taken as `offset`
        seconds east of UTC.

        Raises:
            InconsistentError: what stands for a number or a time is none, or a later part of the group holds a folder.
        """
        found = self.pattern.match(rest)
        if found is None:
            return None
        source = self._source(rest, found)
        if not source:
            return None
        total = _whole(rest, found["total"]) if "total" in found else None
        if self.timed:
            return self._timed(rest, found, source, total, offset)
        place = found.get("index", NOWHERE)
        index = _whole(rest, place) if place[0] < place[1] else None
        return Reading(source, index, place, total)

    def _source(self, rest: str, found: Spans) -> str:
        """The group's id, its parts joined; empty where one of them is."""
        start, end = found.get("group", NOWHERE)
        if len(self.groups) == 1:
            return rest[start:end]
        parts = [rest[slice(*found.get(one, NOWHERE))] for one in self.groups]
        for one, part in zip(self.groups[1:], parts[1:], strict=True):
            if "/" in part:
                raise InconsistentError(f"{one} is {part!r}: only the first group may hold folders")
        return "/".join(parts) if all(parts) else ""

    def _timed(self, rest: str, found: Spans, source: str, total: int | None, offset: int) -> Reading | None:
        place = found.get("time", NOWHERE)
        text, ended = rest[slice(*place)], rest[slice(*found.get("end", NOWHERE))]
        if not text:
            return None
        try:
            time = read_time(text, offset)
            end = ends_within_a_day(time, read_time(ended, offset)) if ended else None
        except ValueError as error:
            raise InconsistentError(f"{text} {ended}".rstrip() + f": {error}") from None
        return Reading(source, None, place, total, time, end)

    def spans(
        self, source: str, bounds: tuple[int, int] | None, offset: int, own: tuple[str, tuple[int, int]] | None = None
    ) -> tuple[KeyRange, ...]:
        """The stretches of keys (after the prefix) in which a group's names lie; the arguments are a template's."""
        first = source.rsplit("/", len(self.groups) - 1)[0]
        if own and own[1][1]:
            return (self._like(first, bounds, offset, *own),)
        if self.lead is None:
            return (KeyRange(""),)
        stem = self.lead + first + self.tail
        if bounds and self.time_follows:
            return tuple(any_spelling(stem, *bounds))
        return tuple(KeyRange(stem + separator) for separator in self.separators if not self.tail) or (KeyRange(stem),)

    def _like(
        self, first: str, bounds: tuple[int, int] | None, offset: int, own: str, place: tuple[int, int]
    ) -> KeyRange:
        """Where names lie that are written like `own`, whose index or time stands at `place`."""
        before, digits = own[: place[0]], own[slice(*place)]
        if bounds:
            low, high = (before + write_time_like(digits, at, offset) for at in bounds)
            return KeyRange(common_beginning(low, high), low, high)
        at = before.rfind(first) if self.lead is None else len(self.lead)
        if at < 0:
            return KeyRange("")
        stem = own[: at + len(first)]
        return KeyRange(stem + (self.tail or own[len(stem) : max(len(stem), min(len(stem) + 1, place[0]))]))


def _whole(rest: str, place: tuple[int, int]) -> int:
    text = rest[place[0] : place[1]]
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InconsistentError(f"{text!r} is no number of at most 15 ASCII digits")
    return int(text)
