"""Ranged reads of one object: each block is asked for once, and there are only so many of them."""

from __future__ import annotations

from collections.abc import Callable

from cosconcat.errors import InvalidInput

BLOCK = 64 * 1024  # bytes; a request asks for whole ones
MOST_READS = 40  # requests for one object
MOST_BYTES = 2 * 1024 * 1024  # in one piece


class RangedObject:
    """An object of `size` bytes; `read(start, length)` makes one request and may raise as the port does."""

    def __init__(
        self, read: Callable[[int, int], bytes], size: int, head: bytes = b"", most_reads: int = MOST_READS
    ) -> None:
        self._read = read
        self._blocks: dict[int, bytes] = {0: head} if len(head) == min(BLOCK, size) else {}
        self._left = most_reads
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
        wanted = [number for number in range(first, last + 1) if number not in self._blocks]
        if wanted:
            self._fetch(wanted[0], wanted[-1])
        held = b"".join(self._blocks[number] for number in range(first, last + 1))
        return held[start - first * BLOCK :][:length]

    def some_bytes_at(self, start: int, length: int) -> bytes:
        """These bytes, fewer at the end of the object."""
        return self.bytes_at(start, max(min(length, self.size - start), 0))

    def places(self, count: int) -> list[int]:
        """Where so many blocks begin, from the first to the last one; all of a small object."""
        blocks = -(-self.size // BLOCK)
        steps = max(min(count, blocks) - 1, 1)
        return [number * BLOCK for number in sorted({step * (blocks - 1) // steps for step in range(steps + 1)})]

    def block_at(self, start: int) -> bytes:
        """The block that begins there."""
        return self.some_bytes_at(start, BLOCK)

    def number_at(self, start: int, length: int) -> int:
        """An unsigned number, the most significant byte first."""
        return int.from_bytes(self.bytes_at(start, length), "big")

    def _fetch(self, first: int, last: int) -> None:
        """Read the blocks from `first` to `last` by one request."""
        if self._left == 0:
            raise InvalidInput(["it takes too many reads"])
        self._left -= 1
        start = first * BLOCK
        wanted = min((last + 1) * BLOCK, self.size) - start
        held = self._read(start, wanted)
        if len(held) != wanted:
            raise InvalidInput([f"{len(held)} of {wanted} bytes at {start}"])
        for number in range(first, last + 1):
            self._blocks[number] = held[(number - first) * BLOCK :][:BLOCK]
