"""Conditional requests and byte ranges (RFC 9110; for copies the same headers behind `x-cos-copy-source-`)."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from local.network.http import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.cos.versions import Version

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


def precondition_fails(headers: Mapping[str, str], version: Version, prefix: str = "") -> bool:
    """Whether If-Match, or in its absence If-Unmodified-Since, forbids to go on (412)."""
    match = headers.get(f"{prefix}if-match")
    if match is not None:
        return not _names(match, version.etag)
    since = _seconds(headers.get(f"{prefix}if-unmodified-since"))
    return since is not None and int(version.last_modified) > since


def not_modified(headers: Mapping[str, str], version: Version, prefix: str = "") -> bool:
    """Whether If-None-Match, or in its absence If-Modified-Since, says that nothing is new (304; copies: 412)."""
    match = headers.get(f"{prefix}if-none-match")
    if match is not None:
        return _names(match, version.etag)
    since = _seconds(headers.get(f"{prefix}if-modified-since"))
    return since is not None and int(version.last_modified) <= since


def _names(listed: str, etag: str) -> bool:
    return listed.strip() == "*" or etag in [part.strip().removeprefix("W/").strip('"') for part in listed.split(",")]


def _seconds(date: str | None) -> float | None:
    """Epoch seconds of an HTTP date; one that cannot be read counts as absent (RFC 9110, 13.1.3)."""
    if date is None:
        return None
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte that a Range header asks for; None when it asks for all (or cannot be read).

    Raises:
        Refusal: 416 InvalidRange when it starts behind the end.
    """
    match = _RANGE.fullmatch(header.replace(" ", ""))
    if match is None or match[0] == "bytes=-":
        return None
    if match[1]:
        first, last = int(match[1]), min(int(match[2]) if match[2] else size - 1, size - 1)
        if match[2] and int(match[2]) < first:
            return None
    else:
        first, last = max(size - int(match[2]), 0), size - 1
    if first >= size or last < first:
        raise Refusal(
            416,
            "InvalidRange",
            f"The range {header!r} lies outside of the object's {size} bytes.",
            {"Content-Range": f"bytes */{size}"},
        )
    return first, last
