"""What a job is to render, read from a request that already passed `schema` and `rules`.

Order of the pieces (assumed where the page is silent): fragments by FragmentIndex, ties in document order; those with
Mode Start before those without, those with Mode End after; Input is inserted at Index, or, where a Mode is given and
Index is not, after the last fragment with Mode Start.
A template wins node by node: what its ConcatTemplate says replaces the same node of the job, fragments included
("TemplateId has higher priority"); how deep the real service lets it win nobody tells (assumed).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from local.ci import coverage
from local.ci.document import Element
from local.ci.errors import JobFailed
from local.ci.rules import Place

_FRAGMENT = "Operation.ConcatTemplate.ConcatFragment"


@dataclass(frozen=True)
class Piece:
    """One object of the sequence; `start` and `end` in seconds of that object, None = its own."""

    key: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class VideoWish:
    """What is asked of the picture; None = as the first piece has it. `bitrate` in kbps, `rotate` degrees clockwise."""

    remove: bool = False
    width: int | None = None
    height: int | None = None
    fps: Fraction | None = None
    bitrate: int | None = None
    crf: float | None = None
    rotate: float = 0.0


@dataclass(frozen=True)
class AudioWish:
    """What is asked of the sound; None = as the first piece has it. `bitrate` in kbps, `sample_rate` in Hz."""

    remove: bool = False
    codec: str | None = None
    sample_rate: int | None = None
    bitrate: int | None = None
    channels: int | None = None


@dataclass(frozen=True)
class Mix:
    """A sound laid under or instead of the pieces' own; fades in seconds, 0 = none."""

    key: str
    repeat: bool
    replace: bool
    fade_in: float
    fade_out: float
    seam_fade: float


@dataclass(frozen=True)
class Transition:
    """FADE (through black, length unchanged) or GRADIENT (one into the other, overlapping by `seconds`); assumed."""

    mode: str
    seconds: float


@dataclass(frozen=True)
class Mark:
    """A watermark. `opacity` 0 to 1; `dx`, `dy` in % of the frame when `relative`, else px; `end` None = to the end."""

    position: str
    relative: bool
    dx: int
    dy: int
    start: float
    end: float | None
    opacity: float
    slide: tuple[int, int] | None  # XSlideSpeed, YSlideSpeed of ScrollFromLeft
    image_key: str = ""
    image_mode: str = ""
    width: int | None = None
    height: int | None = None
    text: str = ""
    font: str = ""
    font_size: int = 0
    color: str = ""  # RRGGBB


@dataclass(frozen=True)
class Plan:
    """Everything a rendering needs to know."""

    pieces: tuple[Piece, ...]
    format: str
    direct: bool = False
    video: VideoWish = field(default_factory=VideoWish)
    audio: AudioWish = field(default_factory=AudioWish)
    mixes: tuple[Mix, ...] = ()
    transition: Transition | None = None
    marks: tuple[Mark, ...] = ()

    def keys(self) -> list[str]:
        """Every object that the rendering reads, each once."""
        named = [piece.key for piece in self.pieces]
        if not self.direct:
            named += [mix.key for mix in self.mixes] + [mark.image_key for mark in self.marks if mark.image_key]
        return list(dict.fromkeys(named))


def merged(template: Element | None, own: Element | None) -> Element:
    """The ConcatTemplate that counts, of a template's and the job's own."""
    if template is None:
        return own or Element("ConcatTemplate")
    says = {child.name for child in template.children}
    rest = [child for child in own.children if child.name not in says] if own else []
    return Element("ConcatTemplate", children=[*template.children, *rest])


def plan_of(concat: Element, marks: Sequence[Element], input_key: str, place: Place) -> Plan:
    """Reads the plan from a ConcatTemplate and the watermarks.

    Raises:
        JobFailed: a node is asked for that is accepted but not rendered here; the message names it.
    """
    direct = concat.value("DirectConcat") == "true"
    plan = Plan(_pieces(concat, input_key, place), concat.value("Container/Format"), direct)
    if not plan.pieces:
        raise JobFailed("InvalidArgument", "Operation.ConcatTemplate: nothing to concatenate")
    if direct:  # "all other video and audio parameters become void"
        return plan
    operation = Element("Operation", children=[concat, *(Element("Watermark", children=m.children) for m in marks)])
    for path, text in operation.leaves("Operation"):
        if not coverage.is_rendered(path, text):
            raise JobFailed("ResourceNotSupported", f"{path} is {text!r}: {coverage.why_not(path)}")
    audio = _audio(concat)
    return Plan(
        plan.pieces,
        plan.format,
        direct,
        _video(concat),
        audio,
        () if audio.remove else _mixes(concat, place),
        _transition(concat),
        tuple(_mark(mark, place) for mark in marks),
    )


def _pieces(concat: Element, input_key: str, place: Place) -> tuple[Piece, ...]:
    rank = {"Start": 0, "": 1, "End": 2}
    fragments = sorted(
        concat.all("ConcatFragment"), key=lambda f: (rank[f.value("Mode")], int(f.value("FragmentIndex", "0")))
    )
    pieces = [_piece(fragment, place) for fragment in fragments]
    if input_key:
        starts = sum(fragment.value("Mode") == "Start" for fragment in fragments)
        pieces.insert(int(concat.value("Index", str(starts))), Piece(input_key))
    return tuple(pieces)


def _piece(fragment: Element, place: Place) -> Piece:
    key = place.key_of(fragment.value("Url"), encoded=False)
    if key is None:
        raise JobFailed("ResourceNotFound", f"{_FRAGMENT}.Url {fragment.value('Url')!r} is not of {place.bucket}")
    return Piece(key, _number(fragment, "StartTime"), _number(fragment, "EndTime"))


def _video(concat: Element) -> VideoWish:
    video = concat.find("Video")
    if video is None:
        return VideoWish()
    fps = video.value("Fps")
    return VideoWish(
        remove=video.value("Remove") == "true",
        width=_integer(video, "Width"),
        height=_integer(video, "Height"),
        fps=Fraction(fps).limit_denominator(1001) if fps else None,
        bitrate=None if video.find("Crf") else _integer(video, "Bitrate"),
        crf=_number(video, "Crf"),
        rotate=_number(video, "Rotate") or 0.0,
    )


def _audio(concat: Element) -> AudioWish:
    audio = concat.find("Audio")
    if audio is None:
        return AudioWish()
    return AudioWish(
        remove=audio.value("Remove") == "true",
        codec=audio.value("Codec") or None,
        sample_rate=_integer(audio, "Samplerate"),
        bitrate=_integer(audio, "Bitrate"),
        channels=_integer(audio, "Channels"),
    )


def _mixes(concat: Element, place: Place) -> tuple[Mix, ...]:
    return tuple(_mix(mix, place) for mix in concat.all("AudioMix") or concat.all("AudioMixArray"))


def _mix(mix: Element, place: Place) -> Mix:
    def fade(switch: str, time: str) -> float:
        enabled = mix.value(f"EffectConfig/{switch}") == "true"
        return float(mix.value(f"EffectConfig/{time}")) if enabled else 0.0

    return Mix(
        key=place.key_of(mix.value("AudioSource"), encoded=True) or "",
        repeat=mix.value("MixMode", "Repeat") == "Repeat",
        replace=mix.value("Replace") == "true",
        fade_in=fade("EnableStartFadein", "StartFadeinTime"),
        fade_out=fade("EnableEndFadeout", "EndFadeoutTime"),
        seam_fade=fade("EnableBgmFade", "BgmFadeTime"),
    )


def _transition(concat: Element) -> Transition | None:
    scene = concat.find("SceneChangeInfo")
    if scene is None or scene.value("Mode") == "Default":
        return None
    return Transition(scene.value("Mode"), float(scene.value("Time", "3")))


def _mark(mark: Element, place: Place) -> Mark:
    kind = mark.value("Type")  # decides; the other kind's node, if it is there too, says nothing
    content = mark.find(kind) or Element(kind)
    sliding = mark.value("SlideConfig/SlideMode") == "ScrollFromLeft"
    speeds = (int(mark.value("SlideConfig/XSlideSpeed", "0")), int(mark.value("SlideConfig/YSlideSpeed", "0")))
    return Mark(
        position=mark.value("Pos"),
        relative=mark.value("LocMode") == "Relativity",
        dx=int(mark.value("Dx")),
        dy=int(mark.value("Dy")),
        start=float(mark.value("StartTime", "0")),
        end=_number(mark, "EndTime"),
        opacity=int(content.value("Transparency")) / 100,
        slide=speeds if sliding else None,
        image_key=(place.key_of(content.value("Url"), encoded=True) or "") if kind == "Image" else "",
        image_mode=content.value("Mode"),
        width=_integer(content, "Width"),
        height=_integer(content, "Height"),
        text=content.value("Text"),
        font=content.value("FontType"),
        font_size=_integer(content, "FontSize") or 0,
        color=content.value("FontColor").removeprefix("0x"),
    )


def _number(element: Element, name: str) -> float | None:
    text = element.value(name)
    return float(text) if text else None


def _integer(element: Element, name: str) -> int | None:
    text = element.value(name)
    return int(text) if text else None
