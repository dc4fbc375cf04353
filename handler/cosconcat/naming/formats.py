"""`{time:%Y-%m-%d_%H-%M-%S}`: how a recorder writes a time, in strptime's letters, with a reader of our own.

No locale: names of months and days are English, in any case. Numbers have exactly two digits where another digit stands
right beside them, otherwise one or two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from cosconcat.naming.times import InconsistentError, Values, local_time, read_fraction, read_zone

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CENTURY_TURNS = 69  # strptime: 69–99 are in the 1900s, 0–68 in the 2000s


class Letter(NamedTuple):
    """What a letter matches where another digit touches it, and where none does."""

    touched: str
    free: str
    numeric: bool = True


class Part(NamedTuple):
    """A piece of a format: literal text, or one letter. `touched` says that a digit stands right beside it, `exact`
    that a literal matches in its own case only.
    """

    literal: str
    letter: str = ""
    touched: bool = False
    exact: bool = False

    @property
    def pattern(self) -> str:
        """The expression that a letter's text matches."""
        return LETTERS[self.letter].touched if self.touched else LETTERS[self.letter].free


def _any_case(*words: str) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return f"(?:{'|'.join(''.join(f'[{c}{c.upper()}]' for c in word) for word in longest_first)})"


def _number(pattern: str, short: str = "") -> Letter:
    return Letter(f"(?:{pattern})", f"(?:{pattern}{'|' if short else ''}{short})")


def _word(pattern: str) -> Letter:
    return Letter(pattern, pattern, numeric=False)


LETTERS: Mapping[str, Letter] = {
    "Y": _number("[0-9]{4}"),
    "y": _number("[0-9]{2}"),
    "m": _number("0[1-9]|1[0-2]", "[1-9]"),
    "d": _number("0[1-9]|[12][0-9]|3[01]", "[1-9]"),
    "j": _number("00[1-9]|0[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-6]"),
    "H": _number("[01][0-9]|2[0-3]", "[0-9]"),
    "I": _number("0[1-9]|1[0-2]", "[1-9]"),
    "M": _number("[0-5][0-9]", "[0-9]"),
    "S": _number("[0-5][0-9]", "[0-9]"),
    "f": _number("[0-9]{1,9}"),
    "s": _number("[0-9]{13}|[0-9]{10}"),
    "z": _word("(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"),
    "p": _word("[AaPp][Mm]"),
    "b": _word(_any_case(*(name[:3] for name in MONTHS))),
    "B": _word(_any_case(*MONTHS)),
    "a": _word(_any_case(*(name[:3] for name in DAYS))),
    "A": _word(_any_case(*DAYS)),
}


def parse_format(text: str) -> tuple[Part, ...]:
    """The parts of a format.

    Raises:
        ValueError: for a letter that is not known; the text says which are.
    """
    parts: list[Part] = []
    for literal, letter in re.findall(r"([^%]+)|%(.?)", text, re.DOTALL):
        if literal or letter == "%":
            parts.append(Part(literal or "%"))
        elif letter in LETTERS:
            parts.append(Part("", letter))
        else:
            raise ValueError(f"%{letter} is not known; allowed are {' '.join(f'%{known}' for known in LETTERS)} and %%")
    return tuple(parts)


def letters_of(parts: tuple[Part, ...]) -> frozenset[str]:
    """The units that a text in this format gives, years and months however they are written."""
    plain = {"y": "Y", "b": "m", "B": "m"}
    return frozenset(plain.get(part.letter, part.letter) for part in parts if part.letter)


def read_format(parts: tuple[Part, ...], text: str) -> Values:
    """What a text in this format says.

    Raises:
        ValueError: when it is not in this format.
    """
    found = _reader(parts).fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time in this format")
    values: dict[str, int] = {}
    for name, written in found.groupdict().items():
        letter, value = _value(name[0], written)
        if letter and values.setdefault(letter, value) != value:
            raise InconsistentError(f"{text!r} gives %{name[0]} twice, and differently")
        if letter == "s" and len(written) > len("1700000000"):
            values |= {"s": value // 1000, "f": value % 1000}
    return values


@cache
def _reader(parts: tuple[Part, ...]) -> re.Pattern[str]:
    pieces = (f"(?P<{p.letter}{n}>{p.pattern})" if p.letter else re.escape(p.literal) for n, p in enumerate(parts))
    return re.compile("".join(pieces), re.IGNORECASE | re.DOTALL)


def _value(letter: str, written: str) -> tuple[str, int]:
    """A letter's plain form, and the number that a text stands for."""
    if letter == "y":
        return "Y", int(written) + (1900 if int(written) >= _CENTURY_TURNS else 2000)
    if letter in "bB":
        return "m", 1 + [name[:3] for name in MONTHS].index(written[:3].lower())
    if letter in "aA":
        return "", 0
    if letter == "p":
        return "p", int(written.lower() == "pm")
    if letter == "f":
        return "f", read_fraction(written)
    return letter, read_zone(written.upper()) if letter == "z" else int(written)


def constant(part: Part, low: int, high: int, offset: int) -> tuple[str, ...]:
    """How a letter may be written at every moment from `low` to `high` (epoch seconds, `offset` seconds east of UTC);
    nothing when it changes in between, or has more ways than a listing should be asked for.
    """
    first, last = local_time(low, offset), local_time(high, offset)
    units = {"Y": 1, "y": 1, "m": 2, "d": 3, "j": 3, "H": 4, "M": 5, "S": 6}
    known = units.get(part.letter)
    if known is None or first.timetuple()[:known] != last.timetuple()[:known]:
        return ()
    text = first.strftime(f"%{part.letter}") if part.letter != "Y" else f"{first.year:04}"
    short = text.lstrip("0") or "0"
    return (text,) if part.touched or short == text or part.letter in "Yyj" else (text, short)
