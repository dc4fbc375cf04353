"""Rules of a request that no single node can break: what must stand together, and whose objects may be named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from local.ci.document import Element


@dataclass(frozen=True)
class Place:
    """The bucket that a request is addressed to, with its region."""

    bucket: str
    region: str

    def key_of(self, url: str, *, encoded: bool) -> str | None:
        """The key of an object of this bucket, None for any other address.

        Fragments' addresses are taken as they stand ("not required to URL encode"), those of sounds and watermark
        images are URL-encoded.
        """
        found = re.fullmatch(r"https?://([^/]+)/(.+)", url)
        if found is None or found[1].lower() != f"{self.bucket}.cos.{self.region}.myqcloud.com":
            return None
        return unquote(found[2], errors="strict") if encoded else found[2]


def broken_job_rules(request: Element, place: Place, region_of: Callable[[str], str | None]) -> Iterator[str]:
    """What is wrong with a POST /jobs whose single nodes are all right; `region_of` knows the account's buckets."""
    operation = request.find("Operation") or Element("Operation")
    template = operation.find("ConcatTemplate")
    if template is None and not operation.find("TemplateId"):
        yield "Request.Operation needs TemplateId or ConcatTemplate"
    if template is not None:
        has_input = request.find("Input") is not None
        yield from broken_concat_rules(template, place, "Request.Operation.ConcatTemplate")
        if not has_input and not template.all("ConcatFragment") and not operation.find("TemplateId"):
            yield "Request.Operation.ConcatTemplate.ConcatFragment is missing, and there is no Request.Input"
    for watermark in operation.all("Watermark"):
        yield from broken_watermark_rules(watermark, place, "Request.Operation.Watermark")
    bucket, region = operation.value("Output/Bucket"), operation.value("Output/Region")
    actual = region_of(bucket)
    if actual is None:
        yield f"Request.Operation.Output.Bucket {bucket!r} is not a bucket of this account"
    elif actual != region:
        yield f"Request.Operation.Output.Region is {region!r}, but {bucket} is in {actual}"
    if operation.value("Output/Object").startswith("/"):
        yield "Request.Operation.Output.Object starts with a slash"
    if request.value("CallBackType") == "TDMQ" and request.find("CallBackMqConfig") is None:
        yield "Request.CallBackMqConfig is missing, required when CallBackType is TDMQ"


def broken_concat_rules(template: Element, place: Place, path: str) -> Iterator[str]:
    """What is wrong between the nodes of one ConcatTemplate."""
    fragments = template.all("ConcatFragment")
    for fragment in fragments:
        url = fragment.value("Url")
        if place.key_of(url, encoded=False) is None:
            yield f"{path}.ConcatFragment.Url {url!r} is not an object of {place.bucket} in {place.region}"
        yield from _broken_span(fragment, f"{path}.ConcatFragment")
    if int(template.value("Index", "0")) > len(fragments):
        yield f"{path}.Index is {template.value('Index')}, allowed: at most {len(fragments)}, the count of fragments"
    yield from _broken_sound(template, path)
    for name in ("Audio", "Video"):
        node = template.find(name)
        if node is not None and node.find("Codec") is None and node.value("Remove") != "true":
            yield f"{path}.{name}.Codec is missing"
    for name in ("AudioMix", "AudioMixArray"):
        for mix in template.all(name):
            yield from _broken_address(mix.value("AudioSource"), place, f"{path}.{name}.AudioSource")
            yield from _broken_effects(mix, f"{path}.{name}.EffectConfig")


def _broken_sound(template: Element, path: str) -> Iterator[str]:
    if template.value("Audio/Codec") == "mp3":
        if template.value("Audio/Samplerate") == "96000":
            yield f"{path}.Audio.Samplerate is 96000, which mp3 does not have"
        if template.value("Audio/Channels", "2") not in ("1", "2"):
            yield f"{path}.Audio.Channels is {template.value('Audio/Channels')}, allowed for mp3: 1, 2"


def _broken_effects(mix: Element, path: str) -> Iterator[str]:
    effects = (
        ("EnableStartFadein", "StartFadeinTime"),
        ("EnableEndFadeout", "EndFadeoutTime"),
        ("EnableBgmFade", "BgmFadeTime"),
    )
    for switch, time in effects:
        seconds = float(mix.value(f"EffectConfig/{time}", "0"))
        if mix.value(f"EffectConfig/{switch}") == "true" and seconds <= 0:
            yield f"{path}.{time} must be above 0 where {switch} is true"


def broken_watermark_rules(watermark: Element, place: Place, path: str) -> Iterator[str]:
    """What is wrong between the nodes of one Watermark."""
    kind = watermark.value("Type")
    if watermark.find(kind) is None:
        yield f"{path}.{kind} is missing, required when Type is {kind}"
    background = watermark.value("Image/Background") == "true"
    reach = 100 if watermark.value("LocMode") == "Relativity" else 4096
    low, high = (-300 if reach == 100 else -4096, 0) if background else (0, reach)
    for name in ("Dx", "Dy"):
        if not low <= int(watermark.value(name)) <= high:
            yield f"{path}.{name} is {watermark.value(name)}, allowed here: [{low}, {high}]"
    yield from _broken_span(watermark, path)
    if watermark.find("Image"):
        yield from _broken_address(watermark.value("Image/Url"), place, f"{path}.Image.Url")
        yield from _broken_image_size(watermark, background=background, path=f"{path}.Image")


def _broken_image_size(watermark: Element, *, background: bool, path: str) -> Iterator[str]:
    mode = watermark.value("Image/Mode")
    low, high = (8, 4096) if mode == "Fixed" else (100, 300) if background else (1, 100)
    for name in ("Width", "Height"):
        size = watermark.value(f"Image/{name}")
        if size and mode == "Original":
            yield f"{path}.{name} is not for Mode Original"
        elif size and not low <= int(size) <= high:
            yield f"{path}.{name} is {size}, allowed for Mode {mode}: [{low}, {high}]"


def _broken_address(url: str, place: Place, path: str) -> Iterator[str]:
    try:
        key = place.key_of(url, encoded=True)
    except UnicodeDecodeError:
        key = None
    if not url.isascii() or re.search("%(?![0-9a-fA-F]{2})", url):
        yield f"{path} {url!r} is not URL-encoded"
    elif key is None:
        yield f"{path} {url!r} is not an object of {place.bucket} in {place.region}"


def _broken_span(element: Element, path: str) -> Iterator[str]:
    start, end = element.value("StartTime"), element.value("EndTime")
    if end and float(end) <= float(start or 0):
        yield f"{path}.EndTime is {end}, allowed: above StartTime ({start or 0})"
