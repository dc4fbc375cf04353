"""Files that a person names: read whole, and no further than such a file can be long."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from ops.desk.mistakes import Mistake

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 64 * 1024 * 1024  # of any file here: a listing of a million keys is no longer
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_bytes(file: Path, most: int = MOST_BYTES) -> bytes:
    """The content of a file, a pipe or `/dev/stdin`.

    Raises:
        Mistake: when it has more than `most` bytes, or no end.
        OSError: when it cannot be read: it is not there, a folder, not ours.
    """
    with file.open("rb") as opened:
        try:
            content = opened.read(most + 1)
        except OSError as failure:  # which names no file
            raise OSError(failure.errno, failure.strerror, str(file)) from None
    if len(content) > most:
        raise Mistake(f"{file}: has more than {most:,} bytes; is it the right file?")
    return content


def read_text(file: Path) -> str:
    """The text of a file in UTF-8 or, with its mark, UTF-16; the mark is left out.

    Raises:
        Mistake: when it is neither, or too long.
        OSError: when it cannot be read.
    """
    content = read_bytes(file)
    try:
        return content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Mistake(f"{file}: is no text in UTF-8 (byte {error.start}): save it as UTF-8") from None


def read_json(file: Path) -> object:
    """The value in a JSON file.

    Raises:
        Mistake: when it is not JSON.
        OSError: when it cannot be read.
    """
    text = read_text(file)
    try:
        return json.loads(text, parse_constant=_no_json)
    except RecursionError:
        raise Mistake(f"{file}: not JSON that can be read: nested too deeply") from None
    except json.JSONDecodeError as wrong:
        raise Mistake(f"{file}: not JSON: {wrong}") from None
    except ValueError as wrong:  # ours, and Python's limit of digits
        why = str(wrong) if "JSON" in str(wrong) else "a number has too many digits"
        raise Mistake(f"{file}: not JSON that can be read: {why}") from None


def _no_json(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")
