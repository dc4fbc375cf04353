"""Safety: what must hold at every moment, checked at every effect against the models' own truth.

Nothing here asks the code under test: records are read as JSON, the truth about jobs and contents is the models'.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any

from cosconcat.model import ObjectInfo, gid_of
from tests.simulation.models.jobs import LIVE, Work
from tests.simulation.models.objects import Sight, Thing
from tests.simulation.plan import CALL_FAULTS
from tests.simulation.promises import bounded, names, recordings
from tests.simulation.promises.known import Known

MOST_REJOINED = 2  # times that late pieces make a recording in flight begin anew
MAX_ATTEMPTS = 3  # CONCAT_MAX_ATTEMPTS
FRESH_SECONDS = 10  # docs/internals/proofs.md: no DELETE is sent longer after the HEAD that it rests on
_RECORD = re.compile(
    r"(?P<gid>[0-9a-f]{32})/(?P<rev>\d{4})/(?:(?P<kind>claim|job|end)-(?P<n>\d{4})|(?P<done>done))\.json"
)
_CLOSED = re.compile(r"closed/\d{4}-\d\d-\d\d/\d{6}-(?P<gid>[0-9a-f]{32})-(?P<rev>\d{4})")


class Promises(Known):
    """Watches COS and CI; `fail`s the world at the first broken promise."""

    @cached_property
    def asking(self) -> bounded.Asking:
        """What each invocation was told by CI."""
        return bounded.Asking(self.world)

    # -- COS ----------------------------------------------------------------------------------------------------------

    def written(self, bucket: str, thing: Thing, before: Thing | None) -> None:
        """An object came to be."""
        key = thing.info.key
        self.gone.pop((key, thing.info.etag), None)
        if before is not None and before.info.etag != thing.info.etag:
            self.gone[key, before.info.etag] = self.world.now
        if self.user:
            if not key.startswith("fragments/"):
                self.by_user[key] = self.world.now
                self._spoil(key, before)
            return
        if key.startswith(".concat/"):
            self._record(key, thing, before)
        elif key.startswith("fragments/"):
            self.world.fail(f"{key}: written by us")
        elif before is not None and not self.cos.shelves[bucket].versioned:
            self._overwritten(key, thing, before)

    def _overwritten(self, key: str, thing: Thing, before: Thing) -> None:
        same = before.content is thing.content or (
            before.content is not None and thing.content is not None and before.info.etag == thing.info.etag
        )
        if same:
            return
        if thing.content is not None and thing.content.copied:
            self.world.fail(f"G1: {key}: what lay there was overwritten by a copy")
        looked = self.ci.looked.get(key, 0.0)
        if not self.by_user.get(key) or before.created < looked:
            self.world.fail(f"G1: {key}: what lay there was overwritten by other content")
        self.world.reached["not promised: put at the output's key while the job runs"] += 1

    def removed(self, bucket: str, thing: Thing, sight: Sight) -> None:
        """An object is gone."""
        key = thing.info.key
        self.gone[key, thing.info.etag] = self.world.now
        if self.user:
            self._spoil(key, thing)
        elif key.startswith(".concat/open/"):
            gid, rev = key[13:45], int(key[46:])
            if (gid, rev) not in self.done:
                self.world.fail(f"{key}: index entry removed before done")
        elif key.startswith(".concat/"):
            self.world.fail(f"{key}: record deleted")
        elif bucket != self.inputs or not key.startswith("fragments/"):
            self.world.fail(f"{key}: not an input, yet removed")
        elif self.world.plan.cleanup in {"keep", "expire"} or self._keeps():
            self.world.fail(f"G1: {key}: removed under CONCAT_CLEANUP={self.world.plan.cleanup}")
        elif thing.content is None:
            self._marker_removed(key)
        elif thing.created > sight.seen.get(key, 0.0) >= sight.sent - FRESH_SECONDS and not self._versioned(bucket):
            again = self._kept_elsewhere(thing, sight.seen)
            what = "the same put again" if again else "overwritten"
            self.world.reached[f"not promised: {what} between last HEAD and DELETE"] += 1
        elif not self._kept_elsewhere(thing, sight.seen):
            self.world.fail(f"G1: {key} ({thing.info.etag[-4:]}) removed, but no verified output holds it")
        elif self.world.plan.cleanup == "trash" and not self._in_trash(thing):
            self.world.fail(f"G1: {key}: removed, but it is not in the trash")
        looked_at = thing.created <= sight.seen.get(key, 0.0)  # not what was put there between the HEAD and the DELETE
        if not self.user and bucket == self.inputs and thing.content is not None and looked_at:
            self._check_owner(thing)

    def _check_owner(self, thing: Thing) -> None:
        """A piece is removed only because a content of its own group holds it, whatever others list."""
        if not self.world.plan.hostile:
            return
        named, version = names.read(thing.info.key), (thing.info.key, thing.info.etag)
        if named is None:
            return
        own = (claim for claim in self.claims.values() if claim["group"] == named.group)
        if not any(version == (key, etag) for claim in own for key, etag, _ in self.pieces(claim)):
            self.world.fail(f"G6: {thing.info.key}: removed, but only another group joined it")

    def _versioned(self, bucket: str) -> bool:
        return self.cos.shelves[bucket].versioned

    def _in_trash(self, thing: Thing) -> bool:
        """Whether a copy is there; what was uploaded in parts has another ETag there, but lasts as long."""
        name = f"trash/{thing.info.key.removesuffix('.mp4')}"
        copies = (t for key, t in self.cos.shelves[self.inputs].current.items() if key.startswith(name) and t.content)
        media = thing.content.media if thing.content else None
        return any(copy.content is not None and copy.content.media == media for copy in copies)

    def _spoil(self, key: str, output: Thing | None) -> None:
        """A user took this away or put something in its place."""
        self.spoiled[key] = self.world.now
        if output is not None and output.content is not None:
            self.taken |= {(piece, content.etag) for piece, content in output.content.joined}

    def _marker_removed(self, key: str) -> None:
        for place, claim in self.claims.items():
            marker = claim["set"]["marker"]
            if marker and marker["key"] == key and self.ends.get(place, {}).get("next") == "clean":
                current = self.cos.shelves[self.inputs].current
                for piece in (f["object"] for f in claim["set"]["fragments"]):
                    named = names.read(piece["key"])
                    if named is not None and named.group != claim["group"]:
                        continue  # a manifest listed it, and it is not the manifest's to remove
                    there = current.get(piece["key"])  # the very upload that was joined; not the same bytes put again
                    if (
                        there is not None
                        and there.info == ObjectInfo(**piece)
                        and not self.cos.shelves[self.inputs].versioned
                    ):
                        self.world.fail(f"{key}: removed before {piece['key']}")
                return
        self.world.fail(f"{key}: a marker was removed although nothing it declared whole was joined")

    def _kept_elsewhere(self, thing: Thing, seen: Mapping[str, float]) -> bool:
        """Whether a verified output that is still there holds this content at this key."""
        key = thing.info.key
        for end in self.ends.values():
            proof = end.get("proof")
            if end["next"] != "clean" or not proof:
                continue
            output = self.cos.shelves[self.outputs].current.get(proof["key"])
            if output is None or output.info.etag != proof["etag"]:
                looked = seen.get(proof["key"], 0.0)
                if self.spoiled.get(proof["key"], 0.0) > looked >= end["at"]:
                    return True  # a user took the output away after we had looked once more
                continue
            joined = output.content.joined if output.content else ()
            if any(name == key and content.etag == thing.info.etag for name, content in joined):
                return True
        return False

    # -- records ------------------------------------------------------------------------------------------------------

    def _record(self, key: str, thing: Thing, before: Thing | None) -> None:
        if key in {".concat/report.json", ".concat/sweep.json"}:
            self._fail_if(bounded.cursor_problem(thing.body) if key.endswith("sweep.json") else "")
            return
        if before is not None:
            self.world.fail(f"{key}: create-only record changed")
        found = _RECORD.fullmatch(key[len(".concat/") :])
        if key.startswith(".concat/gap/"):
            self._slot(key, json.loads(thing.body))
            return
        if found is None:
            closed = _CLOSED.fullmatch(key[len(".concat/") :])
            probes = re.fullmatch(r"\.concat/[0-9a-f]{32}/[0-9]{4,}/probes-[0-9]+\.json", key)
            if closed is not None:
                self._closed(key, (closed["gid"], int(closed["rev"])), json.loads(thing.body))
            elif key.startswith(".concat/jobs/"):
                self._job_slot(key)
            elif key == ".concat/deployment.json":
                return
            elif not probes and not key.startswith((".concat/open/", ".concat/out/")):
                self.world.fail(f"{key}: no record of this name is known")
            return
        body = json.loads(thing.body)
        gid, rev = found["gid"], int(found["rev"])
        if found["done"]:
            body["at"] = self.world.now
            self.done[gid, rev] = body
            self._check_done(gid, rev, body)
            what = f"done: {body['outcome']}"
        else:
            place = gid, rev, int(found["n"])
            what = {"claim": self._claim, "job": self._job, "end": self._end}[found["kind"]](place, body)
        self.world.reached[what] += 1
        self.recorded_at[gid].append(self.world.now)
        for listener in self.listeners:
            listener(what.split(":")[0].split(" ")[0], body, gid)

    def _slot(self, key: str, body: dict[str, Any]) -> None:
        """A reservation: by whom, so that a claim by somebody else is known to need another look."""
        self.slot_by[key[len(".concat/gap/") : -len(".json")]] = self.world.actor
        self.world.reached[f"slot: {body['kind']}"] += 1
        for listener in self.listeners:
            listener("slot", body, "")

    def _job_slot(self, key: str) -> None:
        """A slot of an hour: no more of them than the budget."""
        self.job_slots += 1
        most = self.world.plan.jobs_per_hour
        if not re.fullmatch(r"\.concat/jobs/\d{8}T\d\d/[1-9]\d*", key) or not int(key.rpartition("/")[2]) <= most:
            self.world.fail(f"G6: {key}: no slot of {most} an hour")
        self.world.reached["slot of an hour"] += 1

    def _within_budget(self) -> None:
        """A job was accepted: by a slot of its own, and no more in a clock hour than the budget where no request takes
        longer than usual to arrive.
        """
        plan, hour = self.world.plan, int(self.world.now) // 3600
        self.jobs_in[hour] += 1
        if sum(self.jobs_in.values()) > self.job_slots:
            self.world.fail(f"G6: {sum(self.jobs_in.values())} jobs, but {self.job_slots} slots were taken")
        slow = ("late", "stall", "hang", "post-slow", "post-lost", "down", "lost-answer")
        if self.jobs_in[hour] > plan.jobs_per_hour and not any(plan.faults[name] for name in slow):
            self.world.fail(f"G6: {self.jobs_in[hour]} jobs in an hour, budget {plan.jobs_per_hour}")

    def _closed(self, key: str, place: tuple[str, int], body: dict[str, Any]) -> None:
        """The entry under the day of an end: after `done`, once, and saying the same."""
        done = self.done.get(place)
        if done is None or place in self.closed:
            self.world.fail(f"{key}: {'entered before done' if done is None else 'entered once more'}")
        elif any(body[name] != done[name] for name in ("outcome", "output", "job", "removed", "closed_at")):
            self.world.fail(f"{key}: says something else than done")
        self.closed.add(place)

    def _claim(self, place: tuple[str, int, int], body: dict[str, Any]) -> str:
        gid, rev, n = place
        if n > 1 and self.ends.get((gid, rev, n - 1), {}).get("next") != "retry":
            self.world.fail(f"claim {place}: the attempt before has not ended with retry")
        elif n > 1 and body["group"] not in self.retried:  # who says retry waits for no pause
            ended = self.ends[gid, rev, n - 1]
            if self.world.now < ended["at"] + ended["after_seconds"] - 2:
                self.world.fail(f"G2: claim {place}: {ended['after_seconds']} s had to pass since the attempt before")
        if n == 1 and rev > 1 and (gid, rev - 1) not in self.done and not body["slot"]:
            self.world.fail(f"claim {place}: the content before is not done")
        marker = body["set"]["marker"]
        if marker and any(f["object"]["last_modified"] > marker["last_modified"] for f in body["set"]["fragments"]):
            self.world.fail(f"claim {place}: its marker is older than a fragment")
        pieces = self.pieces(body)
        by_quiet = self.world.plan.completion == "quiet" and n == 1
        before = self.joined_before(gid, rev) if by_quiet else set()
        last = self.last_joined(gid, rev) if by_quiet else {}
        corrected = {key for key, etag, size in pieces if last.get(key, (key, etag, size)) != (key, etag, size)}
        if pieces & before and pieces - before and not corrected and body["group"] not in self.retried:
            self.world.fail(f"G2: claim {place}: joins late pieces with others that were joined before")
        if pieces <= before and body["group"] not in self.retried and self._holds_all(pieces, before):
            self.world.fail(f"G2: claim {place}: joins once more what outputs of the group hold")
        lowest = min(fragment["index"] for fragment in body["set"]["fragments"])
        if self.world.plan.first and lowest != int(self.world.plan.first) and not before:
            self.world.fail(f"G5: claim {place}: begins with number {lowest}, its first piece is not there")
        left_out = self._beside(body) if corrected else None
        if left_out:
            self.world.fail(f"G5: claim {place}: a correction of {min(corrected)} is joined without {left_out}")
        if not body["copied"]:
            self.asking.asks(f"claimed {place}")
        self._fail_if(bounded.claim_problem(self, place, body))
        body["at"], body["by"] = self.world.now, self.world.actor
        self.claims[place] = body
        self.tokens[f"cosconcat/{gid}/{rev:04}/{n:04}/{body['nonce']}"] = place
        return f"claim rev {min(rev, 4)} n {min(n, 4)}"

    def _holds_all(self, pieces: set[tuple[str, str, int]], before: set[tuple[str, str, int]]) -> bool:
        """Whether outputs that are there hold all these pieces, of a group of which no piece was ever corrected."""
        outputs = [thing.content for thing in self.cos.shelves[self.outputs].current.values() if thing.content]
        held = {(key, piece.etag) for content in outputs for key, piece in content.joined}
        return len({key for key, _, _ in before}) == len(before) and {piece[:2] for piece in pieces} <= held

    def _job(self, place: tuple[str, int, int], body: dict[str, Any]) -> str:
        work = self.ci.work.get(body["job"])
        if work is None or self.tokens.get(work.user_data, (None, None))[:2] != place[:2]:
            self.world.fail(f"job {place}: {body['job']} is not a job of this content")
        self.jobs[place] = body
        return "job: adopted" if body["adopted"] else "job: ours"

    def _end(self, place: tuple[str, int, int], body: dict[str, Any]) -> str:
        outcome, then = body["outcome"], body["next"]
        if place not in self.claims:
            self.world.fail(f"end {place}: there is no such claim")
        works = self._works(place)
        states = {work.state for work in works}
        if self.claims.get(place, {}).get("copied") and works:
            self.world.fail(f"end {place}: a single piece that is copied got a job")
        if outcome in {"Lost", "Rejected", "NotPosted"}:
            if states - {"Failed", "Cancel"} and not self._forgotten(works, then):
                self.world.fail(f"end {place} says {outcome}, but its job is {', '.join(states)}")
        elif states & LIVE:
            self.world.fail(f"end {place} says {outcome}, but its job still runs")
        elif outcome == "Success" and "Success" not in states:
            self.world.fail(f"end {place} says Success, its job {', '.join(states) or 'never was'}")
        elif outcome in {"Failed", "Cancel"} and outcome not in states:
            self.world.fail(f"end {place} says {outcome}, its job {', '.join(states) or 'never was'}")
        lost = [work for work in self.ci.work.values() if work.state == "Failed" or work.forgotten]
        failed = [work for work in lost if self._same(work, place)]
        if outcome == "Failed" and then == "gave-up" and len(failed) < MAX_ATTEMPTS and not self._unreadable(place):
            self.world.fail(f"end {place} gives up after {len(failed)} failed jobs")
        if outcome == "Cancel" and then != "gave-up":
            self.world.fail(f"end {place}: a job that somebody cancelled is tried again")
        if then == "clean":
            self._check_proof(place, body)
            self._check_newcomers(place)
            self._check_marker(place)
        self._fail_if(bounded.end_problem(self, place, body, posted=bool(works)))
        body["at"] = self.world.now
        self.ends[place] = body
        return f"end: {outcome}, {then}"

    def _forgotten(self, works: list[Work], then: str) -> bool:
        """Whether CI no longer knows the jobs: then whatever they left is judged by a person, or it was taken away. Of
        what CI does not list yet the output is all that shows.
        """
        if then == "gave-up" and all(work.forgotten for work in works):
            return True
        taken = all(self.spoiled.get(work.resolved, 0.0) >= work.created for work in works)
        return taken and all(work.forgotten or work.shown_from > self.world.now for work in works)

    def _check_proof(self, place: tuple[str, int, int], body: dict[str, Any]) -> None:
        proof = body["proof"]
        output = self.cos.shelves[self.outputs].current.get(proof["key"]) if proof else None
        if proof is None:
            self.world.fail(f"end {place}: clean without a proof")
        elif output is None or output.content is None or output.info.etag != proof["etag"]:
            if self.spoiled.get(proof["key"], 0.0) <= self._looked(proof["key"]):
                self.world.fail(f"end {place}: clean, but the output is not what was verified")
        else:
            wanted = [(o["key"], o["etag"]) for o in _joined(self.claims[place])]
            joined = [(key, content.etag) for key, content in output.content.joined]
            if joined != wanted and not self._keeps():  # unverified by configuration: nothing is removed then
                self.world.fail(
                    f"G1: end {place} says clean, but the output holds {len(joined)} of {len(wanted)} as claimed"
                )

    def _same(self, work: Work, place: tuple[str, int, int]) -> bool:
        """Whether the job was for this very content of this group, in whatever rev."""
        theirs = self.claims.get(self.tokens.get(work.user_data, ("", 0, 0)), {})
        return place[0] in work.user_data and theirs.get("fingerprint") == self.claims[place]["fingerprint"]

    def _check_marker(self, place: tuple[str, int, int]) -> None:
        """What declared the set whole must not say something else by now; between two looks it may change."""
        claim = self.claims[place]
        marker = claim["set"]["marker"]
        if marker is None:
            return
        there = self.cos.shelves[self.inputs].current.get(marker["key"])
        seen = self.world.actor.seen if self.world.actor else {}
        looked = min(seen.get(fragment["object"]["key"], 0.0) for fragment in claim["set"]["fragments"])
        own = seen.get(marker["key"], 0.0)  # looked at in any order among the fragments
        if own >= max((work.ended for work in self._works(place)), default=0.0):
            looked = min(looked, own)
        if there is not None and there.info.etag != marker["etag"] and there.created < looked:
            self.world.fail(f"end {place}: clean, although {marker['key']} says something else by now")

    def _check_newcomers(self, place: tuple[str, int, int]) -> None:
        """Nothing that belongs to the set may have been there for long; for a while LIST may hide it."""
        claim = self.claims[place]
        if self.world.plan.naming == "part-of" or self.world.plan.completion == "manifest":
            return
        if self.world.plan.completion == "gap":
            self._check_within(place)
            return
        before = self.joined_before(*place[:2]) if self.world.plan.completion == "quiet" else set()
        corrected = {piece[0] for piece in before} & {piece[0] for piece in self.pieces(claim) - before}
        if corrected:  # then what was uploaded since belongs to it, though the bytes are those of before
            there = self.cos.shelves[self.inputs].current
            uploads = self.uploads_joined_before(*place[:2])
            still = {key for key, thing in there.items() if (key, thing.info.last_modified) in uploads}
            before = {piece for piece in before if piece[0] in still}
        newcomer = self._beside(claim, before)  # what was joined before may lie there still
        if newcomer:
            self.world.fail(f"end {place}: clean, although {newcomer} has come meanwhile")

    def _beside(self, claim: dict[str, Any], known: Collection[tuple[str, str, int]] = ()) -> str | None:
        """A piece of the claim's group that is not in it, and that lay there for long when the group was listed."""
        claimed = {f["object"]["key"] for f in claim["set"]["fragments"]}
        seen = self.world.actor.seen if self.world.actor else {}
        beginning = claim["group"].partition("_")[0] + ("/" if self.world.plan.naming == "folder" else "_")
        listed = max((at for what, at in seen.items() if what.startswith(f"LIST fragments/{beginning}")), default=0.0)
        lag = 61 if self.world.plan.faults["list-lag"] else 1
        for key, thing in self.cos.shelves[self.inputs].current.items():
            found = names.read(key)
            if found is None or found.group != claim["group"] or key in claimed:
                continue
            if (key, thing.info.etag, thing.info.size) not in known and thing.created < listed - lag:
                return key
        return None

    def _check_within(self, place: tuple[str, int, int]) -> None:
        """No piece that starts within a recording, and that nobody owns, was there for long when it was looked for;
        unless others came before it, which would cut the whole elsewhere.
        """
        claim = self.claims[place]
        own = [named for f in claim["set"]["fragments"] if (named := recordings.read(f["object"]["key"]))]
        plan, actor = self.world.plan, self.world.actor
        if not own or claim["rejoined"] >= MOST_REJOINED or plan.mixed or plan.seed % 7 == 0 or actor is None:
            return
        beginning = f"LIST fragments/{own[0].source}"
        listed = max((at for what, at in actor.seen.items() if what.startswith(beginning)), default=0.0)
        known = {version for other in self.claims.values() for version in recordings.versions(other)}
        late = {
            named: thing.created
            for key, thing in self.cos.shelves[self.inputs].current.items()
            if (named := recordings.read(key)) and named.source == own[0].source and (key, thing.info.etag) not in known
        }
        before = any(own[0].start - recordings.LONGEST - recordings.GAP < named.start <= own[0].start for named in late)
        within = [
            named for named, at in late.items() if own[0].start < named.start < own[-1].start and at < listed - 61
        ]
        if within and not before:
            self.world.fail(f"end {place}: clean, although {within[0]} has come meanwhile")

    def _looked(self, key: str) -> float:
        """When the running actor was last shown the object by HEAD; long ago, when it never was."""
        return self.world.actor.seen.get(key, float("inf")) if self.world.actor else 0.0

    def _check_done(self, gid: str, rev: int, body: dict[str, Any]) -> None:
        last = max((n for g, r, n in self.ends if (g, r) == (gid, rev)), default=0)
        then = self.ends.get((gid, rev, last), {}).get("next")
        allowed = {"clean": {"joined", "kept"}, "superseded": {"superseded"}, "keep": {"kept"}, "gave-up": {"gave-up"}}
        if body["outcome"] not in allowed.get(then or "", set()):
            self.world.fail(f"done {gid[:4]}/{rev} says {body['outcome']}, its last end {then}")
        if body["outcome"] == "joined" and self.world.plan.cleanup == "expire":
            self._check_expiry(self.claims[gid, rev, last])
        if (
            body["outcome"] == "joined"
            and self.world.plan.cleanup in {"delete", "trash"}
            and not self._keeps()
            and not self.world.plan.versioned
        ):
            shelf = self.cos.shelves[self.inputs]
            for fragment in self.claims[gid, rev, last]["set"]["fragments"]:
                info = fragment["object"]
                now = shelf.current.get(info["key"])
                same = (
                    now is not None
                    and now.info.etag == info["etag"]
                    and now.info.last_modified == info["last_modified"]
                )
                if same and info["key"] not in body["kept"]:
                    self.world.fail(f"done {gid[:4]}/{rev} says joined, but {info['key']} was not removed")

    def _check_expiry(self, claim: dict[str, Any]) -> None:
        """What bears the lifecycle rule's tag is as good as removed, so an output must hold it."""
        for fragment in claim["set"]["fragments"]:
            thing = self.cos.shelves[self.inputs].current.get(fragment["object"]["key"])
            if thing is None or not thing.tags or thing.tagger is None or not thing.tagger.finished:
                continue  # whoever is not at its end may still look again; if it dies, the sweep does
            if (thing.info.key, thing.info.etag) not in self.taken and not self._kept_elsewhere(thing, {}):
                self.world.fail(f"G1: {thing.info.key} is marked to expire, but no verified output holds it")

    def _fail_if(self, problem: str) -> None:
        if problem:
            self.world.fail(problem)

    def _keeps(self) -> bool:
        return self.world.plan.verify == "none"

    # -- CI -----------------------------------------------------------------------------------------------------------

    def asks(self) -> None:
        """The running invocation is about to send a POST."""
        self.asking.asks("posted a job")

    def answered(self, failure: Exception | None) -> None:
        """Its POST was accepted, or came to this."""
        self.asking.answered(failure)

    def recorded(self, work: Work) -> bool:
        """Whether a record names this job."""
        return any(body["job"] == work.id for body in self.jobs.values())

    def _works(self, place: tuple[str, int, int]) -> list[Work]:
        return [work for work in self.ci.work.values() if self.tokens.get(work.user_data) == place] + [
            work
            for work in self.ci.work.values()
            if work.id == self.jobs.get(place, {}).get("job") and self.tokens.get(work.user_data) != place
        ]

    def posted(self, work: Work, others: dict[str, Work]) -> None:
        """CI accepts a job: the only one for its content, in the right order, by a claim that is not over."""
        place = self.tokens.get(work.user_data)
        self.posts[work.user_data] += 1
        if place is None:
            self.world.fail(f"POST without a claim: {work.user_data}")
            return
        claim = self.claims[place]
        self.posted_for.add(place)
        if self.world.plan.jobs_per_hour:
            self._within_budget()
        if self.posts[work.user_data] > 1:
            self.world.fail(f"G2: claim {place} was posted twice")
        if place in self.ends:
            self.world.fail(f"G2: claim {place} was posted after it had ended")
        if list(work.fragments) != [o["key"] for o in _joined(claim)]:
            self.world.fail(f"claim {place}: the job joins other fragments than were claimed")
        self._check_past(place, claim)
        self._check_current(place, claim)
        self._check_rest(place, claim)
        self._check_reason(place, claim)
        if claim["slot"]:
            self._check_recording(place, claim, others)
        else:
            self._check_order(place, claim["group"], work.fragments)
        self._check_spellings(place, claim)
        if self.world.plan.naming == "timestamp" and self.world.now < names.HOUR_ENDS:
            self.world.fail(f"job {place} is posted before its hour is over")
        self._check_alike(place, work, claim)
        failed = [
            other
            for other in others.values()
            if other.state == "Failed" and self.tokens.get(other.user_data, ("",))[:2] == place[:2]
        ]
        troubled = any(self.world.plan.faults[name] for name in CALL_FAULTS) or self.world.plan.faults["throttled"]
        if failed and not troubled and self._unreadable(place):
            self.world.fail(
                f"G2: job {place} after one that failed for {self._unreadable(place)}, which CI cannot read"
            )
        if len(failed) >= MAX_ATTEMPTS:
            self.world.fail(f"G3: job number {len(failed) + 1} for a content whose jobs keep failing")
        for other in others.values():
            theirs = self.tokens.get(other.user_data)
            if theirs and theirs[0] == place[0] and self.claims[theirs]["fingerprint"] == claim["fingerprint"]:
                self._check_second(work, other, theirs, place)

    def _unreadable(self, place: tuple[str, int, int]) -> str:
        """A piece of the claim that lies there and is no media that CI knows."""
        current = self.cos.shelves[self.inputs].current
        for piece in _joined(self.claims[place]):
            there = current.get(piece["key"])
            if there is not None and there.content is not None and there.content.unreadable:
                return str(piece["key"])
        return ""

    def _check_recording(self, place: tuple[str, int, int], claim: dict[str, Any], others: dict[str, Work]) -> None:
        """No piece is in two jobs of which the first may still succeed, may be cleaned up, or was joined."""
        problem = recordings.claim_problem(self, claim, place)
        if problem:
            self.world.fail(problem)
        mine = recordings.versions(claim)
        for other in others.values():
            theirs = self.tokens.get(other.user_data)
            if theirs is None or theirs[:2] == place[:2] or not mine & recordings.versions(self.claims[theirs]):
                continue
            then = self.ends.get(theirs, {}).get("next")
            done = self.done.get(theirs[:2], {}).get("outcome")
            if other.state in LIVE:
                self.world.fail(f"G2: job {place} beside that of {theirs}, which is {other.state}")
            elif other.state == "Success" and (then is None or (then == "clean" and done != "kept")):
                self.world.fail(f"G2: job {place} joins again what {theirs} joined")

    def _check_past(self, place: tuple[str, int, int], claim: dict[str, Any]) -> None:
        """What was joined from a key is not followed by an older version, which shows once the joined one is gone."""
        pieces = {f["object"]["key"]: f["object"]["last_modified"] for f in claim["set"]["fragments"]}
        if claim["group"] in self.retried:  # a person's wish
            return
        for (gid, rev, n), before in self.claims.items():
            if gid != place[0] or rev >= place[1] or n > 1 or self.done.get((gid, rev), {}).get("outcome") != "joined":
                continue
            for fragment in before["set"]["fragments"]:
                if pieces.get(fragment["object"]["key"], float("inf")) < fragment["object"]["last_modified"]:
                    self.world.fail(f"G2: claim {place} joins a version older than the one joined before")

    def _check_current(self, place: tuple[str, int, int], claim: dict[str, Any]) -> None:
        """Only the very first job of a group may be for pieces that were replaced before its claim: by a stale LIST."""
        current = self.cos.shelves[self.inputs].current
        for piece in _joined(claim) if place[1:] != (1, 1) else []:
            there = current.get(piece["key"])
            if there is not None and there.info.etag != piece["etag"] and there.created < claim["at"]:
                self.world.fail(f"job {place} is posted for {piece['key']} as it was before its claim")

    def _check_rest(self, place: tuple[str, int, int], claim: dict[str, Any]) -> None:
        """What is left of a joined group may look whole again; all of it is in the output that stands."""
        marker = claim["set"].get("marker") or {"key": ""}
        if self.world.plan.completion == "manifest" or marker["key"].endswith("manifest.json"):
            return  # it says itself what it wants
        pieces = {(o["key"], o["etag"]) for o in _joined(claim)}
        for (gid, rev, n), end in self.ends.items():
            if gid != place[0] or end["next"] != "clean" or self.done.get((gid, rev), {}).get("outcome") != "joined":
                continue
            output = self.cos.shelves[self.outputs].current.get(end["proof"]["key"])
            if output is None or output.info.etag != end["proof"]["etag"]:
                continue
            held = {(o["key"], o["etag"]) for o in _joined(self.claims[gid, rev, n])}
            if self.stands_before((gid, rev), place[1]) and pieces <= held:
                self.world.fail(f"G2: claim {place} joins again what rev {rev} holds")

    def _check_reason(self, place: tuple[str, int, int], claim: dict[str, Any]) -> None:
        """What was joined is joined again only if it was uploaded since, or a person asks for it: whoever throws an
        output away does not want another.
        """
        gid, rev, n = place
        if n > 1 or claim["group"] in self.retried or self.world.plan.completion == "gap":
            return
        pieces, current = self.pieces(claim), self.cos.shelves[self.inputs].current
        ended = [before for before, done in self.done.items() if done["outcome"] != "superseded"]
        last = next((before for before in ended if before[0] == gid and self.stands_before(before, rev)), None)
        things = [current.get(o["key"]) for o in _joined(claim)]
        if last is None or not all(thing is not None and thing.created < self.done[last]["at"] - 1 for thing in things):
            return
        taken: set[str] = set()  # keys of which something was joined later
        for other in range(last[1], 0, -1):
            if self.done.get((gid, other), {}).get("outcome") == "joined":
                held = self.pieces(self.claims[gid, other, 1])
                if pieces <= held and not taken & {key for key, _, _ in pieces}:
                    self.world.fail(f"G2: claim {place} joins again what rev {other} joined, and nobody asked for it")
                taken |= {key for key, _, _ in held}
            if self.world.plan.completion != "quiet":
                return

    def asked_again(self, group: str) -> Callable[[str], None]:
        """A person says retry: what is to be made of the answer."""
        gid, began = gid_of(group), self.world.now
        records = self._records_of(gid)

        def answered(action: str) -> None:
            if action not in {"kept", "gave-up"} or self._records_of(gid) != records:
                return
            if any(at >= began for at in self.spoiled.values()):
                return  # the output went just then
            last = max((rev for name, rev in self.done if name == gid), default=0)
            if not last or self._stands(gid):
                return
            self.world.fail(f"G3: a person said retry to {group}, and nothing was tried: {action} as before")

        return answered

    def _records_of(self, gid: str) -> int:
        return sum(place[0] == gid for table in (self.claims, self.ends, self.done) for place in table)

    def _stands(self, gid: str) -> bool:
        """Whether an output of what was joined of the group is there as it was verified."""
        joined = {place for place, done in self.done.items() if place[0] == gid and done["outcome"] == "joined"}
        proofs = [end["proof"] for place, end in self.ends.items() if place[:2] in joined and end["proof"]]
        there = self.cos.shelves[self.outputs].current
        return any(proof["key"] in there and there[proof["key"]].info.etag == proof["etag"] for proof in proofs)

    def _check_second(self, work: Work, other: Work, theirs: tuple[str, int, int], ours: tuple[str, int, int]) -> None:
        del work
        if other.state in LIVE:
            self.world.fail(f"G2: second job for one content, the first ({theirs}) is {other.state}")
        elif other.state == "Success":
            then = self.ends.get(theirs, {}).get("next")
            if then in {None, "retry"} and not self._forgotten([other], "retry"):
                self.world.fail(f"G2: second job for one content, the first ({theirs}) succeeded and was not looked at")
            output = self.cos.shelves[self.outputs].current.get(other.resolved)
            whole = output is not None and output.info.etag == other.etag
            if then == "clean" and whole and self.stands_before(theirs[:2], ours[1]):
                outcome = self.done.get(theirs[:2], {}).get("outcome")
                if outcome == "joined" or (outcome == "kept" and self._could_resume(theirs, output)):
                    self.world.fail(f"G2: second job for a content whose join is there ({theirs})")

    def _joined_places(self, place: tuple[str, int, int]) -> set[int]:
        """The numbers that the group's contents before this one joined: late pieces may lie on both sides of them."""
        before = self.joined_before(place[0], place[1])
        return {found.place for key, _, _ in before if (found := names.read(key))}

    def _could_resume(self, place: tuple[str, int, int], output: Thing | None) -> bool:
        """Whether a clean-up that was not carried out could be now: a person asked, and nobody has uploaded since."""
        claim, done = self.claims[place], self.done[place[:2]]
        current = self.cos.shelves[self.inputs].current
        things = [current.get(o["key"]) for o in _joined(claim)]
        there = all(thing is not None and thing.created < done["at"] - 1 for thing in things)
        return there and claim["group"] in self.retried and output is not None and len(output.tags) < 5

    def _check_order(self, place: tuple[str, int, int], group: str, keys: tuple[str, ...]) -> None:
        listed = list(keys) in self.manifests.get(group, ())
        if self.world.plan.completion == "manifest" and not listed:
            self.world.fail(f"G5: job {place} joins {keys}, which no manifest lists so")
        if listed:
            return
        pieces = [piece for piece in map(names.read, keys) if piece]
        places = [piece.place for piece in pieces]
        wanted = sorted(places)
        if self.world.plan.naming != "timestamp":
            held = self._joined_places(place) - {*places} if self.world.plan.completion == "quiet" else set()
            wanted = [number for number in range(places[0], places[-1] + 1) if number not in held]
        if len(pieces) < len(keys) or places != wanted or len({*places}) < len(places):
            self.world.fail(f"G5: job {place} joins {places}")
        if any(piece.total not in (None, len(keys)) for piece in pieces):
            self.world.fail(f"job {place} joins {len(keys)} fragments of a group that is larger")

    def _check_spellings(self, place: tuple[str, int, int], claim: dict[str, Any]) -> None:
        """What belongs to the group and was there long before its claim is in it, however it is written."""
        if not self.world.plan.spellings or place[2] > 1:
            return
        joined = self.pieces(claim) | self.joined_before(*place[:2])
        for key, thing in self.cos.shelves[self.inputs].current.items():
            found, info = names.read(key), thing.info
            known = (key, info.etag, info.size) in joined or not found or found.group != claim["group"]
            if not known and thing.created < claim["at"] - 120:
                self.world.fail(f"G2: job {place} is posted without {key}, which has been there for long")

    def _check_alike(self, place: tuple[str, int, int], work: Work, claim: dict[str, Any]) -> None:
        """What differs is not joined without transcoding, unless the configuration vouches for it."""
        if not work.direct or self.world.plan.direct == "trust":
            return
        current = self.cos.shelves[self.inputs].current
        things = [current.get(o["key"]) for o in _joined(claim)]
        if any(t is None or t.info != ObjectInfo(**o) for t, o in zip(things, _joined(claim), strict=True)):
            return  # changed since it was probed
        if len({thing.content.shape for thing in things if thing and thing.content}) > 1:
            self.world.fail(f"job {place} joins fragments that differ without transcoding them")


def _joined(claim: dict[str, Any]) -> list[dict[str, Any]]:
    """Every object that a claim's job joins, in order."""
    pieces = [fragment["object"] for fragment in claim["set"]["fragments"]]
    return [*filter(None, [claim["set"]["intro"]]), *pieces, *filter(None, [claim["set"]["outro"]])]
