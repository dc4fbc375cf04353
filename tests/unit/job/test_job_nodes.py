"""Every leaf of the request: what it takes, what it refuses, and that the refusal names it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cosconcat.errors import InvalidInput
from cosconcat.job.request import Container, Output, Request
from cosconcat.job.schema import walk

HOST = "http://demo-1250000000.cos.ap-guangzhou.myqcloud.com"
MIX = {
    "AudioSource": f"{HOST}/%E9%9F%B3.mp3",
    "MixMode": "Once",
    "Replace": "false",
    "EffectConfig": {
        "EnableStartFadein": "true",
        "StartFadeinTime": "3",
        "EnableEndFadeout": "false",
        "EndFadeoutTime": "2",
        "EnableBgmFade": "true",
        "BgmFadeTime": "1.7",
    },
}
WHOLE: dict[str, Any] = {  # every node at once
    "Tag": "Concat",
    "Input": {"Object": "input/demo.mp4"},
    "Operation": {
        "TemplateId": "t1460606b9752148c4ab182f55163ba7cd",
        "ConcatTemplate": {
            "ConcatFragment": [
                {
                    "Url": f"{HOST}/a.mp4",
                    "FragmentIndex": "0",
                    "StartTime": "0",
                    "EndTime": "6",
                    "Mode": "Start",
                    "Duration": "6",
                }
            ],
            "Audio": {"Codec": "aac", "Samplerate": "44100", "Bitrate": "128", "Channels": "2", "Remove": "false"},
            "Video": {
                "Codec": "H.264",
                "Width": "1280",
                "Height": "720",
                "Fps": "30",
                "Bitrate": "1000",
                "Crf": "25",
                "Remove": "false",
                "Rotate": "90",
            },
            "Container": {"Format": "mp4"},
            "AudioMix": MIX,
            "AudioMixArray": [copy.deepcopy(MIX)],
            "Index": "1",
            "SceneChangeInfo": {"Mode": "FADE", "Time": "3", "TransitionType": "fade"},
            "DirectConcat": "false",
        },
        "WatermarkTemplateId": ["t1"],
        "Watermark": [
            {
                "Type": "Text",
                "Pos": "TopLeft",
                "LocMode": "Absolute",
                "Dx": "10",
                "Dy": "10",
                "StartTime": "0",
                "EndTime": "5",
                "SlideConfig": {"SlideMode": "Default", "XSlideSpeed": "0", "YSlideSpeed": "0"},
                "Image": {
                    "Url": f"{HOST}/logo.png",
                    "Mode": "Fixed",
                    "Width": "64",
                    "Height": "64",
                    "Transparency": "100",
                    "Background": "false",
                },
                "Text": {
                    "FontSize": "20",
                    "FontType": "simhei.ttf",
                    "FontColor": "0xFFFFFF",
                    "Transparency": "100",
                    "Text": "cos",
                },
            }
        ],
        "Output": {"Region": "ap-guangzhou", "Bucket": "demo-1250000000", "Object": "output/out.${ext}"},
        "UserData": "This is my data.",
        "JobLevel": "0",
    },
    "CallBack": "http://callback.demo.com",
    "CallBackFormat": "JSON",
    "CallBackType": "Url",
    "CallBackMqConfig": {"MqRegion": "gz", "MqMode": "Topic", "MqName": "concat-done"},
    "QueueId": "p2242ab62c7c94486915508540933a2c6",
}

BOOLEAN = (["true", "false"], ["True", "yes", "1"])
SECONDS = (["0", "2", "1.25", "3600.001"], ["-1", "1e3", "nan", "inf", "1,5", "١"])
PERCENT = (["1", "100"], ["0", "101", "50.5"])
ENCODED = ([f"{HOST}/a%20b/%E9%9F%B3.mp3"], [f"{HOST}/a b.mp3", f"{HOST}/音.mp3", f"{HOST}/a%2.mp3", "a.mp3"])
ID = (["t1460606b9752148c4ab182f55163ba7cd"], ["t/1", "a b", "x" * 65])
EFFECTS = {
    "EnableStartFadein": BOOLEAN,
    "StartFadeinTime": (["3", "0.5"], ["-1", "long"]),
    "EnableEndFadeout": BOOLEAN,
    "EndFadeoutTime": (["0", "3", "0.5"], ["-1", "long"]),
    "EnableBgmFade": BOOLEAN,
    "BgmFadeTime": (["1.7"], ["-1", "long"]),
}
MIXES = {
    "AudioSource": ENCODED,
    "MixMode": (["Repeat", "Once"], ["repeat", "Loop"]),
    "Replace": BOOLEAN,
    **{f"EffectConfig.{name}": case for name, case in EFFECTS.items()},
}
TEMPLATE = {
    "ConcatFragment.Url": (
        [f"{HOST}/a b/音+%20.mp4", f"{HOST}//x", "https://b-1.cos.x.myqcloud.com/k"],
        ["a.mp4", "ftp://b-1/k", f"{HOST}/", f"{HOST}/a?b", f"{HOST}/a#b", f"{HOST}/a\nb"],
    ),
    "ConcatFragment.FragmentIndex": (["0", "7", "10000"], ["-1", "1.5", "one"]),
    "ConcatFragment.StartTime": (["0", "2.5"], ["-1", "nan", "1e1"]),
    "ConcatFragment.EndTime": (["6", "7.125"], ["-1", "nan", "end"]),
    "ConcatFragment.Mode": (["Start", "End"], ["start", "Middle"]),
    "ConcatFragment.Duration": SECONDS,
    "Audio.Codec": (["aac", "mp3"], ["AAC", "flac"]),
    "Audio.Samplerate": (["11025", "22050", "32000", "44100", "48000", "96000"], ["8000", "44.1"]),
    "Audio.Bitrate": (["8", "1000"], ["7", "1001", "64.5"]),
    "Audio.Channels": (["1", "2", "4", "5", "6", "8"], ["0", "3", "7"]),
    "Audio.Remove": BOOLEAN,
    "Video.Codec": (["H.264"], ["H.265", "h264"]),
    "Video.Width": (["128", "4096"], ["127", "4097", "640.5"]),
    "Video.Height": (["128", "4096"], ["127", "4097", "640.5"]),
    "Video.Fps": (["0.5", "29.97", "60"], ["0", "60.1"]),
    "Video.Bitrate": (["10", "50000"], ["9", "50001"]),
    "Video.Crf": (["0.1", "25", "51"], ["0", "51.5"]),
    "Video.Remove": BOOLEAN,
    "Video.Rotate": (["0", "359", "359.5"], ["-1", "360"]),
    "Container.Format": (["mp4", "flv", "hls", "ts", "mp3", "aac"], ["mkv", "MP4", ""]),
    "Index": (["0", "1"], ["-1", "2", "0.5"]),
    "SceneChangeInfo.Mode": (["Default", "FADE", "GRADIENT", "XFADE"], ["fade"]),
    "SceneChangeInfo.Time": (["0.1", "5"], ["0", "5.1"]),
    "SceneChangeInfo.TransitionType": (["fade"], ["a b"]),
    "DirectConcat": BOOLEAN,
    **{f"AudioMix.{name}": case for name, case in MIXES.items()},
    **{f"AudioMixArray.{name}": case for name, case in MIXES.items()},
}
WATERMARK = {
    "Type": (["Text", "Image"], ["text", "Video"]),
    "Pos": (
        ["TopRight", "TopLeft", "BottomRight", "BottomLeft", "Left", "Right", "Top", "Bottom", "Center"],
        ["Middle", "topleft"],
    ),
    "LocMode": (["Relativity", "Absolute"], ["Relative"]),
    "Dx": (["0", "4096"], ["4097", "left"]),
    "Dy": (["0", "4096"], ["4097", "left"]),
    "StartTime": SECONDS,
    "EndTime": SECONDS,
    "SlideConfig.SlideMode": (["Default", "ScrollFromLeft"], ["ScrollFromRight"]),
    "SlideConfig.XSlideSpeed": (["0", "10"], ["11", "0.5"]),
    "SlideConfig.YSlideSpeed": (["0", "10"], ["11", "0.5"]),
    "Image.Url": ENCODED,
    "Image.Mode": (["Fixed"], ["fixed", "Cover"]),
    "Image.Width": (["8", "4096"], ["7", "4097"]),
    "Image.Height": (["8", "4096"], ["7", "4097"]),
    "Image.Transparency": PERCENT,
    "Image.Background": BOOLEAN,
    "Text.FontSize": (["5", "100"], ["4", "101"]),
    "Text.FontType": (["simhei.ttf", "simsun.ttc", "youyuan.TTF"], ["simhei", "../etc/passwd"]),
    "Text.FontColor": (["0xFFFFFF", "0x00ff7f"], ["#FFFFFF", "0xFFF"]),
    "Text.Transparency": PERCENT,
    "Text.Text": (["讲座_1", "a-b*c", "x" * 64], ["a b", "x" * 65, "é"]),
}
CASES: dict[str, tuple[list[str], list[str]]] = {
    "Request.Tag": (["Concat"], ["concat", "Transcode"]),
    "Request.Input.Object": (["input/demo.mp4", "输入/a b.mp4"], ["a\x00b"]),
    "Request.Operation.TemplateId": ID,
    **{f"Request.Operation.ConcatTemplate.{name}": case for name, case in TEMPLATE.items()},
    "Request.Operation.WatermarkTemplateId": ID,
    **{f"Request.Operation.Watermark.{name}": case for name, case in WATERMARK.items()},
    "Request.Operation.Output.Region": (["ap-chongqing", "na-siliconvalley"], ["chongqing", "AP-x"]),
    "Request.Operation.Output.Bucket": (["test-123456789"], ["test", "Test-1"]),
    "Request.Operation.Output.Object": (
        ["output/out.${ext}", "o/${jobid}.${ext}", "输出/$x{y}.mp4", "x" * 850],
        ["o/${name}.mp4", "x" * 851, "音" * 284],
    ),
    "Request.Operation.UserData": (["This is my data.", "~" * 1024], ["x" * 1025, "数据", "a\tb"]),
    "Request.Operation.JobLevel": (["0", "1", "2"], ["3", "-1"]),
    "Request.CallBack": (
        ["http://callback.demo.com", "https://x.example/cb?a=b&c=d", "no"],
        ["callback.demo.com", "yes"],
    ),
    "Request.CallBackFormat": (["JSON", "XML"], ["json"]),
    "Request.CallBackType": (["Url", "TDMQ"], ["Kafka", "URL"]),
    "Request.CallBackMqConfig.MqRegion": (["sh", "bj", "gz", "cd", "hk"], ["ap-guangzhou"]),
    "Request.CallBackMqConfig.MqMode": (["Topic", "Queue"], ["topic"]),
    "Request.CallBackMqConfig.MqName": (["concat-done"], ["a/b", ""]),
    "Request.QueueId": (["p2242ab62c7c94486915508540933a2c6"], ["p/1"]),
}


def with_value(path: str, value: str) -> dict[str, Any]:
    """WHOLE with another value at `path`; in a list, in its first item."""
    request = copy.deepcopy(WHOLE)
    node: Any = request
    *above, name = path.split(".")[1:]
    for step in above:
        node = node[step]
        node = node[0] if isinstance(node, list) else node
    node[name] = [value] if isinstance(node[name], list) else value
    return request


def indexed(path: str) -> str:
    """The path as messages write it, with the place in each list."""
    for name in ("ConcatFragment", "AudioMixArray", "Watermark", "WatermarkTemplateId"):
        path = path.replace(f".{name}.", f".{name}[0].")
        path = path.removesuffix(f".{name}") + (f".{name}[0]" if path.endswith(f".{name}") else "")
    return path


def test_every_leaf_of_the_model_has_a_case() -> None:
    """No node can be added to the model without saying what it takes and what it refuses."""
    assert set(CASES) == {path for path, spec in walk(Request, "Request") if spec.node is None}


def test_a_request_with_every_node_is_accepted_and_reads_back() -> None:
    """The model holds every node at once, and XML and JSON carry all of them."""
    request = Request.from_mapping(WHOLE)
    assert request.to_mapping() == WHOLE
    assert Request.from_xml(request.to_xml()) == request


@pytest.mark.parametrize(("path", "value"), [(path, good) for path, case in CASES.items() for good in case[0]])
def test_an_allowed_value_is_accepted(path: str, value: str) -> None:
    """Both ends of every range and every allowed word pass."""
    Request.from_mapping(with_value(path, value))


@pytest.mark.parametrize(("path", "value"), [(path, bad) for path, case in CASES.items() for bad in case[1]])
def test_a_wrong_value_is_refused_by_path(path: str, value: str) -> None:
    """The first words of the message are the node's path."""
    with pytest.raises(InvalidInput) as refused:
        Request.from_mapping(with_value(path, value))
    assert [p.split(":")[0] for p in refused.value.problems] == [indexed(path)]
    assert value == "" or repr(value)[:60].strip("'") in refused.value.problems[0]


@pytest.mark.parametrize("path", [path for path, spec in walk(Request, "Request") if spec.required])
def test_a_missing_required_node_is_named(path: str) -> None:
    """A request without it is refused by its path."""
    request = with_value(path, "")
    with pytest.raises(InvalidInput) as refused:
        Request.from_mapping(request)
    assert f"{indexed(path)}: missing; required" in refused.value.problems


def test_a_node_is_a_value_that_cannot_be_changed() -> None:
    """Equal when the same is there, whether what is absent was left out or given as nothing; never changed."""
    container = Container(Format="mp4")
    assert container == Container(Format="mp4") != Container(Format="ts")
    assert {container, Container(Format="mp4")} == {container}
    assert Container(Format="") == Container() != Output()
    assert container.replaced(Format="ts") == Container(Format="ts")
    assert repr(container) == "Container(Format='mp4')"
    with pytest.raises(AttributeError, match=r"Container\.Format cannot be changed"):
        container.Format = "ts"  # type: ignore[misc]  # that it cannot be is what is tested


def test_a_node_takes_only_what_may_stand_in_it() -> None:
    """A misspelt name does not pass for a node that is not there."""
    with pytest.raises(TypeError, match="Container has no Frmat"):
        Container(Frmat="mp4")  # type: ignore[call-arg]  # checked before it runs, too
