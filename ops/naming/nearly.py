"""Why a name is *nearly* of a convention: what would have to differ in the name, or in the template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from cosconcat.naming.convention import Convention
from cosconcat.naming.formats import Part
from cosconcat.naming.keys import FragmentName
from cosconcat.naming.presets import PRESETS
from cosconcat.naming.template import Field, Literal, Option, Template, Token, bounded
from ops.naming.suggest import FURTHER

_LONGEST = 300  # characters of a name that is looked at
_UNITS = {"S": "seconds", "M": "minutes", "H": "hours", "d": "day", "m": "month", "Y": "year", "f": "fraction"}
_COUNTER = re.compile(r"[ _.-]?\(?[0-9]{1,6}\)?(?=[^0-9]|$)")
_PLAIN = frozenset({"ffmpeg", "trtc", "agora", "reolink"})  # so plain that anything looks like them


def why_nearly(convention: Convention, key: str) -> str:
    """What a key under the prefix that is no fragment is nearly; empty when it is like nothing that is known."""
    rest = key[len(convention.prefix) :]
    if len(rest) > _LONGEST:
        return ""
    extension = rest.rpartition(".")[2].lower()
    if extension not in convention.media:
        return f"a video by its name: CONCAT_EXTENSIONS={extension}" if extension in FURTHER else ""
    for form in convention.forms:
        if isinstance(form, Template):
            found = _variation(form, rest)
            if found:
                return found
    return _like_a_preset(rest) or next((_reach(f, rest) for f in convention.forms if isinstance(f, Template)), "")


def _like_a_preset(rest: str) -> str:
    names = sorted(PRESETS.keys() - _PLAIN, key=lambda name: (not PRESETS[name].source, name))
    for name in names:
        if isinstance(_preset(name).read(rest), FragmentName):
            return f"like preset {name}"
    recorders = [name for name in names if PRESETS[name].source]
    for name in recorders:
        for counter in _COUNTER.finditer(rest):
            if isinstance(_preset(name).read(rest[: counter.start()] + rest[counter.end() :]), FragmentName):
                return f"like preset {name}, but with a counter, {counter[0]!r}"
    for name in recorders:
        for form in _preset(name).forms:
            found = _variation(form, rest) if isinstance(form, Template) else ""
            if found:
                return f"like preset {name}, but {found}"
    return ""


@cache
def _preset(name: str) -> Convention:
    return Convention.of(name, "")


def _variation(form: Template, rest: str) -> str:
    """What has to differ in the template for the name to match."""
    name = rest if form.whole_key else rest.rpartition("/")[2]
    for words, tokens in _variations(form):
        if bounded(tokens).match(name) is not None:
            return words
    if form.whole_key:
        for deeper in range(1, rest.count("/") + 1):
            if form.pattern.match(rest.split("/", deeper)[-1]) is not None:
                folders = "a folder" if deeper == 1 else f"{deeper} folders"
                return f"it lies {folders} deeper than the template says"
    return ""


def _variations(form: Template) -> Iterator[tuple[str, tuple[Token, ...]]]:
    """The template with one thing different, and what that is."""
    tokens = form.tokens
    for n, token in enumerate(tokens):
        before, after = tokens[:n], tokens[n + 1 :]
        if isinstance(token, Field) and token.width:
            letters = "digits" if token.name in ("index", "total") else "characters"
            words = f"{{{token.name}}} has not exactly {token.width} {letters}"
            yield words, (*before, token._replace(width=0), *after)
        elif isinstance(token, Field) and token.parts:
            for words, parts in _other_times(token.parts):
                yield words, (*before, token._replace(parts=parts), *after)
    loose = tuple(token._replace(exact=False) if isinstance(token, Literal) else token for token in tokens)
    yield "its folders are written in another case", loose
    if isinstance(tokens[-1], Literal) and form.ending:
        literal = tokens[-1].text[: -len(form.ending)]
        ending = (Literal(0, literal, exact=False), Field(0, "ext"))
        yield f"it does not end in .{form.ending}", (*tokens[:-1], *ending)


def _other_times(parts: tuple[Part, ...]) -> Iterator[tuple[str, tuple[Part, ...]]]:
    """A time without its last units, or with a fraction."""
    letters = [n for n, part in enumerate(parts) if part.letter]
    for n in reversed(letters[1:]):
        lost = _UNITS.get(parts[n].letter, parts[n].letter)
        yield f"the time has no {lost}", parts[: letters[letters.index(n) - 1] + 1]
    if parts[letters[-1]].letter == "S":
        for sign in ("-", ".", "_", ""):
            fraction = (Part(sign), Part("", "f")) if sign else (Part("", "f"),)
            yield "the time has a fraction, %f", (*parts[:-1], parts[-1]._replace(touched=not sign), *fraction)
    touched = tuple(part._replace(touched=False) for part in parts)
    if touched != parts:
        yield "its time is not written with two digits each", touched


def _reach(form: Template, rest: str) -> str:
    """How far a name follows the template, and what should stand there."""
    name = rest if form.whole_key else rest.rpartition("/")[2]
    for n in range(len(form.tokens) - 1, 0, -1):
        token = form.tokens[n]
        most = len(token.text) - 1 if isinstance(token, Literal) else 0
        for begun in range(most, -1, -1):  # a literal that begins as it should is where the name leaves the template
            part = (Literal(0, token.text[:begun], token.exact),) if isinstance(token, Literal) and begun else ()
            found = bounded((*form.tokens[:n], *part), "(?P<left>.*)").match(name)
            if found is None:
                continue
            at = found["left"][0] - begun
            return f"as far as {name[:at]!r} it follows the template; then {_written(form.tokens[n])} should stand"
    return ""


def _written(token: Token) -> str:
    if isinstance(token, Literal):
        return repr(token.text)
    if isinstance(token, Option):
        return "".join(map(_written, token.tokens))
    argument = "".join(f"%{part.letter}" if part.letter else part.literal for part in token.parts) or token.width or ""
    return f"{{{token.name}{':' * bool(argument)}{argument}}}"
