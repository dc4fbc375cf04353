"""What a group is made of, and whether it is whole: values and pure decisions, no calls."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from cosconcat.ports import ObjectInfo


@dataclass(frozen=True)
class Fragment:
    """One piece in its place. `start` and `end` (seconds, decimal text) trim it; only a manifest sets them."""

    index: int
    object: ObjectInfo
    start: str = ""
    end: str = ""


@dataclass(frozen=True)
class FragmentSet:
    """A whole group in the order of its convention: what one Concat job joins.

    `marker` is the object that declared the set whole (a marker or a manifest); it is removed last. `intro` and
    `outro` are joined but never removed. `output` and `job` come from a manifest.
    """

    group: str
    fragments: tuple[Fragment, ...]
    marker: ObjectInfo | None = None
    intro: ObjectInfo | None = None
    outro: ObjectInfo | None = None
    output: str = ""
    job: Mapping[str, object] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (64 hex) over what decides the joined content: same fingerprint, same content."""
        parts: list[object] = [
            [f.index, f.object.key, f.object.etag, f.object.size, f.start, f.end] for f in self.fragments
        ]
        parts += [[name, o.key, o.etag, o.size] for name, o in (("intro", self.intro), ("outro", self.outro)) if o]
        if self.job:
            parts.append(["job", self.job])
        text = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def newest(self) -> int:
        """LastModified of the newest fragment, epoch seconds."""
        return max(f.object.last_modified for f in self.fragments)


@dataclass(frozen=True)
class Whole:
    """Nothing is missing."""

    set: FragmentSet


@dataclass(frozen=True)
class Waiting:
    """Not whole yet. `missing` are the indexes known to be missing; `since` is the newest fragment's LastModified;
    `until` the time (epoch seconds) at which quiet time will have passed, 0 when time alone does not help."""

    group: str
    reason: str
    missing: tuple[int, ...] = ()
    since: int = 0
    until: int = 0


@dataclass(frozen=True)
class Invalid:
    """Ours, but at odds: `reason` names the keys. Nothing of the group is touched until a person mends it."""

    group: str
    reason: str


@dataclass(frozen=True)
class Gone:
    """No fragment of the group is there (any more)."""

    group: str


Verdict = Whole | Waiting | Invalid | Gone
