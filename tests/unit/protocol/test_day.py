"""A source's day without a fake: what is asked for, who is helped along, and what is told of what is not closed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cosconcat.groups import gap
from cosconcat.groups.gap import Part, Rule, TimedFragment
from cosconcat.groups.recordings import Judgement, Recording, State
from cosconcat.model import ObjectInfo, gid_of
from cosconcat.protocol.day import Asked, came_again, ended, may_have_records, overdue, unclosed

DAY = 19_723  # 2024-01-01
MIDNIGHT = DAY * 86_400
RULE = Rule(gap=60, max_length=86_400, max_fragments=100, longest_lag=3600)


def piece(at: int, *, etag: str = "e", uploaded: int = 0) -> TimedFragment:
    """A piece that starts so many seconds after midnight and arrives at once, unless it was uploaded anew."""
    start = MIDNIGHT + at
    key = f"fragments/cam_{at:06}.mp4"
    return TimedFragment(ObjectInfo(key, etag, 9, uploaded or start + 5), start * 1000, None, start * 1000)


def recording(state: State, *pieces: TimedFragment, is_overdue: bool = False) -> Recording:
    """What the records say of these pieces."""
    return Recording("cam_1", gid_of("cam_1"), 1, state, pieces, overdue=is_overdue, reason="why")


FIRST, SECOND, LATER, YESTERDAY = piece(0), piece(50), piece(500), piece(-500)
ALL = [YESTERDAY, FIRST, SECOND, LATER]


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        (Asked("cam", DAY), [FIRST, SECOND, LATER]),
        (Asked("cam", DAY - 1), [YESTERDAY]),
        (Asked("cam", DAY, SECOND.object.key), [FIRST, SECOND]),  # its run, and no other
        (Asked("cam", DAY, "fragments/gone.mp4"), []),
    ],
)
def test_what_lies_near_are_whole_runs(asked: Asked, near: list[TimedFragment]) -> None:
    """Those that begin, or go on, where somebody asks."""
    assert asked.near(ALL, RULE) == near


def test_a_part_belongs_to_the_day_of_its_first_piece_or_to_who_asks_for_a_piece_of_it() -> None:
    """So that each is closed by one walk."""
    over_midnight = Part((piece(-10), piece(20)))
    assert Asked("cam", DAY - 1).wants(over_midnight)
    assert not Asked("cam", DAY).wants(over_midnight)
    assert Asked("cam", DAY, piece(20).object.key).wants(over_midnight)
    assert not Asked("cam", DAY - 1, LATER.object.key).wants(over_midnight)


def test_no_record_is_read_before_some_part_may_be_over() -> None:
    """The last piece came 5 s after it began, and so long is added to the gap."""
    whole = gap.whole_at([FIRST, SECOND], RULE)
    assert not may_have_records([FIRST, SECOND], RULE, whole - 1)
    assert may_have_records([FIRST, SECOND], RULE, whole)


def test_records_are_read_where_a_part_may_have_been_closed_before_its_last_piece_came() -> None:
    """It is not whole for the moment, and most of it may be joined: who does not look would tell of that."""
    alone = gap.whole_at([FIRST], RULE)
    for came, may in ((alone - 1, False), (alone, True)):
        late = SECOND._replace(object=replace(SECOND.object, last_modified=came))
        assert may_have_records([FIRST, late], RULE, came + 1) is may


@pytest.mark.parametrize(
    ("state", "is_overdue", "there", "helped"),
    [
        ("in flight", True, FIRST, True),
        ("clean", True, FIRST, True),
        ("in flight", True, piece(0, etag="another"), True),  # what was overwritten may be all that is left of it
        ("in flight", False, FIRST, False),
        ("in flight", True, LATER, False),
        ("joined", True, FIRST, False),
    ],
)
def test_who_is_in_flight_for_longer_than_its_lease_is_helped(
    state: State, is_overdue: bool, there: TimedFragment, helped: bool
) -> None:
    """If anything lies there under one of its names: otherwise the open index finds it."""
    one = recording(state, FIRST, SECOND, is_overdue=is_overdue)
    assert overdue([one], [there]) == ([one.content_id] if helped else [])


AGAIN = piece(0, uploaded=MIDNIGHT + 9999)


@pytest.mark.parametrize(
    ("cleanup", "state", "there", "again"),
    [
        ("delete", "joined", AGAIN, True),
        ("trash", "joined", FIRST, True),  # LIST may show the past: whoever removes looks by HEAD
        ("delete", "joined", piece(0, etag="another"), False),
        ("delete", "kept", AGAIN, False),
        ("keep", "joined", AGAIN, False),
        ("expire", "joined", FIRST, False),
        ("expire", "joined", AGAIN, True),
    ],
)
def test_what_was_joined_and_lies_there_again_is_removed(
    cleanup: str, state: State, there: TimedFragment, again: bool
) -> None:
    """The same bytes, unless they never left."""
    one = recording(state, FIRST, SECOND)
    assert came_again([one], [there], cleanup) == ([one.content_id] if again else [])


def test_what_its_clean_up_left_as_it_was_is_to_expire_later() -> None:
    """A dry run, say, or a right that was missing: only those pieces."""
    one = recording("joined", FIRST, SECOND)._replace(left=frozenset({SECOND.object.key}))
    assert came_again([one], [FIRST, SECOND], "expire") == [one.content_id]
    assert came_again([one], [FIRST], "expire") == []


def test_each_part_that_is_not_closed_is_told_once() -> None:
    """Settled ones are told by their recordings, whole ones by what is done with them."""
    judged = [
        Judgement(Part((FIRST, SECOND)), "wait", "until then"),
        Judgement(Part((LATER,)), "leave", "one piece"),
        Judgement(Part((YESTERDAY,)), "settled"),
        Judgement(Part((YESTERDAY,)), "close"),
    ]
    assert [(one.group, one.action, one.reason) for one in unclosed("cam", judged)] == [
        ("cam_20240101T000000Z", "waiting", "until then"),
        ("cam_20240101T000820Z", "ignored", "one piece"),
    ]


WAITING = [Judgement(Part((FIRST, SECOND)), "wait")]
TODAY, OWN, TOMORROW = Asked("cam", DAY), Asked("cam", DAY, FIRST.object.key), Asked("cam", DAY + 1)


@pytest.mark.parametrize(
    ("state", "asked", "judged", "told"),
    [
        ("kept", TODAY, [], "kept"),
        ("gave-up", TODAY, [], "gave-up"),
        ("gave-up", OWN, [], "gave-up"),
        ("kept", TODAY, WAITING, ""),  # its pieces were told of as a part that waits
        ("kept", TOMORROW, [], ""),
        ("kept", Asked("cam", DAY, LATER.object.key), [], ""),
        ("in flight", TODAY, [], ""),
        ("in flight", OWN, [], "already-submitted"),
        ("pending", OWN, [], "already-submitted"),
        ("joined", OWN, [], "already-finished"),
        ("superseded", OWN, [], ""),
    ],
)
def test_what_ended_is_told_where_its_pieces_lie_there(
    state: State, asked: Asked, judged: list[Judgement], told: str
) -> None:
    """To everybody where nothing was joined, otherwise to who asks for one of its pieces."""
    results = ended(asked, judged, [recording(state, FIRST, SECOND)], ALL)
    assert [one.action for one in results] == ([told] if told else [])


def test_nothing_is_told_of_a_recording_whose_pieces_are_gone() -> None:
    """Its records say what became of it."""
    assert list(ended(TODAY, [], [recording("kept", FIRST)], [LATER])) == []
