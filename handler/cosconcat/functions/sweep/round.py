"""The timer's pass: finds work that no event delivered, over the open index and the input prefix, and reports.

    (a) the open index       every content that is not closed goes one step further
    (b) the input prefix     pages discover group ids; each group is judged by its own listing, whole ones are taken up
    (c) the report           published when a round over the prefix is complete

A round may take several invocations: `<state>/sweep.json` holds the cursor and what was found so far. Both it and
`<state>/report.json` may be overwritten by two sweeps at once; everything else rests on the records and is safe.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from cosconcat import log
from cosconcat.cleanup.finish import remove_reuploads
from cosconcat.errors import Blocked, ConcatError, InvalidInput, NeverAgain, TryAgain
from cosconcat.functions.sweep.ended import ended_since
from cosconcat.functions.sweep.recordings import note_recording, read_unit, unit_of
from cosconcat.functions.sweep.report import Findings
from cosconcat.groups.survey import fragments_outside, survey
from cosconcat.groups.verdicts import Invalid, Verdict, Waiting, Whole
from cosconcat.model import Job, ObjectInfo, Page, Result, gid_of, iso_time
from cosconcat.naming.keys import InvalidName, MarkerName, NotOurs
from cosconcat.protocol.closing import close_recordings
from cosconcat.protocol.group import reconcile_content
from cosconcat.protocol.run import reconcile_group, run_content
from cosconcat.services import Services

SHOWN_RESULTS = 20
MARGIN_SECONDS = 20  # no new group is started when less is left until the deadline
LISTED_SECONDS = 86400  # how far back the one page of job states reaches


def handle_sweep(services: Services) -> dict[str, object]:
    """One invocation's share of a round: the index, then the prefix from the cursor on, then perhaps the report.

    Returns counts by action and the first results. Raises TryAgain at the end, naming what failed for now.
    """
    sweep = _Sweep(services)
    sweep.index()
    sweep.prefix()
    return sweep.summary()


def handle_report(services: Services) -> dict[str, object]:
    """The last published report, as it is."""
    config = services.config
    stored = services.cos.get(config.state_bucket, f"{config.state_prefix}report.json")
    report = json.loads(stored.body) if stored else None
    return {"results": [], "report": report or "none yet: it is published when a sweep has completed a round"}


class _Sweep:
    """The state of one invocation: what was found, what failed, how many jobs were submitted.

    A run that was killed left `running` in the cursor. The next one writes down each step before it takes it, and those
    after it leave out, until a round is complete, the steps at which one died: no group holds up all others for ever.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self.began = services.clock.now()
        self.results: list[Result] = []  # the first ones; all are counted
        self.counts: Counter[str] = Counter()
        self.failed: list[str] = []
        self.submitted = 0
        self.round_complete = False
        self.interrupted = False  # in the midst of the recordings of a day
        state = self._state()
        self.findings, self.marker = self._resume(state)
        self.careful = state.get("running") is True and self._is_over(state)
        died_at = [str(state["at"])] if self.careful and state.get("at") else []
        self.left_out = list(dict.fromkeys([*map(str, state.get("left_out") or ()), *died_at]))
        self._save(running=True)

    def index(self) -> None:
        """(a) Every content in the open index, one step further, in random order; at most half of time and jobs."""
        self.findings.entries["stuck"].clear()  # the index is gone through anew each time
        opened = list(self.services.ledger.opened())
        if not opened:
            return
        random.Random(self.services.nonce()).shuffle(opened)  # noqa: S311 - fair turns, no secret
        listed = self._listed_jobs()
        half = (self.began + self.services.deadline) / 2
        for gid, rev in opened:
            if self.services.clock.now() > half or self.submitted >= max(1, self.services.config.sweep_jobs // 2):
                return
            result = self._attempt(f"{gid}-{rev:04}", partial(reconcile_content, self.services, gid, rev, listed))
            if result is not None:
                self._note(result)

    def prefix(self) -> None:
        """(b) The input prefix from the cursor on; (c) the report when its end is reached."""
        config = self.services.config
        before: set[str] = set()
        while not self._out_of_time():
            page = self.services.cos.list(config.bucket, config.input_prefix, self.marker)
            here: set[str] = set()
            if not self._groups_of(page, here, before):
                break
            if page.next_marker is None:
                self._publish(page.now)
                break
            self.marker, before = page.next_marker, here  # LIST mostly keeps a group's objects together
        self._save()

    def _groups_of(self, page: Page, here: set[str], before: set[str]) -> bool:
        """Judge every group with an object on this page, once; False when time or jobs ran out on the way."""
        for found in page.objects:
            group = self._group_of(found)
            if group and group not in here and group not in before:
                if self._out_of_time() or self.submitted >= self.services.config.sweep_jobs:
                    return False
                self._attempt(group, partial(self._judge, group, page.now))
                if self.interrupted:
                    return False
            here.add(group)
            self.findings.objects += 1
            self.marker = found.key
        return True

    def _group_of(self, found: ObjectInfo) -> str:
        name = self.services.config.convention.read(found.key)
        if isinstance(name, NotOurs):
            self.findings.unmatched(found.key, name.reason)
            return ""
        if isinstance(name, InvalidName):
            self.findings.add("invalid", found.key, reason=name.reason)
            return ""
        if isinstance(name, MarkerName) and name.every:
            return ""  # the windows that it closes are found by their pieces
        if self.services.config.completion == "gap":
            return unit_of(self.services.config, found.key)
        return name.group

    def _judge(self, group: str, now: int) -> Result | None:
        if self.services.config.completion == "gap":
            self._close_recordings(group)
            return None
        verdict = survey(self.services, group)
        helped = self._help(group, verdict) if self._deserves_help(verdict, now) else None
        if helped is not None:
            verdict = survey(self.services, group)
        if isinstance(verdict, Whole | Waiting) and verdict.note:
            self.findings.add("gap", group, reason=verdict.note)
        if isinstance(verdict, Whole):
            result = reconcile_group(self.services, verdict.set)
            self._note(result)
            return result
        if isinstance(verdict, Waiting):
            age = now - verdict.since if verdict.since else 0
            if verdict.until > now:
                self.findings.add("quiet", group, reason=verdict.reason, until=iso_time(verdict.until))
            elif helped is not None and helped.action == "kept":  # what is left is in the output
                self.findings.add("kept", group, reason=helped.reason, output=helped.key)
            else:
                kind = "incomplete" if age >= self.services.config.stale_seconds else "arriving"
                what = {"missing": list(verdict.missing[:100]), "since": iso_time(verdict.since)}
                self.findings.add(kind, group, reason=verdict.reason, **what)
            return Result(group, "waiting", verdict.reason)
        if isinstance(verdict, Invalid):
            self.findings.add("invalid", group, reason=verdict.reason)
            return Result(group, "invalid", verdict.reason)
        return None

    def _close_recordings(self, unit: str) -> None:
        """The recordings that begin on one day, under CONCAT_COMPLETION=gap: several results, counted one by one."""
        for result in close_recordings(self.services, *read_unit(unit)):
            self._count(result)
            self._note(result)
            note_recording(self.findings, result)
            if self._out_of_time() or self.submitted >= self.services.config.sweep_jobs:
                self.interrupted = True
                return

    def _deserves_help(self, verdict: Verdict, now: int) -> bool:
        if isinstance(verdict, Waiting):
            return bool(verdict.since) and now - verdict.since >= self.services.config.stale_seconds
        return isinstance(verdict, Invalid)

    def _help(self, group: str, verdict: Verdict) -> Result | None:
        """A group that is not whole may be the rest of one that was: pieces that were joined but could not be removed
        or came again alone, or a claim whose winner died before it entered the index. What was done, if anything was.

        Pieces that are inconsistent may be a new upload that has only begun: they stay until a person mends them.
        """
        content = self.services.ledger.newest_content(gid_of(group))
        if content is None:
            return None
        if content.done is not None:
            if isinstance(verdict, Invalid):
                return None
            joined = self.services.ledger.newest_joined(gid_of(group), content.rev)
            if joined is None:
                return None
            return self._attempt(
                group, lambda: remove_reuploads(self.services, joined, fragments_outside(self.services, joined.set))
            )
        if content.claim.age <= content.claim.record.lease_seconds:
            return None
        return self._attempt(group, partial(run_content, self.services, gid_of(group), content.rev))

    def _note(self, result: Result) -> None:
        """Into the report what a person should know of a group's result."""
        kind = {"gave-up": "gave_up", "kept": "kept", "blocked": "blocked", "invalid": "invalid"}.get(result.action)
        if kind or result.stuck:
            what = {"reason": result.reason, "job": result.job, "output": result.key}
            self.findings.add(kind or "stuck", result.group, **what)

    def _attempt(self, name: str, step: Callable[[], Result | None]) -> Result | None:
        """Take one step for a group (or an entry of the index); whatever goes wrong with it stays its own."""
        if name in self.left_out:
            group = self._group_name(name)
            self.findings.add("blocked", group, reason="the sweep was killed while at it; left out this round")
            return None
        if self.careful:
            self._save(running=True, at=name)
        try:
            result = step()
        except TryAgain as failure:
            group = self._group_name(name)
            self.failed.append(f"{group}: {failure}")
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
            self._count(result)
        return result

    def _count(self, result: Result) -> None:
        self.counts[result.action] += 1
        if len(self.results) < SHOWN_RESULTS:
            self.results.append(result)
        self.submitted += result.action == "submitted"
        log.info("sweep", **result.as_dict())

    def _group_name(self, name: str) -> str:
        """The group behind an entry of the index; any other name is the group's own."""
        found = re.fullmatch(r"([0-9a-f]{32})-([0-9]{4,})", name)
        try:
            entry = self.services.ledger.claim(found[1], int(found[2]), 1) if found else None
        except ConcatError:
            entry = None
        return entry.record.group if entry else name

    def _listed_jobs(self) -> Mapping[str, Job]:
        """One page of CI's listing; without it each job is asked for by itself."""
        since = int(self.services.clock.now()) - LISTED_SECONDS
        try:
            return {job.id: job for job in self.services.ci.jobs(self.services.config.bucket, since).jobs}
        except ConcatError as failure:
            self.findings.add("blocked", "(all groups)", reason=f"CI does not list its jobs: {failure}")
            log.warning("jobs not listed", reason=str(failure))
            return {}

    def _out_of_time(self) -> bool:
        margin = min(MARGIN_SECONDS, (self.services.deadline - self.began) / 2)
        return self.services.clock.now() > self.services.deadline - margin

    def _is_over(self, state: Mapping[str, Any]) -> bool:
        """Whether the run that left `running` must have ended by now: it may only be a neighbour that still works."""
        until = state.get("until")
        return not isinstance(until, int | float) or self.began > until

    def _state(self) -> dict[str, Any]:
        """The cursor as the last run left it; empty when it is unreadable: a new round begins then."""
        config = self.services.config
        try:
            stored = self.services.cos.get(config.state_bucket, f"{config.state_prefix}sweep.json")
            return dict(json.loads(stored.body)) if stored else {}
        except (ValueError, TypeError, InvalidInput):
            return {}

    def _resume(self, state: Mapping[str, Any]) -> tuple[Findings, str]:
        try:
            return Findings.from_json(state.get("findings", {})), str(state.get("marker", ""))
        except (ValueError, TypeError, AttributeError):
            return Findings(), ""

    def _save(self, *, running: bool = False, at: str = "") -> None:
        config = self.services.config
        state: dict[str, object] = {}
        if not self.round_complete:
            state = {"marker": self.marker, "findings": self.findings.as_json(), "left_out": self.left_out}
        if running and self.services.deadline < float("inf"):
            state["until"] = self.services.deadline
        body = json.dumps({**state, "running": running, "at": at}, ensure_ascii=False).encode()
        self.services.cos.put(config.state_bucket, f"{config.state_prefix}sweep.json", body)

    def _publish(self, now: int) -> None:
        config = self.services.config
        self.round_complete = True
        ended = ended_since(self.services.ledger, self._last_ended(), self.services.clock.now(), self._out_of_time)
        report = {"published": now, "at": iso_time(now), **self.findings.as_json(), "ended": ended}
        body = json.dumps(report, ensure_ascii=False, indent=1).encode()
        self.services.cos.put(config.state_bucket, f"{config.state_prefix}report.json", body)
        for kind, group, what in self.findings.lines():
            log.warning("report", kind=kind, group=group, **what)

    def _last_ended(self) -> Mapping[str, Any]:
        """What the report before this one says of contents that ended; empty when it is unreadable."""
        try:
            report = handle_report(self.services)["report"]
        except (ValueError, InvalidInput):
            return {}
        before = report.get("ended") if isinstance(report, Mapping) else None
        return before if isinstance(before, Mapping) else {}

    def summary(self) -> dict[str, object]:
        """Counts by action and the first results; raises TryAgain naming what failed for now."""
        if self.failed:
            raise TryAgain("; ".join(self.failed[:SHOWN_RESULTS]))
        return {
            "results": [result.as_dict() for result in self.results],
            "counts": dict(self.counts),
            "round": "complete" if self.round_complete else "goes on at the next run",
        }
