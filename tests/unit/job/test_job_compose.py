"""The one request for a whole group."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cosconcat.config import CallbackMq, Config
from cosconcat.errors import InvalidInput
from cosconcat.job.compose import compose, container_format, transition_seconds, unfit_overlay
from cosconcat.job.overlay import read_overlay
from cosconcat.job.request import Request
from cosconcat.model import Bucket, Fragment, FragmentSet, ObjectInfo

BUCKET = Bucket("demo-1250000000", "ap-guangzhou")
CONFIG = Config(bucket=BUCKET, output_bucket=Bucket("out-1250000000", "ap-shanghai"))
URL = "http://demo-1250000000.cos.ap-guangzhou.myqcloud.com/"


def thing(key: str) -> ObjectInfo:
    """An object by its key."""
    return ObjectInfo(key, "etag", 1, 1)


GROUP = FragmentSet("讲座", tuple(Fragment(i, thing(f"fragments/讲座 {i}+%.mp4")) for i in (1, 2)))


def made(
    config: Config = CONFIG, group: FragmentSet = GROUP, key: str = "output/讲座.${ext}", callback: str = ""
) -> Any:
    """The composed request as JSON would hold it."""
    return compose(config, group, key, "cosconcat/token", callback).to_mapping()


def problems(config: Config = CONFIG, group: FragmentSet = GROUP, key: str = "o.${ext}", data: str = "x") -> Any:
    """What is wrong with the composed request."""
    with pytest.raises(InvalidInput) as refused:
        compose(config, group, key, data, "")
    return refused.value.problems


def test_a_plain_group_is_the_pages_third_form() -> None:
    """No Input, indexes from 0, unencoded URLs, no CallBack node, nothing that was not asked for."""
    assert made() == {
        "Tag": "Concat",
        "Operation": {
            "ConcatTemplate": {
                "ConcatFragment": [
                    {"Url": f"{URL}fragments/讲座 1+%.mp4", "FragmentIndex": "0"},
                    {"Url": f"{URL}fragments/讲座 2+%.mp4", "FragmentIndex": "1"},
                ],
                "Container": {"Format": "mp4"},
            },
            "Output": {"Region": "ap-shanghai", "Bucket": "out-1250000000", "Object": "output/讲座.${ext}"},
            "UserData": "cosconcat/token",
        },
    }


def test_intro_and_outro_are_first_and_last() -> None:
    """They are joined like fragments, and every index moves along."""
    fragments = made(group=replace(GROUP, intro=thing("in.mp4"), outro=thing("out.mp4")))["Operation"]["ConcatTemplate"]
    assert [(f["FragmentIndex"], f["Url"].removeprefix(URL)) for f in fragments["ConcatFragment"]] == [
        ("0", "in.mp4"),
        ("1", "fragments/讲座 1+%.mp4"),
        ("2", "fragments/讲座 2+%.mp4"),
        ("3", "out.mp4"),
    ]


def test_trims_become_start_and_end_times() -> None:
    """Seconds as the manifest wrote them."""
    group = FragmentSet("g", (Fragment(1, thing("1"), "0.5", "6"), Fragment(2, thing("2"), end="3")))
    first, second = made(group=group)["Operation"]["ConcatTemplate"]["ConcatFragment"]
    assert (first["StartTime"], first["EndTime"]) == ("0.5", "6")
    assert "StartTime" not in second
    assert second["EndTime"] == "3"


def test_trims_with_direct_concat_are_refused() -> None:
    """The service would ignore the trims and join more than was asked for; the manifest's place is named."""
    group = FragmentSet("g", (Fragment(1, thing("a/1")), Fragment(2, thing("a/2"), end="3")))
    (problem,) = problems(replace(CONFIG, direct=True), group)
    assert "a/2" in problem
    assert "DirectConcat" in problem


def test_overlays_are_laid_over_the_variables_in_order() -> None:
    """CONCAT_JOB over the other variables, the manifest over both; null takes away."""
    config = replace(
        CONFIG,
        direct=False,
        template_id="t1",
        queue_id="p1",
        job=read_overlay(
            {"ConcatTemplate": {"Video": {"Codec": "H.264", "Crf": 25, "Fps": 30}}, "JobLevel": 1}, "CONCAT_JOB"
        ),
    )
    group = replace(
        GROUP,
        job=read_overlay(
            {"ConcatTemplate": {"Video": {"Crf": 18, "Fps": None}, "Container": {"Format": "flv"}}, "TemplateId": None},
            "m.job",
        ),
    )
    request = made(config, group)
    operation = request["Operation"]
    assert operation["ConcatTemplate"]["Video"] == {"Codec": "H.264", "Crf": "18"}
    assert operation["ConcatTemplate"]["Container"] == {"Format": "flv"}
    assert "TemplateId" not in operation
    assert (operation["JobLevel"], request["QueueId"]) == ("1", "p1")
    assert made(config)["Operation"]["TemplateId"] == "t1"
    assert len(made(config)["Operation"]["ConcatTemplate"]["ConcatFragment"]) == 2


def test_an_overlay_cannot_replace_what_is_the_functions_own() -> None:
    """Even one that was never checked: the fragments, the output and the token always win."""
    group = replace(
        GROUP, job={"UserData": "x", "Output": {"Bucket": "other-1"}, "ConcatTemplate": {"ConcatFragment": []}}
    )
    assert made(group=group) == made()


@pytest.mark.parametrize(
    ("config", "callback", "nodes"),
    [
        (CONFIG, "", {}),
        (
            replace(CONFIG, callback_format="XML"),
            "https://cb.example/?token=a&signature=b",
            {"CallBack": "https://cb.example/?token=a&signature=b", "CallBackFormat": "XML", "CallBackType": "Url"},
        ),
        (
            replace(CONFIG, callback_mq=CallbackMq("gz", "Topic", "done")),
            "",
            {
                "CallBackFormat": "JSON",
                "CallBackType": "TDMQ",
                "CallBackMqConfig": {"MqRegion": "gz", "MqMode": "Topic", "MqName": "done"},
            },
        ),
    ],
)
def test_who_hears_of_the_end(config: Config, callback: str, nodes: dict[str, Any]) -> None:
    """A URL, a queue, or no CallBack node at all."""
    request = made(config, callback=callback)
    assert {name: value for name, value in request.items() if name.startswith("CallBack")} == nodes


def test_sounds_and_images_of_another_bucket_are_refused() -> None:
    """The API wants them in the input's bucket; the very same key in ours is fine."""
    elsewhere = "https://other-1.cos.ap-guangzhou.myqcloud.com/m.mp3"
    image = {"Url": elsewhere, "Mode": "Original", "Transparency": "100"}
    job = {
        "ConcatTemplate": {"AudioMix": {"AudioSource": elsewhere}, "AudioMixArray": [{"AudioSource": elsewhere}]},
        "Watermark": [
            {"Type": "Image", "Pos": "Top", "LocMode": "Absolute", "Dx": "0", "Dy": "0", "Image": image},
        ],
    }
    assert [problem.split(":")[0] for problem in problems(replace(CONFIG, job=job))] == [
        "Request.Operation.ConcatTemplate.AudioMix.AudioSource",
        "Request.Operation.ConcatTemplate.AudioMixArray[0].AudioSource",
        "Request.Operation.Watermark[0].Image.Url",
    ]
    assert made(replace(CONFIG, job={"ConcatTemplate": {"AudioMix": {"AudioSource": f"{URL}m.mp3"}}}))


@pytest.mark.parametrize(
    ("job", "says"),
    [
        ({"ConcatTemplate": {"Video": {"Crf": "25"}}}, "CONCAT_JOB.ConcatTemplate.Video.Codec: missing; required"),
        ({"ConcatTemplate": {"Container": None}}, "CONCAT_JOB.ConcatTemplate.Container: missing; required"),
        ({"ConcatTemplate": {"AudioMix": {"AudioSource": "http://x-1.cos.a.myqcloud.com/m"}}}, "is in another bucket"),
        ({"ConcatTemplate": {"Video": {"Codec": "H.264", "Crf": "25"}}}, ""),
    ],
)
def test_an_overlay_that_fits_no_group_is_known_at_the_start(job: dict[str, object], says: str) -> None:
    """What is wrong for every group belongs to the configuration, not to the first group that comes."""
    found = unfit_overlay(replace(CONFIG, job=job))
    assert says in "".join(found)
    assert len(found) == bool(says)


def test_all_mistakes_of_a_request_are_named_at_once() -> None:
    """Key, token, overlay and trims."""
    group = FragmentSet("g", (Fragment(1, thing("a?b"), "9", "1"),), job={"ConcatTemplate": {"Video": {"Crf": "25"}}})
    assert {p.split(":")[0] for p in problems(group=group, key="o/${x}", data="é")} == {
        "Request.Operation.ConcatTemplate.ConcatFragment[0].Url",
        "Request.Operation.ConcatTemplate.ConcatFragment[0].EndTime",
        "Request.Operation.ConcatTemplate.Video.Codec",
        "Request.Operation.Output.Object",
        "Request.Operation.UserData",
    }


def test_format_and_transition_are_those_of_the_composed_request() -> None:
    """What other parts derive from the configuration agrees with what is sent."""
    scene = {"ConcatTemplate": {"SceneChangeInfo": {"Mode": "FADE"}, "Container": {"Format": "ts"}}}
    assert (container_format(CONFIG, GROUP), transition_seconds(CONFIG, GROUP)) == ("mp4", 0.0)
    assert container_format(CONFIG, replace(GROUP, job=scene)) == "ts"
    assert transition_seconds(CONFIG, replace(GROUP, job=scene)) == 3.0
    scene["ConcatTemplate"]["SceneChangeInfo"]["Time"] = "1.5"
    assert transition_seconds(replace(CONFIG, job=scene), GROUP) == 1.5
    assert transition_seconds(CONFIG, replace(GROUP, job={"ConcatTemplate": None})) == 0.0


def test_the_output_is_the_inputs_bucket_unless_another_is_named() -> None:
    """A configuration built by hand may leave it out."""
    output = made(Config(bucket=BUCKET))["Operation"]["Output"]
    assert (output["Bucket"], output["Region"]) == (BUCKET.name, BUCKET.region)


def test_a_thousand_fragments_are_one_request() -> None:
    """The API publishes no limit; the order is that of the set, not of the keys."""
    group = FragmentSet("g", tuple(Fragment(i, thing(f"p{i}.mp4")) for i in range(1000)))
    request = Request.from_xml(compose(CONFIG, group, "o", "x", "").to_xml())
    assert request.Operation is not None
    assert request.Operation.ConcatTemplate is not None
    sent = request.Operation.ConcatTemplate.ConcatFragment
    assert [(f.FragmentIndex, f.Url) for f in sent] == [(str(i), f"{URL}p{i}.mp4") for i in range(1000)]
