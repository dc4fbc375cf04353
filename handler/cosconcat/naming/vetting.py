"""Checks on a person's own expression before it is let loose on every key: it must compile, name what is needed, and be
so plain that it can be said in how many ways it matches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cosconcat.naming.expression import Expression
from cosconcat.naming.keys import GROUPS, KEY_BYTES, NAMING_CHARACTERS
from cosconcat.naming.matcher import ONE_REPEAT, Bounded, children, parse_tree, walk_tree

_NAMES = frozenset({*GROUPS, "index", "time", "total", "ext", "end"})
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_SINGLE = frozenset({"LITERAL", "NOT_LITERAL", "IN", "ANY"})
_LOOKS = frozenset({"ASSERT", "ASSERT_NOT", "GROUPREF", "GROUPREF_EXISTS", "GROUPREF_IGNORE"})
_MANY = 10  # a repeat beyond this is as good as unbounded
_LONGEST_CHAIN = 3  # repeats that can take over each other's text: time grows as key length to this power
_MOST_WAYS = 2 * ONE_REPEAT**_LONGEST_CHAIN
_MOST_STEPS = 20_000  # repeats of repeats are unrolled to be checked
_ALPHABET = frozenset(map(chr, range(128))) | {"é", "中"}  # stands for all characters


def parse_expression(text: str) -> Expression:
    """The expression that a text says, checked.

    Raises:
        ValueError: when it does not compile, lacks a group it needs, or has more ways to match than a key is worth.
    """
    if len(text) > NAMING_CHARACTERS:
        raise ValueError(f"is longer than {NAMING_CHARACTERS} characters")
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is no regular expression: {error}") from None
    _need_groups(pattern)
    tree = parse_tree(text)
    for item in walk_tree(tree):
        _refuse_looks(item)
        _refuse_nested(item)
    match = _Match()
    match.through(tree, frozenset())
    bounded = Bounded(text, match.most)
    if bounded.longest_at_once < KEY_BYTES:
        bounded.unroll()
    names = set(pattern.groupindex)
    groups = tuple(name for name in GROUPS if name in names)
    lead, tail, time_follows = _neighbours(list(tree), pattern)
    numbered = "index" in names and _always(tree, pattern.groupindex["index"])
    return Expression(
        bounded, groups, "time" in names, "total" in names, numbered, lead, tail, time_follows=time_follows
    )


def _need_groups(pattern: re.Pattern[str]) -> None:
    names = set(pattern.groupindex)
    if "group" not in names or len(names & {"index", "time"}) != 1:
        raise ValueError(
            "needs the named groups (?P<group>…) and either (?P<index>…) or (?P<time>…); "
            f"it has {', '.join(sorted(names)) or 'none'}"
        )
    if names - _NAMES:
        raise ValueError(
            f"has the unknown named groups {', '.join(sorted(names - _NAMES))}; allowed are {', '.join(sorted(_NAMES))}"
        )
    if {"time", "total"} <= names:
        raise ValueError("has both time and total: a recording ordered by time has no total in its names")
    if "group3" in names and "group2" not in names:
        raise ValueError("has group3 without group2")
    if "end" in names and "time" not in names:
        raise ValueError("has end, when a piece ends, without time")


def _always(tree: Any, number: int) -> bool:
    """Whether the group of this number takes part in every match: it stands in no alternative and nothing optional."""
    for operation, argument in tree:
        if str(operation) == "SUBPATTERN" and (argument[0] == number or _always(argument[3], number)):
            return True
        if str(operation) in _REPEATS and argument[0] > 0 and _always(argument[2], number):
            return True
    return False


def _refuse_looks(item: tuple[str, Any]) -> None:
    """What looks at text without moving on, or at text matched before: nobody can say what that costs on any key."""
    if item[0] in _LOOKS:
        raise ValueError(
            "looks ahead, behind or back, as in (?=…), (?!…), (?<=…), (?<!…), (?P=name), \\1 or (?(1)…); say what is "
            "to be there, as in [^/]+"
        )


def _refuse_nested(item: tuple[str, Any]) -> None:
    """Nested quantifiers and alternatives under a quantifier: what can make matching take exponential time."""
    operation, argument = item
    if operation not in _REPEATS or argument[1] <= _MANY:
        return
    for inner, bounds in walk_tree(argument[2]):
        if inner in _REPEATS and bounds[0] != bounds[1]:
            raise ValueError("nests one quantifier in another, as in (a+)+, which can take forever on an unlucky key")
        if inner == "BRANCH":
            raise ValueError("repeats alternatives, as in (a|ab)+, which can take forever on an unlucky key")


@dataclass(frozen=True)
class _Choice:
    """Where matching may have to be tried again: in `ways` ways so far, among text made of `characters`."""

    ways: float
    characters: frozenset[str]


class _Match:
    """Goes through an expression as a match does, and knows which choices are still open where; `most` is the largest
    number of ways met.

    An earlier choice stays open as long as it can also match what comes after it; a new one multiplies the ways of
    whatever is open before it, as in `.+_.+_.+_.+` or `a?a?a?…`. What is optional closes nothing.
    """

    def __init__(self) -> None:
        self._steps = 0
        self.most = 1.0

    def through(self, items: Any, before: frozenset[_Choice]) -> frozenset[_Choice]:
        """What is open after `items`.

        Raises:
            ValueError: there are more ways to try than a key is worth.
        """
        for operation, argument in items:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise ValueError("is too complicated: its repeats of repeats are more than can be checked")
            before = self._one(str(operation), argument, before)
        return before

    def _one(self, name: str, argument: Any, before: frozenset[_Choice]) -> frozenset[_Choice]:
        if name in _REPEATS:
            least, most, items = argument
            return self._repeated(int(least), int(most), items, before)
        if name == "BRANCH":
            return self._branched(argument[1], before)
        if name in ("SUBPATTERN", "ATOMIC_GROUP"):
            for child in children(argument):
                before = self.through(child, before)
        elif name in _SINGLE:
            characters = _characters(name, argument)
            before = frozenset(choice for choice in before if choice.characters & characters)
        return before

    def _branched(self, alternatives: Any, before: frozenset[_Choice]) -> frozenset[_Choice]:
        ends = [self.through(items, before) for items in alternatives]
        after = frozenset[_Choice]().union(*ends)
        # Two alternatives may match the same text, so what follows does not close the choice between them.
        return after if _tell_apart(alternatives) else self._chosen(sum(map(_most_open, ends)), _ALPHABET, after)

    def _repeated(self, least: int, most: int, items: Any, before: frozenset[_Choice]) -> frozenset[_Choice]:
        text = _text_of(items)
        if _varies(items):
            rounds = [before]
            for _ in range(min(most, _MANY)):
                rounds.append(self.through(items, rounds[-1]))
            ways = sum(_most_open(choices, text) for choices in rounds[least:])
            after = frozenset[_Choice]().union(*rounds[least:])
        else:
            ways = _most_open(before, text) * min(most - least + 1, ONE_REPEAT)
            after = self.through(items, before) | (before if least == 0 else frozenset())
        return after if least == most else self._chosen(ways, text, after)

    def _chosen(self, ways: float, text: frozenset[str], after: frozenset[_Choice]) -> frozenset[_Choice]:
        if ways > _MOST_WAYS:
            raise ValueError(
                f"has more than {_LONGEST_CHAIN} quantifiers in a row that can match the same text, as in .+_.+_.+_.+, "
                "or as many choices otherwise, which nobody can follow; say what each must not contain, as in [^_]+"
            )
        self.most = max(self.most, ways)
        return _strongest(after | {_Choice(ways, text)})


def _most_open(choices: Iterable[_Choice], text: frozenset[str] = _ALPHABET) -> float:
    return max((choice.ways for choice in choices if choice.characters & text), default=1.0)


def _strongest(choices: Iterable[_Choice]) -> frozenset[_Choice]:
    """For each text the choice with the most ways, as the others cannot matter any more."""
    most: dict[frozenset[str], float] = {}
    for choice in choices:
        most[choice.characters] = max(most.get(choice.characters, 0), choice.ways)
    return frozenset(_Choice(ways, characters) for characters, ways in most.items())


def _tell_apart(alternatives: Iterable[Any]) -> bool:
    """Whether the first character says which alternative it is."""
    seen: set[str] = set()
    for items in alternatives:
        name, argument = str(items[0][0]) if len(items) else "", items[0][1] if len(items) else None
        first = _characters(name, argument) if name in _SINGLE else _ALPHABET
        if seen & first:
            return False
        seen |= first
    return True


def _varies(tree: Any) -> bool:
    """Whether there is anything to choose inside."""
    return any(
        name == "BRANCH" or (name in _REPEATS and argument[0] != argument[1]) for name, argument in walk_tree(tree)
    )


def _text_of(tree: Any) -> frozenset[str]:
    """All characters that a part of the expression can match."""
    found = (_characters(name, argument) for name, argument in walk_tree(tree) if name in _SINGLE)
    return frozenset[str]().union(*found)


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


def _neighbours(items: list[tuple[Any, Any]], pattern: re.Pattern[str]) -> tuple[str | None, str, bool]:
    """Literal text before and after the named group `group`, if it stands at the top level of the expression, and
    whether the time comes right behind that.
    """
    at = _place_of("group", items, pattern)
    if at is None:
        return None, "", False
    before = [item for item in items[:at] if str(item[0]) != "AT"]
    lead, tail = _literal(before, pattern), _literal(items[at + 1 :], pattern)
    time = _place_of("time", items, pattern)
    return (lead if len(lead) == len(before) else None), tail, time is not None and time == at + 1 + len(tail)


def _place_of(name: str, items: list[tuple[Any, Any]], pattern: re.Pattern[str]) -> int | None:
    number = pattern.groupindex.get(name)
    places = (
        n for n, (operation, argument) in enumerate(items) if str(operation) == "SUBPATTERN" and argument[0] == number
    )
    return next(places, None) if number else None


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
