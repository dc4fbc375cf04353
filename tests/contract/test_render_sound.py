"""AudioMix and AudioMixArray, heard by decoding the output: which tones sound when, and how loud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_ci import LocalCi
from tests.support.media import Clip, duration_of, loudness_at, make, streams_of, tones_at

CLIPS = {
    "red.mp4": Clip("red", 440, seconds=2),
    "mute.mp4": Clip("lime", None, seconds=2),
    "音 1.mp3": Clip(None, 1000, audio="mp3", seconds=0.8),
    "beep.mp3": Clip(None, 1000, audio="mp3", seconds=0.1),
    "low.aac": Clip(None, 660, seconds=3, channels=1, sample_rate=22050),
}
MP3 = "%E9%9F%B3%201.mp3"  # AudioSource is URL-encoded


@pytest.fixture(scope="module")
def ci(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCi]:
    """A service with every clip under its name."""
    folder = tmp_path_factory.mktemp("sounds")
    with LocalCi() as service:
        for name, clip in CLIPS.items():
            service.store.upload(service.bucket, name, make(folder / name, clip))
        yield service


def effects(**seconds: str) -> dict[str, str]:
    """EffectConfig with the named fades switched on, e.g. StartFadein="0.5"."""
    return {
        node: value
        for name, time in seconds.items()
        for node, value in ((f"Enable{name}", "true"), (f"{name}Time", time))
    }


@dataclass(frozen=True)
class Case:
    """Mixes as (AudioSource, other nodes), the pieces, and the tones that must sound at some times."""

    name: str
    mixes: tuple[tuple[str, Mapping[str, Any]], ...]
    tones: Mapping[float, set[int]]
    pieces: tuple[str, ...] = ("red.mp4",)
    node: str = "AudioMixArray"
    more: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 2


ONCE, REPLACE = {"MixMode": "Once"}, {"Replace": "true"}
CASES = [
    Case("mixed and repeated by default", ((MP3, {}),), {0.4: {440, 1000}, 1.2: {440, 1000}}),
    Case("once", ((MP3, ONCE),), {0.4: {440, 1000}, 1.4: {440}}),
    Case("replacing", ((MP3, REPLACE),), {0.4: {1000}, 1.4: {1000}}),
    Case("replacing once leaves silence", ((MP3, ONCE | REPLACE),), {0.4: {1000}, 1.4: set()}),
    Case("two at a time", (("low.aac", {}), (MP3, ONCE)), {0.4: {440, 660, 1000}, 1.4: {440, 660}}),
    Case("two replacing", (("low.aac", REPLACE), (MP3, ONCE)), {0.4: {660, 1000}, 1.4: {660}}),
    Case("AudioMix", ((MP3, REPLACE),), {0.4: {1000}}, node="AudioMix"),
    Case("under a silent piece", ((MP3, {}),), {0.4: {1000}, 1.2: {1000}}, ("mute.mp4",)),
    Case("over a seam", (("low.aac", REPLACE),), {0.5: {660}, 2.0: {660}, 3.5: {660}}, ("red.mp4",) * 2, seconds=4),
    Case("void with Audio.Remove", ((MP3, {}),), {}, more={"Audio": {"Remove": "true"}}),
]


def request(ci: LocalCi, case: Case) -> dict[str, Any]:
    """The job's body."""
    mixes = [{"AudioSource": ci.url(source), **nodes} for source, nodes in case.mixes]
    return ci.job(ci.template(case.pieces, "mp4", {case.node: mixes, **case.more}))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_mixed_tones_sound_when_they_should(case: Case, ci: LocalCi, tmp_path: Path) -> None:
    """The tones of the pieces and of the mixes are heard at their times, and the length is the pieces'."""
    output = ci.rendered(tmp_path, request(ci, case))
    assert {at: tones_at(output, at) for at in case.tones} == case.tones
    assert duration_of(output) == pytest.approx(case.seconds, abs=0.1)
    if not case.tones:
        assert "audio" not in streams_of(output)


def test_audio_mix_wins_over_the_array(ci: LocalCi, tmp_path: Path) -> None:
    """With AudioMix set, AudioMixArray becomes void."""
    body = request(ci, Case("", ((MP3, REPLACE),), {}, node="AudioMix"))
    body["Operation"]["ConcatTemplate"]["AudioMixArray"] = [{"AudioSource": ci.url("low.aac")}]
    assert tones_at(ci.rendered(tmp_path, body), 0.4) == {1000}


FADES = [
    ("start", "low.aac", {"EffectConfig": effects(StartFadein="1")}, {0.1: 0.1, 0.5: 0.5, 1.5: 1.0, 1.9: 1.0}),
    ("end", "low.aac", {"EffectConfig": effects(EndFadeout="1")}, {0.5: 1.0, 1.5: 0.5, 1.9: 0.1}),
    ("end of a mix once", MP3, ONCE | {"EffectConfig": effects(EndFadeout="0.4")}, {0.2: 1.0, 0.6: 0.5, 1.2: 0.0}),
    ("seam", MP3, {"EffectConfig": effects(BgmFade="0.4")}, {0.1: 1.0, 0.7: 1.0, 1.0: 0.5, 1.4: 1.0, 1.64: 0.1}),
    ("off", "low.aac", {"EffectConfig": {"EnableStartFadein": "false", "StartFadeinTime": "1"}}, {0.1: 1.0, 1.9: 1.0}),
]


@pytest.mark.parametrize(("name", "source", "nodes", "levels"), FADES, ids=[fade[0] for fade in FADES])
def test_fades_change_the_loudness(
    name: str, source: str, nodes: Mapping[str, Any], levels: Mapping[float, float], ci: LocalCi, tmp_path: Path
) -> None:
    """Loudness relative to the same mix without fades; the middle of a fade has half of it."""
    faded = ci.rendered(tmp_path, request(ci, Case("", ((source, {**REPLACE, **nodes}),), {})))
    faded = faded.rename(tmp_path / "faded.mp4")
    full = ci.rendered(tmp_path, request(ci, Case("", ((source, REPLACE),), {})))
    measured = {at: loudness_at(faded, at) / loudness_at(full, at) for at in levels}
    assert measured == {at: pytest.approx(level, abs=0.15) for at, level in levels.items()}


def test_repetitions_follow_each_other_without_a_gap(ci: LocalCi, tmp_path: Path) -> None:
    """The padding that an encoder puts around a sound is not repeated: the tone is as loud at a seam as elsewhere."""
    output = ci.rendered(tmp_path, request(ci, Case("", ((MP3, REPLACE),), {})))
    levels = [loudness_at(output, 0.8 + offset, 0.03) for offset in (-0.2, -0.02, 0.0, 0.02, 0.04)]
    assert min(levels) > max(levels) / 2
    output = ci.rendered(tmp_path, request(ci, Case("", (("beep.mp3", REPLACE),), {}, ("red.mp4",) * 2)))
    assert tones_at(output, 3.85, 0.2) == {1000}  # after so many repetitions every gap would have added up


@pytest.mark.parametrize(("key", "message"), [("absent.mp3", "does not exist"), ("mute.mp4", "holds no sound")])
def test_mix_that_is_no_sound_fails(key: str, message: str, ci: LocalCi) -> None:
    """The job names the AudioSource."""
    job = ci.finished(request(ci, Case("", ((key, {}),), {})))
    assert job["State"] == "Failed"
    assert key in job["Message"]
    assert message in job["Message"]
