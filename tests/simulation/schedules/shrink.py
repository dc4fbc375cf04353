"""A failure made small: fewer groups, fewer fragments, fewer kinds of faults, then single faults taken away.

Every step is kept only if the same promise still breaks (the same words up to the first colon). What is left is
printed as a trace, with the line that plays it again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.simulation.chance import Chance
from tests.simulation.plan import FAULTS, draw
from tests.simulation.schedules.schedule import Schedule

TRIES = 400  # schedules that shrinking may run


@dataclass(frozen=True)
class Case:
    """One schedule, by what decides it."""

    seed: int
    only: tuple[tuple[str, float], ...] = ()
    masked: frozenset[int] = frozenset()

    def schedule(self, *, trace: bool = False, record: bool = False) -> Schedule:
        """Its world, ready to run; with `record` every draw is remembered, so that it can be stored."""
        chance = Chance(self.seed, record=record)
        return Schedule(draw(self.seed, dict(self.only)), trace=trace, masked=self.masked, chance=chance)

    def with_only(self, name: str, value: float) -> Case:
        """Narrowed by one more bound."""
        return replace(self, only=(*((n, v) for n, v in self.only if n != name), (name, value)))

    @property
    def command(self) -> str:
        """The line that plays it again."""
        only = ",".join(f"{name}={value:g}" for name, value in self.only)
        masked = ",".join(str(number) for number in sorted(self.masked))
        return (
            f"make simulate SEED={self.seed}"
            + (f' ONLY="{only}"' if only else "")
            + (f' MASK="{masked}"' if masked else "")
        )


def shrink(case: Case) -> tuple[Case, str]:
    """The smallest case found that breaks the same promise, and the words of its failure."""
    failure = case.schedule().run()
    search = _Search(kind(failure), case, failure)
    search.sizes()
    search.faults()
    search.seeds()
    search.faults()
    search.single_faults()
    return search.case, search.failure


def kind(failure: str) -> str:
    """What a failure is about, without its names and numbers."""
    return failure.split(":", maxsplit=1)[0].split(" ", maxsplit=1)[0]


class _Search:
    """The smallest failing case so far."""

    def __init__(self, wanted: str, case: Case, failure: str) -> None:
        self.wanted = wanted
        self.case = case
        self.failure = failure
        self.left = TRIES

    def _better(self, case: Case) -> bool:
        if self.left <= 0:
            return False
        self.left -= 1
        failure = case.schedule().run()
        if failure and kind(failure) == self.wanted:
            self.case, self.failure = case, failure
            return True
        return False

    def sizes(self) -> None:
        """Fewer groups, then fewer fragments."""
        for name in ("groups", "most"):
            for value in (1, 2, 3, 5):
                if self._better(self.case.with_only(name, value)):
                    break

    def faults(self) -> None:
        """Without one kind of fault after another."""
        for name, probability in self.case.schedule().plan.faults.items():
            if probability and name in FAULTS:
                self._better(self.case.with_only(name, 0))

    def seeds(self) -> None:
        """Another seed under the same bounds, if it needs fewer faults."""
        best = self._injected(self.case)
        for seed in range(self.case.seed + 1, self.case.seed + 150):
            case = replace(self.case, seed=seed)
            before = self.case, self.failure
            if self._better(case):
                count = self._injected(case)
                if count < best:
                    best = count
                else:
                    self.case, self.failure = before

    def single_faults(self) -> None:
        """Without single occurrences, the latest first."""
        schedule = self.case.schedule()
        schedule.run()
        for number in range(schedule.world.drawn, 0, -1):
            if number not in self.case.masked:
                self._better(replace(self.case, masked=self.case.masked | {number}))

    @staticmethod
    def _injected(case: Case) -> int:
        schedule = case.schedule()
        schedule.run()
        return schedule.world.drawn * 100 + schedule.world.calls
