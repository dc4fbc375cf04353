"""One recording that cannot get on, or whose writer died, costs only itself, over HTTP on the local cloud."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cosconcat.errors import NeverAgain, Rejected, ServiceUnavailable, TryAgain
from cosconcat.model import Bucket
from local.cos.versions import NewObject
from tests.support.desk import Altered, Desk
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
    slots,
    status,
)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A cloud in which nothing happens by itself."""
    with Desk(GAP) as one:
        yield one


def test_a_slot_whose_writer_died_is_completed_by_whoever_finds_it(desk: Desk) -> None:
    """With a look at its pieces first: here one is gone by then."""
    put(desk, 0, 60, 120)
    desk.later(300)
    dies_reserving(desk)
    assert len(slots(desk)) == 1
    desk.cloud.store.delete(desk.cloud.bucket, key(60))
    said = [(one["group"], one["action"]) for one in desk.sweep()["results"]]
    assert said == [(recording(0), "superseded"), (recording(0), "submitted"), (recording(120), "submitted")]
    finish(desk)
    assert desk.keys("fragments/") == []


def test_a_slot_whose_own_day_is_empty_is_completed_by_who_finds_its_grant() -> None:
    """Its writer died, and the long piece that reached over midnight was taken away: what is left lies far beyond."""
    naming = "{group}_{time:%Y%m%dT%H%M%SZ}-{end:%Y%m%dT%H%M%SZ}.{ext}"
    with Desk({**GAP, "CONCAT_NAMING": naming}) as desk:
        keys = [ended(MIDNIGHT + one, MIDNIGHT + end) for one, end in ((-3600, 3000), (3010, 3060), (3070, 3120))]
        for one in keys:
            desk.put(one)
        desk.later(300)
        dies_reserving(desk, "grant")
        assert [(slot["kind"], len(slot["pieces"])) for slot in slots(desk)] == [("main", 1), ("grant", 2)]  # type: ignore[arg-type]
        desk.cloud.store.delete(desk.cloud.bucket, keys[0])
        said = [(one["group"], one["action"]) for one in desk.sweep()["results"]]
        assert said == [(recording(MIDNIGHT - 3600), "superseded"), (recording(MIDNIGHT + 3010), "submitted")]


@pytest.mark.parametrize(
    "failure",
    [ServiceUnavailable("HEAD: 503"), Rejected("HEAD", status=400, code="Odd")],
    ids=["for now", "for good"],
)
def test_a_recording_whose_output_cannot_be_looked_at_holds_up_no_other_of_its_day(
    desk: Desk, failure: Exception
) -> None:
    """Its lease is over, so whoever comes by helps it; who is whole does not wait for that, and the failure is told."""
    put(desk, 0, 60)
    close(desk)
    assert desk.cloud.ci.wait_idle(20)
    put(desk, 1000)
    desk.later(300)
    real = desk.services.cos

    def head(bucket: Bucket, key: str) -> Any:
        if key.startswith(f"output/{recording(0)}"):
            raise failure
        return real.head(bucket, key)

    with desk.instead(cos=Altered(real, head=head)):
        try:
            said = {one["action"] for one in desk.sweep()["results"] if one["group"] == recording(0)}
        except TryAgain as told:
            said = {"try-again"} if recording(0) in str(told) else set()
    assert said == ({"invalid"} if isinstance(failure, NeverAgain) else {"try-again"})
    assert recording(0) in str({kind: desk.report()[kind] for kind in ("blocked", "invalid")})
    assert len(slots(desk)) == 2
    assert finish(desk) == {recording(0): "finished", recording(1000): "finished"}


def test_a_slot_that_cannot_be_completed_holds_up_no_other_recording(desk: Desk) -> None:
    """Its writer died; the look at its output's key fails."""
    put(desk, 0, 60)
    desk.later(300)
    dies_reserving(desk)
    put(desk, 1000)
    desk.later(300)
    real = desk.services.cos

    def head(bucket: Bucket, key: str) -> Any:
        if key.startswith(f"output/{recording(0)}"):
            raise Rejected("HEAD", status=400, code="Odd")
        return real.head(bucket, key)

    with desk.instead(cos=Altered(real, head=head)):
        assert actions(desk) == {recording(0): "invalid", recording(1000): "submitted"}


def test_a_recording_of_one_piece_is_left_where_that_is_asked_for() -> None:
    """No slot, no job; a second piece makes it a recording."""
    with Desk({**GAP, "CONCAT_SINGLE": "leave"}) as desk:
        put(desk, 0)
        assert close(desk) == {recording(0): "ignored"}
        assert "CONCAT_SINGLE=leave" in status(desk, recording(0))["why"]
        put(desk, 60)
        assert close(desk) == {recording(0): "submitted"}


def test_pieces_of_two_types_cost_no_direct_join() -> None:
    """As in other groups; the recordings beside them go on."""
    with Desk({**GAP, "CONCAT_DIRECT": "true", "CONCAT_ON_MIXED": "trust", "CONCAT_VERIFY": "size"}) as desk:
        put(desk, 0, 1000)
        desk.put(key(60).replace(".mp4", ".flv"), seconds=50)
        assert close(desk) == {recording(0): "invalid", recording(1000): "submitted"}
        assert "differ in type" in desk.report()["invalid"][recording(0)]["reason"]


def test_an_archived_piece_costs_no_job(desk: Desk) -> None:
    """It is told to restore it; the recordings beside it go on."""
    put(desk, 0, 60, 1000)
    desk.cloud.store.write(desk.cloud.bucket, key(60), b"0" * 50_000, NewObject(storage_class="ARCHIVE"))
    assert close(desk) == {recording(0): "invalid", recording(1000): "submitted"}
    assert f"{key(60)} is archived" in desk.report()["invalid"][recording(0)]["reason"]


@pytest.mark.parametrize("start", ["00010101T000000Z", "21071231T235959Z", "99991231T235959Z"])
def test_a_year_that_no_recording_is_of_is_reported_and_holds_nobody_up(start: str) -> None:
    """A recorder's dead clock, or somebody's jest: it is no time, so the object stays and the report names it."""
    key = f"fragments/cam_{start}.mp4"
    with Desk({"CONCAT_NAMING": "{group}_{time:%Y%m%dT%H%M%SZ}.{ext}", "CONCAT_COMPLETION": "gap:60"}) as desk:
        desk.put(key, seconds=50)
        put(desk, 0)
        assert close(desk) == {recording(0): "submitted"}
        assert finish(desk) == {recording(0): "finished"}
        assert desk.keys("fragments/") == [key]
        assert "allowed are 1900 to 2099" in str(desk.report()["unmatched"])


def test_a_piece_that_is_replaced_in_the_moment_before_its_copy_costs_one_turn() -> None:
    """LIST showed what is no longer there; the next sweep has a look of its own."""
    key = "fragments/cam_20240101100000.mp4"
    settings = {"CONCAT_NAMING": "{group}_{time:%Y%m%d%H%M%S}.{ext}", "CONCAT_COMPLETION": "gap:300"}
    with Desk({**settings, "CONCAT_SINGLE": "copy"}) as desk:
        desk.put(key)
        desk.later(2000)
        real, copies = desk.services.cos, []

        def copy(*told: Any, **named: Any) -> Any:
            copies.append(told)
            if len(copies) == 1:
                desk.put(key, "other")
            return real.copy(*told, **named)

        with desk.instead(cos=Altered(real, copy=copy)):
            assert [result["action"] for result in desk.sweep()["results"]] == ["superseded"]
        assert len(copies) == 1
        desk.later(2000)
        assert [result["action"] for result in desk.sweep()["results"]] == ["finished"]
