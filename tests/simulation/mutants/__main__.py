"""`python -m tests.simulation.mutants` plays each mutant on seeds from 1 on until a promise breaks, and writes
docs/internals/mutants.md and its part of docs/internals/proofs.md.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.mutants.deaths import PAGE, PROOFS, attacks, between, deadliest, document
from tests.simulation.mutants.every import MUTANTS


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
        PROOFS.write_text(between(PROOFS.read_text("utf-8"), attacks()), "utf-8")
    return 1 if survivors else 0


def _deadliest_at(place: int) -> tuple[int, str]:
    return deadliest(MUTANTS[place])


if __name__ == "__main__":
    sys.exit(main())
