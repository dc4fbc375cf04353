"""What a key means: which group it belongs to, and which place in it. Pure, and cheap to import.

A preset is an expression that was written for you: all four ways of naming are read by the same few lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from cosconcat.errors import InvalidInput
from cosconcat.naming import times
from cosconcat.naming.keys import (
    KEY_BYTES,
    MEDIA,
    FragmentName,
    InvalidName,
    KeyRange,
    ManifestName,
    MarkerName,
    Name,
    NotOurs,
    common_beginning,
    unfit_name,
)
from cosconcat.naming.presets import PRESETS

WINDOWS = {"hour": 3600, "day": 86400}

# How the end of a name looks whose last digits are no number of a piece but the end of a date or a time of day.
_DATE_OR_TIME = re.compile(
    r"(?:(?<![0-9])(?:[0-9]{4}|[0-9]{2})([-._: ])[0-9]{1,2}\1[0-9]{2}(?:\1[0-9]{2})*(?:\1[0-9]{3,6})?"  # 01-41-02
    r"|(?:19|20)[0-9]{6}[T_ -]?[0-9]{4,6}"  # 20240101_120000, 20240101T1200
    r"|(?<![0-9])(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))"  # 20240101
    r"(?:Z|[+-][0-9]{4}|[.,_-]?[0-9]{3})?\Z"  # a zone, milliseconds
)
_COUNT = r"(?s:(?P<group>.+)[/.](?P<count>[0-9]{1,6})\.final)"
_WINDOW = r"(?s:(?P<base>.+)_(?P<start>[0-9]{8}T[0-9]{6}(?:Z|[+-][0-9]{4})))"
_ZONES_SPAN = 14 * 3600  # the farthest a local date can be from UTC, seconds


@dataclass(frozen=True)
class Convention:
    """`CONCAT_NAMING` and what goes with it.

    `lead` and `tail` are the literal texts right before and after the group, as far as the expression fixes them: they
    keep listings narrow; a `lead` of None says that what precedes a group varies. `separators` are the characters that
    may follow a group where there is no `tail`. `signal` says what besides fragments counts: `marker` (markers and
    manifests), `manifest`, or nothing. `window` (seconds) cuts time into groups, 0 does not: all names of a source are
    one group then; `offset` (seconds east of UTC) reads times without a zone.
    """

    prefix: str
    pattern: re.Pattern[str] = field(repr=False)
    signal: str = ""
    lead: str | None = ""
    tail: str = ""
    separators: str = ""
    window: int = WINDOWS["hour"]
    offset: int = 0

    @classmethod
    def of(
        cls, naming: str, prefix: str, *, signal: str = "", window: int = WINDOWS["hour"], offset: int = 0
    ) -> Convention:
        """The convention that a preset's name or an own expression stands for.

        Raises:
            ValueError: when an own expression cannot be used; the text says why.
        """
        if naming in PRESETS:
            preset = PRESETS[naming]
            pattern = re.compile(preset.expression, re.IGNORECASE | re.DOTALL)
            lead, tail, separators = preset.lead, preset.tail, preset.separators
        else:
            from cosconcat.naming.expression import vet

            pattern, lead, tail = vet(naming)
            separators = ""
        return cls(prefix, pattern, signal, lead, tail, separators, window, offset)

    @cached_property
    def timed(self) -> bool:
        """Whether time orders, not a number."""
        return "time" in self.pattern.groupindex

    @cached_property
    def totals(self) -> bool:
        """Whether names hold the number of fragments."""
        return "total" in self.pattern.groupindex

    @property
    def foldered(self) -> bool:
        """Whether a group is a folder: then its marker and manifest lie inside."""
        return self.tail.startswith("/")

    def read(self, key: str) -> Name:
        """What the key is to this convention."""
        if not key.startswith(self.prefix) or key == self.prefix:
            return NotOurs(key, f"outside the input prefix {self.prefix}")
        if len(key) > KEY_BYTES or len(key.encode(errors="replace")) > KEY_BYTES:  # an expression's time grows with it
            return NotOurs(key, f"longer than the {KEY_BYTES} bytes that COS allows")
        rest = key[len(self.prefix) :]
        name = self._signal(key, rest) if self.signal else None
        return name or self._fragment(key, rest)

    def manifest_key(self, group: str) -> str:
        """Where the group's manifest lies."""
        return f"{self.prefix}{self.lead or ''}{group}{'/' if self.foldered else '.'}manifest.json"

    def bounds(self, group: str) -> tuple[int, int]:
        """Start and end (epoch seconds, exclusive) of the window that a group of a timed convention stands for.

        Raises:
            InvalidInput: when the group id does not end in a window, or in one that never was.
        """
        try:
            start = times.read_time(_split_window(group)[1], 0) // 1000
        except ValueError as error:
            raise InvalidInput([f"group {group}: {error}"]) from None
        return start, start + self.window

    def spans(self, group: str, own: FragmentName | None = None) -> tuple[KeyRange, ...]:
        """The stretches of keys in which everything of the group lies, as narrow as the convention allows.

        With `own`, a fragment of the group, its neighbours are taken to be written like it, which makes it one stretch.
        """
        stretches = self._times(group, own) if self.timed else self._numbers(group, own)
        beside = f"{self.prefix}{self.lead or ''}{group}."
        if (
            self.signal
            and not self.foldered
            and not any(beside.startswith(s.prefix) and not s.after for s in stretches)
        ):
            stretches += (KeyRange(beside),)
        return stretches

    def _numbers(self, group: str, own: FragmentName | None) -> tuple[KeyRange, ...]:
        stem = self._stem(group, own)
        if stem is None:
            return (KeyRange(self.prefix),)
        if self.tail:
            return (KeyRange(stem + self.tail),)
        if own and own.key.startswith(stem) and len(stem) < own.span[0]:
            return (KeyRange(own.key[: len(stem) + 1]),)
        return tuple(KeyRange(stem + separator) for separator in self.separators) or (KeyRange(stem),)

    def _times(self, group: str, own: FragmentName | None) -> tuple[KeyRange, ...]:
        start, end = self.bounds(group)
        return self.fragment_spans(_split_window(group)[0], (start, end - 1), own)

    def fragment_spans(
        self, source: str, bounds: tuple[int, int], own: FragmentName | None = None
    ) -> tuple[KeyRange, ...]:
        """Where the fragments of a source lie that start within `bounds` (epoch seconds, both included)."""
        stem = self._stem(source, own)
        start, end = bounds[0], bounds[1] + 1
        if own:
            before = own.key[: own.span[0]]
            low, high = (before + times.write_time_like(own.digits, at, self.offset) for at in (start, end - 1))
            return (KeyRange(common_beginning(low, high), low, high),)
        if stem is None or not self.tail:
            return (KeyRange(stem or self.prefix),)
        stem += self.tail
        days = zip(times.write_dates(start - _ZONES_SPAN), times.write_dates(end + _ZONES_SPAN), strict=True)
        ranges = [*days, (str(start), str(end - 1))]
        return tuple(KeyRange(stem + common_beginning(low, high), stem + low, stem + high) for low, high in ranges)

    def _stem(self, group: str, own: FragmentName | None) -> str | None:
        """The key up to the end of the group, or None when the expression leaves open what precedes it."""
        if self.lead is not None:
            return f"{self.prefix}{self.lead}{group}"
        at = own.key.rfind(group, len(self.prefix), own.span[0]) if own else -1
        return own.key[: at + len(group)] if own and at >= 0 else None

    def _signal(self, key: str, rest: str) -> Name | None:
        if not self.signal or not rest.startswith(self.lead or ""):
            return None
        rest = rest[len(self.lead or "") :]
        joint = "/" if self.foldered else "."
        name: Name | None = None
        group, found, _ = rest.rpartition(f"{joint}manifest.json")
        if found and rest.endswith(found):
            name = ManifestName(key, group)
        elif self.signal == "marker":
            name = self._marker(key, rest)
        if isinstance(name, (ManifestName, MarkerName)):
            if not name.group:
                return NotOurs(key, "no group before the marker's name")
            return _possible(key) or name
        return None

    def _marker(self, key: str, rest: str) -> MarkerName | None:
        for ending in ("/_DONE", "/all.done") if self.foldered else (".done",):
            if rest.endswith(ending):
                return MarkerName(key, rest[: -len(ending)], None)
        found = re.fullmatch(_COUNT, rest)
        if found and rest[found.end("group")] == ("/" if self.foldered else "."):
            return MarkerName(key, found["group"], int(found["count"]))
        return None

    def _fragment(self, key: str, rest: str) -> Name:
        extension = rest.rpartition(".")[2].lower()
        if extension not in MEDIA:
            return NotOurs(key, "no media extension")
        found = self.pattern.fullmatch(rest)
        order = found and found["time" if self.timed else "index"]
        if not found or not found["group"] or not order:
            return NotOurs(key, "does not follow the naming convention")
        if self.pattern.pattern == PRESETS["folder"].expression and _ends_in_a_time(rest):
            return NotOurs(
                key, "its number is the end of a date or time, which preset folder does not take for a place"
            )
        start, end = (len(self.prefix) + at for at in found.span("time" if self.timed else "index"))
        try:
            number = times.read_time(order, self.offset) if self.timed else _whole(order)
            total = _whole(found["total"]) if self.totals and found["total"] is not None else None
        except ValueError as error:
            return InvalidName(key, str(error))
        if total == 0:
            return InvalidName(key, "declares a total of 0")
        group = found["group"]
        if self.timed and self.window:
            local = number // 1000 + self.offset
            group += "_" + times.write_window(local - local % self.window - self.offset, self.offset)
        return _possible(key) or FragmentName(key, group, number, total, extension, (start, end))


def _ends_in_a_time(rest: str) -> bool:
    """Whether the file's name, less its extension, ends in a date or a time of day."""
    stem = rest.rpartition("/")[2].rpartition(".")[0]
    return _DATE_OR_TIME.search(stem) is not None


def _possible(key: str) -> InvalidName | None:
    return InvalidName(key, unfit_name(key)) if unfit_name(key) else None


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise ValueError(f"{text!r} is no number of at most 15 ASCII digits")
    return int(text)


def _split_window(group: str) -> tuple[str, str]:
    """Base and window start of a group id of a timed convention."""
    found = re.fullmatch(_WINDOW, group)
    if found is None:
        raise InvalidInput([f"group {group} does not end in the start of a window, as in cam_20241201T100000Z"])
    return found["base"], found["start"]
