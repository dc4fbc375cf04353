"""What CI tells of a job is weighed: an answer to the POST, a job in the listing, a job read by its recorded id."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from cosconcat.cloud.ports import Ci
from cosconcat.errors import InvalidInput, NotYet, OutcomeUnknown
from cosconcat.functions.status import status_of
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.job.request import Request
from cosconcat.model import Bucket, Job, JobPage, gid_of, is_job_id
from cosconcat.protocol.reconcile import survey_and_reconcile
from cosconcat.records.records import End, JobRecord, Stamped
from cosconcat.services import Services
from cosconcat.submission.lookup import NOT_LISTED, search_listing
from cosconcat.submission.submit import next_claim, submit
from tests.simulation.counted import InMemory, in_memory, keys
from tests.support.desk import Altered

Change = Callable[[Job], Job]
GID = gid_of("cam1")
AS_IT_IS: Change = lambda job: job  # noqa: E731 - one of several ways of telling a job


class Told:
    """CI's answers as they are told: how those to the POST, by id, and of the listing differ from the job as it is."""

    def __init__(
        self, memory: InMemory, *, post: Change | None = AS_IT_IS, by_id: Change = AS_IT_IS, listed: Change = AS_IT_IS
    ) -> None:
        self.memory = memory
        self.post = post  # None: the answer is lost
        self.by_id = by_id
        self.listed = listed
        self.unknown: set[str] = set()  # ids of which CI says that there is no such job
        ci = memory.services.ci

        def submit(bucket: Bucket, request: Request) -> Job:
            job = ci.submit(bucket, request)
            if self.post is None:
                raise OutcomeUnknown("timed out")
            return self.post(job)

        def job(bucket: Bucket, job_id: str) -> Job | None:
            if not is_job_id(job_id):
                raise InvalidInput([f"JobId: {job_id!r}"])
            if job_id in self.unknown:
                return None
            found = ci.job(bucket, job_id if job_id in memory.ci.work else next(iter(memory.ci.work), ""))
            return found and self.by_id(found._replace(id=job_id))

        def jobs(bucket: Bucket, since: int, token: str = "", until: int = 0) -> JobPage:
            page = ci.jobs(bucket, since, token, until)
            return page._replace(jobs=tuple(self.listed(job) for job in page.jobs))

        altered = Altered(ci, submit=submit, job=job, jobs=jobs)
        self.services: Services = replace(memory.services, ci=cast("Ci", altered))

    def begin(self) -> str:
        """Two pieces come, which makes them whole; what was done."""
        for key in keys("cam1", 2):
            self.memory.put(key)
        try:
            return survey_and_reconcile(self.services, "cam1").action
        except NotYet:
            return "not yet"

    def sweeps(self, count: int = 40, every: int = 300) -> None:
        """Time goes on, and the sweep comes by."""
        for _ in range(count):
            self.memory.world.run(self.memory.world.now + every)
            handle_sweep(self.services)

    def report(self) -> dict[str, Any]:
        """As the sweep published it last."""
        stored = self.memory.cos.get(self.memory.config.bucket, ".concat/report.json")
        assert stored is not None
        return cast("dict[str, Any]", json.loads(stored.body))

    @property
    def outcome(self) -> str:
        """How the content was closed; empty while it is not."""
        done = self.services.ledger.done(GID, 1)
        return done.record.outcome if done else ""


DOUBTS: dict[str, Change] = {
    "no bucket": lambda job: job._replace(output=Bucket("", "")),
    "another bucket": lambda job: job._replace(output=Bucket("other-1250000000", "ap-guangzhou")),
    "no key": lambda job: job._replace(output_key=""),
    "its key in another spelling": lambda job: job._replace(output_key="output/cam1.MP4"),
    "no Tag": lambda job: job._replace(tag=""),
    "another Tag": lambda job: job._replace(tag="Transcode"),
    "its token with something around it": lambda job: job._replace(user_data=f" {job.user_data}\n"),
    "its token in capitals": lambda job: job._replace(user_data=job.user_data.upper()),
    "its token encoded": lambda job: job._replace(user_data=job.user_data.replace("/", "%2F")),
    "no state": lambda job: job._replace(output_key="", state=""),
    "an id that CI cannot be asked for": lambda job: job._replace(id="job 1", output_key=""),
}


@pytest.mark.parametrize("told", DOUBTS.values(), ids=DOUBTS)
def test_a_job_with_our_nonce_that_is_told_otherwise_is_in_doubt_never_absent(
    told: Change, capsys: pytest.CaptureFixture[str]
) -> None:
    """As long as it runs it is waited for, and named in the report; once it has ended a person has to look at it."""
    memory = in_memory()
    memory.ci.longest = 1e9
    ci = Told(memory, post=None, by_id=told, listed=told)
    assert ci.begin() == "not yet"
    ci.sweeps()
    assert (len(memory.ci.work), ci.outcome) == (1, "")
    assert "with our nonce in its UserData" in ci.report()["stuck"]["cam1"]["reason"]
    [work] = memory.ci.work.values()
    work.state = "Success"
    ci.sweeps(3)
    stateless = told(memory.ci.show(work)).state == ""
    assert (len(memory.ci.work), ci.outcome) == (1, "" if stateless else "gave-up")
    capsys.readouterr()


@pytest.mark.parametrize("told", DOUBTS.values(), ids=DOUBTS)
def test_a_job_of_which_the_listing_alone_tells_otherwise_is_taken_over(
    told: Change, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is asked for by its id, as a listing may tell less; where that cannot be done it stays in doubt."""
    memory = in_memory()
    ci = Told(memory, post=None, listed=told)
    assert ci.begin() == ("not yet" if told is DOUBTS["an id that CI cannot be asked for"] else "adopted")
    ci.sweeps(20)
    joined = "gave-up" if told is DOUBTS["an id that CI cannot be asked for"] else "joined"
    assert (len(memory.ci.work), ci.outcome) == (1, joined)
    capsys.readouterr()


def test_no_job_is_posted_beside_one_in_doubt_of_an_earlier_attempt(capsys: pytest.CaptureFixture[str]) -> None:
    """It came to be listed after its attempt had counted as lost."""
    memory = in_memory()
    memory.ci.longest = 1e9
    ci = Told(memory, post=None, by_id=DOUBTS["no key"], listed=DOUBTS["no key"])
    assert ci.begin() == "not yet"
    ledger, world = ci.services.ledger, memory.world
    entry = ledger.claim(GID, 1, 1)
    assert entry is not None
    end = End("retry", "Lost", "no job was created")
    ledger.create_end(entry.record, end)
    world.run(world.now + 3000)
    following = next_claim(ci.services, Stamped(entry.record, entry.written, int(world.now)), end)
    ledger.create_claim(following)
    with pytest.raises(NotYet, match="no job is posted beside it"):
        submit(ci.services, following)
    assert len(memory.ci.work) == 1
    ci.sweeps()
    assert len(memory.ci.work) == 1
    assert "cam1" in ci.report()["stuck"]
    capsys.readouterr()


def test_what_failed_for_an_earlier_attempt_stands_in_nobodys_way(capsys: pytest.CaptureFixture[str]) -> None:
    """However it is told: it was billed, and will bring nothing."""
    memory = in_memory()
    memory.ci.longest = 1e9
    ci = Told(memory, post=None, by_id=DOUBTS["no key"], listed=DOUBTS["no key"])
    ci.begin()
    [work] = memory.ci.work.values()
    work.state = "Failed"
    entry = ci.services.ledger.claim(GID, 1, 1)
    assert entry is not None
    ci.services.ledger.create_end(entry.record, End("retry", "Lost", "no job was created"))
    ci.post = AS_IT_IS
    ci.sweeps(1)
    assert len(memory.ci.work) == 2
    capsys.readouterr()


def test_what_failed_for_an_earlier_attempt_by_its_id_stands_in_nobodys_way_either(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The listing tells less of it, and is behind."""
    memory = in_memory()
    memory.ci.longest = 1e9
    ci = Told(memory, post=None, listed=lambda job: job._replace(output_key="", state="Running"))
    ci.by_id = DOUBTS["no key"]
    ci.begin()
    [work] = memory.ci.work.values()
    work.state = "Failed"
    entry = ci.services.ledger.claim(GID, 1, 1)
    assert entry is not None
    ci.services.ledger.create_end(entry.record, End("retry", "Lost", "no job was created"))
    ci.post = ci.by_id = AS_IT_IS
    ci.sweeps(1)
    assert len(memory.ci.work) == 2
    capsys.readouterr()


def test_a_token_that_did_not_come_back_as_it_was_sent_makes_no_silence_believed() -> None:
    """Only who is shown tokens as we send them knows that one is missing."""
    memory = in_memory()
    ci = Told(memory, listed=DOUBTS["its token encoded"])
    ci.begin()
    entry = ci.services.ledger.claim(GID, 1, 1)
    assert entry is not None
    other = replace(entry, record=replace(entry.record, nonce="d" * 32))
    assert search_listing(ci.services, other) == (NOT_LISTED, False)
    ci.services.submissions.begin()
    ci.listed = AS_IT_IS
    assert search_listing(ci.services, other) == (NOT_LISTED, True)


ANOTHERS: Change = lambda job: job._replace(  # noqa: E731
    user_data="cosconcat/" + "0" * 32 + "/0001/0001/" + "1" * 32, output_key="output/else.mp4", files=()
)
POSTS: dict[str, Change] = {
    "an id with a blank": lambda job: job._replace(id="job 1"),
    "an id of 65 letters": lambda job: job._replace(id="j" * 65),
    "no id": lambda job: job._replace(id=""),
    "another's UserData": lambda job: ANOTHERS(job)._replace(id="jother"),
    "any UserData": lambda job: job._replace(id="jother", user_data="someone's"),
    "another Tag": lambda job: job._replace(id="jother", tag="Transcode"),
}


@pytest.mark.parametrize("told", POSTS.values(), ids=POSTS)
@pytest.mark.parametrize("state", ["Failed", "Success", "Running", "Cancel"])
def test_an_answer_to_the_post_that_names_anothers_job_is_none(
    told: Change, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The job is looked for by its nonce, as after a lost answer: what the other one came to is none of ours."""
    memory = in_memory()
    ci = Told(memory, post=told)
    ci.by_id = lambda job: job if job.id in memory.ci.work else told(job)._replace(state=state)
    assert ci.begin() == "adopted"
    record = ci.services.ledger.job(GID, 1, 1)
    assert record is not None
    assert record.record == JobRecord(next(iter(memory.ci.work)), adopted=True)
    ci.sweeps(10)
    assert (len(memory.ci.work), ci.outcome) == (1, "joined")
    capsys.readouterr()


@pytest.mark.parametrize("told", [{"user_data": ""}, {"tag": ""}, {"output_key": ""}, {"tag": "concat"}])
def test_an_answer_that_tells_little_is_one(told: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """No page promises that an answer repeats UserData, Tag and output: what is not told shows nothing."""
    memory = in_memory()
    little: Change = lambda job: job._replace(**told)  # type: ignore[arg-type]  # noqa: E731  # fields of a job
    ci = Told(memory, post=little, by_id=little, listed=little)
    assert ci.begin() == "submitted"
    ci.sweeps(10)
    assert (len(memory.ci.work), ci.outcome) == (1, "joined")
    capsys.readouterr()


def recorded_as(job_id: str, ci: Told) -> None:
    """An earlier release recorded this id for the job that was posted."""
    assert ci.begin() == "not yet"
    entry = ci.services.ledger.claim(GID, 1, 1)
    assert entry is not None
    ci.services.ledger.create_job(entry.record, JobRecord(job_id))


@pytest.mark.parametrize("state", ["Failed", "Success", "Running", "Cancel"])
@pytest.mark.parametrize("job_id", ["jother", "job 1", "j" * 65])
def test_a_recorded_job_that_is_anothers_is_not_believed_but_ours_is_looked_for(
    job_id: str, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An earlier release believed every answer: what it recorded is weighed when it is read."""
    memory = in_memory()
    ci = Told(memory, post=None, by_id=lambda job: ANOTHERS(job)._replace(state=state), listed=AS_IT_IS)
    ci.listed = lambda job: ANOTHERS(job)._replace(id="jelse")  # ours is listed later
    recorded_as(job_id, ci)
    assert "looked for by its nonce" in status_of(ci.services, "cam1").why
    ci.sweeps(2)
    ci.listed = AS_IT_IS
    ci.by_id = lambda job: job if job.id in memory.ci.work else ANOTHERS(job)._replace(state=state)
    ci.sweeps(10)
    assert (len(memory.ci.work), ci.outcome) == (1, "joined")
    capsys.readouterr()


def test_where_ci_knows_no_job_of_the_recorded_id_ours_is_looked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The POST was answered with an id that was never given out, and with nothing else."""
    memory = in_memory()
    memory.ci.longest = 1e9
    ci = Told(memory, post=lambda job: job._replace(id="jother", user_data=""))
    ci.unknown = {"jother"}
    assert ci.begin() == "submitted"
    ci.sweeps()
    assert (len(memory.ci.work), ci.outcome) == (1, "")
    assert "Running" in ci.report()["stuck"]["cam1"]["reason"]
    next(iter(memory.ci.work.values())).state = "Cancel"
    ci.sweeps(1)
    assert ci.outcome == "gave-up"
    capsys.readouterr()


@pytest.mark.parametrize("job_id", ["jother", "job 1"])
def test_where_ours_is_never_listed_a_person_decides(job_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The POST was answered, so there is a job, and it is billed: another one is nobody's to post."""
    memory = in_memory()
    memory.ci.longest = 1e9
    ci = Told(memory, post=None, by_id=ANOTHERS, listed=lambda job: ANOTHERS(job)._replace(id="jelse"))
    recorded_as(job_id, ci)
    ci.sweeps()
    done = ci.services.ledger.done(GID, 1)
    assert done is not None
    assert (len(memory.ci.work), done.record.outcome) == (1, "gave-up")
    assert f"recorded as {job_id!r}" in done.record.reason
    capsys.readouterr()


def test_a_recorded_job_that_tells_no_userdata_is_believed(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody knows whether CI always tells it; what is not believed is billed all the same."""
    memory = in_memory()
    memory.ci.longest = 1e9
    untold: Change = lambda job: job._replace(user_data="")  # noqa: E731
    ci = Told(memory, by_id=untold, listed=untold)
    assert ci.begin() == "submitted"
    ci.sweeps()
    assert (len(memory.ci.work), ci.outcome) == (1, "")
    assert "cam1" in ci.report()["stuck"]
    capsys.readouterr()
