"""Whether files can be joined without transcoding: what differs between their streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cosconcat.ports import AudioStream, Media, VideoStream

_SAME_FPS = 0.01  # 29.97 and 30000/1001 are one rate


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
        for kind in ("video", "audio")
        for name, there, here in _unlike(kind, getattr(first, kind), getattr(other, kind))
    )


def _unlike(
    kind: str, there: VideoStream | AudioStream | None, here: VideoStream | AudioStream | None
) -> Iterator[tuple[str, object, object]]:
    """Name and both values of each property that differs."""
    if there is None or here is None:
        if there is not here:
            yield kind, "present" if there else "absent", "present" if here else "absent"
        return
    for name in there._fields:
        one, other = getattr(there, name), getattr(here, name)
        same = abs(one - other) <= _SAME_FPS if name == "fps" else one == other
        if not same:
            yield f"{kind} {name}", one, other


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value or "unknown")
