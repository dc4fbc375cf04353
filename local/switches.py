"""The weaknesses of the real services, each a switch that a test or a demonstration may turn at any time."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field


@dataclass
class Switches:
    """Everything is off (the services behave) until set. Times are seconds, probabilities 0 to 1."""

    # COS
    listing_lag: float = 0.0  # LIST hides new keys, shows deleted ones and old ETags for so long
    locked: set[tuple[str, str]] = field(default_factory=set)  # (bucket, key) under object lock: nothing changes it
    archived: set[tuple[str, str]] = field(default_factory=set)  # (bucket, key) archived and not restored
    fail_cos: list[tuple[str, str, int]] = field(default_factory=list)  # see `cos_failure`
    lose_cos_answers: dict[str, int] = field(default_factory=dict)  # kind of call -> next n take effect, answer lost
    copy_errors_in_body: int = 0  # next n copies answer 200 with an error body and do nothing
    no_empty_tag_set: bool = False  # GET tagging of an object without tags answers 404 NoSuchTagSet
    # CI
    job_listing_lag: float = 0.0  # GET /jobs hides new jobs for so long
    lose_submit_answers: int = 0  # next n POST /jobs create the job, then the connection is cut
    fail_submits: int = 0  # next n POST /jobs answer 500 without creating anything
    refuse_submits: str = ""  # code with which every POST /jobs is refused, e.g. "QueuePaused", "CIRoleNotExist"
    media_off: set[str] = field(default_factory=set)  # buckets without media processing, until it is switched on
    fail_jobs: int = 0  # next n jobs end Failed
    short_output: int = 0  # next n outputs are cut short although the job says Success
    damage: str = ""  # one of `DAMAGES` in local.ci.rendering: spoils every output, and the job says Success
    believing: bool = False  # CI takes ffmpeg's exit code for success (`local.ci.rendering.believing`)
    callbacks: int = 1  # how often each callback is delivered, 0 = never
    job_seconds: float = 0.0  # minimum run time of a job
    join: str = "ffmpeg"  # or "bytes": plain concatenation of bytes, for load tests
    # COS events and SCF
    duplicate_events: float = 0.0  # probability that an event is delivered twice
    event_copies: int = 1  # each event is delivered so many times
    merge_events: bool = False  # several records in one event
    lose_events: float = 0.0  # probability that an event is never delivered
    shuffle_events: bool = False  # delivered out of order
    event_delay: float = 0.0
    retry_seconds: float = 60.0  # between asynchronous tries of a function; 60 in the cloud
    # clocks
    clock_skew: float = 0.0  # the services' clocks run so far ahead of this machine's
    random: random.Random = field(default_factory=random.Random)  # seed it to repeat a run
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, name: str) -> bool:
        """Use up one of a counted switch, e.g. `take("fail_jobs")`; False when none is left."""
        with self._guard:
            left = getattr(self, name)
            if left > 0:
                setattr(self, name, left - 1)
            return bool(left > 0)

    def loses_cos_answer(self, kind: str) -> bool:
        """Whether the answer to this call (a kind as in `Calls`) is to be lost after it took effect."""
        with self._guard:
            left = self.lose_cos_answers.get(kind, 0)
            if left > 0:
                self.lose_cos_answers[kind] = left - 1
            return left > 0

    def cos_failure(self, kind: str, key: str) -> int:
        """HTTP status (500, 503) with which this call is to fail before any effect, else 0.

        `fail_cos` holds (kind of call, key or "" for any, status); each entry fails one call.
        """
        if not self.fail_cos:
            return 0
        with self._guard:
            for at, (failing, only, status) in enumerate(self.fail_cos):
                if failing == kind and only in ("", key):
                    del self.fail_cos[at]
                    return status
        return 0
