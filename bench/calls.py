"""API calls of one group, by kind: ours against the baselines, events once and with half of them repeated.

Up to 100 fragments on the local cloud over HTTP, all deployed functions; beyond that in memory, ours against the
simulator's models and the baseline against a stand-in for the SDK's client. At 100 both are counted both ways.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from types import SimpleNamespace
from typing import Any

from bench.clouds import BASELINES, NAMES, cloud_of, keys_of
from bench.findings import COLOURS, Findings, axes
from local.switches import Switches
from ops.cost import REQUEST
from tests.support.counted import DIRECT, budget, in_memory, live

OVER_HTTP = (1, 10, 100)
IN_MEMORY = (100, 1000, 5000)


def run() -> Findings:
    """Count."""
    found = Findings("API calls of one group")
    once = {name: {n: over_http(name, n, 0.0) for n in OVER_HTTP} for name in NAMES}
    ours = {n: ours_in_memory(n) for n in IN_MEMORY}
    direct = {n: ours_in_memory(n, **DIRECT) for n in (1, 10, *IN_MEMORY)}
    baseline = {n: afternoon_in_memory(n) for n in IN_MEMORY}
    same = ours[100].total() == once["cos-concat"][100].total() and baseline[100] == once["afternoon"][100]
    for n in (1, 10, 100, 1000, 5000):
        mine = once["cos-concat"][n] if n in OVER_HTTP else ours[n]
        theirs = once["afternoon"][n] if n in OVER_HTTP else baseline[n]
        limit = budget(n, probed=True)
        how = "HTTP" if n in OVER_HTTP else "in memory"
        _counted(found, f"N = {n:,}, each event once, `duration` ({how})", mine, theirs, limit)
    for n, mine in direct.items():
        _counted(found, f"N = {n:,}, each event once, `size` (in memory)", mine, None, budget(n, probed=False))
    found.row("an event that is not ours (HTTP)", f"{foreign()}", "", float(foreign()), 0)
    for n in OVER_HTTP:
        repeated = {name: over_http(name, n, 0.5) for name in NAMES}
        posts = ", ".join(f"{name} {calls['POST jobs']}" for name, calls in repeated.items())
        mine, theirs = repeated["cos-concat"], repeated["afternoon"]
        found.row(f"N = {n:,}, half of the events repeated (HTTP)", f"{mine.total()}", f"{theirs.total()}")
        found.notes.append(f"N = {n}, half of the events repeated: POST /jobs {posts}.")
    found.notes.append(f"At N = 100 HTTP and memory count {'the same' if same else 'DIFFERENTLY'}.")
    found.notes += [f"N = {n}, ours: {_kinds(once['cos-concat'][n])}." for n in OVER_HTTP]
    found.notes += [f"N = {n:,}, ours: {_kinds(by_kind)}." for n, by_kind in ours.items() if n > 100]
    found.notes.append(f"N = 100, afternoon: {_kinds(once['afternoon'][100])}; it verifies and records nothing.")
    for n in (10, 100):
        dollars = [REQUEST.of(1000 * _requests(once[name][n])) for name in ("cos-concat", "afternoon")]
        found.notes.append(
            f"1,000 groups of {n}: COS requests ours {dollars[0]:.3f} USD, afternoon "
            f"{dollars[1]:.3f} USD ({REQUEST.source}, {REQUEST.read}); probes and jobs are billed apart."
        )
    _plot(found, {**once["cos-concat"], **ours}, {**once["afternoon"], **baseline}, direct)
    return found


def over_http(name: str, fragments: int, repeated: float) -> Counter[str]:
    """Calls of one group on the local cloud, fragment after fragment."""
    switches = Switches(duplicate_events=repeated, random=random.Random(7))
    with cloud_of(name, switches) as cloud:
        for key in keys_of("cam1", fragments):
            cloud.store.put(cloud.bucket, key, b"x" * 1000)
            if not cloud.trigger.wait_idle(60) or not cloud.functions.wait_idle(60):
                raise RuntimeError(f"{name}: an event is not handled within a minute")
        if not cloud.settle(120):
            raise RuntimeError(f"{name}: {fragments} fragments are not joined within two minutes")
        failed = [each for each in cloud.functions.invocations if not each.result.ok]
        if failed:
            raise RuntimeError(f"{name}: {failed[0].result.value}")
        return Counter(cloud.calls.kinds())


def foreign() -> int:
    """Calls for an object under the prefix that is no fragment."""
    with cloud_of("cos-concat", Switches()) as cloud:
        cloud.store.put(cloud.bucket, "fragments/readme.txt", b"x")
        if not cloud.settle(60) or not cloud.functions.invocations[-1].result.ok:
            raise RuntimeError("the event of a foreign object failed")
        return sum(cloud.calls.kinds().values())


def ours_in_memory(fragments: int, **changed: str) -> Counter[str]:
    """Calls of one group against the simulator's models."""
    memory = in_memory(**changed)
    last = [result.action for result in live(memory, keys_of("cam1", fragments))][-1]
    if last != "finished":
        raise RuntimeError(f"the group of {fragments} ended as {last}")
    return memory.calls


class StandIn:
    """The calls of the SDK's client that the afternoon's version makes, counted, over keys in memory."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.calls: Counter[str] = Counter()

    def list_objects(self, Bucket: str, Prefix: str, Marker: str, MaxKeys: int) -> dict[str, Any]:  # noqa: N803
        """One page; the group is all there is."""
        del Bucket, Prefix
        self.calls["LIST"] += 1
        start = self.keys.index(Marker) + 1 if Marker else 0
        shown, more = self.keys[start : start + MaxKeys], start + MaxKeys < len(self.keys)
        return {
            "Contents": [{"Key": key} for key in shown],
            "IsTruncated": str(more).lower(),
            **({"NextMarker": shown[-1]} if more else {}),
        }

    def object_exists(self, **_: object) -> bool:
        """Nothing is joined yet."""
        self.calls["HEAD Object"] += 1
        return False

    def ci_create_media_jobs(self, **_: object) -> dict[str, Any]:
        """Accepted."""
        self.calls["POST jobs"] += 1
        return {"JobsDetail": [{"JobId": "j1"}]}

    def delete_objects(self, **_: object) -> None:
        """Done."""
        self.calls["POST delete"] += 1


def afternoon_in_memory(fragments: int) -> Counter[str]:
    """Calls of the afternoon's version, its client replaced."""
    os.environ.update(CONCAT_BUCKET="demo-1250000000", CONCAT_REGION="ap-guangzhou")
    os.environ.update(TENCENTCLOUD_SECRETID="i", TENCENTCLOUD_SECRETKEY="k")
    sys.path.insert(0, str(BASELINES))
    import afternoon  # type: ignore[import-not-found]  # found by the path above, as its platform does

    sys.path.remove(str(BASELINES))
    stand_in = StandIn()
    afternoon.client = stand_in
    for key in keys_of("cam1", fragments):
        stand_in.keys.append(key)
        record = SimpleNamespace(key=f"/1250000000/demo/{key}")
        afternoon.upload_handler({"Records": [{"cos": {"cosObject": {"key": record.key}}}]}, {})
    afternoon.remove(stand_in.keys)
    return stand_in.calls


def _counted(found: Findings, what: str, mine: Counter[str], theirs: Counter[str] | None, limit: int) -> None:
    if mine["POST jobs"] != 1:
        raise RuntimeError(f"{what}: {mine['POST jobs']} POSTs")
    found.row(
        what, f"{mine.total():,} of {limit:,}", f"{theirs.total():,}" if theirs else "", mine.total() / limit, 1.0
    )


def _kinds(calls: Counter[str]) -> str:
    return ", ".join(f"{kind} {count:,}" for kind, count in sorted(calls.items(), key=lambda pair: -pair[1]))


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
        sizes = sorted(counts)
        plane.plot(sizes, [counts[n].total() / n for n in sizes], "o-", color=colour, label=label)
    plane.set(xscale="log", xlabel="fragments in the group", ylabel="calls per fragment", ylim=(0, None))
    plane.set_title("API calls per fragment, each event once, in order")
    plane.set_xticks([1, 10, 100, 1000, 5000], ["1", "10", "100", "1,000", "5,000"])
    plane.legend(frameon=False)
    found.plot("calls", figure)
