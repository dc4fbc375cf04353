"""Recordings cut at gaps, by several instances that come in one another's way at one known moment (`stories/`).

Each story is a sequence that chance meets seldom; it says what broke, and each of its guards is missed when it is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cosconcat.functions.sweep.round import handle_sweep
from tests.simulation.mutants.gap import IN_TURN, MUTANTS
from tests.unit.protocol.stories import cuts, given_up, late_pieces, reserving
from tests.unit.protocol.stories.source import DAY, Source

STORIES = [
    ("claim-of-what-was-wished", reserving.half_seen_first),
    ("no-grant", reserving.half_seen_first),
    ("claimed-before-granted", reserving.half_seen_first),
    ("slot-left-unclaimed", reserving.half_seen_first),
    ("slot-completed-without-looking", reserving.removed_before_it_was_claimed),
    ("deferred-not-helped", reserving.claimed_by_the_dead),
    ("overlap-joined", cuts.two_of_one_name),
    ("slot-outlives-claim", reserving.one_piece_taken_meanwhile),
    ("slot-loser-goes-on", reserving.slot_lost),
    ("no-border", late_pieces.late_on_both_sides),
    ("lag-not-waited-for", cuts.slow_uploads),
    ("length-not-waited-for", cuts.long_pieces),
    ("length-not-waited-for", cuts.clock_ahead),
    ("cut-forgotten", cuts.cut_off_and_more_comes),
    ("moved-cut-believed", cuts.late_beyond_the_cut),
    ("others-slot-completed", reserving.reserved_by_another_deployment),
    ("contradicted-end-believed", cuts.an_end_that_others_contradict),
    ("late-end-across-cuts", cuts.an_end_beyond_the_cut),
    ("joined-is-free", late_pieces.late_after_the_join),
    ("late-pieces-not-looked-for", late_pieces.late_while_joined),
    ("late-piece-not-deferred", late_pieces.late_and_whole_while_joined),
    ("granted-from-its-first-piece", late_pieces.late_behind_midnight_under_a_shorter_gap),
    ("closed-between-pieces", late_pieces.between_under_another_gap),
    ("past-joined", late_pieces.overwritten_before_it_was_joined),
    ("later-upload-cut-off", late_pieces.corrected_after_the_join),
    ("given-up-joined-as-it-is", given_up.given_up_and_its_end_superseded),
    ("given-up-joined-as-it-is", given_up.given_up_and_the_next_of_it_superseded),
    ("lost-grant-not-looked-at", given_up.given_up_and_its_rest_lost),
    ("nothing-new-submitted", given_up.given_up_and_its_rest_lost),
    ("nothing-new-tried-again", given_up.given_up_and_its_rest_lost),
    ("nothing-new-holds-its-pieces", given_up.given_up_and_its_rest_lost),
    ("retry-not-remembered", given_up.retried_and_its_rest_lost),
    ("retry-forgotten", given_up.retried_beside_another_that_goes),
    ("earlier-end-counts", given_up.given_up_again_with_another),
    ("given-up-joined-as-it-is", given_up.rest_given_up_and_its_next_gone),
    ("lost-piece-reached-over", reserving.lost_between_two_of_its_pieces),
    ("left-piece-joined", reserving.one_piece_is_left),
    ("joined-anew-and-still-joined", given_up.late_while_joined_anew),
    ("joined-anew-and-still-joined", given_up.joined_anew_in_vain),
    ("joined-anew-and-still-joined", given_up.joined_anew_to_expire),
    ("earlier-claim-joins-anew", late_pieces.late_after_the_join),
    ("retry-begins-one-part", given_up.given_up_and_cut_otherwise),
    ("retry-forces-one-part", given_up.given_up_and_cut_otherwise),
    ("anothers-claim-taken-for-ones-own", reserving.two_names_of_one_moment),
    ("slot-for-each-earlier-rev", reserving.two_names_of_one_moment),
    ("", reserving.replaced_after_the_death),
    ("", cuts.an_hour_later),
    ("", reserving.two_left_and_a_grant_lost),
    ("", late_pieces.gone_while_joined),  # two guards, one behind the other
]


@pytest.mark.parametrize("story", dict.fromkeys(story for _, story in STORIES))
def test_every_promise_is_kept(story: Callable[[], str]) -> None:
    """Each piece is in one job, none is left, and no job reaches over another's."""
    assert story() == ""


def test_each_guard_that_chance_seldom_needs_has_a_story() -> None:
    """Those that the simulator's list leaves to this file."""
    assert {name for name, _ in STORIES} >= IN_TURN


@pytest.mark.parametrize(
    ("name", "story"), [one for one in STORIES if one[0]], ids=[name for name, _ in STORIES if name]
)
def test_its_guard_is_missed(name: str, story: Callable[[], Any]) -> None:
    """The same story without it breaks a promise."""
    [mutant] = [one for one in MUTANTS if one.name == name]
    with mutant.applied():
        assert story() != ""


@pytest.mark.parametrize(
    ("record", "largest", "reason"),
    [("groups.reserved", 3000, "20 pieces with such long names"), ("records.slots", 1500, "at most 1500 are read")],
    ids=["claim", "slot"],
)
def test_what_no_record_could_hold_reserves_nothing_and_leaves_its_day_to_others(
    record: str, largest: int, reason: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten thousand pieces with long names, or fewer behind a hundred thousand recordings: their slot was written and
    could not be read, nor any after it.
    """
    source = Source()
    source.put(*range(-40_000, -40_000 + 20 * 40, 40), -20_000, at=0)
    source.memory.world.run(source.memory.world.now + DAY)
    monkeypatch.setattr(f"cosconcat.{record}.LARGEST", largest)
    results = handle_sweep(source.memory.services)["results"]
    assert isinstance(results, list)
    assert sorted(told["action"] for told in results) == ["invalid", "submitted"]
    assert reason in next(told["reason"] for told in results if told["action"] == "invalid")
    records = source.memory.cos.shelves[source.memory.config.state_bucket.name].current
    assert sum("/gap/" in key for key in records) == 1
    capsys.readouterr()
