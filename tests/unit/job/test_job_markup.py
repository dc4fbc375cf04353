"""XML as it is read: what is asked to be skipped takes no memory, and everything else is what the library reads."""

from __future__ import annotations

import tracemalloc
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.errors import InvalidInput
from cosconcat.job.markup import read_xml, write_xml
from cosconcat.job.response import read_jobs

NAMES = st.sampled_from(["A", "B", "Url", "ConcatFragment"])
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x10FFFF, exclude_categories=["Cs"]), max_size=8)
TREES: st.SearchStrategy[Any] = st.recursive(
    TEXTS, lambda inner: st.dictionaries(NAMES, inner | st.lists(inner, min_size=2, max_size=3), max_size=3)
)


def by_the_library(element: ET.Element) -> Any:
    """What an element holds, read from the library's tree."""
    if not len(element):
        return (element.text or "").strip("\r\n\t") if (element.text or "").strip() else ""
    found: dict[str, Any] = {}
    for child in element:
        held = found.setdefault(child.tag, [])
        held.append(by_the_library(child))
    return {name: held if len(held) > 1 else held[0] for name, held in found.items()}


@given(st.dictionaries(NAMES, TREES, max_size=4))
def test_a_document_is_read_as_the_library_reads_it(content: dict[str, Any]) -> None:
    """Texts, containers, repeated elements."""
    body = write_xml("Response", content)
    tree = by_the_library(ET.fromstring(body))
    assert read_xml(body, "it") == ("Response", tree if isinstance(tree, dict) else {})


@given(st.dictionaries(NAMES, TREES, max_size=4))
def test_what_is_skipped_leaves_the_rest_as_it_was(content: dict[str, Any]) -> None:
    """However deep it stands."""

    def without(node: Any) -> Any:
        if isinstance(node, list):
            return [without(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {name: without(value) for name, value in node.items() if name != "ConcatFragment"}

    body, bare = write_xml("Response", content), write_xml("Response", without(content))
    assert read_xml(body, "it", without=("ConcatFragment",)) == read_xml(bare, "it")


def test_a_page_of_jobs_takes_no_memory_for_the_fragments_that_they_echo() -> None:
    """Twenty jobs of 5,000 fragments each."""
    fragment = {"Url": f"http://demo-1250000000.cos.ap-guangzhou.myqcloud.com/{'x' * 60}", "FragmentIndex": "7"}
    operation = {"ConcatTemplate": {"ConcatFragment": [fragment] * 5000, "Container": {"Format": "mp4"}}}
    body = write_xml("Response", {"JobsDetail": [{"JobId": f"j{n}", "Operation": operation} for n in range(20)]})
    tracemalloc.start()
    assert len(read_jobs(body).jobs) == 20
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(body) > 10_000_000
    assert peak < 3_000_000


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE r><Response/>",
        b"<A>" * 40 + b"</A>" * 40,
        b"<Response><A></Response>",
        b"<Response/><Response/>",
        b"",
        b"\xff\xfe<",
        b'<?xml version="1.0" encoding="x-unknown"?><Response/>',
        b"<Response>&other;</Response>",
    ],
)
def test_what_is_no_plain_xml_is_a_typed_error(body: bytes) -> None:
    """Also where it would be skipped."""
    for text in (body, b"<Response><Skip>" + body + b"</Skip></Response>"):
        if text.startswith(b"<Response><Skip><A>"):
            continue  # what is skipped may nest as it likes
        if text == b"<Response><Skip></Skip></Response>" or b"<Response/><Response/></Skip>" in text:
            continue
        with pytest.raises(InvalidInput, match="it: "):
            read_xml(text, "it", without=("Skip",))
