"""The inputs as HEAD shows them: fresh enough to act on, and whether they are still what was claimed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cosconcat.model import Head
from cosconcat.records.records import Claim
from cosconcat.services import Services


@dataclass(frozen=True)
class FreshHeads:
    """The fragments as HEAD showed them from `at` (local seconds) on: fresh enough to delete by, for a moment."""

    heads: Mapping[str, Head | None]
    at: float


def changed_fragments(services: Services, claim: Claim) -> list[str]:
    """Keys of the claim's objects that are no longer the bytes it named (HEAD, not LIST)."""
    parts = [f.object for f in claim.set.fragments] + [o for o in (claim.set.intro, claim.set.outro) if o]
    heads = services.cos.heads(services.config.bucket, [o.key for o in parts])
    return [o.key for o in parts if (h := heads[o.key]) is None or not h.object.same_content(o)]
