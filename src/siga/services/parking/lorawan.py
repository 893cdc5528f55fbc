"""What network servers hand in: each frame once, in its place, folded as its device's report or held until claimed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from siga.contract.lorawan import BatteryTold, Joined, ServerMessage, Uplink, UplinkAck
from siga.kit import metrics
from siga.kit.clock import Clock
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.problem import NotFound, Problem, Unavailable
from siga.ports import Database
from siga.services.parking import lorawan_apply, lorawan_claims, lorawan_order, lorawan_store
from siga.services.parking.entries import TOO_OLD, seen_at
from siga.services.parking.lorawan_order import SIMULATED, Heard
from siga.services.parking.lorawan_store import IntegrationRow
from siga.services.parking.overlay import Overlay
from siga.services.parking.service import Parking

log = logger("parking")

_MOST_AT_ONCE, _MOST_WAITING = 100, 2_000
_FRAMES_KEPT = timedelta(days=30)
Waiting = tuple[ServerMessage, "asyncio.Future[UplinkAck]"]


class UnknownIntegration(NotFound):
    """This network server is not let in any more"""

    slug = "unknown-integration"


class Lorawan:
    """Takes messages of network servers. Those that wait share a commit, as envelopes of reports do."""

    def __init__(self, parking: Parking, database: Database, settings: LiveSettings, clock: Clock) -> None:
        self._parking, self._database, self._settings, self._clock = parking, database, settings, clock
        self._waiting: list[Waiting] = []
        self._arrived = asyncio.Event()

    async def take(self, message: ServerMessage) -> UplinkAck:
        """Take one message; answers after the commit."""
        if len(self._waiting) >= _MOST_WAITING:
            raise Unavailable("Too many messages are waiting.", headers={"Retry-After": "2"})
        future: asyncio.Future[UplinkAck] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, future))
        self._arrived.set()
        return await future

    async def run(self) -> None:
        """Take what waits, group by group, for ever."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                group, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
                await self._take_group(group)

    async def _take_group(self, group: Sequence[Waiting]) -> None:
        try:
            messages = [message for message, _ in group]
            acks = await self._parking.commit(lambda conn, overlay: self._take_all(conn, overlay, messages))
        except Exception as fault:
            if len(group) > 1 and not isinstance(fault, Problem):
                log.warning("group_failed", why=repr(fault), messages=len(group))
                for one in group:
                    await self._take_group([one])
                return
            for _, future in group:
                if not future.done():
                    future.set_exception(fault)
            return
        for (message, future), ack in zip(group, acks, strict=True):
            if future.done():
                continue
            if isinstance(ack, Problem):
                future.set_exception(ack)
                continue
            if message.uplink is not None:
                metrics.LORAWAN_UPLINKS.labels(ack.outcome).inc()
            future.set_result(ack)

    def _take_all(self, conn: Connection, overlay: Overlay,
                  messages: Sequence[ServerMessage]) -> list[UplinkAck | Problem]:  # fmt: skip
        servers = {
            integration_id: lorawan_store.integration(conn, integration_id)
            for integration_id in {message.integration_id for message in messages}
        }
        acks: list[UplinkAck | Problem] = []
        for message in messages:
            server = servers[message.integration_id]
            known = server is not None and server.enabled
            acks.append(self._take_one(conn, overlay, server, message) if server and known else UnknownIntegration())
        for integration_id, server in servers.items():
            if server is not None and server.enabled:
                mine = [(m, ack) for m, ack in zip(messages, acks, strict=True) if m.integration_id == integration_id]
                new = sum(m.uplink is not None and _is_new(ack) for m, ack in mine)
                last = max(message.received_at for message, _ in mine)
                lorawan_store.count_messages(conn, integration_id, last, len(mine), new)
        return acks

    def _take_one(self, conn: Connection, overlay: Overlay, server: IntegrationRow,
                  message: ServerMessage) -> UplinkAck:  # fmt: skip
        if message.uplink is not None:
            return self._take_uplink(conn, overlay, server, message, message.uplink)
        if message.joined is not None:
            return _take_join(conn, server, message, message.joined)
        if message.battery is not None:
            return self._take_battery(conn, overlay, server, message, message.battery)
        return UplinkAck(outcome="ignored")

    def _take_uplink(self, conn: Connection, overlay: Overlay, server: IntegrationRow, message: ServerMessage,
                     uplink: Uplink) -> UplinkAck:  # fmt: skip
        where, dev_eui = server.municipality_id, uplink.dev_eui
        frame = _heard(uplink, message)
        known = lorawan_store.sessions(conn, where, dev_eui)
        kept = lorawan_store.kept(conn, where, dev_eui, frame.f_cnt)
        session = lorawan_order.session_of(known, frame, kept)
        after = lorawan_order.topped(session, frame.f_cnt, frame.at)
        if after not in known:
            lorawan_store.put_session(conn, where, dev_eui, known, after)
        if any(one.epoch == session.epoch for one in kept):
            return UplinkAck(outcome="repeated")
        device = lorawan_store.device(conn, where, dev_eui)
        owner = overlay.known(conn, device.device_id) if device is not None else None
        if device is None or owner is None or owner.row.device.revoked:
            return lorawan_apply.hold(conn, where, session.epoch, frame, message.received_at, uplink)
        turn = lorawan_apply.Turn(conn, overlay, self._settings, device, owner)
        follows = lorawan_order.follows(known, session.epoch, frame.f_cnt)
        return turn.take_new(uplink, frame, session.epoch, message.received_at, follows=follows)

    def _take_battery(self, conn: Connection, overlay: Overlay, server: IntegrationRow, message: ServerMessage,
                      told: BatteryTold) -> UplinkAck:  # fmt: skip
        device = lorawan_store.device(conn, server.municipality_id, told.dev_eui)
        owner = overlay.known(conn, device.device_id) if device is not None else None
        if device is None or owner is None or owner.row.device.revoked:
            return UplinkAck(outcome="ignored", detail="Nobody has claimed this device.")
        lorawan_apply.Turn(conn, overlay, self._settings, device, owner).take_battery(told, message.received_at)
        return UplinkAck(outcome="heard")

    async def sweep(self) -> None:
        """Forget frames too old to come again, and devices nobody claimed that were not heard any more."""
        now = self._clock()
        await self._database.write(lambda conn: lorawan_claims.sweep(conn, now - _FRAMES_KEPT, now - TOO_OLD))


def _is_new(ack: UplinkAck | Problem) -> bool:
    return isinstance(ack, UplinkAck) and ack.outcome != "repeated"


def _heard(uplink: Uplink, message: ServerMessage) -> Heard:
    return Heard(
        server=SIMULATED if uplink.simulated else uplink.server, session=uplink.session, dev_addr=uplink.dev_addr,
        f_cnt=uplink.f_cnt, at=seen_at(uplink.observed_at, message.received_at), fingerprint=uplink.fingerprint,
    )  # fmt: skip


def _take_join(conn: Connection, server: IntegrationRow, message: ServerMessage, told: Joined) -> UplinkAck:
    where = server.municipality_id
    if lorawan_store.device(conn, where, told.dev_eui) is None and (
        lorawan_claims.claim_of(conn, where, told.dev_eui) is None
    ):
        return UplinkAck(outcome="heard")  # its first frame lists it
    known = lorawan_store.sessions(conn, where, told.dev_eui)
    at = seen_at(told.at, message.received_at)
    begun = lorawan_order.joined(known, told.server, told.session, told.dev_addr, at)
    if begun is None:
        return UplinkAck(outcome="repeated")
    lorawan_store.put_session(conn, where, told.dev_eui, known, begun)
    return UplinkAck(outcome="heard")
