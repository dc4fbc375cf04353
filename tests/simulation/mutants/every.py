"""All mutants that `make mutants` plays, in the order in which a recording meets the guards.

Each module here is called like the package whose functions it patches; protocol/attempt.py has `attempts`, the rest of
protocol/ `contents`, and the models of the services `cloud`. Three go by what is at stake: `copies`, `naming` (names by
time and by number), `uploads` (whoever may only upload). Recordings that are cut at gaps have a list apart: `gap`.
"""

from __future__ import annotations

from tests.simulation.mutants import (
    attempts,
    cleanup,
    cloud,
    contents,
    copies,
    functions,
    groups,
    inputs,
    naming,
    output,
    records,
    submission,
    uploads,
    verification,
)

MUTANTS = (
    *naming.MUTANTS,
    *groups.MUTANTS,
    *inputs.MUTANTS,
    *output.MUTANTS,
    *contents.MUTANTS,
    *attempts.MUTANTS,
    *records.MUTANTS,
    *submission.MUTANTS,
    *copies.MUTANTS,
    *verification.MUTANTS,
    *cleanup.MUTANTS,
    *functions.MUTANTS,
    *uploads.MUTANTS,
    *cloud.MUTANTS,
)
