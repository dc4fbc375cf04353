"""A person's own expression: what is accepted, what is refused and why, and how narrow its listings are."""

from __future__ import annotations

import pytest

from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import FragmentName, InvalidName, NotOurs
from cosconcat.naming.vetting import parse_expression

IN = "in/"


def test_an_own_expression_reads_keys_like_a_preset() -> None:
    """Full match on the key after the prefix, with the same named groups."""
    convention = Convention.of(r"raw/(?P<group>[^/]+)_seg(?P<index>\d+)of(?P<total>\d+)\.(?P<ext>\w+)", IN)
    found = convention.read("in/raw/x_seg03of12.mp4")
    assert isinstance(found, FragmentName)
    assert (found.group, found.number, found.total, found.span) == ("x", 3, 12, (12, 14))
    assert isinstance(convention.read("in/raw/x_seg03of12.mp4.mp4"), NotOurs)
    assert convention.totals
    assert not convention.timed


def test_an_own_expression_may_order_by_time() -> None:
    """Times are read in the same spellings, and the group gets its window."""
    convention = Convention.of(r"(?P<group>[^/]+)/(?P<time>[0-9T]+Z)\.ts", IN)
    found = convention.read("in/door/20241201T103000Z.ts")
    assert isinstance(found, FragmentName)
    assert found.group == "door_20241201T100000Z"
    assert convention.spans(found.group)[0].prefix.startswith("in/door/")


def test_numbers_are_ascii_digits() -> None:
    """Python takes every script's digits for digits; the next key would not be found."""
    convention = Convention.of(r"(?P<group>\w+)-(?P<index>\d+)\.ts", IN)
    assert isinstance(convention.read(IN + "v-3.ts"), FragmentName)
    assert isinstance(convention.read(IN + "v-３.ts"), InvalidName)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("part_of", "did you mean part-of"),
        ("(", "the presets are part-of"),
        (r"(?P<group>.+", "no regular expression"),
        (r"(?P<index>\d+)\.mp4", "needs the named groups"),
        (r"(?P<group>.+)\.mp4", "needs the named groups"),
        (r"(?P<group>.+)_(?P<index>\d+)_(?P<time>\d+)", "needs the named groups"),
        (r"(?P<group>.+)_(?P<index>\d+)_(?P<camera>\d+)", "unknown named groups camera"),
        (r"(?P<group>.+)_(?P<time>\d+)_(?P<total>\d+)", "both time and total"),
        (r"(?P<group>(\w+)+)_(?P<index>\d+)", "nests"),
        (r"(?P<group>(?:\w+-?)*)_(?P<index>\d+)", "nests"),
        (r"(?P<group>(?:\w{1,9}){1,99})_(?P<index>\d+)", "nests"),
        (r"(?P<group>(?:a|ab)+)_(?P<index>\d+)", "repeats alternatives"),
        (r"(?P<group>.+).*.*.*(?P<index>\d+)\.mp4", "in a row"),
        (r"(?P<group>.+)_.+_.+_.+_(?P<index>\d+)\.mp4", "in a row"),
        (r"(?P<group>[\w-]+)ab[\w-]{1,50}(?:x?)[a-z_]*\w+(?P<index>\d+)\.mp4", "in a row"),
        (r"(?P<group>" + "a?" * 40 + r")(?P<index>\d+)", "choices"),
        (r"(?P<group>(?:a?){10}(?:a?){10}(?:a?){10})(?P<index>\d+)", "choices"),
        (r"(?P<group>(?:(?:a{1,9}){1,9}){1,9})(?P<index>\d+)", "choices"),
        (r"(?P<group>" + "(?:aa|a)" * 30 + r")(?P<index>\d+)", "choices"),
        (r"(?P<group>" + "(?:ab|ab)x" * 30 + r")(?P<index>\d+)", "choices"),
        (r"(?P<group>[ab]+c*[ab]+c*[ab]+c*[ab]+)_(?P<index>\d+)", "in a row"),
        (r"(?P<group>.+\dx.+\dx.+\dx.+\dx)(?P<index>\d+)", "in a row"),
        (r"(?P<group>[ab]+(?:cc|aa)[ab]+(?:cc|aa)[ab]+(?:cc|aa)[ab]+)_(?P<index>\d+)", "in a row"),
        (r"(?P<group>" + "(?:" * 20 + "a{2}|b" + "){2}" * 20 + r")(?P<index>\d+)", "choices|complicated"),
        (r"(?P<group>(?=a).+)_(?P<index>\d+)", "looks ahead"),
        (r"(?P<group>(?!a).+)_(?P<index>\d+)", "looks ahead"),
        (r"(?P<group>.+(?<=a))_(?P<index>\d+)", "looks ahead"),
        (r"(?P<group>.+(?<!a))_(?P<index>\d+)", "looks ahead"),
        (r"(?P<group>.+)_(?P=group)_(?P<index>\d+)", "looks ahead"),
        (r"(a|b)(?P<group>.+)\1(?P<index>\d+)", "looks ahead"),
        (r"(a)?(?P<group>.+)(?(1)_|-)(?P<index>\d+)", "looks ahead"),
        (r"(?P<group>" + "a" * 500 + r")(?P<index>\d+)", "longer than"),
    ],
)
def test_an_expression_that_cannot_be_used_is_refused_with_the_reason(expression: str, why: str) -> None:
    """It would fail on the first key, or never end on an unlucky one."""
    with pytest.raises(ValueError, match=why):
        Convention.of(expression, IN)


@pytest.mark.parametrize("end", ["20260922T000039", "20260923T000041"])
def test_a_name_that_ends_before_it_begins_or_days_later_is_invalid(end: str) -> None:
    """No piece is longer than a day, and none ends before it begins."""
    convention = Convention.of(r"(?P<group>[^_]+)_(?P<time>\w+)-(?P<end>\w+)\.(?P<ext>mp4)", IN)
    found = convention.read(f"{IN}cam_20260922T000040-{end}.mp4")
    assert isinstance(found, InvalidName)
    assert "does not end within a day" in found.reason
    assert isinstance(convention.read(f"{IN}cam_20260922T000040-20260923T000040.mp4"), FragmentName)


@pytest.mark.parametrize(
    ("expression", "lead", "tail"),
    [
        (r"(?P<group>.+)_(?P<index>\d+)\.mp4", "", "_"),
        (r"^raw/(?P<group>.+)/seg(?P<index>\d+)\.mp4$", "raw/", "/seg"),
        (r"(?P<group>.+)[_-](?P<index>\d+)\.mp4", "", ""),
        (r"(?:.*/)?(?P<group>[^/]+)_(?P<index>\d+)\.mp4", None, "_"),
        (r"(?i)(?P<group>.+)_Seg(?P<index>\d+)\.mp4", "", "_"),
        (r"x(?:(?P<group>.+)_(?P<index>\d+))\.mp4", "x", "_"),
        (r"(?:x(?P<group>.+)_)?(?P<index>\d+)\.mp4", None, ""),
    ],
)
def test_literal_text_around_the_group_narrows_its_listing(expression: str, lead: str | None, tail: str) -> None:
    """As far as the expression fixes it; letters that match in any case do not count."""
    found = parse_expression(expression)
    assert (found.lead, found.tail) == (lead, tail)


def test_what_precedes_a_group_is_taken_from_the_event_where_it_varies() -> None:
    """Without an event the whole prefix has to be listed."""
    convention = Convention.of(r"(?:.*/)?(?P<group>[^/]+)_(?P<index>\d+)\.mp4", IN)
    own = convention.read("in/a/b/v_1.mp4")
    assert isinstance(own, FragmentName)
    assert [span.prefix for span in convention.spans("v", own)] == ["in/a/b/v_"]
    assert [span.prefix for span in convention.spans("v")] == ["in/"]


@pytest.mark.parametrize(
    "expression",
    [
        r"(?P<group>.+)_(?P<index>\d{1,5})-(?P<total>\d{1,5})\.(?P<ext>\w+)",
        r"(?P<group>(?:[^/]+/){0,3}[^/]+)_(?P<index>\d+)\.mp4",
        r"(?P<group>(?:a|b)_\w+)_(?P<index>\d+)(?:\.part)?\.mp4",
        r"(?:.*/)?(?P<group>[^/]+)_(?P<index>\d+)-(?P<total>\d+)\.(?P<ext>\w+)",
        r"(?P<group>.+)/(?:[^/]*[^/0-9])?(?P<index>[0-9]{1,9})\.(?P<ext>[0-9a-z]+)",
        r"(?P<group>.+)_(?P<index>[0-9]+)of(?P<total>[0-9]+)\.(?P<ext>[a-z0-9]+)",
        r"(?P<group>[\w-]+)/(?:seg|part|clip)[_-]?(?P<index>\d{1,6})(?:_of_(?P<total>\d+))?\.(?P<ext>\w+)",
        r"(?P<group>[^/]+/[^/]+)/(?:\D*)(?P<index>\d+)\.(?:mp4|MP4|mov)",
    ],
)
def test_ordinary_expressions_pass(expression: str) -> None:
    """Optional parts, bounded repeats and alternatives are fine."""
    Convention.of(expression, IN)


def test_a_key_longer_than_cos_allows_is_not_even_matched() -> None:
    """The time a match may take grows with the key; only a forged event names such a key."""
    convention = Convention.of(r"(?P<group>.+)_(?P<index>\d+)\.mp4", IN)
    fits = IN + "x" * (850 - len(IN) - len("_1.mp4")) + "_1.mp4"
    assert isinstance(convention.read(fits), FragmentName)
    for key in (fits.replace("x", "xx", 1), fits.replace("x", "中", 1)):
        assert isinstance(convention.read(key), NotOurs)
