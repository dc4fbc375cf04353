"""The doctor on a healthy deployment and on broken ones: each mistake is named, with what mends it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from cosconcat.bootstrap import bootstrap
from cosconcat.cloud.bucket_settings import LifecycleRule, SettingsOverHttp
from cosconcat.environment.reading import read_config, read_credentials
from cosconcat.functions.doctor import CHECKS, Finding, examine
from cosconcat.model import Bucket
from deployed.policies import granting, needs, policy
from local.cloud import LocalCloud
from local.scf.instances import credentials, proxy_environment
from local.switches import Switches
from ops.command import main
from ops.desk.keys import KEYS

if TYPE_CHECKING:
    from qcloud_cos import CosS3Client

BUCKET = "demo-1250000000"
MINIMAL = {"CONCAT_BUCKET": BUCKET, "CONCAT_REGION": "ap-guangzhou", "CONCAT_SCHEME": "http"}
SECRET = "a-callback-secret-that-must-not-show"


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """A cloud of its own for each test, reached through its proxy."""
    with LocalCloud(switches=Switches(job_seconds=3600)) as running, pytest.MonkeyPatch.context() as patch:
        for name, value in proxy_environment(running.proxy.url).items():
            patch.setenv(name, value)
        yield running


def examined(cloud: LocalCloud, as_function: str = "sweep", **changed: str) -> dict[str, Finding]:
    """The worst finding of each check, for a configuration changed by these variables (without their CONCAT_)."""
    environ = {**MINIMAL, **{f"CONCAT_{name.upper()}": value for name, value in changed.items()}}
    key = cloud.account.issue(as_function, policy(read_config(environ), as_function))
    environ |= credentials(key)
    services = bootstrap({}, environ)
    findings = examine(services, SettingsOverHttp(services.config, read_credentials(environ)))
    assert SECRET not in json.dumps([finding.as_dict() for finding in findings])
    return {finding.check: finding for finding in sorted(findings, key=lambda finding: not finding.ok)}


def root(cloud: LocalCloud) -> CosS3Client:
    """The account owner's client, to set up what the doctor is to find."""
    from qcloud_cos import CosConfig, CosS3Client

    key = cloud.account.root_key()
    config = CosConfig(Region=cloud.account.region, SecretId=key.secret_id, SecretKey=key.secret_key, Scheme="http")
    return CosS3Client(config)


def lifecycle(cloud: LocalCloud, *rules: dict[str, Any]) -> None:
    """Give the bucket these rules."""
    complete = [{"ID": f"rule-{number}", "Status": "Enabled", **rule} for number, rule in enumerate(rules)]
    root(cloud).put_bucket_lifecycle(Bucket=BUCKET, LifecycleConfiguration={"Rule": complete})


def prefixed(prefix: str, **actions: Any) -> dict[str, Any]:
    """A rule for everything under a prefix."""
    return {"Filter": {"Prefix": prefix}, **actions}


def test_a_healthy_deployment_is_all_right_and_left_as_it_was(cloud: LocalCloud) -> None:
    """Every check says ok, nothing is left of the probe; what records depend on is written where it was not."""
    cloud.store.put(BUCKET, "fragments/a.part1-of-2.mp4", b"1")
    before = cloud.store.keys(BUCKET)
    found = examined(cloud, callback_url="https://1-a.ap-guangzhou.tencentscf.com/", callback_secret=SECRET)
    assert [str(finding) for finding in found.values() if not finding.ok] == []
    assert found.keys() == CHECKS.keys()
    assert cloud.store.keys(BUCKET) == sorted([*before, ".concat/deployment.json"])
    again = examined(cloud, callback_url="https://1-a.ap-guangzhou.tencentscf.com/", callback_secret=SECRET)
    assert again == found
    assert cloud.store.keys(BUCKET) == sorted([*before, ".concat/deployment.json"])


def pause_queue(cloud: LocalCloud) -> None:
    """As a person would in the console."""
    client = root(cloud)
    queue = client.ci_get_media_queue(Bucket=BUCKET, State="Active")["QueueList"][0]
    wanted = {"Name": queue["Name"], "State": "Paused", "NotifyConfig": {"State": "Off"}}
    client.ci_update_media_queue(Bucket=BUCKET, QueueId=queue["QueueId"], Request=wanted, ContentType="application/xml")


def version_state(cloud: LocalCloud) -> None:
    """A bucket whose versioning was on once, which cannot be undone."""
    cloud.store.create_bucket("led-1250000000", cloud.account.region, "Suspended")


def short_lived_records(cloud: LocalCloud) -> None:
    """A rule meant for something else."""
    lifecycle(cloud, prefixed("", Expiration={"Days": 3}))


def archive(prefix: str) -> Callable[[LocalCloud], None]:
    """A rule that moves to the archive."""
    step = {"Days": 30, "StorageClass": "ARCHIVE"}
    return lambda cloud: lifecycle(cloud, prefixed(prefix, Transition=step))


def skew(cloud: LocalCloud) -> None:
    """The service's clock is two minutes ahead."""
    cloud.switches.clock_skew = 120


def nothing(_: LocalCloud) -> None:
    """The configuration alone is wrong."""


@pytest.mark.parametrize(
    ("break_it", "changed", "check", "text", "fix"),
    [
        (
            nothing,
            {"bucket": "gone-1250000000"},
            "buckets",
            "gone-1250000000",
            "correct CONCAT_BUCKET, CONCAT_OUTPUT_B",
        ),
        (
            nothing,
            {"output_bucket": "gone-1250000000"},
            "buckets",
            "gone-1250000000",
            "correct CONCAT_OUTPUT_BUCKET and",
        ),
        (version_state, {"state_bucket": "led-1250000000"}, "create-only", "versioning", "never had versioning"),
        (pause_queue, {}, "media processing", "is Paused", "set it to Active"),
        (nothing, {"queue_id": "p0000"}, "media processing", "is not a queue of", "or leave it empty"),
        (nothing, {"callback_url": "https://10.0.0.8/", "callback_secret": SECRET}, "callback", "10.0.0.8", "public"),
        (
            nothing,
            {"callback_url": "https://1-a.in.ap-guangzhou.tencentscf.com/", "callback_secret": SECRET},
            "callback",
            "cannot be reached",
            "public address",
        ),
        (nothing, {"callback_mq": "gz:Queue:done"}, "callback", "a Queue", "use a Topic"),
        (nothing, {"cleanup": "expire"}, "expiry", "concat-cleanup=expire", "prefix fragments/, tag concat-cleanup"),
        (short_lived_records, {}, "records kept", "expire after 3 days", "more than 6 days"),
        (archive(".concat/"), {}, "records kept", "unreadable", "exclude .concat/"),
        (archive("frag"), {}, "fragments readable", "after 30 days", "exclude fragments/"),
        (skew, {}, "clock", "s behind the service", "clock"),
    ],
)
def test_a_mistake_is_named_with_its_fix(
    cloud: LocalCloud, break_it: Callable[[LocalCloud], None], changed: dict[str, str], check: str, text: str, fix: str
) -> None:
    """In the line of its own check."""
    break_it(cloud)
    finding = examined(cloud, **changed)[check]
    assert not finding.ok
    assert text in finding.text
    assert fix in finding.fix


def test_versioning_is_named_even_where_the_refusal_seems_to_work(cloud: LocalCloud) -> None:
    """The documents say only that it is ineffective there; one PUT that was refused proves nothing."""

    class Versioned(SettingsOverHttp):
        def versioning(self, bucket: Bucket) -> str:
            return "Enabled"

    environ = {**MINIMAL, **credentials(cloud.account.issue("sweep"))}
    services = bootstrap({}, environ)
    findings = examine(services, Versioned(services.config, read_credentials(environ)))
    found = next(finding for finding in findings if finding.check == "create-only")
    assert not found.ok
    assert "has versioning Enabled" in found.text


def test_a_probe_that_cannot_be_removed_is_named(cloud: LocalCloud) -> None:
    """With its key, to be deleted by hand."""
    rights = [need for need in needs(read_config(MINIMAL), "sweep") if "doctor/" not in need.resource]
    environ = {**MINIMAL, **credentials(cloud.account.issue("sweep", granting(rights)))}
    services = bootstrap({}, environ)
    findings = examine(services, SettingsOverHttp(services.config, read_credentials(environ)))
    found = next(finding for finding in findings if not finding.ok)
    assert found.check == "create-only"
    assert found.fix == f"delete {BUCKET}/{cloud.store.keys(BUCKET, '.concat/doctor/')[0]} by hand"


def test_a_rule_for_tagged_fragments_satisfies_the_clean_up_by_expiry(cloud: LocalCloud) -> None:
    """And is not taken for one that removes records or fragments that were not joined."""
    tag = {"Prefix": "fragments/", "Tag": {"Key": "concat-cleanup", "Value": "expire"}}
    lifecycle(cloud, {"Filter": {"And": tag}, "Expiration": {"Days": 7}})
    found = examined(cloud, cleanup="expire")
    assert found["expiry"].ok, str(found["expiry"])
    assert found["records kept"].ok, str(found["records kept"])


@pytest.mark.parametrize(
    ("changed", "rules", "well"),
    [
        ({"cleanup": "keep"}, [(".concat/", 400)], False),
        ({"cleanup": "keep"}, [(".concat/", 400), ("fragments/", 30)], True),
        ({"cleanup": "keep"}, [("", 30)], False),
        ({"cleanup": "delete", "cleanup_dry_run": "true"}, [(".concat/", 30)], False),
        ({"cleanup": "delete"}, [(".concat/", 30)], True),
    ],
)
def test_records_must_outlive_the_fragments_they_speak_of(
    cloud: LocalCloud, changed: dict[str, str], rules: list[tuple[str, int]], well: bool
) -> None:
    """Where fragments stay, a forgotten record makes a joined group look new."""
    lifecycle(cloud, *(prefixed(prefix, Expiration={"Days": days}) for prefix, days in rules))
    assert examined(cloud, **changed)["records kept"].ok == well


def test_a_job_that_the_listing_hides_is_missed(cloud: LocalCloud) -> None:
    """It is in the ledger for longer than a lease, and CI's listing does not show it."""
    cloud.switches.clock_skew = -850
    for number in (1, 2):
        cloud.store.put(BUCKET, f"fragments/a.part{number}-of-2.mp4", b"1")
    assert cloud.functions.wait_idle(30), "both events are handled, the job runs for an hour"
    cloud.switches.clock_skew = 850
    assert examined(cloud)["job listing"].text == "1 of our jobs in the last 30 days"
    cloud.switches.job_listing_lag = 1e9
    finding = examined(cloud)["job listing"]
    assert not finding.ok
    assert "CONCAT_QUEUE_ID" in finding.fix


def test_a_missing_right_points_to_the_policies(cloud: LocalCloud) -> None:
    """Run with another function's role, the checks say what they lack."""
    found = examined(cloud, as_function="upload")
    assert found["credentials"].ok
    assert "cos-concat policies sweep" in found["buckets"].fix


def test_refused_keys_are_told_from_missing_rights(cloud: LocalCloud) -> None:
    """The first check already says that it is the keys."""
    unknown = {"TENCENTCLOUD_SECRETID": "AKIDunknown", "TENCENTCLOUD_SECRETKEY": "x" * 32}
    environ = {**MINIMAL, **unknown, "TENCENTCLOUD_SESSIONTOKEN": "none"}
    services = bootstrap({}, environ)
    first = examine(services, SettingsOverHttp(services.config, read_credentials(environ)))[0]
    assert (first.check, first.ok) == ("credentials", False)
    assert "keys of the execution role" in first.fix


def test_at_a_desk_the_keys_of_the_deployment_tool_do(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0 when all is well, 1 when something is wrong, 2 when the configuration is."""
    key = cloud.account.root_key()
    environ = {**MINIMAL, "TENCENT_SECRET_ID": key.secret_id, "TENCENT_SECRET_KEY": key.secret_key}
    for name in (*KEYS.values(), *environ, "CONCAT_VERIFY"):
        monkeypatch.setenv(name, "")  # restored afterwards: the command sets them for this process
    assert main(["doctor"], environ) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(CHECKS) + 1, "and what is deployed"
    assert all(line.startswith("ok ") for line in lines)
    assert main(["doctor"], {**environ, "CONCAT_BUCKET": "gone-1250000000"}) == 1
    assert "WRONG buckets" in capsys.readouterr().out
    assert main(["doctor"], {**environ, "CONCAT_BUCKET": "", "CONCAT_VERIFY": "maybe"}) == 2
    told = capsys.readouterr().err
    assert "CONCAT_BUCKET" in told
    assert "CONCAT_VERIFY" in told


def test_a_rule_touches_what_it_can_apply_to() -> None:
    """Its prefix may be shorter or longer than ours; a rule for tagged objects leaves untagged ones alone."""
    assert LifecycleRule("all").touches(".concat/")
    assert LifecycleRule("ours", ".concat/open/").touches(".concat/")
    assert not LifecycleRule("other", "logs/").touches(".concat/")
    assert not LifecycleRule("tagged", "", {"a": "b"}).touches(".concat/")


def test_without_keys_or_network_the_desk_says_just_that(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any check, and without a word about roles."""
    environ = {**MINIMAL, "TENCENT_SECRET_ID": "-"}
    assert main(["doctor"], environ) == 2
    assert capsys.readouterr().err == "no keys: set TENCENT_SECRET_ID and TENCENT_SECRET_KEY in .env or the shell\n"
    for name, value in proxy_environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    keys = {"TENCENT_SECRET_ID": "AKIDx", "TENCENT_SECRET_KEY": "x"}
    assert main(["doctor"], {**MINIMAL, **keys}) == 1
    told = capsys.readouterr()
    assert told.err.startswith("no network: http://demo-1250000000.cos.ap-guangzhou.myqcloud.com/ does not answer")
    assert (told.out, len(told.err.splitlines())) == ("", 1)


def test_the_desk_refuses_the_lease_that_the_functions_refuse(capsys: pytest.CaptureFixture[str]) -> None:
    """By the longest time limit that is deployed."""
    for verb in ("doctor", "configuration", "preview", "status"):
        arguments = [verb, "v", "--here"] if verb == "status" else [verb]
        keys = {"TENCENT_SECRET_ID": "AKIDx", "TENCENT_SECRET_KEY": "x"}
        assert main(arguments, {**MINIMAL, **keys, "CONCAT_LEASE_SECONDS": "30"}) == 2
        assert capsys.readouterr().err.startswith("CONCAT_LEASE_SECONDS is 30, but the function may run 300 s")


def test_a_format_without_a_picture_is_told_where_films_would_stay(cloud: LocalCloud) -> None:
    """Unless that is wanted, or nothing is removed anyhow."""
    assert "films stay where they are, unless CONCAT_MAY_LOSE=video" in examined(cloud, format="mp3")["format"].text
    assert "films" not in examined(cloud, format="mp3", may_lose="video")["format"].text
    assert "films" not in examined(cloud, format="mp3", cleanup="keep")["format"].text


def test_what_concat_job_names_is_looked_for(cloud: LocalCloud) -> None:
    """A sound that is not there would hold every group up; with the policy of this configuration it can be seen."""
    address = f"https://{BUCKET}.cos.{cloud.account.region}.myqcloud.com/sounds/a.mp3"
    job = json.dumps({"ConcatTemplate": {"AudioMix": {"AudioSource": address}}})
    found = examined(cloud, job=job)["fragments readable"]
    assert (found.ok, "sounds/a.mp3" in found.text) == (False, True)
    cloud.store.put(BUCKET, "sounds/a.mp3", b"la")
    assert examined(cloud, job=job)["fragments readable"].ok
