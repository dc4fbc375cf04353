"""The guards of the protocol, each as the mutant that is without it, and the promise that it attacks first."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.mutation import Mutant
from tests.simulation.plan import Plan


def _faulty(*names: str) -> Callable[[Plan], bool]:
    return lambda plan: all(plan.faults[name] > 0 for name in names)


def _cleaning(mode: str) -> Callable[[Plan], bool]:
    return lambda plan: plan.cleanup == mode and plan.faults["edit"] > 0


MUTANTS = (
    Mutant(
        "create-only-dropped", "G2", "tests.simulation.objects:CosModel._create",
        "if key in shelf.current and not shelf.versioned:", "if False:",
        "the header is not sent: records are overwritten, two instances win one claim",
    ),
    Mutant(
        "claim-loser-goes-on", "G2", "cosconcat.protocol.run:_claim_content",
        "if winner is not None:", "if False:",
        "who loses the claim posts as well",
    ),
    Mutant(
        "end-loser-goes-on", "G1", "cosconcat.records.ledger:Ledger.create_end",
        "held = self.end(claim.gid, claim.rev, claim.n)", "held = Stamped(end, 0, 0)",
        "who loses the end acts by its own verdict instead of the winner's",
    ),
    Mutant(
        "post-repeated", "G2", "cosconcat.submission.submit:submit",
        "        job = services.ci.submit(services.config.bucket, request)\n",
        "        try:\n            job = services.ci.submit(services.config.bucket, request)\n"
        "        except OutcomeUnknown:\n            job = services.ci.submit(services.config.bucket, request)\n",
        "a POST whose answer was lost is sent again, as the SDK would",
    ),
    Mutant(
        "lost-answer-is-a-refusal", "G2", "cosconcat.submission.submit:submit",
        "        found = find_job(services, claim)\n        if found is None:\n",
        "        found = None\n        _end_without_job(services, claim, End(\"retry\", \"Lost\", str(lost)))\n"
        "        if found is None:\n",
        "an unknown outcome is taken for no job",
    ),
    Mutant(
        "no-adoption-after-the-lease", "G2", "cosconcat.protocol.run:_search_listing",
        "if is_adoptable(job, claim):", "if False:",
        "after a crash the job that runs is not looked for",
    ),
    Mutant(
        "lease-ignored", "G2", "cosconcat.submission.submit:first_claim",
        "lease_seconds=services.config.lease_seconds", "lease_seconds=0",
        "a claim is taken for lost while its winner still posts",
    ),
    Mutant(
        "silence-believed", "G2", "cosconcat.protocol.attempt:_not_listed",
        "if seen.age <= 2 * seen.claim.lease_seconds:", "if False:",
        "a job that was posted late and that the listing still hides is believed absent",
        lambda plan: _faulty("jobs-lag", "post-slow", "post-lost")(plan) and plan.time_limit > 60,
    ),
    Mutant(
        "first-page-only", "G2", "cosconcat.submission.lookup:listed_jobs", "if not token:", "if True:",
        "a job beyond the first page of the listing is not found",
    ),
    Mutant(
        "no-slack-between-clocks", "G2", "cosconcat.submission.lookup:listed_jobs",
        "since - LISTING_SLACK_SECONDS", "since",
        "with CI's clock behind COS's the job is listed as older than its claim",
        _faulty("clock-skew"),
    ),
    Mutant(
        "attempt-not-increased", "G3", "cosconcat.submission.submit:next_claim", "n=claim.n + 1", "n=claim.n",
        "a retry finds its own record in the way, for ever",
    ),
    Mutant(
        "failures-not-counted", "G2", "cosconcat.protocol.attempt:_failed",
        "if failures >= config.max_attempts:", "if False:",
        "a content that cannot be joined is billed for ever",
        _faulty("job-fails"),
    ),
    Mutant(
        "cancel-tried-again", "G2", "cosconcat.protocol.attempt:_by_state",
        'End("gave-up", "Cancel"', 'End("retry", "Cancel"',
        "what a person cancelled is submitted again",
        _faulty("job-cancelled"),
    ),
    Mutant(
        "second-content-beside-the-first", "G2", "cosconcat.protocol.content:next_step",
        "return _in_flight(seen, seen.newest)", "return _new_content(seen, seen.newest.rev + 1)",
        "a second rev is claimed while the first one's job runs",
    ),
    Mutant(
        "revs-share-records", "G3", "cosconcat.records.ledger:Ledger._key", "{rev:04}", "0001",
        "a group's second content meets the first one's records",
        _faulty("edit"),
    ),
    Mutant(
        "fingerprint-without-etag", "G1", "cosconcat.model:FragmentSet.fingerprint", "f.object.etag, ", "",
        "new content under old names counts as joined",
        _faulty("edit"),
    ),
    Mutant(
        "running-job-judged", "G4", "cosconcat.protocol.attempt:_by_state", 'if job.state == "Failed":', "if True:",
        "a callback that comes early ends a job that still runs",
        _faulty("callback-forged"),
    ),
    Mutant(
        "callback-believed", "G4", "cosconcat.functions.callback:handle_message",
        "job = services.ci.job(services.config.bucket, message.job_id)",
        "job = services.ci.job(services.config.bucket, message.job_id)\n"
        "    job = job and type(job)(**{**vars(job), 'state': message.state})",
        "the message's State is taken instead of CI's",
        _faulty("callback-forged"),
    ),
    Mutant(
        "job-not-compared", "G4", "cosconcat.functions.callback:handle_message",
        "if not is_job_of(job, claim, frozenset({claim.nonce})):", "if False:",
        "a signed message that names another job ends this one",
        _faulty("callback-forged"),
    ),
    Mutant(
        "any-job-is-ours", "G2", "cosconcat.submission.lookup:is_job_of",
        "return (\n        job.tag == \"Concat\"\n        and token is not None\n",
        "return bool(token) or (\n        job.tag == \"Concat\"\n        and token is not None\n",
        "another group's job is adopted: nonce and key are not compared",
    ),
    Mutant(
        "state-alone-verifies", "G1", "cosconcat.verification.commit:commit",
        "rule, verdict = _verify(services, claim, job, head)", "rule, verdict = config.verify, verify.Verified()",
        "Success is believed without holding the output's length against the fragments'",
        _faulty("short-output"),
    ),
    Mutant(
        "verdict-ignored", "G1", "cosconcat.verification.commit:commit",
        "if isinstance(verdict, verify.Unverified):", "if False:",
        "an output that is too short is accepted",
        _faulty("short-output"),
    ),
    Mutant(
        "output-not-compared-with-the-job", "G1", "cosconcat.verification.commit:commit",
        "verdict = _is_what_ci_wrote(job, key, head)", "verdict = verify.Verified()",
        "something else at the output's key is taken for the result",
        _faulty("edit"),
    ),
    Mutant(
        "young-output-given-up", "G3", "cosconcat.verification.commit:_missing_output",
        "if entry is None or entry.now - max(entry.written, job.ended) <= services.config.stale_seconds:", "if False:",
        "an output that is not visible yet counts as lost",
        _faulty("output-late"),
    ),
    Mutant(
        "fragments-not-looked-at-again", "G1", "cosconcat.verification.commit:_compare",
        "for key, joined in _inputs(claim).items():", "for key, joined in ():",
        "what was replaced while the job ran is removed with the rest",
        _faulty("edit"),
    ),
    Mutant(
        "a-b-a-unseen", "G1", "cosconcat.verification.commit:_compare",
        "head.object.last_modified != joined.last_modified and joined != claim.set.marker", "False",
        "CI may have read B; A is removed although nothing holds it",
        _faulty("edit"),
    ),
    Mutant(
        "etag-not-compared", "G1", "cosconcat.model:ObjectInfo.same_content",
        "(self.key, self.etag, self.size) == (other.key, other.etag, other.size)", "self.key == other.key",
        "changed content passes for the same",
        _faulty("edit"),
    ),
    Mutant(
        "listing-believed", "G1", "cosconcat.verification.commit:commit",
        "services.cos.heads(config.bucket, list(_inputs(claim)))",
        "{k: next((Head(o, 0) for o in services.cos.list(services.config.bucket, k).objects if o.key == k), None)"
        " for k in _inputs(claim)}",
        "LIST instead of HEAD decides what may go: a stale ETag lets new content be removed",
        _faulty("edit", "list-lag"),
    ),
    Mutant(
        "newcomers-ignored", "G3", "cosconcat.verification.commit:commit",
        "late = newcomers(services, claim.set)", "late = ()",
        "a piece that came while the others were joined is left behind",
        lambda plan: plan.naming == "folder" and plan.faults["edit"] > 0,
    ),
    Mutant(
        "resumed-without-looking", "G1", "cosconcat.cleanup.removal:_remove_some",
        "same = [head for piece, head in there if is_same(head.object, piece)]", "same = [head for _, head in there]",
        "a clean-up that goes on later removes what was uploaded meanwhile",
        _faulty("edit"),
    ),
    Mutant(
        "output-not-looked-at-before-removal", "G1", "cosconcat.cleanup.finish:_clean",
        "if not _still_proven(services, claim, proof, segments=False):", "if False:",
        "fragments go although the output is gone",
        _faulty("edit"),
    ),
    Mutant(
        "joined-before-unproven", "G1", "cosconcat.cleanup.finish:remove_reuploads",
        " or not _still_proven(services, claim, end.proof)", "",
        "fragments that come again are removed for an output that is gone",
        _faulty("edit"),
    ),
    Mutant(
        "done-before-clean-up", "G3", "cosconcat.cleanup.finish:finish",
        "        done = _clean(services, claim, end, proof, checked)\n",
        "        services.ledger.create_done(claim, Done(\"joined\", \"\", proof.key, end.job))\n"
        "        done = _clean(services, claim, end, proof, checked)\n",
        "whoever dies in between leaves fragments that nobody comes back for",
    ),
    Mutant(
        "index-left-before-done", "G3", "cosconcat.cleanup.finish:finish",
        "    if not services.ledger.create_done(claim, done):\n",
        "    close(services, claim, done)\n    if not services.ledger.create_done(claim, done):\n",
        "whoever dies in between leaves a content that the sweep does not see",
    ),
    Mutant(
        "no-index-entry", "G3", "cosconcat.records.ledger:Ledger.open", "self._cos.create(", "(lambda *_: None)(",
        "a content whose inputs changed is found by nobody",
    ),
    Mutant(
        "marker-not-last", "G1", "cosconcat.cleanup.removal:remove",
        "if marker is not None and not removal.kept:", "if marker is not None:",
        "the marker goes although a piece it declares whole is still there",
        lambda plan: plan.naming == "folder" and plan.faults["delete-refused"] > 0,
    ),
    Mutant(
        "expiry-not-checked", "G1", "cosconcat.inputs.expiry:tag_for_expiry",
        "if head is not None and head.object != part:", "if False:",
        "content that came in between bears the lifecycle rule's tag",
        _cleaning("expire"),
    ),
    Mutant(
        "expiry-left-behind", "G1", "cosconcat.inputs.expiry:untag_expiry",
        'if services.config.cleanup == "expire":', "if False:",
        "the tag stays on new content when its writer died before looking again",
        _cleaning("expire"),
    ),
    Mutant(
        "trash-overwritten", "G1", "cosconcat.cleanup.removal:_moved_to_trash",
        "with_mark(plain[part.key], claim.fingerprint[:12])", "plain[part.key]",
        "the second content's fragments replace the first one's in the trash",
        _cleaning("trash"),
    ),
    Mutant(
        "moved-without-looking-again", "G1", "cosconcat.cleanup.removal:_moved_to_trash",
        "elif original is None or original.object != part:", "elif original is None:",
        "what was uploaded while the copies were made is removed",
        _cleaning("trash"),
    ),
    Mutant(
        "deleted-without-version", "G1", "cosconcat.cleanup.removal:_delete",
        "ObjectVersion(head.object.key, head.version_id)", "ObjectVersion(head.object.key)",
        "with versions too, an overwrite before the delete is removed",
        lambda plan: plan.versioned and plan.cleanup == "delete" and plan.faults["edit"] > 0,
    ),
    Mutant(
        "older-content-joined", "G2", "cosconcat.protocol.content:_after_joined",
        "if newer or seen.forced:",
        "if True:",
        "an overwritten version that comes back when the joined one is removed is joined",
        lambda plan: plan.versioned and plan.faults["edit"] > 0,
    ),
    Mutant(
        "output-key-not-looked-at", "G1", "cosconcat.output.choice:is_occupied",
        "return literal is not None and services.cos.head(services.config.output_bucket, literal) is not None",
        "return False",
        "somebody's object at the output's key is overwritten",
        _faulty("edit"),
    ),
    Mutant(
        "output-key-not-looked-at-again", "G1", "cosconcat.submission.submit:_look_first",
        "    if head is not None:\n", "    if False:\n",
        "an object put there between two attempts is overwritten",
        _faulty("edit"),
    ),
    Mutant(
        "order-by-name", "G5", "cosconcat.groups.rules:in_order",
        "key=lambda piece: (piece.name.number, piece.name.key)",
        "key=lambda piece: piece.name.key",
        "part 10 is joined before part 2",
        lambda plan: plan.most >= 10,
    ),
    Mutant(
        "gap-joined", "G1", "cosconcat.groups.rules:missing_numbers",
        "return tuple(sorted(set(range(start, end)) - numbers))", "return ()",
        "a group is joined with a piece missing",
    ),
    Mutant(
        "totals-not-compared", "G1", "cosconcat.groups.rules:_totals_inconsistent",
        "if piece.name.total != declared[0].name.total:", "if False:",
        "pieces of two different countings are joined",
        lambda plan: plan.naming == "part-of" and plan.faults["edit"] > 0,
    ),
    Mutant(
        "old-marker-counts", "G1", "cosconcat.groups.rules:_not_yet",
        'if config.completion == "marker" and marker and marker.object.last_modified < since:', "if False:",
        "pieces uploaded after the marker are joined half-way",
        lambda plan: plan.completion == "marker",
    ),
    Mutant(
        "sweep-without-index", "G3", "cosconcat.functions.sweep.round:handle_sweep", "    sweep.index()\n", "",
        "a content whose callback was lost is never ended",
    ),
    Mutant(
        "sweep-without-inputs", "G3", "cosconcat.functions.sweep.round:handle_sweep", "    sweep.prefix()\n", "",
        "a group whose events were lost is never joined",
    ),
    Mutant(
        "rest-not-cleaned", "G3", "cosconcat.functions.sweep.round:_Sweep._deserves_help",
        "return bool(verdict.since) and now - verdict.since >= self.services.config.stale_seconds", "return False",
        "pieces that were joined but could not be removed are reported as an incomplete group for ever",
    ),
    Mutant(
        "report-without-incomplete", "G3", "cosconcat.functions.sweep.round:_Sweep._judge",
        'self.findings.add("incomplete", group', '(lambda *_, **__: None)("incomplete", group',
        "nobody is told what is missing",
    ),
    Mutant(
        "corrected-upload-torn-apart", "G1", "cosconcat.cleanup.finish:remove_reuploads",
        "    if new:\n", "    if False:\n",
        "identical pieces of a corrected upload are removed before the rest of it has come",
        lambda plan: plan.faults["edit"] > 0 and plan.completion != "quiet" and plan.timer > 0,
    ),
    Mutant(
        "stale-heads-trusted", "G1", "cosconcat.cleanup.removal:_heads",
        "services.clock.now() - checked.at < FRESH_SECONDS", "True",
        "what was looked at minutes ago is removed by that look",
        _faulty("edit"),
    ),
    Mutant(
        "half-a-fragment-forgiven", "G1", "cosconcat.verification.verify:check_duration",
        "if missing < min(lengths) / 2:", "if missing < min(lengths) * 2:",
        "an output that lacks a fragment passes",
        _faulty("short-output"),
    ),
    Mutant(
        "size-not-compared", "G1", "cosconcat.verification.verify:check_size",
        "if missing > allowed or missing >= min(sizes) / 2:", "if False:",
        "a direct join that lacks a fragment passes",
        lambda plan: plan.verify == "size" and plan.faults["short-output"] > 0,
    ),
    Mutant(
        "output-key-not-reserved", "G1", "cosconcat.output.choice:_reserve",
        "return services.ledger.reserve(", "return True or services.ledger.reserve(",
        "two groups whose manifests want one key: the second job overwrites the first one's output",
        lambda plan: plan.completion == "manifest" and plan.groups > 1,
    ),
    Mutant(
        "old-manifest-counts", "G1", "cosconcat.groups.rules:judge_manifest",
        "if marker.last_modified < last.last_modified:", "if False:",
        "pieces uploaded after the manifest that lists them are joined half-way",
        lambda plan: plan.completion == "manifest",
    ),
    Mutant(
        "lost-although-written", "G2", "cosconcat.protocol.run:_written_since",
        "head is not None and head.object.last_modified >= since", "False",
        "an output appeared after the claim, yet its job is believed never to have been",
    ),
    Mutant(
        "identical-joined-again", "G2", "cosconcat.protocol.content:_after_joined",
        "    if seen.still_proven is None:\n        return RemoveReuploads(claim)\n", "",
        "the same pieces, uploaded once more, are joined and billed once more",
        _faulty("edit"),
    ),
    Mutant(
        "fragments-not-probed", "G3", "cosconcat.submission.submit:submit",
        'if request.direct and services.config.on_mixed != "trust":', "if False:",
        "what differs is joined directly and fails until it is given up",
        lambda plan: plan.direct in ("transcode", "refuse"),
    ),
    Mutant(
        "new-content-taken-for-joined", "G3", "cosconcat.protocol.content:_after_joined",
        "if not same and not is_subset_of_joined(seen.fragments, claim.set, convention):", "if False:",
        "a second content of a group is never joined",
        _faulty("edit"),
    ),
    Mutant(
        "replaced-pieces-posted", "G2", "cosconcat.submission.submit:_look_first",
        "if claim.n > 1 or claim.rev > 1:", "if False:",
        "a retry is billed for pieces that were replaced in the meantime",
        _faulty("edit"),
    ),
    Mutant(
        "marker-not-looked-at-again", "G3", "cosconcat.verification.commit:_inputs",
        "return {o.key: o for o in [*_joined(claim), *marker]}", "return {o.key: o for o in _joined(claim)}",
        "a manifest that was changed while the job ran is not followed",
        lambda plan: plan.completion == "manifest" and plan.faults["edit"] > 0,
    ),
    Mutant(
        "end-not-entered", "G3", "cosconcat.cleanup.finish:close",
        "services.ledger.enter_closed(claim, done)", "pass",
        "what was joined can only be found by its name",
    ),
    Mutant(
        "undelivered-notification-forgotten", "G3", "cosconcat.cleanup.finish:close",
        "if age_seconds < NOTIFY_FOR_SECONDS:", "if False:",
        "an end of which the receiver has not heard is closed for good",
        lambda plan: plan.notifies,
    ),
    Mutant(
        "manifest-order-ignored", "G5", "cosconcat.groups.rules:judge_manifest",
        "for at, entry in enumerate(manifest.fragments)\n    )",
        "for at, entry in enumerate(sorted(manifest.fragments, key=lambda entry: entry.key))\n    )",
        "the order of names instead of the manifest's",
        lambda plan: plan.completion == "manifest",
    ),
    Mutant(
        "window-not-waited-for", "G5", "cosconcat.groups.rules:_not_yet",
        "until = max(since + config.quiet_seconds, end)", "until = since + config.quiet_seconds",
        "a recording by time is joined before its hour is over",
        lambda plan: plan.naming == "timestamp",
    ),
    Mutant(
        "changed-not-superseded", "G1", "cosconcat.verification.commit:commit",
        "    if changed:\n",
        "    if False:\n",
        "what was replaced while the job ran counts as joined",
        _faulty("edit"),
    ),
    Mutant(
        "kept-cleaned", "G1", "cosconcat.verification.commit:commit",
        'return ends("keep", reason, proof)',
        "pass",
        "what may have been something else while CI read it is removed",
        _faulty("edit"),
    ),
    Mutant(
        "any-output-is-the-proven-one", "G1", "cosconcat.cleanup.finish:_still_proven",
        "if head is None or head.object.etag != proof.etag:",
        "if head is None:",
        "fragments go although another object lies at the output's key",
        _faulty("edit"),
    ),
    Mutant(
        "half-of-the-longest", "G1", "cosconcat.verification.verify:check_duration",
        "if missing < min(lengths) / 2:",
        "if missing < max(lengths) / 2:",
        "the loss of a short fragment among long ones is not seen",
        _faulty("short-output"),
    ),
    Mutant(
        "proof-is-enough", "G1", "cosconcat.cleanup.finish:finish",
        'if end.next == "clean" and proof is not None:',
        "if proof is not None:",
        "what was not verified, or changed, is cleaned up",
    ),
    Mutant(
        "newest-taken-for-joined", "G1", "cosconcat.records.ledger:Ledger.newest_joined",
        'if done is not None and done.record.outcome == "joined":',
        "if done is not None:",
        "pieces are removed for a content that was never joined",
    ),
    Mutant(
        "keep-removes", "G1", "cosconcat.cleanup.removal:remove",
        'if config.cleanup == "keep":',
        "if False:",
        "CONCAT_CLEANUP=keep does not keep",
        lambda plan: plan.cleanup == "keep",
    ),
    Mutant(
        "unverified-removes", "G1", "cosconcat.cleanup.removal:remove",
        'config.verify == "none" or proof.verified == "none"',
        "False",
        "CONCAT_VERIFY=none does not keep",
        lambda plan: plan.verify == "none",
    ),
    Mutant(
        "any-copy-is-the-copy", "G1", "cosconcat.cleanup.removal:_is_copy",
        "return (head.object.etag, head.object.size) == (part.etag, part.size)",
        "return True",
        "something else in the trash passes for the copy",
        _cleaning("trash"),
    ),
    Mutant(
        "callback-finishes-a-retry", "G3", "cosconcat.functions.callback:_ended_before",
        'if end.next == "retry":',
        "if False:",
        "a late callback closes a content whose next attempt is due",
    ),
    Mutant(
        "unverified-joined-again", "G2", "cosconcat.verification.commit:commit",
        'ends("keep" if verdict.doubt else "gave-up", f"unverified',
        'ends("retry", f"unverified',
        "a join that lost content is billed again and again",
        _faulty("short-output"),
    ),
    Mutant(
        "next-claim-loser-posts", "G2", "cosconcat.protocol.run:_claim_next",
        "if services.ledger.create_claim(following) is not None:",
        "if services.ledger.create_claim(following) is not None and False:",
        "who loses the next attempt posts as well",
    ),
    Mutant(
        "failures-not-carried", "G2", "cosconcat.submission.submit:next_claim",
        "failures=end.failures",
        "failures=0",
        "each attempt begins to count anew",
        _faulty("job-fails"),
    ),
    Mutant(
        "rest-joined-again", "G2", "cosconcat.protocol.content:_after_joined",
        " and not is_subset_of_joined(seen.fragments, claim.set, convention)",
        "",
        "what could not be removed looks whole and is joined once more",
        lambda plan: plan.naming != "part-of",
    ),
    Mutant(
        "all-is-rest", "G3", "cosconcat.protocol.content:is_subset_of_joined",
        "return pieces <= all_pieces",
        "return True",
        "new content counts as the rest of what was joined",
        _faulty("edit"),
    ),
    Mutant(
        "in-flight-not-helped", "G3", "cosconcat.protocol.content:_in_flight",
        "if newest.claim.age > claim.lease_seconds and not seen.helped:",
        "if False:",
        "whoever meets a content whose winner died leaves it lying",
    ),
    Mutant(
        "undeleted-not-told", "G3", "cosconcat.cleanup.removal:_delete",
        'removal.kept[undeleted.key] = f"{undeleted.code}: {undeleted.message}"',
        "pass",
        "the closing record does not say what could not be removed",
        _faulty("delete-refused"),
    ),
    Mutant(
        "no-marker-needed", "G3", "cosconcat.groups.rules:_not_yet",
        'if config.completion == "marker" and marker is None:',
        "if False:",
        "a group is joined before anyone declared it whole",
        lambda plan: plan.completion == "marker",
    ),
    Mutant(
        "dead-claim-not-helped", "G3", "cosconcat.functions.sweep.round:_Sweep._help",
        "self._attempt(group, partial(run_content, self.services, gid_of(group), content.rev))",
        "None",
        "a claim outside the index whose inputs are inconsistent is never ended",
    ),
    Mutant(
        "at-odds-not-helped", "G3", "cosconcat.functions.sweep.round:_Sweep._deserves_help",
        "return isinstance(verdict, Invalid)",
        "return False",
        "a content in flight whose group is inconsistent by now is never ended",
    ),
    Mutant(
        "blocked-gives-up", "G3", "cosconcat.submission.submit:submit",
        'End("retry", "Rejected"',
        'End("gave-up", "Rejected"',
        "a paused queue ends every group for good",
        _faulty("post-blocked"),
    ),
    Mutant(
        "report-without-invalid", "G3", "cosconcat.functions.sweep.round:_Sweep._judge",
        'self.findings.add("invalid", group, reason=verdict.reason)',
        "pass",
        "nobody is told which keys are inconsistent",
    ),
    Mutant(
        "report-without-endings", "G3", "cosconcat.functions.sweep.round:_Sweep._note",
        "if kind or result.stuck:",
        "if result.stuck:",
        "nobody is told what was kept or given up",
    ),
    Mutant(
        "report-after-the-first-page", "G3", "cosconcat.functions.sweep.round:_Sweep.prefix",
        "if page.next_marker is None:",
        "if True:",
        "what lies beyond the first page is neither judged nor reported",
        lambda plan: plan.page == 3,
    ),
)  # fmt: skip
