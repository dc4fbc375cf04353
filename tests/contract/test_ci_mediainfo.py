"""Media information: what is told about files of every kind, against how they were made."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.ci.rendering.ffmpeg import executable
from local.media import mediainfo
from tests.support.media import Clip, make

ROOT = Path(__file__).parents[2]
SUBTITLE = "1\n00:00:00,200 --> 00:00:00,900\nhello\n"
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
    return [told["Format"], *told["Stream"]["Video"], *told["Stream"]["Audio"], *told["Stream"]["Subtitle"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of one second in `a.mp4`, a picture, and a subtitle, to make others of."""
    where = tmp_path_factory.mktemp("media")
    make(where / "a.mp4", Clip(extra=("-metadata:s:a:0", "language=eng")))
    ffmpeg(where, "-f", "lavfi", "-i", "color=c=red:s=64x64", "-frames:v", "1", "cover.png")
    (where / "words.srt").write_text(SUBTITLE)
    return where


def ffmpeg(folder: Path, *arguments: str) -> None:
    """One run in the folder."""
    subprocess.run(
        [executable(), "-v", "fatal", "-y", "-nostdin", *arguments], cwd=folder, check=True, stdin=subprocess.DEVNULL
    )


def made_of_a(folder: Path, name: str, *arguments: str) -> dict[str, Any]:
    """What is told about a file that ffmpeg makes of `a.mp4`."""
    ffmpeg(folder, "-i", "a.mp4", *arguments, name)
    return mediainfo.media_info(folder / name)


def test_every_stream_has_a_node_of_its_own(folder: Path) -> None:
    """Two tracks of sound, a cover and a subtitle, each with the index it has in the file."""
    inputs = ("-i", "a.mp4", "-i", "words.srt", "-i", "cover.png", "-map", "0", "-map", "1:a", "-map", "2", "-map", "3")
    coded = ("-c", "copy", "-c:s", "mov_text", "-disposition:v:1", "attached_pic", "-metadata:s:a:1", "language=zho")
    told = made_of_a(folder, "all.mp4", *inputs, *coded)
    streams = told["Stream"]
    assert told["Format"]["NumStream"] == "5"
    assert [(each["Index"], each["Language"]) for each in streams["Audio"]] == [("1", "eng"), ("2", "zho")]
    assert [(each["Index"], each["CodecName"]) for each in streams["Subtitle"]] == [("3", "mov_text")]
    film, cover = streams["Video"]
    assert (film["CodecName"], film["AvgFps"], film["NumFrames"]) == ("h264", "25/1", "25")
    assert (cover["CodecName"], cover["AvgFps"], cover.get("NumFrames")) == ("png", "0/0", None)


def test_data_streams_are_only_counted(folder: Path) -> None:
    """A time code track is in NumStream and has no node, as no kind of node is documented for it."""
    told = made_of_a(folder, "code.mov", "-timecode", "01:00:00:00", "-c", "copy")
    assert told["Format"]["NumStream"] == "3"
    assert sum(len(kind) for kind in told["Stream"].values()) == 2


def test_times_are_the_streams_own(folder: Path) -> None:
    """Sound that begins late and ends early says so, beside the file's length."""
    late = ("-itsoffset", "0.4", "-i", "a.mp4", "-map", "0:v", "-map", "1:a", "-c:v", "copy")
    told = made_of_a(folder, "late.mp4", *late, "-c:a", "aac", "-af", "atrim=duration=0.3")
    (film,), (sound,) = told["Stream"]["Video"], told["Stream"]["Audio"]
    assert (film["StartTime"], film["Duration"]) == ("0.000000", "1.000000")
    assert float(sound["StartTime"]) == pytest.approx(0.4, abs=0.03)
    assert float(sound["Duration"]) == pytest.approx(0.3, abs=0.03)
    assert float(told["Format"]["Duration"]) == pytest.approx(1, abs=0.01)


def test_what_is_behind_an_edit_list_counts_as_pictures_and_not_as_length(folder: Path) -> None:
    """NumFrames is what the file holds, Duration what a player shows of it."""
    ffmpeg(folder, "-ss", "0.6", "-i", "a.mp4", "-c", "copy", "cut.mp4")
    (film,) = mediainfo.media_info(folder / "cut.mp4")["Stream"]["Video"]
    assert (film["NumFrames"], film["Duration"]) == ("25", "0.400000")


def test_rotation_pixel_shape_and_rates(folder: Path) -> None:
    """Rotation in degrees against the clock, Sar and Dar as they stand, Fps beside AvgFps."""
    turned = ("-display_rotation", "-90", "-i", "a.mp4", "-map", "1", "-c", "copy")
    (film,) = made_of_a(folder, "turned.mp4", *turned)["Stream"]["Video"]
    assert (film["Rotation"], film["Width"], film["Height"]) == ("270", "160", "120")
    (film,) = made_of_a(folder, "wide.mp4", "-vf", "setsar=4/3", "-c:v", "libx264")["Stream"]["Video"]
    assert (film["Sar"], film["Dar"]) == ("4:3", "16:9")
    uneven = ("-vf", "select=not(eq(n\\,5)+eq(n\\,6)+eq(n\\,7)+eq(n\\,8))", "-fps_mode", "passthrough", "-an")
    (film,) = made_of_a(folder, "uneven.mp4", *uneven)["Stream"]["Video"]
    assert (film["Fps"], film["AvgFps"], film["NumFrames"]) == ("25.000000", "21/1", "21")


X264 = ("-c:v", "copy", "-c:a", "aac")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-threads", "1")  # its threads wait for one another by spinning
CONTAINERS = {
    "mp4": ("mp4.mp4", X264),
    "mov": ("mov.mov", X264),
    "mp4, fragmented": ("frag.mp4", (*X264, "-movflags", "frag_keyframe+empty_moov+default_base_moof")),
    "flv": ("flv.flv", X264),
    "mkv": ("mkv.mkv", X264),
    "webm": ("webm.webm", (*VP8, "-c:a", "libopus")),
    "webm of a live recorder": (
        "live.webm",
        (*VP8, "-c:a", "libopus", "-live", "1"),
    ),
    "ts": ("ts.ts", X264),
    "avi": ("avi.avi", ("-c:v", "copy", "-c:a", "libmp3lame")),
    "mpg": ("mpg.mpg", ("-c:v", "mpeg2video", "-c:a", "mp2")),
    "hls (the playlist)": ("hls.m3u8", X264),
    "mp3": ("mp3.mp3", ("-vn", "-c:a", "libmp3lame")),
    "aac": ("aac.aac", ("-vn", "-c:a", "aac")),
    "wav": ("wav.wav", ("-vn",)),
}
FIGURES = (
    ("Format", "StartTime"),
    ("Format", "Duration"),
    ("Video", "StartTime"),
    ("Video", "Duration"),
    ("Video", "NumFrames"),
    ("Video", "Bitrate"),
    ("Audio", "StartTime"),
    ("Audio", "Duration"),
    ("Audio", "Bitrate"),
)


def table_row(told: dict[str, Any]) -> list[str]:
    """Which figures are there; "-" where the file has no such stream."""
    nodes = {"Format": told["Format"], **{kind: (each or [None])[0] for kind, each in told["Stream"].items()}}
    return ["-" if nodes[kind] is None else "yes" if figure in nodes[kind] else "no" for kind, figure in FIGURES]


def test_the_documented_table_says_which_figures_each_container_has(folder: Path) -> None:
    """`docs/internals/media-information.md` is what the files show; a figure that is not in the file has no node."""
    rows = [["container", *(f"{kind} {figure}" for kind, figure in FIGURES)], ["---"] * (len(FIGURES) + 1)]
    for container, (name, arguments) in CONTAINERS.items():
        rows.append([container, *table_row(made_of_a(folder, name, *arguments))])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    assert table in (ROOT / "docs" / "internals" / "media-information.md").read_text(), table


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
