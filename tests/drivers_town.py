"""Drivers in a small town whose other services are stand-ins at the HTTP edge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import msgspec

from siga.contract.base import Word
from siga.contract.enforcement import CaseChanged, CaseOpened
from siga.contract.events import Event, EventPage
from siga.contract.history import Receipt, ReceiptClaims
from siga.contract.parking import Bay, BayChanged, BayDefined, StaffBayView
from siga.contract.users import AccreditationBrief, Municipality, MunicipalityDefined
from siga.kit.clock import HandClock
from siga.kit.ids import new_id
from siga.services.drivers.store.tables import journal
from support import MUNICIPALITY, Caller, Running, running

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ZONE = "0190c0de-0000-7000-8000-00000000000a"
JPEG = b"\xff\xd8\xff\xe0 a picture"
BRIEF = AccreditationBrief(
    accreditation_id="acc-1", municipality_id=MUNICIPALITY, category="disabled", valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31), status="valid",
)  # fmt: skip
RECEIPT = Receipt(receipt="signed", claims=ReceiptClaims(
    municipality_id=MUNICIPALITY, municipality="Villa", bay_id="b1", bay="B1", stay_id="stay-1", started_at=NOW,
    ended_at=NOW, authorisation="authorised", issued_at=NOW, check_in_id="check-in-1",
))  # fmt: skip
GUEST_CARD = {"issuer": "Ayuntamiento de Sagunto", "card_number": "77-1234", "expires_on": "2027-05-01",
              "plate": "1234 bcd"}  # fmt: skip


class StandIn:
    """An ASGI app for one other service: fixed answers, a journal that tests write, and what it was asked."""

    def __init__(self, name: str, clock: HandClock) -> None:
        self.name, self.clock = name, clock
        self.answers: dict[str, Any] = {}
        """Path (its beginning) → body to answer as JSON, or a problem's (status, slug)."""
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.events: list[Event] = []
        self.away = False

    def tell(self, data: Word, subject_id: str = "", at: datetime | None = None) -> None:
        """Append a fact to the journal."""
        at = at or self.clock()
        self.events.append(Event(
            event_id=new_id(), kind=type(data).__name__, source=self.name, position=len(self.events) + 1,
            municipality_id=MUNICIPALITY, subject_id=subject_id, occurred_at=at, recorded_at=at,
            data=msgspec.Raw(msgspec.json.encode(data)),
        ))  # fmt: skip

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        query = {key: values[0] for key, values in parse_qs(scope["query_string"].decode()).items()}
        if scope["path"] == "/internal/v1/events":
            status, body = 200, msgspec.json.encode(await self._page(query))
        else:
            message = await receive()
            self.asked.append((scope["path"], query, message.get("body", b"")))
            status, body = self._answer(scope["path"])
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _page(self, query: dict[str, str]) -> EventPage:
        after, left_s = int(query["after"]), float(query["wait_s"])
        while not (found := [e for e in self.events if e.position > after][: int(query["limit"])]) and left_s > 0:
            await asyncio.sleep(0.01)
            left_s -= 0.01
        return EventPage(events=found, head=len(self.events))

    def _answer(self, path: str) -> tuple[int, bytes]:
        found = next((body for begin, body in self.answers.items() if path.startswith(begin)), (404, "not-found"))
        if self.away:
            found = (503, "unavailable")
        if isinstance(found, tuple):
            status, slug = found
            problem = {"type": f"/problems/{slug}", "title": slug, "status": status, "detail": slug, "instance": path}
            return status, msgspec.json.encode(problem)
        return 200, msgspec.json.encode(found)


class Town:
    """The running service and what surrounds it."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        names = ("parking", "users", "enforcement", "images", "history")
        self.others = {name: StandIn(name, clock) for name in names}
        self.parking, self.users, self.enforcement, self.images, self.history = self.others.values()
        self.users.answers["/internal/v1/people/person-1/"] = [BRIEF]
        self.users.answers["/internal/v1/people/"] = []
        self.enforcement.answers["/internal/v1/duty"] = {"on_duty": 1}
        self.images.answers["/internal/v1/photos"] = {"photo_id": "photo-1", "sha256": "00"}
        self.history.answers["/internal/v1/receipts"] = RECEIPT
        self.running: Running

    def person(self, user_id: str = "person-1") -> Caller:
        """A signed-in driver; person-1 has claimed an accreditation."""
        return self.running.as_person("drivers", "driver", user_id=user_id)

    def guest(self, name: str = "1") -> Caller:
        """Somebody without an account."""
        return self.running.as_guest("drivers", f"guest:{name}")

    def administrator(self, **where: Any) -> Caller:
        """Who answers reports."""
        return self.running.as_person("drivers", "administrator", user_id="admin-1", **where)

    def define(self, bay_id: str, **fields: Any) -> None:
        """Parking defines a bay."""
        base: dict[str, Any] = {
            "municipality_id": MUNICIPALITY, "zone_id": ZONE, "code": bay_id.upper(), "category": "disabled",
            "lon": -0.37, "lat": 39.47, "address": "Calle Mayor 1",
        }  # fmt: skip
        self.parking.tell(BayDefined(bay=Bay(bay_id=bay_id, **{**base, **fields})), bay_id)

    def change(self, bay_id: str, occupancy: str, previous: str, **fields: Any) -> None:
        """Parking tells that a bay changed now."""
        base: dict[str, Any] = {"public_occupancy": occupancy, "changed_at": self.clock()}
        data = BayChanged(bay_id=bay_id, zone_id=ZONE, code=bay_id.upper(), category="disabled", occupancy=occupancy,
                          previous_occupancy=previous, **{**base, **fields})  # type: ignore[arg-type]  # fmt: skip
        self.parking.tell(data, bay_id)

    def open_case(self, case_id: str, bay_id: str, stay_id: str | None = None) -> None:
        """Enforcement opens a case."""
        self.enforcement.tell(CaseOpened(
            case_id=case_id, bay_id=bay_id, stay_id=stay_id, zone_id=ZONE, category="disabled", reason="unverified",
            occupied_since=None, photo_task=False,
        ))  # fmt: skip

    def move_case(self, case_id: str, bay_id: str, state: str, *report_ids: str, outcome: str | None = None) -> None:
        """Enforcement moves a case."""
        data = CaseChanged(case_id=case_id, bay_id=bay_id, state=state, outcome=outcome, report_ids=report_ids)  # type: ignore[arg-type]
        self.enforcement.tell(data)

    def knows_limit(self, bay_id: str, minutes: int, **fields: Any) -> None:
        """Parking answers a bay with a longest stay."""
        self.parking.answers[f"/internal/v1/bays/{bay_id}"] = StaffBayView(
            bay_id=bay_id, code=bay_id.upper(), municipality_id=MUNICIPALITY, zone_id=ZONE, zone_name="Centro",
            category="disabled", lon=-0.37, lat=39.47, max_stay_min=minutes,
            **{"occupancy": "occupied", "changed_at": self.clock(), **fields},
        )  # fmt: skip

    async def settle(self) -> None:
        """Wait until everything told has had its effects."""
        for other in (self.parking, self.users, self.enforcement):
            await self._followed(other.name, len(other.events))

    async def _followed(self, source: str, head: int) -> None:
        database = self.running.system.services["drivers"].database
        assert database is not None
        for _ in range(500):
            if await database.read(lambda conn: journal.cursor(conn, source)) >= head:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"what {source} told was not followed")

    async def facts(self, *kinds: str) -> list[Any]:
        """What the service itself told, decoded, oldest first."""
        feed = self.running.system.services["drivers"].feed
        assert feed is not None
        return [event.decoded() for event in await feed.read(0) if event.kind in kinds]


@asynccontextmanager
async def drivers_town(data: Path, clock: HandClock | None = None, *, earlier: Town | None = None,
                       database_url: str | None = None) -> AsyncIterator[Town]:  # fmt: skip
    """The town with bays b1 and b2; `earlier` starts the service again on what an earlier one left."""
    town = earlier or Town(clock or HandClock(NOW))
    if earlier is None:
        town.users.tell(MunicipalityDefined(municipality=Municipality(
            municipality_id=MUNICIPALITY, name="Villa", slug="villa", time_zone="Europe/Madrid",
        )))  # fmt: skip
        town.define("b1")
        town.define("b2")
    async with running("drivers", data=data, clock=town.clock, remote=town.others, database_url=database_url) as up:
        town.running = up
        await town.settle()
        yield town


async def until(holds: Callable[[], Awaitable[bool]], tries: int = 300) -> None:
    """Ask again until the answer is true."""
    for _ in range(tries):
        if await holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not become true")


def slug(answer: httpx.Response) -> str:
    """The kind of a refusal."""
    return str(answer.json()["type"]).rsplit("/", 1)[-1]


def minutes(number: float) -> float:
    """As seconds."""
    return timedelta(minutes=number).total_seconds()
