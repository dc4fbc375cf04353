"""What a bench finds: rows with goals, tables, remarks and plots; and how two things are timed side by side."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
COLOURS = ("#1f5fa8", "#c8641e", "#4f8f4a", "#8a4fa0")  # ours first


@dataclass(frozen=True)
class Row:
    """One line of the table; `met` is None where there is no goal."""

    what: str
    ours: str
    baseline: str = ""
    ratio: str = ""
    goal: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Table:
    """Figures behind the rows: what was counted by kind, or where the time goes; `lines` begin with their name."""

    title: str
    columns: tuple[str, ...]
    lines: list[tuple[str, ...]]


@dataclass
class Findings:
    """All that one bench found."""

    title: str
    rows: list[Row] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    plots: list[str] = field(default_factory=list)

    def row(
        self, what: str, ours: str, baseline: str = "", ratio: float | None = None, most: float | None = None
    ) -> None:
        """A line; with `most` its ratio has a goal."""
        shown = "" if ratio is None else f"{ratio:.2f}"
        goal = "" if most is None else f"≤ {most:g}"
        met = None if most is None or ratio is None else ratio <= most
        self.rows.append(Row(what, ours, baseline, shown, goal, met))

    def table(self, title: str, columns: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
        """A table without goals; the first column names the line."""
        self.tables.append(Table(title, tuple(columns), [tuple(line) for line in lines]))

    def plot(self, name: str, figure: Any) -> None:
        """Keep a figure beside the results."""
        figure.savefig(FOLDER / "plots" / f"{name}.png", dpi=110, bbox_inches="tight", metadata={"Software": None})
        self.plots.append(name)


def paired(actions: Sequence[Callable[[], float]], rounds: int) -> list[list[float]]:
    """Each action's measurements, taken in turn, so that a busy machine slows all of them alike."""
    taken: list[list[float]] = [[] for _ in actions]
    for number in range(rounds):
        order = list(range(len(actions)))
        if number % 2:
            order.reverse()
        for at in order:
            gc.collect()
            taken[at].append(actions[at]())
    return taken


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median over the rounds of ours ÷ theirs."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def spread(values: Sequence[float], unit: str, digits: int = 0) -> str:
    """Median, and from the smallest to the largest."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} {unit} ({low:.{digits}f}–{high:.{digits}f})"


def milliseconds(seconds: Sequence[float], digits: int = 0) -> str:
    """Their spread, in ms."""
    return spread([1000 * value for value in seconds], "ms", digits)


def axes(width: float = 7.0, height: float = 4.0) -> tuple[Any, Any]:
    """A plain figure and its axes."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, plane = plt.subplots(figsize=(width, height))
    plane.spines[["top", "right"]].set_visible(False)
    plane.grid(visible=True, axis="y", alpha=0.3)
    plane.set_axisbelow(True)
    return figure, plane
