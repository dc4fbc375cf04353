"""Liveness: what must be true once nothing fails any more and the sweep ran often enough.

The judgement of what lies in the bucket is written here a second time, on purpose: it must not come from the code
under test.
"""

from __future__ import annotations

import json
from typing import Any

from tests.simulation.models.losses import blur
from tests.simulation.promises import names, recordings
from tests.simulation.promises.groups import Group
from tests.simulation.promises.played import Played

QUIET_SECONDS = 300
LAST_REV = 10_000  # beyond every rev of a schedule
# After these a group may rightly end otherwise.
SPOILERS = (
    "job-cancelled", "job-forgotten", "short-output", "post-refused", "delete-refused", "odd piece", "copy-damaged",
    "told-of-another", "odd-loss", "jumping-clock", "transitions", "tiny-piece",
    "unreadable-piece", "job-dropped", "told-in-part",
)  # fmt: skip


def unsettled(schedule: Played) -> list[str]:
    """Everything that is not at its end; empty when all is well."""
    promises, cos = schedule.promises, schedule.cos
    state = cos.shelves[promises.state_bucket]
    excused = schedule.excused
    opened = [key for key in state.current if key.startswith(".concat/open/") and key[13:45] not in excused]
    reasons = [f"{key} is still in the index" for key in opened]
    reasons += [
        f"{gid[:6]}/{rev} has a claim but no done"
        for gid, rev in {(gid, rev) for gid, rev, _ in promises.claims}
        if (gid, rev) not in promises.done and gid not in excused and not _abandoned(schedule, gid, rev)
    ]
    reasons += [
        f"{gid[:6]}/{rev} is not entered under the day of its end"
        for gid, rev in promises.done.keys() - promises.closed
        if gid not in excused
    ]
    if reasons:
        return sorted(reasons)
    stored = state.current.get(".concat/report.json")
    report = json.loads(stored.body) if stored else {}
    if report.get("published", 0) < schedule.last_sweep:
        return ["no report of the last round"]
    if schedule.plan.completion == "gap":
        reasons += recordings.unsettled(schedule, report)
    for group in schedule.users.groups:
        reasons += _group(schedule, group, report) if group.gid not in excused else []
    reasons += _doomed(schedule)
    if (
        schedule.plan.notifies
        and not excused
        and schedule.functions.told != {k: d["outcome"] for k, d in promises.done.items()}
    ):
        reasons.append("the receiver of notifications has not heard of every end")
    return reasons


def _abandoned(schedule: Played, gid: str, rev: int) -> bool:
    """A claim whose winner died before anything followed, and whose inputs a user took away: it leads to nothing, and
    the group's next upload goes on from it.
    """
    promises = schedule.promises
    followed = (gid, rev, 1) in promises.ends or any(token[:2] == (gid, rev) for token in promises.posted_for)
    pieces = {fragment["object"]["key"] for fragment in promises.claims[gid, rev, 1]["set"]["fragments"]}
    return not followed and not pieces & schedule.cos.shelves[promises.inputs].current.keys()


def _group(schedule: Played, group: Group, report: dict[str, Any]) -> list[str]:
    shelf = schedule.cos.shelves[schedule.promises.inputs].current
    pieces, marker = {}, None
    for key, thing in shelf.items():
        if key == group.marker:
            marker = thing.info
        elif (found := names.read(key)) and found.group == group.name:
            pieces[key] = (found, thing.info)
    listed = _listed(schedule, group)
    latest = schedule.promises.latest
    last_word = all(latest[key][0] == content.etag for key, content in group.corrected.items())
    unlucky = sum(  # a DELETE that was under way met what was uploaded meanwhile
        schedule.world.reached[f"not promised: {what} between last HEAD and DELETE"]
        for what in ("overwritten", "the same put again")
    )
    if group.corrected and last_word and not unlucky and not _together(schedule, group):
        return [f"group {group.name}: what was uploaded as a correction fell apart"]
    verdict, missing = _judged(schedule, group, pieces, marker, listed)
    name = f"group {group.name}"
    if verdict == "whole":
        current = [(key, info.etag, info.size) for key, (_, info) in pieces.items() if key in (listed or pieces)]
        return _whole(schedule, group, sorted(current), report) or _neglected(schedule, group, current, report)
    problems = [] if group.disturbed else _undisturbed(schedule, group, verdict)
    if verdict in {"incomplete", "invalid"}:
        entry = report.get(verdict, {}).get(group.name)
        told = marker is None or (pieces and group.name in report.get("kept", {}))
        if entry is None and not (told and _stragglers(schedule, group, pieces)):
            problems.append(f"{name} is {verdict}, the report does not say so")
        elif entry is not None and verdict == "incomplete" and missing and entry.get("missing") != missing:
            problems.append(f"{name} lacks {missing}, the report says {entry.get('missing')}")
    return problems


def _together(schedule: Played, group: Group) -> bool:
    """Whether what the user uploaded last, as a whole, is in one output or all there."""
    wanted = [(key, content.etag) for key, content in group.corrected.items()]
    for thing in schedule.cos.shelves[schedule.promises.outputs].current.values():
        if thing.content and set(wanted) <= {(key, piece.etag) for key, piece in thing.content.joined}:
            return True
    current = schedule.cos.shelves[schedule.promises.inputs].current
    return all(
        (key in current and current[key].info.etag == etag) or (key, etag) in schedule.promises.taken
        for key, etag in wanted
    )


def _stragglers(schedule: Played, group: Group, pieces: dict[str, Any]) -> bool:
    """Whether all that is left are single pieces that an output of this group holds already."""
    del group
    return all(_held(schedule, key, info.etag) for key, (_, info) in pieces.items())


def _listed(schedule: Played, group: Group) -> list[str]:
    """What the group's manifest lists, in its order; empty when there is none."""
    there = schedule.cos.shelves[schedule.promises.inputs].current.get(group.marker)
    return [entry["key"] for entry in json.loads(there.body)["fragments"]] if there and there.body else []


def _judged(
    schedule: Played, group: Group, pieces: dict[str, Any], marker: Any, listed: list[str]
) -> tuple[str, list[int]]:
    missing = [at for at, key in enumerate(listed) if key not in pieces]
    if missing:
        return "incomplete", missing
    if not pieces:
        return "gone" if marker is None else "incomplete", []
    newest = max(info.last_modified for key, (_, info) in pieces.items() if key in (listed or pieces))
    if schedule.plan.naming == "timestamp":
        places = [found.place for found, _ in pieces.values()]
        return "invalid" if len({*places}) < len(places) else "whole", []
    if schedule.plan.completion == "manifest":
        return "incomplete" if marker is None or marker.last_modified < newest else "whole", []
    numbers = sorted(found.place for found, _ in pieces.values())
    if group.name.endswith("/v"):
        totals = {found.total for found, _ in pieces.values()}
        total = max(totals)
        if len(totals) > 1 or (numbers[0] == 0 and numbers[-1] >= total) or numbers[-1] > total:
            return "invalid", []
        first = 0 if numbers[0] == 0 else 1
        missing = [n for n in range(first, first + total) if n not in numbers]
        if first == 1 and len(missing) == 1 == total - len(numbers) and missing == [total]:
            missing = []  # 1..n-1 of n: 0 or n may be the missing one
            return "incomplete", missing
        return ("incomplete", missing) if missing else ("whole", [])
    low = int(schedule.plan.first) if schedule.plan.first else min(numbers[0], 1)
    gaps = [n for n in range(low, numbers[-1]) if n not in numbers]
    if gaps and not _after_joined(schedule, group, pieces, gaps):
        return "incomplete", gaps
    if group.marker and (marker is None or marker.last_modified < newest):
        return "incomplete", []
    return "whole", []


def _late_pieces_joined(
    schedule: Played, group: Group, current: list[tuple[str, str, int]], claimed: list[tuple[str, str, int]]
) -> bool:
    """Whether quiet time was wrong about the end, and what came late was joined alone, in every mode of clean-up."""
    before = schedule.promises.joined_before(group.gid, LAST_REV)
    together = set(current) <= set(claimed)
    return schedule.plan.completion == "quiet" and not together and set(current) <= before | set(claimed)


def _after_joined(schedule: Played, group: Group, pieces: dict[str, Any], gaps: list[int]) -> bool:
    """Whether quiet time ended too early: what is missing was joined before, and what is there came after it."""
    if schedule.plan.completion != "quiet":
        return False
    before = schedule.promises.joined_before(group.gid, LAST_REV)
    places = {found.place for key, _, _ in before if (found := names.read(key))}
    late = [found.place for key, (found, info) in pieces.items() if (key, info.etag, info.size) not in before]
    return bool(late) and not places & {*late} and places >= {*gaps}


def _whole(schedule: Played, group: Group, current: list[tuple[str, str, int]], report: dict[str, Any]) -> list[str]:
    """A set that is whole and still there must have ended as it is, with a reason to leave it there."""
    promises = schedule.promises
    if group.output and group.name in report.get("invalid", {}):
        return []  # others have both names that its result could get
    revs = [rev for gid, rev in promises.done if gid == group.gid]
    if not revs:
        invalid = group.name in report.get("invalid", {})
        return [] if invalid and group.disturbed else [f"group {group.name} is whole and nobody has joined it"]
    joined = [rev for rev in revs if promises.done[group.gid, rev]["outcome"] != "superseded"]
    rev = max(revs)
    if joined and set(current) <= set(_claimed(schedule, group, max(joined))):
        rev = max(joined)  # what came in between was put back
    done = promises.done[group.gid, rev]
    claimed = _claimed(schedule, group, rev)
    rest = done["outcome"] == "joined" and set(current) <= set(claimed)
    if claimed != current and not rest:
        excused = group.name in report.get("invalid", {}) or group.name in report.get("kept", {})
        if excused or _late_pieces_joined(schedule, group, current, claimed):
            return _left_there(schedule, group, current, report)
        return [
            f"group {group.name} is whole with a content that nobody has joined (last: rev {rev}, {done['outcome']})"
        ]
    if done["outcome"] == "superseded":
        return [f"group {group.name} is whole, its last rev {rev} superseded"]
    if done["outcome"] in {"kept", "gave-up"}:
        kind = done["outcome"].replace("-", "_")
        problems = [] if done["reason"] else [f"group {group.name}: {done['outcome']} without a reason"]
        if group.name not in report.get(kind, {}):
            problems.append(f"group {group.name} ended {done['outcome']}, the report does not say so")
        return problems + ([] if group.disturbed else _undisturbed(schedule, group, done["outcome"]))
    if schedule.plan.cleanup not in {"delete", "trash"} or schedule.plan.verify == "none":
        return []
    held = [key for key, etag, _ in current if _held(schedule, key, etag)]
    left = [key for key in held if key not in done["kept"]]
    came_back = schedule.plan.versioned and group.name in report.get("kept", {})  # what lay under what was joined
    if left and not came_back:
        return [f"group {group.name} was joined, yet {left[0]} is still there"]
    if not held and group.name not in report.get("kept", {}):
        return [f"group {group.name} is whole, its output is gone, and nobody joins it or says why"]
    return []


def _left_there(
    schedule: Played, group: Group, current: list[tuple[str, str, int]], report: dict[str, Any]
) -> list[str]:
    """What several outputs of the group hold together goes like what one of them holds, or the report names it."""
    if any(group.name in report.get(kind, {}) for kind in ("invalid", "kept", "gave_up")):
        return []
    removes = schedule.plan.cleanup in {"delete", "trash"} and schedule.plan.verify != "none"
    if removes and all(_held(schedule, key, etag) for key, etag, _ in current):
        return [f"group {group.name}: its outputs hold all that lies there, yet nobody removes it or says why"]
    return []


def _neglected(
    schedule: Played, group: Group, current: list[tuple[str, str, int]], report: dict[str, Any]
) -> list[str]:
    """What one content held, was uploaded again after the last end, and is in no output must have been tried again."""
    promises = schedule.promises
    rev = max((rev for gid, rev in promises.done if gid == group.gid), default=0)
    if not rev or group.name in report.get("invalid", {}):
        return []
    ends = [at for at, done in promises.done.items() if at[0] == group.gid and done["outcome"] != "superseded"]
    if not any(set(current) <= set(_claimed(schedule, group, held)) for _, held in ends):
        return []
    if schedule.plan.verify == "none" and any(_stands(schedule, place) for place in ends):
        return []  # it was never proven, and is believed to hold all of it
    if any(_held(schedule, key, etag) for key, etag, _ in current):
        return []
    closed = schedule.cos.shelves[promises.state_bucket].current[f".concat/{group.gid}/{rev:04}/done.json"]
    there = schedule.cos.shelves[promises.inputs].current
    since = [key for key, _, _ in current if there[key].info.last_modified > closed.info.last_modified]
    return [f"{key} was uploaded after the end of rev {rev} of {group.name}, and nobody tries it" for key in since[:1]]


def _stands(schedule: Played, content: tuple[str, int]) -> bool:
    """Whether the output that a content ended with is there, as it was then."""
    proofs = [end["proof"] for place, end in schedule.promises.ends.items() if place[:2] == content and end["proof"]]
    there = schedule.cos.shelves[schedule.promises.outputs].current
    return any(proof["key"] in there and there[proof["key"]].info.etag == proof["etag"] for proof in proofs)


def _claimed(schedule: Played, group: Group, rev: int) -> list[tuple[str, str, int]]:
    fragments = schedule.promises.claims[group.gid, rev, 1]["set"]["fragments"]
    return sorted((f["object"]["key"], f["object"]["etag"], f["object"]["size"]) for f in fragments)


def _held(schedule: Played, key: str, etag: str) -> bool:
    """Whether an output that is there holds this piece."""
    for thing in schedule.cos.shelves[schedule.promises.outputs].current.values():
        if thing.content and any(name == key and piece.etag == etag for name, piece in thing.content.joined):
            return True
    return False


def _undisturbed(schedule: Played, group: Group, verdict: str) -> list[str]:
    """A group that nobody disturbed, in a world where CI worked, must be joined: completely, once, and be gone."""
    injected = schedule.world.injected
    if verdict == "incomplete" and len(group.original) < len(group.keys):
        return []  # a piece never came
    if verdict != "gone" and len(group.original) == len(group.keys) and verdict in {"incomplete", "invalid"}:
        return [f"group {group.name} came whole and undisturbed, now it is {verdict}"]
    spoiled = [*SPOILERS, *(["unlike"] if schedule.plan.direct in {"trust", "refuse"} else [])]
    if verdict == "kept" and schedule.plan.direct == "trust" and schedule.plan.verify == "duration":
        return []  # nothing was compared
    if verdict == "kept" and _transitions_look_like_a_loss(schedule, group):
        return []
    if any(injected[name] for name in spoiled) or injected["job-fails"] >= schedule.config.max_attempts:
        return []
    if verdict in {"kept", "gave-up"}:
        return [f"group {group.name} came whole and undisturbed, yet it was {verdict}"]
    wanted = [(key, group.original[key].etag) for key in group.listed or group.keys if key in group.original]
    count = len(wanted)
    if group.intro:
        intro = schedule.cos.shelves[schedule.promises.inputs].current[group.intro]
        wanted.insert(0, (group.intro, intro.info.etag))
    for thing in schedule.cos.shelves[schedule.promises.outputs].current.values():
        if thing.content and [(key, piece.etag) for key, piece in thing.content.joined] == wanted:
            tags = thing.tags
            if tags.get("concat-group") != group.name or tags.get("concat-fragments") != str(count):
                return [f"group {group.name}: its output bears the tags {tags}"]
            return []
    return [f"group {group.name} came whole and undisturbed, its output is not there"]


def _transitions_look_like_a_loss(schedule: Played, group: Group) -> bool:
    """Whether one piece is about as long as a transition, or some together as all that transitions overlap: what an
    output lacks is the same then, whether they are in it or not.
    """
    names = group.listed or group.keys
    pieces = [group.original[key] for key in names if key in group.original]
    if group.intro:
        pieces += filter(None, [schedule.cos.shelves[schedule.promises.inputs].current[group.intro].content])
    lengths = [piece.media.duration or 0.0 for piece in pieces]
    one, about = schedule.plan.overlap, blur([piece.media for piece in pieces])
    sums = {0.0}
    for length in lengths:
        sums |= {round(each + length, 1) for each in sums}
    return bool(one) and (
        min(lengths) - one <= about or any(abs(each - one * (len(lengths) - 1)) <= about for each in sums - {0.0})
    )


def _doomed(schedule: Played) -> list[str]:
    """With `expire`, what bears the lifecycle rule's tag is as good as removed: a verified output must hold it."""
    if schedule.plan.cleanup != "expire":
        return []
    return [
        f"G1: {key} is marked to expire, but no output holds it"
        for key, thing in schedule.cos.shelves[schedule.promises.inputs].current.items()
        if thing.tags
        and thing.content
        and key.startswith("fragments/")
        and not _held(schedule, key, thing.info.etag)
        and (key, thing.info.etag) not in schedule.promises.taken
    ]
