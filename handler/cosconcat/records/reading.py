"""Records as they were read: JSON into the dataclass or named tuple of a record, each value of its field's type.

Whoever wrote it: a value of another type, or a text with half a character (which no key, report or log line can hold),
ends here by the field's name, before a group is judged by it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

R = TypeVar("R")

LARGEST_NUMBER = 2**53  # of what is counted, either way: beyond it JSON readers disagree, and times have no name


def read_json(body: bytes) -> Any:
    """What the body says; in UTF-8 and nothing else, where `json` itself would let half characters pass.

    Raises:
        ValueError, RecursionError: it is no JSON.
    """
    return json.loads(body.decode())


def made(kind: Callable[..., R], content: object) -> R:
    """A record's value from what was read; fields that this release does not know are left out.

    Raises:
        ValueError, TypeError: a field is of another type than it says, or is not there; names the field.
    """
    if not isinstance(content, dict):
        raise TypeError(f"expected an object, found {type(content).__name__}")
    return kind(**{name: _field(name, hint, content[name]) for name, hint in _hints(kind).items() if name in content})


@lru_cache(64)
def _hints(kind: Callable[..., Any]) -> Mapping[str, Any]:
    """The type of each field, by its name."""
    return get_type_hints(kind)


def _field(name: str, hint: Any, found: object) -> object:
    try:
        return _value(hint, found)
    except (ValueError, TypeError) as wrong:
        raise type(wrong)(f"{name}: {wrong}") from None


def _value(hint: Any, found: object) -> object:
    """What was found, if it is of that type; a list as a tuple, an object as the value that it stands for."""
    if hint is str:
        return _text(found)
    if hint is int:
        return _count(found)
    if hint is float:
        return _figure(found)
    origin, inner = get_origin(hint), get_args(hint)
    if type(None) in inner:
        return None if found is None else _value(next(one for one in inner if one is not type(None)), found)
    if origin is Literal:
        return _one_of(inner, found)
    if origin is tuple:
        return _several(inner[0], found)
    if origin is Mapping:
        return _mapping(inner[1], found)
    if hint is bool:
        return _truth(found)
    return _anything(found) if hint is object else made(hint, found)


def _text(found: object) -> str:
    if type(found) is not str:
        raise TypeError(f"expected a text, found {type(found).__name__}")
    if not found.isascii():
        try:
            found.encode()
        except UnicodeEncodeError:
            raise ValueError("holds half a character") from None
    return found


def _count(found: object) -> int:
    if type(found) is not int or abs(found) > LARGEST_NUMBER:
        shown = "a larger one" if type(found) is int else type(found).__name__
        raise ValueError(f"expected a whole number up to 2^53, found {shown}")
    return found


def _figure(found: object) -> float:
    """A whole number may stand for it: JSON knows no other sort."""
    if type(found) is float and math.isfinite(found):
        return found
    if type(found) is not int:
        raise TypeError(f"expected a finite number, found {type(found).__name__}")
    return _count(found)


def _truth(found: object) -> bool:
    if type(found) is not bool:
        raise TypeError(f"expected true or false, found {type(found).__name__}")
    return found


def _one_of(words: tuple[str, ...], found: object) -> str:
    if _text(found) not in words:
        raise ValueError(f"expected one of {', '.join(word or 'nothing' for word in words)}, found another text")
    return _text(found)


def _several(hint: Any, found: object) -> tuple[object, ...]:
    if not isinstance(found, list | tuple):
        raise TypeError(f"expected a list, found {type(found).__name__}")
    return tuple(_field(str(place), hint, one) for place, one in enumerate(found, 1))


def _mapping(hint: Any, found: object) -> dict[str, object]:
    if not isinstance(found, dict):
        raise TypeError(f"expected an object, found {type(found).__name__}")
    return {_text(name): _field(name, hint, one) for name, one in found.items()}


def _anything(found: object) -> object:
    """Whatever JSON holds, in whole characters."""
    if isinstance(found, str):
        return _text(found)
    try:
        if isinstance(found, dict | list):
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a character") from None
    return found
