"""Sources whose recordings are cut at gaps: what cameras upload, and what goes wrong with it.

The day of a piece ends ten minutes after virtual time begins, as a recorder in another zone writes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.simulation.models.functions import Functions
from tests.simulation.models.objects import Content, CosModel
from tests.simulation.models.world import EPOCH, World
from tests.simulation.plan import WITH_END
from tests.simulation.promises.groups import Group
from tests.simulation.promises.recordings import GAP, ZONE
from tests.simulation.promises.safety import Promises
from tests.support.joins import recording

MOMENTS = ("slot", "claim", "job", "end", "done", "posted", "read", "succeeded", "head", "tagged", "removed", "copied")


def _written(at: int) -> str:
    return time.strftime("%Y%m%dT%H%M%S", time.gmtime(at + ZONE))


class Cameras:
    """Uploads, planned from the seed; `functions` hear of every object that comes to be."""

    def __init__(self, world: World, cos: CosModel, promises: Promises, bucket: str, functions: Functions) -> None:
        self.world = world
        self.cos = cos
        self.promises = promises
        self.bucket = bucket
        self.functions = functions
        self.groups: list[Group] = []  # in no other convention
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

    @property
    def undisturbed(self) -> list[str]:
        """Keys that were uploaded, while nobody did anything odd with any of them and all instances cut alike."""
        if self.odd or self.world.plan.mixed:
            return []
        return [key for key in self.ideal if key in self.last]  # some would have come too late

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
        self.promises.latest[key] = (content.etag, self.world.now)
        self.functions.uploaded(key)

    def _retry(self, source: str) -> None:
        """A person says: go on with one of the source's recordings."""
        names = sorted({claim["group"] for claim in self.promises.claims.values() if source in claim["group"]})
        if names:
            name = self.rng.choice(names)
            self.promises.retried.add(name)
            self.functions.retry(name)

    def _take_output(self, source: str) -> None:
        """Somebody deletes a result."""
        bucket = self.promises.outputs
        for key in [key for key in self.cos.shelves[bucket].current if key.startswith(f"output/{source}")][:1]:
            self.world.say(f"user deletes {key}")
            self.cos.remove(bucket, key)
