"""The people of the demo town: accreditations with cards and plates, staff by invitation, drivers who claim."""

from __future__ import annotations

from datetime import timedelta

from siga.demo.accounts import visitors_own
from siga.demo.doors import Person
from siga.demo.model import Driver, Holder, Staff
from siga.demo.seeding import Seeding


async def accredit(seeding: Seeding) -> None:
    """Every accreditation with its card and plates; some have expired, some are revoked."""

    async def one(holder: Holder) -> None:
        begins, ends = (
            seeding.today + timedelta(days=n) for n in (holder.valid_from_offset_d, holder.valid_until_offset_d)
        )
        issued = await seeding.chief.ask("POST", "/api/v1/accreditations", {
            "category": holder.category, "issuer": holder.issuer, "number": holder.number, "holder": holder.name,
            "valid_from": begins.isoformat(), "valid_to": ends.isoformat(),
            "kind": "collective" if holder.collective else "personal", "municipality_id": seeding.municipality_id,
            "cards": [{"uid": holder.card_uid}], "plates": [{"plate": plate} for plate in holder.plates],
        })  # fmt: skip
        accreditation_id = issued["accreditation"]["accreditation_id"]
        seeding.accreditation_ids[holder.key] = accreditation_id
        seeding.claim_codes[holder.key] = issued["claim_code"]
        if holder.standing == "revoked":
            path = f"/api/v1/accreditations/{accreditation_id}/revoke"
            await seeding.chief.ask("POST", path, {"reason": "misuse"})

    await seeding.each("accreditations", seeding.town.holders, one)


async def invite_staff(seeding: Seeding) -> None:
    """Everybody but the administrator, who made the first account, comes by an invitation."""
    chief = visitors_own(seeding.town)[2]

    async def one(member: Staff) -> None:
        account = seeding.people[member.key]
        invited = await seeding.chief.ask("POST", "/api/v1/users", {
            "email": account.email, "name": account.name, "language": member.language,
            "grants": [{
                "role": member.role, "municipality_id": seeding.municipality_id,
                "zone_ids": [seeding.zone_ids[code] for code in member.zones if code in seeding.zone_ids],
            }],
        })  # fmt: skip
        use = {"code": invited["code"], "password": account.password}
        await seeding.users.json("POST", "/api/v1/auth/invitation", use)

    await seeding.each("staff", [member for member in seeding.town.staff if member.key != chief], one)


async def register_drivers(seeding: Seeding) -> None:
    """Drivers make their accounts and sign in."""

    async def one(driver: Driver) -> None:
        account = seeding.people[driver.key]
        body = {"email": account.email, "password": account.password, "name": account.name, "language": driver.language}
        await seeding.users.json("POST", "/api/v1/auth/register", body)
        if driver.holder:
            person = seeding.drivers[driver.key] = Person(seeding.users, account.email, account.password)
            await person.headers()

    await seeding.each("drivers", seeding.town.drivers, one)


async def claim(seeding: Seeding) -> None:
    """Drivers claim their accreditations by the letter's code; the visitor's own driver keeps some favourite bays."""

    async def one(driver: Driver) -> None:
        person = seeding.drivers[driver.key]
        code = seeding.claim_codes[driver.holder or ""]
        await person.ask("POST", "/api/v1/accreditations/claim", {"code": code})
        for bay in driver.favourites if driver.key == visitors_own(seeding.town)[0] else ():
            await person.ask("POST", "/api/v1/favourites", {"label": bay, "bay_id": seeding.bay_ids[bay]})

    await seeding.each("claims", [driver for driver in seeding.town.drivers if driver.holder], one)
