"""`CONCAT_JOB` and a manifest's `job`: what they may say, what is the function's own, and how they are laid over."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cosconcat.errors import InvalidInput
from cosconcat.job.overlay import lay_over, read_overlay


def problems(value: object) -> tuple[str, ...]:
    """What is wrong with an overlay."""
    with pytest.raises(InvalidInput) as refused:
        read_overlay(value, "CONCAT_JOB")
    return refused.value.problems


def test_numbers_and_booleans_become_text() -> None:
    """JSON may be written naturally; the API has text."""
    read = read_overlay(
        {
            "ConcatTemplate": {
                "Video": {"Codec": "H.264", "Crf": 25, "Fps": 29.97},
                "SceneChangeInfo": {"Mode": "FADE", "Time": 0.5},
                "Audio": {"Codec": "aac", "Remove": False},
            },
            "WatermarkTemplateId": ["t1"],
            "JobLevel": 1,
        },
        "CONCAT_JOB",
    )
    assert read == {
        "ConcatTemplate": {
            "Video": {"Codec": "H.264", "Crf": "25", "Fps": "29.97"},
            "SceneChangeInfo": {"Mode": "FADE", "Time": "0.5"},
            "Audio": {"Codec": "aac", "Remove": "false"},
        },
        "WatermarkTemplateId": ["t1"],
        "JobLevel": "1",
    }


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"Output": {"Object": "x"}}, "CONCAT_JOB.Output"),
        ({"UserData": "x"}, "CONCAT_JOB.UserData"),
        ({"ConcatTemplate": {"ConcatFragment": []}}, "CONCAT_JOB.ConcatTemplate.ConcatFragment"),
        ({"ConcatTemplate": {"Index": 1}}, "CONCAT_JOB.ConcatTemplate.Index"),
        ({"Input": {"Object": "x"}}, "CONCAT_JOB.Input"),
        ({"CallBack": "http://x.example"}, "CONCAT_JOB.CallBack"),
        ({"CallBackFormat": "XML"}, "CONCAT_JOB.CallBackFormat"),
        ({"CallBackType": "TDMQ"}, "CONCAT_JOB.CallBackType"),
        ({"CallBackMqConfig": {}}, "CONCAT_JOB.CallBackMqConfig"),
        ({"QueueId": "p1"}, "CONCAT_JOB.QueueId"),
        ({"Tag": "Transcode"}, "CONCAT_JOB.Tag"),
        ({"Operation": {"JobLevel": "1"}}, "CONCAT_JOB.Operation"),
        ({"UserData": None}, "CONCAT_JOB.UserData"),
    ],
)
def test_what_the_function_decides_is_refused(value: object, path: str) -> None:
    """Once, by path, with the place where it is decided; null would take it away and is refused as well."""
    (problem,) = problems(value)
    assert problem.startswith(f"{path}: refused here; ")


def test_every_mistake_is_named_at_once() -> None:
    """Ranges, typos, wrong places, the function's own nodes and rules between nodes."""
    found = problems(
        {
            "ConcatTemplate": {
                "Video": {"Crf": 99, "Codek": "H.264"},
                "Audio": {"Codec": "mp3", "Samplerate": 96000},
                "AudioMixArray": [{}, {}, {}],
            },
            "JobLvl": 1,
            "Output": {},
            "Watermark": [{"Type": "Text"}],
        }
    )
    text = "\n".join(found)
    for part in (
        "CONCAT_JOB.ConcatTemplate.Video.Crf: '99' is not allowed; allowed: a number above 0 to 51",
        "CONCAT_JOB.ConcatTemplate.Video.Codek: unknown node; did you mean Codec?",
        "CONCAT_JOB.ConcatTemplate.Audio.Samplerate: '96000' is not supported with Codec mp3",
        "CONCAT_JOB.ConcatTemplate.AudioMixArray: 3 given; at most 2 allowed",
        "CONCAT_JOB.ConcatTemplate.AudioMixArray[2].AudioSource: missing; required",
        "CONCAT_JOB.JobLvl: unknown node; did you mean JobLevel?",
        "CONCAT_JOB.Output: refused here",
        "CONCAT_JOB.Watermark[0].Text: missing; required with Type Text",
    ):
        assert part in text


@pytest.mark.parametrize("value", [None, [], "x", 5, True, {"ConcatTemplate": []}, {"JobLevel": {}}, {"JobLevel": [1]}])
def test_the_wrong_shape_is_refused(value: object) -> None:
    """An overlay is an object of objects."""
    assert problems(value)[0].startswith("CONCAT_JOB")


def test_required_nodes_may_come_from_elsewhere() -> None:
    """One overlay may complete another: only the composed request has to be whole."""
    assert read_overlay({"ConcatTemplate": {"Video": {"Crf": "25"}}}, "CONCAT_JOB")
    assert read_overlay({}, "CONCAT_JOB") == {}


def test_laying_over_is_json_merge_patch() -> None:
    """Containers merge, texts and lists are replaced, null takes away (RFC 7396)."""
    below = {"a": {"b": "1", "c": "2"}, "list": ["1", "2"], "gone": {"x": "1"}}
    above = {"a": {"c": "3", "d": {"e": "4", "f": None}}, "list": ["9"], "gone": None, "never": None}
    assert lay_over(below, above) == {"a": {"b": "1", "c": "3", "d": {"e": "4"}}, "list": ["9"]}
    assert below["a"] == {"b": "1", "c": "2"}


def test_reading_one_imports_neither_requests_nor_an_xml_parser() -> None:
    """The configuration is read at every start, and most events end right after."""
    code = (
        "import sys; sys.path.insert(0, 'handler'); from cosconcat.job.overlay import read_overlay;"
        "read_overlay({'JobLevel': 1}, 'X');"
        "print([m for m in ('requests', 'xmltodict', 'qcloud_cos', 'xml.etree.ElementTree') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
