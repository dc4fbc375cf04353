"""A service that takes ffmpeg's exit code for success: the switch `believing` puts it in the place of `join`.

It does what quick scripts do, and what a real service may do for all that anybody knows: it refuses nothing, believes
every header, joins the first stream of each kind, and looks neither at complaints nor at what came out. Of the request
it follows the pieces, their trims, the container and DirectConcat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from local.ci.rendering.ffmpeg import Ffmpeg
from local.ci.rendering.join import EXTENSIONS, muxer, written
from local.ci.rendering.plan import Piece, Plan
from local.ci.rendering.transcode import SOUND_ONLY
from local.media.probe import NotMedia, open_media

_ENCODERS = {"video": ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"], "audio": ["-c:a", "aac"]}


@dataclass(frozen=True)
class Header:
    """What a file claims to be: seconds, size and average rate of its first picture, rate of its first sound."""

    seconds: float
    picture: tuple[str, int, int, Fraction] | None
    sound: tuple[str, int] | None


def join_believing(plan: Plan, files: Mapping[str, Path], folder: Path, ffmpeg: Ffmpeg) -> list[Path]:
    """The files of an output as `join` has them, whole or not; raises `JobFailed` only when ffmpeg itself fails."""
    output = folder / f"output.{EXTENSIONS[plan.format]}"
    headers = [_header(files[piece.key]) for piece in plan.pieces]
    if plan.direct:
        first = ["-map", "0:a:0"] if plan.format in SOUND_ONLY else ["-map", "0:v:0?", "-map", "0:a:0?"]
        arguments = [*_listed(plan, files, folder), *first, "-c", "copy"]
    elif None in headers or len({_shape(each) for each in headers}) == 1:
        first = ["-map", "0:a:0"] if plan.format in SOUND_ONLY else ["-map", "0:v:0?", "-map", "0:a:0?"]
        arguments = [*_listed(plan, files, folder), *first, *_encoders(plan)]
    else:
        arguments = _filtered(plan, files, [header for header in headers if header])
    ffmpeg.run([*arguments, *muxer(plan.format, folder), str(output)], believing=True)
    return written(output)


def _header(path: Path) -> Header | None:
    """None for what is no media: the service does not notice."""
    try:
        with open_media(path) as container:
            videos, sounds = container.streams.video, container.streams.audio
            video = videos[0].codec_context if videos else None
            picture = (video.name, video.width, video.height, videos[0].average_rate or Fraction(25)) if video else None
            sound = (sounds[0].codec_context.name, sounds[0].codec_context.sample_rate) if sounds else None
            return Header((container.duration or 0) / av.time_base, picture, sound)
    except NotMedia:
        return None


def _shape(header: Header | None) -> object:
    return header and (header.picture and header.picture[:3], header.sound)


def _listed(plan: Plan, files: Mapping[str, Path], folder: Path) -> list[str]:
    """The concat demuxer, whatever the pieces are."""
    listing = folder / "pieces.txt"
    listing.write_text("".join(_entry(piece, files[piece.key], trims=not plan.direct) for piece in plan.pieces))
    return ["-f", "concat", "-safe", "0", "-i", str(listing)]


def _entry(piece: Piece, path: Path, *, trims: bool) -> str:
    begin = f"inpoint {piece.start}\n" if trims and piece.start is not None else ""
    end = f"outpoint {piece.end}\n" if trims and piece.end is not None else ""
    return f"file '{path}'\n{begin}{end}"


def _encoders(plan: Plan) -> list[str]:
    sound = ["-c:a", "libmp3lame"] if plan.format == "mp3" else _ENCODERS["audio"]
    return sound if plan.format in SOUND_ONLY else [*_ENCODERS["video"], *sound]


def _filtered(plan: Plan, files: Mapping[str, Path], headers: Sequence[Header]) -> list[str]:
    """The concat filter: every piece cut and filled to the length it claims, in the shape of the first."""
    shown = next((each.picture for each in headers if each.picture), None) if plan.format not in SOUND_ONLY else None
    heard = any(header.sound for header in headers)
    inputs, chains, labels = [], [], []
    for index, (piece, header) in enumerate(zip(plan.pieces, headers, strict=True)):
        inputs += ["-i", str(files[piece.key])]
        begin, end = piece.start or 0.0, header.seconds if piece.end is None else piece.end
        seconds = max(end - begin, 0.04)
        if shown:
            chains.append(_picture(index, header, shown, begin, seconds))
            labels.append(f"[v{index}]")
        if heard:
            chains.append(_sound(index, header, begin, seconds))
            labels.append(f"[a{index}]")
    outputs = [kind for kind, there in (("[v]", shown), ("[a]", heard)) if there]
    joined = f"{''.join(labels)}concat=n={len(headers)}:v={int(bool(shown))}:a={int(heard)}{''.join(outputs)}"
    mapped = [argument for label in outputs for argument in ("-map", label)]
    return [*inputs, "-filter_complex", ";".join([*chains, joined]), *mapped, *_encoders(plan)]


def _picture(index: int, header: Header, shape: tuple[str, int, int, Fraction], begin: float, seconds: float) -> str:
    _, width, height, rate = shape
    width, height = width // 2 * 2, height // 2 * 2
    if not header.picture:
        return f"color=c=black:s={width}x{height}:r={rate}:d={seconds},setsar=1[v{index}]"
    scaled = f"scale={width}:{height},setsar=1,fps={rate}"
    return f"[{index}:v:0]trim=start={begin}:duration={seconds},setpts=PTS-STARTPTS,{scaled}[v{index}]"


def _sound(index: int, header: Header, begin: float, seconds: float) -> str:
    alike = "aformat=sample_fmts=fltp:sample_rates=44100:channel_layouts=stereo"
    if not header.sound:
        return f"anullsrc=r=44100:cl=stereo,{alike},atrim=duration={seconds}[a{index}]"
    return f"[{index}:a:0]atrim=start={begin}:duration={seconds},asetpts=PTS-STARTPTS,{alike}[a{index}]"
