"""Containers that hold only values: what is joined, how it is coded and cut, where it goes and who is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cosconcat.job.schema import ANYTHING, BOOLEAN, Allowed, Node, as_number, leaf, like, number, one_of
from cosconcat.naming.keys import KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where a rule is documented; the coverage table in the docs spells these out.
PAGE = "page"  # Submitting Tasks (Concat): the page this project implements
TEMPLATE = "template"  # Creating a splicing template, to which the page refers for Audio, Video, Container
STRUCTURES = "structures"  # Appendix, structures: AudioMix, EffectConfig, CallBackMqConfig
WATERMARK = "watermark"  # Creating a watermark template, to which the page refers for the nodes below Watermark
SDK = "sdk"  # only seen in the official SDKs and their demos

SECONDS = number(0, unit="(seconds)")
ID = like(r"[A-Za-z0-9_-]{1,64}", "letters and digits")
PLAIN_URL = like(r"https?://[^/?#]+/[^?#]+", "http(s)://<host>/<key>, not URL-encoded, without ? and #")
ENCODED_URL = like(
    r"https?://[A-Za-z0-9.:-]+/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})+", "http(s)://<host>/<URL-encoded key>"
)
CALLBACK_URL = like(r"no|https?://[^\s/?#]+\S*", "an http(s) URL, or no")

_PERCENT = number(1, 100, "%", whole=True)
_SIZE = number(1, 4096, "(percent or pixels, by Mode)")
_SPEED = number(0, 10, whole=True)


def _is_object(key: str) -> bool:
    """Whether COS allows a key of this length, and it has no wildcard but the two that the page lists."""
    return 0 < len(key.encode()) <= KEY_BYTES and set(re.findall(r"\$\{[^}]*\}", key)) <= {"${ext}", "${jobid}"}


OUTPUT_OBJECT = Allowed(f"a key of at most {KEY_BYTES} bytes, with no wildcard but ${{ext}} and ${{jobid}}", _is_object)


class Input(Node):
    """A file that is joined with the fragments, at `ConcatTemplate.Index`."""

    Object: str = leaf(ANYTHING, PAGE, required=True)


class Output(Node):
    """Where the result goes; in `Object`, `${ext}` stands for the format and `${jobid}` for the job's id."""

    Region: str = leaf(like(r"[a-z]+(-[a-z0-9]+)+", "a region, e.g. ap-guangzhou"), PAGE, required=True)
    Bucket: str = leaf(like(r"[a-z0-9][a-z0-9-]*-[0-9]+", "<name>-<appid>"), PAGE, required=True)
    Object: str = leaf(OUTPUT_OBJECT, PAGE, required=True)


class ConcatFragment(Node):
    """One file to join, in the input's bucket. Times are seconds within that file."""

    Url: str = leaf(PLAIN_URL, PAGE, required=True)
    FragmentIndex: str = leaf(number(0, whole=True), PAGE)
    StartTime: str = leaf(SECONDS, PAGE)
    EndTime: str = leaf(SECONDS, PAGE)
    Mode: str = leaf(one_of("Start", "End"), TEMPLATE)
    Duration: str = leaf(SECONDS, SDK)  # a field of two SDKs; no document says what it does

    def inconsistent(self, path: str) -> Iterator[str]:
        """A trim that leaves nothing."""
        if not self.EndTime:
            return
        start, end = as_number(self.StartTime or "0"), as_number(self.EndTime)
        if start is not None and end is not None and 0 <= end <= start:
            yield f"{path}.EndTime: '{self.EndTime}' leaves nothing; allowed: above StartTime ({self.StartTime or '0'})"


class Audio(Node):
    """How the sound is coded; what is not set stays as in the source. Samplerate in Hz, Bitrate in kbps."""

    Codec: str = leaf(one_of("aac", "mp3"), TEMPLATE, required=True)
    Samplerate: str = leaf(one_of("11025", "22050", "32000", "44100", "48000", "96000"), TEMPLATE)
    Bitrate: str = leaf(number(8, 1000, "kbps", whole=True), TEMPLATE)
    Channels: str = leaf(one_of("1", "2", "4", "5", "6", "8"), TEMPLATE)
    Remove: str = leaf(BOOLEAN, PAGE)

    def inconsistent(self, path: str) -> Iterator[str]:
        """What mp3 cannot carry."""
        if self.Codec == "mp3" and self.Samplerate == "96000":
            yield f"{path}.Samplerate: '96000' is not supported with Codec mp3; allowed: up to 48000, or Codec aac"
        if self.Codec == "mp3" and self.Channels in {"4", "5", "6", "8"}:
            yield f"{path}.Channels: '{self.Channels}' is not supported with Codec mp3; allowed: 1, 2"


class Video(Node):
    """How the picture is coded. Width and Height in pixels, Bitrate in kbps, Rotate in degrees."""

    Codec: str = leaf(one_of("H.264"), TEMPLATE, required=True)
    Bitrate: str = leaf(number(10, 50000, "kbps", whole=True), TEMPLATE)
    Width: str = leaf(number(128, 4096, "pixels", whole=True), TEMPLATE)
    Height: str = leaf(number(128, 4096, "pixels", whole=True), TEMPLATE)
    Fps: str = leaf(number(0, 60, "frames a second", above=True), TEMPLATE)
    Crf: str = leaf(number(0, 51, above=True), TEMPLATE)
    Remove: str = leaf(BOOLEAN, TEMPLATE)
    Rotate: str = leaf(number(0, 360, "degrees", below=True), TEMPLATE)


class Container(Node):
    """The format of the output file."""

    Format: str = leaf(one_of("mp4", "flv", "hls", "ts", "mp3", "aac"), TEMPLATE, required=True)


class SceneChangeInfo(Node):
    """The transition between fragments; Time in seconds, 3 when not set."""

    Mode: str = leaf(one_of("Default", "FADE", "GRADIENT", "XFADE"), SDK, required=True)
    Time: str = leaf(number(0, 5, "seconds", above=True), SDK)
    TransitionType: str = leaf(like(r"[A-Za-z0-9_-]{1,32}", "a word, e.g. fade"), SDK)


class EffectConfig(Node):
    """Fades of a mixed-in sound; times in seconds, needed where the fade is switched on."""

    EnableStartFadein: str = leaf(BOOLEAN, STRUCTURES)
    StartFadeinTime: str = leaf(SECONDS, STRUCTURES)
    EnableEndFadeout: str = leaf(BOOLEAN, STRUCTURES)
    EndFadeoutTime: str = leaf(SECONDS, STRUCTURES)
    EnableBgmFade: str = leaf(BOOLEAN, STRUCTURES)
    BgmFadeTime: str = leaf(SECONDS, STRUCTURES)

    def inconsistent(self, path: str) -> Iterator[str]:
        """A fade that is switched on and takes no time; switched off, 0 is in use (the page's second example)."""
        for switch, time in (
            ("EnableStartFadein", "StartFadeinTime"),
            ("EnableEndFadeout", "EndFadeoutTime"),
            ("EnableBgmFade", "BgmFadeTime"),
        ):
            if getattr(self, switch) == "true" and as_number(getattr(self, time)) == 0:
                yield f"{path}.{time}: '{getattr(self, time)}' with {switch} true; allowed: above 0 (seconds)"


class SlideConfig(Node):
    """A watermark that moves; its offsets are void then."""

    SlideMode: str = leaf(one_of("Default", "ScrollFromLeft"), WATERMARK, required=True)
    XSlideSpeed: str = leaf(_SPEED, WATERMARK, required=True)
    YSlideSpeed: str = leaf(_SPEED, WATERMARK, required=True)


class Image(Node):
    """An image of the input's bucket; Width and Height in percent (Proportion) or pixels (Fixed)."""

    Url: str = leaf(ENCODED_URL, WATERMARK, required=True)
    Mode: str = leaf(one_of("Original", "Proportion", "Fixed"), WATERMARK, required=True)
    Width: str = leaf(_SIZE, WATERMARK)
    Height: str = leaf(_SIZE, WATERMARK)
    Transparency: str = leaf(_PERCENT, WATERMARK, required=True)
    Background: str = leaf(BOOLEAN, WATERMARK)

    def inconsistent(self, path: str) -> Iterator[str]:
        """A size that the mode has no place for."""
        for name in ("Width", "Height"):
            size = getattr(self, name)
            if not _SIZE.accepts(size):
                continue
            if self.Mode == "Original":
                yield f"{path}.{name}: '{size}' with Mode Original; allowed: none"
            elif self.Mode in {"Proportion", "Fixed"} and not self._range().accepts(size):
                yield f"{path}.{name}: '{size}' with Mode {self.Mode}; allowed: {self._range().words}"

    def _range(self) -> Allowed:
        if self.Mode == "Fixed":
            return number(8, 4096, "pixels")
        return number(100, 300, "%") if self.Background == "true" else number(1, 100, "%")


class Text(Node):
    """A line of text in one of the service's fonts; FontSize in pixels."""

    FontSize: str = leaf(number(5, 100, "pixels"), WATERMARK, required=True)
    FontType: str = leaf(like(r"[\w.-]+\.(?i:ttf|ttc|otf)", "a font file, e.g. simhei.ttf"), WATERMARK, required=True)
    FontColor: str = leaf(like(r"0x[0-9A-Fa-f]{6}", "0xRRGGBB"), WATERMARK, required=True)
    Transparency: str = leaf(_PERCENT, WATERMARK, required=True)
    Text: str = leaf(
        like(r"[\u3400-\u9fffA-Za-z0-9_*-]{1,64}", "at most 64 Chinese characters, letters, digits, _, - and *"),
        WATERMARK,
        required=True,
    )


class CallBackMqConfig(Node):
    """The TDMQ-CMQ topic or queue that hears of the end; regions in the API's short codes."""

    MqRegion: str = leaf(one_of("sh", "bj", "gz", "cd", "hk"), STRUCTURES, required=True)
    MqMode: str = leaf(one_of("Topic", "Queue"), STRUCTURES, required=True)
    MqName: str = leaf(like(r"[A-Za-z0-9_-]{1,64}", "letters, digits, - and _, at most 64"), STRUCTURES, required=True)
