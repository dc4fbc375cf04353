"""Which reader goes with which file, by the format's name in its probe."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Literal

from cosconcat.containers import flv, matroska, mp4, mpegts
from cosconcat.containers.ranged import RangedObject
from cosconcat.containers.streams import Configuration, StreamEnd
from cosconcat.errors import InvalidInput

PLACES = 16  # at which a clock is read; as many found every reset and gap in the files that were tried
BACKWARD_SECONDS = 0.5  # more than reordered pictures go back
AHEAD_SECONDS = 1.0  # by which time stamps may go beyond the length in a header
LEFT_OUT = 0.2  # share of the length that the places may leave out
LARGEST_STEP = 0.5  # share of the length between two places

_READERS = {"mov,": mp4, "mp4": mp4, "flv": flv, "mpegts": mpegts, "matroska": matroska, "webm": matroska}
_TAILS = {"flv": flv, "matroska": matroska, "webm": matroska}
_CLOCKS = {**_TAILS, "mpegts": mpegts}
# Codecs of which a probe shows all there is: each frame bears the rest, or there is none.
_SELF_DESCRIBING = frozenset({
    "mp3", "mp2", "ac3", "eac3", "mjpeg", "rawvideo", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s32le", "pcm_u8",
    "pcm_alaw", "pcm_mulaw", "amr_nb", "amr_wb", "vp8", "flv1", "gsm",
})  # fmt: skip
_ADTS_BYTES = 4  # the fixed part of the header


def configurations(file: RangedObject, format_: str, codecs: Sequence[str]) -> tuple[Configuration, ...]:
    """The decoder configuration of each picture and sound stream, of which the probe names the `codecs`, in order.

    Raises:
        InvalidInput: no reader for this format, or another number of streams than expected.
    """
    if describe_themselves(codecs):
        return ()
    if format_ == "aac":
        return (Configuration("audio", "aac", mpegts.adts(file.bytes_at(0, _ADTS_BYTES))),)
    reader = next((module for name, module in _READERS.items() if format_.startswith(name)), None)
    if reader is None:
        raise InvalidInput([f"a {format_ or 'file of unknown format'}: its decoder configurations cannot be read here"])
    found = tuple(reader.configurations(file))
    if len(found) != len(codecs):
        raise InvalidInput([f"{len(found)} decoder configurations for {len(codecs)} streams"])
    return found


def describe_themselves(codecs: Sequence[str]) -> bool:
    """Whether a probe shows everything that decoders of these need."""
    return bool(codecs) and _SELF_DESCRIBING.issuperset(codecs)


def has_tail(format_: str) -> bool:
    """Whether the last packets of such a file can be read."""
    return format_.startswith(tuple(_TAILS))


def ends(file: RangedObject, format_: str) -> list[StreamEnd]:
    """When each stream ends on the file's own clock, told by its last packets.

    Raises:
        InvalidInput: no reader for this format, or it is broken.
    """
    reader = next((module for name, module in _TAILS.items() if format_.startswith(name)), None)
    if reader is None:
        raise InvalidInput([f"a {format_ or 'file of unknown format'}: its last packets cannot be read here"])
    found: list[StreamEnd] = reader.ends(file)
    return found


def clock(file: RangedObject, format_: str, seconds: float) -> Literal["steady", "jumps"]:
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
    unmet = max((len(list(run)) for told, run in groupby(places, key=bool) if not told), default=0)  # in a row
    if len(found) < 3 or 2 * met < len(places) or not places[-1] or unmet > max(LEFT_OUT * len(places), 1):
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
