"""The demonstration as a person starts it: it proves its claims, it notices when one is false, it fails politely."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import imageio_ffmpeg
import pytest
from PIL import Image

from local.cloud import LocalCloud
from local.commands import demo, proof
from local.media import clips, reading
from local.switches import Switches
from ops.command import main

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the demonstration as the Makefile does, with its output as text."""
    return subprocess.run(
        [sys.executable, "-m", "ops", "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One run with four made clips, and the folder it wrote to."""
    out = tmp_path_factory.mktemp("demo")
    return run("--count", "4", "--seed", "7", "--out", str(out)), out


def test_the_demonstration_ends_with_0_when_every_claim_holds(
    four: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    """Its own checks are the evidence; they are tested below."""
    done, _ = four
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All of it holds" in done.stdout
    assert "1 submitted" in done.stdout
    assert "seed 7" in done.stdout


def test_every_fragment_has_one_line(four: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """In whatever order the events came."""
    numbers = re.findall(r"^  \S+  part +(\d+) ", four[0].stdout, re.MULTILINE)
    assert sorted(map(int, numbers)) == [1, 2, 3, 4]


def test_the_output_is_plain_when_it_is_no_terminal(four: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """No escape sequences, no carriage returns."""
    assert "\x1b" not in four[0].stdout
    assert "\r" not in four[0].stdout


def test_the_video_on_disk_plays_the_clips_in_order(four: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """Read again here, independently of what the demonstration printed."""
    video = four[1] / "lecture.mp4"
    assert reading.duration(video) == pytest.approx(10.0, abs=0.3)
    read = reading.sections(video, [1.25, 3.75, 6.25, 8.75])
    assert [each.seen for each in read] == [each.heard for each in read] == [1, 2, 3, 4]


def test_the_contact_sheet_shows_a_picture_of_every_section(
    four: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    """Four pictures in one row."""
    with Image.open(four[1] / "contact-sheet.png") as sheet:
        assert sheet.width > 4 * 320
        assert sheet.height < 2 * 260


@pytest.mark.slow
def test_the_readme_shows_what_the_demonstration_prints(tmp_path: Path) -> None:
    """Every line that chance does not change: the proof, the sizes, and what the callback asked for."""
    readme = re.findall(r"<!-- demo -->\n```text\n(.*?)\n```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    done = run("--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert [steady(text) for text in readme] == [steady(done.stdout.replace(str(tmp_path), "demo-out"))]


def steady(printed: str) -> list[str]:
    """The lines in an order that does not depend on that of the uploads, without ids and seconds."""
    lines = []
    for line in printed.splitlines():
        counts = re.fullmatch(r"  ([A-Z]+(?: \w+)?) +\d.*", line)
        part = re.match(r"  [■·]+  (part +\d+ +\d+ kB)", line)
        if counts:
            lines.append(counts[1])
        elif part:
            lines.append(part[1])
        elif "→" not in line and "API call" not in line and not re.fullmatch(r"[ \d]+", line):
            for pattern in (r"job j[0-9a-f]+", r"upload ran \d+", r"[\d.]+ s, seed \d+"):
                line = re.sub(pattern, "…", line)
            lines.append(line.rstrip())
    return sorted(filter(None, lines))


@pytest.mark.slow
def test_own_files_with_blanks_in_their_names_are_joined_and_compared_by_their_pictures(tmp_path: Path) -> None:
    """CLIPS in the order given, whatever they are called."""
    given = [tmp_path / "second half.mp4", tmp_path / "a first.mov"]
    for number, path in zip((9, 3), given, strict=True):
        clips.make_clip(path, number, 12, 1.5)
    done = run("--out", str(tmp_path / "out"), "--", *map(str, given))
    assert done.returncode == 0, done.stdout + done.stderr
    read = reading.sections(tmp_path / "out" / "lecture.mp4", [0.75, 2.25])
    assert [each.seen for each in read] == [9, 3]


def test_a_file_without_a_picture_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The demonstration recognises files of yours by their pictures."""
    clips.make_clip(tmp_path / "seen.mp4", 1, 2, 0.5)
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-i",
        tmp_path / "seen.mp4",
        "-vn",
        tmp_path / "heard.m4a",
    ]
    subprocess.run(command, check=True)
    assert main(["demo", str(tmp_path / "seen.mp4"), str(tmp_path / "heard.m4a")]) == 2
    assert "heard.m4a: no picture in it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.mp4", "nothing.mp4"], "nowhere.mp4"),
        (["README.md", "LICENSE"], "README.md"),
        (["one.mp4"], "at least two"),
        (["--count", "1"], "2<=x<=60"),
        (["--count", "many"], "many"),
    ],
)
def test_what_cannot_be_joined_is_one_clear_line(
    arguments: Sequence[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, before anything is started."""
    assert main(["demo", "--out", str(tmp_path), *arguments]) == 2
    assert told in capsys.readouterr().err.splitlines()[0]


class TestProof:
    """The demonstration's checks find what is wrong: each is given a false world."""

    @pytest.fixture
    def parts(self, tmp_path: Path) -> list[clips.Clip]:
        """Three short clips."""
        paths = [tmp_path / f"{number}.mp4" for number in (1, 2, 3)]
        for number, path in enumerate(paths, 1):
            clips.make_clip(path, number, 3, 1.0)
        return demo.parts(paths)

    def examined(
        self, parts: Sequence[clips.Clip], output: Sequence[clips.Clip], tmp_path: Path, *, made: bool
    ) -> set[str]:
        """Names of the claims that fail when `output` was joined, without any function having run."""
        listing = tmp_path / "list.txt"
        listing.write_text("".join(f"file '{part.path}'\n" for part in output))
        joined = tmp_path / "joined.mp4"
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", listing]
        subprocess.run([*command, "-c", "copy", joined], check=True)
        with LocalCloud(switches=Switches()) as cloud:
            cloud.store.upload(cloud.bucket, "output/lecture.mp4", joined)
            cloud.store.put(cloud.bucket, "fragments/left over.txt", b"x")
            claims = proof.examine(cloud, proof.client(cloud), parts, tmp_path / "out", made=made)
        return {claim.what for claim in claims if claim.judged and not claim.holds}

    def test_a_video_in_order_leaves_only_what_the_functions_should_have_done(
        self, parts: list[clips.Clip], tmp_path: Path
    ) -> None:
        """No tags, something left, no job."""
        assert self.examined(parts, parts, tmp_path, made=True) == {"tags", "clean-up", "jobs"}
        assert self.examined(parts, parts, tmp_path, made=False) == {"tags", "clean-up", "jobs"}

    def test_a_wrong_order_is_seen_heard_and_recognised_by_pictures(
        self, parts: list[clips.Clip], tmp_path: Path
    ) -> None:
        """Two parts exchanged."""
        exchanged = [parts[0], parts[2], parts[1]]
        assert {"order seen", "order heard"} <= self.examined(parts, exchanged, tmp_path, made=True)
        assert "order" in self.examined(parts, exchanged, tmp_path, made=False)

    def remade(self, parts: Sequence[clips.Clip], tmp_path: Path, *arguments: str) -> list[clips.Clip]:
        """The same clips with what ffmpeg makes of each; `cover.png` is there to be taken."""
        ffmpeg: list[str | Path] = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"]
        picture: list[str | Path] = [
            "-f",
            "lavfi",
            "-i",
            "color=c=red:s=64x64",
            "-frames:v",
            "1",
            tmp_path / "cover.png",
        ]
        subprocess.run([*ffmpeg, *picture], check=True)
        paths = [tmp_path / f"remade-{part.index}.mkv" for part in parts]
        for part, path in zip(parts, paths, strict=True):
            subprocess.run([*ffmpeg, "-i", part.path, *arguments, path], check=True, cwd=tmp_path)
        return demo.parts(paths)

    def test_a_second_track_of_sound_that_is_lost_is_noticed(self, parts: list[clips.Clip], tmp_path: Path) -> None:
        """Every stream is looked for by its index, not only the first of each kind."""
        two = self.remade(parts, tmp_path, "-map", "0", "-map", "0:a", "-c", "copy")
        assert self.examined(two, parts, tmp_path, made=False) == {"streams", "sound 2", "tags", "clean-up", "jobs"}

    def test_a_cover_is_not_taken_for_the_film(self, parts: list[clips.Clip], tmp_path: Path) -> None:
        """Clips whose first picture is a cover are compared by their film: a video that shows the cover is wrong."""
        covered = self.remade(parts, tmp_path, "-i", "cover.png", "-map", "1", "-map", "0", "-c", "copy")
        assert self.examined(covered, parts, tmp_path, made=True) == {"tags", "clean-up", "jobs"}
        stills = self.remade(parts, tmp_path, "-loop", "1", "-i", "cover.png", "-map", "1", "-map", "0:a", "-shortest")
        assert {"order seen"} <= self.examined(covered, stills, tmp_path, made=True)

    def test_a_sound_that_is_muted_is_noticed(self, parts: list[clips.Clip], tmp_path: Path) -> None:
        """By ear, section by section, where clips carry no numbers."""
        muted = self.remade(parts, tmp_path, "-af", "volume=0:enable='gte(t,0.5)'")
        assert "sound" in self.examined(parts, muted, tmp_path, made=False)

    def test_clips_that_look_and_sound_alike_are_said_not_to_be_judged(
        self, parts: list[clips.Clip], tmp_path: Path
    ) -> None:
        """An order that nobody could see is neither right nor wrong."""
        twins = [replace(parts[0], index=index, key=part.key) for index, part in enumerate(parts, 1)]
        claims = proof.are_alike(twins, parts[0].path, [0.0, 0.0, 0.0])
        assert [(claim.what, claim.judged) for claim in claims if not claim.holds] == [("order of", False)] * 2
        assert "1.mp4 and 1.mp4" in claims[1].evidence

    def test_a_part_that_is_missing_is_noticed_by_the_duration(self, parts: list[clips.Clip], tmp_path: Path) -> None:
        """A third of the content."""
        assert "duration" in self.examined(parts, parts[:2], tmp_path, made=True)

    def test_no_output_is_a_failure_of_its_own(self, parts: list[clips.Clip], tmp_path: Path) -> None:
        """And the fragments that are still there are counted."""
        with LocalCloud() as cloud:
            claims = proof.examine(cloud, proof.client(cloud), parts, tmp_path, made=True)
        assert [(claim.what, claim.holds) for claim in claims] == [("output", False)]
