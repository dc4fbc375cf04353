"""The records that make the promises true: create-only objects under the state prefix, written once, never changed.

    <state>/<gid>/<rev>/claim-<n>.json   who may post the job for this content, and what exactly is to be joined
    <state>/open/<gid>-<rev>             the sweep's index: written after the claim and before the POST, removed last
    <state>/<gid>/<rev>/job-<n>.json     the job that attempt n led to
    <state>/<gid>/<rev>/end-<n>.json     THE branch point: how attempt n ended and what comes next
    <state>/<gid>/<rev>/done.json        the closing record
    <state>/<gid>/<rev>/told             the receiver of notifications heard of it, and COS keeps its entry in the index
    <state>/closed/<day>/<time>-<gid>-<rev>  the same in a few words, to be found by the day (UTC) of the end
    <state>/<gid>/<rev>/probes-<k>.json  what was learned of the pieces by an invocation that brought no end about
    <state>/out/<hash of the key>        whose an output key is, where two groups could mean the same one; `-2` behind
                                         it, whose it is after the first never came to a job; and so on

`gid` stands for the group, `rev` counts the contents of one group, `n` the attempts for one content. Whoever loses a
create reads the winner's record and follows it: claim n+1 exists only after end n says retry, rev r+1 only after rev r
is done, `done` only after `end` says clean, superseded, keep or gave-up.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from cosconcat import log
from cosconcat.cloud.ports import LARGEST, Cos
from cosconcat.errors import InvalidInput
from cosconcat.model import Bucket, ObjectInfo, ObjectVersion
from cosconcat.records.records import (
    Attempt,
    Claim,
    Closed,
    Content,
    Done,
    End,
    JobRecord,
    Probes,
    Stamped,
    closed_from,
)

R = TypeVar("R")

# Of the records that are written; a higher one is some later release's, and refused. A field more needs no higher one.
# A word more in a field of few words (`next`, `outcome`, `probed`) does: releases before it refuse the record by that.
FORMAT = 1
LONGEST_REASON = 2000  # of a reason in a record: what people upload must not make records that nobody can read

MOST_PROBES = 100  # records of probes for one content: most of them ended an invocation
PROBES_TOGETHER = 2000  # pieces in one of them, and
PROBES_BYTES = LARGEST // 2  # of JSON, so that it can be read back
MOST_KEPT = 2000  # keys that a closing record says why they were not removed; of further ones it says how many
LONGEST_KEPT = 300  # characters of such a reason


class Ledger:
    """Reads and creates records; nothing here overwrites, and only `close` deletes (an index entry)."""

    def __init__(self, cos: Cos, bucket: Bucket, prefix: str, local_now: Callable[[], float] = time.time) -> None:
        self._cos = cos
        self._bucket = bucket
        self._prefix = prefix
        self._local_now = local_now
        self._ahead = 0.0  # the service's clock less the local one, seconds

    def now(self) -> int:
        """Epoch seconds on the service's clock, as the last record that was read told it; else on the local one."""
        return int(self._local_now() + self._ahead)

    # --- create: True when this call (or an earlier try of it) wrote the record -----------------------------------

    def create_claim(self, claim: Claim) -> Stamped[Claim] | None:
        """Claim an attempt: None when it is ours, else the winner's claim.

        On a lost answer our own nonce in the record tells that it was us.
        """
        if self._create(self._claim_key(claim.gid, claim.rev, claim.n), claim):
            return None
        winner = self.claim(claim.gid, claim.rev, claim.n)
        return winner if winner is not None and winner.record.nonce != claim.nonce else None

    def open(self, gid: str, rev: int) -> None:
        """Enter the content into the sweep's index."""
        self._cos.create(self._bucket, self._open_key(gid, rev), b"")

    def create_job(self, claim: Claim, record: JobRecord) -> bool:
        """Record the attempt's job."""
        return self._create(self._key(claim.gid, claim.rev, f"job-{claim.n:04}.json"), record)

    def create_end(self, claim: Claim, end: End) -> Stamped[End]:
        """End the attempt this way, unless it has ended: the end that holds is returned."""
        end = replace(end, reason=log.safe(end.reason)[:LONGEST_REASON])
        if self._create(self._key(claim.gid, claim.rev, f"end-{claim.n:04}.json"), end):
            return Stamped(end, 0, 0, mine=True)
        held = self.end(claim.gid, claim.rev, claim.n)
        if held is None:  # only when records are deleted by hand
            raise InvalidInput([f"{claim.gid}/{claim.rev:04}/end-{claim.n:04}.json: vanished after it was written"])
        return held

    def create_probes(self, claim: Claim, probes: Probes) -> None:
        """Record what was learned of the pieces, under the next free numbers, so many pieces in each."""
        from cosconcat.records import media_records

        number = 1
        for told in media_records.to_json(probes, PROBES_TOGETHER, PROBES_BYTES):
            body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
            while number <= MOST_PROBES:
                number += 1
                if self._cos.create(self._bucket, self._probes_key(claim.gid, claim.rev, number - 1), body):
                    break

    def create_done(self, claim: Claim, done: Done) -> bool:
        """Close the content."""
        done = replace(done, reason=done.reason[:LONGEST_REASON], kept=_bounded(done.kept))
        return self._create(self._key(claim.gid, claim.rev, "done.json"), done)

    def enter_closed(self, claim: Claim, done: Done) -> None:
        """Enter the content among those that ended on its day; the name follows from `done`, so once is enough."""
        if done.closed_at:
            self._create(self._closed_key(claim, done), closed_from(claim, done))

    def create_told(self, claim: Claim) -> None:
        """Record that the receiver of notifications has heard of the content's end."""
        self._cos.create(self._bucket, self._told_key(claim), b"")

    def close(self, gid: str, rev: int) -> str:
        """Take the content out of the sweep's index; the very last step. Returns why COS refuses that, or ''."""
        key = self._open_key(gid, rev)
        undeleted = self._cos.delete(self._bucket, [ObjectVersion(key)])
        return "".join(f"COS does not delete {self._bucket.name}/{key}: {one.code} {one.message}" for one in undeleted)

    # --- read ------------------------------------------------------------------------------------------------------

    def claim(self, gid: str, rev: int, n: int) -> Stamped[Claim] | None:
        """The claim of attempt n."""
        return self._read(self._claim_key(gid, rev, n), partial(_claim_of, gid, rev, n))

    def job(self, gid: str, rev: int, n: int) -> Stamped[JobRecord] | None:
        """The job of attempt n, if it is known."""
        return self._read(self._key(gid, rev, f"job-{n:04}.json"), partial(_made, JobRecord))

    def end(self, gid: str, rev: int, n: int) -> Stamped[End] | None:
        """The end of attempt n, if it has ended."""
        return self._read(self._key(gid, rev, f"end-{n:04}.json"), partial(_made, End))

    def done(self, gid: str, rev: int) -> Stamped[Done] | None:
        """The closing record, if there is one."""
        return self._read(self._key(gid, rev, "done.json"), partial(_made, Done))

    def is_told(self, claim: Claim) -> bool:
        """Whether the receiver is known to have heard of the end; most entries leave the index with that."""
        return self._cos.head(self._bucket, self._told_key(claim)) is not None

    def probes(self, gid: str, rev: int) -> Probes | None:
        """What is recorded of the pieces, all of it; a later record is believed rather than an earlier one."""
        from cosconcat.records import media_records

        found: Probes | None = None
        waited: int | None = None
        for number in range(1, MOST_PROBES + 1):
            entry = self._read(self._probes_key(gid, rev, number), media_records.from_json)
            if entry is None:
                break
            earlier = found.media if found else {}
            if waited is None and entry.record.unanswered_for is not None:
                waited = entry.age
            found = replace(entry.record, media={**earlier, **entry.record.media}, unanswered_for=waited)
        return found

    def record_names(self, gid: str, rev: int) -> frozenset[str]:
        """Names of the records of a rev, as LIST shows them: it may hide the newest."""
        prefix = self._key(gid, rev, "")
        return frozenset(key[len(prefix) :] for key in self._keys(prefix))

    def newest_attempt(self, gid: str, rev: int, first: Stamped[Claim] | None = None) -> Attempt | None:
        """The attempt that no other has followed; None when the rev has no claim. `first` is its first, where known."""
        claim = first or self.claim(gid, rev, 1)
        if claim is None:
            return None
        end = self.end(gid, rev, 1)
        if end is not None and end.record.next == "retry":
            listed = max(self._numbers(self._key(gid, rev, "claim-")), default=1)
            if listed > 1:
                later = self.claim(gid, rev, listed)
                claim, end = later or claim, self.end(gid, rev, listed) if later else end
            while end is not None and end.record.next == "retry":
                later = self.claim(gid, rev, claim.record.n + 1)
                if later is None:
                    break
                claim, end = later, self.end(gid, rev, later.record.n)
        return Attempt(claim, end)

    def newest_content(self, gid: str, first: Stamped[Claim] | None = None) -> Content | None:
        """The group's newest rev; None when it was never claimed. `first` is the first claim of rev 1, if it is known.

        Only a rev that is done can have a successor, so most groups cost two reads. LIST may lag: what it shows is
        where the reading upward starts.
        """
        claim = first or self.claim(gid, 1, 1)
        if claim is None:
            return None
        newest = Content(1, claim, self.done(gid, 1))
        if newest.done is not None:
            listed = max(self._numbers(f"{self._prefix}{gid}/"), default=1)
            newest = self._content(gid, listed) or newest if listed > 1 else newest
        while newest.done is not None:
            following = self._content(gid, newest.rev + 1)
            if following is None:
                break
            newest = following
        return newest

    def _content(self, gid: str, rev: int) -> Content | None:
        claim = self.claim(gid, rev, 1)
        return Content(rev, claim, self.done(gid, rev)) if claim else None

    def back_to_standing(self, gid: str, newest: Content) -> Iterator[Content]:
        """`newest` and the contents before it, back to the first that did not end as superseded (included)."""
        content: Content | None = newest
        while content is not None:
            yield content
            superseded = content.done is not None and content.done.record.outcome == "superseded"
            content = self._content(gid, content.rev - 1) if superseded and content.rev > 1 else None

    def newest_joined(self, gid: str, rev: int) -> Claim | None:
        """The claim of the last content up to `rev` that was joined."""
        return next(self.joined(gid, rev), None)

    def joined(self, gid: str, rev: int) -> Iterator[Claim]:
        """The claims of the contents up to `rev` that were joined, the newest first."""
        for number in range(rev, 0, -1):
            done = self.done(gid, number)
            if done is not None and done.record.outcome == "joined":
                claim = self.claim(gid, number, 1)
                if claim is not None:
                    yield claim.record

    def reserve(self, bucket: Bucket, key: str, gid: str, count: int = 1) -> Stamped[str] | None:
        """Reserve an output key for a group, as the `count`-th that does: None when it is reserved now, else the gid of
        the group (perhaps this one) that was faster.
        """
        name = hashlib.sha256(f"{bucket.name}/{key}".encode()).hexdigest()[:32]
        record = f"{self._prefix}out/{name}" + (f"-{count}" if count > 1 else "")
        if self._cos.create(self._bucket, record, gid.encode()):
            return None
        held = self._cos.get(self._bucket, record)
        if held is None:  # only when records are deleted by hand
            raise InvalidInput([f"{self._bucket.name}/{record}: vanished after it was written"])
        return Stamped(held.body.decode(errors="replace"), held.head.object.last_modified, held.head.now)

    def opened(self) -> Iterator[tuple[str, int]]:
        """(gid, rev) of every content in the index, as LIST shows it."""
        prefix = f"{self._prefix}open/"
        for key in self._keys(prefix):
            found = re.fullmatch(r"([0-9a-f]{32})-([0-9]{4,})", key[len(prefix) :])
            if found:
                yield found[1], int(found[2])

    def closed(self, after: str = "") -> Iterator[str]:
        """Names, `<day>/<time>-<gid>-<rev>`, of the contents that ended, oldest first, from the name `after` on."""
        return (name for name, _ in self.closed_as_listed(after))

    def closed_as_listed(self, after: str = "") -> Iterator[tuple[str, int]]:
        """The same, each with its Last-Modified: when it was entered, on the service's clock (epoch seconds)."""
        prefix = f"{self._prefix}closed/"
        for found in self._objects(prefix, after and prefix + after):
            yield found.key[len(prefix) :], found.last_modified

    def read_closed(self, name: str) -> Closed | None:
        """What is entered under a name that `closed` gave."""
        entry = self._read(f"{self._prefix}closed/{name}", partial(_made, Closed))
        return entry.record if entry else None

    # --- keys ------------------------------------------------------------------------------------------------------

    def _key(self, gid: str, rev: int, name: str) -> str:
        return f"{self._prefix}{gid}/{rev:04}/{name}"

    def _claim_key(self, gid: str, rev: int, n: int) -> str:
        return self._key(gid, rev, f"claim-{n:04}.json")

    def _probes_key(self, gid: str, rev: int, number: int) -> str:
        return self._key(gid, rev, f"probes-{number}.json")

    def _open_key(self, gid: str, rev: int) -> str:
        return f"{self._prefix}open/{gid}-{rev:04}"

    def _told_key(self, claim: Claim) -> str:
        return self._key(claim.gid, claim.rev, "told")

    def _closed_key(self, claim: Claim, done: Done) -> str:
        day = time.strftime("%Y-%m-%d/%H%M%S", time.gmtime(done.closed_at))
        return f"{self._prefix}closed/{day}-{claim.gid}-{claim.rev:04}"

    def _keys(self, prefix: str) -> Iterator[str]:
        return (found.key for found in self._objects(prefix))

    def _objects(self, prefix: str, after: str = "") -> Iterator[ObjectInfo]:
        marker: str | None = after
        while marker is not None:
            page = self._cos.list(self._bucket, prefix, marker)
            yield from page.objects
            marker = page.next_marker

    def _numbers(self, prefix: str) -> Iterator[int]:
        """The number that follows `prefix` in each key below it."""
        for key in self._keys(prefix):
            found = re.match(r"[0-9]+", key[len(prefix) :])
            if found:
                yield int(found[0])

    # --- JSON ------------------------------------------------------------------------------------------------------

    def _create(self, key: str, record: Claim | JobRecord | End | Done | Closed) -> bool:
        content = _fields_of(record)
        if isinstance(record, Claim):
            content["container"] = content.pop("format")
        content = {"format": FORMAT, **content}
        body = json.dumps(content, default=_fields_of, ensure_ascii=False, separators=(",", ":")).encode()
        if len(body) > LARGEST:  # it could never be read back, and nobody could go on from it
            raise InvalidInput([f"{self._bucket.name}/{key}: would have {len(body)} bytes; at most {LARGEST} are read"])
        return self._cos.create(self._bucket, key, body)

    def _read(self, key: str, parse: Callable[[dict[str, Any]], R]) -> Stamped[R] | None:
        stored = self._cos.get(self._bucket, key)
        if stored is None:
            return None
        from cosconcat.records.reading import read_json

        self._ahead = stored.head.now - self._local_now()
        try:
            record = parse(_of_a_known_format(read_json(stored.body)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as broken:
            raise InvalidInput([f"{self._bucket.name}/{key}: not a record of ours ({broken})"]) from broken
        return Stamped(record, stored.head.object.last_modified, stored.head.now)


def gid_closed(name: str) -> str:
    """The gid in a name that `closed` gave."""
    return name[18:50]


def _bounded(kept: Mapping[str, str]) -> Mapping[str, str]:
    """As much of it as a record can hold that is read back; why something stays may be in a service's own words."""
    bounded = {key: log.safe(kept[key])[:LONGEST_KEPT] for key in list(kept)[:MOST_KEPT]}
    if len(kept) > MOST_KEPT:
        bounded["…"] = f"and {len(kept) - MOST_KEPT} more"
    return bounded


def _fields_of(node: Any) -> dict[str, Any]:
    """A dataclass as JSON has it; `asdict` would copy every value deeply first."""
    return {name: getattr(node, name) for name in node.__dataclass_fields__}


def _of_a_known_format(content: dict[str, Any]) -> dict[str, Any]:
    """What was read, unless a later release wrote it in a way that cannot be understood.

    Raises:
        ValueError: it did; only this record's group has to wait for that release.
    """
    written = content.get("format", FORMAT)
    if isinstance(written, int | float) and written > FORMAT:  # a text is an early claim's container
        raise ValueError(f"written by a later release in format {written}; this one reads up to {FORMAT}")
    return content


def _made(kind: Callable[..., R], content: object) -> R:
    """What was read, by the types of its fields; imported here, as most events that submit read no record."""
    from cosconcat.records.reading import made

    return made(kind, content)


def _claim_of(gid: str, rev: int, n: int, content: Mapping[str, Any]) -> Claim:
    """The claim that was asked for.

    Raises:
        ValueError, TypeError: it is no claim, joins nothing, or is another one's.
    """
    early = {"container": content.get("format")}  # where early claims have the container
    claim = _made(Claim, {**content, "format": {**early, **content}["container"]})
    if not claim.set.fragments:
        raise ValueError("set.fragments: it joins nothing")
    if (claim.gid, claim.rev, claim.n) != (gid, rev, n):
        raise ValueError(f"group, rev, n: it is claim {claim.n} for content {claim.rev} of group {claim.group!r:.200}")
    return claim
