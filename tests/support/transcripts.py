"""The transcripts in docs/operate.md: every command of the page, run here against a local cloud over HTTP.

`python -m tests.support.transcripts` writes them, and `make pages` does; a test compares. Times, ids and figures that
differ from run to run are written as examples of their kind.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from cosconcat.config import Config
from ops.command import main
from ops.deployment.execute import Zips
from ops.deployment.settings import read_settings
from tests.support.deployments import ZIPS, deploy
from tests.support.desk import Desk
from tools.pages import MARKS, ROOT, between_marks

__all__ = ["MARKS", "MISTAKES", "PAGE", "QUESTIONS", "made", "prepared"]
PAGE = ROOT / "docs" / "operate.md"
NO_ENV = {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}


class Question(NamedTuple):
    """What an operator asks, the command that answers, and what to know besides."""

    asked: str
    command: str
    besides: str
    code: int = 0


QUESTIONS = (
    Question(
        "Where is my video?",
        "cos-concat status lecture --here",
        "Without a name: the last report, worst first, what is still arriving, and what ended last. Without\n"
        "`--here` the deployed sweep is asked, with its own rights; the answer is the same. A full key of a piece\n"
        'does as well as the group\'s name. As an event: `{"status": "lecture"}`. Where recordings are cut at gaps,\n'
        "a piece's key finds its recording, one that is not closed yet says until when it waits and why it ends where\n"
        "it does, and a source tells its recordings one by one.",
    ),
    Question(
        "Why was nothing deleted?",
        "cos-concat status interview --here",
        "`why` names the variable to blame; `kept` names each fragment that stayed, and why. What has gone since is\n"
        "counted there too.",
    ),
    Question(
        "What will be deleted?",
        "cos-concat preview",
        "It lists, looks (HEAD), and reads markers, manifests and records; nothing is written, and nothing but\n"
        "`--probe` is paid for. `CONCAT_CLEANUP_DRY_RUN=true` shows the same from inside: each join then lists what\n"
        "it would have removed. *Of groups joined before*: their fragments stayed, under `keep` or in a dry run, and\n"
        "the next sweep removes them.",
    ),
    Question(
        "What did it cost, what will it?",
        "cos-concat cost --fragments 12 --seconds 300",
        "Counted with the clean-up that is configured, here `CONCAT_CLEANUP=trash`: each fragment is copied before it\n"
        "is removed. [cost.md](cost.md) counts the same groups with `delete`, the default, and has prices and their\n"
        "dates. One group's share stands in its `status`.",
    ),
    Question(
        "Is it healthy?",
        "cos-concat doctor",
        "The last line compares what is deployed with `.env`: a function or trigger that somebody removed, changed or\n"
        "switched off is `WRONG`, with the command that mends it.\n\n"
        'From inside, with the function\'s own rights: `{"doctor": true}`; `cos-concat deploy` asks for it at its end.',
    ),
    Question(
        "Stop!",
        "cos-concat pause",
        "`cos-concat resume` lets it go on; the sweep then finds what was uploaded meanwhile.",
    ),
    Question(
        "Undo: I want the fragments back.",
        "cos-concat restore lecture --to restored/ --yes",
        "Without `--yes` it only shows. Restored to their own places they would be removed again, because the\n"
        "result holds them: that is refused unless `CONCAT_CLEANUP=keep`. A group can be named by the full key of one\n"
        "of its pieces; where recordings are cut at gaps that brings back this piece alone.",
    ),
    Question(
        "Try again.",
        "cos-concat retry --outcome gave-up --since 2026-01-01 --here",
        '`cos-concat retry lecture` for one group. As an event: `{"retry": "lecture"}` or\n'
        '`{"retry": {"outcome": "gave-up", "since": "2026-01-01", "limit": 100}}`. Where recordings are cut at gaps,\n'
        "a piece's key stands for its recording, and a source for all of it that is there. Where limit or time is too\n"
        "short for all, the answer counts what is `left`, and `since` is where the same command goes on.",
    ),
    Question(
        "What happens to my full bucket on the first day?",
        "cos-concat preview --seconds 600",
        "`--probe 5` measures the length of the fragments of five groups instead, by paid calls.",
    ),
    Question(
        "Which setting fits these names?",
        "cos-concat names --naming folder fragments/cam/1.mp4 fragments/cam/2.mp4 fragments/cam/_DONE",
        "Try another one with `--naming`, or a whole bucket with `CONCAT_NAMING=… cos-concat preview`.",
    ),
)
# What a person can do wrong, and the exit code and the first line on standard error that it gets.
MISTAKES = (
    ("a verb that does not exist", "cos-concat stauts"),
    ("an option that does not exist", "cos-concat status --hear"),
    ("a number out of range", "cos-concat up --port 99999"),
    ("no number", "cos-concat cost --seconds nan"),
    ("a file that is not there", "cos-concat explain --manifest nofile.json"),
    ("a folder for a file", "cos-concat explain --manifest docs"),
    ("an event that is no JSON", "cos-concat invoke upload LICENSE"),
    ("a configuration file that is not there", "cos-concat --env .env.prdo doctor"),
    ("a folder for it", "cos-concat --env docs doctor"),
    ("one that is UTF-16", "cos-concat --env UTF-16.env doctor"),
    ("a wrong value", "CONCAT_CLEANUP=shred cos-concat configuration"),
    ("a lease that the functions refuse", "CONCAT_LEASE_SECONDS=30 cos-concat configuration"),
    ("no keys", "cos-concat doctor"),
    ("the two keys exchanged", "TENCENT_SECRET_ID=x TENCENT_SECRET_KEY=AKIDx cos-concat doctor"),
    ("no network", "TENCENT_SECRET_ID=AKIDx TENCENT_SECRET_KEY=x cos-concat doctor"),
    ("digits of another script", "CONCAT_MAX_ATTEMPTS=３ cos-concat configuration"),
    ("a day that is none", "cos-concat status --day 2026-02-30"),
    ("one clip", "cos-concat demo one.mp4"),
    ("a clip that is not there", "cos-concat demo one.mp4 two.mp4"),
    ("an output folder that is a file", "cos-concat demo --out LICENSE"),
    ("a restore that would be undone at once", "cos-concat restore lecture"),
    ("a restore into the trash", "cos-concat restore lecture --to trash/"),
    ("a time that is none", "cos-concat restore --since yesterday"),
    ("an expression that could take forever", "cos-concat names --naming '(?P<group>(a+)+)(?P<index>[0-9]+)' x"),
)


def made() -> str:
    """The part of the page between its marks."""
    parts: list[str] = []
    with prepared() as environ:
        for question in QUESTIONS:
            parts += [f"## {question.asked}", "", "```console", f"$ {question.command}"]
            parts += [run(question.command, environ, question.code).rstrip(), "```", "", question.besides, ""]
    parts += ["## Mistakes, and what each gets", "", "| mistake | command | exit | told |", "|---|---|---:|---|"]
    with _alone():
        for what, command in MISTAKES:
            code, told = told_for(command)
            parts.append(f"| {what} | `{command.replace('|', chr(92) + '|')}` | {code} | {_cell(told)} |")
    return "\n".join(parts)


def run(command: str, environ: Mapping[str, str], code: int = 0) -> str:
    """What a command prints, with an example in place of what differs from run to run."""
    words = shlex.split(command)[1:]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        ended = main(words, environ)
    assert ended == code, f"{command}: {ended}\n{out.getvalue()}"
    return _steady(out.getvalue())


def told_for(command: str) -> tuple[int, str]:
    """Exit code and first line on standard error of a mistake."""
    words = shlex.split(command)
    own = dict(word.split("=", 1) for word in words[: words.index("cos-concat")])
    arguments = [_file(word) for word in words[words.index("cos-concat") + 1 :]]
    err = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
        code = main(arguments, None if "--env" in arguments else {**NO_ENV, **own})
    lines = err.getvalue().splitlines() or [""]
    return code, lines[0].replace(f"{ROOT}/", "").replace(str(_utf16()), "UTF-16.env")


@contextlib.contextmanager
def prepared(zips: Zips = ZIPS) -> Iterator[Mapping[str, str]]:
    """A bucket with one of everything: joined, kept, given up, arriving, new, inconsistent."""
    with Desk({"CONCAT_CLEANUP": "keep", "CONCAT_OUTPUT_KEY": "output/{group}.{ext}"}) as desk:
        desk.arrive(*_pieces("interview", 2))
        desk.call_back()
        with desk.instead(config=_trashing(desk)):
            desk.arrive(*_pieces("lecture", 3))
            desk.call_back()
            desk.switches.short_output = 1
            desk.arrive(*_pieces("concert", 2))
            desk.call_back()
            desk.arrive(_pieces("seminar", 4)[0])
            for key in _pieces("workshop", 3):
                desk.put(key)
            desk.put("fragments/readme.txt")
        owner = desk.cloud.account.root_key()
        made = ("CONCAT_CALLBACK_URL", "CONCAT_CALLBACK_SECRET")  # by the deployment: no .env says them
        environ = {
            **{name: value for name, value in desk.cloud.environment.items() if name not in made},
            "CONCAT_CLEANUP": "trash",
            "CONCAT_LEASE_SECONDS": "1200",
            "CONCAT_STALE_SECONDS": "3600",
            "TENCENT_SECRET_ID": owner.secret_id,
            "TENCENT_SECRET_KEY": owner.secret_key,
        }
        deploy(read_settings(environ), zips)
        yield environ


def _trashing(desk: Desk) -> Config:
    return replace(desk.services.config, cleanup="trash")


def _pieces(group: str, count: int) -> list[str]:
    return [f"fragments/{group}.part{number}-of-{count}.mp4" for number in range(1, count + 1)]


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Without a network, away from other people's variables."""
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    with mock.patch.dict("os.environ", {**proxies, "no_proxy": "", "NO_PROXY": ""}):
        yield


def _utf16() -> Path:
    import tempfile

    file = Path(tempfile.gettempdir()) / "cos-concat-UTF-16.env"
    file.write_text("CONCAT_CLEANUP=keep\n", "utf-16")
    return file


def _file(word: str) -> str:
    """A file that an example names, where it is."""
    if word == "UTF-16.env":
        return str(_utf16())
    return str(ROOT / word) if word in ("LICENSE", "docs") else word


_STEADY = (
    (r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-01-05T10:00:00Z"),
    (r"\(\d+ (s|min) ago\)", "(1 min ago)"),
    (r"\bj[0-9a-f]{32}\b", "j0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
    (r"\bp[0-9a-f]{32}\b", "p0123456789abcdef0123456789abcdef"),
    (r"\b[0-9a-f]{32}(-\d+)?\b", "5d41402abc4b2a76b9719d911017c592"),
    (r"1250000000-[a-z0-9]{10}\.", "1250000000-abcdefghij."),
    (r"within \d+ s", "within 60 s"),
    (r" +$", ""),
)


def _steady(text: str) -> str:
    for pattern, example in _STEADY:
        text = re.sub(pattern, example, text, flags=re.MULTILINE)
    return text


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def write() -> None:
    """Make them anew."""
    PAGE.write_text(between_marks(PAGE.read_text("utf-8"), made()), "utf-8")


if __name__ == "__main__":
    write()
