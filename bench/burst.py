"""A burst: many groups of ten at once, shuffled, 30 % of the events twice, several instances of each function.

The fragments lie there within seconds and the events work through them, so most events find their group whole: the
worst case for "one job". Joins concatenate bytes. The local cloud shares the machine with the functions, so events per
second say as much about it as about them; what counts is that all is done once and that time an event stays the same.
"""

from __future__ import annotations

import random
import resource
import time
from dataclasses import dataclass

from bench.clouds import NAMES, cloud_of, keys_of
from bench.findings import COLOURS, Findings, axes
from local.cloud import LocalCloud
from local.scf.function import Invocation
from local.switches import Switches

FRAGMENTS = 10
SMALL, LARGE = 100, 1000
WARMING = 10  # groups that come first and are not counted, so that every instance has started
INSTANCES = 3
REPEATED = 0.3
PATIENCE = 1200  # seconds


@dataclass(frozen=True)
class Burst:
    """How one burst went. `moments` are seconds from its begin to the end of each event."""

    moments: list[float]
    seconds: float
    jobs: int
    outputs: int
    left: int  # fragments
    calls: int
    cloud_seconds: float  # processor time of this process
    function_seconds: float  # processor time of the instances, their start and the warming too

    @property
    def events(self) -> int:
        """How many were handled."""
        return len(self.moments)

    @property
    def each(self) -> float:
        """Milliseconds an event."""
        return 1000 * self.seconds / self.events


def run() -> Findings:
    """Three small ones, ours and the baselines, and a large one."""
    found = Findings("Burst")
    small = {name: burst(name, SMALL) for name in NAMES}
    large = burst("cos-concat", LARGE)
    for groups, one in ((SMALL, small["cos-concat"]), (LARGE, large)):
        whole = f"{one.outputs:,} outputs, {one.left} fragments left"
        found.row(f"{groups:,} groups of {FRAGMENTS}: done", whole, "", one.outputs / groups, None)
        what = f"{groups:,} groups of {FRAGMENTS}: jobs ÷ groups"
        found.row(what, f"{one.jobs:,}", f"{groups:,}", one.jobs / groups, 1)
        if one.outputs != groups or one.left:
            raise RuntimeError(f"the burst of {groups} is not done: {one.outputs} outputs, {one.left} fragments left")
    for name in NAMES[1:]:
        jobs = small[name].jobs
        found.row(f"{SMALL} groups of {FRAGMENTS}: jobs ÷ groups, {name}", "", f"{jobs}", jobs / SMALL)
    found.row(f"{SMALL} groups: events/s", _rate(small["cos-concat"]), _rate(small["afternoon"]))
    found.row(f"{LARGE:,} groups: events/s", _rate(large))
    mine = small["cos-concat"]
    what = f"time an event, {LARGE:,} against {SMALL} groups"
    found.row(what, f"{large.each:.1f} ms", f"{mine.each:.1f} ms", large.each / mine.each, 1.2)
    bursts = [*((name, SMALL, one) for name, one in small.items()), ("cos-concat", LARGE, large)]
    found.table(
        "Each burst, and where its processor time goes, an event",
        ("", "groups", "events", "seconds", "calls an event", "functions and their start", "local cloud"),
        [
            (
                name,
                f"{groups:,}",
                f"{one.events:,}",
                f"{one.seconds:.0f}",
                f"{one.calls / one.events:.1f}",
                f"{1000 * one.function_seconds / one.events:.1f} ms",
                f"{1000 * one.cloud_seconds / one.events:.1f} ms",
            )
            for name, groups, one in bursts
        ],
    )
    _plot(found, {SMALL: mine, LARGE: large})
    return found


def burst(name: str, groups: int) -> Burst:
    """Upload everything at once and wait until nothing is under way."""
    chance = random.Random(groups)
    switches = Switches(duplicate_events=REPEATED, shuffle_events=True, random=chance)
    moments: list[float] = []

    def handled(one: Invocation) -> None:
        if one.function == "upload":
            moments.append(time.monotonic())

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with cloud_of(name, switches, INSTANCES, handled) as cloud:
        _upload(cloud, chance, "warming", WARMING)
        warming = len(cloud.ci.jobs())
        moments.clear()
        cloud.calls.reset()
        began, processor = time.monotonic(), time.process_time()
        _upload(cloud, chance, "g", groups)
        seconds, cloud_seconds = time.monotonic() - began, time.process_time() - processor
        jobs = len(cloud.ci.jobs()) - warming
        outputs = len(cloud.store.keys(cloud.bucket, "output/g"))
        left = len(cloud.store.keys(cloud.bucket, "fragments/"))
        calls = sum(cloud.calls.kinds().values())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    function_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Burst(
        [moment - began for moment in moments], seconds, jobs, outputs, left, calls, cloud_seconds, function_seconds
    )


def _upload(cloud: LocalCloud, chance: random.Random, name: str, groups: int) -> None:
    """Put all fragments of these groups there in any order, and wait."""
    keys = [key for group in range(groups) for key in keys_of(f"{name}{group:04}", FRAGMENTS)]
    chance.shuffle(keys)
    for key in keys:
        cloud.store.put(cloud.bucket, key, key.encode() * 30)
    if not cloud.settle(PATIENCE):
        raise RuntimeError(f"{groups} groups are not settled within {PATIENCE} s")


def _rate(one: Burst) -> str:
    return f"{one.events / one.seconds:.0f}"


def _plot(found: Findings, bursts: dict[int, Burst]) -> None:
    """Progress of ours by size, time divided by the number of groups: without growth the lines are one."""
    figure, plane = axes()
    for colour, (groups, one) in zip(COLOURS, bursts.items(), strict=False):
        share = [100 * (at + 1) / one.events for at in range(one.events)]
        plane.plot([1000 * moment / groups for moment in one.moments], share, color=colour, label=f"{groups:,} groups")
    plane.set(xlabel="milliseconds since the start, divided by the number of groups", ylim=(0, 102))
    plane.set_ylabel("% of the events handled")
    plane.set_xlim(0, None)
    plane.set_title(f"Bursts of groups of {FRAGMENTS}: the first event of each group submits it")
    plane.legend(frameon=False)
    found.plot("burst", figure)
