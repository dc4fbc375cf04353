"""Outputs spoilt on purpose, for the switch `damage`: what a service that loses content would hand over as a success.

Some damages change which pieces are joined, the others what was made of them. Media information is then that of the
spoilt file, so it is truthful. Nothing here knows how the functions look for damage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from local.ci.rendering.ffmpeg import Ffmpeg
from local.ci.rendering.join import muxer, written
from local.ci.rendering.plan import Plan
from local.media.probe import extents

_X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
_BOTH = "-map 0:v -map 0:a"
# ffmpeg's arguments; {first} is where the second piece begins and {total} where the last ends, in seconds
_SPOILT = {
    "no sound": "-map 0:v -c copy",
    "no picture": "-map 0:a -c copy",
    "short": "-map 0 -c copy -t {half}",
    "short sound": f"{_BOTH} -c:v copy -af atrim=end={{first}}",
    "short picture": f"{_BOTH} -c:a copy {_X264} -vf trim=end={{first}}",
    "late sound": f"{_BOTH} -c:v copy -af aselect=gte(t\\,{{first}})",
    "muted sound": f"{_BOTH} -c:v copy -af volume=0:enable='gte(t,{{first}})'",
    "frozen picture": f"{_BOTH} -c:a copy {_X264} -vf trim=end={{first}},tpad=stop_mode=clone:stop_duration={{rest}}",
    "one picture a second": f"{_BOTH} -c:a copy {_X264} -vf fps=1",
    "tiny picture": f"{_BOTH} -c:a copy {_X264} -vf scale=16:16",
    "no first piece": f"{_BOTH} {_X264} -ss {{first}}",
    "longer": f"{_BOTH} {_X264} -vf tpad=stop_mode=clone:stop_duration={{first}} -af apad=pad_dur={{first}}",
}
_REARRANGED = {
    "second piece lost": lambda pieces: pieces[:1] + pieces[2:],
    "last piece lost": lambda pieces: pieces[:-1],
    "first piece doubled": lambda pieces: pieces[:1] * 2 + pieces[2:],
    "pieces exchanged": lambda pieces: pieces[1::-1] + pieces[2:],
}
_CUT_OFF = "cut off"  # the last third of the bytes is not there, and of an mp4 its index says that it is
DAMAGES = (*_SPOILT, *_REARRANGED, _CUT_OFF)


def rearranged(plan: Plan, damage: str) -> Plan:
    """The plan with other pieces than were asked for; as it is, for damages of another kind."""
    change = _REARRANGED.get(damage)
    return plan if change is None else replace(plan, pieces=tuple(change(plan.pieces)))


def spoilt(outputs: Sequence[Path], damage: str, container: str, pieces: int, ffmpeg: Ffmpeg) -> list[Path]:
    """The files of a spoilt output; as they are, for damages of another kind.

    Args:
        outputs: the files of an output, for hls the playlist and then its segments.
        damage: one of `DAMAGES`.
        container: Container.Format.
        pieces: how many pieces of about the same length it was joined of.
        ffmpeg: runs the children.
    """
    if damage == _CUT_OFF:
        return _cut_off(outputs, container, ffmpeg)
    arguments = _SPOILT.get(damage)
    if arguments is None:
        return list(outputs)
    total = max(extent.end for extent in extents(outputs[0]) if extent is not None)
    times = {"first": total / pieces, "rest": total - total / pieces, "half": total / 2}
    folder = outputs[0].parent / "spoilt"
    folder.mkdir()
    output = folder / outputs[0].name
    told = arguments.format(**{name: f"{seconds:.3f}" for name, seconds in times.items()}).split()
    ffmpeg.run(["-i", str(outputs[0]), *told, *muxer(container, folder), str(output)], believing=True)
    return written(output)


def _cut_off(outputs: Sequence[Path], container: str, ffmpeg: Ffmpeg) -> list[Path]:
    """The last file of an output without its last third."""
    last = outputs[-1]
    if container == "mp4":
        ffmpeg.run(["-i", str(last), "-map", "0", "-c", "copy", "-movflags", "+faststart", str(last) + ".mp4"])
        Path(str(last) + ".mp4").replace(last)
    body = last.read_bytes()
    last.write_bytes(body[: len(body) * 2 // 3])
    return list(outputs)
