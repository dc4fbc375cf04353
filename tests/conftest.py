"""What holds for every test."""

from __future__ import annotations

import pytest
from hypothesis import settings

from cosconcat import log

# A machine that is busy with something else must not fail a property: how long an example takes is no property here.
settings.register_profile("cos-concat", deadline=None)
settings.load_profile("cos-concat")


@pytest.fixture(autouse=True)
def fresh_log() -> None:
    """The log as in a process that has just started: no test inherits the level of the one before."""
    log.configure("INFO", ())
