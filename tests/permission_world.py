"""A whole SIGA in this process with two real towns full of things, and callers of every role: who may do what?"""

from __future__ import annotations

import asyncio
import io
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlencode

import msgspec
from PIL import Image

from lorawan_street import chirpstack_up
from siga.contract.auth import Grant, Principal
from siga.system import BUILD_ORDER
from support import Running, running

T = TypeVar("T")
PASS = "a long enough pass phrase 7"
_LIMIT_S = 20.0
TOWNS = ("Alba", "Brezo")


@dataclass(frozen=True)
class Answer:
    """What came back; `streams`: it was a stream, which was left at once."""

    status: int
    headers: dict[str, str]
    body: bytes
    streams: bool = False

    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)

    @property
    def slug(self) -> str:
        """Which problem it is, empty when it is none."""
        if "problem" not in self.headers.get("content-type", ""):
            return ""
        return str(self.json()["type"]).rsplit("/", 1)[-1]


class Door:
    """One door of a running SIGA, spoken to as an ASGI server does, from this very machine."""

    def __init__(self, app: Any, client: str = "127.0.0.1", scheme: str = "http") -> None:
        self._app, self.client, self._scheme = app, client, scheme

    async def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, query: Any = None,
        headers: Mapping[str, str] | None = None, content: bytes = b"",
    ) -> Answer:  # fmt: skip
        """One request; `body` goes as JSON, `path` as it would be typed. Streams are left when they have begun."""
        sent = dict(headers or {})
        if body is not None:
            content = msgspec.json.encode(body)
            sent.setdefault("content-type", "application/json")
        told = query if isinstance(query, str) else urlencode(query or {}, doseq=True)
        return await self.raw(method, quote(path, safe="/%:@!$&'()*+,;=~.-_"), told, sent, content, token)

    async def raw(
        self, method: str, target: str, query: str, headers: Mapping[str, str], content: bytes, token: str | None
    ) -> Answer:
        """One request, its path and query as they stand on the wire."""
        send_headers = {"host": "127.0.0.1", **{k.lower(): v for k, v in headers.items()}}
        if token is not None:
            send_headers["authorization"] = f"Bearer {token}"
        if content and "transfer-encoding" not in send_headers:
            send_headers.setdefault("content-length", str(len(content)))
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": self._scheme,
            "path": unquote(target), "raw_path": target.encode(), "root_path": "", "query_string": query.encode(),
            "headers": [(k.encode("latin-1"), v.encode("utf-8")) for k, v in send_headers.items()],
            "client": (self.client, 4000), "server": ("127.0.0.1", 8080), "state": {}, "extensions": {},
        }  # fmt: skip
        return await asyncio.wait_for(_exchange(self._app, scope, content), _LIMIT_S)


async def _exchange(app: Any, scope: dict[str, Any], content: bytes) -> Answer:
    parts: list[bytes] = []
    head: dict[str, Any] = {}
    began, sent = asyncio.Event(), False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()
        sent = True
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            head.update(message)
            if any(bytes(k).lower() == b"content-type" and b"event-stream" in v for k, v in message["headers"]):
                began.set()
        else:
            parts.append(message.get("body", b""))

    work, stream = asyncio.create_task(app(scope, receive, send)), asyncio.create_task(began.wait())
    await asyncio.wait({work, stream}, return_when=asyncio.FIRST_COMPLETED)
    stream.cancel()
    if began.is_set() and not work.done():
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    else:
        await work
    headers = {bytes(k).decode("latin-1").lower(): bytes(v).decode("latin-1") for k, v in head["headers"]}
    return Answer(int(head["status"]), headers, b"".join(parts), streams=began.is_set())


@dataclass
class Town:
    """A town's things by the names that paths and bodies use; `secret` = words by kind that few roles may be told."""

    name: str
    municipality_id: str = ""
    zones: list[str] = field(default_factory=list)
    things: dict[str, Any] = field(default_factory=dict)
    by_zone: list[dict[str, str]] = field(default_factory=lambda: [{}, {}])
    secret: dict[str, str] = field(default_factory=dict)


class World:
    """The running system, its towns, and tokens for anybody."""

    def __init__(self, system: Running) -> None:
        self.system = system
        gateway = system.system.services["gateway"]
        self.users, self.sensors = Door(gateway.app), Door(gateway.extra["sensors"])
        self.towns: list[Town] = []
        self.driver_id = self.operator_of_all = ""
        self._numbers = itertools.count(1)

    def token(self, role: str, town: Town | None = None, *, zone_ids: tuple[str, ...] = (), user_id: str = "",
              confirmed: bool = True, lives_s: int = 300) -> str:  # fmt: skip
        """An access token as Users would sign it: real, of somebody with this one role."""
        municipality_id = "" if role in ("platform", "driver") or town is None else town.municipality_id
        grant = Grant(role=role, municipality_id=municipality_id, zone_ids=zone_ids)  # type: ignore[arg-type]
        principal = Principal(
            user_id=user_id or f"{role}-{town.name if town else 'all'}", session_id=f"s-{next(self._numbers)}",
            grants=(grant,), confirmed_at=datetime.now(UTC) if confirmed else None,
        )  # fmt: skip
        return self.system.system.keys.access_token(principal, lives_s)

    async def must(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """A request that has to be done; its answer decoded."""
        answer = await self.users.ask(method, path, body, **more)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.body[:400]!r}"
        return answer.json() if answer.body and "json" in answer.headers.get("content-type", "") else None

    async def until(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """As `must`, but what another service has to hear of first may take some seconds."""
        for _ in range(200):
            answer = await self.users.ask(method, path, body, **more)
            if answer.status < 300:
                return answer.json()
            await asyncio.sleep(0.05)
        raise AssertionError(f"{method} {path}: {answer.status} {answer.body[:400]!r}")

    async def found(self) -> None:
        """Both towns, by the first-run code and by the platform."""
        code = self.system.system.services["users"].extra["setup_code"]
        first = {"name": TOWNS[0], "lon": -3.70, "lat": 40.41, "contact": "010"}
        made = await self.must(
            "POST", "/api/v1/auth/setup",
            {"code": code, "email": "first@alba.example", "name": "Primera", "password": PASS, "municipality": first},
        )  # fmt: skip
        second = {"municipality": {"name": TOWNS[1], "lon": -0.37, "lat": 39.47, "contact": "010"},
                  "administrator": {"email": "first@brezo.example", "name": "Segunda"}}  # fmt: skip
        other = await self.must("POST", "/api/v1/municipalities", second, token=self.token("platform"))
        self.towns = [
            Town(TOWNS[0], made["municipality"]["municipality_id"]),
            Town(TOWNS[1], other["municipality"]["municipality_id"]),
        ]
        driver = {"email": "driver@road.example", "password": PASS, "name": "Conductora"}
        self.driver_id = (await self.must("POST", "/api/v1/auth/register", driver))["user_id"]
        key = "gateway.requests_per_ip_min"
        await self.must("PUT", f"/api/v1/config/settings/{key}", {"value": 1_000_000}, token=self.token("platform"))
        for number, town in enumerate(self.towns):
            await self._fill(number, town)

    async def _fill(self, number: int, town: Town) -> None:
        await self._map(number, town)
        await self._people(town)
        await self._accreditation(number, town)
        await self._lorawan(number, town)
        await self._from_drivers(town)
        await self._cases(number, town)
        await self._settings(town)

    async def _map(self, number: int, town: Town) -> None:
        admin, home = self.token("administrator", town), town.municipality_id
        lon, lat = ((-3.70, 40.41), (-0.37, 39.47))[number]
        for zone in range(2):
            made = await self.until(
                "POST", "/api/v1/zones", {"municipality_id": home, "name": f"Zona {zone}", "mode": "enforcing"},
                token=admin,
            )  # fmt: skip
            town.zones.append(made["zone_id"])
            bay = await self.must(
                "POST", "/api/v1/bays",
                {"zone_id": made["zone_id"], "code": f"{town.name[0]}{zone}", "category": "disabled",
                 "lon": lon + zone * 0.001, "lat": lat, "life": "in_service",
                 "identify": ["card", "camera", "check_in"]}, token=admin,
            )  # fmt: skip
            device = await self.must(
                "POST", "/api/v1/devices",
                {"municipality_id": home, "kind": "bay_sensor", "bay_ids": [bay["bay_id"]]}, token=admin,
            )  # fmt: skip
            town.by_zone[zone] = {
                "zone_id": made["zone_id"], "bay_id": bay["bay_id"], "device_id": device["device"]["device_id"],
                "enrol_code": device["code"],
            }  # fmt: skip
        rule = await self.must("POST", "/api/v1/rules", {"municipality_id": home, "max_stay_min": 120}, token=admin)
        spare = await self.must("POST", "/api/v1/bays", {
            "zone_id": town.zones[1], "code": f"{town.name[0]}9", "category": "disabled", "lon": lon, "lat": lat + 0.01,
            "life": "in_service",
        }, token=admin)  # fmt: skip
        town.things |= {"rule_id": rule["rule_id"], "municipality_id": home, "municipality": home,
                        "spare_bay_id": spare["bay_id"], "lon": lon, "lat": lat}  # fmt: skip

    async def _people(self, town: Town) -> None:
        admin, home = self.token("administrator", town), town.municipality_id
        name, email = f"Olegario{town.name}", f"olegario.{town.name.lower()}@staff.example"
        invited = await self.must("POST", "/api/v1/users", {
            "email": email, "name": name, "grants": [{"role": "police", "municipality_id": home}],
        }, token=admin)  # fmt: skip
        town.secret |= {"names and e-mail addresses of staff": name, "e-mail": email}
        town.things |= {"user_id": invited["person"]["user_id"], "role": "police"}

    async def _accreditation(self, number: int, town: Town) -> None:
        admin, home = self.token("administrator", town), town.municipality_id
        holder, plate = f"Titularia{town.name} Gil", ("4821KLM", "7390PQR")[number]
        given = await self.must("POST", "/api/v1/accreditations", {
            "municipality_id": home, "category": "disabled", "issuer": town.name, "number": f"N-{town.name}-77",
            "holder": holder, "valid_from": "2026-01-01", "valid_to": "2031-12-31",
            "cards": [{"uid": ("04A1B2C3D4E5F6", "04F6E5D4C3B2A1")[number]}], "plates": [{"plate": plate}],
        }, token=admin)  # fmt: skip
        it = given["accreditation"]
        personal = await self.must("POST", "/api/v1/bays", {
            "zone_id": town.zones[1], "code": f"{town.name[0]}P", "category": "disabled", "lon": town.things["lon"],
            "lat": town.things["lat"] + 0.002, "life": "in_service",
            "personal_accreditation_id": it["accreditation_id"],
        }, token=admin)  # fmt: skip
        town.secret |= {
            "the holder of an accreditation": holder.split()[0],
            "numbers of cards and plates of an accreditation": plate,
            "codes by which an accreditation is claimed": given["claim_code"], "personal bay": personal["bay_id"],
        }  # fmt: skip
        town.things |= {"accreditation_id": it["accreditation_id"], "personal_bay_id": personal["bay_id"],
                        "credential_id": it["cards"][0]["credential_id"], "code": f"{town.name[0]}0"}  # fmt: skip

    async def _lorawan(self, number: int, town: Town) -> None:
        admin, home = self.token("administrator", town), town.municipality_id
        made = await self.must("POST", "/api/v1/devices/integrations", {
            "municipality_id": home, "kind": "chirpstack", "name": "Red",
        }, token=admin)  # fmt: skip
        secret = made["secret"]
        town.secret["keys and codes of devices and network servers"] = secret
        town.things["integration_id"] = made["integration"]["integration_id"]
        uplink = chirpstack_up(3, "0100", datetime.now(UTC), eui=f"70b3d57e0516000{number}")
        heard = await self.sensors.ask(
            "POST", "/sensors/v1/lns/chirpstack", uplink, token=secret, query={"event": "up"}
        )
        assert heard.status == 200, heard.body
        claims = await self.must("GET", "/api/v1/devices/claims", token=admin)
        town.things["claim_id"] = claims["claims"][0]["claim_id"]

    async def _from_drivers(self, town: Town) -> None:
        note = f"Secretonota{town.name}"
        bay_id = town.by_zone[0]["bay_id"]
        sent = await self.until("POST", "/api/v1/reports", {
            "bay_id": bay_id, "kind": "problem", "problem": "paint", "note": note,
        }, token=self.token("driver", user_id=self.driver_id))  # fmt: skip
        town.secret["what passers-by wrote to the administration"] = note
        town.things |= {"report_id": sent["report_id"], "follow_code": sent["follow_code"]}

    async def _cases(self, number: int, town: Town) -> None:
        police = self.token("police", town)
        for zone in range(2):
            case = await self.until(
                "POST", "/api/v1/cases", {"bay_id": town.by_zone[zone]["bay_id"], "note": f"Notapoli{town.name}"},
                token=police,
            )  # fmt: skip
            case_id = case["case_id"]
            photo = await self.must(
                "POST", f"/api/v1/cases/{case_id}/photos", token=police, content=picture(number * 2 + zone),
                headers={"content-type": "image/jpeg"},
            )  # fmt: skip
            town.by_zone[zone] |= {"case_id": case_id, "photo_id": photo["photo_id"]}
        town.secret["cases and their evidence"] = f"Notapoli{town.name}"

    async def _settings(self, town: Town) -> None:
        body = {"value": 300, "municipality_id": town.municipality_id, "reason": f"porque{town.name}"}
        changed = await self.must(
            "PUT", "/api/v1/config/settings/parking.grace_s", body, token=self.token("administrator", town)
        )
        town.things |= {"key": "parking.grace_s", "revision": changed["revision"]}


def picture(seed: int) -> bytes:
    """A small JPEG, another one for each seed."""
    out = io.BytesIO()
    Image.new("RGB", (320, 240), (20 + seed * 9 % 200, 60, 120)).save(out, "JPEG")
    return out.getvalue()


class Stage:
    """Runs a test's attack in the loop in which a world runs."""

    def __init__(self, runner: asyncio.Runner, world: World) -> None:
        self._runner, self.world = runner, world

    def attack(self, work: Callable[[World], Coroutine[Any, Any, T]], limit_s: float = 60.0) -> T:
        """The whole attack, to its end."""

        async def limited() -> T:
            return await asyncio.wait_for(work(self.world), limit_s)

        return self._runner.run(limited())


@asynccontextmanager
async def two_towns(data: Path) -> AsyncIterator[World]:
    """The world, started and filled."""
    async with running(*BUILD_ORDER, data=data, loopback=True) as system:
        world = World(system)
        await world.found()
        yield world
