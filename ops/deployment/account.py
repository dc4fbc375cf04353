"""The account that a deployment lies in: the settings in force, checked, and the door to it."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click

from ops import ROOT
from ops.deployment.door import Door
from ops.deployment.settings import Settings, check_scheme, read_settings
from ops.desk.environment import read_environment


def open_account() -> tuple[Settings, Door]:
    """The settings in force, checked, and the door to their account.

    Raises:
        ConfigurationError: with every mistake at once.
    """
    settings = read_settings(_variables(), os.environ)
    check_scheme(settings, os.environ)
    return settings, Door(settings)


def _variables() -> Mapping[str, str]:
    """Of the file after --env, else of `.env.<STAGE>` where the shell names a stage that has one, else of `.env`."""
    given = click.get_current_context().find_root().obj
    if given is not None:
        return dict(given)
    own = ROOT / f".env.{os.environ.get('STAGE', '')}"
    return read_environment(own if os.environ.get("STAGE") and own.is_file() else ROOT / ".env")
