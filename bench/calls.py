"""API calls of one group, by kind: ours against the baselines, events once and with half of them repeated.

Up to 100 fragments on the local cloud over HTTP, all deployed functions; beyond that in memory, ours against the
simulator's models and the baseline against a stand-in for the SDK's client. At 100 both are counted both ways.
"""

from __future__ import annotations

import os
import random
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from operator import itemgetter
from types import SimpleNamespace
from typing import Any

from bench.clouds import BASELINES, NAMES, cloud_of, keys_of
from bench.findings import COLOURS, Findings, axes
from local.switches import Switches
from ops.cost import REQUEST
from tests.simulation.counted import DIRECT, budget, in_memory, live

OVER_HTTP, IN_MEMORY = (1, 10, 100), (1000, 5000)
SIZES = OVER_HTTP + IN_MEMORY
REPEATED, SEED = 0.5, 7


def run() -> Findings:
    """Count."""
    found = Findings("API calls of one group")
    once, repeated = counted(0.0), counted(REPEATED)
    direct = {n: ours_in_memory(n, changed=DIRECT) for n in SIZES}
    for n in SIZES:
        what = f"N = {n:,}, each event once, `duration` ({_how(n)})"
        _judged(found, what, once["cos-concat"][n], once["afternoon"][n], budget(n, probed=True))
    for n, mine in direct.items():
        _judged(found, f"N = {n:,}, each event once, `size` (in memory)", mine, None, budget(n, probed=False))
    found.row("an event that is not ours (HTTP)", f"{foreign()}", "", float(foreign()), 0)
    for n in SIZES:
        mine, theirs = repeated["cos-concat"][n], repeated["afternoon"][n]
        what = f"N = {n:,}, half of the events repeated ({_how(n)})"
        found.row(what, f"{mine.total():,}", f"{theirs.total():,}", mine.total() / theirs.total())
        if mine["POST jobs"] != 1:
            raise RuntimeError(f"{what}: {mine['POST jobs']} POSTs")
    _by_kind(found, "each event once", once)
    _by_kind(found, "half of the events repeated", repeated)
    _money(found, {"once": once, "half repeated": repeated})
    in_memory_too = {"cos-concat": ours_in_memory(100), "afternoon": afternoon_in_memory(100)}
    same = all(calls == once[name][100] for name, calls in in_memory_too.items())
    found.notes.append(f"At N = 100 HTTP and memory count {'the same' if same else 'DIFFERENTLY'}, by kind.")
    found.notes.append(
        "The baselines verify and record nothing; powertools' store is not counted (two requests a job)."
    )
    _plot(found, once["cos-concat"], once["afternoon"], direct)
    return found


def counted(repeated: float) -> dict[str, dict[int, Counter[str]]]:
    """Calls by deployment and size, with so many of the events repeated."""
    counts = {name: over_http(name, repeated) for name in NAMES}
    for n in IN_MEMORY:
        counts["cos-concat"][n] = ours_in_memory(n, repeated)
        counts["afternoon"][n] = afternoon_in_memory(n, repeated)
    return counts


def over_http(name: str, repeated: float) -> dict[int, Counter[str]]:
    """Calls of one group of each size on the local cloud, fragment after fragment."""
    switches = Switches(duplicate_events=repeated)
    counts = {}
    with cloud_of(name, switches) as cloud:
        for fragments in OVER_HTTP:
            cloud.calls.reset()
            switches.random = random.Random(SEED)
            for key in keys_of(f"cam{fragments}", fragments):
                cloud.store.put(cloud.bucket, key, b"x" * 1000)
                if not cloud.trigger.wait_idle(60) or not cloud.functions.wait_idle(60):
                    raise RuntimeError(f"{name}: an event is not handled within a minute")
            if not cloud.settle(120):
                raise RuntimeError(f"{name}: {fragments} fragments are not joined within two minutes")
            failed = [each for each in cloud.functions.invocations if not each.result.ok]
            if failed:
                raise RuntimeError(f"{name}: {failed[0].result.value}")
            counts[fragments] = Counter({_short(kind): count for kind, count in cloud.calls.kinds().items()})
    return counts


def foreign() -> int:
    """Calls for an object under the prefix that is no fragment."""
    with cloud_of("cos-concat", Switches()) as cloud:
        cloud.store.put(cloud.bucket, "fragments/readme.txt", b"x")
        if not cloud.settle(60) or not cloud.functions.invocations[-1].result.ok:
            raise RuntimeError("the event of a foreign object failed")
        return sum(cloud.calls.kinds().values())


def ours_in_memory(fragments: int, repeated: float = 0.0, changed: Mapping[str, str] | None = None) -> Counter[str]:
    """Calls of one group against the simulator's models, with some of the configuration changed."""
    memory, again = in_memory(**(changed or {})), _chance(repeated)
    last = [result.action for result in live(memory, keys_of("cam1", fragments), again=again)][-1]
    if last != "finished":
        raise RuntimeError(f"the group of {fragments} ended as {last}")
    return memory.calls


class StandIn:
    """The calls of the SDK's client that the afternoon's version makes, counted, over keys in memory."""

    def __init__(self) -> None:
        self.objects: list[dict[str, str]] = []
        self.calls: Counter[str] = Counter()

    def list_objects(self, Bucket: str, Prefix: str, Marker: str, MaxKeys: int) -> dict[str, Any]:  # noqa: N803
        """One page; the group is all there is, in order."""
        del Bucket, Prefix
        self.calls["LIST"] += 1
        start = bisect_right(self.objects, Marker, key=itemgetter("Key"))
        shown, more = self.objects[start : start + MaxKeys], start + MaxKeys < len(self.objects)
        return {
            "Contents": shown,
            "IsTruncated": str(more).lower(),
            **({"NextMarker": shown[-1]["Key"]} if more else {}),
        }

    def object_exists(self, **_: object) -> bool:
        """Nothing is joined yet."""
        self.calls["HEAD"] += 1
        return False

    def ci_create_media_jobs(self, **_: object) -> dict[str, Any]:
        """Accepted."""
        self.calls["POST jobs"] += 1
        return {"JobsDetail": [{"JobId": "j1"}]}

    def delete_objects(self, **_: object) -> None:
        """Done."""
        self.calls["POST delete"] += 1


def afternoon_in_memory(fragments: int, repeated: float = 0.0) -> Counter[str]:
    """Calls of the afternoon's version, its client replaced."""
    version, stand_in, again = _afternoon(), StandIn(), _chance(repeated)
    version.client = stand_in
    keys = keys_of("cam1", fragments)
    for key in keys:
        stand_in.objects.append({"Key": key})
        event = {"Records": [{"cos": {"cosObject": {"key": f"/1250000000/demo/{key}"}}}]}
        for _ in range(2 if again() else 1):
            version.upload_handler(event, {})
    version.remove(keys)
    return stand_in.calls


@cache
def _afternoon() -> Any:
    """The module. It reads all names anew at each event, 12 million at N = 5,000, which is not counted: remembered."""
    os.environ.update(CONCAT_BUCKET="demo-1250000000", CONCAT_REGION="ap-guangzhou")
    os.environ.update(TENCENTCLOUD_SECRETID="i", TENCENTCLOUD_SECRETKEY="k")
    sys.path.insert(0, str(BASELINES))
    import afternoon  # type: ignore[import-not-found]  # found by the path above, as its platform does

    sys.path.remove(str(BASELINES))
    read = afternoon.NAME.fullmatch
    afternoon.NAME = SimpleNamespace(fullmatch=cache(lambda key: (name := read(key)) and name.groupdict()))
    return afternoon


def _chance(repeated: float) -> Callable[[], bool]:
    chance = random.Random(SEED)
    return lambda: chance.random() < repeated


def _how(fragments: int) -> str:
    return "HTTP" if fragments in OVER_HTTP else "in memory"


def _short(kind: str) -> str:
    return kind.removesuffix(" Object")


def _judged(found: Findings, what: str, mine: Counter[str], theirs: Counter[str] | None, limit: int) -> None:
    if mine["POST jobs"] != 1:
        raise RuntimeError(f"{what}: {mine['POST jobs']} POSTs")
    found.row(
        what, f"{mine.total():,} of {limit:,}", f"{theirs.total():,}" if theirs else "", mine.total() / limit, 1.0
    )


def _by_kind(found: Findings, events: str, counts: dict[str, dict[int, Counter[str]]]) -> None:
    """One line a kind; in each cell ours, the afternoon's, and where it was deployed powertools'."""
    totals: Counter[str] = Counter()
    for by_size in counts.values():
        for calls in by_size.values():
            totals.update(calls.keys())
    order = sorted(totals, key=lambda kind: (-counts["cos-concat"][SIZES[-1]][kind], kind))
    lines = [
        (kind, *(" · ".join(f"{counts[name][n][kind]:,}" for name in NAMES if n in counts[name]) for n in SIZES))
        for kind in order
    ]
    found.table(f"Calls by kind, {events} ({' · '.join(NAMES)})", ["", *(f"N = {n:,}" for n in SIZES)], lines)


def _money(found: Findings, counts: dict[str, dict[str, dict[int, Counter[str]]]]) -> None:
    """What COS asks for the requests of 1,000 groups."""
    lines = []
    for n in (10, 100):
        for events, by_name in counts.items():
            asked = [1000 * _requests(by_name[name][n]) for name in NAMES]
            lines.append((f"{n} fragments, events {events}", *(f"{REQUEST.of(each):.3f}" for each in asked)))
    title = f"USD for the COS requests of 1,000 groups ({REQUEST.source}, {REQUEST.read}); jobs and probes are apart"
    found.table(title, ["", *NAMES], lines)


def _requests(calls: Counter[str]) -> int:
    """To COS, without probes and without CI's job API."""
    return sum(
        count for kind, count in calls.items() if kind not in ("GET videoinfo", "POST jobs", "GET job", "GET jobs")
    )


def _plot(found: Findings, ours: dict[int, Any], baseline: dict[int, Any], direct: dict[int, Any]) -> None:
    figure, plane = axes()
    for colour, (label, counts) in zip(
        COLOURS, {"ours, duration": ours, "afternoon": baseline, "ours, size": direct}.items(), strict=False
    ):
        plane.plot(SIZES, [counts[n].total() / n for n in SIZES], "o-", color=colour, label=label)
    plane.set(xscale="log", xlabel="fragments in the group", ylabel="calls per fragment", ylim=(0, None))
    plane.set_title("API calls per fragment, each event once, in order")
    plane.set_xticks(SIZES, [f"{n:,}" for n in SIZES])
    plane.minorticks_off()
    plane.legend(frameon=False)
    found.plot("calls", figure)
