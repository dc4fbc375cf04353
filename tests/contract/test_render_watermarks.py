"""Watermarks, seen by decoding frames: where they lie, how big, how solid, when, and what they say."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from local.ci.rendering import fonts
from tests.support.local_ci import LocalCi
from tests.support.media import Clip, color_of, make, picture_at

WIDTH, HEIGHT = 160, 120
Box = tuple[int, int, int, int]  # left, top, right, bottom in px


@pytest.fixture(scope="module")
def ci(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCi]:
    """A service with a black clip of two seconds and a red image of 20 x 10 px."""
    folder = tmp_path_factory.mktemp("marks")
    with LocalCi() as service:
        clip = Clip("black", 440, seconds=2, fps="10")
        service.store.upload(service.bucket, "black.mp4", make(folder / "black.mp4", clip))
        image = io.BytesIO()
        Image.new("RGB", (20, 10), "red").save(image, "PNG")
        service.store.put(service.bucket, "水印 1.png", image.getvalue())
        service.store.put(service.bucket, "no.png", b"no image")
        yield service


def image(ci: LocalCi, more: Mapping[str, Any] | None = None, **nodes: Any) -> dict[str, Any]:
    """An image watermark at the upper left; `nodes` go into Image, `more` beside it."""
    content = {"Url": ci.url("%E6%B0%B4%E5%8D%B0%201.png"), "Mode": "Original", "Transparency": "100"}
    return mark({"Type": "Image", "Image": content | nodes} | dict(more or {}))


def text(said: str = "AB-12_*", more: Mapping[str, Any] | None = None, **nodes: str) -> dict[str, Any]:
    """A text watermark in white at the upper left."""
    look = {"FontSize": "30", "FontType": "simhei.ttf", "FontColor": "0xffffff", "Transparency": "100"}
    return mark({"Type": "Text", "Text": {"Text": said, **look, **nodes}} | dict(more or {}))


def mark(nodes: Mapping[str, Any]) -> dict[str, Any]:
    """The nodes that every watermark has."""
    return {"Pos": "TopLeft", "LocMode": "Absolute", "Dx": "0", "Dy": "0", **nodes}


def body(ci: LocalCi, *marks: Mapping[str, Any]) -> dict[str, Any]:
    """A job with these watermarks."""
    template = {"ConcatFragment": ci.fragments("black.mp4"), "Container": {"Format": "mp4"}}
    template["Video"] = {"Codec": "H.264", "Crf": "5"}
    return ci.job(template, Watermark=list(marks))


def box(picture: np.ndarray[Any, Any]) -> Box | None:
    """The rectangle of what is not black, None when all is."""
    light = picture.max(axis=2) > 60
    rows, columns = np.flatnonzero(light.any(axis=1)), np.flatnonzero(light.any(axis=0))
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1) if len(rows) else None


def near(found: Box | None, wanted: Box, by: int = 2) -> bool:
    """Equal up to what colour subsampling smears."""
    return found is not None and all(abs(one - other) <= by for one, other in zip(found, wanted, strict=True))


PLACES = [  # Pos, LocMode, Dx, Dy, left upper corner of the 20 x 10 image in 160 x 120
    ("TopLeft", "Absolute", "10", "20", (10, 20)),
    ("TopRight", "Absolute", "10", "20", (130, 20)),
    ("BottomLeft", "Absolute", "10", "20", (10, 90)),
    ("BottomRight", "Relativity", "10", "25", (124, 80)),
    ("TopLeft", "Relativity", "10", "25", (16, 30)),
    ("Left", "Absolute", "10", "20", (10, 55)),
    ("Right", "Absolute", "10", "20", (130, 55)),
    ("Top", "Absolute", "10", "20", (70, 20)),
    ("Bottom", "Absolute", "10", "20", (70, 90)),
    ("Center", "Absolute", "10", "20", (70, 55)),
]


@pytest.mark.parametrize(("position", "mode", "dx", "dy", "corner"), PLACES)
def test_image_lies_where_pos_and_offsets_say(
    position: str, mode: str, dx: str, dy: str, corner: tuple[int, int], ci: LocalCi, tmp_path: Path
) -> None:
    """Offsets count from the named edge; the one across the middle is void."""
    more = {"Pos": position, "LocMode": mode, "Dx": dx, "Dy": dy}
    picture = picture_at(ci.rendered(tmp_path, body(ci, image(ci, more))), 1)
    left, top = corner
    assert near(box(picture), (left, top, left + 20, top + 10))
    assert color_of(picture[top + 3 : top + 7, left + 5 : left + 15]) == "red"


SIZES = [
    ({"Mode": "Fixed", "Width": "60"}, (60, 30)),
    ({"Mode": "Fixed", "Height": "40"}, (80, 40)),
    ({"Mode": "Fixed", "Width": "40", "Height": "40"}, (40, 40)),
    ({"Mode": "Proportion", "Width": "50"}, (80, 40)),
    ({"Mode": "Proportion", "Width": "25", "Height": "50"}, (40, 60)),
    ({"Mode": "Original"}, (20, 10)),
]


@pytest.mark.parametrize(("nodes", "size"), SIZES)
def test_image_has_the_size_asked_for(
    nodes: dict[str, str], size: tuple[int, int], ci: LocalCi, tmp_path: Path
) -> None:
    """Fixed in px, Proportion in % of the frame, the missing side by the image's shape."""
    assert near(box(picture_at(ci.rendered(tmp_path, body(ci, image(ci, None, **nodes))), 1)), (0, 0, *size))


@pytest.mark.parametrize(("percent", "red"), [("100", 255), ("50", 128), ("20", 51)])
def test_transparency_is_opacity(percent: str, red: int, ci: LocalCi, tmp_path: Path) -> None:
    """Over black a half solid red is half as light."""
    sized = image(ci, Transparency=percent, Mode="Fixed", Width="60")
    picture = picture_at(ci.rendered(tmp_path, body(ci, sized)), 1)
    assert picture[5:25, 10:50, 0].mean() == pytest.approx(red, abs=15)


def test_image_shows_between_its_times(ci: LocalCi, tmp_path: Path) -> None:
    """Nothing before StartTime and after EndTime."""
    output = ci.rendered(tmp_path, body(ci, image(ci, {"StartTime": "0.5", "EndTime": "1.5"})))
    assert [box(picture_at(output, at)) is not None for at in (0.3, 0.6, 1.4, 1.6)] == [False, True, True, False]


def test_three_marks_in_one_picture(ci: LocalCi, tmp_path: Path) -> None:
    """Up to three watermarks, images and text, are all drawn."""
    marks = (image(ci), image(ci, {"Pos": "TopRight"}), text("III", {"Pos": "Bottom"}))
    picture = picture_at(ci.rendered(tmp_path, body(ci, *marks)), 1)
    parts = (picture[:20, :30], picture[:20, 130:], picture[80:, 60:100])
    assert [box(part) is not None for part in parts] == [True, True, True]


def test_scroll_from_left_moves_and_comes_again(ci: LocalCi, tmp_path: Path) -> None:
    """At XSlideSpeed 10 (half a frame per second) the image comes in from the left, offsets are void."""
    slide = {"SlideConfig": {"SlideMode": "ScrollFromLeft", "XSlideSpeed": "10", "YSlideSpeed": "0"}, "Dy": "30"}
    output = ci.rendered(tmp_path, body(ci, image(ci, slide)))
    boxes = [box(picture_at(output, at)) for at in (0.0, 1.0, 1.5)]
    assert boxes[0] is None
    assert near(boxes[1], (60, 0, 80, 10))
    assert near(boxes[2], (100, 0, 120, 10))


def test_slide_mode_default_stays(ci: LocalCi, tmp_path: Path) -> None:
    """SlideMode Default moves nothing and leaves the offsets."""
    slide = {"SlideConfig": {"SlideMode": "Default", "XSlideSpeed": "5", "YSlideSpeed": "5"}, "Dx": "30"}
    output = ci.rendered(tmp_path, body(ci, image(ci, slide)))
    assert near(box(picture_at(output, 1.5)), (30, 0, 50, 10))


def test_text_is_drawn_in_its_size_and_colour(ci: LocalCi, tmp_path: Path) -> None:
    """A bigger font makes a bigger box, in the colour asked for."""
    small, big = (
        picture_at(ci.rendered(tmp_path, body(ci, text("HI", FontSize=size, FontColor="0xff0000"))), 1)
        for size in ("20", "60")
    )
    (_, _, small_right, small_bottom), (_, _, right, bottom) = box(small) or (0,) * 4, box(big) or (0,) * 4
    assert bottom / small_bottom == pytest.approx(3, rel=0.25)
    assert right / small_right == pytest.approx(3, rel=0.25)
    brightest = big.reshape(-1, 3)[big.reshape(-1, 3).sum(axis=1).argmax()]
    assert color_of(brightest) == "red"


def test_every_allowed_character_is_another_picture(ci: LocalCi, tmp_path: Path) -> None:
    """Letters are drawn as themselves: pictures of different texts of one length differ."""
    first, second = (picture_at(ci.rendered(tmp_path, body(ci, text(said))), 1) for said in ("A8", "W1"))
    assert np.abs(first.astype(int) - second).max() > 100


def test_text_that_no_font_draws_fails_the_job(ci: LocalCi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a font for it, Chinese text is no row of boxes but a failed job that names the characters."""
    monkeypatch.setattr(fonts, "_FOLDERS", ())
    job = ci.finished(body(ci, text("会议1")))
    assert job["State"] == "Failed"
    assert "Watermark.Text.Text" in job["Message"]
    assert "会议" in job["Message"]
    assert "COS_CONCAT_FONT" in job["Message"]


FAILING = [
    ({"Url": "no.png"}, {}, "no.png is not an image"),
    ({"Url": "absent.png"}, {}, "absent.png does not exist"),
    ({"Background": "true"}, {}, "Operation.Watermark.Image.Background"),
    ({}, {"StartTime": "7"}, "Operation.Watermark.StartTime is 7"),
    ({}, {"EndTime": "7"}, "Operation.Watermark.EndTime is 7"),
]


@pytest.mark.parametrize(("nodes", "more", "message"), FAILING)
def test_mark_that_cannot_be_drawn_fails(
    nodes: dict[str, str], more: dict[str, str], message: str, ci: LocalCi
) -> None:
    """The job names the object or the node."""
    if "Url" in nodes:
        nodes = nodes | {"Url": ci.url(nodes["Url"])}
    job = ci.finished(body(ci, image(ci, more, **nodes)))
    assert (job["State"], message in job["Message"]) == ("Failed", True), job["Message"]


def test_mark_of_a_template_is_drawn_too(ci: LocalCi, tmp_path: Path) -> None:
    """WatermarkTemplateId draws the watermark that POST /template stored."""
    answer = ci.ask("POST", "/template", {"Tag": "Watermark", "Name": "logo", "Watermark": image(ci)})
    assert answer.status == 200, answer.body
    template_id = answer.body.decode().partition("<TemplateId>")[2].partition("<")[0]
    job = body(ci)
    del job["Operation"]["Watermark"]
    job["Operation"]["WatermarkTemplateId"] = template_id
    assert near(box(picture_at(ci.rendered(tmp_path, job), 1)), (0, 0, 20, 10))
