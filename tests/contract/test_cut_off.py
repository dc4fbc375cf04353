"""What was cut off half-way, and who goes on with it: clean-ups, sweeps, probes.

The use cases run over the real adapters against the local cloud.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from cosconcat.errors import Blocked, Refused, TryAgain
from cosconcat.functions.retry import handle_retry
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Whole
from cosconcat.model import Bucket, Head, ObjectInfo, ObjectVersion, gid_of
from cosconcat.protocol.reconcile import reconcile_content
from cosconcat.protocol.run import reconcile_group
from tests.support.desk import Altered, Desk, only

PARTS = [f"fragments/v.part{n}-of-3.mp4" for n in (1, 2, 3)]


class Moved:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1e9

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.at


def join(desk: Desk) -> None:
    """Three parts arrive and are joined."""
    assert only(desk.arrive(*PARTS)).action == "submitted"
    assert only(desk.call_back()).action == "finished"


def test_heads_older_than_a_moment_are_repeated() -> None:
    """The instance stalls while it writes the end; by then a key holds new content."""
    with Desk() as desk:
        desk.arrive(*PARTS)
        clock, cos = Moved(), desk.services.cos

        def create(bucket: Bucket, key: str, body: bytes) -> bool:
            made = cos.create(bucket, key, body)
            if "/end-" in key:
                clock.at += 11
                desk.put(PARTS[1], "new content")
            return made

        with desk.instead(cos=Altered(cos, create=create), clock=clock):
            assert only(desk.call_back()).action == "finished"
        assert desk.keys("fragments/") == [PARTS[1]]


def test_keep_keeps() -> None:
    """Neither the callback nor the sweep removes anything."""
    with Desk({"CONCAT_CLEANUP": "keep"}) as desk:
        join(desk)
        desk.sweep()
        assert desk.keys("fragments/") == PARTS


def test_a_message_that_is_not_signed_is_refused() -> None:
    """However true it is."""
    with Desk() as desk:
        desk.arrive(*PARTS)
        event = desk.callback()
        event["queryString"]["signature"] = "0" * 64
        with pytest.raises(Refused):
            desk.hear(event)
        assert desk.keys("fragments/") == PARTS


def test_a_clean_up_by_retry_that_was_cut_off_goes_on_by_retry() -> None:
    """The output had no room for tags; a person made room and said retry; the instance died half-way."""
    with Desk({"CONCAT_CLEANUP": "trash"}) as desk:
        desk.arrive(*PARTS)
        event = desk.callback()
        desk.cloud.store.tag(desk.cloud.bucket, "output/v.mp4", {f"own-{n}": "x" for n in range(10)})
        assert only(desk.hear(event)).action == "kept"
        desk.cloud.store.tag(desk.cloud.bucket, "output/v.mp4", {})
        cos = desk.services.cos

        def delete(bucket: Bucket, versions: Sequence[ObjectVersion]) -> None:
            cos.delete(bucket, versions[:1])
            raise SystemExit

        with desk.instead(cos=Altered(cos, delete=delete)), pytest.raises(SystemExit):
            handle_retry(desk.services, "v")
        assert desk.keys("fragments/") == PARTS[1:]
        handle_retry(desk.services, "v")
        assert desk.keys("fragments/") == []


def test_trash_of_large_multipart_objects_gets_on() -> None:
    """A copy takes 20 s and bears an ETag of its own; each run is killed at its 15th copy."""
    with Desk({"CONCAT_CLEANUP": "trash"}) as desk:
        keys = [f"fragments/v.part{n}-of-30.mp4" for n in range(1, 31)]
        for key in keys:
            desk.put(key)
        assert only(desk.upload(keys[-1])).action == "submitted"
        assert desk.cloud.ci.wait_idle(20)
        clock, cos = Moved(), desk.services.cos
        copied: list[str] = []

        def copy(source: Bucket, original: ObjectInfo, target: Bucket, name: str) -> str:
            copied.append(original.key)
            clock.at += 20
            if len(copied) % 15 == 0:
                raise SystemExit
            return str(cos.copy(source, original, target, name))

        def heads(bucket: Bucket, asked: Sequence[str]) -> dict[str, Head | None]:
            return {key: _as_multipart(key, head) for key, head in cos.heads(bucket, asked).items()}

        with desk.instead(cos=Altered(cos, copy=copy, heads=heads), clock=clock):
            for _ in range(5):
                with contextlib.suppress(SystemExit):
                    desk.sweep()
                clock.at += 2000  # a group at which two runs died is set aside for a while
        assert desk.keys("fragments/") == []
        assert len(copied) <= 36  # of 30; the few that were copied when it was killed again


def _as_multipart(key: str, head: Head | None) -> Head | None:
    if head is None or not key.startswith("trash/"):
        return head
    found = head.object
    return head._replace(object=type(found)(found.key, f"{found.etag[:-2]}-2", found.size, found.last_modified))


def test_a_tag_to_expire_on_new_content_is_taken_back_while_its_job_is_refused() -> None:
    """The tag of an instance that is dead by now lands late; the queue is paused for a day."""
    with Desk({"CONCAT_CLEANUP": "expire"}) as desk:
        join(desk)
        desk.later(5)
        desk.put(PARTS[1], "corrected")
        desk.switches.refuse_submits = "QueuePaused"
        with pytest.raises(TryAgain):
            desk.upload(PARTS[1])
        desk.cloud.store.tag(desk.cloud.bucket, PARTS[1], {"concat-cleanup": "expire"})
        desk.later(400)
        with pytest.raises(TryAgain):
            desk.sweep()
        assert desk.services.cos.tags(desk.services.config.bucket, PARTS[1]) == {}


BY_MARKER = {"CONCAT_CLEANUP": "expire", "CONCAT_NAMING": "folder", "CONCAT_COMPLETION": "marker"}
PIECE = "fragments/g/2.mp4"


def arrive_with_marker(desk: Desk) -> None:
    """A folder of two pieces, then its marker: the job is submitted."""
    desk.arrive("fragments/g/1.mp4", PIECE)
    desk.arrive("fragments/g/_DONE", seconds=0)


def tags_of_the_piece(desk: Desk) -> dict[str, str]:
    """As they are now."""
    return dict(desk.services.cos.tags(desk.services.config.bucket, PIECE))


def test_a_tag_to_expire_on_new_content_is_taken_back_where_the_output_went_too() -> None:
    """Whoever tagged died before the second look; the marker is older than the new content, so nobody joins it."""
    with Desk(BY_MARKER) as desk:
        arrive_with_marker(desk)
        cos = desk.services.cos

        def tag(bucket: Bucket, key: str, wanted: dict[str, str]) -> None:
            if key != PIECE:
                return cos.tag(bucket, key, wanted)
            desk.later(5)
            desk.put(PIECE, "corrected")
            cos.tag(bucket, key, wanted)
            raise SystemExit

        with desk.instead(cos=Altered(cos, tag=tag)), contextlib.suppress(SystemExit):
            desk.call_back()
        assert tags_of_the_piece(desk) == {"concat-cleanup": "expire"}
        desk.cloud.store.delete(desk.cloud.bucket, "output/g.mp4")
        desk.later(400)
        assert desk.sweep()["results"][0]["action"] == "kept"
        assert tags_of_the_piece(desk) == {}


def test_a_tag_to_expire_that_lands_after_the_end_is_taken_back_where_the_output_went_too() -> None:
    """What was joined is closed; a piece of it is new and waits for its marker."""
    with Desk(BY_MARKER) as desk:
        arrive_with_marker(desk)
        assert only(desk.call_back()).action == "finished"
        desk.later(5)
        desk.put(PIECE, "corrected")
        desk.cloud.store.tag(desk.cloud.bucket, PIECE, {"concat-cleanup": "expire"})
        desk.cloud.store.delete(desk.cloud.bucket, "output/g.mp4")
        desk.later(400)
        desk.sweep()
        assert tags_of_the_piece(desk) == {}


def test_a_probe_that_is_refused_for_the_deployment_s_sake_blocks() -> None:
    """The bucket is not bound to CI: no group is given up for that, and the sweep goes on once it is."""
    with Desk({"CONCAT_DIRECT": "true"}) as desk:

        def media(*_: object) -> None:
            raise Blocked("GET videoinfo", code="MediaBucketUnBinded", fix="bind it")

        for key in PARTS:
            desk.put(key)
        with desk.instead(cos=Altered(desk.services.cos, media=media)), pytest.raises(TryAgain, match="bind it"):
            desk.upload(PARTS[2])
        desk.later(100)
        desk.sweep()
        assert len(desk.jobs) == 1


def test_two_steps_that_kill_the_sweep_do_not_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is in the index, one in the prefix; the group between them is joined within one round."""
    with Desk() as desk:
        desk.arrive("fragments/x.part1-of-1.mp4")
        for group in ("a", "b"):
            desk.put(f"fragments/{group}.part1-of-1.mp4")

        def deadly_advance(services: Any, gid: str, *more: Any, **named: Any) -> Any:
            if gid == gid_of("x"):
                raise SystemExit
            return reconcile_content(services, gid, *more, **named)

        def deadly_survey(services: Any, group: str) -> Any:
            if group == "a":
                raise SystemExit
            return survey(services, group)

        monkeypatch.setattr("cosconcat.functions.sweep.round.reconcile_content", deadly_advance)
        monkeypatch.setattr("cosconcat.functions.sweep.turn.survey", deadly_survey)
        for _ in range(3):
            with pytest.raises(SystemExit):
                desk.sweep()
        assert desk.sweep()["round"] == "complete"
        assert [job.operation.value("Output/Object") for job in desk.jobs] == ["output/x.${ext}", "output/b.${ext}"]


def test_a_neighbour_that_still_works_is_not_taken_for_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep takes longer than its period: the next ones leave nothing out and report nothing as deadly."""
    with Desk() as desk, desk.instead(deadline=desk.services.clock.now() + 600):
        for group in ("a", "b"):
            desk.put(f"fragments/{group}.part1-of-1.mp4")
        began: list[str] = []
        blocked: list[object] = []

        def overtaken(services: Any, group: str) -> Any:
            began.append(group)
            if len(began) <= 2:  # at its first group another sweep starts, and at its first group a third
                handle_sweep(desk.services)
                blocked.append(desk.report()["blocked"])
            return survey(services, group)

        monkeypatch.setattr("cosconcat.functions.sweep.turn.survey", overtaken)
        desk.sweep()
        assert [*blocked, desk.report()["blocked"]] == [{}, {}, {}]
        assert len(desk.jobs) == 2


def test_a_kept_content_stays_kept_when_an_old_listing_came_in_between() -> None:
    """A stalled instance claims what LIST showed it long ago, and finds at once that it is no longer so."""
    with Desk() as desk:
        desk.arrive(*PARTS)
        event = desk.callback()
        desk.later(5)
        desk.put(PARTS[1])  # the same bytes: CI may have read something else in between
        assert only(desk.hear(event)).action == "kept"
        verdict = survey(desk.services, "v")
        assert isinstance(verdict, Whole)
        first, *rest = verdict.set.fragments
        old = replace(verdict.set, fragments=(replace(first, object=replace(first.object, etag="0" * 32)), *rest))
        assert reconcile_group(desk.services, old).action == "superseded"
        desk.sweep()
        assert len(desk.jobs) == 1
        assert "uploaded again" in desk.report()["kept"]["v"]["reason"]


def test_a_sweep_with_a_short_time_limit_gets_to_the_groups() -> None:
    """The margin before its end is no longer than half of what it has."""
    with Desk() as desk, desk.instead(deadline=desk.services.clock.now() + 15):
        desk.put("fragments/a.part1-of-1.mp4")
        desk.sweep()
        assert len(desk.jobs) == 1
