"""A free font for the text of a watermark; the service's own fonts are not free and not here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "/System/Library/Fonts", "~/.fonts")
_ABSENT = "\U0010fffe"  # a code point that no font draws: it shows the font's sign for a missing character


def font_for(text: str, size: int) -> ImageFont.FreeTypeFont | str:
    """A font of `size` px that has every character of `text`, or the characters that no single font here has.

    The file named by COS_CONCAT_FONT comes first, then Pillow's own font, then what is installed.
    """
    lacking = text
    for path in _candidates():
        font = _load(path, size)
        if font is None:
            continue
        missing = "".join(character for character in text if not _draws(font, character))
        if not missing:
            return font
        lacking = min(lacking, missing, key=len)
    return lacking


def _candidates() -> Iterator[str]:
    named = os.environ.get("COS_CONCAT_FONT")
    if named:
        yield named
    yield ""  # Pillow's own
    for folder in _FOLDERS:
        for path in sorted(Path(folder).expanduser().rglob("*")):
            # The "last resort" fonts draw a box with the code for every character: readable to nobody.
            if path.suffix.lower() in (".ttf", ".ttc", ".otf") and "lastresort" not in path.name.lower():
                yield str(path)


def _load(path: str, size: int) -> ImageFont.FreeTypeFont | None:
    try:
        font = ImageFont.truetype(path, size) if path else ImageFont.load_default(size)
    except OSError:
        return None
    return font if isinstance(font, ImageFont.FreeTypeFont) else None


def _draws(font: ImageFont.FreeTypeFont, character: str) -> bool:
    return _glyph(font, character) != _glyph(font, _ABSENT)


@lru_cache(maxsize=256)
def _glyph(font: ImageFont.FreeTypeFont, character: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)
