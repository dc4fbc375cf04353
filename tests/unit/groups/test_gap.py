"""Recordings cut at gaps, the pure part: one fact for each rule, and properties for what must hold whatever comes."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosconcat.groups import gap
from cosconcat.groups.gap import DAY, Rule, TimedFragment
from cosconcat.groups.recordings import (
    Recording,
    State,
    adjoining,
    as_they_stand,
    judge,
    newcomers,
    note_of,
    owners,
    until_owned,
)
from cosconcat.model import ObjectInfo, gid_of

MIDNIGHT = 1_704_067_200  # 2024-01-01T00:00:00Z
RULE = Rule(gap=60, max_length=86_400, max_fragments=100, longest_lag=3600)
LATER = MIDNIGHT + 10 * 86_400


def piece(
    at: int, length: int | None = 50, *, late: int = 5, key: str = "", etag: str = "e", size: int = 9
) -> TimedFragment:
    """A piece that starts so many seconds after midnight; it arrives `late` seconds after its end (or start)."""
    start = MIDNIGHT + at
    arrives = start + (length or 0) + late
    found = ObjectInfo(key or f"fragments/cam_{at:06}.mp4", etag, size, arrives)
    return TimedFragment(found, start * 1000, None if length is None else (start + length) * 1000, start * 1000)


def recording(state: State, *pieces: TimedFragment, closed_at: int = 0, group: str = "cam_1") -> Recording:
    """A recording of these pieces."""
    return Recording(group, gid_of(group), 1, state, pieces, closed_at)


def starts(runs: Sequence[Sequence[TimedFragment]]) -> list[list[int]]:
    """Seconds after midnight."""
    return [[one.start // 1000 - MIDNIGHT for one in run] for run in runs]


def cut(run: Sequence[TimedFragment], rule: Rule = RULE) -> list[tuple[list[int], str]]:
    """The parts of a run."""
    return [(starts([part.pieces])[0], part.cut) for part in gap.parts(run, rule)]


def judged(
    pieces: Sequence[TimedFragment], recordings: Sequence[Recording] = (), now: int = LATER, forced: str = ""
) -> list[str]:
    """The actions, in order."""
    return [one.action for one in judge(pieces, recordings, RULE, now, forced=[forced] if forced else [])]


# -- runs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([piece(0), piece(110)], [[0, 110]]),  # exactly the gap after the end
        ([piece(0), piece(111)], [[0], [111]]),
        ([piece(0, 500), piece(100, 10), piece(560)], [[0, 100, 560]]),  # the latest end counts, not the last one's
        ([piece(0, None), piece(60, None)], [[0, 60]]),  # no end told: from start to start
        ([piece(0, None), piece(61, None)], [[0], [61]]),
        ([piece(110), piece(0)], [[0, 110]]),  # by start, whatever the order of arrival
    ],
)
def test_a_run_ends_where_nothing_starts_for_longer_than_the_gap(
    pieces: list[TimedFragment], expected: list[list[int]]
) -> None:
    """After the latest end so far."""
    assert starts(gap.runs(pieces, RULE)) == expected


def test_no_run_reaches_across_a_piece_that_was_joined() -> None:
    """A border lies between two starts, not on one."""
    pieces = [piece(0), piece(100)]
    assert starts(gap.runs(pieces, RULE, [pieces[0].start + 1])) == [[0], [100]]
    assert starts(gap.runs(pieces, RULE, [piece.start for piece in pieces])) == [[0, 100]]


def test_no_run_goes_back_to_a_day_before_its_first() -> None:
    """As names write it, in several zones: a slot reserves a day and the one after."""
    before = piece(110)._replace(written=(MIDNIGHT - 1) * 1000)
    assert starts(gap.runs([piece(0), before, piece(200)], RULE)) == [[0], [110, 200]]
    assert starts(gap.runs([before, piece(200)], RULE)) == [[110, 200]]


def test_a_piece_that_another_contradicts_does_not_make_a_run_go_on() -> None:
    """Its end is mistyped, or a clock was set back: the two are one run, which is invalid; what follows is not."""
    hourly = [piece(at, 60) for at in range(3600, 80_000, 3600)]
    late = piece(0, 86_000, key="fragments/cam_late.mp4")
    assert starts(gap.runs([late, *hourly], RULE)) == [[0, 3600], *([at] for at in range(7200, 80_000, 3600))]
    assert judged([late, *hourly]) == ["invalid", *["close"] * (len(hourly) - 1)]


def test_an_end_that_was_doubted_counts_where_the_next_piece_starts_there() -> None:
    """The short one within is the wrong one then."""
    assert starts(gap.runs([piece(0, 600), piece(100, 10), piece(600)], RULE)) == [[0, 100, 600]]
    assert starts(gap.runs([piece(0, 600), piece(100, 10), piece(300)], RULE)) == [[0, 100], [300]]


# -- cuts --------------------------------------------------------------------------------------------------------------


def test_a_run_within_a_day_is_never_cut_not_even_at_midnight() -> None:
    """It is shorter than CONCAT_MAX_LENGTH."""
    assert cut([piece(at) for at in range(80_000, 90_000, 100)]) == [(list(range(80_000, 90_000, 100)), "")]


def test_a_longer_run_is_cut_at_the_last_multiple_from_midnight() -> None:
    """Not later than its first piece and the length."""
    rule = replace_rule(max_length=3600)
    run = [piece(at, 600) for at in range(3000, 12_000, 600)]
    assert cut(run, rule) == [
        ([3000], "CONCAT_MAX_LENGTH"),
        (list(range(3600, 7200, 600)), "CONCAT_MAX_LENGTH"),
        (list(range(7200, 10_800, 600)), "CONCAT_MAX_LENGTH"),
        ([10_800, 11_400], ""),
    ]


def test_a_day_of_minutes_is_cut_by_halves_until_its_pieces_fit() -> None:
    """1,440 pieces, at most 100 in a job: an hour and a half each."""
    parts = gap.parts([piece(at, 60) for at in range(0, 86_400, 60)], RULE)
    assert {len(part.pieces) for part in parts} == {90}
    assert {part.cut for part in parts[:-1]} == {"CONCAT_MAX_FRAGMENTS"}
    assert [part.pieces[0].start // 1000 - MIDNIGHT for part in parts] == list(range(0, 86_400, 5400))


def test_the_cuts_of_a_camera_that_never_stops_do_not_depend_on_where_one_looks_from() -> None:
    """Whoever sees only the second day and the third cuts them as who sees all three."""
    run = [piece(at, 600) for at in range(1200, 3 * 86_400, 600)]
    everything = cut(run, replace_rule(max_fragments=1000))
    later = cut([one for one in run if one.start >= (MIDNIGHT + 86_400) * 1000], replace_rule(max_fragments=1000))
    assert everything[-2:] == later[-2:]


def test_a_piece_that_ends_late_reaches_across_no_cut() -> None:
    """What follows the cut is no recording only because a piece before it says so; nor does the run go on, then."""
    late = piece(3000, 40_000)
    pieces = [late, *(piece(at, None) for at in range(9000, 40_000, 1200))]
    rule = replace_rule(max_length=3600)
    (run,) = gap.runs(pieces, rule)
    assert cut(run, rule) == [([3000], "CONCAT_MAX_LENGTH"), *(([one.start // 1000 - MIDNIGHT], "") for one in run[1:])]
    contradicted = [piece(3000, 40_000), piece(9000)]
    assert cut(contradicted, rule) == [([3000], ""), ([9000], "")]
    ends = gap.why_it_ends(gap.parts(contradicted, rule)[0], contradicted, rule)
    assert ends == f"then {contradicted[1].object.key}, before the end that the name of {late.object.key} tells"


def test_who_does_not_see_a_piece_that_ends_late_cuts_the_rest_alike() -> None:
    """From whichever day one looks, whatever it overlaps."""
    rest = [piece(at, 600) for at in (*range(90_000, 150_000, 600), *range(160_000, 260_000, 600))]
    late = piece(80_000, 86_400)
    rule = replace_rule(max_fragments=1000)
    seen = [part for run in gap.runs([late, *rest], rule) for part in gap.parts(run, rule)]
    alone = [part for run in gap.runs(rest, rule) for part in gap.parts(run, rule)]
    assert seen[1:] == alone[1:]
    assert starts([part.pieces for part in alone[1:]])[0][0] == 160_000


def replace_rule(**changed: int) -> Rule:
    """RULE, but."""
    return RULE._replace(**changed)


@st.composite
def recorded(draw: st.DrawFn) -> list[TimedFragment]:
    """Pieces of one source, in any order, some overlapping, some far apart."""
    at, pieces = draw(st.integers(0, 90_000)), []
    for number in range(draw(st.integers(1, 40))):
        length = draw(st.sampled_from([None, 0, 10, 60, 600, 5000]))
        late = draw(st.sampled_from([0, 5, 400, 9000]))
        pieces.append(piece(at, length, late=late, key=f"fragments/cam_{number}.mp4"))
        at += (length or 30) + draw(st.sampled_from([0, 0, 0, 3, 59, 61, 4000, -20]))
        at = max(at, 0)
    return draw(st.permutations(pieces))


rules = st.builds(
    Rule,
    gap=st.sampled_from([10, 60, 600]),
    max_length=st.sampled_from([600, 3600, 25_000, 86_400]),
    max_fragments=st.integers(1, 12),
    longest_lag=st.sampled_from([0, 3600]),
)


@settings(max_examples=40)
@given(recorded(), rules)
def test_every_piece_is_in_exactly_one_part(pieces: list[TimedFragment], rule: Rule) -> None:
    """And parts follow one another in order of time."""
    parts = [part for run in gap.runs(pieces, rule) for part in gap.parts(run, rule)]
    assert [one for part in parts for one in part.pieces] == gap.in_order(pieces)
    assert all(part.pieces for part in parts)


@settings(max_examples=40)
@given(recorded(), rules)
def test_a_part_is_shorter_than_the_longest_recording_and_holds_no_gap(pieces: list[TimedFragment], rule: Rule) -> None:
    """Whatever comes; and holds more than CONCAT_MAX_FRAGMENTS only where a second does."""
    for run in gap.runs(pieces, rule):
        for part in gap.parts(run, rule):
            first, last, after = part.pieces[0], part.pieces[-1], run[run.index(part.pieces[-1]) + 1 :][:1]
            assert last.start < first.start + rule.max_length * 1000
            assert len(part.pieces) <= rule.max_fragments or last.start - first.start < gap.SHORTEST_CUT
            goes_on = bool(after) and len(gap.runs([*part.pieces, *after], rule)) == 1
            doubted = gap.overlapping([gap.reach_of(part.pieces).piece, *after]) is not None
            assert bool(part.cut) == (goes_on and not doubted)


@settings(max_examples=40)
@given(recorded(), rules, st.data())
def test_the_order_in_which_pieces_are_seen_changes_nothing(
    pieces: list[TimedFragment], rule: Rule, data: st.DataObject
) -> None:
    """LIST and events come in any order."""
    again = data.draw(st.permutations(pieces))
    assert judge(pieces, [], rule, LATER) == judge(again, [], rule, LATER)


@settings(max_examples=40)
@given(recorded(), rules)
def test_what_is_left_when_the_first_part_was_joined_is_cut_as_before(pieces: list[TimedFragment], rule: Rule) -> None:
    """A part that closes early does not move the cuts of those after it, where the length alone cuts."""
    rule = rule._replace(max_fragments=100)
    for run in gap.runs(pieces, rule):
        parts = gap.parts(run, rule)
        rest = run[len(parts[0].pieces) :]
        if rest:
            assert [part.pieces for part in gap.parts(rest, rule)] == [part.pieces for part in parts[1:]]


# -- whole -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([piece(0, late=5)], 55 + 60 + 55),  # newest + gap + lag: 55 s from its start until it arrived
        ([piece(0, late=500), piece(50, late=5)], 550 + 60 + 550),  # the newest is not the last
        ([piece(0, late=-100)], -50 + 60 + 50),  # a clock ahead of the service's: as long as it records
        ([piece(0, None, late=-100)], -100 + 60),  # which is not known where names tell no end
        ([piece(0, 5400, late=300)], 5700 + 60 + 5400),  # longer than CONCAT_STALE_SECONDS: as is the next
        ([piece(0, 5400, late=300), piece(40, late=300)], 5700 + 60 + 3600),  # its end is mistyped: not believed
        ([piece(0, late=90_000)], 90_050 + 60 + 3600),  # last year's, from a card: no longer than CONCAT_STALE_SECONDS
        ([piece(0, 5400, late=90_000)], 95_400 + 60 + 3600),
    ],
)
def test_whole_is_newest_and_gap_and_lag(pieces: list[TimedFragment], expected: int) -> None:
    """Lag is the longest that a piece of it took from its start until it arrived, and no less than it records."""
    assert gap.whole_at(pieces, RULE) - MIDNIGHT == expected


def test_a_part_waits_until_that_second() -> None:
    """And closes in it."""
    until = gap.whole_at([piece(0)], RULE)
    assert judged([piece(0)], now=until - 1) == ["wait"]
    assert judged([piece(0)], now=until) == ["close"]


def test_each_part_of_a_cut_run_becomes_whole_by_itself() -> None:
    """A camera that never stops gets its recordings while it goes on."""
    run = [piece(at, 600) for at in range(0, 100_000, 600)]
    now = gap.whole_at(run[:144], RULE)
    assert [one.action for one in judge(run, [], replace_rule(max_fragments=144), now)] == ["close", "wait"]


# -- invalid -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([piece(0), piece(0, key="fragments/cam_other.mp4")], True),  # one start
        ([piece(0, None), piece(0, None, key="fragments/cam_other.mp4")], True),
        ([piece(0), piece(24)], True),  # 26 of 50 s
        ([piece(0), piece(25)], False),  # half
        ([piece(0, 1000), piece(500, 100)], True),  # one within another
        ([piece(0, 1000), piece(500, 100), piece(990, 100)], True),
        ([piece(0, 100), piece(90, 100), piece(180, 100)], False),  # recorders overlap a little
    ],
)
def test_pieces_that_overlap_by_more_than_half_of_the_shorter_are_no_recording(
    pieces: list[TimedFragment], expected: bool
) -> None:
    """Both keys are named."""
    found = gap.overlapping(pieces)
    assert (found is not None) is expected
    judgement = judge(pieces, [], RULE, LATER)[0]
    assert judgement.action == ("invalid" if expected else "close")
    if found:
        assert all(one.object.key in judgement.reason for one in found)


@settings(max_examples=40)
@given(recorded())
def test_no_overlap_goes_unseen(pieces: list[TimedFragment]) -> None:
    """Comparing with what ends last so far finds one whenever any two overlap so."""

    def overlaps(one: TimedFragment, other: TimedFragment) -> bool:
        shorter = min(one.reaches - one.start, other.reaches - other.start)
        return one.start == other.start or 2 * (min(one.reaches, other.reaches) - max(one.start, other.start)) > shorter

    any_two = any(overlaps(a, b) for at, a in enumerate(pieces) for b in pieces[:at])
    assert (gap.overlapping(pieces) is not None) is any_two


def test_an_invalid_part_does_not_hold_up_the_rest() -> None:
    """Only what overlaps is left to a person."""
    pieces = [piece(0), piece(0, key="fragments/cam_other.mp4"), piece(5000)]
    assert judged(pieces) == ["invalid", "close"]


def test_an_empty_piece_and_too_many_in_one_second_are_named() -> None:
    """What CI cannot join is not sent to it."""
    assert "is empty" in gap.inconsistent([piece(0, size=0)], RULE)
    crowd = [piece(0, None)._replace(start=MIDNIGHT * 1000 + n) for n in range(3)]
    assert "CONCAT_MAX_FRAGMENTS=2" in gap.inconsistent(crowd, replace_rule(max_fragments=2))


# -- free and owned ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("pending", []),
        ("in flight", []),
        ("clean", []),
        ("joined", []),
        ("superseded", ["close"]),
        ("kept", ["settled"]),
        ("gave-up", ["settled"]),
    ],
)
def test_a_piece_is_free_only_when_its_recordings_ended_without_a_join(state: State, expected: list[str]) -> None:
    """And is a reason to begin anew only when it was superseded."""
    assert judged([piece(0)], [recording(state, piece(0), closed_at=LATER)]) == expected


def test_what_was_kept_begins_anew_when_uploaded_since_or_asked_for() -> None:
    """Or beside something new."""
    kept = recording("kept", piece(0), closed_at=piece(0).object.last_modified - 1)
    assert judged([piece(0)], [kept]) == ["close"]
    kept = recording("kept", piece(0), closed_at=LATER)
    assert judged([piece(0)], [kept], forced=piece(0).object.key) == ["close"]
    assert judged([piece(0), piece(100)], [kept]) == ["close"]


def test_a_changed_piece_is_a_new_one() -> None:
    """An identical one is not."""
    joined = recording("joined", piece(0))
    assert judged([piece(0, etag="other")], [joined]) == ["close"]
    assert judged([piece(0)._replace(start=1)], [joined]) == []


def test_of_two_recordings_with_one_piece_the_one_that_is_not_settled_owns_it() -> None:
    """Whichever was read first."""
    both = [recording("superseded", piece(0)), recording("joined", piece(0), group="cam_2")]
    assert judged([piece(0)], both) == judged([piece(0)], both[::-1]) == []


def test_of_two_that_are_settled_the_one_claimed_last_says_whether_to_begin_anew() -> None:
    """A kept one after a superseded one is no reason for another job, whichever day was read first."""
    old = recording("superseded", piece(0), closed_at=LATER)._replace(claimed_at=1)
    new = recording("kept", piece(0), closed_at=LATER, group="cam_2")._replace(claimed_at=2)
    assert judged([piece(0)], [old, new]) == judged([piece(0)], [new, old]) == ["settled"]


@pytest.mark.parametrize(
    ("later", "at", "expected"),
    [
        ("pending", 0, ["kept", "pending"]),  # its writer may have died
        ("in flight", 2, ["kept", "in flight"]),
        ("joined", 2, ["kept", "joined"]),
        ("superseded", 2, ["kept", "superseded"]),
        ("gave-up", 2, ["kept", "gave-up"]),
        ("superseded", 1, ["joined", "superseded"]),  # in one second: it may have been before it
        ("superseded", 0, ["joined", "superseded"]),
        ("unreadable", 0, ["joined", "unreadable"]),
    ],
)
def test_what_was_joined_counts_as_kept_once_a_piece_of_it_was_claimed_again(
    later: State, at: int, expected: list[State]
) -> None:
    """Whichever day was read first; only a person who says retry can have it claimed, where its output is gone."""
    joined = recording("joined", piece(0), piece(100))._replace(claimed_at=1)
    anew = recording(later, piece(100), group="cam_2")._replace(claimed_at=at)
    found = as_they_stand([joined, anew])
    assert [one.state for one in found] == expected
    assert as_they_stand([anew, joined]) == found[::-1]


def test_what_a_retry_claimed_is_its_own_whatever_comes_of_it() -> None:
    """And what it left out waits for the next retry, or for new pieces beside it."""
    joined = recording("joined", piece(0), piece(100), closed_at=LATER)._replace(claimed_at=1)
    anew = recording("superseded", piece(0), closed_at=LATER)._replace(claimed_at=2, rev=2, asked=True)
    known = as_they_stand([joined, anew])
    assert owners(known)[piece(0).identity].rev == 2
    assert judged([piece(0)], known) == ["close"]
    assert judged([piece(100)], known) == ["settled"]
    assert judged([piece(100)], known, forced=piece(100).object.key) == ["close"]
    assert judged([piece(100), piece(200)], known) == ["close"]
    given_up = as_they_stand([joined, anew._replace(state="gave-up")])
    assert judged([piece(0)], given_up) == ["settled"]


def test_what_was_given_up_is_not_joined_as_it_is_because_a_recording_with_its_last_piece_was_superseded() -> None:
    """Its end had been joined with what came later, which is free again; whoever says retry has it joined."""
    pieces = [piece(0), piece(100)]
    given_up = recording("gave-up", *pieces, closed_at=LATER)._replace(claimed_at=1)
    with_the_next = recording("superseded", pieces[1], piece(200), group="cam_2")._replace(claimed_at=2)
    assert judged(pieces, [given_up, with_the_next]) == ["settled"]
    assert judged(pieces, [given_up, with_the_next], forced=pieces[0].object.key) == ["close"]
    since = given_up._replace(closed_at=pieces[0].object.last_modified - 1)
    assert judged(pieces, [since, with_the_next]) == ["close"]
    tried_again = recording("superseded", *pieces)._replace(claimed_at=2)
    assert judged(pieces, [given_up, tried_again]) == ["settled"]
    assert judged(pieces, [given_up, tried_again._replace(asked=True)]) == ["close"]


def test_what_is_left_of_something_given_up_stays_given_up_whatever_held_it_after_that() -> None:
    """A part of it alone, beside a third that came and went; or a piece that had been given up by itself before."""
    first, second, third = piece(0), piece(100), piece(200)
    given_up = recording("gave-up", first, second, closed_at=LATER)._replace(claimed_at=1)
    came_and_went = recording("superseded", second, third, group="cam_2")._replace(claimed_at=2)
    assert judged([second], [given_up, came_and_went]) == ["settled"]
    alone = recording("gave-up", first, closed_at=first.object.last_modified - 1)
    assert judged([first], [alone, given_up]) == ["settled"]
    assert judged([first], [given_up, alone]) == ["settled"]


# -- late pieces -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [piece(100), piece(200), piece(50, 0)])
def test_a_late_piece_of_a_recording_in_flight_is_deferred(late: TimedFragment) -> None:
    """After it, before it, in its middle; and a new version of one of its own."""
    flight = recording("in flight", piece(80, 10, etag="x"), piece(150))
    assert judged([late], [flight]) == ["defer"]
    assert judged([piece(150, etag="changed")], [flight]) == ["defer"]
    assert judged([piece(2000)], [flight]) == ["close"]


def test_nothing_begins_between_the_pieces_of_a_recording_in_flight() -> None:
    """Even where the rule of today would cut it: whichever was joined first, the other would reach over it."""
    flight = recording("in flight", piece(0), piece(100))
    for state in ("pending", "in flight"):
        assert judged([piece(70, 5)], [flight._replace(state=state)]) == ["defer"]
        narrow = judge([piece(70, 5)], [flight._replace(state=state)], replace_rule(gap=1), LATER)
        assert [one.action for one in narrow] == ["defer"]
    assert newcomers(flight, [piece(70, 5)], [], replace_rule(gap=1)) == {piece(70).object.key}


def test_no_recording_begins_around_the_pieces_of_one_in_flight() -> None:
    """The other way round; with all four there are too many for one job, and the cut lies in the middle."""
    flight = recording("in flight", piece(120, 5), piece(130, 5))
    found = judge([piece(106, 5), piece(140, 5)], [flight], replace_rule(max_fragments=3), LATER)
    assert [one.action for one in found] == ["defer"]


@pytest.mark.parametrize(
    ("state", "expected"), [("pending", [10]), ("in flight", [10]), ("joined", [10]), ("superseded", [10, 20, 30])]
)
def test_a_grant_ends_before_the_first_piece_of_its_day_that_another_owns(state: State, expected: list[int]) -> None:
    """Also where that piece was none of those that were wanted."""
    wanted = [piece(86_400 + at, 5) for at in (10, 20, 30)]
    other = recording(state, piece(86_300, 5), piece(86_415, 5))
    granted = until_owned(wanted, [other])
    assert [at - 86_400 for [at] in starts([[one] for one in granted])] == expected


@pytest.mark.parametrize(("state", "expected"), [("in flight", [10]), ("joined", [10, 20])])
def test_a_later_upload_of_a_joined_piece_is_granted_and_that_piece_is_not(state: State, expected: list[int]) -> None:
    """Without it its recording would be joined with the same content again and again."""
    wanted = [piece(86_400 + at, 5, etag="new") for at in (10, 20, 30)]
    others = [recording(state, piece(86_420, 5, etag="old"))]
    assert [one.start // 1000 - MIDNIGHT - 86_400 for one in until_owned(wanted, others)] == expected
    assert until_owned(wanted, [*others, recording("joined", wanted[1])]) == wanted[:1]


def test_a_bridge_of_two_in_flight_waits_for_both() -> None:
    """It may belong to either."""
    flights = [recording("in flight", piece(0)), recording("in flight", piece(200), group="cam_2")]
    assert judged([piece(100)], flights) == ["defer"]
    assert judged([piece(100)], flights[1:]) == ["defer"]


@pytest.mark.parametrize("late", [piece(100), piece(200), piece(50, 0)])
@pytest.mark.parametrize("state", ["clean", "joined"])
def test_a_late_piece_of_a_joined_recording_is_a_recording_of_its_own(late: TimedFragment, state: State) -> None:
    """In the middle, before, after; and the report says beside which."""
    joined = recording(state, piece(80, 10, etag="x"), piece(150))
    found = judge([late], [joined], RULE, LATER)
    assert [one.action for one in found] == ["close"]
    assert adjoining(found[0].part, [joined], RULE) == joined
    assert adjoining(gap.Part((piece(5000),)), [joined], RULE) is None


def test_what_goes_on_where_a_run_is_cut_came_not_too_late() -> None:
    """It adjoins what was joined before the cut, and would never have been one with it."""
    rule = replace_rule(max_length=3600)
    joined = recording("joined", *(piece(at, 60) for at in range(0, 3600, 60) if at != 1200))
    goes_on = gap.Part(tuple(piece(at, 60, late=9000) for at in range(3600, 7200, 60)))
    assert note_of(goes_on, [joined], rule) == []
    assert note_of(gap.Part((piece(1200, 60, late=9000),)), [joined], rule) == [
        "came too late for cam_1, which it adjoins and which had been joined"
    ]


def test_a_clock_that_is_ahead_is_told() -> None:
    """By a quarter of an hour or more: less is said of no zone, and every recorder is off by some seconds."""
    near, far = (gap.Part((piece(0, late=5), piece(50, late=-late))) for late in (899, 900))
    assert note_of(near, [], RULE) == []
    assert note_of(far, [], RULE) == ["ends 900 s after it arrived: CONCAT_TIMEZONE, or the recorder's clock, is wrong"]


def test_late_pieces_on_both_sides_of_a_joined_one_are_two_recordings() -> None:
    """No output says that it goes on over what another holds."""
    assert judged([piece(0), piece(200)], [recording("joined", piece(100))]) == ["close", "close"]


def test_newcomers_are_what_one_part_would_hold_with_all_of_a_recording() -> None:
    """Not what lies beyond a gap, a joined piece or the longest length."""
    flight = recording("in flight", piece(0), piece(100))
    free = [piece(200), piece(500)]
    assert newcomers(flight, free, [], RULE) == {piece(200).object.key}
    assert newcomers(flight, free, [recording("joined", piece(150))], RULE) == set()
    assert newcomers(flight, free, [], replace_rule(max_length=150)) == set()


def test_what_was_cut_off_is_no_newcomer_wherever_a_cut_would_lie_by_now() -> None:
    """What starts between the two pieces that it was cut off from came late; the rest goes its own way."""
    rule = replace_rule(max_fragments=2)
    (one, *_), (goes_on, *_) = (
        gap.parts([piece(at, None) for at in run], rule) for run in ((10, 50, 90), (10, 50, 90, 130))
    )
    assert [len(part.pieces) for part in (one, goes_on)] == [1, 2]
    assert (one.follows, one.followed_by) == ("", piece(50).object.key)
    flight, free = recording("in flight", piece(10, None)), [piece(at, None) for at in (50, 90, 130)]
    assert newcomers(flight, free, [], rule) == {piece(50).object.key}
    cut_off = flight._replace(bounds=(-inf, piece(50).start))
    assert newcomers(cut_off, free, [], rule) == set()
    assert newcomers(cut_off, [piece(20, None), *free], [], rule) == {piece(20).object.key}


# -- sentences ---------------------------------------------------------------------------------------------------------


def test_a_gap_shorter_than_a_piece_is_noticed_where_names_tell_no_end() -> None:
    """Each piece arrives when the next one starts."""
    ten_minutes = [piece(at, None, late=605) for at in range(0, 6000, 600)]
    assert "starts lie 600 s apart" in gap.gap_too_short(ten_minutes, RULE)
    assert gap.gap_too_short(ten_minutes, replace_rule(gap=700)) == ""
    assert gap.gap_too_short([piece(at, 600) for at in range(0, 6000, 600)], RULE) == ""
    assert gap.gap_too_short([piece(at, None, late=20) for at in range(0, 6000, 600)], RULE) == ""


def test_why_a_recording_ends_goes_by_milliseconds_as_its_run_does() -> None:
    """A gap that is longer by half a second is no piece of another."""
    one, other = piece(0), piece(110)
    later = other._replace(start=other.start + 500)
    assert starts(gap.runs([one, later], RULE)) == [[0], [110]]
    assert gap.why_it_ends(gap.Part((one,)), [one, later], RULE) == "then nothing for 60 s"
    assert gap.why_it_ends(gap.Part((one,)), [one, other], RULE) == "then a piece that another recording holds"


def test_the_day_of_a_piece_is_its_start_as_written() -> None:
    """Whatever CONCAT_TIMEZONE says."""
    one = piece(0)._replace(written=MIDNIGHT * 1000 - 1)
    assert (piece(0).day, one.day) == (MIDNIGHT * 1000 // DAY, MIDNIGHT * 1000 // DAY - 1)
