"""What a slot and a grant hold, without a fake: by what was judged, and by the last slot of the day."""

from __future__ import annotations

from dataclasses import replace

from cosconcat.groups.gap import Part, Rule, TimedFragment
from cosconcat.groups.recordings import Recording, State
from cosconcat.model import ObjectInfo, gid_of
from cosconcat.protocol.reserving import grant_slot, main_slot
from cosconcat.records.slots import Interval, Slot

DAY = 19_723  # 2024-01-01
MIDNIGHT = DAY * 86_400
RULE = Rule(gap=60, max_length=86_400, max_fragments=100, longest_lag=3600)


def piece(at: int, length: int = 50, zone: int = 0) -> TimedFragment:
    """A piece that starts so many seconds after midnight, as it is written `zone` seconds east of UTC."""
    start = MIDNIGHT + at
    found = ObjectInfo(f"fragments/cam_{at:06}.mp4", "e", 9, start + length + 5)
    return TimedFragment(found, (start - zone) * 1000, (start + length - zone) * 1000, start * 1000)


def recording(state: State, *pieces: TimedFragment, rejoined: int = 0) -> Recording:
    """What the records say of these pieces."""
    return Recording("cam_1", gid_of("cam_1"), 1, state, pieces, rejoined=rejoined)


def slot_of(
    *pieces: TimedFragment, newest: Slot | None = None, recordings: tuple[Recording, ...] = (), cut: str = ""
) -> Slot:
    """The slot of a part that consists of these pieces."""
    return main_slot("cam", Part(pieces, cut), pieces, recordings, newest, RULE)


LAST, FIRST, SECOND, THIRD = piece(-50), piece(0), piece(50), piece(100)
ACROSS = slot_of(LAST, FIRST, SECOND)


def test_a_slot_holds_the_pieces_of_its_day_and_wishes_for_those_of_the_next() -> None:
    """Under the name of its source and its start; the times are those of all of them."""
    assert (ACROSS.day, ACROSS.group, ACROSS.kind) == ("2023-12-31", "cam_20231231T235910Z", "main")
    assert (ACROSS.pieces, ACROSS.next) == ((LAST.object,), (FIRST.object, SECOND.object))
    assert (ACROSS.first, ACROSS.last) == (LAST.written, SECOND.written_end)


def test_a_piece_of_a_third_day_is_not_wished_for() -> None:
    """A slot speaks of two days; what lies beyond is judged anew."""
    assert slot_of(LAST, piece(0, 86_400), piece(86_400)).next == (piece(0, 86_400).object,)


def test_the_first_slot_of_a_day_has_number_one_and_each_later_one_remembers_all_before_it() -> None:
    """So that one GET shows a day."""
    second = slot_of(THIRD, newest=slot_of(FIRST))
    assert (slot_of(FIRST).k, second.k) == (1, 2)
    assert second.before == slot_of(FIRST).intervals
    assert second.rev == 1


def test_a_recording_that_is_reserved_again_has_the_next_rev() -> None:
    """Grants under its name are none of its revs."""
    once = slot_of(FIRST)
    again = slot_of(FIRST, newest=once)
    granted = replace(once, kind="grant")
    assert (again.group, again.rev) == (once.group, 2)
    assert slot_of(FIRST, newest=granted).rev == 1


def test_a_slot_counts_how_often_its_pieces_were_superseded() -> None:
    """At most, over all whose pieces it takes in; others do not count."""
    before = (
        recording("superseded", FIRST, rejoined=1),
        recording("superseded", SECOND),
        recording("superseded", THIRD, rejoined=7),
        recording("kept", FIRST, rejoined=5),
    )
    assert slot_of(FIRST, SECOND, recordings=before).rejoined == 2
    assert slot_of(FIRST, SECOND).rejoined == 0


def test_a_slot_says_where_its_run_was_cut() -> None:
    """For the report."""
    assert "cut by CONCAT_MAX_LENGTH" in slot_of(FIRST, cut="CONCAT_MAX_LENGTH").note
    assert slot_of(FIRST).note == ""


def test_a_grant_holds_what_is_wanted_up_to_the_first_piece_of_another() -> None:
    """Numbered after the last slot of that day, in the name of who wants it."""
    newest = Slot(4, "main", "2024-01-01", "cam_2", 1, (SECOND.object,), SECOND.written, SECOND.written_end)
    grant = grant_slot(ACROSS, [FIRST, SECOND], [recording("in flight", SECOND)], newest)
    assert grant is not None
    assert (grant.k, grant.kind, grant.day) == (5, "grant", "2024-01-01")
    assert (grant.content_id, grant.pieces) == (ACROSS.content_id, (FIRST.object,))
    assert (grant.first, grant.last, grant.before) == (FIRST.written, FIRST.written_end, newest.intervals)


def test_nothing_is_granted_where_the_first_piece_is_anothers() -> None:
    """Then the day after has no slot of ours at all."""
    assert grant_slot(ACROSS, [FIRST, SECOND], [recording("joined", FIRST)], None) is None


def test_what_ended_without_a_join_holds_back_no_grant() -> None:
    """Its pieces are nobody's."""
    grant = grant_slot(ACROSS, [FIRST, SECOND], [recording("gave-up", FIRST)], None)
    assert grant is not None
    assert (grant.k, grant.pieces, grant.before) == (1, (FIRST.object, SECOND.object), ())


def test_times_are_kept_as_they_are_written() -> None:
    """A change of CONCAT_TIMEZONE moves no slot to another day."""
    slot = slot_of(piece(10, zone=3600), piece(60, zone=3600))
    assert (slot.day, slot.first, slot.last) == ("2024-01-01", (MIDNIGHT + 10) * 1000, (MIDNIGHT + 110) * 1000)
    assert slot.group == "cam_20231231T230010Z"


def test_an_interval_and_its_slot_name_the_same_recording() -> None:
    """By which grants and claims find it."""
    [interval] = ACROSS.intervals
    assert interval == Interval(1, ACROSS.first, ACROSS.last, "main", ACROSS.gid, 1)
    assert interval.content_id == ACROSS.content_id
