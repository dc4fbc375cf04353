"""What comes out of a Concat job, seen by decoding it: order, trims, containers, sizes, rates, codecs, transitions."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from local.ci.rendering.ffmpeg import executable
from local.media.probe import extents
from tests.support.local_ci import LocalCi, Piece, read
from tests.support.longer import one_in
from tests.support.media import (
    Clip,
    color_at,
    color_of,
    duration_of,
    loudness_at,
    make,
    picture_at,
    streams_of,
    tones_at,
)

CORNER = ("-vf", "drawbox=x=0:y=0:w=80:h=60:c=white:t=fill")  # the upper left quarter is white
CLIPS = {
    "red.mp4": Clip("red", 440),
    "lime.mp4": Clip("lime", 660),
    "blue.mp4": Clip("blue", 880),
    "long.mp4": Clip("yellow", 1000, seconds=2),
    "corner.mp4": Clip("blue", 440, extra=CORNER),
    "wide.mp4": Clip("lime", 660, size="320x120", fps="30", sample_rate=48000, channels=1),
    "mute.mp4": Clip("blue", None),
    "red.mp3": Clip(None, 440, audio="mp3"),
    "lime.mp3": Clip(None, 660, audio="mp3"),
    "red.aac": Clip(None, 440),
    "lime.aac": Clip(None, 660),
    "red.ts": Clip("red", 440),
    "lime.ts": Clip("lime", 660),
    "red.flv": Clip("red", 440),
    "lime.flv": Clip("lime", 660),
    "mpeg4.mp4": Clip("lime", 660, extra=("-c:v", "mpeg4")),
}


@pytest.fixture(scope="module")
def ci(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCi]:
    """A service with every clip under its name."""
    folder = tmp_path_factory.mktemp("clips")
    with LocalCi() as service:
        for name, clip in CLIPS.items():
            path = make(folder / name, clip)
            service.store.upload(service.bucket, name, path)
        corner = folder / "corner.mp4"
        for name, arguments in REMUXED.items():
            path = remux(folder / name, *arguments, source=corner)
            service.store.upload(service.bucket, name, path)
        yield service


# Made of corner.mp4 without encoding: options before each input, and after them.
REMUXED = {
    "turned.mp4": (("-display_rotation", "-90"), (), ()),  # as a camera held upright stores it
    "late.mp4": ((), ("-itsoffset", "0.5"), ()),  # its sound begins half a second after its picture
    "brief.mp4": (("-t", "0.4"), (), ()),  # its sound outlasts its picture
}


def remux(path: Path, first: Sequence[str], second: Sequence[str], last: Sequence[str], source: Path) -> Path:
    """Picture of the first input, sound of the second, both the same file."""
    inputs = [*first, "-i", str(source), *second, "-i", str(source), "-map", "0:v", "-map", "1:a", *last]
    command = [executable(), "-v", "error", *inputs, "-c", "copy", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@dataclass(frozen=True)
class Case:
    """Pieces (keys, or whole ConcatFragment nodes), the rest of ConcatTemplate, and what has to be in the output."""

    name: str
    pieces: tuple[Piece, ...]
    seconds: float
    template: Mapping[str, Any] = field(default_factory=dict)
    input: str = ""
    format: str = "mp4"
    colors: Mapping[float, str] = field(default_factory=dict)
    tones: Mapping[float, set[int]] = field(default_factory=dict)
    streams: Mapping[str, Any] = field(default_factory=dict)


RGB = {0.5: "red", 1.5: "lime", 2.5: "blue"}
RISING = {0.5: {440}, 1.5: {660}, 2.5: {880}}
THREE = ("red.mp4", "lime.mp4", "blue.mp4")
TWO = ("red.mp4", "lime.mp4")
DIRECT = {"DirectConcat": "true"}
REVERSED = (
    {"Url": "blue.mp4", "FragmentIndex": "10"},
    {"Url": "lime.mp4", "FragmentIndex": "2"},
    {"Url": "red.mp4", "FragmentIndex": "0"},
)
MODES = ({"Url": "blue.mp4", "Mode": "End"}, {"Url": "red.mp4", "Mode": "Start"})
VIDEO = {"Codec": "H.264"}
AUDIO = {"Codec": "aac"}
CASES = [
    Case("copied in order", THREE, 3, DIRECT, colors=RGB, tones=RISING, streams={"size": (160, 120)}),
    Case("transcoded in order", THREE, 3, colors=RGB, tones=RISING),
    Case("by FragmentIndex, not by place", REVERSED, 3, colors=RGB, tones=RISING),
    Case("by FragmentIndex, copied", REVERSED, 3, DIRECT, colors=RGB, tones=RISING),
    Case("ties of FragmentIndex stay in place", ({"Url": "red.mp4"}, {"Url": "lime.mp4"}), 2, colors={0.5: "red"}),
    Case("the same object twice", ("red.mp4", "lime.mp4", "red.mp4"), 3, colors={2.5: "red"}, tones={2.5: {440}}),
    Case("a single piece", ("long.mp4",), 2, colors={1.0: "yellow"}),
    Case(
        "trimmed at both ends",
        ({"Url": "long.mp4", "StartTime": "0.5", "EndTime": "1.3"}, {"Url": "red.mp4", "EndTime": "0.4"}),
        1.2,
        colors={0.7: "yellow", 0.9: "red"},
        tones={0.5: {1000}, 1.05: {440}},
    ),
    Case("trims are void when copied", ({"Url": "long.mp4", "EndTime": "0.5"}, "long.mp4"), 4, DIRECT),
    Case("Input first without Index", ("lime.mp4", "blue.mp4"), 3, input="red.mp4", colors=RGB, tones=RISING),
    Case("Input at Index 1", ("red.mp4", "blue.mp4"), 3, {"Index": "1"}, "lime.mp4", colors=RGB, tones=RISING),
    Case("Input at the last Index", TWO, 3, {"Index": "2"}, "blue.mp4", colors=RGB, tones=RISING),
    Case("Input between Mode Start and Mode End", MODES, 3, input="lime.mp4", colors=RGB, tones=RISING),
    Case(
        "another size, frame rate, sample rate and layout",
        ("red.mp4", "wide.mp4"),
        2,
        colors={0.5: "red", 1.5: "lime"},
        tones={0.5: {440}, 1.5: {660}},
        streams={"size": (160, 120), "fps": Fraction(30), "rate": 48000, "channels": 2},
    ),
    Case("a piece without sound", ("red.mp4", "mute.mp4", "lime.mp4"), 3, tones={0.5: {440}, 1.5: set(), 2.5: {660}}),
    Case("sound missing in the first piece", ("mute.mp4", "red.mp4"), 2, tones={0.5: set(), 1.5: {440}}),
    Case("a piece without picture", ("red.mp4", "lime.mp3"), 2, colors={1.5: "black"}, tones={1.5: {660}}),
    Case("sound that begins late", ("late.mp4",), 1.5, tones={0.25: set(), 0.9: {440}, 1.3: {440}}),
    Case("sound that outlasts its picture", ("brief.mp4", "red.mp4"), 2, colors={0.8: "blue", 1.5: "red"}),
    Case("no piece has sound", ("mute.mp4", "mute.mp4"), 2, streams={"audio": None}),
    Case("only sounds in mp4", ("red.mp3", "lime.aac"), 2, tones={0.5: {440}, 1.5: {660}}, streams={"video": None}),
    Case("MPEG-4 becomes H.264", ("mpeg4.mp4", "red.mp4"), 2, colors={0.5: "lime"}, streams={"video": "h264"}),
    *(
        Case(f"container {form}", TWO, 2, format=form, colors={0.5: "red", 1.5: "lime"}, tones={1.5: {660}})
        for form in ("mp4", "flv", "ts", "hls")
    ),
    Case("container mp3", TWO, 2, format="mp3", tones={0.5: {440}, 1.5: {660}}, streams={"audio": "mp3float"}),
    Case("container aac", TWO, 2, format="aac", tones={0.5: {440}, 1.5: {660}}, streams={"video": None}),
    *(
        Case(f"{form} copied into {form}", (f"red.{form}", f"lime.{form}"), 2, DIRECT, format=form, tones={1.5: {660}})
        for form in ("mp4", "flv", "ts", "mp3", "aac")
    ),
    Case("mp4 copied into hls", TWO, 2, DIRECT, format="hls", colors={1.5: "lime"}, tones={1.5: {660}}),
    Case("mp4 copied into aac", TWO, 2, DIRECT, format="aac", tones={1.5: {660}}, streams={"video": None}),
    Case("ts copied into mp4", ("red.ts", "lime.ts"), 2, DIRECT, colors={1.5: "lime"}, tones={1.5: {660}}),
    Case(
        "Width and Height", TWO, 2, {"Video": VIDEO | {"Width": "320", "Height": "128"}}, streams={"size": (320, 128)}
    ),
    Case("Width alone", TWO, 2, {"Video": VIDEO | {"Width": "240"}}, streams={"size": (240, 180)}),
    Case("Height alone", TWO, 2, {"Video": VIDEO | {"Height": "180"}}, streams={"size": (240, 180)}),
    Case("Fps", TWO, 2, {"Video": VIDEO | {"Fps": "12.5"}}, colors={1.5: "lime"}, streams={"fps": Fraction("12.5")}),
    Case("Video.Remove", TWO, 2, {"Video": {"Remove": "true"}}, tones={1.5: {660}}, streams={"video": None}),
    Case("Audio.Remove", TWO, 2, {"Audio": {"Remove": "true"}}, colors={1.5: "lime"}, streams={"audio": None}),
    Case("Audio.Codec mp3", TWO, 2, {"Audio": {"Codec": "mp3"}}, tones={1.5: {660}}, streams={"audio": "mp3float"}),
    Case("Audio.Codec aac", ("red.mp3", "lime.mp3"), 2, {"Audio": AUDIO}, tones={1.5: {660}}, streams={"audio": "aac"}),
    *(
        Case(f"Samplerate {rate}", TWO, 2, {"Audio": AUDIO | {"Samplerate": rate}}, streams={"rate": int(rate)})
        for rate in ("11025", "48000", "96000")
    ),
    *(
        Case(f"Channels {count}", TWO, 2, {"Audio": AUDIO | {"Channels": count}}, streams={"channels": int(count)})
        for count in ("1", "4", "5", "6", "8")
    ),
]


@pytest.mark.parametrize("case", one_in(3, CASES), ids=lambda case: case.name)
def test_output_holds_what_the_request_says(case: Case, ci: LocalCi, tmp_path: Path) -> None:
    """Duration, colours, tones and codecs of the decoded output are those of the pieces, in their order."""
    request = {"Input": {"Object": case.input}} if case.input else {}
    output = ci.rendered(tmp_path, ci.job(ci.template(case.pieces, case.format, case.template), request=request))
    assert output.suffix == (".m3u8" if case.format == "hls" else f".{case.format}")
    assert duration_of(output) == pytest.approx(case.seconds, abs=0.16)
    assert {at: color_at(output, at) for at in case.colors} == case.colors
    assert {at: tones_at(output, at) for at in case.tones} == case.tones
    streams = streams_of(output)
    assert {name: streams.get(name) for name in case.streams} == case.streams


@pytest.mark.parametrize(
    ("degrees", "size", "corner"),
    [("90", (120, 160), "right top"), ("180", (160, 120), "right bottom"), ("270", (120, 160), "left bottom")],
)
def test_rotate_turns_clockwise(degrees: str, size: tuple[int, int], corner: str, ci: LocalCi, tmp_path: Path) -> None:
    """The white corner goes round, and the frame changes its shape with it."""
    more = {"Video": VIDEO | {"Rotate": degrees}}
    output = ci.rendered(tmp_path, ci.job(ci.template(("corner.mp4",), "mp4", more)))
    assert streams_of(output)["size"] == size
    assert white_corner(output) == corner


def test_turned_recording_is_shown_upright(ci: LocalCi, tmp_path: Path) -> None:
    """A rotation stored in the file is applied: the frame is high, the corner is where a player shows it."""
    output = ci.rendered(tmp_path, ci.job(ci.template(("turned.mp4", "turned.mp4"), "mp4", {})))
    assert streams_of(output)["size"] == (120, 160)
    assert white_corner(output) == "right top"


def test_rotations_of_copied_pieces_must_agree(ci: LocalCi) -> None:
    """An upright and a turned recording cannot be copied into one stream."""
    job = ci.finished(ci.job(ci.template(("corner.mp4", "turned.mp4"), "mp4", DIRECT)))
    assert job["State"] == "Failed"
    assert "turned.mp4" in job["Message"]


def white_corner(path: Path) -> str:
    """Where the quarter of the frame is that is white."""
    picture = picture_at(path, 0.5)
    height, width, _ = picture.shape
    found = []
    for column, across in (("left", 0.2), ("right", 0.8)):
        for row, down in (("top", 0.2), ("bottom", 0.8)):
            top, left = round(height * down), round(width * across)
            if color_of(picture[top - 8 : top + 8, left - 8 : left + 8]) == "white":
                found.append(f"{column} {row}")
    return ", ".join(found)


def test_odd_angle_keeps_the_whole_picture_on_black(ci: LocalCi, tmp_path: Path) -> None:
    """At 45 degrees the frame grows to hold the turned picture: blue in the middle, black at its corners."""
    more = {"Video": VIDEO | {"Rotate": "45"}}
    output = ci.rendered(tmp_path, ci.job(ci.template(("corner.mp4",), "mp4", more)))
    width, height = streams_of(output)["size"]
    assert (width, height) == (pytest.approx(198, abs=2), pytest.approx(198, abs=2))
    assert color_of(picture_at(output, 0.5)[:12, :12]) == "black"
    assert color_of(picture_at(output, 0.5)[120:130, 95:105]) == "blue"


def test_other_shape_is_fitted_in_with_black_borders(ci: LocalCi, tmp_path: Path) -> None:
    """A picture twice as wide keeps its shape inside the first piece's frame."""
    picture = picture_at(ci.rendered(tmp_path, ci.job(ci.template(("red.mp4", "wide.mp4"), "mp4", {}))), 1.5)
    assert color_of(picture[:20]) == "black"
    assert color_of(picture[40:80]) == "lime"
    assert color_of(picture[100:]) == "black"


def test_picture_stands_still_while_its_sound_goes_on(ci: LocalCi, tmp_path: Path) -> None:
    """The last picture of the last piece is repeated up to its end."""
    output = ci.rendered(tmp_path, ci.job(ci.template(("red.mp4", "brief.mp4"), "mp4", {})))
    with av.open(str(output)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([number / 25 for number in range(len(times))])
    assert len(times) in (50, 51)


def test_bitrates_follow_the_request(ci: LocalCi, tmp_path: Path) -> None:
    """Audio.Bitrate and Video.Crf and Video.Bitrate change the streams they name; Crf makes Bitrate void."""

    def made(**more: Any) -> Mapping[str, Any]:
        return streams_of(ci.rendered(tmp_path, ci.job(ci.template(("noise.mp4",), "mp4", more))))

    noise = Clip("gray", 440, extra=("-vf", "noise=alls=30:allf=t", "-crf", "10"))
    ci.store.upload(ci.bucket, "noise.mp4", make(tmp_path / "noise.mp4", noise))
    assert made(Audio=AUDIO | {"Bitrate": "32"})["audio_bitrate"] == pytest.approx(32_000, rel=0.3)
    low, high = (made(Video=VIDEO | {"Bitrate": rate})["video_bitrate"] for rate in ("100", "1500"))
    assert low < high / 2  # rate control has one second to settle
    fine, coarse = (made(Video=VIDEO | {"Crf": crf, "Bitrate": "100"})["video_bitrate"] for crf in ("15", "45"))
    assert fine > 5 * coarse
    assert fine > 2 * low
    assert coarse < made()["video_bitrate"] < fine  # 25 when neither is given


def test_fade_goes_through_black_and_keeps_the_length(ci: LocalCi, tmp_path: Path) -> None:
    """FADE: black and silence at the seam, full picture and sound on both sides, nothing at the ends of the whole."""
    more = {"SceneChangeInfo": {"Mode": "FADE", "Time": "0.8"}}
    output = ci.rendered(tmp_path, ci.job(ci.template(("long.mp4", "red.mp4"), "mp4", more)))
    assert duration_of(output) == pytest.approx(3, abs=0.1)
    colors = [color_at(output, at) for at in (0.02, 1.4, 1.98, 2.02, 2.6, 2.9)]
    assert colors == ["yellow", "yellow", "black", "black", "red", "red"]
    assert loudness_at(output, 2.0) < loudness_at(output, 1.0) / 5
    assert tones_at(output, 2.7) == {440}


def test_gradient_blends_and_takes_its_time_off_the_sum(ci: LocalCi, tmp_path: Path) -> None:
    """GRADIENT: half of each picture and both tones in the middle of the overlap."""
    more = {"SceneChangeInfo": {"Mode": "GRADIENT", "Time": "0.4"}}
    output = ci.rendered(tmp_path, ci.job(ci.template(THREE, "mp4", more)))
    assert duration_of(output) == pytest.approx(3 - 2 * 0.4, abs=0.1)
    assert [color_at(output, at) for at in (0.3, 1.1, 1.9)] == ["red", "lime", "blue"]
    red, green, blue = picture_at(output, 0.8)[40:80, 60:100].reshape(-1, 3).mean(axis=0)
    assert (red, green, blue) == (pytest.approx(127, abs=40), pytest.approx(127, abs=40), pytest.approx(0, abs=40))
    assert tones_at(output, 0.8, 0.2) == {440, 660}
    assert tones_at(output, 1.1, 0.2) == {660}


def test_transitions_keep_sound_and_picture_in_step(ci: LocalCi, tmp_path: Path) -> None:
    """Half a second is no whole number of pictures at five a second: the sound is blended as long as the picture."""
    more = {"SceneChangeInfo": {"Mode": "GRADIENT", "Time": "0.5"}, "Video": VIDEO | {"Fps": "5"}}
    output = ci.rendered(tmp_path, ci.job(ci.template(THREE * 2, "mp4", more)))
    picture, sound = (extent.end for extent in extents(output) if extent is not None)
    assert picture == pytest.approx(sound, abs=0.1)


def test_default_scene_change_is_none(ci: LocalCi, tmp_path: Path) -> None:
    """Mode Default joins as without the node."""
    more = {"SceneChangeInfo": {"Mode": "Default"}}
    output = ci.rendered(tmp_path, ci.job(ci.template(TWO, "mp4", more)))
    assert duration_of(output) == pytest.approx(2, abs=0.1)
    assert color_at(output, 0.97) == "red"


def test_template_is_rendered(ci: LocalCi, tmp_path: Path) -> None:
    """TemplateId: the stored format, size and fragment win; the Input goes after a fragment of Mode Start."""
    intro = {"Url": ci.url("red.mp4"), "Mode": "Start"}
    stored = {"ConcatFragment": intro, "Container": {"Format": "ts"}, "Video": VIDEO | {"Width": "240"}}
    answer = ci.ask("POST", "/template", {"Tag": "Concat", "Name": "intro", "ConcatTemplate": stored})
    job = ci.job(ci.template(("blue.mp4",), "mp4", {}), TemplateId=read(answer)["Template"]["TemplateId"])
    output = ci.rendered(tmp_path, {**job, "Input": {"Object": "lime.mp4"}})
    assert output.suffix == ".ts"
    assert streams_of(output)["size"] == (240, 180)
    assert [color_at(output, at) for at in (0.5, 1.5)] == ["red", "lime"]
    assert duration_of(output) == pytest.approx(2, abs=0.16)


def test_hls_names_playlist_and_segments(ci: LocalCi) -> None:
    """A playlist and its segments are several ObjectName entries, each with its MD5, under the asked name."""
    job = ci.job(ci.template(("long.mp4",) * 6, "hls", {}), Output=ci.output("h/${jobid}.${ext}"))
    done = ci.finished(job)
    assert done["State"] == "Success", done["Message"]
    files = done["Operation"]["MediaResult"]["OutputFile"]
    stem = f"h/{done['JobId']}"
    assert files["ObjectName"] == [f"{stem}.m3u8", f"{stem}_00000.ts", f"{stem}_00001.ts"]
    assert [info["ObjectName"] for info in files["Md5Info"]] == files["ObjectName"]
    etags = [(ci.store.info(ci.bucket, key) or ("",))[0] for key in files["ObjectName"]]
    assert [info["Md5"] for info in files["Md5Info"]] == etags
    assert float(done["Operation"]["MediaInfo"]["Format"]["Duration"]) == pytest.approx(12, abs=0.2)
