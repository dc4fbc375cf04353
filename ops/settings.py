"""The variables that a command goes by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from cosconcat.errors import InvalidInput
from ops import ROOT, environment
from ops.mistakes import Mistake


def settings() -> Mapping[str, str]:
    """The variables of `.env` (or of the file after `--env`), overridden by those of the shell."""
    given = click.get_current_context().find_root().obj
    return read_settings(ROOT / ".env") if given is None else dict(given)


def read_settings(file: Path) -> Mapping[str, str]:
    """The variables of a file in the form of `.env`, overridden by those of the shell.

    Raises:
        Mistake: when it is no text.
    """
    try:
        return environment(file)
    except InvalidInput as wrong:
        raise Mistake(str(wrong)) from wrong
