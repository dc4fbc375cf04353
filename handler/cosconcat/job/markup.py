"""XML to nested dicts, read by the standard library, and back; document types and entities are refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from cosconcat.errors import InvalidInput

_DEEPEST = 32  # the API nests 7 deep; anything far beyond is an attack on the stack
_CHUNK = 65536  # bytes that are parsed at once


def read_xml(body: bytes, what: str, without: Collection[str] = ()) -> tuple[str, dict[str, Any]]:
    """Name and content of the root: texts, dicts, and lists where an element is repeated. An empty element is "".

    Elements called as in `without` are skipped with all that is in them, so that they take no memory.

    Raises:
        InvalidInput: naming `what`, when the body is not well-formed, declares a document type, or nests too deeply.
    """
    from xml.etree import ElementTree as ET

    reader = _Reader(what, without)
    parser = ET.XMLParser(target=reader)  # noqa: S314  no document type, so no entities
    try:
        for start in range(0, len(body), _CHUNK):
            parser.feed(body[start : start + _CHUNK])
        parser.close()
    except (ET.ParseError, ValueError, LookupError) as error:  # ValueError, LookupError: an unknown encoding
        raise InvalidInput([f"{what}: not well-formed XML ({error})"]) from None
    name, content = reader.close()
    return name, content if isinstance(content, dict) else {}


class _Reader:
    """What the parser calls as it goes along; `close` returns the root's name and content."""

    def __init__(self, what: str, without: Collection[str]) -> None:
        self._what = what
        self._without = frozenset(without)
        self._skipped = 0  # depth within an element that is skipped
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []  # name, children and texts from the root on
        self._root: tuple[str, Any] = ("", "")

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refused."""
        del pubid, system
        raise InvalidInput([f"{self._what}: declares a document type ({name}), which is not accepted"])

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        del attributes
        name = tag.rsplit("}", 1)[-1]
        if self._skipped or name in self._without:
            self._skipped += 1
            return
        if len(self._open) >= _DEEPEST:
            raise InvalidInput([f"{self._what}: nested more than {_DEEPEST} deep"])
        self._open.append((name, {}, []))

    def data(self, text: str) -> None:
        """Text within it, in one piece or several."""
        if self._open and not self._skipped:
            self._open[-1][2].append(text)

    def end(self, tag: str) -> None:
        """It ends: it becomes one more child of the element around it."""
        del tag
        if self._skipped:
            self._skipped -= 1
            return
        name, children, texts = self._open.pop()
        value: Any = children or _text("".join(texts))
        if not self._open:
            self._root = (name, value)
            return
        beside = self._open[-1][1]
        if name not in beside:
            beside[name] = value
        elif isinstance(beside[name], list):
            beside[name].append(value)
        else:
            beside[name] = [beside[name], value]

    def close(self) -> tuple[str, Any]:
        """The root."""
        return self._root


def _text(text: str) -> str:
    return text.strip("\r\n\t") if text.strip() else ""  # a key may begin or end with a space


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
