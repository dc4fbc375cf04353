"""The environment, parsed once into a `Config`; every mistake is reported at once, by variable name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cosconcat.config import MOST_FRAGMENTS, CallbackMq, Config, Credentials
from cosconcat.environment.typed import Environment
from cosconcat.errors import ConfigurationError, InvalidInput
from cosconcat.model import Bucket
from cosconcat.naming import times
from cosconcat.naming.convention import FIRSTS, WINDOWS, Convention
from cosconcat.naming.keys import EXTENSIONS, NO_MEDIA
from cosconcat.naming.presets import PRESETS
from cosconcat.output.key import PLACEHOLDER, literal_beginning, output_key_problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_EXTENSIONS = 20


def read_config(environ: Mapping[str, str]) -> Config:
    """The configuration in `environ`.

    Raises:
        ConfigurationError: with one sentence for every variable that is missing, malformed or contradicts another.
    """
    env = Environment(environ)
    bucket, output, state = _buckets(env)
    extensions = _extensions(env)
    naming, completion, seconds, convention = _naming(env, extensions)
    direct = env.flag("CONCAT_DIRECT")
    config = Config(
        bucket=bucket,
        input_prefix=env.prefix("CONCAT_INPUT_PREFIX"),
        naming=naming,
        first=env.choice("CONCAT_FIRST", *FIRSTS) if env.given("CONCAT_FIRST") else "",
        marker=env.text("CONCAT_MARKER"),
        extensions=extensions,
        single=env.choice("CONCAT_SINGLE", "join", "copy", "leave"),
        completion=completion,
        quiet_seconds=seconds if completion == "quiet" else 0,
        gap_seconds=seconds if completion == "gap" else 0,
        max_length_seconds=_max_length(env, completion, seconds),
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
        may_lose=env.words("CONCAT_MAY_LOSE", "video", "audio", "extra-video", "extra-audio", "subtitle"),
        tags=_tags(env),
        notify_url=env.url("CONCAT_NOTIFY_URL"),
        max_fragments=env.whole("CONCAT_MAX_FRAGMENTS", 1, MOST_FRAGMENTS),
        max_attempts=env.whole("CONCAT_MAX_ATTEMPTS", 1, 100),
        lease_seconds=env.whole("CONCAT_LEASE_SECONDS", 10, 86_400),
        stale_seconds=env.whole("CONCAT_STALE_SECONDS", 10, 30 * 86_400),
        sweep_jobs=env.whole("CONCAT_SWEEP_JOBS", 1, 100_000),
        jobs_per_hour=env.whole("CONCAT_JOBS_PER_HOUR", 1, 100_000) if env.given("CONCAT_JOBS_PER_HOUR") else None,
        manifest_may=_manifest_may(env),
        assets_prefix=env.prefix("CONCAT_ASSETS_PREFIX") if env.given("CONCAT_ASSETS_PREFIX") else "",
        scheme=env.choice("CONCAT_SCHEME", "https", "http"),
        unknown=tuple(env.unknown),
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


def _extensions(env: Environment) -> tuple[str, ...]:
    """Further extensions that are fragments, lower case."""
    found = [one.strip().lower() for one in env.text("CONCAT_EXTENSIONS").split(",") if one.strip()]
    for one in found:
        if not re.fullmatch("[a-z0-9]{1,8}", one):
            env.wrong("CONCAT_EXTENSIONS", f"has {one!r}; allowed are 1 to 8 letters and digits, without a dot")
        elif one in NO_MEDIA:
            env.wrong("CONCAT_EXTENSIONS", f"has {one}, by which manifests and markers end")
    if len(found) > _MOST_EXTENSIONS:
        env.wrong("CONCAT_EXTENSIONS", f"has {len(found)}; at most {_MOST_EXTENSIONS} are allowed")
    return tuple(dict.fromkeys(found))


def _naming(env: Environment, extensions: Sequence[str]) -> tuple[str, str, int, Convention]:
    """Naming, completion, its quiet time or gap in seconds, and the convention they make."""
    naming, window = env.text("CONCAT_NAMING"), env.text("CONCAT_WINDOW")
    offset = 0
    try:
        offset = times.read_zone(env.text("CONCAT_TIMEZONE"))
    except ValueError as error:
        env.wrong("CONCAT_TIMEZONE", f"is wrong: {error}")
    seconds = WINDOWS.get(window.lower()) or env.whole("CONCAT_WINDOW", 1, 366 * 86_400, "hour, day and seconds")
    first = env.text("CONCAT_FIRST").lower()
    try:
        convention = Convention.of(naming, "", window=seconds, offset=offset, first=first, extensions=extensions)
    except ValueError as error:
        env.wrong("CONCAT_NAMING", str(error))
        return "part-of", "total", 0, Convention.of("part-of", "")
    completion, waits = _completion(env, naming, convention)
    _refuse_first_and_marker(env, naming, convention, completion)
    if not convention.timed:
        for name in ("CONCAT_MAX_GAP", "CONCAT_TIMEZONE", "CONCAT_WINDOW"):
            if env.given(name) and not env.is_default(name):
                env.wrong(name, f"is set, but the names of CONCAT_NAMING={naming} hold no time")
    if completion == "gap":
        for name in ("CONCAT_WINDOW", "CONCAT_MAX_GAP"):
            if env.given(name) and not env.is_default(name):
                env.wrong(name, "is set, but CONCAT_COMPLETION=gap:<seconds> cuts at gaps, not at windows: unset it")
    return naming, completion, waits, convention


def _refuse_first_and_marker(env: Environment, naming: str, convention: Convention, completion: str) -> None:
    first = env.text("CONCAT_FIRST").lower()
    if convention.timed and first not in ("", "auto"):
        env.wrong("CONCAT_FIRST", f"is {first}, but the names of CONCAT_NAMING={naming} are put in order by time")
    if convention.first == "any" and (convention.totals or completion == "total"):
        env.wrong("CONCAT_FIRST", "is any, but names that declare a total count up to it")
    if env.given("CONCAT_MARKER"):
        try:
            Convention.of(naming, "", marker=env.text("CONCAT_MARKER"))
        except ValueError as error:
            env.wrong("CONCAT_MARKER", str(error))


def _completion(env: Environment, naming: str, convention: Convention) -> tuple[str, int]:
    usual = PRESETS[naming].completion if naming in PRESETS else "total" if convention.totals else ""
    if usual.startswith("gap") and (env.given("CONCAT_WINDOW") or env.given("CONCAT_MAX_GAP")):
        usual = "quiet:600"  # somebody wants windows
    text = env.text("CONCAT_COMPLETION") or ("marker" if env.given("CONCAT_MARKER") else usual)
    if env.given("CONCAT_MARKER") and text != "marker":
        env.wrong("CONCAT_COMPLETION", f"is {text}, but CONCAT_MARKER makes a marker decide: set one of them")
    found = re.fullmatch(r"(total|marker|manifest)|(quiet|gap):([1-9][0-9]{0,6})", text)
    without_total = f"marker, manifest, quiet:<seconds>{', gap:<seconds>' if convention.timed else ''}"
    if not text:
        env.wrong(
            "CONCAT_COMPLETION",
            f"is required, as the names of CONCAT_NAMING hold no total; allowed are {without_total}",
        )
    elif found is None:
        env.wrong(
            "CONCAT_COMPLETION",
            f"is {text!r}; allowed are total, marker, manifest, quiet:<seconds>, gap:<seconds>, "
            "with whole seconds from 1 to 9999999",
        )
    elif text == "total" and not convention.totals:
        env.wrong(
            "CONCAT_COMPLETION",
            f"is total, but the names of CONCAT_NAMING={naming} hold no total; allowed are {without_total}",
        )
    elif found[2] == "gap" and not convention.timed:
        env.wrong(
            "CONCAT_COMPLETION",
            f"is {text}, but the names of CONCAT_NAMING={naming} hold no time that a gap could be in",
        )
    else:
        return found[1] or found[2], int(found[3] or 0)
    return "total", 0


def _max_length(env: Environment, completion: str, gap: int) -> int:
    """The longest recording, seconds; longer than the gap, or pieces that lie apart by less would be cut apart."""
    name = "CONCAT_MAX_LENGTH"
    words = "hour, day and seconds"
    seconds = WINDOWS.get(env.text(name).lower()) or env.whole(name, 60, WINDOWS["day"], words)
    if completion == "gap" and seconds <= gap:
        env.wrong(name, f"is {seconds} s, which must be more than the gap of {gap} s in CONCAT_COMPLETION")
    elif completion != "gap" and env.given(name) and not env.is_default(name):
        env.wrong(name, "is set, which means something only with CONCAT_COMPLETION=gap:<seconds>")
    return seconds


def _manifest_may(env: Environment) -> frozenset[str]:
    name = "CONCAT_MANIFEST_MAY"
    if env.text(name).lower() == "nothing":
        return frozenset()
    return env.words(name, "output", "intro", "outro", "job")


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
    from cosconcat.output import tags

    most = tags.MAX_TAGS - len(tags.OWN_TAGS)
    if len(found) > most:
        env.wrong("CONCAT_TAGS", f"has {len(found)} tags; at most {most} fit beside our own")
    for key, value in found.items():
        if key in tags.OWN_TAGS:
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


def _refuse_output_key(env: Environment, config: Config) -> None:
    if not {"group", "fingerprint", "jobid"} & set(PLACEHOLDER.findall(config.output_key)):
        words = "one key for every group; it needs {group}, {fingerprint} or {jobid}"
        env.wrong("CONCAT_OUTPUT_KEY", f"is {config.output_key!r}, {words}")
    if config.single == "copy" and "jobid" in PLACEHOLDER.findall(config.output_key):
        env.wrong("CONCAT_OUTPUT_KEY", f"is {config.output_key!r}, but a copy (CONCAT_SINGLE=copy) has no job's id")
    # A copy takes its piece's extension. Only an ending that no group's name wrote may be exchanged for that: otherwise
    # two groups could mean one key, and the job of one would overwrite the copy of the other.
    if config.single == "copy" and re.search(r"\{group\}[A-Za-z0-9]*$", config.output_key):
        words = "with CONCAT_SINGLE=copy it may not end in {group}: append .{ext}"
        env.wrong("CONCAT_OUTPUT_KEY", f"is {config.output_key!r}; {words}")
    if config.single == "copy" and config.format == "hls":
        env.wrong(
            "CONCAT_SINGLE", "is copy, but with CONCAT_FORMAT=hls the names of segments are the service's to choose"
        )
    for problem in output_key_problems(config.output_key, config):
        env.wrong("CONCAT_OUTPUT_KEY", problem)


def _refuse_overlap(env: Environment, config: Config) -> None:
    """Prefixes that contain one another in one bucket: what is written there would start the function again, and what
    may be read into any result would be removed, or belong to somebody.
    """
    places = (
        ("CONCAT_INPUT_PREFIX", config.bucket, config.input_prefix),
        ("CONCAT_OUTPUT_KEY", config.output_bucket, literal_beginning(config.output_key)),
        ("CONCAT_STATE_PREFIX", config.state_bucket, config.state_prefix),
        ("CONCAT_TRASH_PREFIX", config.bucket, config.trash_prefix),
        *([("CONCAT_ASSETS_PREFIX", config.bucket, config.assets_prefix)] if config.assets_prefix else []),
    )
    for at, (name, bucket, prefix) in enumerate(places):
        for other, its_bucket, its_prefix in places[at + 1 :]:
            if bucket.name == its_bucket.name and (prefix.startswith(its_prefix) or its_prefix.startswith(prefix)):
                env.wrong(
                    other, f"({its_prefix!r}) and {name} ({prefix!r}) contain one another in bucket {bucket.name}"
                )
