"""What the use cases are given: the configuration, the two ports, the clock and a source of nonces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosconcat.cloud.ports import Ci, Clock, Cos
    from cosconcat.config import Config
    from cosconcat.records.job_slots import JobSlots
    from cosconcat.records.ledger import Ledger
    from cosconcat.records.slots import Slots


def no_notification(_end: Mapping[str, object]) -> str:
    """Where CONCAT_NOTIFY_URL is not set."""
    return ""


@dataclass(frozen=True)
class Services:
    """Handed to every use case; `deadline` is the local time (epoch seconds) at which to stop starting new work."""

    config: Config
    cos: Cos
    ci: Ci
    clock: Clock
    nonce: Callable[[], str]  # at least 128 random bits as hex, drawn anew at each call
    deadline: float = float("inf")
    notify: Callable[[Mapping[str, object]], str] = no_notification  # posts an end; returns the error, or ""
    queue: Callable[[int], None] | None = None  # the sweep's, while it looks for the oldest: told of what wants a job

    @cached_property
    def ledger(self) -> Ledger:
        """The records, where the configuration says that they live; imported here, as many events need none."""
        from cosconcat.records.ledger import Ledger

        return Ledger(self.cos, self.config.state_bucket, self.config.state_prefix)

    @cached_property
    def job_slots(self) -> JobSlots:
        """The budget of jobs an hour; only where CONCAT_JOBS_PER_HOUR is set."""
        from cosconcat.records.job_slots import JobSlots

        config = self.config
        return JobSlots(self.cos, config.state_bucket, config.state_prefix, config.jobs_per_hour or 0, self.clock.now)

    @cached_property
    def slots(self) -> Slots:
        """Which pieces are which recording, under CONCAT_COMPLETION=gap."""
        from cosconcat.records.slots import Slots

        return Slots(self.cos, self.config.state_bucket, self.config.state_prefix)
