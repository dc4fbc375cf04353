"""The local cloud's joins against plain ffmpeg on the same files, and memory as the result gets longer.

Plain is ffmpeg's concat demuxer, copying or with the encoder settings that the local cloud uses. The local cloud
probes each piece and checks the result besides. Memory is the most that a process with one join in it took, and apart
from it the most that its ffmpeg took.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from bench.findings import Findings, median_ratio, milliseconds, paired
from local.ci.rendering.ffmpeg import Ffmpeg, executable
from local.ci.rendering.join import join
from local.ci.rendering.plan import Piece, Plan
from local.media.clips import make_clip
from local.media.probe import probe

CLIPS = 12
SHORT, LOOPS = 6.0, 10  # seconds of a short clip, and how many of them make a long one
LONGER = 4
ENCODER = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"]
PEAK = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
from bench.joining import ours
ours(Path(sys.argv[3]), direct=sys.argv[4] == "direct", times=int(sys.argv[5]))
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""
# Stands for ffmpeg and starts it from a small process: a child's peak begins with that of the process it came from.
WRAPPER = """#!/bin/sh
exec '{python}' -IS -c '
import resource, subprocess, sys
code = subprocess.call(["{ffmpeg}", *sys.argv[1:]])
open("{peak}", "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)' "$@"
"""


def run() -> Findings:
    """Measure."""
    found = Findings("Joining")
    with tempfile.TemporaryDirectory() as name:
        short, long = Path(name) / "short", Path(name) / "long"
        _make(short, long)
        for kind, folder, seconds, rounds in (
            ("direct", short, SHORT, 21),
            ("direct", long, SHORT * LOOPS, 5),
            ("transcode", short, SHORT, 3),
        ):
            direct = kind == "direct"
            mine, theirs = paired([partial(ours, folder, direct=direct), partial(plain, folder, direct=direct)], rounds)
            what = f"{kind}, {CLIPS} clips of {seconds:g} s"
            found.row(what, milliseconds(mine), milliseconds(theirs), median_ratio(mine, theirs), 1.1)
        brief, lengthy = (_probing(folder) for folder in (short, long))
        found.notes.append(
            f"Beyond ffmpeg each piece is probed, which takes {brief:.1f} ms of processor time for {SHORT:g} s and "
            f"{lengthy:.1f} ms for {SHORT * LOOPS:g} s (beside a copy, before a transcode), and so is the result."
            " A copy reads every packet of every piece as well, so that it knows what it joins and tells lengths that "
            "are true: correctness goes before the goal there."
        )
        for kind in ("direct", "transcode"):
            few, many = (_peaks(short, kind, times) for times in (1, LONGER))
            for of, less, more in zip(("peak memory", "peak memory of its ffmpeg"), few, many, strict=True):
                what = f"{kind}, {of}, {CLIPS * LONGER} clips against {CLIPS}"
                found.row(what, f"{more:.0f} MB", f"{less:.0f} MB", more / less, 1.1)
    return found


def _make(short: Path, long: Path) -> None:
    """Short clips, and long ones that repeat them."""
    short.mkdir()
    long.mkdir()
    for number in range(CLIPS):
        clip = short / f"{number:03}.mp4"
        make_clip(clip, number + 1, CLIPS, SHORT)
        command = [executable(), "-v", "error", "-stream_loop", str(LOOPS - 1), "-i", str(clip), "-c", "copy"]
        subprocess.run([*command, str(long / clip.name)], check=True, stdin=subprocess.DEVNULL)


def ours(folder: Path, *, direct: bool, times: int = 1) -> float:
    """Seconds that the local cloud's join takes; with `times` each clip is in it several times."""
    files = {path.name: path for path in sorted(folder.glob("*.mp4"))}
    with tempfile.TemporaryDirectory() as target:
        began = time.perf_counter()
        join(Plan(tuple(Piece(key) for key in files) * times, "mp4", direct), files, Path(target), Ffmpeg())
        return time.perf_counter() - began


def plain(folder: Path, *, direct: bool) -> float:
    """Seconds that ffmpeg takes by itself."""
    with tempfile.TemporaryDirectory() as target:
        playlist = Path(target) / "list.txt"
        playlist.write_text("".join(f"file '{path}'\n" for path in sorted(folder.glob("*.mp4"))))
        coding = ["-c", "copy"] if direct else ENCODER
        began = time.perf_counter()
        command = [executable(), "-v", "error", "-f", "concat", "-safe", "0", "-i", str(playlist), *coding]
        subprocess.run([*command, f"{target}/out.mp4"], check=True, stdin=subprocess.DEVNULL)
        return time.perf_counter() - began


def _probing(folder: Path) -> float:
    """Milliseconds of processor time for one piece, the median."""
    taken = []
    for path in folder.glob("*.mp4"):
        began = time.process_time()
        probe(path)
        taken.append(1000 * (time.process_time() - began))
    return statistics.median(taken)


def _peaks(folder: Path, kind: str, times: int) -> tuple[float, float]:
    """Megabytes of a process with one join in it, and of its ffmpeg."""
    root = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as name:
        wrapper, peak = Path(name) / "ffmpeg", Path(name) / "peak"
        wrapper.write_text(WRAPPER.format(python=sys.executable, ffmpeg=executable(), peak=peak))
        wrapper.chmod(0o755)
        command = [sys.executable, "-c", PEAK, str(root), str(root / "handler"), str(folder), kind, str(times)]
        environment = {**os.environ, "COS_CONCAT_FFMPEG": str(wrapper)}
        said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root, env=environment)
        return int(said.stdout) / 1024, int(peak.read_text()) / 1024
