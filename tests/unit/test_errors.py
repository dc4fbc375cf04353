"""Messages are bounded, whatever a service says: they become results, of which the platform takes 6 MB."""

from __future__ import annotations

import json
from typing import cast

import pytest

from cosconcat.cloud.ports import Ci
from cosconcat.errors import Blocked, ConcatError, OutcomeUnknown, Rejected, ServiceUnavailable, TryAgain
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.job.refusals import refusal
from cosconcat.job.request import Request
from cosconcat.job.response import job_from_details
from cosconcat.model import Bucket, Job
from tests.simulation.counted import in_memory
from tests.support.desk import Altered
from tests.unit.functions.test_sweep_aside import Timed, put_groups, run_of

HUGE = "x" * 5_000_000


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_refusal_says_what_it_is_at_its_end_however_much_the_service_says(status: int) -> None:
    """What a person needs is not cut off with the rest."""
    body = f"<Error><Code>Odd</Code><Message>{HUGE}</Message><RequestId>r1</RequestId></Error>".encode()
    said = str(refusal("POST /jobs", status, body))
    assert len(said) < 3000
    assert "Odd" in said
    assert status == 500 or "r1" in said


def test_what_a_job_says_of_itself_is_bounded() -> None:
    """It becomes the reason of an end."""
    job = job_from_details({"JobId": "j1", "State": HUGE, "Code": HUGE, "Message": HUGE})
    assert max(map(len, (job.state, job.code, job.message))) <= 1000


@pytest.mark.parametrize(
    "failure",
    [
        Rejected(HUGE, status=400, code="InvalidArgument"),
        Blocked(HUGE, code="QueuePaused", fix=HUGE),
        OutcomeUnknown(HUGE),
        ServiceUnavailable(HUGE),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_no_failure_makes_a_result_that_the_platform_refuses(failure: ConcatError) -> None:
    """Returned or raised, for twenty groups."""
    memory = in_memory()
    put_groups(memory, *(f"g{number:02}" for number in range(20)))

    def submit(_bucket: Bucket, _request: Request) -> Job:
        raise failure

    try:
        told = json.dumps(
            handle_sweep(run_of(memory, Timed(memory.world.now), ci=cast("Ci", Altered(memory.ci, submit=submit))))
        )
    except TryAgain as raised:
        told = str(raised)
    assert len(told) < 1_000_000
