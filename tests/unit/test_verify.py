"""Is the output whole? The loss of the shortest fragment must always be seen, and an honest join always pass."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.model import Head, Media, ObjectInfo, OutputFile, ProbeError, Stream
from cosconcat.verification.verify import (
    Piece,
    Playlist,
    Unverified,
    Verified,
    check_duration,
    check_object,
    check_playlist,
    check_size,
    check_tracks,
    read_playlist,
)

lengths = st.lists(st.floats(1.0, 7200.0), min_size=1, max_size=60)


def pieces(*seconds: float) -> list[Piece]:
    """Untrimmed fragments of these lengths."""
    return [Piece(f"part{n}", Media(each, 1000)) for n, each in enumerate(seconds)]


def output(seconds: float) -> Media:
    """What was joined."""
    return Media(seconds, 1000)


def head(key: str, size: int = 1000, etag: str = "a" * 32) -> Head:
    """An object that is there."""
    return Head(ObjectInfo(key, etag, size, 0), 0)


@given(seconds=lengths)
def test_a_join_as_long_as_its_fragments_is_whole(seconds: list[float]) -> None:
    """Whatever their lengths."""
    verdict = check_duration(pieces(*seconds), output(sum(seconds)))
    assert isinstance(verdict, Verified)
    assert json.dumps(verdict.figures)


@given(seconds=lengths.filter(lambda each: len(each) > 1), data=st.data())
def test_a_lost_fragment_is_always_seen(seconds: list[float], data: st.DataObject) -> None:
    """Any one, with up to the drift of every joint hiding it."""
    lost = data.draw(st.sampled_from(seconds))
    hidden = data.draw(st.floats(0, 0.45)) * min(seconds)
    assert isinstance(check_duration(pieces(*seconds), output(sum(seconds) - lost + hidden)), Unverified)


@given(
    seconds=st.lists(st.floats(1.0, 600.0), min_size=2, max_size=30),
    transition=st.floats(0.1, 5.0),
    data=st.data(),
)
def test_with_transitions_too_a_lost_fragment_is_always_seen(
    seconds: list[float], transition: float, data: st.DataObject
) -> None:
    """Whether the service shortens by transitions or not, any set of lost fragments."""
    whole = [each for each in seconds if each > transition]
    lost = data.draw(st.sets(st.integers(0, len(seconds) - 1), min_size=1, max_size=len(seconds) - 1))
    kept = [each for n, each in enumerate(seconds) if n not in lost]
    overlap = transition * (len(kept) - 1) if data.draw(st.booleans()) and len(whole) == len(seconds) else 0.0
    drift = data.draw(st.floats(-0.04, 0.04)) * len(kept)
    result = sum(kept) - overlap + drift
    if result > 0 and abs(drift) < min(seconds) / 2:
        assert isinstance(check_duration(pieces(*seconds), output(result), transition), Unverified)


@pytest.mark.parametrize(
    ("seconds", "transition", "result", "whole"),
    [
        ([60, 60, 60], 0, 180, True),
        ([60, 60, 60], 0, 179.8, True),  # encoder padding and rounding
        ([60, 60, 60], 0, 151, True),  # under half the shortest: no fragment is missing
        ([60, 60, 60], 0, 150, False),
        ([60, 60, 2], 0, 120.9, False),  # the short one is lost, or half of it
        ([60, 60, 2], 0, 121.1, True),
        ([60, 60, 60], 3, 174, True),  # two transitions of 3 s
        ([60, 60, 60], 3, 180, True),  # or none that shortens
        ([60, 60, 60], 3, 117, False),  # one lost, and one transition
        ([6, 60], 6, 60, False),  # the overlap is as long as a fragment: cannot be told
        ([6, 60, 60], 3, 120, False),  # 2 · 3 s of overlap, or the fragment of 6 s
        ([7, 60, 60], 3, 121, True),
        ([60, 60, 3.1], 3, 117, False),  # lost with its transition, a fragment of 3.1 s costs 0.1 s more than none
        ([3, 3, 60, 60], 2, 120, False),  # 3 · 2 s of overlap, or both fragments of 3 s
        ([60, 60, 60], 0, 209, True),
        ([60, 60, 60], 0, 211, False),  # something else is in it
        ([60, 60, 60], 0, 240, False),  # a fragment twice
        ([0.5] * 40, 0, 20.3, False),  # padding that could hide one of them
        ([60], 0, 0, False),
        ([], 0, 60, False),
    ],
)
def test_the_rule_in_figures(seconds: list[float], transition: float, result: float, whole: bool) -> None:
    """Its edges, one by one."""
    verdict = check_duration(pieces(*seconds), output(result), transition)
    assert isinstance(verdict, Verified) is whole, verdict
    assert json.dumps(verdict.figures)


def test_trims_count_as_they_were_sent() -> None:
    """From start to end, no further than the fragment goes."""
    media = Media(60.0, 1000)
    trimmed = [Piece("a", media, "10", "30.5"), Piece("b", media, start="50"), Piece("c", media, end="90")]
    assert [piece.seconds for piece in trimmed] == [20.5, 10.0, 60.0]
    assert isinstance(check_duration(trimmed, output(90.5)), Verified)


@pytest.mark.parametrize(
    "piece",
    [Piece("b", ProbeError("NoMedia", "text")), Piece("b", Media(0.0, 5)), Piece("b", Media(9.0, 5), start="9")],
)
def test_a_fragment_without_a_length_leaves_it_unverified(piece: Piece) -> None:
    """There is nothing to compare with; the reason names it."""
    verdict = check_duration([*pieces(60), piece], output(60))
    assert isinstance(verdict, Unverified)
    assert "b (" in verdict.reason


@pytest.mark.parametrize(
    ("sizes", "result", "whole"),
    [
        ([1000, 1000], 2000, True),
        ([1000, 1000], 1901, True),
        ([1000, 1000], 1899, False),
        ([1000, 1000], 2099, True),
        ([1000, 1000], 2101, False),
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


PICTURE, SOUND = Stream("video", duration=4.0), Stream("audio", duration=4.0)


@pytest.mark.parametrize(
    ("there", "here", "reason"),
    [
        ([(PICTURE, SOUND)] * 3, (Stream("video", duration=12.0),), "the output has no audio, part0 has 1 audio track"),
        ([(PICTURE,), (PICTURE, SOUND)], (Stream("video", duration=8.0),), "no audio, part1"),
        ([(PICTURE, SOUND)] * 3, (Stream("audio", duration=12.0),), "no video, part0 has 1 video track"),
        (
            [(PICTURE, SOUND, SOUND)] * 2,
            (Stream("video", duration=8.0), Stream("audio", duration=8.0)),
            "1 audio track, part0 has 2",
        ),
        (
            [(PICTURE, SOUND)] * 3,
            (Stream("video", duration=12.0), Stream("audio", duration=4.0)),
            "audio track 1 .* 4.000 s, .* 12.000",
        ),
        (
            [(PICTURE, SOUND)] * 3,
            (Stream("video", duration=4.0), Stream("audio", duration=12.0)),
            "video track 1 .* 4.000 s",
        ),
        (
            [(PICTURE,), (PICTURE, SOUND)],
            (Stream("video", duration=8.0), Stream("audio", duration=8.0)),
            "",
        ),  # silence filled in
        ([(PICTURE, SOUND)] * 3, (Stream("video"), Stream("audio")), ""),  # a container that tells no lengths
        ([(PICTURE, SOUND)] * 3, (Stream("video", duration=11.9), Stream("audio", duration=12.1)), ""),
    ],
)
def test_each_track_of_the_pieces_is_in_the_output(
    there: list[tuple[Stream, ...]], here: tuple[Stream, ...], reason: str
) -> None:
    """By kind, by number and by length; what is missing is kept beside its fragments, by a reason that names it."""
    expected = [Piece(f"part{n}", Media(4.0, 1000, streams=tracks)) for n, tracks in enumerate(there)]
    verdict = check_tracks(expected, Media(4.0 * len(there), 1000, streams=here))
    assert isinstance(verdict, Unverified) == bool(reason)
    if isinstance(verdict, Unverified):
        assert re.search(reason, verdict.reason)
        assert verdict.doubt


def test_what_the_request_leaves_out_is_not_missed() -> None:
    """Only the kind that it names."""
    expected = [Piece("part0", Media(4.0, 1000, streams=(PICTURE, SOUND)))]
    silent = Media(4.0, 1000, streams=(PICTURE,))
    assert isinstance(check_tracks(expected, silent, {"audio"}), Verified)
    assert isinstance(check_tracks(expected, silent, {"video"}), Unverified)


def test_transitions_shorten_the_tracks_as_they_shorten_the_whole() -> None:
    """Three pieces of 4 s with two transitions of 1 s."""
    expected = [Piece(f"part{n}", Media(4.0, 1000, streams=(PICTURE,))) for n in range(3)]
    output = Media(10.0, 1000, streams=(Stream("video", duration=10.0),))
    assert isinstance(check_tracks(expected, output, (), 2.0), Verified)
    assert isinstance(check_tracks(expected, output), Unverified)
