"""The sorted index of a bucket's keys, and the pages of LIST drawn from it.

It exists because moto walks and sorts every key for each page. Python compares text by code point, which is the same
order as COS's: by UTF-8 bytes.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right, insort
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

_FEW = 200  # keys up to which inserting each is faster than sorting all
_LAST = "\U0010ffff"  # sorts after every character that may follow a common prefix


@dataclass(frozen=True)
class Listed:
    """One object as LIST shows it; `etag` without quotes, `size` in bytes, `last_modified` in epoch seconds."""

    key: str
    etag: str
    size: int
    last_modified: float
    storage_class: str = "STANDARD"


@dataclass(frozen=True)
class Page:
    """One page: objects and common prefixes together; `next_marker` is "" on the last one."""

    objects: list[Listed]
    prefixes: list[str]
    next_marker: str


@dataclass(frozen=True)
class Grouped(Generic[T]):
    """One page of items that share no index: `last` is the key or common prefix after which the next one begins."""

    items: list[T]
    prefixes: list[str]
    last: str
    truncated: bool


def grouped_page(found: Iterable[tuple[str, T]], prefix: str, delimiter: str, marker: str, limit: int) -> Grouped[T]:
    """Up to `limit` items and common prefixes of (key, item) in order of key; those of versions and of uploads."""
    items: list[T] = []
    prefixes: list[str] = []
    last = ""
    for key, item in found:
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        common = key[: cut + len(delimiter)] if cut >= 0 else ""
        if common and common in (last, marker):
            continue
        if len(items) + len(prefixes) >= limit:
            return Grouped(items, prefixes, last, truncated=True)
        if common:
            prefixes.append(common)
        else:
            items.append(item)
        last = common or key
    return Grouped(items, prefixes, last, truncated=False)


class Listing:
    """What LIST shows of one bucket. Not thread-safe: the store holds its lock around every call.

    With a lag each key is shown as it was so many seconds ago: new keys are hidden, deleted ones still there and
    overwritten ones carry their old ETag.
    """

    def __init__(self) -> None:
        self._keys: list[str] = []  # sorted; with `_fresh` every key that is there or may still be shown
        self._fresh: list[str] = []  # added since, in no order: many are sorted in at once far faster than singly
        self._now: dict[str, Listed] = {}
        self._before: dict[str, deque[tuple[float, Listed | None]]] = {}  # (when it ended, what was there)
        self._changes: deque[tuple[float, str]] = deque()  # the same in order of time

    def put(self, entry: Listed, *, lag: float = 0.0) -> None:
        """The key exists from now on (or was overwritten)."""
        if entry.key not in self._now and entry.key not in self._before:
            self._fresh.append(entry.key)
        self._remember(entry.key, lag)
        self._now[entry.key] = entry

    def remove(self, key: str, *, lag: float = 0.0) -> None:
        """The key is gone from now on."""
        if key in self._now:
            self._remember(key, lag)
            del self._now[key]
            self._forget_absent(key)

    def keys(self, prefix: str = "") -> list[str]:
        """Every key there is now under the prefix, whatever the lag, in order."""
        self._sort()
        start, end = bisect_left(self._keys, prefix), bisect_right(self._keys, prefix + _LAST)
        return [key for key in self._keys[start:end] if key in self._now]

    def page(self, prefix: str, delimiter: str, marker: str, limit: int, lag: float) -> Page:
        """Up to `limit` objects and common prefixes under `prefix` after `marker`."""
        self._sort()
        self._settle(lag)
        objects: list[Listed] = []
        prefixes: list[str] = []
        last = ""
        at = max(bisect_left(self._keys, prefix), self._after(prefix, delimiter, marker))
        while at < len(self._keys) and self._keys[at].startswith(prefix):
            key = self._keys[at]
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            at += 1
            shown = self._shown(key, lag)
            if shown is None:
                continue
            if len(objects) + len(prefixes) >= limit:
                return Page(objects, prefixes, last)
            if cut < 0:
                objects.append(shown)
                last = key
            else:
                last = key[: cut + len(delimiter)]
                prefixes.append(last)
                at = bisect_right(self._keys, last + _LAST)
        return Page(objects, prefixes, "")

    def _after(self, prefix: str, delimiter: str, marker: str) -> int:
        """Where a page starts: behind the marker, and behind a whole common prefix when the marker names one."""
        if delimiter and marker.startswith(prefix) and marker.endswith(delimiter) and len(marker) > len(prefix):
            return bisect_right(self._keys, marker + _LAST)
        return bisect_right(self._keys, marker) if marker else 0

    def _shown(self, key: str, lag: float) -> Listed | None:
        if lag > 0 and key in self._before:
            return self._before[key][0][1]
        return self._now.get(key)

    def _remember(self, key: str, lag: float) -> None:
        if lag > 0:
            moment = time.monotonic()
            self._before.setdefault(key, deque()).append((moment, self._now.get(key)))
            self._changes.append((moment, key))

    def _settle(self, lag: float) -> None:
        """Forget what the lag no longer covers."""
        settled = time.monotonic() - lag
        while self._changes and self._changes[0][0] <= settled:
            _, key = self._changes.popleft()
            history = self._before[key]
            history.popleft()
            if not history:
                del self._before[key]
                self._forget_absent(key)

    def _forget_absent(self, key: str) -> None:
        if key not in self._now and key not in self._before:
            self._sort()
            del self._keys[bisect_left(self._keys, key)]

    def _sort(self) -> None:
        """Bring the fresh keys to their places."""
        if len(self._fresh) > _FEW:
            self._keys += self._fresh
            self._keys.sort()
        else:
            for key in self._fresh:
                insort(self._keys, key)
        self._fresh.clear()
