"""Bytes of one object, read by range through the port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosconcat.containers.window import Window
from cosconcat.model import ByteRange

if TYPE_CHECKING:
    from cosconcat.model import Bucket
    from cosconcat.services import Services


def window_on(services: Services, bucket: Bucket, key: str, size: int, head: bytes = b"") -> Window:
    """A window on an object of `size` bytes, of which `head` was read already."""

    def read(start: int, length: int) -> bytes:
        part = ByteRange(key, start, length)
        return services.cos.read(bucket, [part])[part]

    return Window(read, size, head)
