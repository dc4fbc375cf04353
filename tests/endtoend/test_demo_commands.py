"""`make up` and `make invoke` as a person uses them, and nothing is left running afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.cloud import LocalCloud
from local.commands.rehearsal import receiver, rehearsal_of
from local.switches import Switches
from ops.command import main
from tests.support.longer import one_in

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


def until(condition: Callable[[], bool], seconds: float = 60) -> bool:
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
        (["upload", ""], "is a folder, and a file is needed"),
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


def test_a_function_that_the_running_cloud_does_not_have_is_told(state: Path) -> None:
    """Where `up --empty` runs, nothing is deployed by itself."""
    with LocalCloud(functions=()) as cloud:
        state.write_text(json.dumps({"proxy": cloud.proxy.url, "shell": cloud.shell_environment(), "functions": {}}))
        told = invoke("sweep", "events/timer.json")
    state.unlink()
    assert "the running local cloud has no function sweep (up --empty)" in told.stderr
    assert "bug" not in told.stderr
    assert told.returncode != 0


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


@pytest.mark.parametrize("number", one_in(3, [signal.SIGKILL, signal.SIGINT, signal.SIGTERM]))
def test_nothing_is_left_running_however_it_ends(
    up: subprocess.Popen[str], number: signal.Signals, state: Path
) -> None:
    """An instance that has been warmed ends with its cloud; the state file is its owner's only: toy keys, and still."""
    assert state.stat().st_mode & 0o077 == 0
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


def outcome(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The result that `invoke` printed."""
    printed = done.stdout[done.stdout.index("\n{\n") : done.stdout.rindex("}") + 1]
    result: dict[str, Any] = json.loads(printed)
    return result


SAMPLES = sorted((ROOT / "events").glob("*.json"))
QUICK = {
    "callback-url-xml": 200,
    "callback-url-forged": 403,
    "callback-cmq-xml": "finished",
    "cos-created-key-chinese": "waiting",
    "cos-created-foreign-bucket": "ignored",
    "sweep-retry": "submitted",
}
FIRST = "callback-url-xml"  # the longer run tries all
ANSWERS = dict.fromkeys(("callback-url-unsigned", "callback-url-forged", "callback-url-other-job"), 403)


@pytest.mark.parametrize(
    "name", [name if name == FIRST else pytest.param(name, marks=pytest.mark.slow) for name in QUICK]
)
def test_a_sample_finds_what_it_speaks_of(name: str) -> None:
    """Objects are there, and callbacks are about a real job, signed with the cloud's own secret."""
    function = {"cos": "upload", "cal": "callback"}.get(name[:3], "sweep")
    done = invoke(function, f"events/{name}.json")
    assert done.returncode == 0, done.stdout + done.stderr
    result = outcome(done)
    assert QUICK[name] == (result["statusCode"] if "statusCode" in result else result["results"][0]["action"])


def test_json_stands_alone_on_standard_output(tmp_path: Path) -> None:
    """Of a demonstration and of a function's run; what people read goes to standard error."""
    told = invoke("sweep", "events/sweep-doctor.json", "--json")
    assert json.loads(told.stdout)["status"] == 200
    command = [sys.executable, "-m", "ops", "demo", "--count", "2", "--json", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    assert json.loads(done.stdout)["holds"], done.stderr
    assert "All of it holds" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_does_something_sensible(sample: Path) -> None:
    """No callback is refused but those that are made to be, and nothing fails."""
    function = {"cos": "upload", "cal": "callback"}.get(sample.stem[:3], "sweep")
    done = invoke(function, str(sample))
    assert done.returncode == 0, done.stdout + done.stderr
    result = outcome(done)
    if "statusCode" in result:
        assert result["statusCode"] == ANSWERS.get(sample.stem, 200)


def test_up_rehearses_a_configuration_and_reaches_nobody(state: Path) -> None:
    """It says what holds and what was replaced; the bucket has the configured name; a mistake is told at once."""
    chosen = {
        "CONCAT_BUCKET": "rec-1300000000",
        "CONCAT_REGION": "ap-beijing",
        "CONCAT_NAMING": "folder",
        "CONCAT_CLEANUP": "trash",
        "CONCAT_NOTIFY_URL": "https://hooks.example.com/hook?key=secret-part",
        "CONCAT_CALLBACK_SECRET": "a-secret-that-must-not-show",
    }
    command = [sys.executable, "-m", "ops", "--env", os.devnull, "up"]
    wrong = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "CONCAT_LEASE_SECONDS": "30"}, capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert "CONCAT_LEASE_SECONDS is 30" in wrong.stderr
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **chosen}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert until(state.exists), process.poll()
            environment = json.loads(state.read_text())["functions"]["upload"]["environment"]
        finally:
            process.send_signal(signal.SIGINT)
            told = process.communicate(timeout=30)[0]
    assert (environment["CONCAT_BUCKET"], environment["CONCAT_REGION"]) == ("rec-1300000000", "ap-beijing")
    assert (environment["CONCAT_NAMING"], environment["CONCAT_CLEANUP"]) == ("folder", "trash")
    assert environment["CONCAT_NOTIFY_URL"] == "http://hooks.example.com/hook"
    assert "CONCAT_CLEANUP=trash  (shell)" in told
    assert "secret-part" not in told
    assert "must-not-show" not in told
    assert process.returncode == 0


def test_a_rehearsal_shows_the_notifications_that_it_keeps_to_itself() -> None:
    """The receiver's host is answered for here."""
    heard: list[str] = []
    rehearsal = rehearsal_of({"CONCAT_NOTIFY_URL": "https://hooks.example.com/hook", "CONCAT_CLEANUP": "keep"})
    with LocalCloud(
        environment=rehearsal.environment,
        switches=Switches(join="bytes"),
        others=[(lambda host: host == rehearsal.notified, receiver(heard.append))],
    ) as cloud:
        for number in (1, 2):
            cloud.store.put(cloud.bucket, f"fragments/v.part{number}-of-2.mp4", b"x" * 2000)
        assert cloud.settle(60)
    assert [json.loads(each)["outcome"] for each in heard] == ["joined"]
