"""The commands deploy, destroy, pause and resume: what they ask, what they refuse, what they print and answer."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ops.verbs.deploy
from cosconcat.records.deployment import described
from local.cloud import LocalCloud
from local.switches import Switches
from ops.command import main
from ops.deployment.tccli import script
from tests.support.claims import put_in_flight
from tests.support.deployments import ZIPS, changes, deploy, empty_account, look_and_plan, settings, state, variables

NOTHING = {"functions": {}, "layers": {}, "triggers": [], "roles": {}, "policies": {}, "lifecycle": b""}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    """An account in which nothing is deployed, and small packages to deploy."""
    monkeypatch.setattr(ops.verbs.deploy, "packages", lambda: ZIPS)
    with empty_account() as running:
        yield running


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a person types; nothing unless a test writes it."""
    typed = io.StringIO()
    monkeypatch.setattr("sys.stdin", typed)
    return typed


def typing(answers: io.StringIO, *lines: str) -> None:
    """Type these lines."""
    answers.seek(0)
    answers.truncate()
    answers.write("".join(f"{line}\n" for line in lines))
    answers.seek(0)


def test_a_plan_is_asked_for_and_no_is_an_answer(
    cloud: LocalCloud, answers: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shown first; no leaves everything as it is, and so does nobody."""
    typing(answers, "n")
    assert main(["deploy"], variables(cloud)) == 1
    shown = capsys.readouterr()
    assert "create   function cos-concat-dev-upload" in shown.out
    assert "nothing was changed" in shown.err
    assert main(["deploy"], variables(cloud)) == 2, "nobody answers"
    assert "say --yes to go on without a question; nothing was changed" in capsys.readouterr().err
    assert state(cloud) == NOTHING
    typing(answers, "y")
    assert main(["deploy"], variables(cloud)) == 0


def test_a_check_says_by_its_exit_code_whether_anything_is_to_be_done(cloud: LocalCloud) -> None:
    """And does nothing."""
    assert main(["deploy", "--check"], variables(cloud)) == 1
    assert state(cloud) == NOTHING
    assert main(["deploy", "--yes"], variables(cloud)) == 0
    assert main(["deploy", "--check"], variables(cloud)) == 0


def test_what_records_depend_on_is_compared_before_it_is_changed(
    cloud: LocalCloud, answers: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever deploys is told before the question."""
    written = json.dumps(described(settings(cloud).config)).encode()
    cloud.store.put(cloud.bucket, ".concat/deployment.json", written)
    assert main(["deploy", "--yes"], variables(cloud)) == 0
    assert "warning" not in capsys.readouterr().out
    moved = variables(cloud, CONCAT_INPUT_PREFIX="videos/")
    typing(answers, "n")
    assert main(["deploy"], moved) == 1
    told = capsys.readouterr().out
    assert 'warning: CONCAT_INPUT_PREFIX: input_prefix was "fragments/" when the records began' in told
    assert main(["deploy", "--check", "--json"], moved) == 1
    assert "CONCAT_INPUT_PREFIX" in json.loads(capsys.readouterr().out)["warnings"][0]


def test_removal_from_the_first_day_needs_a_yes_of_its_own(
    cloud: LocalCloud, answers: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--yes` alone does not say it; after a time under keep it is enough."""
    removing = variables(cloud, CONCAT_CLEANUP="delete")
    assert main(["deploy", "--yes"], removing) == 2
    shown = capsys.readouterr()
    assert "fragments under fragments/ WILL BE DELETED after proof" in shown.out
    assert "add --allow-removal, or begin with CONCAT_CLEANUP=keep; nothing was changed" in shown.err
    typing(answers, "y", "n")
    assert main(["deploy"], removing) == 1, "yes to the plan, no to the removal"
    assert state(cloud) == NOTHING
    assert main(["deploy", "--yes"], variables(cloud)) == 0
    assert main(["deploy", "--yes"], removing) == 0


def test_with_its_flag_removal_is_deployed_at_once(cloud: LocalCloud) -> None:
    """For whoever knows."""
    assert main(["deploy", "--yes", "--allow-removal"], variables(cloud, CONCAT_CLEANUP="delete")) == 0


def test_a_paid_service_needs_a_yes_of_its_own(
    monkeypatch: pytest.MonkeyPatch, answers: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--yes` alone does not say it."""
    monkeypatch.setattr(ops.verbs.deploy, "packages", lambda: ZIPS)
    switches = Switches(media_off={"demo-1250000000"})
    with empty_account(switches=switches) as cloud:
        assert main(["deploy", "--yes"], variables(cloud)) == 2
        assert "it is a paid service (--enable-ci switches it on)" in capsys.readouterr().err
        typing(answers, "n")
        assert main(["deploy"], variables(cloud)) == 1, capsys.readouterr()
        assert (state(cloud), switches.media_off) == (NOTHING, {"demo-1250000000"})
        assert main(["deploy", "--yes", "--enable-ci"], variables(cloud)) == 0
        assert switches.media_off == set()


def test_json_tells_the_same_and_no_secret(cloud: LocalCloud, capsys: pytest.CaptureFixture[str]) -> None:
    """Without questions; one value on standard output."""
    assert main(["deploy", "--json"], variables(cloud)) == 2
    assert "add --check or --yes" in capsys.readouterr().err
    secret = "a-secret-of-my-own"
    given = variables(cloud, CONCAT_CALLBACK_SECRET=secret)
    assert main(["deploy", "--yes", "--json"], given) == 0
    text = capsys.readouterr().out
    told = json.loads(text)
    assert told["account"]["appid"] == "1250000000"
    assert {step["change"] for step in told["steps"]} == {"create", "change"}
    assert (told["done"], told["upload_to"]) == (True, f"cos://{cloud.bucket}/fragments/")
    assert secret not in text
    assert given["TENCENT_SECRET_KEY"] not in text
    assert main(["destroy", "--check", "--json"], given) == 1
    assert json.loads(capsys.readouterr().out)["in_flight"] == 0


def test_a_removal_is_refused_while_groups_are_in_flight(cloud: LocalCloud, capsys: pytest.CaptureFixture[str]) -> None:
    """They are named; pause shows them; --force removes all the same, and nothing in the bucket goes."""
    given = settings(cloud)
    deploy(given)
    before = state(cloud)
    put_in_flight(cloud, given, "talk")
    keys = cloud.store.keys(cloud.bucket)
    assert main(["destroy", "--yes"], variables(cloud)) == 1
    assert "1 group is in flight (talk): run `cos-concat pause`" in capsys.readouterr().err
    assert state(cloud) == before
    assert main(["pause"], variables(cloud)) == 0
    assert "paused; 1 group in flight:\n  talk" in capsys.readouterr().out
    assert main(["resume", "--json"], variables(cloud)) == 0
    assert json.loads(capsys.readouterr().out) == {
        "stage": "dev", "state": "running", "in_flight": 1, "groups": ["talk"]
    }  # fmt: skip
    assert main(["destroy", "--yes", "--force"], variables(cloud)) == 0
    assert state(cloud) == NOTHING
    assert cloud.store.keys(cloud.bucket) == keys


def test_what_is_not_deployed_cannot_be_paused_or_shown(cloud: LocalCloud, capsys: pytest.CaptureFixture[str]) -> None:
    """Told by stage and region."""
    for verb in (["pause"], ["resume"], ["deploy", "--show-env"]):
        assert main(verb, variables(cloud, STAGE="prod")) == 2
        assert "stage prod is not deployed in ap-guangzhou" in capsys.readouterr().err


def test_plain_http_without_the_local_cloud_s_proxy_makes_no_call(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the verb."""
    given = variables(cloud)
    monkeypatch.delenv("http_proxy")
    monkeypatch.delenv("HTTP_PROXY")
    cloud.calls.reset()
    for verb in (["deploy", "--yes"], ["destroy", "--yes"], ["pause"], ["resume"], ["deploy", "--show-env"]):
        assert main(verb, given) == 2
        assert "CONCAT_SCHEME is http, which is for the local cloud alone" in capsys.readouterr().err
    assert cloud.calls.snapshot() == {}


FAKE_TCCLI = """#!{python}
import json, sys
from tencentcloud.cam.v20190116.cam_client import CamClient
from tencentcloud.common import credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416.scf_client import ScfClient
service, action, *options = sys.argv[1:]
given = dict(zip(options[::2], options[1::2]))
file = given.pop("--cli-input-json", "").removeprefix("file://")
region = given.pop("--region", "")
body = json.load(open(file)) if file else {{name[2:]: value for name, value in given.items()}}
made = {{"scf": ScfClient, "cam": CamClient}}[service]
profile = ClientProfile(httpProfile=HttpProfile(protocol="http"))
client = made(credential.Credential("{secret_id}", "{secret_key}"), region, profile)
answer = client.call_json(action, body)["Response"]
print(json.dumps(answer, indent=4))
"""


@pytest.mark.slow
def test_the_printed_calls_of_tccli_deploy_the_same(cloud: LocalCloud, tmp_path: Path) -> None:
    """The script is run as it is printed, with a stand-in for tccli that makes the calls it is told to."""
    given, key = (
        settings(cloud, CONCAT_NAMING=r"(?P<group>[^']+)'(?P<index>\d+)-(?P<total>\d+)\.mp4"),
        cloud.account.root_key(),
    )
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "code.zip").write_bytes(ZIPS.code)
    (tmp_path / "build" / "layer.zip").write_bytes(ZIPS.layer)
    tccli = tmp_path / "bin" / "tccli"
    tccli.parent.mkdir()
    tccli.write_text(FAKE_TCCLI.format(python=sys.executable, secret_id=key.secret_id, secret_key=key.secret_key))
    tccli.chmod(0o755)
    text = script(given, look_and_plan(given).plan)
    (tmp_path / "deploy.sh").write_text(text, "utf-8")
    import os

    environment = {**os.environ, "PATH": f"{tccli.parent}:{os.environ['PATH']}"}
    without = subprocess.run(
        ["sh", "deploy.sh"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert without.returncode != 0
    assert "CONCAT_CALLBACK_SECRET" in without.stderr
    assert state(cloud) == NOTHING
    environment["CONCAT_CALLBACK_SECRET"] = "a-secret-of-my-own"
    ran = subprocess.run(
        ["sh", "deploy.sh"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert changes(look_and_plan(given)) == []
    by_hand = state(cloud)
    with empty_account() as another:
        deploy(settings(another, CONCAT_NAMING=given.variables["CONCAT_NAMING"]))
        assert state(another) == by_hand


def test_what_is_deployed_is_shown_to_a_program_without_its_secrets(
    cloud: LocalCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """One JSON value each; an address in which a key may stand is as secret as a key."""
    secret, hook = "a-secret-of-my-own", "https://chat.example.com/services/T00/B00/a-key"
    given = variables(cloud, CONCAT_CALLBACK_SECRET=secret, CONCAT_NOTIFY_URL=hook)
    assert main(["deploy", "--yes"], given) == 0
    capsys.readouterr()
    assert main(["deploy", "--show-env", "--json"], given) == 0
    shown = capsys.readouterr().out
    told = json.loads(shown)
    assert (told["stage"], told["variables"]["CONCAT_CLEANUP"]) == ("dev", "keep")
    assert [told["variables"][name] for name in ("CONCAT_CALLBACK_SECRET", "CONCAT_NOTIFY_URL")] == [None, None]
    assert main(["deploy", "--show-env"], given) == 0
    text = capsys.readouterr().out
    assert "# CONCAT_NOTIFY_URL is set and may hold a key: write it here again" in text
    assert (
        main(["deploy", "--print-tccli", "--json"], variables(cloud, CONCAT_CALLBACK_SECRET="another-one-by-me")) == 0
    )
    script_text = capsys.readouterr().out
    assert json.loads(script_text)["script"].startswith("#!/bin/sh")
    for printed in (shown, text, script_text):
        assert secret not in printed
        assert hook not in printed
        assert "another-one-by-me" not in printed
