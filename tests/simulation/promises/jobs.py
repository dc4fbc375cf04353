"""A job that CI accepts: posted once, by a claim that is not over, and not after jobs that cannot but fail.

What it may join again stands in `once.py`, what it must hold in `pieces.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulation.models.jobs import Work
from tests.simulation.plan import CALL_FAULTS
from tests.simulation.promises import budget, names, once, pieces
from tests.simulation.promises.attempts import MAX_ATTEMPTS
from tests.simulation.promises.known import Known


def posted(known: Known, place: tuple[str, int, int], work: Work, others: dict[str, Work]) -> Iterator[str]:
    """The only job for its content, in the right order, by a claim that is not over; `others` came before it."""
    claim = known.claims[place]
    yield from budget.used(known)
    if known.posts[work.user_data] > 1:
        yield f"G2: claim {place} was posted twice"
    if place in known.ends:
        yield f"G2: claim {place} was posted after it had ended"
    if claim["unneeded"]:
        yield f"G2: claim {place} was posted, and nothing of it is new"
    if list(work.fragments) != [o["key"] for o in known.joined(claim)]:
        yield f"claim {place}: the job joins other fragments than were claimed"
    yield from once.older_version(known, place, claim)
    yield from pieces.replaced(known, place, claim)
    yield from once.rest_again(known, place, claim)
    yield from once.again_unasked(known, place, claim)
    if claim["slot"]:
        yield from once.in_two_recordings(known, place, claim, others)
    else:
        yield from pieces.out_of_order(known, place, claim["group"], work.fragments)
    yield from pieces.left_out(known, place, claim)
    if known.world.plan.naming == "timestamp" and known.world.now < names.HOUR_ENDS:
        yield f"job {place} is posted before its hour is over"
    yield from pieces.unlike(known, place, work, claim)
    yield from _after_failures(known, place, others)
    yield from once.in_two_jobs(known, place, claim, others)


def _after_failures(known: Known, place: tuple[str, int, int], others: dict[str, Work]) -> Iterator[str]:
    """No job for what CI cannot read, once one has failed for it, and no more jobs than CONCAT_MAX_ATTEMPTS."""
    failed = [
        other
        for other in others.values()
        if other.state == "Failed" and known.tokens.get(other.user_data, ("",))[:2] == place[:2]
    ]
    troubled = any(known.world.plan.faults[name] for name in CALL_FAULTS) or known.world.plan.faults["throttled"]
    if failed and not troubled and known.unreadable(place):
        yield f"G2: job {place} after one that failed for {known.unreadable(place)}, which CI cannot read"
    if len(failed) >= MAX_ATTEMPTS:
        yield f"G3: job number {len(failed) + 1} for a content whose jobs keep failing"
