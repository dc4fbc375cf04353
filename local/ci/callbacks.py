"""Callbacks: what is said when a job ends, to whom, and how often it is tried.

Assumed, because no document tells: Success and Failed call back, Cancel does not; a delivery that fails (any answer but
2xx, or none) is tried three times in all, after 1 and 2 seconds; the Content-Type follows the format.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from local.ci.document import Element, Tree, to_json, to_xml
from local.ci.jobs import Job, details

_RETRY_AFTER = (1.0, 2.0)  # seconds

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Callback:
    """A message about a finished job: `kind` "url" (to `url`) or "tdmq" (to the topic or queue `mq_name`)."""

    kind: str
    body: str
    content_type: str
    url: str = ""
    mq_region: str = ""
    mq_mode: str = ""
    mq_name: str = ""
    job_id: str = ""


class DeliveryFailed(Exception):  # noqa: N818 -- a finding about the receiver
    """Raised by a `deliver` that got an answer other than 2xx, or none, and wants another try."""


def callback_of(job: Job, notify: Element) -> Callback | None:
    """The callback of a finished job, None when nobody asked for one. The job's nodes win over the queue's `notify`."""
    request = job.request
    address = request.value("CallBack")
    queue_on = notify.value("State") == "On" and "TaskFinish" in notify.value("Event", "TaskFinish")
    if address == "no" or not (address or request.find("CallBackMqConfig") or queue_on):
        return None
    style = request.value("CallBackFormat") or (notify.value("ResultFormat") if queue_on else "") or "XML"
    kind = request.value("CallBackType") or ("Url" if address else notify.value("Type")) or "Url"
    body, content_type = callback_body(job, style)
    if kind == "Url":
        url = address or notify.value("Url")
        return Callback("url", body, content_type, url=url, job_id=job.id) if url else None
    target = request.find("CallBackMqConfig") or notify
    return Callback(
        "tdmq",
        body,
        content_type,
        mq_region=target.value("MqRegion"),
        mq_mode=target.value("MqMode", "Queue"),
        mq_name=target.value("MqName"),
        job_id=job.id,
    )


def callback_body(job: Job, style: str) -> tuple[str, str]:
    """Body and Content-Type in the style "XML" or "JSON"; nodes in alphabetical order as in the samples.

    JSON has no Response around it, JobsDetail is an object, a list of one is its item, empty nodes are left out.
    """
    message: dict[str, Tree] = {"EventName": "TaskFinish", "JobsDetail": _sorted(details(job))}
    if style == "JSON":
        return to_json(message), "application/json"
    return to_xml("Response", message).decode(), "application/xml"


def _sorted(tree: Tree) -> Tree:
    if isinstance(tree, Mapping):
        return {name: _sorted(tree[name]) for name in sorted(tree)}
    return tree if isinstance(tree, str) else [_sorted(item) for item in tree]


class Courier:
    """Delivers callbacks from threads of its own, so that no job waits for a receiver."""

    def __init__(self, deliver: Callable[[Callback], None], threads: int = 4) -> None:
        self._deliver = deliver
        self._waiting: queue.SimpleQueue[Callback | None] = queue.SimpleQueue()
        self._pending = 0
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._threads: Sequence[threading.Thread] = [
            threading.Thread(target=self._work, name=f"callback-{number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        """Delivers from now on."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends after the deliveries in hand; those not begun are dropped."""
        self._stopping.set()
        for _ in self._threads:
            self._waiting.put(None)

    def send(self, callback: Callback, times: int = 1) -> None:
        """Delivers soon, so many times."""
        with self._changed:
            self._pending += times
        for _ in range(times):
            self._waiting.put(callback)

    def wait_idle(self, timeout: float) -> bool:
        """Waits until every callback was handed over or given up; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._pending == 0, timeout)

    def _work(self) -> None:
        while (callback := self._waiting.get()) is not None and not self._stopping.is_set():
            try:
                self._try(callback)
            finally:
                with self._changed:
                    self._pending -= 1
                    self._changed.notify_all()

    def _try(self, callback: Callback) -> None:
        for pause in (*_RETRY_AFTER, None):
            try:
                self._deliver(callback)
                return
            except (DeliveryFailed, OSError) as error:
                _log.info("callback of %s not delivered: %s", callback.job_id, error)
            if pause is None or self._stopping.wait(pause):
                return
