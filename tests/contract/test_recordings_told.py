"""What the report, events and `status` say of recordings cut at gaps is true, beside joined pieces too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.desk import Desk, only
from tests.support.gaps import GAP, MIDNIGHT, actions, close, ended, finish, key, put, recording, retried, status


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A cloud in which nothing happens by itself."""
    with Desk(GAP) as one:
        yield one


@pytest.fixture
def keeping() -> Iterator[Desk]:
    """One in which two pieces were joined, and still lie there."""
    with Desk({**GAP, "CONCAT_CLEANUP": "keep"}) as one:
        put(one, 0, 60)
        close(one)
        finish(one)
        yield one


def test_what_is_invalid_has_no_output(desk: Desk) -> None:
    """The report says of which pieces it is, and names none of them as a result."""
    put(desk, 0)
    desk.put(key(0).replace(".mp4", ".MP4"), "other", 50)
    assert close(desk) == {recording(0): "invalid"}
    told = desk.report()["invalid"][recording(0)]
    assert set(told) == {"reason"}
    assert only(desk.upload(key(0))).key == key(0)


def test_an_upload_before_the_joined_one_is_named_and_is_no_output() -> None:
    """Whichever of a recording's pieces it is."""
    with Desk(GAP, versioning="Enabled") as desk:
        put(desk, 0, 60)
        desk.later(2)
        put(desk, 60, content="corrected")
        close(desk)
        finish(desk)
        told = desk.report()["kept"][recording(0)]
        assert set(told) == {"reason"}
        assert told["reason"].startswith(f"{key(60)} is older than what was joined")
        put(desk, 0)
        close(desk)
        assert desk.keys("fragments/") == [key(60)], "what was uploaded again goes, whatever lies beside it"


def test_a_late_piece_waits_under_its_own_id_beside_what_was_joined(keeping: Desk) -> None:
    """In the report and for its event; an event of a joined piece says what became of that."""
    put(keeping, 120)
    assert actions(keeping) == {recording(120): "waiting"}
    assert set(keeping.report()["quiet"]) == {recording(120)}
    assert only(keeping.upload(key(120))).group == recording(120)
    again = only(keeping.upload(key(0)))
    assert (again.group, again.action) == (recording(0), "already-finished")


def test_a_late_piece_is_noted_beside_what_a_long_piece_of_the_day_before_recorded(desk: Desk) -> None:
    """The long one was joined and removed: only its slot knows how far it reached."""
    desk.put(ended(MIDNIGHT - 3600, MIDNIGHT + 3600).replace("Z-", "Z_"), seconds=50)
    close(desk)
    finish(desk)
    assert desk.keys("fragments/") == []
    desk.put(ended(MIDNIGHT + 3601, MIDNIGHT + 3641).replace("Z-", "Z_"), seconds=40)
    close(desk)
    (told,) = desk.report()["gap"].values()
    assert told["reason"].startswith(f"came too late for {recording(MIDNIGHT - 3600)}, which it adjoins")


def test_a_source_of_which_all_was_joined_and_removed_is_known(desk: Desk) -> None:
    """By its slots: its last recording is named, and tells the rest."""
    put(desk, 0, 1000)
    close(desk)
    finish(desk)
    assert desk.keys("fragments/") == []
    told = status(desk, "cam")
    assert (told["state"], told["why"].rpartition(" ")[2]) == ("source", recording(1000))
    assert retried(desk, "cam") == [("cam", "ignored")]
    assert status(desk, "ca")["state"] == "unknown"


def test_a_start_without_a_zone_and_an_end_with_one_are_told() -> None:
    """By the clock of China the piece lasts fifty seconds, without it it ends hours before it begins."""
    with Desk({**GAP, "CONCAT_TIMEZONE": "+08:00"}) as desk:
        mixed = ended(28_800, 50).replace("Z-", "_")
        desk.put(mixed, seconds=50)
        close(desk)
        assert "written in two zones" in desk.report()["invalid"][mixed]["reason"]
        assert (status(desk, mixed)["state"], retried(desk, mixed)) == ("invalid", [(mixed, "invalid")])
        assert only(desk.upload(mixed)).action == "invalid"
        assert desk.keys("fragments/") == [mixed]
