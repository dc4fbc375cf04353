"""Cold start: from the start of the process to the answer to one event, and the most memory it took.

Ours from the real layer and code packages; the afternoon's version from a plain `pip install` of the same SDK, once as
it comes from a desk with another Python (byte-code of no use, so every start compiles the sources: SCF's places are
read-only) and once with byte-code of the runtime's own version. All by one Python 3.10, whose own library is compiled
in each case; each start a process of its own, in turn, the disk's cache warm. Not in it: the platform's own part
(fetching code, starting a sandbox), and how the process ends, since an instance stays for the next event.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.clouds import BASELINES
from bench.findings import COLOURS, Findings, axes, median_ratio, milliseconds
from layers.build import build_layer, find_runtime
from local.cloud import HANDLER, LAYER, LocalCloud
from local.scf.events import Json, cos_record
from local.scf.instances import credentials, proxy_environment
from local.switches import Switches
from ops.deployment.package import build_code

ROUNDS = 11
GOALS = {"ignored": 0.25, "waiting": None, "submitted": 0.6}
SAID = """
import time
print(time.process_time(), flush=True)  # of the whole process, the interpreter's own start included
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")), end="")  # the most memory it took
"""
ANSWER = """
import json, sys
from {module} import {function} as handler
print(handler(json.load(sys.stdin), {{}}))
"""
IMPORTS = {
    "nothing": "",
    "json": "import json",
    "the SDK": "import qcloud_cos",
    "ours and the SDK": "import json, upload, cosconcat.cloud.cos, cosconcat.cloud.ci, cosconcat.protocol.run",
    "dataclasses alone, as many as ours has": """
from dataclasses import dataclass
for _ in range(30):
    @dataclass(frozen=True)
    class Value:
        "As large as the average one."
        one: str
        two: str = ""
        three: int = 0
        four: str = ""
""",
}


@dataclass(frozen=True)
class Variant:
    """One way to deploy: where code and layer lie, and the handler."""

    name: str
    path: str
    script: str


@dataclass(frozen=True)
class Start:
    """One cold start."""

    seconds: float
    processor_seconds: float
    megabytes: float


def run() -> Findings:
    """Start many processes."""
    found = Findings("Cold start")
    python = find_runtime()
    if python is None:
        found.notes.append("not measured: needs a Python 3.10, the functions' runtime")
        return found
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCloud(switches=Switches(lose_events=1.0, join="bytes", callbacks=0)) as cloud,
    ):
        variants = prepared(Path(folder), python)
        starts = {kind: _in_turn(cloud, python, variants, kind) for kind in GOALS}
        _report(found, starts)
        _parts(found, cloud, python, variants[0])
    _plot(found, starts)
    return found


def _parts(found: Findings, cloud: LocalCloud, python: str, ours: Variant) -> None:
    """What a submitting start imports, part by part, in processes of their own."""
    lines = []
    for what, script in IMPORTS.items():
        part = Variant(ours.name, ours.path, script + SAID)
        starts = [_start(cloud, python, part, "elsewhere/readme.txt", "VmHWM") for _ in range(5)]
        lines.append((what, *_processor_and_memory(starts)))
    found.table("What a submitting start imports from the packages, each alone", ("", "processor time", "peak"), lines)


def prepared(folder: Path, python: str) -> list[Variant]:
    """Ours, and the baseline twice."""
    build_layer(LAYER, folder)
    build_code(HANDLER, folder)
    plain = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in ("desk", "same"):
        shutil.copytree(LAYER, folder / name, ignore=plain)
        shutil.copytree(BASELINES, folder / f"{name}-code", ignore=plain)
    compiled = [python, "-m", "compileall", "-q", str(folder / "same"), str(folder / "same-code")]
    subprocess.run(compiled, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ours = ANSWER.format(module="upload", function="main_handler") + SAID
    theirs = ANSWER.format(module="afternoon", function="upload_handler") + SAID
    return [
        Variant("ours, packaged", f"{folder / 'code'}:{folder / 'layer'}", ours),
        Variant("afternoon", f"{folder / 'desk-code'}:{folder / 'desk'}", theirs),
        Variant("afternoon, compiled", f"{folder / 'same-code'}:{folder / 'same'}", theirs),
    ]


def _in_turn(cloud: LocalCloud, python: str, variants: list[Variant], kind: str) -> dict[str, list[Start]]:
    taken: dict[str, list[Start]] = {variant.name: [] for variant in variants}
    for number in range(ROUNDS + 1):
        for variant in variants if number % 2 else reversed(variants):
            group = f"{kind}-{variant.name.replace(', ', '-')}-{number}"
            key = "elsewhere/readme.txt" if kind == "ignored" else f"fragments/{group}.part2-of-2.mp4"
            for part in {"ignored": (), "waiting": (2,), "submitted": (1, 2)}[kind]:
                cloud.store.put(cloud.bucket, f"fragments/{group}.part{part}-of-2.mp4", b"x")
            start = _start(cloud, python, variant, key, kind)
            if number:  # the first round warms the disk's cache
                taken[variant.name].append(start)
    return taken


def _start(cloud: LocalCloud, python: str, variant: Variant, key: str, kind: str) -> Start:
    """One process, from its start to its answer; that a process ends is no part of a start, as an instance stays."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": variant.path,
        "PYTHONDONTWRITEBYTECODE": "x",
        **cloud.environment,
        **proxy_environment(cloud.proxy.url),
        **credentials(cloud.account.issue("upload")),
    }
    began = time.perf_counter()
    child = subprocess.Popen(
        [python, "-S", "-s", "-c", variant.script],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin
    assert child.stdout
    assert child.stderr
    child.stdin.write(json.dumps(event_of(cloud, key)).encode())
    child.stdin.close()
    answer = child.stdout.readline()
    seconds = time.perf_counter() - began
    said = (answer + child.stdout.read()).decode()
    if child.wait() or kind not in said:
        raise RuntimeError(f"{variant.name}, {kind}: {said} {child.stderr.read().decode()}")
    child.stdout.close()
    child.stderr.close()
    *_, processor, memory = said.splitlines()
    return Start(seconds, float(processor), int(memory.split()[1]) / 1024)


def event_of(cloud: LocalCloud, key: str) -> Json:
    """An event of the upload trigger, as observed in the cloud."""
    record = cos_record(
        bucket=cloud.bucket,
        region=cloud.account.region,
        key=key,
        size=1,
        etag="0" * 32,
        event_name="cos:ObjectCreated:Put",
        time=0,
        function="upload",
        shape="observed",
    )
    return {"Records": [record]}


def _report(found: Findings, starts: dict[str, dict[str, list[Start]]]) -> None:
    """Rows of wall time; a table of processor time and memory."""
    for kind, by_variant in starts.items():
        ours, *baselines = by_variant.items()
        wall = [start.seconds for start in ours[1]]
        for name, theirs in baselines:
            found.row(
                f"{kind}, against {name}",
                milliseconds(wall),
                milliseconds([start.seconds for start in theirs]),
                median_ratio(wall, [start.seconds for start in theirs]),
                GOALS[kind] if name == "afternoon" else None,
            )
    lines = [
        (f"{kind}, {name}", *_processor_and_memory(taken))
        for kind, by_variant in starts.items()
        for name, taken in by_variant.items()
    ]
    found.table("Processor time and the most memory, medians", ("", "processor time", "peak"), lines)


def _processor_and_memory(starts: list[Start]) -> tuple[str, str]:
    processor = 1000 * statistics.median(start.processor_seconds for start in starts)
    return f"{processor:.0f} ms", f"{statistics.median(start.megabytes for start in starts):.0f} MB"


def _plot(found: Findings, starts: dict[str, dict[str, list[Start]]]) -> None:
    figure, plane = axes()
    names = list(starts["ignored"])
    for at, name in enumerate(names):
        places = [place + (at - 1) * 0.27 for place in range(len(starts))]
        medians = [1000 * statistics.median(start.seconds for start in taken[name]) for taken in starts.values()]
        bars = plane.bar(places, medians, 0.25, label=name, color=COLOURS[at])
        plane.bar_label(bars, fmt="%.0f", padding=2, fontsize=8)
    plane.margins(y=0.1)
    plane.set_xticks(range(len(starts)), list(starts))
    plane.set(ylabel="milliseconds, median", title="From the start of the process to the answer")
    plane.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=len(names))
    found.plot("coldstart", figure)
