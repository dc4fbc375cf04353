"""Cold start: import times from the packaged code and layer against a plain `pip install` of the same, in one run.

    python bench/imports.py [ROUNDS]

Plain is what most people zip: the packages as pip installs them, without byte-code, so that every cold start compiles
the sources again (SCF forbids to write byte-code there). Both are run by the functions' runtime, Python 3.10, in
processes of their own, alternately; medians are shown, with the fastest and the slowest run. The local disk's cache is
warm, and the platform's own start (pulling code, starting a runtime) is not in these figures.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "handler")]

from layers.build import build_layer, find_runtime  # noqa: E402  the repository is not installed
from ops.package import build_code  # noqa: E402

IGNORED = "import upload"  # what an event that is not ours needs
WAITING = "import upload, qcloud_cos, requests, xmltodict"  # what every other event needs
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "x"}


def main(rounds: int) -> int:
    """Measure and print."""
    python = find_runtime()
    if python is None:
        print("needs a Python 3.10: byte-code of another version is of no use to the functions")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        variants = _prepared(Path(folder))
        print(f"{rounds} rounds, milliseconds from the start of the interpreter's imports to their end\n")
        print(f"{'':24}{'plain':>22}{'packaged':>22}{'ratio':>9}")
        for name, script in (("an ignored event", IGNORED), ("any other event", WAITING)):
            times: dict[str, list[float]] = {variant: [] for variant in variants}
            for _ in range(rounds):
                for variant, path in variants.items():
                    times[variant].append(_milliseconds(python, path, script))
            shown = "".join(f"{_spread(times[variant]):>22}" for variant in variants)
            ratio = statistics.median(times["plain"]) / statistics.median(times["packaged"])
            print(f"{name:24}{shown}{ratio:9.2f}")
        print("\nself time by package, -X importtime, one run each, milliseconds\n")
        for package, by_variant in _by_package(python, variants).items():
            print(f"{package:24}" + "".join(f"{by_variant.get(variant, 0):22.1f}" for variant in variants))
        print(f"\nmost memory of any of these processes: {_peak_mb():.0f} MB")
    return 0


def _prepared(folder: Path) -> dict[str, str]:
    """PYTHONPATH of each variant: code first, then dependencies."""
    installed = ROOT / ".venv" / "layer"
    build_layer(installed, folder)
    build_code(ROOT / "handler", folder)
    without = shutil.ignore_patterns("__pycache__", "*.pyc", "serverless.yml")
    shutil.copytree(installed, folder / "plain-layer", ignore=without)
    shutil.copytree(ROOT / "handler", folder / "plain-code", ignore=without)
    return {
        "plain": f"{folder / 'plain-code'}:{folder / 'plain-layer'}",
        "packaged": f"{folder / 'code'}:{folder / 'layer'}",
    }


def _milliseconds(python: str, path: str, script: str) -> float:
    timed = f"import time; t = time.perf_counter(); {script}; print((time.perf_counter() - t) * 1000)"
    return float(_run(python, path, timed).stdout)


def _by_package(python: str, variants: dict[str, str]) -> dict[str, dict[str, float]]:
    """Self times summed by root package, the ten largest; what the standard library takes is one line."""
    found: dict[str, dict[str, float]] = {}
    for variant, path in variants.items():
        roots = {place.name.removesuffix(".py") for root in path.split(":") for place in Path(root).iterdir()}
        for line in _run(python, path, WAITING, "-X", "importtime").stderr.splitlines():
            columns = line.removeprefix("import time:").split("|")
            if len(columns) == 3 and columns[0].strip().isdigit():
                root = columns[2].strip().partition(".")[0]
                name = root if root in roots else "(standard library)"
                sums = found.setdefault(name, {})
                sums[variant] = sums.get(variant, 0.0) + int(columns[0]) / 1000
    largest = sorted(found, key=lambda name: -max(found[name].values()))[:10]
    return {name: found[name] for name in largest}


def _run(python: str, path: str, script: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [python, "-S", "-s", *options, "-c", script]
    return subprocess.run(
        command, env={**ENVIRONMENT, "PYTHONPATH": path}, capture_output=True, text=True, check=True, timeout=60
    )


def _spread(times: list[float]) -> str:
    return f"{statistics.median(times):.0f} ({min(times):.0f}-{max(times):.0f})"


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


if __name__ == "__main__":
    started = time.monotonic()
    code = main(int(sys.argv[1]) if len(sys.argv) > 1 else 11)
    print(f"took {time.monotonic() - started:.0f} s")
    sys.exit(code)
