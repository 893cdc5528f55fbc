"""The audit's use cases: acts of all services are chained, heads signed and exported, chains checked, records found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, select, text, tuple_

from siga.contract.audit import AuditEntry, AuditState, ChainState, SignedHead
from siga.contract.events import Event
from siga.kit.clock import Clock
from siga.kit.log import logger
from siga.ports import Database
from siga.services.logs import audit_store as store
from siga.services.logs.audit_chain import HeadSigner, head_in
from siga.services.logs.audit_check import RECORDS, Checked, check
from siga.services.logs.audit_export import HeadFiles
from siga.services.logs.audit_store import AuditWanted, HeadPlace, Place
from siga.services.logs.tables import audit_records

SIGN_S = 60.0
CHECK_S = 6 * 3600.0
_HELPING = 500
_PAGE = 2_000
log = logger("logs")


class Audit:
    """Keeps and tells the audit. `files`: where heads are exported to; None: nowhere."""

    def __init__(self, database: Database, clock: Clock, signer: HeadSigner, files: HeadFiles | None) -> None:
        self._database, self._clock, self._signer, self._files = database, clock, signer, files
        self._checked: tuple[datetime, Checked] | None = None

    def take_in(self, conn: Connection, events: Sequence[Event]) -> None:
        """The effect of following a service's journal."""
        store.add(conn, events)

    async def sign(self) -> int:
        """Sign a head for every chain that has grown, and export what is not exported yet; how many were signed."""
        now = self._clock()
        signed = await self._database.write(lambda conn: store.sign(conn, self._signer, now))
        await self.export()
        return len(signed)

    async def export(self) -> None:
        """Write the heads that are not in the files yet; what cannot be written now is written the next time."""
        files = self._files
        if files is None:
            return
        try:
            reached = dict(await asyncio.to_thread(files.reached))
            for municipality_id, _, heads, _ in await self._database.read(lambda conn: store.standing(conn, None)):
                while reached.get(municipality_id, 0) < heads:
                    after = reached.get(municipality_id, 0)
                    found = await self._heads_of(municipality_id, after)
                    await asyncio.to_thread(files.append, found)
                    reached[municipality_id] = after + len(found)
        except OSError as fault:
            log.error("audit_export_failed", why=type(fault).__name__, errno=fault.errno)

    async def _heads_of(self, municipality_id: str, after: int) -> list[SignedHead]:
        return await self._database.read(lambda conn: store.heads_of(conn, municipality_id, after, _HELPING))

    async def search(self, wanted: AuditWanted, limit: int, before: Place | None) -> tuple[
        list[AuditEntry], Place | None
    ]:  # fmt: skip
        """Records that match, newest first, and where to go on."""
        return await self._database.read(lambda conn: store.find(conn, wanted, limit, before))

    async def heads(self, municipalities: Sequence[str] | None, after: HeadPlace, limit: int) -> tuple[
        list[SignedHead], HeadPlace | None
    ]:  # fmt: skip
        """Signed heads chain by chain, oldest first, and where to go on."""
        return await self._database.read(lambda conn: store.heads_after(conn, municipalities, after, limit))

    async def actions(self, municipalities: Sequence[str] | None) -> list[str]:
        """The actions there are records of."""
        return await self._database.read(lambda conn: store.actions(conn, municipalities))

    async def state(self, municipalities: Sequence[str] | None) -> AuditState:
        """How the chains stand, with what their last check found."""
        found = await self._database.read(lambda conn: store.standing(conn, municipalities))
        at, checked = self._checked or (None, None)
        known = {chain.municipality_id: chain for chain in checked.chains} if checked else {}
        chains = []
        for municipality_id, records, heads, body in found:
            one = known.get(municipality_id)
            head_at = head_in(SignedHead(body=body, signature="")).at if body else None
            chains.append(
                ChainState(
                    municipality_id=municipality_id, records=records, heads=heads, head_at=head_at,
                    exported=self._files is not None, checked_at=at if one else None,
                    whole=not one.faults and not (checked and checked.faults) if one else None,
                    faults=[*one.faults, *(checked.faults if checked else [])] if one else [],
                )
            )  # fmt: skip
        return AuditState(chains=chains)

    async def check(self) -> Checked:
        """Go through every chain from its start, in small reads beside the work; what was found is kept for `state`."""
        loop, now = asyncio.get_running_loop(), self._clock()

        def ask(work: Callable[[Connection], Any]) -> Any:
            return asyncio.run_coroutine_threadsafe(self._database.read(work), loop).result()

        def rows(query: str) -> Iterator[Sequence[Any]]:
            if query != RECORDS:
                yield from ask(lambda conn: conn.execute(text(query)).all())
                return
            page = ask(partial(_page, after=("", 0)))
            while page:
                yield from page
                page = ask(partial(_page, after=(page[-1][0], page[-1][1])))

        checked = await asyncio.to_thread(check, rows, now, live=True)
        self._checked = (now, checked)
        faults = [*checked.faults, *(fault for chain in checked.chains for fault in chain.faults)]
        if faults:
            log.critical("audit_damaged", faults=faults[:5], count=len(faults))
        return checked


def _page(conn: Connection, after: tuple[str, int]) -> list[Sequence[Any]]:
    """The next records as `RECORDS` gives them, from the store as it lies."""
    c = audit_records.c
    place = tuple_(c.municipality_id, c.number)
    columns = [text(name) for name in RECORDS.split("SELECT ")[1].split(" FROM")[0].split(", ")]
    query = select(*columns).select_from(audit_records).where(place > after)
    return list(conn.execute(query.order_by(c.municipality_id, c.number).limit(_PAGE)).all())
