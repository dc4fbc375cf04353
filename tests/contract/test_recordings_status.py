"""Where is my video: what is told of recordings cut at gaps, over HTTP on the local cloud."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ops.command import main
from tests.support.desk import Desk
from tests.support.gaps import (
    GAP,
    MIDNIGHT,
    actions,
    close,
    dies_reserving,
    ended,
    finish,
    key,
    put,
    recording,
    retried,
    slots,
    status,
)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A cloud in which nothing happens by itself."""
    with Desk(GAP) as one:
        yield one


def test_status_of_what_is_not_closed_says_what_is_there_and_until_when_it_waits(desk: Desk) -> None:
    """By the id that it will have, and by the key of any of its pieces; asking changes nothing."""
    put(desk, 0, 60, 300)
    told = status(desk, recording(0))
    assert (told["state"], told["fragments"], told["ends"]) == ("arriving", 2, "then nothing for 240 s")
    assert told["until"] > told["since"]
    assert told["until"] in told["why"]
    assert status(desk, key(60)) == told
    desk.later(300)
    assert status(desk, key(60))["state"] == "whole"
    assert slots(desk) == []


def test_status_by_id_tells_of_all_pieces_where_midnight_is_another() -> None:
    """A recording from two at night until after the next midnight in China: its id names the UTC day before."""
    naming = "{group}_{time:%Y%m%dT%H%M%S}-{end:%Y%m%dT%H%M%S}.{ext}"
    with Desk({**GAP, "CONCAT_TIMEZONE": "+08:00", "CONCAT_NAMING": naming}) as desk:
        first, local = MIDNIGHT - 21_600, 28_800
        for second in range(first, first + 45 * 1800, 1800):
            desk.put(ended(second + local, second + local + 1800).replace("Z", ""))
        assert status(desk, recording(first))["fragments"] == 45


def test_status_of_a_recording_that_is_closed_is_found_by_each_of_its_pieces(desk: Desk) -> None:
    """While it is joined, and when its pieces are gone."""
    put(desk, 0, 60)
    close(desk)
    assert status(desk, key(60))["state"] == "joining"
    finish(desk)
    told = status(desk, key(60))
    assert (told["group"], told["state"], told["output"]) == (recording(0), "joined", f"output/{recording(0)}.mp4")
    assert status(desk, recording(0)) == told


def test_status_of_a_source_tells_its_recordings(desk: Desk) -> None:
    """Those that wait, those in flight, those that a person must look at; not those that are over."""
    put(desk, 0)
    close(desk)
    finish(desk)
    put(desk, 1000, 2000)
    desk.put(key(2000).replace(".mp4", ".MP4"), "other", 50)
    close(desk)
    put(desk, 3000)
    told = {one["group"]: one["state"] for one in status(desk, "cam")["recordings"]}
    assert told == {recording(1000): "joining", recording(2000): "invalid", recording(3000): "arriving"}
    assert status(desk, "nobody")["state"] == "unknown"
    assert status(desk, recording(77))["state"] == "unknown"


def test_status_of_a_slot_without_a_claim_says_who_goes_on(desk: Desk) -> None:
    """Its writer has died."""
    put(desk, 0, 60)
    desk.later(300)
    dies_reserving(desk)
    assert [status(desk, asked)["state"] for asked in (recording(0), key(60))] == ["whole", "whole"]
    assert retried(desk, recording(0)) == [(recording(0), "submitted")]


def test_status_of_a_superseded_recording_says_where_its_pieces_are_now(desk: Desk) -> None:
    """A piece before it came while it was joined: the new recording has another id."""
    put(desk, 60, 120)
    close(desk)
    put(desk, 0)
    assert desk.cloud.ci.wait_idle(20)
    desk.sweep()
    told = status(desk, recording(60))
    assert (told["state"], told["note"]) == (
        "superseded",
        f"its first piece is now in {recording(0)}, which is not closed yet",
    )


def test_a_closed_recording_says_for_good_where_it_was_cut() -> None:
    """In its closing record, so in status and among what ended in the report."""
    with Desk({**GAP, "CONCAT_MAX_LENGTH": "120"}) as desk:
        put(desk, 0, 60, 120)
        assert status(desk, key(0))["ends"] == "cut by CONCAT_MAX_LENGTH"
        close(desk)
        finish(desk)
        words = "cut by CONCAT_MAX_LENGTH: the run goes on in the next recording"
        assert status(desk, recording(0))["why"] == words
        ended = {one["group"]: one.get("reason", "") for one in desk.report()["ended"]["last"]}
        assert ended == {recording(0): words, recording(120): ""}


def test_what_goes_on_behind_a_cut_is_not_told_as_late() -> None:
    """A camera that never stops: its next pieces come when those before the cut are joined."""
    with Desk({**GAP, "CONCAT_MAX_LENGTH": "120"}) as desk:
        put(desk, 0, 60)
        desk.later(200)
        put(desk, 120)
        desk.later(100)
        assert actions(desk) == {recording(0): "submitted", recording(120): "waiting"}
        put(desk, 180)
        finish(desk)
        desk.later(300)
        assert status(desk, key(180))["state"] == "whole"
        assert "note" not in status(desk, key(180))
        assert actions(desk) == {recording(120): "submitted"}
        assert recording(120) not in desk.report()["gap"]


def test_explain_shows_the_request_of_a_recording_and_why_it_ends(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the id that it will have or by a piece's key; what still waits is told, and nothing is sent."""
    put(desk, 0, 60, 300)
    held = desk.cloud.account.root_key()
    environ = {**desk.cloud.shell_environment(), **desk.cloud.environment}
    environ |= {"TENCENT_SECRET_ID": held.secret_id, "TENCENT_SECRET_KEY": held.secret_key}
    assert main(["explain", "--group", key(60)], environ) == 1
    assert "waiting for its end until" in capsys.readouterr().err
    desk.later(300)
    assert main(["explain", "--group", recording(0)], environ) == 0
    out, err = capsys.readouterr()
    assert out.count("<Url>") == 2
    assert "note: then nothing for 240 s" in err
    close(desk)
    assert main(["explain", "--group", key(60)], environ) == 0
    assert capsys.readouterr().out.count("<Url>") == 2


def test_fragments_that_have_gone_since_are_looked_for_where_one_recording_is_asked_for() -> None:
    """Not for each recording of a source: that may be many, of many pieces."""
    with Desk({**GAP, "CONCAT_CLEANUP": "keep"}) as desk:
        put(desk, 0, 60)
        close(desk)
        finish(desk)
        desk.cloud.store.delete(desk.cloud.bucket, key(60))
        desk.cloud.calls.reset()
        [told] = status(desk, "cam")["recordings"]
        assert (told["state"], told["why"]) == ("joined", "nothing removed: CONCAT_CLEANUP=keep")
        assert "HEAD Object" not in {kind for _, kind in desk.cloud.calls.snapshot()}
        expected = "nothing was removed when it ended (CONCAT_CLEANUP=keep); 1 of its fragments has gone since"
        assert status(desk, recording(0))["why"] == expected
