"""The guards of CONCAT_SINGLE=copy, each as the mutant that is without it."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.mutants.mutant import Mutant
from tests.simulation.plan import Plan


def _copying(fault: str) -> Callable[[Plan], bool]:
    return lambda plan: plan.single == "copy" and plan.faults[fault] > 0


MUTANTS = (
    Mutant(
        "copy-not-proven", "G1", "cosconcat.copying.copy:_judged",
        "same, by = same_bytes(original, copy)", 'same, by = "yes", "ETag"',
        "a copy that went wrong is taken for its piece, which is removed",
        _copying("copy-damaged"),
    ),
    Mutant(
        "copy-crc-not-compared", "G1", "cosconcat.copying.copy:same_bytes",
        '("yes" if original.crc64 == copy.crc64 else "no")', '"yes"',
        "the same, where the piece was uploaded in parts and ETags do not compare",
        _copying("copy-damaged"),
    ),
    Mutant(
        "copy-overwrites", "G1", "tests.simulation.models.objects:CosModel.copy",
        "if create_only and key in shelf.current and not shelf.versioned:", "if False:",
        "the header is not sent: what took the output's name meanwhile is overwritten by a copy",
        _copying("edit"),
    ),
    Mutant(
        "copy-newcomers-ignored", "G3", "cosconcat.copying.copy:_judged", "if late:", "if False:",
        "a second piece that came while the first was copied is left behind",
        forced={"naming": "folder", "completion": "marker", "single": "copy", "most": 1, "edit": 1.0, "kill": 0.0,
                "kill-after": 0.0},
    ),
    Mutant(
        "copy-not-resumed", "G3", "cosconcat.protocol.attempt:next_step",
        "    if seen.claim.copied:\n        return CopyFragment()\n", "",
        "whoever takes over the claim of a copy looks for a job, and takes the copy for something else",
        _copying("kill"),
    ),
)  # fmt: skip
