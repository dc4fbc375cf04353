"""What COS accepts as object tags (436/35665, 436/42997)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local.http import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_TAGS = 10
KEY_BYTES = 127
VALUE_BYTES = 255
_ALPHABET = re.compile(r"[a-zA-Z0-9+\-_=/.:@\u3400-\u4dbf\u4e00-\u9fff]+")  # blanks are in older pages only


def check_tags(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
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
    if len(tags) > MOST_TAGS:
        raise _invalid(f"{len(tags)} tags, allowed are {MOST_TAGS}")
    return tags


def _invalid(reason: str) -> Refusal:
    return Refusal(400, "InvalidTag", f"The tag you specified is not valid: {reason}.")
