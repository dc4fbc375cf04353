"""Recorders' presets: each against the listings that its source shows, with noise, judged by the real rules."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import cast

import pytest

from cosconcat.cloud.bucket_settings import Settings
from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from cosconcat.functions.doctor import check_format
from cosconcat.groups import gap
from cosconcat.groups.rules import in_order, judge_numbers, judge_times
from cosconcat.groups.source import recording_id, rule_of, timed_fragment
from cosconcat.groups.verdicts import FoundFragment, Verdict, Waiting, Whole
from cosconcat.model import Fragment, FragmentSet, ObjectInfo
from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import FragmentName, NotOurs
from cosconcat.naming.presets import PRESETS, Preset
from tests.support.shelf import Shelf

IN = "fragments/"
LATER = 4_000_000_000  # long after every recording here
RECORDERS = {name: preset for name, preset in PRESETS.items() if preset.source}
ALL = [
    *("tencent-live", "trtc", "agora", "livekit", "srs", "zlmediakit", "mediamtx", "obs", "ffmpeg", "gopro"),
    *("dji", "tesla", "blackvue", "viofo", "frigate", "dahua", "reolink", "wyze"),
]


def configured(naming: str, **settings: str) -> Config:
    """The configuration of a preset."""
    required = {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou", "CONCAT_NAMING": naming}
    return read_config({**required, **settings})


def judged(config: Config, keys: list[str], now: int = LATER) -> dict[str, Verdict]:
    """What the rules say of each group in a listing, all of it uploaded long ago; of runs, where gaps decide."""
    pieces: dict[str, list[FoundFragment]] = {}
    for key in keys:
        name = config.convention.read(key)
        if isinstance(name, FragmentName):
            pieces.setdefault(name.group, []).append(FoundFragment(name, ObjectInfo(key, "e", 1, 1)))
    verdicts: dict[str, Verdict] = {}
    if config.completion == "gap":
        for group, found in pieces.items():
            read = [piece for one in found if (piece := timed_fragment(config, one.object)) is not None]
            for run in gap.runs(read, rule_of(config)):
                made = FragmentSet(group, tuple(Fragment(n, piece.object) for n, piece in enumerate(run)))
                verdicts[recording_id(group, run[0])] = Whole(made)
        return verdicts
    for group, found in pieces.items():
        if config.convention.timed:
            end = config.convention.bounds(group)[1]
            verdicts[group] = judge_times(config, group, in_order(found), None, now, end)
        else:
            verdicts[group] = judge_numbers(config, group, in_order(found), None, now)
    return verdicts


def test_every_recorder_that_is_promised_has_a_row() -> None:
    """With a source, and two listings or more."""
    assert [name for name in ALL if name not in RECORDERS] == []
    assert [name for name, preset in RECORDERS.items() if len(preset.examples) < 2] == []


@pytest.mark.parametrize(("name", "preset"), RECORDERS.items(), ids=RECORDERS)
def test_a_recorder_s_listings_become_recordings_in_their_order(name: str, preset: Preset) -> None:
    """Two recordings at once and noise between them: each is whole, by itself, in the order of the source's listing."""
    config = configured(name)
    noise = ["readme.txt", "a/thumb.jpg", "index.m3u8", "x/event.json"]
    listed = [IN + key for example in preset.examples for key in example]
    verdicts = judged(config, sorted([*listed, *(IN + key for key in noise)], reverse=True))
    joined = [[f.object.key for f in v.set.fragments] for v in verdicts.values() if isinstance(v, Whole)]
    assert sorted(joined) == sorted([IN + key for key in example] for example in preset.examples)
    assert len(joined) == len(verdicts)
    assert all(isinstance(config.convention.read(IN + key), NotOurs) for key in noise)


@pytest.mark.parametrize(("name", "preset"), RECORDERS.items(), ids=RECORDERS)
def test_a_preset_orders_by_one_thing_and_its_listings_hold_its_names(name: str, preset: Preset) -> None:
    """By time or by number in all its forms; and what a group's listing shows are all of its keys."""
    convention = Convention.of(name, IN)
    assert len({form.timed for form in convention.forms}) == 1
    for key in (IN + key for example in preset.examples for key in example):
        found = convention.read(key)
        assert isinstance(found, FragmentName)
        for own in (None, found):
            assert any(key.startswith(span.prefix) for span in convention.spans(found.group, own))


@pytest.mark.parametrize(
    ("name", "keys", "missing"),
    [
        ("livekit", ["room_00001.ts", "room_00002.ts"], (0,)),
        ("agora", ["sid_c__uid_s_1__uid_e_1.mp4"], (0,)),
        ("ffmpeg", ["out001.mp4"], (0,)),
        ("trtc", ["1400_5678_2.mp4", "1400_5678_3.mp4"], (1,)),
        ("gopro", ["GX020119.MP4"], (1,)),
        ("gopro", ["GP011234.MP4", "GP021234.MP4"], ()),
    ],
)
def test_a_lost_first_piece_is_waited_for(name: str, keys: list[str], missing: tuple[int, ...]) -> None:
    """The number of the first is the recorder's; GoPro's first chapter has none."""
    (verdict,) = judged(configured(name), [IN + key for key in keys]).values()
    assert isinstance(verdict, Waiting)
    assert verdict.missing == missing
    assert verdict.awaits == "fragments"


def test_rooms_of_trtc_are_not_joined() -> None:
    """`1400_1.mp4` is room 1 as a whole, not the first slice of an application's recording."""
    keys = [f"{IN}1400_{room}.mp4" for room in (1, 2, 3)]
    assert sorted(judged(configured("trtc"), keys)) == ["1400/1", "1400/2", "1400/3"]


def test_codec_families_of_gopro_are_apart() -> None:
    """GX and GH with one number are two recordings."""
    verdicts = judged(configured("gopro"), [IN + key for key in ("GX010119.MP4", "GH010119.MP4", "GX020119.MP4")])
    assert {group: isinstance(v, Whole) for group, v in verdicts.items()} == {"X/0119": True, "H/0119": True}


def test_two_cars_and_two_events_are_not_interleaved() -> None:
    """Event and camera together are the group."""
    times = ("12-00-00", "12-01-00")
    keys = [
        f"{IN}{clips}/2024-01-01_{t}-front.mp4" for clips in ("car1/SavedClips/a", "car2/SavedClips/a") for t in times
    ]
    assert len(judged(configured("tesla"), keys)) == 2


def test_numbers_that_are_only_an_order_may_have_gaps_which_are_named() -> None:
    """`any`: whatever start, and what is not there stands in the closing record."""
    config = configured("dji-numbered")
    (verdict,) = judged(config, [IN + f"f/DJI_{n:04}.MP4" for n in (998, 23, 24, 27, 26, 1002)]).values()
    assert isinstance(verdict, Whole)
    assert [fragment.index for fragment in verdict.set.fragments] == [23, 24, 26, 27, 998, 1002]
    assert verdict.note == "numbers not there: 25, 28-997, 999-1001"


FIRST = r"{group}/{index}.webm"


@pytest.mark.parametrize(
    ("first", "numbers", "missing"),
    [
        ("auto", (1, 2), None),
        ("auto", (0, 1), None),
        ("0", (0, 1), None),
        ("0", (1, 2), (0,)),
        ("1", (1, 2), None),
        ("1", (2, 3), (1,)),
        ("any", (5, 9), None),
    ],
)
def test_the_first_number_is_waited_for_as_configured(
    first: str, numbers: tuple[int, ...], missing: tuple[int, ...] | None
) -> None:
    """`auto` cannot notice a lost 0; the others can."""
    config = configured(FIRST, CONCAT_COMPLETION="quiet:60", CONCAT_FIRST=first)
    (verdict,) = judged(config, [IN + f"rec/{number:06}.webm" for number in numbers]).values()
    if missing is None:
        assert isinstance(verdict, Whole)
    else:
        assert isinstance(verdict, Waiting)
        assert verdict.missing == missing


def test_an_optional_number_makes_the_piece_without_one_the_first() -> None:
    """In templates and in expressions alike; with `auto` the next is 1 or 2."""
    for naming in ("{group}(-{index})?.mp4", r"(?P<group>[^-/]+)(?:-(?P<index>\d+))?\.mp4"):
        config = configured(naming, CONCAT_COMPLETION="quiet:60")
        for keys, whole in (
            (["a-2.mp4", "a.mp4", "a-3.mp4"], True),
            (["a-1.mp4", "a.mp4"], True),
            (["a.mp4"], True),
            (["a-1.mp4", "a-2.mp4"], False),
            (["a.mp4", "a-3.mp4"], False),
        ):
            (verdict,) = judged(config, [IN + key for key in keys]).values()
            assert isinstance(verdict, Whole) == whole, keys
            if isinstance(verdict, Whole):
                assert verdict.set.fragments[0].object.key == IN + "a.mp4"
        config = replace(config, first="any")
        (verdict,) = judged(config, [IN + "a-1.mp4", IN + "a-2.mp4"]).values()
        assert isinstance(verdict, Whole)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        (
            "viofo",
            ["Movie/2018_0101_115700_045.MP4", "Movie/2018_0101_115800_046.MP4", "Movie/2018_0101_115900_047.MP4"],
        ),
        ("viofo", ["Movie/20240101115700_000101.MP4", "Movie/20240101115800_000102.MP4"]),
        ("viofo", ["Movie/2024_0101_115700_000101F.MP4", "Movie/2024_0101_115800_000102PF.MP4"]),
        ("blackvue", ["Record/20240101_115500_N.mp4", "Record/20240101_115600_E.mp4", "Record/20240101_115700_n.mp4"]),
        (
            "reolink",
            [
                "Mp4Record/2024-01-26/RecM01_20240126_235530_000030_6D28808_1B468F9.mp4",
                "Mp4Record/2024-01-27/RecM01_20240127_000030_000530_6D28808_1A468F9.mp4",
            ],
        ),
        (
            "reolink",
            [
                "front/Mp4Record/2024-02-29/RecM01_20240229_235530_000030_6D28808_1B468F9.mp4",
                "front/Mp4Record/2024-03-01/RecM01_DST20240301_000030_000530_6D28808_1A468F9.mp4",
            ],
        ),
        (
            "dahua",
            [
                "2024-02-29/001/dav/23/23.58.00-00.00.00[R][0@0][0].mp4",
                "2024-03-01/001/dav/00/00.00.00-00.02.00[M][0@0][0].mp4",
            ],
        ),
        ("wyze", ["record/20241231/23/59.mp4", "record/20250101/00/00.mp4"]),
        ("zlmediakit", ["live/cam1/2021-01-07/23-56-28.mp4", "live/cam1/2021-01-08/00-01-28.mp4"]),
        ("frigate", ["2024-01-26/23/front/59.58.mp4", "2024-01-27/00/front/00.08.mp4"]),
    ],
)
def test_a_recording_is_not_torn_by_a_mode_a_counter_or_midnight(name: str, keys: list[str]) -> None:
    """Not each piece by itself, silently."""
    (verdict,) = judged(configured(name), [IN + key for key in keys]).values()
    assert isinstance(verdict, Whole)
    assert [f.object.key for f in verdict.set.fragments] == [IN + key for key in keys]


def test_a_start_and_an_end_are_one_recording_by_default() -> None:
    """Preset `timestamp` took the end for the time, and the start into the group."""
    keys = [
        f"{IN}live/s1_2024-01-01-10-{a}-00_2024-01-01-10-{b}-00.mp4"
        for a, b in (("05", "10"), ("10", "15"), ("15", "20"))
    ]
    (verdict,) = judged(configured("timestamp"), keys).values()
    assert isinstance(verdict, Whole)
    assert [f.object.key for f in verdict.set.fragments] == keys
    xiaomi = [IN + "cam/00_20260504230000_20260504231000.mp4", IN + "cam/00_20260504231000_20260504232000.mp4"]
    assert [len(v.set.fragments) for v in judged(configured("timestamp"), xiaomi).values() if isinstance(v, Whole)] == [
        2
    ]


def test_a_later_part_of_a_group_holds_no_folder() -> None:
    """In expressions only the first may: the id could be read in two ways."""
    convention = Convention.of(r"(?P<group>.+)@(?P<group2>.+)_(?P<index>\d+)\.ts", IN)
    found = convention.read(IN + "a/b@c_1.ts")
    assert isinstance(found, FragmentName)
    assert found.group == "a/b/c"
    assert "group2 is 'c/d'" in getattr(convention.read(IN + "a@c/d_1.ts"), "reason", "")


def test_recorders_cut_at_gaps_unless_windows_are_asked_for() -> None:
    """A preset's gap is a default, as its quiet time is."""
    assert (configured("srs").completion, configured("srs").gap_seconds) == ("gap", 600)
    assert configured("srs", CONCAT_WINDOW="day").completion == "quiet"
    assert configured("srs", CONCAT_COMPLETION="quiet:60", CONCAT_WINDOW="day").quiet_seconds == 60


@pytest.mark.parametrize(
    ("settings", "variable", "part"),
    [
        ({"CONCAT_FIRST": "2"}, "CONCAT_FIRST", "auto, 0, 1, any"),
        ({"CONCAT_FIRST": "any"}, "CONCAT_FIRST", "declare a total"),
        ({"CONCAT_FIRST": "0", "CONCAT_NAMING": "srs"}, "CONCAT_FIRST", "by time"),
        ({"CONCAT_MARKER": "{group}.end", "CONCAT_COMPLETION": "quiet:5"}, "CONCAT_COMPLETION", "CONCAT_MARKER"),
        ({"CONCAT_MARKER": "{grup}.end"}, "CONCAT_MARKER", "did you mean {group}?"),
        ({"CONCAT_MARKER": "{group}_{index}.end"}, "CONCAT_MARKER", "character 9"),
        ({"CONCAT_MARKER": "done.txt"}, "CONCAT_MARKER", "needs {group}"),
        ({"CONCAT_EXTENSIONS": ".insv"}, "CONCAT_EXTENSIONS", "without a dot"),
        ({"CONCAT_EXTENSIONS": "insv,json"}, "CONCAT_EXTENSIONS", "json"),
        ({"CONCAT_EXTENSIONS": ",".join(f"x{n}" for n in range(21))}, "CONCAT_EXTENSIONS", "at most 20"),
        ({"CONCAT_SINGLE": "move"}, "CONCAT_SINGLE", "join, copy, leave"),
        (
            {"CONCAT_SINGLE": "copy", "CONCAT_OUTPUT_KEY": "output/{group}-{jobid}.{ext}"},
            "CONCAT_OUTPUT_KEY",
            "no job's id",
        ),
    ],
)
def test_mistakes_are_told_by_variable(settings: dict[str, str], variable: str, part: str) -> None:
    """With what is allowed."""
    with pytest.raises(Exception, match=re.escape(part)) as caught:
        configured(**{"naming": "part-of", **settings})
    assert variable in str(caught.value)


def test_further_extensions_are_fragments_in_any_case() -> None:
    """And in manifests; without the variable they are none."""
    config = configured("folder", CONCAT_EXTENSIONS="insv, DAV")
    for key in ("a/1.INSV", "a/2.dav", "a/3.mp4"):
        assert isinstance(config.convention.read(IN + key), FragmentName)
    assert isinstance(configured("folder").convention.read(IN + "a/1.insv"), NotOurs)
    told = [line[1] for line in check_format(Shelf().services(config), cast("Settings", None))]
    assert "warning: dav, insv count as fragments" in told[1]
    assert len(list(check_format(Shelf().services(configured("folder")), cast("Settings", None)))) == 1
    assert isinstance(Convention.of("{group}/{index}.insv", IN).read(IN + "a/1.INSV"), FragmentName)
