"""The reference model of CI: Concat jobs that read their fragments while they run, a listing that lags, callbacks.

A job reads each fragment at some moment between its start and its end, so an overwrite in between changes what is
joined. Its output replaces whatever lies at the key. CI's clock differs from COS's by minutes in some schedules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Protocol

from cosconcat.errors import Blocked, ConcatError, Rejected, ServiceUnavailable
from cosconcat.model import Bucket, Job, JobPage, Media, OutputFile
from tests.simulation.models.losses import (
    LOSSES,
    LOSSES_OF_BYTES,
    ODD_LOSSES,
    ODD_LOSSES_OF_COPIES,
    Joined,
    lost_piece,
    shown,
    whole,
)
from tests.simulation.models.objects import Content, CosModel
from tests.simulation.models.world import EPOCH, World

if TYPE_CHECKING:
    from cosconcat.job.request import Request

LIVE = frozenset({"Submitted", "Running", "Pause"})


class Work:
    """One job inside CI."""

    __slots__ = (
        "bucket", "callback", "code", "created", "direct", "ended", "etag", "files", "forgotten", "fragments",
        "id", "key", "known_from", "listed_late", "media", "message", "number", "output", "read", "resolved",
        "shown_from", "state", "told_in_part", "user_data",
    )  # fmt: skip

    def __init__(self, number: int, request: Asked, now: float) -> None:
        self.number = number
        self.bucket = request.bucket
        self.id = f"j{number:032x}"
        self.user_data = request.user_data
        self.fragments = request.fragments
        self.direct = request.direct
        self.output = request.output
        self.key = request.key
        self.resolved = request.key.replace("${ext}", "mp4").replace("${jobid}", self.id)
        self.callback = request.callback
        self.state = "Submitted"
        self.code = self.message = ""
        self.created = now
        self.ended = 0.0
        self.shown_from = now  # from when on the listing shows it
        self.listed_late = False  # the listing shows it only some time after its end
        self.told_in_part = False  # but for the answer to its POST nobody is told where its output goes
        self.known_from = now  # from when on CI knows it when it is asked for it
        self.read: dict[int, tuple[str, Content]] = {}
        self.files: tuple[OutputFile, ...] = ()
        self.etag = ""  # of what it wrote
        self.media: Media | None = None
        self.forgotten = False


class Asked:
    """What CI reads from a request: fragments in their order, where the result goes, whom to call."""

    __slots__ = ("bucket", "callback", "direct", "fragments", "key", "output", "user_data")

    def __init__(
        self, bucket: str, request: Request, fragments: tuple[str, ...], output: Bucket, key: str, user_data: str
    ) -> None:
        self.bucket = bucket
        self.fragments = fragments
        self.output = output
        self.key = key
        self.user_data = user_data
        self.direct = request.direct
        self.callback = request.CallBack


class JobWatcher(Protocol):
    """Told of every job at the moment CI accepts it."""

    def posted(self, work: Work, others: dict[str, Work]) -> None:
        """`work` was accepted; `others` are the jobs before it."""
        ...

    def recorded(self, work: Work) -> bool:
        """Whether the functions have written down that this is their job."""
        ...

    def asks(self) -> None:
        """The running invocation is about to send a POST."""
        ...

    def answered(self, failure: Exception | None) -> None:
        """Its POST was accepted, or came to this."""
        ...


class CiModel:
    """The CI port in memory."""

    def __init__(self, world: World, cos: CosModel, page: int = 100) -> None:
        self.world = world
        self.cos = cos
        self.page = {3: 1, 10: 2}.get(page, 100)
        self.work: dict[str, Work] = {}
        self.skew = 300.0 * (2 * world.chance.random() - 1) if world.plan.faults["clock-skew"] else 0.0
        self.watcher: JobWatcher | None = None
        self.call_back: Callable[[Work], None] = lambda work: None
        self.slowest_listing = 0.0  # seconds that a job may be missing from the listing
        self.longest = 120.0  # seconds of an ordinary job
        self.listing_from = float(EPOCH)  # before that the listing shows nothing; never as long as silence is doubted
        if world.happens("listing-down"):
            self.listing_from += 0.99 * world.plan.stale * world.chance.random() ** 0.3
        self.contents = 0
        self.looked: dict[str, float] = {}  # output key -> when whoever posted its latest job had looked at it
        self.refusal: Callable[[], Callable[[], Job] | None] = lambda: None  # of a CI that is asked too often

    # -- the port -----------------------------------------------------------------------------------------------------

    def submit(self, bucket: Bucket, request: Request) -> Job:
        """One POST /jobs."""
        if self.watcher is None:
            return self._submit(bucket, request)
        self.watcher.asks()
        try:
            job = self._submit(bucket, request)
        except ConcatError as failure:
            self.watcher.answered(failure)
            raise
        self.watcher.answered(None)
        return job

    def _submit(self, bucket: Bucket, request: Request) -> Job:
        asked = self._asked(bucket, request)
        world = self.world
        if world.actor is not None:
            key = asked.key.replace("${ext}", "mp4")
            self.looked[key] = world.actor.seen.get(key, world.now)  # whoever never looked might have until now
        refuse = self.refusal()
        if refuse is not None:
            world.injected["throttled at POST"] += 1
            return world.call("POST", asked.key, refuse)
        if world.happens("post-blocked"):
            return world.call("POST", asked.key, self._refusing(world.chance.random()))
        if world.happens("post-refused"):
            return world.call("POST", asked.key, self._invalid)
        anothers = world.happens("answered-with-anothers")
        return world.call(
            "POST", asked.key, lambda: self._answer(self.accept(asked), anothers=anothers), writes=True, once=True
        )

    def _answer(self, work: Work, *, anothers: bool) -> Job:
        told = self.show(work)
        return told._replace(id=f"x{work.number:032x}", user_data="somebody else's") if anothers else told

    @staticmethod
    def _refusing(drawn: float) -> Callable[[], Job]:
        def refuse() -> Job:
            if drawn < 0.3:
                raise ServiceUnavailable("POST /jobs: ServerBusy, no job was created")
            raise Blocked("POST /jobs", code="QueuePaused", fix="activate the queue")

        return refuse

    @staticmethod
    def _invalid() -> Job:
        raise Rejected("POST /jobs", status=400, code="InvalidArgument")

    def job(self, bucket: Bucket, job_id: str) -> Job | None:
        """The job as it is."""
        del bucket

        def effect() -> Job | None:
            work = self.work.get(job_id)
            if work is None or work.forgotten or work.known_from > self.world.now:
                return None
            told = self.show(work)
            if self.world.happens("told-as-anothers"):
                return told._replace(user_data="somebody else's", state="Failed", files=(), media=None)
            return told._replace(output=Bucket("", "")) if work.told_in_part else told

        return self.world.call("GET job", job_id[-4:], effect)

    def jobs(self, bucket: Bucket, since: int, token: str = "", until: int = 0) -> JobPage:
        """One page, newest first."""
        del bucket
        return self.world.call("GET jobs", token, lambda: self._listed(since, until or 1 << 40, token))

    def _listed(self, since: int, until: int, token: str) -> JobPage:
        now = self.world.now
        if now < self.listing_from:
            return JobPage((), "")
        below = int(token) if token else 1 << 60
        shown: list[Job] = []
        for work in sorted(self.work.values(), key=lambda work: -work.number):
            if work.number >= below or not since <= int(work.created + self.skew) <= until or work.shown_from > now:
                continue
            if work.forgotten:
                continue
            if len(shown) == self.page:
                return JobPage(tuple(shown), str(int(shown[-1].id[1:], 16)))
            told = self.show(work)
            shown.append(told._replace(output=Bucket("", "")) if work.told_in_part else told)
        return JobPage(tuple(shown), "")

    def show(self, work: Work) -> Job:
        """The job in the port's words; wildcards in Output.Object stay as they were asked for."""
        return Job(
            work.id, "Concat", work.state, work.code, work.message, work.user_data, work.output, work.key,
            work.files, work.media, int(work.ended + self.skew) if work.ended else 0,
        )  # fmt: skip

    # -- what CI does -------------------------------------------------------------------------------------------------

    @staticmethod
    def _asked(bucket: Bucket, request: Request) -> Asked:
        operation = request.Operation
        assert operation is not None
        assert operation.ConcatTemplate is not None
        assert operation.Output is not None
        pieces = sorted(operation.ConcatTemplate.ConcatFragment, key=lambda piece: int(piece.FragmentIndex))
        keys = tuple(piece.Url.split("/", 3)[3] for piece in pieces)
        output = Bucket(operation.Output.Bucket, operation.Output.Region)
        return Asked(bucket.name, request, keys, output, operation.Output.Object, operation.UserData)

    def accept(self, asked: Asked) -> Work:
        """Create the job and plan its life."""
        world, chance = self.world, self.world.chance.random
        work = Work(len(self.work) + 1, asked, world.now)
        work.told_in_part = world.happens("told-in-part")
        if world.happens("jobs-lag"):
            work.shown_from += self.slowest_listing * chance() ** 0.3
        if world.happens("job-unknown"):
            work.known_from += 0.99 * (world.plan.stale - world.plan.lease) * chance()
        if self.watcher is not None:
            self.watcher.posted(work, self.work)
        self.work[work.id] = work
        self._moment("posted", work)
        started = world.now + 5.0 * chance()
        lasts = 5.0 + self.longest * chance()
        if world.happens("job-slow"):
            lasts += 7200.0 * chance()
        elif world.plan.lease >= 300 and "${jobid}" not in work.key:  # so that its output is there within two leases
            work.listed_late = world.happens("listed-late")
        if work.listed_late:
            work.shown_from = float("inf")
        world.at(started, lambda: self._start(work))
        places = range(len(work.fragments))
        if len(places) <= 3 or chance() < 0.2:
            for place in places:
                world.at(started + lasts * chance(), self._reading(work, [place]))
        else:  # two moments are enough for most of the long ones
            half = len(places) // 2
            world.at(started + lasts * chance(), self._reading(work, list(places[:half])))
            world.at(started + lasts * chance(), self._reading(work, list(places[half:])))
        world.at(started + lasts, lambda: self._end(work))
        return work

    def _start(self, work: Work) -> None:
        if work.state == "Submitted":
            work.state = "Running"

    def _reading(self, work: Work, places: list[int]) -> Callable[[], None]:
        def read() -> None:
            current = self.cos.shelves[work.bucket].current
            for place in places:
                thing = current.get(work.fragments[place])
                if thing is not None and thing.content is not None:
                    work.read[place] = (thing.info.key, thing.content)
            self._moment("read", work)

        return read

    def _forget(self, work: Work) -> None:
        """CI keeps jobs for a month (its console says); by then they are known by their records, if at all."""
        work.forgotten = self.watcher is not None and self.watcher.recorded(work)

    def _moment(self, what: str, work: Work) -> None:
        if self.world.on_moment is not None:
            self.world.on_moment(what, work.fragments[0])

    def _end(self, work: Work) -> None:
        world = self.world
        work.ended = world.now
        if work.listed_late:  # within CONCAT_STALE_SECONDS, or two leases, of its claim
            latest = work.created + max(world.plan.stale, 2 * world.plan.lease) - world.plan.lease
            work.shown_from = world.now + 0.99 * (latest - world.now) * world.chance.random() ** 0.3
        if world.happens("job-forgotten"):
            world.after(3600.0 * world.chance.random(), lambda: self._forget(work))
        if world.happens("job-cancelled"):
            work.state = "Cancel"
            return
        missing = [key for at, key in enumerate(work.fragments) if at not in work.read or work.read[at][1].unreadable]
        unlike = work.direct and len({content.shape[0] for _, content in work.read.values()}) > 1
        if missing or unlike or world.happens("job-fails"):
            work.state, work.code = "Failed", "InputFileNotFound" if missing else "InternalError"
            work.message = f"cannot read {missing[0]}" if missing else "fragments differ" if unlike else "by chance"
            world.say(f"CI: job {work.id[-4:]} fails")
            self.call_back(work)
            return
        joined = [work.read[place] for place in range(len(work.fragments))]
        self.contents += 1
        # As large as its pieces, and a little more, so that nothing else that is put there has the same size.
        size = sum(content.media.size for _, content in joined) + 10 + self.contents
        off = Random(work.number * 104729 + world.plan.seed).choice((-1, 0, 1))
        media, held = whole(joined, size, world.plan.overlap, off), tuple(joined)
        if world.happens("short-output"):
            media, held = lost_piece(joined, size, world.chance)
            apart = Random(work.number * 7919 + world.plan.seed)  # known schedules stay what they were
            if apart.random() < 0.8:
                losses = LOSSES_OF_BYTES if world.plan.verify == "size" and work.direct else LOSSES
                media, held = apart.choice(losses)(joined, size, apart)
            media, held = shown((media, held), joined, size, world.plan.overlap)
        elif not (world.plan.verify == "size" and work.direct) and world.happens("odd-loss"):
            losses = ODD_LOSSES_OF_COPIES if work.direct and world.plan.direct != "trust" else ODD_LOSSES
            media, held = world.chance.choice(losses)(joined, size, world.chance)
        content = Content(
            etag=f"{0xC0DE0000 + self.contents:032x}", media=media, joined=tuple(_playable(held, direct=work.direct))
        )
        work.state, work.code, work.message = "Success", "Success", ""
        work.etag, work.media = content.etag, content.media
        work.files = (OutputFile(work.resolved, content.etag),)
        content = self._otherwise(work, content, joined)
        world.say(f"CI: job {work.id[-4:]} succeeds, {work.resolved}")

        def write() -> None:
            self.cos.write(work.output.name, work.resolved, content=content)
            if "${jobid}" not in work.key and world.happens("job-dropped"):
                work.forgotten = True

        if world.happens("output-late"):
            world.after(30.0 * world.chance.random(), write)
        else:
            write()
        self._moment("succeeded", work)
        self.call_back(work)

    def _otherwise(self, work: Work, written: Content, joined: Sequence[Joined]) -> Content:
        """What lies there in the end, where that is not what the job tells, or where it tells too little."""
        world, etag = self.world, f"{0x0DD00000 + self.contents:032x}"
        if world.happens("told-of-another"):
            size, overlap = written.media.size, world.plan.overlap
            lost, held = shown(lost_piece(joined, size, world.chance), joined, size, overlap)
            if world.chance.random() < 0.5:
                lost = lost._replace(size=size)
            else:
                etag += "-2"  # uploaded in parts: only its size tells it
            written = Content(etag, lost, tuple(_playable(held, direct=work.direct)))
        elif world.happens("encrypted"):
            written = replace(written, etag=etag, encrypted=True)
        if world.happens("told-too-little") and work.media is not None:
            work.media = world.chance.choice(
                (None, work.media._replace(streams=()), work.media._replace(duration=None))
            )
        work.etag = written.etag
        return written


def _playable(joined: Sequence[tuple[str, Content]], *, direct: bool) -> Iterator[tuple[str, Content]]:
    """What a player shows of the pieces: without transcoding, only those that its decoder is set up for; of a piece
    that no length proves nothing, if there are others.
    """
    ordinary = any(not content.odd for _, content in joined)
    for key, content in joined:
        if not (content.odd and ordinary) and not (direct and content.shape != joined[0][1].shape):
            yield key, content
