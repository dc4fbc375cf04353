"""One line of JSON on stdout for each decision, which is what SCF's log service turns into fields.

Secrets never get there: keys, token and callback secrets are taken out of every text, wherever it comes from, and so
is any signature in an address.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
LINE_BYTES = 8000  # SCF drops what exceeds 8 KB a line
_TEXT_CHARACTERS = 1500
_LIST_ITEMS = 20
_DEEPEST = 6
_SHORTEST_SECRET = 6  # anything shorter would blacken ordinary words; configuration demands more

_SIGNATURE = re.compile(r"(signature=|security-token[=:]\s*)[^&\s\"']+", re.IGNORECASE)

# Controls beyond those that JSON escapes (DEL, C1), soft hyphen, zero-width and bidirectional marks, line separators.
_UNPRINTABLE = re.compile(
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)

_state: dict[str, Any] = {"level": LEVELS["INFO"], "secrets": ()}


def configure(level: str, secrets: Iterable[str]) -> None:
    """From now on: the least level to print, and the secrets that must never appear, plain or percent-encoded."""
    _state["level"] = LEVELS.get(level.upper(), LEVELS["INFO"])
    _state["secrets"] = _as_written(tuple(secrets))


@lru_cache(1)  # they change with the role's keys, not with every invocation
def _as_written(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """The forms of the secrets that may turn up, the longest first."""
    known = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
    written = {form for secret in known for form in (secret, quote(secret, safe=""), quote(secret))}
    return tuple(sorted(written, key=len, reverse=True))


def debug(what: str, **fields: object) -> None:
    """Of use when following one call."""
    _print("DEBUG", what, fields)


def info(what: str, **fields: object) -> None:
    """A decision."""
    _print("INFO", what, fields)


def warning(what: str, **fields: object) -> None:
    """A person should look at it some time."""
    _print("WARNING", what, fields)


def error(what: str, **fields: object) -> None:
    """A person should look at it now."""
    _print("ERROR", what, fields)


def silence_sdk() -> None:
    """Not a word from the SDK: it logs URLs and headers and, at DEBUG, the token and the signing key."""
    import logging

    sdk = logging.getLogger("qcloud_cos")
    sdk.setLevel(logging.CRITICAL + 1)
    sdk.propagate = False


def redacted(text: str) -> str:
    """`text` without secrets."""
    for secret in _state["secrets"]:
        text = text.replace(secret, "***")
    return _SIGNATURE.sub(r"\1***", text)


def safe(text: str) -> str:
    """`text` as it may be kept or handed out: without secrets, and half characters, which no encoding knows, as `?`."""
    return redacted(text).encode(errors="replace").decode()


def all_safe(node: Any) -> Any:
    """The same JSON value with every text `safe`."""
    if isinstance(node, Mapping):
        return {all_safe(name): all_safe(inner) for name, inner in node.items()}
    if isinstance(node, list | tuple):
        return [all_safe(inner) for inner in node]
    return safe(node) if isinstance(node, str) else node


def _print(level: str, what: str, fields: Mapping[str, object]) -> None:
    if LEVELS[level] < _state["level"]:
        return
    line = {"level": level, "what": what, **fields}
    text = json.dumps(_plain(line, _TEXT_CHARACTERS), ensure_ascii=False)
    if len(text.encode()) > LINE_BYTES:
        text = json.dumps(_plain(line, _TEXT_CHARACTERS // 10, items=10), ensure_ascii=False)
    if len(text.encode()) > LINE_BYTES:
        short = {"level": level, "what": what, "cut": f"{len(fields)} fields, too long to print"}
        text = json.dumps(_plain(short, _TEXT_CHARACTERS // 10), ensure_ascii=False)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _plain(value: object, longest: int, items: int = _LIST_ITEMS, depth: int = 0) -> object:
    """JSON-able, without secrets, and short."""
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, Mapping) and depth < _DEEPEST:
        pairs = list(value.items())[:items]
        return {_text(name, longest): _plain(inner, longest, items, depth + 1) for name, inner in pairs}
    if isinstance(value, (list, tuple, set, frozenset)) and depth < _DEEPEST:
        return [_plain(inner, longest, items, depth + 1) for inner in list(value)[:items]]
    return _text(value, longest)


def printable(text: str) -> str:
    r"""`text` with control, bidirectional and line-separating characters as `\uXXXX`.

    Names come from whoever may upload: they must not forge lines, move a cursor or turn round what follows.
    """
    return re.sub("[\x00-\x1f]", _written, _UNPRINTABLE.sub(_written, text))


def _written(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def escaped(text: str) -> str:
    """JSON whose texts mean what they meant, with the same characters written as JSON escapes."""
    return _UNPRINTABLE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def printed(words: Mapping[str, str]) -> dict[str, str]:
    """A result with all its words printable and safe: the platform writes what a function returns into its log."""
    return {name: printable(safe(word)) for name, word in words.items()}


def _text(value: object, longest: int) -> str:
    text = _UNPRINTABLE.sub(_written, safe(str(value)))
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"
