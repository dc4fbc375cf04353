"""The little XML that COS speaks: bodies read into elements, answers written from nested dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from local.network.http import Refusal

Node = str | int | Mapping[str, "Node"] | Sequence["Node"] | None


def read(body: bytes, root: str) -> ET.Element:
    """The root element of a request body, namespaces taken off.

    Raises:
        Refusal: 400 MalformedXML when it is not XML, has a document type, or another root.
    """
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Refusal(400, "MalformedXML", "the body has a document type")
    try:
        top = ET.fromstring(body)
    except ET.ParseError as error:
        raise Refusal(400, "MalformedXML", f"the body is not XML: {error}") from None
    for node in top.iter():
        node.tag = node.tag.rpartition("}")[2]
    if top.tag != root:
        raise Refusal(400, "MalformedXML", f"the body's root is <{top.tag}>, expected <{root}>")
    return top


def write(root: str, content: Mapping[str, Node], written: str = "") -> bytes:
    """A document: dictionaries nest, sequences repeat their element, None and "" are empty elements.

    `written` are elements that stand ready and come last.
    """
    inner = "".join(element(child, value) for child, value in content.items())
    return f"<?xml version='1.0' encoding='utf-8' ?>\n<{root}>{inner}{written}</{root}>".encode()


def element(name: str, content: Node) -> str:
    """One element, or several of the same name when the content is a sequence."""
    if isinstance(content, Mapping):
        inner = "".join(element(child, value) for child, value in content.items())
        return f"<{name}>{inner}</{name}>"
    if isinstance(content, str):
        return f"<{name}>{escape(content)}</{name}>"
    if isinstance(content, Sequence):
        return "".join(element(name, item) for item in content)
    return f"<{name}>{'' if content is None else content}</{name}>"
