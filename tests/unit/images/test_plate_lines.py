"""OCR boxes become lines: words, neighbours joined, two rows stacked, clocks and web addresses left out."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siga.services.images.lines import Line, TextBox, is_no_plate, lines, text_box, words_of


def box(text: str, left: float, top: float, width: float, height: float = 20.0) -> TextBox:
    return TextBox(text, 0.9, left, top, left + width, top + height, height)


def texts(boxes: list[TextBox], shape: str) -> list[str]:
    return ["".join(group for word in line.words for group in word) for line in lines(boxes) if line.shape == shape]


def test_words_are_groups_of_capitals_and_digits() -> None:
    assert words_of("RK-755AJ SK") == (("RK", "755AJ"), ("SK",))
    assert words_of("© · -") == ()


def test_accents_are_folded_and_twins_made_latin() -> None:
    assert words_of("MÜ·Ñ1") == (("MU", "N1"),)
    assert words_of("АВ123С") == (("AB123C",),)  # Cyrillic letters


@pytest.mark.parametrize("text", ["12:30", "12:30:45", "2026-05-01", "01/05/2026 12:30", "www.taller.es", "a@b.org"])
def test_clocks_dates_and_addresses_are_no_plates(text: str) -> None:
    assert is_no_plate(text)
    assert lines([box(text, 0, 0, 100)]) == []


@pytest.mark.parametrize("text", ["1T4:3213", "BSE:55-79", "12-AB-34", "G.WAGEN", "1234 BCD"])
def test_separators_alone_make_no_clock(text: str) -> None:
    assert not is_no_plate(text)


def test_neighbours_in_a_row_are_joined() -> None:
    assert texts([box("BCD", 75, 2, 50), box("1234", 0, 0, 70)], "joined") == ["1234BCD"]


def test_three_neighbours_are_joined() -> None:
    assert "M1234ZX" in texts([box("M", 0, 0, 15), box("1234", 25, 0, 60), box("ZX", 95, 0, 30)], "joined")


def test_text_far_away_or_of_another_size_is_not_joined() -> None:
    assert texts([box("1234", 0, 0, 70), box("BCD", 150, 0, 50)], "joined") == []
    assert texts([box("1234", 0, 0, 70), box("BCD", 75, 0, 20, 8)], "joined") == []


def test_two_rows_are_stacked_upper_first() -> None:
    assert texts([box("BCD", 10, 24, 50), box("1234", 0, 0, 70)], "stacked") == ["1234BCD"]


def test_rows_beside_each_other_are_not_stacked() -> None:
    assert texts([box("1234", 0, 0, 70), box("BCD", 90, 24, 50)], "stacked") == []


def test_small_letters_are_noticed() -> None:
    assert lines([box("Clio", 0, 0, 50)])[0].lower_case == 0.75
    assert lines([box("1234", 0, 0, 50)])[0].lower_case == 0.0


def test_a_tilted_box_has_its_texts_own_height() -> None:
    angle = math.radians(20)
    across = (100 * math.cos(angle), 100 * math.sin(angle))
    down = (-20 * math.sin(angle), 20 * math.cos(angle))
    corners = [(0.0, 0.0), across, (across[0] + down[0], across[1] + down[1]), down]
    tilted = text_box(corners, "1234 BCD", 0.9)
    assert tilted.height_px == pytest.approx(20)
    assert tilted.bottom - tilted.top > 50


coordinate = st.floats(0, 2000)
any_box = st.builds(
    lambda text, x, y, w, h: TextBox(text, 0.9, x, y, x + w, y + h, h),
    st.text(max_size=12), coordinate, coordinate, st.floats(0, 300), st.floats(0, 100),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(any_box, max_size=8))
def test_any_boxes_make_lines_that_lie_around_them(boxes: list[TextBox]) -> None:
    for line in lines(boxes):
        assert isinstance(line, Line)
        assert line.length > 0
        assert line.left <= line.right
        assert 0.0 <= line.lower_case <= 1.0
