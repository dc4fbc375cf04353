"""docs/internals/behaviour.md: every behaviour that is relied on, and how it is known.

`python -m tests.conformance.table` writes it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.conformance.behaviours import ALL

PAGE = Path(__file__).parents[2] / "docs" / "internals" / "behaviour.md"
HEAD = """\
# What is relied on, and how it is known

Each line is a behaviour of COS, CI or SCF that the promises of this project rest on. *documented* names the page,
*observed* the day on which the suite saw it on a real account, *assumed* means that neither is the case. The suite
`tests/conformance` checks every line that can be checked from outside, against the simulator's models and against the
local cloud over HTTP (both in `make test`), and against a real account by `make conformance TARGET=account`, which
needs COS_BUCKET, COS_REGION, COS_SECRET_ID and COS_SECRET_KEY and touches nothing but its own prefix. Written by
`python -m tests.conformance.table`; a test fails when it is out of date.
"""


def page() -> str:
    """The whole file."""
    counts = Counter(one.known for one in ALL)
    lines = [HEAD, f"{summary()}.\n", "| behaviour | | source | what rests on it | checked |", "|---|---|---|---|---|"]
    for one in ALL:
        checked = f"`{one.name}`" if one.check else "no"
        lines.append(f"| {one.says} | {one.known} | {one.source} | {one.matters} | {checked} |")
    assert sum(counts.values()) == len(ALL)
    return "\n".join(lines) + "\n"


def summary() -> str:
    """The counts in one line."""
    counts = Counter(one.known for one in ALL)
    known = ", ".join(f"{counts[word]} {word}" for word in ("documented", "observed", "assumed"))
    return f"{len(ALL)} behaviours: {known}"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page())
    print(page())
