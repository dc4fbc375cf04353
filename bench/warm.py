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

from bench.clouds import keys_of
from bench.coldstart import event_of
from bench.findings import COLOURS, Findings, axes, median_ratio, milliseconds
from local.cloud import HANDLER, LAYER, LocalCloud
from local.scf.instances import credentials, proxy_environment
from local.switches import Switches
from tests.support.counted import in_memory, live

ROUNDS = 75
SIZES = (2, 10, 100)
GROWTH = (10, 100, 1000, 5000)


def run() -> Findings:
    """Measure."""
    found = Findings("Warm overhead")
    with LocalCloud(switches=Switches(lose_events=1.0, join="bytes", callbacks=0)) as cloud:
        for size in SIZES:
            ours, bare = _in_turn(cloud, size)
            what = f"submitting event, N = {size}, processor time"
            found.row(what, milliseconds(ours, 1), milliseconds(bare, 1), median_ratio(ours, bare), 1.1)
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
    plane.set_title("Processor time of a group's whole life, per fragment (in memory, in order)")
    plane.set_xticks(GROWTH, [f"{size:,}" for size in GROWTH])
    found.plot("warm", figure)
    return found


def _in_turn(cloud: LocalCloud, size: int) -> tuple[list[float], list[float]]:
    """Seconds of processor time of each submitting event, and of the bare calls."""
    work = []
    for number in range(ROUNDS):
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
        command, input=json.dumps(work), env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    if said.returncode:
        raise RuntimeError(said.stderr)
    ours, bare = json.loads(said.stdout.splitlines()[-1])
    return ours, bare


def _whole_life(size: int) -> float:
    """Seconds of processor time a fragment, all events and the callback; the median of as many groups as are quick."""
    taken = []
    for _ in range(max(1, min(21, 1000 // size))):
        memory = in_memory()
        began = time.process_time()
        last = [result.action for result in live(memory, keys_of("cam1", size))][-1]
        taken.append((time.process_time() - began) / size)
        if last != "finished":
            raise RuntimeError(f"a group of {size} ended as {last}")
    return statistics.median(taken)
