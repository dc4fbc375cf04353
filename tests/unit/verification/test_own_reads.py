"""What files say themselves: headers that are too short are not believed, and nothing is read of what probes tell."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cosconcat.containers.streams import StreamEnd
from cosconcat.job import schema
from cosconcat.job.media import MediaInfo, media_of
from cosconcat.model import Bucket, ByteRange, Media
from cosconcat.verification import own_reads
from cosconcat.verification.join import JoinOptions, ProbedFragment
from cosconcat.verification.own_reads import judge
from cosconcat.verification.verdict import Unverified, Verdict, Verified
from local.media.mediainfo import media_info
from tests.support.containers import AAC, X264, encoded
from tests.support.joins import media

SECONDS = 3.0
BUCKET = Bucket("demo-1250000000", "ap-guangzhou")


class Files:
    """The pieces as objects; every read is counted by its key."""

    def __init__(self, bodies: Mapping[str, bytes]) -> None:
        self.bodies, self.reads = dict(bodies), Counter[str]()

    def read(self, bucket: Bucket, parts: Sequence[ByteRange]) -> Mapping[ByteRange, bytes]:
        """As the port has it."""
        assert bucket == BUCKET
        self.reads.update(part.key for part in parts)
        return {part: self.bodies[part.key][part.start : part.start + part.length] for part in parts}


def judged(bodies: Mapping[str, bytes], output: Media, folder: Path) -> tuple[Verdict, Counter[str]]:
    """The verdict on an output of these files in their order, and how often each was read."""
    files = Files(bodies)
    services: Any = SimpleNamespace(config=SimpleNamespace(bucket=BUCKET), cos=files)
    pieces = []
    for key, body in bodies.items():
        (folder / key).write_bytes(body)
        shown = schema.read(MediaInfo, media_info(folder / key), "MediaInfo", [], "tolerant")
        pieces.append(ProbedFragment(key, media_of(shown)))
    return judge(services, BUCKET, "out.mp4", pieces, output, JoinOptions()), files.reads


def claiming(body: bytes, seconds: float) -> bytes:
    """The file with another length in its header."""
    data = bytearray(body)
    if data.startswith(b"FLV"):
        at = data.index(b"duration") + 9
        data[at : at + 8] = struct.pack(">d", seconds)
    else:
        at = data.index(b"\x44\x89")
        size = data[at + 2] & 0x7F
        data[at + 3 : at + 3 + size] = struct.pack(">d" if size == 8 else ">f", seconds * 1000)
    return bytes(data)


@pytest.mark.parametrize("container", ["flv", "mkv"])
@pytest.mark.parametrize("claimed", [1.0, 2.0, 2.6])
def test_a_header_that_is_too_short_hides_nothing(container: str, claimed: float, tmp_path: Path) -> None:
    """Neither in one piece nor in each: what comes after the end that it says has to be in the output."""
    body = encoded(container, (*X264, *AAC), SECONDS)
    (tmp_path / "whole").write_bytes(body)
    seconds = float(media_info(tmp_path / "whole")["Format"]["Duration"])
    lying = claiming(body, claimed)
    for bodies in ([body, lying, body], [lying] * 3):
        named = {f"part{n}.{container}": each for n, each in enumerate(bodies)}
        hidden = (seconds - claimed) * sum(each is lying for each in bodies)
        short, _ = judged(named, media(3 * seconds - hidden), tmp_path)
        assert isinstance(short, Unverified)
        whole, _ = judged(named, media(3 * seconds), tmp_path)
        assert isinstance(whole, Verified) or whole.rule == "clock", whole
        assert container != "flv" or isinstance(whole, Verified)


def test_of_two_files_behind_one_another_no_length_is_believed(tmp_path: Path) -> None:
    """The last packets tell the second one's clock, which says nothing of the first."""
    short, long = (encoded("mkv", (*X264, *AAC), seconds) for seconds in (1.0, SECONDS))
    verdict, _ = judged({"a.mkv": long, "b.mkv": short + long, "c.mkv": long}, media(3 * SECONDS + 0.1), tmp_path)
    assert isinstance(verdict, Unverified)
    assert verdict.rule == "clock"
    assert "b.mkv jump or go on" in verdict.reason


def test_an_mp4_is_not_read_and_an_flv_two_or_three_times(tmp_path: Path) -> None:
    """No read beside those that a missing length needs."""
    _, reads = judged({"a.mp4": encoded("mp4", (*X264, *AAC), SECONDS)}, media(SECONDS), tmp_path)
    assert not reads
    for container in ("flv", "mkv"):
        verdict, reads = judged({"a": encoded(container, (*X264, *AAC), SECONDS)}, media(SECONDS), tmp_path)
        assert isinstance(verdict, Verified)
        assert 1 <= reads["a"] <= 3


def test_of_many_pieces_only_those_without_a_length_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their headers are believed."""
    monkeypatch.setattr(own_reads, "MOST_TAILS", 2)
    body = encoded("flv", (*X264, *AAC), SECONDS)
    named = {f"part{n}.flv": claiming(body, 2.0) for n in range(3)}
    verdict, reads = judged(named, media(6.0), tmp_path)
    assert isinstance(verdict, Verified), verdict
    assert not reads


@pytest.mark.parametrize("container", ["mkv", "flv", "webm-live"])
def test_an_output_of_one_stream_is_read_to_its_end(container: str, tmp_path: Path) -> None:
    """A silent camera: the header of such a file was written before the end, so it hides what was cut off."""
    codecs = (*X264, "-an") if container != "webm-live" else ("-c:v", "libvpx", "-an")
    body = encoded(container, codecs, SECONDS)
    for share, whole in ((1.0, True), (0.6, False)):
        cut = body[: int(len(body) * share)]
        (tmp_path / "out").write_bytes(cut)
        told = media_of(schema.read(MediaInfo, media_info(tmp_path / "out"), "MediaInfo", [], "tolerant"))
        piece = media(SECONDS)
        piece = piece._replace(streams=piece.of("video"), num_streams=1)
        services: Any = SimpleNamespace(config=SimpleNamespace(bucket=BUCKET), cos=Files({"out": cut}))
        verdict = judge(
            services, BUCKET, "out", [ProbedFragment("a", piece)], told, JoinOptions(container, resized=True)
        )
        assert isinstance(verdict, Verified) is whole, verdict


def test_of_sound_that_is_not_in_the_last_part_of_an_output_no_end_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the latest possible end is known then: expected of a piece, and no evidence of an output."""
    body = encoded("flv", (*X264, *AAC), SECONDS, 1.0)
    services: Any = SimpleNamespace(config=SimpleNamespace(bucket=BUCKET), cos=Files({"out": body}))
    shown = media(SECONDS, format_="flv")
    shown = shown._replace(size=len(body), streams=tuple(s._replace(duration=None) for s in shown.streams))
    ends = [StreamEnd("video", 0, SECONDS), StreamEnd("audio", 0, 2.9, at_most=True)]
    monkeypatch.setattr("cosconcat.containers.reading.ends", lambda *_: ends)
    of_piece = own_reads.lengths_from_tail(services, BUCKET, "out", shown)
    of_output = own_reads.lengths_from_tail(services, BUCKET, "out", shown, of_output=True)
    assert [stream.duration for stream in of_piece.streams] == [SECONDS, 2.9]
    assert [stream.duration for stream in of_output.streams] == [SECONDS, None]


@pytest.mark.parametrize("container", ["flv", "mkv"])
def test_a_torn_end_hides_nothing_behind_a_header_that_is_too_short(container: str, tmp_path: Path) -> None:
    """A recorder that writes the length now and then, and died: the last packet is not whole."""
    body = claiming(encoded(container, (*X264, *AAC), SECONDS), 1.0)[:-100]
    verdict, _ = judged({f"part1.{container}": body}, media(1.0), tmp_path)
    assert isinstance(verdict, Unverified)


def test_a_torn_end_whose_clock_is_not_read_any_more_is_a_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond so many pieces of one join the header is not believed instead."""
    body = claiming(encoded("flv", (*X264, *AAC), SECONDS), 1.0)[:-100]
    monkeypatch.setattr(own_reads, "MOST_CLOCKS", 0)
    verdict, _ = judged({"part1.flv": body}, media(1.0), tmp_path)
    assert isinstance(verdict, Unverified)
    assert verdict.rule == "clock"
