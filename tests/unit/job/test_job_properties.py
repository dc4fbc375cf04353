"""Properties of reading and writing, over any values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

from cosconcat.errors import InvalidInput
from cosconcat.job import schema
from cosconcat.job.markup import read_xml, write_xml
from cosconcat.job.media import read_media
from cosconcat.job.overlay import lay_over, read_overlay
from cosconcat.job.request import Request
from cosconcat.job.response import job_from_details, read_jobs

PLAIN_TEXT = st.text(
    st.characters(
        min_codepoint=0x20, max_codepoint=0x1FFFF, exclude_categories=["Cs"], exclude_characters="\x7f\ufffe\uffff"
    ),
    min_size=1,
    max_size=40,
).filter(lambda text: text.strip() != "" and not any(ord(c) & 0xFFFE == 0xFFFE for c in text))
NAMES = sorted({path.rsplit(".", 1)[1] for path, _ in schema.walk(Request, "Request")} | {"JobId", "JobsDetail", "x"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.sampled_from(NAMES), children, max_size=5),
    max_leaves=25,
)


def requests_of(node: type[schema.Node]) -> st.SearchStrategy[dict[str, Any]]:
    """Mappings of the right shape with any text in their leaves."""

    def one(spec: schema.Spec) -> st.SearchStrategy[Any]:
        single = requests_of(spec.node) if spec.node else PLAIN_TEXT
        return st.lists(single, min_size=1, max_size=min(spec.most, 3)) if spec.most else single

    return st.fixed_dictionaries({}, optional={name: one(spec) for name, spec in node.specs.items()})


@settings(max_examples=150, deadline=None)
@given(requests_of(Request))
def test_xml_carries_every_value_unchanged(value: dict[str, Any]) -> None:
    """Markup, spaces at either end, Chinese, emoji: what is written is what is read."""
    request = schema.read(Request, value, "Request", [])
    root, content = read_xml(write_xml("Request", request.to_mapping()), "x")
    assert root == "Request"
    assert schema.read(Request, content, "Request", []) == request


def problems(read: Callable[[Any], object], value: object) -> tuple[str, ...]:
    """What `read` says against the value; anything but InvalidInput comes through."""
    try:
        read(value)
    except InvalidInput as error:
        return error.problems
    return ()


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_any_json_is_read_or_refused(value: object) -> None:
    """Nothing but InvalidInput comes out, and every problem names a path."""
    found = [
        *problems(Request.from_mapping, value),
        *problems(lambda overlay: read_overlay(overlay, "Request"), value),
        *problems(job_from_details, value),
    ]
    assert all(problem.startswith(("Request", "JobsDetail")) for problem in found)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="<>/&;![]=\"' aR\x00é-", max_size=60).map(lambda t: t.encode()))
def test_any_bytes_are_refused(body: bytes) -> None:
    """A body may be anything at all; such text is never a whole document of the API."""
    for read in (read_jobs, read_media, Request.from_xml):
        assert problems(read, body)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abc"), JSON, max_size=3), st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)
)
def test_laying_over_twice_changes_nothing(below: dict[str, Any], above: dict[str, Any]) -> None:
    """A merge patch is idempotent, and an empty one does nothing."""
    once = lay_over(below, above)
    assert repr(lay_over(once, above)) == repr(once)
    assert lay_over(below, {}) == below or "nan" in repr(below)
