"""Whether a copy has the bytes of its original, as two HEADs tell it."""

from __future__ import annotations

import pytest

from cosconcat.copying.copy import same_bytes
from cosconcat.model import Head, ObjectInfo

ONE, OTHER = "a" * 32, "b" * 32  # MD5s
PARTS = f"{'c' * 32}-2"  # what was uploaded in two parts has no MD5 for its ETag


def head(etag: str = ONE, crc64: str = "", size: int = 9, *, encrypted: bool = False) -> Head:
    """What HEAD says of an object."""
    return Head(ObjectInfo("fragments/cam.mp4", etag, size, 100), 200, crc64=crc64, encrypted=encrypted)


@pytest.mark.parametrize(
    ("original", "copy", "expected"),
    [
        (head(), head(), ("yes", "ETag")),
        (head(), head(OTHER), ("no", "ETag")),
        (head(), head(size=8), ("no", "size")),
        (head(PARTS, "7"), head(ONE, "7", size=8), ("no", "size")),
        (head(PARTS, "7"), head(ONE, "7"), ("yes", "CRC-64")),
        (head(PARTS, "7"), head(ONE, "8"), ("no", "CRC-64")),
        (head(PARTS), head(ONE, "7"), ("unknown", "ETag and CRC-64")),
        (head(PARTS), head(PARTS), ("unknown", "ETag and CRC-64")),  # parts may be cut alike and hold other bytes
        (head(ONE, "7"), head(OTHER, "7", encrypted=True), ("yes", "CRC-64")),
        (head(encrypted=True), head(), ("unknown", "ETag and CRC-64")),
    ],
)
def test_size_then_md5_then_crc_decide(original: Head, copy: Head, expected: tuple[str, str]) -> None:
    """What does not compare is neither the same nor another."""
    assert same_bytes(original, copy) == expected
