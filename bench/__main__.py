"""Run the benches and write RESULTS.md.

    python -m bench [NAME ...]

What each found is kept in `results.json`, so that one of them can be run again by itself.
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import sys
import time
from datetime import datetime, timezone
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "handler"))
NAMES = ("calls", "coldstart", "warm", "burst", "joining", "simulator", "sweep")
KEPT, PAGE = ROOT / "bench" / "results.json", ROOT / "bench" / "RESULTS.md"
PACKAGES = ("cos-python-sdk-v5", "requests", "moto", "imageio-ffmpeg", "aws-lambda-powertools", "greenlet")
INTRODUCTION = """# What was measured

Written by `make bench`; one of them again: `make bench NAME=calls`. Ratios are ours ÷ baseline, medians of runs in turn
in one go; absolute numbers depend on the machine and on what else it does, and are context only. The cloud is the local
one: no network, no real COS or CI. The baselines are in `bench/baselines/`: *afternoon* is what a competent person
writes in an afternoon (lists the prefix on each event, submits through the SDK, deletes on callback), *powertools* the
same with AWS Powertools' idempotency. They promise less: no records, no verification, no retries, no report.
"""


def main(names: list[str]) -> int:
    """Run those named, or all; 2 for a name that is none."""
    unknown = set(names) - set(NAMES)
    if unknown:
        print(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
        return 2
    kept: dict[str, Any] = json.loads(KEPT.read_text("utf-8")) if KEPT.is_file() else {}
    (ROOT / "bench" / "plots").mkdir(exist_ok=True)
    for name in names or NAMES:
        print(f"{name} …", flush=True)
        started = time.monotonic()
        found = dataclasses.asdict(import_module(f"bench.{name}").run())
        seconds = time.monotonic() - started
        today = datetime.now(timezone.utc).date().isoformat()
        kept[name] = {"date": today, "machine": machine(), "seconds": round(seconds), **found}
        for row in found["rows"]:
            print("  " + " | ".join(str(value) for value in row.values() if value not in ("", None)))
        print(f"  {seconds:.0f} s", flush=True)
        KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
        PAGE.write_text(page(kept), "utf-8")
    return 0


def machine() -> str:
    """Processor, cores, system, Python."""
    described = Path("/proc/cpuinfo").read_text("utf-8") if Path("/proc/cpuinfo").is_file() else ""
    model = next((line.partition(":")[2].strip() for line in described.splitlines() if "model name" in line), "")
    python = f"Python {platform.python_version()}"
    return f"{model or platform.machine()}, {os.cpu_count()} cores, {platform.system()}, {python}"


def page(kept: dict[str, Any]) -> str:
    """RESULTS.md."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    goals = [row["met"] for name in NAMES if name in kept for row in kept[name]["rows"] if row["met"] is not None]
    parts = [INTRODUCTION, f"{sum(goals)} of {len(goals)} goals are met. Packages: {packages}.\n"]
    return "\n".join([*parts, *(section(name, kept[name]) for name in NAMES if name in kept)])


def section(name: str, found: dict[str, Any]) -> str:
    """What one bench found."""
    took = f"; took {found['seconds']} s" if "seconds" in found else ""  # kept by an older version
    parts = [f"## {found['title']} (`{name}`)\n", f"{found['date']}, {found['machine']}{took}\n"]
    rows = []
    for row in found["rows"]:
        word = {True: "met", False: "**missed**", None: ""}[row["met"]]
        rows.append([*(row[column] for column in ("what", "ours", "baseline", "ratio", "goal")), word])
    parts.append(table(["what", "ours", "baseline", "ratio", "goal", ""], rows))
    for each in found.get("tables", []):
        parts += [f"{each['title']}:\n", table(each["columns"], each["lines"])]
    if found["notes"]:
        parts.append("\n".join(f"- {note}" for note in found["notes"]) + "\n")
    parts += [f"![{plot}](plots/{plot}.png)\n" for plot in found["plots"]]
    return "\n".join(parts)


def table(columns: list[str], lines: list[list[str]]) -> str:
    """A table in Markdown."""
    rule = ["---"] * len(columns)
    return "".join(f"| {' | '.join(line)} |\n" for line in (columns, rule, *lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
