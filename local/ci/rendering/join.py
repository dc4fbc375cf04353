"""Joins the pieces of a plan into one output and proves that nothing was lost on the way.

ffmpeg's concat ends with exit code 0 after losing content, so three things are checked each time: the inputs before
(`probe`), every complaint of ffmpeg, and where each stream of the output begins and ends, by its packets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.ci.errors import JobFailed
from local.ci.rendering.ffmpeg import Ffmpeg
from local.ci.rendering.plan import Plan
from local.ci.rendering.spans import Span, difference, spans_of
from local.ci.rendering.transcode import SOUND_ONLY, concat_input, transcode
from local.media.probe import Extent, NotMedia, Picture, Sound, extents

# The muxer of each Container.Format, and what ${ext} becomes; "m3u8" for hls is assumed.
_MUXERS = {"mp4": "mp4", "flv": "flv", "ts": "mpegts", "mp3": "mp3", "aac": "adts"}
EXTENSIONS = {"mp4": "mp4", "flv": "flv", "hls": "m3u8", "ts": "ts", "mp3": "mp3", "aac": "aac"}

_SHORT = 0.1  # seconds by which a stream may end early, beside one picture and one frame of sound
_PADDING = 2048  # samples that an encoder of sound may add at each seam and at the end


@dataclass(frozen=True)
class Expected:
    """Where the streams of an output have to begin and end, in seconds; None = there has to be none.

    `grain`: seconds of one picture and one frame of sound. `seams`: how many there are.
    """

    picture: tuple[float, float] | None
    sound: tuple[float, float] | None
    pictures: int | None
    grain: float
    seams: int


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
    spans = spans_of(plan, files)
    if plan.direct:
        expected = _copy(plan, spans, output, ffmpeg)
    else:
        rendering = transcode(plan, spans, files, folder)
        ffmpeg.run([*rendering.arguments, *muxer(plan.format, folder), str(output)])
        whole = (0.0, rendering.seconds)
        expected = Expected(
            whole if rendering.picture else None,
            whole if rendering.sound else None,
            None,
            (1 / float(rendering.picture.fps) if rendering.picture else 0.0)
            + (_PADDING / rendering.sound.sample_rate if rendering.sound else 0.0),
            len(spans),
        )
    _check(output, expected)
    return written(output)


def written(output: Path) -> list[Path]:
    """The files of an output: itself, and of a playlist its segments."""
    return [output, *sorted(output.parent.glob("output_*.ts"))]


def _copy(plan: Plan, spans: Sequence[Span], output: Path, ffmpeg: Ffmpeg) -> Expected:
    """DirectConcat: packets as they are, which only works if all pieces are coded alike."""
    if differing := difference(spans):
        raise JobFailed("ResourceNotSupported", f"DirectConcat needs pieces coded alike: {differing}")
    first, last = spans[0].source, spans[-1].source
    picture = first.picture if plan.format not in SOUND_ONLY else None
    copied = _copied(plan.format, picture, first.sound)
    ffmpeg.run([*concat_input(spans, output.parent), *copied, *muxer(plan.format, output.parent), str(output)])
    before = sum(span.next_at for span in spans[:-1])
    end = before + last.sound.extent.end if last.sound else 0.0
    if plan.format in SOUND_ONLY:  # packet after packet, without the pauses between them
        end = sum(e.end - e.start for e in (span.source.sound.extent for span in spans if span.source.sound))
    return Expected(
        (picture.extent.start, before + last.picture.extent.end) if picture and last.picture else None,
        (0.0 if plan.format in SOUND_ONLY else first.sound.extent.start, end) if first.sound else None,
        sum(span.source.picture.extent.packets for span in spans if span.source.picture) if picture else None,
        (1 / float(picture.fps) if picture else 0.0) + (_PADDING / first.sound.sample_rate if first.sound else 0.0),
        len(spans),
    )


def _copied(container: str, picture: Picture | None, sound: Sound | None) -> list[str]:
    """Which streams are copied: those that were probed, by their index."""
    if container not in SOUND_ONLY:
        return [*(f for s in (picture, sound) if s is not None for f in ("-map", f"0:{s.index}")), "-c", "copy"]
    codec = sound.codec if sound else "no sound"
    if sound is None or not codec.startswith(container):  # the decoder of mp3 is called mp3float
        raise JobFailed("ResourceNotSupported", f"Container.Format {container} with DirectConcat cannot hold {codec}")
    # Such a container keeps no time stamps, but overlapping ones at the seams would make ffmpeg complain.
    running = r"setts=ts=if(N\,PREV_OUTDTS+PREV_OUTDURATION\,0)"
    return ["-map", f"0:{sound.index}", "-bsf:a", running, "-c", "copy"]


def muxer(container: str, folder: Path) -> list[str]:
    """The arguments for a container; the files of a playlist go into `folder`."""
    if container != "hls":
        return ["-f", _MUXERS[container]]
    # Segment names and their length are assumed: <name>_00000.ts beside the playlist, 10 s each.
    names = str(folder / "output_%05d.ts")
    return ["-f", "hls", "-hls_time", "10", "-hls_playlist_type", "vod", "-hls_segment_filename", names]


def _check(output: Path, expected: Expected) -> None:
    """Fails the job where a stream is missing, begins late, ends early, or is longer than its pieces."""
    try:
        picture, sound = extents(output)
    except NotMedia as error:
        raise JobFailed("InternalError", f"the output is {error}") from None
    for kind, found, wanted in (("picture", picture, expected.picture), ("sound", sound, expected.sound)):
        if problem := _problem(found, wanted, expected):
            raise JobFailed("InternalError", f"the {kind} of the output {problem}")
    if picture is not None and expected.pictures is not None and picture.packets < expected.pictures:
        raise JobFailed(
            "InternalError",
            f"the output holds {picture.packets} of {expected.pictures} pictures: content would be lost",
        )


def _problem(found: Extent | None, wanted: tuple[float, float] | None, expected: Expected) -> str:
    if wanted is None:
        return "" if found is None else "was not asked for"
    if found is None:
        return "is missing: content would be lost"
    (start, end), short = wanted, _SHORT + expected.grain
    if found.start > start + short:
        return f"begins at {found.start:.3f} s instead of {start:.3f} s: content would be lost"
    if found.end < end - short:
        return f"ends at {found.end:.3f} s, but its pieces at {end:.3f} s: content would be lost"
    if found.end > end + short + expected.seams * expected.grain:
        return f"ends at {found.end:.3f} s, but its pieces at {end:.3f} s: it would be too long"
    return ""
