"""The ffmpeg command that renders a plan by decoding and encoding: one command, one encoding, whatever is asked.

Pieces coded alike are read as one long input, which keeps memory flat; others are brought one by one to the size of
the largest picture, the highest frame rate, the most channels and the highest sample rate among them (or what the
request asks for) and then concatenated. Nothing is cut to a length that somebody claims: what is shorter is filled up,
a picture by its last frame, a piece without picture by a black one, sound by silence. Assumed, because no document
tells: all of that; pictures of another shape are fitted in with black borders, Rotate turns clockwise, mixed sounds are
added up at full level.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from local.ci.errors import JobFailed
from local.ci.rendering.marks import overlay
from local.ci.rendering.mixing import mixed
from local.ci.rendering.plan import Plan, Transition, VideoWish
from local.ci.rendering.spans import Span, difference
from local.media.probe import Picture, Sound

SOUND_ONLY = {"mp3", "aac"}  # containers that hold no picture
_DEFAULT_CRF = 25.0  # of the template document, where neither Crf nor Bitrate is given
_PRESET = "ultrafast"  # a stand-in is judged by what the frames show, not by their number of bytes
_LAYOUTS = {1: "mono", 2: "stereo", 4: "4.0", 5: "5.0", 6: "5.1", 8: "7.1"}
_SLOWEST_MP3_IN_MP4 = 16000  # Hz
_SLOWEST_MP3, _FASTEST_MP3, _FASTEST_AAC = 8000, 48000, 96000  # Hz


@dataclass(frozen=True)
class Rendering:
    """ffmpeg's arguments up to the muxer's, how many seconds must come out of it, and of what kinds."""

    arguments: list[str]
    seconds: float
    picture: Canvas | None
    sound: Tape | None


@dataclass(frozen=True)
class Canvas:
    """What every picture is brought to."""

    width: int
    height: int
    fps: Fraction


@dataclass(frozen=True)
class Tape:
    """What every sound is brought to; `bitrate` in bits/s, 0 = the encoder's choice."""

    codec: str
    sample_rate: int
    channels: int
    bitrate: int

    @property
    def format(self) -> str:
        """The filter that brings a sound to it."""
        layout = _LAYOUTS[self.channels]
        return f"aformat=sample_fmts=fltp:sample_rates={self.sample_rate}:channel_layouts={layout}"


@dataclass(frozen=True)
class Lane:
    """One input of the graph: ffmpeg's arguments to read it, its length in seconds, and what it holds.

    `shown`: seconds from its beginning to the end of its last picture.
    """

    arguments: list[str]
    seconds: float
    picture: Picture | None
    sound: Sound | None
    shown: float


def concat_input(spans: Sequence[Span], folder: Path) -> list[str]:
    """Reads whole files one after the other as if they were one; only for files coded alike."""
    listing = folder / "pieces.txt"
    listing.write_text("".join(f"file '{span.source.path}'\nduration {span.next_at:.6f}\n" for span in spans))
    return ["-f", "concat", "-safe", "0", "-i", str(listing)]


def transcode(plan: Plan, spans: Sequence[Span], files: Mapping[str, Path], folder: Path) -> Rendering:
    """The command for the plan; raises `JobFailed` where the plan and its files do not fit together."""
    lanes = _lanes(plan, spans, folder)
    canvas = None if plan.video.remove or plan.format in SOUND_ONLY else _canvas(plan.video, lanes)
    heard = any(lane.sound for lane in lanes)
    tape = None if plan.audio.remove or not (heard or plan.mixes) else _tape(plan, lanes)
    if canvas is None and tape is None:
        raise JobFailed("InvalidArgument", "neither picture nor sound is left for the output")
    own_sound = heard and tape is not None and not any(mix.replace for mix in plan.mixes)
    lengths = [_length(lane, canvas, plan) for lane in lanes]
    graph: list[str] = []
    inputs = [argument for lane in lanes for argument in lane.arguments]
    total = sum(lengths) - _overlap(plan, lengths, canvas)
    codecs: list[str] = []
    if canvas is not None:
        graph += [_picture_chain(index, lane, length, canvas, plan) for index, lane, length in _each(lanes, lengths)]
    if tape is not None and own_sound:
        graph += [_sound_chain(index, lane, length, tape, plan) for index, lane, length in _each(lanes, lengths)]
    graph += _one_behind_the_other(plan, lengths, canvas, sounding=own_sound)
    if canvas is not None:
        shown = overlay(plan.marks, files, folder, (canvas.width, canvas.height), total, inputs, graph)
        codecs += ["-map", f"[{shown}]", *_video_codec(plan.video)]
    if tape is not None:
        heard_at = mixed(plan.mixes, files, tape.format, total, inputs, graph, own=own_sound)
        codecs += ["-map", f"[{heard_at}]", *_audio_codec(tape)]
    return Rendering([*inputs, "-filter_complex", ";".join(graph), *codecs], total, canvas, tape)


def _each(lanes: Sequence[Lane], lengths: Sequence[float]) -> list[tuple[int, Lane, float]]:
    return [(index, lane, length) for index, (lane, length) in enumerate(zip(lanes, lengths, strict=True))]


def _lanes(plan: Plan, spans: Sequence[Span], folder: Path) -> list[Lane]:
    first = spans[0].source
    if len(spans) > 1 and plan.transition is None and all(s.whole for s in spans) and not difference(spans):
        before, last = sum(span.next_at for span in spans[:-1]), spans[-1].source
        shown = before + last.picture.extent.end if last.picture else 0.0
        return [Lane(concat_input(spans, folder), before + last.duration, first.picture, first.sound, shown)]
    return [_lane(span, sparing=len(spans) > 2) for span in spans]


def _lane(span: Span, *, sparing: bool) -> Lane:
    cut = [] if span.whole else ["-ss", f"{span.start:.3f}", "-t", f"{span.seconds:.3f}"]
    threads = ["-threads", "1"] if sparing else []
    arguments = [*threads, *cut, "-i", str(span.source.path)]
    picture = span.source.picture
    shown = min(picture.extent.end, span.end) - span.start if picture else 0.0
    return Lane(arguments, span.seconds, picture, span.source.sound, shown)


def _length(lane: Lane, canvas: Canvas | None, plan: Plan) -> float:
    """The lane's length; pieces that overlap by a transition are filled up to whole pictures."""
    if canvas is None or plan.transition is None:
        return lane.seconds
    return float(math.ceil(lane.seconds * canvas.fps - Fraction(1, 1000)) / canvas.fps)


def _on_grid(seconds: float, canvas: Canvas | None) -> float:
    """The length rounded to whole pictures."""
    if canvas is None:
        return seconds
    return float(max(1, round(seconds * canvas.fps)) / canvas.fps)


def _canvas(wish: VideoWish, lanes: Sequence[Lane]) -> Canvas | None:
    pictures = [lane.picture for lane in lanes if lane.picture]
    if not pictures:
        return None
    picture = max(pictures, key=lambda each: min(each.width, each.height))  # the first of the largest
    fastest = max(each.fps for each in pictures)
    turn = math.radians(wish.rotate)
    wide = abs(picture.width * math.cos(turn)) + abs(picture.height * math.sin(turn))
    high = abs(picture.width * math.sin(turn)) + abs(picture.height * math.cos(turn))
    width, height = wish.width, wish.height
    if width is None:
        width = _even(wide if height is None else height * wide / high)
    if height is None:
        height = _even(high if wish.width is None else wish.width * high / wide)
    return Canvas(_even(width), _even(height), wish.fps or fastest)


def _even(size: float) -> int:
    """H.264 in 4:2:0 needs even sizes."""
    return max(2, round(size / 2) * 2)


def _picture_chain(index: int, lane: Lane, length: float, canvas: Canvas, plan: Plan) -> str:
    size = f"{canvas.width}x{canvas.height}"
    fades = _fades(index, length, plan, "fade")
    if lane.picture is None:
        frames = math.ceil(length * canvas.fps)
        steps = [f"color=c=black:s={size}:r={canvas.fps},format=yuv420p,setsar=1,trim=end_frame={frames}"]
        return f"{','.join(steps + fades)}[v{index}]"
    steps = _turned(plan.video.rotate)
    if lane.picture.aspect != 1:
        steps.append("scale=iw*sar:ih")
    if plan.video.rotate or size != f"{lane.picture.width}x{lane.picture.height}":
        steps.append(f"scale={canvas.width}:{canvas.height}:force_original_aspect_ratio=decrease:reset_sar=1")
        steps.append(f"pad={canvas.width}:{canvas.height}:-1:-1")
    steps += ["setsar=1", "format=yuv420p", f"fps={canvas.fps}:start_time=0"]
    if plan.transition is not None:
        steps += ["tpad=stop=-1:stop_mode=clone", f"trim=end_frame={round(length * canvas.fps)}"]
    elif length > lane.shown:  # a sound may outlast its picture
        steps.append(f"tpad=stop_mode=clone:stop_duration={length - lane.shown:.6f}")
    return f"[{index}:{lane.picture.index}]{','.join(steps + fades)}[v{index}]"


def _turned(degrees: float) -> list[str]:
    quarter = {0: [], 90: ["transpose=clock"], 180: ["hflip", "vflip"], 270: ["transpose=cclock"]}
    if degrees in quarter:
        return list(quarter[int(degrees)])
    angle = f"{degrees}*PI/180"
    return [f"rotate={angle}:ow=rotw({angle}):oh=roth({angle}):c=black"]


def _sound_chain(index: int, lane: Lane, length: float, tape: Tape, plan: Plan) -> str:
    fades = _fades(index, length, plan, "afade")
    if lane.sound is None:
        silence = f"anullsrc=r={tape.sample_rate}:cl={_LAYOUTS[tape.channels]}"
        return f"{','.join([silence, tape.format, f'atrim=duration={length:.6f}', *fades])}[a{index}]"
    steps = ["aresample=async=1:first_pts=0", tape.format, f"apad=whole_dur={length:.6f}"]
    if plan.transition is not None:
        steps.append(f"atrim=duration={length:.6f}")
    return f"[{index}:{lane.sound.index}]{','.join(steps + fades)}[a{index}]"


def _fades(index: int, length: float, plan: Plan, filter_name: str) -> list[str]:
    """FADE: half its time out of a piece into black and silence, half of it into the next; ends of the whole stay."""
    if plan.transition is None or plan.transition.mode != "FADE":
        return []
    half = plan.transition.seconds / 2
    begins = [f"{filter_name}=t=in:st=0:d={half:.6f}"] if index > 0 else []
    ends = [f"{filter_name}=t=out:st={length - half:.6f}:d={half:.6f}"] if index < len(plan.pieces) - 1 else []
    return begins + ends


def _overlap(plan: Plan, lengths: Sequence[float], canvas: Canvas | None) -> float:
    """Seconds that transitions take off the sum; fails where a piece is too short for its transitions."""
    if plan.transition is None or len(lengths) < 2:
        return 0.0
    overlapping = plan.transition.mode == "GRADIENT"
    for piece, length in zip(plan.pieces, lengths, strict=True):
        if length < plan.transition.seconds:
            raise JobFailed(
                "InvalidArgument",
                f"Operation.ConcatTemplate.SceneChangeInfo.Time is {plan.transition.seconds:g} s, "
                f"but {piece.key} lasts only {length:.3f} s",
            )
    return (len(lengths) - 1) * _on_grid(plan.transition.seconds, canvas) if overlapping else 0.0


def _one_behind_the_other(plan: Plan, lengths: Sequence[float], canvas: Canvas | None, *, sounding: bool) -> list[str]:
    """From [v0] and [a0], [v1] and [a1], … to [v] and [a]. At each seam what is shorter waits for what is longer."""
    if plan.transition is not None and plan.transition.mode == "GRADIENT":
        pictures = _blended_pictures(plan.transition, lengths, canvas) if canvas else []
        seconds = _on_grid(plan.transition.seconds, canvas)  # sound as long as its picture: else they part at each seam
        return pictures + (_blended_sounds(seconds, len(lengths)) if sounding else [])
    kinds = [("v", canvas is not None), ("a", sounding)]
    parts = "".join(f"[{kind}{index}]" for index in range(len(lengths)) for kind, there in kinds if there)
    if not parts:
        return []
    concat = f"{parts}concat=n={len(lengths)}:v={int(canvas is not None)}:a={int(sounding)}"
    if canvas is None:
        return [f"{concat}[a]"]
    return [f"{concat}[joined]{'[a]' if sounding else ''}", f"[joined]fps={canvas.fps}[v]"]


def _blended_pictures(transition: Transition, lengths: Sequence[float], canvas: Canvas) -> list[str]:
    count, seconds = len(lengths), _on_grid(transition.seconds, canvas)
    steps = []
    shown, at = "v0", 0.0
    for index in range(1, count):
        at += lengths[index - 1] - seconds
        name = "v" if index == count - 1 else f"x{index}"
        steps.append(f"[{shown}][v{index}]xfade=transition=fade:duration={seconds:.6f}:offset={at:.6f}[{name}]")
        shown = name
    return steps or ["[v0]null[v]"]


def _blended_sounds(seconds: float, count: int) -> list[str]:
    steps = []
    heard = "a0"
    for index in range(1, count):
        name = "a" if index == count - 1 else f"y{index}"
        steps.append(f"[{heard}][a{index}]acrossfade=d={seconds:.6f}:c1=tri:c2=tri[{name}]")
        heard = name
    return steps or ["[a0]anull[a]"]


def _tape(plan: Plan, lanes: Sequence[Lane]) -> Tape:
    sounds = [lane.sound for lane in lanes if lane.sound]
    sound = sounds[0] if sounds else None
    wish = plan.audio
    fit = plan.format in SOUND_ONLY or (sound is not None and sound.sample_rate >= _SLOWEST_MP3_IN_MP4)
    source = "mp3" if sound is not None and sound.codec.startswith("mp3") and fit else "aac"
    codec = wish.codec or (plan.format if plan.format in SOUND_ONLY else source)
    if plan.format in SOUND_ONLY and codec != plan.format:
        raise JobFailed(
            "InvalidArgument",
            f"Operation.ConcatTemplate.Audio.Codec is {codec}, which Container.Format {plan.format} cannot hold",
        )
    fastest = min(max((each.sample_rate for each in sounds), default=44100), _FASTEST_AAC)
    sample_rate = wish.sample_rate or fastest
    channels = wish.channels or max((each.channels for each in sounds), default=2)
    if codec == "mp3":
        sample_rate = wish.sample_rate or min(max(sample_rate, _SLOWEST_MP3), _FASTEST_MP3)
        channels = min(channels, 2)
    if channels not in _LAYOUTS:
        channels = 2
    bitrate = wish.bitrate * 1000 if wish.bitrate else sound.bitrate if sound else 0
    return Tape(codec, sample_rate, channels, bitrate)


def _video_codec(wish: VideoWish) -> list[str]:
    quality = ["-b:v", f"{wish.bitrate}k"] if wish.bitrate else ["-crf", f"{wish.crf or _DEFAULT_CRF:g}"]
    return ["-c:v", "libx264", "-preset", _PRESET, "-pix_fmt", "yuv420p", *quality]


def _audio_codec(tape: Tape) -> list[str]:
    encoder = "libmp3lame" if tape.codec == "mp3" else "aac"
    bitrate = ["-b:a", str(tape.bitrate)] if tape.bitrate else []
    return ["-c:a", encoder, "-ar", str(tape.sample_rate), *bitrate]
