"""Is the object the one that the job wrote, has it its pieces' bytes and kinds of stream, is a playlist whole?"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.model import Head, Media, ObjectInfo, OutputFile, Stream
from cosconcat.verification.join import JoinOptions
from cosconcat.verification.objects import check_kinds, check_object, check_size
from cosconcat.verification.playlist import Playlist, check_playlist, cut_off, joined_segments, read_playlist
from cosconcat.verification.verdict import Unverified, Verified
from tests.support.joins import media, picture, sound


def head(key: str, size: int = 1000, etag: str = "a" * 32) -> Head:
    """An object that is there."""
    return Head(ObjectInfo(key, etag, size, 0), 0)


@pytest.mark.parametrize(
    ("sizes", "result", "whole"),
    [
        ([1000, 1000], 2000, True),
        ([1000, 1000], 1901, True),
        ([1000, 1000], 1899, False),
        ([1000, 1000], 2099, True),
        ([1000, 1000], 2101, False),
        ([1000] * 30, 30_501, False),  # one of thirty twice
        ([1000] * 30, 29_000, False),  # one of thirty is 3.3 %
        ([1000] * 30, 29_600, True),
        ([1000, 0], 1000, False),
        ([], 0, False),
    ],
)
def test_sizes_agree_within_five_percent_and_half_the_smallest(sizes: list[int], result: int, whole: bool) -> None:
    """For direct joins."""
    assert isinstance(check_size(sizes, result), Verified) is whole


@pytest.mark.parametrize(
    ("output", "may_lose", "whole"),
    [
        (media(30), "", True),
        (media(30, picture(30)), "", False),
        (media(30, picture(30)), "audio", True),
        (media(30, sound(30)), "audio", False),
        (Media(30.0, 1), "", False),
    ],
)
def test_a_join_by_bytes_has_the_kinds_of_stream_of_its_pieces(output: Media, may_lose: str, whole: bool) -> None:
    """Sound is a small part of the bytes: five per cent would hide all of it."""
    options = JoinOptions(direct=True, may_lose=frozenset({may_lose} - {""}))
    assert isinstance(check_kinds("a.mp4", media(10), output, options), Verified) is whole


@pytest.mark.parametrize(
    ("file", "found", "media", "same"),
    [
        (OutputFile("k", "a" * 32), head("k"), Media(1, 1000), True),
        (OutputFile("k", "A" * 32), head("k"), None, True),
        (OutputFile("k", "b" * 32), head("k"), None, False),
        (OutputFile("k", "b" * 32), head("k", etag="c" * 32 + "-3"), None, True),  # multipart: no MD5
        (OutputFile("k", ""), head("k"), Media(1, 0), True),  # nothing said, nothing to compare
        (OutputFile("k", "a" * 32), head("k"), Media(1, 999), False),
        (OutputFile("k", "a" * 32), head("k", 0), None, False),
    ],
)
def test_the_object_is_the_one_the_job_wrote(file: OutputFile, found: Head, media: Media | None, same: bool) -> None:
    """Size and MD5, where both are known."""
    assert isinstance(check_object(file, found, media), Verified) is same


PLAYLIST = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:10
#EXTINF:9.960000,
talk0.ts
#EXTINF:4.5, with a title
%E8%AE%B2%20座1.ts
#EXTINF:1.,
http://demo-1250000000.cos.ap-guangzhou.myqcloud.com/output/sub/talk2.ts?sign=1
#EXT-X-ENDLIST
"""


def test_a_playlist_names_its_segments_and_its_length() -> None:
    """Relative to its own folder, or by a full address."""
    playlist = read_playlist(PLAYLIST.encode(), "output/talk.m3u8")
    assert playlist.segments == ("output/talk0.ts", "output/讲 座1.ts", "output/sub/talk2.ts")
    assert (round(playlist.seconds, 3), playlist.ended) == (15.46, True)
    assert read_playlist(b"talk0.ts", "talk.m3u8").segments == ("talk0.ts",)


@pytest.mark.parametrize("gone", ["", "output/talk0.ts", "output/讲 座1.ts"])
def test_hls_is_whole_when_every_segment_is_there(gone: str) -> None:
    """Missing or empty, one is enough."""
    playlist = read_playlist(PLAYLIST.encode(), "output/talk.m3u8")
    for lost in (None, head(gone, 0)):
        heads = {key: lost if key == gone else head(key) for key in playlist.segments}
        verdict = check_playlist(playlist, heads)
        assert isinstance(verdict, Verified) is (not gone)
        assert json.dumps(verdict.figures)


def test_an_open_or_empty_playlist_is_not_whole() -> None:
    """A playlist that is still being written, or was cut short."""
    cut = read_playlist(PLAYLIST.partition("#EXT-X-ENDLIST")[0].encode(), "output/talk.m3u8")
    assert isinstance(check_playlist(cut, {key: head(key) for key in cut.segments}), Unverified)
    assert isinstance(check_playlist(Playlist(0.0, (), True), {}), Unverified)


@given(body=st.binary())
def test_any_bytes_can_be_read_as_a_playlist(body: bytes) -> None:
    """What is no playlist names no segments or has no end; it never raises."""
    read_playlist(b"#EXTINF:" + body, "k")


SEGMENTS = Playlist(25.0, ("a0.ts", "a1.ts", "a2.ts"), True)


@pytest.mark.parametrize(
    ("last", "ends"),
    [
        ((picture(5), sound(5)), {"video": 25.0, "audio": 25.0}),
        ((picture(5), sound(3)), {"video": 25.0, "audio": 23.0}),
        ((picture(5),), {"video": 25.0}),
    ],
)
def test_the_streams_of_an_hls_output_end_where_they_do_in_the_last_segment(
    last: tuple[Stream, ...], ends: dict[str, float]
) -> None:
    """And begin where they do in the first."""
    first = media(10, picture(10, start=1.4), sound(9.5, start=1.9), format_="mpegts")._replace(start=1.4)
    found = joined_segments(SEGMENTS, first, media(5, *last, format_="mpegts"), 99)
    assert (found.duration, found.size, found.format) == (25.0, 99, "hls")
    assert {s.kind: (s.start or 0) + (s.duration or 0) for s in found.streams} == pytest.approx(ends)
    assert {s.kind: s.start for s in found.streams}.get("audio", 0.5) == pytest.approx(0.5)


def test_a_stream_that_an_hls_output_has_only_at_its_end_was_not_there_from_the_beginning() -> None:
    """So it is none of the output's."""
    found = joined_segments(SEGMENTS, media(10, picture(10)), media(5), 99)
    assert [stream.kind for stream in found.streams] == ["video"]


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [(10.0, 5.0, ""), (9.8, 4.8, ""), (7.0, 5.0, "a0.ts lasts 7.000 s"), (10.0, 1.2, "a2.ts lasts 1.200 s")],
)
def test_a_segment_that_is_shorter_than_the_playlist_says_was_cut_off(first: float, last: float, told: str) -> None:
    """Both ends are probed anyway; the length of a segment stops at its last packet's beginning."""
    playlist = replace(SEGMENTS, lengths=(10.0, 10.0, 5.0))
    assert cut_off(playlist, media(first), media(last)).startswith(told)
    assert bool(cut_off(playlist, media(first), media(last))) is bool(told)


def test_a_segment_of_sound_alone_stops_a_packet_earlier() -> None:
    """MPEG-TS puts up to 0.35 s of sound into one packet where no picture comes in between."""
    playlist = replace(SEGMENTS, lengths=(10.0, 10.0, 5.0))
    assert cut_off(playlist, media(9.66, sound(9.66)), media(4.66, sound(4.66))) == ""
    assert cut_off(playlist, media(9.6, sound(9.6)), media(5, sound(5))) != ""
