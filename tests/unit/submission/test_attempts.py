"""How often a content is tried: what counts as a failed job."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from cosconcat.cloud.ports import Ci
from cosconcat.environment.reading import read_config
from cosconcat.errors import Blocked, ServiceUnavailable
from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Whole
from cosconcat.job.request import Request
from cosconcat.model import Bucket, Job, JobPage, Result, gid_of
from cosconcat.output.key import expand
from cosconcat.protocol.reconcile import reconcile_content, survey_and_reconcile
from cosconcat.records.records import Lease
from cosconcat.services import Submissions
from cosconcat.submission.lookup import listed_jobs
from cosconcat.submission.submit import first_claim, submit
from tests.simulation.counted import BUCKET, ENVIRONMENT, in_memory, keys, live
from tests.simulation.models.objects import Shelf
from tests.support.desk import Altered


def test_a_job_that_ci_has_forgotten_counts_as_failed(capsys: pytest.CaptureFixture[str]) -> None:
    """It was billed and left nothing: after CONCAT_MAX_ATTEMPTS such jobs nobody posts another."""
    memory = in_memory(CONCAT_MAX_ATTEMPTS="2")

    def much_later() -> Result:
        for work in memory.ci.work.values():
            work.state, work.forgotten = "Failed", True
        memory.world.now += 2 * memory.config.stale_seconds
        return reconcile_content(memory.services, gid_of("cam1"), 1)

    group = live(memory, keys("cam1", 1))
    assert next(group).action == "submitted"
    actions = [much_later().action for _ in range(5)]
    capsys.readouterr()
    assert actions == ["job-failed", "submitted", "gave-up", "already-finished", "already-finished"]
    assert len(memory.ci.work) == 2


def test_what_appeared_at_the_output_after_a_lost_attempt_is_not_joined_beside() -> None:
    """It may be the result of the job that was never found: a second bill is a person's decision."""
    memory = in_memory()
    [key] = keys("cam1", 1)
    memory.put(key)
    verdict = survey(memory.services, "cam1")
    assert isinstance(verdict, Whole)
    first = first_claim(memory.services, verdict.set, 1, "output/cam1.mp4")
    now = int(memory.world.now)
    again = replace(first, n=2, earlier=("0" * 32,), since=now, leases=(Lease(now, now + first.lease_seconds),))
    memory.put("output/cam1.mp4")
    assert submit(memory.services, again).action == "gave-up"
    assert memory.ci.work == {}


def test_a_job_listing_that_goes_in_circles_ends_as_a_failure() -> None:
    """CI names a page that was read before as the next one: what is behind it stays unseen."""
    memory = in_memory()
    asked: list[str] = []

    def jobs(_bucket: Bucket, _since: int, token: str = "", _until: int = 0) -> JobPage:
        asked.append(token)
        assert len(asked) < 5
        return JobPage((), "b" if token == "a" else "a")

    services = replace(memory.services, ci=cast("Ci", Altered(memory.ci, jobs=jobs)))
    with pytest.raises(ServiceUnavailable, match="leads back"):
        list(listed_jobs(services, 0))
    assert asked == ["", "a", "b"]


@pytest.mark.parametrize(("gone", "ended"), [(True, "superseded"), (False, "gave-up")])
def test_a_job_that_failed_because_a_fragment_was_taken_away_is_no_reason_to_give_up(
    gone: bool, ended: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is there is judged anew; what is there and cannot be read is left to a person."""
    memory = in_memory()
    group = live(memory, keys("cam1", 2))
    assert [next(group).action, next(group).action] == ["waiting", "submitted"]
    [work] = memory.ci.work.values()
    work.state = "Failed"
    key = keys("cam1", 2)[0]
    if gone:
        memory.cos.remove(memory.config.bucket.name, key)
    else:
        memory.cos.shelves[memory.config.bucket.name].current[key].content = None
    reconcile_content(memory.services, gid_of("cam1"), 1)
    capsys.readouterr()
    attempt = memory.services.ledger.newest_attempt(gid_of("cam1"), 1)
    assert attempt is not None
    assert attempt.end is not None
    assert (attempt.end.record.outcome, attempt.end.record.next) == ("Failed", ended)
    assert key in attempt.end.record.reason


def test_a_fragment_that_is_gone_before_the_join_is_no_reason_to_give_up(capsys: pytest.CaptureFixture[str]) -> None:
    """LIST may show it for a while; probing finds that it is gone."""
    memory = in_memory(CONCAT_DIRECT="true")
    for key in keys("cam1", 2):
        memory.put(key)
    verdict = survey(memory.services, "cam1")
    assert isinstance(verdict, Whole)
    memory.cos.remove(memory.config.bucket.name, keys("cam1", 2)[0])
    result = submit(memory.services, first_claim(memory.services, verdict.set, 1, "output/cam1.mp4"))
    capsys.readouterr()
    assert (result.action, memory.ci.work) == ("superseded", {})


@pytest.mark.parametrize(
    ("changed", "output"),
    [
        ({"CONCAT_OUTPUT_BUCKET": "other-1250000000"}, ("other-1250000000", "output/cam1.mp4")),
        ({"CONCAT_FORMAT": "flv"}, (BUCKET, "output/cam1.flv")),
        ({"CONCAT_OUTPUT_KEY": "results/{group}.{ext}"}, (BUCKET, "output/cam1.mp4")),
    ],
)
def test_a_further_attempt_is_for_the_bucket_and_the_format_that_were_claimed(
    changed: dict[str, str], output: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the configuration names others by then the content begins anew: its job would be paid for, and write where
    nobody looks.
    """
    memory = in_memory()
    memory.cos.shelves["other-1250000000"] = Shelf(versioned=False)
    for key in keys("cam1", 2):
        memory.put(key)

    def refused(_bucket: Bucket, _request: Request) -> Job:
        raise Blocked("paused", code="QueuePaused", fix="activate it")

    services = memory.services
    with pytest.raises(Blocked):
        survey_and_reconcile(replace(services, ci=cast("Ci", Altered(memory.ci, submit=refused))), "cam1")
    memory.world.run(memory.world.now + 100)
    services = replace(services, config=read_config({**ENVIRONMENT, **changed}), submissions=Submissions())
    reconcile_content(services, gid_of("cam1"), 1)
    [work] = memory.ci.work.values()
    claim = services.ledger.newest_content(gid_of("cam1"))
    assert claim is not None
    record = claim.claim.record
    assert (work.output.name, expand(record.output_key, record.format)) == output
    assert (record.output.name, record.format) == (output[0], output[1].rpartition(".")[2])
    capsys.readouterr()
