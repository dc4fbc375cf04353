"""The account that a deployment lies in: the settings in force, checked, and the door to it."""

from __future__ import annotations

import os

from ops.deployment.door import Door
from ops.deployment.settings import Settings, check_scheme, read_settings
from ops.desk.environment import environment


def open_account() -> tuple[Settings, Door]:
    """The settings in force, checked, and the door to their account.

    Raises:
        ConfigurationError: with every mistake at once.
    """
    settings = read_settings(environment(), os.environ)
    check_scheme(settings, os.environ)
    return settings, Door(settings)
