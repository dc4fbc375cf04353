"""docs/configuration.md and .env.example, made from the one table of variables in the code."""

from __future__ import annotations

import re
import textwrap

from cosconcat.environment.variables import TABLE, Variable
from ops.desk.dotenv import UNSET
from tools.pages import ROOT, between_marks

PAGE = ROOT / "docs" / "configuration.md"
SAMPLE = ROOT / ".env.example"

# Whoever sets it, even to its default, asks for windows instead of gaps: a sample must leave it to the preset.
LEFT_TO_THE_PRESET = "CONCAT_WINDOW"

# A sample begins with what nobody can know beforehand, and with a clean-up that cannot surprise anybody.
_SAMPLE_HEAD = """\
# Copy to .env and fill in the bucket, its region and the keys; then `make deploy`. A single - stands for "not set".
# One NAME=value a line; a comment has a line of its own, because a # behind a value is part of the value.

# Bucket that fragments arrive in, <name>-<appid>.
CONCAT_BUCKET=example-1250000000

# Its region, e.g. ap-guangzhou.
CONCAT_REGION=ap-guangzhou

# The API keys of whoever deploys (console > Access Management > API keys). They never reach a function.
TENCENT_SECRET_ID=-
TENCENT_SECRET_KEY=-

# Several deployments side by side: each has a stage and prefixes of its own. Letters and digits.
STAGE=dev

# Begin with keep. Once the results convince you: delete, trash or expire.
CONCAT_CLEANUP=keep
"""


def table() -> str:
    """The variables as a Markdown table."""
    rows = [f"| `{row.name}` | {_default(row)} | {row.meaning.replace('|', chr(92) + '|')} |" for row in TABLE]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def with_table(page: str) -> str:
    """The page with the table between the marks made anew."""
    return between_marks(page, table())


def sample() -> str:
    """The text of `.env.example`."""
    lines = [_SAMPLE_HEAD]
    for row in TABLE:
        if f"{row.name}=" not in _SAMPLE_HEAD:
            left = row.name == LEFT_TO_THE_PRESET
            otherwise = row.default if left else row.otherwise
            unset = f" Not set: {otherwise}." if otherwise else ""
            words = re.sub(r"`([a-z]+\.md)`", r"docs/\1", f"{row.meaning}{unset}").replace("`", "")
            lines += textwrap.wrap(words, 118, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
            lines.append(f"{row.name}={UNSET if left else row.default or UNSET}\n")
    return "\n".join(lines).rstrip() + "\n"


def _default(row: Variable) -> str:
    return f"`{row.default}`" if row.default else row.otherwise


def write() -> None:
    """Make them anew."""
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
    SAMPLE.write_text(sample(), "utf-8")
