"""A gateway in this process, with tiny stand-ins for the services at its edge; their journals are real."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
from litestar import Request, Response, get, post
from sqlalchemy import MetaData

from siga.contract.accounts import SessionAsk, SessionOpened, SessionToken
from siga.contract.auth import SERVICES, Claims, Grant, Principal
from siga.contract.base import Word
from siga.contract.parking import Ack, BayChanged, BayList, BayView, DeviceKey, PhotoTask, ReportBatch
from siga.contract.policy import Rule
from siga.contract.users import MatchKey, Municipality
from siga.engines.feed_local import LocalFeed
from siga.engines.sqlite import open_sqlite
from siga.kit.access import new_key
from siga.kit.auth import Keyring, make_keys
from siga.kit.clock import Clock, utc_now
from siga.kit.http import service_app
from siga.kit.journal import Fact, Journal
from siga.kit.live_settings import LiveSettings
from siga.kit.peers import Peers
from siga.kit.problem import Conflict, NotFound, Unauthenticated
from siga.kit.service import Context, Service
from siga.services.gateway.build import build

M = "0190c0de-0000-7000-8000-000000000001"
OTHER = "0190c0de-0000-7000-8000-000000000002"
HMAC_KEY = bytes(range(32))
MATCH_KEY = bytes(32)
BOX = "-1,39,0,40"
_ANYBODY = Rule(operation="of a stand-in", door="anyone")


class SessionOver(Unauthenticated):
    """This session has ended"""

    slug = "session-over"


class Replayed(Unauthenticated):
    """This nonce was spent before"""

    slug = "replayed"


@dataclass
class Standing:
    """What the stand-ins know and what they were asked."""

    journals: dict[str, tuple[Journal, Any]]
    clock: Clock
    bays: dict[str, BayView] = field(default_factory=dict)
    position: int = 0
    keys: dict[str, DeviceKey] = field(default_factory=dict)
    spent: set[tuple[str, int]] = field(default_factory=set)
    batches: list[ReportBatch] = field(default_factory=list)
    sessions: dict[str, Principal] = field(default_factory=dict)
    tasks: dict[tuple[str, str], PhotoTask] = field(default_factory=dict)
    photos: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, str, Claims, dict[str, str]]] = field(default_factory=list)
    key_questions: int = 0

    async def tell(self, source: str, data: Word, municipality_id: str = M) -> int:
        """Commit an event in a service's journal; its position."""
        journal, db = self.journals[source]
        now = self.clock()
        fact = Fact(data=data, municipality_id=municipality_id, subject_id="x", occurred_at=now)
        events = await db.write(lambda conn: journal.append(conn, [fact], now))
        return int(events[-1].position)

    async def change(self, bay: BayView, *, personal: bool = False) -> int:
        """Parking: a bay is now this."""
        if not personal:
            self.bays[bay.bay_id] = bay
        changed = BayChanged(
            bay_id=bay.bay_id, zone_id=bay.zone_id, code=bay.code, category=bay.category, occupancy="free",
            public_occupancy=bay.occupancy, personal=personal, view=None if personal else bay,
        )  # fmt: skip
        self.position = await self.tell("parking", changed)
        return self.position

    def note(self, service: str, request: Request[Any, Any, Any], caller: Claims) -> None:
        """Remember who asked what."""
        self.asked.append((service, f"{request.method} {request.url.path}", caller, dict(request.headers)))


def bay(bay_id: str, lon: float = -0.5, lat: float = 39.5, occupancy: str = "free") -> BayView:
    """A public bay inside BOX unless told otherwise."""
    return BayView(
        bay_id=bay_id, code=bay_id, municipality_id=M, zone_id="z1", zone_name="Centre", category="disabled",
        lon=lon, lat=lat, occupancy=occupancy,
    )  # type: ignore[arg-type]  # fmt: skip


def person(user_id: str, *roles: str, zone_ids: tuple[str, ...] = ()) -> Principal:
    """A person with these roles in M."""
    grants = tuple(Grant(role=role, municipality_id=M, zone_ids=zone_ids) for role in roles)  # type: ignore[arg-type]
    return Principal(user_id=user_id, session_id=f"s-{user_id}", grants=grants, csrf=f"csrf-{user_id}", language="es")


def _parking(known: Standing) -> Sequence[Any]:
    @get("/api/v1/bays")
    async def bays(request: Request[Any, Any, Any], caller: Claims, bbox: str, limit: int = 200,
                   cursor: str | None = None) -> BayList:  # fmt: skip
        """Bays in a box."""
        known.note("parking", request, caller)
        west, south, east, north = map(float, bbox.split(","))
        inside = sorted(
            (b for b in known.bays.values() if west <= b.lon <= east and south <= b.lat <= north),
            key=lambda b: b.bay_id,
        )
        page = [b for b in inside if b.bay_id > (cursor or "")]
        return BayList(bays=page[:limit], next=page[limit - 1].bay_id if len(page) > limit else None,
                       position=known.position)  # fmt: skip

    @get("/api/v1/bays/{bay_id:str}")
    async def one(bay_id: str) -> BayView:
        """One bay."""
        if bay_id not in known.bays:
            raise NotFound
        return known.bays[bay_id]

    @post("/api/v1/bays")
    async def make(request: Request[Any, Any, Any], caller: Claims) -> dict[str, int]:
        """A body of any kind."""
        known.note("parking", request, caller)
        return {"bytes": len(await request.body())}

    @get("/internal/v1/devices/{device_id:str}/key", include_in_schema=False)
    async def key(device_id: str) -> DeviceKey:
        known.key_questions += 1
        if device_id not in known.keys:
            raise NotFound
        return known.keys[device_id]

    @get("/internal/v1/bays/{bay_id:str}", include_in_schema=False)
    async def any_bay(bay_id: str) -> BayView:
        if bay_id not in known.bays:
            raise NotFound
        return known.bays[bay_id]

    def spend(device_id: str, nonce: int) -> None:
        if (device_id, nonce) in known.spent:
            raise Replayed("Sign again with a new nonce.")
        known.spent.add((device_id, nonce))

    @post("/internal/v1/nonces", include_in_schema=False)
    async def nonces(data: dict[str, Any]) -> None:
        spend(data["device_id"], data["nonce"])

    @post("/internal/v1/hello", include_in_schema=False, status_code=200)
    async def hello(data: dict[str, Any]) -> dict[str, Any]:
        spend(data["device_id"], data["nonce"])
        return {"epoch": 7, "server_time": "2026-11-22T09:00:00Z", "period_s": 60, "bay_ids": ["b1"]}

    @post("/internal/v1/enrol", include_in_schema=False, status_code=200)
    async def enrol(data: dict[str, Any]) -> dict[str, Any]:
        if data.get("code") != "GOOD-CODE":
            raise Conflict("The code was used.")
        return {"device_id": "NEW", "key_kind": "hmac", "key": base64.b64encode(HMAC_KEY).decode(), "period_s": 60}

    @post("/internal/v1/reports", include_in_schema=False, status_code=200)
    async def reports(data: ReportBatch) -> list[Ack]:
        spend(data.device_id, data.nonce)
        known.batches.append(data)
        task = PhotoTask(case_id="c1", bay_id="b1", until=known.clock())
        return [
            Ack(status="applied", bay_id="b1", occupancy="occupied", detail=str(one.sequence),
                photo_wanted=task if one.sequence == 99 else None)
            for one in data.reports
        ]  # fmt: skip

    return [bays, one, make, key, any_bay, nonces, hello, enrol, reports]


def _users(known: Standing) -> Sequence[Any]:
    @post("/internal/v1/sessions", include_in_schema=False)
    async def open_session(data: SessionAsk) -> SessionOpened:
        principal = next((p for p in known.sessions.values() if f"{p.user_id}@x" == data.email), None)
        if principal is None or data.password != "right":
            raise Unauthenticated("Check both and try again.")
        token = next(token for token, p in known.sessions.items() if p == principal)
        return SessionOpened(token=token, principal=principal, ends_at=known.clock(), idle_s=900)

    @post("/internal/v1/sessions/resolve", include_in_schema=False, status_code=200)
    async def resolve(data: SessionToken) -> Principal:
        if data.token not in known.sessions:
            raise SessionOver("Sign in again.")
        return known.sessions[data.token]

    @post("/internal/v1/sessions/end", include_in_schema=False, status_code=204)
    async def end(data: SessionToken) -> None:
        known.sessions.pop(data.token, None)

    @get("/internal/v1/match-keys/{municipality_id:str}", include_in_schema=False)
    async def match_key(municipality_id: str) -> MatchKey:
        return MatchKey(municipality_id=municipality_id, key=base64.b64encode(MATCH_KEY).decode())

    @get("/internal/v1/municipalities", include_in_schema=False)
    async def municipalities() -> list[Municipality]:
        return [Municipality(municipality_id=M, name="Elx", slug="elx", country="ES")]

    @get("/api/v1/users")
    async def people(request: Request[Any, Any, Any], caller: Claims) -> Response[str]:
        """Who asks."""
        known.note("users", request, caller)
        return Response(caller.sub, headers={"set-cookie": "evil=1"})

    @post("/api/v1/auth/token")
    async def token(request: Request[Any, Any, Any], caller: Claims) -> dict[str, str]:
        """Tokens."""
        known.note("users", request, caller)
        return {"sub": caller.sub}

    return [open_session, resolve, end, match_key, municipalities, people, token]


def _enforcement(known: Standing) -> Sequence[Any]:
    @get("/internal/v1/tasks", include_in_schema=False)
    async def tasks(device_id: str, wait_s: float = 0.0) -> dict[str, list[PhotoTask]]:
        return {"tasks": [task for (device, _), task in known.tasks.items() if device == device_id]}

    @get("/internal/v1/tasks/{case_id:str}", include_in_schema=False)
    async def task(case_id: str, device_id: str) -> PhotoTask:
        if (device_id, case_id) not in known.tasks:
            raise NotFound("This camera has no such task.")
        return known.tasks[device_id, case_id]

    return [tasks, task]


def _images(known: Standing) -> Sequence[Any]:
    @post("/internal/v1/photos", include_in_schema=False)
    async def photos(request: Request[Any, Any, Any]) -> dict[str, str]:
        known.photos.append((dict(request.query_params), await request.body()))
        return {"photo_id": "p1", "sha256": "0"}

    return [photos]


_STAND_INS: dict[str, Callable[[Standing], Sequence[Any]]] = {
    "parking": _parking, "users": _users, "enforcement": _enforcement, "images": _images,
}  # fmt: skip


@dataclass
class World:
    """The gateway, what stands around it, and a client of each door."""

    service: Service
    known: Standing
    settings: LiveSettings
    keys: Keyring
    users_door: httpx.AsyncClient
    sensors_door: httpx.AsyncClient
    apps: dict[str, Any]

    def device(self, device_id: str = "S1", **changes: Any) -> Device:
        """A device that Parking knows, with a key."""
        fields: dict[str, Any] = {
            "device_id": device_id, "municipality_id": M, "kind": "bay_sensor", "key_kind": "hmac",
            "key": base64.b64encode(HMAC_KEY).decode(), "has_clock": True, **changes,
        }  # fmt: skip
        self.known.keys[device_id] = DeviceKey(**fields)
        return Device(self, device_id)


@dataclass
class Device:
    """Signs and sends as a device does."""

    world: World
    device_id: str
    nonce: int = 0
    key: bytes = HMAC_KEY

    async def send(
        self,
        method: str,
        path: str,
        body: Any = b"",
        *,
        created: int | None = None,
        nonce: int | None = None,
        query: str = "",
        signed_body: bytes | None = None,
    ) -> httpx.Response:
        """One signed request."""
        self.nonce += 1
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        made = int(time.time()) if created is None else created
        number = self.nonce if nonce is None else nonce
        digest = hashlib.sha256(content if signed_body is None else signed_body).hexdigest()
        text = "\n".join(["SIGA1", method, path, query, self.device_id, str(made), str(number), digest])
        seal = base64.b64encode(hmac.new(self.key, text.encode(), hashlib.sha256).digest()).decode()
        header = f'SIGA-HMAC device="{self.device_id}", created="{made}", nonce="{number}", signature="{seal}"'
        url = f"{path}?{query}" if query else path
        return await self.world.sensors_door.request(method, url, content=content, headers={"authorization": header})

    async def report(self, *reports: dict[str, Any], **more: Any) -> httpx.Response:
        """Send an array of reports."""
        return await self.send("POST", "/sensors/v1/reports", list(reports), **more)


def report(sequence: int = 1, **changes: Any) -> dict[str, Any]:
    """A report of S1."""
    return {"device_id": "S1", "epoch": 1, "sequence": sequence, "occupied": True, **changes}


@asynccontextmanager
async def world(data: Path, *, clock: Clock = utc_now, without: tuple[str, ...] = (), client: str = "127.0.0.1",
                **options: Any) -> AsyncIterator[World]:  # fmt: skip
    """A running gateway; `without` names services that do not answer."""
    make_keys(data / "keys", SERVICES)
    keys = Keyring.open(data / "keys", SERVICES)
    keys.access.sign_with(new_key("k1"))
    journals: dict[str, tuple[Journal, Any]] = {}
    feeds: dict[str, LocalFeed] = {}
    for name in ("parking", "users", "enforcement"):
        metadata = MetaData()
        journal = Journal(name, metadata)
        db = open_sqlite(data / name / f"{name}.db", metadata)
        journals[name], feeds[name] = (journal, db), LocalFeed(journal, db)
    known = Standing(journals, clock)
    apps = {
        name: service_app(name, make(known), keys=keys, rules=lambda *_: _ANYBODY)
        for name, make in _STAND_INS.items()
        if name not in without
    }
    settings = LiveSettings()
    (data / "gateway").mkdir(parents=True, exist_ok=True)
    peers = Peers("gateway", keys, {**apps, **dict.fromkeys(without, _nobody)})
    ctx = Context(
        name="gateway", process="p", data=data / "gateway", keys=keys, peers=peers, settings=settings,
        database=_no_store, feed=lambda source: feeds[source], local_feed=LocalFeed, images=_no_store,
        apps={**apps, **dict.fromkeys(without, _nobody)}, clock=clock, options={"loopback": True, **options},
    )  # fmt: skip
    service = await build(ctx)
    tasks = [asyncio.create_task(work()) for work in service.background]
    while not service.ready():  # noqa: ASYNC110 (there is nothing to wait on)
        await asyncio.sleep(0.005)
    try:
        transports = [httpx.ASGITransport(app, client=(client, 1)) for app in (service.app, service.extra["sensors"])]
        async with (
            httpx.AsyncClient(transport=transports[0], base_url="http://siga.test") as users_door,
            httpx.AsyncClient(transport=transports[1], base_url="http://siga.test") as sensors_door,
        ):
            yield World(service, known, settings, keys, users_door, sensors_door, apps)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await peers.close()
        for _, db in journals.values():
            await db.close()


async def _nobody(scope: Any, receive: Any, send: Any) -> None:
    raise httpx.ConnectError("nobody listens there")


def _no_store(*_: Any) -> Any:
    raise AssertionError("the gateway keeps nothing")


class Stream:
    """A live client: reads server-sent events from the app directly, as slowly as it likes."""

    def __init__(self, app: Any, query: str, headers: dict[str, str] | None = None) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self._app, self._query = app, query
        self._sent = [(key.lower().encode(), value.encode()) for key, value in (headers or {}).items()]
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._left = asyncio.Event()
        self._rest = ""
        self.reads = asyncio.Event()
        self.reads.set()
        self.last_id: str | None = None

    async def __aenter__(self) -> Stream:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": "/api/v1/live", "raw_path": b"/api/v1/live", "query_string": self._query.encode(),
            "headers": [(b"host", b"siga.test"), *self._sent], "client": ("127.0.0.1", 1), "server": ("x", 1),
        }  # fmt: skip
        self._task = asyncio.create_task(self._run(scope))
        return self

    async def _run(self, scope: Any) -> None:
        first = True

        async def receive() -> dict[str, Any]:
            nonlocal first
            if first:
                first = False
                return {"type": "http.request", "body": b"", "more_body": False}
            await self._left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            await self.reads.wait()
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = {key.decode(): value.decode() for key, value in message["headers"]}
            else:
                await self._chunks.put(bytes(message.get("body", b"")))
                if not message.get("more_body", False):
                    await self._chunks.put(None)

        try:
            await self._app(scope, receive, send)
        finally:
            await self._chunks.put(None)

    async def __aexit__(self, *_: Any) -> None:
        self._left.set()
        self.reads.set()
        await asyncio.wait_for(asyncio.gather(self._task, return_exceptions=True), 5)

    async def next(self, limit_s: float = 3.0) -> tuple[str, Any]:
        """The next event: its name and data; (`end`, None) when the stream is over."""
        while "\n\n" not in self._rest:
            chunk = await asyncio.wait_for(self._chunks.get(), limit_s)
            if chunk is None:
                return "end", self._rest
            self._rest += chunk.decode()
        block, self._rest = self._rest.split("\n\n", 1)
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if "event" not in fields:
            return await self.next(limit_s)
        self.last_id = fields.get("id", self.last_id)
        return fields["event"], msgspec.json.decode(fields["data"])
