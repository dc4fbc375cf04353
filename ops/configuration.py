"""The pages about configuration, made from the one table of variables in the code.

python -m ops.configuration              checks the environment's configuration, and says every mistake
python -m ops.configuration --document   writes the table in docs/configuration.md, and .env.example
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from typing import TYPE_CHECKING

from cosconcat.environment.reading import read_config
from cosconcat.environment.variables import TABLE, Variable
from cosconcat.errors import ConfigurationError
from ops import ROOT, environment
from ops.dotenv import UNSET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PAGE = ROOT / "docs" / "configuration.md"
SAMPLE = ROOT / ".env.example"
MARKS = ("<!-- made by python -m ops.configuration --document -->", "<!-- end -->")

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
    before, rest = page.split(MARKS[0])
    return f"{before}{MARKS[0]}\n\n{table()}\n\n{MARKS[1]}{rest.split(MARKS[1])[1]}"


def sample() -> str:
    """The text of `.env.example`."""
    lines = [_SAMPLE_HEAD]
    for row in TABLE:
        if f"{row.name}=" not in _SAMPLE_HEAD:
            unset = f" Not set: {row.otherwise}." if row.otherwise else ""
            words = f"{row.meaning}{unset}".replace("`", "")
            lines += textwrap.wrap(words, 118, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
            lines.append(f"{row.name}={row.default or UNSET}\n")
    return "\n".join(lines).rstrip() + "\n"


def _default(row: Variable) -> str:
    return f"`{row.default}`" if row.default else row.otherwise


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Check or write; 2 when the configuration is wrong."""
    parser = argparse.ArgumentParser(prog="python -m ops.configuration", description="Check the configuration.")
    parser.add_argument("--document", action="store_true", help="write docs/configuration.md's table and .env.example")
    if parser.parse_args(arguments).document:
        PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
        SAMPLE.write_text(sample(), "utf-8")
        return 0
    try:
        config = read_config(environ)
    except ConfigurationError as wrong:
        print("\n".join(wrong.problems), file=sys.stderr)
        return 2
    print(f"fine: {config.bucket.name}/{config.input_prefix} by {config.naming}, whole by {config.completion}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], environment()))
