"""All mutants that `make mutants` plays, in the order in which a recording meets the guards.

Each module here is called like the package whose functions it patches; protocol/attempt.py has `attempts`, the rest of
protocol/ `contents`, and the models of the services `cloud`. Four go by what is at stake: `copies`, `naming` (names by
time and by number), `uploads` (whoever may only upload), `bounded` (what lasts: groups at which runs hang or die, POSTs
that lead to no job, a service that wants to be left alone). Recordings that are cut at gaps have a list apart: `gap`.
"""

from __future__ import annotations

from tests.simulation.mutants import (
    attempts,
    bounded,
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
    *bounded.MUTANTS,
    *cloud.MUTANTS,
)
