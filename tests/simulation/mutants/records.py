"""The guards of the records, each as the mutant that is without it."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant, faulty

MUTANTS = (
    Mutant(
        "end-loser-goes-on", "G1", "cosconcat.records.ledger:Ledger.create_end",
        "held = self.end(claim.gid, claim.rev, claim.n)", "held = Stamped(end, 0, 0)",
        "who loses the end acts by its own verdict instead of the winner's",
    ),
    Mutant(
        "revs-share-records", "G3", "cosconcat.records.ledger:Ledger._key", "{rev:04}", "0001",
        "a group's second content meets the first one's records",
        faulty("edit"),
    ),
    Mutant(
        "no-index-entry", "G3", "cosconcat.records.ledger:Ledger.open", "self._cos.create(", "(lambda *_: None)(",
        "a content whose inputs changed is found by nobody",
    ),
    Mutant(
        "newest-taken-for-joined", "G1", "cosconcat.records.ledger:Ledger.joined",
        'if done is not None and done.record.outcome == "joined":',
        "if done is not None:",
        "pieces are removed for a content that was never joined",
    ),
)  # fmt: skip
