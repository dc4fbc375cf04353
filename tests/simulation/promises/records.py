"""Records are written once, under known names, in their order; what they say is remembered."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.simulation.models.objects import Thing
from tests.simulation.promises import attempts, bounded, budget
from tests.simulation.promises.known import Known

_RECORD = re.compile(
    r"(?P<gid>[0-9a-f]{32})/(?P<rev>\d{4})/(?:(?P<kind>claim|job|end)-(?P<n>\d{4})|(?P<done>done))\.json"
)
_CLOSED = re.compile(r"closed/\d{4}-\d\d-\d\d/\d{6}-(?P<gid>[0-9a-f]{32})-(?P<rev>\d{4})")
_PROBES = re.compile(r"[0-9a-f]{32}/[0-9]{4,}/probes-[0-9]+\.json")


class Records:
    """What the functions write under the state prefix."""

    def __init__(self, known: Known, asking: bounded.Asking) -> None:
        self.known = known
        self.asking = asking

    def written(self, key: str, thing: Thing, before: Thing | None) -> None:
        """A record came to be."""
        if key in {".concat/report.json", ".concat/sweep.json"}:  # the only two that are written again
            if key.endswith("sweep.json"):
                self.known.fail_at([bounded.cursor_problem(thing.body)])
            return
        if before is not None:
            self.known.world.fail(f"{key}: create-only record changed")
        name = key[len(".concat/") :]
        if key.startswith(".concat/gap/"):
            self._slot(key, json.loads(thing.body))
        elif found := _RECORD.fullmatch(name):
            self._of_a_content(found, json.loads(thing.body))
        elif closed := _CLOSED.fullmatch(name):
            self._closed(key, (closed["gid"], int(closed["rev"])), json.loads(thing.body))
        elif key.startswith(".concat/jobs/"):
            self._slot_of_an_hour(key)
        elif (
            key != ".concat/deployment.json"
            and not _PROBES.fullmatch(name)
            and not key.startswith((".concat/open/", ".concat/out/"))
        ):
            self.known.world.fail(f"{key}: no record of this name is known")

    def _of_a_content(self, found: re.Match[str], body: dict[str, Any]) -> None:
        """One of those that lead from a claim to its end; whoever waits for one hears of it."""
        gid, rev = found["gid"], int(found["rev"])
        if found["done"]:
            what = self._done(gid, rev, body)
        else:
            place = gid, rev, int(found["n"])
            what = {"claim": self._claim, "job": self._job, "end": self._end}[found["kind"]](place, body)
        self.known.world.reached[what] += 1
        self.known.recorded_at[gid].append(self.known.world.now)
        for listener in self.known.listeners:
            listener(what.split(":")[0].split(" ")[0], body, gid)

    def _claim(self, place: tuple[str, int, int], body: dict[str, Any]) -> str:
        known, (gid, rev, n) = self.known, place
        known.fail_at(attempts.claimed(known, place, body))
        if not body["copied"]:
            self.asking.asks(f"claimed {place}")
        known.fail_at([bounded.claim_problem(known, place, body)])
        body["at"], body["by"] = known.world.now, known.world.actor
        known.claims[place] = body
        known.tokens[f"cosconcat/{gid}/{rev:04}/{n:04}/{body['nonce']}"] = place
        return f"claim rev {min(rev, 4)} n {min(n, 4)}"

    def _job(self, place: tuple[str, int, int], body: dict[str, Any]) -> str:
        self.known.fail_at(attempts.led_to(self.known, place, body))
        self.known.jobs[place] = body
        return "job: adopted" if body["adopted"] else "job: ours"

    def _end(self, place: tuple[str, int, int], body: dict[str, Any]) -> str:
        self.known.fail_at(attempts.ended(self.known, place, body))
        body["at"] = self.known.world.now
        self.known.ends[place] = body
        return f"end: {body['outcome']}, {body['next']}"

    def _done(self, gid: str, rev: int, body: dict[str, Any]) -> str:
        body["at"] = self.known.world.now
        self.known.done[gid, rev] = body
        self.known.fail_at(attempts.done(self.known, gid, rev, body))
        return f"done: {body['outcome']}"

    def _closed(self, key: str, place: tuple[str, int], body: dict[str, Any]) -> None:
        """The entry under the day of an end: after `done`, once, and saying the same."""
        done = self.known.done.get(place)
        if done is None or place in self.known.closed:
            self.known.world.fail(f"{key}: {'entered before done' if done is None else 'entered once more'}")
        elif any(body[name] != done[name] for name in ("outcome", "output", "job", "removed", "closed_at")):
            self.known.world.fail(f"{key}: says something else than done")
        self.known.closed.add(place)

    def _slot(self, key: str, body: dict[str, Any]) -> None:
        """A reservation: by whom, so that a claim by somebody else is known to need another look."""
        self.known.slot_by[key[len(".concat/gap/") : -len(".json")]] = self.known.world.actor
        self.known.world.reached[f"slot: {body['kind']}"] += 1
        for listener in self.known.listeners:
            listener("slot", body, "")

    def _slot_of_an_hour(self, key: str) -> None:
        """A job's place in the budget."""
        self.known.job_slots += 1
        self.known.fail_at(budget.taken(self.known, key))
        self.known.world.reached["slot of an hour"] += 1
