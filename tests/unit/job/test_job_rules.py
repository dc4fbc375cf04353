"""Rules between nodes: what excludes what, what needs what, what the service ignores; all mistakes at once."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cosconcat.errors import InvalidInput
from cosconcat.job.overlay import lay_over
from cosconcat.job.request import Request

HOST = "http://demo-1250000000.cos.ap-guangzhou.myqcloud.com"
PLAIN: dict[str, Any] = {
    "Tag": "Concat",
    "Operation": {
        "ConcatTemplate": {
            "ConcatFragment": [{"Url": f"{HOST}/1.mp4"}, {"Url": f"{HOST}/2.mp4"}],
            "Container": {"Format": "mp4"},
        },
        "Output": {"Region": "ap-guangzhou", "Bucket": "demo-1250000000", "Object": "o.${ext}"},
    },
}
TEXT = {"FontSize": "20", "FontType": "simhei.ttf", "FontColor": "0xFFFFFF", "Transparency": "100", "Text": "cos"}
MARK: dict[str, Any] = {"Type": "Text", "Pos": "TopLeft", "LocMode": "Absolute", "Dx": "1", "Dy": "1", "Text": TEXT}
IMAGE: dict[str, Any] = {"Url": f"{HOST}/l.png", "Mode": "Original", "Transparency": "100"}
MIX = {"AudioSource": f"{HOST}/m.mp3"}
CONCAT = "Request.Operation.ConcatTemplate"
MARKED = "Request.Operation.Watermark[0]"


def template(**nodes: object) -> dict[str, Any]:
    """PLAIN with other nodes in its ConcatTemplate."""
    return lay_over(PLAIN, {"Operation": {"ConcatTemplate": nodes}})


def operation(**nodes: object) -> dict[str, Any]:
    """PLAIN with other nodes in its Operation."""
    return lay_over(PLAIN, {"Operation": nodes})


def marked(**nodes: object) -> dict[str, Any]:
    """PLAIN with one watermark."""
    return operation(Watermark=[lay_over(MARK, nodes)])


def imaged(mark: dict[str, object], **nodes: object) -> dict[str, Any]:
    """PLAIN with one image as its watermark."""
    return marked(Type="Image", Text=None, Image=lay_over(IMAGE, nodes), **mark)


def problems(request: object) -> tuple[str, ...]:
    """What is wrong with it."""
    try:
        Request.from_mapping(request)
    except InvalidInput as error:
        return error.problems
    return ()


REFUSED = [
    (operation(ConcatTemplate=None), "Request.Operation", "one of them must be set"),
    (operation(Output=None), "Request.Operation.Output", "missing"),
    (template(Container=None), f"{CONCAT}.Container", "missing"),
    (template(AudioMixArray=[MIX, MIX, MIX]), f"{CONCAT}.AudioMixArray", "at most 2"),
    (operation(Watermark=[MARK] * 4), "Request.Operation.Watermark", "at most 3"),
    (operation(WatermarkTemplateId=["t1"] * 4), "Request.Operation.WatermarkTemplateId", "at most 3"),
    (template(Audio={"Codec": "mp3", "Samplerate": "96000"}), f"{CONCAT}.Audio.Samplerate", "up to 48000"),
    (template(Audio={"Codec": "mp3", "Channels": "6"}), f"{CONCAT}.Audio.Channels", "1, 2"),
    (template(Audio={"Samplerate": "44100"}), f"{CONCAT}.Audio.Codec", "required"),
    (template(Index="3"), f"{CONCAT}.Index", "0 to 2"),
    (
        template(ConcatFragment=[{"Url": f"{HOST}/1"}, {"Url": "http://b-2.cos.ap-guangzhou.myqcloud.com/2"}]),
        f"{CONCAT}.ConcatFragment",
        "one bucket",
    ),
    (
        template(ConcatFragment=[{"Url": f"{HOST}/1", "StartTime": "5", "EndTime": "5"}]),
        f"{CONCAT}.ConcatFragment[0].EndTime",
        "above StartTime",
    ),
    (template(ConcatFragment=[{"Url": f"{HOST}/1", "EndTime": "0"}]), f"{CONCAT}.ConcatFragment[0].EndTime", "nothing"),
    (
        template(AudioMix={**MIX, "EffectConfig": {"EnableBgmFade": "true", "BgmFadeTime": "0"}}),
        f"{CONCAT}.AudioMix.EffectConfig.BgmFadeTime",
        "above 0",
    ),
    ({**PLAIN, "CallBackType": "TDMQ"}, "Request.CallBackMqConfig", "required with CallBackType TDMQ"),
    (marked(Type="Image"), f"{MARKED}.Image", "required with Type Image"),
    (marked(Text=None), f"{MARKED}.Text", "required with Type Text"),
    (marked(Dx="-1"), f"{MARKED}.Dx", "from 0 to 4096"),
    (marked(LocMode="Relativity", Dy="101"), f"{MARKED}.Dy", "from 0 to 100"),
    (imaged({"LocMode": "Relativity"}, Background="true"), f"{MARKED}.Dx", "from -300 to 0"),
    (imaged({}, Width="64"), f"{MARKED}.Image.Width", "none"),
    (imaged({}, Mode="Proportion", Width="101"), f"{MARKED}.Image.Width", "from 1 to 100"),
    (
        imaged({"Dx": "0", "Dy": "0"}, Mode="Proportion", Background="true", Height="99"),
        f"{MARKED}.Image.Height",
        "300",
    ),
    (imaged({}, Mode="Fixed", Width="7"), f"{MARKED}.Image.Width", "from 8 to 4096"),
]


@pytest.mark.parametrize(("request_", "path", "allowed"), REFUSED, ids=[f"{p} {a}" for _, p, a in REFUSED])
def test_nodes_at_odds_are_refused(request_: dict[str, Any], path: str, allowed: str) -> None:
    """The message starts with the node and says what is allowed."""
    found = [p for p in problems(request_) if p.split(":")[0] == path]
    assert found, problems(request_)
    assert allowed in found[0]


@pytest.mark.parametrize(
    "request_",
    [
        PLAIN,
        operation(ConcatTemplate=None, TemplateId="t1"),
        template(Index="2"),
        template(AudioMixArray=[MIX, MIX]),
        template(AudioMix={**MIX, "EffectConfig": {"EnableEndFadeout": "false", "EndFadeoutTime": "0"}}),
        operation(Watermark=[MARK] * 3),
        marked(Pos="Top", Dx="-1"),
        marked(Pos="Left", Dy="-1"),
        marked(Dx="-1", SlideConfig={"SlideMode": "Default", "XSlideSpeed": "1", "YSlideSpeed": "1"}),
        imaged({"Dx": "-100", "Dy": "0"}, Background="true"),
        {**PLAIN, "CallBackType": "TDMQ", "CallBackMqConfig": {"MqRegion": "gz", "MqMode": "Queue", "MqName": "q"}},
    ],
)
def test_what_goes_together_is_accepted(request_: dict[str, Any]) -> None:
    """The near side of each rule."""
    assert problems(request_) == ()


def test_all_mistakes_are_named_at_once() -> None:
    """Wrong values, unknown nodes and rules between nodes appear in one answer."""
    request = template(
        Audio={"Codec": "mp3", "Samplerate": "96000", "Bitrate": "7"},
        Video={"Codec": "H.264", "Widht": "1280"},
        Index="9",
    )
    assert {p.split(":")[0] for p in problems({**request, "Tag": "Cat"})} == {
        "Request.Tag",
        f"{CONCAT}.Audio.Samplerate",
        f"{CONCAT}.Audio.Bitrate",
        f"{CONCAT}.Video.Widht",
        f"{CONCAT}.Index",
    }


@pytest.mark.parametrize(
    ("request_", "hint"),
    [
        (template(Audoi={}), "did you mean Audio?"),
        (template(container={"Format": "mp4"}), "did you mean Container?"),
        (operation(Video={"Codec": "H.264"}), "it belongs at Request.Operation.ConcatTemplate.Video"),
        ({**PLAIN, "zzz": 1}, "known here: Tag, Input, Operation"),
        ({**PLAIN, "TemplateId": "t1"}, "it belongs at Request.Operation.TemplateId"),
    ],
)
def test_an_unknown_node_is_refused_with_the_nearest_known_one(request_: dict[str, Any], hint: str) -> None:
    """A typo, another case, or the right name in the wrong place."""
    (problem,) = problems(request_)
    assert "unknown node" in problem
    assert hint in problem


@pytest.mark.parametrize(
    ("request_", "ignored"),
    [
        (PLAIN, []),
        (operation(TemplateId="t1"), [CONCAT]),
        (template(AudioMix=MIX, AudioMixArray=[MIX]), [f"{CONCAT}.AudioMixArray"]),
        (
            template(Audio={"Codec": "aac", "Remove": "true"}, AudioMix=MIX),
            [f"{CONCAT}.AudioMix, AudioMixArray"],
        ),
        (template(Video={"Codec": "H.264", "Crf": "25", "Bitrate": "100"}), [f"{CONCAT}.Video.Bitrate"]),
        (
            template(
                DirectConcat="true",
                Video={"Codec": "H.264"},
                ConcatFragment=[{"Url": f"{HOST}/1"}, {"Url": f"{HOST}/2", "StartTime": "1"}],
            ),
            [f"{CONCAT}.Video", f"{CONCAT}.ConcatFragment[1]"],
        ),
        (operation(ConcatTemplate=None, TemplateId="t1"), []),
    ],
)
def test_what_the_service_ignores_is_named(request_: dict[str, Any], ignored: list[str]) -> None:
    """Template over parameters, AudioMix over AudioMixArray, Crf over Bitrate, DirectConcat over all the rest."""
    assert [sentence.split(":")[0] for sentence in Request.from_mapping(request_).ignored()] == ignored


def test_a_direct_request_can_be_transcoded_instead() -> None:
    """Only DirectConcat is taken out."""
    direct = Request.from_mapping(template(DirectConcat="true"))
    assert direct.direct
    assert direct.transcoded() == Request.from_mapping(PLAIN)
    assert not direct.transcoded().direct
    assert not Request.from_mapping(operation(ConcatTemplate=None, TemplateId="t1")).transcoded().direct


@pytest.mark.parametrize("value", [[], "text", 5, {"Operation": []}, {"Tag": {"a": 1}}, {"Tag": ["Concat"]}, None, {}])
def test_the_wrong_shape_is_a_typed_error(value: object) -> None:
    """Lists, texts and numbers where a container belongs, and the reverse."""
    assert problems(copy.deepcopy(value))
