"""Whether files can be joined without transcoding: what differs between their streams, as far as a probe shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cosconcat.model import Media, Stream, StreamKind

_SAME_RATE = 0.01  # share: 29.97 and 30000/1001 are one rate, and a file's own average is seldom exact
_RATES = frozenset({"fps", "avg_fps"})
_PROPERTIES: Mapping[StreamKind, tuple[str, ...]] = {
    "video": (
        "codec", "profile", "level", "width", "height", "pix_format", "sar", "rotation", "fps", "avg_fps", "timebase"
    ),
    "audio": ("codec", "profile", "sample_rate", "channels", "timebase"),
    "subtitle": ("codec",),
}  # fmt: skip


def differences(media: Sequence[tuple[str, Media]]) -> tuple[str, ...]:
    """What keeps these files (key and probe, in their order) from being joined as they are.

    A copy of packets keeps the first file's stream description, so every later file must match it. One sentence for
    each property of each file that does not, naming the key, the property and both values; empty when all agree.
    """
    if not media:
        return ()
    first_key, first = media[0]
    return tuple(
        f"{key}: {name} is {_shown(here)}, in {first_key} it is {_shown(there)}"
        for key, other in media[1:]
        for name, there, here in _unlike(first, other)
    )


def _unlike(first: Media, other: Media) -> Iterator[tuple[str, object, object]]:
    """Name and both values of each property that differs."""
    there, here = _order(first), _order(other)
    if there != here:
        yield "order of streams", ", ".join(there) or "none", ", ".join(here) or "none"
        return
    if first.num_streams != other.num_streams:
        yield "number of streams", first.num_streams, other.num_streams
    for number, (one, another) in enumerate(zip(first.streams, other.streams, strict=True)):
        rank = there[:number].count(one.kind)
        label = one.kind if rank == 0 else f"{one.kind} {rank + 1}"
        for name in _PROPERTIES[one.kind]:
            if not _same(name, one, another):
                yield f"{label} {name}", getattr(one, name), getattr(another, name)


def _order(media: Media) -> tuple[str, ...]:
    return tuple(stream.kind for stream in media.streams)


def _same(name: str, one: Stream, another: Stream) -> bool:
    a, b = getattr(one, name), getattr(another, name)
    if name in _RATES and a and b:
        return bool(abs(a - b) <= _SAME_RATE * max(a, b))
    return bool(a == b)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "unknown" if value in (None, "") else str(value)
