"""Network servers' webhooks: who sends is checked, the message read, tags matched, the rest is Parking's."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

import msgspec

from siga.contract.lorawan import (
    BatteryTold,
    IntegrationKey,
    Joined,
    Reading,
    ServerKind,
    ServerMessage,
    Uplink,
    UplinkAck,
)
from siga.contract.settings import INTEGRATION_MESSAGES_PER_MIN
from siga.kit.clock import Clock
from siga.kit.credentials import match
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.peers import Peers
from siga.kit.problem import TooMany, Unauthenticated
from siga.services.gateway.asgi import Scope, header, visit_of
from siga.services.gateway.buckets import Buckets
from siga.services.gateway.sensors.guard import REFUSED_AFTER_S, Guard
from siga.services.gateway.sensors.keys import Municipalities
from siga.services.gateway.sensors.lns import chirpstack, ttn
from siga.services.gateway.sensors.lns.codecs.frame import Frame
from siga.services.gateway.sensors.lns.codecs.registry import read_by_all
from siga.services.gateway.sensors.lns.integrations import Integrations
from siga.services.gateway.sensors.lns.secret import OWN_HEADER, shown_secret
from siga.services.gateway.sensors.lns.wire import Battery, Heard, Join, Message

Handler = Callable[[Scope, bytes], Awaitable[bytes]]
_log = logger("gateway")


class WrongSecret(Unauthenticated):
    """This network server is not known here"""

    slug = "integration-secret"


class LnsDoor:
    """The two webhooks. Bodies are limited by the door around them."""

    def __init__(self, peers: Peers, guard: Guard, integrations: Integrations, municipalities: Municipalities,
                 settings: LiveSettings, clock: Clock) -> None:  # fmt: skip
        self._peers, self._guard, self._integrations = peers, guard, integrations
        self._municipalities, self._settings, self._clock = municipalities, settings, clock
        self._allowance = Buckets()

    def routes(self) -> dict[str, tuple[str, Handler]]:
        """Path → method and handler."""
        return {
            "/sensors/v1/lns/chirpstack": ("POST", self.chirpstack),
            "/sensors/v1/lns/ttn": ("POST", self.ttn),
        }  # fmt: skip

    async def chirpstack(self, scope: Scope, body: bytes) -> bytes:
        """An event of ChirpStack v4, named in the query."""
        key = await self._admit(scope, "chirpstack")
        event = parse_qs(scope["query_string"].decode("latin-1")).get("event", [""])[0]
        return await self._hand_over(key, chirpstack.read(event, body))

    async def ttn(self, scope: Scope, body: bytes) -> bytes:
        """A message of The Things Stack v3."""
        key = await self._admit(scope, "ttn")
        return await self._hand_over(key, ttn.read(body))

    async def _admit(self, scope: Scope, kind: ServerKind) -> IntegrationKey:
        """The integration whose secret was shown; WrongSecret or TooMany."""
        began = time.monotonic()
        self._guard.check_failures(scope)
        secret = shown_secret(header(scope, b"authorization"), header(scope, OWN_HEADER))
        key = await self._integrations.of_secret(secret) if secret else None
        if key is None or key.kind != kind:
            self._guard.count_failure(scope)
            reason = "no secret" if not secret else "unknown secret" if key is None else "another kind of server"
            _log.warning("integration_refused", reason=reason, kind=kind, client=visit_of(scope).client)
            await asyncio.sleep(max(0.0, REFUSED_AFTER_S - (time.monotonic() - began)))
            raise WrongSecret(
                "Send the integration's secret as `Authorization: Bearer …`; see docs/lorawan.md.",
                headers={"www-authenticate": 'Bearer realm="siga", Basic realm="siga"'},
            )
        per_min = self._settings.int_of(INTEGRATION_MESSAGES_PER_MIN)
        wait_s = self._allowance.take(key.integration_id, per_min, time.monotonic())
        if wait_s:
            raise TooMany(
                f"Too many messages from this network server: wait {wait_s} s.", headers={"retry-after": str(wait_s)}
            )
        return key

    async def _hand_over(self, key: IntegrationKey, message: Message) -> bytes:
        """To Parking, which answers after the commit."""
        told = ServerMessage(
            integration_id=key.integration_id, received_at=self._clock(),
            uplink=await self._uplink(key, message) if isinstance(message, Heard) else None,
            joined=_joined(message) if isinstance(message, Join) else None,
            battery=_battery(message) if isinstance(message, Battery) else None,
        )  # fmt: skip
        ack = await self._peers["parking"].post("/internal/v1/lorawan/uplinks", told, UplinkAck)
        return msgspec.json.encode(ack)

    async def _uplink(self, key: IntegrationKey, heard: Heard) -> Uplink:
        """The frame with what each codec reads in it; a tag's number goes no further than here."""
        frames: dict[str, Frame] = {}
        faults: dict[str, str] = {}
        if heard.port is not None and heard.payload:
            frames, faults = read_by_all(heard.port, heard.payload)
        tagged = any(frame.tag_id is not None for frame in frames.values())
        match_key = await self._municipalities.match_key(key.municipality_id) if tagged else b""
        return Uplink(
            dev_eui=heard.dev_eui, server=heard.server, session=heard.session, dev_addr=heard.dev_addr,
            f_cnt=heard.counter, f_port=heard.port, observed_at=heard.at,
            fingerprint=fingerprint_of(heard.port, heard.payload, match_key),
            readings={codec_id: reading_of(frame, match_key) for codec_id, frame in frames.items()}, faults=faults,
            payload_hex=None if tagged else heard.payload.hex(), rssi_dbm=heard.rssi_dbm, snr_db=heard.snr_db,
            gateways=heard.gateways, simulated=heard.simulated, device_name=heard.device_name,
            model_hint=heard.model_hint, firmware_hint=heard.firmware_hint,
        )  # fmt: skip


def reading_of(frame: Frame, match_key: bytes) -> Reading:
    """What a codec read, the tag replaced by its match under `match_key`."""
    return Reading(
        kind=frame.kind, occupied=frame.occupied, previous_duration_s=frame.previous_duration_s,
        previous_error_s=frame.previous_error_s, battery_mv=frame.battery_mv, temperature_c=frame.temperature_c,
        credential=match(match_key, "tag", frame.tag_id) if frame.tag_id is not None else None,
        firmware=frame.firmware, reset_cause=frame.reset_cause,
    )  # fmt: skip


def fingerprint_of(port: int | None, payload: bytes, match_key: bytes) -> str:
    """A short mark of port and payload; keyed where there is a tag in it, so that nobody can try tags against it."""
    said = bytes([port or 0]) + payload
    return hmac.new(match_key or b"siga", said, hashlib.sha256).hexdigest()[:24]


def _joined(join: Join) -> Joined:
    return Joined(
        dev_eui=join.dev_eui, server=join.server, session=join.session, dev_addr=join.dev_addr, at=join.at
    )  # fmt: skip


def _battery(told: Battery) -> BatteryTold:
    return BatteryTold(dev_eui=told.dev_eui, at=told.at, battery_pct=told.battery_pct)
