"""What each preset makes of a key, and that what it writes it can read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import (
    FragmentName,
    InvalidName,
    KeyRange,
    ManifestName,
    MarkerName,
    NotOurs,
    common_beginning,
)
from cosconcat.naming.presets import PRESETS

IN = "fragments/"
PART_OF = Convention.of("part-of", IN)
FOLDER = Convention.of("folder", IN, signal="marker")
TIMESTAMP = Convention.of("timestamp", IN)


def read(convention: Convention, name: str) -> FragmentName:
    """The fragment that a name below the input prefix must be."""
    found = convention.read(IN + name)
    assert isinstance(found, FragmentName), found
    return found


@pytest.mark.parametrize(
    ("name", "group", "number", "total", "ext"),
    [
        ("a/v.part1-of-2.MP4", "a/v", 1, 2, "mp4"),
        ("a/v.part02-of-12.mp4", "a/v", 2, 12, "mp4"),
        ("lecture_part_3_of_12.mov", "lecture", 3, 12, "mov"),
        ("clip-3of12.ts", "clip", 3, 12, "ts"),
        ("clip.PART10-OF-12.Mp4", "clip", 10, 12, "mp4"),
        ("v.part0-of-3.mp4", "v", 0, 3, "mp4"),
        ("2024-12.part1-of-1.mp4", "2024-12", 1, 1, "mp4"),
        ("v.part1-of-2.part1-of-3.mp4", "v.part1-of-2", 1, 3, "mp4"),
        ("课程 一+%2F.part1-of-2.mp4", "课程 一+%2F", 1, 2, "mp4"),
        ("cam1_-1of2.mp4", "cam1_", 1, 2, "mp4"),
        ("v-part-03of12.ts", "v", 3, 12, "ts"),
    ],
)
def test_part_of_reads_every_usual_spelling(name: str, group: str, number: int, total: int, ext: str) -> None:
    """Group, place and total, whatever the case, the zeros and the separators."""
    found = read(PART_OF, name)
    assert (found.group, found.number, found.total, found.ext) == (group, number, total, ext)


@pytest.mark.parametrize(
    "name",
    [
        "lecture.2024-12.mp4",
        "part1-of-2.mp4",
        "a/.mp4",
        "v.part1.mp4",
        "v.partA-of-B.mp4",
        "v.part1-of-2",
        "v.part1-of-2.txt",
        "v.part1-of-2.mp4.tmp",
        "v 1 of 2.mp4",
        "v.part١-of-٢.mp4",
        "best-of-2024.mp4",
        "roof3.mp4",
        "a/_part_1_of_2.mp4",
        "part_1_of_2.mp4",
        "a/part-1-of-2.mp4",
    ],
)
def test_part_of_takes_nothing_looser(name: str) -> None:
    """What only resembles the convention is ignored."""
    assert isinstance(PART_OF.read(IN + name), NotOurs)


@pytest.mark.parametrize("key", ["output/v.part1-of-2.mp4", "fragments", "fragments/", "x", ""])
def test_a_key_outside_the_prefix_is_not_ours(key: str) -> None:
    """Neither another folder nor the folder itself."""
    found = PART_OF.read(key)
    assert isinstance(found, NotOurs)
    assert IN in found.reason


@pytest.mark.parametrize(
    "name",
    ["a?b", "a#b", "a\nb", "a\x7fb", "a${ext}b", "a{jobid}b", "../a", "a/../b", "a/./b", "a\ud800b"],
)
def test_a_name_that_the_api_cannot_take_is_invalid(name: str) -> None:
    """It follows the convention, so its owner must hear why it is not joined."""
    found = PART_OF.read(f"{IN}{name}.part1-of-2.mp4")
    assert isinstance(found, InvalidName)
    assert "unencoded" in found.reason


def test_a_total_of_zero_is_invalid() -> None:
    """There is no group of nothing."""
    assert isinstance(PART_OF.read(IN + "v.part0-of-0.mp4"), InvalidName)


@pytest.mark.parametrize(
    ("name", "group", "number"),
    [
        ("a/1.mp4", "a", 1),
        ("a/b/0007.MOV", "a/b", 7),
        ("a/clip_0012.mp4", "a", 12),
        ("a/GX010123.MP4", "a", 10123),
        ("a/take 3.mp4", "a", 3),
        ("a/20-1.mp4", "a", 1),
        ("a/12-31-5.mp4", "a", 5),
        ("a/30000101.mp4", "a", 30000101),
        ("课/第1.mp4", "课", 1),
    ],
)
def test_folder_reads_the_number_at_the_end_of_the_name(name: str, group: str, number: int) -> None:
    """The group is the folder."""
    found = read(FOLDER, name)
    assert (found.group, found.number, found.total) == (group, number, None)


@pytest.mark.parametrize(
    "name",
    [
        "2021-01-07/01-41-02",
        "a/2024-12-31",
        "a/2021.11.05.01.58.13",
        "a/20240101",
        "a/cam 20240101_000001",
        "a/x_01_41_02",
        "a/2026-02-06_06-58-04-599",
        "a/20240101T0005",
        "a/12-31-24",
    ],
)
def test_folder_takes_no_date_and_no_time_for_a_place(name: str) -> None:
    """In the order of their last digits, recordings of different minutes would be joined in reverse."""
    found = Convention.of("folder", IN, signal="marker").read(f"{IN}{name}.mp4")
    assert isinstance(found, NotOurs)
    assert "date or time" in found.reason


@pytest.mark.parametrize("name", ["1.mp4", "a/v.mp4", "a/1.txt", "a/1b.mp4", "a/１.mp4"])
def test_folder_ignores_names_without_folder_or_number(name: str) -> None:
    """A fragment needs both."""
    assert isinstance(FOLDER.read(IN + name), NotOurs)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/_DONE", MarkerName(IN + "a/_DONE", "a", None)),
        ("a/b/all.done", MarkerName(IN + "a/b/all.done", "a/b", None)),
        ("a/12.final", MarkerName(IN + "a/12.final", "a", 12)),
        ("a/manifest.json", ManifestName(IN + "a/manifest.json", "a")),
    ],
)
def test_folder_knows_its_markers(name: str, expected: MarkerName | ManifestName) -> None:
    """Each of the four, with the count that only `.final` has."""
    assert FOLDER.read(IN + name) == expected


def test_a_marker_of_a_name_that_the_api_cannot_take_is_invalid() -> None:
    """So that the one who put it hears why nothing happens."""
    assert isinstance(FOLDER.read(IN + "a#b/_DONE"), InvalidName)
    assert isinstance(FOLDER.read(IN + "a?/manifest.json"), InvalidName)


@pytest.mark.parametrize("name", ["_DONE", "all.done", "12.final", "manifest.json", "a/_done", "a/x.final", "a/x.done"])
def test_folder_ignores_what_is_no_marker(name: str) -> None:
    """A marker lies in the group's folder and has exactly its name."""
    assert isinstance(FOLDER.read(IN + name), NotOurs)


def test_markers_count_only_where_completion_says_so() -> None:
    """`manifest` takes manifests only, `total` and `quiet` take neither."""
    manifests, neither = Convention.of("folder", IN, signal="manifest"), Convention.of("folder", IN)
    assert isinstance(manifests.read(IN + "a/manifest.json"), ManifestName)
    assert isinstance(manifests.read(IN + "a/_DONE"), NotOurs)
    assert isinstance(neither.read(IN + "a/manifest.json"), NotOurs)


def test_markers_of_other_conventions_stand_beside_the_group() -> None:
    """`<group>.done`, `<group>.<n>.final` and `<group>.manifest.json`."""
    convention = Convention.of("part-of", IN, signal="marker")
    assert convention.read(IN + "a/v.done") == MarkerName(IN + "a/v.done", "a/v", None)
    assert convention.read(IN + "a/v.3.final") == MarkerName(IN + "a/v.3.final", "a/v", 3)
    assert convention.read(IN + "a/v.manifest.json") == ManifestName(IN + "a/v.manifest.json", "a/v")
    assert convention.manifest_key("a/v") == IN + "a/v.manifest.json"
    assert FOLDER.manifest_key("a") == IN + "a/manifest.json"


T = 1733049000  # 2024-12-01T10:30:00Z


@pytest.mark.parametrize(
    ("name", "group", "milliseconds"),
    [
        ("cam_2024-12-01T10-30-00.mp4", "cam_20241201T100000Z", T * 1000),
        ("cam_2024-12-01T10:30:00Z.mp4", "cam_20241201T100000Z", T * 1000),
        ("cam_2024-12-01T18:30:00.250+08:00.mp4", "cam_20241201T100000Z", T * 1000 + 250),
        ("cam_20241201T103000Z.mp4", "cam_20241201T100000Z", T * 1000),
        ("cam_20241201103000.mp4", "cam_20241201T100000Z", T * 1000),
        ("cam_20241201-103000.mp4", "cam_20241201T100000Z", T * 1000),
        ("cam_20241201_103000-0500.mp4", "cam_20241201T150000Z", (T + 5 * 3600) * 1000),
        ("PXL_20241201_103000123.mp4", "PXL_20241201T100000Z", T * 1000 + 123),
        ("x/door_1_1733049000.ts", "x/door_1_20241201T100000Z", T * 1000),
        ("cam_1733049000123.ts", "cam_20241201T100000Z", T * 1000 + 123),
        ("cam_20241201_20241201T103000Z.mp4", "cam_20241201_20241201T100000Z", T * 1000),
        ("cam_2024-12-01 10.30.00.mkv", "cam_20241201T100000Z", T * 1000),
    ],
)
def test_timestamp_reads_every_usual_spelling(name: str, group: str, milliseconds: int) -> None:
    """The group is the source and the start of the hour, the order epoch milliseconds."""
    found = read(TIMESTAMP, name)
    assert (found.group, found.number) == (group, milliseconds)


@pytest.mark.parametrize(
    "name",
    ["cam_2024-1201T103000.mp4", "cam_20241201.mp4", "cam_123456789.mp4", "20241201T103000Z.mp4", "cam_2024-12-01.mp4"],
)
def test_timestamp_ignores_what_is_no_time(name: str) -> None:
    """A day alone, mixed separators, a short number, a missing source."""
    assert isinstance(TIMESTAMP.read(IN + name), NotOurs)


@pytest.mark.parametrize(
    "text", ["20241301T000000Z", "20241201T250000Z", "20240230T000000Z", "20241201T000000+9900", "4155550000"]
)
def test_what_is_no_time_is_unmatched_and_says_so(text: str) -> None:
    """A telephone number, a month 13: no traceback, and the report names the text."""
    found = TIMESTAMP.read(f"{IN}cam_{text}.mp4")
    assert isinstance(found, NotOurs)
    assert text in found.reason


def test_windows_begin_in_the_configured_zone() -> None:
    """A day in China begins at 16:00 UTC, and a time without a zone is Chinese there."""
    china = Convention.of("timestamp", IN, window=86400, offset=8 * 3600)
    found = read(china, "cam_20241201T003000.mp4")
    assert found.group == "cam_20241201T000000+0800"
    assert china.bounds(found.group) == (1732982400, 1732982400 + 86400)
    assert read(china, "cam_20241201T153000Z.mp4").group == found.group


@given(st.integers(min_value=1_000_000_000, max_value=1_999_999_999), st.sampled_from([60, 600, 3600, 86400, 100_000]))
def test_every_time_lies_in_the_window_of_its_group(seconds: int, window: int) -> None:
    """The group id alone gives the window back."""
    convention = Convention.of("timestamp", IN, window=window, offset=-5 * 3600)
    found = read(convention, f"cam_{seconds}.ts")
    start, end = convention.bounds(found.group)
    assert start <= seconds < end
    assert end - start == window


GROUPS = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="?#/${}."), min_size=1, max_size=20
).filter(lambda text: not re.search(r"[._-](part[._-]?)?$", text, re.IGNORECASE))
SPELLINGS = st.sampled_from(
    [".part{}-of-{}.{}", "_part_{}_of_{}.{}", "-{}of{}.{}", ".PART{}-Of-{}.{}", "-part-{}-of-{}.{}"]
)


@given(
    GROUPS, st.integers(1, 9999), st.integers(1, 9999), st.integers(0, 5), SPELLINGS, st.sampled_from(["mp4", "MOV"])
)
def test_part_of_reads_back_what_is_written(group: str, i: int, n: int, zeros: int, spelling: str, ext: str) -> None:
    """Any group, Unicode, spaces, percent and plus signs included, survives."""
    found = read(PART_OF, f"x/{group}{spelling.format(str(i).zfill(zeros), str(n).zfill(zeros), ext)}")
    assert (found.group, found.number, found.total, found.ext) == (f"x/{group}", i, n, ext.lower())
    assert found.renumbered(i, len(found.digits)) == found.key


@given(st.text(max_size=40))
def test_no_key_whatever_makes_reading_fail(text: str) -> None:
    """Every key is something."""
    for convention in (PART_OF, FOLDER, TIMESTAMP):
        convention.read(IN + text + ".mp4")


@pytest.mark.parametrize(
    ("convention", "name"),
    [
        (PART_OF, "cam1.part3-of-12.mp4"),
        (PART_OF, "cam1_part_3_of_12.mp4"),
        (FOLDER, "cam1/3.mp4"),
        (TIMESTAMP, "cam1_20241201T103000.mp4"),
    ],
)
def test_a_listing_never_shows_another_group_that_begins_alike(convention: Convention, name: str) -> None:
    """`cam1` does not list `cam10`."""
    own = read(convention, name)
    for span in (*convention.spans(own.group, own), *convention.spans(own.group)):
        assert span.prefix.startswith(IN + "cam1")
        assert span.prefix != IN + "cam1"


@pytest.mark.parametrize(
    "name",
    ["cam_2024-12-01T10-{:02}-00.mp4", "cam_20241201-10{:02}00+0000.mp4", "cam_17330{}.mp4", "cam_17330{}500.mp4"],
)
def test_a_timed_listing_is_cut_to_the_window(name: str) -> None:
    """All of the window is inside, the hour before and after is not."""
    values = [f"{47200 + 60 * m}" for m in range(60)] if "17330" in name else list(range(60))
    keys = [IN + name.format(value) for value in values]
    own = TIMESTAMP.read(keys[30])
    assert isinstance(own, FragmentName)
    (span,) = TIMESTAMP.spans(own.group, own)
    wide = TIMESTAMP.spans(own.group)
    assert all(inside(span, key) and any(inside(each, key) for each in wide) for key in keys)
    assert not inside(span, IN + "cam_2024-12-01T11-00-00.mp4")
    assert not inside(span, IN + "cam_20241201-110000+0000.mp4")
    assert not inside(span, IN + "cam_1733050800.mp4")
    assert not inside(span, IN + "cam_1733047199.mp4")


def inside(span: KeyRange, key: str) -> bool:
    """Whether a listing of the span shows the key."""
    return key.startswith(span.prefix) and key.encode() > span.after.encode() and not span.passed(key)


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_the_common_beginning_is_the_longest(texts: list[str]) -> None:
    """All begin with it, and not all with one character more."""
    common = common_beginning(*texts)
    assert all(text.startswith(common) for text in texts)
    longer = texts[0][: len(common) + 1]
    assert longer == common or not all(text.startswith(longer) for text in texts)


@pytest.mark.parametrize("name", [name for name, preset in PRESETS.items() if preset.source])
def test_a_recorder_that_counts_from_0_says_so(name: str) -> None:
    """Otherwise quiet time would join its second piece alone when the first is late: `auto` cannot miss a 0."""
    preset = PRESETS[name]
    convention = Convention.of(name, "", window=86400)
    read = [[convention.read(key) for key in example] for example in preset.examples]
    pieces = [[one for one in some if isinstance(one, FragmentName)] for some in read]
    counted = [some for some in pieces if not convention.timed and some and some[0].total is None]
    lowest = {min(piece.number for piece in some) for some in counted}
    if 0 in lowest:
        assert preset.first == "0"
    elif preset.first in ("0", "1"):
        assert lowest == {int(preset.first)}
