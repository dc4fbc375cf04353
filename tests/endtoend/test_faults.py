"""The promises under faults, with real processes, real HTTP and real media: jobs are counted, outputs decoded."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.scf.kills import Moment
from local.switches import Switches
from tests.support.recording import MANY, PARTS, Recording, is_call, make_clips

WHOLE = [1, 2, 3]
SUBMIT = is_call("POST", "/jobs")
DELETE = is_call("POST", "/", "delete")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Five clips: three for the parts, two to replace them with."""
    return make_clips(tmp_path_factory.mktemp("clips"), 5)


def assert_joined(recording: Recording, folder: Path, *, jobs: int = 1) -> None:
    """One whole output in order, the fragments gone, nothing left open, and so many jobs billed."""
    assert recording.order(folder) == WHOLE
    assert recording.left == []
    assert recording.open == []
    assert recording.jobs == jobs


def test_killed_between_claim_and_post(clips: list[Path], tmp_path: Path) -> None:
    """Nobody posts while the lease runs; then the sweep makes a second attempt, and one job exists."""
    with Recording(clips) as recording:
        recording.cloud.kills.plan("before", SUBMIT)
        recording.put_all()
        recording.settle()
        assert (recording.jobs, recording.left) == (0, WHOLE)
        recording.sweep()
        assert recording.jobs == 0, "the lease still runs"
        recording.sweep_later()
        assert recording.record("end-0001.json")["outcome"] == "Lost"
        assert_joined(recording, tmp_path)


def test_killed_after_post(clips: list[Path], tmp_path: Path) -> None:
    """The job that no record names is found by its nonce and adopted; nobody posts again."""
    with Recording(clips, switches=Switches(retry_seconds=0.3, callbacks=0)) as recording:
        recording.cloud.kills.plan("after", SUBMIT)
        recording.put_all()
        recording.settle()
        assert recording.jobs == 1
        assert not recording.record("job-0001.json")
        recording.sweep_later(2)
        assert recording.record("job-0001.json")["adopted"] is True
        assert_joined(recording, tmp_path)
        assert recording.posts == 1


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_in_the_middle_of_clean_up(clips: list[Path], tmp_path: Path, moment: Moment) -> None:
    """A clean-up that was cut off is finished by whoever comes next."""
    with Recording(clips, switches=Switches(retry_seconds=0.3)) as recording:
        recording.cloud.kills.plan(moment, DELETE)
        recording.put_all()
        recording.settle()
        recording.sweep()
        assert_joined(recording, tmp_path)


def test_answer_to_post_lost(clips: list[Path], tmp_path: Path) -> None:
    """The connection breaks after CI created the job: it is looked up, not posted again."""
    with Recording(clips, switches=Switches(retry_seconds=0.3, lose_submit_answers=1)) as recording:
        recording.put_all()
        recording.settle()
        assert_joined(recording, tmp_path)
        assert recording.posts == 1


@pytest.mark.slow
def test_answer_to_post_lost_and_the_job_listed_late(clips: list[Path], tmp_path: Path) -> None:
    """When the listing does not show the job yet either, the lease decides, and nobody posts again."""
    switches = Switches(retry_seconds=0.3, lose_submit_answers=1, job_listing_lag=5, callbacks=0)
    with Recording(clips, switches=switches) as recording:
        recording.put_all()
        recording.settle()
        assert recording.posts == 1
        recording.sweep_later(2)
        assert_joined(recording, tmp_path)
        assert recording.posts == 1


@pytest.mark.slow
def test_every_event_three_times_in_random_order_in_parallel(clips: list[Path], tmp_path: Path) -> None:
    """Nine events on many instances at once make one job."""
    switches = Switches(retry_seconds=0.3, event_copies=3, shuffle_events=True)
    with Recording(clips, switches=switches, functions=MANY) as recording:
        recording.put_all()
        recording.settle()
        assert_joined(recording, tmp_path)
        assert recording.posts == 1


@pytest.mark.slow
def test_listing_lags(clips: list[Path], tmp_path: Path) -> None:
    """A listing that hides everything for a second only delays the join until the sweep."""
    with Recording(clips, switches=Switches(retry_seconds=0.3, listing_lag=1)) as recording:
        recording.put_all()
        recording.settle()
        recording.switches.clock_skew = 2
        recording.sweep()
        recording.switches.clock_skew = 4
        recording.sweep()
        assert_joined(recording, tmp_path)


@pytest.mark.parametrize("code", ["QueuePaused", pytest.param("CIRoleNotExist", marks=pytest.mark.slow)])
def test_post_refused_and_later_allowed(clips: list[Path], tmp_path: Path, code: str) -> None:
    """A refusal is no attempt and loses nothing; when its cause is mended, the next sweep joins."""
    with Recording(clips, switches=Switches(retry_seconds=0.3, refuse_submits=code)) as recording:
        recording.put_all()
        recording.settle()
        assert (recording.jobs, recording.left) == (0, WHOLE)
        assert code in recording.record("end-0001.json")["reason"]
        recording.switches.refuse_submits = ""
        recording.sweep_later()
        assert_joined(recording, tmp_path)


@pytest.mark.slow
def test_failed_jobs_end_in_gave_up_and_a_person_can_retry(clips: list[Path], tmp_path: Path) -> None:
    """CONCAT_MAX_ATTEMPTS failed jobs are enough; everything stays; {"retry": group} goes on."""
    environment = {"CONCAT_MAX_ATTEMPTS": "2"}
    with Recording(clips, environment, Switches(retry_seconds=0.3, fail_jobs=2)) as recording:
        recording.put_all()
        recording.settle()
        recording.sweep_later()
        assert recording.record("done.json")["outcome"] == "gave-up"
        assert (recording.jobs, recording.left, recording.open) == (2, WHOLE, [])
        recording.sweep()
        assert recording.jobs == 2
        recording.cloud.functions.invoke("sweep", {"retry": "talk"})
        recording.settle()
        assert_joined(recording, tmp_path, jobs=3)


@pytest.mark.slow
def test_identical_content_uploaded_again_after_done(clips: list[Path], tmp_path: Path) -> None:
    """It is in the output already: no second job, and the new copies go too."""
    with Recording(clips) as recording:
        recording.put_all()
        recording.settle()
        assert_joined(recording, tmp_path)
        recording.put_all()
        recording.settle()
        assert_joined(recording, tmp_path)


def test_one_part_replaced_during_the_job(clips: list[Path], tmp_path: Path) -> None:
    """Nothing is removed; the new content is joined under a name of its own, the first output stays."""
    with Recording(clips, switches=Switches(retry_seconds=0.3, job_seconds=2)) as recording:
        recording.put_all()
        assert recording.cloud.functions.wait_idle(20)
        assert recording.jobs == 1
        recording.put(2, clip=4)
        recording.settle()
        assert recording.record("0001/done.json")["outcome"] == "superseded"
        recording.sweep()
        assert recording.outputs == ["output/talk.mp4", "output/talk.r0002.mp4"]
        assert recording.order(tmp_path, "output/talk.r0002.mp4") == [1, 4, 3]
        assert (recording.left, recording.open, recording.jobs) == ([], [], 2)


@pytest.mark.slow
def test_replaced_and_put_back_during_the_job(clips: list[Path], tmp_path: Path) -> None:
    """CI may have read the other content in between, so nothing is removed and a person is told."""
    with Recording(clips, switches=Switches(retry_seconds=0.3, job_seconds=4)) as recording:
        recording.put_all()
        assert recording.cloud.functions.wait_idle(20)
        recording.switches.clock_skew = 2  # LastModified counts whole seconds
        recording.put(2, clip=4)
        recording.put(2)
        recording.settle()
        assert recording.record("done.json")["outcome"] == "kept"
        assert (recording.left, recording.open) == (WHOLE, [])
        recording.sweep()
        assert recording.jobs == 1


@pytest.mark.slow
def test_a_part_deleted_during_the_job(clips: list[Path]) -> None:
    """The rest stays, and the report says what is missing."""
    with Recording(clips, switches=Switches(retry_seconds=0.3, job_seconds=2)) as recording:
        recording.put_all()
        assert recording.cloud.functions.wait_idle(20)
        recording.cloud.store.delete(recording.cloud.bucket, recording.key(2))
        recording.settle()
        assert recording.left == [1, 3]
        recording.sweep_later()
        report = recording.record("report.json")
        assert report["incomplete"]["talk"]["missing"] == [2]


def test_output_cut_short_is_not_believed(clips: list[Path]) -> None:
    """CI says Success, the output lacks content: everything stays, no second bill, and the figures are recorded."""
    with Recording(clips, switches=Switches(retry_seconds=0.3, short_output=1)) as recording:
        recording.put_all()
        recording.settle()
        done = recording.record("done.json")
        assert done["outcome"] == "gave-up"
        assert "missing" in done["reason"]
        recording.sweep()
        assert (recording.left, recording.open, recording.jobs) == (WHOLE, [], 1)


def test_callback_lost(clips: list[Path], tmp_path: Path) -> None:
    """The sweep does what the callback would have done."""
    with Recording(clips, switches=Switches(retry_seconds=0.3, callbacks=0)) as recording:
        recording.put_all()
        recording.settle()
        assert recording.left == WHOLE
        recording.sweep()
        assert_joined(recording, tmp_path)


@pytest.mark.slow
def test_callback_five_times_in_parallel(clips: list[Path], tmp_path: Path) -> None:
    """Five messages at once end one job once."""
    with Recording(clips, switches=Switches(retry_seconds=0.3, callbacks=5)) as recording:
        recording.put_all()
        recording.settle()
        assert_joined(recording, tmp_path)


@pytest.mark.slow
def test_every_event_lost(clips: list[Path], tmp_path: Path) -> None:
    """The sweep finds whole groups nobody told it about."""
    with Recording(clips, switches=Switches(retry_seconds=0.3, lose_events=1.0)) as recording:
        recording.put_all()
        recording.settle()
        assert recording.jobs == 0
        recording.sweep()
        assert_joined(recording, tmp_path)


def test_a_late_part_after_a_quiet_time_join_is_joined_after_it(clips: list[Path], tmp_path: Path) -> None:
    """Quiet time guessed wrong: the late part becomes the group's second recording, nothing is joined twice."""
    environment = {"CONCAT_NAMING": "folder", "CONCAT_COMPLETION": "quiet:5"}
    with Recording(clips, environment) as recording:
        bucket, store = recording.cloud.bucket, recording.cloud.store
        for part in range(1, PARTS + 1):
            store.upload(bucket, f"fragments/talk/{part}.mp4", recording.clips[part - 1])
        recording.settle()
        recording.switches.clock_skew = 10
        recording.sweep()
        assert recording.order(tmp_path) == WHOLE
        store.upload(bucket, "fragments/talk/4.mp4", recording.clips[3])
        recording.settle()
        recording.sweep_later()
        assert store.keys(bucket, "fragments/") == []
        assert recording.outputs == ["output/talk.mp4", "output/talk.r0002.mp4"]
