"""What one can ask of Config."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection

from siga.contract.operations import (
    Applied,
    Revision,
    SettingChange,
    SettingsApplied,
    SettingsChanged,
    SettingsSnapshot,
    SettingView,
)
from siga.contract.settings import DECLARED, Value
from siga.kit.clock import Clock
from siga.kit.journal import Fact
from siga.kit.log import logger
from siga.kit.problem import Conflict, NotFound
from siga.ports import Database
from siga.services.config import store
from siga.services.config.board import Board
from siga.services.config.model import SYSTEM, Stored, acceptable, changes_between, declared, in_force
from siga.services.config.store import journal

_REMEMBERED = 1000

log = logger("config")


class Config:
    """The use cases of Config."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._board = Board()
        self._newest = 0
        self._committed: dict[int, datetime] = {}

    async def load(self) -> None:
        """Where the revisions stand."""
        self._newest = await self._database.read(store.newest)

    # --- values ---------------------------------------------------------------------------------------------------

    async def views(self, municipality_id: str) -> tuple[int, list[SettingView]]:
        """The newest revision and all settings as in force in a municipality (or system-wide)."""

        def work(conn: Connection) -> tuple[int, list[SettingView]]:
            values = _by_place(store.stored(conn, {municipality_id, SYSTEM}))
            return store.newest(conn), [in_force(one, municipality_id, values) for one in DECLARED.values()]

        return await self._database.read(work)

    async def view(self, key: str, municipality_id: str) -> SettingView:
        """One setting as in force there; NotFound when none is declared under that key."""
        setting = declared(key)
        values = await self._database.read(lambda conn: _by_place(store.stored(conn, {municipality_id, SYSTEM})))
        return in_force(setting, municipality_id, values)

    async def change(self, key: str, value: object | None, municipality_id: str, author: str, reason: str,
                     if_revision: int | None = None) -> SettingView:  # fmt: skip
        """Set a value in a scope, or with None give it back to the wider scope.

        Raises NotFound (no such setting), Invalid (not allowed), Conflict (changed since `if_revision`). The value
        that is there already makes no revision.
        """
        setting = declared(key)
        new = None if value is None else acceptable(setting, value, municipality_id)

        def work(conn: Connection) -> Revision | None:
            last = store.last_change(conn, municipality_id, key)
            if if_revision is not None and last > if_revision:
                raise Conflict(f"'{key}' was changed in revision {last} meanwhile: look at it and decide again.")
            before = {one.key: one.value for one in store.stored(conn, {municipality_id})}
            after = {**before, key: new} if new is not None else {k: v for k, v in before.items() if k != key}
            return self._revise(conn, changes_between(before, after), municipality_id, author, reason)

        await self._commit(work)
        return await self.view(key, municipality_id)

    async def roll_back(self, revision: int, municipality_id: str, author: str, reason: str) -> Revision:
        """Put a scope's values back as they stood at a revision, as a new revision. Conflict when they stand so."""

        def work(conn: Connection) -> Revision | None:
            now = {one.key: one.value for one in store.stored(conn, {municipality_id})}
            then = _still_allowed(store.values_at(conn, municipality_id, revision), municipality_id)
            return self._revise(conn, changes_between(now, then), municipality_id, author, reason, revision)

        made = await self._commit(work)
        if made is None:
            raise Conflict(f"The values stand as they did at revision {revision}: there is nothing to roll back.")
        return made

    def _revise(self, conn: Connection, changes: list[SettingChange], municipality_id: str, author: str, reason: str,
                rolled_back_to: int | None = None) -> Revision | None:  # fmt: skip
        if not changes:
            return None
        now = self._clock()
        made = Revision(
            revision=store.newest(conn) + 1, municipality_id=municipality_id, author=author, at=now, reason=reason,
            changes=changes, rolled_back_to=rolled_back_to,
        )  # fmt: skip
        store.add(conn, made)
        changed = SettingsChanged(revision=made.revision, changed={one.key: one.after for one in changes})
        fact = Fact(
            data=changed, municipality_id=municipality_id, subject_id="settings", sequence=made.revision,
            occurred_at=now,
        )  # fmt: skip
        journal.append(conn, [fact], now)
        return made

    async def _commit(self, work: Callable[[Connection], Revision | None]) -> Revision | None:
        made = await self._database.write(work)
        if made is not None:
            self._newest = max(self._newest, made.revision)
            self._committed[made.revision] = self._clock()
            self._committed.pop(made.revision - _REMEMBERED, None)
            log.info(
                "settings_changed", revision=made.revision, municipality_id=made.municipality_id, by=made.author,
                settings=[change.key for change in made.changes], rolled_back_to=made.rolled_back_to,
            )  # fmt: skip
        return made

    # --- revisions ------------------------------------------------------------------------------------------------

    async def revisions(self, scopes: Collection[str], limit: int, before: int | None,
                        key: str | None) -> list[Revision]:  # fmt: skip
        """Revisions of these scopes, newest first."""
        return await self._database.read(lambda conn: store.found(conn, scopes, limit, before, key))

    async def revision(self, number: int) -> Revision:
        """One revision; NotFound when there is none of that number."""
        found = await self._database.read(lambda conn: store.one(conn, number))
        if found is None:
            raise NotFound(f"There is no revision {number}.")
        return found

    # --- followers ------------------------------------------------------------------------------------------------

    async def snapshot(self) -> SettingsSnapshot:
        """All values, and the place in the journal from which to follow."""

        def work(conn: Connection) -> SettingsSnapshot:
            values: dict[str, dict[str, Value]] = {}
            for one in store.stored(conn):
                values.setdefault(one.municipality_id, {})[one.key] = one.value
            return SettingsSnapshot(revision=store.newest(conn), position=journal.head(conn), values=values)

        return await self._database.read(work)

    def note(self, applied: SettingsApplied) -> int:
        """Take down where a (process, service) stands; the newest revision."""
        self._board.note(applied, self._clock())
        return self._newest

    async def applied(self) -> Applied:
        """Who has the newest revision in force."""
        newest = self._newest
        unknown = {number for number in self._board.lacking(newest) if number not in self._committed}
        made_at = await self._database.read(lambda conn: store.made_at(conn, unknown)) if unknown else {}
        return self._board.report(newest, lambda number: self._committed.get(number) or made_at.get(number),
                                  self._clock())  # fmt: skip


def _by_place(values: list[Stored]) -> Mapping[tuple[str, str], Stored]:
    return {(one.municipality_id, one.key): one for one in values}


def _still_allowed(values: Mapping[str, Value], municipality_id: str) -> dict[str, Value]:
    """Values of settings that are declared today; Invalid when today's declaration would not take one."""
    return {key: acceptable(DECLARED[key], value, municipality_id) for key, value in values.items() if key in DECLARED}
