"""The guards of a group against its newest content, and of the executor, each as the mutant that is without it."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant, faulty
from tests.simulation.plan import CALL_FAULTS, FAULTS

WITHOUT_FAULTS_AT_CALLS = dict.fromkeys(CALL_FAULTS, 0.0)
PEACEFUL = {**WITHOUT_FAULTS_AT_CALLS, "groups": 1, "most": 1, "event-lost": 0.0}
LATE = {**WITHOUT_FAULTS_AT_CALLS, "naming": "folder", "completion": "quiet", "cleanup": "delete", "most": 2,
        "timer": 300, "edit": 1.0}  # fmt: skip

MUTANTS = (
    Mutant(
        "claim-loser-goes-on", "G2", "cosconcat.protocol.run:_claim_content",
        "if winner is not None:", "if False:",
        "who loses the claim posts as well",
    ),
    Mutant(
        "second-content-beside-the-first", "G2", "cosconcat.protocol.content:next_step",
        "return _while_in_flight(seen, seen.newest)", "return _new_content(seen, seen.newest.rev + 1)",
        "a second rev is claimed while the first one's job runs",
    ),
    Mutant(
        "older-content-joined", "G2", "cosconcat.protocol.content:_beside_joined",
        "if seen.forced or (newer and not older):",
        "if True:",
        "an overwritten version that comes back when the joined one is removed is joined",
        lambda plan: plan.versioned and plan.faults["edit"] > 0,
    ),
    Mutant(
        "lost-although-written", "G2", "cosconcat.protocol.run:_written_since",
        "head is not None and head.object.last_modified >= since", "False",
        "an output appeared after the claim, yet its job is believed never to have been",
    ),
    Mutant(
        "identical-joined-again", "G2", "cosconcat.protocol.content:_after_joined",
        "    if seen.still_proven is None:\n        return RemoveReuploads((claim,))\n", "",
        "the same pieces, uploaded once more, are joined and billed once more",
        faulty("edit"),
    ),
    Mutant(
        "new-content-taken-for-joined", "G3", "cosconcat.protocol.content:_after_joined",
        "if not same and not is_subset_of_joined(seen.fragments, claim.set, convention):", "if False:",
        "a second content of a group is never joined",
        faulty("edit"),
    ),
    Mutant(
        "next-claim-loser-posts", "G2", "cosconcat.protocol.run:_claim_next",
        "if services.ledger.create_claim(following) is not None:",
        "if services.ledger.create_claim(following) is not None and False:",
        "who loses the next attempt posts as well",
        forced={"post-blocked": 0.6, "timer": 60, "groups": 1, "most": 1, "stall": 0.1, "event-again": 0.5,
                "event-slow": 0.3, "retry-lost": 0.0},
    ),
    Mutant(
        "rest-joined-again", "G2", "cosconcat.protocol.content:_after_joined",
        " and not is_subset_of_joined(seen.fragments, claim.set, convention)",
        "",
        "what could not be removed looks whole and is joined once more",
        forced={"naming": "folder", "completion": "marker", "delete-refused": 0.4, "edit": 1.0, "versioned": False,
                "cleanup": "delete", "verify": "duration", "most": 3, "list-lag": 0.6},
    ),
    Mutant(
        "all-is-rest", "G3", "cosconcat.protocol.content:is_subset_of_joined",
        "return pieces <= all_pieces",
        "return True",
        "new content counts as the rest of what was joined",
        faulty("edit"),
    ),
    Mutant(
        "in-flight-not-helped", "G3", "cosconcat.protocol.content:_while_in_flight",
        "if newest.claim.age > claim.lease_seconds and not seen.helped:",
        "if False:",
        "whoever meets a content whose winner died leaves it lying",
    ),
    Mutant(
        "given-up-begun-anew", "G3", "cosconcat.protocol.content:_after_done",
        'if not same or done.outcome == "superseded" or seen.forced or _came_after(seen.fragments, last):', "if True:",
        "what was given up is joined again and again, and no end of it stands in the report",
    ),
    Mutant(
        "superseded-stands", "G2", "cosconcat.protocol.content:next_step",
        "    if seen.standing is None:\n        return ReadStanding(seen.newest)\n",
        "    seen = seen._replace(standing=seen.newest)\n    assert seen.standing is not None\n",
        "what was superseded decides, instead of the content that was joined before it and lies there again",
        forced={"edit": 1.0},
    ),
    Mutant(
        "new-content-after-another-end-unseen", "G3", "cosconcat.protocol.content:_after_done",
        "if not same or done.outcome", "if done.outcome",
        "once a content was kept or given up, the group's next one is never joined",
        faulty("edit"),
    ),
    Mutant(
        "new-key-not-looked-at", "G1", "cosconcat.protocol.content:_new_content",
        "return HeadOutput() if seen.occupied is None else ClaimContent(rev)", "return ClaimContent(rev)",
        "a group's second content overwrites the output of the first",
    ),
    Mutant(
        "late-pieces-with-joined-ones", "G2", "cosconcat.protocol.content:_apart_from_joined",
        "return JoinLate(late) if len(late.fragments) < len(seen.fragments.fragments) else None", "return None",
        "pieces that came after quiet time was over are joined with those that were joined before",
        lambda plan: plan.faults["edit"] > 0,
        forced={"naming": "folder", "completion": "quiet", "cleanup": "keep"},
    ),
    Mutant(
        "joined-forgotten-after-another-end", "G2", "cosconcat.protocol.content:_after_done",
        "if not same and seen.late_apart and not seen.forced and last.rev > 1:", "if False:",
        "once late pieces were kept or given up, they are joined with those that were joined before",
        forced={
            "naming": "folder", "completion": "quiet", "cleanup": "keep", "late-pieces": 1.0, "job-cancelled": 0.4,
            "kill": 0.0, "kill-after": 0.0, "edit": 0.0, "most": 2, "versioned": False, "direct": "",
            "single": "join", "hostile": False,
        },
    ),
    Mutant(
        "correction-taken-for-joined", "G3", "cosconcat.groups.joined:_are_held",
        " and piece.object.same_content(held[piece.place])", "",
        "a piece that was corrected is taken for the one that was joined from its place",
        lambda plan: plan.faults["edit"] > 0,
        forced={"naming": "folder", "completion": "quiet", "cleanup": "keep"},
    ),
    Mutant(
        "word-on-other-uploads-counts", "G1", "cosconcat.protocol.run:_same_before",
        'end.probed if same else ""', "end.probed",
        "what was compared while something else lay at the key is carried over to these pieces",
        forced={"naming": "folder", "completion": "manifest", "direct": "transcode", "edit": 1.0, "most": 3,
                "unlike-pieces": 0.4,
                "post-blocked": 0.5, "kill": 0.0, "kill-after": 0.0, "versioned": False, "cleanup": "delete",
                "verify": "duration"},
    ),
    Mutant(
        "first-key-not-looked-at", "G1", "cosconcat.protocol.content:_without_claim",
        "    if seen.occupied is None:\n        return HeadOutput()\n", "",
        "a group's first output overwrites what somebody has put at its key",
        faulty("edit"),
    ),
    Mutant(
        "free-key-doubted", "G3", "cosconcat.protocol.content:_without_claim", "if not seen.occupied:", "if False:",
        "where nothing lies at the output's key its tags are asked for, and the group is never joined",
    ),
    Mutant(
        "records-not-looked-for", "G3", "cosconcat.protocol.content:_without_claim",
        "if not seen.no_records:", "if False:",
        "what was joined and is uploaded again counts as a join whose records are gone, and stays there",
        faulty("edit"),
    ),
    Mutant(
        "anything-there-is-ours", "G3", "cosconcat.protocol.content:_without_claim", "if seen.ours:", "if True:",
        "whatever lies at the output's key counts as the group's result",
        faulty("edit"),
    ),
    Mutant(
        "thrown-away-joined-again", "G2", "cosconcat.protocol.content:_after_joined",
        "if seen.forced or _came_after(seen.fragments, last):", "if True:",
        "whoever throws an output away is billed for another one",
        forced={"edit": 1.0, "cleanup": "keep"},
    ),
    Mutant(
        "uploaded-after-the-output-went", "G3", "cosconcat.protocol.content:_after_joined",
        "if seen.forced or _came_after(seen.fragments, last):", "if seen.forced:",
        "what is uploaded again after its output was thrown away is never joined",
        forced={"edit": 1.0},
    ),
    Mutant(
        "uploaded-after-another-end", "G3", "cosconcat.protocol.content:_after_done",
        " or seen.forced or _came_after(seen.fragments, last):", " or seen.forced:",
        "what is uploaded again after it was kept or given up is never joined",
        faulty("edit"),
    ),
    Mutant(
        "retry-of-joined-unheard", "G3", "cosconcat.protocol.content:_after_joined",
        "if seen.forced or _came_after(seen.fragments, last):", "if _came_after(seen.fragments, last):",
        "a person says retry to what was joined and whose output is gone, and nothing is tried",
        forced={**PEACEFUL, "edit": 1.0, "cleanup": "keep", "job-fails": 0.0},
    ),
    Mutant(
        "retry-of-given-up-unheard", "G3", "cosconcat.protocol.content:_after_done",
        "or seen.forced or _came_after", "or _came_after",
        "a person says retry to what was given up, and nothing is tried",
        forced={**PEACEFUL, "edit": 1.0, "job-cancelled": 0.6},
    ),
    Mutant(
        "kept-joined-again", "G2", "cosconcat.protocol.content:_after_done",
        'if same and seen.forced and done.outcome == "kept" and seen.still_proven is None:', "if False:",
        "a person says retry to what was joined and proven, and it is joined once more instead of cleaned up",
        forced={"tags-full": 1.0, "edit": 0.0},
    ),
    Mutant(
        "earlier-thrown-away-joined-again", "G2", "cosconcat.protocol.content:_apart_from_joined",
        "if _came_after(seen.fragments, last) else", "if True else",
        "whoever throws an output away is billed for another one, where late pieces were joined apart since",
        forced=LATE,
    ),
    Mutant(
        "earlier-uploaded-after-the-output-went", "G3", "cosconcat.protocol.content:_apart_from_joined",
        "if _came_after(seen.fragments, last) else", "if False else",
        "what is uploaded again after its output was thrown away is never joined, where late pieces were joined since",
        forced={**dict.fromkeys(FAULTS, 0.0), **LATE, "late-pieces": 1.0, "groups": 1, "versioned": False,
                "single": "join", "verify": "duration", "direct": "", "time_limit": 300, "lease": 1200, "stale": 3600},
    ),
)  # fmt: skip
