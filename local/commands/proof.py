"""Prove a joined group from outside: what lies in the bucket now, and what the video holds when it is decoded."""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.media import clips, reading
from local.media.probe import tracks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from local.cloud import LocalCloud
    from local.media.clips import Clip

ROUNDING = 0.08  # seconds a section may be longer or shorter: one video frame and one AAC frame
EDGE = 0.35  # seconds from both ends of a section at which users' clips are compared
ALIKE = 0.85  # of 1; different scenes stay far below
SOUNDS_ALIKE = 0.85  # of 1; see `reading.sounds_alike`
HEARD_RATE = 16000  # Hz
LARGEST_SHEET = 48  # pictures


@dataclass(frozen=True)
class Claim:
    """One thing that was promised, whether it holds, and the evidence in a few words.

    `judged` is False where nobody can tell from outside; `holds` says nothing then.
    """

    what: str
    holds: bool
    evidence: str
    judged: bool = True


def client(cloud: LocalCloud) -> Any:
    """The unmodified SDK with the account owner's key, speaking http through the proxy."""
    from qcloud_cos import CosConfig, CosS3Client

    logging.getLogger("qcloud_cos").setLevel(logging.ERROR)
    key = cloud.account.root_key()
    config = CosConfig(
        Region=cloud.account.region,
        SecretId=key.secret_id,
        SecretKey=key.secret_key,
        Scheme="http",
        Proxies={"http": cloud.proxy.url},
    )
    return CosS3Client(config)


def examine(cloud: LocalCloud, sdk: Any, parts: Sequence[Clip], out: Path, *, made: bool) -> list[Claim]:
    """Download the output into `out`, draw its contact sheet, and check every promise.

    `made` says that the clips carry numbers (`clips.make_clip`); other clips are recognised by their pictures.
    """
    prefix = _common_prefix(cloud)
    outputs = _keys(sdk, cloud.bucket, "output/")
    if len(outputs) != 1:
        left = _keys(sdk, cloud.bucket, prefix)
        told = f"{len(outputs)} objects under output/ instead of one; {len(left)} fragments are still there"
        return [Claim("output", False, told)]
    out.mkdir(parents=True, exist_ok=True)
    video = out / outputs[0].rpartition("/")[2]
    sdk.download_file(Bucket=cloud.bucket, Key=outputs[0], DestFilePath=str(video))
    starts = section_starts(parts, reading.duration(video))
    claims = [
        Claim("output", True, f"{video}, {video.stat().st_size / 1000:,.0f} kB, from {cloud.bucket}/{outputs[0]}"),
        _lasts(parts, video),
        _streams(parts, video),
        *(_in_order(parts, video, starts) if made else are_alike(parts, video, starts)),
        _tagged(sdk, cloud.bucket, outputs[0], len(parts)),
        _removed(sdk, cloud.bucket, prefix, len(parts)),
        _one_job(cloud),
    ]
    if len(parts) <= LARGEST_SHEET:
        sheet = out / "contact-sheet.png"
        labels = [
            (start + part.seconds / 2, _label(part, start, made=made))
            for part, start in zip(parts, starts, strict=True)
        ]
        reading.contact_sheet(video, sheet, labels)
        claims.insert(1, Claim("pictures", True, str(sheet)))
    return claims


def calls(cloud: LocalCloud) -> list[list[str]]:
    """API calls by kind and caller, as rows for a table; "you" is the account owner, who uploaded and looked."""
    counts = cloud.calls.snapshot()
    callers = [name for name in cloud.functions.names if any(who == name for who, _ in counts)]
    kinds = sorted(
        {kind for who, kind in counts if who in callers}, key=lambda kind: (kind.split()[-1] != "jobs", kind)
    )
    rows = [[kind, *(str(counts.get((who, kind), "") or "") for who in callers)] for kind in kinds]
    sums = [sum(count for (name, _), count in counts.items() if name == who) for who in callers]
    for row, kind in zip(rows, kinds, strict=True):
        row.append(str(sum(counts.get((who, kind), 0) for who in callers)))
    return [["API call", *callers, "all"], *rows, ["", *map(str, sums), str(sum(sums))]]


def section_starts(parts: Sequence[Clip], whole: float) -> list[float]:
    """When each part begins in a video of `whole` seconds, the rounding spread evenly."""
    ends = list(itertools.accumulate(part.seconds for part in parts))
    return [start * whole / ends[-1] for start in (0.0, *ends[:-1])]


def _common_prefix(cloud: LocalCloud) -> str:
    return cloud.environment.get("CONCAT_INPUT_PREFIX", "fragments/")


def _keys(sdk: Any, bucket: str, prefix: str) -> list[str]:
    return [each["Key"] for each in sdk.list_objects(Bucket=bucket, Prefix=prefix).get("Contents", [])]


def _lasts(parts: Sequence[Clip], video: Path) -> Claim:
    whole, expected = reading.duration(video), sum(part.seconds for part in parts)
    holds = abs(whole - expected) <= ROUNDING * len(parts)
    return Claim("duration", holds, f"{whole:.2f} s; the {len(parts)} clips together are {expected:.2f} s")


def _in_order(parts: Sequence[Clip], video: Path, starts: Sequence[float]) -> list[Claim]:
    """The numbers by bar code and by tone, read in the middle of each section."""
    moments = [start + part.seconds / 2 for part, start in zip(parts, starts, strict=True)]
    read = reading.sections(video, moments)
    expected = [part.index for part in parts]
    seen, heard = [each.seen for each in read], [each.heard for each in read]
    return [
        Claim("order seen", seen == expected, _numbers(seen) + "  (bar codes of the decoded frames)"),
        Claim("order heard", heard == expected, _numbers(heard) + "  (tones of the decoded sound)"),
    ]


def _streams(parts: Sequence[Clip], video: Path) -> Claim:
    """Every kind of stream is there as often as in any clip; each film and sound reaches the end, by its packets."""
    found, wanted = tracks(video), [tracks(part.path) for part in parts]
    end = sum(part.seconds for part in parts) - ROUNDING * len(parts)
    told, wrong = [], []
    for kind in ("film", "sound", "subtitle"):
        have = [track for track in found if track.kind == kind]
        for part, each in zip(parts, wanted, strict=True):
            count = sum(track.kind == kind for track in each)
            if count > len(have):
                wrong.append(f"{count} {kind} in {part.path.name}, {len(have)} in the video")
                break
        for track in have:
            reaches = track.extent.end if track.extent else 0.0
            told.append(f"{kind} {track.index} to {reaches:.2f} s")
            if kind != "subtitle" and reaches < end:
                wrong.append(f"{kind} {track.index} ends at {reaches:.2f} s")
    return Claim("streams", not wrong, "; ".join(wrong) or f"{', '.join(told)}, by their packets")


def are_alike(parts: Sequence[Clip], video: Path, starts: Sequence[float]) -> list[Claim]:
    """Near both ends of every section the video shows what the clip shows there, and it sounds as the clip does."""
    alike = section_likeness(parts, video, starts)
    worst = min(range(len(alike)), key=alike.__getitem__)
    told = f"each section shows its clip at both ends; least alike: {parts[worst].path.name}, {alike[worst]:.3f} of 1"
    claims = [Claim("order", alike[worst] >= ALIKE, told)]
    if twins := _looking_alike(parts):
        claims.append(Claim("order of", False, f"{twins}: cannot be judged, for they look alike", judged=False))
    return claims + _heard(parts, video, starts)


def _looking_alike(parts: Sequence[Clip]) -> str:
    """Clips that could be exchanged without anybody's seeing it, as "a.mp4 and b.mp4"; empty when all differ."""
    shown = [reading.frames(part.path, _near_both_ends(part)) for part in parts]
    for (one, first), (other, second) in itertools.combinations(zip(parts, shown, strict=True), 2):
        if min(reading.similarity(*pair) for pair in zip(first, second, strict=True)) >= ALIKE:
            return f"{one.path.name} and {other.path.name}"
    return ""


def _heard(parts: Sequence[Clip], video: Path, starts: Sequence[float]) -> list[Claim]:
    """Track by track: each section sounds as its clip; clips that cannot be told by ear are named."""
    claims = []
    tracks_of = [sum(track.kind == "sound" for track in tracks(part.path)) for part in parts]
    for rank in range(max(tracks_of)):
        name = "sound" if rank == 0 else f"sound {rank + 1}"
        whole = reading.sound(video, HEARD_RATE, rank)
        own = [reading.loudness(reading.sound(part.path, HEARD_RATE, rank), HEARD_RATE) for part in parts]
        alike = []
        for part, heard, start in zip(parts, own, starts, strict=True):
            section = whole[round(start * HEARD_RATE) : round((start + part.seconds) * HEARD_RATE)]
            alike.append(reading.sounds_alike(heard, reading.loudness(section, HEARD_RATE)))
        worst = min(range(len(alike)), key=alike.__getitem__)
        least = f"least alike: {parts[worst].path.name}, {alike[worst]:.3f} of 1"
        claims.append(Claim(name, alike[worst] >= SOUNDS_ALIKE, f"each section sounds as its clip; {least}"))
        twins = [
            f"{one.path.name} and {other.path.name}"
            for (one, first), (other, second) in itertools.combinations(zip(parts, own, strict=True), 2)
            if reading.sounds_alike(first, second) >= SOUNDS_ALIKE
        ]
        if twins:
            told = f"{twins[0]}: cannot be judged, for they sound alike"
            claims.append(Claim("order of", False, told, judged=False))
    return claims


def _near_both_ends(part: Clip) -> tuple[float, float]:
    edge = min(EDGE, part.seconds / 4)
    return edge, part.seconds - edge


def section_likeness(parts: Sequence[Clip], video: Path, starts: Sequence[float]) -> list[float]:
    """For each part the smaller of two likenesses, near the beginning and near the end of its section."""
    offsets = [_near_both_ends(part) for part in parts]
    moments = [start + offset for start, pair in zip(starts, offsets, strict=True) for offset in pair]
    shown = iter(reading.frames(video, moments))
    alike = []
    for part, pair in zip(parts, offsets, strict=True):
        own = reading.frames(part.path, pair)
        alike.append(min(reading.similarity(theirs, next(shown)) for theirs in own))
    return alike


def _tagged(sdk: Any, bucket: str, key: str, count: int) -> Claim:
    found = sdk.get_object_tagging(Bucket=bucket, Key=key).get("TagSet") or {}
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tag", [])}
    told = ", ".join(f"{name.removeprefix('concat-')} {_short(value)}" for name, value in tags.items()) or "none"
    return Claim("tags", tags.get("concat-fragments") == str(count), told)


def _removed(sdk: Any, bucket: str, prefix: str, count: int) -> Claim:
    left = _keys(sdk, bucket, prefix)
    told = f"{count - len(left)} of {count} fragments removed; {len(left) or 'nothing'} left under {prefix}"
    return Claim("clean-up", not left, told)


def _one_job(cloud: LocalCloud) -> Claim:
    posted = cloud.calls.kinds().get("POST jobs", 0)
    runs = Counter(invocation.function for invocation in cloud.functions.invocations)
    told = ", ".join(f"{name} ran {count} times" if count > 1 else f"{name} once" for name, count in runs.items())
    return Claim("jobs", posted == 1, f"{posted} submitted; {told}")


def _label(part: Clip, start: float, *, made: bool) -> str:
    what = f"part {part.index}, {clips.tone(part.index):.0f} Hz" if made else part.path.name
    return f"{start:.2f} s   {what}"


def _numbers(read: Sequence[int | None]) -> str:
    return " ".join("?" if each is None else str(each) for each in read)


def _short(value: str) -> str:
    longest = 16
    return value if len(value) <= longest else value[:longest] + ".."
