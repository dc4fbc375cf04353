"""How often a content is tried: what counts as a failed job."""

from __future__ import annotations

import pytest

from cosconcat.advance import advance
from cosconcat.ledger import gid_of
from cosconcat.results import Result
from tests.support.counted import in_memory, keys, live


def test_a_job_that_ci_has_forgotten_counts_as_failed(capsys: pytest.CaptureFixture[str]) -> None:
    """It was billed and left nothing: after CONCAT_MAX_ATTEMPTS such jobs nobody posts another."""
    memory = in_memory(CONCAT_MAX_ATTEMPTS="2")

    def much_later() -> Result:
        for work in memory.ci.work.values():
            work.state, work.forgotten = "Failed", True
        memory.world.now += 2 * memory.config.stale_seconds
        return advance(memory.services, gid_of("cam1"), 1)

    group = live(memory, keys("cam1", 1))
    assert next(group).action == "submitted"
    actions = [much_later().action for _ in range(5)]
    capsys.readouterr()
    assert actions == ["job-failed", "submitted", "gave-up", "already-finished", "already-finished"]
    assert len(memory.ci.work) == 2
