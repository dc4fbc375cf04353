"""What POST /jobs, POST /template and PUT /queue may say: every node, its range, how often it may stand there.

Written from the API page and the documents it refers to. An unknown node, a value out of range and a missing node
are refused with `InvalidArgument` naming the node by its path; all mistakes of a body are named at once.
Assumed, because no document says it: letters of allowed words count (`aac`, not `AAC`), a node may not be empty, and
Audio.Codec and Video.Codec, required wherever their container stands, may be left out where Remove is true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from local.ci.document import Element

# Empty when the text is fine, otherwise what is allowed.
Check = Callable[[str], str]


@dataclass(frozen=True)
class Rule:
    """A node of the schema: a leaf with a `check`, or a container of `children`; `most` repetitions are allowed."""

    check: Check | None = None
    children: Mapping[str, Rule] = field(default_factory=dict)
    required: bool = False
    most: float = 1


def anything(text: str) -> str:
    """Any text but none."""
    return "" if text else "a value"


def words(*allowed: str) -> Check:
    """One of these words, letter by letter."""
    return lambda text: "" if text in allowed else f"one of {', '.join(allowed)}"


def number(low: float, high: float, *, above_low: bool = False, below_high: bool = False) -> Check:
    """A decimal number in plain notation from `low` to `high`; the borders count unless told otherwise."""
    allowed = f"a number in {'(' if above_low else '['}{low:g}, {high:g}{')' if below_high else ']'}"

    def check(text: str) -> str:
        if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
            return allowed
        value = float(text)
        inside = low <= value <= high and not (above_low and value == low) and not (below_high and value == high)
        return "" if inside else allowed

    return check


def integer(low: float, high: float) -> Check:
    """A whole number from `low` to `high`."""
    inside = number(low, high)
    return lambda text: f"an integer in [{low:g}, {high:g}]" if "." in text or inside(text) else ""


def matching(pattern: str, allowed: str) -> Check:
    """Text that matches the whole pattern."""
    return lambda text: "" if re.fullmatch(pattern, text) else allowed


def _leaf(check: Check = anything, *, required: bool = False, most: float = 1) -> Rule:
    return Rule(check, required=required, most=most)


def _container(children: Mapping[str, Rule], *, required: bool = False, most: float = 1) -> Rule:
    return Rule(None, children, required, most)


_boolean = words("true", "false")
_seconds = number(0, inf)
_address = matching(r"https?://[^\s?#]+", "an http(s) address without ?, # and blanks")

_EFFECTS = _container(
    {
        "EnableStartFadein": _leaf(_boolean),
        "StartFadeinTime": _leaf(_seconds),
        "EnableEndFadeout": _leaf(_boolean),
        "EndFadeoutTime": _leaf(_seconds),
        "EnableBgmFade": _leaf(_boolean),
        "BgmFadeTime": _leaf(_seconds),
    }
)
_AUDIO_MIX = _container(
    {
        "AudioSource": _leaf(_address, required=True),
        "MixMode": _leaf(words("Repeat", "Once")),
        "Replace": _leaf(_boolean),
        "EffectConfig": _EFFECTS,
    }
)
_FRAGMENT = _container(
    {
        "Url": _leaf(matching(r"https?://[^?#]+", "an http(s) address without ? and #"), required=True),
        "FragmentIndex": _leaf(integer(0, inf)),
        "StartTime": _leaf(_seconds),
        "EndTime": _leaf(_seconds),
        "Mode": _leaf(words("Start", "End")),
        "Duration": _leaf(_seconds),  # known from SDKs only; no document says what it means
    },
    most=inf,
)
_AUDIO = _container(
    {
        "Codec": _leaf(words("aac", "mp3")),
        "Samplerate": _leaf(words("11025", "22050", "32000", "44100", "48000", "96000")),
        "Bitrate": _leaf(integer(8, 1000)),
        "Channels": _leaf(words("1", "2", "4", "5", "6", "8")),
        "Remove": _leaf(_boolean),
    }
)
_VIDEO = _container(
    {
        "Codec": _leaf(words("H.264")),
        "Width": _leaf(integer(128, 4096)),
        "Height": _leaf(integer(128, 4096)),
        "Fps": _leaf(number(0, 60, above_low=True)),
        "Bitrate": _leaf(integer(10, 50000)),
        "Crf": _leaf(number(0, 51, above_low=True)),
        "Remove": _leaf(_boolean),
        "Rotate": _leaf(number(0, 360, below_high=True)),
    }
)
CONCAT_TEMPLATE = _container(
    {
        "ConcatFragment": _FRAGMENT,
        "Container": _container(
            {"Format": _leaf(words("mp4", "flv", "hls", "ts", "mp3", "aac"), required=True)}, required=True
        ),
        "Audio": _AUDIO,
        "Video": _VIDEO,
        "AudioMix": _AUDIO_MIX,
        "AudioMixArray": replace(_AUDIO_MIX, most=2),
        "Index": _leaf(integer(0, inf)),
        "SceneChangeInfo": _container(
            {
                "Mode": _leaf(words("Default", "FADE", "GRADIENT"), required=True),
                "Time": _leaf(number(0, 5, above_low=True)),
                "TransitionType": _leaf(),  # known from SDKs only
            }
        ),
        "DirectConcat": _leaf(_boolean),
    }
)
WATERMARK = _container(
    {
        "Type": _leaf(words("Text", "Image"), required=True),
        "Pos": _leaf(
            words("TopRight", "TopLeft", "BottomRight", "BottomLeft", "Left", "Right", "Top", "Bottom", "Center"),
            required=True,
        ),
        "LocMode": _leaf(words("Relativity", "Absolute"), required=True),
        "Dx": _leaf(integer(-4096, 4096), required=True),
        "Dy": _leaf(integer(-4096, 4096), required=True),
        "StartTime": _leaf(_seconds),
        "EndTime": _leaf(_seconds),
        "SlideConfig": _container(
            {
                "SlideMode": _leaf(words("Default", "ScrollFromLeft"), required=True),
                "XSlideSpeed": _leaf(integer(0, 10), required=True),
                "YSlideSpeed": _leaf(integer(0, 10), required=True),
            }
        ),
        "Image": _container(
            {
                "Url": _leaf(_address, required=True),
                "Mode": _leaf(words("Original", "Proportion", "Fixed"), required=True),
                "Width": _leaf(integer(1, 4096)),
                "Height": _leaf(integer(1, 4096)),
                "Transparency": _leaf(integer(1, 100), required=True),
                "Background": _leaf(_boolean),
            }
        ),
        "Text": _container(
            {
                "FontSize": _leaf(integer(5, 100), required=True),
                "FontType": _leaf(matching(r"[\w.-]+\.(ttf|ttc|TTF|TTC)", "the name of a font file"), required=True),
                "FontColor": _leaf(matching("0x[0-9a-fA-F]{6}", "0xRRGGBB"), required=True),
                "Transparency": _leaf(integer(1, 100), required=True),
                "Text": _leaf(
                    matching(
                        "[\u3400-\u4dbf\u4e00-\u9fffA-Za-z0-9_*-]{1,64}", "1 to 64 of Chinese, letters, digits, _, -, *"
                    ),
                    required=True,
                ),
            }
        ),
    },
    most=3,
)
_MQ_CONFIG = _container(
    {
        "MqRegion": _leaf(words("sh", "bj", "gz", "cd", "hk"), required=True),
        "MqMode": _leaf(words("Topic", "Queue"), required=True),
        "MqName": _leaf(required=True),
    }
)
JOB = _container(
    {
        "Tag": _leaf(words("Concat"), required=True),
        "Input": _container({"Object": _leaf(required=True)}),
        "Operation": _container(
            {
                "TemplateId": _leaf(),
                "ConcatTemplate": CONCAT_TEMPLATE,
                "WatermarkTemplateId": _leaf(most=3),
                "Watermark": WATERMARK,
                "Output": _container(
                    {"Region": _leaf(required=True), "Bucket": _leaf(required=True), "Object": _leaf(required=True)},
                    required=True,
                ),
                "UserData": _leaf(matching("[ -~]{0,1024}", "at most 1024 printable ASCII characters")),
                "JobLevel": _leaf(words("0", "1", "2")),
            },
            required=True,
        ),
        "QueueId": _leaf(),
        "CallBack": _leaf(matching(r"no|https?://\S+", "an http(s) address, or no")),
        "CallBackFormat": _leaf(words("JSON", "XML")),
        "CallBackType": _leaf(words("Url", "TDMQ")),
        "CallBackMqConfig": _MQ_CONFIG,
    }
)
CONCAT_TEMPLATE_BODY = _container(
    {
        "Tag": _leaf(words("Concat"), required=True),
        "Name": _leaf(matching(r"[\w-]{1,64}", "1 to 64 of Chinese, letters, digits, _ and -"), required=True),
        "ConcatTemplate": replace(CONCAT_TEMPLATE, required=True),
    }
)
WATERMARK_TEMPLATE_BODY = _container(
    {
        "Tag": _leaf(words("Watermark"), required=True),
        "Name": _leaf(matching(r"[\w-]{1,64}", "1 to 64 of Chinese, letters, digits, _ and -"), required=True),
        "Watermark": replace(WATERMARK, required=True, most=1),
    }
)
QUEUE = _container(
    {
        "Name": _leaf(matching(".{1,128}", "at most 128 characters"), required=True),
        "State": _leaf(words("Active", "Paused"), required=True),
        "NotifyConfig": _container(
            {
                "State": _leaf(words("On", "Off")),
                "Event": _leaf(matching("(TaskFinish|WorkflowFinish)(,(TaskFinish|WorkflowFinish))*", "TaskFinish")),
                "ResultFormat": _leaf(words("JSON", "XML")),
                "Type": _leaf(words("Url", "TDMQ")),
                "Url": _leaf(matching(r"https?://\S+", "an http(s) address")),
                "MqMode": _leaf(words("Topic", "Queue")),
                "MqRegion": _leaf(words("sh", "bj", "gz", "cd", "hk")),
                "MqName": _leaf(),
            },
            required=True,
        ),
    }
)


def mistakes(element: Element, rule: Rule, path: str) -> Iterator[str]:
    """One sentence for each thing in `element` that the rule does not allow, naming the node by its path."""
    if rule.check is not None:
        allowed = f"{path} is a value, not a container" if element.children else rule.check(element.text)
        if allowed:
            yield f"{path} is {element.text!r}, allowed: {allowed}"
        return
    if element.text.strip():
        yield f"{path} is a container, not a value"
    for child in element.children:
        if child.name not in rule.children:
            yield f"{path}.{child.name} is not a node of this API"
    for name, child_rule in rule.children.items():
        found = element.all(name)
        if child_rule.required and not found:
            yield f"{path}.{name} is missing"
        if len(found) > child_rule.most:
            yield f"{path}.{name} stands {len(found)} times, at most {child_rule.most:g} allowed"
        for child in found:
            yield from mistakes(child, child_rule, f"{path}.{name}")


def leaf_paths(rule: Rule, path: str = "") -> Iterator[str]:
    """Every leaf of a rule as a dotted path, e.g. "Operation.ConcatTemplate.Video.Width"."""
    if rule.check is not None:
        yield path
    for name, child in rule.children.items():
        yield from leaf_paths(child, f"{path}.{name}" if path else name)
