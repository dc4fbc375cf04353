"""What is asked before a claim: may this group have a job now?

    sounds and images of the request there? ─► a slot of the hour ─► claim

Both are asked by whoever is about to claim, whatever brought them here: an event, the sweep, a retry by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosconcat.errors import Rejected
from cosconcat.inputs.heads import archived
from cosconcat.job.compose import named_objects
from cosconcat.model import FragmentSet, Result

if TYPE_CHECKING:
    from cosconcat.services import Services

IN_LINE = "in line for the jobs of this hour, the oldest first"


def reason_against(services: Services, fragments: FragmentSet) -> Result | None:
    """Why no job may be claimed for this group now; None when one may."""
    unusable = _unusable(services, fragments)
    if unusable:
        return Result(fragments.group, "invalid", unusable)
    if services.config.jobs_per_hour is None:
        return None
    if services.queue is not None:
        services.queue(fragments.newest)
        return Result(fragments.group, "waiting", IN_LINE)
    used = services.job_slots.take()
    return Result(fragments.group, "waiting", used) if used else None


def _unusable(services: Services, fragments: FragmentSet) -> str:
    """Which sound or image that the request names is not there, archived, or not for the functions to see. CI reads
    with rights of its own: what this function may not look at, nobody shall have drawn into a result through it.
    """
    problems = (why_unusable(services, key) for key in named_objects(services.config, fragments))
    return next(filter(None, problems), "")


def why_unusable(services: Services, key: str) -> str:
    """Why this function may not have an object read into a result; empty when it may."""
    bucket = services.config.bucket
    try:
        head = services.cos.head(bucket, key)
    except Rejected as refusal:
        if refusal.status != 403:
            raise
        return f"{key}, which the request names as a sound or image, may not be read: {refusal}"
    if head is None:
        return f"{key}, which the request names as a sound or image, is not in {bucket.name}"
    unreadable = archived([head])
    return f"the request names a sound or image that CI cannot read: {unreadable}" if unreadable else ""
