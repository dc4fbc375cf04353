"""The sweep's round over a large prefix: resumable, within its time, in bounded memory, each group judged once."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from typing import Any, cast

import pytest

from cosconcat.functions.sweep.report import handle_report
from cosconcat.functions.sweep.round import handle_sweep
from tests.support.prefix import NOW, Prefix, Time, config, report_of, services


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
    assert "no report yet" in str(handle_report(services(prefix))["report"])
    handle_sweep(services(prefix))
    report = cast("dict[str, Any]", handle_report(services(prefix))["report"])
    assert report["objects"] == 18
