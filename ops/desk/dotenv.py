r"""The one reader of `.env`: by the rule of dotenv 8, which the deployment tool of the serverless.yml way uses as well.

A line is `NAME=value`; anything else (comments, blank lines, `export NAME=...`) is no variable. The value is all that
follows, less the blanks around it; one pair of quotes around the whole value goes, and between double quotes `\n` is a
new line. A `#` behind a value belongs to it. Variables of the shell win over the file's. Nothing is expanded. A file
that begins with a byte-order mark is read without it; one that is not UTF-8 is refused.

`tests/unit/ops/dotenv_vectors.json` holds what dotenv 8.6.0 itself makes of some hundred lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cosconcat.errors import InvalidInput
from ops.desk.files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_BYTES = 1024 * 1024  # of a file; a function's variables have 4 KB
UNSET = "-"  # a variable that must stand somewhere and is not wanted; an empty value is not deployable

# White space as JavaScript has it, where the rule comes from; Python's own \s and strip() know others.
_BLANK = "\t\v\f\xa0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff \u2028\u2029"
_LINE = re.compile(rf"[{_BLANK}]*([A-Za-z0-9_.-]+)[{_BLANK}]*=[{_BLANK}]*([^\u2028\u2029]*)[{_BLANK}]*")
_TRIMMED = re.compile(rf"[{_BLANK}]*(.*?)[{_BLANK}]*", re.DOTALL)
_COMMENT_BEHIND = re.compile(rf"[{_BLANK}]#")
_NOTHING = re.compile(rf"[{_BLANK}]*(?:#|$)")
_OURS = ("CONCAT_", "TENCENT_", "STAGE")
_EXPORTED = re.compile(rf"[{_BLANK}]*export[{_BLANK}]+([A-Za-z0-9_.-]+)[{_BLANK}]*=")


class DotenvFile(NamedTuple):
    """What a file sets, and what about it is probably not meant: one sentence for each suspicious line."""

    values: dict[str, str]
    warnings: tuple[str, ...] = ()


def read_dotenv(file: Path) -> DotenvFile:
    """The variables of `file`; none where there is no such file.

    Raises:
        InvalidInput: when the file is not UTF-8 text; the message names it and says what to do.
        Mistake: when it is too long to be one.
        OSError: when it cannot be read, a folder among others.
    """
    if not file.exists():
        return DotenvFile({})
    return parse(_text(read_bytes(file, MOST_BYTES), file), file.name)


def parse(text: str, name: str = ".env") -> DotenvFile:
    """The variables that a file's text sets; a later line wins. `name` is for the warnings."""
    values: dict[str, str] = {}
    warnings: list[str] = []
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        match = _LINE.fullmatch(line)
        if match and match[1] in values:
            warnings.append(f"{name}, line {number}: {match[1]} was set before; this line wins")
        if match:
            values[match[1]] = _value(match[2])
        warnings += (f"{name}, line {number}: {told}" for told in _suspicious(line, match, values))
    return DotenvFile(values, tuple(warnings))


def write_value(value: str) -> str:
    r"""`value` as it has to stand behind `NAME=` to be read as it is.

    Raises:
        ValueError: for a value with both a line break and the two characters `\n`, which the rule cannot express.
    """
    if "\n" not in value and "\r" not in value:
        plain = _LINE.fullmatch(f"X={value}")
        safe = plain is not None and _value(plain[2]) == value and not _COMMENT_BEHIND.search(value)
        return value if safe else f"'{value}'"
    if "\r" in value or "\\n" in value:
        raise ValueError("a value with a carriage return, or with a line break beside the characters \\n")
    return '"{}"'.format(value.replace("\n", "\\n"))


def _value(raw: str) -> str:
    first, last = raw[:1], raw[-1:]
    if first == last and first in ("'", '"') and first:
        inner = raw[1:-1] if len(raw) > 1 else raw  # JavaScript's substring(1, 0) is the quote itself
        return inner.replace("\\n", "\n") if first == '"' else inner
    trimmed = _TRIMMED.fullmatch(raw)
    return trimmed[1] if trimmed else raw


def _suspicious(line: str, match: re.Match[str] | None, values: dict[str, str]) -> Iterator[str]:
    exported = _EXPORTED.match(line)
    if match is None and exported:
        yield f"`export {exported[1]}=` sets nothing by this file's rule; leave out the word export"
    elif match and not match[1].isupper() and match[1].upper().startswith(_OURS):
        yield f"{match[1]} sets nothing here: names are in capitals, {match[1].upper()}"
    elif match is None and not _NOTHING.match(line):
        yield "sets nothing: a line is NAME=value, or a comment that begins with #"
    elif match and match[2] and match[2][0] not in "'\"" and _COMMENT_BEHIND.search(values[match[1]]):
        yield (
            f"{match[1]}: the # and what follows is part of the value; put a comment on a line of its own, "
            "or quotes around the value if it is meant"
        )


def _text(raw: bytes, file: Path) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidInput([f"{file}: is UTF-16 (Windows editors call it Unicode); save it as UTF-8"])
    if b"\x00" in raw[:64]:
        raise InvalidInput([f"{file}: holds zero bytes: UTF-16 without its mark, or no text; save it as UTF-8"])
    try:
        return raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InvalidInput([f"{file}: line {line} is not UTF-8; save the file as UTF-8"]) from None
