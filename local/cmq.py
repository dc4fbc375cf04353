"""TDMQ-CMQ on one machine: a topic pushes to its subscribers, a queue keeps messages until somebody pulls them."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence

from local.scf.events import Json, Shape, cmq_record

Subscriber = Callable[[Json], None]
MESSAGE_LIMIT = 1024 * 1024  # bytes


class Cmq:
    """Topics and queues by name. Messages of a topic alternate between the two documented record shapes."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._lock = threading.Lock()
        self._subscribers: dict[str, list[Subscriber]] = defaultdict(list)
        self._queues: dict[str, list[str]] = defaultdict(list)
        self._published = 0

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Have every later message of the topic pushed to `subscriber`, as the event of a CMQ trigger."""
        with self._lock:
            self._subscribers[topic].append(subscriber)

    def publish(self, topic: str, body: str, tags: Sequence[str] = ()) -> int:
        """Push a message to the topic's subscribers; returns how many there are.

        Raises:
            ValueError: for a message over 1 MB.
        """
        if len(body.encode()) > MESSAGE_LIMIT:
            raise ValueError(f"topic {topic}: a message may have {MESSAGE_LIMIT} bytes at most")
        with self._lock:
            subscribers = list(self._subscribers[topic])
            self._published += 1
            shape: Shape = "documented" if self._published % 2 else "observed"
        for subscriber in subscribers:
            record = cmq_record(owner=self._owner, topic=topic, body=body, tags=tags, shape=shape)
            subscriber({"Records": [record]})
        return len(subscribers)

    def send(self, queue: str, body: str) -> None:
        """Put a message into a queue. SCF has no trigger for queues: it stays until it is pulled."""
        with self._lock:
            self._queues[queue].append(body)

    def receive(self, queue: str) -> str | None:
        """Pull the oldest message, or None when there is none."""
        with self._lock:
            return self._queues[queue].pop(0) if self._queues[queue] else None
