"""Every guard of the protocol removed once; the simulator must notice each time.

A mutant replaces a few words in one function's source for as long as it is applied (`mutant.py`; the list is
`every.py`). If those words are no longer there, the mutant says so instead of passing silently.
"""

from __future__ import annotations

import time
from pathlib import Path

from tests.simulation.mutants.every import MUTANTS
from tests.simulation.mutants.mutant import Mutant
from tests.simulation.schedules.schedule import Schedule

PAGE = Path(__file__).parents[3] / "docs" / "internals" / "mutants.md"
PROOFS = PAGE.parent / "proofs.md"
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
        "Each line is the code with one guard taken away by a patch (in `tests/simulation/mutants/`, by package; there",
        "is no switch for it in `handler/`). The number is how many seeds, counted from 1, the simulator needs until a",
        "promise breaks; for a few the faults that they need are forced. Seeds from 20,000,000 on are of what lasts:",
        "groups at which runs hang or die, POSTs that lead to no job, throttling. A mutant that survives fails the",
        "suite.",
        "Written by `make mutants`.\n",
        f"{killed} of {len(deaths)} die.\n",
        "| mutant | attacks | in | what it makes possible | seeds |",
        "|---|---|---|---|---|",
    ]
    for mutant in MUTANTS:
        seed = deaths[mutant.name][0]
        place = mutant.where.replace("cosconcat.", "").replace("tests.simulation.models.objects:", "")
        lines.append(f"| `{mutant.name}` | {mutant.promise} | `{place}` | {mutant.breaks} | {seed or 'SURVIVES'} |")
    return "\n".join(lines) + "\n"


def attacks() -> str:
    """The part of docs/internals/proofs.md that says which mutants attack which promise."""
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
