"""docs/verification.md: the table of rules, as the code has it."""

from __future__ import annotations

from cosconcat.verification.rules import RULES
from tools.pages import ROOT, between_marks

PAGE = ROOT / "docs" / "verification.md"


def table() -> str:
    """Each rule with what it asks and what happens else, in the order in which they are looked at."""
    rows = [f"| `{rule.name}` | {rule.holds} | {'kept' if rule.doubt else 'gave-up'} |" for rule in RULES]
    return "\n".join(["| rule | what must hold | else |", "|---|---|---|", *rows])


def with_table(page: str) -> str:
    """The page with the part between its marks made anew."""
    return between_marks(page, table())


def write() -> None:
    """Make it anew."""
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
