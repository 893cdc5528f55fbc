"""The street: it never sleeps around the centre, nobody is at two bays at once, and the visitor's commands count."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import msgspec
import pytest

from siga.demo.accounts import visitors_own
from siga.demo.records import StreetMemory
from siga.demo.street import HELD, PACE, CannotTake, Move, Street, lively_bays
from siga.demo.town import Town

from .conftest import END

NIGHT = END.replace(hour=2)


def _street(town: Town, now: datetime = END, memory: StreetMemory | None = None, speed: float = 6.0) -> Street:
    return Street(town, memory or StreetMemory(), now, speed=speed, rng=Random(5))


def _walk(street: Street, now: datetime, seconds: int) -> list[Move]:
    return [move for second in range(seconds) for move in street.due(now + timedelta(seconds=second))]


@pytest.mark.parametrize("now", [END, NIGHT])
def test_around_the_centre_something_happens_every_few_seconds_at_any_hour(town: Town, now: datetime) -> None:
    street = _street(town, now)
    near = lively_bays(town)
    moves = [move for move in _walk(street, now, 300) if move.spot.bay.code in near]
    gaps = [b.at - a.at for a, b in pairwise(moves)]
    assert max(gaps) <= timedelta(seconds=9.5)


def test_a_small_town_lives_as_well() -> None:
    from siga.demo.town import make_town

    small = make_town(7, 60)
    moves = _walk(_street(small), END, 120)
    assert len(moves) >= 120 // (PACE.seconds + 3)


def test_nobody_is_at_two_bays_at_once(town: Town) -> None:
    street = _street(town, speed=60)
    _walk(street, END, 120)
    keys = [spot.car.visitor.key for spot in street.spots.values() if spot.car]
    assert len(keys) > 20
    assert len(keys) == len(set(keys))


def test_a_move_says_who_came_and_who_left(town: Town) -> None:
    street = _street(town, speed=60)
    parked: dict[str, str] = {}
    for move in _walk(street, END, 120):
        code = move.spot.bay.code
        if move.came:
            assert code not in parked
            parked[code] = move.car.visitor.key
        else:
            assert parked.pop(code) == move.car.visitor.key


def test_a_taken_bay_stays_taken_until_the_visitor_sends_the_car_away(town: Town) -> None:
    street = _street(town, speed=60)
    code = next(code for code, spot in street.spots.items() if spot.bay.category == "disabled")
    came = street.take(code, "no_card", END)
    assert came.came
    assert came.car.visitor.kind == "stranger"
    _walk(street, END, 120)
    assert street.spots[code].car is came.car
    assert not street.leave(code, END + timedelta(seconds=121)).came
    assert street.spots[code].car is None


def test_a_forgotten_car_leaves_by_itself_in_the_end(town: Town) -> None:
    street = _street(town)
    code = next(iter(street.spots))
    street.take(code, "no_card", END)
    assert any(move.spot.bay.code == code and not move.came for move in street.due(END + HELD))


def test_what_cannot_be_done_says_why(town: Town) -> None:
    street = _street(town)
    code = next(iter(street.spots))
    with pytest.raises(CannotTake, match="free"):
        street.leave(code, END)
    street.take(code, "card", END)
    with pytest.raises(CannotTake, match="occupied"):
        street.take(code, "no_card", END)
    with pytest.raises(CannotTake, match="closed"):
        street.take("XX-999", "no_card", END)


def test_the_hurry_leaves_bays_alone_whose_sensor_is_muted(town: Town) -> None:
    street = _street(town, NIGHT)
    for code in lively_bays(town):
        street.mute(code, True)
    came_by_itself = _walk(street, NIGHT, 60)
    assert sum(move.spot.muted for move in came_by_itself) <= 2


def test_the_street_is_remembered_whole(town: Town) -> None:
    street = _street(town, speed=30)
    _walk(street, END, 90)
    muted = next(iter(street.spots))
    street.mute(muted, True)
    memory = msgspec.json.decode(msgspec.json.encode(street.memory(77)), type=StreetMemory)
    again = _street(town, END + timedelta(seconds=90), memory)
    assert memory.nonce == 77
    assert again.spots[muted].muted
    assert {code: spot.car for code, spot in again.spots.items()} == {c: s.car for c, s in street.spots.items()}
    assert {code: spot.since for code, spot in again.spots.items()} == {c: s.since for c, s in street.spots.items()}


def test_after_days_without_play_the_cars_leave_one_after_another(town: Town) -> None:
    street = _street(town, speed=30)
    _walk(street, END, 120)
    later = END + timedelta(days=3)
    again = _street(town, later, street.memory(1), speed=30)
    parked = sum(spot.car is not None for spot in again.spots.values())
    assert parked > 10
    assert sum(not move.came for move in again.due(later + timedelta(seconds=4))) <= 2


def test_the_visitors_own_driver_never_comes_by_himself(town: Town) -> None:
    own = next(driver.holder for driver in town.drivers if driver.key == visitors_own(town)[0])
    assert own is not None
    street = Street(town, StreetMemory(), END, speed=200, rng=Random(2), away={own})
    assert own not in {move.car.visitor.key for move in _walk(street, END, 200)}
