"""The environment, parsed once into a `Config`; every mistake is reported at once, by variable name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from cosconcat import times
from cosconcat.environment import Environment, unfit_key
from cosconcat.errors import ConfigurationError, InvalidInput
from cosconcat.naming import WINDOWS, Convention
from cosconcat.ports import Bucket
from cosconcat.wildcards import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN_TAGS = ("concat-group", "concat-job", "concat-fragments", "concat-fingerprint", "concat-rev")
PLACEHOLDERS = ("group", "fingerprint", "date", "ext", "jobid")
WILDCARDS = ("ext", "jobid")  # the API's own, written ${ext} and ${jobid}
PLACEHOLDER = re.compile(r"\$?\{([^{}]*)\}")


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
    tags: Mapping[str, str] = field(default_factory=dict)
    notify_url: str = ""
    max_fragments: int = 100
    max_attempts: int = 3
    lease_seconds: int = 1200
    stale_seconds: int = 3600
    sweep_jobs: int = 50
    scheme: Literal["https", "http"] = "https"
    log_level: str = "INFO"

    def __post_init__(self) -> None:
        for name in ("output_bucket", "state_bucket"):
            if not getattr(self, name).name:
                object.__setattr__(self, name, self.bucket)

    @cached_property
    def convention(self) -> Convention:
        """How keys are read."""
        signal = self.completion if self.completion in ("marker", "manifest") else ""
        return Convention.of(
            self.naming, self.input_prefix, signal=signal, window=self.window_seconds, offset=self.timezone_seconds
        )

    @property
    def extension(self) -> str:
        """What `${ext}` becomes in the output's key."""
        return EXTENSIONS[self.format]


def read_config(environ: Mapping[str, str]) -> Config:
    """The configuration in `environ`.

    Raises:
        ConfigurationError: with one sentence for every variable that is missing, malformed or at odds with another.
    """
    env = Environment(environ)
    bucket, output, state = _buckets(env)
    naming, completion, quiet, convention = _naming(env)
    direct = env.flag("CONCAT_DIRECT")
    config = Config(
        bucket=bucket,
        input_prefix=env.prefix("CONCAT_INPUT_PREFIX"),
        naming=naming,
        completion=completion,
        quiet_seconds=quiet,
        window_seconds=convention.window,
        max_gap_seconds=env.whole("CONCAT_MAX_GAP", 1, 10**9) if env.given("CONCAT_MAX_GAP") else None,
        timezone_seconds=convention.offset,
        output_key=env.text("CONCAT_OUTPUT_KEY"),
        output_bucket=output,
        state_prefix=env.prefix("CONCAT_STATE_PREFIX"),
        state_bucket=state,
        format=env.choice("CONCAT_FORMAT", *EXTENSIONS),
        direct=direct,
        on_mixed=env.choice("CONCAT_ON_MIXED", "transcode", "refuse", "trust"),
        template_id=env.pattern("CONCAT_TEMPLATE_ID", "[A-Za-z0-9_-]{1,64}", "a template's id (letters and digits)"),
        queue_id=env.pattern("CONCAT_QUEUE_ID", "[A-Za-z0-9_-]{1,64}", "a queue's id (letters and digits)"),
        job=_job(env),
        callback_url=env.url("CONCAT_CALLBACK_URL"),
        callback_secret=env.secret("CONCAT_CALLBACK_SECRET"),
        callback_secret_old=env.secret("CONCAT_CALLBACK_SECRET_OLD"),
        callback_mq=_callback_mq(env),
        callback_format=env.choice("CONCAT_CALLBACK_FORMAT", "JSON", "XML"),
        cleanup=env.choice("CONCAT_CLEANUP", "delete", "trash", "expire", "keep"),
        cleanup_dry_run=env.flag("CONCAT_CLEANUP_DRY_RUN"),
        trash_prefix=env.prefix("CONCAT_TRASH_PREFIX"),
        verify=env.choice("CONCAT_VERIFY", "duration", "size", "none"),
        tags=_tags(env),
        notify_url=env.url("CONCAT_NOTIFY_URL"),
        max_fragments=env.whole("CONCAT_MAX_FRAGMENTS", 1, 10_000),
        max_attempts=env.whole("CONCAT_MAX_ATTEMPTS", 1, 100),
        lease_seconds=env.whole("CONCAT_LEASE_SECONDS", 10, 86_400),
        stale_seconds=env.whole("CONCAT_STALE_SECONDS", 10, 30 * 86_400),
        sweep_jobs=env.whole("CONCAT_SWEEP_JOBS", 1, 100_000),
        scheme=env.choice("CONCAT_SCHEME", "https", "http"),
        log_level=env.choice("LOG_LEVEL", "DEBUG", "INFO", "WARNING", "ERROR"),
    )
    _refuse_contradictions(env, config)
    _refuse_output_key(env, config)
    _refuse_overlap(env, config)
    if config.job and not env.problems:
        from cosconcat.job.compose import unfit_overlay

        env.problems += unfit_overlay(config)
    if env.problems:
        raise ConfigurationError(env.problems)
    return config


def read_credentials(environ: Mapping[str, str]) -> Credentials:
    """The execution role's temporary keys.

    Raises:
        ConfigurationError: when a key is missing (no execution role is set).
    """
    names = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")
    identity, key, token = (environ.get(name, "").strip() for name in names)
    missing = [name for name, value in zip(names, (identity, key), strict=False) if not value]
    if missing:
        raise ConfigurationError([f"{name} is not set: give the function an execution role" for name in missing])
    return Credentials(identity, key, token)


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


def _buckets(env: Environment) -> tuple[Bucket, Bucket, Bucket]:
    """Input, output and state."""
    for name in ("CONCAT_BUCKET", "CONCAT_REGION"):
        if not env.given(name) and not (name == "CONCAT_REGION" and env.given("TENCENTCLOUD_REGION")):
            env.wrong(name, "is required")
    region = env.region("CONCAT_REGION") or env.region("TENCENTCLOUD_REGION")
    source = Bucket(env.bucket("CONCAT_BUCKET"), region)
    if env.given("CONCAT_OUTPUT_REGION") and not env.given("CONCAT_OUTPUT_BUCKET"):
        env.wrong("CONCAT_OUTPUT_REGION", "is set without CONCAT_OUTPUT_BUCKET")
    output = Bucket(env.bucket("CONCAT_OUTPUT_BUCKET") or source.name, env.region("CONCAT_OUTPUT_REGION") or region)
    return source, output, Bucket(env.bucket("CONCAT_STATE_BUCKET") or source.name, region)


def _naming(env: Environment) -> tuple[str, str, int, Convention]:
    """Naming, completion, its quiet time in seconds, and the convention they make."""
    naming, window = env.text("CONCAT_NAMING"), env.text("CONCAT_WINDOW")
    offset = 0
    try:
        offset = times.read_zone(env.text("CONCAT_TIMEZONE"))
    except ValueError as error:
        env.wrong("CONCAT_TIMEZONE", f"is wrong: {error}")
    seconds = WINDOWS.get(window.lower()) or env.whole("CONCAT_WINDOW", 1, 366 * 86_400, "hour, day and seconds")
    try:
        convention = Convention.of(naming, "", window=seconds, offset=offset)
    except ValueError as error:
        env.wrong("CONCAT_NAMING", str(error))
        return "part-of", "total", 0, Convention.of("part-of", "")
    completion, quiet = _completion(env, naming, convention)
    if not convention.timed:
        for name in ("CONCAT_MAX_GAP", "CONCAT_TIMEZONE", "CONCAT_WINDOW"):
            if env.given(name) and not env.is_default(name):
                env.wrong(name, f"is set, but the names of CONCAT_NAMING={naming} hold no time")
    return naming, completion, quiet, convention


def _completion(env: Environment, naming: str, convention: Convention) -> tuple[str, int]:
    preset = {"folder": "marker", "timestamp": "quiet:300"}.get(naming, "total" if convention.totals else "")
    text = env.text("CONCAT_COMPLETION") or preset
    found = re.fullmatch(r"(total|marker|manifest)|quiet:([1-9][0-9]{0,6})", text)
    if not text:
        env.wrong("CONCAT_COMPLETION", "is required, as the expression in CONCAT_NAMING has no group `total`")
    elif found is None:
        env.wrong("CONCAT_COMPLETION", f"is {text!r}; allowed are total, marker, manifest and quiet:<seconds>")
    elif text == "total" and not convention.totals:
        env.wrong("CONCAT_COMPLETION", f"is total, but the names of CONCAT_NAMING={naming} hold no total")
    else:
        return found[1] or "quiet", int(found[2] or 0)
    return "total", 0


def _job(env: Environment) -> Mapping[str, object]:
    value = env.mapping("CONCAT_JOB")
    if not value:
        return value
    from cosconcat.job.overlay import read_overlay

    try:
        return read_overlay(value, "CONCAT_JOB")
    except InvalidInput as error:
        env.problems += error.problems
        return {}


def _callback_mq(env: Environment) -> CallbackMq | None:
    text = env.pattern(
        "CONCAT_CALLBACK_MQ",
        r"(?:sh|bj|gz|cd|hk):(?:Topic|Queue):[A-Za-z0-9_-]{1,64}",
        "<region>:<Topic or Queue>:<name> with one of the regions sh, bj, gz, cd, hk",
    )
    if not text:
        return None
    region, mode, name = text.split(":")
    return CallbackMq(region, "Topic" if mode == "Topic" else "Queue", name)


def _tags(env: Environment) -> Mapping[str, str]:
    found = env.mapping("CONCAT_TAGS")
    if not found:
        return found
    from cosconcat import tags

    most = tags.MAX_TAGS - len(OWN_TAGS)
    if len(found) > most:
        env.wrong("CONCAT_TAGS", f"has {len(found)} tags; at most {most} fit beside our own")
    for key, value in found.items():
        if key in OWN_TAGS:
            env.wrong("CONCAT_TAGS", f"sets {key}, which is cos-concat's own")
        for text, longest in ((key, tags.MAX_NAME_BYTES), (value, tags.MAX_VALUE_BYTES)):
            if (
                not isinstance(text, str)
                or tags.OUTSIDE_ALPHABET.search(text)
                or not 1 <= len(text.encode()) <= longest
            ):
                words = f"1 to {longest} bytes of a-z, A-Z, 0-9, Chinese characters and + - _ = / . : @"
                env.wrong("CONCAT_TAGS", f"has {text!r}; allowed are {words}")
    return found


def _refuse_contradictions(env: Environment, config: Config) -> None:
    """Variables that are fine alone and wrong together."""
    if config.callback_url and config.callback_mq:
        env.wrong("CONCAT_CALLBACK_MQ", "and CONCAT_CALLBACK_URL are both set; choose one")
    for name in ("CONCAT_CALLBACK_URL", "CONCAT_NOTIFY_URL", "CONCAT_CALLBACK_SECRET_OLD"):
        if env.given(name) and not env.given("CONCAT_CALLBACK_SECRET"):
            env.wrong("CONCAT_CALLBACK_SECRET", f"is required with {name}")
    if config.verify == "size" and not config.direct:
        env.wrong("CONCAT_VERIFY", "is size, which holds only without transcoding: needs CONCAT_DIRECT=true")
    if config.verify == "size" and config.format == "hls":
        env.wrong(
            "CONCAT_VERIFY", "is size, but CONCAT_FORMAT=hls writes many objects: the playlist's size says nothing"
        )
    if config.on_mixed != "transcode" and not config.direct:
        env.wrong("CONCAT_ON_MIXED", f"is {config.on_mixed}, which means something only with CONCAT_DIRECT=true")
    if config.stale_seconds < config.lease_seconds:
        env.wrong(
            "CONCAT_STALE_SECONDS", f"is {config.stale_seconds}, less than CONCAT_LEASE_SECONDS={config.lease_seconds}"
        )
    template: Any = config.job.get("ConcatTemplate") or {}
    container: Any = template.get("Container") or {}
    for path, value, name, own in (
        ("TemplateId", config.job.get("TemplateId"), "CONCAT_TEMPLATE_ID", config.template_id),
        ("ConcatTemplate.DirectConcat", template.get("DirectConcat"), "CONCAT_DIRECT", str(config.direct).lower()),
        ("ConcatTemplate.Container.Format", container.get("Format"), "CONCAT_FORMAT", config.format),
    ):
        if value is not None and str(value).lower() != own.lower():
            env.wrong("CONCAT_JOB", f"sets {path} to {value!r}, but {name} is {own or 'unset'}: set it there")


def output_key_problems(key: str, config: Config) -> list[str]:
    """What is wrong with an output key, from the configuration or from a manifest, apart from where it lies."""
    names = PLACEHOLDER.findall(key)
    wild = [found for found in PLACEHOLDER.finditer(key) if found[0].startswith("$") and found[1] not in WILDCARDS]
    problems = []
    if wild or set(names) - set(PLACEHOLDERS) or re.search(r"[{}]", PLACEHOLDER.sub("", key)):
        allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        problems.append(f"is {key!r}; what may stand in braces is {allowed}, ${{ext}} and ${{jobid}}")
    literal = PLACEHOLDER.sub("x", key)
    unfit = unfit_key(literal) or ("must name an object, not a folder" if literal.endswith("/") else "")
    if unfit:
        problems.append(f"{unfit}: {key!r}")
    ending = literal.rpartition(".")[2].lower()
    if "ext" not in names and ending in EXTENSIONS.values() and ending != config.extension:
        problems.append(f"ends in .{ending}, but CONCAT_FORMAT is {config.format}")
    return problems


def _refuse_output_key(env: Environment, config: Config) -> None:
    if not {"group", "fingerprint", "jobid"} & set(PLACEHOLDER.findall(config.output_key)):
        words = "one key for every group; it needs {group}, {fingerprint} or {jobid}"
        env.wrong("CONCAT_OUTPUT_KEY", f"is {config.output_key!r}, {words}")
    for problem in output_key_problems(config.output_key, config):
        env.wrong("CONCAT_OUTPUT_KEY", problem)


def _refuse_overlap(env: Environment, config: Config) -> None:
    """Prefixes that contain one another in one bucket: what is written there would start the function again."""
    places = (
        ("CONCAT_INPUT_PREFIX", config.bucket, config.input_prefix),
        ("CONCAT_OUTPUT_KEY", config.output_bucket, PLACEHOLDER.split(config.output_key)[0]),
        ("CONCAT_STATE_PREFIX", config.state_bucket, config.state_prefix),
        ("CONCAT_TRASH_PREFIX", config.bucket, config.trash_prefix),
    )
    for at, (name, bucket, prefix) in enumerate(places):
        for other, its_bucket, its_prefix in places[at + 1 :]:
            if bucket.name == its_bucket.name and (prefix.startswith(its_prefix) or its_prefix.startswith(prefix)):
                env.wrong(
                    other, f"({its_prefix!r}) and {name} ({prefix!r}) contain one another in bucket {bucket.name}"
                )
