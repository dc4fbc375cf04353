"""What must never be removed, never be joined twice and never hold up the sweep: one test for each way it could happen.

The use cases run over the real adapters against the local cloud.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cosconcat.cloud.notify import Notifier
from cosconcat.errors import Rejected, ServiceUnavailable, TryAgain
from cosconcat.functions.retry import handle_retry
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.groups.survey import survey
from cosconcat.inputs.probes import UNPROBED_STALE
from cosconcat.model import gid_of
from tests.support.desk import Altered, Desk, only

PARTS = [f"fragments/v.part{n}-of-3.mp4" for n in (1, 2, 3)]
TIMED = [f"fragments/cam_20240101T08{minute:02}00Z.mp4" for minute in (0, 5, 10)]


@pytest.fixture
def _no_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own repeats, with pauses of seconds, change nothing here: what fails goes on failing."""
    monkeypatch.setattr("cosconcat.cloud.cos.RETRIES", 0)


def join(desk: Desk) -> None:
    """Three parts arrive and are joined."""
    assert only(desk.arrive(*PARTS)).action == "submitted"
    assert only(desk.call_back()).action == "finished"


def test_two_groups_that_mean_one_output_get_two() -> None:
    """While neither output exists, the ledger knows whose the key is: no job writes over another's."""
    with Desk({"CONCAT_NAMING": "folder", "CONCAT_COMPLETION": "manifest"}) as desk:
        desk.put("fragments/a/1.mp4")
        desk.put("fragments/b/1.mp4")
        desk.manifest("fragments/a/manifest.json", fragments=[{"key": "fragments/a/1.mp4"}], output="output/b.mp4")
        desk.manifest("fragments/b/manifest.json", fragments=[{"key": "fragments/b/1.mp4"}])
        cos = desk.services.cos
        nothing_yet = Altered(cos, head=lambda bucket, key: None if "output/" in key else cos.head(bucket, key))
        with desk.instead(cos=nothing_yet):  # both jobs still run
            first = only(desk.upload("fragments/a/manifest.json"))
            second = only(desk.upload("fragments/b/manifest.json"))
        assert (first.action, second.action) == ("submitted", "submitted")
        assert first.key == "output/b.mp4"
        assert second.key == "output/b.r0001.${ext}"


def test_new_content_of_a_group_that_had_to_take_another_name_gets_its_rev() -> None:
    """The key that it asks for is another group's, the one that it was given holds its own earlier result."""
    with Desk({"CONCAT_NAMING": "folder", "CONCAT_COMPLETION": "manifest"}) as desk:
        for group in ("a", "b"):
            desk.put(f"fragments/{group}/1.mp4")
            wanted = [{"key": f"fragments/{group}/1.mp4"}]
            desk.manifest(f"fragments/{group}/manifest.json", fragments=wanted, output="output/b.mp4")
            assert only(desk.upload(f"fragments/{group}/manifest.json")).action == "submitted"
            assert only(desk.call_back()).action == "finished"
        assert desk.keys("output/") == ["output/b.mp4", "output/b.r0001.mp4"]
        desk.cloud.store.delete(desk.cloud.bucket, "output/b.mp4")
        desk.put("fragments/b/1.mp4", "a better take")
        desk.manifest("fragments/b/manifest.json", fragments=[{"key": "fragments/b/1.mp4"}], output="output/b.mp4")
        result = only(desk.upload("fragments/b/manifest.json"))
        assert (result.action, result.key) == ("submitted", "output/b.r0002.mp4")


def test_a_tag_to_expire_that_was_left_on_new_content_is_taken_back_by_the_sweep() -> None:
    """Its writer died after another instance had closed the content; the rest of the group has not come yet."""
    with Desk({"CONCAT_CLEANUP": "expire"}) as desk:
        join(desk)
        bucket, cos = desk.services.config.bucket, desk.services.cos
        desk.put(PARTS[2], "new content")
        cos.tag(bucket, PARTS[2], {"concat-cleanup": "expire", "kind": "lecture"})
        desk.cloud.store.delete(bucket.name, PARTS[0])
        desk.later(300)
        desk.sweep()
        assert cos.tags(bucket, PARTS[2]) == {"kind": "lecture"}
        assert cos.tags(bucket, PARTS[1]) == {"concat-cleanup": "expire"}


def test_what_is_given_up_does_not_expire() -> None:
    """New content is there, no output holds all of it: no piece of it goes, whoever tagged it."""
    with Desk({"CONCAT_CLEANUP": "expire"}) as desk:
        join(desk)
        desk.later(5)
        desk.switches.short_output = 1
        assert only(desk.arrive(PARTS[2], content="new content")).action == "submitted"
        desk.cloud.store.tag(desk.cloud.bucket, PARTS[2], {"concat-cleanup": "expire"})  # of an instance that died
        assert only(desk.call_back()).action == "gave-up"
        assert [desk.services.cos.tags(desk.services.config.bucket, key) for key in PARTS] == [{}, {}, {}]


def test_a_trimmed_fragment_is_not_removed() -> None:
    """The output holds a second of it; the rest exists nowhere else."""
    with Desk({"CONCAT_NAMING": "folder", "CONCAT_COMPLETION": "manifest"}) as desk:
        desk.put("fragments/a/1.mp4", seconds=60)
        desk.put("fragments/a/2.mp4", seconds=60)
        trimmed = {"key": "fragments/a/1.mp4", "start": 0, "end": 60}
        desk.manifest("fragments/a/manifest.json", fragments=[trimmed, {"key": "fragments/a/2.mp4"}])
        desk.upload("fragments/a/manifest.json")
        assert only(desk.call_back()).action == "finished"
        assert desk.keys("fragments/") == ["fragments/a/1.mp4", "fragments/a/manifest.json"]


def test_the_rest_of_a_joined_timed_group_is_not_joined_again() -> None:
    """One piece could not be removed; its place in time counts anew without the others, its content does not."""
    with Desk({"CONCAT_NAMING": "timestamp"}) as desk:
        for key in TIMED:
            desk.put(key)
        desk.switches.locked.add((desk.cloud.bucket, TIMED[2]))
        desk.later(310)
        desk.sweep()
        assert only(desk.call_back()).action == "finished"
        assert desk.keys("fragments/") == [TIMED[2]]
        desk.later(310)
        desk.sweep()
        assert len(desk.jobs) == 1
        desk.switches.locked.clear()
        desk.sweep()
        assert (len(desk.jobs), desk.keys("fragments/")) == (1, [])


def test_a_multi_delete_whose_answer_is_lost_is_not_sent_again_unseen() -> None:
    """The keys may hold new content by then: whoever resumes looks first."""
    with Desk() as desk:
        desk.arrive(*PARTS)
        desk.switches.lose_cos_answers["POST delete"] = 1
        with pytest.raises(TryAgain):
            desk.call_back()
        assert desk.cloud.calls.kinds()["POST delete"] == 1
        desk.put(PARTS[1], "new content")
        assert only(desk.call_back()).action == "finished"
        assert desk.keys("fragments/") == [PARTS[1]]


def test_a_clean_up_that_goes_on_leaves_the_same_bytes_put_there_again() -> None:
    """They belong to a corrected recording: without them the piece that is new would never be joined."""
    with Desk() as desk:
        desk.arrive(*PARTS)
        desk.switches.lose_cos_answers["POST delete"] = 1
        with pytest.raises(TryAgain):
            desk.call_back()
        desk.later(5)
        desk.put(PARTS[0])
        desk.put(PARTS[1], "new content")
        assert only(desk.call_back()).action == "finished"
        assert desk.keys("fragments/") == PARTS[:2]
        assert only(desk.arrive(PARTS[2])).action == "submitted"


def test_an_overwritten_version_that_comes_back_is_not_joined() -> None:
    """Removing the joined version of a versioned object shows the one before it, which was replaced for a reason."""
    with Desk(versioning="Enabled") as desk:
        for key in PARTS:
            desk.put(key, "bad take")
        desk.later(5)
        for key in PARTS:
            desk.put(key, "good take")
        desk.later(5)
        assert only(desk.upload(PARTS[0])).action == "submitted"
        assert only(desk.call_back()).action == "finished"
        assert desk.keys("fragments/") == PARTS
        assert only(desk.upload(PARTS[0])).action == "kept"
        desk.sweep()
        assert len(desk.jobs) == 1
        assert "came back" in desk.report()["kept"]["v"]["reason"]


def test_a_corrected_upload_is_not_torn_apart() -> None:
    """A part that is identical to a joined one may belong to the new content that has begun to arrive."""
    with Desk() as desk:
        join(desk)
        desk.later(60)
        desk.put(PARTS[0])
        desk.put(PARTS[1], "corrected")
        desk.later(300)
        desk.sweep()
        assert desk.keys("fragments/") == PARTS[:2]
        desk.put(PARTS[2])
        assert only(desk.upload(PARTS[2])).action == "submitted"
        assert len(desk.jobs) == 2


def test_a_listing_of_the_past_does_not_tear_it_apart_either() -> None:
    """LIST shows the joined content although one part is new: nothing is removed, and the event is tried again."""
    with Desk() as desk:
        join(desk)
        for key in PARTS:
            desk.put(key)
        desk.later(60)
        desk.switches.listing_lag = 50
        desk.put(PARTS[1], "corrected")
        with pytest.raises(TryAgain, match="new content"):
            desk.upload(PARTS[2])
        assert desk.keys("fragments/") == PARTS
        desk.switches.listing_lag = 0
        assert only(desk.upload(PARTS[2])).action == "submitted"


@pytest.mark.usefixtures("_no_repeats")
def test_a_probe_that_fails_for_ever_ends_in_gave_up() -> None:
    """Each probe is paid: after CONCAT_STALE_SECONDS what cannot be probed is unverified, and everything stays."""
    with Desk() as desk:
        desk.arrive(*PARTS)
        desk.switches.fail_cos += [("GET videoinfo", "", 503)] * 100
        with pytest.raises(TryAgain):
            desk.call_back()
        desk.later(UNPROBED_STALE * 200 + 60)
        assert only(desk.call_back()).action == "gave-up"
        assert desk.keys("fragments/") == PARTS


def test_nothing_in_the_trash_is_overwritten() -> None:
    """The second content of the same names lies beside the first."""
    with Desk({"CONCAT_CLEANUP": "trash"}) as desk:
        join(desk)
        desk.later(5)
        desk.arrive(*PARTS, content="second")
        assert only(desk.call_back()).action == "finished"
        trash = desk.keys("trash/")
        assert [f"trash/{key}" in trash for key in PARTS] == [True] * 3
        assert len(trash) == 6
        assert desk.keys("fragments/") == []


def test_failed_jobs_count_across_revs() -> None:
    """A failed job left something at the output key, so the next content takes another name; the count goes on."""
    with Desk({"CONCAT_MAX_ATTEMPTS": "3"}) as desk:
        desk.switches.fail_jobs = 100
        desk.arrive(*PARTS)
        desk.call_back()
        desk.put("output/v.mp4", "half of it")
        for _ in range(12):
            desk.later(60)
            try:
                desk.sweep()
            except TryAgain:
                continue
            desk.cloud.ci.wait_idle(10)
        assert len(desk.jobs) == 3


def test_retry_carries_out_a_clean_up_that_could_not_be() -> None:
    """The output is proven and there; only its tags were in the way. No second job."""
    with Desk() as desk:
        desk.arrive(*PARTS)
        assert desk.cloud.ci.wait_idle(20)
        full = {f"own-{n}": "x" for n in range(10)}
        desk.cloud.store.tag(desk.cloud.bucket, "output/v.mp4", full)
        assert only(desk.call_back()).action == "kept"
        desk.cloud.store.tag(desk.cloud.bucket, "output/v.mp4", {})
        result = handle_retry(desk.services, "v")
        assert result["results"][0]["action"] == "finished"  # type: ignore[index]  # a list of dicts
        assert (len(desk.jobs), desk.keys("fragments/")) == (1, [])


def test_a_blocked_group_is_in_the_report_while_it_waits_for_its_next_try() -> None:
    """Between two tries nothing is asked of CI, but a person is told all the same, by the group's name."""
    with Desk() as desk:
        desk.switches.refuse_submits = "QueuePaused"
        with pytest.raises(TryAgain, match="QueuePaused"):
            desk.arrive(*PARTS)
        desk.sweep()
        assert list(desk.report()["blocked"]) == ["v"]
        assert desk.cloud.calls.kinds()["POST jobs"] == 1


def test_a_sweep_goes_on_without_ci_s_job_listing() -> None:
    """CI refuses to list: the report says so, and everything else is done."""
    with Desk() as desk:
        desk.arrive(*PARTS)
        assert desk.cloud.ci.wait_idle(20)

        def refused(*_: object) -> None:
            raise Rejected("no right", status=403, code="AccessDenied")

        services = replace(desk.services, ci=Altered(desk.services.ci, jobs=refused))
        assert handle_sweep(services)["round"] == "complete"
        assert "AccessDenied" in desk.report()["blocked"]["(all groups)"]["reason"]
        assert desk.keys("fragments/") == []


def test_a_fault_with_one_group_does_not_keep_the_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of ours, or a service's nonsense, is reported for its group."""
    with Desk() as desk:
        desk.put("fragments/a.part1-of-1.mp4")
        desk.put("fragments/b.part1-of-1.mp4")

        def faulty(services: Any, group: str) -> Any:
            if group == "a":
                raise MemoryError
            return survey(services, group)

        monkeypatch.setattr("cosconcat.functions.sweep.turn.survey", faulty)
        assert desk.sweep()["round"] == "complete"
        assert "MemoryError" in desk.report()["invalid"]["a"]["reason"]
        assert len(desk.jobs) == 1


def test_a_step_at_which_the_sweep_is_killed_is_left_out_the_time_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run after a killed one writes each step down, the next leaves the fatal one out and does the rest."""
    with Desk() as desk:
        desk.put("fragments/a.part1-of-1.mp4")
        desk.put("fragments/b.part1-of-1.mp4")

        def deadly(services: Any, group: str) -> Any:
            if group == "a":
                raise SystemExit
            return survey(services, group)

        monkeypatch.setattr("cosconcat.functions.sweep.turn.survey", deadly)
        for _ in range(2):
            with pytest.raises(SystemExit):
                desk.sweep()
        assert desk.sweep()["round"] == "complete"
        assert "killed" in desk.report()["blocked"]["a"]["reason"]
        assert len(desk.jobs) == 1


def test_a_dead_receiver_costs_one_time_out_an_invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure no further notification is tried in the same invocation, and every clean-up is done."""
    tried: list[str] = []

    def dead(_config: object, end: Mapping[str, object]) -> str:
        tried.append(str(end["group"]))
        return "time-out"

    monkeypatch.setattr("cosconcat.cloud.notify.notify", dead)
    with Desk() as desk:
        desk.services = replace(desk.services, notify=Notifier(desk.services.config))
        for group in "abc":
            desk.arrive(f"fragments/{group}.part1-of-1.mp4")
            assert desk.cloud.ci.wait_idle(20)
        desk.sweep()
        assert desk.keys("fragments/") == []
        assert len(tried) == 1
        assert len(desk.keys(".concat/open/")) == 3, "told again by a later sweep"


def test_claims_of_another_deployment_are_left_alone() -> None:
    """Two deployments that share a state prefix by mistake do not clean up each other's fragments."""
    with Desk() as desk:
        desk.arrive(*PARTS)
        assert desk.cloud.ci.wait_idle(20)
        other = replace(desk.services.config, input_prefix="elsewhere/")
        handle_sweep(replace(desk.services, config=other))
        assert desk.keys("fragments/") == PARTS


@pytest.mark.usefixtures("_no_repeats")
def test_the_job_is_recorded_when_a_callback_finds_that_it_is_not() -> None:
    """Killed between POST and record, and the callback cannot finish: the next need not search CI's listing."""
    with Desk() as desk:
        desk.arrive(*PARTS[:2])
        real = desk.services.cos.create

        def create(bucket: Any, key: str, body: bytes) -> bool:
            if "/job-" in key and not forgotten:
                forgotten.append(key)
                raise ServiceUnavailable("killed here")
            return real(bucket, key, body)

        forgotten: list[str] = []
        desk.services = replace(desk.services, cos=Altered(desk.services.cos, create=create))
        with pytest.raises(TryAgain):
            desk.arrive(PARTS[2])
        desk.switches.fail_cos += [("GET videoinfo", "", 503)] * 20
        with pytest.raises(TryAgain):
            desk.call_back()
        record = next(key for key in desk.keys(".concat/") if "/job-" in key)
        assert json.loads(desk.cloud.store.get(desk.cloud.bucket, record) or b"{}")["job"] == desk.jobs[0].id


def test_a_name_that_is_too_long_for_the_trash_keeps_its_piece_and_holds_nothing_up() -> None:
    """COS may answer even a HEAD of such a name with 400."""
    keys = [f"fragments/trip/{'x' * 830}{number}.mp4" for number in (1, 2)]
    with Desk({"CONCAT_CLEANUP": "trash", "CONCAT_NAMING": "folder"}) as desk:
        cos = desk.services.cos

        def heads(bucket: Any, asked: Any) -> Any:
            if any(len(key.encode()) > 850 for key in asked):
                raise Rejected("HEAD", status=400, code="KeyTooLong")
            return cos.heads(bucket, asked)

        for key in keys:
            desk.put(key)
        desk.cloud.store.put(desk.cloud.bucket, "fragments/trip/_DONE", b"")
        with desk.instead(cos=Altered(cos, heads=heads)):
            assert only(desk.upload("fragments/trip/_DONE")).action == "submitted"
            assert only(desk.call_back()).action == "finished"
        done = desk.services.ledger.done(gid_of("trip"), 1)
        assert done is not None
        assert set(done.record.kept) >= set(keys)
        assert "in the trash would have 8" in done.record.kept[keys[0]]
        assert set(desk.keys("fragments/")) >= set(keys)


def test_a_trim_that_begins_at_0_is_none() -> None:
    """The whole piece is in the output, so that it goes."""
    with Desk({"CONCAT_NAMING": "folder", "CONCAT_COMPLETION": "manifest"}) as desk:
        desk.put("fragments/a/1.mp4")
        desk.manifest("fragments/a/manifest.json", fragments=[{"key": "fragments/a/1.mp4", "start": 0}])
        assert only(desk.upload("fragments/a/manifest.json")).action == "submitted"
        assert only(desk.call_back()).action == "finished"
        assert desk.keys("fragments/") == []
