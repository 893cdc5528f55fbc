"""Managing network servers: let in by a secret, given a new one, shut out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from siga.contract.lorawan import Integration, IntegrationDefined, IntegrationKey
from siga.kit.clock import Clock
from siga.kit.ids import new_id, new_secret
from siga.kit.problem import Conflict, FieldFault, Invalid, NotFound
from siga.ports import Database
from siga.services.parking import lorawan_store
from siga.services.parking.lorawan_store import IntegrationRow
from siga.services.parking.overlay import Overlay
from siga.services.parking.requests import given
from siga.services.parking.requests_lorawan import IntegrationChange, IntegrationWithSecret, NewIntegration, Rotation
from siga.services.parking.service import Parking

_MOST_INTEGRATIONS = 50
_LONGEST_OVERLAP_H = 168
_LONGEST_NAME = 120


class TooManyIntegrations(Conflict):
    """This municipality has as many network servers as it can have"""

    slug = "too-many-integrations"


class IntegrationDesk:
    """Use cases about network servers. Callers have checked who may do what."""

    def __init__(self, parking: Parking, database: Database, clock: Clock) -> None:
        self._parking, self._database, self._clock = parking, database, clock

    async def all(self, municipality_ids: Sequence[str]) -> list[Integration]:
        """Those of these municipalities, by name."""
        rows = await self._database.read(lambda conn: lorawan_store.integrations(conn, municipality_ids))
        return [self._shown(row) for row in rows]

    async def one(self, integration_id: str) -> Integration:
        """One, or NotFound."""
        return self._shown(await self._database.read(lambda conn: _integration(conn, integration_id)))

    async def add(self, new: NewIntegration) -> IntegrationWithSecret:
        """Let a network server in."""
        secret, now = new_secret(), self._clock()
        row = IntegrationRow(
            integration_id=new_id(), municipality_id=new.municipality_id, kind=new.kind, name=_named(new.name),
            enabled=True, secret_hash=_hash(secret), old_hash=None, old_until=None, created_at=now, rotated_at=None,
            heard_at=None, messages=0, uplinks=0,
        )  # fmt: skip

        def work(conn: Connection, overlay: Overlay) -> IntegrationRow:
            if len(lorawan_store.integrations(conn, [new.municipality_id])) >= _MOST_INTEGRATIONS:
                raise TooManyIntegrations("Shut one out and use its place, or change one.")
            lorawan_store.add_integration(conn, row)
            return _told(overlay, row)

        return self._with_secret(await self._parking.commit(work), secret)

    async def change(self, integration_id: str, change: IntegrationChange) -> Integration:
        """Rename it, shut it out or let it in again."""
        fields = given(change)
        if "name" in fields:
            fields["name"] = _named(fields["name"])

        def work(conn: Connection, overlay: Overlay) -> IntegrationRow:
            before = _integration(conn, integration_id)
            if fields:
                lorawan_store.change_integration(conn, integration_id, **fields)
            return _told(overlay, msgspec.structs.replace(before, **fields))

        return self._shown(await self._parking.commit(work))

    async def rotate(self, integration_id: str, ask: Rotation) -> IntegrationWithSecret:
        """Give it a new secret; the present one opens a while longer, so that nothing is lost meanwhile."""
        if not 0 <= ask.overlap_h <= _LONGEST_OVERLAP_H:
            fault = FieldFault("/overlap_h", f"must be 0 to {_LONGEST_OVERLAP_H}")
            raise Invalid("The overlap is out of range.", errors=[fault])
        secret, now = new_secret(), self._clock()

        def work(conn: Connection, overlay: Overlay) -> IntegrationRow:
            before = _integration(conn, integration_id)
            values: dict[str, Any] = {
                "secret_hash": _hash(secret), "rotated_at": now,
                "old_hash": before.secret_hash if ask.overlap_h else None,
                "old_until": now + timedelta(hours=ask.overlap_h) if ask.overlap_h else None,
            }  # fmt: skip
            lorawan_store.change_integration(conn, integration_id, **values)
            return _told(overlay, msgspec.structs.replace(before, **values))

        return self._with_secret(await self._parking.commit(work), secret)

    async def key_of(self, secret_hash: str) -> IntegrationKey:
        """The integration that a secret opens now; NotFound when it opens none."""
        row = await self._database.read(lambda conn: lorawan_store.integration_of_secret(conn, secret_hash))
        if row is None or not row.enabled:
            raise NotFound("This secret opens nothing.")
        until = row.old_until if row.old_hash == secret_hash else None
        if until is not None and self._clock() >= until:
            raise NotFound("This secret opens nothing.")
        return IntegrationKey(
            integration_id=row.integration_id, municipality_id=row.municipality_id, kind=row.kind,
            secret_hash=secret_hash, until=until,
        )  # fmt: skip

    def _with_secret(self, row: IntegrationRow, secret: str) -> IntegrationWithSecret:
        return IntegrationWithSecret(
            integration=self._shown(row), secret=secret, header=f"Authorization: Bearer {secret}"
        )  # fmt: skip

    def _shown(self, row: IntegrationRow) -> Integration:
        until = row.old_until if row.old_until is not None and row.old_until > self._clock() else None
        return Integration(
            integration_id=row.integration_id, municipality_id=row.municipality_id, kind=row.kind, name=row.name,
            enabled=row.enabled, created_at=row.created_at, rotated_at=row.rotated_at, old_secret_until=until,
            heard_at=row.heard_at, messages=row.messages, uplinks=row.uplinks,
        )  # fmt: skip


def _integration(conn: Connection, integration_id: str) -> IntegrationRow:
    row = lorawan_store.integration(conn, integration_id)
    if row is None:
        raise NotFound("There is no such integration.")
    return row


def _told(overlay: Overlay, row: IntegrationRow) -> IntegrationRow:
    fact = IntegrationDefined(
        integration_id=row.integration_id, kind=row.kind, name=row.name, enabled=row.enabled
    )  # fmt: skip
    overlay.tell(fact, row.municipality_id, row.integration_id)
    return row


def _named(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Invalid("Give it a name.", errors=[FieldFault("/name", f"must have 1 to {_LONGEST_NAME} characters")])
    return name


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
