"""`python -m tools.prose`: what is hard to read in the pages, English and Chinese. Part of `make lint`.

proselint looks for general faults of English: clichés, malapropisms, doubled words, words that say nothing. What a
package cannot know is in tools/words.yml: which word this project uses for a thing, which words a reader abroad has to
look up, how long a sentence may be. Code, links' addresses and drawings are no prose and are left out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tools.pages import ROOT

WORDS = Path(__file__).with_name("words.yml")
CODE = r"CODE\d+"  # what a piece of code is read as
BREAK = "¶"  # between two blocks, so that no check takes them for one text


class Rules(NamedTuple):
    """What tools/words.yml says of one language."""

    pages: tuple[str, ...]  # patterns of paths from the root
    left_out: frozenset[str]  # paths from the root
    instead: dict[str, str]  # regular expression -> what to write
    longest: int  # words in a sentence, or characters of Chinese
    off: tuple[str, ...]  # beginnings of names of proselint's checks that do not suit technical pages
    chinese: bool  # without blanks between words, and nothing for proselint


class Block(NamedTuple):
    """A paragraph, a heading, an item or a cell: its prose, line by line, and the number of its first line."""

    line: int
    text: str


class Remark(NamedTuple):
    """Something to mend."""

    line: int
    text: str


def read_rules(language: str, file: Path = WORDS) -> Rules:
    """The word list of a language.

    Raises:
        KeyError: the language, or a part of its list, is missing.
    """
    said = yaml.safe_load(file.read_text("utf-8"))[language]
    return Rules(
        pages=tuple(said["pages"]),
        left_out=frozenset(said.get("left out", ())),
        instead=dict(said["instead"]),
        longest=int(said["longest sentence"]),
        off=tuple(said.get("proselint off", ())),
        chinese=language == "chinese",
    )


def pages(rules: Rules, root: Path = ROOT) -> list[Path]:
    """The pages that are looked at."""
    found = {page for pattern in rules.pages for page in root.glob(pattern)}
    return sorted(page for page in found if page.relative_to(root).as_posix() not in rules.left_out)


def blocks(page: str) -> Iterator[Block]:
    """The prose of a page in Markdown."""
    numbers = count(1)
    for token in MarkdownIt("commonmark").enable("table").parse(page):
        if token.type == "inline" and token.children and token.map:
            yield Block(token.map[0] + 1, "".join(_words(child, numbers) for child in token.children))


def _words(token: Token, numbers: Iterator[int]) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    if token.type == "code_inline":
        return f"CODE{next(numbers)}"  # one word in its sentence, and never the same one twice
    return token.content if token.type == "text" else ""


def sentences(block: Block) -> Iterator[Remark]:
    """Each sentence of a block, with the line on which it begins."""
    start = 0
    for end in re.finditer(r"[.!?]\)?(?=\s+[A-Z“\"(])|[。！？]|\Z", block.text):
        text = block.text[start : end.end()]
        before = block.text[:start] + text[: len(text) - len(text.lstrip())]
        if text.strip():
            yield Remark(block.line + before.count("\n"), " ".join(text.split()))
        start = end.end()


def own(page: str, rules: Rules) -> Iterator[Remark]:
    """What the word list has to say about a page."""
    for block in blocks(page):
        for pattern, better in rules.instead.items():
            for found in re.finditer(_anywhere(pattern, rules), block.text, re.IGNORECASE):
                line = block.line + block.text.count("\n", 0, found.start())
                yield Remark(line, f"'{' '.join(found[0].split())}': {better}")
        for line, text in sentences(block):
            length = _length(text, rules)
            if length > rules.longest:
                unit = "characters" if rules.chinese else "words"
                yield Remark(line, f"{length} {unit} in one sentence, at most {rules.longest}: {text[:60]}…")


def _anywhere(pattern: str, rules: Rules) -> str:
    if rules.chinese:
        return pattern
    across = re.sub(r" (?![?\]])", r"\\s+", pattern)  # lines end between any two words
    return rf"\b(?:{across})\b"


def _length(sentence: str, rules: Rules) -> int:
    if rules.chinese:
        return len(re.findall(r"[\u4e00-\u9fff]", sentence))
    return len(re.findall(r"[\w'’.-]*\w", re.sub(rf"{CODE}(?:, {CODE})+", "list", sentence)))


def general(page: str, rules: Rules) -> Iterator[Remark]:
    """What proselint has to say about a page's prose."""
    from proselint.checks import __register__
    from proselint.config import DEFAULT
    from proselint.registry import CheckRegistry
    from proselint.tools import LintFile

    registry = CheckRegistry()
    if not registry.checks:
        registry.register_many(__register__)
    lines, numbers = [], []
    for block in blocks(page):
        for offset, text in enumerate([*block.text.split("\n"), BREAK]):
            lines.append(text)
            numbers.append(block.line + offset)
    if not lines:
        return
    file = LintFile("page", "\n".join(lines))
    for result in file.lint(DEFAULT):
        found = result.check_result
        if not found.check_path.startswith(rules.off):
            # the linter put an empty line before the text, and a finding may begin with the blank before it
            before = file.content.count("\n", 0, found.span[0] + 1) - 1
            yield Remark(numbers[min(before, len(numbers) - 1)], f"{found.message} ({found.check_path})")


def remarks(page: str, rules: Rules) -> list[Remark]:
    """Everything to mend on a page, by line."""
    return sorted({*own(page, rules), *(() if rules.chinese else general(page, rules))})


def main() -> int:
    """Print what is to be mended; 1 when there is anything."""
    count = 0
    for language in ("english", "chinese"):
        rules = read_rules(language)
        for page in pages(rules):
            for line, text in remarks(page.read_text("utf-8"), rules):
                print(f"{page.relative_to(ROOT)}:{line}: {text}")
                count += 1
    print(f"prose: {count or 'nothing'} to mend")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
