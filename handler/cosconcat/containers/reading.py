"""Which reader goes with which file, by the format's name in its probe."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from cosconcat.containers import flv, matroska, mp4, mpegts
from cosconcat.containers.streams import Configuration, StreamEnd
from cosconcat.containers.window import Window
from cosconcat.errors import InvalidInput

PLACES = 16  # at which a clock is read; as many found every reset and gap in the files that were tried
BACKWARD_SECONDS = 0.5  # more than reordered pictures go back
AHEAD_SECONDS = 1.0  # by which time stamps may go beyond the length in a header
LEFT_OUT = 0.2  # share of the length that the places may leave out
LARGEST_STEP = 0.5  # share of the length between two places

_READERS = {"mov,": mp4, "mp4": mp4, "flv": flv, "mpegts": mpegts, "matroska": matroska, "webm": matroska}
_TAILS = {"flv": flv, "matroska": matroska, "webm": matroska}
_CLOCKS = {**_TAILS, "mpegts": mpegts}
_SELF_DESCRIBING = ("mp3", "wav")  # what a probe shows is all there is


def configurations(file: Window, format_: str, expected: int) -> tuple[Configuration, ...]:
    """The decoder configuration of each of the `expected` picture and sound streams, in the file's order.

    Raises:
        InvalidInput: no reader for this format, or another number of streams than expected.
    """
    if format_.startswith(_SELF_DESCRIBING):
        return ()
    reader = next((module for name, module in _READERS.items() if format_.startswith(name)), None)
    if reader is None:
        raise InvalidInput([f"a {format_ or 'file of unknown format'}: its decoder configurations cannot be read here"])
    found = tuple(reader.configurations(file))
    if len(found) != expected:
        raise InvalidInput([f"{len(found)} decoder configurations for {expected} streams"])
    return found


def has_tail(format_: str) -> bool:
    """Whether the last packets of such a file can be read."""
    return format_.startswith(tuple(_TAILS))


def ends(file: Window, format_: str) -> list[StreamEnd]:
    """When each stream ends on the file's own clock, told by its last packets.

    Raises:
        InvalidInput: no reader for this format, or it is broken.
    """
    reader = next((module for name, module in _TAILS.items() if format_.startswith(name)), None)
    if reader is None:
        raise InvalidInput([f"a {format_ or 'file of unknown format'}: its last packets cannot be read here"])
    found: list[StreamEnd] = reader.ends(file)
    return found


def clock(file: Window, format_: str, seconds: float) -> Literal["steady", "jumps"]:
    """Whether the time stamps run on from the beginning to the end, over about the `seconds` that a header says.

    Raises:
        InvalidInput: no reader for this format, or too few time stamps to tell.
    """
    reader = next((module for name, module in _CLOCKS.items() if format_.startswith(name)), None)
    if reader is None:
        raise InvalidInput([f"a {format_ or 'file of unknown format'}: its time stamps cannot be read here"])
    places: list[list[float]] = reader.times(file, PLACES)
    found = [seconds_ for place in places for seconds_ in place]
    met = sum(map(bool, places))
    if len(found) < 3 or 2 * met < len(places) or not places[-1]:
        raise InvalidInput([f"time stamps at {met} of {len(places)} places; too few to tell"])
    steps = [later - earlier for earlier, later in pairwise(found)]
    covered = max(found) - min(found)
    jumps = (
        min(steps) < -BACKWARD_SECONDS
        or max(steps) > max(LARGEST_STEP * seconds, AHEAD_SECONDS)
        or covered > seconds + AHEAD_SECONDS
        or covered < (1 - LEFT_OUT) * seconds - 2 * AHEAD_SECONDS
    )
    return "jumps" if jumps else "steady"
