"""The output's tags: ours, the configured ones and those already there, in COS's alphabet and within its limits."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cosconcat.errors import InvalidInput

OWN_TAGS = ("concat-group", "concat-job", "concat-fragments", "concat-fingerprint", "concat-rev")
MAX_TAGS = 10
MAX_NAME_BYTES = 127
MAX_VALUE_BYTES = 255

# COS: letters, digits, Chinese and + - _ = / . : @. Blanks are allowed on older pages only, so they are not used.
OUTSIDE_ALPHABET = re.compile(r"[^a-zA-Z0-9+\-_=/.:@\u4e00-\u9fff]")


def own_tags(group: str, job_id: str, fragments: int, fingerprint: str, rev: int) -> dict[str, str]:
    """The five tags that say where an output comes from."""
    return {
        "concat-group": group,
        "concat-job": job_id,
        "concat-fragments": str(fragments),
        "concat-fingerprint": fingerprint,
        "concat-rev": str(rev),
    }


def output_tags(existing: Mapping[str, str], ours: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """All tags for an output: what is there stays as it is, ours are required, `extra` (configured) fill in.

    Raises:
        InvalidInput: a tag of ours is there with another value, or there are more than COS takes; nothing of what is
            there is ever dropped or changed to make room.
    """
    ours = {name: clean(value) for name, value in ours.items()}
    taken = [name for name, value in ours.items() if existing.get(name, value) != value]
    if taken:
        raise InvalidInput([f"tag {name}: is on the output already, as {existing[name]!r}" for name in taken])
    merged = {**{name: clean(value) for name, value in extra.items()}, **existing, **ours}
    if len(merged) > MAX_TAGS:
        raise InvalidInput(
            [f"tags: {len(merged)} ({len(existing)} on the output already), at most {MAX_TAGS} fit on an object"],
        )
    return merged


def clean(value: str) -> str:
    """`value` in COS's alphabet, others as `_`, cut at 255 bytes of UTF-8 between characters; never empty."""
    kept = OUTSIDE_ALPHABET.sub("_", value).encode()[:MAX_VALUE_BYTES]
    return kept.decode(errors="ignore") or "_"
