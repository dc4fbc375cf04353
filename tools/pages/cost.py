"""docs/cost.md: examples and prices, computed by the code that prints a bill."""

from __future__ import annotations

from cosconcat.environment.reading import read_config
from ops.cost import EXAMPLE, PRICES, Shape, bill, lines, standing
from tools.pages import ROOT, between_marks

PAGE = ROOT / "docs" / "cost.md"
SHAPES = (Shape(12, 300), Shape(2, 60, height=720), Shape(60, 60))


def examples() -> str:
    """The part of docs/cost.md that is made here."""
    config = read_config(EXAMPLE)
    parts: list[str] = []
    for shape in SHAPES:
        title = f"1,000 groups of {shape.fragments} fragments of {shape.seconds:g} s, {shape.height}p"
        parts += [f"### {title}", "", bill(lines(config, shape)), ""]
    parts += ["### A month of sweeps, without any group", "", bill(standing()), "", "## Prices", ""]
    parts += ["| USD | for | source | date |", "|---:|---|---|---|"]
    parts += [f"| {p.usd:.7f} | {p.per:,} {p.unit} | {p.source} | {p.read} |" for p in PRICES]
    return "\n".join(parts)


def with_examples(page: str) -> str:
    """The page with the part between its marks made anew."""
    return between_marks(page, examples())


def write() -> None:
    """Make it anew."""
    PAGE.write_text(with_examples(PAGE.read_text("utf-8")), "utf-8")
