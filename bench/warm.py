"""Warm overhead: processor time of a submitting event in a warm process, against the same calls by the bare SDK.

Both run in one process of their own (the cloud's own work is not in it), in turn, each on groups of its own. The bare
calls are what the event needs: LIST, HEAD of the output, claim, index entry, POST, job record. How the whole life of a
group grows with its size is measured in memory, against the simulator's models, whose time is in it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.clouds import keys_of
from bench.coldstart import event_of
from bench.findings import COLOURS, Findings, axes, median_ratio, milliseconds
from cosconcat.groups.listing import SMALL
from local.cloud import HANDLER, LAYER, LocalCloud
from local.scf.instances import credentials, proxy_environment
from local.switches import Switches
from tests.simulation.counted import in_memory, live

ROUNDS = 75
SIZES = (2, 10, 100)
PROFILED, PROFILES = 10, 10  # fragments, and how many groups of them
LEAST = 0.1  # milliseconds under the profiler that a part must take to be shown
GROWTH = (10, 100, 1000, 5000)


def run() -> Findings:
    """Measure."""
    found = Findings("Warm overhead")
    with LocalCloud(switches=Switches(lose_events=1.0, join="bytes", callbacks=0)) as cloud:
        for size in SIZES:
            said = _in_turn(cloud, size)
            ours, bare = (said[name]["seconds"] for name in ("ours", "bare"))
            what = f"submitting event, N = {size}, processor time"
            found.row(what, milliseconds(ours, 1), milliseconds(bare, 1), median_ratio(ours, bare), 1.1)
            if size == PROFILED:
                _parts(found, *(said[name]["parts"] for name in ("ours", "bare")))
    each = {size: _whole_life(size) for size in GROWTH}
    for size, seconds in each.items():
        found.row(f"whole group in memory, N = {size:,}, time a fragment", f"{1000 * seconds:.2f} ms")
    ratio = each[5000] / each[10]
    found.row(
        "time a fragment, 5,000 against 10", f"{1000 * each[5000]:.2f} ms", f"{1000 * each[10]:.2f} ms", ratio, 1.3
    )
    figure, plane = axes()
    plane.plot(list(each), [1000 * seconds for seconds in each.values()], "o-", color=COLOURS[0])
    plane.set(xscale="log", xlabel="fragments in the group", ylabel="milliseconds a fragment", ylim=(0, None))
    plane.set_title("Processor time of a group's whole life (in memory, in order)")
    plane.set_xticks(GROWTH, [f"{size:,}" for size in GROWTH])
    plane.minorticks_off()
    found.plot("warm", figure)
    found.notes.append(
        f"Groups of up to {SMALL} are listed as a whole at each event, to say which fragments are missing: "
        "that is the hump in the plot."
    )
    return found


def _parts(found: Findings, ours: dict[str, float], bare: dict[str, float]) -> None:
    """Where an event's time goes, the largest parts first; what is small is one line."""
    lines, rest = [], [0.0, 0.0]
    for name in sorted({*ours, *bare}, key=lambda name: -ours.get(name, 0.0)):
        pair = [1000 * spent.get(name, 0.0) / PROFILES for spent in (ours, bare)]
        if max(pair) < LEAST:
            rest = [a + b for a, b in zip(rest, pair, strict=True)]
        else:
            lines.append((name, *(f"{value:.2f}" for value in pair)))
    lines.append((f"parts under {LEAST} ms", *(f"{value:.2f}" for value in rest)))
    title = f"Milliseconds of a submitting event, N = {PROFILED}, under a profiler, which makes all of it slower"
    found.table(title, ("", "ours", "bare SDK"), lines)


def _in_turn(cloud: LocalCloud, size: int) -> dict[str, Any]:
    """What `bare` says of ours and of the bare calls: seconds of processor time of each submitting event, and parts."""
    work = []
    for number in range(ROUNDS + PROFILES):
        mine, theirs = (keys_of(f"{who}{size}-{number}", size) for who in ("ours", "bare"))
        for key in (*mine, *theirs):
            cloud.store.put(cloud.bucket, key, b"x" * 1000)
        work.append({"event": event_of(cloud, mine[-1]), "keys": theirs, "group": f"bare{size}-{number}"})
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{HANDLER}:{LAYER}",
        **cloud.environment,
        **proxy_environment(cloud.proxy.url),
        **credentials(cloud.account.issue("upload")),
    }
    command = [sys.executable, "-S", "-s", str(Path(__file__).with_name("bare.py"))]
    said = subprocess.run(
        command,
        input=json.dumps({"work": work, "timed": ROUNDS}),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if said.returncode:
        raise RuntimeError(said.stderr)
    parts: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return parts


def _whole_life(size: int) -> float:
    """Seconds of processor time a fragment, all events and the callback; the median of three groups, more if small."""
    taken = []
    for _ in range(max(3, min(21, 1000 // size))):
        memory = in_memory()
        began = time.process_time()
        last = [result.action for result in live(memory, keys_of("cam1", size))][-1]
        taken.append((time.process_time() - began) / size)
        if last != "finished":
            raise RuntimeError(f"a group of {size} ended as {last}")
    return statistics.median(taken)
