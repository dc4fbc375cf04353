"""Every guard of the protocol removed once; the simulator must notice each time.

A mutant replaces a few words in one function's source for as long as it is applied (`mutation.py`; the list is
`guards.py`). If those words are no longer there, the mutant says so instead of passing silently.
`python -m tests.simulation.mutants` plays each one on seeds from 1 on until a promise breaks, and writes
docs/internals/mutants.md and its part of docs/guarantees.md.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.simulation.guards import MUTANTS
from tests.simulation.mutation import Mutant
from tests.simulation.schedule import Schedule

PAGE = Path(__file__).parents[2] / "docs" / "internals" / "mutants.md"
GUARANTEES = PAGE.parents[1] / "guarantees.md"
BEGIN, END = "<!-- mutants -->\n", "<!-- /mutants -->\n"  # between them stands what is written here
MOST_SEEDS = 30_000


def deadliest(mutant: Mutant, first: int = 0, limit: int = MOST_SEEDS, seconds: float = 600.0) -> tuple[int, str]:
    """The first seed from `first` on (0: the first of its kind) at which the mutant dies, and what broke; (0, "") when
    it survives.
    """
    until = time.monotonic() + seconds
    with mutant.applied():
        for seed in range(first or mutant.first, (first or mutant.first) + limit):
            plan = mutant.plan(seed)
            if not mutant.on(plan):
                continue
            failure = Schedule(plan).run()
            if failure:
                return seed, failure
            if time.monotonic() > until:
                break
    return 0, ""


def document(deaths: dict[str, tuple[int, str]]) -> str:
    """docs/internals/mutants.md: every mutant, what it breaks, the seeds it needs to die."""
    killed = sum(1 for seed, _ in deaths.values() if seed)
    lines = [
        "# Mutants: every guard removed once\n",
        "Each line is the protocol with one guard taken away by a patch (`tests/simulation/guards.py`; there is no",
        "switch for it in `handler/`). The number is how many seeds, counted from 1, the simulator needs until a",
        "promise breaks; for a few the faults that they need are forced. A mutant that survives fails the suite.",
        "Written by `make mutants`.\n",
        f"{killed} of {len(deaths)} die.\n",
        "| mutant | attacks | in | what it makes possible | seeds |",
        "|---|---|---|---|---|",
    ]
    for mutant in MUTANTS:
        seed = deaths[mutant.name][0]
        place = mutant.where.replace("cosconcat.", "").replace("tests.simulation.objects:", "")
        lines.append(f"| `{mutant.name}` | {mutant.promise} | `{place}` | {mutant.breaks} | {seed or 'SURVIVES'} |")
    return "\n".join(lines) + "\n"


def attacks() -> str:
    """The part of docs/guarantees.md that says which mutants attack which promise."""
    lines = ["| | mutants that attack it, each killed by the simulator |", "|---|---|"]
    for promise in sorted({mutant.promise for mutant in MUTANTS}):
        names = [f"`{mutant.name}`" for mutant in MUTANTS if mutant.promise == promise]
        lines.append(f"| {promise} | {len(names)}: {', '.join(names)} |")
    return "\n".join(lines) + "\n"


def between(page: str, text: str) -> str:
    """`page` with `text` between the two marks."""
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + text + END + rest.partition(END)[2]


def known_deaths() -> dict[str, int]:
    """The seed at which each mutant died when docs/internals/mutants.md was written."""
    rows = (line.split("|") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `"))
    return {row[1].strip(" `"): int(row[5]) for row in rows if row[5].strip().isdigit()}


def main() -> int:
    """Kill them all, print the list, write the page."""
    start = time.monotonic()
    wanted = set(sys.argv[1:])
    unknown = sorted(wanted - {mutant.name for mutant in MUTANTS})
    if unknown:
        print(f"no mutant is called {', '.join(unknown)}; docs/internals/mutants.md lists all", file=sys.stderr)
        return 2
    chosen = [mutant for mutant in MUTANTS if not wanted or mutant.name in wanted]
    with ProcessPoolExecutor() as pool:
        found = dict(zip([m.name for m in chosen], pool.map(_deadliest_at, map(MUTANTS.index, chosen)), strict=True))
    for name, (seed, failure) in found.items():
        print(f"{name:36} {f'dies at seed {seed}: {failure}' if seed else 'SURVIVES'}"[:200])
    survivors = [name for name, (seed, _) in found.items() if not seed]
    print(f"{len(found) - len(survivors)} of {len(found)} mutants killed in {time.monotonic() - start:.0f} s")
    if not wanted:
        PAGE.write_text(document(found), "utf-8")
        GUARANTEES.write_text(between(GUARANTEES.read_text("utf-8"), attacks()), "utf-8")
    return 1 if survivors else 0


def _deadliest_at(place: int) -> tuple[int, str]:
    return deadliest(MUTANTS[place])


if __name__ == "__main__":
    sys.exit(main())
