"""Templates: `{group}_{index:3}.{ext}`, a name as a person writes it down.

text ─► tokens (literals, fields, optional parts) ─► one bounded expression, which reads keys
                                                └─► what a group's keys begin with, which keeps listings narrow

A template without `/` names files in any folder, and the folder stays in front of the group's id. One with `/` (or with
`{**}`) covers the whole key after the input prefix. Literals are exact up to the last `/`; after it ASCII letters match
in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from cosconcat.naming.formats import Part, constant, read_format
from cosconcat.naming.keys import GROUPS, KeyRange, Reading, common_beginning
from cosconcat.naming.matcher import ONE_REPEAT, Bounded, Spans
from cosconcat.naming.times import (
    DAY_SECONDS,
    TEXT,
    ZONES_SECONDS,
    InconsistentError,
    Values,
    add_up,
    any_spelling,
    by_days,
    moment,
    moment_after,
    read_values,
    write_time_like,
)

_FREE = frozenset({*GROUPS, "*", "**"})
_TIMES = ("time", "end")
_MOST_SPELLINGS = 8  # so many ways of writing one moment are listed one by one


class Field(NamedTuple):
    """`{name}`, `{name:width}` or, with parts, `{time:…}`; `at` is where it stands in the template."""

    at: int
    name: str
    width: int = 0
    parts: tuple[Part, ...] = ()

    @property
    def free(self) -> bool:
        """Whether it takes as little as it can, and more if need be."""
        return self.name in _FREE and not self.width


class Literal(NamedTuple):
    """Text that stands in the key; unless `exact`, its ASCII letters do in any case."""

    at: int
    text: str
    exact: bool


class Option(NamedTuple):
    """`(…)?`, a part that may be missing."""

    at: int
    tokens: tuple[Field | Literal, ...]


Token = Field | Literal | Option


@dataclass(frozen=True)
class Template:
    """A template that was checked. `whole_key` says that it covers the whole key after the prefix, `deep` that its
    first group may hold folders (only a marker's does).
    """

    text: str
    tokens: tuple[Token, ...] = field(repr=False, compare=False)
    whole_key: bool = field(compare=False)
    deep: bool = False

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """All fields, from the left."""
        return tuple(fields_of(self.tokens))

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Which of `{group}`, `{group2}`, `{group3}` it has."""
        return tuple(name for name in GROUPS if any(one.name == name for one in self.fields))

    @cached_property
    def timed(self) -> bool:
        """Whether time orders."""
        return any(one.name == "time" for one in self.fields)

    @cached_property
    def totals(self) -> bool:
        """Whether names hold the number of fragments."""
        return any(one.name == "total" for one in self.fields)

    @cached_property
    def numbered(self) -> bool:
        """Whether every name holds an index."""
        return any(isinstance(token, Field) and token.name == "index" for token in self.tokens)

    @cached_property
    def ending(self) -> str:
        """The extension that it writes out, lower case; empty with `{ext}`."""
        last = self.tokens[-1]
        return last.text.rpartition(".")[2].lower() if isinstance(last, Literal) else ""

    @cached_property
    def foldered(self) -> bool:
        """Whether a group is a folder: it is one, or `/` follows its last part."""
        places = [n for n, token in enumerate(self.tokens) if isinstance(token, Field) and token.name in GROUPS]
        if not places:
            return not self.whole_key
        after = self.tokens[places[-1] + 1 : places[-1] + 2]
        return any(isinstance(token, Literal) and token.text.startswith("/") for token in after)

    @cached_property
    def lead(self) -> str:
        """The folder that everything lies in, as far as it is written out."""
        first = self.tokens[0]
        return first.text[: first.text.rfind("/") + 1] if isinstance(first, Literal) and self.whole_key else ""

    @cached_property
    def pattern(self) -> Bounded:
        """The expression that a key (of a template without `/`: its last segment) matches in full."""
        return bounded(self.tokens, deep=self.deep)

    def read(self, rest: str, offset: int) -> Reading | None:
        """What a key after the prefix says; None when it is not written like this. Times without a zone are taken as
        `offset` seconds east of UTC.

        Raises:
            InconsistentError: when two of its times disagree, or it cannot end when it does.
            ValueError: when what stands for a time is none.
        """
        folder, slash, name = ("", "", rest) if self.whole_key else rest.rpartition("/")
        found = self.pattern.match(name)
        if found is None:
            return None
        shift = len(folder) + len(slash)
        parts = [folder] * bool(folder) + [name[slice(*found[group])] for group in self.groups]
        time, end = self._moments(name, found, offset) if self.timed else (None, None)
        place = min((found[field] for field in self._placing if field in found), default=(0, 0))
        return Reading(
            "/".join(parts),
            int(name[slice(*found["index"])]) if "index" in found else None,
            (shift + place[0], shift + place[1]),
            int(name[slice(*found["total"])]) if "total" in found else None,
            time,
            end,
        )

    @cached_property
    def _placing(self) -> tuple[str, ...]:
        """The expression's names of the index and of the times."""
        times = sum(one.name == "time" for one in self.fields)
        return ("index", *(f"time{n}" for n in range(times)))

    def _moments(self, name: str, found: Spans, offset: int) -> tuple[int, int | None]:
        """When a piece starts and, where its name tells, ends: epoch milliseconds."""
        starts, ends = ([name[slice(*span)] for key, span in found.items() if key.startswith(kind)] for kind in _TIMES)
        try:
            values = self._values(name, found, "time")
            time = moment(values, offset)
            ended = self._values(name, found, "end")
            return time, moment_after(ended, time, values.get("z", offset)) if ended else None
        except InconsistentError:
            raise
        except ValueError as error:
            reason = f"{' '.join(starts + ends)} is no date and time: {error}"
            raise (InconsistentError if ends and not self._may_be_id(starts, ends) else ValueError)(reason) from None

    def _may_be_id(self, starts: Sequence[str], ends: Sequence[str]) -> bool:
        """Whether what stands where a start does may end the group, so that what stands for the end is the start. Not
        where both are written alike: such a name says what cannot be, and a form without an end would read it so.
        """
        if any(one.parts for one in self.fields if one.name in _TIMES):
            return False
        start, end = (len(text) if text.isdigit() else 0 for text in (starts[0], ends[0]))
        return start > 0 and start != end

    def _values(self, name: str, found: Spans, kind: str) -> Values:
        several = [one for one in self.fields if one.name == kind]
        texts = ((one.parts, found.get(f"{kind}{n}")) for n, one in enumerate(several))
        said = ((parts, name[slice(*span)]) for parts, span in texts if span)
        return add_up(read_format(parts, text) if parts else read_values(text) for parts, text in said)

    def spans(
        self, source: str, bounds: tuple[int, int] | None, offset: int, own: tuple[str, tuple[int, int]] | None = None
    ) -> tuple[KeyRange, ...]:
        """The stretches of keys (after the prefix) in which a group's names lie.

        Args:
            source: the group's id, without its window.
            bounds: first and last second of the group's window, epoch seconds; None where no time orders.
            offset: of times that name no zone, seconds east of UTC.
            own: a name of the group (after the prefix) and where its index or time stands: only names written like it.
        """
        if bounds and any(part.letter == "z" for one in self.fields for part in one.parts):
            bounds, offset = (bounds[0] - ZONES_SECONDS, bounds[1] + ZONES_SECONDS), 0  # as any zone's clock shows them
        if bounds and not own and self._time_before_group and bounds[1] - bounds[0] > DAY_SECONDS:
            days = (self._stretches(source, day, offset, None) for day in by_days(*bounds, offset))
            return tuple(dict.fromkeys(span for day in days for span in day))
        return self._stretches(source, bounds, offset, own)

    def _stretches(
        self, source: str, bounds: tuple[int, int] | None, offset: int, own: tuple[str, tuple[int, int]] | None
    ) -> tuple[KeyRange, ...]:
        values = source.split("/") if source else []
        count = len(self.groups)
        if self.deep and count and len(values) > count:
            values = ["/".join(values[: len(values) - count + 1]), *values[len(values) - count + 1 :]]
        if len(values) < count or (self.whole_key and len(values) != count):
            return ()
        folder = "/".join(values[: len(values) - count])
        if own and own[1][1]:
            heads, rest = [own[0][: own[1][0]]], self._from_place()
            if rest and bounds and isinstance(rest[0], Field) and not rest[0].parts:
                low, high = (heads[0] + write_time_like(own[0][slice(*own[1])], at, offset) for at in bounds)
                return (KeyRange(common_beginning(low, high), low, high),)
        else:
            heads, rest = [folder + "/" if folder else ""], self.tokens
        taken = dict(zip(self.groups, values[len(values) - count :], strict=True))
        return _Beginnings(taken, bounds, offset, heads, own[0] if own else "").through(rest)

    @cached_property
    def _time_before_group(self) -> bool:
        """Whether a time stands before the last part of the group: then a listing has to know the day to be narrow."""
        names = [one.name for one in self.fields]
        last = max((n for n, name in enumerate(names) if name in GROUPS), default=-1)
        return "time" in names[: last + 1]

    def _from_place(self) -> tuple[Token, ...]:
        """The tokens from the first index or time on; none when that is in an optional part."""
        for n, token in enumerate(self.tokens):
            if isinstance(token, Field) and token.name in ("index", "time"):
                return self.tokens[n:]
            if isinstance(token, Option) and any(
                one.name in ("index", "time") for one in token.tokens if isinstance(one, Field)
            ):
                break
        return ()


class _Beginnings:
    """Goes through tokens as long as what the group's keys have there is known."""

    def __init__(
        self, taken: dict[str, str], bounds: tuple[int, int] | None, offset: int, heads: list[str], own: str
    ) -> None:
        self._taken = taken
        self._bounds = bounds
        self._offset = offset
        self._heads = heads
        self._own = own

    def through(self, tokens: Sequence[Token]) -> tuple[KeyRange, ...]:
        for token in tokens:
            if isinstance(token, Field) and token.name == "time" and not token.parts and self._bounds:
                return tuple(span for head in self._heads for span in any_spelling(head, *self._bounds))
            if not self._on(token):
                break
        return tuple(KeyRange(head) for head in dict.fromkeys(self._heads))

    def _on(self, token: Token) -> bool:
        """Lengthen the heads by one token; whether the next one may follow."""
        if isinstance(token, Literal):
            return self._literal(token.text, token.exact)
        if isinstance(token, Field) and token.name in self._taken:
            self._append((self._taken[token.name],))
            return True
        if isinstance(token, Field) and token.name == "time" and self._bounds:
            return all(self._part(part) for part in token.parts)
        return False

    def _part(self, part: Part) -> bool:
        if not part.letter:
            return self._literal(part.literal, part.exact)
        low, high = self._bounds or (0, 0)
        if part.letter == "s":
            self._append((common_beginning(str(low), str(high)),))
            return False
        texts = constant(part, low, high, self._offset)
        if self._own:  # written like it
            texts = tuple(text for text in texts if self._own.startswith(self._heads[0] + text))[:1]
        if not texts or len(self._heads) * len(texts) > _MOST_SPELLINGS:
            return False
        self._append(texts)
        return True

    def _literal(self, text: str, exact: bool) -> bool:
        letter = None if exact else re.search("[A-Za-z]", text)
        self._append((text[: letter.start()] if letter else text,))
        return letter is None

    def _append(self, texts: Sequence[str]) -> None:
        self._heads = [head + text for head in self._heads for text in texts]


def bounded(tokens: Sequence[Token], ending: str = "", *, deep: bool = False) -> Bounded:
    """The expression that tokens stand for, with `ending` (an expression) behind them."""
    ways = ONE_REPEAT ** (sum(one.free for one in fields_of(tokens)) + bool(ending))
    options = sum(isinstance(token, Option) for token in tokens)
    return Bounded(f"(?s:{_Expression(deep).tokens(tokens)}{ending})", ways * 2.0**options)


class _Expression:
    """Writes tokens as one expression; times are numbered, so that each is found by name."""

    def __init__(self, deep: bool) -> None:
        self._times = {"time": 0, "end": 0}
        self._deep = deep

    def tokens(self, tokens: Sequence[Token]) -> str:
        pieces = []
        for n, token in enumerate(tokens):
            if isinstance(token, Option):
                pieces.append(f"(?:{self.tokens(token.tokens)})?")
            elif isinstance(token, Literal):
                pieces.append(_literal(token.text, token.exact))
            else:
                before = tokens[n - 1] if n else None
                pieces.append(self._field(token, isinstance(before, Field) and before.free))
        return "".join(pieces)

    def _field(self, one: Field, after_free: bool) -> str:
        if one.name == "*":
            return "[^/]*?"
        if one.name == "**":
            return ".*?"
        if one.name in GROUPS:
            anything = "." if self._deep and one.name == GROUPS[0] else "[^/]"
            return f"(?P<{one.name}>{anything}{f'{{{one.width}}}' if one.width else '+?'})"
        if one.name == "ext":
            return "(?P<ext>[0-9A-Za-z]{1,8})"
        if one.name in self._times:
            name = f"{one.name}{self._times[one.name]}"
            self._times[one.name] += 1
            parts = (part.pattern if part.letter else _literal(part.literal, part.exact) for part in one.parts)
            return f"(?P<{name}>{''.join(parts) or TEXT})"
        if one.width:
            return f"(?P<{one.name}>[0-9]{{{one.width}}})"
        return f"{'(?<![0-9])' if after_free else ''}(?P<{one.name}>[0-9]{{1,9}})(?![0-9])"


def _literal(text: str, exact: bool) -> str:
    if exact:
        return re.escape(text)
    return "".join(f"[{c.lower()}{c.upper()}]" if c.isascii() and c.isalpha() else re.escape(c) for c in text)


def flat(tokens: Sequence[Token]) -> Iterator[Field | Literal]:
    """All tokens, those of optional parts among them."""
    for token in tokens:
        if isinstance(token, Option):
            yield from token.tokens
        else:
            yield token


def fields_of(tokens: Sequence[Token]) -> Iterator[Field]:
    """All fields, those of optional parts among them."""
    return (token for token in flat(tokens) if isinstance(token, Field))
