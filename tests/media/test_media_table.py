"""The media table: no content may be lost that the service could have shown, and ordinary recordings end joined."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from local.ci.errors import JobFailed
from local.ci.rendering.ffmpeg import Ffmpeg
from local.ci.rendering.join import join
from local.ci.rendering.plan import Piece, Plan
from tests.media.cases import CASES, Case
from tests.media.make import Studio
from tests.media.product import through
from tests.media.table import QUICK_RUNS, RUNS, Row, Run, page, rows_of
from tests.support.coded import judge

REMOVED_SHARE = 0.95  # of the ordinary cases, with an honest service
ONE_JOB = 1  # most jobs that a group costs which can never be joined


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """The coded sources."""
    return Studio(tmp_path_factory.mktemp("media"))


def rows(studio: Studio, runs: Sequence[Run], folder: Path) -> list[Row]:
    """The rows of some runs, one after the other."""
    names = {name for run in runs for name in run.cases}
    files = studio.make([case for case in CASES if case.name in names])
    found = []
    for at, run in enumerate(runs):
        (folder / str(at)).mkdir()
        found += rows_of(run, files, folder / str(at))
    return found


def lost_in_plain_sight(found: Sequence[Row]) -> list[tuple[str, ...]]:
    """The rows that must not be: inputs removed, content missing, and a node that showed it."""
    return [row.cells for row in found if row.lost and row.visible != "no"]


def kept_for_nothing(found: Sequence[Row]) -> list[tuple[str, ...]]:
    """The ordinary cases that an honest service joined whole and whose inputs stayed all the same."""
    honest = [row for row in found if row.run.name == "transcode" and row.case.ordinary]
    kept = [row.cells for row in honest if not row.ending.removed]
    return kept if len(kept) > (1 - REMOVED_SHARE) * len(honest) else []


def paid_for_nothing(found: Sequence[Row]) -> list[tuple[str, ...]]:
    """The groups that no service can join and that cost more jobs than one."""
    return [row.cells for row in found if row.case.broken and row.ending.jobs > ONE_JOB]


@pytest.fixture(scope="module")
def quick(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Some joins that every run of the tests makes."""
    return rows(studio, QUICK_RUNS, tmp_path_factory.mktemp("quick"))


def test_nothing_is_lost_in_plain_sight(quick: list[Row]) -> None:
    """Every row that removed inputs without their whole content is one that no node could have shown."""
    assert lost_in_plain_sight(quick) == []


def test_ordinary_recordings_end_joined_and_removed(quick: list[Row]) -> None:
    """A verification that keeps everything would be none."""
    assert kept_for_nothing(quick) == []


def test_what_can_never_be_joined_costs_no_series_of_jobs(quick: list[Row]) -> None:
    """At most one job each."""
    assert paid_for_nothing(quick) == []


def test_an_archived_piece_is_named_with_what_to_do(studio: Studio, tmp_path: Path) -> None:
    """One job at most: CI cannot read it before somebody restores it."""
    name = "security camera: no sound"
    files = studio.make([case for case in CASES if case.name == name])
    ending = through({}, files, tmp_path, archived=[name])[name]
    assert (ending.outcome, ending.removed, ending.jobs) == ("gave-up", False, 1)
    assert "is archived (ARCHIVE), so CI cannot read it: restore it" in ending.reason


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_table(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every case in every way; with MEDIA_TABLE set, the page is written to that file."""
    found = rows(studio, RUNS, tmp_path_factory.mktemp("whole"))
    if target := os.environ.get("MEDIA_TABLE"):
        Path(target).write_text(page(found))
    assert lost_in_plain_sight(found) == []
    assert kept_for_nothing(found) == []
    assert paid_for_nothing(found) == []


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("direct", [False, True], ids=["transcoded", "copied"])
def test_an_honest_join_is_whole_or_fails(case: Case, direct: bool, studio: Studio, tmp_path: Path) -> None:
    """The local cloud never calls a join good that lacks a moment of the film or of the first sound.

    Further tracks and subtitles it does not join, and says so in MediaInfo.
    """
    files = studio.make([case])[case.name]
    plan = Plan(tuple(Piece(str(at)) for at, _ in enumerate(files)), "mp4", direct)
    try:
        outputs = join(plan, {str(at): path for at, path in enumerate(files)}, tmp_path, Ffmpeg())
    except JobFailed:
        return
    faults = judge(files, outputs[0], ("subtitle",)).faults
    assert [fault for fault in faults if "audio 2" not in fault and "video 2" not in fault] == []
