"""Cloud Infinite's media API over HTTP: `MediaService` answers for `<bucket>.ci.<region>.myqcloud.com`."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from local.ci import schema
from local.ci.board import MAX_SIZE, Board, Queue, Selection
from local.ci.callbacks import Callback, Courier, DeliveryFailed, callback_of
from local.ci.document import Element, Malformed, Tree, parse, to_xml
from local.ci.errors import JobFailed, Stopped, refused
from local.ci.jobs import Job, Template, details, moment
from local.ci.rights import demands
from local.ci.rules import Place, broken_concat_rules, broken_job_rules, broken_watermark_rules
from local.ci.work import Workshop
from local.network.http import ConnectionCut, Refusal, Request, Response, new_request_id, trace_id

if TYPE_CHECKING:
    from local.account.account import Account
    from local.account.calls import Calls
    from local.cos.store import Store
    from local.switches import Switches

__all__ = ["Callback", "DeliveryFailed", "MediaService"]

_STATES = ("All", "Submitted", "Running", "Success", "Failed", "Pause", "Cancel")
_LISTING = {
    "tag",
    "queueId",
    "states",
    "startCreationTime",
    "endCreationTime",
    "orderByTime",
    "size",
    "nextToken",
    "inputObject",
}
_QUEUE_SEARCH = {"queueIds", "state", "category", "pageNumber", "pageSize"}
_PARAMETERS = {("GET", "/jobs"): _LISTING, ("GET", "/queue"): _QUEUE_SEARCH}

_log = logging.getLogger(__name__)

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
        self._board = Board(account.now)
        self._workshop = Workshop(store, switches)
        self._courier = Courier(deliver)
        self._templates: dict[str, Template] = {}
        self._max_concurrent = max_concurrent
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"ci-{number}", daemon=True) for number in range(max_concurrent)
        ]

    def start(self) -> None:
        """Works on jobs from now on; requests are answered before that too."""
        self._courier.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends every job and child at once; their jobs stay Running."""
        self._stopping.set()
        self._board.stop()
        self._workshop.ffmpeg.stop()
        self._courier.stop()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=10)

    def jobs(self) -> list[Job]:
        """Every job in the order of submission, for tests."""
        return self._board.jobs()

    def wait_idle(self, timeout: float) -> bool:
        """Waits until every job has ended and every callback was handed over; False after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        return self._board.wait_final(timeout) and self._courier.wait_idle(max(0.0, deadline - time.monotonic()))

    def __call__(self, request: Request) -> Response:
        """Answers one request; raises `ConnectionCut` when the answer is to be lost."""
        request_id = new_request_id()
        headers = {"x-ci-request-id": request_id}
        try:
            signer = self._account.signer(request, ci=True)
            self._account.require(signer, *demands(request, self._account.appid, self._account.uin))
        except Refusal as refusal:
            self._calls.count("", _kind(request))
            return _error(refusal, headers)
        self._calls.count(signer.name, _kind(request))
        try:
            if signer.strict:
                _refuse(_unknown_parameters(request))
            body = self._answer(request, _place(request.host))
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
        body = _read(request, schema.JOB)
        _refuse(broken_job_rules(body, place, self._store.buckets().get))
        template = self._template(body.value("Operation/TemplateId"), "Concat")
        operation = body.find("Operation") or Element("Operation")
        marks = [self._template(each.text, "Watermark") for each in operation.all("WatermarkTemplateId")]
        job = self._board.submit(place, body, template, tuple(mark for mark in marks if mark))
        answer = to_xml("Response", {"JobsDetail": details(job)})
        if self._switches.take("lose_submit_answers"):
            raise ConnectionCut
        return answer

    def _template(self, template_id: str, tag: str) -> Template | None:
        if not template_id:
            return None
        found = self._templates.get(template_id)
        if found is None or found.tag != tag:
            raise refused("TemplateNotFound", f"there is no {tag} template {template_id!r}")
        return found

    def _describe(self, ids: str, place: Place) -> Answer:
        found = [(job_id, self._board.job(place, job_id)) for job_id in ids.split(",") if job_id]
        answer: dict[str, Tree] = {}
        if known := [details(job) for _, job in found if job is not None]:
            answer["JobsDetail"] = known
        if unknown := [job_id for job_id, job in found if job is None]:
            answer["NonExistJobIds"] = unknown
        return to_xml("Response", answer)

    def _list(self, request: Request, place: Place) -> Answer:
        selection = _selection(request)
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
            answer["QueueList"] = self._queue_tree(queue)
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
        body = _read(request, schema.QUEUE)
        queue = self._board.queue(place)
        if queue.id != queue_id:
            raise refused("QueueNotFound", f"there is no queue {queue_id!r} in {place.bucket}")
        notify = body.find("NotifyConfig") or Element("NotifyConfig")
        self._board.update(queue, body.value("Name"), body.value("State"), notify)
        return to_xml("Response", {"RequestId": new_request_id(), "Queue": self._queue_tree(queue)})

    def _queue_tree(self, queue: Queue) -> Tree:
        return {
            "QueueId": queue.id,
            "Name": queue.name,
            "State": queue.state,
            "NotifyConfig": queue.notify.tree() or {"State": "Off"},
            "MaxSize": str(MAX_SIZE),
            "MaxConcurrent": str(self._max_concurrent),
            "Category": "Transcoding",
            "BucketId": queue.place.bucket,
            "CreateTime": moment(queue.created),
            "UpdateTime": moment(queue.updated),
        }

    def _create_template(self, request: Request, place: Place) -> Answer:
        """Templates as far as a Concat job needs them: of Tag Concat and Watermark."""
        root = _parsed(request)
        watermark = root.value("Tag") == "Watermark"
        body = _read(request, schema.WATERMARK_TEMPLATE_BODY if watermark else schema.CONCAT_TEMPLATE_BODY)
        node = "Watermark" if watermark else "ConcatTemplate"
        content = body.find(node) or Element(node)
        broken = broken_watermark_rules if watermark else broken_concat_rules
        _refuse(broken(content, place, f"Request.{node}"))
        template = Template(
            "t" + secrets.token_hex(16), body.value("Tag"), body.value("Name"), content, self._account.now()
        )
        self._templates[template.id] = template
        told: dict[str, Tree] = {
            "Tag": template.tag,
            "Name": template.name,
            "State": "Normal",
            "TemplateId": template.id,
            "BucketId": place.bucket,
            "Category": "Custom",
            "CreateTime": moment(template.created),
            "UpdateTime": moment(template.created),
            node: content.tree(),
        }
        return to_xml("Response", {"RequestId": new_request_id(), "Template": told})

    def _work(self) -> None:
        while True:
            try:
                job = self._board.take()
                self._do(job)
            except Stopped:
                return
            if callback := callback_of(job, self._board.queue(job.place).notify):
                self._courier.send(callback, times=self._switches.callbacks)

    def _do(self, job: Job) -> None:
        """Runs one job to its end, not before `Switches.job_seconds` are over."""
        not_before = time.monotonic() + self._switches.job_seconds
        outcome, code, message = None, "Success", ""
        try:
            outcome = self._workshop.do(job)
        except JobFailed as failure:
            code, message = failure.code, failure.message
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the job must end and tell
            _log.exception("job %s", job.id)
            code, message = "InternalError", f"{type(error).__name__}: {error}"
        if self._stopping.wait(max(0.0, not_before - time.monotonic())):
            raise Stopped
        self._board.finish(job, outcome, code, message)


def _place(host: str) -> Place:
    found = re.fullmatch(r"([a-z0-9-]+-[0-9]+)\.ci\.([a-z0-9-]+)\.myqcloud\.com", host)
    if found is None:
        raise refused("InvalidHost", f"{host!r} is not <bucket>-<appid>.ci.<region>.myqcloud.com")
    return Place(found[1], found[2])


def _kind(request: Request) -> str:
    """How a call is counted: "POST jobs", "GET jobs" (the listing), "GET job", "PUT job", "GET queue", …"""
    noun, _, rest = request.decoded_path.strip("/").partition("/")
    return f"{request.method} {noun.removesuffix('s') if rest else noun}"


def _error(refusal: Refusal, headers: dict[str, str]) -> Response:
    request_id = headers["x-ci-request-id"]
    response = refusal.response(request_id)
    response.headers |= headers | {"x-ci-trace-id": trace_id(request_id)}
    return response


def _read(request: Request, rule: schema.Rule) -> Element:
    """The request's body, checked against the schema."""
    body = _parsed(request)
    if body.name != "Request":
        raise refused("InvalidArgument", f"the root is {body.name}, allowed: Request")
    _refuse(schema.mistakes(body, rule, "Request"))
    return body


def _parsed(request: Request) -> Element:
    if not request.body:
        raise refused("MissingContent", "the body is missing")
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if content_type not in ("application/xml", "text/xml"):
        raise refused("InvalidContentType", f"Content-Type is {content_type!r}, allowed: application/xml")
    digest = request.headers.get("content-md5")
    if digest and digest != base64.b64encode(hashlib.md5(request.body).digest()).decode():
        raise refused("InvalidContent", "the body is not what Content-MD5 says")
    try:
        return parse(request.body)
    except Malformed as error:
        raise refused("InvalidContent", f"the body is not well-formed: {error}") from None


def _refuse(mistakes: Iterable[str]) -> None:
    found = list(mistakes)
    if found:
        raise refused("InvalidArgument", "; ".join(found))


def _unknown_parameters(request: Request) -> Iterable[str]:
    """What a strict key sent that the call does not take; for other keys it is left unheeded, as by the service."""
    known = _PARAMETERS.get((request.method, request.decoded_path))
    if known is None:
        return
    signing = re.compile("q-|sign|x-ci-|x-cos-")
    for name, _ in request.query:
        if name not in known and not signing.match(name):
            yield f"{name} is not a parameter of this call"


def _selection(request: Request) -> Selection:
    def asked(name: str, default: str = "") -> str:
        return request.parameter(name) or default

    states = [state for state in asked("states", "All").split(",") if state]
    mistakes = [f"states holds {state!r}, allowed: {', '.join(_STATES)}" for state in states if state not in _STATES]
    if asked("tag") != "Concat":
        mistakes.append(f"tag is {asked('tag')!r}, allowed: Concat")
    if asked("orderByTime", "Desc") not in ("Desc", "Asc"):
        mistakes.append(f"orderByTime is {asked('orderByTime')!r}, allowed: Desc, Asc")
    if not re.fullmatch("[0-9]{1,3}", asked("size", "10")) or not 1 <= int(asked("size", "10")) <= 100:
        mistakes.append(f"size is {asked('size')!r}, allowed: an integer in [1, 100]")
    if not re.fullmatch("[0-9]*", asked("nextToken")):
        mistakes.append(f"nextToken {asked('nextToken')!r} is not of an earlier answer")
    mistakes += [
        f"{name} is {asked(name)!r}, allowed: a time like 2022-06-27T15:23:10+0800"
        for name in ("startCreationTime", "endCreationTime")
        if asked(name) and _epoch(asked(name)) is None
    ]
    _refuse(mistakes)
    return Selection(
        states=() if "All" in states else states,
        queue_id=asked("queueId"),
        input_object=asked("inputObject"),
        since=_epoch(asked("startCreationTime")) or 0,
        until=_epoch(asked("endCreationTime")) or float("inf"),
        ascending=asked("orderByTime") == "Asc",
        size=int(asked("size", "10")),
        after=int(asked("nextToken")) if asked("nextToken") else None,
    )


def _epoch(text: str) -> float | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp()
    except ValueError:
        return None
