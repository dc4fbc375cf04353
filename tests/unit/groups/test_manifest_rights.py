"""What a manifest may use, and which objects it may have read into a result."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cosconcat.config import Config
from cosconcat.errors import InvalidInput
from cosconcat.groups.manifest import Manifest, read_manifest
from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Invalid, Waiting
from cosconcat.naming.keys import NotOurs
from tests.support.shelf import BUCKET, NOW, Shelf

CONFIG = Config(BUCKET, naming="folder", completion="marker", assets_prefix="brand/")
PIECES: dict[str, Any] = {"fragments": [{"key": "fragments/a/1.mp4"}]}
USES: dict[str, Any] = {
    "output": "output/x.mp4",
    "intro": "brand/in.mp4",
    "outro": "fragments/out.mp4",
    "job": {"JobLevel": "1"},
}
HOST = f"http://{BUCKET.cos_host}"


def read(value: object, config: Config = CONFIG) -> Manifest:
    """The manifest with this JSON value."""
    return read_manifest(json.dumps(value).encode(), config)


def problems(value: object, config: Config = CONFIG) -> list[str]:
    """What is wrong with it."""
    with pytest.raises(InvalidInput) as caught:
        read(value, config)
    return list(caught.value.problems)


@pytest.mark.parametrize("use", USES)
def test_a_use_that_is_not_allowed_is_told_with_the_variable(use: str) -> None:
    """And only that one; what is null is not used."""
    config = replace(CONFIG, manifest_may=frozenset(USES) - {use})
    assert read({**PIECES, **{name: value for name, value in USES.items() if name != use}}, config)
    (problem,) = problems({**PIECES, **USES}, config)
    assert problem.startswith(f"$.{use}: CONCAT_MANIFEST_MAY does not allow it; it allows ")
    if use in ("output", "job"):
        assert read({**PIECES, use: None}, config)


def test_where_nothing_is_allowed_a_manifest_still_lists_its_pieces_and_trims_them() -> None:
    """That is what it is for."""
    config = replace(CONFIG, manifest_may=frozenset())
    assert read({"fragments": [{"key": "fragments/a/1.mp4", "start": 1}]}, config)
    assert len(problems({**PIECES, **USES}, config)) == len(USES)
    shelf = Shelf().store("fragments/a/1.mp4")
    shelf.store("fragments/a/manifest.json", body=json.dumps({**PIECES, **USES}).encode(), at=NOW)
    verdict = survey(shelf.services(config), "a", "fragments/a/1.mp4")
    assert isinstance(verdict, Invalid)
    assert "CONCAT_MANIFEST_MAY" in verdict.reason


def sound(url: str) -> dict[str, Any]:
    """A manifest that mixes in this sound."""
    return {**PIECES, "job": {"ConcatTemplate": {"AudioMix": {"AudioSource": url}}}}


def image(url: str) -> dict[str, Any]:
    """A manifest with this watermark."""
    shown = {"Type": "Image", "Pos": "Top", "LocMode": "Absolute", "Dx": 0, "Dy": 8}
    picture = {"Url": url, "Mode": "Original", "Transparency": 100}
    return {**PIECES, "job": {"Watermark": {**shown, "Image": picture}}}


def sounds(url: str) -> dict[str, Any]:
    """A manifest that mixes in this sound as the second of two."""
    mixes = [{"AudioSource": f"{HOST}/brand/a.mp3"}, {"AudioSource": url}]
    return {**PIECES, "job": {"ConcatTemplate": {"AudioMixArray": mixes}}}


@pytest.mark.parametrize("make", [sound, sounds, image])
def test_sounds_and_images_lie_under_the_input_or_the_assets_prefix(make: Any) -> None:
    """Nowhere else in the bucket, and in no other one."""
    for path in ("brand/a.mp3", "fragments/x/a.mp3"):
        assert read(make(f"{HOST}/{path}"))
    for url in (
        f"{HOST}/private/a.mp3",
        f"{HOST}/.concat/report.json",
        f"{HOST}/output/other.mp4",
        f"{HOST}/trash/other.mp4",
        f"{HOST}/brandx/a.mp3",
        f"{HOST}/brand/%2e%2e/private/a.mp3",
        f"{HOST}/brand/..%2Fprivate/a.mp3",
        "http://demo-1250000000.evil.com/brand/a.mp3",
        "http://other-1250000000.cos.ap-guangzhou.myqcloud.com/brand/a.mp3",
    ):
        (problem,) = problems(make(url))
        assert problem.startswith("$.job."), problem
    unset = replace(CONFIG, assets_prefix="")
    assert all("CONCAT_ASSETS_PREFIX, which is not set" in one for one in problems(make(f"{HOST}/brand/a.mp3"), unset))


@pytest.mark.parametrize(
    "job",
    [
        *({"Output": {"Object": "private/x"}}, {"UserData": "x"}, {"Input": {"Object": "private/x.mp4"}}),
        *({"CallBack": "http://evil.example/"}, {"Tag": "Animation"}, {"Operation": {"Output": {}}}),
        *({"ConcatTemplate": {"Index": 1}}, {"ConcatTemplate": {"ConcatFragment": []}}, {"Output": None}),
        *({"output": {"Object": "x"}}, {"ConcatTemplate": {"Container": {"Output": {"Bucket": "x"}}}}, [], "x", 7),
        *({"ConcatTemplate": {"ConcatFragment": {"Url": "http://evil.example/x"}}}, {"QueueId": "p1"}),
        {"CallBackMqConfig": {"MqName": "evil"}},
    ],
)
def test_a_job_that_would_write_read_or_tell_elsewhere_is_refused(job: object) -> None:
    """Whatever decides where, from what and for whom is the function's own."""
    assert all(problem.startswith("$.job") for problem in problems({**PIECES, "job": job}))


@pytest.mark.parametrize(
    "value",
    [
        {"fragments": [{"key": "fragments/a/manifest.json"}]},
        {"fragments": [{"key": "fragments/a/_DONE"}]},
        {"fragments": [{"key": "fragments/a/2.final"}]},
        {"fragments": [{"fragments": [{"key": "fragments/a/1.mp4"}]}]},
        {"fragments": [{"key": {"key": "fragments/a/1.mp4"}}]},
        {"fragments": PIECES},
        {"fragments": [{"key": ".concat/x/claim-0001.json"}]},
        {"fragments": [{"key": "output/other.mp4"}]},
        {"fragments": [{"key": "brand/in.mp4"}]},
        {"fragments": [{"key": "fragments/../output/other.mp4"}]},
        {"fragments": [{"key": "fragments/%2e%2e/output/other.mp4"}]},
        {"fragments": [{"key": "Fragments/a/1.mp4"}]},
        {"fragments": [{"key": "fragments\u2215a/1.mp4"}]},
        {"\ufeff" + "fragments": [{"key": "fragments/a/1.mp4"}]},
        {"fr\u0430gments": [{"key": "fragments/a/1.mp4"}]},
        {**PIECES, "\u043eutput": "output/x.mp4"},
    ],
)
def test_a_manifest_that_lists_itself_markers_records_or_look_alikes_is_invalid(value: object) -> None:
    """Each with the path of what is wrong."""
    assert all(problem.startswith("$") for problem in problems(value))


def test_a_look_alike_of_a_manifest_s_name_is_none() -> None:
    """A Cyrillic letter, another case, a fullwidth dot: none of them is read."""
    for name in ("m\u0430nifest.json", "MANIFEST.JSON", "manifest\uff0ejson", "manifest.json ", "manifest.json/x"):
        shelf = Shelf().store("fragments/a/1.mp4").store(f"fragments/a/{name}", body=json.dumps(PIECES).encode())
        assert isinstance(survey(shelf.services(CONFIG), "a", "fragments/a/1.mp4"), Waiting), name


@pytest.mark.parametrize("key", ["fragments/manifest.json", "fragments/.manifest.json", "fragments//manifest.json"])
def test_a_manifest_without_a_group_is_none(key: str) -> None:
    """It would begin like every key there is, and so own every piece that no group has."""
    for naming in ("folder", "part-of"):
        config = replace(CONFIG, naming=naming)
        assert isinstance(config.convention.read(key), NotOurs)
