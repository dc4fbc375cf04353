"""What `preview` says of recordings cut at gaps: what the sweep then does, and nothing is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cosconcat.groups.verdicts import Invalid, Verdict, Waiting, Whole
from ops.verbs.preview import Judged, judge, summary
from tests.support.desk import Altered, Desk
from tests.support.gaps import GAP, MIDNIGHT, close, finish, key, put, recording


def preview(desk: Desk) -> Judged:
    """Everything, judged; no record and no slot comes of it."""
    before = desk.keys("")
    found = judge(desk.services, 1000)
    assert desk.keys("") == before
    return found


def sizes(verdicts: dict[str, Whole]) -> dict[str, int]:
    """How many pieces each would join."""
    return {group: len(verdict.set.fragments) for group, verdict in verdicts.items()}


def test_recordings_are_previewed_as_the_sweep_closes_them() -> None:
    """Across midnight as well; what still waits, and what a person must look at, is no job."""
    with Desk(GAP) as desk:
        put(desk, 0, 60, 300, MIDNIGHT - 50, MIDNIGHT, 2000)
        put(desk, 0, source="other")
        desk.put(key(2000).replace(".mp4", ".MP4"), "twin", 50)
        desk.later(300)
        put(desk, 4000)
        found = preview(desk)
        whole = {recording(0): 2, recording(300): 1, recording(MIDNIGHT - 50): 2, recording(0, "other"): 1}
        assert sizes(found.to_join) == whole
        others: dict[str, type[Verdict]] = {recording(2000): Invalid, recording(4000): Waiting}
        assert {group: type(one) for group, one in found.verdicts.items() if group not in whole} == others
        told = summary(desk.services.config, found, None, 720)
        assert told["kinds"] == {"would be joined": 4, "inconsistent": 1, "waits": 1}
        assert (told["jobs"], told["fragments"], told["removal"]["objects"]) == (4, 6, 6)
        began = {group for group, action in close(desk).items() if action == "submitted"}
        assert began == set(whole) | {recording(4000)}


def test_what_was_joined_and_stays_is_no_job_but_what_came_late_is() -> None:
    """Under keep the pieces still lie there."""
    with Desk({**GAP, "CONCAT_CLEANUP": "keep"}) as desk:
        put(desk, 0, 60)
        close(desk)
        finish(desk)
        put(desk, 120)
        desk.later(300)
        found = preview(desk)
        assert sizes(found.whole) == {recording(0): 2, recording(120): 1}
        assert sizes(found.to_join) == {recording(120): 1}
        assert f"came too late for {recording(0)}" in found.whole[recording(120)].note


def test_new_content_under_the_id_of_a_joined_recording_is_a_job() -> None:
    """It is the recording's next content, whose name is another."""
    with Desk(GAP) as desk:
        put(desk, 0, 60)
        close(desk)
        finish(desk)
        put(desk, 0, 60, content="again")
        desk.later(300)
        found = preview(desk)
        assert sizes(found.to_join) == {recording(0): 2}
        assert found.taken == {recording(0): f"output/{recording(0)}.mp4"}


@pytest.mark.parametrize(("single", "kind"), [("leave", "one piece, left"), ("copy", "would be copied")])
def test_a_recording_of_one_piece_is_left_or_copied_as_configured(single: str, kind: str) -> None:
    """CONCAT_SINGLE."""
    with Desk({**GAP, "CONCAT_SINGLE": single}) as desk:
        put(desk, 0)
        desk.later(300)
        found = preview(desk)
        assert summary(desk.services.config, found, None, 720)["kinds"] == {kind: 1}
        assert found.to_join == {}


def test_where_nothing_was_joined_no_record_is_asked_for() -> None:
    """Whatever lies there: one LIST of the slots tells."""
    with Desk(GAP) as desk:
        put(desk, *range(0, 3600, 600))
        desk.later(300)
        asked: list[str] = []
        cos = Altered(desk.services.cos, get=lambda _bucket, name: asked.append(name))
        with desk.instead(cos=cos):
            assert len(judge(desk.services, 1000).to_join) == 6
        assert asked == []


def test_what_was_joined_under_keep_is_counted_as_the_sweep_then_removes_it() -> None:
    """Once the clean-up removes; a piece that went by hand is counted no more."""
    with Desk({**GAP, "CONCAT_CLEANUP": "keep"}) as desk:
        put(desk, 0, 60, 120)
        close(desk)
        finish(desk)
        desk.cloud.store.delete(desk.cloud.bucket, key(60))
        with desk.instead(config=replace(desk.services.config, cleanup="trash")):
            found = preview(desk)
            assert [one.key for one in found.before.pieces] == [key(0), key(120)]
            assert summary(desk.services.config, found, None, 720)["removal"]["objects"] == 0
            desk.sweep()
        assert desk.keys("fragments/") == []
