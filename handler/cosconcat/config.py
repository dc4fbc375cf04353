"""What can be configured, as values: nothing is read here."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from cosconcat.errors import ConfigurationError
from cosconcat.model import Bucket
from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_FRAGMENTS = 10_000  # that CONCAT_MAX_FRAGMENTS allows at most


class CallbackMq(NamedTuple):
    """`CONCAT_CALLBACK_MQ`: `<region>:<Topic or Queue>:<name>` in the API's short region codes."""

    region: str
    mode: Literal["Topic", "Queue"]
    name: str


@dataclass(frozen=True)
class Credentials:
    """Keys of the execution role, read anew at each invocation; never printed."""

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str = field(repr=False, default="")


@dataclass(frozen=True)
class Config:
    """Everything that can be configured (the variables of docs/configuration.md), validated."""

    bucket: Bucket
    input_prefix: str = "fragments/"
    naming: str = "part-of"
    first: Literal["auto", "0", "1", "any"] | Literal[""] = ""  # "": the preset's
    marker: str = ""  # template of the object that says that a group is whole; "": the built-in ones
    extensions: tuple[str, ...] = ()  # further ones that are fragments
    single: Literal["join", "copy", "leave"] = "join"  # what becomes of a group of one piece
    completion: str = "total"  # total, marker, manifest, quiet or gap
    quiet_seconds: int = 0  # for completion quiet
    gap_seconds: int = 0  # for completion gap
    max_length_seconds: int = 86_400  # of a recording, for completion gap
    window_seconds: int = 3600
    max_gap_seconds: int | None = None
    timezone_seconds: int = 0  # east of UTC; of times that name no zone
    output_key: str = "output/{group}.{ext}"
    output_bucket: Bucket = field(default=Bucket("", ""))
    state_prefix: str = ".concat/"
    state_bucket: Bucket = field(default=Bucket("", ""))
    format: str = "mp4"
    direct: bool = False
    on_mixed: Literal["transcode", "refuse", "trust"] = "transcode"
    template_id: str = ""
    queue_id: str = ""
    job: Mapping[str, object] = field(default_factory=dict)
    callback_url: str = ""
    callback_secret: str = field(default="", repr=False)
    callback_secret_old: str = field(default="", repr=False)
    callback_mq: CallbackMq | None = None
    callback_format: Literal["JSON", "XML"] = "JSON"
    cleanup: Literal["delete", "trash", "expire", "keep"] = "delete"
    cleanup_dry_run: bool = False
    trash_prefix: str = "trash/"
    verify: Literal["duration", "size", "none"] = "duration"
    may_lose: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    notify_url: str = ""
    max_fragments: int = 100
    max_attempts: int = 3
    lease_seconds: int = 1200
    stale_seconds: int = 3600
    sweep_jobs: int = 50
    jobs_per_hour: int | None = None  # budget of jobs in a clock hour (UTC); None: no limit
    manifest_may: frozenset[str] = frozenset({"output", "intro", "outro", "job"})  # what manifests may use
    assets_prefix: str = ""  # where in `bucket` intros, outros, watermarks and sounds may lie too; "": nowhere
    scheme: Literal["https", "http"] = "https"
    log_level: str = "INFO"
    unknown: tuple[str, ...] = ()  # names of CONCAT_ variables that this release does not know: ignored, and told

    def __post_init__(self) -> None:
        for name in ("output_bucket", "state_bucket"):
            if not getattr(self, name).name:
                object.__setattr__(self, name, self.bucket)

    @cached_property
    def convention(self) -> Convention:
        """How keys are read."""
        signal = self.completion if self.completion in ("marker", "manifest") else ""
        return Convention.of(
            self.naming,
            self.input_prefix,
            signal=signal,
            marker=self.marker,
            window=0 if self.completion == "gap" else self.window_seconds,
            offset=self.timezone_seconds,
            first=self.first,
            extensions=self.extensions,
        )

    @property
    def convention_as_written(self) -> Convention:
        """How keys are read whatever CONCAT_TIMEZONE says."""
        return self.convention.as_written

    @property
    def late_apart(self) -> bool:
        """Whether what comes after a group was joined is a recording of its own, and what was joined is left out of it:
        quiet time is a guess, and a marker closes an hour or a day as often as it is uploaded.
        """
        return self.completion == "quiet" or (self.completion == "marker" and self.convention.timed)

    def may_read(self, key: str) -> bool:
        """Whether what is uploaded may have an object of this key read into a result."""
        return key.startswith(self.input_prefix) or bool(self.assets_prefix and key.startswith(self.assets_prefix))

    @property
    def extension(self) -> str:
        """What `${ext}` becomes in the output's key."""
        return EXTENSIONS[self.format]


def films_stay(config: Config) -> str:
    """What to know where the result holds sound alone and fragments are to be removed; empty where all is well."""
    removes = config.cleanup != "keep" and config.verify != "none"
    if config.format not in ("mp3", "aac") or not removes or "video" in config.may_lose:
        return ""
    return f"CONCAT_FORMAT={config.format} holds no picture: films stay where they are, unless CONCAT_MAY_LOSE=video"


def check_lease(config: Config, time_limit_in_ms: int) -> None:
    """Check that a claim's lease outlives the function, as another instance takes over when it ends.

    Raises:
        ConfigurationError: when it does not.
    """
    if config.lease_seconds * 1000 <= time_limit_in_ms:
        problem = (
            f"CONCAT_LEASE_SECONDS is {config.lease_seconds}, but the function may run {time_limit_in_ms // 1000} s"
        )
        raise ConfigurationError([f"{problem}: the lease must be longer than the function's time limit"])
