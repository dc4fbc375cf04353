"""What a person sees: titles, lines, ticks and a table; colours and a moving status line only on a terminal."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_SPINNER = "|/-\\"


class Screen:
    """Writes to `stream`. NO_COLOR (no-color.org) and TERM=dumb are honoured; without UTF-8 plain signs are used."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        terminal = stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
        self._moves = terminal
        self._colours = terminal and not os.environ.get("NO_COLOR")
        self._unicode = "utf" in (stream.encoding or "").lower()
        self._status_shown = False

    def styled(self, text: str, *styles: str) -> str:
        """The text in these styles, or as it is where there are no colours."""
        codes = ";".join(_STYLES[style] for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m" if self._colours and codes else text

    def sign(self, pretty: str, plain: str) -> str:
        """The first where the stream can show it, else the second."""
        return pretty if self._unicode else plain

    def title(self, text: str) -> None:
        """A heading after an empty line."""
        self.line()
        self.line(self.styled(text, "bold"))

    def line(self, text: str = "") -> None:
        """One line, at once; replaces the status line."""
        if self._status_shown:
            self._stream.write("\r\x1b[K")
            self._status_shown = False
        shown = text if self._unicode else text.encode("ascii", "replace").decode()
        self._stream.write(shown + "\n")
        self._stream.flush()

    def claim(self, what: str, detail: str, *, holds: bool, judged: bool = True) -> None:
        """A line that begins with a tick or a cross, or with a question mark where nobody can judge."""
        mark = self.styled(self.sign("✓", "ok"), "green") if holds else self.styled(self.sign("✗", "FAILED"), "red")
        if not judged:
            mark = self.styled("?", "yellow")
        self.line(f"  {mark} {what:<11} {detail}")

    def status(self, text: str) -> None:
        """What is going on right now: on a terminal a line that the next one replaces, else nothing."""
        if self._moves:
            turn = _SPINNER[int(time.monotonic() * 8) % len(_SPINNER)]
            width = shutil.get_terminal_size().columns - 4
            self._stream.write(f"\r\x1b[K  {self.styled(turn, 'cyan')} {text[:width]}")
            self._stream.flush()
            self._status_shown = True

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows under a header; the first column to the left, the others to the right."""
        widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
        for at, row in enumerate(rows):
            cells = [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
            text = "   ".join(cells).rstrip()
            self.line("  " + (self.styled(text, "dim") if at == 0 else text))
