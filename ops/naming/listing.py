"""Where the keys come from that a person asks about: lines of text, a file, a bucket's LIST."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from cosconcat.config import Config
from ops.desk.environment import environment
from ops.desk.files import read_text
from ops.desk.keys import with_keys

_QUOTED = re.compile(r'"((?:[^"]|"")+)"')


def read_keys(lines: Iterable[str]) -> Iterator[str]:
    """The keys in a text, one a line; byte order marks, carriage returns and empty lines do not count, nor the quotes
    of a line that is one quoted field, as CSV writes it.
    """
    for line in lines:
        key = line.rstrip("\r\n").lstrip("\ufeff")
        if quoted := _QUOTED.fullmatch(key):
            key = quoted[1].replace('""', '"')
        if key:
            yield key


def each_once(keys: Iterable[str]) -> tuple[list[str], str]:
    """The keys, each once, as a bucket holds them, and a sentence where some came again."""
    given = list(keys)
    once = dict.fromkeys(given)
    if len(once) == len(given):
        return given, ""
    again = next(key for key, count in Counter(given).items() if count > 1)
    told = f"{len(given) - len(once):,} of {len(given):,} lines repeat a key, such as {again}"
    return list(once), f"{told}: a bucket holds each key once, so each counts once"


def file_lines(file: Path) -> Iterable[str]:
    """The lines of a file in UTF-8 or, with its mark, UTF-16."""
    return read_text(file).split("\n")


def bucket_keys(config: Config, most: int) -> Iterator[str]:
    """The keys under the input prefix, at most so many, by LIST alone."""
    from cosconcat.cloud.cos import CosOverHttp
    from cosconcat.environment.reading import read_credentials

    cos = CosOverHttp(config, read_credentials(with_keys(environment())))
    after: str | None = ""
    while after is not None and most > 0:
        page = cos.list(config.bucket, config.input_prefix, after)
        yield from (found.key for found in page.objects[:most])
        most -= len(page.objects)
        after = page.next_marker
