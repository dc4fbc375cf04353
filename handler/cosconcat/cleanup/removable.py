"""Which fragments may go once their output is proven, and why the others stay. Pure; `removal.py` removes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cosconcat.inputs.ownership import other_owner
from cosconcat.model import ObjectInfo

if TYPE_CHECKING:
    from cosconcat.config import Config
    from cosconcat.records.records import Claim

NOTHING_REMOVED = "nothing removed: "  # how a closing record begins to say why nothing at all was to be removed


@dataclass
class Removal:
    """What was removed: how many objects, why the others were left, and why nothing was to be removed at all.

    `lent` are objects that were joined and were never this group's to remove, with the reason.
    """

    removed: int = 0
    kept: dict[str, str] = field(default_factory=dict)
    lent: dict[str, str] = field(default_factory=dict)
    nothing: str = ""


def removable(config: Config, claim: Claim, removal: Removal) -> list[ObjectInfo]:
    """The claim's fragments that may go once its output is proven; why the others stay is noted in `removal`."""
    spared = {o.key for o in (claim.set.intro, claim.set.outro) if o}
    pieces = []
    for fragment in claim.set.fragments:
        owner = other_owner(config, claim, fragment.object.key)
        if owner:
            removal.lent[fragment.object.key] = owner
        elif float(fragment.start or 0) or fragment.end:
            removal.kept[fragment.object.key] = "trimmed: the output holds only a part of it"
        elif fragment.object.key not in spared:
            pieces.append(fragment.object)
    return pieces
