"""Those who do the jobs: threads that take one job after the other, end it and call back."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from local.ci.board import Board
from local.ci.callbacks import Courier, callback_of
from local.ci.errors import JobFailed, Stopped
from local.ci.jobs import Job
from local.ci.work import Workshop

if TYPE_CHECKING:
    from local.switches import Switches

_log = logging.getLogger(__name__)


class Workers:
    """Take jobs from the board, do them in the workshop, hand callbacks to the courier.

    Args:
        board: where jobs wait.
        workshop: where they are done.
        courier: who calls back.
        switches: weaknesses to show.
        number: jobs done at once.
    """

    def __init__(self, board: Board, workshop: Workshop, courier: Courier, switches: Switches, number: int) -> None:
        self.workshop = workshop
        self._board = board
        self._courier = courier
        self._switches = switches
        self._stopping = threading.Event()
        self.threads = [threading.Thread(target=self._work, name=f"ci-{n}", daemon=True) for n in range(number)]

    def start(self) -> None:
        """From now on jobs are done and callbacks are sent."""
        self._courier.start()
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Ends every job and child at once; their jobs stay Running."""
        self._stopping.set()
        self._board.stop()
        self.workshop.ffmpeg.stop()
        self._courier.stop()
        for thread in self.threads:
            if thread.is_alive():
                thread.join(timeout=10)

    def wait_idle(self, timeout: float) -> bool:
        """Waits until every job has ended and every callback was handed over; False after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        return self._board.wait_final(timeout) and self._courier.wait_idle(max(0.0, deadline - time.monotonic()))

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
            outcome = self.workshop.do(job)
        except JobFailed as failure:
            code, message = failure.code, failure.message
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the job must end and tell
            if self._stopping.is_set():  # what it needs is being taken away
                raise Stopped from None
            _log.exception("job %s", job.id)
            code, message = "InternalError", f"{type(error).__name__}: {error}"
        if self._stopping.wait(max(0.0, not_before - time.monotonic())):
            raise Stopped
        self._board.finish(job, outcome, code, message)
