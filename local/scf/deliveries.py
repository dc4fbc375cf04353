"""Asynchronous invocation of one function: a queue, and two more tries after an error, as SCF does it."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.scf.function import ASYNCHRONOUS_LIMIT, Result
from local.scf.instances import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 3  # the first and 2 retries, product/583/41138


class EventTooLargeError(Exception):
    """An asynchronous event may have 128 KB at most; nothing was queued."""


@dataclass(order=True)
class Delivery:
    """An event on its way; `due` in monotonic seconds."""

    due: float
    number: int
    trigger: str = field(compare=False)
    event: object = field(compare=False)
    attempt: int = field(compare=False, default=1)


class Deliveries:
    """Hands queued events to `invoke`, `workers` at a time; an event that keeps failing ends in `dropped`."""

    def __init__(self, invoke: Callable[[Delivery], Result], workers: int, retry_seconds: Callable[[], float]) -> None:
        self.dropped: list[Delivery] = []
        self._invoke = invoke
        self._retry_seconds = retry_seconds
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._queue: list[Delivery] = []
        self._running = 0
        self._stopped = False
        self._workers = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]

    def start(self) -> None:
        """Begin to deliver."""
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Stop delivering; what is queued is lost. Runs that are under way are for the caller to end."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def put(self, event: object, *, trigger: str, delay: float = 0) -> None:
        """Queue an event, to be delivered after `delay` seconds.

        Raises:
            EventTooLargeError: for an event over 128 KB.
        """
        if (size := len(json.dumps(event, ensure_ascii=False).encode())) > ASYNCHRONOUS_LIMIT:
            raise EventTooLargeError(f"{trigger} event of {size} bytes: at most {ASYNCHRONOUS_LIMIT} are allowed")
        self._push(Delivery(time.monotonic() + delay, next(self._numbers), trigger, event))

    def wait_idle(self, timeout: float) -> bool:
        """Wait until nothing is queued, running or waiting for a retry; False when `timeout` seconds passed first."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._running, timeout)

    def _push(self, delivery: Delivery) -> None:
        with self._changed:
            heapq.heappush(self._queue, delivery)
            self._changed.notify_all()

    def _next(self) -> Delivery | None:
        """The next event when it is due; None when stopped."""
        with self._changed:
            while not self._stopped:
                wait = self._queue[0].due - time.monotonic() if self._queue else None
                if wait is not None and wait <= 0:
                    self._running += 1
                    return heapq.heappop(self._queue)
                self._changed.wait(wait)
            return None

    def _work(self) -> None:
        while (delivery := self._next()) is not None:
            with contextlib.suppress(StoppedError):
                self._deliver(delivery)
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _deliver(self, delivery: Delivery) -> None:
        result = self._invoke(delivery)
        if result.ok:
            return
        if delivery.attempt == TRIES:
            self.dropped.append(delivery)
            return
        due = time.monotonic() + self._retry_seconds()
        again = Delivery(due, next(self._numbers), delivery.trigger, delivery.event, delivery.attempt + 1)
        self._push(again)
