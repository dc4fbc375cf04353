"""What to know about a listing beside its verdicts: that a look at a group costs much, that a file is never joined."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence

from cosconcat.config import Config
from cosconcat.naming.keys import FragmentName, Name, NotOurs

_ARCHIVE = re.compile(r"(?i)\.(?:(?:7z|zip|rar|tar|gz|xz)(?:\.[0-9]{2,4})?|[rz][0-9]{2})$")
_UNFINISHED = re.compile(r"(?i)\.(?:part(?:-frag[0-9]+)?|ytdl|crdownload|!ut)$")
_LOOKED_AT = 50  # groups, the largest first


def notes(config: Config, names: Sequence[Name]) -> list[str]:
    """All that there is to note, each in a sentence."""
    return [words for words in (listing_cost(config, names), never_joined(names)) if words]


def listing_cost(config: Config, names: Iterable[Name]) -> str:
    """How many of these keys one look at a group lists, where that is much more than the group."""
    keys = sorted(_in_utf8(name.key) for name in names)
    sizes = Counter(name.group for name in names if isinstance(name, FragmentName))
    worst, of = 0, 1
    for group, size in sizes.most_common(_LOOKED_AT):
        if config.completion == "gap":
            return ""
        listed = 0
        for span in config.convention.spans(group):
            low, high = _in_utf8(span.after or span.prefix), _in_utf8(span.last or span.prefix) + b"\xff\xff\xff\xff"
            listed += max(0, bisect_left(keys, high) - bisect_left(keys, low))
        if listed * of > worst * size:
            worst, of = listed, size
    if worst <= 5 * of + 50:
        return ""
    return f"a look at a group of {of} lists {worst} of these keys: text before the group keeps listings narrow"


def _in_utf8(key: str) -> bytes:
    """The key as COS orders it; what was no UTF-8 on the way in comes out as it came."""
    return key.encode(errors="surrogateescape")


def never_joined(names: Iterable[Name]) -> str:
    """What can never be joined, and what to do about it; an empty text when nothing looks like it."""
    for name in names:
        if isinstance(name, NotOurs) and "cut into bytes" in name.reason:
            return f"{name.key}: pieces of a file that was cut into bytes are joined by `cat`, before the upload"
        if isinstance(name, NotOurs) and _ARCHIVE.search(name.key):
            return f"{name.key}: an archive, or a volume of one, is no media file: unpack it before the upload"
        if isinstance(name, NotOurs) and _UNFINISHED.search(name.key):
            return f"{name.key}: a download that has not ended: upload the file that it becomes"
        if isinstance(name, FragmentName) and name.ext == "webm" and name.digits.isdigit() and len(name.digits) < 10:
            return (
                f"{name.key}: if it comes from a browser's MediaRecorder with a time slice, only the first chunk is a "
                "file of its own, and no job can join them: stop and start the recorder for each piece, or append the "
                "chunks before the upload"
            )
    return ""
