"""A burst: many groups of ten at once, shuffled, 30 % of the events twice, several instances of each function.

The fragments lie there within seconds and the events work through them, so most events find their group whole: the
worst case for "one job". Joins concatenate bytes. The local cloud shares the machine with the functions, so events per
second say as much about it as about them; what counts is that all is done once and that time an event stays the same.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass

from bench.clouds import NAMES, cloud_of, keys_of
from bench.findings import Findings
from local.switches import Switches

FRAGMENTS = 10
SMALL, LARGE = 100, 1000
INSTANCES = 3
REPEATED = 0.3
PATIENCE = 1200  # seconds


@dataclass(frozen=True)
class Burst:
    """How one burst went."""

    seconds: float
    events: int
    jobs: int
    outputs: int
    left: int  # fragments
    calls: int


def run() -> Findings:
    """Three small ones, ours and the baselines, and a large one."""
    found = Findings("Burst")
    small = {name: burst(name, SMALL) for name in NAMES}
    for name, one in small.items():
        found.notes.append(f"{SMALL} groups, {name}: {_told(one, SMALL)}")
    large = burst("cos-concat", LARGE)
    found.notes.append(f"{LARGE:,} groups, cos-concat: {_told(large, LARGE)}")
    for groups, one in ((SMALL, small["cos-concat"]), (LARGE, large)):
        whole = f"{one.outputs:,} outputs, {one.left} fragments left"
        found.row(f"{groups:,} groups of {FRAGMENTS}: done", whole, "", one.outputs / groups, None)
        found.row(
            f"{groups:,} groups of {FRAGMENTS}: jobs ÷ groups", f"{one.jobs:,}", f"{groups:,}", one.jobs / groups, 1
        )
        if one.outputs != groups or one.left:
            raise RuntimeError(f"the burst of {groups} is not done: {_told(one, groups)}")
    other = small["afternoon"]
    found.row(f"{SMALL} groups: jobs ÷ groups, afternoon", "", f"{other.jobs}", other.jobs / SMALL)
    found.row(f"{SMALL} groups: events/s", _rate(small["cos-concat"]), _rate(other))
    found.row(f"{LARGE:,} groups: events/s", _rate(large))
    each = [1000 * one.seconds / one.events for one in (large, small["cos-concat"])]
    found.row(
        f"time an event, {LARGE:,} against {SMALL} groups",
        f"{each[0]:.1f} ms",
        f"{each[1]:.1f} ms",
        each[0] / each[1],
        1.2,
    )
    return found


def burst(name: str, groups: int) -> Burst:
    """Upload everything at once and wait until nothing is under way."""
    chance = random.Random(groups)
    switches = Switches(duplicate_events=REPEATED, shuffle_events=True, random=chance)
    keys = [key for group in range(groups) for key in keys_of(f"g{group:04}", FRAGMENTS)]
    chance.shuffle(keys)
    handled: Counter[str] = Counter()
    with cloud_of(name, switches, INSTANCES, lambda one: handled.update([one.function])) as cloud:
        began = time.monotonic()
        for key in keys:
            cloud.store.put(cloud.bucket, key, key.encode() * 30)
        if not cloud.settle(PATIENCE):
            raise RuntimeError(f"{name}: {groups} groups are not settled within {PATIENCE} s")
        seconds = time.monotonic() - began
        jobs = cloud.ci.jobs()
        outputs = len(cloud.store.keys(cloud.bucket, "output/"))
        left = len(cloud.store.keys(cloud.bucket, "fragments/"))
        return Burst(seconds, handled["upload"], len(jobs), outputs, left, sum(cloud.calls.kinds().values()))


def _told(one: Burst, groups: int) -> str:
    done = f"{one.jobs:,} jobs for {groups:,} groups, {one.outputs:,} outputs, {one.left} fragments left"
    return f"{one.events:,} events in {one.seconds:.0f} s, {done}, {one.calls:,} calls"


def _rate(one: Burst) -> str:
    return f"{one.events / one.seconds:.0f}"
