"""Cloud Infinite's media API over HTTP: `MediaService` answers for `<bucket>.ci.<region>.myqcloud.com`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from local.ci import schema
from local.ci.board import Board, queue_details
from local.ci.callbacks import Callback, Courier, DeliveryFailed
from local.ci.document import Element, Tree, to_xml
from local.ci.errors import refused
from local.ci.jobs import Job, details, moment
from local.ci.requests import kind_of, place_of, read_body, refuse, selection_of, unknown_parameters
from local.ci.rights import demands
from local.ci.rules import Place, broken_job_rules
from local.ci.templates import Templates, template_details
from local.ci.work import Workshop
from local.ci.workers import Workers
from local.network.http import ConnectionCut, Refusal, Request, Response, new_request_id, trace_id

if TYPE_CHECKING:
    from local.account.account import Account
    from local.account.calls import Calls
    from local.cos.store import Store
    from local.switches import Switches

__all__ = ["Callback", "DeliveryFailed", "MediaService"]

Answer = bytes | None


class MediaService:
    """Takes Concat jobs, does them with ffmpeg and calls back.

    Args:
        account: checks the signature and tells the time.
        store: the buckets.
        switches: weaknesses to show.
        calls: counts what was asked.
        deliver: hands a callback over; may raise `DeliveryFailed` (or OSError) to be asked again.
        max_concurrent: jobs done at once (MaxConcurrent of the queues; the real default is higher).
    """

    def __init__(
        self,
        account: Account,
        store: Store,
        switches: Switches,
        calls: Calls,
        deliver: Callable[[Callback], None],
        max_concurrent: int = 2,
    ) -> None:
        self._account = account
        self._store = store
        self._switches = switches
        self._calls = calls
        self._max_concurrent = max_concurrent
        self._board = Board(account.now)
        self._templates = Templates(account.now)
        self._workers = Workers(self._board, Workshop(store, switches), Courier(deliver), switches, max_concurrent)

    def start(self) -> None:
        """Works on jobs from now on; requests are answered before that too."""
        self._workers.start()

    def stop(self) -> None:
        """Ends every job and child at once; their jobs stay Running."""
        self._workers.stop()

    def jobs(self) -> list[Job]:
        """Every job in the order of submission, for tests."""
        return self._board.jobs()

    def wait_idle(self, timeout: float) -> bool:
        """Waits until every job has ended and every callback was handed over; False after `timeout` seconds."""
        return self._workers.wait_idle(timeout)

    def __call__(self, request: Request) -> Response:
        """Answers one request; raises `ConnectionCut` when the answer is to be lost."""
        request_id = new_request_id()
        headers = {"x-ci-request-id": request_id}
        try:
            signer = self._account.signer(request, ci=True)
            self._account.require(signer, *demands(request, self._account.appid, self._account.uin))
        except Refusal as refusal:
            self._calls.count("", kind_of(request))
            return _error(refusal, headers)
        self._calls.count(signer.name, kind_of(request))
        try:
            if signer.strict:
                refuse(unknown_parameters(request))
            body = self._answer(request, place_of(request.host))
        except Refusal as refusal:
            return _error(refusal, headers)
        return Response(200, headers | ({"Content-Type": "application/xml"} if body else {}), body or b"")

    def _answer(self, request: Request, place: Place) -> Answer:
        if self._store.buckets().get(place.bucket) != place.region:
            raise refused("InvalidHost", f"{place.bucket} is not a bucket in {place.region}")
        path = request.decoded_path.strip("/").split("/")
        match (request.method, *path):
            case ("POST", "jobs"):
                return self._submit(request, place)
            case ("GET", "jobs"):
                return self._list(request, place)
            case ("GET", "jobs", ids):
                return self._describe(ids, place)
            case ("PUT", "jobs", job_id) if request.parameter("cancel") is not None:
                return self._cancel(job_id, place)
            case ("GET", "queue"):
                return self._queues(request, place)
            case ("PUT", "queue", queue_id):
                return self._update_queue(request, queue_id, place)
            case ("POST", "mediabucket"):
                return self._enable(place)
            case ("POST", "template"):
                return self._create_template(request, place)
        raise refused("InvalidUrl", f"{request.method} {request.decoded_path} is not served by this stand-in")

    def _submit(self, request: Request, place: Place) -> Answer:
        if self._switches.take("fail_submits"):
            raise refused("InternalError", "the switch fail_submits is on; no job was created")
        if self._switches.refuse_submits:
            raise refused(self._switches.refuse_submits, "the switch refuse_submits is on; no job was created")
        body = read_body(request, schema.JOB)
        refuse(broken_job_rules(body, place, self._store.buckets().get))
        template = self._templates.named(body.value("Operation/TemplateId"), "Concat")
        operation = body.find("Operation") or Element("Operation")
        marks = [self._templates.named(each.text, "Watermark") for each in operation.all("WatermarkTemplateId")]
        job = self._board.submit(place, body, template, tuple(mark for mark in marks if mark))
        answer = to_xml("Response", {"JobsDetail": details(job)})
        if self._switches.take("lose_submit_answers"):
            raise ConnectionCut
        return answer

    def _describe(self, ids: str, place: Place) -> Answer:
        found = [(job_id, self._board.job(place, job_id)) for job_id in ids.split(",") if job_id]
        answer: dict[str, Tree] = {}
        if known := [details(job) for _, job in found if job is not None]:
            answer["JobsDetail"] = known
        if unknown := [job_id for job_id, job in found if job is None]:
            answer["NonExistJobIds"] = unknown
        return to_xml("Response", answer)

    def _list(self, request: Request, place: Place) -> Answer:
        selection = selection_of(request)
        lag = self._switches.job_listing_lag
        visible = [job for job in self._board.jobs(place) if job.created <= self._account.now() - lag]
        shown, token = selection.page(visible)
        answer: dict[str, Tree] = {"JobsDetail": [details(job) for job in shown]} if shown else {}
        return to_xml("Response", answer | {"NextToken": token})

    def _cancel(self, job_id: str, place: Place) -> Answer:
        job = self._board.job(place, job_id)
        if job is None:
            raise refused("InvalidArgument", f"there is no job {job_id!r}")
        self._board.cancel(job)
        return None

    def _queues(self, request: Request, place: Place) -> Answer:
        queue = self._board.queue(place)
        asked = [queue_id for queue_id in (request.parameter("queueIds") or "").split(",") if queue_id]
        on = place.bucket not in self._switches.media_off
        of_state = request.parameter("state") in (None, "", "All", queue.state)
        matches = on and (not asked or queue.id in asked) and of_state
        answer: dict[str, Tree] = {
            "RequestId": new_request_id(),
            "TotalCount": str(int(matches)),
            "PageNumber": request.parameter("pageNumber") or "1",
            "PageSize": request.parameter("pageSize") or "10",
        }
        if matches:
            answer["QueueList"] = queue_details(queue, self._max_concurrent)
        if unknown := [queue_id for queue_id in asked if queue_id != queue.id]:
            answer["NonExistPIDs"] = unknown
        return to_xml("Response", answer)

    def _enable(self, place: Place) -> Answer:
        """Switch media processing on, which makes the bucket's queue (436/75236).

        Raises:
            Refusal: it is on already (1045/33700).
        """
        if place.bucket not in self._switches.media_off:
            raise refused("MediaBucketAlreadyBinded", f"{place.bucket} is bound already")
        self._switches.media_off.discard(place.bucket)
        queue = self._board.queue(place)
        told: dict[str, Tree] = {"BucketId": place.bucket, "Name": place.bucket, "Region": place.region}
        return to_xml(
            "Response", {"RequestId": new_request_id(), "MediaBucket": told | {"CreateTime": moment(queue.created)}}
        )

    def _update_queue(self, request: Request, queue_id: str, place: Place) -> Answer:
        body = read_body(request, schema.QUEUE)
        queue = self._board.queue(place)
        if queue.id != queue_id:
            raise refused("QueueNotFound", f"there is no queue {queue_id!r} in {place.bucket}")
        notify = body.find("NotifyConfig") or Element("NotifyConfig")
        self._board.update(queue, body.value("Name"), body.value("State"), notify)
        return to_xml("Response", {"RequestId": new_request_id(), "Queue": queue_details(queue, self._max_concurrent)})

    def _create_template(self, request: Request, place: Place) -> Answer:
        template = self._templates.create(request, place)
        told = template_details(template, place)
        return to_xml("Response", {"RequestId": new_request_id(), "Template": told})


def _error(refusal: Refusal, headers: dict[str, str]) -> Response:
    request_id = headers["x-ci-request-id"]
    response = refusal.response(request_id)
    response.headers |= headers | {"x-ci-trace-id": trace_id(request_id)}
    return response
