"""Decoder configurations, ends and clocks of real files, and of files that are made to deceive."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosconcat.containers import flv, matroska, mp4, mpegts, reading
from cosconcat.containers.ranged import BLOCK, RangedObject
from cosconcat.errors import InvalidInput
from tests.support.containers import AAC, X264, X265, encoded, ranged, to_file

FORMATS = {"mp4": "mov,mp4,m4a,3gp,3g2,mj2", "mov": "mov,mp4,m4a,3gp,3g2,mj2", "flv": "flv", "ts": "mpegts",
           "mkv": "matroska,webm", "webm-live": "matroska,webm"}  # fmt: skip
FAST = (*X264, "-preset", "ultrafast", *AAC)
SLOW = (*X264, "-preset", "medium", *AAC)
VP8 = ("-c:v", "libvpx", "-c:a", "libopus")


BOTH = ("h264", "aac")


def read(container: str, data: bytes, codecs: Sequence[str] = BOTH) -> list[tuple[str, bytes]]:
    """Kind and configuration of each stream."""
    found = reading.configurations(ranged(data), FORMATS[container], codecs)
    return [(each.kind, each.data) for each in found]


@pytest.mark.parametrize("container", ["mp4", "mov", "flv", "ts", "mkv"])
def test_h264_of_other_settings_is_told_apart_and_of_the_same_is_alike(container: str) -> None:
    """Whatever is in the picture, and however long it is."""
    fast, slow = encoded(container, FAST), encoded(container, SLOW)
    other = encoded(container, FAST, 1.0, None, "smptebars")
    assert [kind for kind, _ in read(container, fast)] == ["video", "audio"]
    assert read(container, fast)[1][1] != b""
    assert read(container, fast) != read(container, slow)
    assert read(container, fast)[1] == read(container, slow)[1]
    assert read(container, fast)[1] == read(container, other)[1]


@pytest.mark.parametrize("container", ["mp4", "ts", "mkv"])
def test_hevc_of_other_settings_is_told_apart(container: str) -> None:
    """The pieces that a copy of packets leaves undecodable."""
    fast, slow = (encoded(container, (*X265, "-preset", preset, *AAC), 0.5) for preset in ("ultrafast", "medium"))
    again = encoded(container, (*X265, "-preset", "ultrafast", *AAC), 0.6)
    assert read(container, fast) == read(container, again)
    assert read(container, fast)[0] != read(container, slow)[0]


@pytest.mark.parametrize(
    ("container", "codecs"),
    [
        ("mp4", ("-c:v", "mpeg4", "-c:a", "libmp3lame")),
        ("ts", ("-c:v", "mpeg4", "-c:a", "libmp3lame")),
        ("ts", ("-c:v", "mpeg2video", "-c:a", "mp2")),
        ("flv", ("-c:v", "flv1", "-c:a", "libmp3lame")),
        ("mkv", VP8),
    ],
)
def test_other_codecs_are_read(container: str, codecs: tuple[str, ...]) -> None:
    """Two files of one encoder are alike."""
    assert read(container, encoded(container, codecs)) == read(container, encoded(container, codecs, 1.0))


@pytest.mark.parametrize("flags", [(), ("-movflags", "+faststart")])
def test_an_index_is_found_at_either_end(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """Few reads, wherever it is."""
    source = ("-f", "lavfi", "-i", "testsrc2=s=640x480:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2")
    data = to_file(tmp_path / "a.mp4", *source, *FAST, *flags)
    asked: list[int] = []

    def counted(start: int, length: int) -> bytes:
        asked.append(start)
        return data[start : start + length]

    assert len(data) > 4 * BLOCK
    assert len(reading.configurations(RangedObject(counted, len(data)), FORMATS["mp4"], BOTH)) == 2
    assert len(asked) <= 3


def test_bitrates_in_an_esds_are_no_difference() -> None:
    """They differ from file to file; the decoder does not need them."""
    data = encoded("mp4")
    at = data.index(b"esds") + 4 + 4
    decoder = data.index(b"\x04\x80\x80\x80", at) + 5
    changed = data[: decoder + 5] + b"\x12\x34\x56\x78" + data[decoder + 9 :]
    assert changed != data
    assert read("mp4", changed) == read("mp4", data)


def test_codecs_of_which_a_probe_shows_all_are_not_read() -> None:
    """Whatever holds them: motion JPEG and PCM in avi, mp3."""

    def never(start: int, length: int) -> bytes:
        raise AssertionError((start, length))

    assert reading.configurations(RangedObject(never, 99), "avi", ("mjpeg", "pcm_s16le")) == ()
    assert reading.configurations(RangedObject(never, 99), "mp3", ("mp3",)) == ()


def test_sound_alone_in_adts_is_told_by_its_first_header() -> None:
    """Its rate and channels, not its length."""
    one = reading.configurations(ranged(b"\xff\xf1\x50\x80\x00"), "aac", ("aac",))
    assert one == reading.configurations(ranged(b"\xff\xf1\x50\x8f\xff"), "aac", ("aac",))
    assert one != reading.configurations(ranged(b"\xff\xf1\x4c\x80\x00"), "aac", ("aac",))


def test_another_number_of_streams_than_the_probe_showed_is_not_read() -> None:
    """Then nobody knows which is which."""
    with pytest.raises(InvalidInput, match="2 decoder configurations for 3"):
        read("mp4", encoded("mp4"), (*BOTH, "aac"))


@pytest.mark.parametrize("form", ["avi", "ogg", "", "rm"])
def test_a_format_without_a_reader_is_not_read(form: str) -> None:
    """It says so; the join is kept then."""
    for read_ in (reading.ends, lambda w, f: reading.clock(w, f, 2.0), lambda w, f: reading.configurations(w, f, BOTH)):
        with pytest.raises(InvalidInput, match="cannot be read here"):
            read_(ranged(b"x" * 99), form)


@pytest.mark.parametrize(("container", "codecs"), [("flv", FAST), ("flv", SLOW), ("mkv", FAST), ("webm-live", VP8)])
def test_the_end_of_each_stream_is_told_by_its_last_packets(container: str, codecs: tuple[str, ...]) -> None:
    """Also where sound ends earlier, and where the header says no length at all."""
    for sound in (2.0, 1.0):
        found = reading.ends(ranged(encoded(container, codecs, 2.0, sound)), FORMATS[container])
        assert {end.kind: round(end.seconds, 3) for end in found} == pytest.approx(
            {"video": 2.0, "audio": sound}, abs=0.12
        )
        assert not any(end.at_most for end in found)


def test_a_stream_that_is_not_in_the_last_part_ended_before_it() -> None:
    """A header that speaks of sound, and a file without any."""
    data = encoded("flv", (*X264, "-preset", "ultrafast", "-an"))
    found = {end.kind: end for end in flv.ends(ranged(data))}
    assert found["audio"].at_most
    assert not found["video"].at_most


@pytest.mark.parametrize("container", ["ts", "flv"])
def test_a_clock_that_runs_on_is_steady_and_one_that_starts_again_jumps(container: str) -> None:
    """`cat a.ts b.ts`: the header says half of what is in it."""
    one = encoded(container, FAST, 4.0)
    assert reading.clock(ranged(one), FORMATS[container], 4.0) == "steady"
    assert reading.clock(ranged(one), FORMATS[container], 2.0) == "jumps"
    if container == "ts":
        assert reading.clock(ranged(one + encoded("ts", FAST, 2.0)), "mpegts", 4.0) == "jumps"


@pytest.mark.parametrize("limit", ["200", "2000", "5000"])
def test_the_clock_of_an_mkv_is_told_by_its_cues_however_far_apart_its_clusters_are(limit: str) -> None:
    """A screen recording has some megabytes in each."""
    data = encoded("mkv", (*SLOW, "-cluster_time_limit", limit), 4.0)
    assert reading.clock(ranged(data), "matroska,webm", 4.0) == "steady"
    assert reading.clock(ranged(data), "matroska,webm", 2.0) == "jumps"
    assert reading.clock(ranged(data), "matroska,webm", 40.0) == "jumps"


def test_a_clock_of_which_too_little_is_met_is_not_judged() -> None:
    """An mkv without cues, whose clusters begin at its head alone; or with more behind what its cues know."""
    data = encoded("mkv", FAST, 4.0)
    without = data.replace(b"\x11\x4d\x9b\x74", b"\x11\x4d\x9b\x75")
    with pytest.raises(InvalidInput, match="too few to tell"):
        reading.clock(ranged(without), "matroska,webm", 4.0)
    with pytest.raises(InvalidInput):
        reading.clock(ranged(data + data), "matroska,webm", 4.0)
    with pytest.raises(InvalidInput):
        reading.clock(ranged(data + bytes(10 * BLOCK)), "matroska,webm", 4.0)
    long = encoded("mkv", (*SLOW, "-b:v", "4M", "-minrate", "4M", "-maxrate", "4M", "-bufsize", "1M"), 4.0)
    behind = encoded("mkv", (*SLOW, "-cluster_time_limit", "200"), 4.0)
    with pytest.raises(InvalidInput, match="too few to tell"):
        reading.clock(ranged(long + behind), "matroska,webm", 4.0)


def test_what_looks_like_a_cluster_within_one_is_none() -> None:
    """Else a file that is full of such bytes would be read again for each of them."""
    false = b"\x1f\x43\xb6\x75\x83\xe7\x81\x07" * 1000
    content = b"\xe7\x81\x05\xec" + (0x200000 | len(false)).to_bytes(3, "big") + false
    data = b"\x1f\x43\xb6\x75" + (0x200000 | len(content)).to_bytes(3, "big") + content
    assert [ticks for ticks, _, _ in matroska._clusters(data)] == [5]
    assert [ticks for ticks, _, _ in matroska._clusters(data[:4000])] == [5]


def test_the_end_of_a_sound_is_looked_for_one_cluster_further_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a key picture begins the last cluster right at the end, and the one before is large."""
    data = encoded("mkv", (*FAST[:-2], "-g", "500", "-force_key_frames", "3.92", *AAC), 4.0, 3.8)
    last = len(data) - data.rindex(b"\x1f\x43\xb6\x75")
    monkeypatch.setattr(matroska, "TAIL_BYTES", last + 50)
    found = {end.kind: end for end in matroska.ends(ranged(data))}
    assert (found["audio"].at_most, round(found["audio"].seconds, 1)) == (False, 3.8)


def test_a_cluster_that_no_cue_names_is_found_from_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cues name those that begin with a key picture, and these may lie far apart."""
    codecs = (*FAST[:-2], "-g", "500", "-force_key_frames", "3.92", "-cluster_time_limit", "500", *AAC)
    data = encoded("mkv", codecs, 4.0, 3.8)
    mark = b"\x1f\x43\xb6\x75"
    last = data.rindex(mark)
    before = data.rindex(mark, 0, last)
    monkeypatch.setattr(matroska, "TAIL_BYTES", len(data) - last + 50)
    monkeypatch.setattr(matroska, "LARGEST_CLUSTER", len(data) - before + 50)
    found = {end.kind: end for end in matroska.ends(ranged(data))}
    assert (found["audio"].at_most, round(found["audio"].seconds, 1)) == (False, 3.8)


def test_a_clock_wraps_after_a_day_without_jumping() -> None:
    """33 bits of 90 kHz."""
    data = encoded("ts", (*FAST, "-output_ts_offset", "95442"))
    assert reading.clock(ranged(data), "mpegts", 2.0) == "steady"


def test_reads_of_one_object_are_bounded() -> None:
    """However it is built, forty requests."""
    far = b"".join((BLOCK * 2).to_bytes(4, "big") + b"free" + bytes(BLOCK * 2 - 8) for _ in range(100))
    with pytest.raises(InvalidInput, match="too many reads"):
        mp4.configurations(ranged(far))


def test_an_answer_that_is_too_short_is_not_believed() -> None:
    """Replaced while it was read, perhaps."""
    with pytest.raises(InvalidInput, match="0 of 100 bytes"):
        RangedObject(lambda start, length: b"", 100).bytes_at(0, 4)


READERS = {
    "mp4": (mp4.configurations,),
    "flv": (flv.configurations, flv.ends, lambda file: flv.times(file, 4)),
    "ts": (mpegts.configurations, lambda file: mpegts.times(file, 4)),
    "mkv": (matroska.configurations, matroska.ends, lambda file: matroska.times(file, 4)),
}


@pytest.mark.parametrize("container", list(READERS))
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_broken_file_ends_with_an_answer_or_with_invalid_input(container: str, data: st.DataObject) -> None:
    """Bytes changed, cut out, or doubled where it hurts: near the beginning and near the end."""
    whole = bytearray(encoded(container, FAST, 0.2))
    for _ in range(data.draw(st.integers(1, 6))):
        near = data.draw(st.sampled_from([0, 0, max(len(whole) - 2000, 0)]))
        at = min(near + data.draw(st.integers(0, 2000)), max(len(whole) - 1, 0))
        change = data.draw(st.binary(max_size=8))
        whole[at : at + data.draw(st.sampled_from([0, len(change), 500]))] = change
    for reader in READERS[container]:
        with suppress(InvalidInput):
            reader(ranged(bytes(whole)))


@settings(max_examples=200, deadline=None)
@given(body=st.binary(max_size=600))
def test_any_bytes_at_all_are_survived(body: bytes) -> None:
    """With the first bytes of each container before them."""
    starts = (b"", b"FLV\x01\x05\0\0\0\x09\0\0\0\0", b"\x1aE\xdf\xa3\x80\x18S\x80g\xff", (b"G" + bytes(187)) * 3)
    for start in starts:
        for readers in READERS.values():
            for reader in readers:
                with suppress(InvalidInput):
                    reader(ranged(start + body))
