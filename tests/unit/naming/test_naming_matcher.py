"""Matching at a bounded cost: the same answer as `re` gives, at a price that does not grow with a key's malice."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import KEY_BYTES, FragmentName
from cosconcat.naming.matcher import Bounded
from cosconcat.naming.presets import PRESETS
from cosconcat.naming.template_parser import parse_template

EXPRESSIONS = [
    PRESETS["part-of"].expression,
    r"(?P<group>.+)_(?P<index>\d+)\.(?P<ext>\w+)",
    r"(?i)(?P<a>a|ab)(?P<b>c|bcd)(?P<c>d*)",
    r"(?P<a>[^/]+?)_(?P<b>[^/]*?)(?:_(?P<c>[0-9]{2}))?\.ts",
    r"^(?P<g>\w+)\b.(?P<i>\d*?)$",
    r"(?P<a>a?b)*(?P<x>[ab]{1,3})",
    r"(?P<g>[a-z]+(?:-[a-z]+){0,2})(?<![0-9])(?P<i>[0-9]{1,3})(?![0-9])(?P<r>.*)",
    parse_template("{group}({*})_{group2}-{index}( of {total})?.{ext}").pattern.expression,
    parse_template("{group}_{time}_{end}.mp4").pattern.expression,
]
PIECES = st.sampled_from(
    ["_", "-", ".", "/", "1", "23", "a", "ab", "c", "Bd", ".ts", ".mp4", ".part1-of-2.mp4", " of "]
)
TIMES = st.sampled_from(["2024-01-02T03:04:05Z", "20240102030405", "1704164645", "20240102_030405-001"])


@pytest.mark.parametrize("expression", EXPRESSIONS)
@given(st.lists(PIECES | TIMES | st.text(max_size=2), max_size=8).map("".join))
def test_step_by_step_is_what_re_does(expression: str, text: str) -> None:
    """Whether it matches, and where each group stands."""
    pattern = re.compile(expression)
    found = pattern.fullmatch(text)
    expected = found and {name: found.span(name) for name in pattern.groupindex if found.start(name) >= 0}
    assert Bounded(expression, 1.0).walk(text) == expected


HOSTILE = [
    "_1" * 425,
    "a_" * 420 + "1.mp4x",
    "-".join(["20240101"] * 90) + ".mp",
    "_" * KEY_BYTES,
    "1" * KEY_BYTES,
    "2024-01-01_00-00-00_" * 42 + ".mp4",
    "(x)_1 of 2 " * 77,
]
FIELDS = st.sampled_from(["{group}", "{*}", "{group2}", "{**}", "{group3}", "({*}-)?", "(_{*})?"])
PARTS = st.lists(st.tuples(FIELDS, st.sampled_from(["_", "-", ".", " of ", "_1", "a_"])), min_size=1, max_size=7)


@given(PARTS, st.sampled_from(["{index}", "{time}", "{time:%Y%m%d_%H%M%S}", "{index} of {total}"]), st.data())
def test_no_template_is_slow_on_any_key(parts: list[tuple[str, str]], order: str, data: st.DataObject) -> None:
    """Seven free fields in a row, and a key of the longest kind that nearly matches: milliseconds, not minutes."""
    text = "".join(field + literal for field, literal in parts) + order + ".mp4"
    try:
        template = parse_template(text)
    except ValueError:
        return
    key = data.draw(st.sampled_from(HOSTILE))
    template.pattern.match("warm up")
    began = time.process_time()
    template.pattern.match(key)
    assert time.process_time() - began < 0.5


def test_three_free_parts_cost_no_more_than_one() -> None:
    """What took a second for one key of 800 bytes; twice the length takes about twice the time."""
    convention = Convention.of(r"(?P<group>.+)_.+_(?P<index>\d+)\.mp4", "")
    took = []
    for length in (400, 800):
        key = "_1" * (length // 2) + ".mp4_"
        began = time.process_time()
        for _ in range(5):
            convention.forms[0].read(key, 0)
        took.append(time.process_time() - began)
    assert took[1] < 0.5
    assert took[1] < 4 * took[0] + 0.05
    found = convention.read("a_" + "b" * 800 + "_7.mp4")
    assert isinstance(found, FragmentName)
    assert (found.group, found.number) == ("a", 7)


def test_an_expression_that_unrolls_to_thousands_of_steps_is_refused() -> None:
    """Nobody could say what it costs."""
    with pytest.raises(ValueError, match="too long"):
        Convention.of(r"(?P<group>.+)_.+_[a-z]{900}[0-9]{900}[a-z]{900}(?P<index>\d+)", "")
