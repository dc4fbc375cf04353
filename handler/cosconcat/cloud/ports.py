"""The two ports through which the use cases touch the world, and the clock.

`cos.CosOverHttp` and `ci.CiOverHttp` are the real adapters; `tests/simulation` holds models of both. All times are
whole seconds since the epoch on the *service's* clock (its `Date` header), sizes are bytes, durations seconds.
Unless a docstring says otherwise every method raises `ServiceUnavailable` when the call may be repeated and
`Rejected` when the service refused for good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from cosconcat.model import (
    Bucket,
    ByteRange,
    DeleteError,
    Head,
    Job,
    JobPage,
    Media,
    ObjectInfo,
    ObjectVersion,
    Page,
    ProbeError,
    Stored,
    Unanswered,
)

if TYPE_CHECKING:
    from cosconcat.job.request import Request

LARGEST = 8 * 1024 * 1024  # bytes of an object that `get` reads: a record or a manifest

# What came of a copy: made; the original is another by now, or gone; something lies at the key already.
Copied = Literal["copied", "changed", "taken"]


class Cos(Protocol):
    """Objects. Every method is one request unless it takes several keys (then one for each, or each 1,000)."""

    def list(self, bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Page:
        """Objects under `prefix` after `marker`, in UTF-8 order. May lag: hide keys or show old ETags."""
        ...

    def head(self, bucket: Bucket, key: str) -> Head | None:
        """The object as it is now, or None when there is none."""
        ...

    def heads(self, bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Head | None]:
        """`head` for several keys, a bounded number at a time."""
        ...

    def get(self, bucket: Bucket, key: str) -> Stored | None:
        """A small object with its headers, or None when there is none."""
        ...

    def create(self, bucket: Bucket, key: str, body: bytes) -> bool:
        """Create-only PUT: True when written, False when the key exists (perhaps by an earlier try of this call)."""
        ...

    def put(self, bucket: Bucket, key: str, body: bytes) -> None:
        """Overwriting PUT; only for the sweep's report and cursor."""
        ...

    def copy(
        self, source: Bucket, original: ObjectInfo, target: Bucket, key: str, *, create_only: bool = False
    ) -> Copied:
        """Server-side copy of `original`, whatever its size, if its key still has that ETag.

        `create_only`: only where nothing lies at `key`, and without the tags of the original.
        """
        ...

    def delete(self, bucket: Bucket, versions: Sequence[ObjectVersion]) -> Sequence[DeleteError]:
        """Multi-delete in batches of 1,000; what could not be deleted is returned. A missing key counts as deleted."""
        ...

    def tags(self, bucket: Bucket, key: str) -> Mapping[str, str]:
        """The object's tags, possibly none."""
        ...

    def tag(self, bucket: Bucket, key: str, tags: Mapping[str, str]) -> None:
        """Replace the object's tags."""
        ...

    def media(self, bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Media | ProbeError | Unanswered]:
        """Probe media files by `?ci-process=videoinfo` (a paid call each), a bounded number at a time.

        A probe that fails for now is `Unanswered`, so that what the others told is not lost.

        Raises `Blocked` when one was refused for the deployment's sake and none told anything.
        """
        ...

    def read(self, bucket: Bucket, parts: Sequence[ByteRange]) -> Mapping[ByteRange, bytes]:
        """Parts of objects by ranged GET, a bounded number at a time; fewer bytes where the object ends or is gone."""
        ...


class Ci(Protocol):
    """Jobs of Cloud Infinite, addressed by the bucket they belong to."""

    def submit(self, bucket: Bucket, request: Request) -> Job:
        """Exactly one POST /jobs, never repeated.

        Raises `Blocked` or `Rejected` when a parsed error says that no job exists, `OutcomeUnknown` otherwise.
        """
        ...

    def job(self, bucket: Bucket, job_id: str) -> Job | None:
        """The job as it is now, or None when CI no longer (or never) knew it."""
        ...

    def jobs(self, bucket: Bucket, since: int, token: str = "", until: int = 0) -> JobPage:
        """Concat jobs created from `since` to `until` (epoch seconds; 0 is now), newest first, 100 a page. May lag."""
        ...


class Clock(Protocol):
    """Local time, for time limits only; what is compared with the service's times comes from the service."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...
