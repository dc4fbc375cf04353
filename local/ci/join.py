"""Joins the pieces of a plan into one output and proves that nothing was lost on the way.

ffmpeg's concat ends with exit code 0 after losing content, so three things are checked each time: the inputs before
(`probe`), every complaint of ffmpeg, and the output's duration against what the pieces promise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from local.ci.errors import JobFailed
from local.ci.ffmpeg import Ffmpeg
from local.ci.mediainfo import media_duration
from local.ci.plan import Plan
from local.ci.probe import NotMedia
from local.ci.spans import Span, difference, spans_of
from local.ci.transcode import SOUND_ONLY, Rendering, concat_input, transcode

# The muxer of each Container.Format, and what ${ext} becomes; "m3u8" for hls is assumed.
_MUXERS = {"mp4": "mp4", "flv": "flv", "ts": "mpegts", "mp3": "mp3", "aac": "adts"}
EXTENSIONS = {"mp4": "mp4", "flv": "flv", "hls": "m3u8", "ts": "ts", "mp3": "mp3", "aac": "aac"}

_SEAM_SLACK = 0.06  # seconds that one seam may add or take: an audio frame and a picture
_LEAST_SLACK = 0.3


def join(plan: Plan, files: Mapping[str, Path], folder: Path, ffmpeg: Ffmpeg, *, shorten: bool = False) -> list[Path]:
    """Renders the plan into `folder` and returns the files of the output, for hls the playlist and then its segments.

    Args:
        plan: what to render.
        files: where each of `plan.keys()` was downloaded to.
        folder: an empty folder for the output.
        ffmpeg: runs the children.
        shorten: deliver only the first half and say nothing (the switch `short_output`).

    Raises:
        JobFailed: an input, a node or the outcome is not as it has to be; the message names it.
        Stopped: the service ends.
    """
    spans = spans_of(plan, files)
    output = folder / f"output.{EXTENSIONS[plan.format]}"
    rendering = _copy(plan, spans, folder) if plan.direct else transcode(plan, spans, files, folder)
    limit = ["-t", f"{rendering.seconds / 2:.3f}"] if shorten else []
    ffmpeg.run([*rendering.arguments, *limit, *_muxer(plan.format, folder), str(output)])
    if not shorten:
        _check_duration(output, rendering.seconds, spans)
    return [output, *sorted(folder.glob("output_*.ts"))]


def _copy(plan: Plan, spans: Sequence[Span], folder: Path) -> Rendering:
    """DirectConcat: packets as they are, which only works if all pieces are coded alike."""
    differing = difference(spans)
    if differing:
        raise JobFailed("ResourceNotSupported", f"DirectConcat needs pieces coded alike: {differing}")
    streams = ["-map", "0:v:0?", "-map", "0:a:0?"]
    if plan.format in SOUND_ONLY:
        sound = spans[0].source.sound
        codec = sound.codec if sound else "no sound"
        if not codec.startswith(plan.format):  # the decoder of mp3 is called mp3float
            raise JobFailed(
                "ResourceNotSupported", f"Container.Format {plan.format} with DirectConcat cannot hold {codec}"
            )
        # Such a container keeps no time stamps, but overlapping ones at the seams would make ffmpeg complain.
        one_after_the_other = r"setts=ts=if(N\,PREV_OUTDTS+PREV_OUTDURATION\,0)"
        streams = ["-map", "0:a:0", "-bsf:a", one_after_the_other]
    source = concat_input([span.source for span in spans], folder)
    return Rendering([*source, *streams, "-c", "copy"], sum(span.seconds for span in spans))


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
