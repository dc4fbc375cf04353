"""XML to nested dicts, read by the standard library, and back; document types and entities are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cosconcat.errors import InvalidInput

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_DEEPEST = 32  # the API nests 7 deep; anything far beyond is an attack on the stack


def read_xml(body: bytes, what: str) -> tuple[str, dict[str, Any]]:
    """Name and content of the root: texts, dicts, and lists where an element is repeated. An empty element is "".

    Raises:
        InvalidInput: naming `what`, when the body is not well-formed, declares a document type, or nests too deeply.
    """
    from xml.etree import ElementTree as ET

    class NoDoctype(ET.TreeBuilder):
        def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
            del pubid, system
            raise InvalidInput([f"{what}: declares a document type ({name}), which is not accepted"])

    try:
        root = ET.fromstring(body, parser=ET.XMLParser(target=NoDoctype()))  # noqa: S314  no document type, so no entities
    except (ET.ParseError, ValueError, LookupError) as error:  # ValueError, LookupError: an unknown encoding
        raise InvalidInput([f"{what}: not well-formed XML ({error})"]) from None
    content = _content(root, what, _DEEPEST)
    return _name(root), content if isinstance(content, dict) else {}


def write_xml(root: str, content: Mapping[str, Any]) -> bytes:
    """A UTF-8 document of nested mappings, lists and texts; a list becomes a repeated element."""
    return f"<?xml version='1.0' encoding='utf-8'?>\n{_element(root, content)}".encode()


def _element(name: str, value: Any) -> str:
    if isinstance(value, str):
        inner = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    elif isinstance(value, Mapping):
        inner = "".join([_element(child, each) for child, each in value.items()])
    else:
        return "".join([_element(name, item) for item in value])
    return f"<{name}>{inner}</{name}>"


def _name(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _content(element: Element, what: str, deepest: int) -> str | dict[str, Any]:
    if deepest == 0:
        raise InvalidInput([f"{what}: nested more than {_DEEPEST} deep"])
    if len(element) == 0:
        text = element.text or ""
        return text.strip("\r\n\t") if text.strip() else ""  # a key may begin or end with a space
    found: dict[str, Any] = {}
    for child in element:
        name, value = _name(child), _content(child, what, deepest - 1)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found
