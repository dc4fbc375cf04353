"""The search for a lost job: bounded by the time of its claim, shared by the claims of a run, not by stale pages."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.cloud.job_listing import ListedPart, uncovered
from cosconcat.cloud.ports import Ci
from cosconcat.errors import ServiceUnavailable
from cosconcat.model import Bucket, Job, JobPage
from cosconcat.records.records import Claim, Stamped
from cosconcat.services import Services, Submissions
from cosconcat.submission.lookup import LISTING_SLACK_SECONDS, find_earlier_job, search_listing
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


def test_the_search_for_a_job_is_as_short_for_a_claim_of_yesterday_as_for_one_of_today() -> None:
    """5,000 jobs an hour: without an end 20 hours are a thousand pages."""
    pages = []
    for age in (LEASE + 1, 20 * HOUR, 20 * 24 * HOUR):
        ci = Busy()
        assert search_listing(run_with(ci), claimed(age)) == (None, True)
        pages.append(ci.pages)
    assert max(pages) <= (LEASE + 2 * LISTING_SLACK_SECONDS) // 71 + 1


def test_a_job_that_was_posted_at_the_end_of_its_lease_is_found_whatever_the_clocks() -> None:
    """CI's clock may be fifteen minutes off."""
    for off in (-LISTING_SLACK_SECONDS, 0, LISTING_SLACK_SECONDS):
        ci, age = Busy(), 20 * HOUR
        for late in (0, LEASE):
            ci.extra = {NOW - age + late + off: _job("j1", str(CLAIM.token))}
            found, _ = search_listing(run_with(ci), claimed(age))
            assert found is not None, (off, late)


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
    for look in (lambda: search_listing(services, entry), lambda: find_earlier_job(services, entry.record)):
        with pytest.raises(ServiceUnavailable, match="leads back"):
            look()
    assert ci.pages < 10


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
    assert search_listing(services, claimed(age)) == (None, True)
    once = ci.pages
    again = replace(CLAIM, n=2, nonce="b" * 32, earlier=(CLAIM.nonce,), since=NOW - age)
    assert find_earlier_job(services, again) is None
    first = ci.pages - once
    assert first <= (LEASE + 2 * LISTING_SLACK_SECONDS) // 71
    assert find_earlier_job(services, replace(again, since=again.since + 1)) is None
    assert ci.pages == once + first


def test_silence_is_not_believed_from_pages_that_were_read_before_two_leases_were_over() -> None:
    """The listing may have hidden the job then; a job that they did show is one."""
    ci = Busy()
    services = run_with(ci)
    assert search_listing(services, claimed(2 * LEASE - 5)) == (None, True)
    before = ci.pages
    services.clock.world.now = NOW + 10.0  # type: ignore[attr-defined]  # the simulator's clock
    entry = Stamped(CLAIM, NOW - 2 * LEASE + 5, NOW + 10)
    ci.extra = {NOW - LEASE: _job("j1", str(CLAIM.token))}
    found, _ = search_listing(services, entry)
    assert found is not None
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
