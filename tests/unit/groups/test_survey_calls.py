"""What a look at a group costs, in calls."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cosconcat.config import Config
from cosconcat.groups.survey import newcomers, survey
from cosconcat.groups.verdicts import Invalid, NoFragments, Waiting, Whole
from tests.support.shelf import BUCKET, Shelf

IN = "fragments/"
CONFIG = Config(BUCKET, max_fragments=10_000)
FOLDER = Config(BUCKET, naming="folder", completion="marker", max_fragments=10_000)
PADDED, PLAIN = IN + "cam1.part{:04}-of-{}.mp4", IN + "cam1.part{}-of-{}.mp4"


def calls(shelf: Shelf, config: Config, group: str, own: str) -> tuple[type, dict[str, int]]:
    """Kind of verdict, and how many calls of each kind it took."""
    shelf.calls.clear()
    shelf.prefixes.clear()
    verdict = survey(shelf.services(config), group, own)
    return type(verdict), dict(shelf.calls)


@pytest.mark.parametrize("size", [2, 10, 100, 1000])
def test_a_whole_group_by_total_is_one_list(size: int) -> None:
    """And no HEAD."""
    shelf = Shelf().store(*(PLAIN.format(number, size) for number in range(1, size + 1)))
    assert calls(shelf, CONFIG, "cam1", PLAIN.format(1, size)) == (Whole, {"list": 1})


@pytest.mark.parametrize("size", [10, 100, 1000, 5000])
@pytest.mark.parametrize("pattern", [PADDED, PLAIN])
@pytest.mark.parametrize("order", ["rising", "falling", "mixed"])
def test_an_ordinary_event_of_an_incomplete_group_is_one_list(size: int, pattern: str, order: str) -> None:
    """However large the group, in whichever order its pieces arrive."""
    numbers = list(range(1, size + 1))
    if order == "falling":
        numbers.reverse()
    elif order == "mixed":
        numbers = sorted(numbers, key=lambda number: number * 7919 % 10_007)
    for share in (0.1, 0.4, 0.7):
        arrived = numbers[: max(1, int(size * share))]
        shelf = Shelf().store(*(pattern.format(number, size) for number in arrived))
        assert calls(shelf, CONFIG, "cam1", pattern.format(arrived[-1], size)) == (Waiting, {"list": 1})


@pytest.mark.parametrize("pattern", [PADDED, PLAIN])
def test_a_large_group_is_whole_after_a_walk_round_it(pattern: str) -> None:
    """One page for each thousand, and one for the seam; hidden fragments are looked for on the way."""
    keys = [pattern.format(number, 5000) for number in range(1, 5001)]
    shelf = Shelf().store(*keys)
    assert calls(shelf, CONFIG, "cam1", keys[1699]) == (Whole, {"list": 6})
    shelf.hidden = {keys[0], keys[2999], keys[1699], keys[4999]}
    assert calls(shelf, CONFIG, "cam1", keys[1699]) == (Whole, {"list": 6, "head": 4})
    del shelf.bodies[keys[4999]]
    assert calls(shelf, CONFIG, "cam1", keys[1699])[0] is Waiting


def test_the_report_of_a_gap_names_what_is_known_to_be_missing() -> None:
    """Not everything that was not looked at."""
    shelf = Shelf().store(*(PADDED.format(number, 5000) for number in range(1, 5001) if number != 1705))
    verdict = survey(shelf.services(CONFIG), "cam1", PADDED.format(1700, 5000))
    assert isinstance(verdict, Waiting)
    assert (verdict.missing, verdict.reason) == ((1705,), "missing, at least: 1705")
    assert shelf.calls == {"list": 1, "head": 1}


@pytest.mark.parametrize("pattern", [PADDED, PLAIN])
def test_a_large_group_may_count_from_0(pattern: str) -> None:
    """Which is known only when all of it has been seen."""
    keys = [pattern.format(number, 3000) for number in range(3000)]
    assert calls(Shelf().store(*keys), CONFIG, "cam1", keys[1234])[0] is Whole


@pytest.mark.parametrize("own", ["fragments/cam1.part3-of-5.mp4", ""])
def test_a_group_is_listed_apart_from_those_that_begin_alike(own: str) -> None:
    """With an event `cam1` never lists `cam10`; without one it may see some on its only page."""
    shelf = Shelf().store(*(PLAIN.format(number, 5) for number in (1, 3)))
    shelf.store(*(f"{IN}cam1{n}.part{m}-of-500.mp4" for n in range(10) for m in range(1, 501)))
    assert calls(shelf, CONFIG, "cam1", own) == (Waiting, {"list": 1} if own else {"list": 4})
    assert all(prefix in (IN + "cam1.", IN + "cam1-", IN + "cam1_") for prefix in shelf.prefixes[0 if own else 1 :])


@pytest.mark.parametrize(("missing", "heads"), [((3,), 1), ((3, 7), 1), ((3, 7, 9), 0)])
def test_missing_fragments_are_looked_for_one_by_one_while_they_are_few(missing: tuple[int, ...], heads: int) -> None:
    """At most two, and no further than the first that is really absent."""
    shelf = Shelf().store(*(PLAIN.format(number, 10) for number in range(1, 11) if number not in missing))
    expected = {"list": 1} | ({"head": heads} if heads else {})
    assert calls(shelf, CONFIG, "cam1", PLAIN.format(1, 10)) == (Waiting, expected)


def test_a_group_declared_too_large_costs_nothing() -> None:
    """Its event says how large it is."""
    shelf = Shelf().store(PLAIN.format(1, 10_001))
    assert calls(shelf, CONFIG, "cam1", PLAIN.format(1, 10_001))[1] == {}


@pytest.mark.parametrize("size", [10, 100, 1000, 5000])
def test_a_fragment_in_a_folder_without_marker_is_one_list(size: int) -> None:
    """Only the marker's event makes it whole, so nothing is looked for before."""
    shelf = Shelf().store(*(f"{IN}a/{number}.mp4" for number in range(1, size + 1) if number != 5))
    assert calls(shelf, FOLDER, "a", f"{IN}a/{size}.mp4") == (Waiting, {"list": 1})


@pytest.mark.parametrize(("size", "pages"), [(10, 1), (100, 1), (999, 1), (1000, 2), (5000, 6)])
def test_a_marker_costs_a_list_of_its_folder_and_two_looks(size: int, pages: int) -> None:
    """For a number 0 and for the next one."""
    shelf = Shelf().store(*(f"{IN}a/{number}.mp4" for number in range(1, size + 1))).store(f"{IN}a/_DONE", body=b"")
    assert calls(shelf, FOLDER, "a", f"{IN}a/_DONE") == (Whole, {"list": pages, "head": 2})


def test_a_folder_far_beyond_the_limit_is_not_listed_to_its_end() -> None:
    """It is invalid whatever else lies there, unless a manifest does."""
    shelf = Shelf().store(*(f"{IN}a/{number}.mp4" for number in range(1, 5001)))
    config = Config(BUCKET, naming="folder", completion="marker")
    assert calls(shelf, config, "a", "") == (Invalid, {"list": 1, "head": 1})


@pytest.mark.parametrize("size", [10, 100, 1000, 5000])
def test_a_manifest_s_event_is_a_get_and_a_head_for_each_object(size: int) -> None:
    """And one for the manifest, but no list at all."""
    keys = [f"{IN}a/{number}.mp4" for number in range(size)]
    body = json.dumps({"fragments": [{"key": key} for key in keys]}).encode()
    shelf = Shelf().store(*keys).store(IN + "a/manifest.json", body=body)
    assert calls(shelf, FOLDER, "a", IN + "a/manifest.json") == (Whole, {"head": size + 1, "get": 1})


@pytest.mark.parametrize("size", [10, 100, 1000, 5000])
@pytest.mark.parametrize("completion", ["quiet", "manifest"])
def test_a_piece_before_quiet_or_manifest_is_one_list(size: int, completion: str) -> None:
    """However large the folder."""
    config = Config(BUCKET, naming="folder", completion=completion, quiet_seconds=2000, max_fragments=10_000)
    shelf = Shelf().store(*(f"{IN}a/{number}.mp4" for number in range(1, size + 1)))
    assert calls(shelf, config, "a", f"{IN}a/{size}.mp4") == (Waiting, {"list": 1})


@pytest.mark.parametrize(("size", "cost"), [(10, {"head": 2}), (1000, {"head": 2}), (5000, {"get": 1})])
def test_the_same_event_again_after_quiet_time_looks_for_what_lag_may_hide(size: int, cost: dict[str, int]) -> None:
    """The next number and a 0, before a claim; of what is more than a page the sweep decides."""
    config = Config(BUCKET, naming="folder", completion="quiet", quiet_seconds=300, max_fragments=10_000)
    shelf = Shelf().store(*(f"{IN}a/{number}.mp4" for number in range(1, size + 1)))
    assert calls(shelf, config, "a", f"{IN}a/3.mp4") == (Whole if size <= 1000 else Waiting, {"list": 1, **cost})


def test_fragments_of_a_manifest_that_are_not_there_are_seen_in_the_listing() -> None:
    """Each arrival does not cost a HEAD for every listed object."""
    keys = [f"fragments/a/{number}.mp4" for number in range(1, 10)]
    body = ('{"fragments": [' + ",".join(f'{{"key": "{key}"}}' for key in keys) + "]}").encode()
    shelf = Shelf().store(keys[0]).store(IN + "a/manifest.json", body=body)
    assert calls(shelf, FOLDER, "a", keys[0]) == (Waiting, {"list": 1, "get": 1})


def test_a_timed_event_lists_its_window_only() -> None:
    """Not the whole history of the camera."""
    config = Config(BUCKET, naming="timestamp", completion="quiet", quiet_seconds=300)
    shelf = Shelf().store(
        *(f"{IN}cam_202411{d:02}T{h:02}{m:02}00Z.ts" for d in range(1, 30) for h in range(24) for m in range(60))
    )
    kind, cost = calls(shelf, config, "cam_20241115T100000Z", IN + "cam_20241115T103000Z.ts")
    assert (kind, cost) == (Waiting, {"list": 1})  # another spelling may hold more of it: the sweep looks at all
    assert shelf.prefixes == [IN + "cam_20241115T10"]


def test_a_listing_ends_with_the_window() -> None:
    """What follows on the same page is not taken for more of it."""
    config = Config(BUCKET, naming="timestamp", completion="quiet", quiet_seconds=300, window_seconds=7200)
    config = replace(config, max_fragments=1000)
    starts = [f"{hour}{minute:02}{second}0" for hour in range(10, 20) for minute in range(60) for second in range(6)]
    shelf = Shelf().store(*(f"{IN}cam_20241115T{start}Z.ts" for start in starts))
    assert calls(shelf, config, "cam_20241115T100000Z", IN + "cam_20241115T103000Z.ts") == (Waiting, {"list": 1})
    assert shelf.prefixes == [IN + "cam_20241115T1"]
    assert calls(shelf, config, "cam_20241115T100000Z", "")[0] is Whole


def test_a_marker_beside_its_group_is_listed_apart() -> None:
    """For a piece's event both stretches are narrow; without one a page of both usually shows all."""
    config = Config(BUCKET, completion="marker")
    shelf = Shelf().store(IN + "cam1_part_1_of_2.mp4", IN + "cam10_part_1_of_2.mp4").store(IN + "cam1.done", body=b"")
    assert calls(shelf, config, "cam1", IN + "cam1_part_1_of_2.mp4") == (Waiting, {"list": 2, "head": 1})
    assert shelf.prefixes == [IN + "cam1_", IN + "cam1."]
    assert calls(shelf, config, "cam1", IN + "cam1.done") == (Waiting, {"list": 1, "head": 1})
    shelf.store(IN + "cam1.part2-of-2.mp4")
    assert calls(shelf, config, "cam1", IN + "cam1.part2-of-2.mp4")[1]["list"] == 1


def test_newcomers_of_a_total_cost_nothing() -> None:
    """There is no room for them."""
    shelf = Shelf().store(*(PLAIN.format(number, 2) for number in (1, 2)))
    verdict = survey(shelf.services(CONFIG), "cam1")
    assert isinstance(verdict, Whole)
    shelf.calls.clear()
    assert newcomers(shelf.services(CONFIG), verdict.set) == ()
    assert not shelf.calls


def test_a_foreign_object_costs_nothing() -> None:
    """Reading its key is enough, which is no call; a group that is gone costs a LIST and a look for the key."""
    assert calls(Shelf(), CONFIG, "cam1", PLAIN.format(1, 2)) == (NoFragments, {"list": 1, "head": 1})
