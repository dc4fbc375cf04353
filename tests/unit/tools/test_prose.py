"""What `make lint` says about the pages' English: our own list, the length of sentences, and a package's checks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import prose
from tools.pages import ROOT

ENGLISH, CHINESE = prose.read_rules("english"), prose.read_rules("chinese")
MANY = {count: "W" + " ".join(f"word{number}" for number in range(count)) for count in (40, 41)}


def told(page: str, rules: prose.Rules = ENGLISH) -> list[tuple[int, str]]:
    """Lines and words of what is to be mended."""
    return [(remark.line, remark.text) for remark in prose.remarks(page, rules)]


@pytest.mark.parametrize(
    ("page", "line", "words"),
    [
        ("A job is taken\nup here.\n", 1, "'taken up'"),
        ("# Heading\n\nPlain.\nIt waits for ever.\n", 4, "'for ever'"),
        ("| a | b |\n|---|---|\n| x | utilised |\n", 3, "'utilised'"),
        ("- one\n- CODE, at odds with it\n", 2, "'at odds'"),
        ("It used to be\nanother way.\n", 1, "'used to be'"),
        (f"Short. {MANY[41]}.\n", 1, "41 words in one sentence"),
        ("It is is here.\n", 1, "lexical_illusions"),
        ("Text.\n\nAt the end of the day it runs.\n", 3, "cliches"),
    ],
)
def test_what_is_to_be_mended_is_told_with_its_line(page: str, line: int, words: str) -> None:
    """In paragraphs, headings, items and cells."""
    assert [(at, words in text) for at, text in told(page)][:1] == [(line, True)]


@pytest.mark.parametrize(
    "page",
    [
        "`for ever` is code.\n",
        "```\nfor ever\n```\n",
        "    for ever\n",
        "<!-- for ever -->\n",
        "[a page](for-ever.md) says more.\n",
        f"{MANY[40]}.\n",
        f"It has {', '.join(f'`c{number}`' for number in range(60))} in it.\n",
        "One.\n\n`a` `a` is code twice, and a cell\n\n| yes |\n|---|\n| yes |\n| yes |\n",
    ],
)
def test_code_and_links_and_lists_of_code_are_no_prose(page: str) -> None:
    """Only what a person reads as a sentence counts."""
    assert told(page) == []


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("放进桶里。\n", ["'桶': 存储桶"]),
        ("数据万象的作业。\n", ["'作业': 任务"]),
        ("放进存储桶，由数据万象拼接。\n", []),
        (f"{'字' * 91}。\n", ["91 characters in one sentence"]),
        (f"{'字' * 90}。{'字' * 90}，`{'字' * 50}`。\n", []),
    ],
)
def test_chinese_has_words_and_a_length_of_its_own(page: str, words: list[str]) -> None:
    """Nothing of proselint's, which knows English."""
    found = told(page, CHINESE)
    assert len(found) == len(words)
    assert all(word in text for word, (_, text) in zip(words, found, strict=True))


@pytest.mark.parametrize("rules", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_every_word_of_the_list_can_be_found(rules: prose.Rules) -> None:
    """Each pattern compiles, is looked for, and does not forbid what it asks for."""
    for pattern, better in rules.instead.items():
        assert better
        assert not re.search(pattern, better, re.IGNORECASE) or not rules.chinese, pattern
        assert not re.fullmatch(pattern, better, re.IGNORECASE), pattern


def test_every_page_that_is_left_out_is_there() -> None:
    """And the pages for users are looked at, in both languages."""
    found = {page.relative_to(ROOT).as_posix() for rules in (ENGLISH, CHINESE) for page in prose.pages(rules)}
    assert {"README.md", "docs/naming.md", "docs/internals/architecture.md", "docs/zh-CN/naming.md"} <= found
    assert [name for name in ENGLISH.left_out if not (ROOT / name).is_file()] == []


def test_the_command_says_file_and_line_and_fails(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As compilers do; and it fails only when there is something."""
    monkeypatch.setattr(prose, "ROOT", tmp_path)
    monkeypatch.setattr(prose, "pages", lambda rules: [] if rules.chinese else [tmp_path / "page.md"])
    (tmp_path / "page.md").write_text("Fine.\n\nIt waits for ever.\n", "utf-8")
    assert prose.main() == 1
    assert "page.md:3: 'for ever': forever" in capsys.readouterr().out
    (tmp_path / "page.md").write_text("Fine.\n", "utf-8")
    assert prose.main() == 0
