"""Users and Parking together: a revocation is seen at once, and one card in two places is told to a person."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from siga.contract.parking import MatchedReport, ReportBatch
from siga.kit.clock import HandClock
from siga.kit.credentials import match
from siga.services.users.store.tables import journal
from support import OTHER_MUNICIPALITY, run, running
from users_house import NOW, House

UID = "04A2B3C4D5E680"
KM_LON = 1 / 85.9
"""About a kilometre in degrees of longitude at 39.47° north."""


async def until(what: str, ask: Callable[[], Awaitable[Any]], limit_s: float = 10.0) -> Any:
    """What `ask` answers once it is true; fails by name when it never is."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if found := await ask():
            return found
        await asyncio.sleep(0.005)
    raise AssertionError(f"did not happen within {limit_s} s: {what}")


class Town:
    """Bays along a line, each with a sensor that reads cards, and the town hall."""

    def __init__(self, users: House, clock: HandClock, key: bytes) -> None:
        self.users, self.clock, self._key = users, clock, key
        where = users.municipality_id
        self.admin = users.system.as_person("parking", "administrator", municipality_id=where)
        self.parking = users.system.system.services["parking"].extra["parking"]
        self._devices: dict[str, str] = {}
        self._told: dict[str, int] = {}

    def card(self, uid: str = UID) -> str:
        """A card as the door hands it on."""
        return match(self._key, "card", uid)

    async def bays(self, *km: float) -> list[str]:
        """A bay at each of these kilometres."""
        where = self.users.municipality_id
        zone = {"municipality_id": where, "name": "Centro", "mode": "enforcing"}
        zone_id = (await self.admin.post("/api/v1/zones", zone)).json()["zone_id"]
        found = []
        for n, at_km in enumerate(km):
            bay = {"zone_id": zone_id, "code": f"C-{n}", "category": "disabled", "lon": -0.37 + at_km * KM_LON,
                   "lat": 39.47, "life": "in_service", "identify": ["card"]}  # fmt: skip
            bay_id = (await self.admin.post("/api/v1/bays", bay)).json()["bay_id"]
            device = {"municipality_id": where, "kind": "bay_sensor", "bay_ids": [bay_id], "period_s": 3600}
            made = (await self.admin.post("/api/v1/devices", device)).json()
            gateway = self.users.system.as_service("parking", "gateway")
            enrolled = await gateway.post("/internal/v1/enrol", {"code": made["code"]})
            self._devices[bay_id] = enrolled.json()["device_id"]
            found.append(bay_id)
        return found

    async def say(self, bay_id: str, occupied: bool, card: str | None = None) -> None:
        """The bay's sensor speaks now."""
        self._told[bay_id] = self._told.get(bay_id, 0) + 1
        report = MatchedReport(
            device_id=self._devices[bay_id], epoch=1, sequence=self._told[bay_id], occupied=occupied, credential=card
        )
        batch = ReportBatch(device_id=report.device_id, nonce=None, received_at=self.clock(), reports=[report])
        (ack,) = await self.parking.take_reports(batch)
        assert ack.status == "applied"

    async def alarms(self, **more: Any) -> list[dict[str, Any]]:
        """What the administrator sees, newest first."""
        page = await self.users.admin.get("/api/v1/accreditations/card-alarms", **more)
        assert page.status_code == 200, page.text
        return list(page.json()["alarms"])

    async def settled(self) -> list[dict[str, Any]]:
        """The alarms once Users has followed all that Parking told; its cursor is kept once a second."""
        services = self.users.system.system.services
        feed, database = services["parking"].feed, services["users"].database
        assert feed is not None
        assert database is not None
        head = await feed.head()

        async def followed() -> bool:
            return await database.read(lambda conn: journal.cursor(conn, "parking")) >= head

        await until("Users followed Parking", followed)
        return await self.alarms()


@asynccontextmanager
async def town(data: Path, url: str | None = None) -> AsyncIterator[Town]:
    """Users and Parking of one process, with an accreditation whose card is known."""
    clock = HandClock(NOW)
    async with running("users", "parking", data=data, clock=clock, database_url=url) as system:
        users = House(system, clock)
        await users.set_up()
        answer = await users.gateway.get(f"/internal/v1/match-keys/{users.municipality_id}")
        found = Town(users, clock, base64.b64decode(answer.json()["key"]))
        await users.give(cards=[{"uid": UID}])

        async def known() -> bool:
            return found.card() in found.parking.picture.credentials

        await until("Parking knows the card", known)
        yield found


def test_a_revocation_is_seen_by_parking_within_a_second(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with town(tmp_path, database_url) as here:
            took_s: list[float] = []
            credentials = here.parking.picture.credentials
            for n in range(25):
                uid = f"04B2{n:08X}80"
                issued = await here.users.give(number=f"N-{n}", cards=[{"uid": uid}])
                path = f"/api/v1/accreditations/{issued['accreditation']['accreditation_id']}"
                word = here.card(uid)

                async def arrived(word: str = word) -> bool:
                    return word in credentials

                await until("the card arrived", arrived)
                began = time.monotonic()
                if n % 2:
                    await here.users.admin.post(f"{path}/revoke", {"reason": "misuse"})
                else:
                    card = issued["accreditation"]["cards"][0]["credential_id"]
                    await here.users.admin.post(f"{path}/cards/{card}/revoke", {"reason": "lost"})

                async def gone(word: str = word) -> bool:
                    return credentials[word].credential_revoked or credentials[word].status == "revoked"

                await until("the revocation arrived", gone)
                took_s.append(time.monotonic() - began)
            print(f"revocations: median {sorted(took_s)[12] * 1000:.0f} ms, slowest {max(took_s) * 1000:.0f} ms")
            assert max(took_s) <= 1.0

    run(walk())


def test_a_card_in_two_bays_at_once_is_told_once_and_nothing_else_follows(
    tmp_path: Path, database_url: str | None
) -> None:
    async def walk() -> None:
        async with town(tmp_path, database_url) as here:
            near, other = await here.bays(0, 2)
            await here.say(near, True, here.card())
            here.clock.forward(60)
            await here.say(other, True, here.card())
            assert await here.settled() == []  # its car may have left the first bay unheard
            here.clock.forward(240)
            await here.say(near, True)

            async def told() -> list[dict[str, Any]]:
                return await here.alarms()

            (alarm,) = await until("it is told", told)
            assert (alarm["reason"], alarm["ends_with"], alarm["seconds"]) == ("two_bays", "E680", 0)
            assert {alarm["bay_id"], alarm["other_bay_id"]} == {near, other}
            assert 1950 < alarm["metres"] < 2050
            here.clock.forward(600)
            await here.say(near, True)
            await here.say(other, True)
            assert len(await here.settled()) == 1
            for bay_id in (near, other):
                seen = (await here.admin.get(f"/api/v1/bays/{bay_id}")).json()
                assert seen["authorisation"] == "authorised"

    run(walk())


def test_a_card_too_far_away_for_the_time_is_told_and_one_that_could_drive_there_is_not(tmp_path: Path) -> None:
    async def walk() -> None:
        async with town(tmp_path) as here:
            home, near, far = await here.bays(0, 3, 40)
            await here.say(home, True, here.card())
            here.clock.forward(900)
            await here.say(home, False)
            here.clock.forward(60)
            await here.say(near, True, here.card())
            here.clock.forward(600)
            await here.say(near, False)
            assert await here.settled() == []
            here.clock.forward(300)
            await here.say(far, True, here.card())

            async def told() -> list[dict[str, Any]]:
                return await here.alarms()

            (alarm,) = await until("it is told", told)
            assert (alarm["reason"], alarm["bay_id"], alarm["other_bay_id"]) == ("travel", far, near)
            assert (alarm["seconds"], 36_500 < alarm["metres"] < 37_500) == (300, True)

    run(walk())


def test_a_card_that_is_two_at_once_forty_kilometres_apart_is_told_at_once(tmp_path: Path) -> None:
    async def walk() -> None:
        async with town(tmp_path) as here:
            home, far = await here.bays(0, 40)
            await here.say(home, True, here.card())
            here.clock.forward(120)
            await here.say(far, True, here.card())

            async def told() -> list[dict[str, Any]]:
                return await here.alarms()

            (alarm,) = await until("it is told", told)
            assert (alarm["reason"], alarm["seconds"]) == ("two_bays", 120)

    run(walk())


def test_unknown_cards_and_another_run_in_the_same_bay_are_nobodys_alarm(tmp_path: Path) -> None:
    async def walk() -> None:
        async with town(tmp_path) as here:
            home, far = await here.bays(0, 40)
            stranger = here.card("01020304")
            await here.say(home, True, stranger)
            here.clock.forward(300)
            await here.say(far, True, stranger)
            await here.say(home, True, stranger)
            here.clock.forward(60)
            await here.say(home, False)
            await here.say(far, False)
            here.clock.forward(7200)
            for _ in range(3):
                await here.say(home, True, here.card())
                here.clock.forward(1)
                await here.say(home, False)
                here.clock.forward(1)
            assert await here.settled() == []

    run(walk())


def test_an_alarm_is_seen_to_by_a_person_of_the_town_and_names_nobody(tmp_path: Path, database_url: str | None) -> None:
    async def walk() -> None:
        async with town(tmp_path, database_url) as here:
            home, far = await here.bays(0, 40)
            await here.say(home, True, here.card())
            await here.say(far, True, here.card())

            async def told() -> list[dict[str, Any]]:
                return await here.alarms()

            (alarm,) = await until("it is told", told)
            of_one = await here.alarms(accreditation_id=alarm["accreditation_id"])
            assert [one["alarm_id"] for one in of_one] == [alarm["alarm_id"]]
            path = f"/api/v1/accreditations/card-alarms/{alarm['alarm_id']}/acknowledge"
            neighbour = here.users.staff("administrator", municipality_id=OTHER_MUNICIPALITY)
            assert (await neighbour.post(path)).status_code == 404
            assert (await neighbour.get("/api/v1/accreditations/card-alarms")).json()["alarms"] == []
            seen = (await here.users.admin.post(path)).json()
            assert seen["acknowledged_by"] == here.users.admin_id
            assert await here.alarms() == []
            assert len(await here.alarms(state="acknowledged")) == 1
            gateway = here.users.system.as_service("parking", "gateway")
            page = (await gateway.get("/internal/v1/events", after=0, limit=1000)).json()["events"]
            (event,) = [one for one in page if one["kind"] == "CardSuspected"]
            assert UID not in str(event)
            assert "accreditation" not in str(event["data"])

    run(walk())
