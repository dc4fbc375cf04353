"""What every reader gives."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from cosconcat.model import StreamKind


class Configuration(NamedTuple):
    """How a decoder is set up for one stream: the codec's name in its container, and the bytes, perhaps none."""

    kind: StreamKind
    codec: str
    data: bytes


class StreamEnd(NamedTuple):
    """When the last packet of one stream ends, in seconds on the file's own clock.

    `at_most` where the stream was not met in the file's last part: it ended before that.
    """

    kind: StreamKind
    rank: int
    seconds: float
    at_most: bool = False


def end_of(times: Sequence[float]) -> float:
    """When the last of these packets (seconds, in any order) ends, if it lasts as long as most of them."""
    ordered = sorted(set(times))
    steps = sorted(later - earlier for earlier, later in pairwise(ordered))
    return ordered[-1] + (min(steps[len(steps) // 2], 1.0) if steps else 0.0)
