"""What a key means: which group it belongs to, and which place in it. Pure, and cheap to import.

key ─► marker or manifest of the group, where those count ─► else the first form (template, expression) that reads it
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from cosconcat.errors import InvalidInput
from cosconcat.naming import times
from cosconcat.naming.expression import Expression
from cosconcat.naming.keys import (
    KEY_BYTES,
    MEDIA,
    UNNUMBERED,
    FragmentName,
    InvalidName,
    KeyRange,
    ManifestName,
    MarkerName,
    Name,
    NotOurs,
    Reading,
    unfit_name,
)
from cosconcat.naming.presets import PRESETS, Preset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cosconcat.naming.template import Template

WINDOWS = {"hour": 3600, "day": 86400}
FIRSTS = ("auto", "0", "1", "any")

_COUNT = r"(?s:(?P<group>.+)[/.](?P<count>[0-9]{1,6})\.final)"
_WINDOW = r"(?s:(?:(?P<base>.+)_)?(?P<start>[0-9]{8}T[0-9]{6}(?:Z|[+-][0-9]{4})))"
_TWO_ZONES = "its times are written in two zones, one of them that of CONCAT_TIMEZONE: write all in one, or all without"
# A name whose last digits are no number of a piece but the end of a date or a time of day.
_DATE_OR_TIME = re.compile(
    r"(?:(?<![0-9])(?:[0-9]{4}|[0-9]{2})([-._: ])[0-9]{1,2}\1[0-9]{2}(?:\1[0-9]{2})*"  # 01-41-02, 2021.11.05.01.58.13
    r"|(?<![0-9])[0-9]{1,2}([-._])[0-9]{1,2}\2(?:19|20)[0-9]{2}"  # 31.12.2024
    r"|(?<![0-9])(?:19|20)[0-9]{2}[-._]?[0-9]{2}[-._]?[0-9]{2}[T_ -](?:[0-9]{4}|[0-9]{6})"  # 2024_0101_115700
    r"|[0-9]{2}h[0-9]{2}m[0-9]{2}"  # 10h30m05
    r"|(?<![0-9])(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))"  # 20240101
    r"(?:Z|[+-][0-9]{4}|[.,-](?:[0-9]{6}|[0-9]{3}))?$"  # a zone, a fraction
)


@dataclass(frozen=True)
class Convention:
    """`CONCAT_NAMING` and what goes with it.

    `forms` are the ways in which names are written, the first that reads a key counts; `alone` are those of names that
    are a recording by themselves. `signal` says what besides fragments counts: `marker` (markers and manifests),
    `manifest`, or nothing; `marker` is the template that replaces the built-in markers. `window` (seconds) cuts time
    into groups, 0 does not: all names of a source are one group then; `offset` (seconds east of UTC) reads times
    without a zone. `first` is CONCAT_FIRST. With `one_beginning` a group's names are alike up to their number.
    """

    prefix: str
    forms: tuple[Expression | Template, ...]
    alone: tuple[Template, ...] = ()
    signal: str = ""
    marker: Template | None = None
    window: int = WINDOWS["hour"]
    offset: int = 0
    first: str = "auto"
    media: frozenset[str] = field(default=MEDIA, repr=False)
    one_beginning: bool = False

    @classmethod
    def of(
        cls,
        naming: str,
        prefix: str,
        *,
        signal: str = "",
        marker: str = "",
        window: int = WINDOWS["hour"],
        offset: int = 0,
        first: str = "",
        extensions: Iterable[str] = (),
    ) -> Convention:
        """The convention that a preset's name, a template or an own expression stands for.

        Raises:
            ValueError: when a template or an expression cannot be used; the text says why.
        """
        preset = PRESETS.get(naming) or Preset("")
        forms, alone = _forms(naming), tuple(map(_alone, preset.alone))
        media = MEDIA.union(extensions, preset.extensions, (form.ending for form in (*forms, *alone) if form.ending))
        own_marker = None
        if marker:
            from cosconcat.naming.template_parser import parse_marker

            groups = forms[0].groups or (("group",) if forms[0].foldered else ())
            own_marker = parse_marker(marker, groups, folders=_holds_folders(forms[0]))
        return cls(
            prefix,
            forms,
            alone,
            signal,
            own_marker,
            window,
            offset,
            first or preset.first,
            media,
            preset.one_beginning,
        )

    @cached_property
    def as_written(self) -> Convention:
        """The same whatever CONCAT_TIMEZONE says: what records depend on must not change with it."""
        return replace(self, offset=0) if self.offset else self

    @cached_property
    def every_form(self) -> tuple[Expression | Template, ...]:
        """All ways of writing names, in the order in which they are tried."""
        return (*self.forms, *self.alone)

    @cached_property
    def timed(self) -> bool:
        """Whether time orders, not a number."""
        return self.forms[0].timed

    @cached_property
    def totals(self) -> bool:
        """Whether names hold the number of fragments."""
        return any(form.totals for form in self.forms)

    def first_is_unnumbered(self, piece: FragmentName) -> bool:
        """Whether the first piece of a piece's group has no number: then a group with numbers waits for it."""
        if self.timed or self.first == "any" or piece.form >= len(self.forms):
            return False
        form = self.forms[piece.form]
        return any(not other.numbered and other.groups == form.groups for other in self.forms)

    @property
    def foldered(self) -> bool:
        """Whether a group is a folder: then its marker and manifest lie inside."""
        return self.forms[0].foldered

    @property
    def lead(self) -> str:
        """The literal text before every group."""
        return self.forms[0].lead or ""

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
        return f"{self.prefix}{self.lead}{group}{'/' if self.foldered else '.'}manifest.json"

    def is_shared(self, key: str) -> bool:
        """Whether a marker is more than one group's: one of CONCAT_MARKER, which others may read, or one without a
        window. Neither is removed with a group.
        """
        name = self.read(key)
        return isinstance(name, MarkerName) and (name.every or self.marker is not None)

    def source_of(self, group: str) -> str:
        """The id without its window, where time orders.

        Raises:
            InvalidInput: when a group of a timed convention does not end in a window.
        """
        return _split_window(group)[0] if self.timed else group

    def closes(self, marker: MarkerName, group: str) -> bool:
        """Whether a marker is one of this group."""
        if not marker.every:
            return marker.group == group
        found = re.fullmatch(_WINDOW, group)
        return found is not None and marker.group == (found["base"] or "")

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

        With `own`, a fragment of the group, its neighbours are taken to be written like it.
        """
        if not self.timed:
            stretches = self.fragment_spans(group, None, own)
        elif not self.signal or re.fullmatch(_WINDOW, group):
            start, end = self.bounds(group)
            stretches = self.fragment_spans(self.source_of(group), (start, end - 1), own)
        else:
            stretches = ()  # a manifest says itself what belongs to its group
        return _least((*stretches, *self._signal_spans(group)))

    def fragment_spans(
        self, source: str, bounds: tuple[int, int] | None, own: FragmentName | None = None
    ) -> tuple[KeyRange, ...]:
        """Where the fragments of a source lie that start within `bounds` (epoch seconds, both included; None where
        numbers order).
        """
        forms = self.every_form
        if own:
            shift = len(self.prefix)
            place = (own.span[0] - shift, own.span[1] - shift) if own.digits else (0, 0)
            here = (own.key[shift:], place)
            found = forms[own.form].spans(source, bounds, self.offset, here)
        else:
            found = tuple(span for form in forms for span in form.spans(source, bounds, self.offset))
        return tuple(span.under(self.prefix) for span in found)

    def _signal_spans(self, group: str) -> tuple[KeyRange, ...]:
        """Where the marker and the manifest of a group lie."""
        if not self.signal:
            return ()
        found = [KeyRange(self.manifest_key(group)) if self.foldered else KeyRange(f"{self.prefix}{self.lead}{group}.")]
        timed = self.timed and re.fullmatch(_WINDOW, group)
        source = self.source_of(group) if timed else group
        if self.signal == "marker" and self.marker is not None:
            found += [span.under(self.prefix) for span in self.marker.spans(source, None, 0)]
        elif self.signal == "marker" and self.foldered:
            found.append(KeyRange(f"{self.prefix}{self.lead}{group}/"))
        if self.signal == "marker" and self.marker is None and timed and source:
            endings = ("/_DONE", "/all.done") if self.foldered else (".done",)
            found += [KeyRange(f"{self.prefix}{self.lead}{source}{ending}") for ending in endings]
        return tuple(found)

    def _signal(self, key: str, rest: str) -> Name | None:
        name: Name | None = None
        if self.signal == "marker" and self.marker is not None:
            found = self.marker.read(rest, 0)
            name = MarkerName(key, found.source, None, every=self.timed) if found else None
        elif rest.startswith(self.lead):
            name = self._built_in(key, rest[len(self.lead) :]) if self.signal == "marker" else None
        if name is None and rest.startswith(self.lead):
            ending = f"{'/' if self.foldered else '.'}manifest.json"
            within = rest[len(self.lead) :]
            name = ManifestName(key, within[: -len(ending)]) if within.endswith(ending) else None
        if isinstance(name, ManifestName | MarkerName):
            if not name.group and not (isinstance(name, MarkerName) and name.every):
                return NotOurs(key, "no group before the marker's name")
            return _possible(key) or name
        return None

    def _built_in(self, key: str, rest: str) -> MarkerName | NotOurs | None:
        for ending in ("/_DONE", "/all.done") if self.foldered else (".done",):
            if rest.endswith(ending):
                group = rest[: -len(ending)]
                return MarkerName(key, group, None, every=self.timed and not re.fullmatch(_WINDOW, group))
        found = re.fullmatch(_COUNT, rest)
        if found and rest[found.end("group")] == ("/" if self.foldered else "."):
            if self.timed and not re.fullmatch(_WINDOW, found["group"]):
                return NotOurs(key, "a count needs a window in the marker's name, as in cam_20241201T100000Z.12.final")
            return MarkerName(key, found["group"], int(found["count"]))
        return None

    def _fragment(self, key: str, rest: str) -> Name:
        extension = rest.rpartition(".")[2].lower()
        if extension not in self.media:
            return NotOurs(key, _cut_into_bytes(rest, self.media) or "no media extension")
        reason = "does not follow the naming convention"
        for number, form in enumerate(self.every_form):
            try:
                found = form.read(rest, self.offset)
            except times.InconsistentError as error:
                return InvalidName(key, str(error))
            except ValueError as error:
                reason = str(error)
                continue
            if found is not None:
                return self._read(key, rest, extension, found, number)
        return NotOurs(key, reason)

    def _read(self, key: str, rest: str, extension: str, found: Reading, form: int) -> Name:
        total, beginning, group = found.total, "", found.source
        if total == 0:
            return InvalidName(key, "declares a total of 0")
        if self.one_beginning:
            name = rest.rpartition("/")[2]
            if _DATE_OR_TIME.search(name.rpartition(".")[0]):
                why = "its number is the end of a date or time; a template with {time:…} reads those"
                return NotOurs(key, why)
            beginning = rest[: found.span[0]][len(rest) - len(name) :]
        if found.time is not None and not self.window:
            number, plain = found.time, self.as_written.read(key) if self.offset else None
            if plain is not None and (not isinstance(plain, FragmentName) or plain.group != group):
                return InvalidName(key, _TWO_ZONES)
        elif found.time is not None:
            local = found.time // 1000 + self.offset
            window = times.write_window(local - local % self.window - self.offset, self.offset)
            group, number = f"{group}_{window}" if group else window, found.time
        elif not group:
            return NotOurs(key, "needs a folder, which is its group")
        elif form >= len(self.forms):
            number, total = 1, 1
        else:
            number = UNNUMBERED if found.number is None else found.number
        shift = len(self.prefix)
        span = (found.span[0] + shift, found.span[1] + shift) if found.span[1] else (0, 0)
        return _possible(key) or FragmentName(
            key, group, number, total, extension, span, found.source, found.end, beginning, form
        )


def _forms(naming: str) -> tuple[Expression | Template, ...]:
    """The ways of writing names that a preset, a template or an expression stands for."""
    preset = PRESETS.get(naming)
    if preset and preset.expression:
        from cosconcat.naming.matcher import Bounded

        pattern = Bounded(preset.expression, ways=preset.ways)
        return (Expression(pattern, ("group",), timed=False, totals=True, numbered=True, separators="._-"),)
    if preset:
        return tuple(map(_alone, preset.templates))
    if "(?P<" in naming:
        from cosconcat.naming.vetting import parse_expression

        return (parse_expression(naming),)
    if "{" not in naming:
        from difflib import get_close_matches

        close = get_close_matches(naming.lower(), PRESETS, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise ValueError(
            f"is {naming!r}, which is no preset{hint}; the presets are {', '.join(PRESETS)}; allowed are also a "
            "template, as {group}_{index:3}.{ext}, and a regular expression with (?P<group>…)"
        )
    from cosconcat.naming.template_parser import parse_template

    return (parse_template(naming),)


def _alone(template: str) -> Template:
    from cosconcat.naming.template_parser import parse_template

    return parse_template(template, orders=False)


def _holds_folders(form: Expression | Template) -> bool:
    """Whether a group's id may hold folders besides its own parts."""
    return isinstance(form, Expression) or not form.whole_key


def _least(spans: Iterable[KeyRange]) -> tuple[KeyRange, ...]:
    """The spans without those that lie in another one."""
    kept: list[KeyRange] = []
    for span in sorted(dict.fromkeys(spans), key=lambda span: (len(span.prefix), bool(span.after))):
        if not any(span.prefix.startswith(one.prefix) and not one.after and not one.last for one in kept):
            kept.append(span)
    return tuple(kept)


def _cut_into_bytes(rest: str, media: frozenset[str]) -> str:
    """What to say of `v.mp4.001`, a file cut into bytes; an empty text for anything else."""
    found = re.search(r"\.([0-9A-Za-z]{1,8})\.(?:part)?[0-9]{1,4}$", rest)
    if found is None or found[1].lower() not in media:
        return ""
    return "a piece of a file that was cut into bytes, no media file of its own: put it together before the upload"


def _possible(key: str) -> InvalidName | None:
    reason = unfit_name(key)
    return InvalidName(key, reason) if reason else None


def _split_window(group: str) -> tuple[str, str]:
    """Base and window start of a group id of a timed convention."""
    found = re.fullmatch(_WINDOW, group)
    if found is None:
        raise InvalidInput([f"group {group} does not end in the start of a window, as in cam_20241201T100000Z"])
    return found["base"] or "", found["start"]
