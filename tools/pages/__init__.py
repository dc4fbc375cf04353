"""Pages of docs/ that hold what the code knows: `make pages` writes them, and a test fails when one is out of date."""

from __future__ import annotations

from pathlib import Path

import local  # noqa: F401  puts the functions' code root on the path

ROOT = Path(__file__).parents[2]
MARKS = ("<!-- made by `make pages` -->", "<!-- end -->")


def between_marks(page: str, *made: str, marks: tuple[str, str] = MARKS) -> str:
    """The page with what lies between its marks replaced, one pair of marks after the other."""
    written = ""
    for text in made:
        before, _, rest = page.partition(marks[0])
        _, _, page = rest.partition(marks[1])
        written += f"{before}{marks[0]}\n\n{text}\n\n{marks[1]}"
    return written + page


def in_words(text: str) -> str:
    """Text for a page, outside of code: `<name>` would be taken for HTML there, and not shown."""
    return text.replace("<", "&lt;").replace(">", "&gt;")
