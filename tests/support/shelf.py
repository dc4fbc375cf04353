"""A bucket in memory that counts calls and can hide keys from LIST: enough to test what reads groups, and no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from cosconcat.bootstrap import SystemClock
from cosconcat.cloud.ports import Ci, Cos
from cosconcat.config import Config
from cosconcat.model import Bucket, Head, ObjectInfo, Page, Stored
from cosconcat.services import Services

BUCKET = Bucket("demo-1250000000", "ap-guangzhou")
NOW = 1_733_050_000


@dataclass
class Shelf:
    """Objects by key; `hidden` keys exist but do not show in listings; `calls` counts requests by kind."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    now: int = NOW
    calls: Counter[str] = field(default_factory=Counter)
    prefixes: list[str] = field(default_factory=list)

    def store(self, *keys: str, body: bytes = b"x", at: int = NOW - 1000) -> Shelf:
        """Put objects with the same body and LastModified."""
        for key in keys:
            self.bodies[key] = body
            self.times[key] = at
        return self

    def info(self, key: str) -> ObjectInfo:
        """The object as LIST and HEAD show it."""
        return ObjectInfo(key, f"etag-{hash(self.bodies[key]) & 0xFFFF:04x}", len(self.bodies[key]), self.times[key])

    def list(self, bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Page:
        """One page, in UTF-8 order, without hidden keys."""
        self.calls["list"] += 1
        self.prefixes.append(prefix)
        keys = sorted(
            (k for k in self.bodies if k.startswith(prefix) and k.encode() > marker.encode() and k not in self.hidden),
            key=str.encode,
        )
        shown = keys[:limit]
        return Page(tuple(map(self.info, shown)), shown[-1] if len(keys) > limit else None, self.now)

    def head(self, bucket: Bucket, key: str) -> Head | None:
        """The object, or None."""
        self.calls["head"] += 1
        return Head(self.info(key), self.now) if key in self.bodies else None

    def heads(self, bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Head | None]:
        """One HEAD for each."""
        return {key: self.head(bucket, key) for key in keys}

    def get(self, bucket: Bucket, key: str) -> Stored | None:
        """The object with its body, or None."""
        self.calls["get"] += 1
        return Stored(self.bodies[key], Head(self.info(key), self.now)) if key in self.bodies else None

    def services(self, config: Config) -> Services:
        """What a use case is given; only reading is possible."""
        nothing = cast("object", None)
        return Services(config, cast("Cos", self), cast("Ci", nothing), SystemClock(), lambda: "0" * 32)
