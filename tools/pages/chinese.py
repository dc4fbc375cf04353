"""docs/zh-CN and *.zh-CN.md: code blocks are taken from the English pages, one by one; the words are people's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tools.pages import ROOT

ENGLISH, CHINESE = ROOT / "docs", ROOT / "docs" / "zh-CN"
_BLOCK = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def pages() -> Iterator[tuple[Path, Path]]:
    """Each Chinese page and its English one."""
    for page in sorted(ROOT.glob("*.zh-CN.md")):
        yield page, ROOT / page.name.replace(".zh-CN", "")
    for page in sorted(CHINESE.glob("*.md")):
        yield page, ENGLISH / page.name


def blocks(text: str) -> list[str]:
    """The fenced code blocks of a page, in their order. A drawing is words, and is left out."""
    return [block for block in _BLOCK.findall(text) if not block.startswith("```mermaid")]


def with_blocks(chinese: str, english: str) -> str:
    """The Chinese page with the English one's code blocks.

    Raises:
        ValueError: the pages have different numbers of them.
    """
    ours, theirs = blocks(chinese), blocks(english)
    if len(ours) != len(theirs):
        raise ValueError(f"the Chinese page has {len(ours)} code blocks, the English one {len(theirs)}")
    taken = iter(theirs)
    return _BLOCK.sub(lambda found: found[0] if found[0].startswith("```mermaid") else next(taken), chinese)


if __name__ == "__main__":
    for page, english in pages():
        page.write_text(with_blocks(page.read_text("utf-8"), english.read_text("utf-8")), "utf-8")
