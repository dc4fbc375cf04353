"""The table of what people's recorders write: every row of docs/recorders.md through the real listing and rules."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from cosconcat.environment.reading import read_config
from cosconcat.groups import gap
from cosconcat.groups.source import list_source, rule_of
from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Waiting, Whole
from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import FragmentName, NotOurs
from cosconcat.naming.presets import PRESETS
from ops import ROOT
from ops.naming.suggest import suggest
from tests.support.shelf import Shelf

PAGE = (ROOT / "docs" / "recorders.md").read_text("utf-8")
IN = "fragments/"
UPLOADED = 4_000_000_000  # long after every recording on the page
LATER = UPLOADED + 10 * 86400
NOISE = ("readme.txt", "a/event.json", "live/thumb.jpg", "zz/notes.mp4.part")


class Row(NamedTuple):
    """A row of the page: the recorder, its setting, and two recordings' keys in their order."""

    recorder: str
    setting: dict[str, str]
    recordings: tuple[list[str], list[str]]


def rows() -> list[Row]:
    """All rows of the page."""
    found = []
    for line in re.findall(r"^\| (.*) \|$", PAGE, re.MULTILINE):
        cells = [cell.strip() for cell in line.split(" | ")]
        if len(cells) == 4 and cells[1].startswith("`CONCAT_"):
            recorder, setting, *recordings = cells
            one, other = ([IN + key for key in re.findall("`([^`]+)`", cell)] for cell in recordings)
            found.append(Row(recorder, dict(s.split("=", 1) for s in re.findall("`([^`]+)`", setting)), (one, other)))
    return found


ROWS = rows()


def test_the_page_has_all_of_its_rows() -> None:
    """A table that is not read checks nothing."""
    assert len(ROWS) >= 38
    assert all(len(one) + len(other) >= 2 for row in ROWS for one, other in [row.recordings])


def test_each_recipe_is_the_setting_of_rows() -> None:
    """What stands in a recipe's block is what rows of the table are tried with."""
    recipes = re.findall(r"^### .*\n\n((?: {4}CONCAT_.*\n)+)", PAGE, re.MULTILINE)
    settings = [dict(line.split("=", 1) for line in recipe.split()) for recipe in recipes]
    assert len(settings) == 6
    assert [setting for setting in settings if setting not in [row.setting for row in ROWS]] == []


@pytest.mark.parametrize("row", ROWS, ids=[row.recorder for row in ROWS])
def test_each_recording_is_joined_by_itself_in_its_order(row: Row) -> None:
    """The sweep's look finds both whole; no event calls part of one whole."""
    config = read_config({"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou", **row.setting})
    keys = [key for recording in row.recordings for key in recording]
    shelf = Shelf(now=LATER).store(*keys, *(IN + key for key in NOISE), at=UPLOADED)
    if "CONCAT_MARKER" in row.setting:
        for key in keys:
            shelf.store(re.sub(r"media/hls/.*", "events/recording-ended.json", key), body=b"{}", at=UPLOADED + 60)
    services = shelf.services(config)
    for recording in row.recordings:
        names = [config.convention.read(key) for key in recording]
        groups = {name.group for name in names if isinstance(name, FragmentName)}
        assert len(groups) == 1, names
        (group,) = groups
        if config.completion == "gap":
            day = next(name.number for name in names if isinstance(name, FragmentName)) // 86_400_000
            listed = list_source(services, group, day).pieces
            assert [[piece.object.key for piece in run] for run in gap.runs(listed, rule_of(config))] == [recording]
            continue
        verdict = survey(services, group)
        assert isinstance(verdict, Whole), verdict
        assert [fragment.object.key for fragment in verdict.set.fragments] == recording
        for key in recording:
            seen = survey(services, group, key)
            assert not isinstance(seen, Whole) or len(seen.set.fragments) == len(recording)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if all(len(one) > 1 for one in row.recordings)], ids=lambda r: r.recorder
)
def test_a_setting_that_joins_them_is_suggested(row: Row) -> None:
    """From both recordings alone, some suggestion keeps them apart and whole, in their order."""
    keys = [key for recording in row.recordings for key in recording]
    for one in suggest([*keys, *(IN + key for key in NOISE)], IN, most=3):
        setting = dict(line.split("=", 1) for line in one.lines)
        setting["CONCAT_NAMING"] = setting["CONCAT_NAMING"].strip("'")
        setting.pop("CONCAT_COMPLETION", None)
        joined: dict[str, list[FragmentName]] = {}
        completion = {} if "total" in one.lines[-1] else {"CONCAT_COMPLETION": "quiet:60"}
        required = {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}
        config = read_config({**required, **setting, **completion})
        for key in keys:
            name = config.convention.read(key)
            if isinstance(name, FragmentName):
                joined.setdefault(name.source, []).append(name)
        found = sorted([n.key for n in sorted(names, key=lambda n: n.number)] for names in joined.values())
        if found == sorted(row.recordings):
            return
    pytest.fail(f"none of {suggest(keys, IN)}")


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.source])
def test_an_ordinary_event_is_one_listing_and_a_foreign_one_none(name: str) -> None:
    """Whatever the recorder: keys written like the event's own stand together."""
    config = read_config(
        {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou", "CONCAT_NAMING": name}
        | {"CONCAT_COMPLETION": "quiet:600"}
    )
    for example in PRESETS[name].examples:
        shelf = Shelf(now=LATER).store(*(IN + key for key in example), at=UPLOADED)
        found = config.convention.read(IN + example[0])
        assert isinstance(found, FragmentName)
        verdict = survey(shelf.services(config), found.group, IN + example[0])
        looked_for = 2 if isinstance(verdict, Whole) and not config.convention.timed else 0  # what LIST may hide
        assert shelf.calls["list"] == 1
        assert shelf.calls["head"] <= looked_for
        shelf.calls.clear()
        shelf.now = UPLOADED + 60  # as it is when a piece has just arrived
        assert isinstance(survey(shelf.services(config), found.group, IN + example[0]), Waiting)
        assert shelf.calls == {"list": 1}
        assert any(span.prefix.startswith(shelf.prefixes[0]) for span in config.convention.spans(found.group, found))
    assert isinstance(config.convention.read("elsewhere/" + PRESETS[name].examples[0][0]), NotOurs)


def test_days_are_listed_one_by_one_where_the_time_stands_before_the_group() -> None:
    """A source's recordings of three days, not of all the year."""
    convention = Convention.of("{time:%Y-%m-%d}/{time:%H}/{group}/{time:%M.%S}.mp4", IN, window=0)
    noon = 1_732_795_200  # 2024-11-28T12:00:00Z
    spans = convention.fragment_spans("front", (noon, noon + 2 * 86400))
    assert [span.prefix for span in spans] == [f"{IN}2024-11-{day}/" for day in (28, 29, 30)]
    late = convention.fragment_spans("front", (noon, noon + 600))
    assert [span.prefix for span in late] == [f"{IN}2024-11-28/12/front/"]
