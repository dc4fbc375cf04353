"""What COS accepts as object tags (436/35665, 436/42997)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local.cos import xml
from local.network.http import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_TAGS = 10
KEY_BYTES = 127
VALUE_BYTES = 255
_ALPHABET = re.compile(r"[a-zA-Z0-9+\-_=/.:@\u3400-\u4dbf\u4e00-\u9fff]+")  # blanks are in older pages only


def read_tags(body: bytes) -> list[tuple[str, str]]:
    """The pairs in a `Tagging` body, unchecked."""
    top = xml.read(body, "Tagging")
    return [(tag.findtext("Key") or "", tag.findtext("Value") or "") for tag in top.iterfind("TagSet/Tag")]


def written_tags(tags: Mapping[str, str]) -> bytes:
    """The `Tagging` body of an answer."""
    listed: list[xml.Node] = [{"Key": name, "Value": value} for name, value in tags.items()]
    return xml.write("Tagging", {"TagSet": {"Tag": listed} if listed else ""})


def check_tags(pairs: Iterable[tuple[str, str]], limit: int = MOST_TAGS) -> dict[str, str]:
    """The pairs as a dictionary.

    Raises:
        Refusal: 400 InvalidTag, naming the tag and the limit it breaks.
    """
    tags: dict[str, str] = {}
    for name, value in pairs:
        if name in tags:
            raise _invalid(f"the tag {name!r} is given twice")
        for what, text, most in (("key", name, KEY_BYTES), ("value", value, VALUE_BYTES)):
            if not 1 <= len(text.encode()) <= most:
                raise _invalid(f"the {what} of tag {name!r} has {len(text.encode())} bytes, allowed are 1 to {most}")
            if not _ALPHABET.fullmatch(text):
                raise _invalid(f"the {what} {text!r} holds characters other than letters, digits, + - _ = / . : @")
        tags[name] = value
    if len(tags) > limit:
        raise _invalid(f"{len(tags)} tags, allowed are {limit}")
    return tags


def _invalid(reason: str) -> Refusal:
    return Refusal(400, "InvalidTag", f"The tag you specified is not valid: {reason}.")
