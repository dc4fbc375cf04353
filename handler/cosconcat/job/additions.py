"""What is added to the joined recording: sounds mixed in, watermarks laid over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosconcat.job import parts
from cosconcat.job.parts import ENCODED_URL, SECONDS, STRUCTURES, WATERMARK
from cosconcat.job.schema import BOOLEAN, Node, branch, leaf, number, one_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_OFFSET = number(-4096, 4096, "(percent or pixels, by LocMode)")


class AudioMix(Node):
    """A sound to mix in, from the input's bucket; its URL is encoded, unlike that of a fragment."""

    AudioSource: str = leaf(ENCODED_URL, STRUCTURES, required=True)
    MixMode: str = leaf(one_of("Repeat", "Once"), STRUCTURES)
    Replace: str = leaf(BOOLEAN, STRUCTURES)
    EffectConfig: parts.EffectConfig | None = branch(parts.EffectConfig, STRUCTURES)


class Watermark(Node):
    """One watermark: what, where, and from when to when (seconds)."""

    Type: str = leaf(one_of("Text", "Image"), WATERMARK, required=True)
    Pos: str = leaf(
        one_of("TopRight", "TopLeft", "BottomRight", "BottomLeft", "Left", "Right", "Top", "Bottom", "Center"),
        WATERMARK,
        required=True,
    )
    LocMode: str = leaf(one_of("Relativity", "Absolute"), WATERMARK, required=True)
    Dx: str = leaf(_OFFSET, WATERMARK, required=True)
    Dy: str = leaf(_OFFSET, WATERMARK, required=True)
    StartTime: str = leaf(SECONDS, WATERMARK)
    EndTime: str = leaf(SECONDS, WATERMARK)
    SlideConfig: parts.SlideConfig | None = branch(parts.SlideConfig, WATERMARK)
    Image: parts.Image | None = branch(parts.Image, WATERMARK)
    Text: parts.Text | None = branch(parts.Text, WATERMARK)

    def lacking(self, path: str) -> Iterator[str]:
        """What the type shows."""
        if self.Type == "Text" and self.Text is None:
            yield f"{path}.Text: missing; required with Type Text"
        if self.Type == "Image" and self.Image is None:
            yield f"{path}.Image: missing; required with Type Image"

    def inconsistent(self, path: str) -> Iterator[str]:
        """An offset outside its range, where the offset counts at all."""
        if self.SlideConfig is not None or self.LocMode not in {"Relativity", "Absolute"}:
            return
        full = 100 if self.LocMode == "Relativity" else 4096
        if self.Image is not None and self.Image.Background == "true":
            allowed = number(-300 if full == 100 else -full, 0)
        else:
            allowed = number(0, full)
        for name, without in (("Dx", {"Top", "Bottom", "Center"}), ("Dy", {"Left", "Right", "Center"})):
            offset = getattr(self, name)
            if self.Pos not in without and _OFFSET.accepts(offset) and not allowed.accepts(offset):
                yield f"{path}.{name}: '{offset}' with LocMode {self.LocMode}; allowed: {allowed.words}"
