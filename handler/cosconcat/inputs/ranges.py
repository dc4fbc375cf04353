"""Bytes of one object, read by range through the port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosconcat.containers.ranged import RangedObject
from cosconcat.model import ByteRange

if TYPE_CHECKING:
    from cosconcat.model import Bucket
    from cosconcat.services import Services


def ranged_object(services: Services, bucket: Bucket, key: str, size: int, head: bytes = b"") -> RangedObject:
    """An object of `size` bytes to read by range, of which `head` was read already."""

    def read(start: int, length: int) -> bytes:
        part = ByteRange(key, start, length)
        return services.cos.read(bucket, [part])[part]

    return RangedObject(read, size, head)
