"""The variables that a command goes by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosconcat.errors import InvalidInput
from ops import ROOT, environment
from ops.mistakes import Mistake

if TYPE_CHECKING:
    from cosconcat.config import Config


def settings() -> Mapping[str, str]:
    """The variables of `.env` (or of the file after `--env`), overridden by those of the shell."""
    given = click.get_current_context().find_root().obj
    return read_settings(ROOT / ".env") if given is None else dict(given)


def config_of(environ: Mapping[str, str]) -> Config:
    """The configuration, accepted as the deployed functions accept it: with a lease that exceeds their time limits.

    Raises:
        ConfigurationError: with every mistake at once.
    """
    from cosconcat.config import check_lease
    from cosconcat.environment.reading import read_config
    from ops.deployment.blueprint import FUNCTIONS

    config = read_config(environ)
    check_lease(config, 1000 * max(function.seconds for function in FUNCTIONS))
    return config


def read_settings(file: Path) -> Mapping[str, str]:
    """The variables of a file in the form of `.env`, overridden by those of the shell.

    Raises:
        Mistake: when it is no text.
    """
    try:
        return environment(file)
    except InvalidInput as wrong:
        raise Mistake(str(wrong)) from wrong
