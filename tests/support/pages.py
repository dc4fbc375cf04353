"""What the pages for users tell their readers to type."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tools.pages import ROOT

PAGES = (
    *(ROOT / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "zh-CN").glob("*.md")),
)
_PROGRAMS = (
    r"make|cos-concat|\.venv/bin/\S+|\.ci/run|cp|git|export|eval|printf|python3?|pip|openssl|curl|scf|tccli|coscmd"
)
_COMMAND = re.compile(rf"((?:[A-Z_]+=\S+ )*(?:{_PROGRAMS})(?: .+)?)")


class Typed(NamedTuple):
    """A command, and what the page says that it prints, where it says so."""

    page: str
    command: str
    prints: str | None = None


def typed() -> Iterator[Typed]:
    """Every command of every page: lines of blocks, and what stands in a sentence or a cell with its arguments."""
    for page in PAGES:
        name = page.relative_to(ROOT).as_posix()
        for token in MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8")):
            if token.type in ("fence", "code_block"):
                yield from (one._replace(page=name) for one in _in_block(token))
            for child in token.children or ():
                if child.type == "code_inline" and " " in child.content and _COMMAND.fullmatch(child.content):
                    yield Typed(name, child.content)


def _in_block(token: Token) -> Iterator[Typed]:
    lines = token.content.splitlines()
    if lines and lines[0].startswith("$ "):
        yield Typed("", lines[0][2:], "\n".join(lines[1:]).rstrip())
        assert not any(line.startswith("$ ") for line in lines[1:]), "one command a transcript"
        return
    for line in lines:
        command = re.sub(r"\s+# .*", "", line).strip()
        if token.info == "sh" or _COMMAND.fullmatch(command):
            yield Typed("", command)


def arguments(command: str) -> tuple[str, list[str]]:
    """The file after ENV= (or `.env`) and the arguments of cos-concat that a command of a page comes to."""
    words = shlex.split(command)
    if words[0] == "make":
        planned = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=True)
        lines = [line for line in planned.stdout.splitlines() if "bin/cos-concat" in line]  # make speaks of itself, too
        words = shlex.split(lines[-1])
    at = next(number for number, word in enumerate(words) if word.endswith("cos-concat"))
    rest = words[at + 1 :]
    return (rest[1], rest[2:]) if rest[0] == "--env" else (".env", rest)
