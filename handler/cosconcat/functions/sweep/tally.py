"""What one invocation did: each step by itself, so that no group's trouble is another's, and all of them counted.

A step that fails after a long wait sets its group aside (`aside.py`): what hung once hangs again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from cosconcat import log
from cosconcat.errors import Blocked, ConcatError, NeverAgain, TryAgain
from cosconcat.functions.sweep.aside import Aside
from cosconcat.functions.sweep.cursor import Cursor
from cosconcat.functions.sweep.report import Findings
from cosconcat.model import Action, Result, gid_of
from cosconcat.services import Services

SHOWN_RESULTS = 20
HANGING_SECONDS = 15  # a failure that took so long is a wait for nothing; or WASTED_PART of a run, if that is less
WASTED_PART = 0.2  # of a run's time may go into such waits before groups that caused one earlier have no further turn

_INDEXED = re.compile(r"([0-9a-f]{32})-([0-9]{4,})")  # an entry of the index: gid and rev
_KINDS = {
    "gave-up": "gave_up", "kept": "kept", "blocked": "blocked", "try-again": "blocked", "invalid": "invalid",
}  # fmt: skip
STATES = ("ignored", "invalid", "waiting", "already-submitted", "already-finished", "deferred")


def is_no_news(result: Result) -> bool:
    """Whether nothing was done and nothing has changed: as a line of the log it would come again in every round, and
    what a person should act on is in the report.
    """
    return result.action in STATES or result.reason.startswith("since earlier")


class Tally:
    """Results and failures of one invocation."""

    def __init__(self, services: Services, cursor: Cursor) -> None:
        self._services = services
        self._cursor = cursor
        self._results: list[Result] = []  # the first ones; all are counted
        self._counts: Counter[str] = Counter()
        self._failed: list[str] = []
        self._wasted = 0.0  # seconds of long waits: of steps that failed, and of groups that were set aside
        self._may_waste = WASTED_PART * (services.deadline - services.clock.now())
        self._hanging = min(HANGING_SECONDS, self._may_waste)

    @property
    def findings(self) -> Findings:
        """What the round found so far, for the report."""
        return self._cursor.findings

    def attempt(self, name: str, step: Callable[[], Result | None]) -> Result | None:
        """Take one step for a group (or an entry of the index); whatever goes wrong with it stays its own."""
        cursor, clock, gid = self._cursor, self._services.clock, _gid_in(name)
        indexed = _INDEXED.fullmatch(name) is not None
        aside = cursor.aside.get(gid)
        if aside is not None and (clock.now() < aside.until or self._is_for_the_others(aside)):
            self.findings.add("blocked", aside.group, reason=str(aside))
            return None
        if cursor.careful or aside is not None:
            cursor.entering(gid, "" if indexed else name)
        began = clock.now()
        result, failure = self._taken(name, step)
        took = clock.now() - began
        long = took >= self._hanging
        if long and (failure or aside is not None):  # who ends after a last wait took it from the others too
            self._wasted += took
        if long and failure:
            why = f"it took {took:.0f} s, and {failure}"
            cursor.aside.add(gid, result.group if result else name, clock.now(), why, indexed=indexed)
        elif aside is not None:
            cursor.aside.got_on(gid, aside, indexed=indexed)
        if result is not None:
            self.count(result)
        return result

    def _is_for_the_others(self, aside: Aside) -> bool:
        """Whether this run has no room for a bad group though its pause is over: enough of it was wasted, or the run
        before it died, and the group was set aside more than once.
        """
        return self._wasted > self._may_waste or (self._cursor.careful and aside.times > 1)

    def _taken(self, name: str, step: Callable[[], Result | None]) -> tuple[Result | None, str]:
        """The step's result, and why it failed, if it did."""
        try:
            return step(), ""
        except TryAgain as failure:
            group = self._group_name(name)
            self._failed.append(f"{group}: {failure}")
            self.findings.add("blocked", group, reason=str(failure))
            action: Action = "blocked" if isinstance(failure, Blocked) else "try-again"
            return Result(group, action, str(failure)), str(failure)
        except NeverAgain as failure:
            reason = str(failure)
        except Exception as fault:  # noqa: BLE001 - a fault of ours with one group must not keep the others waiting
            reason = f"fault: {type(fault).__name__} {fault}"
            log.error("sweep fault", group=name, reason=reason)
        result = Result(self._group_name(name), "invalid", reason)
        self.findings.add("invalid", result.group, reason=reason)
        return result, reason

    def count(self, result: Result) -> None:
        """One result more; the first ones are shown, each is a line in the log."""
        self._counts[result.action] += 1
        if len(self._results) < SHOWN_RESULTS:
            self._results.append(result)
        (log.debug if is_no_news(result) else log.info)("sweep", **result.as_dict())

    def note(self, result: Result) -> None:
        """Into the report what a person should know of a group's result."""
        kind = _KINDS.get(result.action)
        if kind or result.stuck:
            what = {"reason": result.reason, "job": result.job, "output": result.key}
            self.findings.add(kind or "stuck", result.group, **what)

    def summary(self) -> dict[str, object]:
        """Counts by action and the first results; raises TryAgain naming what failed for now."""
        if self._failed:
            raise TryAgain(log.printable(log.safe("; ".join(self._failed[:SHOWN_RESULTS]))))
        return {
            "results": [log.printed(result.as_dict()) for result in self._results],
            "counts": dict(self._counts),
            "round": "complete" if self._cursor.round_complete else "goes on at the next run",
        }

    def _group_name(self, name: str) -> str:
        """The group behind an entry of the index; any other name is the group's own. Of one that was set aside before
        the claim is not read again: that may be what hangs.
        """
        found = _INDEXED.fullmatch(name)
        known = self._cursor.aside.get(found[1]) if found else None
        if known is not None:
            return known.group
        try:
            entry = self._services.ledger.claim(found[1], int(found[2]), 1) if found else None
        except ConcatError:
            entry = None
        return entry.record.group if entry else name


def _gid_in(name: str) -> str:
    """The id of the group that a name or an entry of the index means."""
    found = _INDEXED.fullmatch(name)
    return found[1] if found else gid_of(name)
