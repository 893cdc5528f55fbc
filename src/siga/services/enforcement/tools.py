"""What every use case of Enforcement works with: the store by turns, the other services, sealed plates, bells."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from siga.contract.cases import CasePlate
from siga.kit.clock import Clock
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.peers import Peers
from siga.kit.sealing import Sealer
from siga.ports import Database
from siga.services.enforcement.bells import Bell, DoorBells
from siga.services.enforcement.model import Case
from siga.services.enforcement.turn import Turn

T = TypeVar("T")

log = logger("enforcement")


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Shared by the use cases; bells wake the loops of the same names after a commit that gave them work."""

    database: Database
    settings: LiveSettings
    clock: Clock
    peers: Peers
    sealer: Sealer
    doors: DoorBells = field(default_factory=DoorBells)
    waits: Bell = field(default_factory=Bell)
    holds: Bell = field(default_factory=Bell)
    readings: Bell = field(default_factory=Bell)

    async def turn(self, work: Callable[[Turn], T]) -> T:
        """Run `work` in one transaction; whoever it gave something to do is woken after the commit."""
        now = self.clock()

        def inside(conn: Connection) -> tuple[T, Turn]:
            turn = Turn(conn, now, self.settings)
            return work(turn), turn

        result, turn = await self.database.write(inside)
        self.doors.ring(turn.devices)
        for bell, rings in ((self.waits, turn.waits), (self.holds, turn.holds), (self.readings, turn.readings)):
            if rings:
                bell.ring()
        return result

    def seal(self, case: Case, plate: CasePlate) -> str:
        """A plate as it lies in the case's row."""
        sealed = self.sealer.of(case.municipality_id).seal(msgspec.json.encode(plate), f"plate:{case.case_id}")
        return base64.b64encode(sealed).decode()

    def plate_of(self, case: Case) -> CasePlate | None:
        """The plate again, with what Users says of it now; None when there is none (any more)."""
        if case.plate_sealed is None:
            return None
        sealer = self.sealer.of(case.municipality_id)
        plain = sealer.unseal(base64.b64decode(case.plate_sealed), f"plate:{case.case_id}")
        return msgspec.structs.replace(msgspec.json.decode(plain, type=CasePlate), check=case.plate_check)
