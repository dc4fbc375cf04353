"""One behaviour that the use cases rely on: what it is, how it is known, and the check that tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tests.conformance.targets import Target

Check = Callable[[Target], None]
Known = Literal["documented", "observed", "assumed"]
COS, CI = "https://cloud.tencent.com/document/product/436/", "https://cloud.tencent.com/document/product/460/"
NOWHERE = "no statement found"


@dataclass(frozen=True)
class Behaviour:
    """One line of docs/internals/behaviour.md."""

    name: str
    says: str
    known: Known
    source: str
    matters: str  # what would break without it
    check: Check | None = None


@dataclass
class Chapter:
    """The behaviours of one matter, in the order of the page."""

    behaviours: list[Behaviour] = field(default_factory=list)

    def behaviour(self, says: str, known: Known, source: str, matters: str) -> Callable[[Check], Check]:
        """Register the check of a behaviour; its name is the check's."""

        def register(check: Check) -> Check:
            name = check.__name__.replace("_", "-")
            self.behaviours.append(Behaviour(name, says, known, source, matters, check))
            return check

        return register

    def unchecked(self, name: str, says: str, known: Known, source: str, matters: str) -> None:
        """Register a behaviour that no check can bring about."""
        self.behaviours.append(Behaviour(name, says, known, source, matters))
