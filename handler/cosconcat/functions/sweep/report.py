"""What a round of the sweep found: the answer to "where is my video?", kept in `<state>/report.json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cosconcat import log
from cosconcat.errors import InvalidInput
from cosconcat.functions.sweep.ended import ended_since
from cosconcat.model import iso_time
from cosconcat.services import Services

KINDS = ("arriving", "incomplete", "invalid", "blocked", "stuck", "gave_up", "kept", "quiet", "budget", "gap")
MOST_OF_A_KIND = 1000  # entries; further ones are only counted, so that a huge bucket cannot fill the memory
MOST_UNMATCHED = 20  # examples


@dataclass
class Findings:
    """Entries by kind, and counts. `arriving` groups are incomplete but young: named here, no line in the log."""

    objects: int = 0
    entries: dict[str, dict[str, dict[str, object]]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    uncounted: dict[str, int] = field(default_factory=dict)
    unmatched_count: int = 0
    unmatched_examples: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, group: str, **what: object) -> None:
        """One group, once for each kind; the last word counts."""
        held = self.entries[kind]
        if group in held or len(held) < MOST_OF_A_KIND:
            held[group] = {name: value for name, value in what.items() if value not in ("", None)}
        else:
            self.uncounted[kind] = self.uncounted.get(kind, 0) + 1

    def unmatched(self, key: str, reason: str) -> None:
        """An object under the input prefix that no convention reads."""
        self.unmatched_count += 1
        if len(self.unmatched_examples) < MOST_UNMATCHED:
            self.unmatched_examples[key] = reason

    def lines(self) -> Iterator[tuple[str, str, Mapping[str, object]]]:
        """(kind, group, what) of every entry that a person should act on."""
        for kind in KINDS[1:]:
            for group, what in self.entries[kind].items():
                yield kind, group, what

    def as_json(self) -> dict[str, object]:
        """For the report and the cursor."""
        return {
            "objects": self.objects,
            **self.entries,
            "more": self.uncounted,
            "unmatched": {"count": self.unmatched_count, "examples": self.unmatched_examples},
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Findings:
        """The findings of a round so far. Raises TypeError or AttributeError for what `as_json` never wrote."""
        unmatched = dict(state.get("unmatched", {}))
        return cls(
            objects=int(state.get("objects", 0)),
            entries={kind: dict(state.get(kind, {})) for kind in KINDS},
            uncounted=dict(state.get("more", {})),
            unmatched_count=int(unmatched.get("count", 0)),
            unmatched_examples=dict(unmatched.get("examples", {})),
        )


def publish(services: Services, findings: Findings, now: int, out_of_time: Callable[[], bool]) -> None:
    """Write the report of a complete round, and a line in the log for each entry that a person should act on."""
    config = services.config
    ended = ended_since(services.ledger, _last_ended(services), services.clock.now(), out_of_time)
    report = {"published": now, "at": iso_time(now), **findings.as_json(), "ended": ended}
    body = json.dumps(report, ensure_ascii=False, indent=1).encode()
    services.cos.put(config.state_bucket, f"{config.state_prefix}report.json", body)
    for kind, group, what in findings.lines():
        log.warning("report", kind=kind, group=group, **what)


def handle_report(services: Services) -> dict[str, object]:
    """The last published report, as it is."""
    config = services.config
    stored = services.cos.get(config.state_bucket, f"{config.state_prefix}report.json")
    report = json.loads(stored.body) if stored else None
    return {"results": [], "report": report or "none yet: it is published when a sweep has completed a round"}


def _last_ended(services: Services) -> Mapping[str, Any]:
    """What the report before this one says of contents that ended; empty when it is unreadable."""
    try:
        report = handle_report(services)["report"]
    except (ValueError, InvalidInput):
        return {}
    before = report.get("ended") if isinstance(report, Mapping) else None
    return before if isinstance(before, Mapping) else {}
