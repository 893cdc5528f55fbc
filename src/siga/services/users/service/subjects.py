"""Everything that SIGA holds of one person, gathered from every service for the person or for a clerk they asked."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from sqlalchemy import Connection

from siga.contract.subjects import (
    SUBJECT_SERVICES,
    Plate,
    Row,
    SubjectAsk,
    SubjectExport,
    SubjectPart,
    SubjectSection,
)
from siga.kit.log import logger
from siga.kit.peers import Peers
from siga.kit.problem import NotFound, Problem
from siga.services.users.model.people import within
from siga.services.users.service.accounts import known_account
from siga.services.users.service.means import Means
from siga.services.users.service.views import full, place_of_value
from siga.services.users.store import accreditations as card_store
from siga.services.users.store import people as people_store
from siga.services.users.store.subjects import rows_by

log = logger("users")
_PATIENCE_S = 8.0
"""Six services are asked one after the other: the whole export is there within a minute."""
_AT_ONCE = 500
_FOR_A_CLERK = ("people", "grants", "invitations")
"""What a municipality holds of an account; sessions and factors are the person's own."""


def subject_of(means: Means, conn: Connection, user_id: str, municipality_ids: tuple[str, ...] | None = None
               ) -> SubjectAsk:  # fmt: skip
    """Under which pseudonyms others know a person; of a clerk's municipalities only, if some are given."""
    claimed = [
        row for row in card_store.claimed_by(conn, means.claimant(user_id))
        if municipality_ids is None or row.municipality_id in municipality_ids
    ]  # fmt: skip
    cards = [card for row in claimed for card in card_store.credentials_of(conn, row.accreditation_id)]
    plates = [
        Plate(municipality_id=card.municipality_id, plate=means.vault.open(card.value_sealed, place_of_value(
            card.credential_id)).decode())
        for card in cards if card.kind == "plate"
    ]  # fmt: skip
    return SubjectAsk(
        user_id=user_id, accreditation_ids=tuple(row.accreditation_id for row in claimed),
        credentials=tuple(card.credential for card in cards), plates=tuple(plates), municipality_ids=municipality_ids,
    )  # fmt: skip


def check_is_theirs(means: Means, conn: Connection, user_id: str, municipality_ids: tuple[str, ...]) -> None:
    """NotFound unless the person works, or holds an accreditation, in one of these municipalities."""
    known_account(conn, user_id)
    works = within(people_store.grants_of(conn, user_id), municipality_ids)
    holds = any(row.municipality_id in municipality_ids for row in card_store.claimed_by(conn, means.claimant(user_id)))
    invited = people_store.invitations_in(conn, municipality_ids, [user_id])
    if not (works or holds or invited):
        raise NotFound("There is no such person among yours.")


def blind_claims(means: Means, conn: Connection) -> int:
    """Take the account out of claims of an earlier release, at most 500 at once; how many."""
    rows = card_store.claimed_openly(conn, _AT_ONCE)
    for row in rows:
        blind = means.claimant(row.claimed_by or "")
        card_store.change_accreditation(conn, msgspec.structs.replace(row, claimed_by=blind))
    return len(rows)


class Subjects:
    """Gathers what is held of a person."""

    def __init__(self, means: Means, peers: Peers) -> None:
        self._means, self._peers = means, peers

    async def export(self, user_id: str, municipality_ids: tuple[str, ...] | None = None) -> SubjectExport:
        """All of it. `missing` names services that do not answer just now; NotFound for people of other towns."""

        def own(conn: Connection) -> tuple[SubjectAsk, list[SubjectSection]]:
            if municipality_ids is None:
                known_account(conn, user_id)
            else:
                check_is_theirs(self._means, conn, user_id, municipality_ids)
            ask = subject_of(self._means, conn, user_id, municipality_ids)
            return ask, self._own(conn, ask)

        ask, sections = await self._means.db.read(own)
        missing = []
        for name in SUBJECT_SERVICES:
            part = await self._part(name, ask)
            if part is None:
                missing.append(name)
                continue
            sections += part.sections
            ask = msgspec.structs.replace(ask, links=ask.links.with_more(part.links))
        log.info("subject_gathered", sections=len(sections), missing=",".join(missing), by_clerk=bool(municipality_ids))
        return SubjectExport(
            user_id=user_id, made_at=self._means.clock(), sections=[one for one in sections if one.rows],
            missing=tuple(missing),
        )  # fmt: skip

    async def _part(self, name: str, ask: SubjectAsk) -> SubjectPart | None:
        try:
            return await self._peers[name].post("/internal/v1/subjects/gather", ask, SubjectPart, timeout_s=_PATIENCE_S)
        except (Problem, KeyError) as fault:
            log.warning("subject_not_gathered", asked=name, why=type(fault).__name__)
            return None

    def _own(self, conn: Connection, ask: SubjectAsk) -> list[SubjectSection]:
        towns = ask.municipality_ids
        sections = []
        for table, rows in rows_by(conn, "user_id", [ask.user_id]).items():
            if towns is not None and table not in _FOR_A_CLERK:
                continue
            mine = [row for row in rows if towns is None or row.get("municipality_id", towns[0]) in towns]
            sections.append(SubjectSection(key=f"users.{table}", rows=[_plain(row) for row in mine]))
        found = [card_store.accreditation(conn, one) for one in ask.accreditation_ids]
        views = [_plain(full(self._means, conn, row)) for row in found if row is not None]
        alarms = rows_by(conn, "accreditation_id", ask.accreditation_ids)["card_alarms"]
        return [
            *sections, SubjectSection(key="users.accreditations", rows=views),
            SubjectSection(key="users.card_alarms", rows=[_plain(row) for row in alarms]),
        ]  # fmt: skip


def _plain(row: Any) -> Row:
    told = cast("Row", msgspec.to_builtins(row))
    return {key: value for key, value in told.items() if value is not None and key != "acknowledged_by"}
