"""A large input prefix that is computed, not stored: time and memory of a sweep over it are the sweep's own."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from cosconcat.cloud.ports import Ci, Cos
from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from cosconcat.model import Bucket, DeleteError, Head, JobPage, ObjectInfo, ObjectVersion, Page, Stored
from cosconcat.services import Services

NOW = 1_800_000_000
OLD = NOW - 90_000


@dataclass
class Prefix:
    """A bucket whose fragments are computed, not stored: `groups` groups of ten parts, of which part 7 is missing."""

    groups: int
    extra: Sequence[str] = ()
    written: dict[str, bytes] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    on_list: Any = None

    def keys(self) -> list[str]:
        """Every key, sorted."""
        parts = [1, 10, 2, 3, 4, 5, 6, 8, 9]
        return sorted(
            [f"fragments/g{g:05}.part{i}-of-10.mp4" for g in range(self.groups) for i in parts] + [*self.extra]
        )

    def list(self, bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Page:
        """One page of the prefix, or one group."""
        self.calls["list"] += 1
        if self.on_list:
            self.on_list()
        if prefix.startswith(".concat/"):
            return Page((), None, NOW)
        if prefix == "fragments/":
            if not hasattr(self, "_all"):
                self._all = self.keys()
            start = bisect_right(self._all, marker)
            shown = self._all[start : start + limit]
            more = start + limit < len(self._all)
        else:
            group = prefix.removeprefix("fragments/")[:6]
            shown, more = [f"fragments/{group}.part{i}-of-10.mp4" for i in (1, 10, 2, 3, 4, 5, 6, 8, 9)], False
        infos = tuple(ObjectInfo(key, "e" * 32, 9, OLD) for key in shown)
        return Page(infos, shown[-1] if more else None, NOW)

    def head(self, bucket: Bucket, key: str) -> Head | None:
        """Nothing that LIST does not show."""
        self.calls["head"] += 1
        return None

    def get(self, bucket: Bucket, key: str) -> Stored | None:
        """A record that was put."""
        self.calls["get"] += 1
        body = self.written.get(key)
        return Stored(body, Head(ObjectInfo(key, "e", len(body), NOW), NOW)) if body is not None else None

    def put(self, bucket: Bucket, key: str, body: bytes) -> None:
        """Keep it."""
        self.calls["put"] += 1
        self.written[key] = body

    def create(self, bucket: Bucket, key: str, body: bytes) -> bool:
        """Keep it, unless it is there."""
        self.calls["create"] += 1
        return self.written.setdefault(key, body) is body

    def delete(self, bucket: Bucket, versions: Sequence[ObjectVersion]) -> Sequence[DeleteError]:
        """Must not happen."""
        raise AssertionError("a sweep over incomplete groups deletes nothing")

    def jobs(self, bucket: Bucket, since: int, token: str = "", until: int = 0) -> JobPage:
        """None."""
        self.calls["jobs"] += 1
        return JobPage((), "")


class Time:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.at = float(NOW)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.at


def config() -> Config:
    """The usual one, keeping everything."""
    return read_config({"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou", "CONCAT_CLEANUP": "keep"})


def services(prefix: Prefix, clock: Time | None = None, deadline: float = float("inf")) -> Services:
    """The use case's surroundings."""
    return Services(config(), cast("Cos", prefix), cast("Ci", prefix), clock or Time(), lambda: "0" * 32, deadline)


def report_of(prefix: Prefix) -> dict[str, Any]:
    """The published report."""
    return cast("dict[str, Any]", json.loads(prefix.written[".concat/report.json"]))
