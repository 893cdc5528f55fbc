"""Sensors under the bays and cameras above them."""

from __future__ import annotations

from random import Random

from msgspec.structs import replace

from siga.demo.geometry import distance_m
from siga.demo.kerbs import UNMONITORED_SHARE
from siga.demo.model import Bay, Device, Point

CAMERA_REACH_M = 62.0
CAMERA_LEAST, CAMERA_MOST = 3, 8
CAMERA_SHARE = 0.62  # of the monitored bays; the others have none
RESOLUTION = "2026/CAM-07"
CUSTODY = "Policía Local de Villaserena"


def equip(rng: Random, bays: list[Bay]) -> tuple[list[Bay], list[Device]]:
    """Give most bays a sensor and groups of neighbours a camera: the bays naming their devices, and the devices."""
    dumb = set(rng.sample(range(len(bays)), round(len(bays) * UNMONITORED_SHARE)))
    devices: list[Device] = []
    equipped: list[Bay] = []
    for index, bay in enumerate(bays):
        if index in dumb or bay.life == "planned":
            equipped.append(replace(bay, identify=tuple(way for way in bay.identify if way == "check_in")))
            continue
        sensor = _sensor(rng, bay, len(devices) + 1)
        devices.append(sensor)
        equipped.append(replace(bay, sensor=sensor.serial))
    cameras = _cameras(rng, equipped)
    camera_of = {code: camera.serial for camera in cameras for code in camera.bays}
    seen = [
        replace(bay, camera=camera_of[bay.code], identify=(*bay.identify, "camera")) if bay.code in camera_of else bay
        for bay in equipped
    ]
    return seen, devices + cameras


def _sensor(rng: Random, bay: Bay, number: int) -> Device:
    reads_cards = "card" in bay.identify
    model = "Bordillo R2" if reads_cards else "Bordillo S2"
    return Device(
        serial=f"VS-S{number:04d}", kind="bay_sensor", model=model, bays=(bay.code,),
        lon=bay.lon, lat=bay.lat, period_s=60, reads_cards=reads_cards,
        battery_pct=rng.randint(9, 24) if rng.random() < 0.03 else rng.randint(46, 100),
    )  # fmt: skip


def _cameras(rng: Random, bays: list[Bay]) -> list[Device]:
    """Greedy: around a bay without a camera the nearest neighbours of its zone, until enough bays are covered."""
    open_bays = {bay.code: bay for bay in bays if bay.sensor and bay.life == "in_service"}
    wanted = round(len(open_bays) * CAMERA_SHARE)
    covered = 0
    cameras: list[Device] = []
    centres = sorted(open_bays.values(), key=lambda bay: bay.code)
    rng.shuffle(centres)
    for bay in centres:
        if bay.code not in open_bays or covered >= wanted:
            continue
        group = _group(bay, open_bays)[: rng.randint(CAMERA_LEAST + 1, CAMERA_MOST)]
        if len(group) < CAMERA_LEAST:
            continue
        for member in group:
            del open_bays[member.code]
        covered += len(group)
        cameras.append(_camera(group, len(cameras) + 1))
    return cameras


def _group(bay: Bay, open_bays: dict[str, Bay]) -> list[Bay]:
    here = Point(lon=bay.lon, lat=bay.lat)
    near = [
        (distance_m(here, Point(lon=other.lon, lat=other.lat)), other.code, other)
        for other in open_bays.values()
        if other.zone == bay.zone
    ]
    return [other for d, _, other in sorted(near, key=lambda item: item[:2]) if d <= CAMERA_REACH_M]


def _camera(group: list[Bay], number: int) -> Device:
    lon = round(sum(bay.lon for bay in group) / len(group), 7)
    lat = round(sum(bay.lat for bay in group) / len(group), 7)
    return Device(
        serial=f"VS-C{number:03d}", kind="camera", model="Atalaya 4", bays=tuple(sorted(bay.code for bay in group)),
        lon=lon, lat=lat,
        period_s=300, resolution=RESOLUTION, custody=CUSTODY,
    )  # fmt: skip
