"""A group that quiet time makes whole, with numbers or with the times of a window."""

from __future__ import annotations

import pytest

from cosconcat.config import Config
from cosconcat.groups.verdicts import Whole
from tests.support.shelf import BUCKET, NOW, Shelf
from tests.support.verdicts import (
    IN,
    QUIET,
    TIMED,
    WINDOW_END,
    invalid,
    look,
    waiting,
    whole,
)


def test_quiet_time_is_measured_on_the_service_s_clock() -> None:
    """From the newest fragment on, and until when is told."""
    shelf = Shelf().store(IN + "a/1.mp4", at=NOW - 900).store(IN + "a/2.mp4", at=NOW - 299)
    found = waiting(look(shelf, QUIET, "a", "a/2.mp4"))
    assert (found.until, found.awaits) == (NOW + 1, "quiet")
    shelf.now += 1
    assert len(whole(look(shelf, QUIET, "a"))) == 2


def test_a_page_full_of_pieces_still_says_until_when_it_waits() -> None:
    """Only what is missing cannot be told from one page."""
    config = Config(BUCKET, naming="folder", completion="quiet", quiet_seconds=2000, max_fragments=5000)
    shelf = Shelf().store(*(f"{IN}a/{number}.mp4" for number in range(2, 2000)))
    found = waiting(look(shelf, config, "a", "a/2.mp4"))
    assert (found.until, found.missing, found.awaits) == (NOW + 1000, (), "quiet")
    shelf.now += 5000
    assert "by the sweep" in waiting(look(shelf, config, "a", "a/2.mp4")).reason
    assert waiting(look(shelf, config, "a")).missing == (1,)


def times(*minutes: int, at: int = NOW) -> Shelf:
    """A bucket with recordings that start at minutes after ten."""
    return Shelf().store(*(f"{IN}cam_20241201T10{minute:02}00Z.mp4" for minute in minutes), at=at)


def test_a_window_is_whole_when_it_has_passed_and_all_is_quiet() -> None:
    """In the order of time; places count from 0."""
    shelf = times(50, 5, 10, 0)
    own = "cam_20241201T105000Z.mp4"
    whole_at = WINDOW_END + 2800 + 300  # the piece of 10:00 took 2,800 s: one of 10:59 may, too
    shelf.now = whole_at - 1
    assert waiting(look(shelf, TIMED, "cam_20241201T100000Z", own)).until == whole_at
    shelf.now = whole_at
    verdict = look(shelf, TIMED, "cam_20241201T100000Z")
    assert whole(verdict) == [f"cam_20241201T10{minute:02}00Z.mp4" for minute in (0, 5, 10, 50)]
    assert isinstance(verdict, Whole)
    assert [fragment.index for fragment in verdict.set.fragments] == [0, 1, 2, 3]
    assert verdict.note == f"gap of 2400 s between {IN}cam_20241201T101000Z.mp4 and {IN}cam_20241201T105000Z.mp4"


def test_a_window_that_has_passed_still_waits_for_quiet() -> None:
    """The last upload may not be the last one."""
    shelf = times(0, 5, at=WINDOW_END + 5000)
    shelf.now = WINDOW_END + 5299
    assert waiting(look(shelf, TIMED, "cam_20241201T100000Z")).until == WINDOW_END + 5300


def test_a_window_waits_for_the_piece_that_is_still_being_recorded() -> None:
    """Pieces of 15 minutes: the one that starts at 10:50 arrives at 11:05, after the window and its quiet time."""
    shelf = Shelf()
    for minute in (5, 20, 35):
        start = WINDOW_END - 3600 + minute * 60
        shelf.store(f"{IN}cam_20241201T10{minute:02}00Z.mp4", at=start + 905)
    shelf.now = WINDOW_END + 301  # quiet for ten minutes, and the window has passed
    assert waiting(look(shelf, TIMED, "cam_20241201T100000Z")).until == WINDOW_END + 905 + 300
    shelf.store(f"{IN}cam_20241201T105000Z.mp4", at=WINDOW_END + 305)
    shelf.now = WINDOW_END + 1205
    assert len(whole(look(shelf, TIMED, "cam_20241201T100000Z"))) == 4


def test_last_year_s_files_are_not_waited_for() -> None:
    """What arrives long after its start was not uploaded as it was recorded: only quiet time counts."""
    shelf = times(0, 15, 30, at=WINDOW_END + 86400)
    shelf.now = WINDOW_END + 86400 + 300
    assert len(whole(look(shelf, TIMED, "cam_20241201T100000Z"))) == 3


def test_a_clock_that_is_ahead_does_not_shorten_the_wait() -> None:
    """A piece that arrives before its start says nothing about how long pieces take."""
    shelf = times(0, 30, at=WINDOW_END - 3600 - 100)
    shelf.now = WINDOW_END + 299
    assert waiting(look(shelf, TIMED, "cam_20241201T100000Z")).until == WINDOW_END + 300


def test_two_recordings_of_one_moment_are_invalid() -> None:
    """Whichever came first cannot be known."""
    shelf = times(5).store(IN + "cam_20241201T180500+0800.mp4", at=NOW)
    shelf.now = WINDOW_END
    reason = invalid(look(shelf, TIMED, "cam_20241201T100000Z"))
    assert "cam_20241201T100500Z.mp4" in reason
    assert "cam_20241201T180500+0800.mp4" in reason


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        ("cam", "start of a window"),
        ("cam_20241301T000000Z", "month"),
        ("cam_20241201T250000Z", "hour"),
        ("cam_20241201T100000+9999", "no time zone"),
        ("cam_99991231T235959Z", "no date and time"),
    ],
)
def test_a_group_that_no_window_belongs_to_is_invalid(group: str, reason: str) -> None:
    """Somebody asked for it by hand."""
    assert reason in invalid(look(Shelf(), TIMED, group))
