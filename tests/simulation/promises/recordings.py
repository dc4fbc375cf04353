"""Recordings that are cut at gaps: what no job may join, and how each must end.

Nothing here asks the code under test: names are read, runs are found and cut by a few lines of its own.
"""

from __future__ import annotations

import calendar
import re
import time
from collections import Counter
from typing import Any, NamedTuple

from tests.simulation.promises.known import Known
from tests.simulation.promises.played import Played

ZONE = 34_620  # seconds east of UTC: midnight as written is 580 s after virtual time begins
GAP, LONGEST = 45, 300  # CONCAT_COMPLETION, CONCAT_MAX_LENGTH, seconds
_NAME = re.compile(r"fragments/(?P<source>cam\d+)_(?P<start>\d{8}T\d{6})(?:-(?P<end>\d{8}T\d{6}))?\.(?:mp4|mkv)")


class Named(NamedTuple):
    """What a piece's key says, in virtual time; without an end it reaches no further than its start."""

    source: str
    start: int
    end: int
    told: bool


def read(key: str) -> Named | None:
    """A camera's piece; None for everything else."""
    found = _NAME.fullmatch(key)
    if found is None:
        return None
    start, end = (_moment(found[name] or found["start"]) for name in ("start", "end"))
    return Named(found["source"], start, end, bool(found["end"]))


def _moment(text: str) -> int:
    return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%S")) - ZONE


def overlap(one: Named, other: Named) -> bool:
    """Whether they cannot follow one another."""
    common = min(one.end, other.end) - max(one.start, other.start)
    return one.start == other.start or 2 * common > min(one.end - one.start, other.end - other.start)


def runs(pieces: list[Named]) -> list[list[Named]]:
    """Pieces without a gap between them."""
    found: list[list[Named]] = []
    for piece in sorted(pieces):
        if found and piece.start - max(one.end for one in found[-1]) <= GAP:
            found[-1].append(piece)
        else:
            found.append([piece])
    return found


def cut(run: list[Named]) -> list[list[Named]]:
    """A run longer than LONGEST, at multiples of it from midnight UTC."""
    found = []
    while run[-1].start >= run[0].start + LONGEST:
        border = (run[0].start + LONGEST) // LONGEST * LONGEST
        found.append([one for one in run if one.start < border])
        run = [one for one in run if one.start >= border]
    return [*found, run]


# -- safety ------------------------------------------------------------------------------------------------------------


def claim_problem(promises: Known, claim: dict[str, Any], place: tuple[str, int, int]) -> str:
    """What is wrong with a claim at the moment when its job is posted: it must hold what its slot reserved, in order,
    and reach over nothing that was joined long before.
    """
    pieces = [fragment["object"] for fragment in claim["set"]["fragments"]]
    found = [named for piece in pieces if (named := read(piece["key"]))]
    if [one.start for one in found] != sorted({one.start for one in found}) or len(found) < len(pieces):
        return f"G5: job {place} joins {[piece['key'] for piece in pieces]}"
    if any(overlap(one, other) for at, one in enumerate(found) for other in found[:at]):
        return f"G5: job {place} joins pieces that overlap"
    if found[-1].start >= found[0].start + LONGEST and not promises.world.plan.mixed:
        return f"G5: job {place} is longer than CONCAT_MAX_LENGTH"
    doubt = promises.slot_by.get(claim["slot"]) is not claim["by"]
    for piece in pieces if doubt else []:
        there = promises.cos.shelves[promises.inputs].current.get(piece["key"])
        if (there is None or there.info.etag != piece["etag"]) and promises.gone_before(piece, claim["at"]):
            return f"job {place} of a slot that somebody else wrote is posted for {piece['key']}, which was gone"
    starts = {one.start for one in found}
    for other, end in promises.ends.items():
        if end["next"] != "clean" or end["at"] > claim["at"] - 120 or other[:2] == place[:2]:
            continue
        if promises.done.get(other[:2], {}).get("outcome") == "kept":  # its output went before it was cleaned up
            continue
        theirs = [read(fragment["object"]["key"]) for fragment in promises.claims[other]["set"]["fragments"]]
        for one in theirs:
            inside = one is not None and found[0].start < one.start < found[-1].start and one.start not in starts
            if one is not None and one.source == found[0].source and inside:
                return f"G5: job {place} reaches over what {other} had joined"
    return _interleaved(promises, place, found) if place[2] == 1 else ""


def _interleaved(promises: Known, place: tuple[str, int, int], found: list[Named]) -> str:
    """Whether it lies between the pieces of one that was claimed before and has not ended, or around some of them."""
    for other, claim in promises.claims.items():
        gid, rev, n = other
        if (
            n > 1
            or (gid, rev) == place[:2]
            or claim["at"] > promises.claims[place]["at"]
            or (gid, rev) in promises.done
        ):
            continue
        ends = [end["next"] for at, end in promises.ends.items() if at[:2] == (gid, rev)]
        if ends and ends[-1] != "retry":
            continue
        theirs = [named for f in claim["set"]["fragments"] if (named := read(f["object"]["key"]))]
        for some, others in ((found, theirs), (theirs, found)):
            between = [one for one in some if others[0].start < one.start < others[-1].start]
            if between and theirs[0].source == found[0].source:
                return f"G5: job {place} and {other}, which has not ended, lie within one another"
    return ""


def versions(claim: dict[str, Any]) -> set[tuple[str, str]]:
    """(key, ETag) of all that a claim joins."""
    return {(f["object"]["key"], f["object"]["etag"]) for f in claim["set"]["fragments"]}


# -- liveness ----------------------------------------------------------------------------------------------------------


def unsettled(schedule: Played, report: dict[str, Any]) -> list[str]:
    """Pieces that are in no recording that ended, and not told of either; and, where nothing odd happened, recordings
    that are not the runs that were recorded.
    """
    promises = schedule.promises
    current = schedule.cos.shelves[promises.inputs].current
    ended = {
        version
        for place, claim in promises.claims.items()
        if place[:2] in promises.done and not claim["unneeded"]
        for version in versions(claim)
    }
    left = {key: read(key) for key, thing in current.items() if read(key) and (key, thing.info.etag) not in ended}
    told = " ".join(str(entry.get("reason")) for entry in report.get("invalid", {}).values())
    invalid = {key for key in map(str, current) if key in told}
    pieces = [named for key in current if (named := read(key))]
    near = [
        set(run) for source in {one.source for one in pieces} for run in runs([p for p in pieces if p.source == source])
    ]
    excused = set().union(*(run for run in near if any(read(key) in run for key in invalid)))
    problems = [
        f"{key} is in no recording that ended, and nobody says why" for key, one in left.items() if one not in excused
    ]
    problems += _still_there(schedule, report)
    if schedule.users.undisturbed and not schedule.world.injected - _harmless(schedule):
        problems += _not_as_recorded(schedule)
    return problems


def _harmless(schedule: Played) -> Counter[str]:
    """Counts of what says nothing of a fault."""
    return Counter({name: n for name, n in schedule.world.injected.items() if name.startswith("event")})


def _still_there(schedule: Played, report: dict[str, Any]) -> list[str]:
    """What was joined and lies there again goes again, while its output is there, or the report says what it waits
    for: other content of the recording may end as invalid, and wait for a person.
    """
    promises = schedule.promises
    if schedule.plan.cleanup not in {"delete", "trash"} or schedule.plan.verify == "none":
        return []
    current, outputs = (schedule.cos.shelves[name].current for name in (promises.inputs, promises.outputs))
    problems = []
    for place, end in promises.ends.items():
        done = promises.done.get(place[:2], {})
        output = outputs.get(end["proof"]["key"]) if end["next"] == "clean" else None
        if done.get("outcome") != "joined" or output is None or output.info.etag != end["proof"]["etag"]:
            continue
        waits = report.get("quiet", {}).get(promises.claims[place]["group"], {}).get("reason", "")
        if waits.startswith("new content has begun to arrive where joined pieces lie"):
            continue
        for key, etag in versions(promises.claims[place]):
            if key in current and current[key].info.etag == etag and key not in done["kept"]:
                problems.append(f"{key} was joined, yet it is still there")
    return problems


def _not_as_recorded(schedule: Played) -> list[str]:
    """Each run, cut where it is too long, is one recording, and paid for once."""
    claims, done = schedule.promises.claims, schedule.promises.done
    joined = [sorted(key for key, _ in versions(claim)) for place, claim in claims.items() if place[2] == 1]
    problems = [
        f"{at} was superseded, and nothing came late" for at, end in done.items() if end["outcome"] == "superseded"
    ]
    by_name = {read(key): key for key in schedule.users.undisturbed}
    for source in {one.source for one in by_name if one}:
        for run in runs([one for one in by_name if one and one.source == source]):
            crowded = False  # behind a cut by CONCAT_MAX_FRAGMENTS what follows may be looked at by itself
            for part in cut(run):
                wanted = sorted(by_name[one] for one in part)
                if len(wanted) > schedule.config.max_fragments:
                    crowded = True
                elif wanted not in joined and not (crowded and any(set(wanted) < set(one) for one in joined)):
                    problems.append(f"{wanted} is not one recording")
    return problems
