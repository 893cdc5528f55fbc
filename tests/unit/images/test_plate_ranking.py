"""Which of all lines is the plate that is meant, and how sure the answer is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from siga.services.images.lines import TextBox, lines
from siga.services.images.model import PlateCandidate
from siga.services.images.ranking import choose, confidence, rank


def box(text: str, left: float, top: float, height: float = 30.0, score: float = 0.99) -> TextBox:
    return TextBox(text, score, left, top, left + 0.6 * height * len(text), top + height, height)


def plates(*boxes: TextBox) -> tuple[PlateCandidate, ...]:
    return choose(rank(lines(boxes), 1000, 800, "ES"))


def test_a_clear_plate_is_nearly_certain() -> None:
    found = plates(box("1234 BCD", 400, 450))
    assert (found[0].plate, found[0].country) == ("1234BCD", "ES")
    assert found[0].confidence > 0.95


def test_the_box_reaches_a_little_beyond_the_text() -> None:
    left, top, width, height = plates(box("1234 BCD", 400, 450))[0].box
    assert left < 400
    assert top < 450
    assert left + width > 544
    assert top + height > 480


def test_the_nearer_vehicle_comes_first() -> None:
    found = plates(box("5678 FGH", 400, 450, height=15), box("1234 BCD", 300, 600, height=40))
    assert [each.plate for each in found if each.confidence > 0.5] == ["1234BCD", "5678FGH"]


def test_of_two_alike_the_one_in_the_middle_comes_first() -> None:
    assert plates(box("5678 FGH", 5, 20), box("1234 BCD", 400, 460))[0].plate == "1234BCD"


def test_an_uncertain_reading_says_so() -> None:
    assert plates(box("1234 BCD", 400, 450, score=0.7))[0].confidence < 0.75


def test_candidates_for_one_place_share_one_certainty() -> None:
    found = plates(box("1234 BOD", 400, 450))
    assert found[0].plate == "1234BDD"
    assert 1 < len(found) <= 3
    assert sum(each.confidence for each in found) <= 1.02


def test_makes_signs_and_badges_are_no_plates() -> None:
    assert plates(box("PEUGEOT", 400, 450)) == ()
    assert plates(box("FARMACIA", 400, 100)) == ()
    assert all(each.confidence < 0.2 for each in plates(box("C220CDI", 400, 450)))


def test_a_name_in_small_letters_is_no_plate() -> None:
    assert plates(box("Bonheur", 400, 450)) == ()


def test_a_plate_found_by_two_passes_is_told_once() -> None:
    found = plates(box("1234 BCD", 400, 450), box("1234 BCD", 402, 451, score=0.9))
    assert [each.plate for each in found].count("1234BCD") == 1


def test_nothing_makes_nothing() -> None:
    assert plates() == ()


@given(st.floats(0, 3), st.floats(0, 3))
def test_confidence_falls_as_cost_rises(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.01 <= confidence(high) <= confidence(low) <= 0.99
