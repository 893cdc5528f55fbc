"""Making the demo town: everything through the two doors, as an administration, its installers and its people would."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from siga.demo import records, seed_map, seed_past, seed_people
from siga.demo.accounts import account_of, visitors_own
from siga.demo.records import Demo, DeviceKey, Start
from siga.demo.seeding import Seeding, Tell
from siga.demo.town import make_town

SEED = 7
PAST = timedelta(weeks=4)
GRACE_S = 20
"""The demo's grace time, so that nobody has to wait five minutes for what happens after it."""
_SETTINGS: tuple[tuple[str, int, bool], ...] = (
    ("parking.grace_s", GRACE_S, True),
    ("enforcement.photo_wait_s", 30, True),
    # Everybody in the demo, visitors and the whole simulated town, comes from one address.
    ("gateway.requests_per_ip_min", 12_000, False),
)


async def seed(start: Start, tell: Tell) -> tuple[Demo, dict[str, DeviceKey]]:
    """Make the town in an empty SIGA; what was made is kept in the two state files and answered.

    Raises RuntimeError, with what to do, where there is no empty SIGA.
    """
    if start.setup_code is None:
        raise RuntimeError("this folder holds a SIGA that is no demo: give the demo a folder of its own by --data")
    town = make_town(SEED, start.bays)
    everybody = {driver.key: account_of(driver) for driver in town.drivers}
    everybody |= {member.key: account_of(member) for member in town.staff}
    now = datetime.now(UTC)
    demo = Demo(seed=SEED, bays=start.bays, seeded_at=now, people=everybody)
    records.save(start.accounts_file, demo)
    seeding = Seeding(start, town, everybody, now, tell)
    try:
        await _make(seeding)
    finally:
        await seeding.close()
    ours = [everybody[key] for key in visitors_own(town)]
    demo = Demo(
        seed=SEED, bays=start.bays, seeded_at=now, complete=True, municipality_id=seeding.municipality_id,
        slug=town.slug, accounts=ours, people=everybody, bay_ids=seeding.bay_ids,
    )  # fmt: skip
    records.save(start.devices_file, seeding.devices)
    records.save(start.accounts_file, demo)
    return demo, seeding.devices


async def _make(seeding: Seeding) -> None:
    """The order of things: what others name comes first, what is independent runs beside it."""
    await _found(seeding)
    await seed_map.make_zones(seeding)
    async with asyncio.TaskGroup() as group:
        # Passwords are hashed on another core while the rest is made.
        group.create_task(_accounts(seeding))
        group.create_task(_things(seeding))
    await seed_people.claim(seeding)


async def _things(seeding: Seeding) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(seed_people.accredit(seeding))
        group.create_task(_map(seeding))
    await seed_map.make_personal_bays(seeding)
    async with asyncio.TaskGroup() as group:
        group.create_task(seed_map.make_devices(seeding))
        group.create_task(seed_past.write_history(seeding, seeding.now - PAST, seeding.now))


async def _map(seeding: Seeding) -> None:
    await seed_map.make_rules(seeding)
    await seed_map.make_bays(seeding)
    await seed_map.make_addresses(seeding)


async def _accounts(seeding: Seeding) -> None:
    await seed_people.invite_staff(seeding)
    await seed_people.register_drivers(seeding)


async def _found(seeding: Seeding) -> None:
    """The first account and its municipality, and the demo's live settings."""
    town = seeding.town
    chief = seeding.people[visitors_own(town)[2]]
    done = await seeding.users.json("POST", "/api/v1/auth/setup", {
        "code": seeding.start.setup_code, "email": chief.email, "name": chief.name, "password": chief.password,
        "municipality": {
            "name": town.name, "slug": town.slug, "time_zone": town.time_zone, "languages": town.languages,
            "country": "ES", "contact": "Ayuntamiento de Villaserena, datos sintéticos de demostración",
            "lon": town.centre.lon, "lat": town.centre.lat,
        },
    })  # fmt: skip
    seeding.municipality_id = done["municipality"]["municipality_id"]
    for key, value, of_municipality in _SETTINGS:
        ask = {"value": value, "reason": "demo", "municipality_id": seeding.municipality_id if of_municipality else ""}
        await seeding.chief.ask("PUT", f"/api/v1/config/settings/{key}", ask)
    seeding.tell(f"{town.name}: the first account and the settings, grace time {GRACE_S} s")
