"""The values everyone speaks of: buckets and objects, media, jobs, fragments and their set, the token, the result.

All times are whole seconds since the epoch on the *service's* clock, sizes are bytes, durations seconds. What only
crosses a port is a named tuple, which costs a cold start an eighth of what a dataclass does.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

StreamKind = Literal["video", "audio", "subtitle"]
STILL_CODECS = frozenset({"mjpeg", "png", "bmp", "webp", "tiff", "ljpeg"})


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


# Storage classes whose objects have to be restored before they can be read (COS, storage classes).
ARCHIVES = frozenset({"ARCHIVE", "DEEP_ARCHIVE"})


class Head(NamedTuple):
    """Answer of HEAD: the object, and what else the headers say."""

    object: ObjectInfo
    now: int  # the service's clock when it answered
    version_id: str = ""  # set only where the bucket has versioning
    storage_class: str = "STANDARD"
    restored: bool = False  # archived, but a copy is restored for now, so that it can be read
    encrypted: bool = False  # by the service: then its ETag is no MD5 (document 436/7749)
    crc64: str = ""  # x-cos-hash-crc64ecma, of the bytes however they came (document 436/40334); "" if not told

    @property
    def is_archived(self) -> bool:
        """Whether nobody can read it before it is restored."""
        return self.storage_class in ARCHIVES and not self.restored


class Stored(NamedTuple):
    """Answer of GET for a small object (a record, a manifest)."""

    body: bytes
    head: Head


class Page(NamedTuple):
    """One page of LIST; `next_marker` is None on the last one."""

    objects: tuple[ObjectInfo, ...]
    next_marker: str | None
    now: int
    archived: frozenset[str] = frozenset()  # keys whose storage class nobody can read from without restoring


class ObjectVersion(NamedTuple):
    """An object to delete; with `version_id` that very version, otherwise whatever is current."""

    key: str
    version_id: str = ""


class DeleteError(NamedTuple):
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

    @property
    def is_cover(self) -> bool:
        """Whether it is a still that players show beside the sound, as its figures tell it."""
        if self.codec not in STILL_CODECS or self.frames not in (None, 1):
            return False
        short = self.duration is not None and self.duration < 0.5  # mkv does not tell it of a single stream
        return not self.avg_fps or (self.fps or 0.0) > 1000 or short


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


class Unanswered(NamedTuple):
    """A probe that could not be made for now; the same may succeed later."""

    message: str


class ByteRange(NamedTuple):
    """A part of an object: `length` bytes from `start` on."""

    key: str
    start: int
    length: int


class ProbeError(NamedTuple):
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


def is_job_id(text: str) -> bool:
    """Whether CI can be asked for a job of this id, which becomes part of a request's path."""
    return re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text) is not None


class JobPage(NamedTuple):
    """One page of the job listing, newest first; `next_token` is empty on the last one."""

    jobs: tuple[Job, ...]
    next_token: str


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

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (64 hex) over what decides the joined content: same fingerprint, same content."""
        parts: list[object] = [
            [f.index, f.object.key, f.object.etag, f.object.size, f.start, f.end] for f in self.fragments
        ]
        parts += [[name, o.key, o.etag, o.size] for name, o in (("intro", self.intro), ("outro", self.outro)) if o]
        if self.job:
            parts.append(["job", self.job])
        import hashlib

        text = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def is_single(self) -> bool:
        """Whether it is one piece as it is: nothing around it, no part cut from it, no wishes for its job."""
        one, *others = self.fragments
        return not (others or self.intro or self.outro or one.start or one.end or self.job)

    @property
    def joined(self) -> tuple[ObjectInfo, ...]:
        """Every object that a job for it joins, in order."""
        return tuple(o for o in (self.intro, *(f.object for f in self.fragments), self.outro) if o)

    def lies_under(self, prefix: str) -> bool:
        """Whether its fragments do: where deployments share records, others' contents are not ours to act on."""
        return self.fragments[0].object.key.startswith(prefix)

    @property
    def newest(self) -> int:
        """LastModified of the newest fragment, epoch seconds."""
        return max(f.object.last_modified for f in self.fragments)


ContentId = tuple[str, int]  # a content of a group: gid, and rev


def gid_of(group: str) -> str:
    """The group's name in keys and tokens: 32 hex of SHA-256, so that any name fits."""
    import hashlib

    return hashlib.sha256(group.encode()).hexdigest()[:32]


_TEXT = r"cosconcat/(?P<gid>[0-9a-f]{32})/(?P<rev>[0-9]{4,})/(?P<n>[0-9]{4,})/(?P<nonce>[0-9a-f]{32,64})"


class Token(NamedTuple):
    """`gid` and `rev` name the content, `n` the attempt, `nonce` the one claim that may have posted the job."""

    gid: str
    rev: int
    n: int
    nonce: str

    def __str__(self) -> str:
        return f"cosconcat/{self.gid}/{self.rev:04}/{self.n:04}/{self.nonce}"

    @classmethod
    def parse(cls, text: str) -> Token | None:
        """The token in a job's UserData, or None when the text is not exactly one of ours."""
        found = re.fullmatch(_TEXT, text)
        if found is None:
            return None
        return cls(found["gid"], int(found["rev"]), int(found["n"]), found["nonce"])

    @staticmethod
    def nonces_in(text: str) -> frozenset[str]:
        """What may be a nonce of ours in a job's UserData, also where its token did not come back as it was sent."""
        token = Token.parse(text)
        if token is not None:
            return frozenset((token.nonce,))
        told = text.lower().replace("%2f", "/")
        return frozenset(re.findall(r"[0-9a-f]{32,64}", told)) if "cosconcat" in told else frozenset()


def iso_time(seconds: float) -> str:
    """A time (epoch seconds) as people read it, in UTC: 2024-01-31T10:05:00Z; empty for 0, which is no time."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else ""


Action = Literal[
    "ignored", "invalid", "waiting", "submitted", "adopted", "already-submitted", "already-finished", "deferred",
    "finished", "superseded", "kept", "gave-up", "job-failed", "blocked", "try-again",
]  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One decision, without secrets: SCF writes return values to the log."""

    group: str
    action: Action
    reason: str = ""
    key: str = ""
    job: str = ""
    stuck: bool = False  # its job takes longer than CONCAT_STALE_SECONDS: for the report, never a reason to resubmit

    def as_dict(self) -> dict[str, str]:
        """What is there, for JSON."""
        words = {"group": self.group, "action": self.action, "reason": self.reason, "key": self.key, "job": self.job}
        return {name: word for name, word in words.items() if word or name in ("group", "action")}
