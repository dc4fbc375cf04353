"""The demonstration: fragments go up in random order, one verified video comes out, and everything is proved again.

The clips are uploaded with the unmodified cos-python-sdk-v5 over http through the proxy; the functions are those of
`handler/`, in processes of their own. `cos-concat demo` runs it; it has come out well only if every claim at the end
holds.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from local.cloud import LocalCloud
from local.commands import proof
from local.commands.screen import Screen
from local.commands.watch import Watch
from local.media import reading
from local.media.clips import Clip, make_clip
from local.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUP = "lecture"
SECONDS = 2.5  # of a made clip
AHEAD, PAUSE = 1, 2.0  # so many fragments, and seconds, an upload is ahead of the functions: so that one can watch
PATIENCE = 60  # seconds, and ten more for each second of the clips


class Demonstration(NamedTuple):
    """How it came out: whether every claim that could be judged holds and the group ended, and the claims."""

    holds: bool
    claims: Sequence[proof.Claim]


def run(screen: Screen, given: Sequence[Path], count: int, seed: int, out: Path) -> Demonstration:
    """Join these files, or `count` made ones, and prove the result; the video is left in folder `out`.

    Raises:
        UnreadableError: for a file that is missing, no media, or without a picture to recognise it by.
        OSError: when `out` cannot be written, before anything is started.
    """
    own = parts(given) if given else []
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=out):  # a folder that cannot be written is told before the work, not after it
        pass
    with tempfile.TemporaryDirectory(prefix="cos-concat-demo-") as folder:
        if not given:
            screen.title(f"Making {count} clips of {SECONDS:g} s, each with a number and a tone of its own")
        return _run(screen, own or parts(_made(count, Path(folder))), seed, out, made=not given)


def _made(count: int, folder: Path) -> list[Path]:
    paths = [folder / f"clip-{number:02}.mp4" for number in range(1, count + 1)]
    for number, path in enumerate(paths, 1):
        make_clip(path, number, count, SECONDS)
    return paths


def parts(paths: Sequence[Path]) -> list[Clip]:
    """The files as fragments of one group, in their order.

    Raises:
        UnreadableError: for a file that is missing, no media, or without a picture to recognise it by.
    """
    for path in paths:
        reading.duration(path)
        reading.frames(path, [0.0])
    width = len(str(len(paths)))
    return [
        Clip(
            index,
            path,
            f"fragments/{GROUP}.part{index:0{width}}-of-{len(paths)}{path.suffix.lower()}",
            reading.duration(path),
        )
        for index, path in enumerate(paths, 1)
    ]


def _run(screen: Screen, clips: Sequence[Clip], seed: int, out: Path, *, made: bool) -> Demonstration:
    total = sum(clip.seconds for clip in clips)
    watch = Watch(screen, clips)
    switches = Switches(duplicate_events=0.35, retry_seconds=1.0, random=random.Random(seed))
    started = time.monotonic()
    with LocalCloud(switches=switches, observe=watch.hear) as cloud:
        sdk = proof.client(cloud)
        screen.title(f"Uploading {len(clips)} fragments, {total:.1f} s, in random order; some events come twice")
        for uploaded, clip in enumerate(random.Random(seed).sample(clips, len(clips)), 1):
            sdk.upload_file(Bucket=cloud.bucket, Key=clip.key, LocalFilePath=str(clip.path))
            watch.keep_pace(cloud, uploaded, AHEAD, PAUSE)
        done = watch.until_done(cloud, PATIENCE + 10 * total)
        claims = proof.examine(cloud, sdk, clips, out, made=made)
        screen.title("The result, looked at again from outside")
        for claim in claims:
            screen.claim(claim.what, claim.evidence, holds=claim.holds, judged=claim.judged)
        screen.title("What the functions asked COS and CI for")
        screen.table(proof.calls(cloud))
    return Demonstration(_verdict(screen, claims, started, seed, done=done), claims)


def _verdict(screen: Screen, claims: Sequence[proof.Claim], started: float, seed: int, *, done: bool) -> bool:
    failed = [claim.what for claim in claims if claim.judged and not claim.holds]
    failed += [] if done else ["the group did not end"]
    took = f"{time.monotonic() - started:.1f} s, seed {seed}"
    if failed:
        screen.title(screen.styled(f"FAILED: {', '.join(failed)}  ({took})", "red"))
        return False
    open_ = [claim for claim in claims if not claim.judged]
    all_of_it = "All of it holds" + (", but for what cannot be judged" if open_ else "")
    screen.title(screen.styled(f"{all_of_it}.  ({took})", "green"))
    return True
