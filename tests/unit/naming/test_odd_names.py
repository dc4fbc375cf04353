"""Names that people have and that nobody plans for: scripts, signs, calendars, clocks, counters that overflow."""

from __future__ import annotations

import io

import pytest

from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import FragmentName
from ops.command import main
from ops.naming.suggest import suggest

IN = "fragments/"
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("讲座 第一讲.part1-of-2.MP4", "讲座 第一讲"),
        ("🎥.part1-of-2.mp4", "🎥"),
        ("فيديو.part1-of-2.mp4", "فيديو"),
        ("e\u0301te\u0301.part1-of-2.mp4", "e\u0301te\u0301"),  # combining accents are not composed
        ("a%2Fb.part1-of-2.mp4", "a%2Fb"),
        ("a  b.part1-of-2.mp4", "a  b"),
        ("a.PART001-OF-0002.MP4", "a"),
        ("a..part1-of-2.mp4", "a."),
        ("a.part١-of-٢.mp4", None),
        ("a.part１-of-２.mp4", None),
        ("a.part1-of-2.ＭＰ４", None),
        ("a.part1-of-2.mp4 ", None),
        (".part1-of-2.mp4", None),
        ("a\udcff.part1-of-2.mp4", None),
    ],
)
def test_what_scripts_and_signs_make_of_a_name(name: str, group: str | None) -> None:
    """Groups are what is written, character by character; digits and extensions are ASCII."""
    found = Convention.of("part-of", IN).read(IN + name)
    assert (found.group if isinstance(found, FragmentName) else None) == group


@pytest.mark.parametrize(
    ("naming", "name", "start"),
    [
        ("{group}_{time}.{ext}", "c_20240229T120000Z.mp4", 1_709_208_000_000),
        ("{group}_{time}.{ext}", "c_20230229T120000Z.mp4", None),
        ("{group}_{time}.{ext}", "c_20380119T031408Z.mp4", 1 << 31),
        ("{group}_{time}.{ext}", "c_2147483648000.mp4", 1 << 31),
        ("{group}_{time:%s}.{ext}", "c_2147483648.mp4", 1 << 31),
        ("{group}_{time}.{ext}", "c_1706108297123.mp4", 1_706_108_297_123),
        ("{group}_{time}.{ext}", "c_20241231T235960Z.mp4", None),
        ("{group}_{time:%j-%Y_%H}.{ext}", "c_366-2024_01.mp4", 1_735_606_800_000),
        ("{group}_{time:%j-%Y_%H}.{ext}", "c_366-2023_01.mp4", None),
    ],
)
def test_calendars_and_clocks(naming: str, name: str, start: int | None) -> None:
    """Leap days, the end of 32 bits, thirteen digits; a day or a second that does not exist is no time."""
    found = Convention.of(naming, IN).read(IN + name)
    expected = start * 1000 if start == 1 << 31 else start
    assert (found.number if isinstance(found, FragmentName) else None) == expected


def test_an_hour_that_comes_twice_is_told_apart_by_its_zone_alone() -> None:
    """When summer time ends, 02:30 comes twice: with a zone they are an hour apart, without one they are one time."""
    convention = Convention.of("{group}_{time}.{ext}", IN, window=86400)
    summer, winter, untold = (convention.read(f"{IN}c_20241027T023000{zone}.mp4") for zone in ("+0200", "+0100", ""))
    assert isinstance(summer, FragmentName)
    assert isinstance(winter, FragmentName)
    assert isinstance(untold, FragmentName)
    assert winter.number - summer.number == HOUR
    assert untold.number == convention.read(f"{IN}c_20241027T023000.mkv").number  # type: ignore[union-attr]


def test_a_counter_that_outgrows_its_width_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """`{index:3}` is exactly three digits; `{index}` counts on, with zeros or without."""
    main(["names", "--naming", "{group}_{index:3}.{ext}", "--completion", "quiet:60", f"{IN}x_1000.mp4"], {})
    assert "{index} has not exactly 3 digits" in capsys.readouterr().out
    numbers = [Convention.of("{group}_{index}.{ext}", IN).read(f"{IN}x_{n}.mp4") for n in ("999", "1000", "01001")]
    assert [one.number for one in numbers if isinstance(one, FragmentName)] == [999, 1000, 1001]


@pytest.mark.parametrize(
    ("names", "naming"),
    [
        (["剧/第1集.mp4", "剧/第2集.mp4", "剧/第3集.mp4"], "第{index}集.{ext}"),
        (["讲座（1）.mp4", "讲座（2）.mp4", "会议（1）.mp4", "会议（2）.mp4"], "{group}（{index}）.{ext}"),
        (["a  1.mp4", "a  2.mp4", "b  1.mp4", "b  2.mp4"], "{group}  {index}.{ext}"),
        (
            ["录屏2024年01月02日10时11分12秒.mp4", "录屏2024年01月02日10时21分12秒.mp4"],
            "{group}{time:%Y年%m月%d}日{time:%H时%M分%S}秒.{ext}",
        ),
    ],
)
def test_chinese_names_are_suggested_a_template(names: list[str], naming: str) -> None:
    """Numbers between characters, brackets of full width, a date as it is spoken."""
    assert suggest([IN + name for name in names], IN)[0].naming == naming
    assert Convention.of(naming, IN).forms[0].groups in (("group",), ())


def test_bytes_that_are_no_text_are_named_and_nothing_breaks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a listing from another system may hold them."""
    listed = io.BytesIO(b"fragments/a\xff.part1-of-2.mp4\nfragments/ok.part1-of-2.mp4\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(listed, "utf-8", errors="surrogateescape"))
    assert main(["names"], {}) == 1  # one of them is invalid
    out = capsys.readouterr().out
    assert "invalid" in out
    assert "group ok" in out


@pytest.mark.parametrize(
    ("naming", "key"),
    [
        ("{group}_{time}.{ext}", "call_8613800138000.mp4"),
        ("{group}_{time}.{ext}", "cam_9999999999999.mp4"),
        ("{group}_{time:%Y-%m-%d}.{ext}", "cam_0001-01-01.mp4"),
        ("{group}_{time:%Y-%m-%d}.{ext}", "cam_9999-12-31.mp4"),
        ("{group}_{time:%Y-%m-%dT%H%z}.{ext}", "cam_9999-12-31T23-14:00.mp4"),
        ("{group}_{time:%s}.{ext}", "cam_8613800138000.mp4"),
    ],
)
def test_a_year_that_no_recording_is_of_is_no_time(naming: str, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A number that only looks like a time; a group's id could not name it, so nothing of a listing could be told."""
    other = key.replace(key.partition("_")[2], "1700000000000.mp4" if "%" not in naming else "x.mp4")
    environment = {"CONCAT_NAMING": naming, "CONCAT_COMPLETION": "quiet:60"}
    main(["names", IN + key, IN + other], environment)
    out = capsys.readouterr().out
    assert "no recording is of that year; allowed are 1900 to 2099" in out
    assert f"{IN}{other}\t" in out
