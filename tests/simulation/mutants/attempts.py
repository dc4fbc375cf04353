"""The guards of one attempt, from its claim to its end, each as the mutant that is without it."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant, faulty
from tests.simulation.plan import CALL_FAULTS

IN_DOUBT = {"told-in-part": 1.0, "post-lost": 0.8, "job-fails": 0.0, "job-cancelled": 0.0, "edit": 0.0}

MUTANTS = (
    Mutant(
        "silence-believed", "G2", "cosconcat.protocol.attempt:_not_listed",
        "if seen.age <= 2 * seen.claim.lease_seconds:", "if False:",
        "a job that was posted late and that the listing still hides is believed absent",
        lambda plan: faulty("jobs-lag", "post-slow", "post-lost")(plan) and plan.time_limit > 60,
    ),
    Mutant(
        "failures-not-counted", "G2", "cosconcat.protocol.attempt:_failed",
        "if failures >= config.max_attempts:", "if False:",
        "a content that cannot be joined is billed for ever",
        faulty("job-fails"),
    ),
    Mutant(
        "cancel-tried-again", "G2", "cosconcat.protocol.attempt:_by_state",
        'End("gave-up", "Cancel"', 'End("retry", "Cancel"',
        "what a person cancelled is submitted again",
        faulty("job-cancelled"),
    ),
    Mutant(
        "running-job-judged", "G4", "cosconcat.protocol.attempt:_by_state", 'if job.state == "Failed":', "if True:",
        "a callback that comes early ends a job that still runs",
        faulty("callback-forged"),
    ),
    Mutant(
        "success-not-verified", "G3", "cosconcat.protocol.attempt:_by_state",
        'if job.state == "Success":', "if False:",
        "a job that succeeded is waited for, for ever",
    ),
    Mutant(
        "forgotten-job-joined-again", "G2", "cosconcat.protocol.attempt:_unknown_to_ci",
        "if seen.output_written:", "if False:",
        "a job that CI forgot counts as failed although its output is there: a second one is billed",
        faulty("job-forgotten"),
    ),
    Mutant(
        "retry-taken-for-an-end", "G3", "cosconcat.protocol.attempt:after_end",
        'if end.next != "retry":', "if True:",
        "a content whose attempt is to be followed by another is closed instead",
    ),
    Mutant(
        "failed-once-given-up", "G3", "cosconcat.protocol.attempt:_failed",
        "if failures >= config.max_attempts:", "if True:",
        "a group is given up by the first job that fails",
        faulty("job-fails"),
    ),
    Mutant(
        "forgotten-job-waited-for", "G3", "cosconcat.protocol.attempt:_unknown_to_ci",
        "if seen.age <= config.stale_seconds:", "if True:",
        "a job that CI forgot is waited for, for ever",
        faulty("job-forgotten"),
    ),
    Mutant(
        "forgotten-output-not-looked-at", "G2", "cosconcat.protocol.attempt:_unknown_to_ci",
        "if seen.output_written is None:", "if False:",
        "a job that CI forgot counts as failed, and nobody looked for its output: a second one is billed",
        faulty("job-forgotten"),
    ),
    Mutant(
        "recorded-job-not-asked-for", "G2", "cosconcat.protocol.run:run_attempt",
        'record.record.job if record else ""', '""',
        "a job whose id is recorded is looked for in the listing, which may hide it",
    ),
    Mutant(
        "listed-job-not-adopted", "G2", "cosconcat.protocol.attempt:next_step",
        "if seen.listing.job is not None:", "if False:",
        "a job that the listing shows is believed never to have been",
    ),
    Mutant(
        "doubt-taken-for-absence", "G2", "cosconcat.protocol.attempt:next_step",
        "if seen.listing.doubt is not None:", "if False:",
        "a job that bears our nonce and is told otherwise than it was claimed is believed never to have been",
        forced=IN_DOUBT | {"job-slow": 0.5},
    ),
    Mutant(
        "doubt-without-an-end", "G3", "cosconcat.protocol.attempt:_in_doubt",
        "if stale and doubt.state in ENDED:", "if False:",
        "a job in doubt is waited for, for ever, although it has ended",
        forced=IN_DOUBT,
    ),
    Mutant(
        "anothers-job-believed", "G2", "cosconcat.protocol.attempt:next_step",
        "if seen.job is not None and not is_anothers(seen.job, seen.claim):", "if seen.job is not None:",
        "what CI tells under a recorded id of somebody else's job ends the attempt: a second one is billed",
        forced={"told-as-anothers": 0.5, "job-slow": 0.5},
    ),
    Mutant(
        "unreadable-tried-again", "G2", "cosconcat.protocol.attempt:_job_failed", "if seen.unreadable:", "if False:",
        "a piece that CI cannot read costs as many jobs as are allowed",
        forced={"unreadable-piece": 1.0, "direct": "", "throttled": 0.0} | dict.fromkeys(CALL_FAULTS, 0.0),
    ),
    Mutant(
        "pause-not-waited-for", "G2", "cosconcat.protocol.attempt:after_end", "if left > 0 and not seen.forced:",
        "if False:",
        "what failed is submitted again at once, as often as somebody looks",
        faulty("job-fails"),
    ),
    Mutant(
        "unreadable-not-looked-for", "G2", "cosconcat.protocol.attempt:_job_failed",
        "if seen.unreadable is None:", "if False:",
        "after a job failed nobody asks whether CI can read the pieces: it costs as many jobs as are allowed",
        forced={"unreadable-piece": 1.0, "direct": "", "throttled": 0.0} | dict.fromkeys(CALL_FAULTS, 0.0),
    ),
    Mutant(
        "young-job-believed-lost", "G2", "cosconcat.protocol.attempt:_unknown_to_ci",
        "if seen.age <= config.stale_seconds:", "if False:",
        "a job that CI does not know yet counts as failed: a second one is billed",
        forced={"job-unknown": 0.8},
    ),
    Mutant(
        "listing-not-searched", "G2", "cosconcat.protocol.attempt:next_step",
        "    if seen.listing is None:\n        return SearchListing()\n",
        "    seen = seen._replace(listing=seen.listing or Listing(None, shows_ours=False))\n"
        "    assert seen.listing is not None\n",
        "a job that nobody could record is believed never to have been, and nobody looked for it",
    ),
    Mutant(
        "blind-listing-believed", "G2", "cosconcat.protocol.attempt:_not_listed",
        "if not (listing.shows_ours or stale):", "if False:",
        "a listing that shows none of our jobs is believed when it does not show this one",
        forced={"listing-down": 1.0, "post-lost": 0.8, "time_limit": 60, "lease": 121, "stale": 3600, "job-slow": 0.5},
    ),
    Mutant(
        "silence-never-believed", "G3", "cosconcat.protocol.attempt:_not_listed",
        "if not (listing.shows_ours or stale):", "if not listing.shows_ours:",
        "where no job of ours is listed a claim without a job is waited for, for ever",
    ),
    Mutant(
        "unlisted-output-not-looked-at", "G2", "cosconcat.protocol.attempt:_not_listed",
        "if seen.output_written is None:", "if False:",
        "a job that is no longer listed is believed never to have been, and nobody looked for its output",
        forced={"job-dropped": 1.0, "post-lost": 0.8},
    ),
    Mutant(
        "unlisted-output-given-up", "G3", "cosconcat.protocol.attempt:_not_listed",
        "if seen.output_written and not stale:", "if False:",
        "an output is given up because its job is not listed yet",
        forced={"listed-late": 1.0, "post-lost": 0.8, "job-slow": 0.0, "time_limit": 900, "lease": 1200,
                "stale": 3600, "single": "join"},
    ),
    Mutant(
        "unlisted-output-joined-again", "G2", "cosconcat.protocol.attempt:_not_listed",
        "    if seen.output_written:\n        reason", "    if False:\n        reason",
        "a job that is no longer listed is believed never to have been although its output is there",
        forced={"job-dropped": 1.0, "post-lost": 0.8},
    ),
    Mutant(
        "first-loss-given-up", "G3", "cosconcat.protocol.attempt:_not_listed",
        'End("retry", "Lost", reason, "", pause', 'End("gave-up", "Lost", reason, "", pause',
        "a function that dies before its POST ends the group",
    ),
    Mutant(
        "clean-tried-again", "G2", "cosconcat.protocol.attempt:after_end",
        'if end.next != "retry":', 'if end.next not in ("retry", "clean"):',
        "what was joined and proven is submitted again",
    ),
    Mutant(
        "superseded-tried-again", "G2", "cosconcat.protocol.attempt:after_end",
        'if end.next != "retry":', 'if end.next not in ("retry", "superseded"):',
        "what was replaced while it was joined is submitted again as it was",
    ),
    Mutant(
        "keep-tried-again", "G2", "cosconcat.protocol.attempt:after_end",
        'if end.next != "retry":', 'if end.next not in ("retry", "keep"):',
        "what was joined and is kept for a doubt is submitted again",
    ),
    Mutant(
        "gave-up-tried-again", "G2", "cosconcat.protocol.attempt:after_end",
        'if end.next != "retry":', 'if end.next not in ("retry", "gave-up"):',
        "what was given up is submitted again, and again given up",
    ),
)  # fmt: skip
