"""G6: no more jobs in a clock hour than the budget, CONCAT_JOBS_PER_HOUR."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.simulation.promises.known import Known

_SLOW = ("late", "stall", "hang", "post-slow", "post-lost", "down", "lost-answer")  # a request takes longer than usual


def taken(known: Known, key: str) -> Iterator[str]:
    """A slot of an hour was taken: one of as many as the budget has."""
    most = known.world.plan.jobs_per_hour
    if not re.fullmatch(r"\.concat/jobs/\d{8}T\d\d/[1-9]\d*", key) or not int(key.rpartition("/")[2]) <= most:
        yield f"G6: {key}: no slot of {most} an hour"


def used(known: Known) -> Iterator[str]:
    """A job was accepted: by a slot of its own, and no more in a clock hour than the budget where no request takes
    longer than usual to arrive.
    """
    plan, in_this_hour = known.world.plan, known.jobs_in[int(known.world.now) // 3600]
    if not plan.jobs_per_hour:
        return
    if sum(known.jobs_in.values()) > known.job_slots:
        yield f"G6: {sum(known.jobs_in.values())} jobs, but {known.job_slots} slots were taken"
    if in_this_hour > plan.jobs_per_hour and not any(plan.faults[name] for name in _SLOW):
        yield f"G6: {in_this_hour} jobs in an hour, budget {plan.jobs_per_hour}"
