"""The guards of removal and of the closing record, each as the mutant that is without it.

That identical pieces wait while the rest of a corrected upload comes is missed in tests/contract/test_corrections.py:
what chance uploads is whole too soon.
"""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant, cleaning, faulty

MUTANTS = (
    Mutant(
        "resumed-without-looking", "G1", "cosconcat.cleanup.removal:_remove_some",
        "same = [head for piece, head in there if is_same(head.object, piece)]", "same = [head for _, head in there]",
        "a clean-up that goes on later removes what was uploaded meanwhile",
        faulty("edit"),
    ),
    Mutant(
        "output-not-looked-at-before-removal", "G1", "cosconcat.cleanup.finish:_clean",
        "if not _still_proven(services, claim, proof, segments=False):", "if False:",
        "fragments go although the output is gone",
        faulty("edit"),
    ),
    Mutant(
        "joined-before-unproven", "G1", "cosconcat.cleanup.finish:remove_reuploads",
        " or not _still_proven(services, claim, end.proof)", "",
        "fragments that come again are removed for an output that is gone",
        faulty("edit"),
    ),
    Mutant(
        "older-version-removed", "G1", "cosconcat.cleanup.finish:_seen_again",
        " for one, part in found if one.same_content(part)}", " for one, part in found}",
        "with versions, what was overwritten before the join and shows again is removed with what came again",
        faulty("edit"),
    ),
    Mutant(
        "done-before-clean-up", "G3", "cosconcat.cleanup.finish:finish",
        "        done = _clean(services, claim, end, proof, fresh_heads)\n",
        "        services.ledger.create_done(claim, Done(\"joined\", \"\", proof.key, end.job))\n"
        "        done = _clean(services, claim, end, proof, fresh_heads)\n",
        "whoever dies in between leaves fragments that nobody comes back for",
    ),
    Mutant(
        "index-left-before-done", "G3", "cosconcat.cleanup.finish:finish",
        "    if not services.ledger.create_done(claim, done):\n",
        "    close(services, claim, done)\n    if not services.ledger.create_done(claim, done):\n",
        "whoever dies in between leaves a content that the sweep does not see",
    ),
    Mutant(
        "marker-not-last", "G1", "cosconcat.cleanup.removal:remove",
        "if marker is not None and not removal.kept and not config.convention.is_shared(marker.key):",
        "if marker is not None:",
        "the marker goes although a piece it declares whole is still there",
        lambda plan: plan.naming == "folder" and plan.faults["delete-refused"] > 0,
    ),
    Mutant(
        "trash-overwritten", "G1", "cosconcat.cleanup.removal:_move_to_trash",
        "with_mark(plain[part.key], claim.fingerprint[:12])", "plain[part.key]",
        "the second content's fragments replace the first one's in the trash",
        cleaning("trash"),
    ),
    Mutant(
        "moved-without-looking-again", "G1", "cosconcat.cleanup.removal:_delete_copied",
        "elif original is None or original.object != part:", "elif original is None:",
        "what was uploaded while the copies were made is removed",
        cleaning("trash"),
    ),
    Mutant(
        "deleted-without-version", "G1", "cosconcat.cleanup.removal:_delete",
        "ObjectVersion(head.object.key, head.version_id)", "ObjectVersion(head.object.key)",
        "with versions too, an overwrite before the delete is removed",
        lambda plan: plan.versioned and plan.cleanup == "delete" and plan.faults["edit"] > 0,
    ),
    Mutant(
        "stale-heads-trusted", "G1", "cosconcat.cleanup.removal:_heads",
        "services.clock.now() - fresh_heads.at < FRESH_SECONDS", "True",
        "what was looked at minutes ago is removed by that look",
        forced={"stall": 0.05, "edit": 1.0, "versioned": False, "cleanup": "delete", "verify": "duration", "most": 2,
                "groups": 1, "time_limit": 900, "page": 1000},
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
        "any-output-is-the-proven-one", "G1", "cosconcat.cleanup.finish:_still_proven",
        "if head is None or head.object.etag != proof.etag:",
        "if head is None:",
        "fragments go although another object lies at the output's key",
        faulty("edit"),
    ),
    Mutant(
        "proof-is-enough", "G1", "cosconcat.cleanup.finish:finish",
        'if end.next == "clean" and proof is not None:',
        "if proof is not None:",
        "what was not verified, or changed, is cleaned up",
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
        cleaning("trash"),
    ),
    Mutant(
        "undeleted-not-told", "G3", "cosconcat.cleanup.removal:_delete",
        'removal.kept[undeleted.key] = f"{undeleted.code}: {undeleted.message}"',
        "pass",
        "the closing record does not say what could not be removed",
        faulty("delete-refused"),
    ),
    Mutant(
        "kept-left-to-expire", "G1", "cosconcat.cleanup.finish:finish",
        'if done.outcome in ("kept", "gave-up"):', 'if end.next in ("keep", "gave-up"):',
        "the tag of whoever died stays on new content where the output went too",
        forced={"cleanup": "expire", "naming": "folder", "completion": "marker", "verify": "duration",
                "kill-after": 0.1, "kill": 0.05, "edit": 1.0, "timer": 300, "groups": 2, "most": 1, "single": "copy",
                "direct": "", "output_key": "output/{group}.{ext}", "versioned": False},
    ),
)  # fmt: skip
