"""The map of the demo town, made by its administrator: zones, rules, bays, addresses, devices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from siga.demo.doors import Refused
from siga.demo.model import Bay, Device, Rule, Zone
from siga.demo.records import DeviceKey
from siga.demo.seeding import Seeding
from siga.demo.street import lively_bays

LIVELY_PERIOD_S = 12
"""How often the sensors around the centre speak: silent ones are "no signal" after 2.5 times that."""
_ADDRESSES_AT_ONCE = 2_000
_WHO = {
    "disabled": ("personas con tarjeta de estacionamiento PMR", "people with a disabled parking card"),
    "ambulance": ("ambulancias", "ambulances"),
    "authority": ("vehículos oficiales autorizados", "authorised official vehicles"),
    "delivery": ("carga y descarga", "loading and unloading"),
    "taxi": ("taxis", "taxis"),
}  # fmt: skip


async def make_zones(seeding: Seeding) -> None:
    """Every zone, observing only or enforcing."""

    async def one(zone: Zone) -> None:
        made = await seeding.chief.ask("POST", "/api/v1/zones", {
            "municipality_id": seeding.municipality_id, "name": zone.name, "mode": zone.mode, "address": zone.district,
        })  # fmt: skip
        seeding.zone_ids[zone.code] = made["zone_id"]

    await seeding.each("zones", seeding.town.zones, one)


async def make_rules(seeding: Seeding) -> None:
    """Rules of categories and zones. Grace is left out, so that the live setting rules."""
    await seeding.each("rules", [rule for rule in seeding.town.rules if rule.bay is None],
                       lambda rule: _make_rule(seeding, rule))  # fmt: skip


async def make_bays(seeding: Seeding) -> None:
    """Every public bay."""
    public = [bay for bay in seeding.town.bays if bay.holder is None]
    await seeding.each("bays", public, lambda bay: _make_bay(seeding, bay))


async def make_personal_bays(seeding: Seeding) -> None:
    """The bays of one person each and their rules; their accreditations stand by now."""
    personal = [bay for bay in seeding.town.bays if bay.holder is not None]
    await seeding.each("personal bays", personal, lambda bay: _make_bay(seeding, bay))
    for rule in seeding.town.rules:
        if rule.bay is not None:
            await _make_rule(seeding, rule)


async def make_addresses(seeding: Seeding) -> None:
    """The doors of all streets, to search by."""
    rows = [
        {"street": a.street, "number": str(a.number), "lon": a.lon, "lat": a.lat} for a in seeding.town.addresses
    ]  # fmt: skip
    for first in range(0, len(rows), _ADDRESSES_AT_ONCE):
        piece = rows[first : first + _ADDRESSES_AT_ONCE]
        body = {"municipality_id": seeding.municipality_id, "addresses": piece}
        await seeding.chief.ask("POST", "/api/v1/addresses/batch", body)
    seeding.tell(f"addresses {len(rows)}")


async def make_devices(seeding: Seeding) -> None:
    """Sensors and cameras, each enrolled by its one-time code."""
    lively = lively_bays(seeding.town)

    async def one(device: Device) -> None:
        often = device.kind == "bay_sensor" and device.bays[0] in lively
        await _make_device(seeding, device, LIVELY_PERIOD_S if often else device.period_s)

    await seeding.each("sensors and cameras", seeding.town.devices, one)


async def _make_bay(seeding: Seeding, bay: Bay) -> None:
    made = await seeding.chief.ask("POST", "/api/v1/bays", {
        "zone_id": seeding.zone_ids[bay.zone], "code": bay.code, "category": bay.category, "lon": bay.lon,
        "lat": bay.lat, "life": bay.life, "address": bay.address, "identify": bay.identify,
        "personal_accreditation_id": seeding.accreditation_ids[bay.holder] if bay.holder else None,
        "attributes": _attributes(bay), "external_id": f"demo-{bay.code}",
    })  # fmt: skip
    seeding.bay_ids[bay.code] = made["bay_id"]
    if bay.closure is not None:
        begins, ends = (_midnight(seeding, days) for days in (bay.closure.from_offset_d, bay.closure.until_offset_d))
        change = {"version": made["version"], "closed_from": begins, "closed_to": ends}
        await seeding.chief.ask("PATCH", f"/api/v1/bays/{made['bay_id']}", change)


def _attributes(bay: Bay) -> dict[str, Any]:
    known: dict[str, Any] = {
        "width_m": bay.width_m, "length_m": bay.length_m, "slope_pct": bay.slope_pct, "kerb": bay.kerb,
        "surface": bay.surface, "layout": bay.layout, "bearing_deg": bay.bearing_deg,
    }  # fmt: skip
    return known if bay.closure is None else {**known, "closed_because": bay.closure.reason}


def _midnight(seeding: Seeding, days: int) -> str:
    day = seeding.today + timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=UTC).isoformat()


async def _make_rule(seeding: Seeding, rule: Rule) -> None:
    always = rule.hours == "24/7"
    await seeding.chief.ask("POST", "/api/v1/rules", {
        "municipality_id": seeding.municipality_id, "category": rule.category,
        "zone_id": seeding.zone_ids[rule.zone] if rule.zone else None,
        "bay_id": seeding.bay_ids[rule.bay] if rule.bay else None,
        "hours": None if always else rule.hours,
        "max_stay_min": rule.max_stay_s // 60 if rule.max_stay_s else None, "text": _words(rule),
    })  # fmt: skip


def _words(rule: Rule) -> dict[str, str]:
    spanish, english = _WHO[rule.category]
    if rule.bay is not None:
        spanish, english = "la persona titular de esta plaza", "the person this bay was given to"
    return {"es": f"Solo para {spanish}.", "en": f"Only for {english}."}


async def _make_device(seeding: Seeding, device: Device, period_s: int) -> None:
    made = await seeding.chief.ask("POST", "/api/v1/devices", {
        "municipality_id": seeding.municipality_id, "kind": device.kind, "label": f"{device.serial} ({device.model})",
        "bay_ids": [seeding.bay_ids[code] for code in device.bays],
        "period_s": period_s, "resolution_id": device.resolution,
        "custody_body": device.custody,
    })  # fmt: skip
    enrolled = await seeding.sensors.json("POST", "/sensors/v1/enrol", {"code": made["code"]})
    if not enrolled["key"]:
        raise Refused(500, "no-key", "the sensors' door gave no key", "enrol")
    seeding.devices[device.serial] = DeviceKey(
        device_id=enrolled["device_id"], key=enrolled["key"], period_s=enrolled["period_s"]
    )  # fmt: skip
