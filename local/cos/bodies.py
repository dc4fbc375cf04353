"""Bodies of objects and parts: read piece by piece into a buffer of moto's, with their checksum."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.settings import get_s3_default_key_buffer_size

from local.cos.crc64 import crc64

if TYPE_CHECKING:
    from collections.abc import Iterable

SLICE = 1 << 20  # bytes handled at once: other requests get their turn in between


class Body(NamedTuple):
    """A body in a buffer of moto's kind (in memory, on disk beyond 16 MB), with its size in bytes and its checksum."""

    buffer: Any
    size: int
    crc64: str


def collected(pieces: Iterable[bytes]) -> Body:
    """The pieces, one after the other, as one body; outside of any lock, because it may be large."""
    buffer = SpooledTemporaryFile(get_s3_default_key_buffer_size())  # noqa: SIM115 -- moto closes it with its object
    size, crc = 0, "0"
    for piece in pieces:
        whole = memoryview(piece)
        for at in range(0, len(whole), SLICE):
            part = whole[at : at + SLICE]
            crc = crc64(part, crc)
            buffer.write(part)
            size += len(part)
    return Body(buffer, size, crc)


def give(held: Any, body: Body) -> None:
    """Make this the bytes of an object or part that moto made empty; its own way copies all of them at once."""
    held._value_buffer.close()
    held._value_buffer, held.contentsize = body.buffer, body.size
