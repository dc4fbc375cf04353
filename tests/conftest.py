"""What holds for every test."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

from cosconcat import log

# A machine that is busy with something else must not fail a property: how long an example takes is no property here.
settings.register_profile("cos-concat", deadline=None)
settings.load_profile("cos-concat")

# The variables of a `make test ARGS=...` above the tests are not those of whoever types the `make` that a test tries.
for _name in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "ARGS"):
    os.environ.pop(_name, None)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def fresh_log() -> None:
    """The log as in a process that has just started: no test inherits the level of the one before."""
    log.configure("INFO", ())
