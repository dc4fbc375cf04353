"""Sources whose recordings are cut at gaps: what cameras upload, what goes wrong with it, and how it must end.

The day of a piece ends ten minutes after virtual time begins, as a recorder in another zone writes it. Nothing here
asks the code under test: names are read, runs are found and cut by a few lines of its own.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.simulation.functions import Functions
from tests.simulation.objects import Content, CosModel
from tests.simulation.plan import Plan
from tests.simulation.world import EPOCH, World
from tests.support.joins import recording

if TYPE_CHECKING:
    from tests.simulation.promises import Promises
    from tests.simulation.schedule import Schedule

ZONE = 34_620  # seconds east of UTC: midnight as written is 580 s after virtual time begins
GAP, LONGEST = 45, 300  # CONCAT_COMPLETION, CONCAT_MAX_LENGTH, seconds
WITH_END = "{group}_{time:%Y%m%dT%H%M%S}-{end:%Y%m%dT%H%M%S}.{ext}"
WITHOUT_END = "{group}_{time:%Y%m%dT%H%M%S}.{ext}"
MOMENTS = ("slot", "claim", "job", "end", "done", "posted", "read", "succeeded", "head", "tagged", "removed", "copied")
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
    import calendar

    return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%S")) - ZONE


def _written(at: int) -> str:
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime(at + ZONE))


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


class Cameras:
    """Uploads, planned from the seed; `functions` hear of every object that comes to be."""

    def __init__(self, world: World, cos: CosModel, promises: Promises, bucket: str, functions: Functions) -> None:
        self.world = world
        self.cos = cos
        self.promises = promises
        self.bucket = bucket
        self.functions = functions
        self.groups: list[Any] = []
        self.rng = world.streams.stream("users", 0)
        self.contents = 0
        self.waiting: list[tuple[str, str, Callable[[], None]]] = []  # moment, source, what happens then
        self.ideal: list[str] = []  # keys, while nobody did anything odd
        self.odd = False
        self.last: dict[str, int] = {}
        promises.listeners.append(self._on_record)
        for number in range(world.plan.groups):
            self._plan(f"cam{number}")
        if self.waiting:
            world.on_moment = self._on_moment

    def _plan(self, source: str) -> None:
        """Some runs of pieces, each uploaded when it is recorded; some late, some twice, some not at all."""
        rng, plan = self.rng, self.world.plan
        odd = plan.faults["edit"]
        at, shift = EPOCH + rng.choice((0, 100, 300, 460, 500, 520, 540, 550, 560, 570)), 0
        for _ in range(rng.randint(1, 3)):
            if odd and rng.random() < 0.15:
                shift += rng.choice((-300, -100, -40, 60, 500, 300_000_000))
                self.odd = True
            for _ in range(rng.randint(1, plan.most)):
                length = rng.choice((5, 10, 20, 20, 30))
                self._plan_piece(source, at, at + shift, length, odd)
                at += length + rng.choice((0, 0, 0, 3, 9))
            at += GAP + 31 + rng.choice((1, 40, 90))

    def _plan_piece(self, source: str, at: int, start: int, length: int, odd: float) -> None:
        rng, plan = self.rng, self.world.plan
        end = f"-{_written(start + length)}" if plan.naming == WITH_END else ""
        key = f"fragments/{source}_{_written(start)}{end}.mp4"
        content = self._content(length)
        arrives = at + length + 5 * rng.random()
        self.ideal.append(key)
        if odd and rng.random() < 0.3:
            self.odd = True
            if rng.random() < 0.5:
                self.waiting.append((rng.choice(MOMENTS), source, lambda: self.upload(key, content)))
                return
            arrives += rng.choice((15, 30, 60, 120, 300, 800)) * rng.random()
        self.world.at(arrives, self._doing(lambda: self.upload(key, content)))
        if not odd or rng.random() > 0.3:
            return
        self.odd = True
        other, twin = self._content(length), key.replace(".mp4", ".mkv")
        edit = rng.choice(
            (
                lambda: self.upload(key, other),
                lambda: self.upload(key, other),
                lambda: self.upload(key, content),
                lambda: self.upload(key, content),
                lambda: self.upload(twin, other),
                lambda: self.cos.remove(self.bucket, key),
                lambda: self._retry(source),
                lambda: self._retry(source),
                lambda: self._take_output(source),
            )
        )
        if rng.random() < 0.6:
            self.waiting.append((rng.choice(MOMENTS), source, edit))
        else:
            later = rng.choice((20, 80, 200, 500)) * rng.random()
            self.world.at(arrives + later, self._doing(edit))

    def _content(self, length: int) -> Content:
        self.contents += 1
        return Content(f"{self.contents:032x}", recording(float(length), 100_000 + self.rng.randrange(2)))

    # -- when ---------------------------------------------------------------------------------------------------------

    def _on_record(self, what: str, body: dict[str, Any], gid: str) -> None:
        del gid
        self._strike(what, str(body.get("group", "")))

    def _on_moment(self, what: str, key: str) -> None:
        self._strike(what, key)

    def _strike(self, what: str, where: str) -> None:
        for entry in [one for one in self.waiting if one[0] == what and (one[1] in where or not where)]:
            if self.world.calm or self.rng.random() < 0.5:
                continue
            self.waiting.remove(entry)
            delay = 1e-6 + self.rng.choice((0.0, 0.05, 0.3, 3.0, 30.0)) * self.rng.random()
            self.world.after(delay, self._doing(entry[2]))

    def _doing(self, action: Callable[[], None]) -> Callable[[], None]:
        def act() -> None:
            if self.world.calm:
                return
            self.promises.user = True
            try:
                action()
            finally:
                self.promises.user = False

        return act

    # -- what ---------------------------------------------------------------------------------------------------------

    def upload(self, key: str, content: Content) -> None:
        """Put an object, not twice within one second: LastModified has no finer grain."""
        now = int(self.world.now)
        if self.last.get(key, 0) >= now:
            self.world.at(self.last[key] + 1, self._doing(lambda: self.upload(key, content)))
            return
        self.last[key] = now
        self.world.say(f"user uploads {key} ({content.etag[-4:]})")
        self.cos.write(self.bucket, key, content=content)
        self.functions.uploaded(key)

    def _retry(self, source: str) -> None:
        """A person says: go on with one of the source's recordings."""
        names = sorted({claim["group"] for claim in self.promises.claims.values() if source in claim["group"]})
        if names:
            self.functions.retry(self.rng.choice(names))

    def _take_output(self, source: str) -> None:
        """Somebody deletes a result."""
        bucket = self.promises.outputs
        for key in [key for key in self.cos.shelves[bucket].current if key.startswith(f"output/{source}")][:1]:
            self.world.say(f"user deletes {key}")
            self.cos.remove(bucket, key)


# -- safety ------------------------------------------------------------------------------------------------------------


def claim_problem(promises: Promises, claim: dict[str, Any], place: tuple[str, int, int]) -> str:
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
        theirs = [read(fragment["object"]["key"]) for fragment in promises.claims[other]["set"]["fragments"]]
        for one in theirs:
            inside = one is not None and found[0].start < one.start < found[-1].start and one.start not in starts
            if one is not None and one.source == found[0].source and inside:
                return f"G5: job {place} reaches over what {other} had joined"
    return ""


def versions(claim: dict[str, Any]) -> set[tuple[str, str]]:
    """(key, ETag) of all that a claim joins."""
    return {(f["object"]["key"], f["object"]["etag"]) for f in claim["set"]["fragments"]}


# -- liveness ----------------------------------------------------------------------------------------------------------


def unsettled(schedule: Schedule, report: dict[str, Any]) -> list[str]:
    """Pieces that are in no recording that ended, and not told of either; and, where nothing odd happened, recordings
    that are not the runs that were recorded.
    """
    promises = schedule.promises
    current = schedule.cos.shelves[promises.inputs].current
    ended = {
        version for place, claim in promises.claims.items() if place[:2] in promises.done for version in versions(claim)
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
    problems += _still_there(schedule)
    cameras = schedule.users
    if isinstance(cameras, Cameras) and not cameras.odd and not schedule.world.injected - _harmless(schedule):
        problems += _not_as_recorded(schedule)
    return problems


def _harmless(schedule: Schedule) -> Any:
    """Counts of what says nothing of a fault."""
    from collections import Counter

    return Counter({name: n for name, n in schedule.world.injected.items() if name.startswith("event")})


def _still_there(schedule: Schedule) -> list[str]:
    """What was joined and lies there again goes again, while its output is there."""
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
        for key, etag in versions(promises.claims[place]):
            if key in current and current[key].info.etag == etag and key not in done["kept"]:
                problems.append(f"{key} was joined, yet it is still there")
    return problems


def _not_as_recorded(schedule: Schedule) -> list[str]:
    """Each run, cut where it is too long, is one recording."""
    claims = schedule.promises.claims
    joined = [sorted(key for key, _ in versions(claim)) for place, claim in claims.items() if place[2] == 1]
    problems = []
    cameras = schedule.users
    assert isinstance(cameras, Cameras)
    keys = [key for key in cameras.ideal if key in cameras.last]  # some would have come after all was over
    by_name = {read(key): key for key in keys}
    for source in {one.source for one in by_name if one}:
        for run in runs([one for one in by_name if one and one.source == source]):
            for part in cut(run):
                wanted = sorted(by_name[one] for one in part)
                if wanted not in joined and len(wanted) <= schedule.config.max_fragments:
                    problems.append(f"{wanted} is not one recording")
    return problems


def narrowed(plan: Plan) -> None:
    """What a plan drawn for other conventions becomes."""
    plan.naming = WITH_END if plan.seed % 3 else WITHOUT_END
    plan.completion = "gap"
    plan.versioned = False
    plan.mixed = plan.seed % 5 == 4
    plan.timer = plan.timer or 120
    plan.most = max(plan.most, 4)
