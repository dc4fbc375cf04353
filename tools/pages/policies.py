"""docs/policies.md: all rights, what the clean-up changes, and the documents, made by the code that prints them."""

from __future__ import annotations

import json

from cosconcat.environment.reading import read_config
from deployed.policies import FUNCTIONS, cleanup_needs, needs, policy, table
from tools.pages import ROOT, between_marks

PAGE = ROOT / "docs" / "policies.md"
EXAMPLE = {
    "CONCAT_BUCKET": "demo-1250000000",
    "CONCAT_REGION": "ap-guangzhou",
    "CONCAT_CALLBACK_URL": "https://1250000000-example.ap-guangzhou.tencentscf.com/",
    "CONCAT_CALLBACK_SECRET": "only-an-example-of-a-secret",
}


def examples() -> str:
    """The part of docs/policies.md that is made here: all rights, what the clean-up changes, and the documents."""
    config = read_config(EXAMPLE)
    parts = [table(config), "", "| `CONCAT_CLEANUP` | rights that it adds |", "|---|---|"]
    for mode in ("delete", "trash", "expire", "keep"):
        added = cleanup_needs(read_config({**EXAMPLE, "CONCAT_CLEANUP": mode}))
        parts.append(f"| `{mode}` | {'. '.join(f'`{need.action}`: {need.call}' for need in added) or 'none'} |")
    copies = needs(read_config({**EXAMPLE, "CONCAT_SINGLE": "copy"}), "sweep")
    added = [need for need in copies if need not in needs(config, "sweep")]
    parts += ["", "| `CONCAT_SINGLE` | rights that it adds |", "|---|---|"]
    parts.append(f"| `copy` | {'. '.join(f'`{need.action}`: {need.call}' for need in added)} |")
    for function in FUNCTIONS:
        parts += ["", f"## {function}", "", "```json", json.dumps(policy(config, function), indent=2), "```"]
    return "\n".join(parts)


def with_examples(page: str) -> str:
    """The page with the part between its marks made anew."""
    return between_marks(page, examples())


def write() -> None:
    """Make it anew."""
    PAGE.write_text(with_examples(PAGE.read_text("utf-8")), "utf-8")
