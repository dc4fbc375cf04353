"""Every command that a page for users shows is run, by this test or by one that is named here.

A command that is new on a page is run here, in a bucket of the local cloud with one group of each kind, and must end
with 0. What cannot be run so stands in one of the two short lists, with its reason; a line of them that no page shows
any more fails, too.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from cosconcat import signing
from cosconcat.config import Config
from cosconcat.model import Bucket
from deployed import blueprint
from ops.command import main
from ops.deployment.door import Door
from ops.deployment.settings import read_settings
from tests.endtoend import test_deploy
from tests.support import transcripts
from tests.support.deployments import real_zips
from tests.support.pages import PAGES, Typed, arguments, typed
from tools.pages import ROOT

# Run by another test: its file, and what stands there.
ELSEWHERE = {
    **dict.fromkeys(
        ["make demo", 'make demo CLIPS="a.mp4 b.mov"'],
        ("tests/endtoend/test_demo.py", '[sys.executable, "-m", "ops", "demo", *arguments]'),
    ),
    "make up": ("tests/endtoend/test_demo_commands.py", '[sys.executable, "-m", "ops", "up"]'),
    "make invoke FUNCTION=upload EVENT=events/cos-created-put.json": (
        "tests/endtoend/test_demo_commands.py",
        "cos-created-put.json",
    ),
    **dict.fromkeys(
        ["make release VERSION=0.2.0 ARGS=--check", "make release VERSION=0.2.0"],
        ("tests/unit/tools/test_release.py", 'run(clone, "7.0.0"'),
    ),
    "make package": ("tests/contract/test_package.py", "build_code("),
    "make pages": ("tests/unit/test_internals.py", "internals.pages()"),
    "make translated PAGES=docs/zh-CN/naming.md": ("tests/unit/test_pages_in_chinese.py", "translated.stamped("),
    "make lint": (".ci/run", "step make lint"),
    "make test": (".ci/run", "step make test"),
    "make test-clients": (".ci/run", "step make test-clients"),
    "make mutants": ("tests/simulation/test_mutants.py", "mutants"),
    **dict.fromkeys(
        [
            "coscmd config -a $COS_SECRET_ID -s $COS_SECRET_KEY -b $COS_BUCKET -r $COS_REGION",
            "coscmd upload talk.part1-of-2.mp4 fragments/",
            "coscmd upload talk.part2-of-2.mp4 fragments/",
            "coscmd list output/",
        ],
        ("tests/clients/test_sessions.py", 'one.page == "docs/local-cloud.md"'),
    ),
}
NOT_RUN = {
    **dict.fromkeys(
        ["scf deploy", "scf deploy --target layers --noValidation", "scf deploy --target handler --noValidation"],
        "the tool is not to be had; tests/unit/test_serverless_yml.py reads the files as its components do",
    ),
    "git pull": "from the reader's own remote",
    "make test-clients SDK=<folder>": "takes the source of an SDK, which is not in this repository",
    "cos-concat deploy": "asks a question; `make deploy` is the same and answered in tests/endtoend/test_deploy.py",
    "make help": "prints the Makefile's own comments",
}
DEPLOYING = {*test_deploy.BLOCKS, *test_deploy.TABLE}  # run in their order by tests/endtoend/test_deploy.py
OPERATING = {*(one.command for one in transcripts.QUESTIONS), *(command for _, command in transcripts.MISTAKES)}
READERS = {  # what a reader puts in
    "<group>": "lecture",
    "KEY": "fragments/lecture.part1-of-3.mp4",
    "FILE": ".env",
    "VERB": "configuration",
    "NAME=…": "NAME=value",
    "<topic>": "done",
    "=…": "=part-of",
    "--group a": "--group workshop",
}
FILES = {
    ".env": "CONCAT_BUCKET=demo-1250000000\nCONCAT_REGION=ap-guangzhou\n",
    "keys.txt": "".join(
        f"fragments/live/{stream}_2024-01-01-{start}-00_2024-01-01-{end}-00.mp4\n"
        for stream, times in (("s1", ("10-05", "10-20", "10-35", "10-50")), ("s2", ("10-05", "10-20", "10-35")))
        for start, end in pairwise(times)
    ),
    "a.manifest.json": '{"fragments": [{"key": "fragments/b.mp4"}, {"key": "fragments/a.mp4"}]}',
    "body.json": '{"group": "lecture"}',
}
SHELL = {"TIMESTAMP": "1767600000", "CONCAT_CALLBACK_SECRET": "0123456789abcdef"}

COMMANDS = {one.command: one for one in sorted(typed(), key=lambda one: one.prints is not None)}
PROGRAMS = sorted(
    (page.relative_to(ROOT).as_posix(), code)
    for page in PAGES
    for code in re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    if "zh-CN" not in page.parts  # the same blocks
)
HERE = [command for command in COMMANDS if command not in {*ELSEWHERE, *NOT_RUN, *DEPLOYING, *OPERATING}]


@pytest.fixture(scope="module")
def bucket() -> Iterator[Mapping[str, str]]:
    """A deployment and one group of each kind: joined, kept, given up, arriving, new; the variables to reach it.

    The timer has come once, so that there is a report.
    """
    with transcripts.prepared(real_zips()) as environ:
        deployment = read_settings(environ)
        timer = (ROOT / "events" / "timer.json").read_text("utf-8")
        sweep = {"FunctionName": blueprint.name(deployment.stage, "sweep"), "ClientContext": timer}
        Door(deployment).api("scf", "Invoke", {**sweep, "Namespace": blueprint.NAMESPACE})
        yield environ


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the reader stands, with the files that the pages speak of."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(FILES["keys.txt"]))
    return tmp_path


@pytest.mark.parametrize("command", HERE)
def test_a_command_of_a_page_runs(command: str, bucket: Mapping[str, str], folder: Path) -> None:
    """And prints what the page shows, where it shows something."""
    filled = command
    for placeholder, value in READERS.items():
        filled = filled.replace(placeholder, value)
    code, printed = run(filled, bucket, folder)
    assert code == expected(COMMANDS[command]), f"{COMMANDS[command].page}: {filled}\n{printed}"
    if COMMANDS[command].prints is not None:
        assert printed.rstrip() == COMMANDS[command].prints


def expected(one: Typed) -> int:
    """The exit code; a transcript of mistakes ends with 2, and without a setting the reader's keys fit none."""
    if one.command == "cos-concat names":
        return 1
    return 2 if "is no variable of cos-concat" in (one.prints or "") else 0


def run(command: str, bucket: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """The exit code, and all that is printed."""
    if command.startswith(("eval", "export", "printf")):
        return shell(command, folder)
    own = dict(word.split("=", 1) for word in shlex.split(command.partition("cos-concat")[0]) if "=" in word)
    file, words = arguments(command)
    given = own if "CONCAT_BUCKET" in own else {**bucket, **own}
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(["--env", file, *words], None) if "--env" in command else main(words, given)
    return code, out.getvalue()


def shell(command: str, folder: Path) -> tuple[int, str]:
    """In bash, with the command set up as by make."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "cos-concat").write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{ROOT}/ops/start.py" "$@"\n')
    (folder / "bin" / "cos-concat").chmod(0o755)
    variables = {**os.environ, **SHELL, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_signatures_by_openssl_are_those_of_the_code(folder: Path) -> None:
    """Both lines, what a receiver of notifications types and what a topic's address needs."""
    secret = SHELL["CONCAT_CALLBACK_SECRET"]
    config = Config(Bucket("demo-1250000000", "ap-guangzhou"), callback_secret=secret)
    wanted = {
        "printf 'topic/<topic>'": signing.topic_url(config, "https://address/", "done").rpartition("signature=")[2],
        "printf '%s.' \"$TIMESTAMP\"": signing.sign_body(secret, 1767600000, FILES["body.json"].encode()),
    }
    commands = {command.partition(" |")[0]: command for command in COMMANDS if "openssl" in command}
    assert set(commands) == set(wanted)
    for beginning, command in commands.items():
        _, printed = shell(command.replace("<topic>", "done"), folder)
        assert re.findall(r"[0-9a-f]{64}", printed) == [wanted[beginning]]


@pytest.mark.parametrize(("page", "code"), PROGRAMS, ids=[page for page, _ in PROGRAMS])
def test_a_program_of_a_page_runs(page: str, code: str, folder: Path) -> None:
    """In Python, as it stands there."""
    exec(compile(code, page, "exec"), {"__name__": page})


def test_the_lists_hold_nothing_that_no_page_shows() -> None:
    """And what is said to be run elsewhere is."""
    assert sorted({*ELSEWHERE, *NOT_RUN} - set(COMMANDS)) == []
    assert sorted(DEPLOYING - set(COMMANDS)) == []
    for command, (file, words) in ELSEWHERE.items():
        assert words in (ROOT / file).read_text("utf-8"), command
    assert len(HERE) > 25
