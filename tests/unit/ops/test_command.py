"""The command `cos-concat`: verbs, help, exit codes, and sentences for whatever a person can do wrong."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from cosconcat.events.cos import Upload, read_uploads
from local.commands.samples import Samples
from ops import ROOT
from ops.command import VERBS, cos_concat, main
from ops.desk.environment import command_line
from tests.support.longer import one_in

BUCKET = {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}
START = [sys.executable, "-S", str(ROOT / "ops" / "start.py")]
COMMAND = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *START]  # what make writes to .venv/bin/cos-concat


def started(*arguments: str, **options: int) -> subprocess.Popen[str]:
    """The command in a process group of its own, as a shell starts it, away from the project's folder."""
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # the options are those of Popen
        [*COMMAND, *arguments], cwd="/", text=True, env={**os.environ, **BUCKET}, start_new_session=True, **given
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_examples(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each example begins with the command, or with the make target that prepares it."""
    assert main([verb, "--help"]) == 0
    shown = capsys.readouterr().out
    examples = shown.partition("Examples")[2].splitlines()[1:]
    assert any("cos-concat " + verb in line for line in examples)
    assert len(shown.splitlines()[2]) < 90


@pytest.mark.parametrize("verb", VERBS)
def test_every_example_can_be_parsed(verb: str) -> None:
    """By the verb that it shows."""
    command = cos_concat.get_command(click.Context(cos_concat), verb)
    assert command is not None
    for line in re.findall(rf"^  cos-concat {verb}\b(.*)$", command.epilog or "", re.MULTILINE):
        words = shlex.split(line.split("   ")[0].replace("| source", "").partition(" < ")[0])
        command.make_context(verb, words, parent=click.Context(cos_concat))


def test_the_list_of_verbs_cuts_nothing_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal of eighty columns."""
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["--help"]) == 0
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]


def test_the_version_is_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    """As `make release` writes it, without any configuration."""
    assert main(["--version"], {"CONCAT_CLEANUP": "shred"}) == 0
    version = capsys.readouterr().out.split()[1]
    assert f'version = "{version}"' in (ROOT / "pyproject.toml").read_text("utf-8").splitlines()


def test_every_verb_that_prints_data_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    """One value, and nothing else."""
    for arguments in (["names", "fragments/a-1of1.mp4"], ["explain"], ["configuration"], ["policies"], ["cost"]):
        assert main([*arguments, "--json"], BUCKET) == 0
        json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ([], 2, "\n  names          Say what each key is"),
        (["nmes"], 2, "there is no verb 'nmes'; perhaps names"),
        (["xyzzy"], 2, "there are demo, up, "),
        (["names", "--nam"], 2, "No such option '--nam'"),
        (["--env", "/nowhere/.env", "cost"], 2, "--env /nowhere/.env: there is no such file"),
        (["cost", "--fragments", "0"], 2, "0 is not in the range"),
        (["cost", "--seconds", "nan"], 2, "nan"),
        (["up", "--port", "99999"], 2, "99999 is not in the range"),
        (["explain", "--manifest", "/nowhere.json"], 2, "/nowhere.json: No such file or directory"),
        (["explain", "--manifest", "/"], 2, "/: Is a directory (a file is needed"),
        (["explain", "README.md"], 2, "README.md"),
        (["invoke", "upload", "/nowhere.json"], 2, "/nowhere.json: there is no such file"),
        (["names", "--naming", "(a+)+", "x"], 2, "CONCAT_NAMING"),
        (["demo", "one.mp4"], 2, "joining takes at least two"),
        (["policies", "uplaod"], 2, "'[FUNCTION]': 'uplaod' is not one of"),
        (["invoke", "uplaod", "x"], 2, "'FUNCTION': 'uplaod' is not one of"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    arguments: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, with an exit code, and nothing on standard output."""
    assert main(arguments, BUCKET) == code
    printed = capsys.readouterr()
    assert told in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_every_mistake_in_the_configuration_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """By every verb that needs it."""
    for verb in ("explain", "configuration", "doctor", "policies", "cost", "names"):
        assert main([verb], {**BUCKET, "CONCAT_CLEANUP": "shred", "CONCAT_VERIFY": "maybe"}) == 2
        told = capsys.readouterr().err.splitlines()
        assert [line.split()[0] for line in told] == ["CONCAT_CLEANUP", "CONCAT_VERIFY"]


def test_a_stage_that_no_deployment_can_have_is_a_mistake_of_the_configuration_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With all the others."""
    assert main(["configuration"], {**BUCKET, "STAGE": "prod-1"}) == 2
    assert capsys.readouterr().err.startswith("STAGE is 'prod-1'")
    assert main(["configuration"], {**BUCKET, "STAGE": "prod-1", "CONCAT_CLEANUP": "shred"}) == 2
    assert [line.split()[0] for line in capsys.readouterr().err.splitlines()] == ["CONCAT_CLEANUP", "STAGE"]


@pytest.mark.parametrize(
    ("env", "told"),
    [
        (None, "cos-concat resume"),
        (Path(".env.prod"), "cos-concat --env .env.prod resume"),
        (Path("my prod"), "cos-concat --env 'my prod' resume"),
    ],
)
def test_a_command_to_type_next_is_for_the_same_deployment(env: Path | None, told: str) -> None:
    """Another `.env` may be another stage."""
    context = click.Context(cos_concat)
    context.params = {"env": env}
    with context:
        assert command_line("resume") == told


def test_a_choice_that_is_missing_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The library writes one line for each."""
    assert main(["invoke"]) == 2
    assert (
        capsys.readouterr().err.splitlines()[0] == "Missing argument 'FUNCTION'. Choose from: upload, callback, sweep"
    )


def test_names_tells_the_time_where_a_name_writes_it_in_several_places(capsys: pytest.CaptureFixture[str]) -> None:
    """Two pieces of one hour looked like one."""
    keys = [f"fragments/2024-01-26/10/front/00.{second}.mp4" for second in ("08", "18")]
    assert main(["names", "--naming", "frigate", *keys], BUCKET) == 0
    told = capsys.readouterr().out
    assert "fragment 2024-01-26 at 2024-01-26T10:00:08Z of group front" in told
    assert "fragment 2024-01-26 at 2024-01-26T10:00:18Z of group front" in told


@pytest.mark.parametrize("sample", sorted((ROOT / "events").glob("cos-created-*.json")), ids=lambda file: file.stem)
def test_a_sample_of_an_upload_speaks_of_the_bucket_that_is_rehearsed(sample: Path) -> None:
    """Whatever `.env` calls it; a bucket that is not the samples' own stays."""

    class Full:
        def object_exists(self, **_: str) -> bool:
            return True

    event = json.loads(sample.read_text())
    ours = {"CONCAT_BUCKET": "mine-1300000001", "CONCAT_REGION": "ap-shanghai"}
    before, after = read_uploads(event), read_uploads(Samples(Full(), ours).fitted("upload", event))
    for was, now in zip(before, after, strict=True):
        assert type(was) is type(now)
        if isinstance(was, Upload) and isinstance(now, Upload):
            wanted = "mine-1300000001" if was.bucket == "demo-1250000000" else was.bucket
            assert (now.bucket, now.key) == (wanted, was.key)


def test_a_file_in_another_encoding_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As some editors save it."""
    file = tmp_path / ".env"
    file.write_text("CONCAT_CLEANUP=keep\n", "utf-16")
    assert main(["--env", str(file), "configuration"]) == 2
    told = capsys.readouterr().err
    assert "UTF-16" in told
    assert "UTF-8" in told


def test_a_bug_is_not_called_a_mistake(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is shown whole, so that it can be reported."""
    monkeypatch.setattr("ops.verbs.cost.lines", lambda *_: 1 / 0)
    assert main(["cost"], BUCKET) == 1
    told = capsys.readouterr().err
    assert "a bug, please report it" in told
    assert "ZeroDivisionError" in told


def test_output_that_nobody_reads_or_nothing_can_hold() -> None:
    """`| head`, a full disk, standard output closed."""
    keys = "\n".join(f"fragments/{n}.part1-of-2.mp4" for n in range(20_000))
    piped = started("names", stdin=subprocess.PIPE)
    assert piped.stdin is not None
    assert piped.stdout is not None
    assert piped.stderr is not None
    piped.stdout.close()
    with piped.stderr as words:
        try:
            piped.stdin.write(keys)
            piped.stdin.close()
        except BrokenPipeError:
            pass
        assert words.read() == ""
    assert piped.wait(20) == 1
    with Path("/dev/full").open("w") as full:
        filled = started("cost", stdout=full.fileno())
        assert filled.communicate(timeout=20)[1].startswith("No space left on device (free some space")
    assert filled.returncode == 1


def test_keys_that_the_terminal_cannot_show_are_escaped() -> None:
    """Nothing fails for a name in Chinese."""
    environ = {**os.environ, **BUCKET, "PYTHONIOENCODING": "latin-1"}
    key = "fragments/讲座-1of2.mp4"
    done = subprocess.run([*COMMAND, "names", key], env=environ, capture_output=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr
    assert rb"\u8bb2\u5ea7" in done.stdout


def test_an_interrupt_in_the_very_last_moment_is_no_traceback() -> None:
    """While the command gives its signals back, outside of the place where errors end."""
    code = (
        "import contextlib, runpy, sys; import ops.command as command\n"
        "@contextlib.contextmanager\n"
        "def late(caught):\n    yield\n    raise KeyboardInterrupt\n"
        "command._interrupts = late; sys.argv = ['ops', 'completion', 'bash']\n"
        "runpy.run_module('ops', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_kill_or_a_closed_terminal_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    """Temporary folders go as after Ctrl-C; the exit code is that of the signal."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environ = {**os.environ, "TMPDIR": str(temporary)}
    demo = [*START, "demo", "--count", "2", "--out", str(tmp_path / "out")]
    before = signal.signal(number, signal.SIG_DFL)  # under nohup it is ignored, by whatever starts from here too
    running = subprocess.Popen(demo, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    signal.signal(number, before)
    deadline = time.monotonic() + 20
    while not list(temporary.glob("cos-concat-demo-*/*.mp4")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    running.send_signal(number)
    _, err = running.communicate(timeout=30)
    assert (running.returncode, err.strip()) == (128 + number, "stopped")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("verb", ["cost", "demo", "up"])
@pytest.mark.parametrize("seconds", one_in(3, [0.06, 0.03, 0.12, 0.6, 0.3, 1.2]))
def test_an_interrupt_at_any_moment_ends_it_without_a_traceback(verb: str, seconds: float, tmp_path: Path) -> None:
    """By the signal itself while modules are imported, with 130 later; `up` ends well, for that is how it is ended."""
    given = {"cost": ["cost"], "demo": ["demo", "--count", "2", "--out", str(tmp_path)], "up": ["up"]}[verb]
    running = started(*given)
    time.sleep(seconds)  # the moment is what is tested
    while running.poll() is None:  # in its first moments it hears nothing; a person presses again
        os.killpg(running.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(5)
    out, err = running.communicate(timeout=30)
    assert running.returncode in (-signal.SIGINT, 130, 0)
    assert "Traceback" not in out + err
    assert err.strip() in ("", "stopped")
