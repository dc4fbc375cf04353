"""What came after a recording that was kept or given up, and was superseded, hides it from nobody."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from typing import Any, cast

import pytest

from cosconcat.cloud.ports import Cos
from cosconcat.errors import Rejected
from cosconcat.events.timer import RetryMany
from cosconcat.functions.retry import NOT_REMEMBERED, handle_retry, handle_retry_of_many
from cosconcat.functions.status import handle_status
from tests.support.desk import Altered
from tests.unit.protocol.stories.source import DAY, Source

BEFORE = -50  # seconds before midnight, of the piece in question


def kept() -> Source:
    """A recording of one piece that was joined, and kept, as its output could not be tagged."""
    source = Source(CONCAT_CLEANUP="delete")
    services = source.memory.services

    def refused(*_: object) -> None:
        raise Rejected("PUT tagging", status=403, code="AccessDenied")

    source.memory.services = replace(services, cos=cast("Cos", Altered(services.cos, tag=refused)))
    source.put(BEFORE)
    source.settle()
    source.memory.services = services
    return source


def given_up() -> Source:
    """A recording of one piece that was given up."""
    source = Source()
    source.memory.world.plan.faults["job-fails"] = 1.0
    source.put(BEFORE)
    source.settle()
    source.settle()
    source.memory.world.plan.faults["job-fails"] = 0.0
    return source


def superseded_after(source: Source, how: str) -> Source:
    """Another one of the same name comes to nothing: its next piece is taken away, or goes to another."""
    source.put(-20 if how == "taken away" else 0)
    source.later(2 * DAY)
    if how == "taken away":
        source.close(-1)
        source.remove(-20)
    else:
        blind = source.instance(blind_to=(BEFORE,))
        source.close(-1, source.instance(first=lambda: source.close(0, blind)))
    source.settle()
    source.settle()
    return source


def group(source: Source) -> str:
    """The recording's id."""
    return source.key(BEFORE)[len("fragments/") : -len(".mp4")]


def quietly(call: Any, *arguments: object) -> Any:
    """What it answers; what it prints is not looked at."""
    with contextlib.redirect_stdout(io.StringIO()):
        return call(*arguments)


HOW = pytest.mark.parametrize("how", ["taken away", "went to another"])


@HOW
def test_retry_cleans_up_what_was_kept_and_joins_nothing(how: str) -> None:
    """Its output is still the one that was proven."""
    source = superseded_after(kept(), how)
    jobs = len(source.memory.ci.work)
    [told] = quietly(handle_retry, source.memory.services, group(source))["results"]
    assert (told["action"], told["reason"]) == ("finished", "cleaned up at last; 1 removed")
    assert len(source.memory.ci.work) == jobs


@HOW
def test_retry_of_all_that_gave_up_finds_it(how: str) -> None:
    """It ended so last, whatever was begun with it after that."""
    source = superseded_after(given_up(), how)
    answer = quietly(handle_retry_of_many, source.memory.services, RetryMany("gave-up"))
    assert [told["action"] for told in answer["results"]] == ["submitted"]


@HOW
@pytest.mark.parametrize(("begun", "state"), [(kept, "kept"), (given_up, "gave-up")])
def test_status_tells_what_stands_and_the_history_all(begun: Any, state: str, how: str) -> None:
    """By its name, and in the list of its source."""
    source = superseded_after(begun(), how)
    status = quietly(handle_status, source.memory.services, group(source))["status"]
    assert (status["state"], [one["outcome"] for one in status["history"]]) == (state, [state, "superseded"])
    listed = quietly(handle_status, source.memory.services, "cam")["status"]["recordings"]
    assert state in [one["state"] for one in listed if one["group"] == group(source)]


def test_a_retry_that_has_to_wait_says_that_nobody_remembers_it() -> None:
    """The hour has no job left: the next sweep tells what was given up as before."""
    source = Source(CONCAT_JOBS_PER_HOUR="1", CONCAT_MAX_ATTEMPTS="1")
    source.memory.world.plan.faults["job-fails"] = 1.0
    source.put(BEFORE)
    source.settle()
    source.memory.world.plan.faults["job-fails"] = 0.0
    source.put(800)
    source.later(2 * DAY)
    source.later(3605 - int(source.memory.world.now) % 3600)
    assert source.close(0) == ["submitted"]
    [told] = quietly(handle_retry, source.memory.services, group(source))["results"]
    assert told["action"] == "waiting"
    assert told["reason"].endswith(NOT_REMEMBERED)
