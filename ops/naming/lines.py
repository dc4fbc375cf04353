"""What the lines of a listing are where they are no keys, and why no setting is found for those that are."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from cosconcat.naming.keys import MEDIA, unfit_name
from ops.naming.suggest import FURTHER, extension

_SEPARATORS = ",;\t"
_ADDRESS = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*://")
_COLUMNS = re.compile(
    r"^\s*[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:[0-9]{2}\S*\s+(?:[0-9.]+\s*[KMGT]?i?B?|DIR|PRE)\s+\S"
    r"|^\s*[0-9]+\s+[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}"  # the size first
    r"|^[-dl](?:[-r][-w][-xsStT]){3}"  # of `ls -l`
    r"|\.[A-Za-z][A-Za-z0-9]{1,4}\s+(?:\||(?:\S+\s+)*[0-9]{2}:[0-9]{2}:[0-9]{2}[Z+0-9:]*\s*$)"  # the key first
)
_SIZE = re.compile(r"\s*[0-9.]+\s*[KMGT]?i?B?\s+")
_ONLY_THE_KEY = "only the key may stand on a line"


class NoKeys(NamedTuple):
    """Lines of one kind that are no keys: what they are, how many of how many, one of them, and what to do."""

    what: str
    lines: int
    of: int
    example: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.lines:,} of {self.of:,} lines are {self.what}, such as {self.example}: {self.remedy}"


class _Kind(NamedTuple):
    """A kind of lines: whether one is of it (given the input prefix), what they are, what to do."""

    has: Callable[[str, str], bool]
    what: str
    remedy: str


def without_other_lines(lines: Iterable[str], prefix: str) -> tuple[list[str], list[NoKeys]]:
    """The keys, and what else stands there, by kind. What lies under the prefix and ends as media do is a key."""
    keys: list[str] = []
    others: dict[_Kind, list[str]] = {}
    for line in lines:
        kind = None if _is_key(line, prefix) else next((one for one in _KINDS if one.has(line, prefix)), None)
        (keys if kind is None else others.setdefault(kind, [])).append(line)
    of = len(keys) + sum(map(len, others.values()))
    return keys, [NoKeys(kind.what, len(found), of, found[0], kind.remedy) for kind, found in others.items()]


def why_none(keys: Sequence[str], prefix: str) -> str:
    """Why no setting joins any of these keys, with one of them where it shows that."""
    unfit = [key for key in keys if unfit_name(key)]
    if 2 * len(unfit) >= len(keys):
        return f"{unfit_name(unfit[0])}, such as {unfit[0]}: upload them under other names"
    if not any(_media(key) for key in keys):
        example = next((key for key in keys if not key.endswith("/")), keys[0])
        return f"none has an extension of media files, such as {example}; CONCAT_EXTENSIONS names further ones"
    if all(re.fullmatch(r"[0-9]+\.[0-9A-Za-z]+", key.removeprefix(prefix)) for key in keys):
        return "names that are numbers alone need a folder"
    return "each seems to be a recording by itself"


def _media(text: str) -> bool:
    return extension(text) in MEDIA | FURTHER


def _is_key(line: str, prefix: str) -> bool:
    return line.startswith(prefix) and _media(line)


def _is_address(line: str, _prefix: str) -> bool:
    return _ADDRESS.match(line) is not None


def _has_columns(line: str, prefix: str) -> bool:
    size = _SIZE.match(line)
    return _COLUMNS.search(line) is not None or (size is not None and line.startswith(prefix, size.end()))


def _has_fields(line: str, prefix: str) -> bool:
    """Whether a key is one of several fields: all are quoted, what is behind it is no extension, or the prefix begins
    one that is not the first.
    """
    for separator in _SEPARATORS:
        if separator not in line:
            continue
        try:
            fields = [field.strip() for field in next(csv.reader([line.strip()], delimiter=separator))]
        except csv.Error:  # a carriage return in a line, or one without end
            return False
        several = len(fields) > 1
        if several and (line.lstrip().startswith('"') or any(field.startswith(prefix) for field in fields[1:])):
            return True
        if several and not _media(line) and any(_media(field) for field in fields[:-1]):
            return True
    return False


def _is_quoted(line: str, _prefix: str) -> bool:
    return re.fullmatch(r"""\s*(?:(["'`]).+\1|“.+”)\s*""", line) is not None


def _has_blanks(line: str, _prefix: str) -> bool:
    return line != line.strip()


def _is_path(line: str, _prefix: str) -> bool:
    return re.match(r"\.{0,2}/", line) is not None


_KINDS = (
    _Kind(_is_address, "addresses, not keys", f"leave out what stands before the key; {_ONLY_THE_KEY}"),
    _Kind(_has_columns, "lines of a listing command, not keys", f"leave out the other columns; {_ONLY_THE_KEY}"),
    _Kind(_has_fields, "rows of a table, as CSV has them, not keys", f"leave out the other fields; {_ONLY_THE_KEY}"),
    _Kind(_is_quoted, "in quotes, which would belong to the key", "leave out the quotes"),
    _Kind(_has_blanks, "with blanks at an end, which would belong to the key", "leave out the blanks"),
    _Kind(_is_path, "paths with / or ./ before the key", "leave that out: CONCAT_INPUT_PREFIX cannot begin so"),
)
