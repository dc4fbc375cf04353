"""The guards of the output's key, each as the mutant that is without it."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant, faulty

MUTANTS = (
    Mutant(
        "output-key-not-looked-at", "G1", "cosconcat.output.choice:is_occupied",
        "return literal is not None and services.cos.head(services.config.output_bucket, literal) is not None",
        "return False",
        "somebody's object at the output's key is overwritten",
        faulty("edit"),
    ),
    Mutant(
        "output-key-not-reserved", "G1", "cosconcat.output.choice:_reserve",
        "if held is None:", "if True:",
        "two groups whose manifests want one key: the second job overwrites the first one's output",
        lambda plan: plan.completion == "manifest" and plan.groups > 1,
    ),
)  # fmt: skip
