"""What a DirectConcat would choke on is found before it is billed."""

from __future__ import annotations

import pytest

from cosconcat.job.mixed import differences
from cosconcat.ports import AudioStream, Media, VideoStream

VIDEO = VideoStream("h264", "High", 1280, 720, 29.97, "1/30000", "yuv420p")
AUDIO = AudioStream("aac", 44100, 2)
ONE = Media(10.0, 1000, VIDEO, AUDIO)


def test_files_of_one_kind_agree() -> None:
    """Length and size may differ; 29.97 and 30000/1001 are one rate."""
    other = Media(7.0, 5, VIDEO._replace(fps=30000 / 1001), AUDIO)
    assert differences([("a", ONE), ("b", other)]) == ()
    assert differences([("a", ONE)]) == ()
    assert differences([]) == ()


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (ONE._replace(video=VIDEO._replace(codec="hevc")), "b: video codec is hevc, in a it is h264"),
        (ONE._replace(video=VIDEO._replace(profile="Main")), "b: video profile is Main, in a it is High"),
        (ONE._replace(video=VIDEO._replace(width=640)), "b: video width is 640, in a it is 1280"),
        (ONE._replace(video=VIDEO._replace(height=480)), "b: video height is 480, in a it is 720"),
        (ONE._replace(video=VIDEO._replace(fps=25.0)), "b: video fps is 25, in a it is 29.97"),
        (ONE._replace(video=VIDEO._replace(timebase="1/90000")), "b: video timebase is 1/90000, in a it is 1/30000"),
        (ONE._replace(video=VIDEO._replace(pix_format="")), "b: video pix_format is unknown, in a it is yuv420p"),
        (ONE._replace(audio=AUDIO._replace(codec="mp3")), "b: audio codec is mp3, in a it is aac"),
        (ONE._replace(audio=AUDIO._replace(sample_rate=48000)), "b: audio sample_rate is 48000, in a it is 44100"),
        (ONE._replace(audio=AUDIO._replace(channels=1)), "b: audio channels is 1, in a it is 2"),
        (ONE._replace(audio=None), "b: audio is absent, in a it is present"),
        (ONE._replace(video=None), "b: video is absent, in a it is present"),
    ],
)
def test_each_property_is_named_with_both_values(other: Media, sentence: str) -> None:
    """Key, property, values."""
    assert differences([("a", ONE), ("b", other)]) == (sentence,)


def test_every_difference_of_every_file_is_named() -> None:
    """Against the first file, whose description the output gets."""
    silent = ONE._replace(audio=None, video=VIDEO._replace(width=640, height=360))
    assert len(differences([("a", ONE), ("b", silent), ("c", ONE), ("d", silent)])) == 6
