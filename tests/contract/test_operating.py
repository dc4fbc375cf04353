"""An operator's verbs against a local cloud over HTTP: what they print, and what they leave alone."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.bootstrap import SystemClock
from cosconcat.model import Bucket, ObjectInfo, Page, gid_of
from local.switches import Switches
from ops.command import main
from ops.deployment.execute import Zips
from ops.verbs.preview import Snapshot
from ops.verbs.prune import _in_order
from tests.support import gaps
from tests.support.deployments import deploy, empty_account, real_zips, settings, small_zip, variables
from tests.support.desk import Desk

if TYPE_CHECKING:
    from cosconcat.cloud.ports import Cos

PAIR = ("fragments/v.part1-of-2.mp4", "fragments/v.part2-of-2.mp4")


class Operator:
    """A person at a desk with the keys of the account."""

    def __init__(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        self.desk = desk
        self._capsys = capsys
        key = desk.cloud.account.root_key()
        self.environ = {
            **desk.cloud.environment,
            "TENCENT_SECRET_ID": key.secret_id,
            "TENCENT_SECRET_KEY": key.secret_key,
            "CONCAT_LEASE_SECONDS": "1200",
            "CONCAT_STALE_SECONDS": "3600",
        }

    def says(self, *arguments: str, code: int = 0, **changed: str) -> str:
        """What the command prints on standard output when it ends with `code`."""
        self._capsys.readouterr()
        environ = {**self.environ, **{f"CONCAT_{name.upper()}": value for name, value in changed.items()}}
        assert main(arguments, environ) == code, self._capsys.readouterr()
        return self._capsys.readouterr().out

    def json(self, *arguments: str, code: int = 0, **changed: str) -> Any:
        """The same, as JSON."""
        return json.loads(self.says(*arguments, "--json", code=code, **changed))


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A cloud in which nothing happens by itself."""
    with Desk() as running:
        yield running


@pytest.fixture
def operator(desk: Desk, capsys: pytest.CaptureFixture[str]) -> Operator:
    """Its operator."""
    return Operator(desk, capsys)


def test_status_of_a_group_is_told_in_words_and_in_json(desk: Desk, operator: Operator) -> None:
    """With its proof, its cost and its history."""
    desk.arrive(*PAIR)
    desk.call_back()
    words = operator.says("status", "v", "--here")
    assert words.startswith("v: joined\n")
    for part in ("output    output/v.mp4", "removed   2", "proof     duration: 20.0", "cost      about 0.00", "joined"):
        assert part in words
    assert operator.json("status", PAIR[0], "--here")["state"] == "joined"
    assert [each["state"] for each in operator.json("status", "v", "w", "--here", code=1)] == ["joined", "unknown"]


def test_status_without_a_group_shows_the_report(desk: Desk, operator: Operator) -> None:
    """What is wrong first, then what is still arriving, then what ended."""
    assert "no report yet" in operator.says("status", "--here", code=1)
    desk.arrive(*PAIR)
    desk.call_back()
    desk.arrive("fragments/late.part1-of-3.mp4")
    desk.put("fragments/readme.txt")
    desk.sweep()
    words = operator.says("status", "--here")
    assert words.index("arriving: 1 (incomplete, and young)") < words.index("unmatched: 1") < words.index("ended")
    assert "output/v.mp4" in words
    assert operator.json("status", "--here")["ended"]["counts"] == {"joined": 1}


def test_a_program_is_told_as_of_any_failure_that_there_is_no_report(operator: Operator) -> None:
    """One sentence, and the exit code."""
    told = operator.json("status", "--here", code=1)
    assert (list(told), told["exit_code"]) == (["error", "exit_code"], 1)
    assert told["error"] == ["no report yet: one is published when a sweep has completed a round"]


def test_status_of_a_day_lists_what_ended_and_what_it_cost(desk: Desk, operator: Operator) -> None:
    """Or of a month; a day on which nothing ended says so."""
    desk.arrive(*PAIR)
    desk.call_back()
    today = next(desk.services.ledger.closed())[:10]
    assert f"{today}: 1 joined" in operator.says("status", "--day", today)
    told = operator.json("status", "--day", today[:7])
    assert [each["output"] for each in told["ended"]] == ["output/v.mp4"]
    assert told["billed_minutes"] == pytest.approx(20 / 60, abs=0.01)
    assert operator.says("status", "--day", "2020-01-01", code=1).startswith("2020-01-01: nothing ended")
    operator.says("status", "--day", "today", code=2)


def test_retry_goes_on_with_a_group_or_with_all_that_gave_up(desk: Desk, operator: Operator) -> None:
    """And its exit code says whether that helped."""
    desk.switches.short_output = 1
    desk.arrive(*PAIR)
    desk.call_back()
    told = operator.json("retry", "--outcome", "gave-up", "--since", "2020-01-01", "--here")
    assert [each["action"] for each in told["results"]] == ["submitted"]
    desk.call_back()
    assert operator.json("status", "v", "--here")["state"] == "joined"
    assert operator.json("retry", "--outcome", "kept", "--here") == {"left": 0, "results": []}


def test_retry_of_what_was_cleaned_up_says_that_nothing_was_left(desk: Desk, operator: Operator) -> None:
    """And names what still keeps it, where something does."""
    desk.arrive(*PAIR)
    desk.call_back()
    [told] = operator.json("retry", "v", "--here")["results"]
    assert (told["action"], told["reason"]) == ("finished", "nothing of it was left to remove")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"cleanup": "keep"}, "nothing removed: CONCAT_CLEANUP=keep"),
        ({"cleanup_dry_run": "true"}, f"{PAIR[1]}: dry run of delete"),
        ({}, "cleaned up at last; 1 removed"),
    ],
    ids=["keep", "dry run", "delete"],
)
def test_retry_of_what_was_kept_says_what_became_of_the_rest(
    operator: Operator, changed: dict[str, Any], reason: str
) -> None:
    """One of two pieces went by hand, so the group is no whole one."""
    with Desk({"CONCAT_CLEANUP": "keep"}) as desk:
        keeper = Operator(desk, operator._capsys)
        keeper.environ["CONCAT_CLEANUP"] = "delete"
        desk.arrive(*PAIR)
        desk.call_back()
        desk.cloud.store.delete(desk.cloud.bucket, PAIR[0])
        [told] = keeper.json("retry", "v", "--here", **changed)["results"]
        assert told["reason"] == reason


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["retry"], "name GROUPS"),
        (["retry", "v", "--outcome", "kept"], "name GROUPS"),
        (["retry", "v", "--limit", "3"], "--since and --limit go with --outcome"),
        (["retry", "--outcome", "joined"], "'joined' is not one of"),
        (["retry", "--outcome", "kept", "--limit", "0"], "0 is not in the range"),
    ],
)
def test_a_retry_that_cannot_be_meant_is_told(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is asked."""
    assert main(arguments, {}) == 2
    assert told in capsys.readouterr().err


def test_preview_says_what_would_become_of_everything_and_writes_nothing(desk: Desk, operator: Operator) -> None:
    """Groups, holes, doubts, jobs, removal, time; by LIST and HEAD alone."""
    for key in (*PAIR, "fragments/half.part1-of-3.mp4", "fragments/bad-1of2.mp4", "fragments/bad-1of2.mov"):
        desk.put(key)
    desk.put("fragments/readme.txt")
    desk.put("output/v.mp4")
    desk.cloud.calls.reset()
    told = operator.json("preview", code=1)
    assert {kind for _, kind in desk.cloud.calls.snapshot()} == {"LIST", "HEAD Object"}
    assert told["kinds"] == {"would be joined": 1, "has holes": 1, "inconsistent": 1}
    assert (told["jobs"], told["unmatched"], told["removal"]["objects"]) == (1, 1, 2)
    assert told["groups"]["half"]["missing"] == [2, 3]
    assert told["groups"]["v"]["taken"] == "output/v.mp4"
    assert "usd" not in told
    priced = operator.json("preview", "--seconds", "600", code=1)
    assert (priced["billed_minutes"], priced["probes"], priced["probes_usd"]) == (20, 2, None)
    with_probes = operator.json("preview", "--seconds", "600", "--probe-usd", "0.5", code=1)
    assert (with_probes["probes_usd"], round(with_probes["usd"] - priced["usd"], 2)) == (1.0, 1.0)
    assert "2 probes are not priced (--probe-usd)" in operator.says("preview", "--seconds", "600", code=1)
    assert operator.json("preview", code=1, cleanup="keep")["removal"]["why_nothing"] == "CONCAT_CLEANUP=keep"
    words = operator.says("preview", code=1)
    for part in ("would be joined: 1", "half", "belong to no group: 1", "nothing was written", "--probe"):
        assert part in words


def test_preview_tells_what_was_joined_before_and_probes_when_asked(desk: Desk, operator: Operator) -> None:
    """Under keep the fragments still lie there."""
    with Desk({"CONCAT_CLEANUP": "keep"}) as keeping:
        keeper = Operator(keeping, operator._capsys)
        keeping.arrive(*PAIR)
        keeping.call_back()
        assert keeper.json("preview")["kinds"] == {"claimed before": 1}
        keeping.put("fragments/w.part1-of-1.mp4", seconds=30)
        told = keeper.json("preview", "--probe", "3")
        assert told["kinds"] == {"claimed before": 1, "would be joined": 1}
        assert told["fragment_seconds"] == pytest.approx(30, abs=0.1)


def test_preview_counts_what_the_sweep_removes_of_groups_that_were_joined_before(operator: Operator) -> None:
    """With a clean-up that was switched on later; in a line and a field of its own."""
    with Desk({"CONCAT_CLEANUP": "keep", "CONCAT_NAMING": "folder", "CONCAT_COMPLETION": "marker"}) as desk:
        keeper = Operator(desk, operator._capsys)
        desk.arrive("fragments/v/1.mp4", "fragments/v/2.mp4")
        desk.arrive("fragments/v/_DONE", seconds=0)
        desk.call_back()
        for unmoved in ({"cleanup": "keep"}, {"cleanup": "expire"}, {"cleanup": "delete", "verify": "none"}):
            assert "joined_before" not in keeper.json("preview", **cast("Any", unmoved))["removal"]
        keys = desk.keys("fragments/")
        sizes = [len(desk.cloud.store.get(desk.cloud.bucket, key) or b"") for key in keys]
        told = keeper.json("preview", cleanup="delete")["removal"]
        assert told["joined_before"] == {"objects": len(keys), "bytes": sum(sizes)}
        assert told["objects"] == 0
        words = keeper.says("preview", cleanup="delete")
        assert f"of groups joined before: {len(keys)} objects, {sum(sizes):,} bytes, by delete" in words
        with desk.instead(config=replace(desk.services.config, cleanup="delete")):
            desk.sweep()
        assert desk.keys("fragments/") == []


@pytest.mark.parametrize("change", ["another content", "no output", "a broken record"])
def test_preview_counts_nothing_of_a_group_that_the_sweep_leaves(change: str, operator: Operator) -> None:
    """What is not the content that its output holds stays."""
    with Desk({"CONCAT_CLEANUP": "keep"}) as desk:
        keeper = Operator(desk, operator._capsys)
        desk.arrive(*PAIR)
        desk.call_back()
        assert keeper.json("preview", cleanup="trash")["removal"]["joined_before"]["objects"] == 2
        if change == "another content":
            desk.put(PAIR[0], "other")
        elif change == "no output":
            desk.cloud.store.delete(desk.cloud.bucket, "output/v.mp4")
        else:
            desk.cloud.store.put(desk.cloud.bucket, f".concat/{gid_of('v')}/0001/done.json", b"{")
        told = keeper.json("preview", cleanup="trash")
        assert told["removal"]["joined_before"] == {"objects": 0, "bytes": 0}
        assert "joined before" not in keeper.says("preview", cleanup="trash")


def test_preview_reads_the_records_of_so_many_groups_and_says_how_many_it_left(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Figures that are not of all say so."""
    monkeypatch.setattr("ops.joined_before.MOST_READ", 1)
    with Desk({"CONCAT_CLEANUP": "keep"}) as desk:
        keeper = Operator(desk, operator._capsys)
        for group in ("v", "w"):
            desk.arrive(f"fragments/{group}.part1-of-1.mp4")
            desk.call_back()
        told = keeper.json("preview", cleanup="delete")["removal"]["joined_before"]
        assert (told["objects"], told["unread"]) == (1, 1)
        assert "; 1 further group not looked at" in keeper.says("preview", cleanup="delete")


@given(names=st.lists(st.text("ab/1é", min_size=1, max_size=6), unique=True), prefix=st.text("ab/", max_size=2))
def test_a_snapshot_pages_as_the_service_does(names: list[str], prefix: str) -> None:
    """In UTF-8 order, from any marker, with any limit."""
    bucket = Bucket("demo-1250000000", "ap-guangzhou")
    shelf = sorted((ObjectInfo(f"x{name}", "e", 1, 1) for name in names), key=lambda o: o.key.encode())

    class Whole:
        def list(self, _bucket: Bucket, _prefix: str, _marker: str = "", _limit: int = 1000) -> Page:
            return Page(tuple(reversed(shelf)), None, 7)

    snapshot = Snapshot(cast("Cos", Whole()), bucket, "x", 10**6)
    seen: list[ObjectInfo] = []
    marker = ""
    while True:
        page = snapshot.list(bucket, "x" + prefix, marker, 2)
        seen += page.objects
        if page.next_marker is None:
            break
        marker = page.next_marker
    assert seen == [one for one in shelf if one.key.startswith("x" + prefix)]


def test_restore_brings_back_what_was_moved_to_the_trash_and_overwrites_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Shown first; done with --yes; the copies in the trash stay."""
    with Desk({"CONCAT_CLEANUP": "trash"}) as desk:
        operator = Operator(desk, capsys)
        desk.arrive(*PAIR)
        desk.call_back()
        assert desk.keys("fragments/") == []
        shown = operator.says("restore", "v", "--to", "restored/")
        assert "2 objects" in shown
        assert "say --yes" in shown
        assert desk.keys("restored/") == []
        desk.put("restored/v.part1-of-2.mp4", "mine")
        told = operator.json("restore", "v", "--to", "restored/", "--yes", code=1)
        assert [bool(each["why_not"]) for each in told] == [True, False]
        assert (desk.cloud.store.get(desk.cloud.bucket, "restored/v.part1-of-2.mp4") or b"")[:4] == b"mine"
        assert desk.keys("restored/") == ["restored/v.part1-of-2.mp4", "restored/v.part2-of-2.mp4"]
        assert len(desk.keys("trash/")) == 2
        assert operator.says("restore", "--since", "2100-01-01", "--to", "restored/", code=1).startswith("nothing")
        assert len(operator.json("restore", "--since", "2020-01-01", "--to", "other/")) == 2
        assert operator.says("restore", "v", "--yes", cleanup="keep").startswith("2 objects")
        assert desk.keys("fragments/") == list(PAIR)


def test_restore_tells_of_each_group_of_which_nothing_is_in_the_trash(capsys: pytest.CaptureFixture[str]) -> None:
    """The others are restored all the same."""
    with Desk({"CONCAT_CLEANUP": "trash"}) as desk:
        operator = Operator(desk, capsys)
        desk.arrive(*PAIR)
        desk.call_back()
        words = operator.says("restore", "v", "w", "--to", "restored/", code=1)
        assert "2 objects" in words
        assert "\nw: nothing of it is in the trash\n" in words
        told = operator.json("restore", "v", "w", "--to", "restored/", "--yes", code=1)
        assert [(each["group"], each["why_not"]) for each in told] == [
            ("v", ""),
            ("v", ""),
            ("w", "nothing of it is in the trash"),
        ]
        assert len(desk.keys("restored/")) == 2
        words = operator.says("restore", "v", "--until", "2020-01-01", "--to", "restored/", code=1)
        assert words == "nothing in the trash fits\nv: nothing of it is in the trash of that time\n"


def test_restore_takes_the_key_of_a_piece_for_its_group(capsys: pytest.CaptureFixture[str]) -> None:
    """As status and retry do."""
    with Desk({"CONCAT_CLEANUP": "trash"}) as desk:
        operator = Operator(desk, capsys)
        desk.arrive(*PAIR)
        desk.call_back()
        desk.arrive("fragments/w.part1-of-1.mp4")
        desk.call_back()
        told = operator.json("restore", PAIR[1], "--to", "restored/")
        assert [each["to"] for each in told] == ["restored/v.part1-of-2.mp4", "restored/v.part2-of-2.mp4"]
        desk.cloud.store.put(desk.cloud.bucket, f".concat/{gid_of('v')}/0001/claim-0001.json", b"{")
        assert len(operator.json("restore", "v", "--to", "restored/")) == 2


def test_restore_brings_back_what_only_a_manifest_gave_to_the_group(capsys: pytest.CaptureFixture[str]) -> None:
    """Its records know; the names of such pieces tell no group."""
    with Desk({"CONCAT_CLEANUP": "trash", "CONCAT_COMPLETION": "manifest"}) as desk:
        operator = Operator(desk, capsys)
        pieces = ["fragments/v.one.mp4", "fragments/v.two.mp4"]
        for piece in pieces:
            desk.put(piece)
        desk.manifest("fragments/v.manifest.json", fragments=[{"key": piece} for piece in pieces])
        desk.upload("fragments/v.manifest.json")
        desk.call_back()
        assert desk.keys("fragments/") == []
        for asked in ("v", "fragments/v.manifest.json"):
            told = operator.json("restore", asked, "--to", "restored/")
            assert {"restored/v.one.mp4", "restored/v.two.mp4"} <= {each["to"] for each in told}
        [told] = operator.json("restore", pieces[1], "--to", "restored/")
        assert told["to"] == "restored/v.two.mp4"


def test_restore_takes_a_piece_a_recording_or_a_source_where_recordings_are_cut_at_gaps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A piece's name tells its source alone, so its key is that piece."""
    with Desk({**gaps.GAP, "CONCAT_CLEANUP": "trash"}) as desk:
        operator = Operator(desk, capsys)
        gaps.put(desk, 0, 60, 1000)
        gaps.put(desk, 0, source="other")
        gaps.close(desk)
        gaps.finish(desk)

        def restored(asked: str) -> list[str]:
            return [each["to"] for each in operator.json("restore", asked, "--to", "restored/")]

        pieces = [gaps.key(second).replace("fragments/", "restored/") for second in (0, 60, 1000)]
        assert restored(gaps.key(60)) == [pieces[1]]
        assert restored(gaps.recording(0)) == pieces[:2]
        assert restored("cam") == pieces
        [told] = operator.json("restore", gaps.key(2000), "--to", "restored/", code=1)
        assert (told["group"], told["why_not"]) == (gaps.key(2000), "nothing of it is in the trash")


def test_a_group_named_like_a_marked_copy_is_not_restored_in_anothers_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A second content's copy is marked with its fingerprint; whoever names a group so brings nothing into another."""
    names = {"CONCAT_NAMING": "{index}of{total}-{group}.{ext}", "CONCAT_CLEANUP": "trash"}
    with Desk(names) as desk:
        operator = Operator(desk, capsys)
        for content in ("first", "second"):
            desk.arrive("fragments/1of1-v.mp4", content=content)
            desk.call_back()
        desk.arrive("fragments/1of1-v.0123456789ab.mp4", content="evil")
        desk.call_back()
        assert len(desk.keys("trash/")) == 3
        [told] = operator.json("restore", "v", "--to", "restored/", "--yes")
        assert told["to"] == "restored/1of1-v.mp4"
        assert (desk.cloud.store.get(desk.cloud.bucket, told["to"]) or b"").startswith(b"second")
        [told] = operator.json("restore", "v.0123456789ab", "--to", "restored/", "--yes")
        assert (desk.cloud.store.get(desk.cloud.bucket, told["to"]) or b"").startswith(b"evil")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["restore"], "name GROUPS, or a span of time"),
        (["restore", "v"], "CONCAT_CLEANUP is delete: at their own places"),
        (["restore", "v", "--to", "fragments/again/"], "meets CONCAT_INPUT_PREFIX=fragments/"),
        (["restore", "v", "--to", "frag"], "meets CONCAT_INPUT_PREFIX=fragments/"),
        (["restore", "v", "--to", "restored"], "a prefix ends with a slash"),
        (["restore", "v", "--to", "../restored/"], "must not contain empty, . or .. folders"),
        (["restore", "v", "--to", "restored?/"], "must not contain ?, # or control characters"),
        (["restore", "--since", "yesterday"], "'yesterday' is no time such as"),
        (["prune", "--days", "1"], "1 is not in the range"),
        (["preview", "--seconds", "nan"], "is not a number"),
    ],
)
def test_what_cannot_be_meant_is_told_before_anything_is_asked(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence."""
    assert main(arguments, {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}) == 2
    assert told in capsys.readouterr().err


def test_prune_removes_the_records_of_what_ended_long_ago_and_of_nothing_else(
    desk: Desk, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shown first; a group whose pieces lie there, or with an attempt under way, keeps its records."""
    for group in ("gone", "there", "again"):
        desk.arrive(f"fragments/{group}-1of1.mp4")
        desk.call_back()
    desk.put("fragments/there-1of1.mp4")
    desk.switches.job_seconds = 3600
    desk.later(60)
    desk.arrive("fragments/again-1of1.mp4", content="new")
    assert operator.json("prune", "--days", "7")["groups"] == []
    ahead = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda self: ahead(self) + 9 * 86400)
    records = desk.keys(".concat/")
    told = operator.json("prune", "--days", "7")
    whys = {each["group"]: each["why_not"] for each in told["groups"]}
    assert whys["gone"] == ""
    assert "fragments/there-1of1.mp4" in whys["there"]
    assert whys["again"] == "an attempt is under way"
    assert desk.keys(".concat/") == records
    assert "their fragments are gone" in told["means"]
    words = operator.says("prune", "--days", "7", "--yes")
    assert words.startswith("1 group that")
    left = set(desk.keys(".concat/"))
    assert {key for key in records if key not in left} == {key for key in records if gid_of("gone") in key}
    assert operator.json("status", "there", "--here")["state"] == "joined"
    desk.put("fragments/gone-1of1.mp4", "another recording")
    monkeypatch.undo()


def test_an_entry_of_another_type_keeps_status_and_prune_from_no_other(
    desk: Desk, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, and its records stay."""
    desk.arrive(*PAIR)
    desk.call_back()
    [name] = desk.services.ledger.closed()
    broken = f".concat/closed/{name[:10]}/000000-{'a' * 32}-0001"
    desk.cloud.store.put(desk.services.config.state_bucket.name, broken, b'{"group": ["a"]}')
    told = operator.json("status", "--day", name[:10])
    assert [each["group"] for each in told["ended"]] == ["v"]
    assert "group: expected a text" in told["unread"][0]
    assert "not read: " in operator.says("status", "--day", name[:10])
    ahead = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda self: ahead(self) + 9 * 86400)
    whys = {each["group"]: each["why_not"] for each in operator.json("prune", "--days", "7")["groups"]}
    assert whys["v"] == ""
    assert "group: expected a text" in whys["a" * 32]


def test_records_go_in_an_order_in_which_a_killed_prune_leaves_no_riddle() -> None:
    """No content is left with a claim and without its end, or the other way round; the days' entries go last."""
    names = ("0001/claim-0001.json", "0001/done.json", "0001/end-0001.json", "0002/claim-0001.json", "0002/done.json")
    keys = [f".concat/{'a' * 32}/{name}" for name in names] + [".concat/closed/2026-01-01/000000-x-0001"]
    ordered = [[key.removeprefix(f".concat/{'a' * 32}/") for key in batch] for batch in _in_order(keys)]
    assert ordered == [
        ["0001/end-0001.json"],
        ["0002/claim-0001.json", "0002/done.json"],
        ["0001/claim-0001.json", "0001/done.json"],
        [".concat/closed/2026-01-01/000000-x-0001"],
    ]


def test_questions_go_to_the_deployed_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    """By the API, with the keys of whoever deployed; what fails there is told, and a deployment that is not there."""
    code = """
def main_handler(event, context):
    if event.get("status") == "broken":
        raise ValueError("no such luck")
    return {"results": [], "status": {"group": event["status"], "state": "joined", "output": "output/v.mp4"}}
"""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("upload", "callback", "sweep"):
            archive.writestr(f"{name}.py", code)
    with empty_account() as cloud:
        given = variables(cloud)
        assert main(["status", "v"], given) == 2
        assert "there is no cos-concat-dev-sweep; run `cos-concat deploy`, or say --here" in capsys.readouterr().err
        deploy(settings(cloud), Zips(made.getvalue(), small_zip("layer")))
        assert main(["status", "v"], given) == 0
        assert "output    output/v.mp4" in capsys.readouterr().out
        assert main(["status", "broken"], given) == 1
        assert "no such luck" in capsys.readouterr().err
        assert main(["status"], given) == 1


def test_what_gave_up_is_tried_again_by_the_deployed_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    """With the function's own code and rights, in its own process: one job failed, the next one is joined."""
    switches = Switches(join="bytes", fail_jobs=1)
    with empty_account(switches=switches) as cloud:
        given = variables(cloud, CONCAT_MAX_ATTEMPTS="1")
        deploy(settings(cloud, CONCAT_MAX_ATTEMPTS="1"), real_zips())
        assert main(["status", "talk"], given) == 1
        assert "talk: unknown" in capsys.readouterr().out
        for number in (1, 2):
            cloud.store.put(cloud.bucket, f"fragments/talk.part{number}-of-2.mp4", b"x" * 10_000)
        assert cloud.settle(60)
        assert main(["status", "talk"], given) == 0
        assert "talk: gave-up" in capsys.readouterr().out
        assert main(["retry", "--outcome", "gave-up", "--json"], given) == 0
        (result,) = json.loads(capsys.readouterr().out)["results"]
        assert (result["group"], result["action"]) == ("talk", "submitted")
        assert cloud.settle(60)
        assert main(["status", "talk"], given) == 0
        printed = capsys.readouterr().out
        assert "talk: joined" in printed
        assert "nothing removed: CONCAT_CLEANUP=keep" in printed
        assert main(["retry", "fragments/talk.part2-of-2.mp4"], given) == 0
        assert "already-finished" in capsys.readouterr().out
        assert main(["retry", "nobody"], given) == 1
        assert "no piece of it is there, and no record: check its name" in capsys.readouterr().out
