"""Watermarks: each drawn once as a picture of its final size, then laid over the frames.

Assumed, because no document tells: Transparency is opacity (100 = solid); with one of Width and Height the other
follows the image's shape; percentages refer to the frame; ScrollFromLeft moves by 5 % of the frame per second for each
step of XSlideSpeed (YSlideSpeed: downwards) and comes in again at the other side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, UnidentifiedImageError

from local.ci.errors import JobFailed
from local.ci.rendering.fonts import font_for
from local.ci.rendering.plan import Mark

_SLIDE_STEP = 0.05  # of the frame's width or height per second


def overlay(
    marks: Sequence[Mark],
    files: Mapping[str, Path],
    folder: Path,
    frame: tuple[int, int],
    total: float,
    inputs: list[str],
    graph: list[str],
) -> str:
    """Adds the marks' inputs and filters and returns the label of the final picture.

    Args:
        marks: what to draw, in order.
        files: where the images are.
        folder: where drawn marks may be put.
        frame: width and height of the output in px.
        total: seconds of the output.
        inputs: ffmpeg's input arguments so far; extended.
        graph: the filter graph so far, which ends in [v]; extended.

    Raises:
        JobFailed: an image that is none, a time after the end, a character that no font here has.
    """
    shown = "v"
    for number, mark in enumerate(marks):
        end = _end(mark, total)
        picture = _text(mark) if mark.text else _image(mark, files[mark.image_key], frame)
        path = folder / f"mark{number}.png"
        _faded(picture, mark.opacity).save(path)
        index = inputs.count("-i")
        inputs += ["-i", str(path)]
        x, y = _place(mark, frame)
        name = f"w{number}"
        when = f"gte(t,{mark.start:.3f})*lt(t,{end:.3f})"
        graph.append(f"[{shown}][{index}:v:0]overlay=x='{x}':y='{y}':format=yuv420:enable='{when}'[{name}]")
        shown = name
    return shown


def _end(mark: Mark, total: float) -> float:
    slack = 0.1
    for node, seconds in (("StartTime", mark.start), ("EndTime", mark.end or 0.0)):
        if seconds > total + slack:
            raise JobFailed(
                "InvalidArgument", f"Operation.Watermark.{node} is {seconds:g}, but the output lasts {total:.3f} s"
            )
    return total + 1 if mark.end is None else mark.end


def _place(mark: Mark, frame: tuple[int, int]) -> tuple[str, str]:
    """Where the mark's upper left corner lies, as expressions of ffmpeg: W, H the frame, w, h the mark."""
    if mark.slide is not None:  # "if configured, offsets are void"
        x_speed, y_speed = (step * _SLIDE_STEP * size for step, size in zip(mark.slide, frame, strict=True))
        x = f"mod(t*{x_speed:g},W+w)-w" if x_speed else _beside(mark.position, "0")
        y = f"mod(t*{y_speed:g},H+h)-h" if y_speed else _below(mark.position, "0")
        return x, y
    dx = f"{mark.dx}*W/100" if mark.relative else str(mark.dx)
    dy = f"{mark.dy}*H/100" if mark.relative else str(mark.dy)
    return _beside(mark.position, dx), _below(mark.position, dy)


def _beside(position: str, dx: str) -> str:
    """The distance from the left; Dx is void for Top, Bottom and Center."""
    if position.endswith("Left"):
        return dx
    return f"W-w-{dx}" if position.endswith("Right") else "(W-w)/2"


def _below(position: str, dy: str) -> str:
    """The distance from the top; Dy is void for Left, Right and Center."""
    if position.startswith("Top"):
        return dy
    return f"H-h-{dy}" if position.startswith("Bottom") else "(H-h)/2"


def _image(mark: Mark, path: Path, frame: tuple[int, int]) -> Image.Image:
    try:
        picture = Image.open(path).convert("RGBA")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise JobFailed("ResourceNotSupported", f"Image.Url {mark.image_key} is not an image: {error}") from None
    width, height = mark.width, mark.height
    if mark.image_mode == "Proportion":
        width = width and round(frame[0] * width / 100)
        height = height and round(frame[1] * height / 100)
    if width is None and height is None:
        return picture
    if width is None:
        width = round(picture.width * (height or 0) / picture.height)
    if height is None:
        height = round(picture.height * width / picture.width)
    return picture.resize((max(1, width), max(1, height)))


def _text(mark: Mark) -> Image.Image:
    font = font_for(mark.text, mark.font_size)
    if isinstance(font, str):
        raise JobFailed(
            "ResourceNotSupported",
            f"Operation.Watermark.Text.Text: no font on this machine draws {font!r}; "
            "install one, or name its file in COS_CONCAT_FONT",
        )
    left, top, right, bottom = (round(edge) for edge in font.getbbox(mark.text))
    picture = Image.new("RGBA", (max(1, right - left), max(1, bottom - top)), f"#{mark.color}00")
    ImageDraw.Draw(picture).text((-left, -top), mark.text, fill=f"#{mark.color}ff", font=font)
    return picture


def _faded(picture: Image.Image, opacity: float) -> Image.Image:
    picture.putalpha(picture.getchannel("A").point(lambda alpha: round(alpha * opacity)))
    return picture
