"""Pieces that come after quiet time has called their group whole: joined alone, in every mode of cleaning up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.desk import Desk, only

QUIET = {"CONCAT_NAMING": "folder", "CONCAT_COMPLETION": "quiet:300"}
PIECES = [f"fragments/cam/{number}.mp4" for number in range(6)]


IN_LONGER_RUN = ("trash", "expire", "dry run")


@pytest.fixture(params=["keep", "delete", *(pytest.param(mode, marks=pytest.mark.slow) for mode in IN_LONGER_RUN)])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """In each mode: in every run where joined pieces stay and where they go at once."""
    mode = {"CONCAT_CLEANUP": request.param}
    if request.param == "dry run":
        mode = {"CONCAT_CLEANUP": "delete", "CONCAT_CLEANUP_DRY_RUN": "true"}
    with Desk({**QUIET, **mode}) as desk:
        yield desk


def seconds(desk: Desk) -> list[int]:
    """How long each output is."""
    store, bucket = desk.cloud.store, desk.cloud.bucket
    return [len(store.get(bucket, key) or b"") // 1000 for key in desk.keys("output/")]


def removes(desk: Desk) -> bool:
    """Whether what was joined goes at once."""
    return desk.services.config.cleanup in ("delete", "trash") and not desk.services.config.cleanup_dry_run


def join(desk: Desk) -> None:
    """Quiet time passes, the sweep finds the group, its job ends."""
    desk.later(301)
    before = len(desk.jobs)
    desk.sweep()
    assert len(desk.jobs) == before + 1
    assert only(desk.call_back()).action == "finished"


def join_in_two(desk: Desk) -> None:
    """Two pieces are joined, then a late third by itself."""
    desk.arrive(*PIECES[1:3])
    join(desk)
    desk.arrive(PIECES[3])
    join(desk)


def test_late_pieces_are_joined_alone_and_nothing_is_joined_twice(desk: Desk) -> None:
    """Whether or not the pieces that were joined still lie there."""
    desk.arrive(*PIECES[1:3])
    join(desk)
    desk.arrive(*PIECES[3:5])
    join(desk)
    desk.arrive(PIECES[5])
    join(desk)
    assert desk.keys("output/") == ["output/cam.mp4", "output/cam.r0002.mp4", "output/cam.r0003.mp4"]
    assert seconds(desk) == [20, 20, 10]
    for _ in range(3):  # nothing more comes of what lies there
        desk.later(301)
        desk.sweep()
    assert len(desk.jobs) == 3


@pytest.mark.parametrize("again", [PIECES[1:2], PIECES[1:4]], ids=["of an earlier join", "of several joins"])
def test_what_was_joined_may_come_again(again: list[str], desk: Desk) -> None:
    """Each piece is removed because of the output that holds it, like any identical upload, and never joined again."""
    join_in_two(desk)
    desk.later(10)
    desk.arrive(*again)
    for _ in range(2):
        desk.later(301)
        desk.sweep()
    assert len(desk.jobs) == 2
    if removes(desk):
        assert desk.keys("fragments/") == []


def test_late_pieces_on_both_sides_are_one_recording(desk: Desk) -> None:
    """One job, not one for each sweep: a late piece is no newcomer to the join of another late one."""
    desk.arrive(*PIECES[1:4])
    join(desk)
    desk.arrive(PIECES[0], PIECES[4])
    join(desk)
    assert seconds(desk) == [30, 20]
    for _ in range(3):
        desk.later(301)
        desk.sweep()
    assert len(desk.jobs) == 2


def test_an_older_version_beside_a_newer_one_is_a_correction(desk: Desk) -> None:
    """Each of the two pieces lies in some output, but not in the same one."""
    desk.arrive(*PIECES[1:3], content="a")
    join(desk)
    desk.arrive(*PIECES[1:3], content="b")
    join(desk)
    desk.arrive(PIECES[1], content="a")
    desk.arrive(PIECES[2], content="b")
    join(desk)
    assert seconds(desk) == [20, 20, 20]


def test_one_piece_of_an_earlier_join_may_come_again(desk: Desk) -> None:
    """Numbers are missing beside it, and what was joined last does not hold it: another output does."""
    desk.arrive(*PIECES[1:4])
    join(desk)
    desk.arrive(PIECES[4])
    join(desk)
    desk.later(10)
    desk.arrive(PIECES[2])
    for _ in range(2):
        desk.later(301)
        desk.sweep()
    assert len(desk.jobs) == 2
    if removes(desk):
        assert desk.keys("fragments/") == []
        assert desk.report()["incomplete"] == {}


def test_nothing_is_removed_whose_own_output_is_gone(desk: Desk) -> None:
    """What two joins hold came again while one output was lost: what was uploaded since is joined anew, all of it."""
    join_in_two(desk)
    desk.cloud.store.delete(desk.cloud.bucket, "output/cam.mp4")
    desk.later(10)
    desk.arrive(*PIECES[1:4])
    join(desk)
    assert seconds(desk) in ([30, 10], [10, 30])


def test_a_correction_takes_in_what_comes_again_while_its_first_piece_is_joined() -> None:
    """The others are the same bytes as before: uploaded since, they belong to the corrected recording."""
    with Desk(QUIET) as desk:
        desk.arrive(*PIECES[1:4])
        join(desk)
        desk.arrive(PIECES[1], content="corrected")
        desk.later(301)
        desk.sweep()
        desk.arrive(*PIECES[2:4])
        assert only(desk.call_back()).action == "superseded"
        join(desk)
        assert desk.keys("fragments/") == []
        assert seconds(desk) == [30, 10, 30]


def test_a_correction_that_came_too_slowly_can_be_uploaded_as_a_whole() -> None:
    """Its first piece was joined alone; what came after it is kept, until the whole of it is there."""
    with Desk(QUIET) as desk:
        desk.arrive(*PIECES[1:4])
        join(desk)
        desk.arrive(PIECES[1], content="corrected")
        join(desk)
        desk.arrive(*PIECES[2:4])
        for _ in range(2):
            desk.later(301)
            desk.sweep()
        assert desk.report()["incomplete"]["cam"]["missing"] == [1]
        desk.arrive(PIECES[1], content="corrected")
        join(desk)
        assert desk.keys("fragments/") == []
        assert seconds(desk) == [30, 10, 30]


def test_pieces_without_a_number_do_not_tear_a_group_apart() -> None:
    """A camera's first film has no number: after an output that was given up all of the pieces are joined anew."""
    pieces = [f"fragments/100/{name}.MP4" for name in ("GOPR1234", "GP011234", "GP021234")]
    with Desk({"CONCAT_NAMING": "gopro", "CONCAT_COMPLETION": "quiet:300"}) as desk:
        desk.arrive(*pieces)
        desk.later(301)
        desk.sweep()
        desk.put(pieces[2], "other")
        assert only(desk.call_back()).action == "superseded"
        desk.later(301)
        desk.sweep()
        said = desk.callback()  # the job has ended
        desk.cloud.store.put(desk.cloud.bucket, "output/100/1234.r0002.mp4", b"damaged")
        assert only(desk.hear(said)).action == "gave-up"
        desk.later(2)
        desk.arrive(*pieces, content="anew")
        join(desk)
        assert desk.keys("fragments/") == []


def test_what_follows_a_film_without_a_number_may_come_late() -> None:
    """Where the numbers behind it began with 2, nobody waits for a 1."""
    films = [f"fragments/v{number}.mp4" for number in ("", "-2", "-3", "-4")]
    with Desk({"CONCAT_NAMING": "{group}(-{index})?.{ext}", "CONCAT_COMPLETION": "quiet:300"}) as desk:
        desk.arrive(*films[:3])
        join(desk)
        desk.arrive(films[3])
        join(desk)
        assert desk.keys("fragments/") == []
