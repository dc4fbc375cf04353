"""Real calls: what the output does not hold is not removed, and one group's manifest removes nothing of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from cosconcat.model import Bucket, Job, Media, ProbeError, Result, Stream, StreamKind
from tests.support.desk import Altered, Desk, only

PARTS = [f"fragments/talk.part{number}-of-3.mp4" for number in (1, 2, 3)]
FILM = (Stream("video", duration=10.0), Stream("audio", duration=10.0))


@pytest.fixture(params=["delete", "trash", "expire"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """In each mode that removes."""
    with Desk({"CONCAT_CLEANUP": request.param}) as desk:
        yield desk


def joined(desk: Desk, output: tuple[Stream, ...], environment: Mapping[str, Any] | None = None) -> Result:
    """Three pieces with picture and sound arrive, and CI says that its output has these tracks."""
    cos, ci = desk.services.cos, desk.services.ci

    def probes(bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Media | ProbeError]:
        found = cos.media(bucket, keys)
        return {key: media._replace(streams=FILM) for key, media in found.items() if isinstance(media, Media)}

    def job(bucket: Bucket, job_id: str) -> Job | None:
        found = ci.job(bucket, job_id)
        return found and found._replace(media=found.media and found.media._replace(streams=output))

    config = replace(desk.services.config, **(environment or {}))
    with desk.instead(cos=Altered(cos, media=probes), ci=Altered(ci, job=job), config=config):
        desk.arrive(*PARTS)
        return only(desk.call_back())


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ((Stream("video", duration=30.0),), "no audio"),
        ((Stream("audio", duration=30.0),), "no video"),
        ((Stream("video", duration=30.0), Stream("audio", duration=10.0)), "audio 1 ends at 10.000 s"),
        ((Stream("video", duration=10.0), Stream("audio", duration=30.0)), "video 1 ends at 10.000 s"),
    ],
)
def test_a_stream_that_is_missing_or_short_keeps_everything(
    desk: Desk, output: tuple[Stream, ...], reason: str
) -> None:
    """Although the file as a whole is as long as it should be."""
    result = joined(desk, output)
    assert result.action == "kept"
    assert reason in result.reason
    assert desk.keys("fragments/") == PARTS
    assert not any(desk.cloud.store.tags(desk.cloud.bucket, key) for key in PARTS)


@pytest.mark.parametrize(("output", "action"), [("video", "finished"), ("audio", "kept")])
def test_a_remove_node_allows_its_own_kind(desk: Desk, output: StreamKind, action: str) -> None:
    """A person asked for no sound: without it the pieces are removed, without pictures they are not."""
    job = {"ConcatTemplate": {"Audio": {"Codec": "aac", "Remove": "true"}}}
    assert joined(desk, (Stream(output, duration=30.0),), {"job": job}).action == action
    assert bool(desk.keys("fragments/")) == (action == "kept" or desk.services.config.cleanup == "expire")


def test_a_manifest_removes_only_what_belongs_to_its_own_group(desk: Desk) -> None:
    """It may join a jingle and another group's pieces: they stay, untagged, and the closing record says why."""
    theirs = ["fragments/other.part1-of-2.mp4", "fragments/jingle.mp4"]
    own = ["fragments/talk.part1-of-2.mp4", "fragments/talk.part2-of-2.mp4", "fragments/talk.intermission.mp4"]
    with desk.instead(config=replace(desk.services.config, completion="manifest")):
        for key in [*theirs, *own]:
            desk.put(key)
        desk.manifest("fragments/talk.manifest.json", fragments=[{"key": key} for key in [*theirs, *own]])
        desk.upload("fragments/talk.manifest.json")
        assert only(desk.call_back()).action == "finished"
        removed = {"fragments/talk.manifest.json", *own}
        if desk.services.config.cleanup == "expire":
            assert {key for key in desk.keys("fragments/") if desk.cloud.store.tags(desk.cloud.bucket, key)} == removed
        else:
            assert set(desk.keys("fragments/")) == set(theirs)


def test_two_manifests_may_share_a_jingle(desk: Desk) -> None:
    """The first does not take it away from the second."""
    desk.put("fragments/jingle.mp4")
    with desk.instead(config=replace(desk.services.config, completion="manifest")):
        for group in ("one", "two"):
            piece = f"fragments/{group}.part1-of-1.mp4"
            desk.put(piece)
            listed = [{"key": "fragments/jingle.mp4"}, {"key": piece}]
            desk.manifest(f"fragments/{group}.manifest.json", fragments=listed)
            desk.upload(f"fragments/{group}.manifest.json")
            assert only(desk.call_back()).action == "finished"


def test_a_manifest_that_comes_to_nothing_leaves_others_tags_alone() -> None:
    """A piece of another group that is marked to expire stays so, whatever becomes of the manifest that lists it."""
    with Desk({"CONCAT_CLEANUP": "expire", "CONCAT_COMPLETION": "manifest"}) as desk:
        theirs, own = "fragments/other.part1-of-1.mp4", "fragments/talk.part1-of-1.mp4"
        for key in (theirs, own):
            desk.put(key)
        desk.services.cos.tag(desk.services.config.bucket, theirs, {"concat-cleanup": "expire"})
        desk.manifest("fragments/talk.manifest.json", fragments=[{"key": theirs}, {"key": own}])
        ci = desk.services.ci

        def silent(bucket: Bucket, job_id: str) -> Job | None:
            found = ci.job(bucket, job_id)
            return found and found._replace(media=found.media and found.media._replace(duration=1.0))

        with desk.instead(ci=Altered(ci, job=silent)):
            desk.upload("fragments/talk.manifest.json")
            assert only(desk.call_back()).action in ("kept", "gave-up")
        assert desk.cloud.store.tags(desk.cloud.bucket, theirs) == {"concat-cleanup": "expire"}


def test_a_marker_that_a_manifest_lists_is_not_removed() -> None:
    """CONCAT_MARKER may be named like a film; it is never removed."""
    settings = {"CONCAT_NAMING": "{group}/{index}.{ext}", "CONCAT_MARKER": "{group}/end.mp4"}
    with Desk(settings) as desk:
        for key in ("fragments/talk/1.mp4", "fragments/talk/end.mp4"):
            desk.put(key)
        listed = [{"key": "fragments/talk/1.mp4"}, {"key": "fragments/talk/end.mp4"}]
        desk.manifest("fragments/talk/manifest.json", fragments=listed)
        desk.upload("fragments/talk/manifest.json")
        assert only(desk.call_back()).action == "finished"
        assert "fragments/talk/end.mp4" in desk.keys("fragments/")
        assert "fragments/talk/1.mp4" not in desk.keys("fragments/")
