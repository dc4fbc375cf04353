"""What a person brings about who says retry, of recordings cut at gaps, over HTTP on the local cloud."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from cosconcat.functions.retry import handle_retry
from cosconcat.protocol.closing import reconcile_fragment
from ops.command import main
from tests.support.desk import Desk
from tests.support.gaps import (
    GAP,
    MIDNIGHT,
    NOON,
    close,
    finish,
    joined,
    key,
    put,
    recording,
    retried,
    status,
)
from tests.support.longer import one_in


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A cloud in which nothing happens by itself."""
    with Desk(GAP) as one:
        yield one


@pytest.mark.parametrize("cleanup", one_in(2, ["delete", "keep"]))
@pytest.mark.parametrize("asked", [recording(0), key(60), "cam"], ids=["recording", "piece", "source"])
def test_a_joined_piece_without_its_output_is_told_and_retry_joins_it_anew(cleanup: str, asked: str) -> None:
    """Somebody took the output away, and uploaded the pieces again; as long as it is there nothing is joined twice."""
    with Desk({**GAP, "CONCAT_CLEANUP": cleanup}) as desk:
        put(desk, 0, 60)
        close(desk)
        finish(desk)
        put(desk, 0, 60)
        assert retried(desk, asked) == [(recording(0), "already-finished")]
        desk.cloud.store.delete(desk.cloud.bucket, f"output/{recording(0)}.mp4")
        put(desk, 0, 60)
        if cleanup == "delete":
            assert close(desk) == {recording(0): "kept"}
            assert "no longer what was proven" in desk.report()["kept"][recording(0)]["reason"]
        desk.later(300)
        assert retried(desk, asked) == [(recording(0), "submitted")]
        assert finish(desk)[recording(0)] == "finished"
        assert joined(desk) == [2, 2]
        assert desk.keys("output/") == [f"output/{recording(0)}.r0002.mp4"]


def test_retry_of_a_source_pays_for_nothing_again_that_was_joined_and_moved_away() -> None:
    """With CONCAT_CLEANUP=keep the pieces lie there for good; who means one recording names it."""
    with Desk({**GAP, "CONCAT_CLEANUP": "keep"}) as desk:
        put(desk, 0, 1000)
        close(desk)
        finish(desk)
        for second in (0, 1000):
            desk.cloud.store.delete(desk.cloud.bucket, f"output/{recording(second)}.mp4")
        desk.later(300)
        expected = [(recording(second), "already-finished") for second in (0, 1000)]
        assert retried(desk, "cam") == expected
        assert len(desk.jobs) == 2
        assert retried(desk, recording(1000)) == [(recording(1000), "submitted")]


def test_retry_of_what_was_kept_pays_for_no_other_recording_that_holds_its_pieces_by_now() -> None:
    """A late piece before it began another recording with all of them, whose output was moved away."""
    with Desk({**GAP, "CONCAT_CLEANUP": "keep"}) as desk:
        put(desk, 60, 120)
        close(desk)
        desk.later(5)
        put(desk, 60)
        finish(desk)
        put(desk, 0)
        assert close(desk) == {recording(0): "submitted"}
        finish(desk)
        desk.cloud.store.delete(desk.cloud.bucket, f"output/{recording(0)}.mp4")
        desk.later(300)
        assert retried(desk, recording(60)) == [(recording(0), "already-finished")]
        assert retried(desk, key(60)) == [(recording(0), "submitted")]


def test_retry_joins_what_was_kept(desk: Desk) -> None:
    """A piece was uploaded again while it was joined: nobody knows what CI read, so a person decides."""
    put(desk, 0, 60)
    close(desk)
    desk.later(5)
    put(desk, 60)
    finish(desk)
    assert close(desk) == {recording(0): "kept"}
    assert [one["action"] for one in handle_retry(desk.services, recording(0))["results"]] == ["submitted"]  # type: ignore[attr-defined]
    assert finish(desk) == {recording(0): "finished"}
    assert desk.keys("fragments/") == []


@pytest.mark.parametrize(
    ("removed", "parts"),
    [([0], [[60, 120, 180, 240]]), ([120], [[0, 60], [180, 240]]), ([0, 120], [[60], [180, 240]])],
    ids=["the first", "one between", "both"],
)
@pytest.mark.parametrize("asked", ["recording", "source"])
def test_retry_joins_what_is_left_of_what_was_kept(
    desk: Desk, removed: list[int], parts: list[list[int]], asked: str
) -> None:
    """A person took away what could not be joined: what remains may be several recordings, each is begun."""
    put(desk, 0, 60, 120, 180, 240)
    close(desk)
    desk.later(5)
    put(desk, 60)
    finish(desk)
    for second in removed:
        desk.cloud.store.delete(desk.cloud.bucket, key(second))
    assert close(desk) == {recording(0): "kept"}
    answered = handle_retry(desk.services, recording(0) if asked == "recording" else "cam")
    assert "submitted" in {one["action"] for one in answered["results"]}  # type: ignore[attr-defined]
    assert joined(desk) == sorted([5, *map(len, parts)])
    assert finish(desk) == dict.fromkeys((recording(part[0]) for part in parts), "finished")
    assert desk.keys("fragments/") == []


def test_retry_joins_what_is_left_although_a_part_of_it_was_joined_meanwhile(desk: Desk) -> None:
    """It has the name of the recording that was joined, as both began with the same piece."""
    put(desk, 0, 60, 120)
    close(desk)
    desk.later(5)
    put(desk, 60)
    finish(desk)
    desk.cloud.store.delete(desk.cloud.bucket, key(60))
    assert close(desk) == {recording(0): "kept"}
    assert reconcile_fragment(desk.services, key(0), forced=True).action == "submitted"
    finish(desk)
    assert close(desk) == {recording(0): "kept"}
    assert [one["action"] for one in handle_retry(desk.services, recording(0))["results"]] == ["submitted"]  # type: ignore[attr-defined]
    assert finish(desk) == {recording(120): "finished"}
    assert desk.keys("fragments/") == []


def test_what_is_left_of_a_kept_recording_beyond_midnight_is_told_and_retried(desk: Desk) -> None:
    """A person took away the pieces of the day on which it began: nothing else would bring the rest to mind."""
    put(desk, *range(MIDNIGHT - 120, MIDNIGHT + 120, 60))
    close(desk)
    desk.later(5)
    put(desk, MIDNIGHT)
    finish(desk)
    for second in (-120, -60):
        desk.cloud.store.delete(desk.cloud.bucket, key(MIDNIGHT + second))
    assert close(desk) == {recording(MIDNIGHT - 120): "kept"}
    assert desk.report()["kept"].keys() == {recording(MIDNIGHT - 120)}
    assert status(desk, "cam")["recordings"][0]["state"] == "kept"
    assert retried(desk, "cam") == [(recording(MIDNIGHT), "submitted")]


def test_retry_of_a_source_tries_again_what_ended_and_leaves_the_rest_waiting(desk: Desk) -> None:
    """Of a piece, the recording that it is in."""
    put(desk, 0, 1000)
    close(desk)
    desk.later(5)
    put(desk, 0, 1000)  # again, while they are joined: kept
    finish(desk)
    assert retried(desk, key(1000)) == [(recording(1000), "waiting")]  # it has just been uploaded
    desk.later(300)
    put(desk, 2000)
    assert retried(desk, key(1000)) == [(recording(1000), "submitted")]
    assert desk.cloud.ci.wait_idle(20)
    assert retried(desk, "cam") == [
        (recording(0), "submitted"),
        (recording(1000), "finished"),
        (recording(2000), "waiting"),
    ]
    assert retried(desk, recording(2000)) == [(recording(2000), "waiting")]
    assert retried(desk, "nobody") == [("nobody", "ignored")]
    assert finish(desk) == {recording(0): "finished", recording(2000): "waiting"}
    assert desk.keys("fragments/") == [key(2000)]


def test_the_day_of_a_source_that_the_report_names_is_found_and_retried() -> None:
    """Where jobs are short, and where a step failed, the report says `<source> <day>`."""
    with Desk({**GAP, "CONCAT_JOBS_PER_HOUR": "1"}) as desk:
        put(desk, 0, 1000, 2000)
        close(desk)
        [unit] = desk.report()["budget"]
        told = {one["group"]: one["state"] for one in status(desk, unit)["recordings"]}
        assert told == {recording(0): "joining", recording(1000): "whole", recording(2000): "whole"}
        assert [group for group, _ in retried(desk, unit)] == [recording(0), recording(1000), recording(2000)]
        assert status(desk, f"cam {time.strftime('%Y-%m-%d', time.gmtime(NOON + 86_400))}")["state"] == "unknown"
        assert status(desk, "cam 2026-13-01")["state"] == "unknown"


def test_the_command_lists_a_source_and_retries_all_of_it(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """With keys of one's own, as through the function."""
    put(desk, 0, 60, 1000)
    held = desk.cloud.account.root_key()
    environ = {**desk.cloud.shell_environment(), **desk.cloud.environment}
    environ |= {
        "TENCENT_SECRET_ID": held.secret_id,
        "TENCENT_SECRET_KEY": held.secret_key,
        "CONCAT_LEASE_SECONDS": "400",
        "CONCAT_STALE_SECONDS": "400",
    }
    assert main(["status", "cam", "--here"], environ) == 0
    out = capsys.readouterr().out
    assert f"  {recording(0)}, arriving, 2, 20" in out
    assert "then nothing for 940 s" in out
    desk.later(500)
    assert main(["retry", "cam", "--here"], environ) == 0
    assert capsys.readouterr().out.count("submitted") == 2
