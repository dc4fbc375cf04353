"""Joins that lose content although CI calls them successful, and pieces that nobody can prove by their length.

A loss says what the output shows then, and which of its pieces it still holds: whatever is removed without being held
breaks G1. Each is made so that one rule of `verification/rules/table.py` sees it, and no other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random

from cosconcat.model import Media, Stream
from tests.simulation.models.objects import Content
from tests.support.joins import picture, recording, sound

RATE = 25  # pictures a second
Joined = tuple[str, Content]  # the key of a piece and what was read of it
Lost = tuple[Media, tuple[Joined, ...]]  # what the output shows, and the pieces that it holds
Loss = Callable[[Sequence[Joined], int, Random], Lost]


def whole(joined: Sequence[Joined], size: int, overlap: int = 0, off: int = 0) -> Media:
    """What an honest output of these pieces shows, of which each begins `overlap` seconds before the last one ends.

    With transitions the pieces are filled up to whole pictures, and each transition is `off` pictures longer.
    """
    if not overlap:
        return recording(_seconds(joined), size)
    filled = sum(math.ceil((content.media.duration or 0.0) * RATE - 0.001) / RATE for _, content in joined)
    return recording(filled - (overlap + off / RATE) * (len(joined) - 1), size)


def _seconds(joined: Sequence[Joined]) -> float:
    return sum(content.media.duration or 0.0 for _, content in joined)


def lost_piece(joined: Sequence[Joined], size: int, rng: Random) -> Lost:
    """A whole piece, or more than half of one."""
    lost = rng.randrange(len(joined))
    share = rng.choice((0.6, 1.0)) if len(joined) > 1 else 0.6
    held = (*joined[:lost], *joined[lost + 1 :])
    media = joined[lost][1].media
    return recording(_seconds(joined) - (media.duration or 0.0) * share, size - round(media.size * share)), held


def shown(lost: Lost, joined: Sequence[Joined], size: int, overlap: int) -> Lost:
    """The loss, if a figure shows it. With transitions none does where a part of a piece is lost that is as long as all
    that they overlap (docs/verification.md, "What is not promised"): then nothing is lost.
    """
    media, held = lost
    missing, wholly = _seconds(joined) - (media.duration or 0.0), _seconds(joined) - _seconds(held)
    all_overlap, blurred = overlap * (len(joined) - 1), blur([content.media for _, content in joined])
    if overlap and abs(missing - all_overlap) <= blurred and abs(missing - wholly) > blurred:
        return whole(joined, size, overlap), tuple(joined)
    return lost


def blur(pieces: Sequence[Media]) -> float:
    """By how many seconds an output with transitions may differ from what was reckoned: a few pictures and a frame of
    sound for each piece, and of MPEG-TS the sound that outlasts the picture.
    """
    return 0.3 + 0.17 * len(pieces) + 0.3 * sum(media.format == "mpegts" for media in pieces)


def _twice(joined: Sequence[Joined], size: int, rng: Random) -> Lost:
    """The longest piece twice and the shortest never."""
    ordered = sorted(joined, key=lambda each: each[1].media.duration or 0.0)
    shortest, longest = ordered[0], ordered[-1]
    more = (longest[1].media.duration or 0.0) - (shortest[1].media.duration or 0.0)
    if more < 1.0:  # pieces of one length: no figure shows it
        return lost_piece(joined, size, rng)
    return recording(_seconds(joined) + more, size), tuple(each for each in joined if each is not shortest)


def _showing(joined: Sequence[Joined], size: int, *streams: Stream) -> Lost:
    """An output as long as its pieces, of these streams, that holds none of them wholly."""
    return Media(_seconds(joined), size, streams, recording(1.0, 1).format, 0.0, num_streams=len(streams)), ()


def _no_sound(joined: Sequence[Joined], size: int, _: Random) -> Lost:
    return _showing(joined, size, _picture(joined))


def _no_picture(joined: Sequence[Joined], size: int, _: Random) -> Lost:
    return _showing(joined, size, _sound(joined))


def _sound_ends(joined: Sequence[Joined], size: int, _: Random) -> Lost:
    return _showing(joined, size, _picture(joined), _sound(joined)._replace(duration=_seconds(joined) * 0.4))


def _sound_late(joined: Sequence[Joined], size: int, _: Random) -> Lost:
    late, whole_ = 2.0, _seconds(joined)
    return _showing(joined, size, _picture(joined), _sound(joined)._replace(start=late, duration=whole_ - late))


def _unsaid(joined: Sequence[Joined], size: int, _: Random) -> Lost:
    """How long its streams are is not said."""
    streams = (_picture(joined)._replace(duration=None, frames=None), _sound(joined)._replace(duration=None))
    return _showing(joined, size, *streams)


def _few_bytes(joined: Sequence[Joined], size: int, _: Random) -> Lost:
    """Streams of a rate that its bytes cannot hold."""
    kbps = 4 * size * 8 / 1000 / max(_seconds(joined), 1.0) + 200  # pieces without a length have none together
    return _showing(joined, size, _picture(joined)._replace(bitrate=kbps), _sound(joined))


def _slow(joined: Sequence[Joined], size: int, _: Random) -> Lost:
    """One picture a second, not counted."""
    return _showing(joined, size, _picture(joined)._replace(fps=1.0, avg_fps=1.0, frames=None), _sound(joined))


def _dropped(joined: Sequence[Joined], size: int, _: Random) -> Lost:
    """Ten pictures less, at the same rate, and one for each piece: a piece's own count is rounded by half a one."""
    shown = _picture(joined)
    return _showing(joined, size, shown._replace(frames=(shown.frames or 0) - 10 - len(joined)), _sound(joined))


def _small(joined: Sequence[Joined], size: int, _: Random) -> Lost:
    return _showing(joined, size, _picture(joined)._replace(width=16, height=16), _sound(joined))


def _picture(joined: Sequence[Joined]) -> Stream:
    return picture(_seconds(joined), bitrate=None)


def _sound(joined: Sequence[Joined]) -> Stream:
    return sound(_seconds(joined), bitrate=None)


def _file_short(joined: Sequence[Joined], size: int, rng: Random) -> Lost:
    """The file says that it is shorter than its streams say, by too little for a contradiction; of many pieces, the
    rounding to whole pictures may take as much.
    """
    if len(joined) > 5:
        return lost_piece(joined, size, rng)
    media, held = _showing(joined, size, _picture(joined), _sound(joined))
    return media._replace(duration=_seconds(joined) - 0.4), held


def _fewer_bytes(joined: Sequence[Joined], size: int, _: Random) -> Lost:
    """Packets that were to be copied are not there, although all figures of time are right."""
    return _showing(joined, round(size * 0.8), _picture(joined), _sound(joined))


ODD_LOSSES: tuple[Loss, ...] = (_file_short,)
ODD_LOSSES_OF_COPIES: tuple[Loss, ...] = (_file_short, _fewer_bytes)  # of direct joins, which carry the pieces' packets
LOSSES: tuple[Loss, ...] = (
    _twice, _no_sound, _no_picture, _sound_ends, _sound_late, _unsaid, _few_bytes, _slow, _dropped,
    _small,
)  # fmt: skip
LOSSES_OF_BYTES: tuple[Loss, ...] = (lost_piece, _no_sound, _no_picture)  # what CONCAT_VERIFY=size can see


def tiny_piece(size: int) -> Media:
    """Two pictures that nobody counts: in the simulator a join holds nothing of it, and shows no sign of that."""
    media = recording(0.08, size)
    return media._replace(streams=tuple(stream._replace(frames=None) for stream in media.streams))


def odd_piece(seconds: float, size: int, rng: Random) -> Media:
    """A piece that no length proves: in the simulator a join holds nothing of it, and shows no sign of that."""
    shown, heard = picture(seconds, bitrate=None), sound(seconds, bitrate=None)
    plain = recording(seconds, size)
    cover = Stream("video", "mjpeg", frames=1, fps=90000.0)
    return rng.choice((
        plain._replace(duration=None),
        plain._replace(streams=(), num_streams=0),
        plain._replace(streams=(heard, shown)),
        plain._replace(streams=(cover, shown, heard)),
        plain._replace(streams=(shown._replace(frames=round(seconds * 25) + 50), heard)),
        plain._replace(streams=(shown._replace(bitrate=4 * size * 8 / 1000 / seconds + 200), heard)),
    ))  # fmt: skip
