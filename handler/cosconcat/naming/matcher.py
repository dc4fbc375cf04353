"""Full matches at a bounded cost: whatever the expression and the text, time grows no faster than the text's length.

Python's `re` backtracks: a text that nearly matches is tried in every way there is, which for three free parts grows
with the third power of its length. Here `re` is asked only about texts so short that this cannot matter. All others are
matched step by step, in the same order of preference, but never twice at the same place of expression and text: what
failed there once fails always, as nothing of what was matched before can change it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from math import log
from typing import Any, NamedTuple

from cosconcat.naming.keys import KEY_BYTES

# How `re` parses and compiles: private from Python 3.11 on, but it is what `re` itself uses.
_RE = ("re._parser", "re._compiler") if sys.version_info >= (3, 11) else ("sre_parse", "sre_compile")
sre_parse, sre_compile = map(import_module, _RE)

ONE_REPEAT = 468  # ways of one free part in it: three share it in 850³/3! = 468³ ways
_AT_ONCE = 200_000  # so many ways `re` may try: some milliseconds
_LONGEST_PROGRAM = 2000  # steps an expression may be unrolled to

Spans = Mapping[str, tuple[int, int]]


class _Step(NamedTuple):
    """One step: `take` a character that `test` accepts, `look` at the place without moving, `fork` to two steps
    (preferably the first), `mark` a place of a group, or `end`.
    """

    kind: str
    first: int = 0
    second: int = 0
    test: re.Pattern[str] | None = None


class Bounded:
    """An expression that is matched in full. `ways` says in how many ways a key of KEY_BYTES may be matched."""

    def __init__(self, expression: str, ways: float) -> None:
        self.expression = expression
        self.longest_at_once = _longest_at_once(ways)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bounded) and other.expression == self.expression

    def __hash__(self) -> int:
        return hash(self.expression)

    def match(self, text: str) -> Spans | None:
        """Where in the text each named group that took part in the match stands; None when there is no match."""
        if len(text) > self.longest_at_once:
            return self.walk(text)
        found = self._quick.fullmatch(text)
        if found is None:
            return None
        places = found.regs  # every group's at once: half of the time that `span` takes for each
        return {name: places[number] for name, number in self._named if places[number][0] >= 0}

    @cached_property
    def _quick(self) -> re.Pattern[str]:
        return re.compile(self.expression)

    @cached_property
    def _named(self) -> tuple[tuple[str, int], ...]:
        return tuple(self._quick.groupindex.items())

    @cached_property
    def _program(self) -> tuple[list[_Step], Mapping[str, int]]:
        tree = sre_parse.parse(self.expression)
        steps: list[_Step] = []
        _Unroll(steps, tree.state).items(tree, tree.state.flags)
        return [*steps, _Step("end")], tree.state.groupdict

    def unroll(self) -> None:
        """Make sure that it can be matched step by step.

        Raises:
            ValueError: when its repeats are more than that is worth.
        """
        self._program  # noqa: B018 - computed once, kept

    def walk(self, text: str) -> Spans | None:
        """The match step by step: no place of the expression meets a place of the text twice."""
        steps, names = self._program
        width = len(text) + 1
        seen = bytearray(len(steps) * width)
        marks = [-1] * (2 * (1 + max(names.values(), default=0)))
        undone = [(0, 0, -1)]  # where to go on: step and place, or the former value of a mark
        while undone:
            at, place, mark = undone.pop()
            if mark >= 0:
                marks[mark] = place
                continue
            while not seen[at * width + place]:
                seen[at * width + place] = 1
                kind, first, second, test = steps[at]
                if kind == "take":
                    if place == len(text) or not test.match(text[place]):  # type: ignore[union-attr]
                        break
                    at, place = at + 1, place + 1
                elif kind == "fork":
                    undone.append((second, place, -1))
                    at = first
                elif kind == "mark":
                    undone.append((0, marks[first], first))
                    marks[first] = place
                    at += 1
                elif kind == "look":
                    if not test.match(text, place):  # type: ignore[union-attr]
                        break
                    at += 1
                elif place < len(text):
                    break
                else:
                    return {n: (marks[2 * g], marks[2 * g + 1]) for n, g in names.items() if marks[2 * g + 1] >= 0}
        return None


def _longest_at_once(ways: float) -> float:
    """The longest text that may be matched in no more ways than `re` is trusted with."""
    if ways <= _AT_ONCE:
        return float("inf")
    free_parts = max(1.0, log(ways, ONE_REPEAT))
    return float(KEY_BYTES * (_AT_ONCE / ways) ** (1 / free_parts))


class _Unroll:
    """Writes a parsed expression as steps, repeats unrolled.

    Raises:
        ValueError: when it has more steps than are worth it.
    """

    def __init__(self, steps: list[_Step], state: Any) -> None:
        self._steps = steps
        self._state = state

    def items(self, tree: Any, flags: int) -> None:
        for operation, argument in tree:
            self._one(str(operation), operation, argument, flags)

    def _one(self, name: str, operation: Any, argument: Any, flags: int) -> None:
        if len(self._steps) > _LONGEST_PROGRAM:
            raise ValueError("is too long: its repeats of repeats are more than can be matched")
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = argument
            self._repeat(least, most, inner, name == "MAX_REPEAT", flags)
        elif name == "SUBPATTERN":
            number, add, remove, inner = argument
            if number is not None:
                self._steps.append(_Step("mark", 2 * number))
            self.items(inner, (flags | add) & ~remove)
            if number is not None:
                self._steps.append(_Step("mark", 2 * number + 1))
        elif name == "BRANCH":
            self._branch(argument[1], flags)
        else:
            looks = name in ("AT", "ASSERT", "ASSERT_NOT")
            test = sre_compile.compile(sre_parse.SubPattern(self._state, [(operation, argument)]), flags)
            self._steps.append(_Step("look" if looks else "take", test=test))

    def _fork(self, greedy: bool) -> int:
        """A fork whose far end is not known yet: on with the next step, or away."""
        self._steps.append(_Step("fork", int(greedy)))
        return len(self._steps) - 1

    def _land(self, fork: int) -> None:
        on, away = fork + 1, len(self._steps)
        self._steps[fork] = _Step("fork", on, away) if self._steps[fork].first else _Step("fork", away, on)

    def _repeat(self, least: int, most: Any, inner: Any, greedy: bool, flags: int) -> None:
        for _ in range(least):
            self.items(inner, flags)
        if str(most) == "MAXREPEAT":
            loop = self._fork(greedy)
            self.items(inner, flags)
            self._steps.append(_Step("fork", loop, loop))
            self._land(loop)
            return
        forks = []
        for _ in range(most - least):
            forks.append(self._fork(greedy))
            self.items(inner, flags)
        for fork in forks:
            self._land(fork)

    def _branch(self, alternatives: list[Any], flags: int) -> None:
        ends = []
        for alternative in alternatives[:-1]:
            fork = self._fork(greedy=True)
            self.items(alternative, flags)
            ends.append(self._fork(greedy=False))
            self._land(fork)
        self.items(alternatives[-1], flags)
        for end in ends:  # both ways lead to where the last alternative ends
            self._steps[end] = _Step("fork", len(self._steps), len(self._steps))


def parse_tree(expression: str) -> Any:
    """An expression, parsed as `re` does it."""
    return sre_parse.parse(expression)


def walk_tree(tree: Any) -> Iterator[tuple[str, Any]]:
    """Every node of a parsed expression as (operation, argument), outermost first."""
    for operation, argument in tree:
        yield str(operation), argument
        for child in children(argument):
            yield from walk_tree(child)


def children(argument: Any) -> Iterator[Any]:
    """The parsed expressions inside a node's argument."""
    if isinstance(argument, sre_parse.SubPattern):
        yield argument
    elif isinstance(argument, (tuple, list)):
        for part in argument:
            yield from children(part)
