"""Templates: what each field matches, what is refused and where, and that listings hold everything of a group."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import UNNUMBERED, FragmentName, InvalidName, Name, NotOurs
from cosconcat.naming.times import local_time
from tests.unit.naming.test_naming_presets import inside

IN = "in/"


def read(template: str, key: str, **settings: int) -> Name:
    """What a template makes of a key after the prefix."""
    return Convention.of(template, IN, **settings).read(IN + key)  # type: ignore[arg-type]


def fragment(template: str, key: str) -> FragmentName:
    """The fragment that a key must be."""
    found = read(template, key)
    assert isinstance(found, FragmentName), found
    return found


@pytest.mark.parametrize(
    ("template", "key", "group", "number", "total"),
    [
        ("{group}_{index:3}.{ext}", "a/b/x_001.MP4", "a/b/x", 1, None),
        ("{group}_{index}.ts", "room_00012.ts", "room", 12, None),
        ("{group}_{index}.ts", "room_7_00012.TS", "room_7", 12, None),
        ("{group} ({index} of {total}).{ext}", "Talk (1 of 2).mp4", "Talk", 1, 2),
        ("{{{group}}}-{index}.mp4", "{a}-3.mp4", "a", 3, None),
        ("rec/{group}/{index}.mp4", "rec/x/10.mp4", "x", 10, None),
        ("{group}/{group2}_{*}_{index}.mp4", "car1/front_xyz_2.mp4", "car1/front", 2, None),
        ("{group}/{**}/{index}.mp4", "s/a/b/c/5.mp4", "s", 5, None),
        ("{**}{group}_{index}.mp4", "any/where/s_5.mp4", "s", 5, None),
        ("{index}.{ext}", "talk/a/7.mkv", "talk/a", 7, None),
        ("{*}{index}.{ext}", "talk/take 10.mkv", "talk", 10, None),
        ("{group}(_{index:3})?.{ext}", "a_001.mp4", "a", 1, None),
        ("{group}(_{index:3})?.{ext}", "a.mp4", "a", UNNUMBERED, None),
        ("{group:4}{group2:2}_{index:1}.mp4", "cam1ab_3.mp4", "cam1/ab", 3, None),
        ("Part {index} - {group}.{ext}", "part 3 - x.MP4", "x", 3, None),
        ("{group}.{index}.insv", "VID.12.INSV", "VID", 12, None),
        ("{group}-{index}.mp4", "a-b-3.mp4", "a-b", 3, None),
        ("{group}_{group2}_{index}.mp4", "a_b_c_3.mp4", "a/b_c", 3, None),
    ],
)
def test_a_template_reads(template: str, key: str, group: str, number: int, total: int | None) -> None:
    """Shortest group first, folders in front of the id only where the template has none, groups joined with `/`."""
    found = fragment(template, key)
    assert (found.group, found.number, found.total) == (group, number, total)


@pytest.mark.parametrize(
    ("template", "key", "reason"),
    [
        ("{group}_{index:3}.{ext}", "x_0001.mp4", "does not follow"),
        ("{group}_{index:3}.{ext}", "x_01.mp4", "does not follow"),
        ("{group}_{index}.{ext}", "x_1234567890.mp4", "does not follow"),
        ("{group}{index}.{ext}", "20240101120000.mp4", "does not follow"),
        ("{group}_{index}.{ext}", "x_１.mp4", "does not follow"),
        ("{group}_{index}.{ext}", "x_1.txt", "no media"),
        ("Rec/{group}_{index}.mp4", "rec/x_1.mp4", "does not follow"),
        ("rec/{group}_{index}.mp4", "x/rec/x_1.mp4", "does not follow"),
        ("{group}/{index}.mp4", "a/b/1.mp4", "does not follow"),
        ("{index}.{ext}", "7.mp4", "needs a folder"),
        ("rec/{index}.{ext}", "rec/7.mp4", "needs a folder"),
        ("{group}_{time}.mp4", "call_4155550000.mp4", "no date and time"),
        ("{group}_{time:%Y%m%d}.mp4", "c_20240230.mp4", "no date and time"),
        ("{group}_{time:%Y%m%d}.mp4", "c_20241301.mp4", "does not follow"),
        ("{group}_{index}.mp4", "v.mp4.001", "cut into bytes"),
    ],
)
def test_what_a_template_does_not_match_is_unmatched_with_a_reason(template: str, key: str, reason: str) -> None:
    """Case counts up to the last folder, digits are ASCII and all of them, and what is no time is no traceback."""
    found = read(template, key)
    assert isinstance(found, NotOurs)
    assert reason in found.reason


def ms(*when: int) -> int:
    """Epoch milliseconds of a UTC time."""
    return int(datetime(*when, tzinfo=timezone.utc).timestamp()) * 1000  # type: ignore[misc,arg-type]


TIMES = [
    ("{group}_{time}.mp4", "radio_2024010112.mp4", "radio_20240101T120000Z", ms(2024, 1, 1, 12)),
    ("{group}_{time}.mp4", "r_1999999999.mp4", "r_20330518T030000Z", 1999999999000),
    ("{time}.mp4", "2022-01-12-10-59-50-123.mp4", "20220112T100000Z", ms(2022, 1, 12, 10, 59, 50) + 123),
    ("{time}.mp4", "c/2026-02-06_06-58-04-599664.mp4", "c_20260206T060000Z", ms(2026, 2, 6, 6, 58, 4) + 599),
    ("{time:%Y-%m-%d}/{time:%H}/{group}/{time:%M.%S}.{ext}", "2024-01-26/10/a/00.08.mp4", "a_20240126T100000Z",
     ms(2024, 1, 26, 10, 0, 8)),
    ("{group}_{time:%y%j}_{time:%I%M%S%p}.mp4", "c_24026_091500pm.mp4", "c_20240126T210000Z", ms(2024, 1, 26, 21, 15)),
    ("{group} {time:%d %B %Y %H.%M}.mp4", "c 5 JANUARY 2024 9.05.mp4", "c_20240105T090000Z", ms(2024, 1, 5, 9, 5)),
    ("{group} {time:%a, %b %d %Y, %H.%M %z}.mp4", "c Fri, jan 5 2024, 9.05 +0800.mp4", "c_20240105T010000Z",
     ms(2024, 1, 5, 1, 5)),
    ("{group}.{time:%s}.flv", "livestream.1420254068776.flv", "livestream_20150103T030000Z", 1420254068776),
    ("{group}_{time:%y%m%d%H%M%S%f}.mp4", "c_690102030405123456789.mp4", "c_19690102T030000Z",
     ms(1969, 1, 2, 3, 4, 5) + 123),
    ("{group}_{time:%Y%m%d}(_{time:%H%M})?.mp4", "c_20240126_1015.mp4", "c_20240126T100000Z", ms(2024, 1, 26, 10, 15)),
    ("{group}_{time:%Y%m%d}(_{time:%H%M})?.mp4", "c_20240126.mp4", "c_20240126T000000Z", ms(2024, 1, 26)),
    ("{time:%Y%%%m%%%d}/{*}.mp4", "2024%01%26/x.mp4", "20240126T000000Z", ms(2024, 1, 26)),
]  # fmt: skip


@pytest.mark.parametrize(("template", "key", "group", "start"), TIMES)
def test_times_add_up(template: str, key: str, group: str, start: int) -> None:
    """From several places, in any order, in any letters of strptime."""
    found = fragment(template, key)
    assert (found.group, found.number, found.end) == (group, start, None)
    assert found.group == (f"{found.source}_" if found.source else "") + found.group.rpartition("_")[2]


@pytest.mark.parametrize(
    ("end", "key", "ends"),
    [
        ("{end:%H.%M.%S}", "c_20190509T235949Z-00.05.14.mp4", ms(2019, 5, 10, 0, 5, 14)),
        ("{end:%H.%M.%S}", "c_20190509T235949Z-23.59.49.mp4", ms(2019, 5, 9, 23, 59, 49)),
        ("{end:%H.%M}", "c_20190509T235949Z-23.59.mp4", ms(2019, 5, 9, 23, 59, 49)),
        ("{end:%M.%S}", "c_20190509T235949Z-05.14.mp4", ms(2019, 5, 10, 0, 5, 14)),
        ("{end:%d.%H}", "c_20190509T235949Z-10.01.mp4", ms(2019, 5, 10, 1)),
        ("{end}", "c_20190509T235949Z-20190510T000514Z.mp4", ms(2019, 5, 10, 0, 5, 14)),
        ("{end}", "c_20190509T235949+0800-20190510T000514+0800.mp4", ms(2019, 5, 9, 16, 5, 14)),
        ("{end:%H%M%S}", "c_20190509T235949+0800-000514.mp4", ms(2019, 5, 9, 16, 5, 14)),
    ],
)
def test_an_end_is_the_first_such_moment_after_the_start(end: str, key: str, ends: int) -> None:
    """Its day need not be written, nor its hour; it is read in the zone of the start."""
    assert fragment(f"{{group}}_{{time}}-{end}.mp4", key).end == ends


@pytest.mark.parametrize(
    ("template", "key"),
    [
        ("{time:%Y-%m-%d}/{time:%H}/{time:%H.%M}.mp4", "2024-01-26/10/11.00.mp4"),
        ("{time:%Y%m%d}-{time:%j}.mp4", "20240126-027.mp4"),
        ("{time:%Y%m%d}_{time:%y}.mp4", "20240126_25.mp4"),
        ("{time:%Y%m%d %H %I%p}.mp4", "20240126 21 08pm.mp4"),
    ],
)
def test_times_that_disagree_are_invalid(template: str, key: str) -> None:
    """Nobody can say which of them is right."""
    found = read(template, key)
    assert isinstance(found, InvalidName)
    assert "disagree" in found.reason


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("c_20240101T100000Z_20240101T095959Z.mp4", "does not end within a day"),
        ("c_20240101T100000Z_20240102T100001Z.mp4", "does not end within a day"),
    ],
)
def test_a_piece_that_ends_before_it_begins_or_days_later_is_invalid(key: str, reason: str) -> None:
    """It follows the convention, and says what cannot be."""
    found = read("{group}_{time}_{end}.mp4", key)
    assert isinstance(found, InvalidName)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("end", "ends"),
    [
        ("02.03.00", None),  # the hour that comes twice in autumn
        ("02.57.59", None),  # a second, by which a clock was set back
        ("22.58.01", 72_001),
        ("22.58.00", 20 * 3600),  # perhaps a long night
        ("02.58.00", 0),
        ("23.59.59", 75_719),
    ],
)
def test_an_end_without_a_day_that_lies_shortly_before_the_start_is_invalid(end: str, ends: int | None) -> None:
    """A clock that was set back, or a piece of almost a day: nobody knows."""
    name = f"2026-10-25/001/dav/02/02.58.00-{end}[M][0@0][0].dav"
    found = Convention.of("dahua", IN, window=0).read(IN + name)
    if ends is None:
        assert isinstance(found, InvalidName)
        assert "ends less than 4 hours before it begins, or a day later" in found.reason
    else:
        assert isinstance(found, FragmentName)
        assert found.end == found.number + ends * 1000


@pytest.mark.parametrize(
    "name",
    [
        "cam_20260922T000040Z_20260922T000039Z",  # a clock that was set back
        "cam_20261025T025900_20261025T020400",  # the hour that comes twice in autumn
        "cam_20260922T000000Z_20260923T000001Z",  # longer than a day
        "cam_20260922T000040Z_20260922T000039",
        "cam_2026-09-22_00-00-40_20260922T000039Z",
        "cam_1790035240_1790035239",
        "cam_1790035240000_1790035239000",
        "cam_20260922T240000_20260923T000100",  # no such hour
        "cam_20260231T120000_20260301T120000",  # no such day
        "cam_20260922T000000_20260922T240000",
    ],
)
@pytest.mark.parametrize("window", [0, 3600])
def test_a_start_is_never_read_as_a_part_of_the_group(name: str, window: int) -> None:
    """Where two times cannot be start and end, the end is not the start of another source."""
    found = Convention.of("timestamp", "in/", window=window).read(f"in/{name}.mp4")
    assert isinstance(found, InvalidName)
    assert "is no date and time" in found.reason


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("cam_1380013800_20240101T120000Z", "cam_1380013800"),
        ("cam_13800138000_1704110400", "cam_13800138000"),
        ("cam_1699999999999_2024-01-01-12-00-00", "cam_1699999999999"),
        ("cam_20991234567890_1704110400", "cam_20991234567890"),
        ("cam_1699999999_1704110400000", "cam_1699999999"),
    ],
)
def test_a_number_before_a_time_that_is_written_otherwise_may_be_an_id(name: str, source: str) -> None:
    """A phone number, or a serial one."""
    found = Convention.of("timestamp", "in/").read(f"in/{name}.mp4")
    assert isinstance(found, FragmentName)
    assert (found.source, found.number, found.end) == (source, ms(2024, 1, 1, 12), None)


@pytest.mark.parametrize(
    ("template", "place", "problem"),
    [
        ("{grup}_{index}.mp4", "character 1, '{grup}_", "did you mean {group}?"),
        ("{group}_{index", "character 9, '{index'", "write {{"),
        ("x}y{index}.mp4", "character 2", "write }}"),
        ("{group}{group2}_{index}.mp4", "character 8", "nothing says where {group} ends"),
        ("{group}_{index}_{index}.mp4", "character 17", "stands twice"),
        ("{group}_{group}_{index}.mp4", "character 9", "stands twice"),
        ("{**}/{group}/{**}/{index}.mp4", "character 14", "stands twice"),
        ("{group}_{time:%H}.mp4", "{time:%H}", "must give a day"),
        ("{group}(_{time:%Y%m%d})?_{time:%H}.mp4", "%H", "must give a day"),
        ("{group}_{time:%Q}.mp4", "character 15, '%Q", "%Q is not known; allowed are %Y"),
        ("{group}_{time:%Y%m%d %I}.mp4", "%I", "need each other"),
        ("{group}_{index}", "character 9", "must end in {ext}"),
        ("{group}.mp4.{index:3}", "character 13", "cut into bytes cannot be joined"),
        ("{group}_{index}{total}.mp4", "character 16", "takes all that stand there"),
        ("{group}_{index}0.mp4", "character 16", "takes all that stand there"),
        ("{group}.mp4", "{group}.mp4", "needs {index} or {time}"),
        ("{group}_{index}_{time}.mp4", "character 9", "one of them orders"),
        ("{group}_{total}.mp4", "character 9", "{total} without {index}"),
        ("{group}_{index}_{end}.mp4", "character 17", "{end} without {time}"),
        ("(a(b)?c)?{index}.mp4", "character 3", "cannot stand in another one"),
        ("(a)?(b)?(c)?(d)?{index}.mp4", "character 13", "more than 3 optional parts"),
        ("({group})?{index}.mp4", "character 2", "a group cannot be optional"),
        ("a)?{index}.ts", "character 2", "was never opened"),
        ("{group2}_{index}.mp4", "character 1", "{group2} without {group}"),
        ("{group}_{index}.json", "character 16", "no media"),
        ("{group}_{index:0}.ts", "character 9", "from 1 to 9"),
        ("{group}_{index:10}.ts", "character 9", "from 1 to 9"),
        ("{group}_{ext:3}", "character 9", "nothing behind a colon"),
        ("{group}#{index}.ts", "character 8, '#", "cannot stand in a key"),
        ("{group}" + "x" * 500 + "{index}.ts", "", "longer than 500"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_at_its_place(template: str, place: str, problem: str) -> None:
    """Where, and what to write instead."""
    with pytest.raises(ValueError, match=re.escape(problem)) as caught:
        Convention.of(template, IN)
    assert place in str(caught.value)


WORDS = st.text("abcXYZ019中 +%", min_size=1, max_size=8).filter(lambda word: word.strip() == word)
FORMATS = st.sampled_from(
    (
        *("", "%Y%m%d%H%M%S", "%Y-%m-%d_%H-%M-%S", "%Y_%m%d_%H%M%S"),
        *("%d.%m.%Y %H.%M.%S", "%s", "%Y/%m/%d/%H/%M.%S", "%j%y %I.%M.%S %p"),
    )
)
LAYOUTS = st.sampled_from(
    (
        *("{group}_{}.{ext}", "{group}/{}.{ext}", "{group}_{*}_{}.mp4", "{group}/{group2}_{}.mp4", "{}.mp4"),
        *("a/{group}_{}_{group2}.ts", "{}/{group}.mp4", "{**}/{group}_{}.mp4", "x{group}x_{}(_{*})?.mp4"),
        "Rec/{}-{group}.MKV",
    )
)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str, dict[str, str], int]:
    """A template, a key that it describes, the fields in it, and the number or the moment (seconds)."""
    layout = draw(LAYOUTS)
    values = {name: draw(WORDS) for name in ("group", "group2", "*", "**")}
    values |= {"**": values["**"] + "/" + draw(WORDS), "ext": draw(st.sampled_from(["mp4", "MOV"]))}
    if draw(st.booleans()):
        order, number = "{index}", draw(st.integers(0, 999_999))
        text = str(number).zfill(draw(st.integers(1, 6)))
    else:
        number = draw(st.integers(1_000_000_000, 1_999_999_999))
        form = draw(FORMATS)
        order = f"{{time:{form}}}" if form else "{time}"
        text = local_time(number, 0).strftime((form or "%Y-%m-%dT%H:%M:%S").replace("%s", str(number)))
    template = layout.replace("{}", order)
    key = template.replace("(", "").replace(")?", "").replace(order, "\0")
    for name, value in values.items():
        key = key.replace(f"{{{name}}}", value)
    return template, key.replace("\0", text), values, number


@given(written(), st.sampled_from([600, 3600, 86400, 100_000]), st.sampled_from([0, 8 * 3600, -5 * 3600]))
def test_what_is_written_reads_back_the_same_and_lies_in_its_listing(
    case: tuple[str, str, dict[str, str], int], window: int, offset: int
) -> None:
    """The group, the number or the moment; and every listing of the group shows the key, narrow or wide."""
    template, key, values, number = case
    convention = Convention.of(template, IN, window=window, offset=offset, signal="marker")
    found = convention.read(IN + key)
    if isinstance(found, NotOurs) and found.reason.startswith("needs a folder"):
        return
    assert isinstance(found, FragmentName), (template, key, found)
    zone = 0 if "{time:%s}" in template or "index" in template else offset
    assert found.number == (number if "index" in template else (number - zone) * 1000)
    groups = [values[name] for name in ("group", "group2") if f"{{{name}}}" in template]
    if groups:
        assert found.source == "/".join(groups)
    for spans in (convention.spans(found.group), convention.spans(found.group, found)):
        assert any(inside(span, found.key) for span in spans), (template, key, spans)
    for other in (f"{convention.manifest_key(found.group)}",):
        assert any(inside(span, other) for span in convention.spans(found.group)), (template, other)


@pytest.mark.parametrize(
    ("template", "group", "prefixes"),
    [
        ("{group}_{index}.{ext}", "a/b/x", ["in/a/b/x_"]),
        ("{time:%Y-%m-%d}/{time:%H}/{group}/{time:%M.%S}.{ext}", "front_20241126T100000Z", ["in/2024-11-26/10/front/"]),
        ("Record/{time:%Y%m%d_%H%M%S}_{group}.mp4", "NF_20241126T100000Z", ["in/Record/20241126_10"]),
        ("{group}_{time:%Y/%m/%d}.mp4", "c_20241126T100000Z", ["in/c_2024/11/26."]),
        ("{*}-{group}-{index}.mp4", "x/a", ["in/x/"]),
        ("G{group:1}{index:2}{group2:4}.{ext}", "X/0119", ["in/"]),
        ("{**}/{group}_{index}.mp4", "a", ["in/"]),
        ("{group}/hls/{*}/{index}.ts", "a", ["in/a/hls/"]),
    ],
)  # fmt: skip
def test_a_listing_is_as_narrow_as_the_template_allows(template: str, group: str, prefixes: list[str]) -> None:
    """Up to the first place where the group's names may differ."""
    assert [span.prefix for span in Convention.of(template, IN).spans(group)] == prefixes


@given(st.integers(1_000_000_000, 1_999_999_999), st.sampled_from([-12, -5, 0, 8, 14]), st.sampled_from([3600, 86400]))
def test_a_listing_holds_names_written_in_any_zone(moment: int, hours: int, window: int) -> None:
    """The date in a name may be the day before or after the window's."""
    convention = Convention.of("{time:%Y-%m-%d}/{group}_{time:%H%M%S%z}.mp4", IN, window=window)
    found = convention.read(IN + local_time(moment, hours * 3600).strftime("%Y-%m-%d/cam_%H%M%S%z.mp4"))
    assert isinstance(found, FragmentName)
    assert found.number == moment * 1000
    for own in (None, found):
        assert any(inside(span, found.key) for span in convention.spans(found.group, own))


@given(st.text(max_size=60), st.sampled_from(["{}", "{{group}}_{}{{index}}.mp4", "{{group}}_{{time:%Y%m%d{}}}.mp4"]))
def test_no_text_whatever_makes_parsing_or_reading_crash(text: str, around: str) -> None:
    """It is a template, or refused with a reason."""
    try:
        convention = Convention.of(around.format(text), IN)
    except ValueError:
        return
    convention.read(IN + text + ".mp4")
