"""A guard taken away for a while, by a patch of the source: there is no switch for it in the code under test."""

from __future__ import annotations
import __future__

import contextlib
import importlib
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import FunctionType
from typing import Any

from tests.simulation.plan import FAULTS, LATER, Plan, draw


@dataclass(frozen=True)
class Mutant:
    """`old` becomes `new` in the function at `where` (`module:qualified.name`); `breaks` says what is then possible.

    `on` picks the plans in which the guard has anything to do: others are passed over, which saves time only. `forced`
    are fields and faults that every plan gets instead of what was drawn, for guards that ordinary plans seldom meet.
    """

    name: str
    promise: str  # of docs/internals/proofs.md, the one that goes first
    where: str
    old: str
    new: str
    breaks: str
    on: Callable[[Plan], bool] = lambda plan: True
    first: int = 1  # the seed from which on plans are of its kind
    forced: Mapping[str, Any] = field(default_factory=dict)

    def plan(self, seed: int) -> Plan:
        """The plan of `seed`, as this mutant is played: faults that were learned later happen where they are forced."""
        plan = draw(seed, dict.fromkeys((*LATER, "late-pieces"), 0.0))
        plan.faults |= {name: value for name, value in self.forced.items() if name in FAULTS}
        return replace(plan, **{name: value for name, value in self.forced.items() if name not in FAULTS})

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """The guard is gone inside, and back afterwards.

        Raises:
            LookupError: the words to replace are not in the function exactly once.
        """
        module_name, _, path = self.where.partition(":")
        module = importlib.import_module(module_name)
        function = _function(module, path)
        source = textwrap.dedent(inspect.getsource(function))
        if source.count(self.old) != 1:
            raise LookupError(f"{self.name}: {self.where} holds {self.old!r} {source.count(self.old)} times, not once")
        mutated = source.replace(self.old, self.new)
        mutated = mutated[mutated.index("def ") :]  # without decorators
        names: dict[str, Any] = {}
        flags = __future__.annotations.compiler_flag
        exec(compile(mutated, f"<{self.name}>", "exec", flags, dont_inherit=True), function.__globals__, names)
        before = function.__code__
        [made] = [value for value in names.values() if isinstance(value, FunctionType)]
        function.__code__ = made.__code__
        try:
            yield
        finally:
            function.__code__ = before


def faulty(*names: str) -> Callable[[Plan], bool]:
    """The plans in which each of these faults can happen."""
    return lambda plan: all(plan.faults[name] > 0 for name in names)


def cleaning(mode: str) -> Callable[[Plan], bool]:
    """The plans with this CONCAT_CLEANUP in which somebody edits pieces."""
    return lambda plan: plan.cleanup == mode and plan.faults["edit"] > 0


def _function(module: Any, path: str) -> FunctionType:
    found: Any = module
    for name in path.split("."):
        found = inspect.getattr_static(found, name)
        if isinstance(found, property):
            found = found.fget
        elif isinstance(found, staticmethod):
            found = found.__func__
        elif isinstance(found, cached_property):
            found = found.func
    while hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    assert isinstance(found, FunctionType)
    return found
