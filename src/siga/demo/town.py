"""Villaserena: a synthetic Spanish town from a seed, with its streets, bays, devices, rules and people."""

from __future__ import annotations

from random import Random

from msgspec.structs import replace

from siga.demo.devices import equip
from siga.demo.geometry import CENTRE, distance_m
from siga.demo.kerbs import MOST_BAYS, make_bays
from siga.demo.model import (
    Address,
    Area,
    Bay,
    Closure,
    Device,
    Driver,
    Guest,
    Holder,
    Landmark,
    Point,
    Rule,
    Staff,
    Street,
    Town,
    Zone,
)
from siga.demo.people import make_card_uid, make_drivers, make_people, make_plate, make_staff
from siga.demo.rhythms import MARKET_WEEKDAY
from siga.demo.streets import lay_out

__all__ = [
    "MARKET_WEEKDAY",
    "MOST_BAYS",
    "Address",
    "Area",
    "Bay",
    "Closure",
    "Device",
    "Driver",
    "Guest",
    "Holder",
    "Landmark",
    "Point",
    "Rule",
    "Staff",
    "Street",
    "Town",
    "Zone",
    "distance_m",
    "make_card_uid",
    "make_plate",
    "make_town",
]

PERSONAL_BAYS = 3
_RULES = (
    Rule(category="disabled", hours="24/7", max_stay_s=None, grace_s=300),
    Rule(category="disabled", zone="CE", hours="24/7", max_stay_s=4 * 3600, grace_s=300),
    Rule(category="disabled", zone="ME", hours="24/7", max_stay_s=4 * 3600, grace_s=300),
    Rule(
        category="delivery", hours="Mo-Fr 08:00-14:00,16:00-20:00; Sa 08:00-14:00; PH off", max_stay_s=1800, grace_s=300
    ),
    Rule(category="delivery", zone="ME", hours="Mo-Sa 07:00-12:00; PH off", max_stay_s=1800, grace_s=180),
    Rule(category="authority", hours="Mo-Fr 07:30-20:00; PH off", max_stay_s=None, grace_s=180),
    Rule(category="ambulance", hours="24/7", max_stay_s=7200, grace_s=120),
    Rule(category="taxi", hours="24/7", max_stay_s=3600, grace_s=120),
)


def make_town(seed: int, bays: int = 300) -> Town:
    """The town of a seed: the same seed and number of bays (1 to 2,000) give the same town, byte for byte.

    Each part draws from its own stream, so that more bays leave the streets and the people as they were.
    Raises ValueError for a number of bays outside that range.
    """
    layout = lay_out(_stream(seed, "streets"))
    zones = tuple(box.zone for box in layout.boxes)
    people = make_people(_stream(seed, "people"), tuple(zone.code for zone in zones))
    placed, devices = equip(_stream(seed, "devices"), make_bays(_stream(seed, "bays"), layout, bays))
    placed = _with_personal(_stream(seed, "personal"), placed, people.holders)
    drivers = make_drivers(_stream(seed, "drivers"), people.holders, placed)
    taken = [holder.name for holder in people.holders if not holder.collective] + [driver.name for driver in drivers]
    return Town(
        seed=seed, name="Villaserena", slug="villaserena", time_zone="Europe/Madrid", languages=("es", "en"),
        centre=CENTRE,
        market_weekday=MARKET_WEEKDAY, districts=tuple(dict.fromkeys(zone.district for zone in zones)), zones=zones,
        streets=layout.streets, areas=layout.areas, landmarks=layout.landmarks, addresses=layout.addresses,
        rules=_RULES + _personal_rules(placed), bays=tuple(placed), devices=tuple(devices), holders=people.holders,
        guests=people.guests, strangers=people.strangers, drivers=drivers,
        staff=make_staff(_stream(seed, "staff"), taken),
    )  # fmt: skip


def _stream(seed: int, part: str) -> Random:
    return Random(f"siga:{seed}:{part}")


def _with_personal(rng: Random, bays: list[Bay], holders: tuple[Holder, ...]) -> list[Bay]:
    """Three bays (fewer in a tiny town) become one person's each, preferably before that person's door."""
    persons = [holder for holder in holders if not holder.collective and holder.standing == "valid"]
    quiet = [bay for bay in bays if bay.category == "disabled" and bay.life == "in_service" and bay.sensor]
    quiet.sort(key=lambda bay: bay.surroundings != "residential")
    pool = quiet[: max(PERSONAL_BAYS, len(quiet) // 3)]
    owned: dict[str, str] = {}
    for bay in rng.sample(pool, min(PERSONAL_BAYS, len(pool) // 2)):
        free = [holder for holder in persons if holder.key not in owned.values()]
        neighbours = [holder for holder in free if holder.zone == bay.zone]
        owned[bay.code] = rng.choice(neighbours or free).key
    return [replace(bay, holder=owned.get(bay.code)) for bay in bays]


def _personal_rules(bays: list[Bay]) -> tuple[Rule, ...]:
    return tuple(
        Rule(category=bay.category, bay=bay.code, hours="24/7", max_stay_s=None, grace_s=300)
        for bay in bays
        if bay.holder
    )
