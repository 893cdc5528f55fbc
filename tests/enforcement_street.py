"""A street for tests of Enforcement: the running service, and stand-ins for its neighbours at the HTTP edge alone."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
from litestar import Request, Response, get, post

from siga.contract.auth import SERVICES, Claims
from siga.contract.base import Word
from siga.contract.cases import CaseView
from siga.contract.drivers import Declaration, MisuseReported, ReportNote
from siga.contract.enforcement import PhotoHold, PhotoKept, PhotoReading, PhotoStored, PlateCandidate, PlateRead
from siga.contract.events import Event, EventPage
from siga.contract.parking import BayChanged, StaffBayView, StaySuspected
from siga.contract.users import AccreditationBrief, CredentialAnswer, CredentialQuestion, Municipality
from siga.kit.auth import Keyring, make_keys
from siga.kit.clock import HandClock
from siga.kit.http import service_app
from siga.kit.problem import NotFound, Unavailable
from support import MUNICIPALITY, Caller, Running, running

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ZONE = "zone-1"


class Journal:
    """A neighbour's journal in memory."""

    def __init__(self, source: str, clock: HandClock) -> None:
        self.source, self._clock = source, clock
        self.events: list[Event] = []
        self._news = asyncio.Event()

    def tell(self, data: Word, municipality_id: str = MUNICIPALITY) -> None:
        """Something happened there."""
        place = len(self.events) + 1
        self.events.append(
            Event(
                event_id=f"{self.source}-{place}", kind=type(data).__name__, source=self.source, position=place,
                municipality_id=municipality_id, subject_id="subject", occurred_at=self._clock(),
                recorded_at=self._clock(), data=msgspec.Raw(msgspec.json.encode(data)),
            )
        )  # fmt: skip
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def read(self, after: int, limit: int = 500, wait_s: float = 0.0) -> Sequence[Event]:
        """As every feed."""
        news = self._news
        if not self.events[after:] and wait_s:
            try:
                await asyncio.wait_for(news.wait(), wait_s)
            except TimeoutError:
                return []
        return self.events[after : after + limit]

    async def head(self) -> int:
        """As every feed."""
        return len(self.events)


class Street:
    """Enforcement between Parking, Images, Users and Drivers, whose answers the test sets."""

    def __init__(self, keys: Keyring, clock: HandClock) -> None:
        self.clock = clock
        self.parking, self.images = Journal("parking", clock), Journal("images", clock)
        self.drivers = Journal("drivers", clock)
        self.bays: dict[str, StaffBayView] = {}
        self.readings: dict[str, PhotoReading] = {}
        self.accredited: dict[str, AccreditationBrief] = {}
        self.notes: dict[str, ReportNote] = {}
        self.declarations: dict[str, Declaration] = {}
        self.holds: dict[str, datetime | None] = {}
        self.uploads: list[tuple[dict[str, str], bytes]] = []
        self.asked: list[CredentialQuestion] = []
        self.away: set[str] = set()
        self.running: Running
        self._numbers = itertools.count(1)
        self.apps = {
            "parking": service_app("parking", self._parking(), keys=keys, feed=self.parking),
            "images": service_app("images", self._images(), keys=keys, feed=self.images),
            "drivers": service_app("drivers", self._drivers(), keys=keys, feed=self.drivers),
            "users": service_app("users", self._users(), keys=keys),
        }

    def _here(self, name: str) -> None:
        if name in self.away:
            raise Unavailable(f"{name} is away")

    def _parking(self) -> list[Any]:
        @get("/internal/v1/bays/{bay_id:str}")
        async def bay(caller: Claims, bay_id: str) -> StaffBayView:
            self._here("parking")
            if bay_id not in self.bays:
                raise NotFound("no such bay")
            return self.bays[bay_id]

        return [bay]

    def _users(self) -> list[Any]:
        @post("/internal/v1/credentials/lookup", status_code=200)
        async def lookup(caller: Claims, data: CredentialQuestion) -> CredentialAnswer:
            self._here("users")
            self.asked.append(data)
            for index, value in enumerate(data.values):
                if value in self.accredited:
                    return CredentialAnswer(
                        index=index, credential="hmac", accreditation=self.accredited[value], valid=True, reason="valid"
                    )
            return CredentialAnswer()

        @get("/internal/v1/municipalities")
        async def municipalities(caller: Claims) -> list[Municipality]:
            return [Municipality(municipality_id=MUNICIPALITY, name="Vila", slug="vila", country="PT")]

        return [lookup, municipalities]

    def _images(self) -> list[Any]:
        @get("/internal/v1/photos/{photo_id:str}/reading")
        async def reading(caller: Claims, photo_id: str) -> PhotoReading:
            self._here("images")
            return self.readings[photo_id]

        @get("/internal/v1/photos/{photo_id:str}")
        async def photo(caller: Claims, photo_id: str) -> Response[bytes]:
            return Response(b"jpeg of " + photo_id.encode(), media_type="image/jpeg")

        @post("/internal/v1/photos/{photo_id:str}/hold", status_code=204)
        async def hold(caller: Claims, photo_id: str, data: PhotoHold) -> None:
            self._here("images")
            self.holds[photo_id] = data.until

        @post("/internal/v1/photos")
        async def keep(request: Request[Any, Any, Any], caller: Claims) -> PhotoKept:
            self.uploads.append((dict(request.query_params), await request.body()))
            return PhotoKept(photo_id="photo-uploaded", sha256="0" * 64)

        return [reading, photo, hold, keep]

    def _drivers(self) -> list[Any]:
        @get("/internal/v1/reports/{report_id:str}")
        async def note(caller: Claims, report_id: str) -> ReportNote:
            self._here("drivers")
            if report_id not in self.notes:
                raise NotFound("no such report")
            return self.notes[report_id]

        @get("/internal/v1/cases/{case_id:str}/declaration")
        async def declaration(caller: Claims, case_id: str) -> Declaration:
            self._here("drivers")
            if case_id not in self.declarations:
                raise NotFound("nothing declared")
            return self.declarations[case_id]

        return [note, declaration]

    # --- what happens ------------------------------------------------------------------------------------------------

    def suspect(self, stay_id: str = "stay-1", bay_id: str = "b1", *, municipality_id: str = MUNICIPALITY,
                **values: Any) -> None:  # fmt: skip
        """A stay's grace is over."""
        told: dict[str, Any] = {
            "stay_id": stay_id, "bay_id": bay_id, "zone_id": ZONE, "code": bay_id.upper(), "category": "disabled",
            "reason": "unverified", "authorisation": "unverified", "mode": "enforcing", "occupied_since": self.clock(),
            "evidence": {"sensor": True, "identify": "card", "card": "none", "check_in": None, "plate": None},
            "lon": -0.37, "lat": 39.47, "address": "Calle Mayor 1",
        }  # fmt: skip
        self.parking.tell(StaySuspected(**{**told, **values}), municipality_id)

    def change(self, bay_id: str = "b1", **values: Any) -> None:
        """A bay's live state is now this."""
        told: dict[str, Any] = {
            "bay_id": bay_id, "zone_id": ZONE, "code": bay_id.upper(), "category": "disabled", "occupancy": "occupied",
            "public_occupancy": "occupied", "previous_occupancy": "occupied", "stay_id": "stay-1",
            "authorisation": "unverified", "changed_at": self.clock(),
        }  # fmt: skip
        self.parking.tell(BayChanged(**{**told, **values}))

    def free(self, bay_id: str = "b1", stay_id: str = "stay-1") -> None:
        """The vehicle left."""
        self.change(bay_id, occupancy="free", public_occupancy="free", stay_id=None, ended_stay_id=stay_id,
                    authorisation=None)  # fmt: skip

    def photo(self, about_id: str, *plates: tuple[str, float], reason: str | None = None, read: bool = True) -> str:
        """A photo is kept and, if `read`, its plates were read."""
        photo_id = f"photo-{next(self._numbers)}"
        self.readings[photo_id] = PhotoReading(
            photo_id=photo_id, case_id=about_id, done=read, reason=reason, sha256="a" * 64, taken_at=self.clock(),
            plates=[PlateCandidate(plate=plate, confidence=confidence) for plate, confidence in plates],
        )  # fmt: skip
        self.images.tell(PhotoStored(photo_id=photo_id, case_id=about_id, bay_id="b1", sha256="a" * 64, bytes=9))
        if read:
            self.images.tell(PlateRead(photo_id=photo_id, case_id=about_id, candidates=len(plates), reason=reason))
        return photo_id

    def accredit(self, plate: str, category: str = "disabled") -> None:
        """A plate belongs to a valid accreditation."""
        self.accredited[plate] = AccreditationBrief(
            accreditation_id="acc-1", municipality_id=MUNICIPALITY, category=category, valid_from=date(2026, 1, 1),  # type: ignore[arg-type]
            valid_to=date(2027, 1, 1), status="valid",
        )  # fmt: skip

    def report(self, report_id: str = "report-1", bay_id: str = "b1") -> None:
        """A driver reports misuse."""
        self.drivers.tell(MisuseReported(report_id=report_id, bay_id=bay_id, at=self.clock()))

    def bay(self, bay_id: str = "b1", **values: Any) -> None:
        """Parking knows this bay."""
        known: dict[str, Any] = {
            "bay_id": bay_id, "code": bay_id.upper(), "municipality_id": MUNICIPALITY, "zone_id": ZONE,
            "zone_name": "Centre", "category": "disabled", "lon": -0.37, "lat": 39.47, "occupancy": "occupied",
            "stay_id": "stay-1", "authorisation": "unverified", "zone_mode": "enforcing",
        }  # fmt: skip
        self.bays[bay_id] = StaffBayView(**{**known, **values})

    # --- what is seen ------------------------------------------------------------------------------------------------

    def officer(self, user_id: str = "ana", **values: Any) -> Caller:
        """A police officer."""
        return self.running.as_person("enforcement", "police", user_id=user_id, **values)

    async def cases(self, state: str = "open", caller: Caller | None = None, **values: Any) -> list[CaseView]:
        """The queue."""
        answer = await (caller or self.officer()).get("/api/v1/cases", state=state, **values)
        assert answer.status_code == 200, answer.text
        return msgspec.convert(answer.json()["cases"], list[CaseView])

    async def case(self, state: str = "open") -> CaseView:
        """The only case in that state, as soon as there is one."""
        found: list[CaseView] = []

        async def there() -> bool:
            found[:] = await self.cases(state)
            return len(found) == 1

        await until(there)
        return found[0]

    async def one(self, case_id: str, caller: Caller | None = None) -> CaseView:
        """One case with its steps."""
        answer = await (caller or self.officer()).get(f"/api/v1/cases/{case_id}")
        assert answer.status_code == 200, answer.text
        return msgspec.convert(answer.json(), CaseView)

    async def act(self, what: str, case: CaseView, caller: Caller | None = None, **body: Any) -> httpx.Response:
        """One act of an officer upon the version of the case that he saw."""
        path = f"/api/v1/cases/{case.case_id}/{what}"
        return await (caller or self.officer()).post(path, {"version": case.version, **body})

    async def done(self, what: str, case: CaseView, caller: Caller | None = None, **body: Any) -> CaseView:
        """As `act`, and it is done."""
        answer = await self.act(what, case, caller, **body)
        assert answer.status_code == 200, answer.text
        return msgspec.convert(answer.json(), CaseView)

    async def facts(self, *kinds: str) -> list[Any]:
        """What Enforcement told."""
        answer = await self.running.as_service("enforcement", "drivers").get("/internal/v1/events", after=0)
        page = msgspec.json.decode(answer.content, type=EventPage)
        return [event.decoded() for event in page.events if event.kind in kinds]

    async def heard(self) -> None:
        """Enforcement has heard everything that was told so far."""
        database = self.running.system.services["enforcement"].database
        assert database is not None
        from siga.services.enforcement.tables import journal as own

        async def level() -> bool:
            for feed in (self.parking, self.images, self.drivers):
                if await database.read(lambda conn, s=feed.source: own.cursor(conn, s)) < len(feed.events):  # type: ignore[misc]
                    return False
            return True

        await until(level)


async def until(true: Callable[[], Any], limit_s: float = 5.0) -> None:
    """Look again until it is true."""
    end = asyncio.get_running_loop().time() + limit_s
    while not await true():
        assert asyncio.get_running_loop().time() < end, "it did not come true in time"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def street(data: Path, *, known: Street | None = None, database_url: str | None = None) -> AsyncIterator[Street]:
    """Enforcement on a street; with `known` it comes back to one it knew, after a restart."""
    make_keys(data / "keys", SERVICES)
    here = known or Street(Keyring.open(data / "keys", SERVICES), HandClock(NOW))
    async with running(
        "enforcement", data=data, clock=here.clock, remote=here.apps, database_url=database_url
    ) as system:
        here.running = system
        yield here


def soon(seconds: float) -> datetime:
    """An instant after the street's beginning."""
    return NOW + timedelta(seconds=seconds)
