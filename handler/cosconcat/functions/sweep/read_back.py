"""`<state>/sweep.json` and `report.json` as they are read back: the only objects that are ever written over.

So an answer that is not what was written must not be believed: what is set aside, the line of CONCAT_JOBS_PER_HOUR and
the report would be gone. It is asked for once more, and only what cannot be read twice is begun anew, which is told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import Any, NamedTuple

from cosconcat import log
from cosconcat.errors import InvalidInput, ServiceUnavailable
from cosconcat.model import Stored
from cosconcat.services import Services


class ReadBack(NamedTuple):
    """What the object holds; empty where it is not there, or cannot be read: then `problem` says so."""

    key: str
    content: dict[str, Any]
    problem: str = ""


def read_back(services: Services, name: str, ours: Collection[str]) -> ReadBack:
    """The object as it was written; each of our releases wrote one of the fields `ours`.

    Raises:
        ServiceUnavailable: twice a page came in its place, of a proxy say, which is not what the object's ETag is of.
    """
    config = services.config
    key, stored, problem = f"{config.state_prefix}{name}", None, ""
    for _ in range(2):
        try:
            stored = services.cos.get(config.state_bucket, key)
        except InvalidInput as too_large:
            problem = str(too_large)
            continue
        if stored is None:
            return ReadBack(key, {})
        content = _read(stored.body)
        if content is not None and not content.keys().isdisjoint(ours):
            return ReadBack(key, content)
        problem = f"{config.state_bucket.name}/{key}: no JSON of ours"
    if stored is not None and _is_a_page_in_its_place(stored):
        raise ServiceUnavailable(
            f"GET {config.state_bucket.name}/{key}: a page came in its place; delete it if it is one"
        )
    log.warning("begun anew", key=key, reason=problem)
    return ReadBack(key, {}, f"{problem}; it was read twice, and is begun anew: what it held is forgotten")


def _read(body: bytes) -> dict[str, Any] | None:
    """The object in the body; None where there is none that could be written again."""
    try:
        read = json.loads(body.decode())  # as bytes, halves of characters would pass
        if b"\\ud" in body.lower():  # half a character, which no key and no report may hold
            json.dumps(read, ensure_ascii=False).encode()
    except (ValueError, TypeError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _is_a_page_in_its_place(stored: Stored) -> bool:
    """Whether the body begins like XML or HTML, and is not what lies there: an object's ETag is its MD5, as a rule."""
    written = hashlib.md5(stored.body, usedforsecurity=False).hexdigest() == stored.head.object.etag
    return stored.body.lstrip()[:1] == b"<" and not written
