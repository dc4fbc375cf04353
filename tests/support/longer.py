"""Which of many cases every run of the tests plays; `make test-long`, which CI calls, plays the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(step: int, cases: Iterable[Any]) -> list[Any]:
    """The first of each `step` cases in every run, the others in the longer one."""
    return [pytest.param(case, marks=[pytest.mark.slow] if at % step else []) for at, case in enumerate(cases)]
