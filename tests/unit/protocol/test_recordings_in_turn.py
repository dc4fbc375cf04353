"""Recordings cut at gaps, by several instances that come in one another's way at one known moment.

Each story is a sequence that chance meets seldom; it says what broke, and each of its guards is missed when it is gone.
Times are seconds before or after a midnight; names tell no end, and the gap is 60 s.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, cast

import pytest

from cosconcat.cloud.ports import Cos
from cosconcat.functions.retry import handle_retry
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.model import Bucket, ObjectInfo, Page, Token, gid_of
from cosconcat.protocol.closing import close_recordings, reconcile_fragment
from cosconcat.services import Services
from tests.simulation.counted import InMemory, in_memory
from tests.simulation.models.objects import Content
from tests.simulation.mutants.gap import IN_TURN, MUTANTS
from tests.support.desk import Altered
from tests.support.joins import recording

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


# -- the stories -------------------------------------------------------------------------------------------------------


def half_seen_first() -> str:
    """Who reserves across midnight dies; meanwhile somebody who sees only the second half closes that."""
    source, pieces = Source(), (-100, -50, 0, 50, 100, 150, 200)
    source.put(*pieces)
    source.later()
    source.close(-1, source.instance(dies_after="/gap/"))
    half = source.instance(blind_to=(-100, -50, 0, 50, 100))
    source.close(0, half)
    source.sweep(half)
    source.settle()
    return source.broken(pieces)


def one_piece_taken_meanwhile() -> str:
    """Both judge before either reserves: one wants three pieces beyond midnight, the other gets the middle one."""
    source, pieces = Source(), (-50, 0, 30, 50)
    source.put(*pieces)
    source.later()
    one = source.instance(blind_to=(-50, 0, 50), first=lambda: source.close(-1, source.instance(dies_after="/gap/")))
    source.close(0, one)
    source.sweep(source.instance(blind_to=(-50, 0, 50)))
    source.settle()
    return source.broken(pieces)


def two_left_and_a_grant_lost() -> str:
    """Who finds the slots of two that died is too late for what the first wants beyond midnight: it still goes on with
    the second, which lies far from there.
    """
    source, pieces = Source(), (-250, -50, 0, 800)
    source.put(*pieces, at=1500)
    source.later(4000)
    source.close(-1, source.instance(blind_to=(-250,), dies_after="/gap/"))
    source.close(-1, source.instance(blind_to=(-50, 0), dies_after="/gap/"))
    other = source.instance(blind_to=(-50, 0))
    done = source.close(-1, source.instance(first=lambda: source.close(0, other)))
    return source.broken(pieces) or ("" if done == ["submitted"] * 2 else f"G3: {done}")


def slot_lost() -> str:
    """Somebody who sees all is faster than somebody who does not see the first piece."""
    source, pieces = Source(), (100, 150)
    source.put(*pieces)
    source.later()
    source.close(0, source.instance(blind_to=(100,), first=lambda: source.close(0)))
    source.settle()
    return source.broken(pieces)


def late_on_both_sides() -> str:
    """Two pieces come after the one between them was joined."""
    source = Source()
    source.put(100)
    source.settle()
    source.put(70, 130)
    source.settle()
    return source.broken((70, 100, 130))


def removed_before_it_was_claimed() -> str:
    """Who reserved two pieces died, and one of them is taken away: whoever goes on looks first."""
    source = Source()
    source.put(0, 50)
    source.later()
    source.close(0, source.instance(dies_after="/gap/"))
    source.remove(0)
    source.settle()
    paid = len(source.memory.ci.work)
    return source.broken((50,)) or ("" if paid == 1 else f"{paid} jobs, of which one was for a piece that was gone")


def claimed_by_the_dead() -> str:
    """Whose claim is in no index: its pieces are taken away, and only a late one beside it can remind of it."""
    source = Source()
    source.put(0, 50)
    source.later()
    source.close(0, source.instance(dies_after="/claim-"))
    source.remove(0, 50)
    source.put(100)
    source.settle()
    return source.broken((100,))


def replaced_after_the_death() -> str:
    """Whose claim is in no index: its piece is overwritten, and what lies there now cannot be joined."""
    source = Source()
    source.put(0)
    source.later()
    source.close(0, source.instance(dies_after="/claim-"))
    other = Content("another", recording(30.0, 30_000))
    source.memory.cos.write(source.memory.config.bucket.name, source.key(0), content=other)
    source.memory.put(source.key(0).replace(".mp4", ".mkv"), 40)
    source.settle()
    content = source.memory.services.ledger.newest_content(gid_of(source.key(0)[len("fragments/") : -len(".mp4")]))
    assert content is not None
    return "" if content.done else "G3: a claim never ends"


def two_of_one_name() -> str:
    """Two recorders whose pieces begin in the same second: no job, and a person is told."""
    source = Source()
    source.put(0, 50)
    source.memory.put(source.key(0).replace(".mp4", ".mkv"), 40)
    source.settle()
    return f"G5: {source.memory.ci.work} joins what overlaps" if source.memory.ci.work else ""


def an_hour_later() -> str:
    """A second recording of the day, while the pieces of the first still lie there."""
    source = Source()
    source.put(0, 50)
    source.settle()
    source.put(800, at=5000)
    source.settle()
    return source.broken((0, 50, 800))


def late_after_the_join() -> str:
    """A piece comes when its neighbour was joined: what was joined stays joined."""
    source = Source()
    source.put(100)
    source.settle()
    source.put(130)
    source.settle()
    return source.broken((100, 130))


def late_while_joined() -> str:
    """A piece comes while its neighbours are joined: their commit finds it, and all is joined anew."""
    source = Source()
    source.put(0, 50)
    source.later()
    source.close(0)
    source.put(100)
    source.settle()
    return "" if source.jobs == [[0, 50, 100]] else f"G3: what belongs together is apart: {source.jobs}"


def late_and_whole_while_joined() -> str:
    """The late piece alone would be whole before its neighbours are over: it waits for them."""
    source = Source()
    source.put(0, 50, at=100)
    source.later(300)
    source.close(0)
    source.put(100, at=450)
    source.later(500)
    source.close(0)
    source.settle()
    return "" if source.jobs == [[0, 50, 100]] else f"G3: what belongs together is apart: {source.jobs}"


def between_under_another_gap() -> str:
    """An instance with a longer gap closes two pieces; one comes between them, which the shorter gap parts from one."""
    source, pieces = Source(), (0, 20, 100)
    source.put(0, 100, at=150)
    source.later(400)
    services = source.memory.services
    source.close(0, replace(services, config=replace(services.config, gap_seconds=200)))
    source.put(20, at=700)
    source.later(800)
    source.close(0)
    source.settle()
    return source.broken(pieces)


def late_behind_midnight_under_a_shorter_gap() -> str:
    """It comes between the last piece before midnight and the first behind it, while they are joined."""
    source, pieces = Source(), (-40, 12, 20, 60)
    source.put(-40, 20, 60)
    source.later()
    source.close(-1)
    source.put(12, at=3100)
    source.later(4000)
    services = source.memory.services
    with contextlib.redirect_stdout(io.StringIO()):
        reconcile_fragment(replace(services, config=replace(services.config, gap_seconds=5)), source.key(12))
    source.settle()
    return source.broken(pieces)


def overwritten_before_it_was_joined() -> str:
    """Somebody to whom LIST shows the upload before the one that was joined."""
    source = Source()
    source.put(0, 50)
    [*_, before] = source.memory.services.cos.list(source.memory.config.bucket, "fragments/").objects
    source.later(100)
    other = Content("another", recording(40.0, 40_000))
    source.memory.cos.write(source.memory.config.bucket.name, source.key(50), content=other)
    source.settle()
    source.sweep(source.instance(past=[before]))
    source.settle()
    paid = len(source.memory.ci.work)
    return source.broken((0, 50)) or ("" if paid == 1 else f"G2: {paid} jobs, of which one was for what is no more")


def gone_while_joined() -> str:
    """A piece is taken away while it is joined, so that the job fails: the other one is not given up for it."""
    source = Source()
    source.put(0, 50)
    source.later()
    source.close(0)
    source.remove(50)
    source.settle()
    return source.broken((0,))


def corrected_after_the_join() -> str:
    """A piece right after midnight was joined; it is uploaded anew, and the one before midnight comes as well."""
    source = Source()
    source.put(0)
    source.settle()
    source.put(-50)
    other = Content("another", recording(40.0, 40_000))
    source.memory.cos.write(source.memory.config.bucket.name, source.key(0), content=other)
    source.settle()
    return "" if source.jobs == [[0], [-50, 0]] else f"G5: {source.jobs}"


def given_up_and_its_end_superseded() -> str:
    """Two pieces are given up. The second is joined with a third one that is taken away, so that this is superseded."""
    source = Source()
    source.put(-50, 0)
    faults = source.memory.world.plan.faults
    faults["job-fails"] = 1.0
    source.settle()
    source.settle()
    faults["job-fails"] = 0.0
    source.put(50)
    source.later(2 * DAY)
    source.close(0, source.instance(blind_to=(-50,)))
    source.remove(50)
    source.settle()
    paid, works = source.memory.config.max_attempts, source.memory.ci.work.values()
    given_up = sum(source.key(-50) in work.fragments for work in works)
    return "" if (given_up, len(works)) == (paid, paid + 1) else f"G2: {given_up} of {len(works)} jobs for one given up"


def given_up_and_the_next_of_it_superseded() -> str:
    """A piece is given up. It is joined with an earlier one that is taken away, so that this is superseded."""
    source = Source()
    source.put(0)
    faults = source.memory.world.plan.faults
    faults["job-fails"] = 1.0
    source.settle()
    source.settle()
    faults["job-fails"] = 0.0
    source.put(-50)
    source.later(2 * DAY)
    source.close(-1)
    source.remove(-50)
    source.settle()
    paid, works = source.memory.config.max_attempts, source.memory.ci.work.values()
    if len(works) != paid + 1:
        return f"G2: {len(works)} jobs, the one given up took {paid}"
    told = source.close(0)
    return "" if told == ["gave-up"] else f"G3: what was given up is told as {told}"


def given_up_and_its_rest_lost() -> str:
    """A piece is given up, and one beyond midnight comes. Who joins both finds that reserved by another, to whom LIST
    did not show the first; or dies before that, or right after.
    """
    for dies_after in ("", "/gap/", "/claim-"):
        source = _given_up_before_midnight()
        one = source.instance(dies_after=dies_after, first=_second_half_closed(source))
        source.close(-1, one)
        source.settle()
        source.settle()
        often = Counter(source.jobs_with(second) for second in (-50, 0))
        paid = source.memory.config.max_attempts
        if often != Counter([paid, 1]):
            return f"G2: {often} jobs, {paid} had been paid for what was given up"
        told = source.close(-1)
        if told != ["gave-up"]:
            return f"G3: what was given up is told as {told}"
    return ""


def retried_and_its_rest_lost() -> str:
    """The same, when a person said retry to what was given up: that is joined, by whoever finds it."""
    for dies_after in ("", "/gap/", "/claim-"):
        source = _given_up_before_midnight()
        source.retry(-50, source.instance(dies_after=dies_after, first=_second_half_closed(source)))
        source.settle()
        paid = source.memory.config.max_attempts
        if (source.jobs_with(-50), source.jobs_with(0)) != (paid + 1, 1):
            return f"G3: a person said retry, and the jobs are {source.jobs}"
    return ""


def _given_up_before_midnight() -> Source:
    source = Source()
    source.put(-50)
    source.memory.world.plan.faults["job-fails"] = 1.0
    source.settle()
    source.settle()
    source.memory.world.plan.faults["job-fails"] = 0.0
    source.put(0)
    source.later(2 * DAY)
    return source


def _second_half_closed(source: Source) -> Callable[[], object]:
    return lambda: source.close(0, source.instance(blind_to=(-50,)))


def late_while_joined_anew() -> str:
    """An output is gone and a person says retry; while the pieces are joined anew another one comes: all three are."""
    source = Source()
    source.put(0, 50)
    source.settle()
    source.lose_outputs_and_retry()
    source.put(100)
    source.settle()
    return "" if source.jobs == [[0, 50], [0, 50, 100]] else f"G3: what has no output is left: {source.jobs}"


def joined_anew_in_vain() -> str:
    """An output is gone, and the retry is given up: the report says so for as long as the pieces are there."""
    source = Source()
    source.put(0, 50)
    source.settle()
    source.memory.world.plan.faults["job-fails"] = 1.0
    source.lose_outputs_and_retry()
    source.settle()
    source.settle()
    told = source.close(0)
    return "" if told == ["gave-up"] else f"G3: what was given up is told as {told}"


def joined_anew_to_expire() -> str:
    """An output is gone, and the retry is joined: its pieces stay tagged for the lifecycle rule."""
    source = Source(CONCAT_CLEANUP="expire", CONCAT_CLEANUP_DRY_RUN="true")
    source.put(0, 50)
    source.settle()
    services = source.memory.services
    source.memory.services = replace(services, config=replace(services.config, cleanup_dry_run=False))
    source.lose_outputs_and_retry()
    source.settle()
    there = source.memory.cos.shelves[source.memory.config.bucket.name].current
    untagged = [second for second in (0, 50) if not there[source.key(second)].tags]
    return f"G3: {untagged} never expire" if untagged else ""


def given_up_and_cut_otherwise() -> str:
    """What was given up was too long, a person thinks: shorter parts are allowed, and all of them are tried again."""
    pieces = [*range(0, 360, 30)]
    source = Source(CONCAT_MAX_ATTEMPTS="1")
    source.put(*pieces)
    source.memory.world.plan.faults["job-fails"] = 1.0
    source.settle()
    source.memory.world.plan.faults["job-fails"] = 0.0
    services = source.memory.services
    source.memory.services = replace(services, config=replace(services.config, max_fragments=4))
    source.lose_outputs_and_retry()
    source.settle()
    again = [second for job in source.jobs[1:] for second in job]
    return "" if again == pieces else f"G3: a person said retry, and what was tried again is {source.jobs[1:]}"


def two_names_of_one_moment() -> str:
    """Names with a zone and without: two recordings begin in one second, on two days as they are written, and have one
    id. The second is begun at once, and spends one slot in vain, however often the first was tried.
    """
    source = Source(CONCAT_TIMEZONE="+08:00", CONCAT_MAX_ATTEMPTS="1")
    source.put(-100)
    source.memory.world.plan.faults["job-fails"] = 1.0
    source.settle()
    for _ in range(2):
        source.lose_outputs_and_retry(-100)
        source.settle()
    source.memory.world.plan.faults["job-fails"] = 0.0
    source.remove(-100)
    written = time.strftime("%Y%m%dT%H%M%S", time.gmtime(source.midnight - 100 + 8 * 3600))
    source.memory.put(f"fragments/cam_{written}.mp4", 40)
    source.later(DAY)
    told = source.close(0)
    if told != ["submitted"]:
        return f"G3: what has another's id is told as {told}"
    day = time.strftime("/%Y-%m-%d/", time.gmtime(source.midnight))
    records = source.memory.cos.shelves[source.memory.config.state_bucket.name].current
    slots = sum("/gap/" in key and day in key for key in records)
    return "" if slots == 2 else f"G3: {slots} slots for one recording"


def slow_uploads() -> str:
    """Pieces of ten minutes, each there when it is over: nothing comes for ten minutes, and yet it goes on."""
    source = Source()
    source.put(0, at=605)
    source.sweep(after=70)
    source.sweep(after=400)
    source.put(50, at=1205)
    source.settle()
    return "" if source.jobs == [[0, 50]] else f"G5: what belongs together is apart: {source.jobs}"


def long_pieces() -> str:
    """Longer than CONCAT_STALE_SECONDS, each there when it is over: the next one is waited for as long."""
    source = Source(CONCAT_STALE_SECONDS="400", CONCAT_LEASE_SECONDS="400")
    source.put(0, at=805, lasting=800)
    source.sweep(after=500)
    source.sweep(after=250)
    source.put(800, at=1605, lasting=800)
    source.settle()
    return "" if source.jobs == [[0, 800]] else f"G5: what belongs together is apart: {source.jobs}"


def clock_ahead() -> str:
    """Summer time, or CONCAT_TIMEZONE forgotten: each piece is there before it begins by its name."""
    source = Source()
    source.put(0, at=405 - 3600, lasting=400)
    source.sweep(after=100)
    source.sweep(after=250)
    source.put(400, at=805 - 3600, lasting=400)
    source.settle()
    return "" if source.jobs == [[0, 400]] else f"G5: what belongs together is apart: {source.jobs}"


def cut_off_and_more_comes() -> str:
    """What is too long for one job is cut, and goes on: with more pieces the cut would lie elsewhere, and yet nothing
    came late for what is being joined.
    """
    source, pieces = Source(CONCAT_MAX_FRAGMENTS="2"), (10, 50, 90, 130)
    source.put(10, at=1000)
    source.put(50, 90, at=1060)
    source.later(1030)
    source.close(0)
    source.put(130, at=2100)
    source.settle()
    paid = len(source.memory.ci.work)
    return source.broken(pieces) or ("" if paid == len(source.jobs) else f"G2: {paid} jobs for {source.jobs}")


def late_beyond_the_cut() -> str:
    """A run is cut at 300 s, and goes on. Its first piece behind the cut comes late, while both parts are joined."""
    source, pieces = Source(CONCAT_MAX_LENGTH="300"), (200, 240, 280, 320, 360, 400, 440, 480, 520)
    source.put(*pieces[:3], at=1000)
    source.put(*pieces[3:], at=1060)
    source.later(870)
    source.close(0)
    source.put(305, at=1935)
    source.settle()
    paid = len(source.memory.ci.work)
    return source.broken((*pieces, 305)) or ("" if paid == 3 else f"G2: {paid} jobs for {source.jobs}")


def reserved_by_another_deployment() -> str:
    """Two deployments share their records, not their inputs. Who reserved died: the other leaves that to its own."""
    source = Source()
    other = replace(source.memory.config, input_prefix="others/", output_key="others-output/{group}.${ext}")
    source.put(0, 50, 100)
    source.memory.put(source.key(20).replace("fragments/", "others/"), 40)
    source.later()
    source.close(0, source.instance(dies_after="/gap/"))
    for _ in range(3):
        source.sweep(replace(source.memory.services, config=other))
    posted = [work.fragments for work in source.memory.ci.work.values()]
    return "" if len(posted) == 1 and len(posted[0]) == 1 else f"G2: pieces of another deployment are joined: {posted}"


def an_end_that_others_contradict() -> str:
    """By its name a piece goes on for long after another began: the two are in doubt, and nothing else is."""
    source = Source()
    source.put(0, lasting=800)
    source.put(200, 400, 600, lasting=30)
    source.settle()
    return "" if sorted(source.jobs) == [[400], [600]] else f"G5: one end too late decides for all: {source.jobs}"


def an_end_beyond_the_cut() -> str:
    """By its name a piece goes on beyond where its run is cut: what lies apart there stays so."""
    source = Source(CONCAT_MAX_LENGTH="300")
    source.put(0, lasting=800)
    source.put(310, 400, 610, 700)
    source.settle()
    alone = [[0], [310], [400], [610], [700]]
    return "" if sorted(source.jobs) == alone else f"G5: what lies apart is together: {source.jobs}"


STORIES = [
    ("claim-of-what-was-wished", half_seen_first),
    ("no-grant", half_seen_first),
    ("claimed-before-granted", half_seen_first),
    ("slot-left-unclaimed", half_seen_first),
    ("slot-completed-without-looking", removed_before_it_was_claimed),
    ("deferred-not-helped", claimed_by_the_dead),
    ("overlap-joined", two_of_one_name),
    ("slot-outlives-claim", one_piece_taken_meanwhile),
    ("slot-loser-goes-on", slot_lost),
    ("no-border", late_on_both_sides),
    ("lag-not-waited-for", slow_uploads),
    ("length-not-waited-for", long_pieces),
    ("length-not-waited-for", clock_ahead),
    ("cut-forgotten", cut_off_and_more_comes),
    ("moved-cut-believed", late_beyond_the_cut),
    ("others-slot-completed", reserved_by_another_deployment),
    ("contradicted-end-believed", an_end_that_others_contradict),
    ("late-end-across-cuts", an_end_beyond_the_cut),
    ("joined-is-free", late_after_the_join),
    ("late-pieces-not-looked-for", late_while_joined),
    ("late-piece-not-deferred", late_and_whole_while_joined),
    ("granted-from-its-first-piece", late_behind_midnight_under_a_shorter_gap),
    ("closed-between-pieces", between_under_another_gap),
    ("past-joined", overwritten_before_it_was_joined),
    ("later-upload-cut-off", corrected_after_the_join),
    ("given-up-joined-as-it-is", given_up_and_its_end_superseded),
    ("given-up-joined-as-it-is", given_up_and_the_next_of_it_superseded),
    ("lost-grant-not-looked-at", given_up_and_its_rest_lost),
    ("nothing-new-submitted", given_up_and_its_rest_lost),
    ("nothing-new-tried-again", given_up_and_its_rest_lost),
    ("nothing-new-holds-its-pieces", given_up_and_its_rest_lost),
    ("retry-not-remembered", retried_and_its_rest_lost),
    ("joined-anew-and-still-joined", late_while_joined_anew),
    ("joined-anew-and-still-joined", joined_anew_in_vain),
    ("joined-anew-and-still-joined", joined_anew_to_expire),
    ("earlier-claim-joins-anew", late_after_the_join),
    ("retry-begins-one-part", given_up_and_cut_otherwise),
    ("retry-forces-one-part", given_up_and_cut_otherwise),
    ("anothers-claim-taken-for-ones-own", two_names_of_one_moment),
    ("slot-for-each-earlier-rev", two_names_of_one_moment),
    ("", replaced_after_the_death),
    ("", an_hour_later),
    ("", two_left_and_a_grant_lost),
    ("", gone_while_joined),  # two guards, one behind the other
]


@pytest.mark.parametrize("story", dict.fromkeys(story for _, story in STORIES))
def test_every_promise_is_kept(story: Callable[[], str]) -> None:
    """Each piece is in one job, none is left, and no job reaches over another's."""
    assert story() == ""


def test_each_guard_that_chance_seldom_needs_has_a_story() -> None:
    """Those that the simulator's list leaves to this file."""
    assert {name for name, _ in STORIES} >= IN_TURN


@pytest.mark.parametrize(
    ("name", "story"), [one for one in STORIES if one[0]], ids=[name for name, _ in STORIES if name]
)
def test_its_guard_is_missed(name: str, story: Callable[[], Any]) -> None:
    """The same story without it breaks a promise."""
    [mutant] = [one for one in MUTANTS if one.name == name]
    with mutant.applied():
        assert story() != ""


@pytest.mark.parametrize(
    ("record", "largest", "reason"),
    [("groups.reserved", 3000, "20 pieces with such long names"), ("records.slots", 1500, "at most 1500 are read")],
    ids=["claim", "slot"],
)
def test_what_no_record_could_hold_reserves_nothing_and_leaves_its_day_to_others(
    record: str, largest: int, reason: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten thousand pieces with long names, or fewer behind a hundred thousand recordings: their slot was written and
    could not be read, nor any after it.
    """
    source = Source()
    source.put(*range(-40_000, -40_000 + 20 * 40, 40), -20_000, at=0)
    source.memory.world.run(source.memory.world.now + DAY)
    monkeypatch.setattr(f"cosconcat.{record}.LARGEST", largest)
    results = handle_sweep(source.memory.services)["results"]
    assert isinstance(results, list)
    assert sorted(told["action"] for told in results) == ["invalid", "submitted"]
    assert reason in next(told["reason"] for told in results if told["action"] == "invalid")
    records = source.memory.cos.shelves[source.memory.config.state_bucket.name].current
    assert sum("/gap/" in key for key in records) == 1
    capsys.readouterr()
