"""What people upload to correct a recording that was joined: it is joined as they mean it, or left whole.

The use cases run over the real adapters against the local cloud.
"""

from __future__ import annotations

from dataclasses import replace

from tests.support.desk import Desk, only

PARTS = [f"fragments/v.part{n}-of-3.mp4" for n in (1, 2, 3)]
PIECES = [f"fragments/a/{n}.mp4" for n in (1, 2, 3)]
MANIFEST = "fragments/a/manifest.json"
BY_MANIFEST = {"CONCAT_NAMING": "folder", "CONCAT_COMPLETION": "manifest"}


def joined_by_manifest(desk: Desk) -> None:
    """Three pieces of a minute each."""
    for key in PIECES:
        desk.put(key, seconds=60)
    desk.manifest(MANIFEST, fragments=[{"key": key} for key in PIECES])
    desk.upload(MANIFEST)
    assert only(desk.call_back()).action == "finished"
    desk.later(60)


def test_a_manifest_that_trims_what_was_joined_is_another_wish() -> None:
    """The fragments are the same, the recording is not."""
    with Desk({**BY_MANIFEST, "CONCAT_CLEANUP": "keep"}) as desk:
        joined_by_manifest(desk)
        first, *rest = [{"key": key} for key in PIECES]
        desk.manifest(MANIFEST, fragments=[{**first, "start": 5}, *rest])
        assert only(desk.upload(MANIFEST)).action == "submitted"


def test_a_manifest_that_lists_fewer_pieces_is_no_rest() -> None:
    """Two of three are uploaded once more and wanted without the third: they are joined, not cleaned up."""
    with Desk(BY_MANIFEST) as desk:
        joined_by_manifest(desk)
        for key in PIECES[:2]:
            desk.put(key, seconds=60)
        desk.manifest(MANIFEST, fragments=[{"key": key} for key in PIECES[:2]])
        result = only(desk.upload(MANIFEST))
        assert (result.action, result.key) == ("submitted", "output/a.r0002.${ext}")


def test_identical_pieces_wait_for_a_correction_under_another_name() -> None:
    """Part 2 comes anew as .mov, part 1 as it was, part 3 is still on its way."""
    with Desk() as desk:
        assert only(desk.arrive(*PARTS)).action == "submitted"
        assert only(desk.call_back()).action == "finished"
        desk.later(60)
        desk.put("fragments/v.part2-of-3.mov", "corrected")
        desk.put(PARTS[0])
        desk.later(300)
        desk.sweep()
        assert desk.keys("fragments/") == [PARTS[0], "fragments/v.part2-of-3.mov"]


def test_identical_pieces_wait_for_a_recording_that_grows() -> None:
    """A fourth piece has come, and the first one again: without it the larger recording would never be whole."""
    with Desk({"CONCAT_NAMING": "folder"}) as desk:
        for key in PIECES:
            desk.put(key)
        desk.cloud.store.put(desk.cloud.bucket, "fragments/a/_DONE", b"")
        assert only(desk.upload("fragments/a/_DONE")).action == "submitted"
        assert only(desk.call_back()).action == "finished"
        desk.later(60)
        desk.put("fragments/a/4.mp4", "new last piece")
        desk.put(PIECES[0])
        desk.later(300)
        desk.sweep()
        assert desk.keys("fragments/") == [PIECES[0], "fragments/a/4.mp4"]


def test_what_is_left_of_a_joined_group_is_kept_not_incomplete() -> None:
    """A trimmed piece stays for good; the report says so, and where the rest is, and calls nothing missing."""
    with Desk(BY_MANIFEST) as desk:
        for key in PIECES[:2]:
            desk.put(key, seconds=60)
        desk.manifest(MANIFEST, fragments=[{"key": PIECES[0], "start": 0, "end": 60}, {"key": PIECES[1]}])
        desk.upload(MANIFEST)
        assert only(desk.call_back()).action == "finished"
        desk.later(300)
        desk.sweep()
        report = desk.report()
        assert report["incomplete"] == {}
        assert "trimmed" in report["kept"]["a"]["reason"]
        assert report["kept"]["a"]["output"] == "output/a.mp4"


def test_another_deployment_that_shares_the_records_leaves_our_fragments_alone() -> None:
    """Ours keeps what it joined; theirs deletes, and has an incomplete group of the same name."""
    with Desk({"CONCAT_CLEANUP": "keep"}) as desk:
        desk.arrive(*PARTS)
        theirs = replace(desk.services.config, input_prefix="elsewhere/", cleanup="delete")
        with desk.instead(config=theirs):
            assert only(desk.call_back()).action == "ignored"
        assert only(desk.call_back()).action == "finished"
        desk.put("elsewhere/v.part1-of-3.mp4")
        desk.later(300)
        with desk.instead(config=theirs):
            desk.sweep()
        assert desk.keys("fragments/") == PARTS
