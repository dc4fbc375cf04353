"""The nodes of a Concat job that are really rendered, and why the others are not.

`plan` reads from here: a node that a request sets and that is not in `RENDERED` fails the job by name, so nothing is
ever skipped in silence. The tests see each of these in decoded pictures and sound.
"""

from __future__ import annotations

_CONCAT = "Operation.ConcatTemplate"
_MIX = ("AudioSource", "MixMode", "Replace")
_EFFECTS = (
    "EnableStartFadein",
    "StartFadeinTime",
    "EnableEndFadeout",
    "EndFadeoutTime",
    "EnableBgmFade",
    "BgmFadeTime",
)
_MARK = "Operation.Watermark"

RENDERED: frozenset[str] = frozenset(
    [
        "Input.Object",
        "Operation.Output.Object",
        "Operation.TemplateId",
        "Operation.WatermarkTemplateId",
        *(f"{_CONCAT}.ConcatFragment.{node}" for node in ("Url", "FragmentIndex", "StartTime", "EndTime", "Mode")),
        f"{_CONCAT}.Container.Format",
        f"{_CONCAT}.Index",
        f"{_CONCAT}.DirectConcat",
        *(
            f"{_CONCAT}.Video.{node}"
            for node in ("Codec", "Width", "Height", "Fps", "Bitrate", "Crf", "Remove", "Rotate")
        ),
        *(f"{_CONCAT}.Audio.{node}" for node in ("Codec", "Samplerate", "Bitrate", "Channels", "Remove")),
        *(f"{_CONCAT}.{array}.{node}" for array in ("AudioMix", "AudioMixArray") for node in _MIX),
        *(f"{_CONCAT}.{array}.EffectConfig.{node}" for array in ("AudioMix", "AudioMixArray") for node in _EFFECTS),
        f"{_CONCAT}.SceneChangeInfo.Mode",
        f"{_CONCAT}.SceneChangeInfo.Time",
        *(f"{_MARK}.{node}" for node in ("Type", "Pos", "LocMode", "Dx", "Dy", "StartTime", "EndTime")),
        *(f"{_MARK}.SlideConfig.{node}" for node in ("SlideMode", "XSlideSpeed", "YSlideSpeed")),
        *(f"{_MARK}.Image.{node}" for node in ("Url", "Mode", "Width", "Height", "Transparency")),
        *(f"{_MARK}.Text.{node}" for node in ("FontSize", "FontColor", "Transparency", "Text")),
    ]
)

# Rendered by something else than what was named: the fonts of the service are not free.
SUBSTITUTED = {f"{_MARK}.Text.FontType": "drawn in a free font that has the characters"}

# Values that ask for nothing: the node's own default.
_HARMLESS = {f"{_MARK}.Image.Background": "false"}

_REASONS = {
    f"{_CONCAT}.ConcatFragment.Duration": "no document says what it means",
    f"{_CONCAT}.SceneChangeInfo.TransitionType": "no document lists its values",
    f"{_MARK}.Image.Background": "no document says what a background looks like",
}


def is_rendered(path: str, text: str) -> bool:
    """Whether a node with this value is rendered, or asks for nothing."""
    return path in RENDERED or path in SUBSTITUTED or _HARMLESS.get(path) == text


def why_not(path: str) -> str:
    """Why a node is accepted but not rendered, for the message of the failed job and for the docs."""
    return f"the local cloud does not render this ({_REASONS.get(path, 'unknown node')})"
