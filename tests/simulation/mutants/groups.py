"""The guards of when a group is whole, each as the mutant that is without it."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant
from tests.simulation.plan import CALL_FAULTS, WORLD_FAULTS

LATE = {"late-pieces": 1.0, "naming": "folder", "completion": "quiet", "direct": "", "single": "join", "hostile": False,
        "versioned": False, "cleanup": "delete", "verify": "duration", "most": 3}  # fmt: skip

MUTANTS = (
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
        "old-manifest-counts", "G1", "cosconcat.groups.rules:judge_manifest",
        "if marker.last_modified < last.last_modified:", "if False:",
        "pieces uploaded after the manifest that lists them are joined half-way",
        lambda plan: plan.completion == "manifest",
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
        "until = max(since + config.quiet_seconds, quiet_from)", "until = since + config.quiet_seconds",
        "a recording by time is joined before its hour is over",
        lambda plan: plan.naming == "timestamp",
    ),
    Mutant(
        "no-marker-needed", "G3", "cosconcat.groups.rules:_not_yet",
        'if config.completion == "marker" and marker is None:',
        "if False:",
        "a group is joined before anyone declared it whole",
        lambda plan: plan.completion == "marker",
    ),
    Mutant(
        "same-bytes-again-never-new", "G3", "cosconcat.groups.joined:new_among", "if corrects else", "if False else",
        "what comes again while the first piece of its correction is joined is left behind",
        forced=LATE | dict.fromkeys({**CALL_FAULTS, **WORLD_FAULTS}, 0.0),
    ),
    Mutant(
        "held-by-several-unseen", "G2", "cosconcat.groups.joined:holders",
        "sorted(each) if alone is None", "[] if alone is None",
        "what several outputs of a group hold together is joined once more when it comes again",
        forced={**LATE, "edit": 0.0},
    ),
)  # fmt: skip
