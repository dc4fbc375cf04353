"""Could the service have told? What MediaInfo of the pieces and of the output show of a loss, by which node.

This is the column of the table that decides what counts as a fault. It is written from what the nodes mean, coarse on
purpose, and shares nothing with the functions' own verification, which never sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

COARSE = 0.35  # seconds below which no node is said to show a loss
FEWER = 0.8  # of the pictures that there should be
FLUENT = 24.0  # pictures a second; fewer in the output show when the pieces had more

Info = Mapping[str, Any]


def visible_by(pieces: Sequence[Info], output: Info, *, directly: bool = False, without: Sequence[str] = ()) -> str:
    """The first node that shows that the output lacks something of the pieces; empty when none does.

    Args:
        pieces: media information of each piece, empty for one that cannot be probed.
        output: that of the output.
        directly: packets were copied, so bytes and pictures are the same.
        without: kinds ("Video", "Audio", "Subtitle") that may be lost.
    """
    if not output or not all(pieces):
        return "no MediaInfo"
    for kind in ("Video", "Audio", "Subtitle"):
        if kind not in without and (found := _stream_by_stream(kind, pieces, output)):
            return found
    if "Video" not in without and (found := _pictures(pieces, output)):
        return found
    lengths = [_seconds(piece, "Duration") for piece in pieces]
    total = _seconds(output, "Duration")
    if None in lengths or total is None:
        return "Format.Duration (none)"
    expected = sum(length or 0.0 for length in lengths)
    if abs(total - expected) > max(COARSE, 0.03 * len(pieces)):
        return "Format.Duration"
    if _bytes(output) > 1.1 * float(output["Format"]["Size"]):
        return "Format.Size"
    if any(_hidden(piece) for piece in pieces) and len(pieces) > 1:
        return "Video.NumFrames (an edit list)"
    return ""


def _stream_by_stream(kind: str, pieces: Sequence[Info], output: Info) -> str:
    want, have = [_streams(piece, kind) for piece in pieces], _streams(output, kind)
    offsets = [sum(_seconds(piece, "Duration") or 0.0 for piece in pieces[:at]) for at in range(len(pieces))]
    for rank in range(max(len(streams) for streams in want)):
        if rank >= len(have):
            return f"Stream.{kind}"
        owners = [at for at, streams in enumerate(want) if len(streams) > rank]
        last = owners[-1]
        end = offsets[last] + _end(pieces[last], want[last][rank])
        begin = offsets[owners[0]] + _begin(pieces[owners[0]], want[owners[0]][rank])
        if "Duration" in have[rank]:
            if _end(output, have[rank]) < end - COARSE - (0.5 if kind == "Subtitle" else 0.0):
                return f"{kind}.Duration"
            if "StartTime" in have[rank] and _begin(output, have[rank]) > begin + COARSE:
                return f"{kind}.StartTime"
    return ""


def _pictures(pieces: Sequence[Info], output: Info) -> str:
    made = [(piece, streams[0]) for piece in pieces if (streams := _streams(piece, "Video"))]
    have = _streams(output, "Video")
    if not made or not have:
        return ""
    fastest = max(_rate(stream) for _, stream in made)
    rate, seconds = _rate(have[0]), _seconds(output, "Duration") or 0.0
    if rate < 0.9 * min(FLUENT, fastest):
        return "Video.AvgFps"
    if "NumFrames" in have[0] and float(have[0]["NumFrames"]) < FEWER * min(rate, fastest) * seconds - 5:
        return "Video.NumFrames"
    short = max(min(int(stream["Width"]), int(stream["Height"])) for _, stream in made)
    if min(int(have[0]["Width"]), int(have[0]["Height"])) < short / 2:
        return "Video.Height"
    return ""


def _bytes(output: Info) -> float:
    """What the streams of an mp4 have together by their bitrates, which its index tells."""
    if not output["Format"].get("FormatName", "").startswith("mov"):
        return 0.0
    streams = [each for kind in ("Video", "Audio") for each in _streams(output, kind)]
    return sum(float(each.get("Bitrate", 0)) * 125 * float(each.get("Duration", 0)) for each in streams)


def _streams(info: Info, kind: str) -> list[Mapping[str, str]]:
    """The streams of a kind, without covers: a cover has no average rate."""
    return [each for each in info["Stream"].get(kind, ()) if each.get("AvgFps") != "0/0"]


def _hidden(piece: Info) -> bool:
    """Whether more pictures are in the file than its length shows."""
    counted = [each for each in _streams(piece, "Video") if {"NumFrames", "Duration"} <= set(each) and _rate(each)]
    return any(float(each["NumFrames"]) / _rate(each) - float(each["Duration"]) > COARSE for each in counted)


def _rate(stream: Mapping[str, str]) -> float:
    above, _, below = stream.get("AvgFps", "0").partition("/")
    return float(above) / float(below or 1) if float(below or 1) else 0.0


def _seconds(info: Info, node: str) -> float | None:
    told = info["Format"].get(node)
    return None if told is None else float(told)


def _begin(info: Info, stream: Mapping[str, str]) -> float:
    return float(stream.get("StartTime", 0)) - (_seconds(info, "StartTime") or 0.0)


def _end(info: Info, stream: Mapping[str, str]) -> float:
    if "Duration" not in stream:
        return _seconds(info, "Duration") or 0.0
    return _begin(info, stream) + float(stream["Duration"])
