"""Joins the pieces of a plan into one output and proves that nothing was lost on the way.

ffmpeg's concat ends with exit code 0 after losing content, so three things are checked each time: the inputs before
(`probe`), every complaint of ffmpeg, and the output's duration against what the pieces promise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from local.ci.errors import JobFailed
from local.ci.ffmpeg import Ffmpeg
from local.ci.plan import Plan
from local.ci.probe import FORMATS_WITHOUT_DURATION, NotMedia, Source, media_duration
from local.ci.spans import Span, difference, source_of, spans_of
from local.ci.transcode import SOUND_ONLY, concat_input, transcode

# The muxer of each Container.Format, and what ${ext} becomes; "m3u8" for hls is assumed.
_MUXERS = {"mp4": "mp4", "flv": "flv", "ts": "mpegts", "mp3": "mp3", "aac": "adts"}
EXTENSIONS = {"mp4": "mp4", "flv": "flv", "hls": "m3u8", "ts": "ts", "mp3": "mp3", "aac": "aac"}

_SEAM_SLACK = 0.06  # seconds that one seam may add or take: an audio frame and a picture
_LEAST_SLACK = 0.3


def join(plan: Plan, files: Mapping[str, Path], folder: Path, ffmpeg: Ffmpeg) -> list[Path]:
    """Renders the plan into `folder` and returns the files of the output, for hls the playlist and then its segments.

    Args:
        plan: what to render.
        files: where each of `plan.keys()` was downloaded to.
        folder: an empty folder for the output.
        ffmpeg: runs the children.

    Raises:
        JobFailed: an input, a node or the outcome is not as it has to be; the message names it.
        Stopped: the service ends.
    """
    output = folder / f"output.{EXTENSIONS[plan.format]}"
    if plan.direct:
        spans = _copy(plan, files, output, ffmpeg)
        expected = sum(span.seconds for span in spans)
    else:
        spans = spans_of(plan, files)
        rendering = transcode(plan, spans, files, folder)
        ffmpeg.run([*rendering.arguments, *_muxer(plan.format, folder), str(output)])
        expected = rendering.seconds
    _check_duration(output, expected, spans)
    return _written(output)


def cut_short(outputs: Sequence[Path], container: str, ffmpeg: Ffmpeg) -> list[Path]:
    """The first half of an output, for the switch `short_output`."""
    folder = outputs[0].parent / "short"
    folder.mkdir()
    output = folder / outputs[0].name
    half = f"{media_duration(outputs[0]) / 2:.3f}"
    ffmpeg.run(["-i", str(outputs[0]), "-t", half, "-c", "copy", *_muxer(container, folder), str(output)])
    return _written(output)


def _written(output: Path) -> list[Path]:
    return [output, *sorted(output.parent.glob("output_*.ts"))]


def _copy(plan: Plan, files: Mapping[str, Path], output: Path, ffmpeg: Ffmpeg) -> list[Span]:
    """DirectConcat: packets as they are, which only works if all pieces are coded alike.

    Copying takes little longer than probing, so the copy begins once the first piece is known and is dropped if
    another differs. The pieces are probed one after the other: more probers would take the processor from the copy.
    """
    keys = plan.keys()
    first = source_of(keys[0], files[keys[0]])
    streams = _kept_streams(plan, first)
    sources, seconds = {keys[0]: first}, None
    if first.format in FORMATS_WITHOUT_DURATION:
        sources |= {key: source_of(key, files[key]) for key in keys[1:]}
        seconds = [sources[piece.key].duration for piece in plan.pieces]
    listed = concat_input([files[piece.key] for piece in plan.pieces], seconds, output.parent)
    with ffmpeg.running([*listed, *streams, "-c", "copy", *_muxer(plan.format, output.parent), str(output)]):
        sources |= {key: source_of(key, files[key]) for key in keys if key not in sources}
        spans = [Span(piece, sources[piece.key], 0.0, sources[piece.key].duration) for piece in plan.pieces]
        _refuse_unlike(spans)  # before ffmpeg's own complaint: it says better what is wrong
    return spans


def _refuse_unlike(spans: Sequence[Span]) -> None:
    differing = difference(spans)
    if differing:
        raise JobFailed("ResourceNotSupported", f"DirectConcat needs pieces coded alike: {differing}")


def _kept_streams(plan: Plan, first: Source) -> list[str]:
    if plan.format not in SOUND_ONLY:
        return ["-map", "0:v:0?", "-map", "0:a:0?"]
    codec = first.sound.codec if first.sound else "no sound"
    if not codec.startswith(plan.format):  # the decoder of mp3 is called mp3float
        raise JobFailed("ResourceNotSupported", f"Container.Format {plan.format} with DirectConcat cannot hold {codec}")
    # Such a container keeps no time stamps, but overlapping ones at the seams would make ffmpeg complain.
    return ["-map", "0:a:0", "-bsf:a", r"setts=ts=if(N\,PREV_OUTDTS+PREV_OUTDURATION\,0)"]


def _muxer(container: str, folder: Path) -> list[str]:
    if container != "hls":
        return ["-f", _MUXERS[container]]
    # Segment names and their length are assumed: <name>_00000.ts beside the playlist, 10 s each.
    names = str(folder / "output_%05d.ts")
    return ["-f", "hls", "-hls_time", "10", "-hls_playlist_type", "vod", "-hls_segment_filename", names]


def _check_duration(output: Path, expected: float, spans: Sequence[Span]) -> None:
    shortest = min(span.seconds for span in spans)
    slack = min(max(_LEAST_SLACK, _SEAM_SLACK * len(spans)), max(shortest / 2, _SEAM_SLACK))
    try:
        actual = media_duration(output)
    except NotMedia as error:
        raise JobFailed("InternalError", f"the output is {error}") from None
    if abs(actual - expected) > slack:
        raise JobFailed(
            "InternalError",
            f"the output lasts {actual:.3f} s, but its pieces promise {expected:.3f} s: content would be lost",
        )
