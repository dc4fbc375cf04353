"""Keys: what one can be to a convention, which cannot be used, and the API's wildcards in an output's key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

# What `${ext}` becomes for each `Container.Format`. That hls becomes m3u8 is assumed: the API page says only
# "encapsulation format".
EXTENSIONS = {"mp4": "mp4", "flv": "flv", "hls": "m3u8", "ts": "ts", "mp3": "mp3", "aac": "aac"}


def resolve(key: str, container: str, job_id: str = "") -> str:
    """`key` as the service writes it; a wildcard whose value is not known (empty) stays as it is."""
    if container:
        key = key.replace("${ext}", EXTENSIONS.get(container, container))
    return key.replace("${jobid}", job_id) if job_id else key


# Containers and codecs that Cloud Infinite lists as input of media jobs, plus webm's and mpeg's relatives.
MEDIA = frozenset(
    {"3gp", "aac", "amr", "asf", "avi", "awb", "dv", "f4v", "flac", "flv", "m2ts", "m4a", "m4v", "mkv", "mov", "mp3"}
    | {"mp4", "mpeg", "mpg", "mts", "mxf", "ogg", "opus", "rm", "rmvb", "ts", "vob", "wav", "webm", "wma", "wmv"}
)


NO_MEDIA = frozenset({"json", "done", "final", "m3u8"})  # endings of manifests, markers and playlists

# The API takes addresses unencoded: a `?` or `#` would cut the key short, `${…}` would be filled in by the service.
# Path segments of dots are resolved away by HTTP clients on the way, also where they are written `%2e` or behind a
# backslash (WHATWG URL, "double-dot URL path segment" and "special" schemes; urllib3 undoes %2e first).
_DOTS = re.compile(r"(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\]|$)", re.IGNORECASE)
_IMPOSSIBLE = re.compile(r"[?#\x00-\x1f\x7f-\x9f\ud800-\udfff]|\$\{|\{(?:ext|jobid)\}")


KEY_BYTES = 850  # COS: a key has at most 850 bytes in UTF-8
NAMING_CHARACTERS = 500  # the longest template or expression in CONCAT_NAMING and CONCAT_MARKER
GROUPS = ("group", "group2", "group3")  # the fields whose texts make the group's id, joined with /


UNNUMBERED = -1  # the place of a piece without a number, which stands before all numbers


class FragmentName(NamedTuple):
    """A fragment's key, read.

    `number` is its index or, where time orders, the epoch milliseconds at which it starts; `end` those at which it
    ends, where its name tells. `ext` is lower case. `span` is where index or time stands in the key. `source` is the
    group's id, for names with a time without its window. All names of a group share their `beginning`, where it is not
    empty. `form` says which form of the convention read it.
    """

    key: str
    group: str
    number: int
    total: int | None
    ext: str
    span: tuple[int, int]
    source: str = ""
    end: int | None = None
    beginning: str = ""
    form: int = 0

    @property
    def digits(self) -> str:
        """Index or time as it is written in the key; empty where there is none."""
        return self.key[slice(*self.span)]

    def renumbered(self, number: int, width: int) -> str:
        """The key that another index of the same pattern has, filled up with zeros to `width` digits."""
        start, end = self.span
        return f"{self.key[:start]}{number:0{width}}{self.key[end:]}"


@dataclass(frozen=True)
class MarkerName:
    """The key of a marker, which says that its group is whole; `count` only if the name holds it. With `every` the
    group is an id without a window: the marker closes every window of it whose pieces are not newer.
    """

    key: str
    group: str
    count: int | None
    every: bool = False


class ManifestName(NamedTuple):
    """The key of a manifest, which lists its group."""

    key: str
    group: str


class NotOurs(NamedTuple):
    """A key that is none of our business, and why."""

    key: str
    reason: str


class InvalidName(NamedTuple):
    """A key that follows the convention but cannot be joined, and why."""

    key: str
    reason: str


Name = FragmentName | MarkerName | ManifestName | NotOurs | InvalidName


class KeyRange(NamedTuple):
    """A stretch of the bucket's sorted keys: those under `prefix`, after `after`, and not beyond the last that
    begins with `last` (both empty: no bound).
    """

    prefix: str
    after: str = ""
    last: str = ""

    def under(self, prefix: str) -> KeyRange:
        """The same stretch of the keys that go on like this behind `prefix`."""
        return KeyRange(prefix + self.prefix, self.after and prefix + self.after, self.last and prefix + self.last)

    def passed(self, key: str) -> bool:
        """Whether the key lies beyond the stretch."""
        return bool(self.last) and not key.startswith(self.last) and key.encode() > self.last.encode()


def numbered(before: str) -> KeyRange:
    """The keys that go on with a digit behind `before`: `/` precedes the digits in the order of keys."""
    return KeyRange(before, f"{before}/", f"{before}9")


def unfit_name(key: str) -> str:
    """Why an object of this key cannot be handed to the API, or an empty text."""
    found = _IMPOSSIBLE.search(key) or _dot_segment(key)
    return f"{found[0]!r} in a key cannot be passed on to the API unencoded" if found else ""


def has_dot_segment(key: str) -> bool:
    """Whether clients may read the key as another one, by resolving a segment of dots."""
    return _dot_segment(key) is not None


def _dot_segment(key: str) -> re.Match[str] | None:
    """The first segment of dots. Every key is asked: most show at a glance that they have none."""
    possible = "/." in key or "%" in key or "\\" in key or key.startswith(".")
    return _DOTS.search(key) if possible else None


def common_beginning(*texts: str) -> str:
    """The longest text that all of them begin with."""
    low, high = min(texts), max(texts)
    return low[: next((at for at, pair in enumerate(zip(low, high, strict=False)) if pair[0] != pair[1]), len(low))]


def unfit_key(text: str) -> str:
    """Why a configured key or prefix cannot be used, or an empty text."""
    if text.startswith("/"):
        return "must not begin with /"
    if re.search(r"[?#\x00-\x1f\x7f-\x9f\ud800-\udfff]", text):
        return "must not contain ?, # or control characters, nor what is no UTF-8"
    if has_dot_segment(text) or "//" in text:
        return "must not contain empty, . or .. folders"
    return ""


class Reading(NamedTuple):
    """What a form of a convention makes of a key after the prefix. `source` is the group's id, for names with a time
    without its window; `number`, the index, is None where the name holds none; `time` and `end` are epoch milliseconds;
    `span` is where index or time stands.
    """

    source: str
    number: int | None
    span: tuple[int, int]
    total: int | None = None
    time: int | None = None
    end: int | None = None
