"""The jobs and queues of the service: who is next, who is paused, which are shown. Thread-safe, no clock of its own."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.ci.document import Element, Tree
from local.ci.errors import Stopped, refused
from local.ci.jobs import FINAL, WAITING, Job, Outcome, Template, moment
from local.ci.rules import Place

MAX_SIZE = 10000  # jobs waiting in a queue; the figure of the documents' sample, not a promise


@dataclass
class Queue:
    """The one queue of a bucket; `notify` is its NotifyConfig, an empty element means no callback of its own."""

    id: str
    place: Place
    created: float
    updated: float
    name: str = "queue-1"
    state: str = "Active"
    notify: Element = field(default_factory=lambda: Element("NotifyConfig"))


def queue_details(queue: Queue, max_concurrent: int) -> dict[str, Tree]:
    """The nodes of QueueList and Queue in the order of the page."""
    return {
        "QueueId": queue.id,
        "Name": queue.name,
        "State": queue.state,
        "NotifyConfig": queue.notify.tree() or {"State": "Off"},
        "MaxSize": str(MAX_SIZE),
        "MaxConcurrent": str(max_concurrent),
        "Category": "Transcoding",
        "BucketId": queue.place.bucket,
        "CreateTime": moment(queue.created),
        "UpdateTime": moment(queue.updated),
    }


class Board:
    """Jobs by id and one queue for each bucket that was ever asked for."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self._jobs: dict[str, Job] = {}
        self._queues: dict[Place, Queue] = {}
        self._changed = threading.Condition()
        self._stopped = False

    def queue(self, place: Place) -> Queue:
        """The bucket's queue, made when first asked for, as binding a bucket does."""
        with self._changed:
            if place not in self._queues:
                now = self.now()
                self._queues[place] = Queue("p" + secrets.token_hex(16), place, now, now)
            return self._queues[place]

    def submit(self, place: Place, request: Element, template: Template | None, marks: tuple[Template, ...]) -> Job:
        """Files a new job; raises a refusal when the queue is paused, full or another than the request names."""
        queue = self.queue(place)
        with self._changed:
            if request.value("QueueId", queue.id) != queue.id:
                raise refused("QueueNotFound", f"Request.QueueId {request.value('QueueId')!r} is not of {place.bucket}")
            if queue.state == "Paused":
                raise refused("QueuePaused", f"the queue {queue.id} is paused")
            if sum(job.queue_id == queue.id and job.state in WAITING for job in self._jobs.values()) >= MAX_SIZE:
                raise refused("QueueSaturated", f"the queue {queue.id} holds {MAX_SIZE} waiting jobs")
            job = Job(
                "j" + secrets.token_hex(16), len(self._jobs) + 1, place, queue.id, request, self.now(), template, marks
            )
            self._jobs[job.id] = job
            self._changed.notify()
            return job

    def job(self, place: Place, job_id: str) -> Job | None:
        """A job of that bucket."""
        found = self._jobs.get(job_id)
        return found if found is not None and found.place == place else None

    def jobs(self, place: Place | None = None) -> list[Job]:
        """Every job, or those of one bucket, in the order of submission."""
        with self._changed:
            return [job for job in self._jobs.values() if place in (None, job.place)]

    def take(self) -> Job:
        """Waits for the next job and starts it: by JobLevel, then in order of submission; raises `Stopped`."""
        with self._changed:
            while True:
                if self._stopped:
                    raise Stopped
                waiting = [job for job in self._jobs.values() if job.state == "Submitted"]
                if waiting:
                    job = min(waiting, key=lambda job: (-job.level, job.sequence))
                    job.state, job.started = "Running", self.now()
                    return job
                self._changed.wait()

    def finish(self, job: Job, outcome: Outcome | None, code: str = "Success", message: str = "") -> None:
        """Ends a job: Success with an outcome, Failed without."""
        with self._changed:
            job.outcome, job.code, job.message, job.ended = outcome, code, message, self.now()
            job.state = "Failed" if outcome is None else "Success"
            self._changed.notify_all()

    def cancel(self, job: Job) -> None:
        """Cancels a job that does not run yet; raises a refusal for any other (its code is assumed)."""
        with self._changed:
            if job.state not in WAITING:
                raise refused("InvalidArgument", f"job {job.id} is {job.state}, only waiting jobs can be cancelled")
            job.state, job.ended = "Cancel", self.now()
            self._changed.notify_all()

    def update(self, queue: Queue, name: str, state: str, notify: Element) -> None:
        """Sets a queue; pausing it makes its waiting jobs Pause, running ones go on."""
        with self._changed:
            queue.name, queue.state, queue.notify, queue.updated = name, state, notify, self.now()
            before, after = ("Submitted", "Pause") if state == "Paused" else ("Pause", "Submitted")
            for job in self._jobs.values():
                if job.queue_id == queue.id and job.state == before:
                    job.state = after
            self._changed.notify_all()

    def wait_final(self, timeout: float) -> bool:
        """Waits until every job has ended; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: all(job.state in FINAL for job in self._jobs.values()), timeout)

    def stop(self) -> None:
        """No job is started any more; whoever waits for one gets `Stopped`."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()


@dataclass(frozen=True)
class Selection:
    """What GET /jobs asks for; times in epoch seconds."""

    states: Sequence[str] = ()  # empty = all
    queue_id: str = ""
    input_object: str = ""
    since: float = 0
    until: float = float("inf")
    ascending: bool = False
    size: int = 10
    after: int | None = None  # sequence of the last job of the page before

    def page(self, jobs: Sequence[Job]) -> tuple[list[Job], str]:
        """One page of the matching jobs, and the token of the next ("" on the last)."""
        matching = sorted(filter(self._matches, jobs), key=self._rank)
        rest = [job for job in matching if self.after is None or self._rank(job) > self._sign * self.after]
        shown = rest[: self.size]
        return shown, str(shown[-1].sequence) if len(rest) > len(shown) else ""

    @property
    def _sign(self) -> int:
        return 1 if self.ascending else -1

    def _rank(self, job: Job) -> int:
        return self._sign * job.sequence

    def _matches(self, job: Job) -> bool:
        wanted: list[Any] = [
            not self.states or job.state in self.states,
            self.queue_id in ("", job.queue_id),
            self.input_object in ("", job.input_key),
            self.since <= int(job.created) <= self.until,
        ]
        return all(wanted)
