"""Whatever a job would read in an archive class costs no job: CI could not read it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

import pytest

from cosconcat.errors import TryAgain
from cosconcat.model import Bucket, Page
from local.cos.versions import NewObject
from tests.support.desk import Altered, Desk, only
from tests.support.gaps import GAP, key

PIECES = ["fragments/talk.part1-of-2.mp4", "fragments/talk.part2-of-2.mp4"]
LISTED = ["fragments/talk/1.mp4", "fragments/talk/2.mp4", "fragments/brand/in.mp4", "fragments/brand/out.mp4"]
MANIFEST = "fragments/talk/manifest.json"
BY_MANIFEST = {"CONCAT_NAMING": "folder", "CONCAT_COMPLETION": "manifest"}


def store(desk: Desk, key: str, storage_class: str) -> None:
    """Something that lasts ten seconds, in this class."""
    desk.cloud.store.write(desk.cloud.bucket, key, b"x" * 10_000, NewObject(storage_class=storage_class))


def calls(desk: Desk) -> Counter[str]:
    """How many of each kind were made so far."""
    counts: Counter[str] = Counter()
    for (_, kind), count in desk.cloud.calls.snapshot().items():
        counts[kind] += count
    return counts


@pytest.mark.parametrize("storage_class", ["ARCHIVE", "DEEP_ARCHIVE"])
def test_a_group_with_an_archived_piece_is_invalid_by_name_and_no_job_is_paid_for(storage_class: str) -> None:
    """It says what to do; another class is read like any object."""
    with Desk() as desk:
        desk.put(PIECES[0])
        store(desk, PIECES[1], storage_class)
        result = only(desk.upload(PIECES[1]))
        assert result.action == "invalid"
        assert f"{PIECES[1]} is archived ({storage_class})" in result.reason
        assert "restore it" in result.reason
        assert desk.jobs == []
        store(desk, PIECES[1], "STANDARD_IA")
        assert only(desk.upload(PIECES[1])).action == "submitted"


@pytest.mark.parametrize("by", ["event", "sweep"])
@pytest.mark.parametrize("key", LISTED)
def test_nor_is_one_for_what_a_manifest_lists(by: str, key: str) -> None:
    """Own pieces, another group's, intro and outro: each was looked at by HEAD, which is enough to know it."""
    own, (intro, outro) = LISTED[:2], LISTED[2:]
    listed = [{"key": one} for one in own]
    for manifest in ({"fragments": [*listed, {"key": intro}, {"key": outro}]}, _around(listed, intro, outro)):
        with Desk(BY_MANIFEST) as desk:
            for one in LISTED:
                store(desk, one, "ARCHIVE" if one == key else "STANDARD")
            desk.manifest(MANIFEST, **manifest)
            before = calls(desk)["HEAD Object"]
            if by == "event":
                result = only(desk.upload(MANIFEST))
                assert (result.action, f"{key} is archived (ARCHIVE)" in result.reason) == ("invalid", True)
                assert calls(desk)["HEAD Object"] - before == 1 + len(LISTED)
            else:
                desk.sweep()
                assert f"{key} is archived (ARCHIVE)" in desk.report()["invalid"]["talk"]["reason"]
                assert calls(desk)["HEAD Object"] - before == len(LISTED)
            assert desk.jobs == []
            store(desk, key, "STANDARD")
            desk.manifest(MANIFEST, **manifest)
            assert only(desk.upload(MANIFEST)).action == "submitted"


def _around(listed: list[dict[str, str]], intro: str, outro: str) -> Mapping[str, object]:
    return {"fragments": listed, "intro": intro, "outro": outro}


@pytest.mark.parametrize(("settings", "pieces"), [({}, PIECES), (GAP, [key(0), key(60)])], ids=["total", "gap"])
def test_what_only_a_head_shows_is_judged_by_it(settings: dict[str, str], pieces: list[str]) -> None:
    """LIST does not show the piece yet whose event it is."""
    with Desk(settings) as desk:
        desk.put(pieces[0])
        store(desk, pieces[1], "ARCHIVE")
        desk.later(300)
        cos = desk.services.cos

        def listing(bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Page:
            page = cos.list(bucket, prefix, marker, limit)
            shown = tuple(one for one in page.objects if one.key != pieces[1])
            return page._replace(objects=shown, archived=frozenset())

        with desk.instead(cos=Altered(cos, list=listing)):
            result = only(desk.upload(pieces[1]))
        assert (result.action, f"{pieces[1]} is archived" in result.reason) == ("invalid", True)
        assert desk.jobs == []


def test_an_archived_sound_or_image_costs_no_job() -> None:
    """The request names it."""
    tune = "brand/tune.mp3"
    address = f"https://demo-1250000000.cos.ap-guangzhou.myqcloud.com/{tune}"
    job = {"ConcatTemplate": {"AudioMix": {"AudioSource": address}}}
    with Desk({"CONCAT_JOB": json.dumps(job)}) as desk:
        store(desk, tune, "ARCHIVE")
        result = only(desk.arrive(*PIECES))
        assert (result.action, f"{tune} is archived" in result.reason) == ("invalid", True)
        assert desk.jobs == []
        store(desk, tune, "STANDARD")
        assert only(desk.upload(PIECES[1])).action == "submitted"


def test_what_was_archived_since_its_claim_is_not_posted_once_more() -> None:
    """The look before the next POST shows it."""
    with Desk() as desk:
        desk.switches.refuse_submits = "QueuePaused"
        with pytest.raises(TryAgain):
            desk.arrive(*PIECES)
        desk.switches.refuse_submits = ""
        archived_by_a_rule(desk, PIECES[1])
        desk.later(120)
        gave_up, *_ = desk.sweep()["results"]
        assert (gave_up["action"], f"{PIECES[1]} is archived" in gave_up["reason"]) == ("gave-up", True)
        assert desk.jobs == []
        assert desk.keys("fragments/") == PIECES


def test_what_was_archived_before_its_job_read_it_costs_neither_probes_nor_another_job() -> None:
    """The look after the first failure shows it."""
    with Desk() as desk:
        desk.switches.job_seconds = 0.2
        archived_by_a_rule(desk, PIECES[1])
        desk.arrive(*PIECES)
        gave_up = only(desk.call_back())
        assert (gave_up.action, f"{PIECES[1]} is archived" in gave_up.reason) == ("gave-up", True)
        assert len(desk.jobs) == 1
        assert calls(desk)["GET videoinfo"] == 0


def archived_by_a_rule(desk: Desk, key: str) -> None:
    """Its bytes and its time stay, and LIST does not show the class yet."""
    desk.switches.archived.add((desk.cloud.bucket, key))
