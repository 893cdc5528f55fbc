"""Candidates, readings, and which plates of a reading belong together."""

from __future__ import annotations

import json

import msgspec

from siga.services.images.model import PlateCandidate, Reading, candidates, others_in_view, overlap, same_place


def plate(text: str, box: tuple[int, int, int, int]) -> PlateCandidate:
    return PlateCandidate(plate=text, confidence=0.9, country="ES", box=box)


FIRST, SECOND = plate("1234BCD", (100, 100, 200, 40)), plate("1234BCO", (105, 98, 190, 44))
ELSEWHERE = plate("5678FGH", (500, 90, 80, 20))
READING = Reading(plates=(FIRST, SECOND, ELSEWHERE))


def test_a_reading_in_json_is_plates_with_boxes_and_a_reason() -> None:
    assert json.loads(msgspec.json.encode(Reading(plates=(FIRST,)))) == {
        "plates": [{"plate": "1234BCD", "confidence": 0.9, "country": "ES", "box": [100, 100, 200, 40]}],
        "reason": None,
    }


def test_a_reading_survives_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(READING), type=Reading) == READING


def test_candidates_are_the_plates_at_the_best_place() -> None:
    assert candidates(READING) == (FIRST, SECOND)


def test_others_in_view_are_the_plates_of_other_vehicles() -> None:
    assert others_in_view(READING) == (ELSEWHERE,)


def test_an_empty_reading_has_neither() -> None:
    empty = Reading(reason="too_dark")
    assert candidates(empty) == others_in_view(empty) == ()


def test_overlap_is_the_share_of_the_smaller_box() -> None:
    assert overlap((0, 0, 100, 100), (50, 50, 10, 10)) == 1.0
    assert overlap((0, 0, 10, 10), (5, 0, 10, 10)) == 0.5
    assert overlap((0, 0, 10, 10), (20, 0, 10, 10)) == 0.0


def test_boxes_without_area_are_nowhere() -> None:
    assert not same_place((0, 0, 0, 10), (0, 0, 10, 10))
