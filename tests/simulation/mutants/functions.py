"""The guards of the callback and of the sweep, each as the mutant that is without it."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant, faulty

MUTANTS = (
    Mutant(
        "callback-believed", "G4", "cosconcat.functions.callback:handle_message",
        "job = services.ci.job(services.config.bucket, message.job_id)",
        "job = services.ci.job(services.config.bucket, message.job_id)\n"
        "    job = job and type(job)(**{**vars(job), 'state': message.state})",
        "the message's State is taken instead of CI's",
        faulty("callback-forged"),
    ),
    Mutant(
        "job-not-compared", "G4", "cosconcat.functions.callback:handle_message",
        "if not is_job_of(job, claim, frozenset({claim.nonce})):", "if False:",
        "a signed message that names another job ends this one, or is recorded as its job",
        forced={"callback-forged": 0.9, "groups": 3},
    ),
    Mutant(
        "sweep-without-index", "G3", "cosconcat.functions.sweep.round:handle_sweep", "        sweep.index()\n", "",
        "a content whose callback was lost is never ended",
    ),
    Mutant(
        "sweep-without-inputs", "G3", "cosconcat.functions.sweep.round:handle_sweep", "        sweep.prefix()\n", "",
        "a group whose events were lost is never joined",
    ),
    Mutant(
        "rest-not-cleaned", "G3", "cosconcat.functions.sweep.turn:_deserves_help",
        "return bool(verdict.since) and now - verdict.since >= services.config.stale_seconds", "return False",
        "pieces that were joined but could not be removed are reported as an incomplete group for ever",
    ),
    Mutant(
        "report-without-incomplete", "G3", "cosconcat.functions.sweep.turn:_report_waiting",
        'kind = "incomplete" if age >= services.config.stale_seconds else "arriving"', 'kind = "arriving"',
        "nobody is told what is missing",
    ),
    Mutant(
        "callback-finishes-a-retry", "G3", "cosconcat.functions.callback:_ended_before",
        'if end.next == "retry":',
        "if False:",
        "a late callback closes a content whose next attempt is due",
    ),
    Mutant(
        "dead-claim-not-helped", "G3", "cosconcat.functions.sweep.turn:_help",
        "tally.attempt(group, partial(run_content, services, gid_of(group), content.rev))",
        "None",
        "a claim outside the index whose inputs are inconsistent is never ended",
    ),
    Mutant(
        "at-odds-not-helped", "G3", "cosconcat.functions.sweep.turn:_deserves_help",
        "return isinstance(verdict, Invalid)",
        "return False",
        "a content in flight whose group is inconsistent by now is never ended",
    ),
    Mutant(
        "report-without-invalid", "G3", "cosconcat.functions.sweep.turn:take_turn",
        'tally.findings.add("invalid", group, reason=verdict.reason)',
        "pass",
        "nobody is told which keys are inconsistent",
    ),
    Mutant(
        "report-without-endings", "G3", "cosconcat.functions.sweep.tally:Tally.note",
        "if kind or result.stuck:",
        "if result.stuck:",
        "nobody is told what was kept or given up",
    ),
    Mutant(
        "report-after-the-first-page", "G3", "cosconcat.functions.sweep.round:_Round.prefix",
        "if page.next_marker is None:",
        "if True:",
        "what lies beyond the first page is neither judged nor reported",
        lambda plan: plan.page == 3,
    ),
)  # fmt: skip
