"""`python -m tests.clients FOLDER`: an official SDK's own tests, from its source, against a local cloud.

With `--document` the table in docs/internals/clients.md is written anew. Exit code 1 when a test in scope fails or is
missing.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.clients.suites import Results, Suite, run_suite, suite_of

PASSED = ("passed", "passed alone")  # the latter after it failed among all the others
PAGE = Path(__file__).parents[2] / "docs" / "internals" / "clients.md"


def main(arguments: list[str]) -> int:
    """Run the suite that the folder holds."""
    parser = argparse.ArgumentParser("python -m tests.clients", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="the source of cos-python-sdk-v5, cos-nodejs-sdk-v5 or cos-go-sdk-v5")
    parser.add_argument("--document", action="store_true", help=f"write the table in {PAGE.name}")
    asked = parser.parse_args(arguments)
    suite = suite_of(asked.folder)
    if suite is None:
        print(f"{asked.folder} holds the source of none of the official SDKs", file=sys.stderr)
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as work:
        try:
            results = run_suite(suite, asked.folder, Path(work))
        except FileNotFoundError as missing:
            print(f"not run: {missing.filename} is not installed here")
            return 0
        except (RuntimeError, subprocess.TimeoutExpired) as ended:
            print(f"{suite.name} ended without results: {ended}", file=sys.stderr)
            return 1
    rows = table(suite, asked.folder, results)
    for name, scope, result in rows:
        if result == "failed" or (scope == "in scope" and result not in PASSED):
            print(f"{result}: {name}")
    print(f"{suite.name} {version(suite, asked.folder)}: {summary(rows)}, {time.monotonic() - began:.0f} s")
    if asked.document:
        document(suite, asked.folder, rows)
    return int(any(scope == "in scope" and result not in PASSED for _, scope, result in rows))


def table(suite: Suite, source: Path, results: Results) -> list[tuple[str, str, str]]:
    """Every test of the suite: name, "in scope" or the reason why not, result."""
    left = Counter(results)
    rows = []
    for name in suite.names(source):
        if reason := suite.reason(name):
            rows.append((name, reason, "–"))
            continue
        result = next((each for each in ("failed", *PASSED) if left[name, each] > 0), "not run")
        left[name, result] -= 1
        rows.append((name, "in scope", result))
    return rows


def summary(rows: list[tuple[str, str, str]]) -> str:
    """How many of those in scope passed, and how many of these only when they were run once more by themselves."""
    inside = [result for _, scope, result in rows if scope == "in scope"]
    passed, alone = sum(result in PASSED for result in inside), inside.count("passed alone")
    later = f" ({alone} of them only when run once more by {'itself' if alone == 1 else 'themselves'})" if alone else ""
    return f"{passed} of {len(inside)} in scope passed{later}, {len(rows) - len(inside)} are not in scope"


def version(suite: Suite, source: Path) -> str:
    """The SDK's version, and the commit where the folder is a clone."""
    asked = ["git", "-C", str(source), "rev-parse", "--short=12", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return suite.version(source) + (f" (commit {commit})" if commit and (source / ".git").exists() else "")


def document(suite: Suite, source: Path, rows: list[tuple[str, str, str]]) -> None:
    """Write the suite's part of the page, between its two marks."""
    lines = [f"## {suite.name} {version(suite, source)}", "", f"{summary(rows)}.", "", "| test | in scope | result |"]
    lines += ["|---|---|---|"]
    lines += [
        f"| {name.replace('|', '&#124;')} | {'yes' if scope == 'in scope' else 'no: ' + scope} | {result} |"
        for name, scope, result in rows
    ]
    mark, end = f"<!-- {suite.name} -->", f"<!-- /{suite.name} -->"
    text = PAGE.read_text("utf-8")
    part = re.compile(re.escape(mark) + r".*?" + re.escape(end), re.DOTALL)
    written = f"{mark}\n" + "\n".join(lines) + f"\n{end}"
    PAGE.write_text(part.sub(lambda _: written, text), "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
