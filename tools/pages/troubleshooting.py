"""docs/troubleshooting.md: the words of the report, as the code has them."""

from __future__ import annotations

from cosconcat.functions.sweep.report import KINDS
from tools.pages import ROOT, between_marks

PAGE = ROOT / "docs" / "troubleshooting.md"


def words() -> str:
    """Each word with what it means and what to do about it, in the order in which the report is shown."""
    rows = [f"| `{word}` | {kind.means} | {kind.to_do} |" for word, kind in KINDS.items()]
    return "\n".join(["| word | means | what to do |", "|---|---|---|", *rows])


def with_words(page: str) -> str:
    """The page with the part between its marks made anew."""
    return between_marks(page, words())


def write() -> None:
    """Make it anew."""
    PAGE.write_text(with_words(PAGE.read_text("utf-8")), "utf-8")
