"""What a look at the output comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Verified:
    """The output holds all of it; `figures` is JSON-able and says on what grounds."""

    figures: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Unverified:
    """Not shown to be whole: nothing is removed. `reason` is for a person, `figures` (JSON-able) for checking it.

    `doubt` says what a person can do where the figures show no loss, but no proof either; it is empty where they show
    that content is missing, or that something else is there.
    """

    reason: str
    figures: Mapping[str, object] = field(default_factory=dict)
    rule: str = ""
    doubt: str = ""


Verdict = Verified | Unverified
