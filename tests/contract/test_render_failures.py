"""What a Concat job cannot join: it ends Failed and says why, by the object or the node."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local.ci.errors import JobFailed
from local.ci.rendering.ffmpeg import Ffmpeg, executable
from local.media.probe import NotMedia, probe
from tests.support.local_ci import LocalCi, Piece
from tests.support.media import Clip, make

CLIPS = {
    "red.mp4": Clip("red", 440),
    "lime.mp4": Clip("lime", 660),
    "blue.mp4": Clip("blue", 880),
    "wide.mp4": Clip("lime", 660, size="320x120", fps="30", sample_rate=48000, channels=1),
    "mute.mp4": Clip("blue", None),
    "mpeg4.mp4": Clip("lime", 660, extra=("-c:v", "mpeg4")),
    "red.mp3": Clip(None, 440, audio="mp3"),
    "lime.mp3": Clip(None, 660, audio="mp3"),
    "red.aac": Clip(None, 440),
    "lime.aac": Clip(None, 660),
    "clock.mp4": Clip("lime", 660, extra=("-video_track_timescale", "90000")),
    "rate.mp4": Clip("lime", 660, fps="50", extra=("-video_track_timescale", "12800")),
    "khz.mp4": Clip("lime", 660, sample_rate=48000),
    "mono.mp4": Clip("lime", 660, channels=1),
    "main.mp4": Clip("lime", 660, extra=("-preset", "veryfast")),
    "other.mp4": Clip("lime", 660, audio="mp3"),
    "cut.mkv": Clip("lime", 660, seconds=2),
    "cut.mp4": Clip("lime", 660, seconds=2, extra=("-movflags", "+faststart")),
    "headless.mp4": Clip("lime", 660, seconds=2),
}
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nred.ts\n#EXT-X-ENDLIST\n"
THREE = ("red.mp4", "lime.mp4", "blue.mp4")
TWO = THREE[:2]
DIRECT = {"DirectConcat": "true"}


@pytest.fixture(scope="module")
def ci(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCi]:
    """A service with every clip under its name, some of them cut off, and what is no clip."""
    folder = tmp_path_factory.mktemp("clips")
    with LocalCi() as service:
        for name, clip in CLIPS.items():
            body = make(folder / name, clip).read_bytes()
            if name.startswith(("cut", "headless")):
                body = body[: len(body) * 2 // 3]
            service.store.put(service.bucket, name, body)
        for name, body in (("empty.mp4", b""), ("text.mp4", b"no video"), ("list.m3u8", PLAYLIST)):
            service.store.put(service.bucket, name, body)
        yield service


REFUSED = [
    ("picture size", "wide.mp4"),
    ("video codec", "mpeg4.mp4"),
    ("video profile", "main.mp4"),
    ("video codec", "red.aac"),
    ("video time base", "clock.mp4"),
    ("frame rate", "rate.mp4"),
    ("audio codec", "other.mp4"),
    ("audio codec", "mute.mp4"),
    ("sample rate", "khz.mp4"),
    ("channels", "mono.mp4"),
]


@pytest.mark.parametrize(("named", "other"), REFUSED)
def test_direct_concat_of_unlike_pieces_fails_by_name(named: str, other: str, ci: LocalCi) -> None:
    """With DirectConcat the property in which a piece differs is named, with the piece."""
    job = ci.finished(ci.job(ci.template(("red.mp4", other), "mp4", DIRECT)))
    assert job["State"] == "Failed"
    assert f"{named} is " in job["Message"]
    assert other in job["Message"]


FAILING = [
    ("nothing there", ("red.mp4", "absent.mp4"), {}, "absent.mp4 does not exist"),
    ("an empty object", ("red.mp4", "empty.mp4"), {}, "empty.mp4"),
    ("no media", ("red.mp4", "text.mp4"), {}, "text.mp4"),
    ("a playlist", ("red.mp4", "list.m3u8"), {}, "list.m3u8"),
    ("a cut Matroska file", ("red.mp4", "cut.mkv"), {}, "cut.mkv is cut"),
    ("a cut mp4 with its head", ("red.mp4", "cut.mp4"), {}, ""),
    ("a cut mp4 with its head, copied", ("cut.mp4", "cut.mp4"), DIRECT, ""),
    ("a cut mp4 without its head", ("red.mp4", "headless.mp4"), {}, "headless.mp4"),
    ("EndTime after the end", ({"Url": "red.mp4", "EndTime": "9"},), {}, "ConcatFragment.EndTime is 9"),
    ("StartTime after the end", ({"Url": "red.mp4", "StartTime": "9"},), {}, "ConcatFragment.StartTime is 9"),
    ("a Duration", ({"Url": "red.mp4", "Duration": "1"},), {}, "ConcatFragment.Duration"),
    (
        "a TransitionType",
        TWO,
        {"SceneChangeInfo": {"Mode": "FADE", "TransitionType": "fade"}},
        "SceneChangeInfo.TransitionType",
    ),
    ("a transition longer than a piece", TWO, {"SceneChangeInfo": {"Mode": "GRADIENT"}}, "SceneChangeInfo.Time is 3"),
    ("nothing left", TWO, {"Video": {"Remove": "true"}, "Audio": {"Remove": "true"}}, "neither picture nor sound"),
]


@pytest.mark.parametrize(("name", "pieces", "more", "message"), FAILING, ids=[case[0] for case in FAILING])
def test_what_cannot_be_joined_fails_with_its_name(
    name: str, pieces: tuple[Piece, ...], more: Mapping[str, Any], message: str, ci: LocalCi
) -> None:
    """The job ends Failed, its message names the object or node, and there is no output."""
    job = ci.finished(ci.job(ci.template(pieces, "mp4", more), Output=ci.output("never.mp4")))
    assert job["State"] == "Failed"
    assert message in job["Message"]
    assert ci.store.info(ci.bucket, "never.mp4") is None


@pytest.mark.parametrize(("form", "codec"), [("mp3", "aac"), ("aac", "mp3")])
def test_sound_container_with_another_codec_fails(form: str, codec: str, ci: LocalCi) -> None:
    """Container mp3 holds no aac and the other way round, transcoded or copied."""
    job = ci.finished(ci.job(ci.template(TWO, form, {"Audio": {"Codec": codec}})))
    assert (job["State"], "Audio.Codec" in job["Message"]) == ("Failed", True)
    copied = ci.finished(ci.job(ci.template((f"red.{codec}", f"lime.{codec}"), form, DIRECT)))
    assert (copied["State"], "Container.Format" in copied["Message"]) == ("Failed", True)


def test_what_ffmpeg_complains_of_is_a_failure(tmp_path: Path) -> None:
    """Ffmpeg leaves a missing piece out and ends with 0; its complaint alone fails the run."""
    made = make(tmp_path / "a.mp4", Clip())
    (tmp_path / "list.txt").write_text(f"file '{made}'\nfile '{tmp_path / 'absent.mp4'}'\n")
    arguments = ["-f", "concat", "-safe", "0", "-i", str(tmp_path / "list.txt"), "-c", "copy", str(tmp_path / "o.mp4")]
    assert subprocess.run([executable(), "-v", "quiet", "-y", *arguments], check=False).returncode == 0
    with pytest.raises(JobFailed, match=r"absent\.mp4"):
        Ffmpeg().run(arguments)
    Ffmpeg().run(arguments, believing=True)


@pytest.mark.parametrize("more", [{}, DIRECT], ids=["transcoded", "copied"])
def test_output_that_is_too_short_fails(
    more: Mapping[str, Any], ci: LocalCi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ffmpeg that loses the last piece without a word is found out by the output's duration."""
    forgetful = tmp_path / "ffmpeg"
    run = f"os.execv({executable()!r}, [{executable()!r}, *sys.argv[1:-1], '-t', '2', sys.argv[-1]])"
    forgetful.write_text(f"#!{sys.executable}\nimport os, sys\n{run}\n")
    forgetful.chmod(0o755)
    monkeypatch.setenv("COS_CONCAT_FFMPEG", str(forgetful))
    job = ci.finished(ci.job(ci.template(THREE, "mp4", more)))
    assert job["State"] == "Failed"
    assert "content would be lost" in job["Message"]


def test_playlist_is_no_input(tmp_path: Path) -> None:
    """Its segments would be opened although the request does not name them."""
    make(tmp_path / "a.m3u8", Clip())
    with pytest.raises(NotMedia, match="playlist"):
        probe(tmp_path / "a.m3u8")
