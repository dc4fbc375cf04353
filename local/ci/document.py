"""The API's documents: XML read strictly into elements, and trees written as XML or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, Union
from xml.parsers import expat
from xml.sax.saxutils import escape

# A document on its way out: text, a container in its order, or a repeated node.
Tree = Union[str, Mapping[str, "Tree"], Sequence["Tree"]]  # noqa: UP007 -- "|" cannot join a type with a string


class Malformed(Exception):  # noqa: N818 -- a finding about the body
    """A body that is not the well-formed, plain XML that the API takes."""


@dataclass
class Element:
    """One node of a request: a leaf with text, or a container of elements in document order."""

    name: str
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> list[Element]:
        """Every child of that name."""
        return [child for child in self.children if child.name == name]

    def find(self, path: str) -> Element | None:
        """The first element at `path`, e.g. "Operation/Output/Bucket"."""
        head, _, rest = path.partition("/")
        for child in self.children:
            if child.name == head:
                return child.find(rest) if rest else child
        return None

    def value(self, path: str, default: str = "") -> str:
        """The text of the first element at `path`."""
        found = self.find(path)
        return default if found is None else found.text

    def leaves(self, above: str = "") -> Iterator[tuple[str, str]]:
        """Dotted path and text of every leaf below this element, e.g. ("Operation.Output.Bucket", "demo-1")."""
        for child in self.children:
            path = f"{above}.{child.name}" if above else child.name
            if child.children:
                yield from child.leaves(path)
            else:
                yield path, child.text

    def tree(self) -> Tree:
        """The same content as a tree; repeated children become a list at the place of the first."""
        if not self.children:
            return self.text
        names = dict.fromkeys(child.name for child in self.children)
        grouped = {name: [child.tree() for child in self.all(name)] for name in names}
        return {name: trees[0] if len(trees) == 1 else trees for name, trees in grouped.items()}


def parse(body: bytes) -> Element:
    """Reads an XML body.

    Refuses (`Malformed`) document types and with them entities, attributes, and text between elements.
    """
    parser = expat.ParserCreate()
    root = Element("")
    open_elements = [root]

    def refuse(what: str) -> NoReturn:
        raise Malformed(f"{what} at line {parser.CurrentLineNumber}")

    def doctype(*_declaration: object) -> None:
        refuse("a document type is not accepted")

    def start(name: str, attributes: dict[str, str]) -> None:
        if attributes:
            refuse(f"{name} has attributes")
        if open_elements[-1].text.strip():
            refuse(f"{open_elements[-1].name} holds text and elements")
        open_elements[-1].text = ""
        open_elements[-1].children.append(Element(name))
        open_elements.append(open_elements[-1].children[-1])

    def end(_name: str) -> None:
        open_elements.pop()

    def text(data: str) -> None:
        holder = open_elements[-1]
        if not holder.children:
            holder.text += data
        elif data.strip():
            refuse(f"{holder.name} holds text and elements")

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise Malformed(str(error)) from None
    return root.children[0]


def to_xml(root: str, tree: Tree) -> bytes:
    """An XML document with its declaration; a list becomes repeated nodes, empty text an empty node."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n{_xml(root, tree)}\n'.encode()


def _xml(name: str, tree: Tree) -> str:
    if isinstance(tree, str):
        return f"<{name}>{escape(tree)}</{name}>" if tree else f"<{name}/>"
    if isinstance(tree, Mapping):
        return f"<{name}>{''.join(_xml(child, value) for child, value in tree.items())}</{name}>"
    return "".join(_xml(name, item) for item in tree)


def to_json(tree: Mapping[str, Tree]) -> str:
    """JSON as the callback samples show it: text everywhere, a list of one as its item, empty nodes left out."""
    return json.dumps(_collapsed(tree), ensure_ascii=False)


def _collapsed(tree: Tree) -> object:
    if isinstance(tree, str):
        return tree
    if isinstance(tree, Mapping):
        return {name: _collapsed(value) for name, value in tree.items() if value}
    return _collapsed(tree[0]) if len(tree) == 1 else [_collapsed(item) for item in tree]
