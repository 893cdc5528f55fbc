"""What the seeding and the simulator are made of: signatures, files, who plays whom."""

from __future__ import annotations

import stat
from pathlib import Path
from random import Random

import pytest

from siga.demo import records
from siga.demo.accounts import account_of, new_password, visitors_own
from siga.demo.casting import cast, opening_scene
from siga.demo.habits import PastChange
from siga.demo.records import Account, Demo, StreetMemory
from siga.demo.seed_past import finished
from siga.demo.signing import Nonces, authorisation
from siga.demo.town import Town
from siga.demo.visitors import crowd
from siga.demo.watcher import steps_of

from .conftest import END


def test_the_signature_is_that_of_the_sensors_doors_vector() -> None:
    body = b'{"device_id":"S1","epoch":1,"observed_at":"2026-11-22T09:00:00Z","occupied":true,"sequence":1}'
    signed = authorisation("S1", bytes(range(32)), "POST", "/sensors/v1/reports", "", body, created=1795338000, nonce=1)
    assert signed == (
        'SIGA-HMAC device="S1", created="1795338000", nonce="1", '
        'signature="3oOXLiIGJRkOLnBqGSivNSHwAPG6SXCfs2HMF+6Qmfo="'
    )


def test_nonces_grow_even_where_the_clock_went_back() -> None:
    far_ahead = 2**60
    nonces = Nonces(far_ahead)
    assert [nonces.next() for _ in range(3)] == [far_ahead + 1, far_ahead + 2, far_ahead + 3]


def test_nonces_never_repeat_within_one_microsecond() -> None:
    nonces = Nonces()
    numbers = [nonces.next() for _ in range(5000)]
    assert len(set(numbers)) == len(numbers)
    assert numbers == sorted(numbers)


def test_state_files_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    demo = Demo(seed=7, bays=60, seeded_at=END, people={"D01": _account()})
    records.save(file, demo)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert records.load(file, Demo) == demo
    assert [path.name for path in tmp_path.iterdir()] == ["demo.json"]


def test_a_state_file_that_is_missing_or_broken_counts_as_none(tmp_path: Path) -> None:
    file = tmp_path / "demo-street.json"
    assert records.load(file, StreetMemory) is None
    file.write_bytes(b'{"parked": 1')
    assert records.load(file, StreetMemory) is None


def test_passwords_differ_and_are_long() -> None:
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(password.replace("-", "")) == 16 for password in made)


def test_a_visitor_plays_a_driver_with_a_card_an_officer_of_the_whole_town_and_the_administrator(town: Town) -> None:
    driver_key, officer_key, chief_key = visitors_own(town)
    driver = next(one for one in town.drivers if one.key == driver_key)
    officer = next(one for one in town.staff if one.key == officer_key)
    chief = next(one for one in town.staff if one.key == chief_key)
    assert driver.holder is not None
    assert (officer.role, officer.zones) == ("police", ())
    assert [account_of(one).start for one in (driver, officer, chief)] == ["/", "/police", "/admin"]


def test_the_past_is_told_bay_by_bay_without_the_stays_that_last(changes: list[PastChange]) -> None:
    told = finished(changes)
    assert told == sorted(told, key=lambda change: (change.bay_code, change.at))
    ends = {change.bay_code: change for change in told}
    assert not any(change.occupied for change in ends.values())
    assert len(changes) - 250 <= len(told) < len(changes)


def test_whoever_stood_there_at_the_end_of_the_past_stands_there_now(town: Town, changes: list[PastChange]) -> None:
    scene = opening_scene(town, changes, END, Random(1), speed=6, away=())
    last = {change.bay_code: change for change in changes}
    occupied = {code for code, change in last.items() if change.occupied}
    assert set(scene.parked) <= occupied
    assert len(scene.parked) > 0.9 * len(occupied)
    assert all(car.visitor.expected == last[code].authorisation for code, car in scene.parked.items())
    keys = [car.visitor.key for car in scene.parked.values()]
    assert len(set(keys)) == len(keys)
    assert all(car.leaves_at > END for car in scene.parked.values())


@pytest.mark.parametrize(
    ("who", "kind", "expected"),
    [
        ("card", "card", "authorised"), ("no_card", "stranger", "unverified"),
        ("card_not_read", "card_not_read", "unverified"), ("revoked", "lapsed", "unauthorised"),
    ],
)  # fmt: skip
def test_a_command_brings_a_car_of_that_kind(town: Town, who: str, kind: str, expected: str) -> None:
    bay = next(b for b in town.bays if b.sensor and "card" in b.identify and b.category == "disabled" and not b.holder)
    visitor = cast(crowd(town), bay, who, Random(3), set())  # type: ignore[arg-type]
    assert visitor is not None
    assert (visitor.kind, visitor.expected) == (kind, expected)
    assert (visitor.card_uid is not None) == (kind in ("card", "lapsed"))
    if kind == "lapsed":
        assert visitor.holder is not None
        assert visitor.holder.standing == "revoked"


def test_nobody_comes_twice(town: Town) -> None:
    bay = next(b for b in town.bays if b.category == "disabled" and not b.holder)
    everybody = {holder.key for holder in town.holders}
    assert cast(crowd(town), bay, "card", Random(1), everybody) is None
    stranger = cast(crowd(town), bay, "no_card", Random(1), set(town.strangers))
    assert stranger is not None
    assert stranger.plate not in town.strangers


def test_a_case_is_told_step_by_step() -> None:
    case = {"reason": "unverified", "state": "new", "complete": False, "photo_state": "wanted", "plate": None}
    assert [what for what, _ in steps_of(case)] == ["case_opened"]
    case |= {"complete": True, "photo_state": "arrived", "plate": {"plate": "1234RBC", "check": "accredited"}}
    case |= {"state": "withdrawn"}
    assert [what for what, _ in steps_of(case)] == ["case_opened", "plate_read", "withdrawn"]
    assert steps_of(case)[1][1] == {"plate": "1234RBC", "check": "accredited"}


def test_a_case_without_photo_or_plate_says_so() -> None:
    case = {"reason": "unverified", "state": "new", "complete": True, "photo_state": "not_coming", "plate": None}
    assert ("photo_not_coming", {}) in steps_of(case)
    assert ("plate_unreadable", {}) in steps_of({**case, "photo_state": "arrived"})


def _account() -> Account:
    return Account(title="Driver", role="driver", name="N", email="n@villaserena.example", password=new_password())
