"""Schedules a second that the simulator plays on one core, by its own count of processor time."""

from __future__ import annotations

from bench.findings import Findings
from tests.simulation.__main__ import many

RUNS = 2000


def run() -> Findings:
    """Play some."""
    found = Findings("Simulator")
    tally = many(RUNS, 1, 1)
    found.row(f"{tally.schedules:,} schedules, a second of one core", f"{tally.schedules / tally.seconds:.0f}")
    found.row("port calls, a second of one core", f"{tally.calls / tally.seconds:,.0f}")
    found.row("promises broken", f"{len(tally.failures)}", "", float(len(tally.failures)), 0)
    return found
