"""Checks on a person's own expression before it is let loose on every key: it must compile, name what is needed, and be
unable to run for minutes on an unlucky key.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    try:
        from re import _parser as _sre  # type: ignore[attr-defined]  # Python 3.11 and later: private, but it is what re uses
    except ImportError:
        import sre_parse as _sre  # Python 3.10

LONGEST = 500
_NAMES = frozenset({"group", "index", "time", "total", "ext"})
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_MANY = 10  # a repeat beyond this is as good as unbounded
_LONGEST_CHAIN = 3  # repeats that can take over each other's text: time grows as key length to this power
_ALPHABET = frozenset(map(chr, range(128))) | {"é", "中"}  # stands for all characters


def vet(text: str) -> tuple[re.Pattern[str], str | None, str]:
    """The compiled expression, the literal text before its group (None: it varies), and the literal text after it.

    Raises:
        ValueError: when the expression does not compile, lacks a group it needs, or can take exponential time.
    """
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(
            f"is neither a preset (part-of, folder, timestamp) nor a regular expression: {error}"
        ) from None
    _need_groups(pattern)
    tree = _sre.parse(text)
    for item in _walk(tree):
        _refuse_nested(item)
    _refuse_chains(list(_in_sequence(tree)))
    lead, tail = _neighbours(list(tree), pattern)
    return pattern, lead, tail


def _need_groups(pattern: re.Pattern[str]) -> None:
    names = set(pattern.groupindex)
    if "group" not in names or len(names & {"index", "time"}) != 1:
        raise ValueError(
            "needs the named groups (?P<group>…) and either (?P<index>…) or (?P<time>…), as a preset has; "
            f"it has {', '.join(sorted(names)) or 'none'}; the presets are part-of, folder and timestamp"
        )
    if names - _NAMES:
        raise ValueError(
            f"has the unknown named groups {', '.join(sorted(names - _NAMES))}; allowed are {', '.join(sorted(_NAMES))}"
        )
    if {"time", "total"} <= names:
        raise ValueError("has both time and total: a recording ordered by time has no total in its names")


def _walk(tree: Any) -> Iterator[tuple[str, Any]]:
    """Every node of a parsed expression as (operation, argument), outermost first."""
    for operation, argument in tree:
        yield str(operation), argument
        for child in _children(argument):
            yield from _walk(child)


def _children(argument: Any) -> Iterator[Any]:
    if isinstance(argument, _sre.SubPattern):
        yield argument
    elif isinstance(argument, (tuple, list)):
        for part in argument:
            yield from _children(part)


def _refuse_nested(item: tuple[str, Any]) -> None:
    """Nested quantifiers and alternatives under a quantifier: what can make matching take exponential time."""
    operation, argument = item
    if operation not in _REPEATS or argument[1] <= _MANY:
        return
    for inner, bounds in _walk(argument[2]):
        if inner in _REPEATS and bounds[0] != bounds[1]:
            raise ValueError("nests one quantifier in another, as in (a+)+, which can take for ever on an unlucky key")
        if inner == "BRANCH":
            raise ValueError("repeats alternatives, as in (a|ab)+, which can take for ever on an unlucky key")


def _refuse_chains(sequence: list[tuple[bool, frozenset[str]]]) -> None:
    """Repeats in a row that can take over each other's text, as in `.+_.+_.+_.+`: each multiplies the time needed.

    `sequence` holds (is a repeat, characters it can match) for everything that the expression matches, in order. Two
    repeats are linked if the first can also match what stands between them and what the second begins with.
    """
    length, reach = 0, frozenset[str]()
    for repeats, characters in sequence:
        linked = reach & characters
        if repeats:
            length, reach = (length + 1 if linked else 1), characters
        elif not linked:
            length, reach = 0, frozenset()
        if length > _LONGEST_CHAIN:
            raise ValueError(
                f"has more than {_LONGEST_CHAIN} quantifiers in a row that can match the same text, as in .+_.+_.+_.+, "
                "which can take minutes on an unlucky key; say what each must not contain, as in [^_]+"
            )


def _in_sequence(tree: Any) -> Iterator[tuple[bool, frozenset[str]]]:
    for operation, argument in tree:
        name = str(operation)
        if name in _REPEATS:
            repeated = frozenset[str]().union(*(characters for _, characters in _in_sequence(argument[2])))
            if argument[1] > _MANY:
                yield True, repeated
            elif argument[0] > 0:
                yield False, repeated
        elif name in ("SUBPATTERN", "ATOMIC_GROUP", "BRANCH"):
            for child in _children(argument):
                yield from _in_sequence(child)
        elif name in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
            yield False, _characters(name, argument)
        elif name.startswith("GROUPREF"):
            yield False, _ALPHABET


def _characters(operation: str, argument: Any) -> frozenset[str]:
    """Those of the alphabet that a single-character node matches."""
    if operation == "LITERAL":
        return frozenset(chr(argument)) & _ALPHABET or frozenset("中")
    if operation == "NOT_LITERAL":
        return _ALPHABET - {chr(argument)}
    if operation == "ANY":
        return _ALPHABET
    found: set[str] = set()
    negated = False
    for kind, value in argument:
        name = str(kind)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            found.add(chr(value))
        elif name == "RANGE":
            found.update(character for character in _ALPHABET if value[0] <= ord(character) <= value[1])
        else:  # a category such as a digit: ask the engine itself
            letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[str(value).rpartition("_")[2]]
            escape = "\\" + (letter.upper() if "_NOT_" in str(value) else letter)
            found.update(character for character in _ALPHABET if re.fullmatch(escape, character))
    return _ALPHABET - found if negated else frozenset(found)


def _neighbours(items: list[tuple[Any, Any]], pattern: re.Pattern[str]) -> tuple[str | None, str]:
    """Literal text before and after the named group `group`, if it stands at the top level of the expression."""
    at = next(
        (
            n
            for n, (operation, argument) in enumerate(items)
            if str(operation) == "SUBPATTERN" and argument[0] == pattern.groupindex["group"]
        ),
        None,
    )
    if at is None:
        return None, ""
    before = [item for item in items[:at] if str(item[0]) != "AT"]
    lead = _literal(before, pattern)
    return (lead if len(lead) == len(before) else None), _literal(items[at + 1 :], pattern)


def _literal(items: list[tuple[Any, Any]], pattern: re.Pattern[str]) -> str:
    text = ""
    for operation, argument in items:
        if str(operation) != "LITERAL":
            break
        character = chr(argument)
        if pattern.flags & re.IGNORECASE and character.lower() != character.upper():
            break
        text += character
    return text
