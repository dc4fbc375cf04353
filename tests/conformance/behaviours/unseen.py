"""What cannot be brought about from outside, so that no check can tell."""

from __future__ import annotations

from tests.conformance.behaviours.behaviour import COS, NOWHERE, Chapter

CHAPTER = Chapter()
unchecked = CHAPTER.unchecked

unchecked(
    "list-lags",
    "LIST may hide keys, show deleted ones and old ETags for a while",
    "documented",
    f"{COS}7734",
    "a listing is never believed alone",
)
unchecked(
    "job-listing-lags",
    "GET /jobs may hide a new job for less than CONCAT_LEASE_SECONDS",
    "assumed",
    NOWHERE,
    "G2 after a crash; a longer lag is not promised against",
)
unchecked(
    "events-0-to-n",
    "COS events come 0 to n times, late, merged, in any order",
    "documented",
    "https://cloud.tencent.com/document/product/583/9707",
    "the sweep",
)
unchecked(
    "async-retries",
    "a failed asynchronous invocation is repeated twice, a minute apart",
    "documented",
    "https://cloud.tencent.com/document/product/583/41138",
    "G3 before the sweep",
)
unchecked(
    "time-limit",
    "an instance is killed at its time limit and sends nothing after it",
    "documented",
    "https://cloud.tencent.com/document/product/583/11637",
    "leases",
)
unchecked(
    "callbacks-0-to-n",
    "CI calls back 0 to n times and signs nothing",
    "assumed",
    "the pages name no signature and no retry",
    "G4",
)
unchecked(
    "requests-end",
    "a request that was given up takes effect within a minute or never",
    "assumed",
    NOWHERE,
    "leases: they are longer than the time limit by more than that",
)
unchecked(
    "refused-post-made-nothing",
    "a POST refused with an error code created no job",
    "assumed",
    NOWHERE,
    "retry after blocked",
)
unchecked(
    "jobs-read-while-running",
    "a job reads each fragment at some time between its start and its end",
    "assumed",
    NOWHERE,
    "superseded and kept",
)
unchecked(
    "jobs-are-kept",
    "CI knows an ended job for weeks",
    "assumed",
    "its console shows a month",
    "a job that is gone from CI counts as failed",
)
