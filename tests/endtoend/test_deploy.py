"""Deployed once, then by itself: every command of docs/deploy.md, in its order, against a local cloud.

The cloud is the one that `cos-concat up --empty` keeps running, in a process of its own; all that this test knows of it
is what it prints for a person.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import ops.verbs.deploy
from local.media.clips import make_clip
from ops.command import main
from tests.support.deployments import real_zips
from tests.support.pages import arguments

if TYPE_CHECKING:
    from qcloud_cos import CosS3Client

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "deploy.md").read_text("utf-8")
SECONDS = 60  # for anything that is waited for

BLOCKS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
ROWS = re.findall(r"^\| .* \| (.*`(?:make|\.venv).*) \|$", PAGE, re.MULTILINE)
TABLE = [command for row in ROWS for command in re.findall(r"`([^`]+)`", row)]


class Desk(NamedTuple):
    """A person's desk: a folder with a `.env`, a shell that reaches the cloud, and what was printed."""

    folder: Path
    said: dict[str, str]  # what the cloud says to write into .env
    capture: pytest.CaptureFixture[str]

    def run(self, command: str, expected: int = 0) -> str:
        """Run a command of the page, answering yes; what it printed."""
        self.capture.readouterr()
        code = main(["--env", str(self.folder / arguments(command)[0]), *arguments(command)[1]])
        printed = self.capture.readouterr()
        assert code == expected, f"{command}: {code}\n{printed.out}\n{printed.err}"
        return printed.out

    def write(self, name: str, **changed: str) -> None:
        """A copy of the example with these values."""
        text = (self.folder / ".env").read_text("utf-8")
        for variable, value in {**self.said, **changed}.items():
            text = re.sub(rf"^{variable}=.*$", f"{variable}={value}", text, flags=re.MULTILINE)
        (self.folder / name).write_text(text, "utf-8")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """A desk in whose other shell the empty local cloud is up."""
    zips = real_zips()
    monkeypatch.setattr(ops.verbs.deploy, "packages", lambda: zips)  # packed once, not for each command
    state = tmp_path / "state.json"
    environment = {**os.environ, "LOCAL_CLOUD_STATE": str(state)}
    words, options = arguments("make up ARGS=--empty")
    assert words == ".env"
    with (tmp_path / "up.txt").open("w+") as printed:
        up = subprocess.Popen([sys.executable, "-m", "ops", *options], cwd=ROOT, env=environment, stdout=printed)
        try:
            wait(lambda: "TENCENT_SECRET_KEY=" in (tmp_path / "up.txt").read_text())
            text = (tmp_path / "up.txt").read_text()
            for name, value in json.loads(state.read_text())["shell"].items():
                monkeypatch.setenv(name, value)
            said = dict(re.findall(r"^  ([A-Z_]+)=(\S+)$", text, re.MULTILINE))
            yield Desk(tmp_path, said, capsys)
        finally:
            up.send_signal(signal.SIGINT)
            up.wait(SECONDS)


def wait(until: Callable[[], object]) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + SECONDS
    while not until():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)


def client() -> CosS3Client:
    """Any COS client, with the keys that the cloud says."""
    from qcloud_cos import CosConfig, CosS3Client

    found = os.environ
    config = CosConfig(
        Region=found["COS_REGION"], SecretId=found["COS_SECRET_ID"], SecretKey=found["COS_SECRET_KEY"], Scheme="http"
    )
    return CosS3Client(config)


def upload_and_wait(desk: Desk, group: str, prefix: str = "fragments/", output: str = "output/") -> dict[str, str]:
    """Upload a recording in two pieces, wait for the result; its tags."""
    cos, bucket = client(), os.environ["COS_BUCKET"]
    for number in (1, 2):
        clip = desk.folder / f"{group}-{number}.mp4"
        make_clip(clip, number, 2, seconds=1.0)
        cos.upload_file(bucket, f"{prefix}{group}.part{number}-of-2.mp4", str(clip))
    found: dict[str, str] = {}

    def tagged() -> bool:
        if not cos.object_exists(bucket, f"{output}{group}.mp4"):
            return False
        answer = cos.get_object_tagging(bucket, f"{output}{group}.mp4")["TagSet"] or {"Tag": []}
        found.update({tag["Key"]: tag["Value"] for tag in answer["Tag"]})
        return bool(found)

    wait(tagged)
    return found


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_every_command_of_the_page_in_its_order(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the example file to a joined recording, one variable changed, a second stage, pause, resume, removal."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 20))
    copy, *deploy_and_more = BLOCKS
    assert (copy, deploy_and_more) == (
        "cp .env.example .env",
        ["make deploy", ".venv/bin/cos-concat policies deployer", "make up ARGS=--empty"],
    )
    shutil.copyfile(ROOT / ".env.example", desk.folder / ".env")
    desk.write(".env")
    first = desk.run("make deploy")
    assert first.count("  done: create") == 13
    assert "WRONG" not in first
    assert "Upload to cos://demo-1250000000/fragments/" in first
    assert upload_and_wait(desk, "lesson")["concat-fragments"] == "2"
    assert json.loads(desk.run(".venv/bin/cos-concat policies deployer"))["version"] == "2.0"
    steps = iter(TABLE)

    desk.write(".env", CONCAT_MAX_ATTEMPTS="5")
    changed = desk.run(next(steps))
    assert re.findall(r"^             (.+)$", changed, re.MULTILINE) == ["CONCAT_MAX_ATTEMPTS: 3 -> 5"] * 3
    assert "unchanged: 10 more" in changed
    for _ in range(3):  # deploy again, --check, --yes
        assert "Nothing to do: all of 13 things are as they should be." in desk.run(next(steps))
    rotated = desk.run(next(steps))
    assert rotated.count("CONCAT_CALLBACK_SECRET_OLD: not set -> (not shown)") == 3
    desk.write(
        ".env.prod",
        STAGE="prod",
        CONCAT_INPUT_PREFIX="prod/in/",
        CONCAT_OUTPUT_KEY="prod/out/{group}.{ext}",
        CONCAT_STATE_PREFIX="prod/.concat/",
        CONCAT_TRASH_PREFIX="prod/trash/",
    )
    assert desk.run(next(steps)).count("  done: create") == 13
    assert upload_and_wait(desk, "lecture", "prod/in/", "prod/out/")["concat-group"] == "lecture"
    assert "WRONG" not in desk.run(next(steps))
    assert "paused; 0 groups in flight" in desk.run(next(steps))
    assert "running; 0 groups in flight" in desk.run(next(steps))
    shown = desk.run(next(steps))
    assert "CONCAT_MAX_ATTEMPTS=5" in shown
    assert os.environ["COS_SECRET_KEY"] not in shown
    assert desk.run(next(steps)).startswith("#!/bin/sh")
    removed = desk.run(next(steps))
    assert removed.count("  done: remove") == 13
    assert "bucket demo-1250000000 stays with all that is in it" in removed
    assert next(steps, None) is None
    assert "Nothing to do" in desk.run("make destroy")
    assert "Nothing to do" not in desk.run("make destroy ENV=.env.prod"), "another stage is another deployment"


@pytest.mark.slow
def test_the_targets_of_the_makefile_deploy_and_remove(desk: Desk) -> None:
    """`make deploy` as a person types it: it makes the command, builds what is missing and answers by its exit code."""
    shutil.copyfile(ROOT / ".env.example", desk.folder / ".env")
    desk.write(".env")
    command = desk.folder / "cos-concat"
    # What the virtual environment holds is there: this test runs in it, whatever folder it is in.
    venv = sys.prefix
    words = ["make", "-o", f"{venv}/layer", f"VENV={venv}", f"COMMAND={command}", "PIP=:", f"ENV={desk.folder}/.env"]

    def make(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*words, *more], cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS)

    first = make("deploy", "ARGS=--yes")
    assert first.returncode == 0, first.stdout + first.stderr
    assert command.read_text().startswith("#!/bin/sh")
    assert first.stdout.count("  done: create") == 13
    assert "Upload to cos://demo-1250000000/fragments/" in first.stdout
    assert upload_and_wait(desk, "lesson")["concat-fragments"] == "2"
    removed = make("destroy", "ARGS=--yes")
    assert (removed.returncode, removed.stdout.count("  done: remove")) == (0, 13), removed.stdout + removed.stderr
