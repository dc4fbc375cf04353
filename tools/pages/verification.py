"""docs/verification.md: the table of rules as the code has it, and what no figure shows as the media table found it."""

from __future__ import annotations

import re

from cosconcat.verification.rules.table import RULES
from tools.pages import ROOT, between_marks

PAGE = ROOT / "docs" / "verification.md"
MEDIA_TABLE = ROOT / "docs" / "internals" / "media-table.md"
NOT_SHOWN = ("<!-- from the media table -->", "<!-- /from the media table -->")
_FORMAT = re.compile(r"(mp4|ts|flv|hls): ")


def table() -> str:
    """Each rule with what it asks and what happens else, in the order in which they are looked at."""
    rows = [f"| `{rule.name}` | {rule.holds} | {'kept' if rule.doubt else 'gave-up'} |" for rule in RULES]
    return "\n".join(["| rule | what must hold | else |", "|---|---|---|", *rows])


def not_shown(media_table: str) -> str:
    """Of the media table the rows whose inputs were removed, whose output lacks content, and of which no node says so:
    what happened, in how many groups, and what is missing in the first of them.
    """
    section = media_table.partition("## Removed and incomplete")[2].partition("\n## ")[0]
    found: dict[str, list[tuple[str, str]]] = {}
    for line in section.splitlines()[4:]:
        case, way, missing = (cell.strip() for cell in line.strip("|").split("|"))
        damage = _FORMAT.sub("", way) if _FORMAT.match(way) else f"a service that believes an exit code: {case}"
        found.setdefault(damage, []).append((case, missing))
    lines = [f"{what:<68}{len(groups):>3}   {missing}" for what, groups in found.items() for _, missing in groups[:1]]
    return "\n".join(["```text", f"{'what happened to the output':<66}groups  what the first one lacks", *lines, "```"])


def with_tables(page: str) -> str:
    """The page with the parts between its marks made anew."""
    shown = between_marks(page, not_shown(MEDIA_TABLE.read_text("utf-8")), marks=NOT_SHOWN)
    return between_marks(shown, table())


def write() -> None:
    """Make it anew."""
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
