"""A drawn photo is a JPEG of the size asked for, the same from the same seed, with a dark-on-white plate in it."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from siga.demo.pictures import BAY_MASK, draw_scene
from siga.demo.plates import plate_picture


def _opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize(("width", "height"), [(1280, 960), (640, 480), (1280, 720)])
def test_a_picture_is_a_jpeg_of_the_size_asked_for(width: int, height: int) -> None:
    picture = _opened(draw_scene("1234RBC", seed=1, width=width, height=height))
    assert picture.format == "JPEG"
    assert picture.size == (width, height)


def test_the_same_seed_draws_the_same_picture() -> None:
    assert draw_scene("1234RBC", seed=5) == draw_scene("1234RBC", seed=5)
    assert draw_scene("1234RBC", seed=5) != draw_scene("1234RBC", seed=6)
    assert draw_scene("1234RBC", seed=5) != draw_scene("1234RBD", seed=5)


def test_night_is_darker_and_the_plate_still_bright() -> None:
    day = _opened(draw_scene("8888WWW", seed=2)).convert("L")
    night = _opened(draw_scene("8888WWW", seed=2, night=True)).convert("L")
    assert sum(night.histogram()[:90]) > 1.5 * sum(day.histogram()[:90])
    middle = night.crop((440, 380, 840, 640))
    assert sum(middle.histogram()[190:]) > 3000


def test_other_categories_have_no_blue_bay() -> None:
    x, y = 300, 880
    red, _, blue = _opened(draw_scene("1234RBC", seed=3)).getpixel((x, y))  # type: ignore[misc]
    assert blue > red + 60
    red, _, blue = _opened(draw_scene("1234RBC", seed=3, category="taxi")).getpixel((x, y))  # type: ignore[misc]
    assert abs(blue - red) < 30


def test_the_plate_has_the_real_proportions_and_its_band() -> None:
    plate = plate_picture("1234RBC", 520)
    assert plate.size == (520, 110)
    red, _, blue = plate.getpixel((6, 100))  # type: ignore[misc]
    assert blue > red + 80


def test_the_mask_lies_in_the_picture() -> None:
    assert len(BAY_MASK) == 4
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in BAY_MASK)


@pytest.mark.parametrize("plate", ["", "123RBC", "12345RBC", "ABCDEFG", "1234R1C", "١٢٣٤RBC"])
def test_what_is_no_plate_is_refused(plate: str) -> None:
    with pytest.raises(ValueError, match="four digits"):
        draw_scene(plate, seed=1)


def test_a_picture_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="64"):
        draw_scene("1234RBC", seed=1, width=20)
