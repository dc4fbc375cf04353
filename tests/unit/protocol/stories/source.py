"""One camera, the midnight in question, and instances that come in one another's way at one known moment.

Times are seconds before or after that midnight; names tell no end unless a story says so, and the gap is 60 s.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import cast

from cosconcat.cloud.ports import Cos
from cosconcat.functions.retry import handle_retry
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.model import Bucket, ObjectInfo, Page, Token
from cosconcat.protocol.closing import close_recordings
from cosconcat.services import Services
from tests.simulation.counted import InMemory, in_memory
from tests.support.desk import Altered

GAP = {"CONCAT_NAMING": "timestamp", "CONCAT_COMPLETION": "gap:60"}
DAY = 86_400


class Died(BaseException):
    """The instance was killed."""


class Source:
    """One camera, the midnight in question, and instances that see and do what they are told to."""

    def __init__(self, **settings: str) -> None:
        self.memory: InMemory = in_memory(**{**GAP, "CONCAT_CLEANUP": "keep", **settings})
        self.midnight = (int(self.memory.world.now) // DAY + 1) * DAY

    def key(self, second: int) -> str:
        """A piece that starts then."""
        return f"fragments/cam_{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(self.midnight + second))}.mp4"

    def local(self, second: int) -> str:
        """The same, as a recorder writes it that names no zone (CONCAT_TIMEZONE=+08:00)."""
        return f"fragments/cam_{time.strftime('%Y%m%dT%H%M%S', time.gmtime(self.midnight + second + 8 * 3600))}.mp4"

    def put(self, *seconds: int, at: int = 1000, lasting: int = 0) -> None:
        """Pieces that are uploaded then; their names tell that they last so long, if at all."""
        self.memory.world.run(max(self.memory.world.now, self.midnight + at))
        for second in seconds:
            end = self.key(second + lasting).removeprefix("fragments/cam")
            self.memory.put(self.key(second).replace(".mp4", end) if lasting else self.key(second), 40)

    def remove(self, *seconds: int) -> None:
        """A user takes pieces away."""
        for second in seconds:
            self.memory.cos.remove(self.memory.config.bucket.name, self.key(second))

    def instance(
        self,
        *,
        blind_to: Collection[int] = (),
        dies_after: str = "",
        first: Callable[[], object] | None = None,
        past: Collection[ObjectInfo] = (),
    ) -> Services:
        """Services to which LIST does not show some pieces, or shows them as they were, that die once they have created
        a record of that kind, or before whose first reservation something else happens.
        """
        was = {one.key: one for one in past}
        cos, hidden, before = self.memory.services.cos, {self.key(second) for second in blind_to}, [first] * bool(first)

        def shown(bucket: Bucket, prefix: str, after: str = "") -> Page:
            page = cos.list(bucket, prefix, after)
            return page._replace(objects=tuple(was.get(o.key, o) for o in page.objects if o.key not in hidden))

        def create(bucket: Bucket, key: str, body: bytes) -> bool:
            if "/gap/" in key and before:
                (before.pop() or (lambda: None))()
            made = cos.create(bucket, key, body)
            if dies_after and dies_after in key:
                raise Died
            return made

        return replace(self.memory.services, cos=cast("Cos", Altered(cos, list=shown, create=create)))

    def lose_outputs_and_retry(self, second: int = 0) -> None:
        """A user takes the outputs away, and says retry to the recording that begins then."""
        bucket = self.memory.config.bucket.name
        for key in [key for key in self.memory.cos.shelves[bucket].current if key.startswith("output/")]:
            self.memory.cos.remove(bucket, key)
        self.retry(second)

    def retry(self, second: int, services: Services | None = None) -> None:
        """A person says retry to the recording that begins then."""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Died):
            handle_retry(services or self.memory.services, self.key(second)[len("fragments/") : -len(".mp4")])

    def close(self, day: int, services: Services | None = None) -> list[str]:
        """Recordings that begin on the day before midnight (-1) or after it (0) are closed, if they are whole."""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Died):
            closed = close_recordings(services or self.memory.services, "cam", self.midnight // DAY + day)
            return [one.action for one in closed]
        return []

    def later(self, seconds: int = 2000) -> None:
        """Time passes; jobs end."""
        self.memory.world.run(self.memory.world.now + seconds)

    def sweep(self, services: Services | None = None, *, after: int = 2000) -> None:
        """Jobs end, and a sweep finds it."""
        self.later(after)
        with contextlib.redirect_stdout(io.StringIO()):
            handle_sweep(services or self.memory.services)

    def settle(self) -> None:
        """Sweeps, until nothing is left to do."""
        for _ in range(5):
            self.sweep()

    @property
    def jobs(self) -> list[list[int]]:
        """The starts of what each job joins that was not superseded, in the order of the jobs."""
        starts = {self.key(second): second for second in range(-300, 900)}
        found = []
        for work in self.memory.ci.work.values():
            token = Token.parse(work.user_data)
            assert token is not None
            done = self.memory.services.ledger.done(token.gid, token.rev)
            if done is None or done.record.outcome != "superseded":
                found.append([starts[f"{name[: len(self.key(0)) - len('.mp4')]}.mp4"] for name in work.fragments])
        return found

    def jobs_with(self, second: int) -> int:
        """How many jobs joined the piece that starts then, or tried to."""
        return sum(self.key(second) in work.fragments for work in self.memory.ci.work.values())

    def broken(self, pieces: Collection[int]) -> str:
        """What is wrong in the end: a piece in two jobs, one in none, or a job that reaches over another's pieces."""
        jobs, often = self.jobs, Counter(second for job in self.jobs for second in job)
        twice = [second for second, times in often.items() if times > 1]
        if twice:
            return f"G2: {twice} are joined twice: {jobs}"
        if set(often) != set(pieces):
            return f"G3: {sorted(set(pieces) - set(often))} are joined by nobody: {jobs}"
        over = [one for one in jobs for other in jobs if any(one[0] < second < one[-1] for second in {*other} - {*one})]
        return f"G5: {over[0]} reaches over another: {jobs}" if over else ""
