"""How far a round over the input prefix has come: `<state>/sweep.json`, between one invocation and the next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cosconcat.errors import InvalidInput
from cosconcat.functions.sweep.report import Findings
from cosconcat.services import Services

LONGEST_LINE = 1000  # groups; younger ones are found again by the next round


class Line:
    """Whole groups that wait for a job of CONCAT_JOBS_PER_HOUR, each with the time (epoch seconds) since when. It
    outlasts a round, so that the oldest comes first wherever its name stands.
    """

    def __init__(self, state: object) -> None:
        held = state if isinstance(state, Mapping) else {}
        self.since = {str(name): since for name, since in held.items() if isinstance(since, int)}

    def add(self, name: str, since: int) -> None:
        """Take a group in, and where the line is full leave the youngest out."""
        self.since[name] = min(since, self.since.get(name, since))
        if len(self.since) > LONGEST_LINE:
            del self.since[max(self.since, key=lambda one: (self.since[one], one))]

    def oldest_first(self) -> list[str]:
        """The groups in line."""
        return sorted(self.since, key=lambda one: (self.since[one], one))


class Cursor:
    """Where the round goes on, what it found so far, and the steps at which an invocation died.

    A run that was killed left `running` behind. The next one is `careful`: it writes down each step before it takes it,
    and those after it leave out, until a round is complete, the steps at which one died: no group holds up all others
    for ever.
    """

    def __init__(self, services: Services, began: float) -> None:
        self._services = services
        state = self._read()
        self.findings, self.marker = _resumed(state)
        self.careful = state.get("running") is True and _is_over(state, began)
        died_at = [str(state["at"])] if self.careful and state.get("at") else []
        self.left_out = list(dict.fromkeys([*map(str, state.get("left_out") or ()), *died_at]))
        self.line = Line(state.get("line"))
        self.round_complete = False
        self.save(running=True)

    def save(self, *, running: bool = False, at: str = "") -> None:
        """Write it down; `at` names the step that is taken next. A round that is complete leaves nothing behind."""
        config = self._services.config
        state: dict[str, object] = {}
        if not self.round_complete:
            state = {"marker": self.marker, "findings": self.findings.as_json(), "left_out": self.left_out}
        if self.line.since:
            state["line"] = self.line.since
        if running and self._services.deadline < float("inf"):
            state["until"] = self._services.deadline
        body = json.dumps({**state, "running": running, "at": at}, ensure_ascii=False).encode()
        self._services.cos.put(config.state_bucket, f"{config.state_prefix}sweep.json", body)

    def _read(self) -> dict[str, Any]:
        """As the last run left it; empty when it is unreadable: a new round begins then."""
        config = self._services.config
        try:
            stored = self._services.cos.get(config.state_bucket, f"{config.state_prefix}sweep.json")
            return dict(json.loads(stored.body)) if stored else {}
        except (ValueError, TypeError, InvalidInput):
            return {}


def _is_over(state: Mapping[str, Any], began: float) -> bool:
    """Whether the run that left `running` must have ended by now: it may only be a neighbour that still works."""
    until = state.get("until")
    return not isinstance(until, int | float) or began > until


def _resumed(state: Mapping[str, Any]) -> tuple[Findings, str]:
    try:
        return Findings.from_json(state.get("findings", {})), str(state.get("marker", ""))
    except (ValueError, TypeError, AttributeError):
        return Findings(), ""
