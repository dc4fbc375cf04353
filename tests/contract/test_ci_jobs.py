"""The life of a job: states, times, listing, cancelling, queues, callbacks, and every weakness to switch on."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from local.ci import callbacks
from local.ci.service import Callback, DeliveryFailed
from local.media import mediainfo
from local.network.http import ConnectionCut
from tests.support.local_ci import LocalCi, read, read_callback
from tests.support.media import Clip, duration_of, make


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A second of video."""
    return make(tmp_path_factory.mktemp("clip") / "a.mp4", Clip()).read_bytes()


@pytest.fixture
def ci(clip: bytes) -> Iterator[LocalCi]:
    """A running service with three objects of one second."""
    with LocalCi() as service:
        stock(service, clip)
        yield service


@pytest.fixture
def resting(clip: bytes) -> Iterator[LocalCi]:
    """The same with workers that do not run yet: jobs stay Submitted."""
    service = LocalCi()
    stock(service, clip)
    yield service
    service.service.stop()
    service.store.close()


def stock(ci: LocalCi, clip: bytes) -> None:
    """Objects to join."""
    for key in ("a.mp4", "b.mp4", "c.mp4"):
        ci.store.put(ci.bucket, key, clip)


def direct(ci: LocalCi, **more: Any) -> dict[str, Any]:
    """A DirectConcat job of all three."""
    fragments = ci.fragments("a.mp4", "b.mp4", "c.mp4")
    template = {"ConcatFragment": fragments, "Container": {"Format": "mp4"}, "DirectConcat": "true"}
    return ci.job(template, **more)


def state(ci: LocalCi, job_id: str) -> str:
    """The job's state as the API tells it."""
    return str(read(ci.ask("GET", f"/jobs/{job_id}"))["JobsDetail"]["State"])


def test_times_are_dashes_until_known(resting: LocalCi) -> None:
    """Submitted without StartTime and EndTime, Success with both, in the API's form."""
    told = resting.submit(direct(resting, UserData="mine"))
    assert (told["State"], told["Code"], told["Message"]) == ("Submitted", "Success", None)
    assert (told["StartTime"], told["EndTime"]) == ("-", "-")
    assert "MediaInfo" not in told["Operation"]
    assert "Input" not in told
    assert len(told["JobId"]) == 33
    assert len(told["QueueId"]) == 33
    resting.service.start()
    assert resting.service.wait_idle(30)
    done = read(resting.ask("GET", f"/jobs/{told['JobId']}"))["JobsDetail"]
    assert done["State"] == "Success"
    times = [datetime.strptime(done[name], "%Y-%m-%dT%H:%M:%S%z") for name in ("CreationTime", "StartTime", "EndTime")]
    assert times == sorted(times)
    assert done["CreationTime"].endswith("+0800")
    assert done["Operation"]["UserData"] == "mine"
    assert done["Operation"]["JobLevel"] == "0"


def test_result_names_the_object_with_its_md5(ci: LocalCi) -> None:
    """MediaResult and MediaInfo agree with the stored object; wildcards are resolved there and echoed in Output."""
    done = ci.finished(direct(ci, Output=ci.output("out/${jobid}.${ext}")))
    key = f"out/{done['JobId']}.mp4"
    etag, size, _ = ci.store.info(ci.bucket, key) or ("", 0, 0)
    file = done["Operation"]["MediaResult"]["OutputFile"]
    assert (file["ObjectName"], file["Bucket"], file["Region"]) == (key, ci.bucket, ci.region)
    assert file["Md5Info"] == {"Md5": etag, "ObjectName": key}
    assert done["Operation"]["MediaInfo"]["Format"]["Size"] == str(size)
    assert float(done["Operation"]["MediaInfo"]["Format"]["Duration"]) == pytest.approx(3, abs=0.1)
    assert done["Operation"]["Output"]["Object"] == "out/${jobid}.${ext}"


def test_several_jobs_are_read_at_once(resting: LocalCi) -> None:
    """Known ones as JobsDetail, unknown ones in NonExistJobIds, and only the latter where none is known."""
    first, second = (resting.submit(direct(resting))["JobId"] for _ in range(2))
    both = read(resting.ask("GET", f"/jobs/{first},jx,{second}"))
    assert [job["JobId"] for job in both["JobsDetail"]] == [first, second]
    assert both["NonExistJobIds"] == "jx"
    assert read(resting.ask("GET", "/jobs/jx,jy")) == {"NonExistJobIds": ["jx", "jy"]}
    assert "NonExistJobIds" not in read(resting.ask("GET", f"/jobs/{first}"))


def listed(ci: LocalCi, **parameters: str) -> tuple[list[str], str]:
    """Ids and NextToken of one page of Concat jobs."""
    page = read(ci.ask("GET", "/jobs", query={"tag": "Concat", **parameters}))
    jobs = page.get("JobsDetail", [])
    return [job["JobId"] for job in ([jobs] if isinstance(jobs, dict) else jobs)], page["NextToken"] or ""


@pytest.mark.parametrize("order", ["Desc", "Asc"])
def test_listing_is_paged(order: str, resting: LocalCi) -> None:
    """All pages together hold each job once, in order, also those that came between two pages."""
    ids = [resting.submit(direct(resting))["JobId"] for _ in range(5)]
    found, token = listed(resting, size="2", orderByTime=order)
    late = resting.submit(direct(resting))["JobId"]
    while token:
        more, token = listed(resting, size="2", orderByTime=order, nextToken=token)
        assert len(more) <= 2
        found += more
    assert found == (ids[::-1] if order == "Desc" else [*ids, late])


def test_listing_is_filtered(resting: LocalCi) -> None:
    """By state, queue, input and time; ten a page unless told otherwise."""
    first = resting.submit(direct(resting, request={"Input": {"Object": "a.mp4"}}))
    second = resting.submit(direct(resting))
    assert resting.ask("PUT", f"/jobs/{second['JobId']}?cancel").status == 200
    for parameters, expected in (
        ({"states": "Cancel"}, [second]),
        ({"states": "Submitted,Running"}, [first]),
        ({"states": "All"}, [second, first]),
        ({"states": "Failed"}, []),
        ({"queueId": first["QueueId"]}, [second, first]),
        ({"queueId": "p0"}, []),
        ({"inputObject": "a.mp4"}, [first]),
        ({"startCreationTime": first["CreationTime"]}, [second, first]),
        ({"startCreationTime": "2099-01-01T00:00:00+0800"}, []),
        ({"endCreationTime": "2001-01-01T00:00:00+0800"}, []),
    ):
        assert listed(resting, **parameters)[0] == [job["JobId"] for job in expected], parameters
    for _ in range(12):
        resting.submit(direct(resting))
    assert len(listed(resting)[0]) == 10


BAD_LISTINGS = [
    {"tag": ""},
    {"tag": "Transcode"},
    {"size": "0"},
    {"size": "101"},
    {"size": "x"},
    {"states": "Done"},
    {"orderByTime": "desc"},
    {"startCreationTime": "2022-06-27 15:23"},
    {"nextToken": "x"},
]


@pytest.mark.parametrize("parameters", BAD_LISTINGS, ids=str)
def test_listing_refuses_bad_parameters(parameters: dict[str, str], resting: LocalCi) -> None:
    """The parameter is named."""
    answer = resting.ask("GET", "/jobs", query={"tag": "Concat", **parameters})
    assert answer.status == 400
    assert next(iter(parameters)).encode() in answer.body


@pytest.mark.parametrize("path", ["/jobs", "/queue"])
def test_an_unknown_parameter_is_refused_to_a_role_and_left_unheeded_for_others(path: str, resting: LocalCi) -> None:
    """A slip in this project's code is found; a client that nobody here wrote works as with the service."""
    asked = {"tag": "Concat"} if path == "/jobs" else {}
    for query in ({**asked, "userData": "x"}, {**asked, "response-cache-control": "no-cache"}):
        refused = resting.ask("GET", path, query=query, key=resting.account.issue("sweep"))
        assert refused.status == 400
        assert list(query)[-1].encode() in refused.body
        assert resting.ask("GET", path, query=query).status == 200


def test_a_search_for_queues_in_all_states_finds_them_all(resting: LocalCi) -> None:
    """`All` is what the official Python client asks for unless told otherwise."""
    assert read(resting.ask("GET", "/queue", query={"state": "All"}))["TotalCount"] == "1"
    assert read(resting.ask("GET", "/queue", query={"state": "Paused"}))["TotalCount"] == "0"


def test_only_waiting_jobs_can_be_cancelled(ci: LocalCi) -> None:
    """A finished one, and one that is not there, are refused; cancelling calls nobody back."""
    done = ci.finished(direct(ci, request={"CallBack": "http://callback.example.com/"}))
    assert ci.ask("PUT", f"/jobs/{done['JobId']}?cancel").status == 400
    assert ci.ask("PUT", "/jobs/jx?cancel").status == 400
    assert len(ci.callbacks) == 1


def update_queue(ci: LocalCi, **nodes: Any) -> None:
    """PUT /queue of the bucket's queue."""
    queue = read(ci.ask("GET", "/queue"))["QueueList"]
    body = {"Name": queue["Name"], "State": "Active", "NotifyConfig": {"State": "Off"}, **nodes}
    answer = ci.ask("PUT", f"/queue/{queue['QueueId']}", body)
    assert answer.status == 200, answer.body
    assert read(answer)["Queue"]["State"] == body["State"]


def test_paused_queue_holds_jobs_and_refuses_new_ones(resting: LocalCi) -> None:
    """Pausing makes waiting jobs Pause, new ones are QueuePaused; resuming lets them run."""
    job_id = resting.submit(direct(resting))["JobId"]
    update_queue(resting, State="Paused")
    assert state(resting, job_id) == "Pause"
    assert resting.refusal(direct(resting))[:2] == (403, "QueuePaused")
    resting.service.start()
    update_queue(resting, State="Active")
    assert resting.service.wait_idle(30)
    assert state(resting, job_id) == "Success"


def test_queue_is_searched_and_named(resting: LocalCi) -> None:
    """A job may name its queue, no other; a search says which ids do not exist."""
    queue_id = read(resting.ask("GET", "/queue"))["QueueList"]["QueueId"]
    assert resting.submit(direct(resting, request={"QueueId": queue_id}))["QueueId"] == queue_id
    assert resting.refusal(direct(resting, request={"QueueId": "p0"}))[1] == "QueueNotFound"
    found = read(resting.ask("GET", "/queue", query={"queueIds": f"{queue_id},p0"}))
    assert (found["QueueList"]["QueueId"], found["NonExistPIDs"]) == (queue_id, "p0")
    assert resting.ask("PUT", f"/queue/{queue_id}", {"Name": "x"}).status == 400


def test_higher_level_runs_first(clip: bytes) -> None:
    """Of two waiting jobs the one with the higher JobLevel starts first."""
    service = LocalCi(max_concurrent=1)
    stock(service, clip)
    low, high = (service.submit(direct(service, JobLevel=level))["JobId"] for level in ("0", "2"))
    with service:
        assert service.service.wait_idle(30)
        ended = [read_callback(call) for call in service.callbacks]
        assert not ended
        started = {job.id: job.started for job in service.service.jobs()}
    assert started[high] < started[low]


@pytest.mark.parametrize("style", ["XML", "JSON"])
def test_callback_tells_the_whole_job(style: str, ci: LocalCi) -> None:
    """The callback's JobsDetail has what GET tells, in either format; an object, not a list."""
    done = ci.finished(direct(ci, UserData="u", request={"CallBack": "http://c.example/x", "CallBackFormat": style}))
    (callback,) = ci.callbacks
    assert (callback.kind, callback.url) == ("url", "http://c.example/x")
    assert callback.content_type == f"application/{style.lower()}"
    message = read_callback(callback)
    assert message["EventName"] == "TaskFinish"
    told = message["JobsDetail"]
    assert list(told) == sorted(told)
    for name in ("JobId", "State", "Code", "QueueId", "EndTime"):
        assert told[name] == done[name]
    assert told["Operation"]["MediaInfo"] == without_empty(done["Operation"]["MediaInfo"], style)
    assert told["Operation"]["UserData"] == "u"
    assert ("Message" in told) == (style == "XML")


def without_empty(tree: Any, style: str) -> Any:
    """JSON leaves empty nodes out."""
    if style == "XML" or not isinstance(tree, dict):
        return tree
    return {name: without_empty(value, style) for name, value in tree.items() if value is not None}


def test_failed_job_calls_back_with_its_reason(ci: LocalCi) -> None:
    """Failed carries Code and Message and no media information."""
    ci.store.delete(ci.bucket, "b.mp4")
    ci.finished(direct(ci, request={"CallBack": "http://c.example/x", "CallBackFormat": "JSON"}))
    told = read_callback(ci.callbacks[0])["JobsDetail"]
    assert (told["State"], told["Code"]) == ("Failed", "ResourceNotFound")
    assert "b.mp4" in told["Message"]
    assert "MediaInfo" not in told["Operation"]


def test_callback_goes_to_a_topic(ci: LocalCi) -> None:
    """CallBackType TDMQ names region, mode and topic."""
    target = {"MqRegion": "gz", "MqMode": "Topic", "MqName": "done"}
    ci.finished(direct(ci, request={"CallBackType": "TDMQ", "CallBackMqConfig": target}))
    (callback,) = ci.callbacks
    assert (callback.kind, callback.mq_region, callback.mq_mode, callback.mq_name) == ("tdmq", "gz", "Topic", "done")


def test_queue_calls_back_unless_the_job_says_otherwise(ci: LocalCi) -> None:
    """The queue's address is used without CallBack, the job's wins, and `no` silences it."""
    notify = {"State": "On", "Event": "TaskFinish", "Type": "Url", "Url": "http://q.example/", "ResultFormat": "JSON"}
    update_queue(ci, NotifyConfig=notify)
    for request in ({}, {"CallBack": "http://j.example/"}, {"CallBack": "no"}):
        ci.finished(direct(ci, request=request))
    assert [callback.url for callback in ci.callbacks] == ["http://q.example/", "http://j.example/"]
    assert ci.callbacks[0].content_type == "application/json"
    update_queue(ci, NotifyConfig={"State": "Off"})
    ci.finished(direct(ci))
    assert len(ci.callbacks) == 2


def test_callback_is_tried_three_times(clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that fails twice gets it at the third try; one that always fails is given up."""
    monkeypatch.setattr(callbacks, "_RETRY_AFTER", (0.0, 0.0))
    tries: list[str] = []

    def deliver(callback: Callback) -> None:
        tries.append(callback.url)
        if "never" in callback.url or len(tries) < 3:
            raise DeliveryFailed("answered 503")

    with LocalCi(deliver) as ci:
        stock(ci, clip)
        ci.finished(direct(ci, request={"CallBack": "http://c.example/late"}))
        ci.finished(direct(ci, request={"CallBack": "http://c.example/never"}))
    assert tries == ["http://c.example/late"] * 3 + ["http://c.example/never"] * 3


@pytest.mark.parametrize("times", [0, 1, 3])
def test_callbacks_come_as_often_as_switched(times: int, ci: LocalCi) -> None:
    """0..n deliveries of each."""
    ci.switches.callbacks = times
    ci.finished(direct(ci, request={"CallBack": "http://c.example/"}))
    assert len(ci.callbacks) == times


def test_lost_answer_leaves_a_job(resting: LocalCi) -> None:
    """The connection is cut after the job was made."""
    resting.switches.lose_submit_answers = 1
    with pytest.raises(ConnectionCut):
        resting.ask("POST", "/jobs", direct(resting))
    assert len(resting.service.jobs()) == 1
    resting.submit(direct(resting))


def test_failed_submit_leaves_none(resting: LocalCi) -> None:
    """500 InternalError and no job, once."""
    resting.switches.fail_submits = 1
    assert resting.refusal(direct(resting))[:2] == (500, "InternalError")
    assert not resting.service.jobs()
    resting.submit(direct(resting))


@pytest.mark.parametrize(
    ("code", "status"), [("QueuePaused", 403), ("QueueSaturated", 403), ("CIRoleNotExist", 400), ("SlowDown", 429)]
)
def test_submits_are_refused_with_the_code_switched(code: str, status: int, resting: LocalCi) -> None:
    """Each code comes with its documented status, no job is made."""
    resting.switches.refuse_submits = code
    assert resting.refusal(direct(resting))[:2] == (status, code)
    assert not resting.service.jobs()


def test_switched_jobs_fail(ci: LocalCi) -> None:
    """The next n jobs end Failed, later ones not."""
    ci.switches.fail_jobs = 1
    assert [ci.finished(direct(ci))["State"] for _ in range(2)] == ["Failed", "Success"]


@pytest.mark.parametrize("mode", ["true", "false"])
def test_short_output_says_success(mode: str, ci: LocalCi, tmp_path: Path) -> None:
    """Half of the content is missing although the job says Success; its media information is honest about it."""
    ci.switches.short_output = 1
    job = direct(ci)
    job["Operation"]["ConcatTemplate"]["DirectConcat"] = mode
    done = ci.finished(job)
    assert done["State"] == "Success"
    assert float(done["Operation"]["MediaInfo"]["Format"]["Duration"]) == pytest.approx(1.5, abs=0.15)
    assert duration_of(ci.rendered(tmp_path, job)) == pytest.approx(3, abs=0.1)


def test_new_jobs_hide_from_the_listing(resting: LocalCi) -> None:
    """With a lag only older jobs are listed; reading by id is not affected."""
    job_id = resting.submit(direct(resting))["JobId"]
    resting.switches.job_listing_lag = 60
    assert listed(resting) == ([], "")
    assert state(resting, job_id) == "Submitted"
    resting.switches.clock_skew = 61
    assert listed(resting)[0] == [job_id]


def test_job_takes_its_minimum_time(ci: LocalCi) -> None:
    """job_seconds holds a job Running."""
    ci.switches.job_seconds = 0.6
    job_id = ci.submit(direct(ci))["JobId"]
    assert not ci.service.wait_idle(0.4)
    assert state(ci, job_id) == "Running"
    assert ci.service.wait_idle(30)


def test_bytes_are_joined_in_load_tests(ci: LocalCi) -> None:
    """join="bytes": the output is the inputs' bytes, and durations are in proportion to sizes."""
    ci.switches.join = "bytes"
    for key, body in (("x", b"1" * 2000), ("y", b"2" * 500)):
        ci.store.put(ci.bucket, key, body)
    template = {"ConcatFragment": ci.fragments("x", "y"), "Container": {"Format": "mp4"}}
    done = ci.finished(ci.job(template))
    assert ci.store.get(ci.bucket, "out.mp4") == b"1" * 2000 + b"2" * 500
    told = done["Operation"]["MediaInfo"]["Format"]
    assert (told["Size"], float(told["Duration"])) == ("2500", 2.5)
    assert mediainfo.synthetic_info(2000)["Format"]["Duration"] == "2.000000"


def test_stop_ends_a_running_job_at_once(clip: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """stop() kills ffmpeg in the middle of its work, and the job's folder is gone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "work"))
    (tmp_path / "work").mkdir()
    big = Clip(size="640x360", seconds=1, extra=("-vf", "noise=alls=80:allf=t", "-crf", "40"))
    ci = LocalCi()
    ci.store.upload(ci.bucket, "big.mp4", make(tmp_path / "big.mp4", big))
    started = threading.Event()
    run = ci.service._workers.workshop.ffmpeg._start

    def starting(*arguments: Any) -> Any:
        child = run(*arguments)
        started.set()
        return child

    monkeypatch.setattr(ci.service._workers.workshop.ffmpeg, "_start", starting)
    with ci:
        ci.submit(ci.job({"ConcatFragment": ci.fragments(*["big.mp4"] * 90), "Container": {"Format": "mp4"}}))
        assert started.wait(30)
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 3  # the job itself would take longer
    assert ci.service.jobs()[0].state == "Running"
    assert not any(thread.is_alive() for thread in ci.service._workers.threads)
    assert not list((tmp_path / "work").iterdir())


def test_what_a_job_misses_once_it_is_stopped_is_no_mistake_of_it(
    ci: LocalCi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever interrupts a demonstration sees no traceback of what was taken away under a job."""
    begun, workers = threading.Event(), ci.service._workers

    def do(_job: Any) -> None:
        begun.set()
        assert workers._stopping.wait(30)
        raise FileNotFoundError("its folder")

    monkeypatch.setattr(workers.workshop, "do", do)
    ci.submit(direct(ci))
    assert begun.wait(30)
    workers.stop()
    assert ci.service.jobs()[0].state == "Running"
    assert caplog.text == ""


def test_job_leaves_no_folder(ci: LocalCi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it succeeds or fails."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ci.finished(direct(ci))
    ci.store.delete(ci.bucket, "c.mp4")
    assert ci.finished(direct(ci))["State"] == "Failed"
    assert not list(tmp_path.iterdir())


def test_crash_of_a_job_ends_it_failed(ci: LocalCi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of the stand-in itself fails the job with its name, and the next job runs."""
    with monkeypatch.context() as patch:
        patch.setattr(ci.service._workers.workshop, "do", lambda job: int("no number"))
        told = ci.finished(direct(ci))
    assert (told["State"], told["Code"]) == ("Failed", "InternalError")
    assert "ValueError" in told["Message"]
    assert ci.finished(direct(ci))["State"] == "Success"
