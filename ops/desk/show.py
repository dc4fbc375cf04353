"""What a command prints: JSON for programs, lines and tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

import click

from cosconcat.log import escaped, printable

_documents: list[None] = []  # one entry for each JSON value that this command printed
_AS_WIDE_AS_NEEDED = 1000  # columns, where no person looks: a key is never broken


def counted(number: int, thing: str) -> str:
    """`1 group`, `2,000 groups`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def show_json(value: object) -> None:
    """One JSON value on standard output."""
    _documents.append(None)
    click.echo(escaped(json.dumps(value, indent=2, ensure_ascii=False, default=str)))


def begin() -> None:
    """Nothing was printed yet: at the beginning of a command."""
    _documents.clear()


def show_failure(sentences: Sequence[str], code: int) -> None:
    """What went wrong, for a program that asked for JSON; nothing where a command failed after it had printed some."""
    if not _documents:
        show_json({"error": list(sentences), "exit_code": code})


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under a header, without columns in which nothing stands; on a terminal long cells are folded, elsewhere each
    row is one line.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    texts = [[printable(str(cell)) for cell in row] for row in rows]
    used = [at for at in range(len(columns)) if any(row[at] for row in texts)]
    for at in used:
        made.add_column(columns[at], overflow="fold")
    for row in texts:
        made.add_row(*(row[at] for at in used))
    width = None if sys.stdout.isatty() else _AS_WIDE_AS_NEEDED
    Console(markup=False, highlight=False, emoji=False, width=width).print(made)
