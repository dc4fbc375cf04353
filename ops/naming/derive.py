"""Derives templates from the names themselves: what stands still is literal, what varies a time, a number or a group.

A name's *shape* is what is left when digits and letters are blurred: names of one shape differ in the same places.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from cosconcat.naming.formats import MONTHS
from cosconcat.naming.keys import MEDIA

_MOST_SHAPES = 3  # kinds of names from which templates are derived
_NUMBER = re.compile(r"([-_. ]\{index(?::[0-9])?\})(?=\.)")
_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+|.", re.DOTALL)


def derive(names: Sequence[str]) -> Iterator[str]:
    """Templates that the names themselves suggest, from their commonest shapes."""
    shapes: dict[tuple[str, ...], list[list[str]]] = defaultdict(list)
    for name in names:
        stem, dot, extension = name.rpartition(".")
        tokens = [*_TOKEN.findall(stem), dot, extension]
        shapes[tuple(_kind(token) for token in tokens)].append(tokens)
    for rows in sorted(shapes.values(), key=len, reverse=True)[:_MOST_SHAPES]:
        for template in _Shape(rows).templates():
            yield template
            if "{group2}" in template:  # what comes again need not be a group's: a title, a lens
                yield template.replace("{group2}", "{*}").replace("{group3}", "{*}")
            if len(shapes) > 1 and _NUMBER.search(template):  # the first piece may have no number
                yield _NUMBER.sub(r"(\1)?", template, count=1)


def _kind(token: str) -> str:
    return "0" if token.isdigit() and token.isascii() else "a" if token.isalpha() else token


# A time: letters of strptime, and how many digits it has; the longest first.
_DATES = (
    *(("%Y%m%d%H%M%S%f", 17), ("%Y%m%d%H%M%S", 14), ("%Y%m%d%H%M", 12), ("%Y%m%d", 8)),
    *(("%y%m%d%H%M%S", 12), ("%y%m%d", 6)),
)
_CHINESE_SIGNS = frozenset("年月日时時点點分秒")  # 2024年01月02日10时11分12秒
_MONTHS = frozenset(name[:3] for name in MONTHS)
_CLOCKS = (("%H%M%S%f", (9,)), ("%H%M%S", (6,)), ("%H%M", (4,)))


class _Shape:
    """Names of one shape: a table with a column for each token."""

    def __init__(self, rows: list[list[str]]) -> None:
        self.columns = [list(column) for column in zip(*rows, strict=True)]
        self.rows = len(rows)
        self.text: dict[int, str] = {}  # columns that are settled, and what stands there in the template

    def varies(self, at: int) -> bool:
        """Whether the names differ here."""
        return len(set(self.columns[at])) > 1

    def digits(self, at: int, *widths: int) -> bool:
        """Whether digits stand here, of one of these widths (any without)."""
        if not 0 <= at < len(self.columns) or at in self.text or not self.columns[at][0].isdigit():
            return False
        return not widths or all(len(value) in widths for value in self.columns[at])

    def within(self, at: int, low: int, high: int) -> bool:
        """Whether all numbers here lie between two."""
        return self.digits(at) and all(low <= int(value) <= high for value in self.columns[at])

    def separator(self, at: int) -> str:
        """The one sign that stands here; empty when there is none."""
        column = self.columns[at] if at < len(self.columns) else ["", " "]
        sign = column[0] if len(set(column)) == 1 and len(column[0]) == 1 else ""
        return sign if sign in _CHINESE_SIGNS or not sign.isalnum() else ""

    def templates(self) -> Iterator[str]:
        """One for each way to read the shape."""
        if len(self.columns) < 3 or self.separator(len(self.columns) - 2) != ".":
            return
        extension = self.columns[-1]
        self.text[len(self.columns) - 1] = "{ext}" if {v.lower() for v in extension} <= MEDIA else extension[0]
        ending = dict(self.text)
        if self._times():
            yield self._written()
            self.text = dict(ending)
        file = max((at for at, column in enumerate(self.columns) if column[0] == "/"), default=-1) + 1
        numbers = [at for at in range(file, len(self.columns) - 1) if self.digits(at)]
        for at in reversed([at for at in numbers if self.varies(at)][-3:] or numbers[-1:]):
            self.text = dict(ending)
            widths = {len(value) for value in self.columns[at]}
            padded = any(value.startswith("0") and len(value) > 1 for value in self.columns[at])
            width = widths.pop() if len(widths) == 1 and padded else 0
            self.text[at] = f"{{index:{width}}}" if 0 < width <= 9 and self._touches(at) else "{index}"
            self._total(at)
            yield self._written()

    def _touches(self, at: int) -> bool:
        return any(
            self.digits(n) or self.columns[n][0].isalpha() for n in (at - 1, at + 1) if 0 <= n < len(self.columns)
        )

    def _total(self, at: int) -> None:
        """`3 of 12`, `3-of-12`, `3of12`: the number behind the next one, if it is never smaller."""
        for ahead in range(at + 1, min(at + 6, len(self.columns) - 1)):
            if self.digits(ahead):
                said = any(value.lower() == "of" for n in range(at, ahead) for value in self.columns[n][:1])
                pairs = zip(self.columns[at], self.columns[ahead], strict=True)
                if said and all(int(one) <= int(of) for one, of in pairs):
                    self.text[ahead] = "{total}"
                return

    def _times(self) -> bool:
        """Settle every column that is a piece of a time; whether they give a day."""
        kind, dated, clocked = "time", False, False
        at = 0
        while at < len(self.columns) - 1:
            step = self._date_again(at) if dated and not clocked else 0
            if not dated or clocked:
                step = self._date(at, kind if not dated else "end")
                if step:
                    kind, dated = ("end" if dated else "time"), True
                    clocked = "%S" in self.text[at] or "%s" in self.text[at] or "%M" in self.text[at]
                    if "%s" in self.text[at]:
                        self._epoch_end(at)
                        return True
            if dated and not step:
                step = self._clock(at, "end" if clocked else "time")
                clocked = clocked or (step > 0 and "%M" in self._span(at, step))
            at += step or 1
        return dated

    def _date_again(self, at: int) -> int:
        """The date that a folder says, once more in the name: how many columns it takes."""
        first = min(n for n, text in self.text.items() if text.startswith("{time"))
        count = next(n for n in range(first + 1, len(self.columns)) if self.text.get(n) != "") - first
        if self.columns[at : at + count] != self.columns[first : first + count]:
            return 0
        return self._put(at, "time", self.text[first][len("{time:") : -1], count)

    def _epoch_end(self, start: int) -> None:
        """A second epoch behind the first, never before it and at most a day after it, is when pieces end."""
        for at in range(start + 1, min(start + 4, len(self.columns) - 1)):
            if self.digits(at, 10):
                pairs = zip(self.columns[start], self.columns[at], strict=True)
                if all(0 <= int(end) - int(begin[:10]) <= 86400 for begin, end in pairs):
                    self._put(at, "end", "%s", 1)
                return

    def _span(self, at: int, step: int) -> str:
        return "".join(self.text.get(n, "") for n in range(at, at + step))

    def _put(self, at: int, kind: str, letters: str, count: int) -> int:
        self.text[at] = f"{{{kind}:{letters}}}"
        for more in range(at + 1, at + count):
            self.text[more] = ""
        return count

    def _date(self, at: int, kind: str) -> int:
        """A date (and perhaps the clock right in it) from this column on: how many columns it takes."""
        if self.digits(at, 10, 13) and all(10**9 <= int(value[:10]) < 2 * 10**9 for value in self.columns[at]):
            return self._put(at, kind, "%s", 1)
        for letters, width in _DATES:
            century = "20" if letters.startswith("%y") else ""
            if self.digits(at, width) and all(_is_date(century + value) for value in self.columns[at]):
                return self._put(at, kind, letters, 1)
        if {value.lower() for value in self.columns[at]} <= _MONTHS and at not in self.text:
            one, other = self.separator(at + 1), self.separator(at + 3)
            if one and other and self.within(at + 2, 1, 31) and self.within(at + 4, 1970, 2068):
                return self._put(at, kind, f"%b{one}%d{other}%Y", 5)
        one, other = self.separator(at + 1), self.separator(at + 3)
        if one and other and self.within(at, 1, 31) and self.within(at + 2, 1, 31) and self.within(at + 4, 1970, 2068):
            month_first = self.within(at, 1, 12)  # 2-9-2020 may be either
            letters = f"%m{one}%d{other}%Y" if month_first else f"%d{one}%m{other}%Y"
            return self._put(at, kind, letters, 5)
        if not (self.digits(at, 4) and self.within(at, 1970, 2068)):
            return 0
        one, other = self.separator(at + 1), self.separator(at + 3)
        if one and other and self.within(at + 2, 1, 12) and self.within(at + 4, 1, 31):
            return self._put(at, kind, f"%Y{one}%m{other}%d", 5)
        if one and self.digits(at + 2, 4) and all(_is_date("2000" + value) for value in self.columns[at + 2]):
            return self._put(at, kind, f"%Y{one}%m%d", 3)
        return 0

    def _clock(self, at: int, kind: str) -> int:
        """Hours, minutes, seconds from this column on, as much as is there."""
        for letters, (width,) in _CLOCKS:
            if self.digits(at, width) and all(_is_clock(value) for value in self.columns[at]):
                if kind == "end" and not self._ends(at, 1):
                    return 0
                if letters.endswith("%S") and self._fraction(at + 1):
                    return self._put(at, kind, f"{letters}{self.separator(at + 1)}%f", 3)
                return self._put(at, kind, letters, 1)
        if kind == "time" and (half := self._half_day(at)):
            return half
        if not self.digits(at, 2):
            return 0
        said = set("".join(text for text in self.text.values()))
        wanted = [letter for letter in "HMS" if kind == "end" or letter not in self._said()] if said else []
        letters, step = "", 0
        for letter in wanted:
            top = 23 if letter == "H" else 59
            place = at + step
            sign = self.separator(place) if letters else ""
            if letters and not (sign and sign != "/"):
                break
            place += bool(letters)
            if not (self.digits(place, 2) and self.within(place, 0, top)):
                break
            letters += f"{sign}%{letter}"
            step = place + 1 - at
        if kind == "end" and ("%M" not in letters or not self._ends(at, step)):
            return 0
        if letters.endswith("%S") and self._fraction(at + step):
            letters += f"{self.separator(at + step)}%f"
            step += 2
        return self._put(at, kind, letters, step) if letters else 0

    def _half_day(self, at: int) -> int:
        """A clock of twelve hours, `11.21.12pm`: how many columns it takes."""
        one, other = self.separator(at + 1), self.separator(at + 3)
        clock = self.within(at, 1, 12) and self.within(at + 2, 0, 59) and self.within(at + 4, 0, 59)
        if not (one and other and clock and {v.lower() for v in self.columns[at + 5]} <= {"am", "pm"}):
            return 0
        return self._put(at, "time", f"%I{one}%M{other}%S%p", 6)

    def _fraction(self, at: int) -> bool:
        """Whether milliseconds or microseconds stand behind a sign that says so."""
        if self.separator(at) not in tuple("-.,") or not self.digits(at + 1, 3, 6):
            return False
        return len(self.columns[at + 1][0]) == len("123") or not all(map(_is_clock, self.columns[at + 1]))

    def _ends(self, at: int, step: int) -> bool:
        """Whether what stands here may be when pieces end: at most two hours after what was settled as their clock."""
        clocks = [n for n, text in self.text.items() if "%H" in text or "%M" in text]
        if not clocks or all(not self.varies(n) for n in range(at, at + step)):
            return False
        settled = sorted(n for n in self.text if n < at and (self.text[n] == "" or n in clocks))
        clock = [n for n in settled if n >= max(clocks) or n in clocks]
        starts = ["".join(row) for row in zip(*(self.columns[n] for n in clock), strict=True)]
        ends = ["".join(row) for row in zip(*self.columns[at : at + step], strict=True)]
        return all(0 <= (_seconds(e) - _seconds(s)) % 86400 <= 7200 for s, e in zip(starts, ends, strict=True))

    def _said(self) -> set[str]:
        return {
            letter for text in self.text.values() if text.startswith("{time") for letter in re.findall("%(.)", text)
        }

    def _written(self) -> str:
        """The template: what is settled, groups from what varies, literal text otherwise."""
        cut = max((at for at, column in enumerate(self.columns) if column[0] == "/"), default=-1)
        timed_folder = any(self.text.get(at, "").startswith("{") for at in range(cut + 1))
        start = 0 if timed_folder else cut + 1
        segments = self._segments(start)
        varying = [s for s in segments if len(set(s[2])) > 1]
        repeated = {s[0] for s in varying if self._repeats(s[2])}
        groups = [s[0] for s in segments if s[0] in repeated]
        if not groups and (timed_folder or cut < 0):
            groups = [s[0] for s in segments if re.search(r"\w", s[2][0]) and s not in varying][:1]
        names = dict(zip(groups[:3], ("{group}", "{group2}", "{group3}"), strict=False))
        pieces = {at: self.text[at] for at in self.text if at >= start}
        for first, end, values in segments:
            constant = len(set(values)) == 1
            pieces[first] = names.get(first) or (_braces(values[0]) if constant else "{*}")
            for more in range(first + 1, end):
                pieces[more] = ""
        return "".join(
            pieces.get(at, "") or ("" if at in pieces else _braces(self.columns[at][0]))
            for at in range(start, len(self.columns))
        )

    def _segments(self, start: int) -> list[tuple[int, int, list[str]]]:
        """What lies between settled columns and folders, without the signs at its ends that never differ."""
        found = []
        at = start
        while at < len(self.columns):
            end = at
            while end < len(self.columns) and end not in self.text and self.columns[end][0] != "/":
                end += 1
            first, last = at, end
            while first < last and self.separator(first):
                first += 1
            while last > first and self.separator(last - 1):
                last -= 1
            word = last
            while word > first and not self.varies(word - 1):
                word -= 1
            if word > first and last < len(self.columns) and "index" in self.text.get(end, ""):
                last = word  # `-cd` in movie-cd1, film-cd2
            if first < last:
                found += self._parts(first, last)
            at = max(end, at + 1)
        return found

    def _parts(self, first: int, last: int) -> list[tuple[int, int, list[str]]]:
        """A segment whose values come again, or else its parts between the signs in it."""
        values = ["".join(row) for row in zip(*self.columns[first:last], strict=True)]
        if self._repeats(values):
            return [(first, last, values)]
        cuts = [first - 1, *(n for n in range(first, last) if self.separator(n)), last]
        parts = [(a + 1, b) for a, b in pairwise(cuts) if a + 1 < b]
        split = [(a, b, ["".join(row) for row in zip(*self.columns[a:b], strict=True)]) for a, b in parts]
        return split if any(self._repeats(one[2]) for one in split) else [(first, last, values)]

    def _repeats(self, values: list[str]) -> bool:
        """Whether values come again, as a group's do; a number has to come oftener, for it may only count."""
        if all(value.isdigit() for value in values):
            return 3 * len(set(values)) <= self.rows
        return 2 * len(set(values)) <= self.rows or len(set(values)) <= 3


def _is_date(value: str) -> bool:
    return (
        1970 <= int(value[:4]) <= 2068
        and 1 <= int(value[4:6]) <= 12
        and 1 <= int(value[6:8]) <= 31
        and _is_clock(value[8:])
    )


def _seconds(text: str) -> int:
    """Seconds since midnight of the last clock in a text."""
    digits = "".join(re.findall("[0-9]+", text)).ljust(6, "0")[:6]
    return int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:6])


def _is_clock(value: str) -> bool:
    return int(value[:2] or 0) < 24 and int(value[2:4] or 0) < 60 and int(value[4:6] or 0) < 60


def _braces(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
