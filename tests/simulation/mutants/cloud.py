"""What the services are held to, each as the mutant whose calls do not ask for it: the patch is in their model."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "create-only-dropped", "G2", "tests.simulation.models.objects:CosModel._create",
        "if key in shelf.current and not shelf.versioned:", "if False:",
        "the header is not sent: records are overwritten, two instances win one claim",
    ),
    Mutant(
        "answers-without-effect-believed", "G2", "tests.simulation.models.world:World._failing",
        'raise ServiceUnavailable(f"{kind} {name}: HTTP 302, which is no success")',
        "return True if writes else self._repeated(actor, kind, name, effect, writes)",
        "a redirect of a PUT counts as a record that was written",
        forced={"no-effect": 0.05},
    ),
)  # fmt: skip
