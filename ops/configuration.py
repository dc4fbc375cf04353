"""The pages about configuration, made from the one table of variables in the code.

python -m ops.configuration              checks the environment's configuration, and says every mistake
python -m ops.configuration --document   writes the table in docs/configuration.md, and .env.example
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from typing import TYPE_CHECKING

from cosconcat.config import read_config
from cosconcat.errors import ConfigurationError
from cosconcat.variables import TABLE, Variable
from ops import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PAGE = ROOT / "docs" / "configuration.md"
SAMPLE = ROOT / ".env.example"
MARKS = ("<!-- made by python -m ops.configuration --document -->", "<!-- end -->")

# What a sample needs instead of the default: a bucket, and a clean-up that cannot surprise anybody.
_SAMPLE_VALUES = {
    "CONCAT_CLEANUP": "keep",
    "CONCAT_BUCKET": "example-1250000000",
    "CONCAT_REGION": "ap-guangzhou",
}
_SAMPLE_HEAD = """\
# Copy to .env and fill in; the deployment reads it. Every variable must stand here, empty if it is not wanted:
# what is missing is deployed as the word "undefined", which the functions refuse.

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
        if row.name != "CONCAT_CLEANUP":
            unset = f" Empty: {row.otherwise}." if row.otherwise and row.name not in _SAMPLE_VALUES else ""
            words = f"{row.meaning}{unset}".replace("`", "")
            lines += textwrap.wrap(words, 118, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
            lines.append(f"{row.name}={_SAMPLE_VALUES.get(row.name, row.default)}\n")
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
