"""The guards of the POST and of the search for its job, each as the mutant that is without it."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant, faulty

MUTANTS = (
    Mutant(
        "post-repeated", "G2", "cosconcat.submission.submit:submit",
        "        job = _post(services, claim, request)\n",
        "        try:\n            job = _post(services, claim, request)\n"
        "        except OutcomeUnknown:\n            job = _post(services, claim, request)\n",
        "a POST whose answer was lost is sent again, as the SDK would",
    ),
    Mutant(
        "lost-answer-is-a-refusal", "G2", "cosconcat.submission.submit:submit",
        "        found = find_job(services, claim)\n        if found is None:\n",
        "        found = None\n        end_without_job(services, claim, End(\"retry\", \"Lost\", str(lost)))\n"
        "        if found is None:\n",
        "an unknown outcome is taken for no job",
    ),
    Mutant(
        "no-adoption-after-the-lease", "G2", "cosconcat.submission.lookup:_among",
        "if is_adoptable(job, claim)", "if False",
        "after a crash the job that runs is not looked for",
    ),
    Mutant(
        "lease-ignored", "G2", "cosconcat.submission.submit:first_claim",
        "lease_seconds=services.config.lease_seconds", "lease_seconds=0",
        "a claim is taken for lost while its winner still posts",
    ),
    Mutant(
        "first-page-only", "G2", "cosconcat.submission.lookup:listed_jobs", "if not token:", "if True:",
        "a job beyond the first page of the listing is not found",
    ),
    Mutant(
        "no-slack-between-clocks", "G2", "cosconcat.submission.lookup:_within",
        "lease.claimed - LISTING_SLACK_SECONDS", "lease.claimed",
        "with CI's clock behind COS's the job is listed as older than its claim",
        faulty("clock-skew"),
    ),
    Mutant(
        "window-ends-with-the-claim", "G2", "cosconcat.submission.lookup:_within",
        "lease.over + LISTING_SLACK_SECONDS", "lease.claimed + 1",
        "a job that was posted late within its lease is not looked for in the listing",
        faulty("post-lost"),
    ),
    Mutant(
        "anothers-job-recorded", "G2", "cosconcat.submission.submit:_post", "if wrong:", "if False:",
        "a POST that was answered with somebody else's job is taken for one without an output: a second one is billed",
        forced={"answered-with-anothers": 1.0, "job-slow": 0.5},
    ),
    Mutant(
        "attempt-not-increased", "G3", "cosconcat.submission.submit:next_claim", "n=claim.n + 1", "n=claim.n",
        "a retry finds its own record in the way, for ever",
    ),
    Mutant(
        "any-job-is-ours", "G2", "cosconcat.submission.lookup:is_job_of",
        "return (\n        job.tag == \"Concat\"\n        and token is not None\n",
        "return bool(token) or (\n        job.tag == \"Concat\"\n        and token is not None\n",
        "another group's job is adopted: nonce and key are not compared",
    ),
    Mutant(
        "output-key-not-looked-at-again", "G1", "cosconcat.submission.submit:_look_first",
        "    if head is not None:\n", "    if False:\n",
        "an object put there between two attempts is overwritten",
        faulty("edit"),
    ),
    Mutant(
        "configurations-not-read", "G1", "cosconcat.submission.submit:_probe",
        "if not unlike and len(read) > 1:", "if False:",
        "pieces that a decoder must be set up for otherwise are joined without transcoding, and removed",
        lambda plan: plan.direct in ("transcode", "refuse"),
    ),
    Mutant(
        "fragments-not-probed", "G3", "cosconcat.submission.submit:submit",
        'if request.direct and services.config.on_mixed != "trust":', "if False:",
        "what differs is joined directly and fails until it is given up",
        lambda plan: plan.direct in ("transcode", "refuse"),
    ),
    Mutant(
        "replaced-pieces-posted", "G2", "cosconcat.submission.submit:_look_first",
        "if doubted or claim.n > 1 or claim.rev > 1:", "if False:",
        "a retry is billed for pieces that were replaced in the meantime",
        faulty("edit"),
    ),
    Mutant(
        "failures-not-carried", "G2", "cosconcat.submission.submit:next_claim",
        "failures=end.failures",
        "failures=0",
        "each attempt begins to count anew",
        faulty("job-fails"),
    ),
    Mutant(
        "blocked-gives-up", "G3", "cosconcat.submission.submit:submit",
        'End("retry", "Rejected"',
        'End("gave-up", "Rejected"',
        "a paused queue ends every group for good",
        faulty("post-blocked"),
    ),
    Mutant(
        "unprobed-for-now-is-not-posted", "G3", "cosconcat.submission.submit:submit",
        'End("retry", "NotPosted", str(failure)', 'End("gave-up", "NotPosted", str(failure)',
        "a minute in which the service refuses to be asked so often ends a group",
        lambda plan: plan.direct in {"transcode", "refuse"},
        forced={"throttled": 0.02},
    ),
)  # fmt: skip
