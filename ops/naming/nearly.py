"""Why a name is *nearly* of a convention: what would have to differ in the name, or in the template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from cosconcat.naming.convention import Convention
from cosconcat.naming.expression import Expression
from cosconcat.naming.formats import Part
from cosconcat.naming.keys import FragmentName
from cosconcat.naming.presets import PRESETS
from cosconcat.naming.template import Field, Literal, Option, Template, Token, bounded
from ops.naming.suggest import FURTHER

_LONGEST = 300  # characters of a name that is looked at
_UNITS = {"S": "seconds", "M": "minutes", "H": "hours", "d": "day", "m": "month", "Y": "year", "f": "fraction"}
_COUNTER = re.compile(r"[ _.-]?\(?[0-9]{1,6}\)?(?=[^0-9]|$)")
_PLAIN = frozenset({"ffmpeg", "trtc", "agora", "reolink"})  # so plain that anything looks like them
_OTHERS = sorted(PRESETS.keys() - _PLAIN, key=lambda name: (not PRESETS[name].source, name))
_MORE_THAN_SIX = re.compile(
    r"(?i)(?:(?<![0-9])[0-9]{7,}[._-]?of[._-]?[0-9]+|[0-9]+[._-]?of[._-]?[0-9]{7,})\.[0-9a-z]+$"
)
_WIDTH = "has not exactly"
_RANGED = frozenset("mdHIMS")  # letters of two digits, not all of which are one


def why_nearly(convention: Convention, key: str) -> str:
    """What a key under the prefix that is no fragment is nearly; empty when it is like nothing that is known."""
    rest = key[len(convention.prefix) :]
    if len(rest) > _LONGEST:
        return ""
    extension = rest.rpartition(".")[2].lower()
    if extension not in convention.media:
        return f"a video by its name: CONCAT_EXTENSIONS={extension}" if extension in FURTHER else ""
    if any(_is_written_like(form, rest) for form in convention.every_form):
        return _exactly_a_preset(rest)  # what is wrong with it was told already
    if convention.forms == _preset("part-of").forms and _MORE_THAN_SIX.search(rest):
        return "a number and a total have at most six digits"
    for form in convention.forms:
        if isinstance(form, Template):
            found = _variation(form, rest)
            if found:
                return found
        if isinstance(form, Template) and (found := _cut_short(form, rest)):
            return found
    like = _exactly_a_preset(rest) or _nearly_a_preset(rest)
    return like or next((_reach(f, rest) for f in convention.forms if isinstance(f, Template)), "")


def _is_written_like(form: Expression | Template, rest: str) -> bool:
    """Whether a form matches, though the name may still be none: of a day that is not in the calendar, say."""
    try:
        return form.read(rest, 0) is not None
    except ValueError:
        return True


def _exactly_a_preset(rest: str) -> str:
    names = (name for name in _OTHERS if isinstance(_preset(name).read(rest), FragmentName))
    return next((f"like preset {name}" for name in names), "")


def _nearly_a_preset(rest: str) -> str:
    recorders = [name for name in _OTHERS if PRESETS[name].source]
    for name in recorders:
        for counter in _COUNTER.finditer(rest):
            if isinstance(_preset(name).read(rest[: counter.start()] + rest[counter.end() :]), FragmentName):
                return f"like preset {name}, but with a counter, {counter[0]!r}"
    for name in recorders:
        for form in _preset(name).forms:
            found = _variation(form, rest) if isinstance(form, Template) else ""
            if found and _WIDTH not in found:  # a number of another width is any number
                return f"like preset {name}, but {found}"
    return ""


@cache
def _preset(name: str) -> Convention:
    return Convention.of(name, "")


def _variation(form: Template, rest: str) -> str:
    """What has to differ in the template for the name to match."""
    name = rest if form.whole_key else rest.rpartition("/")[2]
    if wrong := _no_date(form, rest, name):
        return wrong
    for words, tokens in _variations(form, name):
        if bounded(tokens).match(name) is not None:
            return words
    if form.whole_key:
        for deeper in range(1, rest.count("/") + 1):
            if form.pattern.match(rest.split("/", deeper)[-1]) is not None:
                folders = "a folder" if deeper == 1 else f"{deeper} folders"
                return f"it lies {folders} deeper than the template says"
    return ""


def _no_date(form: Template, rest: str, name: str) -> str:
    """What stands where a time does in the template, and is none: in digits that are out of range, or not a day."""
    try:
        if form.read(rest, 0) is not None:
            return ""
    except ValueError as error:
        return str(error)
    found = bounded(tuple(map(_in_any_digits, form.tokens))).match(name)
    if found is None:
        return ""
    written = " ".join(name[slice(*span)] for key, span in found.items() if key.startswith(("time", "end")))
    return f"{written} is no date and time"


def _in_any_digits(token: Token) -> Token:
    """A time whose months, days, hours, minutes and seconds are any two digits."""
    if not isinstance(token, Field):
        return token
    any_two = tuple(part._replace(letter="y") if part.letter in _RANGED else part for part in token.parts)
    return token._replace(parts=any_two)


def _variations(form: Template, name: str) -> Iterator[tuple[str, tuple[Token, ...]]]:
    """The template with one thing different, and what that is."""
    tokens = form.tokens
    for n, token in enumerate(tokens):
        before, after = tokens[:n], tokens[n + 1 :]
        if isinstance(token, Field) and token.width:
            letters = "digits" if token.name in ("index", "total") else "characters"
            words = f"{{{token.name}}} {_WIDTH} {token.width} {letters}"
            yield words, (*before, token._replace(width=0), *after)
        elif isinstance(token, Field) and token.parts:
            there = bounded(tokens[: n + 1], ".*").match(name) is not None
            for words, parts in (*(() if there else _shorter_times(token.parts)), *_other_times(token.parts)):
                yield words, (*before, token._replace(parts=parts), *after)
    loose = tuple(token._replace(exact=False) if isinstance(token, Literal) else token for token in tokens)
    if loose != tokens:
        yield "its folders are written in another case", loose
    if isinstance(tokens[-1], Literal) and form.ending:
        literal = tokens[-1].text[: -len(form.ending)]
        ending = (Literal(0, literal, exact=False), Field(0, "ext"))
        yield f"it does not end in .{form.ending}", (*tokens[:-1], *ending)


def _shorter_times(parts: tuple[Part, ...]) -> Iterator[tuple[str, tuple[Part, ...]]]:
    """A time without its last units."""
    letters = [n for n, part in enumerate(parts) if part.letter]
    for last, n in reversed(tuple(pairwise(letters))):
        yield f"the time has no {_UNITS.get(parts[n].letter, parts[n].letter)}", parts[: last + 1]


def _other_times(parts: tuple[Part, ...]) -> Iterator[tuple[str, tuple[Part, ...]]]:
    """A time with a fraction, or with fewer digits."""
    last = next(part for part in reversed(parts) if part.letter)
    if last.letter == "S":
        for sign in ("-", ".", "_", ""):
            fraction = (Part(sign), Part("", "f")) if sign else (Part("", "f"),)
            yield "the time has a fraction, %f", (*parts[:-1], parts[-1]._replace(touched=not sign), *fraction)
    touched = tuple(part._replace(touched=False) for part in parts)
    if touched != parts:
        yield "its time is not written with two digits each", touched


def _cut_short(form: Template, rest: str) -> str:
    """What a name lacks that follows the template up to its extension, and holds only the beginning of it."""
    name = _stem(form, rest)
    for n in range(len(form.tokens) - 1, 0, -1):
        before = form.tokens[n - 1]
        if not (isinstance(before, Field) and before.free) and bounded(form.tokens[:n]).match(name) is not None:
            left = "".join(each.text if isinstance(each, Literal) else _written(each) for each in form.tokens[n:])
            return f"after {name!r} {left!r} should stand"
    return ""


def _reach(form: Template, rest: str) -> str:
    """How far a name, less its extension, follows the template, and what should stand there."""
    name = _stem(form, rest)
    for n in range(len(form.tokens) - 1, 0, -1):
        token = form.tokens[n]
        most = len(token.text) - 1 if isinstance(token, Literal) else 0
        for begun in range(most, -1, -1):  # a literal that begins as it should is where the name leaves the template
            part = (Literal(0, token.text[:begun], token.exact),) if isinstance(token, Literal) and begun else ()
            found = bounded((*form.tokens[:n], *part), "(?P<left>.*)").match(name)
            if found is None:
                continue
            before = form.tokens[n - 1]
            if not begun and isinstance(before, Field) and before.free:  # it ends anywhere
                begins = isinstance(token, Literal) and name.lower().startswith(token.text.lower())
                return f"nothing stands before {_written(token)}" if begins else f"it has no {_written(token)}"
            at = found["left"][0] - begun
            return f"as far as {name[:at]!r} it follows the template; then {_written(token)} should stand"
    return ""


def _stem(form: Template, rest: str) -> str:
    """What of a name the template covers, less the extension."""
    return (rest if form.whole_key else rest.rpartition("/")[2]).rpartition(".")[0]


def _written(token: Token) -> str:
    if isinstance(token, Literal):
        return repr(token.text)
    if isinstance(token, Option):
        return "".join(map(_written, token.tokens))
    argument = "".join(f"%{part.letter}" if part.letter else part.literal for part in token.parts) or token.width or ""
    return f"{{{token.name}{':' * bool(argument)}{argument}}}"
