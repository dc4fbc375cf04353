"""What those who work on the project run says what it was asked wrongly, and does not pass for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ops import ROOT


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (["tests.simulation", "--runs", "0"], {}, "RUNS=0: 1 or more is allowed"),
        (["tests.simulation", "--first", "-3"], {}, "FIRST=-3: 1 or more is allowed"),
        (["tests.simulation.mutants", "nonsense"], {}, "no mutant is called nonsense"),
        (
            ["pytest", "-q", "tests/conformance"],
            {"CONFORMANCE_TARGET": "nonsense"},
            "TARGET=nonsense: allowed is account",
        ),
    ],
)
def test_a_mistake_is_an_error(arguments: list[str], environment: dict[str, str], told: str) -> None:
    """Exit code 2, one sentence, and nothing is run."""
    environ = {**os.environ, "PYTHONPATH": "handler:.", **environment}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
