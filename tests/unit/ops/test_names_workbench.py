"""The workbench: what is unmatched and why nearly, which setting fits a listing, listings of any size and encoding."""

from __future__ import annotations

import random
import re
import time
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest

import cosconcat.cloud.cos
from cosconcat.model import ObjectInfo, Page
from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import FragmentName
from ops.command import main
from ops.naming.suggest import suggest

IN = "fragments/"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code and what is printed."""
    code = main(["names", *words], {})
    return code, capsys.readouterr().out


@pytest.mark.parametrize(
    ("naming", "key", "words"),
    [
        ("part-of", "Record/20240101_115500_NF.mp4", "like preset blackvue"),
        ("{group}_{time:%Y%m%d_%H%M%S}.mp4", "cam_20240101_1155.mp4", "the time has no seconds"),
        ("{group}_{time:%Y%m%d_%H%M%S}.mp4", "cam_20240101.mp4", "the time has no"),
        ("{group}_{time:%Y%m%d_%H%M%S}.mp4", "cam_20240101_115500-123.mp4", "the time has a fraction"),
        ("{group}_{index:3}.mp4", "cam_0012.mp4", "{index} has not exactly 3 digits"),
        ("{group}_{index:3}.mp4", "cam_012.mkv", "it does not end in .mp4"),
        ("Rec/{group}_{index}.mp4", "rec/cam_012.mp4", "written in another case"),
        ("rec/{group}_{index}.mp4", "disk1/rec/cam_012.mp4", "a folder deeper"),
        ("{group}_{index}.mp4", "a/1-2.insv", "CONCAT_EXTENSIONS=insv"),
        ("part-of", "Movie/2024_0101_115700_000101F_0007.MP4", "like preset"),
        ("part-of", "front/2024-01-01_12-00-00-front_7.mp4", "like preset tesla"),
        ("{group}-take-{index}.mp4", "cam-tape-7.mp4", "as far as 'cam' it follows the template"),
        (
            "{group}-take-{index}.mp4",
            "cam-take-x.mp4",
            "as far as 'cam-take-' it follows the template; then {index} sh",
        ),
        ("{group}-take-{index}.mp4", "cam7.mp4", "(it has no '-take-')"),
        ("{group}_{index}.mp4", "_7.mp4", "(nothing stands before '_')"),
        ("{group}_{time:%Y%m%dT%H%M%S}.{ext}", "cam_20241301T105900.mp4", "(20241301T105900 is no date and time)"),
        ("{group}_{time:%Y%m%dT%H%M%S}.{ext}", "cam_20241201T256100.mp4", "(20241201T256100 is no date and time)"),
        ("tesla", "2024-01-13_12-00-00.mp4", "(after '2024-01-13_12-00-00' '-{group}.{ext}' should stand)"),
        ("tesla", "2024-13-01_12-00-00-front.mp4", "(2024-13-01_12-00-00 is no date and time)"),
        ("tesla", "2024-01-13_12-00-front.mp4", "(the time has no seconds)"),
        ("timestamp", "2026-02-30 17-45-01.mkv", "(like preset obs, but 2026-02-30 17-45-01 is no date and time: day"),
        ("folder", "talk/intro.mp4", "does not follow the naming convention (it has no {index})"),
        ("part-of", "big.part1-of-1000000000.mp4", "(a number and a total have at most six digits)"),
        ("part-of", "big-1234567of12345678.mp4", "(a number and a total have at most six digits)"),
    ],
)
def test_what_nearly_matches_is_told_with_the_difference(
    naming: str, key: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By what the template says otherwise, or by the preset that it looks like."""
    _, out = run(capsys, "--naming", naming, "--completion", "quiet:60" if "{" in naming else "", IN + key)
    assert words in out.splitlines()[0], out


@pytest.mark.parametrize(
    ("naming", "key", "words"),
    [
        ("timestamp", "cam_20241301T105900.mp4", "20241301T105900 is no date and time: month must be in 1..12"),
        ("timestamp", "cam_2000000000.ts", "2000000000 is no date and time: month must be in 1..12"),
        ("obs", "2026-02-30 17-45-01.mkv", "2026-02-30 17-45-01 is no date and time: day is out of range for month"),
        ("folder", "1.mp4", "needs a folder, which is its group"),
        ("folder", "a/2021-01-07/01-41-02.mp4", "a template with {time:…} reads those (like preset zlmediakit)"),
        (
            "Rec/{group}_{index}.mp4",
            "Rec/cam_x.mp4",
            "(as far as 'Rec/cam_' it follows the template; then {index} should",
        ),
    ],
)
def test_no_other_case_is_told_of_folders_that_match(
    naming: str, key: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong is told once: the date, the folder that is not there, or what should stand in the name."""
    completion = "" if "{" not in naming else "quiet:60"
    _, out = run(capsys, "--naming", naming, "--completion", completion, IN + key)
    assert words in out.splitlines()[0], out
    assert "another case" not in out


@pytest.mark.parametrize(("naming", "key"), [("gopro", "IMG_1.MP4"), ("part-of", "part_1_of_2.mp4")])
def test_a_number_of_another_width_is_like_no_recorder(
    naming: str, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any number is."""
    _, out = run(capsys, "--naming", naming, IN + key)
    assert out == f"{IN}{key}\tignored: does not follow the naming convention\n"


def listing(text: str, **choices: object) -> list[str]:
    """Every name that a pattern makes of the choices."""
    names, values = list(choices), [choices[name] for name in choices]
    return [text.format(**dict(zip(names, one, strict=True))) for one in product(*values)]  # type: ignore[call-overload]


# What the workbench was made with (from what people asked about), and what it had never seen (from vendors' manuals).
KNOWN = {
    "tencent-live": listing("live/{s}_2024-01-01-10-{m:02}-00_2024-01-01-10-{m:02}-59.mp4", s=["s1", "s2"], m=range(9)),
    "frigate": listing("2024-01-26/{h:02}/{c}/{m:02}.{s:02}.mp4", h=(9, 10), c=("front", "back"), m=(0, 1), s=(8, 18)),
    "dahua": listing(
        "2019-05-09/{c}/dav/21/21.{m:02}.49-21.{m:02}.59[M][0@0][0].mp4", c=("001", "002"), m=range(4, 12)
    ),
    "zlmediakit": listing("live/cam{c}/2021-01-07/01-{m}-28.mp4", c=(1, 2), m=(41, 46, 51)),
    "wyze": listing("record/20210526/{h}/{m:02}.mp4", h=(13, 14), m=range(5)),
    "viofo": listing("Movie/2024_0101_1157{s:02}_0001{s:02}{c}.MP4", c="FR", s=range(0, 60, 10)),
    "gopro": listing("GX0{i}0{n}.MP4", n=(119, 120), i=(1, 2, 3)),
    "srs": listing("live/{s}.14202540{n}776.flv", s="ab", n=range(10, 14)),
    "obs": listing("2026-01-20 17-{m}-01.mkv", m=(45, 50, 55)),
    "mediamtx": listing("yt/{s}/2026-02-06_06-{m}-04-59966{m}.mp4", s="ab", m=(57, 58, 59)),
    "folder": listing("recordings/{r}/audio/{i:06}.webm", r=(1, 2), i=range(4)),
    "{group}-cd{index}.{ext}": listing("{f}-cd{i}.avi", f=("movie", "film"), i=(1, 2, 3)),
    "{group} ({index} of {total}).{ext}": listing("{t} ({i} of 3).mp4", t=("Talk", "Other"), i=(1, 2, 3)),
}
NEVER_SEEN = {
    "REC_{time:%Y_%m_%d}_{time:%H_%M_%S}_{group}.{ext}": listing(
        "REC_2024_01_02_10_{m:02}_00_{c}.MP4", m=range(4), c="FR"
    ),
    "{group}_{time:%b.%d.%Y}_{time:%H.%M.%S}.{ext}": listing(
        "unit{u}_Jan.01.2006_01.{m}.00.avi", u=(7, 8), m=(10, 20, 30)
    ),
    "{time:%Y%m%d}-{time:%H%M%S}-{end:%H%M%S}_{group}.{ext}": [
        f"20140509-00{m:02}00-00{m + 5:02}00_192.168.1.{c}-CH2.avi" for c in (11, 12) for m in (5, 10, 15, 20)
    ],
    "H{time:%Y%m%d}-{time:%H%M%S}{group}.{ext}": listing("H20190808-0958{s:02}P1N{c}P0.avi", s=(1, 31, 51), c=(1, 2)),
    "part-{index}-of-{total}.{ext}": listing("stream-a/part-{n:05}-of-00012.mkv", n=range(12)),
    "seg-{index}-v1-a1.{ext}": listing("room{r}/seg-{n}-v1-a1.ts", r=(1, 2), n=range(1, 12)),
    "timestamp": [
        f"NVR_MEDIA_{c}_20150910_0706{s}_20150910_0707{s}.avi" for c in ("00112233", "44556677") for s in (10, 20, 30)
    ],
}  # fmt: skip


@pytest.mark.parametrize(("naming", "names"), [*KNOWN.items(), *NEVER_SEEN.items()])
def test_the_setting_is_found_from_the_listing_alone(naming: str, names: list[str]) -> None:
    """In any order, with noise: the first suggestion is the recorder's preset, or a template of what was never seen."""
    keys = [IN + name for name in (*names, "readme.txt", "a/index.m3u8")]
    random.Random(7).shuffle(keys)
    best = suggest(keys, IN)[0]
    assert best.naming == naming
    assert best.lines[0].startswith("CONCAT_NAMING=")
    convention = Convention.of(naming, IN, window=86400)
    groups = {found.group for key in keys if isinstance(found := convention.read(key), FragmentName)}
    assert f"in {len(groups)} group" in best.words


class FirstSight(NamedTuple):
    """A recorder that was in no test: where its names were found, what was suggested when they were first seen, and
    what is suggested since. `why` says what is wrong with that, where it does not keep recordings apart and in order.
    """

    source: str
    names: list[str]
    first: str
    since: str
    why: str = ""


TAPO = [f"{1706108297 + at}-{1706108297 + at + 13}.mp4" for at in (0, 60, 135, 300, 3600, 3700)]
ZOOM = ["F200101_001/Tr1.wav", "F200101_001/Tr1_01.wav", "F200101_001/Tr1_02.wav", "F200101_001/TrLR.wav",
        "F200101_001/TrLR_01.wav", "F200101_002/Tr1.wav", "F200101_002/Tr1_01.wav"]  # fmt: skip
T_FOR_A_GROUP = "{time:%Y-%m-%d}{group}{time:%H_%M_%S}+00_00.{ext}"
AT_FIRST_SIGHT = (
    FirstSight("JurajNyiri/HomeAssistant-Tapo-Control, issue 509", TAPO,
               "{time:%s}-{*}.{ext}", "{time:%s}-{end:%s}.{ext}"),
    FirstSight("danielfernau/unifi-protect-video-downloader, issue 14",
               [*listing("Front Door - 2-9-2020, 11.{m}.12pm.mp4", m=(21, 26, 31)),
                *listing("Garage - 2-9-2020, 9.{m}.40am.mp4", m=(10, 15, 20))],
               "", "{group} - {time:%m-%d-%Y}, {time:%I.%M.%S%p}.{ext}"),
    FirstSight("cyb3rdoc/ez-nvr, issue 7",
               listing("{c}/2023-11-18/2023-11-18T16-{m}-20.mkv", c=("cc-tetto", "cc-porta"), m=(46, 49, 55)),
               "2023-11-18T16-{index}-20.{ext}", "{group}/{time:%Y-%m-%d}/{time:%Y-%m-%d}T{time:%H-%M-%S}.{ext}"),
    FirstSight("BluEye-Robotics/blueye.sdk, pull request 57",
               listing("video_BYEDP000105_2019-08-13_10{m}35.mp4", m=(30, 35, 40, 45)), "timestamp", "timestamp"),
    FirstSight("lurume84/bling-desktop, issue 47",
               listing("{c}_2020-11-09T10_{m}_54-0800.mp4", c=("Roof_Rear_Corner", "Porch"), m=(30, 31, 35)),
               "timestamp", "timestamp"),
    FirstSight("lurume84/bling-desktop, issue 47", listing("2020-11-26T02_{m:02}_04+00_00.mp4", m=(6, 7, 9)),
               T_FOR_A_GROUP, T_FOR_A_GROUP),
    FirstSight("roleoroleo/yi-hack-Allwinner-v2, issue 826", listing("E1{m}M10S60.mp4", m=(23, 24, 25)),
               "{group}{index}M10S60.{ext}", "{group}{index}M10S60.{ext}",
               why="their date is in a folder that is not there: nothing orders them from one hour to the next"),
    FirstSight("wowza.com, StreamRecorderFileVersionDelegate: ${BaseFileName}_${RecordingStartTime}_${SegmentNumber}",
               listing("{s}_2024-01-26-10.15.00.123-UTC_{i}.mp4", s=("myStream", "other"), i=range(4)),
               "agora", "agora"),
    FirstSight("Kenwood NX-5000, manual, page 75: <date>_<time>_<function>_<origin>; at first of one radio alone",
               listing("20140110_17453{s}_AR_N{u}.WAV", u=(65519, 65529), s=(0, 3, 6)), "blackvue",
               "{time:%Y%m%d}_{time:%H%M%S}_{group}.{ext}"),
    FirstSight("Zoom H8, manual, page 7", ZOOM, "", "Tr1(_{index})?.{ext}",
               why="only the commonest of the tracks' names is explained"),
    FirstSight("Tascam Portacapture X6, manual, 9-1: <project>_<number of the part>",
               listing("TASCAM_{p:04}_{i:02}.wav", p=(1, 2), i=(1, 2, 3)), "{group}_{index}.{ext}",
               "{group}_{index}.{ext}"),
    FirstSight("gyroflow/gyroflow, issue 509 (RunCam)", listing("20221029/ThumbPro_{n:04}.MP4", n=range(156, 160)),
               "folder", "folder"),
    FirstSight("names of Garmin's dashcams in public code", listing("105UNSVD/GRMN{n:04}.MP4", n=range(97, 102)),
               "gopro", "gopro"),
)  # fmt: skip


@pytest.mark.parametrize("seen", AT_FIRST_SIGHT, ids=[seen.names[0] for seen in AT_FIRST_SIGHT])
def test_what_is_suggested_for_recorders_that_were_never_seen(seen: FirstSight) -> None:
    """Of thirteen listings eight would have been joined rightly at first sight, eleven since; two say why not."""
    found = suggest([IN + name for name in seen.names], IN)
    assert (found[0].naming if found else "") == seen.since
    explained = f"{len(seen.names)} of {len(seen.names)} in" in found[0].words
    assert explained or seen.why


@pytest.mark.parametrize(
    ("naming", "names"),
    [
        ("dahua", [f"2024-01-0{d}/001/dav/{h}/{h}.{s}[R][0@0][0].mp4"
                   for d, h, s in ((1, "23", "58.00-00.00.00"), (2, "00", "00.00-00.02.00"))]),
        ("wyze", ["record/20240101/23/59.mp4", "record/20240102/00/00.mp4"]),
        ("timestamp", [f"cam/{c}_{t}.mp4" for c in ("00", "10")
                       for t in ("20260504235500_20260505001000", "20260505001000_20260505002500")]),
    ],
)  # fmt: skip
def test_a_suggestion_reaches_across_midnight(naming: str, names: list[str]) -> None:
    """Pieces of two days may be one recording."""
    assert suggest([IN + name for name in names], IN)[0].naming == naming


def test_days_apart_are_no_recording() -> None:
    """Nor is a number that happens to read as a day."""
    for names in (["cam_20240101", "cam_20240105", "cam_20240109"], ["GX020119", "GX030119"]):
        found = suggest([f"{IN}{name}.mp4" for name in names], IN)
        assert [one.naming for one in found if "{time" in one.naming] == []


def test_names_of_one_day_are_told() -> None:
    """A template with a day in its text matches nothing tomorrow."""
    found = suggest([f"{IN}Movie/2024_0101_115{n}00_00010{n - 6}.MP4" for n in (7, 8, 9)], IN)
    dated = [one for one in found if "2024_0101" in one.naming]
    assert dated
    assert all(one.words.endswith("names of one day alone") for one in dated)


def test_a_piece_without_a_number_is_no_hole() -> None:
    """GoPro's first chapter has none, and the next may be 1 or 2."""
    for follow in ((1, 2), (2, 3)):
        names = [f"{IN}GOPR0001.MP4", *(f"{IN}GP{n:02}0001.MP4" for n in follow)]
        best = suggest(names, IN)[0]
        assert (best.naming, best.words) == ("gopro", "3 of 3 in 1 group")


def test_a_suggestion_is_printed_as_lines_for_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    """The best to be copied as it is, the others as comments; they configure what was suggested."""
    keys = [IN + name for name in KNOWN["{group} ({index} of {total}).{ext}"]]
    code, out = run(capsys, "--suggest", *keys)
    assert code == 0
    lines = dict(line.split("=", 1) for line in out.splitlines() if line and not line.startswith("#"))
    assert lines == {"CONCAT_NAMING": "'{group} ({index} of {total}).{ext}'", "CONCAT_COMPLETION": "total"}


def test_nothing_is_suggested_where_nothing_belongs_together(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, and a sentence."""
    code, out = run(capsys, "--suggest", f"{IN}a.mp4", f"{IN}b.mp4", f"{IN}c.txt")
    assert code == 1
    assert "a recording by itself" in out
    code, out = run(capsys, "--suggest", f"{IN}00000.MTS", f"{IN}00001.MTS")
    assert code == 1
    assert "names that are numbers alone need a folder" in out


@pytest.mark.parametrize(
    ("names", "told", "set_too"),
    [
        (["rec/a_1.mp4", "rec/a_2.mp4"], ": set CONCAT_INPUT_PREFIX=rec/ as well", "CONCAT_INPUT_PREFIX=rec/"),
        (["a_1.mp4", "b/a_2.mp4", "a_2.mp4"], ": upload them under fragments/", ""),
        ([f"{IN}a_1.mp4", f"{IN}a_2.mp4", "b/a_3.mp4"], "# left out: 1 of 3 keys, which lie outside", ""),
        ([f"{IN}a_1.mp4", f"{IN}a_2.mp4"], "", ""),
    ],
)
def test_keys_outside_the_prefix_are_told_with_what_to_set(
    names: list[str], told: str, set_too: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a comment; the lines to copy are enough for the names to match."""
    code, out = run(capsys, "--suggest", *names)
    comments = [line for line in out.splitlines() if "CONCAT_INPUT_PREFIX=fragments/" in line]
    assert (code, len(comments), told in out) == (0, bool(told), True), out
    lines = [line for line in out.splitlines() if not line.startswith("#")]
    assert [line for line in lines if "PREFIX" in line] == [set_too] * bool(set_too)
    fits = main(["names", *names], dict(line.split("=", 1) for line in lines)) == 0
    assert fits is ("upload them" not in told)


def test_a_manifest_that_lies_there_decides(capsys: pytest.CaptureFixture[str]) -> None:
    """Its groups wait for nothing that a name could show; the others do."""
    keys = [f"{IN}{name}" for name in ("t/1.mp4", "t/manifest.json", "u/manifest.json", "v/1.mp4")]
    _, out = run(capsys, "--naming", "folder", "--completion", "manifest", *keys)
    decided = "a manifest decides: cos-concat explain --manifest <file>"
    groups = [line for line in out.splitlines() if line.startswith("group")]
    assert groups == [f"group t\t{decided}", f"group u\t{decided}", "group v\twaiting: waiting for the manifest"]


def test_the_prefix_itself_is_no_key_outside_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """As consoles make it, an empty object that shows a folder."""
    assert f"{IN}\tignored: the input prefix itself" in run(capsys, IN, f"{IN}a-1of1.mp4")[1]


def test_one_is_told_as_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Of groups, keys and pieces."""
    _, out = run(capsys, "--suggest", f"{IN}a_1.mp4", f"{IN}a_2.mp4")
    assert "# 1. 2 of 2 in 1 group\n" in out
    file = tmp_path / "keys.txt"
    file.write_text("\n".join([f"{IN}a-1of1.mp4", *(f"{IN}x{n}.txt" for n in range(300))]))
    assert "301 keys: 1 fragment in 1 group (1 whole)" in run(capsys, "--file", str(file))[1]


def test_what_can_never_be_joined_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do: pieces of bytes, and chunks of a browser."""
    _, out = run(capsys, f"{IN}v.mp4.001", f"{IN}v.mp4.002")
    assert len(re.findall("note:", out)) == 1
    assert "cat" in out
    chunks = [f"{IN}rec/{n:06}.webm" for n in range(3)]
    _, out = run(capsys, "--naming", "folder", *chunks)
    assert len(re.findall("MediaRecorder", out)) == 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("v.7z.001", "unpack it before the upload"),
        ("v.part1.rar", "unpack it before the upload"),
        ("v.z01", "unpack it before the upload"),
        ("Talk [abc].f137.mp4.part", "upload the file that it becomes"),
        ("Talk [abc].f137.mp4.part-Frag1", "upload the file that it becomes"),
        ("v.MP4.crdownload", "upload the file that it becomes"),
    ],
)
def test_what_is_no_media_file_yet_is_told(name: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Volumes of an archive, and what downloaders leave behind."""
    _, out = run(capsys, IN + name, IN + "readme.txt")
    assert told in out


def test_a_listing_that_costs_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Where the group does not stand at the beginning, a look at it lists much else."""
    file = tmp_path / "keys.txt"
    file.write_text("\n".join(f"{IN}{name}{n}-{name}_1.mp4" for n in range(50) for name in "abcdefgh"))
    _, out = run(capsys, "--naming", "{*}-{group}_{index}.mp4", "--completion", "quiet:60", "--file", str(file))
    assert "lists 400 of these keys" in out


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_may_come_from_any_editor(encoding: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Carriage returns, marks at the beginning, empty lines."""
    file = tmp_path / "keys.txt"
    file.write_bytes("fragments/课-1of2.mp4\r\n\r\nfragments/课-2of2.mp4\r\n".encode(encoding))
    code, out = run(capsys, "--file", str(file))
    assert code == 0
    assert "group 课\twhole: 课-1of2.mp4, 课-2of2.mp4" in out
    assert len(out.splitlines()) == 3


def test_standard_input_may_begin_with_a_mark(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PowerShell's redirections do."""
    monkeypatch.setattr("sys.stdin", iter(["\ufefffragments/a-1of1.mp4\r\n"]))
    assert "group a\twhole" in run(capsys)[1]


def test_a_large_listing_is_told_in_sum(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Twenty thousand lines in seconds of computing, a line for each kind of trouble."""
    file = tmp_path / "keys.txt"
    lines = [f"{IN}live/s{c}.142025{n:04}776.flv" for c in range(4) for n in range(5000)]
    file.write_text("\r\n".join([*lines, *(f"{IN}x{n}.txt" for n in range(300))]))
    began = time.process_time()
    _, out = run(capsys, "--naming", "srs", "--file", str(file))
    assert time.process_time() - began < 20
    assert "20,300 keys: 20,000 fragments" in out
    assert "unmatched: 300 x no media extension, such as fragments/x0.txt" in out
    assert len(out.splitlines()) < 80


def test_recordings_cut_at_gaps_are_shown_by_source(capsys: pytest.CaptureFixture[str]) -> None:
    """How many, when each begins, and of how many pieces."""
    keys = [f"{IN}live/a.{second}000.flv" for second in (1420254068, 1420254098, 1420259999)]
    _, out = run(capsys, "--naming", "srs", *keys)
    words = "recordings: 2, from 20150103T030108Z (2 pieces, then nothing for 5901 s), 20150103T043959Z (1 piece)"
    assert f"group live/a\t{words}" in out


def test_a_piece_whose_times_are_in_two_zones_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """By the list, and by what would be sent for it."""
    key = f"{IN}x_20240101T235930_20240101T160030Z.mp4"
    settings = {"CONCAT_TIMEZONE": "+08:00", "CONCAT_NAMING": "timestamp", "CONCAT_COMPLETION": "gap:60"}
    for verb in ("names", "explain"):
        code = main([verb, key], {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou", **settings})
        shown = capsys.readouterr()
        assert (code != 0, "written in two zones" in shown.out + shown.err) == (True, True), verb


def test_why_a_recording_is_cut_and_what_cannot_be_joined_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """At CONCAT_MAX_LENGTH, or two recorders of one name."""
    keys = [f"{IN}live/a.{second}000.flv" for second in (1420254068, 1420254098, 1420254128)]
    assert main(["names", "--naming", "srs", "--completion", "gap:40", *keys], {"CONCAT_MAX_LENGTH": "60"}) == 0
    assert "(2 pieces, cut by CONCAT_MAX_LENGTH)" in capsys.readouterr().out
    code, out = run(capsys, "--naming", "srs", *keys, f"{IN}live/a.{1420254098000}.mp4")
    assert "invalid" in out
    assert "overlap by more than half" in out
    assert code == 1


def test_a_bucket_is_only_listed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page, under the input prefix."""
    pages = {
        "": Page((ObjectInfo(f"{IN}a-1of2.mp4", "e", 1, 1),), f"{IN}a-1of2.mp4", 0),
        f"{IN}a-1of2.mp4": Page((ObjectInfo(f"{IN}a-2of2.mp4", "e", 1, 1),), None, 0),
    }

    class OnlyLists:
        def __init__(self, *_: object) -> None:
            """Any configuration and keys."""

        def list(self, _bucket: object, prefix: str, after: str) -> Page:
            assert prefix == IN
            return pages[after]

    monkeypatch.setattr(cosconcat.cloud.cos, "CosOverHttp", OnlyLists)
    keys = {"TENCENTCLOUD_SECRETID": "id", "TENCENTCLOUD_SECRETKEY": "key"}
    place = {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}
    assert main(["names", "--from-bucket"], {**keys, **place}) == 0
    assert "group a\twhole: a-1of2.mp4, a-2of2.mp4" in capsys.readouterr().out
