"""What the use cases are given: the configuration, the two ports, the clock and a source of nonces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from cosconcat.errors import Blocked, OutcomeUnknown, ServiceUnavailable, TryAgain

if TYPE_CHECKING:
    from cosconcat.cloud.job_listing import JobListing
    from cosconcat.cloud.ports import Ci, Clock, Cos
    from cosconcat.config import Config
    from cosconcat.records.job_slots import JobSlots
    from cosconcat.records.ledger import Ledger
    from cosconcat.records.slots import Slots


MOST_UNANSWERED = 3  # POSTs in a row, by one invocation


def no_notification(_end: Mapping[str, object]) -> str:
    """Where CONCAT_NOTIFY_URL is not set."""
    return ""


class Submissions:
    """The POSTs of one invocation, what it read of CI's job listing, and whether CI takes any more: one that refuses
    all for now, or does not answer, is not asked again and again.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A new invocation: what the last one met is over."""
        self._listing: JobListing | None = None
        self.posted = 0  # whatever came of them
        self.refusal: TryAgain | None = None  # CI's words, once no further job is worth a claim
        self._unanswered = 0  # in a row

    @property
    def listing(self) -> JobListing:
        """What was read of CI's job listing; imported here, as few events look for a job."""
        if self._listing is None:
            from cosconcat.cloud.job_listing import JobListing

            self._listing = JobListing()
        return self._listing

    def may_claim(self) -> None:
        """Raises the refusal, before a claim is written that could lead to nothing."""
        if self.refusal is not None:
            raise self.refusal

    def answered(self, failure: Exception | None = None) -> None:
        """A POST was accepted, or came to this."""
        self._unanswered = self._unanswered + 1 if isinstance(failure, OutcomeUnknown | ServiceUnavailable) else 0
        if isinstance(failure, Blocked) and failure.for_all:
            self.refusal = failure
        elif self._unanswered >= MOST_UNANSWERED:
            self.refusal = ServiceUnavailable(
                f"{MOST_UNANSWERED} POSTs in a row were not answered; the last: {failure}"
            )


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
    submissions: Submissions = field(default_factory=Submissions)

    @cached_property
    def ledger(self) -> Ledger:
        """The records, where the configuration says that they live; imported here, as many events need none."""
        from cosconcat.records.ledger import Ledger

        return Ledger(self.cos, self.config.state_bucket, self.config.state_prefix, self.clock.now)

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
