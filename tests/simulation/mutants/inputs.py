"""The guards of what the pieces are and whether they still are it, each as the mutant that is without it."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant, cleaning, faulty

MUTANTS = (
    Mutant(
        "fingerprint-without-etag", "G1", "cosconcat.model:FragmentSet.fingerprint", "f.object.etag, ", "",
        "new content under old names counts as joined",
        faulty("edit"),
    ),
    Mutant(
        "fragments-not-looked-at-again", "G1", "cosconcat.inputs.heads:compare",
        "for key, joined in inputs_of(claim).items():", "for key, joined in ():",
        "what was replaced while the job ran is removed with the rest",
        faulty("edit"),
    ),
    Mutant(
        "a-b-a-unseen", "G1", "cosconcat.inputs.heads:compare",
        "head.object.last_modified != joined.last_modified and joined != claim.set.marker", "False",
        "CI may have read B; A is removed although nothing holds it",
        faulty("edit"),
    ),
    Mutant(
        "etag-not-compared", "G1", "cosconcat.model:ObjectInfo.same_content",
        "(self.key, self.etag, self.size) == (other.key, other.etag, other.size)", "self.key == other.key",
        "changed content passes for the same",
        faulty("edit"),
    ),
    Mutant(
        "expiry-not-checked", "G1", "cosconcat.inputs.expiry:tag_for_expiry",
        "if head is not None and head.object != part:", "if False:",
        "content that came in between bears the lifecycle rule's tag",
        cleaning("expire"),
    ),
    Mutant(
        "expiry-left-behind", "G1", "cosconcat.inputs.expiry:untag_expiry",
        'if services.config.cleanup == "expire":', "if False:",
        "the tag stays on new content when its writer died before looking again",
        cleaning("expire"),
    ),
    Mutant(
        "configurations-not-compared", "G1", "cosconcat.inputs.configurations:compare_configurations",
        "if there != here", "if False",
        "pieces that a decoder must be set up for otherwise count as alike",
        lambda plan: plan.direct in ("transcode", "refuse"),
    ),
    Mutant(
        "marker-not-looked-at-again", "G3", "cosconcat.inputs.heads:inputs_of",
        "return {o.key: o for o in [*claim.set.joined, *marker]}",
        "return {o.key: o for o in claim.set.joined}",
        "a manifest that was changed while the job ran is not followed",
        lambda plan: plan.completion == "manifest" and plan.faults["edit"] > 0,
    ),
    Mutant(
        "replaced-piece-waited-for", "G3", "cosconcat.inputs.probes:_of_other_bytes",
        "if head is None or not head.object.same_content(one):", "if False:",
        "a piece that was replaced by one of another size is probed again for a day",
        faulty("edit"),
    ),
    Mutant(
        "probes-of-other-uploads-count", "G1", "cosconcat.inputs.probes:recorded_probes",
        "if held is not None and held.set.joined == claim.set.joined:", "if held is not None:",
        "what was probed while something else lay at the key decides whether these pieces may be joined directly",
        forced={"naming": "folder", "completion": "manifest", "direct": "transcode", "edit": 1.0, "most": 3,
                "unlike-pieces": 0.4,
                "short-output": 0.2, "kill": 0.0, "kill-after": 0.0, "versioned": False, "cleanup": "delete",
                "verify": "duration"},
    ),
)  # fmt: skip
