"""Markers: an end sign of one's own, playlists that end, and markers that close every window of a source."""

from __future__ import annotations

import pytest

from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from cosconcat.events.cos import Upload
from cosconcat.functions.upload import handle_uploads
from cosconcat.groups.survey import closed_by, survey
from cosconcat.groups.verdicts import Waiting, Whole
from cosconcat.naming.keys import FragmentName, ManifestName, MarkerName, NotOurs
from tests.support.shelf import BUCKET, NOW, Shelf

IN = "fragments/"


def configured(**settings: str) -> Config:
    """A configuration with an end sign."""
    return read_config({"CONCAT_BUCKET": BUCKET.name, "CONCAT_REGION": BUCKET.region, **settings})


def test_an_own_end_sign_closes_its_group_and_takes_the_place_of_the_built_in_ones() -> None:
    """In whatever folder it says; its content is no count."""
    config = configured(
        CONCAT_NAMING="{group}/media/{*}/{index}.ts", CONCAT_MARKER="{group}/events/recording-ended.json"
    )
    assert config.completion == "marker"
    shelf = Shelf().store(*(IN + f"r1/media/hls/{n}.ts" for n in range(3)), IN + "r2/media/hls/0.ts")
    services = shelf.services(config)
    assert isinstance(survey(services, "r1"), Waiting)
    shelf.store(IN + "r1/_DONE", IN + "r1.done", at=NOW)
    assert isinstance(survey(services, "r1"), Waiting)
    end = IN + "r1/events/recording-ended.json"
    shelf.store(end, body=b'{"status": "RECORDING_ENDED", "count": 99}', at=NOW)
    for own in ("", end):
        verdict = survey(services, "r1", own)
        assert isinstance(verdict, Whole)
        assert len(verdict.set.fragments) == 3
        assert verdict.set.marker is not None
    assert isinstance(survey(services, "r2"), Waiting)
    assert config.convention.is_shared(end)
    assert isinstance(config.convention.read(IN + "r1.manifest.json"), ManifestName | NotOurs)


@pytest.mark.parametrize(("body", "ended"), [(b"#EXTM3U\n#EXTINF:2,\n", False), (b"#EXTM3U\n#EXT-X-ENDLIST\n", True)])
def test_a_playlist_counts_only_when_it_says_that_nothing_more_comes(body: bytes, ended: bool) -> None:
    """A live playlist is written again and again."""
    config = configured(CONCAT_NAMING="livekit", CONCAT_MARKER="{group}.m3u8")
    shelf = Shelf().store(*(IN + f"a/room_{n:05}.ts" for n in range(2)))
    shelf.store(IN + "a/room.m3u8", body=body, at=NOW)
    verdict = survey(shelf.services(config), "a/room")
    assert isinstance(verdict, Whole if ended else Waiting)


def test_folders_may_stand_in_the_group_of_an_end_sign() -> None:
    """Where the names' own group may hold them."""
    convention = configured(CONCAT_NAMING="folder", CONCAT_MARKER="{group}/end.txt").convention
    assert convention.read(IN + "a/b/end.txt") == MarkerName(IN + "a/b/end.txt", "a/b", None)
    flat = configured(
        CONCAT_NAMING="{group}/{index}.ts", CONCAT_MARKER="{group}/end.txt", CONCAT_COMPLETION="marker"
    ).convention
    assert isinstance(flat.read(IN + "a/b/end.txt"), NotOurs)


TIMED = {"CONCAT_NAMING": "{group}/video/{time:%Y%m%dT%H%M%S}.mp4", "CONCAT_COMPLETION": "marker"}


@pytest.mark.parametrize(
    ("settings", "marker"),
    [
        ({}, "p/_DONE"),
        ({"CONCAT_NAMING": r"(?P<group>.+)/(?P<time>[0-9]{8}T[0-9]{6})\.mp4"}, "p/video/_DONE"),
        ({"CONCAT_MARKER": "{group}/ended.json"}, "p/ended.json"),
    ],
)
def test_a_marker_without_a_window_closes_every_window_whose_pieces_are_not_newer(
    settings: dict[str, str], marker: str
) -> None:
    """`p/video/_DONE` was invalid; each window is judged at its event, and it stays for the others."""
    config = configured(**{**TIMED, **settings})
    keys = [IN + f"p/video/20220112T{hour}5950.mp4" for hour in (10, 11, 12)]
    shelf = Shelf().store(*keys)
    shelf.times[keys[2]] = NOW + 10  # a new recording has begun since
    shelf.store(IN + marker, body=b"", at=NOW)
    services = shelf.services(config)
    name = config.convention.read(IN + marker)
    assert isinstance(name, MarkerName)
    assert name.every
    groups = [found.group for key in keys if isinstance(found := config.convention.read(key), FragmentName)]
    assert closed_by(services, name) == groups
    assert [isinstance(survey(services, group), Whole) for group in groups] == [True, True, False]
    assert config.convention.is_shared(IN + marker)


def test_a_marker_without_a_window_and_without_pieces_waits() -> None:
    """It may have come first."""
    config = configured(**TIMED)
    services = Shelf().store(IN + "p/_DONE", body=b"").services(config)
    (result,) = handle_uploads(services, [Upload(BUCKET.name, BUCKET.region, IN + "p/_DONE", "cos:ObjectCreated:Put")])
    assert (result.action, result.group) == ("waiting", "p")


def test_a_marker_of_one_window_closes_that_one() -> None:
    """With its count, if it has one; and it is removed with its group."""
    convention = configured(**TIMED).convention
    key = IN + "p_20220112T100000Z/3.final"
    assert convention.read(key) == MarkerName(key, "p_20220112T100000Z", 3)
    assert not convention.is_shared(key)
    assert isinstance(convention.read(IN + "p/3.final"), NotOurs)
