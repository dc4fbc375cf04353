"""docs/naming.md: the recorders' presets, from the table that the functions read."""

from __future__ import annotations

from cosconcat.naming.presets import PRESETS, Preset
from tools.pages import ROOT, between_marks, in_words

PAGE = ROOT / "docs" / "naming.md"


def recorders() -> str:
    """The part of docs/naming.md that is made here."""
    rows = [_row(name, preset) for name, preset in PRESETS.items() if preset.source]
    return "\n".join(
        [
            "| `CONCAT_NAMING` | whole when | names, as their source shows them | templates | source |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )


def _row(name: str, preset: Preset) -> str:
    shown = "<br>".join(_code(key) for example in preset.examples for key in example[:2])
    templates = "<br>".join(map(_code, preset.templates))
    alone = "; alone: " + "<br>".join(map(_code, preset.alone)) if preset.alone else ""
    first = f", first {preset.first}" if preset.first != "auto" else ""
    extensions = f", also {', '.join(preset.extensions)}" if preset.extensions else ""
    when = f"`{preset.completion}`{first}{extensions}"
    return f"| `{name}` | {when} | {shown} | {templates}{alone} | {in_words(preset.source)} |"


def _code(text: str) -> str:
    return f"`{text}`"


def with_recorders(page: str) -> str:
    """The page with the part between its marks made anew."""
    return between_marks(page, recorders())


def write() -> None:
    """Make it anew."""
    PAGE.write_text(with_recorders(PAGE.read_text("utf-8")), "utf-8")
