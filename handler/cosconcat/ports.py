"""The two ports through which the use cases touch the world, the clock, and the values that cross them.

`cos.CosOverHttp` and `ci.CiOverHttp` are the real adapters; `tests/simulation` holds models of both. All times are
whole seconds since the epoch on the *service's* clock (its `Date` header), sizes are bytes, durations seconds. What
only crosses a port is a named tuple, which costs a cold start an eighth of what a dataclass does.
Unless a docstring says otherwise every method raises `ServiceUnavailable` when the call may be repeated and
`Rejected` when the service refused for good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from cosconcat.job.request import Request

StreamKind = Literal["video", "audio", "subtitle"]


@dataclass(frozen=True)
class Bucket:
    """A bucket with its region, e.g. `Bucket("demo-1250000000", "ap-guangzhou")`."""

    name: str
    region: str

    @property
    def cos_host(self) -> str:
        """Host of its objects."""
        return f"{self.name}.cos.{self.region}.myqcloud.com"

    @property
    def ci_host(self) -> str:
        """Host of its Cloud Infinite API."""
        return f"{self.name}.ci.{self.region}.myqcloud.com"


@dataclass(frozen=True)
class ObjectInfo:
    """One object as LIST or HEAD shows it; `etag` without quotes, `last_modified` in epoch seconds."""

    key: str
    etag: str
    size: int
    last_modified: int

    def same_content(self, other: ObjectInfo) -> bool:
        """Whether both are the same bytes as far as COS tells: equal key, ETag and size."""
        return (self.key, self.etag, self.size) == (other.key, other.etag, other.size)


class Head(NamedTuple):
    """Answer of HEAD: the object, and what else the headers say."""

    object: ObjectInfo
    now: int  # the service's clock when it answered
    version_id: str = ""  # set only where the bucket has versioning
    storage_class: str = "STANDARD"


class Stored(NamedTuple):
    """Answer of GET for a small object (a record, a manifest)."""

    body: bytes
    head: Head


class Page(NamedTuple):
    """One page of LIST; `next_marker` is None on the last one."""

    objects: tuple[ObjectInfo, ...]
    next_marker: str | None
    now: int


class Doomed(NamedTuple):
    """An object to delete; with `version_id` that very version, otherwise whatever is current."""

    key: str
    version_id: str = ""


class Undeleted(NamedTuple):
    """An object that multi-delete reported as not deleted, with the service's code and words."""

    key: str
    code: str
    message: str


class Stream(NamedTuple):
    """One stream of a media file, as CI's media info names it; what it does not say is None, or an empty text.

    Times are seconds, rates frames a second, `bitrate` kbps, `rotation` degrees, `sample_rate` Hz. `start` counts on
    the file's own clock, whose first moment is `Media.start`.
    """

    kind: StreamKind
    codec: str = ""
    stream_index: int | None = None  # Index: its place in the file
    start: float | None = None
    duration: float | None = None  # flv, mkv and webm do not say it of a single stream
    frames: int | None = None  # pictures, where the container counts them
    fps: float | None = None
    avg_fps: float | None = None
    bitrate: float | None = None
    profile: str = ""
    level: str = ""
    width: int | None = None
    height: int | None = None
    pix_format: str = ""
    sar: str = ""  # sample aspect ratio
    rotation: float | None = None
    timebase: str = ""
    sample_rate: int | None = None
    channels: int | None = None
    language: str = ""


class Media(NamedTuple):
    """What a probe (`?ci-process=videoinfo`) or a finished job says about a media file; times in seconds.

    `streams` are in the file's own order where it is told, otherwise pictures, sounds, subtitles. Streams of data have
    no node of their own: they are in `num_streams` alone.
    """

    duration: float | None  # None where the file does not say, as a webm that a browser recorded
    size: int
    streams: tuple[Stream, ...] = ()
    format: str = ""
    start: float | None = None
    bitrate: float | None = None
    num_streams: int | None = None

    def of(self, kind: StreamKind) -> tuple[Stream, ...]:
        """The streams of one kind, in order."""
        return tuple(stream for stream in self.streams if stream.kind == kind)


class Unreadable(NamedTuple):
    """A probe that the service refused for this object, for good: not media, gone, archived."""

    code: str
    message: str


class OutputFile(NamedTuple):
    """One object that a finished job wrote; `md5` is empty when the service names none."""

    key: str
    md5: str = ""


class Job(NamedTuple):
    """A Concat job as CI describes it (`JobsDetail`). `state` is the API's word:
    Submitted, Running, Success, Failed, Pause, Cancel.
    """

    id: str
    tag: str
    state: str
    code: str
    message: str
    user_data: str
    output: Bucket
    output_key: str  # Output.Object: as asked for, wildcards perhaps unexpanded
    files: tuple[OutputFile, ...] = ()  # MediaResult.OutputFile: what was written, wildcards resolved
    media: Media | None = None  # MediaInfo of the output, once finished
    ended: int = 0  # EndTime, epoch seconds; 0 when unknown or not ended


class JobPage(NamedTuple):
    """One page of the job listing, newest first; `next_token` is empty on the last one."""

    jobs: tuple[Job, ...]
    next_token: str


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

    def copy(self, source: Bucket, source_key: str, etag: str, target: Bucket, target_key: str) -> bool:
        """Server-side copy if the source still has `etag`; False when it has not or is gone."""
        ...

    def delete(self, bucket: Bucket, doomed: Sequence[Doomed]) -> Sequence[Undeleted]:
        """Multi-delete in batches of 1,000; what could not be deleted is returned. A missing key counts as deleted."""
        ...

    def tags(self, bucket: Bucket, key: str) -> Mapping[str, str]:
        """The object's tags, possibly none."""
        ...

    def tag(self, bucket: Bucket, key: str, tags: Mapping[str, str]) -> None:
        """Replace the object's tags."""
        ...

    def media(self, bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Media | Unreadable]:
        """Probe media files by `?ci-process=videoinfo` (a paid call each), a bounded number at a time."""
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

    def jobs(self, bucket: Bucket, since: int, token: str = "") -> JobPage:
        """Concat jobs created at or after `since` (epoch seconds), newest first, 100 a page. May lag."""
        ...


class Clock(Protocol):
    """Local time, for time limits only; what is compared with the service's times comes from the service."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...
