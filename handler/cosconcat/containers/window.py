"""Ranged reads of one object: each block is asked for once, and there are only so many of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cosconcat.errors import InvalidInput

BLOCK = 64 * 1024  # bytes of one request
MOST_BLOCKS = 40  # requests for one object
MOST_BYTES = 1024 * 1024  # in one piece


class Window:
    """An object of `size` bytes; `read(start, length)` makes one request and may raise as the port does."""

    def __init__(self, read: Callable[[int, int], bytes], size: int, most_blocks: int = MOST_BLOCKS) -> None:
        self._read = read
        self._blocks: dict[int, bytes] = {}
        self._most_blocks = most_blocks
        self.size = size

    def bytes_at(self, start: int, length: int) -> bytes:
        """Exactly these bytes.

        Raises:
            InvalidInput: they lie beyond the end, or this object has been read enough.
        """
        if start < 0 or length < 0 or start + length > self.size:
            raise InvalidInput([f"{length} bytes at {start} lie beyond the end ({self.size} bytes)"])
        if length > MOST_BYTES:
            raise InvalidInput([f"{length} bytes at {start} are more than the {MOST_BYTES} that are read in one piece"])
        first, last = start // BLOCK, (start + max(length, 1) - 1) // BLOCK
        held = b"".join(self._block(number) for number in range(first, last + 1))
        return held[start - first * BLOCK :][:length]

    def some_bytes_at(self, start: int, length: int) -> bytes:
        """These bytes, fewer at the end of the object."""
        return self.bytes_at(start, max(min(length, self.size - start), 0))

    def places(self, count: int) -> Iterator[bytes]:
        """Blocks at so many places, from the first to the last one; all of a small object."""
        blocks = -(-self.size // BLOCK)
        steps = max(min(count, blocks) - 1, 1)
        for number in sorted({step * (blocks - 1) // steps for step in range(steps + 1)}):
            yield self.some_bytes_at(number * BLOCK, BLOCK)

    def number_at(self, start: int, length: int) -> int:
        """An unsigned number, the most significant byte first."""
        return int.from_bytes(self.bytes_at(start, length), "big")

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            if len(self._blocks) >= self._most_blocks:
                raise InvalidInput([f"more than {self._most_blocks} reads of {BLOCK} bytes"])
            wanted = min(BLOCK, self.size - number * BLOCK)
            held = self._read(number * BLOCK, wanted)
            if len(held) != wanted:
                raise InvalidInput([f"{len(held)} of {wanted} bytes at {number * BLOCK}"])
            self._blocks[number] = held
        return self._blocks[number]
