"""What one group costs in calls, from its first event to its last record: within the budget for every size."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Whole
from cosconcat.model import Result
from tests.simulation.counted import DIRECT, InMemory, budget, in_memory, keys, live
from tests.support.shelf import Shelf

SIZES = [1, 2, 3, 10, 100, 101, pytest.param(1000, marks=pytest.mark.slow)]
MORE = [pytest.param(5000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
OUT_OF_ORDER = 16  # more calls than in order: looks for a fragment that seems to be the last, and a page for the seam


def costs(memory: InMemory, arrivals: list[str]) -> tuple[list[Result], list[int]]:
    """Results, and the calls of each event; the last is the callback."""
    results, each, before = [], [], 0
    for result in live(memory, arrivals):
        results.append(result)
        each.append(memory.calls.total() - before)
        before = memory.calls.total()
    return results, each


def joined_once(memory: InMemory, results: list[Result]) -> bool:
    """Whether every event but the last waited, one job was posted, and its fragments are gone."""
    actions = [result.action for result in results]
    left = [key for key in memory.cos.shelves["demo-1250000000"].current if key.startswith("fragments/")]
    return actions == ["waiting"] * (len(actions) - 2) + ["submitted", "finished"] and not left


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("size", [*SIZES, *MORE])
@pytest.mark.parametrize("changed", [{}, DIRECT], ids=["duration", "size"])
def test_a_group_in_order_stays_within_its_budget(size: int, padded: bool, changed: dict[str, str]) -> None:
    """One job, an ordinary event one call; while only one or two are missing, a look for the first of them more."""
    memory = in_memory(**changed)
    results, each = costs(memory, keys("cam1", size, padded=padded))
    assert joined_once(memory, results)
    assert memory.calls["POST jobs"] == 1
    assert set(each[: max(size - 3, 0)]) <= {1}
    assert set(each[max(size - 3, 0) : size - 1]) <= {2}
    assert memory.calls.total() <= budget(size, probed=not changed), dict(memory.calls)
    assert memory.calls["GET videoinfo"] == (1 if changed else size)
    assert memory.calls["GET range"] == 0


@pytest.mark.parametrize("verify", ["duration", "size"])
@pytest.mark.parametrize("size", SIZES)
def test_a_direct_join_costs_a_read_for_each_fragment_more_and_no_second_probe(size: int, verify: str) -> None:
    """Its decoder configuration is in the beginning of each here; what was probed before the join is recorded."""
    memory = in_memory(CONCAT_DIRECT="true", CONCAT_VERIFY=verify)
    results, _ = costs(memory, keys("cam1", size))
    assert joined_once(memory, results)
    assert memory.calls["GET videoinfo"] == size
    assert memory.calls["GET range"] == (size if size > 1 else 0)
    assert memory.calls.total() <= budget(size, probed=True) + size + 3


@pytest.mark.parametrize("order", ["reversed", "shuffled"])
@pytest.mark.parametrize("padded", [True, False], ids=["padded", "plain"])
@pytest.mark.parametrize("size", [10, 100, 101, 250])
def test_another_order_costs_little_more(size: int, padded: bool, order: str) -> None:
    """And nothing more for small groups."""
    memory, arrivals = in_memory(), keys("cam1", size, padded=padded)
    arrivals.reverse() if order == "reversed" else Random(1).shuffle(arrivals)
    results, _ = costs(memory, arrivals)
    assert joined_once(memory, results)
    assert memory.calls.total() <= budget(size, probed=True) + (OUT_OF_ORDER if size > 100 else 0)


def test_a_repeated_event_costs_no_job() -> None:
    """While a group waits it costs what an event costs; after the job was submitted a few looks at the records."""
    memory = in_memory()
    results = list(live(memory, keys("cam1", 10), again=lambda: True))
    actions = Counter(result.action for result in results)
    assert actions == {"waiting": 18, "submitted": 1, "already-submitted": 1, "finished": 1}
    assert memory.calls["POST jobs"] == 1
    assert memory.calls.total() <= budget(10, probed=True) + 10 + 2 + 5


@pytest.mark.parametrize("padded", [True, False], ids=["padded", "plain"])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("place", [0, 1, 700, -2, -1])
def test_what_lag_hides_of_a_large_group_is_still_found(padded: bool, first: int, place: int) -> None:
    """Whichever event comes last, one other fragment and its own may be hidden; only of a hidden 0 nobody knows."""
    size = 1500
    width = 4 if padded else 1
    names = [f"fragments/cam1.part{number:0{width}}-of-{size}.mp4" for number in range(first, first + size)]
    shelf = Shelf().store(*names)
    for hidden in (names[first ^ 1], names[5], names[-1]):
        shelf.hidden = {hidden, names[place]}
        verdict = survey(shelf.services(in_memory().config), "cam1", names[place])
        assert isinstance(verdict, Whole), (hidden, verdict)
