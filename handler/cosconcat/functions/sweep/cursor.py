"""How far a round over the input prefix has come: `<state>/sweep.json`, between one invocation and the next.

It is small: where the round goes on, and which groups are set aside. What the round has found so far is the report's
draft (`report.py`); the draft says itself how far it reaches, so that neither can be ahead of the other. What cannot be
read back begins a new round.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cosconcat.errors import ConcatError
from cosconcat.functions.sweep.aside import NAME_CHARACTERS, SetAside
from cosconcat.functions.sweep.read_back import read_back
from cosconcat.functions.sweep.report import Findings, Reports
from cosconcat.services import Services

OURS = ("running", "marker", "aside")  # one of them is in whatever was written as sweep.json
SAVED_SECONDS = 10  # a run that is killed loses no more than this of the way that it came
LONGEST_LINE = 1000  # groups; younger ones are found again by the next round


class Line:
    """Whole groups that wait for a job of CONCAT_JOBS_PER_HOUR, each with the time (epoch seconds) since when. It
    outlasts a round, so that the oldest comes first wherever its name stands.
    """

    def __init__(self, state: object, now: float) -> None:
        """As the cursor holds it, if it can be read; nobody waits since a time that is yet to come."""
        held = state if isinstance(state, Mapping) else {}
        usable = [(name, since) for name, since in held.items() if type(since) is int and since > 0]
        self.since = {name: min(since, int(now)) for name, since in usable[:LONGEST_LINE]}

    def add(self, name: str, since: int) -> None:
        """Take a group in, and where the line is full leave the youngest out."""
        self.since[name] = min(since, self.since.get(name, since))
        if len(self.since) > LONGEST_LINE:
            del self.since[max(self.since, key=lambda one: (self.since[one], one))]

    def oldest_first(self) -> list[str]:
        """The groups in line."""
        return sorted(self.since, key=lambda one: (self.since[one], one))


class Cursor:
    """Where the round goes on, what it found so far, and the groups that are set aside.

    A run that was killed left `running` behind. The next one is `careful`: it writes down each step before it takes it,
    so that the one after it knows at which group both died, and sets that one aside.
    """

    def __init__(self, services: Services, began: float) -> None:
        self._services = services
        self.reports = Reports(services)
        read = read_back(services, "sweep.json", OURS)
        state = read.content
        self.aside = SetAside(state.get("aside"), began)
        self.findings, self.marker = Findings(), ""
        if state.get("marker"):
            findings, marker = self.reports.draft()
            if marker.startswith(services.config.input_prefix):
                self.findings, self.marker = findings, marker
        if read.problem:
            self.findings.add("invalid", read.key, reason=read.problem)
        self.round_begins = not self.marker
        self.careful = state.get("running") is True and _is_over(state, began)
        self.line = Line(state.get("line"), began)
        self.round_complete = False
        match state.get("at"):
            case [str(gid), str(group)] if self.careful:
                self._died_at(gid, group, began)
        self._saved = began
        self._save(running=True)

    def entering(self, gid: str, group: str) -> None:
        """Write down the step that is taken next, because it may be the one that runs die at."""
        self._save(running=True, at=(gid, group[:NAME_CHARACTERS]))

    def passed(self) -> None:
        """A step was taken: now and then how far the round came is written down."""
        now = self._services.clock.now()
        if now - self._saved >= SAVED_SECONDS:
            self._saved = now
            self.reports.save_draft(self.findings, self.marker)
            self._save(running=True)

    def publish(self, now: int, ended: Mapping[str, object]) -> None:
        """The round is complete: its findings are the report."""
        self.round_complete = True
        self.reports.publish(self.findings, now, ended)

    def close(self) -> None:
        """The run is over. A round that is complete leaves nothing but the groups that are set aside."""
        if not self.round_complete:
            self.reports.save_draft(self.findings, self.marker)
        self._save(running=False)

    def _save(self, *, running: bool, at: tuple[str, str] | None = None) -> None:
        config = self._services.config
        state: dict[str, object] = {"running": running, "at": at, "aside": self.aside.as_json()}
        if not self.round_complete:
            state["marker"] = self.marker
        if self.line.since:
            state["line"] = self.line.since
        if running and self._services.deadline < float("inf"):
            state["until"] = self._services.deadline
        body = json.dumps(state).encode()
        self._services.cos.put(config.state_bucket, f"{config.state_prefix}sweep.json", body)

    def _died_at(self, gid: str, group: str, began: float) -> None:
        """Set the group aside that two runs died at. Where its name is not known, that it is set aside is written down
        before its claim is read: that may be what runs die at.
        """
        known, why = self.aside.get(gid), "the sweep was killed while at it"
        self.aside.add(gid, group or (known.group if known else gid), began, why, indexed=not group)
        if not group and known is None:
            self._save(running=True)
            self.aside.rename(gid, self._name_of(gid))

    def _name_of(self, gid: str) -> str:
        """The group's name, for people; its id where no claim tells it."""
        try:
            claim = self._services.ledger.claim(gid, 1, 1)
        except ConcatError:
            claim = None
        return claim.record.group if claim else gid


def _is_over(state: Mapping[str, Any], began: float) -> bool:
    """Whether the run that left `running` must have ended by now: it may only be a neighbour that still works."""
    until = state.get("until")
    return not isinstance(until, int | float) or began > until
