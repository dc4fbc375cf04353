"""What is said of a group, for each convention and each way to know that it is whole."""

from __future__ import annotations

import pytest

from cosconcat.config import Config
from cosconcat.groups.survey import newcomers, survey
from cosconcat.groups.verdicts import Invalid, NoFragments, Verdict, Waiting, Whole
from cosconcat.model import Media
from cosconcat.naming.keys import FragmentName
from cosconcat.output.key import output_key, resolved_output_key
from cosconcat.records.records import Done
from cosconcat.submission.submit import first_claim
from tests.simulation.counted import in_memory
from tests.simulation.models.objects import Content
from tests.support.shelf import BUCKET, NOW, Shelf

PART_OF = Config(BUCKET)
DIRECT = Config(BUCKET, direct=True)
FOLDER = Config(BUCKET, naming="folder", completion="marker")
QUIET = Config(BUCKET, naming="folder", completion="quiet", quiet_seconds=300)
TIMED = Config(BUCKET, naming="timestamp", completion="quiet", quiet_seconds=300, max_gap_seconds=600)
IN = "fragments/"
WINDOW_END = 1_733_050_800  # 2024-12-01T11:00:00Z


def look(shelf: Shelf, config: Config, group: str, own: str = "") -> Verdict:
    """The verdict on a group."""
    return survey(shelf.services(config), group, own and IN + own)


def parts(*numbers: int, of: int, group: str = "v") -> Shelf:
    """A bucket with some parts of a group."""
    return Shelf().store(*(f"{IN}{group}.part{number}-of-{of}.mp4" for number in numbers))


def whole(verdict: Verdict) -> list[str]:
    """The keys of a whole group below the input prefix, in order."""
    assert isinstance(verdict, Whole), verdict
    return [fragment.object.key.removeprefix(IN) for fragment in verdict.set.fragments]


def waiting(verdict: Verdict) -> Waiting:
    """The verdict, which must be waiting."""
    assert isinstance(verdict, Waiting), verdict
    return verdict


def invalid(verdict: Verdict) -> str:
    """Why the group is invalid."""
    assert isinstance(verdict, Invalid), verdict
    return verdict.reason


def test_a_group_is_joined_in_the_order_of_its_numbers() -> None:
    """Part 10 comes after part 9, not after part 1."""
    verdict = look(parts(*range(1, 13), of=12), PART_OF, "v", "v.part12-of-12.mp4")
    assert whole(verdict) == [f"v.part{number}-of-12.mp4" for number in range(1, 13)]


def test_a_group_may_count_from_0() -> None:
    """Then its last number is one less than the total."""
    assert len(whole(look(parts(0, 1, 2, of=3), PART_OF, "v"))) == 3


def test_spellings_zeros_and_cases_mix_in_one_group() -> None:
    """A look without an event sees every spelling, also when its group has more neighbours than one page."""
    keys = ["v.part01-of-3.mp4", "v_PART_2_of_03.MP4", "v-3of3.ts"]
    shelf = Shelf().store(*(IN + key for key in keys))
    assert whole(look(shelf, PART_OF, "v")) == keys
    shelf.store(*(f"{IN}v{number}.part1-of-2.mp4" for number in range(1500)))
    assert whole(look(shelf, PART_OF, "v")) == keys


def test_what_is_missing_is_named() -> None:
    """By number, in runs, with the time since when."""
    found = waiting(look(parts(1, 5, 9, of=9), PART_OF, "v", "v.part5-of-9.mp4"))
    assert found.reason == "6 of 9 are missing: 2-4, 6-8"
    assert found.missing == (2, 3, 4, 6, 7, 8)
    assert found.since == NOW - 1000


def test_a_group_without_objects_is_gone() -> None:
    """Its event came late, or twice."""
    assert isinstance(look(Shelf(), PART_OF, "v", "v.part1-of-2.mp4"), NoFragments)


def test_the_event_s_own_key_counts_before_the_listing_shows_it() -> None:
    """Otherwise the last event would find the group incomplete, and nobody would come again."""
    shelf = parts(1, 2, of=2)
    shelf.hidden = {IN + "v.part2-of-2.mp4"}
    assert len(whole(look(shelf, PART_OF, "v", "v.part2-of-2.mp4"))) == 2


def test_without_any_declared_total_a_group_waits_for_one() -> None:
    """An own expression may leave the total out of some names, but not out of all."""
    config = Config(BUCKET, naming=r"(?P<group>\w+)-(?P<index>\d)(?:of(?P<total>\d))?\.ts")
    shelf = Shelf().store(IN + "v-1.ts", IN + "v-2.ts")
    assert waiting(look(shelf, config, "v", "v-2.ts")).reason == "no name declares a total"
    assert len(whole(look(shelf.store(IN + "v-3of3.ts"), config, "v", "v-1.ts"))) == 3


@pytest.mark.parametrize("zeros", [2, 4])
@pytest.mark.parametrize("hidden", [(3,), (1, 4), (1,), (10,)])
def test_two_fragments_that_the_listing_hides_are_looked_for(hidden: tuple[int, ...], zeros: int) -> None:
    """Their keys follow from the others."""
    shelf = Shelf().store(*(f"{IN}v.part{number:0{zeros}}-of-10.mp4" for number in range(1, 11)))
    shelf.hidden = {f"{IN}v.part{number:0{zeros}}-of-10.mp4" for number in hidden}
    assert len(whole(look(shelf, PART_OF, "v", f"v.part{5:0{zeros}}-of-10.mp4"))) == 10


@pytest.mark.parametrize(
    ("keys", "parts_of_reason"),
    [
        (["v.part1-of-2.mp4", "v.part1-of-2.mov"], ["v.part1-of-2.mp4", "v.part1-of-2.mov", "same place"]),
        (["v.part1-of-2.mp4", "v.part01-of-2.mp4"], ["v.part1-of-2.mp4", "v.part01-of-2.mp4", "same place"]),
        (["v.part1-of-2.mp4", "v.part2-of-3.mp4"], ["v.part1-of-2.mp4", "v.part2-of-3.mp4", "different totals"]),
        (["v.part1-of-2.mp4", "v.part3-of-2.mp4"], ["v.part3-of-2.mp4", "beyond the total of 2"]),
        (["v.part0-of-2.mp4", "v.part2-of-2.mp4"], ["v.part0-of-2.mp4", "v.part2-of-2.mp4", "from 0"]),
    ],
)
def test_a_group_at_odds_is_invalid_and_names_the_keys(keys: list[str], parts_of_reason: list[str]) -> None:
    """Duplicates, totals that disagree, a number beyond the total, counting from 0 and from 1."""
    reason = invalid(look(Shelf().store(*(IN + key for key in keys)), PART_OF, "v", keys[0]))
    assert all(part in reason for part in parts_of_reason), reason


def test_an_empty_object_makes_its_group_invalid() -> None:
    """A broken upload is no recording."""
    shelf = parts(1, 2, of=2).store(IN + "v.part2-of-2.mp4", body=b"")
    assert invalid(look(shelf, PART_OF, "v")) == f"{IN}v.part2-of-2.mp4 is empty (0 bytes)"


def test_types_may_differ_only_where_they_are_transcoded() -> None:
    """DirectConcat copies streams as they are."""
    shelf = Shelf().store(IN + "v.part1-of-2.mp4", IN + "v.part2-of-2.MOV")
    assert len(whole(look(shelf, PART_OF, "v"))) == 2
    reason = invalid(look(shelf, DIRECT, "v"))
    assert "v.part1-of-2.mp4" in reason
    assert "v.part2-of-2.MOV" in reason


@pytest.mark.parametrize("own", ["", "v.part1-of-101.mp4"])
def test_a_group_larger_than_the_limit_is_invalid_with_the_way_out(own: str) -> None:
    """Its declared size is enough to know."""
    reason = invalid(look(parts(1, of=101), PART_OF, "v", own))
    assert "101 fragments" in reason
    assert "CONCAT_MAX_FRAGMENTS=100" in reason
    assert "larger pieces" in reason


def test_a_folder_waits_for_its_marker() -> None:
    """However complete it looks."""
    shelf = Shelf().store(IN + "a/1.mp4", IN + "a/2.mp4")
    found = waiting(look(shelf, FOLDER, "a", "a/2.mp4"))
    assert (found.reason, found.awaits) == ("waiting for the marker", "marker")


@pytest.mark.parametrize(
    ("marker", "body"),
    [("a/_DONE", b""), ("a/_DONE", b"3"), ("a/all.done", b" 3\r\n"), ("a/3.final", b""), ("a/3.final", b"ignored")],
)
def test_each_marker_makes_a_folder_whole(marker: str, body: bytes) -> None:
    """With or without a count, and it becomes part of the set."""
    shelf = Shelf().store(*(f"{IN}a/clip {number}.mp4" for number in (1, 2, 3))).store(IN + marker, body=body)
    verdict = look(shelf, FOLDER, "a", marker)
    assert whole(verdict) == ["a/clip 1.mp4", "a/clip 2.mp4", "a/clip 3.mp4"]
    assert isinstance(verdict, Whole)
    assert verdict.set.marker == shelf.info(IN + marker)


def test_a_marker_older_than_a_fragment_does_not_count() -> None:
    """It was put for an earlier recording; one of the same second counts."""
    shelf = Shelf().store(IN + "a/1.mp4", IN + "a/2.mp4").store(IN + "a/_DONE", body=b"", at=NOW - 1001)
    assert "older than fragments/a/" in waiting(look(shelf, FOLDER, "a", "a/_DONE")).reason
    shelf.store(IN + "a/_DONE", body=b"", at=NOW - 1000)
    assert len(whole(look(shelf, FOLDER, "a"))) == 2


def test_the_newest_marker_is_the_one_that_counts() -> None:
    """An old one may have been left behind."""
    shelf = (
        Shelf()
        .store(IN + "a/1.mp4", IN + "a/2.mp4")
        .store(IN + "a/9.final", at=NOW - 5000)
        .store(IN + "a/_DONE", body=b"2")
    )
    assert len(whole(look(shelf, FOLDER, "a"))) == 2


def test_a_folder_is_never_joined_across_a_gap() -> None:
    """Neither in the middle, nor at the beginning, nor before the count of the marker."""
    shelf = Shelf().store(IN + "a/1.mp4", IN + "a/3.mp4").store(IN + "a/_DONE", body=b"", at=NOW)
    assert waiting(look(shelf, FOLDER, "a")).missing == (2,)
    shelf = Shelf().store(IN + "a/2.mp4", IN + "a/3.mp4").store(IN + "a/_DONE", body=b"", at=NOW)
    assert waiting(look(shelf, FOLDER, "a")).missing == (1,)
    shelf = Shelf().store(IN + "a/0.mp4", IN + "a/1.mp4").store(IN + "a/3.final", body=b"", at=NOW)
    assert waiting(look(shelf, FOLDER, "a")).missing == (2,)


@pytest.mark.parametrize("hidden", ["a/0.mp4", "a/3.mp4", "a/2.mp4"])
def test_a_hidden_first_or_last_number_is_found_before_a_folder_is_whole(hidden: str) -> None:
    """Where nothing says how many there are, the neighbours are looked for."""
    shelf = Shelf().store(*(f"{IN}a/{number}.mp4" for number in range(4))).store(IN + "a/_DONE", body=b"")
    shelf.hidden = {IN + hidden}
    assert len(whole(look(shelf, FOLDER, "a"))) == 4


def test_a_neighbour_that_is_no_fragment_does_not_matter() -> None:
    """Its key only looks like the next one."""
    config = Config(BUCKET, naming=r"(?P<group>\w+)/(?P<index>[1-9])\.mp4", completion="marker")
    shelf = Shelf().store(*(f"{IN}a/{number}.mp4" for number in range(11))).store(IN + "a/_DONE", body=b"")
    assert len(whole(look(shelf, config, "a"))) == 9


def test_more_fragments_than_a_marker_counts_are_invalid() -> None:
    """Even if the listing hides the one too many."""
    shelf = Shelf().store(*(f"{IN}a/{number}.mp4" for number in (1, 2, 3))).store(IN + "a/2.final", body=b"")
    assert "beyond the total of 2" in invalid(look(shelf, FOLDER, "a"))
    shelf.hidden = {IN + "a/3.mp4"}
    assert "beyond the total of 2" in invalid(look(shelf, FOLDER, "a"))


@pytest.mark.parametrize("body", [b"three", b"-1", b"1" * 65, b"1 2"])
def test_a_marker_with_other_content_is_invalid(body: bytes) -> None:
    """It is meant to hold the number of fragments."""
    shelf = Shelf().store(IN + "a/1.mp4").store(IN + "a/_DONE", body=body)
    assert f"{IN}a/_DONE must be empty or hold the number" in invalid(look(shelf, FOLDER, "a"))
    assert shelf.calls["get"] == (1 if len(body) <= 64 else 0)


def test_a_marker_without_fragments_waits() -> None:
    """They may come, or somebody removed them by hand."""
    shelf = Shelf().store(IN + "a/_DONE", body=b"")
    assert "no fragment" in waiting(look(shelf, FOLDER, "a", "a/_DONE")).reason


def test_a_marker_beside_a_group_with_totals_has_to_agree_with_them() -> None:
    """Both conditions hold where both are given."""
    config = Config(BUCKET, completion="marker")
    shelf = parts(1, 2, of=2)
    assert waiting(look(shelf, config, "v", "v.part2-of-2.mp4")).awaits == "marker"
    assert len(whole(look(shelf.store(IN + "v.done", body=b""), config, "v", "v.done"))) == 2
    shelf.store(IN + "v.3.final", at=NOW)
    assert "counts 3" in invalid(look(shelf, config, "v", "v.3.final"))


def test_quiet_time_is_measured_on_the_service_s_clock() -> None:
    """From the newest fragment on, and until when is told."""
    shelf = Shelf().store(IN + "a/1.mp4", at=NOW - 900).store(IN + "a/2.mp4", at=NOW - 299)
    found = waiting(look(shelf, QUIET, "a", "a/2.mp4"))
    assert (found.until, found.awaits) == (NOW + 1, "quiet")
    shelf.now += 1
    assert len(whole(look(shelf, QUIET, "a"))) == 2


def times(*minutes: int, at: int = NOW) -> Shelf:
    """A bucket with recordings that start at minutes after ten."""
    return Shelf().store(*(f"{IN}cam_20241201T10{minute:02}00Z.mp4" for minute in minutes), at=at)


def test_a_window_is_whole_when_it_has_passed_and_all_is_quiet() -> None:
    """In the order of time; places count from 0."""
    shelf = times(50, 5, 10, 0)
    own = "cam_20241201T105000Z.mp4"
    whole_at = WINDOW_END + 2800 + 300  # the piece of 10:00 took 2,800 s: one of 10:59 may, too
    shelf.now = whole_at - 1
    assert waiting(look(shelf, TIMED, "cam_20241201T100000Z", own)).until == whole_at
    shelf.now = whole_at
    verdict = look(shelf, TIMED, "cam_20241201T100000Z")
    assert whole(verdict) == [f"cam_20241201T10{minute:02}00Z.mp4" for minute in (0, 5, 10, 50)]
    assert isinstance(verdict, Whole)
    assert [fragment.index for fragment in verdict.set.fragments] == [0, 1, 2, 3]
    assert verdict.note == f"gap of 2400 s between {IN}cam_20241201T101000Z.mp4 and {IN}cam_20241201T105000Z.mp4"


def test_a_window_that_has_passed_still_waits_for_quiet() -> None:
    """The last upload may not be the last one."""
    shelf = times(0, 5, at=WINDOW_END + 5000)
    shelf.now = WINDOW_END + 5299
    assert waiting(look(shelf, TIMED, "cam_20241201T100000Z")).until == WINDOW_END + 5300


def test_a_window_waits_for_the_piece_that_is_still_being_recorded() -> None:
    """Pieces of 15 minutes: the one that starts at 10:50 arrives at 11:05, after the window and its quiet time."""
    shelf = Shelf()
    for minute in (5, 20, 35):
        start = WINDOW_END - 3600 + minute * 60
        shelf.store(f"{IN}cam_20241201T10{minute:02}00Z.mp4", at=start + 905)
    shelf.now = WINDOW_END + 301  # quiet for ten minutes, and the window has passed
    assert waiting(look(shelf, TIMED, "cam_20241201T100000Z")).until == WINDOW_END + 905 + 300
    shelf.store(f"{IN}cam_20241201T105000Z.mp4", at=WINDOW_END + 305)
    shelf.now = WINDOW_END + 1205
    assert len(whole(look(shelf, TIMED, "cam_20241201T100000Z"))) == 4


def test_last_year_s_files_are_not_waited_for() -> None:
    """What arrives long after its start was not uploaded as it was recorded: only quiet time counts."""
    shelf = times(0, 15, 30, at=WINDOW_END + 86400)
    shelf.now = WINDOW_END + 86400 + 300
    assert len(whole(look(shelf, TIMED, "cam_20241201T100000Z"))) == 3


def test_a_clock_that_is_ahead_does_not_shorten_the_wait() -> None:
    """A piece that arrives before its start says nothing about how long pieces take."""
    shelf = times(0, 30, at=WINDOW_END - 3600 - 100)
    shelf.now = WINDOW_END + 299
    assert waiting(look(shelf, TIMED, "cam_20241201T100000Z")).until == WINDOW_END + 300


def test_two_recordings_of_one_moment_are_invalid() -> None:
    """Whichever came first cannot be known."""
    shelf = times(5).store(IN + "cam_20241201T180500+0800.mp4", at=NOW)
    shelf.now = WINDOW_END
    reason = invalid(look(shelf, TIMED, "cam_20241201T100000Z"))
    assert "cam_20241201T100500Z.mp4" in reason
    assert "cam_20241201T180500+0800.mp4" in reason


def test_the_output_key_is_filled_in() -> None:
    """The API's wildcards stay for the API; what the key will be is known unless it holds the job's id."""
    config = Config(BUCKET, output_key="o/{date}/{group}-{fingerprint}.{ext}", format="hls")
    verdict = look(parts(1, 2, of=2, group="课 {ex}"), config, "课 {ex}")
    assert isinstance(verdict, Whole)
    key = f"o/2024-12-01/课 {{ex}}-{verdict.set.fingerprint}"
    assert output_key(config, verdict.set) == key + ".${ext}"
    assert resolved_output_key(config, verdict.set) == key + ".m3u8"
    unknown = Config(BUCKET, output_key="o/{jobid}.${ext}")
    assert output_key(unknown, verdict.set) == "o/${jobid}.${ext}"
    assert resolved_output_key(unknown, verdict.set) is None


def test_a_group_whose_result_would_have_too_long_a_key_is_invalid() -> None:
    """Before a job is paid for that cannot write."""
    config = Config(BUCKET, output_key="output/{fingerprint}/{group}/{group}.{ext}")
    group = "x" * 390
    assert "COS allows 850" in invalid(look(parts(1, 2, of=2, group=group), config, group))
    assert len(whole(look(parts(1, 2, of=2, group=group), PART_OF, group))) == 2


@pytest.mark.parametrize("key", ["o/{jobid}.{ext}", "o/${jobid}.${ext}", "o/${jobid}.{ext}"])
def test_both_spellings_of_the_wildcards_are_taken(key: str) -> None:
    """`{ext}` survives shells; `${ext}` is what the API reads."""
    config = Config(BUCKET, output_key=key)
    verdict = look(parts(1, of=1), config, "v")
    assert isinstance(verdict, Whole)
    assert output_key(config, verdict.set) == "o/${jobid}.${ext}"


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        ("cam", "start of a window"),
        ("cam_20241301T000000Z", "month"),
        ("cam_20241201T250000Z", "hour"),
        ("cam_20241201T100000+9999", "no time zone"),
        ("cam_99991231T235959Z", "no date and time"),
    ],
)
def test_a_group_that_no_window_belongs_to_is_invalid(group: str, reason: str) -> None:
    """Somebody asked for it by hand."""
    assert reason in invalid(look(Shelf(), TIMED, group))


@pytest.mark.parametrize(
    ("config", "keys"),
    [
        (FOLDER, ["trip/VID_30241201.mp4"]),
        (FOLDER, ["trip/1.mp4", "trip/999999999.mp4"]),
        (QUIET, ["trip/0.mp4", "trip/100.mp4"]),
        (FOLDER, ["trip/101.mp4"]),
        (Config(BUCKET, naming=r"(?P<group>\w+)/(?P<index>\d+)\.ts", completion="marker"), ["trip/123456789012345.ts"]),
    ],
)
def test_a_number_beyond_the_limit_is_invalid_before_anything_counts_up_to_it(config: Config, keys: list[str]) -> None:
    """A date for a number: the list of what is missing would fill the memory, and nothing would ever make it whole."""
    shelf = Shelf().store(*(IN + key for key in keys))
    reason = invalid(look(shelf, config, "trip", keys[0]))
    assert "CONCAT_MAX_FRAGMENTS=100" in reason
    assert any(key in reason for key in keys)
    assert reason == invalid(look(shelf, config, "trip"))


def test_numbers_up_to_the_limit_are_waited_for() -> None:
    """From 1 up to it, from 0 up to one less."""
    assert len(waiting(look(Shelf().store(IN + "trip/100.mp4"), QUIET, "trip")).missing) == 99
    shelf = Shelf().store(IN + "trip/0.mp4", IN + "trip/99.mp4")
    assert len(waiting(look(shelf, QUIET, "trip")).missing) == 98


def test_a_huge_total_is_invalid_however_the_group_is_completed() -> None:
    """Nothing is listed up to a number that somebody wrote into a name."""
    for config in (PART_OF, Config(BUCKET, completion="marker"), Config(BUCKET, completion="quiet", quiet_seconds=1)):
        for own in ("v.part1-of-999999.mp4", ""):
            shelf = parts(1, of=999999).store(IN + "v.done", body=b"999999")
            assert "has 999999 fragments" in invalid(look(shelf, config, "v", own))


def test_a_page_full_of_pieces_still_says_until_when_it_waits() -> None:
    """Only what is missing cannot be told from one page."""
    config = Config(BUCKET, naming="folder", completion="quiet", quiet_seconds=2000, max_fragments=5000)
    shelf = Shelf().store(*(f"{IN}a/{number}.mp4" for number in range(2, 2000)))
    found = waiting(look(shelf, config, "a", "a/2.mp4"))
    assert (found.until, found.missing, found.awaits) == (NOW + 1000, (), "quiet")
    shelf.now += 5000
    assert "by the sweep" in waiting(look(shelf, config, "a", "a/2.mp4")).reason
    assert waiting(look(shelf, config, "a")).missing == (1,)


def test_a_late_piece_is_a_newcomer() -> None:
    """After a marker and after quiet time, by listing or by its number; a total leaves no room for one."""
    for config, marker in ((FOLDER, "a/_DONE"), (QUIET, "a/readme.txt")):
        shelf = Shelf().store(IN + "a/1.mp4", IN + "a/2.mp4").store(IN + marker, body=b"")
        verdict = look(shelf, config, "a")
        assert isinstance(verdict, Whole)
        services = shelf.services(config)
        assert newcomers(services, verdict.set) == ()
        shelf.store(IN + "a/other 7.mp4", IN + "a/3.mp4", IN + "b/4.mp4")
        assert newcomers(services, verdict.set) == (IN + "a/3.mp4", IN + "a/other 7.mp4")
        shelf.hidden = {IN + "a/3.mp4", IN + "a/other 7.mp4"}
        assert newcomers(services, verdict.set) == (IN + "a/3.mp4",)


@pytest.mark.parametrize(
    ("naming", "keys"),
    [
        (r"(?P<group>cam1)/[0-9]+-(?P<time>[0-9]{14})\.mp4", ["cam1/01-20241201100000", "cam1/02-20241201101000"]),
        (r"[0-9-]+/(?P<group>[a-z]+)_(?P<index>[0-9]+)\.mp4", ["2024-12-01/rec_1", "2024-12-02/rec_2"]),
        (r"(?P<group>cam1)/[0-9]{2}/(?P<time>[0-9]{14})\.mp4", ["cam1/10/20241201100000", "cam1/11/20241201105900"]),
        ("timestamp", ["cam1_20241201T100000Z", "cam1_2024-12-01T10:10:00Z"]),
    ],
)
def test_a_late_event_never_calls_its_own_spelling_the_whole_group(naming: str, keys: list[str]) -> None:
    """The look of a fragment's event is narrowed to keys written like it: others of its group would be left behind."""
    config = Config(BUCKET, naming=naming, completion="quiet", quiet_seconds=300)
    names = [f"{key}.mp4" for key in keys]
    shelf = Shelf(now=WINDOW_END + 4000).store(*(IN + name for name in names))
    read = config.convention.read(IN + names[0])
    assert isinstance(read, FragmentName)
    assert "every spelling" in waiting(look(shelf, config, read.group, names[0])).reason
    waiting(look(shelf, config, read.group, names[1]))
    assert whole(look(shelf, config, read.group)) == names


def test_newcomers_in_another_spelling_are_seen() -> None:
    """At commit the whole group is looked at, not only what is written like its first piece."""
    shelf = Shelf(now=WINDOW_END + 4000).store(IN + "cam1_20241201T100000Z.mp4")
    verdict = look(shelf, TIMED, "cam1_20241201T100000Z")
    assert isinstance(verdict, Whole)
    shelf.store(IN + "cam1_2024-12-01T10:10:00Z.mp4")
    assert newcomers(shelf.services(TIMED), verdict.set) == (IN + "cam1_2024-12-01T10:10:00Z.mp4",)


def test_the_rest_after_a_join_that_quiet_time_began_too_early_is_joined_after_it() -> None:
    """Pieces 1 and 2 were joined and removed; 3 to 5 are the next content, and do not wait for 1 for ever."""
    memory = in_memory(CONCAT_NAMING="folder", CONCAT_COMPLETION="quiet:300")
    services, bucket = memory.services, memory.config.bucket.name
    pieces = [f"fragments/a/{number}.mp4" for number in range(6)]
    for key in pieces[1:3]:
        memory.put(key)
    memory.world.now += 301
    first = survey(services, "a")
    assert isinstance(first, Whole)
    services.ledger.create_claim(first_claim(services, first.set, 1, "output/a.mp4"))
    services.ledger.create_done(first_claim(services, first.set, 1, "output/a.mp4"), Done("joined", "", "o", "j1"))
    for key in pieces[1:3]:
        memory.cos.remove(bucket, key)
    for key in pieces[3:]:
        memory.put(key)
    assert waiting(survey(services, "a")).awaits == "quiet"
    memory.world.now += 301
    rest = survey(services, "a")
    assert isinstance(rest, Whole)
    assert [fragment.index for fragment in rest.set.fragments] == [3, 4, 5]
    memory.put(pieces[2])  # uploaded again as it was: not joined twice
    memory.world.now += 301
    again = survey(services, "a")
    assert isinstance(again, Whole)
    assert [fragment.index for fragment in again.set.fragments] == [3, 4, 5]
    memory.cos.write(bucket, pieces[2], content=Content("f" * 32, Media(60.0, 60_000)))
    memory.world.now += 301
    assert waiting(survey(services, "a")).missing == (1,)  # other content for piece 2: a correction has begun
    memory.cos.remove(bucket, pieces[2])
    memory.cos.remove(bucket, pieces[4])
    assert waiting(survey(services, "a")).missing == (1, 2, 4)  # a hole in what came late is a hole
