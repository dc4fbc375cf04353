"""The streams of chance of one schedule: fresh from its seed, remembered, or as they were drawn once."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

Draw = float | tuple[int, int]  # random(), or getrandbits(bits) with its bits


class Recorded(Random):
    """A seeded stream that remembers what it gave."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.draws: list[Draw] = []

    def random(self) -> float:
        """The next float, remembered."""
        value = super().random()
        self.draws.append(value)
        return value

    def getrandbits(self, bits: int, /) -> int:
        """The next bits, remembered."""
        value = super().getrandbits(bits)
        self.draws.append((bits, value))
        return value


class Replayed(Random):
    """Gives what was drawn once, in order, and then what its seed gives."""

    _left: list[Draw]

    @classmethod
    def of(cls, seed: int, draws: Sequence[Draw]) -> Replayed:
        """These draws, and then those of the seed."""
        stream = cls(seed)
        stream._left = list(reversed(draws))
        return stream

    def random(self) -> float:
        """The next float as it was drawn."""
        if self._left and isinstance(self._left[-1], float):
            return self._left.pop()  # type: ignore[return-value]  # the line above looked
        self._left = []
        return super().random()

    def getrandbits(self, bits: int, /) -> int:
        """The next bits as they were drawn."""
        if self._left:
            drawn = self._left.pop()
            if isinstance(drawn, tuple) and drawn[0] == bits:
                return drawn[1]
            self._left = []
        return super().getrandbits(bits)


class Chance:
    """The streams of one schedule, by name: fresh from its seed, recorded, or as they were drawn once."""

    def __init__(self, seed: int, *, record: bool = False, drawn: dict[str, list[Draw]] | None = None) -> None:
        self._seed = seed
        self._record = record
        self._drawn = drawn or {}
        self.recorded: dict[str, Recorded] = {}

    def stream(self, name: str, number: int) -> Random:
        """The stream of that name; `number` makes its seed differ from the others'."""
        seed = self._seed * 3 + number
        if name in self._drawn:
            return Replayed.of(seed, self._drawn[name])
        if not self._record:
            return Random(seed)
        self.recorded[name] = Recorded(seed)
        return self.recorded[name]
