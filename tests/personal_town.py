"""A town with every store in this process, and people whose every word can be found again if it is kept anywhere."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from siga.contract.parking import MatchedReport, ReportBatch
from siga.demo.pictures import draw_scene
from siga.kit import tracing
from siga.kit.clock import HandClock
from siga.kit.credentials import match
from siga.kit.ids import new_id
from siga.services.users.model.people import DRIVER, Account
from siga.services.users.model.sessions import Session
from siga.services.users.store import people, sessions
from support import Caller, Running, running
from users_house import setup_body

STORES = ("config", "logs", "users", "parking", "history", "images", "enforcement", "drivers")
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
_BAY = {"category": "disabled", "lon": -0.37, "lat": 39.47, "life": "in_service", "identify": ["card"]}


@dataclass
class Somebody:
    """A person and all that is distinctive of them; `number` tells them apart."""

    number: int
    user_id: str = field(default_factory=new_id)
    accreditation_id: str = ""
    card: str = ""
    """The card's keyed match."""
    bay_id: str = ""
    device_id: str = ""
    photo_ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        n = self.number
        self.name, self.email = f"Zoraida{n} Quintanilla{n}", f"zoraida{n}@planted.example"
        self.holder, self.document = f"Wenceslao{n} Urrutia{n}", f"DOC-{n:05d}-WX"
        self.uid, self.plate = f"04BEEF{n:06X}80", f"{4000 + n}WXZ"
        self.label, self.note, self.comment = f"label-planted-{n}", f"note-planted-{n}", f"comment-planted-{n}"
        self.agent, self.remark = f"agent-planted-{n}", f"remark-planted-{n}"

    def words(self) -> list[str]:
        """All that must not be found once the person is erased."""
        return [
            self.user_id, self.name, self.email, self.holder, self.document, self.uid, self.uid.lower(), self.plate,
            self.label, self.note, self.comment, self.agent, self.remark, self.accreditation_id, self.card,
        ]  # fmt: skip


class PersonalTown:
    """The running services and what one does in them."""

    def __init__(self, system: Running, clock: HandClock) -> None:
        self.system, self.clock = system, clock
        self.municipality_id = self.zone_id = ""
        self.key = b""

    def database(self, service: str) -> Any:
        """A service's store."""
        return self.system.system.services[service].database

    def staff(self, service: str, role: str, user_id: str = "officer-1") -> Caller:
        """Somebody of the town's staff."""
        return self.system.as_person(service, role, municipality_id=self.municipality_id, user_id=user_id)

    def as_me(self, service: str, who: Somebody) -> Caller:
        """The person, signed in."""
        return self.system.as_person(service, "driver", municipality_id="", user_id=who.user_id)

    async def open(self) -> None:
        """The municipality with one enforcing zone."""
        code = self.system.system.services["users"].extra["setup_code"]
        done(await self.system.as_guest("users").post("/api/v1/auth/setup", setup_body(code)))
        towns = done(await self.system.as_guest("users").get("/api/v1/municipalities"))["municipalities"]
        self.municipality_id = towns[0]["municipality_id"]
        zone = {"municipality_id": self.municipality_id, "name": "Centro", "mode": "enforcing"}
        self.zone_id = done(await self.staff("parking", "administrator").post("/api/v1/zones", zone))["zone_id"]
        answer = await self.system.as_service("users", "gateway").get(f"/internal/v1/match-keys/{self.municipality_id}")
        self.key = base64.b64decode(done(answer)["key"])

    async def person(self, number: int) -> Somebody:
        """Somebody with an account, a session and a claimed accreditation with card and plate."""
        own_request()
        who = Somebody(number)
        now = self.clock()

        def keep(conn: Any) -> None:
            account = Account(user_id=who.user_id, email=who.email, name=who.name, language="es",
                              password_hash="$argon2id$planted", created_at=now)  # fmt: skip
            people.add_account(conn, account)
            people.put_grant(conn, who.user_id, DRIVER, now, who.user_id)
            session = Session(session_id=new_id(), user_id=who.user_id, kind="page", user_agent=who.agent,
                              created_at=now, seen_at=now)  # fmt: skip
            sessions.add_session(conn, session, f"{number:064x}")

        await self.database("users").write(keep)
        body = {"category": "disabled", "issuer": "Villanueva", "number": who.document, "holder": who.holder,
                "valid_from": "2026-01-01", "valid_to": "2027-12-31", "cards": [{"uid": who.uid}],
                "plates": [{"plate": who.plate}]}  # fmt: skip
        given = done(await self.staff("users", "administrator").post("/api/v1/accreditations", body))
        who.accreditation_id = given["accreditation"]["accreditation_id"]
        done(await self.as_me("users", who).post("/api/v1/accreditations/claim", {"code": given["claim_code"]}))
        who.card = match(self.key, "card", who.uid)
        return who

    async def bay(self, who: Somebody) -> None:
        """A bay with a sensor, for this person to park in."""
        own_request()
        admin = self.staff("parking", "administrator")
        bay = {"zone_id": self.zone_id, "code": f"C-{who.number}", **_BAY}
        who.bay_id = done(await admin.post("/api/v1/bays", bay))["bay_id"]
        device = {"municipality_id": self.municipality_id, "kind": "bay_sensor", "bay_ids": [who.bay_id],
                  "period_s": 600}  # fmt: skip
        code = done(await admin.post("/api/v1/devices", device))["code"]
        enrolled = await self.system.as_service("parking", "gateway").post("/internal/v1/enrol", {"code": code})
        who.device_id = done(enrolled)["device_id"]

    async def report(self, who: Somebody, sequence: int, occupied: bool) -> None:
        """The sensor on the person's bay speaks; with their card if somebody stands there."""
        parking = self.system.system.services["parking"].extra["parking"]
        report = MatchedReport(device_id=who.device_id, epoch=1, sequence=sequence, occupied=occupied,
                               credential=who.card if occupied else None)  # fmt: skip
        await parking.take_reports(
            ReportBatch(device_id=who.device_id, nonce=None, received_at=self.clock(), reports=[report])
        )

    async def park(self, who: Somebody, sequence: int, minutes: float = 30) -> None:
        """One stay with the card."""
        await self.report(who, sequence, True)
        self.clock.forward(minutes * 60)
        await self.report(who, sequence + 1, False)
        self.clock.forward(60)

    async def live(self, who: Somebody) -> None:
        """Everything a driver can leave behind, and one closed case with the person's plate and a photo."""
        await self.bay(who)
        await until(lambda: self._drivers_know(who))
        me = self.as_me("drivers", who)
        done(await me.post("/api/v1/favourites", {"label": who.label, "lon": -0.37, "lat": 39.47}))
        await self.report(who, 1, True)
        done(await me.post("/api/v1/check-ins", {"bay_id": who.bay_id}))
        done(await me.post("/api/v1/ratings", {
            "bay_id": who.bay_id, "width": 4, "kerb": 4, "surface": 4, "comment": who.comment,
        }))  # fmt: skip
        done(await me.post("/api/v1/reports", {
            "bay_id": who.bay_id, "kind": "problem", "problem": "paint", "note": who.note,
        }))  # fmt: skip
        done(await me.post("/api/v1/doubts", {"bay_id": who.bay_id}))
        self.clock.forward(600)
        case = await self.case(who)
        await self.resolve(case, "false_alarm", who.remark)
        await self.report(who, 2, False)
        await self.caught_up()
        self.clock.forward(3700)

    async def _drivers_know(self, who: Somebody) -> bool:
        return (await self.as_me("drivers", who).get("/api/v1/ratings", bay_id=who.bay_id)).status_code == 200

    async def case(self, who: Somebody) -> dict[str, Any]:
        """An officer opens a case about the person's car, with plate and photo."""
        officer = self.staff("enforcement", "police")
        case = done(await officer.post("/api/v1/cases", {"bay_id": who.bay_id, "note": who.remark}))
        path = f"/api/v1/cases/{case['case_id']}"
        done(await officer.post(f"{path}/plate", {"version": case["version"], "plate": who.plate}))
        photo = await self.system.as_service("images", "enforcement").ask(
            "POST", "/internal/v1/photos", content=draw_scene(who.plate, seed=who.number, width=320, height=240),
            params={"case_id": case["case_id"], "bay_id": who.bay_id, "kind": "officer",
                    "municipality_id": self.municipality_id},
            headers={"content-type": "image/jpeg"},
        )  # fmt: skip
        who.photo_ids.append(done(photo)["photo_id"])
        await self.caught_up()
        return dict(done(await officer.get(path)))

    async def resolve(self, case: dict[str, Any], outcome: str, reason: str) -> None:
        """Close a case."""
        officer = self.staff("enforcement", "police")
        path = f"/api/v1/cases/{case['case_id']}"
        now = done(await officer.get(path))
        body = {"version": now["version"], "outcome": outcome, "reason": reason, "confirmed": True}
        done(await officer.post(f"{path}/resolve", body))

    async def caught_up(self) -> None:
        """Wait until everybody has followed everybody."""
        for service in STORES:
            await until(lambda one=service: self._followed(one))  # type: ignore[misc]

    async def _followed(self, service: str) -> bool:
        from sqlalchemy import select

        journal = getattr(__import__(f"siga.services.{service}.build", fromlist=["journal"]), "journal", None)
        if journal is None:
            return True
        rows = await self.database(service).read(lambda conn: conn.execute(select(journal.cursors)).all())
        heads = {row.source: await self.system.system.services[row.source].feed.head() for row in rows}  # type: ignore[union-attr]
        return all(row.position >= heads[row.source] for row in rows)

    async def erased(self, erasure_id: str, code: str) -> dict[str, Any]:
        """Wait until an erasure is done; the clock is moved to its second look."""

        async def view() -> dict[str, Any]:
            return dict(done(await self.system.as_guest("users").ask(
                "GET", f"/api/v1/privacy/erasures/{erasure_id}", headers={"x-follow-code": code})))  # fmt: skip

        async def looked() -> bool:
            return (await view())["state"] != "running"

        async def is_done() -> bool:
            return (await view())["state"] == "done"

        await until(looked)
        await self.caught_up()
        self.clock.forward(61)
        await until(is_done)
        return await view()


def own_request() -> None:
    """What follows is another request: through the doors each has an id of its own, in one task they would share it."""
    tracing.request_id.set(None)
    tracing.traceparent.set(None)


def done(answer: Any) -> dict[str, Any]:
    """The answer of something that went well."""
    assert answer.status_code < 300, f"{answer.status_code} {answer.text}"
    return dict(answer.json()) if answer.content else {}


async def until(holds: Callable[[], Awaitable[bool]], tries: int = 1500) -> None:
    """Ask again until the answer is true."""
    for _ in range(tries):
        if await holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not become true")


@asynccontextmanager
async def personal_town(data: Path, *names: str, clock: HandClock | None = None,
                        remote: Mapping[str, Any] | None = None, database_url: str | None = None
                        ) -> AsyncIterator[PersonalTown]:  # fmt: skip
    """The town, opened."""
    clock = clock or HandClock(NOW)
    async with running(*(names or STORES), data=data, clock=clock, remote=remote, database_url=database_url) as system:
        town = PersonalTown(system, clock)
        await town.open()
        yield town


def raw_bytes(data: Path) -> dict[str, bytes]:
    """Every file of a data folder but the keys, by its path."""
    files = (path for path in sorted(data.rglob("*")) if path.is_file())
    return {str(path.relative_to(data)): path.read_bytes() for path in files if path.suffix != ".key"}


def hits(data: Path, words: list[str]) -> list[tuple[str, str]]:
    """(file, word) for every word that stands anywhere in a data folder."""
    found = []
    for name, content in raw_bytes(data).items():
        found += [(name, word) for word in words if word and word.encode() in content]
    return found
