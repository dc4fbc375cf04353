"""What a convention makes of a listing: each key's name, each group's verdict, and what is unmatched, by reason."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from cosconcat.config import Config
from cosconcat.naming.keys import InvalidName, Name, NotOurs
from ops.naming.judge import judge
from ops.naming.nearly import why_nearly

_EXPLAINED = 3  # unmatched keys of one reason that are looked at for what they are nearly


class Unmatched(NamedTuple):
    """Keys that are no fragments for one reason: how many, one of them, and what that is nearly."""

    reason: str
    keys: int
    example: str
    nearly: str


class Examination(NamedTuple):
    """What a convention makes of keys: each key's name, each group's verdict in words, and what is unmatched."""

    names: list[Name]
    groups: dict[str, str]
    unmatched: list[Unmatched]
    slowest: float

    @property
    def wrong(self) -> bool:
        """Whether something is invalid."""
        return any(isinstance(name, InvalidName) for name in self.names) or any(
            words.startswith("invalid") for words in self.groups.values()
        )

    @property
    def fits(self) -> bool:
        """Whether any key is something to the convention."""
        return not all(isinstance(name, NotOurs | InvalidName) for name in self.names)


def examine(config: Config, keys: Iterable[str]) -> Examination:
    """What the configured convention makes of keys."""
    names: list[Name] = []
    slowest = 0.0
    for key in keys:
        begun = time.perf_counter()
        itself = key == config.input_prefix
        names.append(NotOurs(key, "the input prefix itself") if itself else config.convention.read(key))
        slowest = max(slowest, time.perf_counter() - begun)
    return Examination(names, judge(config, names), unmatched(config, names), slowest)


def unmatched(config: Config, names: Iterable[Name]) -> list[Unmatched]:
    """The keys that are no fragments, by reason, the commonest first."""
    reasons: dict[tuple[str, str], list[str]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for name in names:
        if isinstance(name, NotOurs | InvalidName):
            kind = (name.reason, name.key.rpartition(".")[2].lower())
            counts[kind] += 1
            if counts[kind] <= _EXPLAINED:
                reasons.setdefault(kind, []).append(name.key)
    found = []
    for (reason, ending), count in counts.most_common():
        keys = reasons[reason, ending]
        near = {key: why_nearly(config.convention, key) for key in keys if key.startswith(config.input_prefix)}
        best = next((key for key, words in near.items() if words), keys[0])
        found.append(Unmatched(reason, count, best, near.get(best, "")))
    return found
