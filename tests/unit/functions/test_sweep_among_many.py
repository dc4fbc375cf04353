"""Ten thousand groups, found by the sweep alone, among them a hundred whose probes hang: what that costs the others.

Everything happens on the virtual clock: each request takes a moment, a probe of a bad group's piece a minute, and every
run of the sweep has the time limit and the period that are deployed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from cosconcat.cloud.cos import PROBE
from cosconcat.cloud.cos_answers import PARALLEL
from cosconcat.cloud.ports import Ci, Cos
from cosconcat.errors import TryAgain
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.model import Bucket, Media, ProbeError, Unanswered
from tests.simulation.counted import InMemory, in_memory
from tests.support.longer import one_in

REQUEST_SECONDS = 0.03
LIMIT, PERIOD = 300.0, 300.0  # seconds of a run, and from one to the next: handler/serverless.yml
PLACES: dict[str, Callable[[int, int], bool]] = {
    "spread": lambda number, bad: number % 100 == 50,
    "first in line": lambda number, bad: number < bad,
}


class Slow:
    """A port whose requests take time; several keys are asked for a few at a time."""

    def __init__(self, port: object, memory: InMemory, deadline: float) -> None:
        self._port, self._memory, self._deadline = port, memory, deadline

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        def timed(*given: Any, **named: Any) -> Any:
            several = len(given[1]) if name in {"heads", "media", "read"} else 1
            self._memory.world.now += REQUEST_SECONDS * -(-several // PARALLEL)
            return method(*given, **named)

        return timed

    def media(self, bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Media | ProbeError | Unanswered]:
        """As the adapter does it: no longer than the time that is left, and none after one that hangs."""
        world = self._memory.world
        if not any("/bad" in key for key in keys):
            world.now += REQUEST_SECONDS * -(-len(keys) // PARALLEL)
            return cast("dict[str, Media]", cast("Cos", self._port).media(bucket, keys))
        world.now += max(0.0, min(PROBE.connect + PROBE.read, self._deadline - PROBE.reserve - world.now))
        return {key: Unanswered("GET videoinfo: timed out") for key in keys}


def hours_until_all_good_are_joined(groups: int, is_bad: Callable[[int], bool], *, with_bad: bool) -> float:
    """Virtual hours from the first run to the end of the last good group; nothing but the sweep acts."""
    memory = in_memory(CONCAT_CALLBACK_URL="", CONCAT_CALLBACK_SECRET="")
    names = [f"{'bad' if is_bad(number) else 'cam'}{number:05}" for number in range(groups)]
    names = [f"{name[3:]}/{name}" for name in names]  # in the order of their numbers
    good = [name for name in names if "/cam" in name]
    for name in names if with_bad else good:
        memory.put(f"fragments/{name}.part1-of-1.mp4")
    world, began = memory.world, memory.world.now
    objects = memory.cos.shelves[memory.config.bucket.name].current
    for run in range(10_000):
        world.run(max(world.now, began + run * PERIOD))
        services = replace(
            memory.services,
            cos=cast("Cos", Slow(memory.cos, memory, world.now + LIMIT)),
            ci=cast("Ci", Slow(memory.ci, memory, world.now + LIMIT)),
            deadline=world.now + LIMIT,
        )
        with contextlib.suppress(TryAgain):
            handle_sweep(services)
        assert world.now <= services.deadline, "a run was killed"
        if not any(f"fragments/{name}.part1-of-1.mp4" in objects for name in good):
            return (world.now - began) / 3600
    raise AssertionError("not all were joined")


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("place", PLACES)
def test_a_hundred_groups_that_hang_cost_ten_thousand_others_less_than_a_fifth(
    place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever they stand."""
    _compare(10_000, 100, place, capsys)


@pytest.mark.parametrize("place", one_in(2, PLACES))
def test_a_few_groups_that_hang_cost_many_others_less_than_a_fifth(
    place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same for the quick suite."""
    _compare(400, 4, place, capsys)


def _compare(groups: int, bad: int, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    def is_bad(number: int) -> bool:
        return PLACES[place](number, bad)

    without = hours_until_all_good_are_joined(groups, is_bad, with_bad=False)
    among = hours_until_all_good_are_joined(groups, is_bad, with_bad=True)
    capsys.readouterr()
    print(f"{groups} groups, {bad} hang, {place}: {among:.2f} h, without them {without:.2f} h")  # noqa: T201  shown by -rP
    assert among <= 1.2 * without
