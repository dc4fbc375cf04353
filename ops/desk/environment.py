"""The variables that a command goes by."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosconcat.errors import InvalidInput
from ops import ROOT
from ops.desk.dotenv import read_dotenv
from ops.desk.mistakes import Mistake

if TYPE_CHECKING:
    from cosconcat.config import Config


def environment() -> Mapping[str, str]:
    """The variables of the file after `--env`; else of `.env.<STAGE>`, where the shell names a stage that has one; else
    of `.env`. Those of the shell override them.
    """
    given = click.get_current_context().find_root().obj
    if given is not None:
        return dict(given)
    stage = os.environ.get("STAGE", "")
    own = ROOT / f".env.{stage}"
    return read_environment(own if stage and own.is_file() else ROOT / ".env")


def command_line(verb: str) -> str:
    """A command to type next, for the same deployment: with the `--env` that this one was given."""
    context = click.get_current_context(silent=True)
    env = context.find_root().params.get("env") if context else None
    return " ".join(["cos-concat", *(["--env", shlex.quote(str(env))] if env else []), verb])


def config_of(environ: Mapping[str, str]) -> Config:
    """The configuration, accepted as the deployed functions accept it: with a lease that exceeds their time limits.

    Raises:
        ConfigurationError: with every mistake at once.
    """
    from cosconcat.config import check_lease
    from cosconcat.environment.reading import read_config
    from deployed.blueprint import FUNCTIONS

    config = read_config(environ)
    check_lease(config, 1000 * max(function.seconds for function in FUNCTIONS))
    return config


def read_environment(file: Path) -> Mapping[str, str]:
    """The variables of a file in the form of `.env`, overridden by those of the shell.

    What in the file is probably not meant is told on stderr.

    Raises:
        Mistake: when it is no text, or too long.
        OSError: when it cannot be read.
    """
    try:
        read = read_dotenv(file)
    except InvalidInput as wrong:
        raise Mistake(str(wrong)) from wrong
    for warning in read.warnings:
        print(warning, file=sys.stderr)
    return {**read.values, **os.environ}
