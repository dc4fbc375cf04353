"""A sweep over 100,000 objects of incomplete groups, none of which can be joined: calls, time and memory.

The bucket is computed, not stored (as in the tests), so that time and memory are the sweep's own; requests on a network
come on top.
"""

from __future__ import annotations

import contextlib
import io
import time
import tracemalloc
from collections import Counter

from bench.findings import Findings
from cosconcat.functions.sweep.round import handle_sweep
from tests.support.prefix import Prefix, config, report_of, services

SMALL, LARGE = 1_112, 11_112  # groups of nine objects
MOST_MB = 24  # what the test holds it to


def run() -> Findings:
    """Sweep twice for time, once for memory."""
    found = Findings("Sweep")
    (few, quick, _), (many, slow, calls) = (_swept(groups) for groups in (SMALL, LARGE))
    found.row(f"{many:,} objects, calls", f"{sum(calls.values()):,}")
    found.row(f"{many:,} objects, processor time", f"{slow:.1f} s")
    ratio = (slow / many) / (quick / few)
    found.row(
        f"time an object, {many:,} against {few:,}",
        f"{1e6 * slow / many:.0f} µs",
        f"{1e6 * quick / few:.0f} µs",
        ratio,
        1.3,
    )
    prefix = _listed(LARGE)
    tracemalloc.start()
    with contextlib.redirect_stdout(io.StringIO()):
        handle_sweep(services(prefix))
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    found.row(
        f"{many:,} objects, peak memory (MB, goal is absolute)", f"{peak:.1f} MB", f"{MOST_MB} MB", peak / MOST_MB, 1
    )
    found.notes.append(f"Calls by kind: {', '.join(f'{kind} {count:,}' for kind, count in calls.most_common())}.")
    return found


def _listed(groups: int) -> Prefix:
    """The bucket, its own list of keys made beforehand."""
    prefix = Prefix(groups=groups)
    prefix.list(config().bucket, "fragments/")
    prefix.calls.clear()
    return prefix


def _swept(groups: int) -> tuple[int, float, Counter[str]]:
    """Objects, seconds of processor time, calls."""
    prefix = _listed(groups)
    began = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        result = handle_sweep(services(prefix))
    seconds = time.process_time() - began
    if result["round"] != "complete":
        raise RuntimeError(f"the sweep's round is {result['round']}")
    return report_of(prefix)["objects"], seconds, prefix.calls
