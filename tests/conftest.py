"""What holds for every test."""

from __future__ import annotations

import gc

import pytest
from hypothesis import settings

from cosconcat import log

# A machine that is busy with something else must not fail a property: how long an example takes is no property here.
settings.register_profile("cos-concat", deadline=None)
settings.load_profile("cos-concat")


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def fresh_log() -> None:
    """The log as in a process that has just started: no test inherits the level of the one before."""
    log.configure("INFO", ())
