"""The environment, parsed once into a `Config`; every mistake is reported at once, by variable name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cosconcat.ports import Bucket


@dataclass(frozen=True)
class CallbackMq:
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
    """Everything that can be configured (the variables of the README's table), validated."""

    bucket: Bucket
    input_prefix: str = "fragments/"
    naming: str = "part-of"
    completion: str = "total"  # total, marker, manifest or quiet
    quiet_seconds: int = 0  # for completion quiet
    window_seconds: int = 3600
    max_gap_seconds: int | None = None
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
    tags: Mapping[str, str] = field(default_factory=dict)
    notify_url: str = ""
    max_fragments: int = 100
    max_attempts: int = 3
    lease_seconds: int = 1200
    stale_seconds: int = 3600
    sweep_jobs: int = 50
    scheme: Literal["https", "http"] = "https"
    log_level: str = "INFO"


def read_config(environ: Mapping[str, str]) -> Config:
    """The configuration in `environ`.

    Raises:
        ConfigurationError: with one sentence for every variable that is missing, malformed or at odds with another.
    """
    raise NotImplementedError


def read_credentials(environ: Mapping[str, str]) -> Credentials:
    """The execution role's temporary keys.

    Raises:
        ConfigurationError: when a key is missing (no execution role is set).
    """
    raise NotImplementedError
