"""Where is my video: one group's status over HTTP, in every state that it can be in; and what ended, by its day."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cosconcat.errors import Refused, ServiceUnavailable, TryAgain
from cosconcat.events.timer import RetryMany, Status, read_timer_or_command
from cosconcat.functions.retry import handle_retry, handle_retry_of_many
from cosconcat.functions.status import handle_status
from cosconcat.model import Bucket, gid_of
from tests.support.desk import Altered, Desk

PAIR = ("fragments/v.part1-of-2.mp4", "fragments/v.part2-of-2.mp4")


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A cloud in which nothing happens by itself."""
    with Desk() as running:
        yield running


def status(desk: Desk, group: str = "v") -> dict[str, Any]:
    """What the sweep answers to {"status": group}."""
    answered: dict[str, Any] = json.loads(json.dumps(handle_status(desk.services, group)["status"]))
    return answered


def told(answer: dict[str, object]) -> list[dict[str, str]]:
    """The results in an answer."""
    results: list[dict[str, str]] = json.loads(json.dumps(answer["results"]))
    return results


def test_a_group_that_nobody_knows(desk: Desk) -> None:
    """The sentence says what to check."""
    told = status(desk, "nothing")
    assert told["state"] == "unknown"
    assert "CONCAT_INPUT_PREFIX" in told["why"]


def test_arriving_says_what_is_missing_and_since_when(desk: Desk) -> None:
    """By the group's id, or by the full key of a piece."""
    desk.arrive(PAIR[0])
    told = status(desk)
    assert told["state"] == "arriving"
    assert told["missing"] == [2]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["since"])
    assert status(desk, PAIR[0]) == told


def test_whole_but_not_yet_claimed_says_who_will_go_on(desk: Desk) -> None:
    """Its event was lost: the sweep finds it."""
    for key in PAIR:
        desk.put(key)
    assert status(desk)["state"] == "whole"
    assert desk.jobs == []


def test_joining_names_the_job(desk: Desk) -> None:
    """As CI tells it now."""
    desk.switches.job_seconds = 60
    desk.arrive(*PAIR)
    told = status(desk)
    assert told["state"] == "joining"
    assert told["job"] == desk.jobs[0].id
    assert desk.jobs[0].state in told["why"]


def test_joined_says_output_time_proof_and_what_was_removed(desk: Desk) -> None:
    """And keeps the history, without what is empty."""
    desk.arrive(*PAIR)
    desk.call_back()
    told = status(desk)
    assert (told["state"], told["output"], told["removed"]) == ("joined", "output/v.mp4", 2)
    assert told["proof"]["rule"] == "duration"
    assert told["seconds"] == pytest.approx(20, abs=0.5)
    assert "kept" not in told
    assert [(past["rev"], past["outcome"], past["attempts"]) for past in told["history"]] == [(1, "joined", 1)]


@pytest.mark.parametrize(
    ("setting", "why", "kept"),
    [
        ({"CONCAT_CLEANUP": "keep"}, "CONCAT_CLEANUP=keep", 0),
        ({"CONCAT_VERIFY": "none"}, "CONCAT_VERIFY=none", 0),
        ({"CONCAT_CLEANUP_DRY_RUN": "true"}, "", 2),
    ],
    ids=["keep", "not verified", "dry run"],
)
def test_joined_says_why_nothing_was_deleted(setting: dict[str, str], why: str, kept: int) -> None:
    """By the variable to blame, or key by key."""
    with Desk(setting) as desk:
        desk.arrive(*PAIR)
        [result] = desk.call_back()
        told = status(desk)
        assert told["state"] == "joined"
        assert why in told.get("why", "")
        assert result.reason == told.get("why", "")
        assert told.get("kept_count", 0) == kept
        assert set(told.get("kept", {}).values()) == ({"dry run of delete"} if kept else set())
        assert desk.keys("fragments/") == list(PAIR)


@pytest.mark.parametrize(
    ("setting", "why"),
    [({"CONCAT_CLEANUP": "keep"}, "CONCAT_CLEANUP=keep"), ({"CONCAT_CLEANUP_DRY_RUN": "true"}, "dry run of delete")],
    ids=["keep", "dry run"],
)
def test_what_was_removed_after_the_end_is_told_beside_why_nothing_was_at_the_end(
    setting: dict[str, str], why: str
) -> None:
    """The clean-up was switched on later; the record stays what it was, and is looked behind only where it says so."""
    with Desk(setting) as desk:
        desk.arrive(*PAIR)
        desk.call_back()
        before = status(desk)
        assert "gone since" not in before.get("why", "")
        removing = replace(desk.services.config, cleanup="delete", cleanup_dry_run=False)
        with desk.instead(config=removing):
            [result] = desk.sweep()["results"]
        assert result["reason"] == "joined before; 2 objects that its result holds removed"
        assert desk.keys("fragments/") == []
        told = status(desk)
        expected = f"nothing was removed when it ended ({why}); 2 of its fragments have gone since"
        assert (told["state"], told["why"], "kept" in told) == ("joined", expected, False)


def test_what_is_left_of_it_after_the_end_is_still_said_to_be_kept() -> None:
    """One of two went by hand."""
    with Desk({"CONCAT_CLEANUP_DRY_RUN": "true"}) as desk:
        desk.arrive(*PAIR)
        desk.call_back()
        desk.cloud.store.delete(desk.cloud.bucket, PAIR[0])
        told = status(desk)
        assert told["why"].endswith("(dry run of delete); 1 of its fragments has gone since")
        assert told["kept"] == {PAIR[1]: "dry run of delete"}


def test_what_was_removed_at_the_end_is_not_looked_for_again(desk: Desk) -> None:
    """The look is for records that say that nothing was removed."""
    desk.arrive(*PAIR)
    desk.call_back()
    desk.cloud.calls.reset()
    assert status(desk)["removed"] == 2
    assert "HEAD Object" not in {kind for _, kind in desk.cloud.calls.snapshot()}


def test_retrying_says_when(desk: Desk) -> None:
    """After a failed job."""
    desk.switches.fail_jobs = 1
    desk.arrive(*PAIR)
    desk.call_back()
    told = status(desk)
    assert told["state"] == "retrying"
    assert "failed" in told["why"]
    assert told["until"] > told["since"]
    assert told["history"][0]["failed_jobs"] == 1


def test_blocked_names_the_fix(desk: Desk) -> None:
    """The queue is paused."""
    desk.switches.refuse_submits = "QueuePaused"
    with pytest.raises(TryAgain):
        desk.arrive(*PAIR)
    told = status(desk)
    assert told["state"] == "blocked"
    assert "QueuePaused" in told["why"]


def test_gave_up_says_why_and_what_is_at_odds_now(desk: Desk) -> None:
    """Its pieces stay; one that does not fit is told beside it."""
    desk.switches.short_output = 1
    desk.arrive(*PAIR)
    desk.call_back()
    told = status(desk)
    assert told["state"] == "gave-up"
    assert told["why"].startswith("unverified")
    desk.put("fragments/v.part1-of-3.mp4")
    assert "part1-of-3" in status(desk)["note"]


def test_kept_and_superseded_are_told_with_their_history(desk: Desk) -> None:
    """A piece changed while the job ran: the first content is superseded, the second one joined."""
    desk.arrive(*PAIR)
    desk.later(5)
    desk.put(PAIR[1], "other")
    desk.call_back()
    assert status(desk)["state"] == "whole"
    desk.upload(PAIR[1])
    told = status(desk)
    assert told["state"] == "joining"
    assert [past.get("outcome") for past in told["history"]] == ["superseded", None]
    desk.call_back()
    assert status(desk)["state"] == "joined"


def test_something_new_has_begun_to_arrive(desk: Desk) -> None:
    """After a result that stays as it is."""
    desk.arrive(*PAIR)
    desk.call_back()
    desk.later(60)
    desk.put(PAIR[0], "new")
    told = status(desk)
    assert (told["state"], told["missing"]) == ("arriving", [2])
    assert told["history"][0]["outcome"] == "joined"


def test_what_ended_is_entered_once_under_its_day(desk: Desk) -> None:
    """In a few words, by a name that sorts by time."""
    desk.arrive(*PAIR)
    desk.call_back()
    desk.sweep()
    [name] = desk.services.ledger.closed()
    assert re.fullmatch(rf"20\d\d-\d\d-\d\d/\d{{6}}-{gid_of('v')}-0001", name)
    entry = desk.services.ledger.read_closed(name)
    assert entry is not None
    assert (entry.group, entry.outcome, entry.output, entry.fragments, entry.removed) == (
        "v",
        "joined",
        "output/v.mp4",
        2,
        2,
    )
    assert (entry.bytes, entry.gid) == (20_020, gid_of("v"))


def test_an_entry_that_a_killed_run_did_not_write_is_written_by_the_next(desk: Desk) -> None:
    """Its name follows from the closing record."""
    desk.arrive(*PAIR)
    create = desk.services.cos.create

    def killed(bucket: Bucket, key: str, body: bytes) -> bool:
        if "/closed/" in key:
            raise ServiceUnavailable("the run ends here")
        return create(bucket, key, body)

    with desk.instead(cos=Altered(desk.services.cos, create=killed)), pytest.raises(TryAgain):
        desk.call_back()
    assert list(desk.services.ledger.closed()) == []
    desk.sweep()
    assert len(list(desk.services.ledger.closed())) == 1


def test_all_that_gave_up_is_tried_again_at_once(desk: Desk) -> None:
    """Oldest first, up to a limit; what ended otherwise since then is left alone."""
    groups = ["a", "b", "c"]
    desk.switches.short_output = 3
    for group in groups:
        desk.arrive(f"fragments/{group}-1of2.mp4", f"fragments/{group}-2of2.mp4")
        desk.call_back()
    handle_retry(desk.services, "b")
    desk.call_back()
    assert status(desk, "b")["state"] == "joined"
    first = handle_retry_of_many(desk.services, RetryMany("gave-up", 0, 1))
    assert [(result["group"] in {"a", "c"}, result["action"]) for result in told(first)] == [(True, "submitted")]
    assert first["left"] == 1
    assert told(handle_retry_of_many(desk.services, RetryMany("kept"))) == []
    assert told(handle_retry_of_many(desk.services, RetryMany("gave-up", 4_000_000_000))) == []


def test_the_report_names_what_is_still_arriving_and_what_ended(desk: Desk) -> None:
    """At once, with times that people can read; what ended is counted once, and named for as long as there is room."""
    desk.arrive(*PAIR)
    desk.call_back()
    desk.arrive("fragments/late.part1-of-3.mp4")
    desk.sweep()
    report = desk.report()
    assert report["at"].endswith("Z")
    assert report["arriving"]["late"]["missing"] == [2, 3]
    assert report["arriving"]["late"]["since"].endswith("Z")
    assert report["ended"]["counts"] == {"joined": 1}
    [ended] = report["ended"]["last"]
    assert (ended["group"], ended["outcome"], ended["output"], ended["removed"]) == ("v", "joined", "output/v.mp4", 2)
    desk.arrive("fragments/w.part1-of-1.mp4")
    desk.call_back()
    desk.sweep()
    report = desk.report()
    assert report["ended"]["counts"] == {"joined": 1}
    assert report["ended"]["since"].endswith("Z")
    assert [each["group"] for each in report["ended"]["last"]] == ["v", "w"]
    desk.sweep()
    assert desk.report()["ended"]["counts"] == {}
    desk.later(300)
    desk.sweep()
    assert "late" in desk.report()["incomplete"]
    assert desk.report()["arriving"] == {}


@pytest.mark.parametrize(
    ("event", "command"),
    [
        ({"status": "a/v"}, Status("a/v")),
        ({"retry": {"outcome": "kept"}}, RetryMany("kept")),
        ({"retry": {"outcome": "gave-up", "since": "2024-01-31", "limit": 5}}, RetryMany("gave-up", 1706659200, 5)),
        ({"retry": {"outcome": "gave-up", "since": "2024-01-31T08:00:00+08:00"}}, RetryMany("gave-up", 1706659200)),
        ({"retry": {"outcome": "gave-up", "since": "2024-01-31T00:00:00Z"}}, RetryMany("gave-up", 1706659200)),
    ],
)
def test_commands_are_read(event: dict[str, Any], command: object) -> None:
    """As documented in events/README.md."""
    assert read_timer_or_command(event) == command


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ({"status": ""}, "status"),
        ({"status": 1}, "status"),
        ({"retry": {}}, "retry.outcome: None; allowed are gave-up, kept"),
        ({"retry": {"outcome": "joined"}}, "retry.outcome: 'joined'"),
        ({"retry": {"outcome": "kept", "since": "yesterday"}}, "retry.since: 'yesterday' is no time"),
        ({"retry": {"outcome": "kept", "since": 5}}, "retry.since"),
        ({"retry": {"outcome": "kept", "limit": 0}}, "retry.limit: 0"),
        ({"retry": {"outcome": "kept", "limit": True}}, "retry.limit"),
        ({"retry": {"outcome": "kept", "limit": 1001}}, "1 to 1000"),
        ({"retry": {"outcome": "kept", "group": "x"}}, "retry.group: unknown"),
    ],
)
def test_commands_that_cannot_be_read_are_refused_by_name(event: dict[str, Any], named: str) -> None:
    """With what is allowed."""
    with pytest.raises(Refused, match=re.escape(named)):
        read_timer_or_command(event)
