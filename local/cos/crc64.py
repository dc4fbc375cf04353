"""CRC-64/ECMA-182 as COS reports it in `x-cos-hash-crc64ecma` (436/40334): decimal, reflected, all bits inverted."""

from __future__ import annotations

import crcmod  # type: ignore[import-untyped]  # it carries no types

_crc = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)


def crc64(body: bytes | memoryview, before: str = "0") -> str:
    """The checksum of these bytes as the decimal text in the header; `b"123456789"` gives 11051210869376104954.

    `before` is the checksum of what comes before them, where a body is looked at piece by piece.
    """
    return str(_crc(body, int(before)))
