"""Bays in a real Parking behind the real sensors' door, and two network servers that post to it as they do."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from litestar import get

from enforcement_street import Journal
from siga.contract.auth import SERVICES
from siga.contract.users import MatchKey, Municipality
from siga.kit.auth import Keyring, make_keys
from siga.kit.clock import HandClock
from siga.kit.http import service_app
from siga.services.parking.model import BayState
from support import MUNICIPALITY, OTHER_MUNICIPALITY, Caller, Running, running

START = datetime(2026, 11, 24, 11, tzinfo=UTC)
MATCH_KEY = bytes(range(32))
EUI = "70b3d57e05160000"


def at(minutes: float) -> datetime:
    """An instant so many minutes after the start."""
    return START + timedelta(minutes=minutes)


def nanos(instant: datetime, zone: str = "Z") -> str:
    """An instant as network servers write it, with nanoseconds."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%f") + "023" + zone


def chirpstack_up(f_cnt: int, payload: str, seen: datetime, *, port: int | None = 1, eui: str = EUI,
                  addr: str = "00189440", gateways: Sequence[tuple[float, float]] = ((-60, 9.5),),
                  profile: str = "nwave-nps405") -> dict[str, Any]:  # fmt: skip
    """An uplink as ChirpStack v4 posts it; what has the default value is left out."""
    body: dict[str, Any] = {
        "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d", "time": nanos(seen, "+00:00"),
        "deviceInfo": {"tenantName": "ChirpStack", "deviceProfileName": profile, "deviceName": "bay", "devEui": eui},
        "devAddr": addr, "dr": 1, "rxInfo": [{"gatewayId": "0016c001f153a14c", "rssi": r, "snr": s}
                                            for r, s in gateways],
        "txInfo": {"frequency": 867100000},
    }  # fmt: skip
    if f_cnt:
        body["fCnt"] = f_cnt
    if port:
        body["fPort"] = port
    if payload:
        body["data"] = base64.b64encode(bytes.fromhex(payload)).decode()
    return body


def ttn_up(f_cnt: int, payload: str, seen: datetime, *, port: int | None = 1, eui: str = EUI, addr: str = "00BCB929",
           key: str = "AXA50tHUGUucuzS/bCGMNw==", simulated: bool = False, model: str = "nps405sm",
           firmware: str = "2.4.9") -> dict[str, Any]:  # fmt: skip
    """An uplink as The Things Stack v3 posts it; what has the default value is left out."""
    up: dict[str, Any] = {
        "session_key_id": key, "received_at": nanos(seen),
        "rx_metadata": [{"gateway_ids": {"gateway_id": "gtw1"}, "rssi": -71, "channel_rssi": -71, "snr": 7.2}],
        "version_ids": {"brand_id": "nwave", "model_id": model, "firmware_version": firmware},
    }  # fmt: skip
    if f_cnt:
        up["f_cnt"] = f_cnt
    if port:
        up["f_port"] = port
    if payload:
        up["frm_payload"] = base64.b64encode(bytes.fromhex(payload)).decode()
    body: dict[str, Any] = {
        "end_device_ids": {"device_id": "dev1", "dev_eui": eui.upper(), "dev_addr": addr},
        "received_at": nanos(seen + timedelta(milliseconds=200)), "uplink_message": up,
    }  # fmt: skip
    return {**body, "simulated": True} if simulated else body


class LorawanStreet:
    """One enforcing zone, an integration of each kind of server, and what tests ask."""

    def __init__(self, system: Running, clock: HandClock, door: httpx.AsyncClient) -> None:
        self.system, self.clock, self.door = system, clock, door
        self.parking = system.system.services["parking"].extra["parking"]
        self.secrets: dict[str, str] = {}
        self.integrations: dict[str, str] = {}

    @property
    def admin(self) -> Caller:
        """An administrator, freshly signed in: a long test outlives a token."""
        return self.system.as_person("parking", "administrator")

    async def open(self) -> None:
        """Both network servers are let in."""
        for kind in ("chirpstack", "ttn"):
            body = {"municipality_id": MUNICIPALITY, "kind": kind, "name": f"the {kind}"}
            answer = await self.admin.post("/api/v1/devices/integrations", body)
            assert answer.status_code == 201, answer.text
            self.secrets[kind] = answer.json()["secret"]
            self.integrations[kind] = answer.json()["integration"]["integration_id"]

    async def bay(self, code: str, *, mode: str = "enforcing", **more: Any) -> str:
        """A bay in a zone of its own; its id."""
        zone = {"municipality_id": MUNICIPALITY, "name": f"Zone {code}", "mode": mode}
        zone_id = (await self.admin.post("/api/v1/zones", zone)).json()["zone_id"]
        body = {"zone_id": zone_id, "code": code, "category": "disabled", "lon": -0.37, "lat": 39.47,
                "life": "in_service", "identify": ["tag"], **more}  # fmt: skip
        answer = await self.admin.post("/api/v1/bays", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["bay_id"])

    # --- what the servers post ---------------------------------------------------------------------------------------

    async def post(self, kind: str, body: Any, *, event: str = "up", secret: str | None = None,
                   headers: dict[str, str] | None = None) -> httpx.Response:  # fmt: skip
        """One message of a server."""
        shown = self.secrets[kind] if secret is None else secret
        path = f"/sensors/v1/lns/{kind}" + (f"?event={event}" if kind == "chirpstack" else "")
        sent = headers if headers is not None else {"authorization": f"Bearer {shown}"}
        return await self.door.post(path, json=body, headers=sent)

    async def up(self, f_cnt: int, payload: str, seen: datetime, **more: Any) -> dict[str, Any]:
        """An uplink through ChirpStack; what became of it."""
        answer = await self.post("chirpstack", chirpstack_up(f_cnt, payload, seen, **more))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def ttn_up(self, f_cnt: int, payload: str, seen: datetime, **more: Any) -> dict[str, Any]:
        """An uplink through The Things Stack; what became of it."""
        answer = await self.post("ttn", ttn_up(f_cnt, payload, seen, **more))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    # --- what staff do -----------------------------------------------------------------------------------------------

    async def claims(self, **params: Any) -> list[dict[str, Any]]:
        """The claim queue."""
        return list((await self.admin.get("/api/v1/devices/claims", **params)).json()["claims"])

    async def claim(self, bay_id: str, *, eui: str = EUI, model: str = "nps405", firmware: str = "2.4.9",
                    by: Caller | None = None, **more: Any) -> dict[str, Any]:  # fmt: skip
        """Put a heard device upon a bay."""
        claim_id = next(one["claim_id"] for one in await self.claims() if one["dev_eui"] == eui)
        body = {"bay_id": bay_id, "model": model, "firmware": firmware, **more}
        answer = await (by or self.admin).post(f"/api/v1/devices/claims/{claim_id}/claim", body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def sensor(self, code: str = "B1", *, eui: str = EUI, **more: Any) -> tuple[str, str]:
        """A bay with a claimed sensor that told nothing yet but that it is there; (bay id, device id)."""
        bay_id = await self.bay(code)
        assert (await self.up(0, "", at(-60), eui=eui, port=None))["outcome"] == "held"
        return bay_id, (await self.claim(bay_id, eui=eui, **more))["device"]["device_id"]

    def state(self, bay_id: str) -> BayState:
        """The bay's state as readers have it."""
        state: BayState = self.parking.picture.state(bay_id)
        return state

    async def health(self, device_id: str) -> dict[str, Any]:
        """The device's health."""
        return dict((await self.admin.get(f"/api/v1/devices/{device_id}/health")).json())

    async def events(self, *kinds: str) -> list[dict[str, Any]]:
        """All events of these kinds, their data."""
        found: list[dict[str, Any]] = []
        gateway, after = self.system.as_service("parking", "gateway"), 0
        while page := (await gateway.get("/internal/v1/events", after=after, limit=1000)).json()["events"]:
            found += [one["data"] for one in page if one["kind"] in kinds]
            after = page[-1]["position"]
        return found


@asynccontextmanager
async def street(data: Path, clock: HandClock | None = None, *, fresh: bool = True,
                 database_url: str | None = None) -> AsyncIterator[LorawanStreet]:  # fmt: skip
    """Parking and the gateway on a real store; Users stands in at its HTTP edge for the match key."""
    clock = clock or HandClock(START)
    make_keys(data / "keys", SERVICES)
    users = _users(Keyring.open(data / "keys", SERVICES), clock)
    async with running(
        "parking", "gateway", data=data, clock=clock, remote={"users": users}, database_url=database_url, loopback=True
    ) as system:
        app = system.system.services["gateway"].extra["sensors"]
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://siga.test") as door:
            here = LorawanStreet(system, clock, door)
            if fresh:
                await here.open()
            yield here


def _users(keys: Keyring, clock: HandClock) -> Any:
    @get("/internal/v1/match-keys/{municipality_id:str}", include_in_schema=False)
    async def match_key(municipality_id: str) -> MatchKey:
        return MatchKey(municipality_id=municipality_id, key=base64.b64encode(MATCH_KEY).decode())

    @get("/internal/v1/municipalities", include_in_schema=False)
    async def municipalities() -> list[Municipality]:
        return [
            Municipality(municipality_id=one, name=one[-4:], slug=one[-4:], country="ES")
            for one in (MUNICIPALITY, OTHER_MUNICIPALITY)
        ]

    return service_app("users", [match_key, municipalities], keys=keys, feed=Journal("users", clock))
