"""`make up` and `make invoke` as a person uses them, and nothing is left running afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ops.command import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state file of our own, so that a local cloud that somebody keeps running is left alone."""
    path = tmp_path_factory.mktemp("state") / "local-cloud.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCAL_CLOUD_STATE", str(path))
        yield path


def invoke(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`make invoke`, without make."""
    command = [sys.executable, "-m", "ops", "invoke", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def descendants(pid: int) -> set[int]:
    """The processes that this one started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children") if children.exists() else ():
        for child in task.read_text().split():
            found |= {int(child)} | descendants(int(child))
    return found


@pytest.fixture
def up(state: Path) -> Iterator[subprocess.Popen[str]]:
    """A running local cloud; ended, whatever the test did."""
    command = [sys.executable, "-m", "ops", "up"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert until(state.exists), process.poll()
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing", "events/timer.json"], "'upload', 'callback', 'sweep'"),
        (["upload", "events/none.json"], "no such file"),
        (["upload", ""], "no such file"),
        (["upload", "LICENSE"], "not JSON"),
        (["", "events/timer.json"], "'upload', 'callback', 'sweep'"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, before anything is started."""
    assert main(["invoke", *arguments]) == 2
    complaint = capsys.readouterr().err
    assert told in complaint
    assert len(complaint.strip().splitlines()) <= 2


def test_a_function_runs_in_a_cloud_of_its_own_when_none_is_running() -> None:
    """The object of the sample event is not there: the result says so."""
    done = invoke("upload", "events/cos-created-put.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"results"' in done.stdout
    assert "a local cloud of its own" in done.stdout


def test_a_client_with_the_printed_environment_works_and_invoke_finds_what_it_uploaded(
    up: subprocess.Popen[str], tmp_path: Path
) -> None:
    """The printed exports and the printed line for the SDK are taken as they stand."""
    exports: list[str] = []
    example: list[str] = []
    assert up.stdout is not None
    for line in up.stdout:
        if line.startswith("  export "):
            exports.append(line.strip())
        if ".venv/bin/python" in line or example:
            example.append(line.rstrip("\n"))
        if example and not line.rstrip().endswith("\\"):
            break
    (tmp_path / "talk.part1-of-3.mp4").write_bytes(b"not whole")
    script = "\n".join([*exports, *example]).replace(".venv/bin/python", sys.executable)
    script = script.replace("talk.part*-of-2.mp4", f"{tmp_path}/talk.part*-of-3.mp4")
    done = subprocess.run(["sh", "-e", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert "fragments/talk.part1-of-3.mp4" in done.stdout, done.stdout + done.stderr
    event = json.loads((ROOT / "events" / "cos-created-put.json").read_text())
    cos = event["Records"][0]["cos"]
    cos["cosBucket"] |= {"name": "demo", "appid": "1250000000"}
    cos["cosObject"] |= {
        "key": "/1250000000/demo/fragments/talk.part1-of-3.mp4",
        "url": "http://demo-1250000000.cos.ap-guangzhou.myqcloud.com/fragments/talk.part1-of-3.mp4",
    }
    (tmp_path / "event.json").write_text(json.dumps(event))
    asked = invoke("upload", str(tmp_path / "event.json"))
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert "the running local cloud" in asked.stdout
    assert '"waiting"' in asked.stdout


def test_the_state_file_is_its_owners_only(up: subprocess.Popen[str], state: Path) -> None:
    """Toy keys, and still."""
    assert state.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_running_however_it_ends(
    up: subprocess.Popen[str], number: signal.Signals, state: Path
) -> None:
    """An instance that has been warmed ends with its cloud."""
    environment = json.loads(state.read_text())["shell"]
    script = (
        "import os; from qcloud_cos import CosConfig, CosS3Client;"
        "c = CosS3Client(CosConfig(Region='ap-guangzhou', SecretId=os.environ['COS_SECRET_ID'],"
        "SecretKey=os.environ['COS_SECRET_KEY'], Scheme='http'));"
        "c.put_object(os.environ['COS_BUCKET'], b'x', 'fragments/a.part1-of-2.mp4')"
    )
    subprocess.run([sys.executable, "-c", script], env={**os.environ, **environment}, check=True, timeout=30)
    assert until(lambda: bool(descendants(up.pid)))
    instances = descendants(up.pid)
    up.send_signal(number)
    up.wait(20)
    assert until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in instances))
    assert (number == signal.SIGKILL) or not state.exists()
    state.unlink(missing_ok=True)
