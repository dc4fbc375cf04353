"""CI's job listing as one invocation has read it: claims of about the same time share its pages.

After an outage a sweep looks for a thousand jobs, and each page of the listing would be read a thousand times.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from cosconcat.model import Job, Token

MOST_KEPT = 10_000  # jobs of ours; beyond that the parts that were read first are forgotten


class ListedPart(NamedTuple):
    """The jobs of ours that were created between two moments (epoch seconds, service's clock), by their nonces."""

    since: int
    until: float
    read_at: float  # local time at which the first of its pages was asked for
    jobs: dict[str, list[Job]]
    shows_ours: bool = False  # one of them bears a token as we send it


class JobListing:
    """What was read so far."""

    def __init__(self) -> None:
        self._parts: list[ListedPart] = []

    def bearing(
        self,
        nonces: Collection[str],
        since: int,
        until: float,
        *,
        read: Callable[[int, float], Iterable[Job]],
        now: float,
        not_before: float,
    ) -> tuple[list[Job], bool]:
        """The jobs with one of these nonces that were created between the two moments, and whether any of ours were.

        What was read before `not_before` (local time) is too old to be believed; what is not there is read now, by
        `read(since, until)`.
        """
        for start, end in list(uncovered(since, until, self._recent(not_before))):
            ours: dict[str, list[Job]] = {}
            shows_ours = False
            for job in read(start, end):
                shows_ours = shows_ours or Token.parse(job.user_data) is not None
                for nonce in Token.nonces_in(job.user_data):
                    ours.setdefault(nonce, []).append(job)
            self._parts.append(ListedPart(start, end, now, ours, shows_ours))
        parts = [part for part in self._recent(not_before) if part.since <= until and part.until >= since]
        found = [job for part in parts for nonce in nonces for job in part.jobs.get(nonce, ())]
        while len(self._parts) > 1 and sum(len(part.jobs) for part in self._parts) > MOST_KEPT:
            del self._parts[0]
        return found, any(part.shows_ours for part in parts)

    def _recent(self, not_before: float) -> list[ListedPart]:
        return [part for part in self._parts if part.read_at >= not_before]


def uncovered(since: int, until: float, parts: Sequence[ListedPart]) -> Iterator[tuple[int, float]]:
    """The stretches between two moments that no part covers; they share their ends with those that do."""
    for part in sorted(parts, key=lambda one: one.since):
        if part.until < since or part.since > until:
            continue
        if part.since > since:
            yield since, part.since
        if part.until >= until:
            return
        since = max(since, int(part.until))
    yield since, until
