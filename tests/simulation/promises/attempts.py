"""What the records of an attempt say is so: who may claim one, which job it led to, and how it may end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.simulation.models.jobs import LIVE, Work
from tests.simulation.promises import bounded, newcomers, removals
from tests.simulation.promises.known import Known

MAX_ATTEMPTS = 3  # CONCAT_MAX_ATTEMPTS


def claimed(known: Known, place: tuple[str, int, int], body: dict[str, Any]) -> Iterator[str]:
    """An attempt is claimed: when it is its turn, for a set that is whole and not joined yet."""
    yield from _in_turn(known, place, body)
    marker = body["set"]["marker"]
    if marker and any(f["object"]["last_modified"] > marker["last_modified"] for f in body["set"]["fragments"]):
        yield f"claim {place}: its marker is older than a fragment"
    yield from _late_pieces(known, place, body)


def _in_turn(known: Known, place: tuple[str, int, int], body: dict[str, Any]) -> Iterator[str]:
    """After the attempt before said retry, and its pause; a content after the one before is done."""
    gid, rev, n = place
    if n > 1 and known.ends.get((gid, rev, n - 1), {}).get("next") != "retry":
        yield f"claim {place}: the attempt before has not ended with retry"
    elif n > 1 and body["group"] not in known.retried:  # who says retry waits for no pause
        ended = known.ends[gid, rev, n - 1]
        if known.world.now < ended["at"] + ended["after_seconds"] - 2:
            yield f"G2: claim {place}: {ended['after_seconds']} s had to pass since the attempt before"
    if n == 1 and rev > 1 and (gid, rev - 1) not in known.done and not body["slot"]:
        yield f"claim {place}: the content before is not done"


def _late_pieces(known: Known, place: tuple[str, int, int], body: dict[str, Any]) -> Iterator[str]:
    """What comes after a join is joined by itself; a correction with all that belongs to it; nothing twice."""
    gid, rev, n = place
    pieces = known.pieces(body)
    by_quiet = known.world.plan.completion == "quiet" and n == 1
    before = known.joined_before(gid, rev) if by_quiet else set()
    last = known.last_joined(gid, rev) if by_quiet else {}
    corrected = {key for key, etag, size in pieces if last.get(key, (key, etag, size)) != (key, etag, size)}
    if pieces & before and pieces - before and not corrected and body["group"] not in known.retried:
        yield f"G2: claim {place}: joins late pieces with others that were joined before"
    if pieces <= before and body["group"] not in known.retried and _hold_all(known, pieces, before):
        yield f"G2: claim {place}: joins once more what outputs of the group hold"
    lowest = min(fragment["index"] for fragment in body["set"]["fragments"])
    if known.world.plan.first and lowest != int(known.world.plan.first) and not before:
        yield f"G5: claim {place}: begins with number {lowest}, its first piece is not there"
    left_out = newcomers.beside(known, body) if corrected else None
    if left_out:
        yield f"G5: claim {place}: a correction of {min(corrected)} is joined without {left_out}"


def _hold_all(known: Known, pieces: set[tuple[str, str, int]], before: set[tuple[str, str, int]]) -> bool:
    """Whether outputs that are there hold all these pieces, of a group of which no piece was ever corrected."""
    outputs = [thing.content for thing in known.cos.shelves[known.outputs].current.values() if thing.content]
    held = {(key, piece.etag) for content in outputs for key, piece in content.joined}
    return len({key for key, _, _ in before}) == len(before) and {piece[:2] for piece in pieces} <= held


def led_to(known: Known, place: tuple[str, int, int], body: dict[str, Any]) -> Iterator[str]:
    """A job is written down: one of this content."""
    work = known.ci.work.get(body["job"])
    if work is None or known.tokens.get(work.user_data, (None, None))[:2] != place[:2]:
        yield f"job {place}: {body['job']} is not a job of this content"


def ended(known: Known, place: tuple[str, int, int], body: dict[str, Any]) -> Iterator[str]:
    """An attempt ends: as its job did; what is to follow is neither too much nor too little."""
    outcome, then = body["outcome"], body["next"]
    if place not in known.claims:
        yield f"end {place}: there is no such claim"
    works = known.works(place)
    if known.claims.get(place, {}).get("copied") and works:
        yield f"end {place}: a single piece that is copied got a job"
    yield from _as_the_job(known, place, body, works)
    lost = [work for work in known.ci.work.values() if work.state == "Failed" or work.forgotten]
    failed = [work for work in lost if _for_the_same(known, work, place)]
    if outcome == "Failed" and then == "gave-up" and len(failed) < MAX_ATTEMPTS and not known.unreadable(place):
        yield f"end {place} gives up after {len(failed)} failed jobs"
    if outcome == "Cancel" and then != "gave-up":
        yield f"end {place}: a job that somebody cancelled is tried again"
    if then == "clean":
        yield from _proven(known, place, body)
        yield from newcomers.meanwhile(known, place)
        yield from newcomers.marker_changed(known, place)
    yield bounded.end_problem(known, place, body, posted=bool(works))


def _as_the_job(known: Known, place: tuple[str, int, int], body: dict[str, Any], works: list[Work]) -> Iterator[str]:
    outcome, then = body["outcome"], body["next"]
    states = {work.state for work in works}
    if outcome in {"Lost", "Rejected", "NotPosted"}:
        if states - {"Failed", "Cancel"} and not known.forgotten(works, then):
            yield f"end {place} says {outcome}, but its job is {', '.join(states)}"
    elif states & LIVE:
        yield f"end {place} says {outcome}, but its job still runs"
    elif outcome == "Success" and "Success" not in states:
        yield f"end {place} says Success, its job {', '.join(states) or 'never was'}"
    elif outcome in {"Failed", "Cancel"} and outcome not in states:
        yield f"end {place} says {outcome}, its job {', '.join(states) or 'never was'}"


def _for_the_same(known: Known, work: Work, place: tuple[str, int, int]) -> bool:
    """Whether the job was for this very content of this group, in whatever rev."""
    theirs = known.claims.get(known.tokens.get(work.user_data, ("", 0, 0)), {})
    return place[0] in work.user_data and theirs.get("fingerprint") == known.claims[place]["fingerprint"]


def _proven(known: Known, place: tuple[str, int, int], body: dict[str, Any]) -> Iterator[str]:
    """`clean`: the output that was verified is there, and holds what was claimed."""
    proof = body["proof"]
    output = known.cos.shelves[known.outputs].current.get(proof["key"]) if proof else None
    if proof is None:
        yield f"end {place}: clean without a proof"
    elif output is None or output.content is None or output.info.etag != proof["etag"]:
        if known.spoiled.get(proof["key"], 0.0) <= _looked(known, proof["key"]):
            yield f"end {place}: clean, but the output is not what was verified"
    else:
        wanted = [(o["key"], o["etag"]) for o in known.joined(known.claims[place])]
        joined = [(key, content.etag) for key, content in output.content.joined]
        if joined != wanted and not known.keeps:  # unverified by configuration: nothing is removed then
            yield f"G1: end {place} says clean, but the output holds {len(joined)} of {len(wanted)} as claimed"


def _looked(known: Known, key: str) -> float:
    """When the running actor was last shown the object by HEAD; long ago, when it never was."""
    return known.world.actor.seen.get(key, float("inf")) if known.world.actor else 0.0


def done(known: Known, gid: str, rev: int, body: dict[str, Any]) -> Iterator[str]:
    """A content is done: as its last attempt ended, and with what was to be removed removed."""
    last = max((n for g, r, n in known.ends if (g, r) == (gid, rev)), default=0)
    then = known.ends.get((gid, rev, last), {}).get("next")
    allowed = {"clean": {"joined", "kept"}, "superseded": {"superseded"}, "keep": {"kept"}, "gave-up": {"gave-up"}}
    if body["outcome"] not in allowed.get(then or "", set()):
        yield f"done {gid[:4]}/{rev} says {body['outcome']}, its last end {then}"
    if body["outcome"] == "joined" and known.world.plan.cleanup == "expire":
        yield from removals.expiring(known, known.claims[gid, rev, last])
    if body["outcome"] == "joined":
        yield from removals.left_behind(known, gid, rev, known.claims[gid, rev, last], body["kept"])
