"""The timer's pass: finds work that no event delivered, over the open index and the input prefix, and reports.

    (a) the open index       every content that is not closed goes one step further
    (b) the input prefix     pages discover group ids; each group has its turn (`turn.py`), whole ones are joined
                             (with CONCAT_JOBS_PER_HOUR they get in line, and the oldest of the line are joined)
    (c) the report           published when a round over the prefix is complete (`report.py`)

A round may take several invocations: `cursor.py` keeps how far it came and what was found so far. The cursor and the
report may be overwritten by two sweeps at once; everything else rests on the records and is safe.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

from cosconcat import log
from cosconcat.errors import ConcatError
from cosconcat.functions.sweep.cursor import Cursor
from cosconcat.functions.sweep.ended import ended_since
from cosconcat.functions.sweep.source_day import note_recording, read_unit, unit_of
from cosconcat.functions.sweep.tally import Tally
from cosconcat.functions.sweep.turn import take_turn
from cosconcat.model import Job, ObjectInfo, Page, Result, iso_time
from cosconcat.naming.keys import InvalidName, MarkerName, NotOurs
from cosconcat.protocol.closing import close_recordings
from cosconcat.protocol.reconcile import reconcile_content
from cosconcat.records.deployment import compare, remedy
from cosconcat.services import Services
from cosconcat.submission.admission import IN_LINE

MARGIN_SECONDS = 20  # no new group is started when less is left until the deadline
LISTED_SECONDS = 86400  # how far back the one page of job states reaches


def handle_sweep(services: Services) -> dict[str, object]:
    """One invocation's share of a round: the index, then the prefix from the cursor on, then perhaps the report.

    Returns counts by action and the first results. Raises TryAgain at the end, naming what failed for now.
    """
    sweep = _Round(services)
    try:
        sweep.index()
        sweep.prefix()
    except Exception:  # it failed, as when COS does not list: nobody shall be blamed for having been the last
        with suppress(ConcatError):
            sweep.cursor.close()
        raise
    sweep.cursor.close()
    return sweep.tally.summary()


class _Round:
    """One invocation's share of a round."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.began = services.clock.now()
        services.submissions.begin()
        self.cursor = Cursor(services, self.began)
        self.tally = Tally(services, self.cursor)
        self.interrupted = False  # in the midst of the recordings of a day
        self.tried: set[str] = set()  # groups in line that had their turn

    def index(self) -> None:
        """(a) Every content in the open index, one step further, in random order; at most half of time and jobs."""
        self.cursor.findings.forget("stuck")  # the index is gone through anew each time
        opened = list(self.services.ledger.opened())
        self.cursor.aside.left_the_index({gid for gid, _ in opened})
        if not opened:
            return
        random.Random(self.services.nonce()).shuffle(opened)  # noqa: S311 - fair turns, no secret
        listed = self._listed_jobs()
        half, most = (self.began + self.services.deadline) / 2, max(1, self.services.config.sweep_jobs // 2)
        for gid, rev in opened:
            if self.services.clock.now() > half or self.services.submissions.posted >= most:
                return
            result = self.tally.attempt(f"{gid}-{rev:04}", partial(reconcile_content, self.services, gid, rev, listed))
            if result is not None:
                self.tally.note(result)

    def prefix(self) -> None:
        """(b) The input prefix from the cursor on; (c) the report when its end is reached."""
        config = self.services.config
        before = {self._judged_last()}
        if self.cursor.round_begins:
            self._compare_deployment()
        self._join_the_oldest()
        while not self._out_of_time():
            page = self.services.cos.list(config.bucket, config.input_prefix, self.cursor.marker)
            here: set[str] = set()
            if not self._groups_of(page, here, before):
                break
            if page.next_marker is None:
                self._join_the_oldest()
                self._report_line()
                self._publish(page.now)
                break
            self.cursor.marker, before = page.next_marker, here  # LIST mostly keeps a group's objects together

    def _compare_deployment(self) -> None:
        """Whether names are still read as when the records began; once a round."""
        config = self.services.config
        try:
            changed = compare(self.services.cos, config)
        except ConcatError as failure:
            log.warning("deployment not compared", reason=str(failure))
            return
        if changed:
            self.cursor.findings.add("invalid", "(all groups)", reason=f"{'; '.join(changed)}; {remedy(config)}")

    def _publish(self, now: int) -> None:
        before = self.cursor.reports.published().get("ended")
        ended = ended_since(
            self.services.ledger,
            before if isinstance(before, Mapping) else {},
            now,
            self._out_of_time,
        )
        self.cursor.publish(now, ended)

    def _groups_of(self, page: Page, here: set[str], before: set[str]) -> bool:
        """Judge every group with an object on this page, once; False when time or jobs ran out on the way.

        The time is looked at for each key: reading a name may take a while where the convention is an expression.
        """
        for found in page.objects:
            if self._out_of_time():
                return False
            group = self._group_of(found)
            if group and group not in here and group not in before:
                if self._no_more_jobs():
                    return False
                self.tally.attempt(group, partial(self._discover, group, page.now))
                if self.interrupted:
                    return False
                self.cursor.passed()
            here.add(group)
            self.cursor.findings.objects += 1
            self.cursor.marker = found.key
        return True

    def _judged_last(self) -> str:
        """The group in the midst of whose keys the last run stopped: it had its turn."""
        if self.services.config.completion == "gap":
            return unit_of(self.services.config, self.cursor.marker)
        return getattr(self.services.config.convention.read(self.cursor.marker), "group", "")

    def _group_of(self, found: ObjectInfo) -> str:
        name = self.services.config.convention.read(found.key)
        if isinstance(name, NotOurs):
            self.cursor.findings.unmatched(found.key, name.reason)
            return ""
        if isinstance(name, InvalidName):
            self.cursor.findings.add("invalid", found.key, reason=name.reason)
            return ""
        if isinstance(name, MarkerName) and name.every:
            return ""  # the windows that it closes are found by their pieces
        if self.services.config.completion == "gap":
            return unit_of(self.services.config, found.key)
        return name.group

    def _discover(self, group: str, now: int) -> Result | None:
        """The turn of a group that was found: where jobs are short, what wants one gets in line."""
        if self.services.config.jobs_per_hour is None:
            return self._take_turn(self.services, group, now)
        line = self.cursor.line
        line.since.pop(group, None)
        result = self._take_turn(replace(self.services, queue=partial(line.add, group)), group, now)
        return None if group in line.since else result

    def _join_the_oldest(self) -> None:
        """The groups in line, the oldest first, until the jobs of this hour, of this sweep or its time are used up."""
        line = self.cursor.line
        for group in line.oldest_first():
            if self._out_of_time() or self._no_more_jobs():
                return
            since = line.since.pop(group)
            if not self.services.job_slots.used_up:
                now = int(self.services.clock.now())
                self.tally.attempt(group, partial(self._take_turn, self.services, group, now))
                self.tried.add(group)
            if self.services.job_slots.used_up or self.interrupted:
                line.since[group] = since
                return

    def _report_line(self) -> None:
        for group in self.cursor.line.oldest_first():
            reason = self.services.job_slots.used_up or "waits for a later sweep"
            since = iso_time(self.cursor.line.since[group])
            self.cursor.findings.add("budget", group, reason=reason, since=since)
            if group not in self.tried:
                self.tally.count(Result(group, "waiting", reason))

    def _take_turn(self, services: Services, group: str, now: int) -> Result | None:
        if services.config.completion == "gap":
            self._close_recordings(services, group)
            return None
        return take_turn(services, self.tally, group, now)

    def _close_recordings(self, services: Services, unit: str) -> None:
        """The recordings that begin on one day, under CONCAT_COMPLETION=gap: several results, counted one by one. What
        got in line when something else decided is no such day: its pieces are found with theirs.
        """
        source_day = read_unit(unit)
        for result in close_recordings(services, *source_day) if source_day else ():
            self.tally.count(result)
            self.tally.note(result)
            short = (IN_LINE, services.job_slots.used_up) if services.config.jobs_per_hour is not None else ()
            note_recording(self.cursor.findings, result, in_line=result.reason in short)
            if self._out_of_time() or self._no_more_jobs():
                self.interrupted = True
                return

    def _listed_jobs(self) -> Mapping[str, Job]:
        """One page of CI's listing; without it each job is asked for by itself."""
        since = int(self.services.clock.now()) - LISTED_SECONDS
        try:
            return {job.id: job for job in self.services.ci.jobs(self.services.config.bucket, since).jobs}
        except ConcatError as failure:
            self.cursor.findings.add("blocked", "(all groups)", reason=f"CI does not list its jobs: {failure}")
            log.warning("jobs not listed", reason=str(failure))
            return {}

    def _no_more_jobs(self) -> bool:
        """Whether this run submits no more: CONCAT_SWEEP_JOBS were posted, whatever came of them, or CI refuses all."""
        submissions = self.services.submissions
        if submissions.refusal is not None:
            reason = f"no job is submitted any more in this run: {submissions.refusal}"
            self.cursor.findings.add("blocked", "(all groups)", reason=reason)
        return submissions.refusal is not None or submissions.posted >= self.services.config.sweep_jobs

    def _out_of_time(self) -> bool:
        margin = min(MARGIN_SECONDS, (self.services.deadline - self.began) / 2)
        return self.services.clock.now() > self.services.deadline - margin
