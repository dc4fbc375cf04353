"""The search for a lost job: bounded by the time of its claim, shared by the claims of a run, not by stale pages."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.cloud.job_listing import ListedPart, uncovered
from cosconcat.cloud.ports import Ci
from cosconcat.errors import InvalidInput, ServiceUnavailable
from cosconcat.model import Bucket, Job, JobPage
from cosconcat.records.records import Claim, End, Lease, Stamped
from cosconcat.services import Services, Submissions
from cosconcat.submission.lookup import LISTING_SLACK_SECONDS, NOT_LISTED, find_earlier_job, search_listing
from cosconcat.submission.submit import next_claim
from tests.simulation.counted import in_memory
from tests.unit.protocol.test_attempt import CLAIM

DEMO = Bucket("demo-1250000000", "ap-guangzhou")
NOW = 1_800_000_000
HOUR = 3600
LEASE = CLAIM.lease_seconds


class Busy:
    """CI with a job of another group every 0.72 s, which is 5,000 an hour, and those of our claims."""

    def __init__(self) -> None:
        self.pages = 0
        self.extra: dict[int, Job] = {}  # time of creation -> a job

    def jobs(self, bucket: Bucket, since: int, token: str = "", until: int = 0) -> JobPage:
        """A page, newest first."""
        del bucket
        self.pages += 1
        newest = int(token) if token else until or NOW
        oldest = max(since, newest - 71)  # a hundred of them
        others = [_job(f"o{at}", "cosconcat/" + "0" * 32 + f"/0001/0001/{at:032x}") for at in (newest, oldest)]
        ours = [job for at, job in self.extra.items() if oldest <= at <= newest]
        return JobPage((*others, *ours), str(oldest - 1) if oldest > since else "")


def _job(job_id: str, user_data: str) -> Job:
    return Job(job_id, "Concat", "Running", "", "", user_data, DEMO, CLAIM.output_key)


def run_with(ci: Busy) -> Services:
    """The surroundings of one invocation; its local clock is the service's."""
    memory = in_memory()
    memory.world.now = float(NOW)
    return replace(memory.services, ci=cast("Ci", ci), submissions=Submissions())


def claimed(age: int, **changed: object) -> Stamped[Claim]:
    """A claim so old, as it was read just now."""
    return Stamped(replace(CLAIM, **changed), NOW - age, NOW)  # type: ignore[arg-type]  # fields of a claim


def after_a_loss(age: int, n: int = 2) -> Claim:
    """Attempt n, after others whose jobs were not found: the first was claimed so long ago, the next an hour later."""
    claimed = [NOW - age + number * HOUR for number in range(n - 1)]
    nonces = (CLAIM.nonce, *(f"{number:032x}" for number in range(1, n - 1)))
    leases = tuple(Lease(moment, moment + LEASE) for moment in claimed)
    return replace(CLAIM, n=n, nonce="b" * 32, earlier=nonces, since=claimed[0], leases=leases)


def test_the_search_for_a_job_is_as_short_for_a_claim_of_yesterday_as_for_one_of_today() -> None:
    """5,000 jobs an hour: without an end 20 hours are a thousand pages."""
    pages = []
    for age in (LEASE + 1, 20 * HOUR, 20 * 24 * HOUR):
        ci = Busy()
        assert search_listing(run_with(ci), claimed(age)) == (NOT_LISTED, True)
        pages.append(ci.pages)
    assert max(pages) <= (LEASE + 2 * LISTING_SLACK_SECONDS) // 71 + 1


def test_a_job_that_was_posted_at_the_end_of_its_lease_is_found_whatever_the_clocks() -> None:
    """CI's clock may be fifteen minutes off."""
    for off in (-LISTING_SLACK_SECONDS, 0, LISTING_SLACK_SECONDS):
        ci, age = Busy(), 20 * HOUR
        for late in (0, LEASE):
            ci.extra = {NOW - age + late + off: _job("j1", str(CLAIM.token))}
            found, _ = search_listing(run_with(ci), claimed(age))
            assert found.job is not None, (off, late)


class Standing(Busy):
    """CI whose second page leads to itself."""

    def jobs(self, bucket: Bucket, since: int, token: str = "", until: int = 0) -> JobPage:
        """The first page, then the second for ever."""
        page = super().jobs(bucket, since, token, until)
        return page._replace(next_token=token or page.next_token)


def test_a_listing_that_leads_back_to_itself_is_not_believed() -> None:
    """What is behind it stays unseen: taken for its end, a job that runs would be posted a second time."""
    ci = Standing()
    ci.extra = {NOW - HOUR: _job("j1", str(CLAIM.token))}  # on the last page but one
    services, entry = run_with(ci), claimed(HOUR)
    lost = after_a_loss(HOUR)
    for look in (lambda: search_listing(services, entry), lambda: find_earlier_job(services, lost)):
        with pytest.raises(ServiceUnavailable, match="leads back"):
            look()
    assert ci.pages < 10


WINDOW_PAGES = (LEASE + 2 * LISTING_SLACK_SECONDS) // 71 + 1


@pytest.mark.parametrize("losses", [1, 9])
def test_the_look_before_a_further_post_does_not_grow_with_the_age_of_the_first_attempt(losses: int) -> None:
    """Nor does the search after that attempt's lease: only the times in which a job can have been posted are read."""
    looked, searched = [], []
    for age in (12 * HOUR, 3 * 24 * HOUR, 20 * 24 * HOUR):
        claim = after_a_loss(age, losses + 1)
        ci = Busy()
        assert find_earlier_job(run_with(ci), claim) == NOT_LISTED
        looked.append(ci.pages)
        ci = Busy()
        assert search_listing(run_with(ci), Stamped(claim, NOW - 2 * LEASE - 1, NOW)) == (NOT_LISTED, True)
        searched.append(ci.pages)
    assert max(looked) <= losses * WINDOW_PAGES
    assert max(searched) <= (losses + 1) * WINDOW_PAGES


@pytest.mark.parametrize("late", [-LISTING_SLACK_SECONDS, 0, LEASE + LISTING_SLACK_SECONDS])
@pytest.mark.parametrize("attempt", [0, 1, 2])
def test_the_job_of_any_earlier_attempt_is_found_within_its_lease(attempt: int, late: int) -> None:
    """Also where the clocks of COS and CI differ."""
    claim = after_a_loss(3 * 24 * HOUR, 4)
    ci = Busy()
    token = claim.token._replace(n=attempt + 1, nonce=claim.earlier[attempt])
    ci.extra = {claim.leases[attempt].claimed + late: _job("j1", str(token))}
    for found in (
        find_earlier_job(run_with(ci), claim),
        search_listing(run_with(ci), Stamped(claim, NOW - HOUR, NOW))[0],
    ):
        assert found.job is not None
        assert found.job.id == "j1"


def test_a_claim_of_an_earlier_release_takes_the_leases_from_the_records_of_the_attempts_before() -> None:
    """It has none; without such a record nobody knows when to look, and nothing is posted."""
    ci = Busy()
    services = run_with(ci)
    world = services.clock.world  # type: ignore[attr-defined]  # the simulator's clock
    claim = replace(after_a_loss(3 * 24 * HOUR), leases=())
    with pytest.raises(InvalidInput, match="the claim of an attempt before 2 is gone"):
        find_earlier_job(services, claim)
    world.now = float(claim.since)
    services.ledger.create_claim(CLAIM)
    world.now = float(NOW)
    token = str(CLAIM.token)
    ci.extra = {claim.since + LEASE: _job("j1", token)}
    found = find_earlier_job(services, claim)
    assert found.job is not None
    assert ci.pages <= WINDOW_PAGES


def test_what_a_claim_says_of_earlier_leases_comes_back_as_it_was_written() -> None:
    """And each loss adds its own."""
    services = run_with(Busy())
    lost = after_a_loss(3 * 24 * HOUR, 3)
    services.ledger.create_claim(lost)
    held = services.ledger.claim(lost.gid, 1, 3)
    assert held is not None
    assert held.record == lost
    following = next_claim(services, Stamped(lost, NOW - 5000, NOW), End("retry", "Lost"))
    assert following.earlier == (*lost.earlier, lost.nonce)
    assert following.leases == (*lost.leases, Lease(NOW - 5000, NOW - 5000 + LEASE))
    assert next_claim(services, Stamped(lost, NOW - 5000, NOW), End("retry", "Failed")).leases == lost.leases


def test_claims_of_one_time_share_the_pages_of_their_time() -> None:
    """A thousand of them after an outage."""
    ci = Busy()
    services = run_with(ci)
    search_listing(services, claimed(10 * HOUR))
    once = ci.pages
    for number in range(1000):
        search_listing(services, claimed(10 * HOUR + number, nonce=f"{number:032x}"))
    assert ci.pages <= once + 1000 // 71 + 1000
    assert ci.pages - once <= 1001  # a page at most for the second by which each is older
    before = ci.pages
    for number in range(1000):
        search_listing(services, claimed(10 * HOUR + number, nonce=f"{number:032x}"))
    assert ci.pages == before


def test_the_look_before_a_second_post_shares_them_too() -> None:
    """It is made by the same run that found the first attempt lost."""
    ci = Busy()
    services = run_with(ci)
    age = 2 * LEASE + 10
    assert search_listing(services, claimed(age)) == (NOT_LISTED, True)
    once = ci.pages
    assert find_earlier_job(services, after_a_loss(age)) == NOT_LISTED
    assert ci.pages == once


def test_silence_is_not_believed_from_pages_that_were_read_before_two_leases_were_over() -> None:
    """The listing may have hidden the job then; a job that they did show is one."""
    ci = Busy()
    services = run_with(ci)
    assert search_listing(services, claimed(2 * LEASE - 5)) == (NOT_LISTED, True)
    before = ci.pages
    services.clock.world.now = NOW + 10.0  # type: ignore[attr-defined]  # the simulator's clock
    entry = Stamped(CLAIM, NOW - 2 * LEASE + 5, NOW + 10)
    ci.extra = {NOW - LEASE: _job("j1", str(CLAIM.token))}
    found, _ = search_listing(services, entry)
    assert found.job is not None
    assert ci.pages > before


_TIMES = st.integers(0, 50)


@given(st.lists(st.tuples(_TIMES, _TIMES)), _TIMES, _TIMES)
def test_what_is_read_and_what_was_read_cover_the_window(parts: list[tuple[int, int]], a: int, b: int) -> None:
    """And nothing is read twice but its ends."""
    since, until = min(a, b), max(a, b)
    held = [ListedPart(min(part), max(part), 0.0, {}) for part in parts]
    missing = list(uncovered(since, until, held))
    tenths = [at / 10 for at in range(10 * since, 10 * until + 1)]
    for at in tenths:
        assert any(part.since <= at <= part.until for part in held) or any(s <= at <= e for s, e in missing)
    for start, end in missing:
        assert since <= start <= end <= until
        inside = [at for at in tenths if start < at < end]
        assert not any(part.since <= at <= part.until for part in held for at in inside)
