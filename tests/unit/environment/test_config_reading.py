"""What the environment becomes, and how mistakes in it are told."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.bootstrap import bootstrap
from cosconcat.config import CallbackMq, Config, check_lease
from cosconcat.environment.reading import read_config, read_credentials
from cosconcat.environment.variables import TABLE
from cosconcat.errors import ConfigurationError
from cosconcat.model import Bucket
from cosconcat.naming.keys import FragmentName, InvalidName

MINIMAL = {"CONCAT_BUCKET": "demo-1250000000", "TENCENTCLOUD_REGION": "ap-guangzhou"}
SECRET = "0123456789abcdef"
GAP = {"CONCAT_NAMING": "timestamp", "CONCAT_COMPLETION": "gap:90"}


def read(**changes: str) -> Config:
    """The configuration of a minimal environment with changes."""
    return read_config(MINIMAL | changes)


def problems(**changes: str) -> list[str]:
    """The sentences with which changes to a minimal environment are refused."""
    with pytest.raises(ConfigurationError) as caught:
        read(**changes)
    return list(caught.value.problems)


def test_a_bucket_alone_is_enough() -> None:
    """Everything else has a default, and the defaults of the dataclass are the documented ones."""
    config = read()
    bucket = Bucket("demo-1250000000", "ap-guangzhou")
    assert config == Config(bucket)
    assert (config.output_bucket, config.state_bucket) == (bucket, bucket)
    assert config.convention.totals


def test_recordings_are_cut_at_gaps() -> None:
    """A source has no windows then; the longest recording is a day unless something shorter is said."""
    config = read(**GAP)
    assert (config.completion, config.gap_seconds, config.quiet_seconds) == ("gap", 90, 0)
    assert config.max_length_seconds == 86_400
    assert read(**GAP, CONCAT_MAX_LENGTH="hour").max_length_seconds == 3600
    name = config.convention.read("fragments/a/cam_20240101T120000Z.mp4")
    assert isinstance(name, FragmentName)
    assert name.group == "a/cam"


def test_times_as_written_do_not_change_with_the_zone() -> None:
    """Records depend on them."""
    east = read(**GAP, CONCAT_TIMEZONE="+08:00")
    key = "fragments/cam_20240101T120000.mp4"
    name, plain = east.convention.read(key), east.convention_as_written.read(key)
    assert isinstance(name, FragmentName)
    assert isinstance(plain, FragmentName)
    assert plain.number - name.number == 8 * 3_600_000
    assert read(**GAP).convention.read(key) == plain


def test_what_another_template_reads_without_the_zone_is_invalid() -> None:
    """A start by the clock of China, and an end in seconds since 1970: its records would be another source's."""
    key = "fragments/VID_20260921221320_1790000060.mp4"
    found = read(**GAP, CONCAT_TIMEZONE="+08:00").convention.read(key)
    assert isinstance(found, InvalidName)
    assert "written in two zones" in found.reason


def test_empty_means_unset() -> None:
    """Deployment tools pass on every variable, set or not."""
    assert read(**{variable.name: "" for variable in TABLE if variable.name != "CONCAT_BUCKET"}) == read()


def test_the_defaults_spelt_out_change_nothing() -> None:
    """The table and the code agree on every default."""
    assert read(**{variable.name: variable.default for variable in TABLE if variable.default}) == read()


def test_every_variable_arrives_in_the_configuration() -> None:
    """A full environment, every value other than its default."""
    config = read(
        CONCAT_REGION="ap-shanghai",
        CONCAT_INPUT_PREFIX="in/",
        CONCAT_NAMING="timestamp",
        CONCAT_COMPLETION="quiet:60",
        CONCAT_WINDOW="day",
        CONCAT_MAX_GAP="90",
        CONCAT_TIMEZONE="+08:00",
        CONCAT_OUTPUT_KEY="out/{date}/{group}-{jobid}.{ext}",
        CONCAT_OUTPUT_BUCKET="other-1250000000",
        CONCAT_OUTPUT_REGION="ap-beijing",
        CONCAT_STATE_PREFIX="ledger/",
        CONCAT_STATE_BUCKET="state-1250000000",
        CONCAT_FORMAT="ts",
        CONCAT_DIRECT="True",
        CONCAT_ON_MIXED="refuse",
        CONCAT_TEMPLATE_ID="t1460606b9752148c4ab182f55163ba7cd",
        CONCAT_QUEUE_ID="p2242ab62c7c94486915508540933a2c6",
        CONCAT_JOB='{"JobLevel": 1}',
        CONCAT_CALLBACK_URL="https://1250000000-x.ap-guangzhou.tencentscf.com/cb",
        CONCAT_CALLBACK_SECRET=SECRET,
        CONCAT_CALLBACK_SECRET_OLD=SECRET[::-1],
        CONCAT_CALLBACK_FORMAT="xml",
        CONCAT_CLEANUP="trash",
        CONCAT_CLEANUP_DRY_RUN="true",
        CONCAT_TRASH_PREFIX="bin/",
        CONCAT_VERIFY="size",
        CONCAT_TAGS='{"owner": "教务处"}',
        CONCAT_NOTIFY_URL="http://example.com/notify?x=1",
        CONCAT_MAX_FRAGMENTS="7",
        CONCAT_MAX_ATTEMPTS="8",
        CONCAT_LEASE_SECONDS="900",
        CONCAT_STALE_SECONDS="1000",
        CONCAT_SWEEP_JOBS="9",
        CONCAT_JOBS_PER_HOUR="10",
        CONCAT_MANIFEST_MAY="job, Output",
        CONCAT_ASSETS_PREFIX="brand/",
        CONCAT_SCHEME="http",
        LOG_LEVEL="debug",
    )
    assert config == Config(
        bucket=Bucket("demo-1250000000", "ap-shanghai"),
        input_prefix="in/",
        naming="timestamp",
        completion="quiet",
        quiet_seconds=60,
        window_seconds=86400,
        max_gap_seconds=90,
        timezone_seconds=8 * 3600,
        output_key="out/{date}/{group}-{jobid}.{ext}",
        output_bucket=Bucket("other-1250000000", "ap-beijing"),
        state_prefix="ledger/",
        state_bucket=Bucket("state-1250000000", "ap-shanghai"),
        format="ts",
        direct=True,
        on_mixed="refuse",
        template_id="t1460606b9752148c4ab182f55163ba7cd",
        queue_id="p2242ab62c7c94486915508540933a2c6",
        job={"JobLevel": "1"},
        callback_url="https://1250000000-x.ap-guangzhou.tencentscf.com/cb",
        callback_secret=SECRET,
        callback_secret_old=SECRET[::-1],
        callback_format="XML",
        cleanup="trash",
        cleanup_dry_run=True,
        trash_prefix="bin/",
        verify="size",
        tags={"owner": "教务处"},
        notify_url="http://example.com/notify?x=1",
        max_fragments=7,
        max_attempts=8,
        lease_seconds=900,
        stale_seconds=1000,
        sweep_jobs=9,
        jobs_per_hour=10,
        manifest_may=frozenset({"output", "job"}),
        assets_prefix="brand/",
        scheme="http",
        log_level="DEBUG",
    )


@pytest.mark.parametrize(
    ("naming", "completion", "expected"),
    [
        ("part-of", "", ("total", 0)),
        ("folder", "", ("marker", 0)),
        ("timestamp", "", ("quiet", 300)),
        (r"(?P<group>.+)_(?P<index>\d+)of(?P<total>\d+)\.ts", "", ("total", 0)),
        (r"(?P<group>.+)_(?P<index>\d+)\.ts", "quiet:5", ("quiet", 5)),
        ("folder", "manifest", ("manifest", 0)),
        ("part-of", "quiet:10", ("quiet", 10)),
    ],
)
def test_completion_follows_the_naming(naming: str, completion: str, expected: tuple[str, int]) -> None:
    """Each preset brings its own, and any that fits may be chosen."""
    config = read(CONCAT_NAMING=naming, CONCAT_COMPLETION=completion)
    assert (config.completion, config.quiet_seconds) == expected


@pytest.mark.parametrize(
    ("changes", "variable", "part"),
    [
        ({"CONCAT_BUCKET": ""}, "CONCAT_BUCKET", "required"),
        ({"CONCAT_BUCKET": "demo"}, "CONCAT_BUCKET", "<name>-<appid>"),
        ({"CONCAT_BUCKET": "Demo-1250000000"}, "CONCAT_BUCKET", "<name>-<appid>"),
        ({"TENCENTCLOUD_REGION": ""}, "CONCAT_REGION", "required"),
        ({"CONCAT_REGION": "guangzhou"}, "CONCAT_REGION", "ap-guangzhou"),
        ({"CONCAT_CALLBACK_URL": "undefined"}, "CONCAT_CALLBACK_URL", "undefined"),
        ({"CONCAT_BUCKET": "${env:BUCKET}"}, "CONCAT_BUCKET", "did not fill it in"),
        ({"CONCAT_CLEENUP": "keep"}, "CONCAT_CLEENUP", "did you mean CONCAT_CLEANUP?"),
        ({"CONCAT_INPUT_PREFIX": "in"}, "CONCAT_INPUT_PREFIX", "end with /"),
        ({"CONCAT_INPUT_PREFIX": "/in/"}, "CONCAT_INPUT_PREFIX", "begin with /"),
        ({"CONCAT_STATE_PREFIX": "a//b/"}, "CONCAT_STATE_PREFIX", "empty"),
        ({"CONCAT_NAMING": "folders"}, "CONCAT_NAMING", "presets"),
        ({"CONCAT_NAMING": r"(?P<group>(a+)+)(?P<index>\d+)"}, "CONCAT_NAMING", "nests"),
        ({"CONCAT_NAMING": r"(?P<group>.+)_(?P<index>\d+)\.ts"}, "CONCAT_COMPLETION", "required"),
        ({"CONCAT_COMPLETION": "soon"}, "CONCAT_COMPLETION", "quiet:<seconds>"),
        ({"CONCAT_COMPLETION": "gap:60"}, "CONCAT_COMPLETION", "hold no time that a gap could be in"),
        ({"CONCAT_NAMING": "timestamp", "CONCAT_COMPLETION": "gap:0"}, "CONCAT_COMPLETION", "gap:<seconds>"),
        (GAP | {"CONCAT_MAX_LENGTH": "week"}, "CONCAT_MAX_LENGTH", "hour, day and seconds from 60 to 86400"),
        (GAP | {"CONCAT_MAX_LENGTH": "86401"}, "CONCAT_MAX_LENGTH", "from 60 to 86400"),
        (GAP | {"CONCAT_MAX_LENGTH": "90"}, "CONCAT_MAX_LENGTH", "more than the gap of 90 s"),
        (GAP | {"CONCAT_WINDOW": "day"}, "CONCAT_WINDOW", "cuts at gaps, not at windows"),
        (GAP | {"CONCAT_MAX_GAP": "60"}, "CONCAT_MAX_GAP", "cuts at gaps, not at windows"),
        ({"CONCAT_MAX_LENGTH": "hour"}, "CONCAT_MAX_LENGTH", "only with CONCAT_COMPLETION=gap:<seconds>"),
        ({"CONCAT_NAMING": "folder", "CONCAT_COMPLETION": "total"}, "CONCAT_COMPLETION", "total; allowed are marker"),
        ({"CONCAT_NAMING": "{group}_{index}.{ext}"}, "CONCAT_COMPLETION", "manifest, quiet:<seconds>"),
        ({"CONCAT_NAMING": "{group}_{time}.{ext}"}, "CONCAT_COMPLETION", "quiet:<seconds>, gap:<seconds>"),
        ({"CONCAT_COMPLETION": "quiet:0"}, "CONCAT_COMPLETION", "whole seconds from 1 to 9999999"),
        ({"CONCAT_NAMING": "timestamp", "CONCAT_WINDOW": "week"}, "CONCAT_WINDOW", "hour, day"),
        ({"CONCAT_WINDOW": "day"}, "CONCAT_WINDOW", "hold no time"),
        ({"CONCAT_MAX_GAP": "5"}, "CONCAT_MAX_GAP", "hold no time"),
        ({"CONCAT_NAMING": "timestamp", "CONCAT_TIMEZONE": "CST"}, "CONCAT_TIMEZONE", "+08:00"),
        ({"CONCAT_OUTPUT_KEY": "output/all.mp4"}, "CONCAT_OUTPUT_KEY", "one key for every group"),
        ({"CONCAT_OUTPUT_KEY": "output/{date}.mp4"}, "CONCAT_OUTPUT_KEY", "one key for every group"),
        ({"CONCAT_OUTPUT_KEY": "output/{groop}-{jobid}"}, "CONCAT_OUTPUT_KEY", "in braces"),
        ({"CONCAT_SINGLE": "copy", "CONCAT_OUTPUT_KEY": "output/{group}"}, "CONCAT_OUTPUT_KEY", "append .{ext}"),
        ({"CONCAT_SINGLE": "copy", "CONCAT_OUTPUT_KEY": "o/{ext}/{group}"}, "CONCAT_OUTPUT_KEY", "append .{ext}"),
        ({"CONCAT_SINGLE": "copy", "CONCAT_OUTPUT_KEY": "o/a.{group}"}, "CONCAT_OUTPUT_KEY", "append .{ext}"),
        ({"CONCAT_SINGLE": "copy", "CONCAT_FORMAT": "hls"}, "CONCAT_SINGLE", "segments"),
        ({"CONCAT_OUTPUT_KEY": "output/${group}.mp4"}, "CONCAT_OUTPUT_KEY", "in braces"),
        ({"CONCAT_OUTPUT_KEY": "output/{group}/"}, "CONCAT_OUTPUT_KEY", "not a folder"),
        ({"CONCAT_OUTPUT_KEY": "output/{group}#.mp4"}, "CONCAT_OUTPUT_KEY", "?, #"),
        (
            {"CONCAT_OUTPUT_KEY": "output/{group}.mp4", "CONCAT_FORMAT": "ts"},
            "CONCAT_OUTPUT_KEY",
            "CONCAT_FORMAT is ts",
        ),
        ({"CONCAT_OUTPUT_KEY": "fragments/joined/{group}.{ext}"}, "CONCAT_OUTPUT_KEY", "contain one another"),
        ({"CONCAT_OUTPUT_KEY": "{group}.{ext}"}, "CONCAT_OUTPUT_KEY", "contain one another"),
        ({"CONCAT_STATE_PREFIX": "fragments/.concat/"}, "CONCAT_STATE_PREFIX", "contain one another"),
        ({"CONCAT_TRASH_PREFIX": "output/trash/"}, "CONCAT_TRASH_PREFIX", "contain one another"),
        ({"CONCAT_ASSETS_PREFIX": "fragments/brand/"}, "CONCAT_ASSETS_PREFIX", "contain one another"),
        ({"CONCAT_ASSETS_PREFIX": "output/"}, "CONCAT_ASSETS_PREFIX", "contain one another"),
        ({"CONCAT_ASSETS_PREFIX": ".concat/assets/"}, "CONCAT_ASSETS_PREFIX", "contain one another"),
        ({"CONCAT_ASSETS_PREFIX": "a/", "CONCAT_INPUT_PREFIX": "a/b/"}, "CONCAT_ASSETS_PREFIX", "contain one another"),
        ({"CONCAT_ASSETS_PREFIX": "brand"}, "CONCAT_ASSETS_PREFIX", "must end with /"),
        ({"CONCAT_MANIFEST_MAY": "output,write"}, "CONCAT_MANIFEST_MAY", "output, intro, outro, job"),
        ({"CONCAT_MANIFEST_MAY": "nothing,job"}, "CONCAT_MANIFEST_MAY", "'nothing'"),
        ({"CONCAT_JOBS_PER_HOUR": "0"}, "CONCAT_JOBS_PER_HOUR", "from 1"),
        ({"CONCAT_OUTPUT_REGION": "ap-beijing"}, "CONCAT_OUTPUT_REGION", "without CONCAT_OUTPUT_BUCKET"),
        ({"CONCAT_FORMAT": "avi"}, "CONCAT_FORMAT", "mp4, flv, hls, ts, mp3, aac"),
        ({"CONCAT_DIRECT": "yes"}, "CONCAT_DIRECT", "true, false"),
        ({"CONCAT_ON_MIXED": "trust"}, "CONCAT_ON_MIXED", "CONCAT_DIRECT=true"),
        ({"CONCAT_TEMPLATE_ID": "t 1"}, "CONCAT_TEMPLATE_ID", "letters and digits"),
        ({"CONCAT_JOB": "{"}, "CONCAT_JOB", "not JSON"),
        ({"CONCAT_JOB": "[]"}, "CONCAT_JOB", "JSON object"),
        ({"CONCAT_JOB": '{"Jobs": 1}'}, "CONCAT_JOB", "Jobs"),
        ({"CONCAT_JOB": '{"TemplateId": "t2"}'}, "CONCAT_JOB", "CONCAT_TEMPLATE_ID is unset"),
        ({"CONCAT_JOB": '{"ConcatTemplate": {"Container": {"Format": "ts"}}}'}, "CONCAT_JOB", "CONCAT_FORMAT is mp4"),
        ({"CONCAT_CALLBACK_URL": "https://a.example/x"}, "CONCAT_CALLBACK_SECRET", "required with CONCAT_CALLBACK_URL"),
        ({"CONCAT_NOTIFY_URL": "https://a.example/x"}, "CONCAT_CALLBACK_SECRET", "required with CONCAT_NOTIFY_URL"),
        ({"CONCAT_CALLBACK_SECRET": "short"}, "CONCAT_CALLBACK_SECRET", "at least 16"),
        (
            {"CONCAT_CALLBACK_URL": "ftp://a.example/x", "CONCAT_CALLBACK_SECRET": SECRET},
            "CONCAT_CALLBACK_URL",
            "http(s) address",
        ),
        (
            {"CONCAT_CALLBACK_URL": "https://user:key@a.example", "CONCAT_CALLBACK_SECRET": SECRET},
            "CONCAT_CALLBACK_URL",
            "without user name",
        ),
        (
            {
                "CONCAT_CALLBACK_URL": "https://a.example/x",
                "CONCAT_CALLBACK_SECRET": SECRET,
                "CONCAT_CALLBACK_MQ": "gz:Topic:a",
            },
            "CONCAT_CALLBACK_MQ",
            "choose one",
        ),
        ({"CONCAT_CALLBACK_MQ": "gz:topic"}, "CONCAT_CALLBACK_MQ", "<region>:<Topic or Queue>:<name>"),
        ({"CONCAT_CALLBACK_FORMAT": "yaml"}, "CONCAT_CALLBACK_FORMAT", "JSON, XML"),
        ({"CONCAT_CLEANUP": "shred"}, "CONCAT_CLEANUP", "delete, trash, expire, keep"),
        ({"CONCAT_VERIFY": "size"}, "CONCAT_VERIFY", "CONCAT_DIRECT=true"),
        (
            {"CONCAT_VERIFY": "size", "CONCAT_DIRECT": "true", "CONCAT_FORMAT": "hls"},
            "CONCAT_VERIFY",
            "CONCAT_FORMAT=hls",
        ),
        ({"CONCAT_TAGS": '{"a": 1}'}, "CONCAT_TAGS", "1 to 255 bytes"),
        ({"CONCAT_TAGS": '{"a b": "x"}'}, "CONCAT_TAGS", "1 to 127 bytes"),
        ({"CONCAT_TAGS": '{"a": "Ünïcode"}'}, "CONCAT_TAGS", "a-z, A-Z, 0-9, Chinese"),
        ({"CONCAT_TAGS": '{"ключ": "x"}'}, "CONCAT_TAGS", "a-z, A-Z, 0-9, Chinese"),
        ({"CONCAT_TAGS": '{"a": "１２"}'}, "CONCAT_TAGS", "a-z, A-Z, 0-9, Chinese"),
        ({"CONCAT_TAGS": json.dumps({"a" * 128: "x"})}, "CONCAT_TAGS", "1 to 127 bytes"),
        ({"CONCAT_TAGS": json.dumps({"中" * 43: "x"})}, "CONCAT_TAGS", "1 to 127 bytes"),
        ({"CONCAT_TAGS": json.dumps({"a": "b" * 256})}, "CONCAT_TAGS", "1 to 255 bytes"),
        ({"CONCAT_TAGS": '{"concat-job": "x"}'}, "CONCAT_TAGS", "cos-concat's own"),
        ({"CONCAT_TAGS": json.dumps(dict.fromkeys("abcdef", "x"))}, "CONCAT_TAGS", "at most 5"),
        ({"CONCAT_MAX_FRAGMENTS": "0"}, "CONCAT_MAX_FRAGMENTS", "from 1"),
        ({"CONCAT_MAX_FRAGMENTS": "10001"}, "CONCAT_MAX_FRAGMENTS", "to 10000"),
        ({"CONCAT_MAX_FRAGMENTS": "many"}, "CONCAT_MAX_FRAGMENTS", "whole numbers"),
        ({"CONCAT_LEASE_SECONDS": "-5"}, "CONCAT_LEASE_SECONDS", "whole numbers"),
        ({"CONCAT_STALE_SECONDS": "600"}, "CONCAT_STALE_SECONDS", "CONCAT_LEASE_SECONDS=1200"),
        ({"CONCAT_NAMING": "x" * 400, "CONCAT_TAGS": json.dumps({"a": "b" * 4000})}, "CONCAT_TAGS", "SCF allows 4096"),
        ({"CONCAT_SCHEME": "ftp"}, "CONCAT_SCHEME", "https, http"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL", "DEBUG"),
    ],
)
def test_a_mistake_is_refused_by_the_name_of_its_variable(changes: dict[str, str], variable: str, part: str) -> None:
    """One sentence that begins with the name and says what is allowed."""
    found = problems(**changes)
    assert any(re.split(r"[ .]", sentence)[0] == variable and part in sentence for sentence in found), found
    assert len(found) <= 3, found


def test_every_mistake_is_reported_at_once() -> None:
    """Nobody wants to deploy once for each."""
    found = problems(
        CONCAT_BUCKET="x", CONCAT_FORMAT="avi", CONCAT_DIRECT="yes", CONCAT_TAGS="[", CONCAT_SWEEP_JOBS="0"
    )
    named = sorted(sentence.split()[0] for sentence in found)
    assert named == ["CONCAT_BUCKET", "CONCAT_DIRECT", "CONCAT_FORMAT", "CONCAT_SWEEP_JOBS", "CONCAT_TAGS"]


def test_prefixes_in_different_buckets_may_be_alike() -> None:
    """What is written elsewhere cannot start the function."""
    config = read(CONCAT_OUTPUT_KEY="fragments/{group}.{ext}", CONCAT_OUTPUT_BUCKET="other-1250000000")
    assert config.output_bucket.name == "other-1250000000"


def test_prefixes_that_only_begin_alike_are_no_overlap() -> None:
    """`fragments/` does not contain `fragments-joined/`."""
    assert read(CONCAT_OUTPUT_KEY="fragments-joined/{group}.{ext}").output_key.startswith("fragments-joined/")


def test_the_api_s_own_wildcards_are_accepted() -> None:
    """`${ext}` and `${jobid}`, also at the beginning of the value."""
    changes = {"CONCAT_OUTPUT_KEY": "${jobid}/x.${ext}", "CONCAT_OUTPUT_BUCKET": "other-1250000000"}
    assert read(**changes).output_key == "${jobid}/x.${ext}"


def test_the_callback_queue_is_taken_apart() -> None:
    """Region, model and name."""
    assert read(CONCAT_CALLBACK_MQ="gz:Topic:concat-done").callback_mq == CallbackMq("gz", "Topic", "concat-done")


def test_verification_none_goes_with_any_cleanup() -> None:
    """It removes nothing, which is safe."""
    config = read(CONCAT_VERIFY="none", CONCAT_CLEANUP="delete")
    assert (config.verify, config.cleanup) == ("none", "delete")


def test_no_secret_is_ever_shown() -> None:
    """Neither in the configuration's text nor in a message about it."""
    config = read(
        CONCAT_CALLBACK_URL="https://a.example", CONCAT_CALLBACK_SECRET=SECRET, CONCAT_CALLBACK_SECRET_OLD=SECRET
    )
    assert SECRET not in repr(config)
    assert "hunter2" not in " ".join(problems(CONCAT_CALLBACK_SECRET="hunter2"))
    assert "hunter2" not in repr(read_credentials({"TENCENTCLOUD_SECRETID": "a", "TENCENTCLOUD_SECRETKEY": "hunter2"}))


def test_foreign_variables_are_left_alone() -> None:
    """The platform sets many."""
    assert read(PATH="/bin", SCF_NAMESPACE="default", HOME="undefined") == read()


def test_credentials_are_those_of_the_execution_role() -> None:
    """Temporary keys with a token; a missing role is said to be missing."""
    names = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")
    credentials = read_credentials(dict(zip(names, ("id", "key", "token"), strict=True)))
    assert (credentials.secret_id, credentials.secret_key, credentials.token) == ("id", "key", "token")
    with pytest.raises(ConfigurationError) as caught:
        read_credentials({})
    assert len(caught.value.problems) == 2
    assert "execution role" in str(caught.value)


def test_a_lease_must_outlive_the_function() -> None:
    """Otherwise two instances would work on one claim."""
    check_lease(read(), 900_000)
    with pytest.raises(ConfigurationError, match="CONCAT_LEASE_SECONDS is 1200"):
        check_lease(read(), 1_200_000)


@given(st.sampled_from([v.name for v in TABLE]), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_no_value_whatever_makes_reading_crash(name: str, value: str) -> None:
    """It is accepted, or refused with sentences that begin with a variable's name."""
    found: tuple[str, ...] = ()
    try:
        read(**{name: value})
    except ConfigurationError as error:
        found = error.problems
    assert all(sentence.startswith(("CONCAT_", "LOG_LEVEL")) for sentence in found)


def test_a_variable_of_another_release_is_told_and_ignored(capsys: pytest.CaptureFixture[str]) -> None:
    """So that a roll-back starts; what is close to a name of ours is a mistake, what is unset says nothing."""
    config = read_config({**MINIMAL, "CONCAT_MOON_PHASE": "full", "CONCAT_NAMNG": "-", "CONCAT_STAR": ""})
    assert config.unknown == ("CONCAT_MOON_PHASE",)
    for mistyped, meant in (
        ("CONCAT_NAMNG", "CONCAT_NAMING"),
        ("CONCAT_CLEAN_UP", "CONCAT_CLEANUP"),
        ("concat_cleanup", "CONCAT_CLEANUP"),
        ("Concat_Naming", "CONCAT_NAMING"),
    ):
        with pytest.raises(ConfigurationError, match=f"{mistyped} is no variable of cos-concat; did you mean {meant}"):
            read_config({**MINIMAL, mistyped: "folder"})
    keys = {"TENCENTCLOUD_SECRETID": "i", "TENCENTCLOUD_SECRETKEY": "k"}
    for _ in range(2):
        bootstrap({}, {**MINIMAL, **keys, "CONCAT_MOON_PHASE": "new"})
    assert capsys.readouterr().out.count("CONCAT_MOON_PHASE") == 1
