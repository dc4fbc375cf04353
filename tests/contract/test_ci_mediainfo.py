"""Media information: what is told about files of every kind, against how they were made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.ci import mediainfo
from tests.support.media import Clip, make

FILES = [
    ("a.mp4", Clip(seconds=1.4, size="192x128", fps="30000/1001"), "mov,mp4,m4a,3gp,3g2,mj2", 2),
    ("a.ts", Clip(seconds=1.4), "mpegts", 2),
    ("a.flv", Clip(seconds=1.4), "flv", 2),
    ("a.mkv", Clip(seconds=1.4, sample_rate=48000, channels=1), "matroska,webm", 2),
    ("mute.mp4", Clip(hertz=None, seconds=2), "mov,mp4,m4a,3gp,3g2,mj2", 1),
    ("a.mp3", Clip(color=None, audio="mp3", seconds=3), "mp3", 1),
    ("a.aac", Clip(color=None, seconds=3), "aac", 1),
    ("a.wav", Clip(color=None, audio="pcm_s16le", seconds=3), "wav", 1),
]


@pytest.mark.parametrize(("name", "clip", "form", "streams"), FILES, ids=[file[0] for file in FILES])
def test_information_agrees_with_the_file(name: str, clip: Clip, form: str, streams: int, tmp_path: Path) -> None:
    """Duration, size, streams and their properties; all values are text."""
    path = make(tmp_path / name, clip)
    told = mediainfo.media_info(path)
    general = told["Format"]
    assert (general["FormatName"], general["NumStream"]) == (form, str(streams))
    assert float(general["Duration"]) == pytest.approx(clip.seconds, abs=0.08)
    assert general["Size"] == str(path.stat().st_size)
    assert float(general["Bitrate"]) == pytest.approx(path.stat().st_size * 8 / 1000 / clip.seconds, rel=0.15)
    assert all(isinstance(value, str) for part in flat(told) for value in part.values())
    if clip.color:
        (video,) = told["Stream"]["Video"]
        assert (video["Width"], video["Height"]) == tuple(clip.size.split("x"))
        assert video["CodecName"] == "h264"
        assert video["Rotation"] == "0"
    else:
        assert told["Stream"]["Video"] == []
    if clip.hertz:
        (audio,) = told["Stream"]["Audio"]
        assert (audio["SampleRate"], audio["Channel"]) == (str(clip.sample_rate), str(clip.channels))
    else:
        assert told["Stream"]["Audio"] == []


def flat(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Format and every stream."""
    return [told["Format"], *told["Stream"]["Video"], *told["Stream"]["Audio"]]


@pytest.mark.parametrize("body", [b"", b"text", b"\x00" * 4096, b"ID3\x04\x00\x00\x00\x00\x00\x00"])
def test_what_is_no_media_is_an_error(body: bytes, tmp_path: Path) -> None:
    """Nothing is made up for it."""
    path = tmp_path / "x.mp4"
    path.write_bytes(body)
    with pytest.raises(mediainfo.NotMedia):
        mediainfo.media_info(path)


def test_cut_file_is_an_error(tmp_path: Path) -> None:
    """An mp4 without its index cannot be probed."""
    path = make(tmp_path / "a.mp4", Clip())
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(mediainfo.NotMedia):
        mediainfo.media_info(path)


def test_synthetic_durations_add_up() -> None:
    """Load tests join bytes: the duration of the whole is the sum of the parts'."""
    sizes = [1, 999, 123456]
    parts = sum(float(mediainfo.synthetic_info(size)["Format"]["Duration"]) for size in sizes)
    assert float(mediainfo.synthetic_info(sum(sizes))["Format"]["Duration"]) == pytest.approx(parts)
