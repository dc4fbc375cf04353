"""Reads a template: its tokens, and what cannot be used, with its place.

text ─► literals, fields, optional parts ─► numbers of times that touch a digit ─► fields that cannot go together
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from cosconcat.naming.formats import LETTERS, Part, letters_of, parse_format
from cosconcat.naming.keys import GROUPS, NAMING_CHARACTERS, NO_MEDIA
from cosconcat.naming.template import Field, Literal, Option, Template, Token, flat
from cosconcat.naming.times import gives_day

FIELDS = (*GROUPS, "*", "**", "index", "total", "ext", "time", "end")
_WIDEST = {"group": 200, "group2": 200, "group3": 200, "index": 9, "total": 9}  # N of `{index:N}`
_MOST_OPTIONAL = 3


def parse_template(text: str, *, orders: bool = True) -> Template:
    """The template that a text says; one that `orders` needs `{index}` or `{time}`.

    Raises:
        ValueError: when it cannot be used; the text says where and why.
    """
    if len(text) > NAMING_CHARACTERS:
        raise ValueError(f"is longer than {NAMING_CHARACTERS} characters")
    tokens = _touched(_Parser(text).all())
    whole_key = "/" in text or any(isinstance(t, Field) and t.name == "**" for t in flat(tokens))
    template = Template(text, tokens, whole_key)
    _check_fields(template)
    _check_ending(template)
    if orders and not any(one.name in ("index", "time") for one in template.fields):
        raise ValueError(f"{text!r} needs {{index}} or {{time}}, by which pieces are put in order")
    return template


def parse_marker(text: str, groups: Sequence[str], *, folders: bool) -> Template:
    """The template of a marker: the group fields that names have, `{*}` and literal text. With `folders` the first
    group may hold folders, as that of the names does.

    Raises:
        ValueError: when it cannot be used; the text says where and why.
    """
    if len(text) > NAMING_CHARACTERS:
        raise ValueError(f"is longer than {NAMING_CHARACTERS} characters")
    tokens = _Parser(text).all()
    for token in tokens:
        if isinstance(token, Option) or (isinstance(token, Field) and token.name not in (*groups, "*")):
            what = "an optional part" if isinstance(token, Option) else f"{{{token.name}}}"
            allowed = ", ".join(f"{{{name}}}" for name in (*groups, "*"))
            raise _wrong(text, token.at, f"{what} cannot stand in a marker; allowed are {allowed} and literal text")
    template = Template(text, tokens, "/" in text, deep=folders and "/" in text)
    _check_once(template)
    if template.groups != tuple(groups):
        raise ValueError(f"{text!r} needs {', '.join(f'{{{name}}}' for name in groups)}, as the names have")
    return template


def _wrong(text: str, at: int, problem: str) -> ValueError:
    """A mistake with its place: the text up to there, and what is wrong."""
    here = text[at : at + 20]
    return ValueError(f"at character {at + 1}, {here!r}: {problem}")


class _Parser:
    """Reads a template from the left."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._exact_to = text.rfind("/")

    def all(self) -> tuple[Token, ...]:
        """Every token.

        Raises:
            ValueError: with the place of the first mistake.
        """
        tokens: list[Token] = []
        at = 0
        for start, end in self._options():
            tokens += self._plain(at, start)
            inner = tuple(self._plain(start + 1, end))
            for token in inner:
                if isinstance(token, Field) and token.name in GROUPS:
                    raise _wrong(self._text, token.at, "a group cannot be optional")
            tokens.append(Option(start, inner))
            at = end + 2
        tokens += self._plain(at, len(self._text))
        if not tokens:
            raise ValueError("is empty")
        return tuple(tokens)

    def _options(self) -> list[tuple[int, int]]:
        """Where `(` and `)` of each optional part stand. Parentheses without `?` are literal text."""
        found: list[tuple[int, int]] = []
        for closing in re.finditer(r"\)\?", self._text):
            depth, at = 1, closing.start() - 1
            while at >= 0 and depth:
                depth += {")": 1, "(": -1}.get(self._text[at], 0)
                at -= 1
            if depth:
                raise _wrong(self._text, closing.start(), "closes an optional part that was never opened")
            found.append((at + 1, closing.start()))
        for one, other in pairwise(found):
            if other[0] < one[1]:
                raise _wrong(self._text, one[0], "an optional part cannot stand in another one")
        if len(found) > _MOST_OPTIONAL:
            raise _wrong(self._text, found[_MOST_OPTIONAL][0], f"more than {_MOST_OPTIONAL} optional parts")
        return found

    def _plain(self, at: int, end: int) -> list[Field | Literal]:
        """The tokens between two places, no optional parts among them."""
        tokens: list[Field | Literal] = []
        for piece in re.finditer(r"\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]", self._text[at:end]):
            place, text = at + piece.start(), piece[0]
            if text in ("{", "}"):
                raise _wrong(self._text, place, f"a single {text}: write {text * 2} for a brace in names")
            if piece[1] is not None:
                tokens.append(self._field(place, piece[1]))
            elif text in ("{{", "}}"):
                tokens += self._literals(place, text[0])
            elif "?" in text or "#" in text:
                wrong = min(text.find(c) for c in "?#" if c in text)
                raise _wrong(self._text, place + wrong, "? and # cannot stand in a key that the API is to read")
            else:
                tokens += self._literals(place, text)
        return tokens

    def _literals(self, place: int, text: str) -> list[Field | Literal]:
        """A literal, cut behind the last `/`."""
        cut = min(max(self._exact_to + 1 - place, 0), len(text))
        cuts = ((place, text[:cut], True), (place + cut, text[cut:], False))
        return [Literal(*one) for one in cuts if one[1]]

    def _field(self, at: int, inner: str) -> Field:
        name, colon, argument = inner.partition(":")
        if name not in FIELDS:
            from difflib import get_close_matches

            close = get_close_matches(name, FIELDS, n=1)
            hint = f"did you mean {{{close[0]}}}?" if close else f"allowed are {', '.join(f'{{{f}}}' for f in FIELDS)}"
            raise _wrong(self._text, at, f"{{{name}}} is no field; {hint}")
        if not colon:
            return Field(at, name)
        if name in ("time", "end"):
            return Field(at, name, 0, self._format(at + 1 + len(name) + 1, argument))
        widest = _WIDEST.get(name, 0)
        if not widest:
            raise _wrong(self._text, at, f"{{{name}}} takes nothing behind a colon")
        if not re.fullmatch("[1-9][0-9]{0,2}", argument) or int(argument) > widest:
            raise _wrong(self._text, at, f"the width of {{{name}}} is a number from 1 to {widest}")
        return Field(at, name, int(argument))

    def _format(self, at: int, text: str) -> tuple[Part, ...]:
        cut = min(max(self._exact_to + 1 - at, 0), len(text))
        try:
            exact = tuple(part._replace(exact=True) for part in parse_format(text[:cut]))
            parts = exact + parse_format(text[cut:])
        except ValueError as error:
            raise _wrong(self._text, at, str(error)) from None
        if not any(part.letter for part in parts):
            raise _wrong(self._text, at, "a time needs letters of strptime, such as %Y%m%d_%H%M%S")
        return parts


def _touched(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The tokens with each number of a time that a digit stands right beside marked, optional parts there or not."""
    touched: set[tuple[int, int]] = set()
    for sequence in (list(flat(tokens)), [token for token in tokens if not isinstance(token, Option)]):
        atoms = list(_atoms(sequence))
        for n, (key, first, last) in enumerate(atoms):
            before = n > 0 and atoms[n - 1][2]
            after = n + 1 < len(atoms) and atoms[n + 1][1]
            if key and ((first and before) or (last and after)):
                touched.add(key)

    def mark(token: Token) -> Token:
        if isinstance(token, Option):
            return token._replace(tokens=tuple(mark(inner) for inner in token.tokens))  # type: ignore[misc]
        if isinstance(token, Field) and token.parts:
            parts = (part._replace(touched=(token.at, n) in touched) for n, part in enumerate(token.parts))
            return token._replace(parts=tuple(parts))
        return token

    return tuple(map(mark, tokens))


def _atoms(tokens: Sequence[Field | Literal]) -> Iterator[tuple[tuple[int, int] | None, bool, bool]]:
    """What stands side by side: a key for numbers of times, and whether it begins and ends in a digit."""
    for token in tokens:
        if isinstance(token, Literal):
            yield None, token.text[0].isdigit(), token.text[-1].isdigit()
        elif token.parts:
            for n, part in enumerate(token.parts):
                if part.letter:
                    numeric = LETTERS[part.letter].numeric
                    yield (token.at, n), numeric, numeric
                else:
                    yield None, part.literal[0].isdigit(), part.literal[-1].isdigit()
        else:
            digits = token.name in ("index", "total", "time", "end")
            yield None, digits, digits


def _check_once(template: Template) -> None:
    seen: set[str] = set()
    for one in template.fields:
        if one.name in seen and one.name not in ("*", "time", "end"):
            raise _wrong(template.text, one.at, f"{{{one.name}}} stands twice")
        if one.name in GROUPS[1:] and not set(GROUPS[: GROUPS.index(one.name)]) <= {f.name for f in template.fields}:
            raise _wrong(template.text, one.at, f"{{{one.name}}} without {{{GROUPS[GROUPS.index(one.name) - 1]}}}")
        seen.add(one.name)


def _check_fields(template: Template) -> None:
    """Fields that cannot go together."""
    _check_once(template)
    names = {one.name: one for one in template.fields}
    for one, other, why in (
        ("time", "index", "one of them orders; write {*} for the other"),
        ("time", "total", "a recording ordered by time has no total in its names"),
    ):
        if one in names and other in names:
            raise _wrong(template.text, names[other].at, f"{{{other}}} beside {{{one}}}: {why}")
    for one, needed in (("total", "index"), ("end", "time")):
        if one in names and needed not in names:
            raise _wrong(template.text, names[one].at, f"{{{one}}} without {{{needed}}}")
    for before, after in pairwise(template.tokens):
        _check_neighbours(template.text, before, after)
    if template.timed:
        _check_day(template)


def _check_neighbours(text: str, before: Token, after: Token) -> None:
    names = {token.name for token in (before, after) if isinstance(token, Field)}
    if len(names) > 1 and names <= set(GROUPS) and isinstance(before, Field) and before.free:
        raise _wrong(text, after.at, f"nothing says where {{{before.name}}} ends and this one begins")
    if isinstance(before, Field) and before.name in ("index", "total") and not before.width:
        digit = isinstance(after, Literal) and after.text[0].isdigit()
        if digit or (isinstance(after, Field) and after.name in ("index", "total")):
            raise _wrong(text, after.at, f"a digit right behind {{{before.name}}}, which takes all that stand there")


def _check_day(template: Template) -> None:
    letters = {letter for one in template.fields for letter in letters_of(one.parts)}
    if ("I" in letters) != ("p" in letters):
        raise ValueError(f"{template.text!r}: %I (hours up to 12) and %p (am, pm) need each other")
    times = [token for token in template.tokens if isinstance(token, Field) and token.name == "time"]
    said = {letter for one in times for letter in letters_of(one.parts)}
    if all(one.parts for one in times) and not gives_day(said):
        why = "its times must give a day together, as %Y %m %d, %Y %j or %s do, outside optional parts"
        raise ValueError(f"{template.text!r}: {why}")


def _check_ending(template: Template) -> None:
    last = template.tokens[-1]
    if isinstance(last, Field) and last.name == "ext":
        return
    ending = re.search(r"\.([A-Za-z0-9]{1,8})$", last.text) if isinstance(last, Literal) else None
    if ending is None:
        bytewise = isinstance(last, Field) and last.name == "index"
        why = "; a file that was cut into bytes cannot be joined" if bytewise else ""
        raise _wrong(template.text, last.at, f"must end in {{ext}} or in an extension such as .mp4{why}")
    if ending[1].lower() in NO_MEDIA:
        raise _wrong(template.text, last.at, f".{ending[1]} is no media file's extension")
