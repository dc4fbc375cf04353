"""One bad group costs only itself: what hangs or kills runs is set aside; a CI that throttles is left alone."""

from __future__ import annotations

import contextlib
import itertools
import json
from dataclasses import replace
from typing import Any, cast

import pytest

from cosconcat.cloud.ports import Ci, Cos
from cosconcat.errors import Blocked, InvalidInput, NeverAgain, OutcomeUnknown, ServiceUnavailable, TryAgain
from cosconcat.functions.sweep import aside, report
from cosconcat.functions.sweep import round as rounds
from cosconcat.functions.sweep.aside import MOST_ASIDE, SetAside
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.model import Bucket, Page, Stored, gid_of
from cosconcat.services import Services, Submissions
from tests.simulation.counted import InMemory, in_memory
from tests.support.desk import Altered
from tests.support.prefix import Prefix, Time, config, report_of, services

LIMIT = 300.0  # seconds of a run


class Timed:
    """A clock that the ports move: each call takes a moment, one that hangs a minute."""

    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.at


def run_of(memory: InMemory, clock: Timed, **changed: Any) -> Services:
    """The surroundings of one run of the sweep."""
    return replace(memory.services, clock=clock, deadline=clock.at + LIMIT, submissions=Submissions(), **changed)


def put_groups(memory: InMemory, *groups: str) -> None:
    """Whole groups of one piece."""
    for group in groups:
        memory.put(f"fragments/{group}.part1-of-1.mp4")


def hanging(
    memory: InMemory, clock: Timed, *groups: str, seconds: float = 60.0, ends: bool = False, asked: list[str]
) -> Cos:
    """COS, in which to list one of these groups takes so long and then fails, unless it `ends` well."""

    def lists(bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Page:
        group = prefix.removeprefix("fragments/")
        if group in groups:
            asked.append(group)
            clock.at += seconds
            if not ends:
                raise ServiceUnavailable(f"LIST {prefix}: timed out")
        clock.at += 0.1
        return memory.services.cos.list(bucket, prefix, marker, limit)

    return cast("Cos", Altered(memory.services.cos, list=lists))


def swept(given: Services) -> None:
    """One run; what failed for now is raised at its end."""
    with contextlib.suppress(TryAgain):
        handle_sweep(given)


def stored(memory: InMemory, name: str) -> dict[str, Any]:
    """The report or the cursor."""
    found = memory.cos.shelves[memory.config.state_bucket.name].current[f".concat/{name}.json"]
    return cast("dict[str, Any]", json.loads(found.body))


def test_groups_that_end_after_one_more_wait_share_what_a_run_has_for_waits() -> None:
    """As when the last probe before they are given up hangs too: three of them would fill a run."""
    memory = in_memory()
    clock = Timed(memory.world.now)
    bad = ("a", "b", "c", "d")
    put_groups(memory, *bad)
    for _ in bad:
        swept(run_of(memory, clock, cos=hanging(memory, clock, *bad, seconds=70.0, asked=[])))
    assert len(stored(memory, "sweep")["aside"]) == len(bad)
    clock.at += 3600
    ended: list[str] = []
    for number in range(1, len(bad) + 1):
        slow = set(bad) - set(ended)
        swept(run_of(memory, clock, cos=hanging(memory, clock, *slow, seconds=70.0, ends=True, asked=ended)))
        assert len(ended) == len(memory.ci.work) == number


def test_a_group_that_hangs_has_its_next_turns_ever_later_and_is_named_meanwhile() -> None:
    """After ten minutes, then after twice as long each time; runs in between skip it."""
    memory = in_memory()
    asked: list[str] = []
    clock = Timed(memory.world.now)
    put_groups(memory, "bad")
    cos, turns = hanging(memory, clock, "bad", asked=asked), []
    for number in range(200):
        before = len(asked)
        swept(run_of(memory, clock, cos=cos))
        if len(asked) > before:
            turns.append(number)
        else:
            told = stored(memory, "report")["blocked"]["bad"]["reason"]
            assert told.startswith("set aside until 2026-")
            assert "timed out" in told
        clock.at += 300
    assert turns == [0, 2, 6, 14, 30, 62, 126]


def test_a_group_that_gets_on_is_forgiven() -> None:
    """Its next failure counts as the first."""
    memory = in_memory()
    asked: list[str] = []
    clock = Timed(memory.world.now)
    put_groups(memory, "bad")
    cos = hanging(memory, clock, "bad", asked=asked)
    swept(run_of(memory, clock, cos=cos))
    assert stored(memory, "sweep")["aside"][gid_of("bad")][1] == 1
    clock.at += 601
    swept(run_of(memory, clock))
    assert stored(memory, "sweep")["aside"] == {}
    assert stored(memory, "report")["blocked"] == {}


def turns_of(memory: InMemory, clock: Timed, asked: list[str], monkeypatch: pytest.MonkeyPatch, where: str) -> Any:
    """Let what `where` names hang for a minute and fail, in 120 runs five minutes apart; in which it did."""

    def hang(*_: object, **named: object) -> None:
        del named
        asked.append(where)
        clock.at += 60
        raise ServiceUnavailable("timed out")

    monkeypatch.setattr(where, hang)
    turns = []
    for number in range(120):
        before = len(asked)
        swept(run_of(memory, clock))
        turns += [number] * (len(asked) - before)
        clock.at += 240
    return turns


def test_a_group_whose_help_hangs_is_not_forgiven_by_the_turn_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its claim's winner died and a piece is gone: what is tried for it fails within its turn, which goes on."""
    memory = in_memory()
    clock = Timed(memory.world.now)
    put_groups(memory, "bad")

    def die(*_: object) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        handle_sweep(run_of(memory, clock, ci=cast("Ci", Altered(memory.services.ci, submit=die))))
    shelf = memory.cos.shelves[memory.config.bucket.name]
    open_entry = next(key for key in shelf.current if key.startswith(".concat/open/"))
    memory.cos.remove(memory.config.bucket.name, open_entry)
    memory.cos.remove(memory.config.bucket.name, "fragments/bad.part1-of-1.mp4")
    memory.put("fragments/bad.part1-of-2.mp4")
    memory.world.now += 10_000
    clock.at += 10_000
    asked: list[str] = []
    turns = turns_of(memory, clock, asked, monkeypatch, "cosconcat.functions.sweep.turn.run_content")
    assert turns == [0, 3, 8, 18, 38, 78]


def test_a_group_that_hangs_at_one_place_is_not_forgiven_at_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its entry of the index hangs, its turn in the round does not; and the other way round."""
    for where in ("round.reconcile_content", "turn.survey"):
        memory = in_memory()
        clock = Timed(memory.world.now)
        put_groups(memory, "bad")
        with monkeypatch.context() as patch:
            patch.setattr(memory.ci, "longest", 10**9)  # its job runs on
            swept(run_of(memory, clock))
            assert len(memory.ci.work) == 1
            turns = turns_of(memory, clock, [], patch, f"cosconcat.functions.sweep.{where}")
        assert turns[:5] == [0, 3, 8, 18, 38], where


def test_whose_entry_of_the_index_is_no_more_is_judged_by_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A callback finished what hung in the sweep, or it hangs in its turn as well: then it goes on to be set aside."""
    memory = in_memory()
    clock = Timed(memory.world.now)
    put_groups(memory, "bad")
    swept(run_of(memory, clock))
    with monkeypatch.context() as patch:
        turns_of(memory, clock, [], patch, "cosconcat.functions.sweep.round.reconcile_content")
    _, times, _, _, indexed = stored(memory, "sweep")["aside"][gid_of("bad")]
    assert (times, indexed) == (6, True)
    shelf = memory.cos.shelves[memory.config.bucket.name]
    memory.cos.remove(memory.config.bucket.name, next(key for key in shelf.current if key.startswith(".concat/open/")))
    clock.at += 100_000
    swept(run_of(memory, clock, cos=hanging(memory, clock, "bad", asked=[])))
    assert stored(memory, "sweep")["aside"][gid_of("bad")][1] == 7
    clock.at += 100_000
    swept(run_of(memory, clock))
    assert stored(memory, "sweep")["aside"] == {}


def test_a_group_that_fails_at_once_is_not_set_aside() -> None:
    """It costs the others nothing."""
    memory = in_memory()
    asked: list[str] = []
    clock = Timed(memory.world.now)
    put_groups(memory, "bad")
    cos = hanging(memory, clock, "bad", seconds=1.0, asked=asked)
    for _ in range(3):
        swept(run_of(memory, clock, cos=cos))
    assert len(asked) == 3


def test_known_bad_groups_take_no_more_than_a_part_of_a_run() -> None:
    """When the pauses of many are over at once, they do not take a run from the others."""
    memory = in_memory()
    asked: list[str] = []
    clock = Timed(memory.world.now)
    bad = [f"a{number:02}" for number in range(40)]
    put_groups(memory, *bad, "whole")
    cos = hanging(memory, clock, *bad, asked=asked)
    for _ in range(20):
        swept(run_of(memory, clock, cos=cos))
    assert set(asked) == set(bad)
    assert len(memory.ci.work) == 1
    clock.at += 100_000
    put_groups(memory, "other")
    asked.clear()
    swept(run_of(memory, clock, cos=cos))
    assert len(asked) == 2  # a minute is not more than a fifth of a run, two are
    assert len(memory.ci.work) == 2


def test_a_run_that_dies_at_a_group_that_had_failed_before_costs_no_second_one() -> None:
    """It is written down before such a group has its turn, so the next run knows."""
    memory = in_memory()
    asked: list[str] = []
    clock = Timed(memory.world.now)
    put_groups(memory, "bad", "whole")
    swept(run_of(memory, clock, cos=hanging(memory, clock, "bad", asked=asked)))
    clock.at += 1000
    deadly = Altered(memory.services.cos, list=_killing(memory, "fragments/bad"))
    with pytest.raises(SystemExit):
        handle_sweep(run_of(memory, clock, cos=cast("Cos", deadly)))
    clock.at += 400
    swept(run_of(memory, clock, cos=cast("Cos", deadly)))
    _, times, until, why = stored(memory, "sweep")["aside"][gid_of("bad")]
    assert (times, until, why) == (2, int(clock.at) + 1200, "the sweep was killed while at it")


def test_a_claim_that_runs_die_at_is_not_read_for_its_name_again_and_again() -> None:
    """A group at its entry of the index is known by its id alone: its name costs one more run, once."""
    memory = in_memory()
    clock = Timed(memory.world.now)
    put_groups(memory, "bad", "whole")
    swept(run_of(memory, clock))
    gid, deaths = gid_of("bad"), []

    def get(bucket: Bucket, key: str) -> Stored | None:
        if f"{gid}/0001/claim" in key:
            deaths.append(clock.at)
            raise SystemExit
        return memory.services.cos.get(bucket, key)

    for _ in range(40):
        with contextlib.suppress(SystemExit):
            swept(run_of(memory, clock, cos=cast("Cos", Altered(memory.services.cos, get=get))))
        clock.at += 400
    assert [round((after - before) / 400) for before, after in itertools.pairwise(deaths)] == [1, 1, 2, 4, 7, 13]
    assert gid in stored(memory, "report")["blocked"]
    clock.at += 100_000
    swept(run_of(memory, clock))
    assert stored(memory, "sweep")["aside"] == {}


def test_after_a_run_that_died_the_next_is_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was set aside more than once has no turn in it, though the pause is over."""
    monkeypatch.setattr(aside, "LONGEST_PAUSE_SECONDS", 600)
    memory = in_memory()
    clock = Timed(memory.world.now)
    put_groups(memory, "a", "b", "c")
    deadly, died = {"fragments/a", "fragments/b"}, []

    def lists(bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Page:
        if prefix in deadly:
            died.append(prefix)
            raise SystemExit
        return memory.services.cos.list(bucket, prefix, marker, limit)

    completed = []
    for _ in range(60):
        before = len(died)
        with contextlib.suppress(SystemExit):
            swept(run_of(memory, clock, cos=cast("Cos", Altered(memory.services.cos, list=lists))))
        completed.append(len(died) == before)
        clock.at += 700  # all pauses are over, always
    assert not any(one or two for one, two in itertools.pairwise(completed[:3]))
    assert all(one or two for one, two in itertools.pairwise(completed[8:]))
    assert len(memory.ci.work) == 1


def _killing(memory: InMemory, prefix: str) -> Any:
    def lists(bucket: Bucket, asked: str, marker: str = "", limit: int = 1000) -> Page:
        if asked == prefix:
            raise SystemExit
        return memory.services.cos.list(bucket, asked, marker, limit)

    return lists


def test_a_run_that_dies_loses_only_the_last_seconds_of_its_way() -> None:
    """How far it came is written down every ten seconds."""
    prefix, clock = Prefix(groups=300), Time()
    lists = 0

    def tick() -> None:
        nonlocal lists
        lists += 1
        clock.at += 1
        if lists == 150:
            raise SystemExit

    prefix.on_list = tick
    with pytest.raises(SystemExit):
        handle_sweep(services(prefix, clock, deadline=clock.at + 1000))
    marker = json.loads(prefix.written[".concat/sweep.json"])["marker"]
    assert marker >= "fragments/g00135"
    assert report_of(prefix)["draft"]["marker"] == marker


def test_no_more_are_set_aside_than_the_cursor_may_hold() -> None:
    """With the longest names there are, it stays small."""
    held = SetAside()
    for number in range(MOST_ASIDE + 10):
        held.add(gid_of(str(number)), "永" * 800, number, "why" * 1000)
    assert len(held.as_json()) == MOST_ASIDE
    assert held.get(gid_of("0")) is None
    assert len(json.dumps(held.as_json(), ensure_ascii=False).encode()) < 1024 * 1024


@pytest.mark.parametrize("name", ["sweep", "report"])
def test_a_cursor_or_report_too_large_to_be_read_back_begins_a_new_round(name: str) -> None:
    """Whoever wrote it: it is written over."""
    prefix = Prefix(groups=2)
    prefix.written[".concat/sweep.json"] = b'{"marker": "fragments/g00001.part1-of-10.mp4"}'

    def get(bucket: Bucket, key: str) -> Stored | None:
        if key == f".concat/{name}.json":
            raise InvalidInput(["too large"])
        return prefix.get(bucket, key)

    given = services(prefix)
    assert handle_sweep(replace(given, cos=cast("Cos", Altered(prefix, get=get))))["round"] == "complete"
    assert report_of(prefix)["objects"] == 18


def test_a_round_of_nothing_but_long_reasons_leaves_a_report_that_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor stays small, and what is too much is counted."""

    def refuse(*_: object) -> None:
        raise NeverAgain("永" * 100_000)

    monkeypatch.setattr(rounds, "take_turn", refuse)
    monkeypatch.setattr(report, "MOST_BYTES", 200_000)
    prefix = Prefix(groups=1500)
    handle_sweep(services(prefix))
    told = report_of(prefix)
    assert len(told["invalid"]) + told["more"]["invalid"] == 1500
    assert len(told["invalid"]) > 50
    assert len(prefix.written[".concat/report.json"]) < 250_000
    assert len(prefix.written[".concat/sweep.json"]) < 1000


def test_time_is_looked_at_for_every_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that no convention reads cost time too, above all where it is an own expression."""
    prefix, clock, read = Prefix(groups=0, extra=[f"fragments/stray-{n:03}.txt" for n in range(900)]), Time(), []
    usual = config()

    class Slow:
        first = usual.convention.first
        timed = usual.convention.timed

        def read(self, key: str) -> Any:
            read.append(key)
            clock.at += 2.5
            return usual.convention.read(key)

    given = services(prefix, clock, deadline=clock.at + LIMIT)
    monkeypatch.setattr(type(usual), "convention", Slow())
    handle_sweep(given)
    assert 100 <= len(read) <= 115
    assert clock.at < given.deadline


REFUSALS = [
    Blocked("POST", code="SlowDown", fix="wait", for_all=True),
    OutcomeUnknown("POST: HTTP 503 ServiceUnavailable"),
    ServiceUnavailable("POST: no connection"),
]


@pytest.mark.parametrize(("refusal", "most"), list(zip(REFUSALS, [1, 3, 3], strict=True)))
def test_a_ci_that_throttles_or_does_not_answer_is_left_alone(refusal: Exception, most: int) -> None:
    """No 300 POSTs and 1,200 PUTs of a run; the report says why, and the next run asks again."""
    memory = in_memory()
    clock = Timed(memory.world.now)
    put_groups(memory, *(f"g{number:03}" for number in range(100)))
    posts: list[object] = []

    def submit(*given: object) -> None:
        posts.append(given)
        raise refusal

    ci = cast("Ci", Altered(memory.services.ci, submit=submit))
    for run in (1, 2):
        swept(run_of(memory, clock, ci=ci))
        assert len(posts) == most * run
        assert memory.calls["PUT"] <= 30 * run
        assert "(all groups)" in stored(memory, "report")["draft"]["blocked"]
    swept(run_of(memory, clock))
    assert len(memory.ci.work) == memory.config.sweep_jobs


def test_a_refusal_that_a_manifest_can_provoke_stops_nobody_else() -> None:
    """A template that does not exist is that group's trouble alone."""
    memory = in_memory()
    clock = Timed(memory.world.now)
    put_groups(memory, "a", "b", "c", "d", "e")

    def submit(bucket: Bucket, request: Any) -> Any:
        if not request.Operation.Output.Object.startswith("output/e"):
            raise Blocked("POST", code="TemplateNotFound", fix="check the templates")
        return memory.services.ci.submit(bucket, request)

    swept(run_of(memory, clock, ci=cast("Ci", Altered(memory.services.ci, submit=submit))))
    assert [work.key for work in memory.ci.work.values()] == ["output/e.${ext}"]


def test_jobs_that_were_refused_count_among_those_of_a_run() -> None:
    """CONCAT_SWEEP_JOBS bounds what is asked for, not what comes of it."""
    memory = in_memory(CONCAT_SWEEP_JOBS="7")
    clock = Timed(memory.world.now)
    put_groups(memory, *(f"g{number:03}" for number in range(20)))
    posts: list[object] = []

    def submit(*given: object) -> None:
        posts.append(given)
        raise Blocked("POST", code="ResourceNotFound", fix="wait")

    swept(run_of(memory, clock, ci=cast("Ci", Altered(memory.services.ci, submit=submit))))
    assert len(posts) == 7


def test_pauses_double_up_to_a_day() -> None:
    """From ten minutes on."""
    held = SetAside()
    pauses = []
    for _ in range(12):
        held.add("gid", "g", 0, "why")
        one = held.get("gid")
        assert one is not None
        pauses.append(one.until)
    assert pauses == [600, 1200, 2400, 4800, 9600, 19200, 38400, 76800, *[aside.LONGEST_PAUSE_SECONDS] * 4]


def test_a_run_that_fails_has_not_died_at_anybody() -> None:
    """COS that does not list its next page ends the run; the group whose turn was the last is not to blame."""
    memory = in_memory()
    clock = Timed(memory.world.now)
    put_groups(memory, "a", "b", "c")

    def lists(bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Page:
        if prefix == "fragments/" and marker:
            raise ServiceUnavailable(f"LIST {prefix}: HTTP 503")
        return memory.services.cos.list(bucket, prefix, marker, 2 if prefix == "fragments/" else limit)

    for _ in range(4):
        swept(run_of(memory, clock, cos=cast("Cos", Altered(memory.services.cos, list=lists))))
        held = stored(memory, "sweep")
        assert held["aside"] == {}
        assert not held["running"]
        clock.at += 900
    assert held["marker"] == "fragments/b.part1-of-1.mp4"  # and the way that it came is kept
