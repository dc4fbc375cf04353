"""What a DirectConcat would choke on is found before it is billed."""

from __future__ import annotations

import pytest

from cosconcat.job.mixed import differences
from cosconcat.model import Media, Stream

VIDEO = Stream(
    "video", "h264", 0, fps=29.97, avg_fps=29.97, profile="High", level="31", width=1280, height=720,
    pix_format="yuv420p", sar="1:1", rotation=0.0, timebase="1/30000",
)  # fmt: skip
AUDIO = Stream("audio", "aac", 1, profile="LC", sample_rate=44100, channels=2, timebase="1/44100")
SUBTITLE = Stream("subtitle", "mov_text", 2)
ONE = Media(10.0, 1000, (VIDEO, AUDIO), num_streams=2)


def but(video: Stream = VIDEO, audio: Stream = AUDIO) -> Media:
    """ONE with another stream."""
    return ONE._replace(streams=(video, audio))


def test_files_of_one_kind_agree() -> None:
    """Length and size may differ; 29.97 and 30000/1001 are one rate."""
    other = Media(7.0, 5, (VIDEO._replace(fps=30000 / 1001, bitrate=9.0), AUDIO._replace(duration=7.0)), num_streams=2)
    assert differences([("a", ONE), ("b", other)]) == ()
    assert differences([("a", ONE)]) == ()
    assert differences([]) == ()


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (but(video=VIDEO._replace(codec="hevc")), "b: video codec is hevc, in a it is h264"),
        (but(video=VIDEO._replace(profile="Main")), "b: video profile is Main, in a it is High"),
        (but(video=VIDEO._replace(level="40")), "b: video level is 40, in a it is 31"),
        (but(video=VIDEO._replace(width=640)), "b: video width is 640, in a it is 1280"),
        (but(video=VIDEO._replace(height=480)), "b: video height is 480, in a it is 720"),
        (but(video=VIDEO._replace(fps=25.0)), "b: video fps is 25, in a it is 29.97"),
        (but(video=VIDEO._replace(avg_fps=24.0)), "b: video avg_fps is 24, in a it is 29.97"),
        (but(video=VIDEO._replace(timebase="1/90000")), "b: video timebase is 1/90000, in a it is 1/30000"),
        (but(video=VIDEO._replace(pix_format="")), "b: video pix_format is unknown, in a it is yuv420p"),
        (but(video=VIDEO._replace(sar="4:3")), "b: video sar is 4:3, in a it is 1:1"),
        (but(video=VIDEO._replace(rotation=90.0)), "b: video rotation is 90, in a it is 0"),
        (but(audio=AUDIO._replace(codec="mp3")), "b: audio codec is mp3, in a it is aac"),
        (but(audio=AUDIO._replace(profile="HE-AAC")), "b: audio profile is HE-AAC, in a it is LC"),
        (but(audio=AUDIO._replace(sample_rate=48000)), "b: audio sample_rate is 48000, in a it is 44100"),
        (but(audio=AUDIO._replace(channels=1)), "b: audio channels is 1, in a it is 2"),
        (ONE._replace(streams=(VIDEO,)), "b: order of streams is video, in a it is video, audio"),
        (ONE._replace(streams=(AUDIO, VIDEO)), "b: order of streams is audio, video, in a it is video, audio"),
        (
            ONE._replace(streams=(VIDEO, AUDIO, AUDIO)),
            "b: order of streams is video, audio, audio, in a it is video, audio",
        ),
        (ONE._replace(streams=()), "b: order of streams is none, in a it is video, audio"),
        (ONE._replace(num_streams=3), "b: number of streams is 3, in a it is 2"),
    ],
)
def test_each_property_is_named_with_both_values(other: Media, sentence: str) -> None:
    """Key, property, values."""
    assert differences([("a", ONE), ("b", other)]) == (sentence,)


def test_every_difference_of_every_file_is_named() -> None:
    """Against the first file, whose description the output gets."""
    small = but(VIDEO._replace(width=640, height=360))
    silent = ONE._replace(streams=(VIDEO,))
    assert len(differences([("a", ONE), ("b", small), ("c", ONE), ("d", silent)])) == 3


def test_a_second_track_is_compared_with_the_second() -> None:
    """By its rank among its kind."""
    two = ONE._replace(streams=(VIDEO, AUDIO, AUDIO))
    other = ONE._replace(streams=(VIDEO, AUDIO, AUDIO._replace(channels=1)))
    assert differences([("a", two), ("b", other)]) == ("b: audio 2 channels is 1, in a it is 2",)
