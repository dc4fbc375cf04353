"""What one invocation did: each step by itself, so that no group's trouble is another's, and all of them counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from cosconcat import log
from cosconcat.errors import Blocked, ConcatError, NeverAgain, TryAgain
from cosconcat.functions.sweep.cursor import Cursor
from cosconcat.functions.sweep.report import Findings
from cosconcat.model import Result
from cosconcat.services import Services

SHOWN_RESULTS = 20


class Tally:
    """Results and failures of one invocation, and how many jobs it submitted."""

    def __init__(self, services: Services, cursor: Cursor) -> None:
        self._services = services
        self._cursor = cursor
        self._results: list[Result] = []  # the first ones; all are counted
        self._counts: Counter[str] = Counter()
        self._failed: list[str] = []
        self.submitted = 0

    @property
    def findings(self) -> Findings:
        """What the round found so far, for the report."""
        return self._cursor.findings

    def attempt(self, name: str, step: Callable[[], Result | None]) -> Result | None:
        """Take one step for a group (or an entry of the index); whatever goes wrong with it stays its own."""
        if name in self._cursor.left_out:
            group = self._group_name(name)
            self.findings.add("blocked", group, reason="the sweep was killed while at it; left out this round")
            return None
        if self._cursor.careful:
            self._cursor.save(running=True, at=name)
        try:
            result = step()
        except TryAgain as failure:
            group = self._group_name(name)
            self._failed.append(f"{group}: {failure}")
            result = Result(group, "blocked" if isinstance(failure, Blocked) else "try-again", str(failure))
            self.findings.add("blocked", group, reason=str(failure))
        except NeverAgain as failure:
            result = Result(self._group_name(name), "invalid", str(failure))
            self.findings.add("invalid", result.group, reason=str(failure))
        except Exception as fault:  # noqa: BLE001 - a fault of ours with one group must not keep the others waiting
            result = Result(self._group_name(name), "invalid", f"fault: {type(fault).__name__} {fault}")
            self.findings.add("invalid", result.group, reason=result.reason)
            log.error("sweep fault", group=result.group, reason=result.reason)
        if result is not None:
            self.count(result)
        return result

    def count(self, result: Result) -> None:
        """One result more; the first ones are shown, each is a line in the log."""
        self._counts[result.action] += 1
        if len(self._results) < SHOWN_RESULTS:
            self._results.append(result)
        self.submitted += result.action == "submitted"
        log.info("sweep", **result.as_dict())

    def note(self, result: Result) -> None:
        """Into the report what a person should know of a group's result."""
        kind = {"gave-up": "gave_up", "kept": "kept", "blocked": "blocked", "invalid": "invalid"}.get(result.action)
        if kind or result.stuck:
            what = {"reason": result.reason, "job": result.job, "output": result.key}
            self.findings.add(kind or "stuck", result.group, **what)

    def summary(self) -> dict[str, object]:
        """Counts by action and the first results; raises TryAgain naming what failed for now."""
        if self._failed:
            raise TryAgain("; ".join(self._failed[:SHOWN_RESULTS]))
        return {
            "results": [result.as_dict() for result in self._results],
            "counts": dict(self._counts),
            "round": "complete" if self._cursor.round_complete else "goes on at the next run",
        }

    def _group_name(self, name: str) -> str:
        """The group behind an entry of the index; any other name is the group's own."""
        found = re.fullmatch(r"([0-9a-f]{32})-([0-9]{4,})", name)
        try:
            entry = self._services.ledger.claim(found[1], int(found[2]), 1) if found else None
        except ConcatError:
            entry = None
        return entry.record.group if entry else name
