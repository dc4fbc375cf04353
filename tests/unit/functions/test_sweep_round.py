"""The sweep's round over a large prefix: resumable, within its time, in bounded memory, each group judged once."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from cosconcat.cloud.ports import Ci, Cos
from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from cosconcat.functions.sweep.report import handle_report
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.model import Bucket, DeleteError, Head, JobPage, ObjectInfo, ObjectVersion, Page, Stored
from cosconcat.services import Services

NOW = 1_800_000_000
OLD = NOW - 90_000


@dataclass
class Prefix:
    """A bucket whose fragments are computed, not stored: `groups` groups of ten parts, of which part 7 is missing."""

    groups: int
    extra: Sequence[str] = ()
    written: dict[str, bytes] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    on_list: Any = None

    def keys(self) -> list[str]:
        """Every key, sorted."""
        parts = [1, 10, 2, 3, 4, 5, 6, 8, 9]
        return sorted(
            [f"fragments/g{g:05}.part{i}-of-10.mp4" for g in range(self.groups) for i in parts] + [*self.extra]
        )

    def list(self, bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Page:
        """One page of the prefix, or one group."""
        self.calls["list"] += 1
        if self.on_list:
            self.on_list()
        if prefix.startswith(".concat/"):
            return Page((), None, NOW)
        if prefix == "fragments/":
            if not hasattr(self, "_all"):
                self._all = self.keys()
            from bisect import bisect_right

            start = bisect_right(self._all, marker)
            shown = self._all[start : start + limit]
            more = start + limit < len(self._all)
        else:
            group = prefix.removeprefix("fragments/")[:6]
            shown, more = [f"fragments/{group}.part{i}-of-10.mp4" for i in (1, 10, 2, 3, 4, 5, 6, 8, 9)], False
        infos = tuple(ObjectInfo(key, "e" * 32, 9, OLD) for key in shown)
        return Page(infos, shown[-1] if more else None, NOW)

    def head(self, bucket: Bucket, key: str) -> Head | None:
        """Nothing that LIST does not show."""
        self.calls["head"] += 1
        return None

    def get(self, bucket: Bucket, key: str) -> Stored | None:
        """A record that was put."""
        self.calls["get"] += 1
        body = self.written.get(key)
        return Stored(body, Head(ObjectInfo(key, "e", len(body), NOW), NOW)) if body is not None else None

    def put(self, bucket: Bucket, key: str, body: bytes) -> None:
        """Keep it."""
        self.calls["put"] += 1
        self.written[key] = body

    def create(self, bucket: Bucket, key: str, body: bytes) -> bool:
        """Keep it, unless it is there."""
        self.calls["create"] += 1
        return self.written.setdefault(key, body) is body

    def delete(self, bucket: Bucket, versions: Sequence[ObjectVersion]) -> Sequence[DeleteError]:
        """Must not happen."""
        raise AssertionError("a sweep over incomplete groups deletes nothing")

    def jobs(self, bucket: Bucket, since: int, token: str = "", until: int = 0) -> JobPage:
        """None."""
        self.calls["jobs"] += 1
        return JobPage((), "")


class Time:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.at = float(NOW)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.at


def config() -> Config:
    """The usual one, keeping everything."""
    return read_config({"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou", "CONCAT_CLEANUP": "keep"})


def services(prefix: Prefix, clock: Time | None = None, deadline: float = float("inf")) -> Services:
    """The use case's surroundings."""
    return Services(config(), cast("Cos", prefix), cast("Ci", prefix), clock or Time(), lambda: "0" * 32, deadline)


def report_of(prefix: Prefix) -> dict[str, Any]:
    """The published report."""
    return cast("dict[str, Any]", json.loads(prefix.written[".concat/report.json"]))


def test_entries_of_a_kind_are_capped_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report of a bucket full of incomplete groups stays small, and says how many more there are."""
    monkeypatch.setattr("cosconcat.functions.sweep.report.MOST_OF_A_KIND", 100)
    prefix = Prefix(groups=300)
    assert handle_sweep(services(prefix))["round"] == "complete"
    report = report_of(prefix)
    assert (len(report["incomplete"]), report["more"]["incomplete"]) == (100, 200)
    assert report["incomplete"]["g00000"]["missing"] == [7]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_hundred_thousand_objects_are_swept_in_bounded_memory() -> None:
    """Memory follows the caps, not the bucket; each group costs one LIST of its own."""
    prefix = Prefix(groups=11_112)
    prefix.list(config().bucket, "fragments/")  # the stand-in's own key list does not count
    tracemalloc.start()
    result = handle_sweep(services(prefix))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result["round"] == "complete"
    report = report_of(prefix)
    assert report["objects"] == 100_008
    assert len(report["incomplete"]) + report["more"]["incomplete"] == 11_112
    assert peak < 24 * 1024 * 1024
    assert prefix.calls["list"] <= 3 + 101 + 11_112


def test_a_round_goes_on_where_time_ran_out() -> None:
    """Two invocations share one round: nothing is judged twice, the report comes with the end."""
    prefix, clock = Prefix(groups=300), Time()
    spent = Counter[str]()

    def tick() -> None:
        spent["lists"] += 1
        if spent["lists"] == 150:
            clock.at += 1000

    prefix.on_list = tick
    first = handle_sweep(services(prefix, clock, deadline=NOW + 500))
    assert first["round"] == "goes on at the next run"
    assert set(report_of(prefix)) == {"draft"}
    second = handle_sweep(services(prefix, clock))
    assert second["round"] == "complete"
    report = report_of(prefix)
    assert report["objects"] == 2700
    assert len(report["incomplete"]) == 300
    judged = cast("dict[str, int]", first["counts"])["waiting"] + cast("dict[str, int]", second["counts"])["waiting"]
    assert judged == 300


def test_a_broken_cursor_begins_a_new_round() -> None:
    """A half-written sweep.json costs a round, not the sweep."""
    for body in (b"", b"[1]", b'{"findings": [1, 2]}', b"\xff"):
        prefix = Prefix(groups=2)
        prefix.written[".concat/sweep.json"] = body
        assert handle_sweep(services(prefix))["round"] == "complete"


def test_what_no_convention_reads_is_reported_with_examples() -> None:
    """Stray objects are counted, and the first ones named with the reason."""
    prefix = Prefix(groups=1, extra=[f"fragments/stray-{n:03}.txt" for n in range(50)])
    handle_sweep(services(prefix))
    unmatched = report_of(prefix)["unmatched"]
    assert unmatched["count"] == 50
    assert len(unmatched["examples"]) == 20


def test_the_report_can_be_asked_for() -> None:
    """{"report": true} answers with the published report, or says that there is none yet."""
    prefix = Prefix(groups=2)
    assert "none yet" in str(handle_report(services(prefix))["report"])
    handle_sweep(services(prefix))
    report = cast("dict[str, Any]", handle_report(services(prefix))["report"])
    assert report["objects"] == 18
