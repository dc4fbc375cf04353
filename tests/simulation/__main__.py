"""`python -m tests.simulation --seed N` plays one schedule with its trace; `--runs N` plays many and counts.

`--seed N --store NAME` keeps what it plays as a drawn schedule in `found/`; `--stored NAME` plays that again.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.models.trace import readable
from tests.simulation.schedules.schedule import Schedule
from tests.simulation.schedules.shrink import Case, shrink
from tests.simulation.schedules.stored import FOUND, as_text, stored
from tests.simulation.schedules.users import size_of

CHUNK = 250  # schedules that a process plays at a time


@dataclass
class Tally:
    """What a number of schedules came to."""

    schedules: int = 0
    calls: int = 0
    seconds: float = 0.0  # of one core
    sizes: Counter[str] = field(default_factory=Counter)
    injected: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Together with what others came to."""
        self.schedules += other.schedules
        self.calls += other.calls
        self.seconds += other.seconds
        self.failures += other.failures
        for name in ("sizes", "injected", "reached", "actions"):
            getattr(self, name).update(getattr(other, name))


def play(seeds: range) -> Tally:
    """Play these seeds; stops nowhere, failures are collected."""
    tally = Tally()
    start = time.process_time()
    gc.disable()  # a world is one large cycle: it is collected every so often instead of all the time
    for seed in seeds:
        if seed % 100 == 0:
            gc.collect()
        schedule = Case(seed).schedule()
        failure = schedule.run()
        tally.schedules += 1
        tally.calls += schedule.world.calls
        tally.sizes[size_of(schedule.plan)] += 1
        tally.injected.update(schedule.world.injected)
        tally.reached.update(schedule.world.reached)
        tally.actions.update(schedule.functions.actions)
        if failure:
            tally.failures.append((seed, failure))
    tally.seconds = time.process_time() - start
    gc.enable()
    return tally


def many(runs: int, first: int, processes: int) -> Tally:
    """Play `runs` seeds from `first` on over several processes; ends early only after many failures."""
    tally = Tally()
    chunks = [range(at, min(at + CHUNK, first + runs)) for at in range(first, first + runs, CHUNK)]
    with ProcessPoolExecutor(processes) as pool:
        for part in pool.map(play, chunks) if processes > 1 else map(play, chunks):
            tally.add(part)
            if len(tally.failures) > 20:
                pool.shutdown(cancel_futures=True)
                break
    return tally


def show(tally: Tally, wall: float) -> None:
    """Print the counts."""
    print(f"{tally.schedules} schedules ({', '.join(f'{name}: {n}' for name, n in sorted(tally.sizes.items()))})")
    print(f"{tally.schedules / wall:.0f} schedules/s, {tally.calls / wall:.0f} port calls/s; per core")
    print(f"{tally.schedules / tally.seconds:.0f} schedules/s, {tally.calls / tally.seconds:.0f} port calls/s")
    for title, counts in (
        ("faults injected", tally.injected),
        ("protocol states reached", tally.reached),
        ("actions", tally.actions),
    ):
        print(f"\n{title}: {sum(counts.values())}")
        for name, count in sorted(counts.items()):
            print(f"  {count:9}  {name}")


def one(schedule: Schedule, store: Path | None = None) -> int:
    """Play one schedule and print its trace; `store`, where to keep it as it was drawn."""
    failure = schedule.run()
    if store is not None:
        world = schedule.world
        store.write_text(as_text(schedule.plan, world.masked, world.streams.recorded, failure))
    print(schedule.plan)
    print(readable(schedule.world.trace or []))
    if schedule.world.crash is not None:
        import traceback

        traceback.print_exception(schedule.world.crash)
    print(failure or f"every promise was kept: {schedule.world.calls} port calls, {schedule.sweeps} sweeps in peace")
    return 1 if failure else 0


def explain(seed: int) -> str:
    """A failing seed as a short trace, and the line that plays it."""
    case, failure = shrink(Case(seed))
    schedule = case.schedule(trace=True)
    schedule.run()
    return "\n".join([readable(schedule.world.trace or []), failure, f"again: {case.command}"])


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests.simulation")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--only", default="", help="name=bound,... narrows the plan")
    parser.add_argument("--mask", default="", help="numbers of faults that shall not happen")
    parser.add_argument("--store", default="", help="with --seed: keep the schedule under this name")
    parser.add_argument("--stored", default="", help="play the schedule kept under this name")
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    for name in ("runs", "first", "processes"):
        if getattr(given, name) < 1:
            parser.error(f"{name.upper()}={getattr(given, name)}: 1 or more is allowed")
    if given.stored:
        return one(stored(FOUND / f"{given.stored}.json", trace=True))
    if given.seed is not None:
        only = tuple(
            (name, float(value)) for name, value in (part.split("=") for part in given.only.split(",") if part)
        )
        case = Case(given.seed, only, frozenset(int(number) for number in given.mask.split(",") if number))
        kept = FOUND / f"{given.store}.json" if given.store else None
        return one(case.schedule(trace=True, record=kept is not None), kept)
    start = time.monotonic()
    tally = many(given.runs, given.first, given.processes)
    show(tally, time.monotonic() - start)
    print(f"\nviolations: {len(tally.failures)}")
    for seed, failure in tally.failures[:20]:
        print(f"  seed {seed}: {failure}")
    if tally.failures:
        print(f"\n{explain(tally.failures[0][0])}")
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
