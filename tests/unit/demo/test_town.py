"""The town is the same from the same seed, whole, and plausible."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
from collections import Counter

import msgspec
import pytest
from opening_hours import OpeningHours

from siga.demo.model import Point
from siga.demo.town import Town, distance_m, make_town

PLATE = re.compile(r"[0-9]{4}[BCDFGHJKLMNPRSTVWXYZ]{3}")
SEEDS = (0, 3, 11)


def test_same_seed_gives_the_same_bytes(town: Town) -> None:
    assert msgspec.json.encode(make_town(7)) == msgspec.json.encode(town)


def test_another_process_gives_the_same_bytes(town: Town) -> None:
    code = (
        "import hashlib,msgspec;from siga.demo.town import make_town;"
        "print(hashlib.sha256(msgspec.json.encode(make_town(7))).hexdigest())"
    )
    env = {**os.environ, "PYTHONHASHSEED": "123"}
    answer = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == hashlib.sha256(msgspec.json.encode(town)).hexdigest()


def test_another_seed_gives_another_town(town: Town) -> None:
    other = make_town(8)
    assert other.streets != town.streets
    assert other.bays != town.bays
    assert other.holders != town.holders


def test_more_bays_leave_streets_and_people_as_they_were(town: Town) -> None:
    other = make_town(7, bays=400)
    assert other.streets == town.streets
    assert other.holders == town.holders
    assert len(other.bays) == 400


def test_a_town_is_made_quickly() -> None:
    begun = time.process_time()
    make_town(21)
    assert time.process_time() - begun < 0.3


@pytest.mark.parametrize("seed", SEEDS)
def test_counts(seed: int) -> None:
    town = make_town(seed)
    assert len(town.bays) == 300
    assert len(town.zones) == 12
    assert [zone.mode for zone in town.zones].count("observe_only") == 2
    assert 32 <= len(town.streets) <= 48
    assert 1200 <= len(town.addresses) <= 1900
    categories = Counter(bay.category for bay in town.bays)
    assert set(categories) == {"disabled", "ambulance", "authority", "delivery", "taxi"}
    assert 0.72 <= categories["disabled"] / 300 <= 0.78
    assert min(Counter(bay.zone for bay in town.bays).values()) >= 5
    lives = Counter(bay.life for bay in town.bays)
    assert lives["closed"] >= 2
    assert lives["planned"] >= 2
    assert lives["in_service"] >= 285


@pytest.mark.parametrize("seed", SEEDS)
def test_names_and_codes_are_unique(seed: int) -> None:
    town = make_town(seed)
    emails = [driver.email for driver in town.drivers] + [person.email for person in town.staff]
    plates = [plate for holder in town.holders for plate in holder.plates]
    plates += [guest.plate for guest in town.guests] + list(town.strangers)
    for values in (
        [bay.code for bay in town.bays],
        [device.serial for device in town.devices],
        [street.name for street in town.streets],
        [holder.card_uid for holder in town.holders],
        [holder.number for holder in town.holders],
        emails,
        [(address.street, address.number) for address in town.addresses],
        [(bay.lon, bay.lat) for bay in town.bays],
        plates,
    ):
        assert len(values) == len(set(values))


def test_everything_lies_near_the_centre(town: Town) -> None:
    places = [Point(lon=bay.lon, lat=bay.lat) for bay in town.bays]
    places += [Point(lon=address.lon, lat=address.lat) for address in town.addresses]
    places += [Point(lon=landmark.lon, lat=landmark.lat) for landmark in town.landmarks]
    places += [zone.centre for zone in town.zones]
    assert all(distance_m(place, town.centre) < 1000 for place in places)


def test_bays_lie_in_the_outline_of_their_zone(town: Town) -> None:
    outlines = {zone.code: zone.outline for zone in town.zones}
    outside = [bay.code for bay in town.bays if not _within(bay.lon, bay.lat, outlines[bay.zone])]
    assert len(outside) <= 3  # kerbs at the very edge, where the outline is made of straight pieces


def _within(lon: float, lat: float, ring: tuple[Point, ...]) -> bool:
    inside = False
    for a, b in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (a.lat > lat) != (b.lat > lat) and lon < a.lon + (lat - a.lat) / (b.lat - a.lat) * (b.lon - a.lon):
            inside = not inside
    return inside


def test_bays_stand_at_their_street(town: Town) -> None:
    lines = {street.name: street for street in town.streets}
    for bay in town.bays:
        here = Point(lon=bay.lon, lat=bay.lat)
        assert re.fullmatch(rf"{bay.zone}-\d{{3}}", bay.code)
        assert min(distance_m(here, point) for point in lines[bay.street].line) < 30
        assert bay.address == f"{bay.street}, {bay.number}"


def test_devices_and_bays_name_each_other(town: Town) -> None:
    devices = {device.serial: device for device in town.devices}
    monitored = [bay for bay in town.bays if bay.sensor]
    assert 0.80 <= len(monitored) / len(town.bays) <= 0.88
    for bay in town.bays:
        assert bay.sensor is None or devices[bay.sensor].bays == (bay.code,)
        assert bay.camera is None or (bay.code in devices[bay.camera].bays and bay.sensor)
        assert ("camera" in bay.identify) == (bay.camera is not None)
        assert "card" not in bay.identify or bay.sensor
    cameras = [device for device in town.devices if device.kind == "camera"]
    assert all(3 <= len(camera.bays) <= 8 and camera.resolution and camera.custody for camera in cameras)
    assert 0.5 <= sum(len(camera.bays) for camera in cameras) / len(monitored) <= 0.75


def test_people(town: Town) -> None:
    persons = [holder for holder in town.holders if not holder.collective]
    assert len(persons) == 120
    assert {"expired", "revoked", "valid"} == {holder.standing for holder in persons}
    assert sum(holder.standing == "valid" for holder in persons) >= 100
    assert {len(holder.card_uid) // 2 for holder in town.holders} == {4, 7, 10}
    assert all(bytes.fromhex(holder.card_uid) for holder in town.holders)
    for holder in town.holders:
        assert (holder.valid_until_offset_d < 0) == (holder.standing == "expired")
        assert (holder.revoked_offset_d is not None) == (holder.standing == "revoked")
    roles = Counter(person.role for person in town.staff)
    assert roles == {"administrator": 1, "police": 2, "installer": 1, "operator": 1, "auditor": 1}
    assert len(town.drivers) == 10


def test_plates_are_valid_and_of_series_not_issued(town: Town) -> None:
    plates = [plate for holder in town.holders for plate in holder.plates]
    plates += [guest.plate for guest in town.guests] + list(town.strangers)
    assert all(PLATE.fullmatch(plate) and plate[4] >= "R" for plate in plates)


def test_personal_bays_belong_to_a_valid_holder(town: Town) -> None:
    holders = {holder.key: holder for holder in town.holders}
    personal = [bay for bay in town.bays if bay.holder]
    assert len(personal) == 3
    for bay in personal:
        assert bay.holder
        assert holders[bay.holder].standing == "valid"
        assert any(rule.bay == bay.code for rule in town.rules)
        assert all(bay.code not in driver.favourites for driver in town.drivers)


def test_rules_cover_every_category_and_can_be_read(town: Town) -> None:
    assert {rule.category for rule in town.rules if rule.zone is None and rule.bay is None} == {
        bay.category for bay in town.bays
    }
    for rule in town.rules:
        OpeningHours(rule.hours)
        assert rule.grace_s > 0


@pytest.mark.parametrize("bays", [1, 7, 40])
def test_a_tiny_town_is_possible(bays: int) -> None:
    town = make_town(2, bays=bays)
    assert len(town.bays) == bays
    assert town.bays[0].life == "in_service"


@pytest.mark.parametrize("bays", [0, -1, 2001])
def test_an_impossible_number_of_bays_is_refused(bays: int) -> None:
    with pytest.raises(ValueError, match="1 to 2000"):
        make_town(1, bays=bays)
