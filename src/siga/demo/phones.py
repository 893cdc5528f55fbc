"""Drivers' phones: an accredited driver checks in with an account, a guest declares a card at the bay's own page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from siga.demo.doors import Door, Person
from siga.demo.model import Guest, Holder, Town
from siga.demo.records import Account
from siga.demo.street import Spot
from siga.demo.visitors import Visitor


class Phones:
    """Checks people in. `bay_ids` by code; `people` are the accounts by key; those of `away` are the visitor's own."""

    def __init__(self, door: Door, town: Town, people: dict[str, Account], bay_ids: dict[str, str], today: date,
                 away: Collection[str]) -> None:  # fmt: skip
        self._door, self._bay_ids, self._slug, self._today = door, bay_ids, town.slug, today
        self._cookies: dict[str, str] = {}
        self._drivers = {
            driver.holder: Person(door, people[driver.key].email, people[driver.key].password)
            for driver in town.drivers if driver.holder and driver.holder not in away
        }  # fmt: skip

    async def check_in(self, spot: Spot, visitor: Visitor) -> bool:
        """Check a visitor in as they would do it; False where nothing at the bay lets them."""
        if "check_in" not in spot.bay.identify:
            return False
        bay_id = self._bay_ids[spot.bay.code]
        if visitor.kind == "check_in" and visitor.holder is not None:
            driver = self._drivers.get(visitor.holder.key)
            if driver is not None:
                await driver.ask("POST", "/api/v1/check-ins", {"bay_id": bay_id})
                return True
        if spot.bay.holder is not None or visitor.kind not in ("check_in", "guest"):
            return False
        await self._declare(spot, bay_id, visitor)
        return True

    async def _declare(self, spot: Spot, bay_id: str, visitor: Visitor) -> None:
        card: Guest | Holder | None = visitor.guest or visitor.holder
        if card is None:
            return
        expires = self._today + timedelta(days=card.valid_until_offset_d)
        body = {
            "bay_id": bay_id, "issuer": card.issuer, "card_number": card.number, "expires_on": expires.isoformat(),
            "plate": visitor.plate,
        }  # fmt: skip
        headers = {"cookie": await self._cookie(spot, visitor.key)}
        await self._door.json("POST", "/api/v1/check-ins/guest", body, headers=headers)

    async def _cookie(self, spot: Spot, key: str) -> str:
        """By which SIGA knows this phone again: it comes with the first page, that of the bay's own sign."""
        if key not in self._cookies:
            answer = await self._door.ask("GET", f"/b/{self._slug}/{spot.bay.code}")
            self._cookies[key] = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
            if len(self._cookies) > 500:
                del self._cookies[next(iter(self._cookies))]
        return self._cookies[key]
