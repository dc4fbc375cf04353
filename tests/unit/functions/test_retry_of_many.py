"""A retry of many retries what it comes to, whatever lies in between, however short its run; never the same twice."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NoReturn, cast

import pytest

from cosconcat.cloud.ports import Cos
from cosconcat.errors import Rejected, ServiceUnavailable
from cosconcat.events.timer import RetryMany, read_timer_or_command
from cosconcat.functions.retry import COUNTED_BEYOND, handle_retry_of_many
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.model import Bucket, gid_of
from cosconcat.services import Services
from tests.simulation.counted import BUCKET, InMemory, in_memory
from tests.support.desk import Altered

ENTRY = {"format": 1, "rev": 1, "reason": "", "output": "", "job": "", "attempts": 1, "fragments": 1, "bytes": 1,
         "seconds": 1.0, "removed": 1, "kept": 0}  # fmt: skip
CALL_SECONDS = 0.015


def ended(
    memory: InMemory, group: str, outcome: str, at: int, fields: Mapping[str, object] = MappingProxyType({})
) -> str:
    """The entry of a content that ended then; its key."""
    day = time.strftime("%Y-%m-%d/%H%M%S", time.gmtime(at))
    key = f".concat/closed/{day}-{gid_of(group)}-0001"
    entry = {**ENTRY, "group": group, "outcome": outcome, "closed_at": at, **fields}
    memory.cos.write(BUCKET, key, body=json.dumps(entry).encode())
    return key


class Ticking:
    """A clock that every call to COS takes with it; what does not fit into the time is refused, as by the adapter."""

    def __init__(self, memory: InMemory, seconds: float) -> None:
        self.calls: list[tuple[str, str]] = []
        self._port = memory.services.cos
        self._began, self._seconds = memory.world.now, seconds

    def now(self) -> float:
        """Epoch seconds."""
        return self._began + CALL_SECONDS * len(self.calls)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(bucket: object, key: str, *given: Any, **named: Any) -> Any:
            self.calls.append((name, str(key)))
            if self.now() > self._began + self._seconds - 2:
                raise ServiceUnavailable("not enough time left")
            return method(bucket, key, *given, **named)

        return call


def short_run(memory: InMemory, seconds: float) -> tuple[Services, Ticking]:
    """The surroundings of a run in which time passes."""
    ticking = Ticking(memory, seconds)
    cos = cast("Cos", ticking)
    return replace(memory.services, cos=cos, clock=ticking, deadline=ticking.now() + seconds), ticking


def retried(services: Services, **command: Any) -> Any:
    """What the command says, given as an event."""
    wanted = read_timer_or_command({"retry": {"outcome": "gave-up", **command}})
    assert isinstance(wanted, RetryMany)
    return handle_retry_of_many(services, wanted)


def groups_of(told: Any) -> list[tuple[str, str]]:
    """Groups and actions."""
    return [(one["group"], one["action"]) for one in told["results"]]


def test_what_comes_first_is_retried_before_anything_else_is_read() -> None:
    """One group of hundreds: a handful of calls, and the others are counted afterwards."""
    memory = in_memory()
    for number in range(300):
        ended(memory, f"g{number}", "gave-up" if number in (2, 200) else "joined", 1_700_000_000 + number)
    services, ticking = short_run(memory, 600)
    told = retried(services, limit=1)
    assert groups_of(told) == [("g2", "ignored")]
    first = next(at for at, (_, key) in enumerate(ticking.calls) if key.startswith("fragments/"))
    assert first < 10
    assert (told["left"], told["since"]) == (1, "2023-11-14T22:16:40Z")
    assert groups_of(retried(memory.services, since=told["since"])) == [("g200", "ignored")]


@pytest.mark.parametrize("seconds", [8.0, 12.0, 60.0])
def test_the_same_again_from_where_it_says_comes_to_an_end(seconds: float) -> None:
    """However short the run: each goes on behind the one before, and the last group of a thousand is retried."""
    memory = in_memory()
    for number in range(1000):
        ended(memory, f"g{number}", "gave-up" if number == 999 else "joined", 1_700_000_000 + 60 * number)
    since, left = "", [1000]
    for _ in range(30):
        services, ticking = short_run(memory, seconds)
        told = retried(services, limit=1, **({"since": since} if since else {}))
        assert len(ticking.calls) * CALL_SECONDS < seconds - 0.5, "the time is looked at before each entry"
        if told["results"]:
            break
        since, left = told["since"], [*left, told["left"]]
        assert left[-1] < left[-2]
    assert groups_of(told) == [("g999", "ignored")]
    assert told["left"] == 0
    assert "since" not in told


def test_behind_the_limit_only_so_many_are_read() -> None:
    """The rest is counted, and the run ends."""
    memory = in_memory()
    for number in range(COUNTED_BEYOND + 200):
        ended(memory, f"g{number}", "gave-up" if number < 3 else "joined", 1_700_000_000 + number)
    services, ticking = short_run(memory, 600)
    told = retried(services, limit=1)
    assert told["left"] == 2 + 199
    assert told["since"] == "2023-11-14T22:13:21Z"
    assert sum(key.startswith(".concat/closed/") for name, key in ticking.calls if name == "get") == COUNTED_BEYOND + 1


@pytest.mark.parametrize("field", [{"group": 5}, {"group": "\ud83d"}, {"closed_at": "now"}, {"outcome": []}])
def test_an_entry_of_another_type_keeps_nobody_waiting(
    field: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told in the log by its name."""
    memory = in_memory()
    ended(memory, "a", "gave-up", 1_700_000_000)
    key = ended(memory, "bad", "gave-up", 1_700_000_001, field)
    ended(memory, "b", "gave-up", 1_700_000_002)
    assert groups_of(retried(memory.services)) == [("a", "ignored"), ("b", "ignored")]
    assert key.removeprefix(".concat/closed/") in capsys.readouterr().out


def test_an_entry_that_cannot_be_read_for_now_keeps_nobody_waiting() -> None:
    """It is told among the results."""
    memory = in_memory()
    ended(memory, "a", "gave-up", 1_700_000_000)
    bad = ended(memory, "bad", "gave-up", 1_700_000_001)
    ended(memory, "b", "gave-up", 1_700_000_002)

    def get(bucket: Any, key: str) -> Any:
        if key == bad:
            raise ServiceUnavailable("GET: HTTP 503")
        return memory.services.cos.get(bucket, key)

    services = replace(memory.services, cos=cast("Cos", Altered(memory.services.cos, get=get)))
    told = retried(services)
    assert [action for _, action in groups_of(told)] == ["ignored", "try-again", "ignored"]
    assert told["left"] == 0


@pytest.mark.parametrize("pages", [0, 1])
def test_where_listing_fails_on_the_way_what_was_done_is_told(pages: int) -> None:
    """And where to go on; before the first entry there is nothing to tell."""
    memory = in_memory()
    for number in range(1001):
        ended(memory, f"g{number}", "gave-up" if number == 1 else "joined", 1_700_000_000 + number)
    listed: list[str] = []

    def listing(bucket: Any, prefix: str, marker: str = "", limit: int = 1000) -> Any:
        if prefix.endswith("closed/"):
            listed.append(marker)
            if len(listed) > pages:
                raise ServiceUnavailable("LIST: HTTP 503")
        return memory.services.cos.list(bucket, prefix, marker, limit)

    services = replace(memory.services, cos=cast("Cos", Altered(memory.services.cos, list=listing)))
    if not pages:
        with pytest.raises(ServiceUnavailable):
            retried(services)
        return
    told = retried(services)
    assert (groups_of(told), told["left"], told["since"]) == ([("g1", "ignored")], 1, "2023-11-14T22:29:59Z")


def test_a_group_that_ends_once_more_meanwhile_is_not_tried_again() -> None:
    """Its new entry lies behind all others; in the next command it counts."""
    memory = in_memory()
    for group in "ab":
        memory.put(f"fragments/{group}.part1-of-1.mp4")
    refused: list[object] = []

    def submit(_bucket: Bucket, request: object) -> NoReturn:
        refused.append(request)
        raise Rejected("refused", status=400, code="InvalidArgument")

    services = replace(memory.services, ci=cast("Any", Altered(memory.services.ci, submit=submit)))
    for _ in range(2):
        handle_sweep(services)
    for tries in (4, 6):
        memory.world.run(memory.world.now + 100)
        told = retried(services)
        assert sorted(groups_of(told)) == [("a", "gave-up"), ("b", "gave-up")]
        assert (len(refused), told["left"]) == (tries, 0)
        handle_sweep(services)


def test_a_group_with_several_entries_is_retried_once() -> None:
    """Also where no other record of it is left to say which is its last."""
    memory = in_memory()
    for at in (0, 60):
        ended(memory, "a", "gave-up", 1_700_000_000 + at)
    assert groups_of(retried(memory.services)) == [("a", "ignored")]
