"""docs/internals: the layers from pyproject.toml and the packages' own words, what is retried from the constants."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from cosconcat.cleanup.finish import NOTIFY_FOR_SECONDS
from cosconcat.cloud.ci import READ_TRIES
from cosconcat.cloud.cos import RETRIES
from cosconcat.cloud.notify import TIMEOUT_SECONDS
from cosconcat.config import Config
from cosconcat.functions.sweep.round import LISTED_SECONDS
from cosconcat.inputs.probes import UNPROBED_STALE
from cosconcat.model import Bucket
from cosconcat.protocol.attempt import MOST_LOST
from cosconcat.protocol.run import ROUNDS
from cosconcat.submission.lookup import LISTING_SLACK_SECONDS
from cosconcat.submission.submit import FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS
from tools.pages import ROOT, between_marks

ARCHITECTURE = ROOT / "docs" / "internals" / "architecture.md"
RETRIES_PAGE = ROOT / "docs" / "internals" / "retries.md"
PACKAGES = {"cosconcat": ROOT / "handler" / "cosconcat", "local": ROOT / "local", "ops": ROOT / "ops"}


def layers(package: str) -> str:
    """One line for each part of a package, from top to bottom as its contract in pyproject.toml has them."""
    contracts = (ROOT / "pyproject.toml").read_text("utf-8")
    contract = rf'containers = \["{package}"\]\nexhaustive = true\nlayers = \[\n(.*?)\n\]'
    [text] = re.findall(contract, contracts, re.DOTALL)
    names = [name for layer in re.findall(r'"([^"]+)"', text) for name in layer.split(" | ")]
    rows = (f"| `{name}` | {_purpose(PACKAGES[package], name)} |" for name in names)
    return "\n".join(["| layer | what it is for |", "|---|---|", *rows])


def _purpose(folder: Path, name: str) -> str:
    path = folder / name / "__init__.py"
    text = ast.get_docstring(ast.parse((path if path.exists() else folder / f"{name}.py").read_text("utf-8")))
    return " ".join(text.partition("\n\n")[0].split()) if text else ""


def retries() -> str:
    """What is tried again, by whom, how often, after how long, and what comes then."""
    usual = Config(Bucket("demo-1250000000", "ap-guangzhou"))
    lease, unprobed = usual.lease_seconds, UNPROBED_STALE * usual.stale_seconds
    lost = f"its answer lost: the job is looked for at once, and after the lease of {lease} s (CONCAT_LEASE_SECONDS)"
    rows = (
        ("a read or a repeatable write of COS", "`cloud/cos.py`", f"{RETRIES} times; not when its answer timed out",
         "1 s, 2 s", "`ServiceUnavailable`: the function raises, or the sweep goes on with the next group"),
        ("a multi-delete of COS", "nobody", "never", "–",
         "`ServiceUnavailable`: the next run looks at every key anew, as it may hold new content by then"),
        ("GET /jobs of CI", "`cloud/ci.py`", f"{READ_TRIES - 1} times; not when its answer timed out",
         "0.2 to 0.4 s, 0.4 to 0.8 s", "the same"),
        ("POST /jobs", "nobody", "never", "–", lost),
        ("a POST that CI refused for now", "next `claim-<n>`", "without end",
         f"{FIRST_BACKOFF_SECONDS} s, doubling, at most {LONGEST_BACKOFF_SECONDS} s", "reported as blocked"),
        ("a job that failed", "next `claim-<n>`", f"up to {usual.max_attempts} jobs (CONCAT_MAX_ATTEMPTS)",
         f"{FIRST_BACKOFF_SECONDS} s, doubling, at most {LONGEST_BACKOFF_SECONDS} s", "end gave-up"),
        ("an attempt that led to no job", "next `claim-<n>`", f"up to {MOST_LOST} attempts",
         f"at once, then {FIRST_BACKOFF_SECONDS} s, doubling, at most {LONGEST_BACKOFF_SECONDS} s", "end gave-up"),
        ("CI's silence about a job", "the sweep", "each round", f"believed after two leases, {2 * lease} s",
         f"end retry; something at the output after {usual.stale_seconds} s (CONCAT_STALE_SECONDS): end gave-up"),
        ("a probe that was not answered, or told of other bytes", "the sweep; before its job the next `claim-<n>`",
         "each round", f"there {FIRST_BACKOFF_SECONDS} s, doubling, at most {LONGEST_BACKOFF_SECONDS} s",
         f"end gave-up {unprobed // 3600} h after the first ({UNPROBED_STALE} times CONCAT_STALE_SECONDS)"),
        ("a lost create of a claim", "`protocol/run.py`", f"{ROUNDS} rounds", "at once",
         "`NotYet`: raised, the next event or sweep goes on"),
        ("an event whose function raised", "SCF", "by the function's setting", "by the function's setting",
         "the timer finds the group"),
        ("a callback that met 503", "CI", "not promised", "–", "the timer asks CI for the job"),
        ("a notification", "the sweep", "each round", f"{TIMEOUT_SECONDS} s for an answer",
         f"given up {NOTIFY_FOR_SECONDS // 3600} h after the closing record"),
    )  # fmt: skip
    lines = ["| what | by | how often | after | then |", "|---|---|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    lines += [
        "",
        (
            "No call outlasts its invocation: its time-outs are cut to the time that is left, and one that could not "
            "end in it is not begun."
        ),
        (
            f"The listing is read from {LISTING_SLACK_SECONDS} s before the claim to {LISTING_SLACK_SECONDS} s after "
            "its lease, as clocks may differ, once for all claims of a run; "
            f"the sweep reads one page of the last {LISTED_SECONDS // 3600} h."
        ),
    ]
    return "\n".join(lines)


def pages() -> dict[Path, str]:
    """Both pages as they should be."""
    return {
        ARCHITECTURE: between_marks(ARCHITECTURE.read_text("utf-8"), *map(layers, PACKAGES)),
        RETRIES_PAGE: between_marks(RETRIES_PAGE.read_text("utf-8"), retries()),
    }


def write() -> None:
    """Make them anew."""
    for path, text in pages().items():
        path.write_text(text, "utf-8")
