"""Safety: what must hold at every moment, checked at every effect against the models' own truth.

Nothing here asks the code under test: records are read as JSON, the truth about jobs and contents is the models'. This
file is told of every effect and remembers it. What is promised then:

- `removals.py`: no content is lost, whatever is removed or overwritten
- `records.py`: records are written once, under known names, in their order
- `attempts.py`: what the records of an attempt say is so
- `newcomers.py`: no set is joined, or cleaned up, beside a piece that belongs to it
- `jobs.py`: a job is posted by a claim that is not over
- `once.py`: what was joined is joined once
- `pieces.py`: a job joins the right pieces, in their order
- `recordings.py`: what a job joins of recordings that are cut at gaps
- `budget.py`: no more jobs in an hour than the budget
- `retries.py`: a person who says retry is heard
- `bounded.py`: what is refused is not asked again and again
"""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.models.jobs import CiModel, Work
from tests.simulation.models.objects import CosModel, Sight, Thing
from tests.simulation.models.world import World
from tests.simulation.promises import jobs, removals, retries
from tests.simulation.promises.bounded import Asking
from tests.simulation.promises.known import Known
from tests.simulation.promises.records import Records


class Promises(Known):
    """Watches COS and CI; `fail`s the world at the first broken promise."""

    def __init__(self, world: World, cos: CosModel, ci: CiModel, state: str, inputs: str, outputs: str) -> None:
        super().__init__(world, cos, ci, state, inputs, outputs)
        self.asking = Asking(world)
        self.records = Records(self, self.asking)

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
        elif key.startswith(".concat/"):
            self.records.written(key, thing, before)
        elif key.startswith("fragments/"):
            self.world.fail(f"{key}: written by us")
        elif before is not None and not self.cos.shelves[bucket].versioned:
            self.fail_at(removals.overwritten(self, key, thing, before))

    def removed(self, bucket: str, thing: Thing, sight: Sight) -> None:
        """An object is gone."""
        key = thing.info.key
        self.gone[key, thing.info.etag] = self.world.now
        if self.user:
            self._spoil(key, thing)
        else:
            self.fail_at(removals.removed(self, bucket, thing, sight))

    def _spoil(self, key: str, output: Thing | None) -> None:
        """A user took this away or put something in its place."""
        self.spoiled[key] = self.world.now
        if output is not None and output.content is not None:
            self.taken |= {(piece, content.etag) for piece, content in output.content.joined}

    # -- CI -----------------------------------------------------------------------------------------------------------

    def asks(self) -> None:
        """The running invocation is about to send a POST."""
        self.asking.asks("posted a job")

    def answered(self, failure: Exception | None) -> None:
        """Its POST was accepted, or came to this."""
        self.asking.answered(failure)

    def posted(self, work: Work, others: dict[str, Work]) -> None:
        """CI accepts a job."""
        place = self.tokens.get(work.user_data)
        self.posts[work.user_data] += 1
        if place is None:
            self.world.fail(f"POST without a claim: {work.user_data}")
            return
        self.posted_for.add(place)
        self.jobs_in[int(self.world.now) // 3600] += 1
        self.fail_at(jobs.posted(self, place, work, others))

    def recorded(self, work: Work) -> bool:
        """Whether a record names this job."""
        return any(body["job"] == work.id for body in self.jobs.values())

    # -- people -------------------------------------------------------------------------------------------------------

    def asked_again(self, group: str) -> Callable[[str], None]:
        """A person says retry: what is to be made of the answer."""
        return retries.asked_again(self, group)
