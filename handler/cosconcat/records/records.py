"""The records' contents: what a claim, a job, an end and the closing record say. Stored as JSON under these names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, NamedTuple, TypeVar

from cosconcat.model import Bucket, FragmentSet, Media, ProbeError, Token, gid_of

R = TypeVar("R")


Next = Literal["clean", "superseded", "keep", "gave-up", "retry"]


Outcome = Literal["joined", "superseded", "kept", "gave-up"]


# Whether the fragments can be joined directly, once they were probed; `unread`: alike in their probes, but the decoder
# configuration of one of them cannot be read, so that nobody knows.
Probed = Literal["", "alike", "unlike", "unread"]


@dataclass(frozen=True)
class Lease:
    """When an attempt was claimed and when its lease was over (epoch seconds): between the two it posted, or never."""

    claimed: int
    over: int


@dataclass(frozen=True)
class Claim:
    """The right to post one job, and exactly what it joins; without a job it is left alone for `lease_seconds`."""

    group: str
    rev: int
    n: int
    nonce: str
    lease_seconds: int
    set: FragmentSet
    fingerprint: str
    output: Bucket
    output_key: str  # as sent to CI, wildcards unexpanded
    format: str  # what ${ext} stands for is derived from it
    earlier: tuple[str, ...] = ()  # nonces of attempts before this one whose job, if there is one, was not found
    since: int = 0  # when the first of those was claimed (epoch seconds)
    leases: tuple[Lease, ...] = ()  # of each of those, as far as it was written down
    failures: int = 0  # failed jobs of this content before this attempt
    refusals: int = 0  # refused POSTs in a row before this attempt
    probed: Probed = ""  # what earlier probes said of the fragments: they are paid for once
    slot: str = ""  # <sid>/<day>/<k> of the slot that reserved it, under CONCAT_COMPLETION=gap
    rejoined: int = 0  # recordings before this one that late pieces superseded
    note: str = ""  # what a person should know of it, such as where its run was cut
    follows: str = ""  # key of the piece that it was cut off from, before its first
    followed_by: str = ""  # likewise, after its last
    asked: bool = False  # a person said retry to some of its pieces, under CONCAT_COMPLETION=gap
    unneeded: str = ""  # why its slot got nothing that needs a job: none is posted, and it holds nothing
    copied: bool = False  # CONCAT_SINGLE=copy: its one piece is copied, no job is posted; `format` is its extension

    @property
    def nonces(self) -> frozenset[str]:
        """A job that carries one of these is ours."""
        return frozenset((self.nonce, *self.earlier))

    @property
    def gid(self) -> str:
        """The group's name in keys."""
        return gid_of(self.group)

    @property
    def token(self) -> Token:
        """What the job carries as UserData."""
        return Token(self.gid, self.rev, self.n, self.nonce)


@dataclass(frozen=True)
class JobRecord:
    """The job of one attempt; `adopted` when it was found in CI's listing instead of answered to our POST."""

    job: str
    adopted: bool = False
    direct: bool = False  # known to have been posted with DirectConcat, without a template


@dataclass(frozen=True)
class Probes:
    """What was learned of a content's pieces before its end, so that no probe is paid for twice; by key.

    `unanswered_for` are the seconds since a record first said that a probe could not be made, None where none says so.
    """

    fingerprint: str
    media: Mapping[str, Media | ProbeError] = field(default_factory=dict)
    probed: Probed = ""
    unanswered_for: int | None = None


@dataclass(frozen=True)
class Proof:
    """The output as it was when it was verified: which object, which version of it, by which rule and figures."""

    key: str
    etag: str
    size: int
    verified: str  # duration, size, copy or none
    figures: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class End:
    """How one attempt ended. `after_seconds` counts from this record's own Last-Modified until a retry may start."""

    next: Next
    outcome: str  # Success, Failed, Cancel, Rejected, Lost, NotPosted; of a copy Copied, NotCopied
    reason: str = ""
    job: str = ""
    after_seconds: int = 0
    failures: int = 0  # failed jobs of this content so far, this one included
    refusals: int = 0  # refused POSTs in a row, this one included
    probed: Probed = ""
    proof: Proof | None = None


@dataclass(frozen=True)
class Done:
    """How the content ended: what was removed, what was not and why."""

    outcome: Outcome
    reason: str = ""
    output: str = ""
    job: str = ""
    removed: int = 0
    kept: Mapping[str, str] = field(default_factory=dict)  # key -> why it was not removed
    closed_at: int = 0  # epoch seconds; by it the content is found among those that ended on a day
    seconds: float = 0.0  # length of the output as it was proven, 0 where nothing was
    figures: Mapping[str, object] = field(default_factory=dict)  # by which the output was judged


@dataclass(frozen=True)
class Closed:
    """A content that ended, in a few words under the day of its end: what status, report, cost and pruning read."""

    group: str
    rev: int
    outcome: Outcome
    reason: str  # cut to REASON_CHARACTERS
    output: str
    job: str
    attempts: int
    fragments: int
    bytes: int  # of the fragments together
    seconds: float  # of the output, 0 where nothing was proven
    removed: int
    kept: int
    closed_at: int  # epoch seconds

    @property
    def gid(self) -> str:
        """The group's name in keys."""
        return gid_of(self.group)


REASON_CHARACTERS = 300


def closed_from(claim: Claim, done: Done) -> Closed:
    """What is entered under the day of the end."""
    pieces = claim.set.fragments
    return Closed(
        claim.group,
        claim.rev,
        done.outcome,
        done.reason[:REASON_CHARACTERS],
        done.output,
        done.job,
        claim.n,
        len(pieces),
        sum(piece.object.size for piece in pieces),
        done.seconds,
        done.removed,
        len(done.kept),
        done.closed_at,
    )


@dataclass(frozen=True)
class Stamped(Generic[R]):
    """A record as read: `written` is its Last-Modified, `now` the service's clock when it was read (epoch seconds)."""

    record: R
    written: int
    now: int
    mine: bool = False  # written by this very call, so nobody else has acted on it yet

    @property
    def age(self) -> int:
        """Seconds since it was written, on the service's clock."""
        return self.now - self.written


class Attempt(NamedTuple):
    """The newest attempt of a rev: its claim, and its end if it has one."""

    claim: Stamped[Claim]
    end: Stamped[End] | None


class Content(NamedTuple):
    """The newest rev of a group: its first claim, and the closing record if it has one."""

    rev: int
    claim: Stamped[Claim]
    done: Stamped[Done] | None
