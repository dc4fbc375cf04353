"""A probe counts only if it is of the very bytes that were claimed, and is waited for no longer than a day."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from cosconcat.errors import TryAgain
from cosconcat.events.cos import Upload
from cosconcat.functions.retry import handle_retry
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.functions.upload import handle_uploads
from cosconcat.model import Bucket, Head, Job, JobPage, Media, ObjectInfo, ProbeError, Stored, Unanswered, gid_of
from cosconcat.records.records import Probes
from cosconcat.verification.output import output_media
from tests.simulation.counted import BUCKET, InMemory, in_memory, keys
from tests.support.desk import Altered
from tests.support.joins import recording

Probe = Media | ProbeError | Unanswered
PIECES = keys("g", 3)
OUTPUT = "output/g.mp4"


@dataclass
class Story:
    """A group of three pieces of a minute each: its events, its sweeps, and what `answer` makes of each probe."""

    answer: Callable[[str, Probe], Probe]
    settings: Mapping[str, str] = field(default_factory=dict)
    told: bool = True  # whether the job tells what it wrote
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.memory: InMemory = in_memory(**self.settings)
        self.memory.ci.longest = 200
        cos, ci = self.memory.services.cos, self.memory.services.ci

        def media(bucket: Bucket, wanted: Sequence[str]) -> Mapping[str, Probe]:
            self.asked += wanted
            return {key: self.answer(key, found) for key, found in cos.media(bucket, wanted).items()}

        def told(job: Job | None) -> Job | None:
            return job._replace(media=None) if job and not self.told else job

        def job(bucket: Bucket, job_id: str) -> Job | None:
            return told(ci.job(bucket, job_id))

        def jobs(bucket: Bucket, since: int, token: str = "", until: int = 0) -> JobPage:
            page = ci.jobs(bucket, since, token, until)
            return page._replace(jobs=tuple(one for each in page.jobs if (one := told(each))))

        changed: Any = {"cos": Altered(cos, media=media), "ci": Altered(ci, job=job, jobs=jobs)}
        self.memory.services = replace(self.memory.services, **changed)

    def begin(self) -> None:
        """Three uploads, and the event of the last one."""
        for key in PIECES:
            self.memory.put(key)
        with _quietly(), contextlib.suppress(TryAgain):
            handle_uploads(self.memory.services, [Upload(BUCKET, "ap-guangzhou", PIECES[-1], "")])

    def sweep(self, times: int = 1, *, after: float = 600) -> None:
        """So many sweeps, each so many seconds after what came before; one that fails for now is one of them."""
        for _ in range(times):
            self.memory.world.run(self.memory.world.now + after)
            with _quietly(), contextlib.suppress(TryAgain):
                handle_sweep(self.memory.services)

    def hours_to_its_end(self) -> float:
        """Sweeps every half an hour, for three days at most; the hours until the group had ended."""
        for half_hours in range(1, 6 * 24):
            self.sweep(after=1800)
            if self.outcome:
                return half_hours / 2
        return float("inf")

    @property
    def there(self) -> list[str]:
        """The keys beside the records."""
        return sorted(key for key in self.memory.cos.shelves[BUCKET].current if not key.startswith(".concat/"))

    @property
    def outcome(self) -> str:
        """How the group ended; empty while it has not."""
        done = self.memory.services.ledger.done(gid_of("g"), 1)
        return f"{done.record.outcome}: {done.record.reason}" if done else ""

    @property
    def recorded(self) -> Mapping[str, Any]:
        """The probes in its records."""
        probes = self.memory.services.ledger.probes(gid_of("g"), 1)
        return probes.media if probes else {}


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()):
        yield


# -- of which bytes


@pytest.mark.parametrize("size", [0, 1000, 60_001])
@pytest.mark.parametrize("settings", [{}, {"CONCAT_DIRECT": "true"}], ids=["duration", "direct"])
def test_a_probe_of_other_bytes_is_neither_recorded_nor_judged(size: int, settings: dict[str, str]) -> None:
    """It is asked again, and the pieces are proven by what is theirs."""
    wrong = True
    story = Story(lambda key, found: recording(1, size) if wrong and key == PIECES[1] else found, settings=settings)
    story.begin()
    story.sweep(3)
    assert story.outcome == ""
    assert set(PIECES) <= set(story.there)
    assert PIECES[1] not in story.recorded
    wrong = False
    story.sweep(12)
    assert story.outcome == "joined: "
    assert story.there == [OUTPUT]
    assert story.asked.count(PIECES[0]) == 1


def test_a_probe_of_another_output_proves_nothing() -> None:
    """Where the job does not tell what it wrote."""
    wrong = True
    story = Story(
        lambda key, found: found._replace(size=7) if wrong and key == OUTPUT and isinstance(found, Media) else found,
        told=False,
    )
    story.begin()
    story.sweep(4)
    assert OUTPUT in story.asked
    assert story.outcome == ""
    assert story.there == sorted([*PIECES, OUTPUT])
    wrong = False
    story.sweep(2)
    assert story.outcome == "joined: "


def test_a_piece_that_was_replaced_is_told_from_a_probe_of_nobodys_bytes() -> None:
    """Its group ends superseded when the probe tells it, and waits for nothing."""
    story = Story(lambda _key, found: found)
    story.begin()
    story.memory.world.run(story.memory.world.now + 1)
    story.memory.put(PIECES[1], 30)
    story.sweep(after=300)
    assert story.outcome.startswith("superseded: changed while they were joined")


def test_probes_that_were_recorded_of_other_bytes_are_made_again() -> None:
    """A release that believed them may have written them."""
    story = Story(lambda _key, found: found)
    story.begin()
    entry = story.memory.services.ledger.claim(gid_of("g"), 1, 1)
    assert entry is not None
    probes = Probes(entry.record.fingerprint, {PIECES[0]: recording(1, 7), PIECES[1]: recording(60, 60_000)})
    story.memory.services.ledger.create_probes(entry.record, probes)
    story.sweep(2)
    assert story.outcome == "joined: "
    assert sorted(story.asked) == [PIECES[0], PIECES[2]]


@pytest.mark.parametrize("size", [0, 99, 101])
def test_the_segments_of_a_playlist_are_held_against_their_bytes(size: int) -> None:
    """The first and the last one are probed."""
    playlist = b"#EXTM3U\n#EXTINF:10,\na0.ts\n#EXTINF:10,\na1.ts\n#EXT-X-ENDLIST\n"
    memory = in_memory()
    head = Head(ObjectInfo("output/a.m3u8", "e", len(playlist), 1), 1)

    def media(_bucket: Bucket, wanted: Sequence[str]) -> Mapping[str, Probe]:
        return {key: recording(10, size if key == "output/a1.ts" else 100) for key in wanted}

    def heads(_bucket: Bucket, wanted: Sequence[str]) -> Mapping[str, Head]:
        return {key: Head(ObjectInfo(key, "e", 100, 1), 1) for key in wanted}

    cos: Any = Altered(memory.services.cos, get=lambda *_: Stored(playlist, head), heads=heads, media=media)
    claim: Any = SimpleNamespace(format="hls", output=memory.config.bucket)
    job: Any = None
    told = output_media(replace(memory.services, cos=cos), claim, job, head)
    assert isinstance(told, Unanswered)
    assert "output/a1.ts: told of other bytes than the 100" in told.message


# -- for how long

TRUSTED = {"CONCAT_DIRECT": "true", "CONCAT_ON_MIXED": "trust", "CONCAT_VERIFY": "size"}
UNANSWERED = [
    ({}, PIECES[1], True, 1),
    ({}, PIECES[1], False, 1),
    ({}, OUTPUT, False, 1),
    (TRUSTED, PIECES[0], True, 1),
    (TRUSTED, OUTPUT, False, 1),
    ({"CONCAT_DIRECT": "true"}, PIECES[1], True, 0),
    ({"CONCAT_DIRECT": "true", "CONCAT_ON_MIXED": "refuse"}, PIECES[1], True, 0),
]


@pytest.mark.parametrize(("settings", "key", "told", "posts"), UNANSWERED)
def test_what_cannot_be_probed_for_a_day_ends_its_group(
    settings: dict[str, str], key: str, told: bool, posts: int
) -> None:
    """Wherever it is asked; nothing is removed, what others told is paid once, and the reason names the call."""
    refusal = Unanswered(f"GET videoinfo {key}: HTTP 500")
    story = Story(lambda asked, found: refusal if asked == key else found, settings=settings, told=told)
    story.begin()
    assert 24 <= story.hours_to_its_end() <= 25.5
    assert story.outcome.startswith("gave-up")
    assert f"GET videoinfo {key}: HTTP 500" in story.outcome
    assert set(PIECES) <= set(story.there)
    assert len(story.memory.ci.work) == posts
    assert all(story.asked.count(other) <= 1 for other in {*PIECES, OUTPUT} - {key})
    before = len(story.asked)
    story.sweep(3)
    assert len(story.asked) == before


@pytest.mark.parametrize(("settings", "key", "told", "posts"), UNANSWERED)
def test_an_hour_without_probes_ends_nothing(settings: dict[str, str], key: str, told: bool, posts: int) -> None:
    """Late to be looked at is not the same as long unreadable: the day counts from the first that was not answered."""
    down = True
    refusal = Unanswered(f"GET videoinfo {key}: HTTP 500")
    story = Story(lambda asked, found: refusal if down and asked == key else found, settings=settings, told=told)
    story.begin()
    if posts:
        story.memory.world.run(story.memory.world.now + 3 * 86_400)
    story.sweep(3, after=1200)
    assert key in story.asked
    down = False
    story.sweep(4, after=4000)
    assert story.outcome == "joined: "


def test_who_says_retry_has_a_day_again() -> None:
    """What was waited for before counts for the content that was given up."""
    down = True
    refusal = Unanswered("GET videoinfo: HTTP 500")
    story = Story(lambda asked, found: refusal if down and asked == PIECES[1] else found)
    story.begin()
    story.hours_to_its_end()
    with _quietly():
        handle_retry(story.memory.services, "g")
    story.sweep(5)
    assert story.memory.services.ledger.done(gid_of("g"), 2) is None
    assert story.asked.count(PIECES[0]) == 1, "the first content's probes count"
    down = False
    story.sweep(3)
    assert story.memory.services.ledger.newest_joined(gid_of("g"), 2) is not None


def test_the_look_after_a_failed_job_holds_up_no_further_attempt() -> None:
    """Where no piece can be probed for now, nobody knows that CI could not read it."""
    refusal = Unanswered("GET videoinfo: HTTP 500")
    story = Story(lambda _asked, _found: refusal)
    story.begin()
    faults = story.memory.world.plan.faults
    faults["job-fails"] = 1.0
    story.sweep(40, after=1800)
    assert story.outcome.startswith("gave-up")
    assert len(story.memory.ci.work) == story.memory.config.max_attempts
