"""Every line of the tables of an attempt, without a fake: what is seen, and the one step that follows."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from cosconcat.config import Config
from cosconcat.model import Bucket, Fragment, FragmentSet, Job, ObjectInfo, Result
from cosconcat.protocol.attempt import (
    Adopt,
    ClaimNext,
    Close,
    CopyFragment,
    EndAttempt,
    EndedAttempt,
    Finish,
    HeadFragments,
    HeadOutput,
    Listing,
    OpenAttempt,
    ProbeFragments,
    ReadJob,
    SearchListing,
    Step,
    Verify,
    after_end,
    next_step,
)
from cosconcat.records.records import Claim, Done, End, Next, Outcome, Stamped

DEMO = Bucket("demo-1250000000", "ap-guangzhou")
CONFIG = Config(DEMO)  # lease 1200 s, stale after 3600 s, three attempts
SET = FragmentSet("cam", (Fragment(1, ObjectInfo("fragments/cam.part1-of-1.mp4", "e", 1, 100)),))
CLAIM = Claim("cam", 1, 1, "a" * 32, 1200, SET, SET.fingerprint, DEMO, "output/cam.mp4", "mp4")
LAST = replace(CLAIM, failures=2)  # two jobs of this content have failed
YOUNG, LEASE_OVER, TWO_LEASES, STALE = 1200, 1201, 2401, 3601
SILENT, SHOWS_OTHERS = Listing(None, shows_ours=False), Listing(None, shows_ours=True)


def job(state: str) -> Job:
    """The attempt's job in this state."""
    return Job("j1", "Concat", state, "C", "why", str(CLAIM.token), DEMO, "output/cam.mp4")


def asked(state: str, age: int = LEASE_OVER, claim: Claim = CLAIM) -> OpenAttempt:
    """CI was asked for the job that is recorded."""
    return OpenAttempt(claim, age, "j1", job(state))


def unlisted(age: int, listing: Listing = SHOWS_OTHERS, *, written: bool | None = None) -> OpenAttempt:
    """No job recorded, and none in CI's listing."""
    return OpenAttempt(CLAIM, age, listing=listing, output_written=written)


def unknown(listing: Listing | None = None, *, written: bool | None = None) -> OpenAttempt:
    """A job is recorded that CI does not know after so long."""
    return OpenAttempt(CLAIM, STALE, "j1", unknown_to_ci=True, listing=listing, output_written=written)


def doubted(state: str) -> Listing:
    """CI lists a job with our nonce, and not where its output goes."""
    return Listing(None, shows_ours=True, doubt=job(state)._replace(output=Bucket("", "")))


ANOTHERS = job("Success")._replace(user_data=str(CLAIM.token._replace(nonce="c" * 32)))


def recorded(told: Job, age: int, listing: Listing | None = None) -> OpenAttempt:
    """CI was asked for the job that is recorded, and perhaps for its listing."""
    return OpenAttempt(CLAIM, age, "j1", told, listing=listing, output_written=False)


class Row(NamedTuple):
    """One line of the table: in words, and as values. Of a result or an end only what tells it from others is given."""

    seen: str
    then: str
    state: OpenAttempt
    step: Step | str


OPEN = [
    Row("job Submitted, Running or Pause", "wait: already-submitted", asked("Running"), "already-submitted"),
    Row("… for longer than CONCAT_STALE_SECONDS", "the same, and stuck in the report", asked("Pause", STALE), "stuck"),
    Row("… found in the listing just now", "wait: adopted",
        OpenAttempt(CLAIM, LEASE_OVER, job=job("Submitted"), adopted=True), "adopted"),
    Row("… found there although another is recorded", "as one that is recorded",
        asked("Submitted", STALE)._replace(adopted=True), "stuck"),
    Row("job Success", "verify its output", asked("Success"), Verify(job("Success"))),
    Row("job Cancel", "end gave-up", asked("Cancel"), "gave-up Cancel"),
    Row("job Failed, the first, and more are allowed", "look at the fragments", asked("Failed"), HeadFragments()),
    Row("… and one is gone, or no longer what was claimed", "end superseded: what is there is judged anew",
        asked("Failed")._replace(changed=("a/1.mp4",)), "superseded Failed"),
    Row("… and all are what was claimed", "probe them", asked("Failed")._replace(changed=()), ProbeFragments()),
    Row("… and CI cannot read one of them", "end gave-up, and say which",
        asked("Failed")._replace(changed=(), unreadable=("a page",)), "gave-up Failed"),
    Row("job Failed, fewer than CONCAT_MAX_ATTEMPTS so far", "end retry, after a pause",
        asked("Failed")._replace(changed=(), unreadable=()), "retry Failed 60"),
    Row("job Failed, the last one allowed", "end gave-up", asked("Failed", claim=LAST), "gave-up Failed"),
    Row("job in a state that is none of the API's", "wait; reported as stuck once it is stale",
        asked("Strange"), "already-submitted"),
    Row("job recorded, CI not asked", "ask CI for it", OpenAttempt(CLAIM, 0, "j1"), ReadJob("j1")),
    Row(
        "CI does not know the job, claim younger than CONCAT_STALE_SECONDS", "wait: already-submitted",
        OpenAttempt(CLAIM, STALE - 1, "j1", unknown_to_ci=True), "already-submitted",
    ),
    Row("… older", "search CI's listing", unknown(), SearchListing()),
    Row("… and one with our nonce is listed under another id", "adopt that job",
        unknown(Listing(job("Running"), shows_ours=True)), Adopt(job("Running"))),
    Row("… and one is listed that is in doubt", "as one in doubt", unknown(doubted("Running")), "stuck"),
    Row("… and none is listed", "look at the output", unknown(SILENT), HeadOutput("j1")),
    Row("… and its output was written since", "end gave-up: it cannot be verified without its job",
        unknown(SILENT, written=True), "gave-up Lost"),
    Row("… and there is no output", "as a failed job", unknown(SILENT, written=False), "retry Lost 60"),
    Row("no job recorded, lease running", "wait: already-submitted", OpenAttempt(CLAIM, YOUNG), "already-submitted"),
    Row(
        "a copy, lease running", "wait: already-submitted",
        OpenAttempt(replace(CLAIM, copied=True), YOUNG), "already-submitted",
    ),
    Row(
        "a copy, lease over", "copy the piece, or prove the copy that is there",
        OpenAttempt(replace(CLAIM, copied=True), LEASE_OVER), CopyFragment(),
    ),
    Row("lease over, listing not searched", "search CI's listing", OpenAttempt(CLAIM, LEASE_OVER), SearchListing()),
    Row(
        "listed", "adopt the job", OpenAttempt(CLAIM, LEASE_OVER, listing=Listing(job("Running"), shows_ours=True)),
        Adopt(job("Running")),
    ),
    Row("in doubt: listed with our nonce, but told otherwise than claimed", "wait: already-submitted",
        unlisted(TWO_LEASES, doubted("Running")), "already-submitted"),
    Row("… for longer than CONCAT_STALE_SECONDS", "the same, and stuck in the report",
        unlisted(STALE, doubted("Running")), "stuck"),
    Row("… and it has ended", "end gave-up: a person has to look at that job",
        unlisted(STALE, doubted("Success")), "gave-up Success"),
    Row("the recorded job is another's by what CI tells of it", "as if none were recorded: search CI's listing",
        recorded(ANOTHERS, LEASE_OVER), SearchListing()),
    Row("… no other is listed", "wait: already-submitted", recorded(ANOTHERS, STALE - 1, SHOWS_OTHERS),
        "already-submitted"),
    Row("… for longer than CONCAT_STALE_SECONDS", "end gave-up: the POST was answered, so there is a job",
        recorded(ANOTHERS, STALE, SHOWS_OTHERS), "gave-up Lost"),
    Row("the recorded id is none that CI can be asked for", "the same: search CI's listing",
        OpenAttempt(CLAIM, LEASE_OVER, "job 1"), SearchListing()),
    Row("not listed, within two leases", "wait: already-submitted", unlisted(TWO_LEASES - 1), "already-submitted"),
    Row(
        "not listed, none of ours ever shown, younger than CONCAT_STALE_SECONDS", "wait: already-submitted",
        unlisted(TWO_LEASES, SILENT), "already-submitted",
    ),
    Row("not listed, two leases over, ours are shown", "look at the output", unlisted(TWO_LEASES), HeadOutput()),
    Row("not listed, none of ours ever shown, older", "look at the output", unlisted(STALE, SILENT), HeadOutput()),
    Row("… something newer at the output, not stale", "wait: already-submitted", unlisted(TWO_LEASES, written=True),
        "already-submitted"),
    Row("… something newer at the output, stale", "end gave-up", unlisted(STALE, written=True), "gave-up Lost"),
    Row("… nothing at the output", "end retry; at once the first time, later after a pause",
        unlisted(TWO_LEASES, written=False), "retry Lost 0"),
    Row("… the tenth time", "end gave-up",
        unlisted(TWO_LEASES, written=False)._replace(claim=replace(CLAIM, earlier=("b" * 32,) * 9)), "gave-up Lost"),
]  # fmt: skip


def end(next_: Next, outcome: str = "Failed", age: int = 0) -> Stamped[End]:
    """An end that was written so long ago; a retry is due after 60 s."""
    return Stamped(End(next_, outcome, "why", "j1", 60 if next_ == "retry" else 0), 1000, 1000 + age)


def done(outcome: Outcome) -> Stamped[Done]:
    """A closing record."""
    return Stamped(Done(outcome), 1000, 1100)


class EndedRow(NamedTuple):
    """One line of the second table; a result is given by its action."""

    seen: str
    then: str
    state: EndedAttempt
    step: Close | ClaimNext | Finish | str


ENDED = [
    EndedRow("done", "notify, take it out of the index", EndedAttempt(CLAIM, end("clean"), done("joined")),
             Close(done("joined"))),
    EndedRow("retry, the pause runs, the job failed", "wait: job-failed", EndedAttempt(CLAIM, end("retry")),
             "job-failed"),
    EndedRow("retry, the pause runs, CI refused the POST or COS the copy", "wait: blocked",
             EndedAttempt(CLAIM, end("retry", "NotCopied")), "blocked"),
    EndedRow("retry, the pause is over", "claim n + 1, submit", EndedAttempt(CLAIM, end("retry", age=60)), ClaimNext()),
    EndedRow("retry, a person said retry", "claim n + 1, submit", EndedAttempt(CLAIM, end("retry"), forced=True),
             ClaimNext()),
    EndedRow("clean", "tag, HEAD, remove, done, notify", EndedAttempt(CLAIM, end("clean")), Finish()),
    EndedRow("superseded", "done, notify; the group is looked at anew", EndedAttempt(CLAIM, end("superseded")),
             Finish()),
    EndedRow("keep", "untag, done, notify", EndedAttempt(CLAIM, end("keep")), Finish()),
    EndedRow("gave-up", "untag, done, notify", EndedAttempt(CLAIM, end("gave-up")), Finish()),
]  # fmt: skip


def in_short(step: object) -> str:
    """A result by its action, an end by what comes next, its outcome and its pause."""
    if isinstance(step, Result):
        return "stuck" if step.stuck else step.action
    assert isinstance(step, EndAttempt)
    pause = f" {step.end.after_seconds}" if step.end.next == "retry" else ""
    return f"{step.end.next} {step.end.outcome}{pause}"


@pytest.mark.parametrize("row", OPEN, ids=[row.seen for row in OPEN])
def test_an_attempt_without_an_end(row: Row) -> None:
    """The line's step, and no other; steps without fields are told apart by their kind alone."""
    step = next_step(row.state, CONFIG)
    if isinstance(row.step, str):
        assert in_short(step) == row.step
    else:
        assert (type(step), step) == (type(row.step), row.step)


@pytest.mark.parametrize("row", ENDED, ids=[row.seen for row in ENDED])
def test_an_attempt_with_an_end(row: EndedRow) -> None:
    """The line's step, and no other."""
    step = after_end(row.state)
    if isinstance(row.step, str):
        assert in_short(step) == row.step
    else:
        assert (type(step), step) == (type(row.step), row.step)


def test_later_losses_wait_longer() -> None:
    """The first loss is tried again at once; with an earlier nonce known the pause grows with the attempts."""
    again = replace(CLAIM, n=3, earlier=("b" * 32,))
    step = next_step(OpenAttempt(again, TWO_LEASES, listing=SHOWS_OTHERS, output_written=False), CONFIG)
    assert in_short(step) == "retry Lost 240"


def test_a_failed_job_counts_and_what_was_probed_is_kept() -> None:
    """So that CONCAT_MAX_ATTEMPTS holds over attempts, and a probe is paid for once."""
    step = next_step(asked("Failed", claim=replace(CLAIM, failures=1, probed="unlike")), CONFIG)
    assert isinstance(step, EndAttempt)
    assert (step.end.failures, step.end.probed, step.end.after_seconds) == (2, "unlike", 120)


def test_the_fragments_are_probed_after_the_first_failure_only() -> None:
    """Not where no further job is allowed, for nothing would be saved, and not again after later failures."""
    assert in_short(next_step(asked("Failed"), replace(CONFIG, max_attempts=1))) == "gave-up Failed"
    assert in_short(next_step(asked("Failed", claim=replace(CLAIM, failures=1)), CONFIG)) == "retry Failed 120"
