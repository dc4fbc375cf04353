"""The COS trigger: object events of one bucket, filtered, turned into SCF events, as unreliable as `switches` say."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from local.scf.events import Json, Shape, cos_record

if TYPE_CHECKING:
    from local.cos.versions import ObjectEvent
    from local.switches import Switches

GATHERED = 20  # records in a merged event at most: well under the 128 KB of an asynchronous event
GATHER_SECONDS = 0.15
SHUFFLE_SECONDS = 0.4

Send = Callable[[Json, float], None]


@dataclass(frozen=True)
class Filter:
    """What a trigger is bound to: one bucket, one event family (`cos:ObjectCreated:*`), one prefix, one suffix."""

    bucket: str
    prefix: str = ""
    suffix: str = ""
    events: str = "cos:ObjectCreated:*"

    def matches(self, event: ObjectEvent) -> bool:
        """Whether the trigger fires for this event."""
        family = self.events.removesuffix("*")
        named = event.event_name.startswith(family) if self.events.endswith("*") else event.event_name == self.events
        return (
            named
            and event.bucket == self.bucket
            and event.key.startswith(self.prefix)
            and event.key.endswith(self.suffix)
        )


class CosTrigger:
    """Listens to the store and hands events, with a delay in seconds, to `send`.

    `shape` is one of the two record shapes, or "both": then each record takes one of them by chance. Events are
    asynchronous, without order and without any promise of being delivered once, as `switches` says.
    """

    def __init__(
        self,
        function: str,
        bound: Filter,
        send: Send,
        switches: Switches,
        *,
        shape: Shape | Literal["both"] = "both",
    ) -> None:
        self.shape: Shape | Literal["both"] = shape
        self._function = function
        self._bound = bound
        self._send = send
        self._switches = switches
        self._changed = threading.Condition()
        self._gathered: list[Json] = []

    def __call__(self, event: ObjectEvent) -> None:
        """The store's listener: returns at once."""
        if not self._bound.matches(event):
            return
        switches = self._switches
        with self._changed:
            if self._switches.random.random() < switches.lose_events:
                return
            twice = self._switches.random.random() < switches.duplicate_events
            for _ in range(switches.event_copies + twice):
                record = self._record(event)
                if switches.merge_events:
                    self._gather(record)
                else:
                    late = self._switches.random.uniform(0, SHUFFLE_SECONDS) if switches.shuffle_events else 0.0
                    self._send({"Records": [record]}, switches.event_delay + late)

    def wait_idle(self, timeout: float) -> bool:
        """Wait until no record waits to be merged; False when `timeout` seconds passed first."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._gathered, timeout)

    def _record(self, event: ObjectEvent) -> Json:
        shape = self._switches.random.choice(("documented", "observed")) if self.shape == "both" else self.shape
        return cos_record(
            bucket=event.bucket,
            region=event.region,
            key=event.key,
            size=event.size,
            etag=event.etag,
            event_name=event.event_name,
            time=int(event.time),
            function=self._function,
            shape=shape,
            version_id=event.version_id,
            headers=event.headers,
        )

    def _gather(self, record: Json) -> None:
        """Keep a record for a moment; the first one of a batch starts the clock."""
        self._gathered.append(record)
        if len(self._gathered) == 1:
            clock = threading.Timer(GATHER_SECONDS, self._flush)
            clock.daemon = True
            clock.start()

    def _flush(self) -> None:
        with self._changed:
            records, self._gathered = self._gathered, []
            if self._switches.shuffle_events:
                self._switches.random.shuffle(records)
            for start in range(0, len(records), GATHERED):
                self._send({"Records": list(records[start : start + GATHERED])}, self._switches.event_delay)
            self._changed.notify_all()
