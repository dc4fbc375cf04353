"""Whatever the cursor and the report hold, and whoever wrote it: the sweep goes on, and nobody waits longer for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cosconcat.environment.reading import read_config
from cosconcat.functions.sweep.aside import LONGEST_PAUSE_SECONDS, MOST_ASIDE, SetAside
from cosconcat.functions.sweep.cursor import LONGEST_LINE, Line
from cosconcat.functions.sweep.report import KINDS, MOST_OF_A_KIND, Findings
from cosconcat.functions.sweep.round import handle_sweep
from tests.support.prefix import Prefix, report_of, services

GID, HERE = "a" * 32, "fragments/g00000.part3-of-10.mp4"
ODD = [
    None, True, -1, 10**30, float("inf"), float("nan"), "", "x", "\ud800", "zzz", [], [1], [GID, "\ud800"], [GID, ""],
    {}, {"a": 1}, {"a": 10**40}, {"\ud800": 1}, {"g": ["a", 1, 10**30, "w"]}, {"g": ["a", float("inf"), 1, "w"]},
    {"last": [{"entry": 5}]}, {"last": [{"entry": "9999-99-99/999999"}]}, {"last": [{"entry": "\ud800"}]}, "[" * 50_000,
]  # fmt: skip
FIELDS = {
    "sweep": ("marker", "running", "at", "aside", "line", "until", "format"),
    "draft": ("marker", "objects", "more", "unmatched", *KINDS),
    "report": ("published", "at", "ended", "draft", *KINDS),
}


@pytest.fixture(autouse=True)
def _quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """Log lines are not what these tests are about."""


def swept(sweep: Mapping[str, Any], report: Mapping[str, Any]) -> Prefix:
    """Two groups, and what was left behind; two runs complete a round."""
    prefix = Prefix(groups=2)
    for name, left in (("sweep", sweep), ("report", report)):
        prefix.written[f".concat/{name}.json"] = json.dumps(left).replace(f'"{"[" * 50_000}"', "[" * 50_000).encode()
    given = services(prefix)
    hourly = {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou", "CONCAT_JOBS_PER_HOUR": "3"}
    assert handle_sweep(replace(given, config=read_config(hourly)))["round"] == "complete"
    assert handle_sweep(given)["round"] == "complete"
    return prefix


@pytest.mark.parametrize(("where", "name"), [(where, name) for where, names in FIELDS.items() for name in names])
def test_nothing_that_is_left_behind_stops_the_sweep(where: str, name: str) -> None:
    """A field of any kind, however large or deep; the report of the round after next is right."""
    for odd in ODD:
        draft: dict[str, Any] = {"marker": HERE}
        left: dict[str, Any] = {"marker": HERE, "running": True, "at": [GID, "g"]}
        report: dict[str, Any] = {"draft": draft}
        {"sweep": left, "draft": draft, "report": report}[where][name] = odd
        assert report_of(swept(left, report))["incomplete"].keys() == {"g00000", "g00001"}, odd


@pytest.mark.parametrize("marker", ["a", "zzz", "videos/x.mp4"])
def test_a_cursor_outside_the_input_prefix_begins_a_new_round(marker: str) -> None:
    """It is of another configuration: what lies before it would be passed over, and the report be empty."""
    prefix = Prefix(groups=2)
    prefix.written[".concat/sweep.json"] = json.dumps({"marker": marker}).encode()
    prefix.written[".concat/report.json"] = json.dumps({"draft": {"marker": marker}}).encode()
    handle_sweep(services(prefix))
    assert report_of(prefix)["objects"] == 18


def test_nobody_is_set_aside_for_longer_than_a_day() -> None:
    """Whatever the clock of the instance that wrote it said."""
    held = SetAside({GID: ["g", 3, 10**12, "why"]}, 1000.0).get(GID)
    assert held is not None
    assert held.until == 1000 + LONGEST_PAUSE_SECONDS


def test_nobody_waits_in_line_since_a_time_that_is_yet_to_come() -> None:
    """It would come last for ever."""
    assert Line({"g": 10**30, "h": 5, "i": 0, "j": True, "k": "x"}, 1000.0).since == {"g": 1000, "h": 5}


def test_what_is_read_back_is_bounded_like_what_is_written() -> None:
    """A cursor or a draft of anybody's size is no reason to grow."""
    many = {str(number): ["g", 1, 5, "why"] for number in range(3 * MOST_ASIDE)}
    assert len(SetAside(many, 1000.0).as_json()) == MOST_ASIDE
    assert len(Line(dict.fromkeys(many, 5), 1000.0).since) == LONGEST_LINE
    assert len(Findings.from_json({"invalid": {key: {} for key in many}}).entries["invalid"]) == MOST_OF_A_KIND


def test_what_an_earlier_release_set_aside_is_read() -> None:
    """It did not tell where."""
    held = SetAside({GID: ["g", 2, 700, "why"]}, 1000.0).get(GID)
    assert held is not None
    assert (held.times, held.until, held.indexed) == (2, 700, False)
