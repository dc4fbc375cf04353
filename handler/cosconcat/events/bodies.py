"""XML and JSON from strangers, read under limits into nested dicts, lists and text.

The standard library parses, after this module has looked at the text: its size, any markup declaration (so there is
no document type, hence no entity, neither one that expands nor one that fetches), the number of nodes and, for JSON,
the depth. XML's depth is limited by `job.markup`, which does not recurse further. An encoding that an XML declaration
names is not followed: the text has been decoded already. JSON's numbers stay text, so a million digits cost nothing.
"""

from __future__ import annotations

import json
import re
from typing import Any

from cosconcat.errors import InvalidInput
from cosconcat.job.markup import read_xml

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 32  # a callback of the API nests 8 deep
MAX_NODES = 20_000  # a callback of 100 fragments holds about 1,000

_XML_DECLARATION = re.compile(r"<\?xml\b[^>]*\?>")
_MARKUP_DECLARATION = re.compile(r"<!(?!--|\[CDATA\[)")
_BRACKETS = re.compile(r"[^\[\]{}]+")
# Strings are skipped; one that never ends is skipped to its end, so that no text is read twice.
_TRAILING_COMMA = re.compile(r'(?s:("(?:[^"\\]|\\.)*(?:"|\\?\Z))|,(?=[ \t\r\n]*[}\]]))')


def read_body(text: str, what: str) -> dict[str, Any] | list[Any]:
    """The content of an XML document's root, or a JSON object or list; told apart by the first character.

    Leaves of XML are text; leaves of JSON are text, booleans or None.

    Raises:
        InvalidInput: naming `what`; the only thing any text can raise.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidInput([f"{what}: not UTF-8"]) from None
    if size > MAX_BYTES:
        raise InvalidInput([f"{what}: {size} bytes, at most {MAX_BYTES} are read"])
    text = text.lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return _xml(text, what)
    if text.startswith(("{", "[")):
        return _json(text, what)
    raise InvalidInput([f"{what}: {'neither XML nor JSON' if text else 'empty'}"])


def _xml(text: str, what: str) -> dict[str, Any]:
    if _MARKUP_DECLARATION.search(text):
        raise InvalidInput([f"{what}: declares a document type or an entity, which is not accepted"])
    if text.count("<") > 2 * MAX_NODES:
        raise InvalidInput([f"{what}: more than {MAX_NODES} elements"])
    _, content = read_xml(_XML_DECLARATION.sub("", text, count=1).encode(), what)
    return content


def bounded_json(text: str, what: str, most: int = MAX_NODES) -> None:
    """Look at JSON before it is parsed.

    Raises:
        InvalidInput: naming `what`: it holds more than `most` values, or is nested too deep.
    """
    # Without escapes every other piece between quotes lies outside strings, up to the first mistake; json finds that.
    outside = "".join(text.replace("\\\\", "").replace('\\"', "").split('"')[::2])
    brackets = _BRACKETS.sub("", outside)
    if len(brackets) + outside.count(",") > most:
        raise InvalidInput([f"{what}: more than {most} values"])
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise InvalidInput([f"{what}: nested more than {MAX_DEPTH} deep"])


def _json(text: str, what: str) -> dict[str, Any] | list[Any]:
    bounded_json(text, what)
    try:
        content = _loads(text)
    except ValueError as error:
        raise InvalidInput([f"{what}: not well-formed JSON ({error})"]) from None
    if not isinstance(content, (dict, list)):
        raise InvalidInput([f"{what}: neither an object nor a list"])
    return content


def _loads(text: str) -> Any:
    """JSON, also with a comma before a closing bracket, as samples of the API's own pages print it."""
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except ValueError:
        text = _TRAILING_COMMA.sub(lambda found: found[1] or "", text)
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
