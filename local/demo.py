"""The demonstration: fragments go up in random order, one verified video comes out, and everything is proved again.

    python -m local.demo [--seed N] [--count N] [--out FOLDER] [CLIP ...]

The clips are uploaded with the unmodified cos-python-sdk-v5 over http through the proxy; the functions are those of
`handler/`, in processes of their own. The exit code is 0 only if every claim at the end holds.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local import clips, proof, reading
from local.clips import Clip
from local.cloud import LocalCloud
from local.screen import Screen
from local.switches import Switches
from local.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUP = "lecture"
SECONDS = 2.5  # of a made clip
AHEAD, PAUSE = 1, 2.0  # so many fragments, and seconds, an upload is ahead of the functions: so that one can watch
PATIENCE = 60  # seconds, and ten more for each second of the clips
OK, A_CLAIM_FAILED, COULD_NOT_RUN, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str]) -> int:
    """Run the demonstration; 0 when every claim holds, 1 when one fails, 2 when it cannot run."""
    asked = _arguments(arguments)
    screen = Screen(sys.stdout)
    with tempfile.TemporaryDirectory(prefix="cos-concat-demo-") as folder:
        try:
            if not asked.clips:
                screen.title(f"Making {asked.count} clips of {SECONDS:g} s, each with a number and a tone of its own")
            parts = _parts(asked.clips or _made(asked.count, Path(folder)))
            return _run(screen, parts, asked.seed, asked.out, made=not asked.clips)
        except reading.UnreadableError as wrong:
            print(f"demo: {wrong}", file=sys.stderr)
            return COULD_NOT_RUN
        except KeyboardInterrupt:
            screen.line("stopped; nothing is left running")
            return INTERRUPTED


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("make demo", description="Join clips in the local cloud and prove the result.")
    parser.add_argument("clips", nargs="*", type=Path, metavar="CLIP", help="your own files, in their order")
    parser.add_argument("--count", type=int, default=12, help="how many clips to make when none is given (2 to 60)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000), help="repeats a run")
    parser.add_argument("--out", type=Path, default=Path("demo-out"), help="folder for the video and its contact sheet")
    asked = parser.parse_args(arguments)
    if not 2 <= asked.count <= 60:
        parser.error(f"--count {asked.count}: 2 to 60 are allowed")
    if len(asked.clips) == 1:
        parser.error(f"only one clip is given, {asked.clips[0]}: joining takes at least two")
    return asked


def _made(count: int, folder: Path) -> list[Path]:
    paths = [folder / f"clip-{number:02}.mp4" for number in range(1, count + 1)]
    for number, path in enumerate(paths, 1):
        clips.make_clip(path, number, count, SECONDS)
    return paths


def _parts(paths: Sequence[Path]) -> list[Clip]:
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


def _run(screen: Screen, parts: Sequence[Clip], seed: int, out: Path, *, made: bool) -> int:
    total = sum(part.seconds for part in parts)
    watch = Watch(screen, parts)
    switches = Switches(duplicate_events=0.35, retry_seconds=1.0, random=random.Random(seed))
    started = time.monotonic()
    with LocalCloud(switches=switches, observe=watch.hear) as cloud:
        sdk = proof.client(cloud)
        screen.title(f"Uploading {len(parts)} fragments, {total:.1f} s, in random order; some events come twice")
        for uploaded, part in enumerate(random.Random(seed).sample(parts, len(parts)), 1):
            sdk.upload_file(Bucket=cloud.bucket, Key=part.key, LocalFilePath=str(part.path))
            watch.keep_pace(cloud, uploaded, AHEAD, PAUSE)
        done = watch.until_done(cloud, PATIENCE + 10 * total)
        claims = proof.examine(cloud, sdk, parts, out, made=made)
        screen.title("The result, looked at again from outside")
        for claim in claims:
            screen.claim(claim.what, claim.evidence, holds=claim.holds)
        screen.title("What the functions asked COS and CI for")
        screen.table(proof.calls(cloud))
    return _verdict(screen, claims, started, seed, done=done)


def _verdict(screen: Screen, claims: Sequence[proof.Claim], started: float, seed: int, *, done: bool) -> int:
    failed = [claim.what for claim in claims if not claim.holds] + ([] if done else ["the group did not end"])
    took = f"{time.monotonic() - started:.1f} s, seed {seed}"
    if failed:
        screen.title(screen.styled(f"FAILED: {', '.join(failed)}  ({took})", "red"))
        return A_CLAIM_FAILED
    screen.title(screen.styled(f"All of it holds.  ({took})", "green"))
    return OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
