"""A group that a marker makes whole: with a count or without, newer than its pieces, and never across a gap."""

from __future__ import annotations

import pytest

from cosconcat.config import Config
from cosconcat.groups.verdicts import Whole
from tests.support.shelf import BUCKET, NOW, Shelf
from tests.support.verdicts import (
    FOLDER,
    IN,
    invalid,
    look,
    parts,
    waiting,
    whole,
)


def test_a_folder_waits_for_its_marker() -> None:
    """However complete it looks."""
    shelf = Shelf().store(IN + "a/1.mp4", IN + "a/2.mp4")
    found = waiting(look(shelf, FOLDER, "a", "a/2.mp4"))
    assert (found.reason, found.awaits) == ("waiting for the marker", "marker")


@pytest.mark.parametrize(
    ("marker", "body"),
    [("a/_DONE", b""), ("a/_DONE", b"3"), ("a/all.done", b" 3\r\n"), ("a/3.final", b""), ("a/3.final", b"ignored")],
)
def test_each_marker_makes_a_folder_whole(marker: str, body: bytes) -> None:
    """With or without a count, and it becomes part of the set."""
    shelf = Shelf().store(*(f"{IN}a/clip {number}.mp4" for number in (1, 2, 3))).store(IN + marker, body=body)
    verdict = look(shelf, FOLDER, "a", marker)
    assert whole(verdict) == ["a/clip 1.mp4", "a/clip 2.mp4", "a/clip 3.mp4"]
    assert isinstance(verdict, Whole)
    assert verdict.set.marker == shelf.info(IN + marker)


def test_a_marker_older_than_a_fragment_does_not_count() -> None:
    """It was put for an earlier recording; one of the same second counts."""
    shelf = Shelf().store(IN + "a/1.mp4", IN + "a/2.mp4").store(IN + "a/_DONE", body=b"", at=NOW - 1001)
    assert "older than fragments/a/" in waiting(look(shelf, FOLDER, "a", "a/_DONE")).reason
    shelf.store(IN + "a/_DONE", body=b"", at=NOW - 1000)
    assert len(whole(look(shelf, FOLDER, "a"))) == 2


def test_the_newest_marker_is_the_one_that_counts() -> None:
    """An old one may have been left behind."""
    shelf = (
        Shelf()
        .store(IN + "a/1.mp4", IN + "a/2.mp4")
        .store(IN + "a/9.final", at=NOW - 5000)
        .store(IN + "a/_DONE", body=b"2")
    )
    assert len(whole(look(shelf, FOLDER, "a"))) == 2


def test_a_folder_is_never_joined_across_a_gap() -> None:
    """Neither in the middle, nor at the beginning, nor before the count of the marker."""
    shelf = Shelf().store(IN + "a/1.mp4", IN + "a/3.mp4").store(IN + "a/_DONE", body=b"", at=NOW)
    assert waiting(look(shelf, FOLDER, "a")).missing == (2,)
    shelf = Shelf().store(IN + "a/2.mp4", IN + "a/3.mp4").store(IN + "a/_DONE", body=b"", at=NOW)
    assert waiting(look(shelf, FOLDER, "a")).missing == (1,)
    shelf = Shelf().store(IN + "a/0.mp4", IN + "a/1.mp4").store(IN + "a/3.final", body=b"", at=NOW)
    assert waiting(look(shelf, FOLDER, "a")).missing == (2,)


@pytest.mark.parametrize("hidden", ["a/0.mp4", "a/3.mp4", "a/2.mp4"])
def test_a_hidden_first_or_last_number_is_found_before_a_folder_is_whole(hidden: str) -> None:
    """Where nothing says how many there are, the neighbours are looked for."""
    shelf = Shelf().store(*(f"{IN}a/{number}.mp4" for number in range(4))).store(IN + "a/_DONE", body=b"")
    shelf.hidden = {IN + hidden}
    assert len(whole(look(shelf, FOLDER, "a"))) == 4


def test_a_neighbour_that_is_no_fragment_does_not_matter() -> None:
    """Its key only looks like the next one."""
    config = Config(BUCKET, naming=r"(?P<group>\w+)/(?P<index>[1-9])\.mp4", completion="marker")
    shelf = Shelf().store(*(f"{IN}a/{number}.mp4" for number in range(11))).store(IN + "a/_DONE", body=b"")
    assert len(whole(look(shelf, config, "a"))) == 9


def test_more_fragments_than_a_marker_counts_are_invalid() -> None:
    """Even if the listing hides the one too many."""
    shelf = Shelf().store(*(f"{IN}a/{number}.mp4" for number in (1, 2, 3))).store(IN + "a/2.final", body=b"")
    assert "beyond the total of 2" in invalid(look(shelf, FOLDER, "a"))
    shelf.hidden = {IN + "a/3.mp4"}
    assert "beyond the total of 2" in invalid(look(shelf, FOLDER, "a"))


@pytest.mark.parametrize("body", [b"three", b"-1", b"1" * 65, b"1 2"])
def test_a_marker_with_other_content_is_invalid(body: bytes) -> None:
    """It is meant to hold the number of fragments."""
    shelf = Shelf().store(IN + "a/1.mp4").store(IN + "a/_DONE", body=body)
    assert f"{IN}a/_DONE must be empty or hold the number" in invalid(look(shelf, FOLDER, "a"))
    assert shelf.calls["get"] == (1 if len(body) <= 64 else 0)


def test_a_marker_that_is_gone_since_it_was_listed_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wrong with it; a person told so would look for a mistake that nobody made."""
    shelf = Shelf().store(IN + "a/1.mp4", IN + "a/2.mp4").store(IN + "a/_DONE", body=b"2")
    assert len(whole(look(shelf, FOLDER, "a"))) == 2
    monkeypatch.setattr(shelf, "get", lambda _bucket, _key: None)
    assert waiting(look(shelf, FOLDER, "a")).reason == "waiting for the marker"


def test_a_marker_without_fragments_waits() -> None:
    """They may come, or somebody removed them by hand."""
    shelf = Shelf().store(IN + "a/_DONE", body=b"")
    assert "no fragment" in waiting(look(shelf, FOLDER, "a", "a/_DONE")).reason


def test_a_marker_beside_a_group_with_totals_has_to_agree_with_them() -> None:
    """Both conditions hold where both are given."""
    config = Config(BUCKET, completion="marker")
    shelf = parts(1, 2, of=2)
    assert waiting(look(shelf, config, "v", "v.part2-of-2.mp4")).awaits == "marker"
    assert len(whole(look(shelf.store(IN + "v.done", body=b""), config, "v", "v.done"))) == 2
    shelf.store(IN + "v.3.final", at=NOW)
    assert "counts 3" in invalid(look(shelf, config, "v", "v.3.final"))
