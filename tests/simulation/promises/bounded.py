"""Everything is bounded: what is refused is not asked again and again, and one bad group costs only itself.

The figures are those that the pages promise, written here a second time: a group at which runs hang or die is set aside
for ten minutes, then for twice as long each time, at most a day; after a refusal that is meant for all, or three POSTs
in a row without an answer, an invocation asks no more; pauses between attempts double; the tenth attempt without a job
is the last.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from cosconcat.errors import Blocked, OutcomeUnknown, ServiceUnavailable
from tests.simulation.models.strain import Strain, Strike
from tests.simulation.models.world import Actor, World
from tests.simulation.promises.known import Known
from tests.simulation.promises.played import Played

MOST_UNANSWERED = 3  # POSTs in a row, by one invocation
MOST_WITHOUT_JOB = 10  # attempts for one content
FIRST_PAUSE, LONGEST_PAUSE = 60, 3600  # seconds between two attempts
FIRST_ASIDE, LONGEST_ASIDE = 600, 86_400  # seconds for which a group is set aside
COUNTS_SECONDS = 15  # a shorter wait is no reason to set a group aside
WASTED_PART, ONE_WAIT = 0.2, 130.0  # of a run, in waits for groups that are known to be bad; seconds of the last one
MOST_ASIDE, LARGEST_CURSOR = 1000, 1024 * 1024  # groups; bytes


class Asking:
    """What each invocation was told by CI when it posted."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._unanswered: dict[Actor, int] = {}  # in a row
        self._refused: set[Actor] = set()

    def asks(self, what: str) -> None:
        """The running invocation posts a job, or claims an attempt to do so."""
        actor = self.world.actor
        if actor in self._refused:
            self.world.fail(f"{actor and actor.name}: {what} after CI had refused all")
        if actor and self._unanswered.get(actor, 0) >= MOST_UNANSWERED:
            self.world.fail(f"{actor.name}: {what} after {MOST_UNANSWERED} POSTs without an answer")

    def answered(self, failure: Exception | None) -> None:
        """A POST was accepted, or came to this."""
        actor = self.world.actor
        if actor is None:
            return
        silent = isinstance(failure, OutcomeUnknown | ServiceUnavailable)
        self._unanswered[actor] = self._unanswered.get(actor, 0) + 1 if silent else 0
        if isinstance(failure, Blocked) and failure.for_all:
            self._refused.add(actor)
            self.world.reached["asked too often"] += 1
        elif self._unanswered[actor] == MOST_UNANSWERED:
            self.world.reached["three POSTs without an answer"] += 1


def cursor_problem(body: bytes) -> str:
    """The sweep's cursor is small, whatever there is to remember."""
    if len(body) > LARGEST_CURSOR:
        return f"sweep.json has {len(body)} bytes"
    aside = json.loads(body).get("aside", {})
    return f"sweep.json holds {len(aside)} groups that are set aside" if len(aside) > MOST_ASIDE else ""


def end_problem(known: Known, place: tuple[str, int, int], body: dict[str, Any], posted: bool) -> str:
    """An attempt ends; `posted`: it had a job. Pauses grow, and nobody gives up before his time."""
    outcome, then = body["outcome"], body["next"]
    in_a_row = 1
    for n in range(place[2] - 1, 0, -1):
        before = known.ends[place[0], place[1], n]
        if (before["outcome"] == "Lost") != (outcome == "Lost") or before["outcome"] in ("Failed", "Cancel"):
            break
        in_a_row += 1
    wanted = min(FIRST_PAUSE * 2 ** min(in_a_row - 1, 10), LONGEST_PAUSE)
    refused = outcome in ("Rejected", "NotPosted")
    without_job = outcome == "Lost" and not body["job"] and in_a_row > 1  # one that CI forgot was a failed job
    if then == "retry" and (refused or without_job) and body["after_seconds"] < wanted:
        return f"end {place}: {outcome} {in_a_row} times in a row, tried again after {body['after_seconds']} s"
    if outcome != "Lost" or then != "gave-up" or posted:
        return ""
    key = known.claims[place]["output_key"].replace("${ext}", "mp4")
    there = (
        known.cos.shelves[known.outputs].current.get(key) is not None or key in known.by_user or key in known.spoiled
    )
    lost = sum(1 for n in range(1, place[2]) if known.ends[place[0], place[1], n]["outcome"] == "Lost") + 1
    if lost < MOST_WITHOUT_JOB and not there:
        return f"end {place}: given up after {lost} attempts that led to no job"
    if lost >= MOST_WITHOUT_JOB:
        known.world.reached["ten attempts without a job"] += 1
    return ""


def claim_problem(known: Known, place: tuple[str, int, int], body: dict[str, Any]) -> str:
    """An attempt is claimed: not after ten that led to no job, and not of a content that was given up, unless a person
    says retry or uploads.
    """
    gid, rev, n = place
    if known.asked_for(body):
        return ""
    lost = sum(1 for earlier in range(1, n) if known.ends[gid, rev, earlier]["outcome"] == "Lost")
    if lost >= MOST_WITHOUT_JOB:
        return f"G2: claim {place}: after {lost} attempts that led to no job"
    before = known.claims.get((gid, rev - 1, 1))
    if n > 1 or before is None or before["fingerprint"] != body["fingerprint"] or body["unneeded"]:
        return ""
    done = known.done.get((gid, rev - 1), {})
    keys = [fragment["object"]["key"] for fragment in body["set"]["fragments"]]
    current = known.cos.shelves[known.inputs].current
    times = [current[key].created for key in keys if key in current]
    times += [known.latest[key][1] for key in keys if key in known.latest]  # even if it is gone again by now
    uploaded = max(times, default=0.0)
    if done.get("outcome") == "gave-up" and uploaded < done["closed_at"] - 1800:  # as far as clocks may differ
        return f"G2: claim {place}: of what was given up before, and nobody has uploaded anything since"
    return ""


def set_aside(schedule: Played, strain: Strain) -> list[str]:
    """While some groups are bad, in peace: their turns come ever more rarely, and the report names them."""
    problems: list[str] = []
    sweeps = [strike for strike in strain.struck if strike.run.startswith("sweep") and strike.began >= strain.peace]
    cut = {strike.run for strike in sweeps if strike.cut}  # and nothing of such a run was perhaps written down
    sweeps = [strike._replace(cut=strike.run in cut) for strike in sweeps]
    deaths = 0 if schedule.plan.strain == "hangs" else 2 if schedule.plan.bad_call == "GET" else 1
    for gid in strain.bad:
        got_on = [*schedule.promises.recorded_at[gid], *_unharmed(strain, gid)]
        problems += _turns(gid, [strike for strike in sweeps if strike.gid == gid], got_on, deaths)
    problems += _wasted(schedule, strain, sweeps)
    return problems


def unreported(schedule: Played, strain: Strain) -> list[str]:
    """Bad groups that the last report does not name, though runs came to nothing at them."""
    stored = schedule.cos.shelves[schedule.promises.state_bucket].current.get(".concat/report.json")
    report = json.loads(stored.body) if stored else {}
    named = " ".join([*report.get("blocked", {}), *report.get("invalid", {})])
    struck = {strike.gid for strike in strain.struck if strike.began >= strain.peace}
    met = _met_each_round(schedule)
    beginnings = {gid: beginning for gid, beginning in strain.bad.items() if gid in struck and {gid, beginning} & met}
    return [
        f"group {beginning} is bad, the report does not say so"
        for gid, beginning in beginnings.items()
        if gid not in named and f"{beginning}/" not in f"{named}/" and beginning not in named.split()
    ]


def still_aside(schedule: Played, strain: Strain) -> list[str]:
    """Groups that get on, had their turn, and are still set aside."""
    stored = schedule.cos.shelves[schedule.promises.state_bucket].current[".concat/sweep.json"]
    aside = json.loads(stored.body).get("aside", {})
    here = _beginnings(schedule)
    return [
        f"{beginning} gets on and is still set aside"
        for gid, beginning in strain.bad.items()
        if gid in aside and beginning in here
    ]


def _beginnings(schedule: Played) -> set[str]:
    """What the keys begin with that lie there."""
    keys = schedule.cos.shelves[schedule.promises.inputs].current
    return {key.split("/")[1].split("_")[0] for key in keys if key.startswith("fragments/")}


def _met_each_round(schedule: Played) -> set[str]:
    """Which bad groups no round can pass by without the call at which they are bad."""
    if schedule.plan.bad_call == "LIST":
        return _beginnings(schedule)
    state = schedule.cos.shelves[schedule.promises.state_bucket].current
    return (
        {key[13:45] for key in state if key.startswith(".concat/open/")} if schedule.plan.bad_call == "GET" else set()
    )


def _unharmed(strain: Strain, gid: str) -> Iterator[float]:
    """When a group had its turn where it had hung before, and did not come to that call: its job was forgotten."""
    struck = {(strike.run, strike.indexed) for strike in strain.struck if strike.gid == gid}
    hung_at: set[bool] = set()
    for turn, at in strain.turns.items():
        if turn.gid == gid and (turn.run, turn.indexed) in struck:
            hung_at = {turn.indexed}
        elif turn.gid == gid and turn.indexed in hung_at:
            yield at


def _turns(gid: str, strikes: list[Strike], got_on: list[float], deaths: int) -> Iterator[str]:
    """Between the turns of a group that gets nowhere lies a pause that doubles; who comes to a record gets on. A run
    that dies tells the next one no more than that it died: only the second death shows at which group, and its name
    may take a third (`deaths` more). `got_on`: moments at which it came to a record, or through its turn.
    """
    runs = list({strike.run: strike for strike in strikes}.values())
    in_a_row = 0
    for before, after in pairwise(runs):
        in_a_row = in_a_row + 1 if deaths or (before.lasts >= COUNTS_SECONDS and not before.cut) else 0
        through_the_index = before.indexed and not after.indexed  # where it hung before it did not this time
        if through_the_index or any(before.at <= moment <= after.at for moment in got_on):
            in_a_row = 0
        sure = in_a_row - deaths
        pause = min(FIRST_ASIDE * 2 ** (sure - 1), LONGEST_ASIDE) if sure > 0 else 0
        waited = after.at - before.at
        if waited < pause - 1:
            yield f"group {gid[:6]} had its turn {waited:.0f} s after it had failed {sure} times in a row"


def _wasted(schedule: Played, strain: Strain, strikes: list[Strike]) -> Iterator[str]:
    """What known bad groups take of a run."""
    known: set[str] = set()
    for run in dict.fromkeys(strike.run for strike in strikes):
        here = [strike for strike in strikes if strike.run == run]
        again = sum(strike.lasts for strike in here if strike.gid in known)
        if schedule.plan.strain == "hangs" and again > WASTED_PART * schedule.plan.time_limit + ONE_WAIT:
            yield f"{run}: {again:.0f} s went into groups that were known to hang"
        known |= {strike.gid for strike in here}
