"""Accreditations: given, corrected, renewed, replaced, suspended, revoked, claimed; each change told to Parking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from siga.contract.accreditations import (
    Accreditation,
    AccreditationAsk,
    AccreditationChange,
    AccreditationIssued,
    AccreditationPage,
    AccreditationSearch,
    EndReason,
    HolderLanguage,
    OwnAccreditation,
    OwnAccreditations,
    Renewal,
    Replacement,
)
from siga.contract.settings import RENEWAL_WARNING_DAYS
from siga.contract.users import AccreditationStatus, Municipality
from siga.kit.credentials import match, normalise_number
from siga.kit.ids import new_code, new_id
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.services.users.model.accreditations import AccreditationRow, check_alive, shown_end
from siga.services.users.model.kinds import check_country, check_kind
from siga.services.users.model.municipalities import day_at
from siga.services.users.model.people import DRIVER
from siga.services.users.model.problems import WrongCode
from siga.services.users.service.accounts import give_grants
from siga.services.users.service.credentials import (
    add_card,
    add_plate,
    known_accreditation,
    live_plates,
    matches_of,
    revoke_cards,
)
from siga.services.users.service.doorman import Doorman
from siga.services.users.service.holders import kept_holder, with_holder
from siga.services.users.service.means import Means
from siga.services.users.service.municipalities import known_municipality, match_key
from siga.services.users.service.telling import tell_accreditation, tell_all
from siga.services.users.service.views import full, line
from siga.services.users.store import accreditations as store
from siga.services.users.store import holder_words as word_store
from siga.services.users.store import municipalities as town_store
from siga.services.users.store import people as people_store

log = logger("users")
Scope = Sequence[str]
Change = Callable[[Connection, AccreditationRow], AccreditationRow]


class Accreditations:
    """Gives and changes the accreditations of some municipalities."""

    def __init__(self, means: Means, doorman: Doorman, settings: LiveSettings) -> None:
        self._means, self._doorman, self._settings = means, doorman, settings

    async def give(self, municipality_id: str, ask: AccreditationAsk) -> AccreditationIssued:
        """A new accreditation with cards and plates; NumberTaken, CredentialTaken, or what a value is refused for."""
        check_kind(ask.kind, ask.valid_from, ask.valid_to, len(ask.plates))
        code, now = new_code(), self._means.clock()

        def keep(conn: Connection) -> AccreditationIssued:
            town = known_municipality(conn, municipality_id)
            key = match_key(self._means, conn, municipality_id)
            row = self._keep_new(conn, key, town, ask, code, now)
            today = day_at(now, town.time_zone)
            cards = [add_card(self._means, conn, row, card, key, today, now) for card in ask.cards]
            for plate in ask.plates:
                add_plate(self._means, conn, row, plate.plate, key, today, now)
            return AccreditationIssued(accreditation=full(self._means, conn, row), claim_code=code, cards=cards)

        issued = await self._means.db.write(keep)
        log.info("accreditation_given", accreditation_id=issued.accreditation.accreditation_id)
        return issued

    def _keep_new(self, conn: Connection, key: bytes, town: Municipality, ask: AccreditationAsk, code: str,
                  now: datetime) -> AccreditationRow:  # fmt: skip
        accreditation_id = new_id()
        holder = kept_holder(self._means, town.municipality_id, accreditation_id, ask.holder)
        row = AccreditationRow(
            accreditation_id=accreditation_id, municipality_id=town.municipality_id, category=ask.category,
            kind=ask.kind, issuer=ask.issuer.strip(), issuer_country=check_country(ask.issuer_country or town.country),
            number_match=match(key, "number", ask.number),
            number_ends_with=shown_end(normalise_number(ask.number), 3), holder_sealed=holder.sealed,
            holder_words=max(1, len(holder.words)), language=ask.language or language_of(town),
            valid_from=ask.valid_from, valid_to=ask.valid_to, status="valid", status_reason=None,
            claim_match=self._means.code_match("claim-code", code), claimed_by=None, created_at=now, version=1,
        )  # fmt: skip
        store.add_accreditation(conn, row)
        word_store.add_words(conn, [(row, holder.words)])
        tell_accreditation(self._means, conn, row, now)
        return row

    async def page(self, scope: Scope, filters: dict[str, Any], before: str, limit: int) -> AccreditationPage:
        """Accreditations, newest first; `filters` as `store.list_accreditations` takes them."""
        found = await self._means.db.read(
            lambda conn: store.list_accreditations(conn, scope, filters, before, limit + 1)
        )
        following = found[limit - 1].accreditation_id if len(found) > limit else None
        return AccreditationPage(accreditations=[line(row) for row in found[:limit]], next=following)

    async def expiring(self, scope: Scope, filters: dict[str, Any], before: str, limit: int) -> AccreditationPage:
        """As `page`, of those that expire within the days that each municipality's setting says, and are valid."""
        now = self._means.clock()

        def find(conn: Connection) -> list[AccreditationRow]:
            found: list[AccreditationRow] = []
            for town in (known_municipality(conn, municipality_id) for municipality_id in scope):
                today = day_at(now, town.time_zone)
                until = today + self.warning_time(town.municipality_id)
                spans = {**filters, "status": "valid", "ends_from": today, "ends_to": until}
                found += store.list_accreditations(conn, [town.municipality_id], spans, before, limit + 1)
            return sorted(found, key=lambda row: row.accreditation_id, reverse=True)

        found = await self._means.db.read(find)
        following = found[limit - 1].accreditation_id if len(found) > limit else None
        return AccreditationPage(accreditations=[line(row) for row in found[:limit]], next=following)

    def warning_time(self, municipality_id: str) -> timedelta:
        """How long before its end an accreditation is to be renewed."""
        return timedelta(days=self._settings.int_of(RENEWAL_WARNING_DAYS, municipality_id))

    async def search(self, scope: Scope, ask: AccreditationSearch) -> AccreditationPage:
        """Those that have this number, card, plate or holder; all that is asked for must fit."""

        def find(conn: Connection) -> list[AccreditationRow]:
            found: dict[str, AccreditationRow] = {}
            for municipality_id in scope:
                key = match_key(self._means, conn, municipality_id)
                found |= {row.accreditation_id: row for row in matches_of(self._means, conn, municipality_id, key, ask)}
            return list(found.values())

        rows = await self._means.db.read(find)
        return AccreditationPage(accreditations=[line(row) for row in rows])

    async def one(self, scope: Scope, accreditation_id: str) -> Accreditation:
        """One accreditation with its holder; NotFound for those of other municipalities."""

        def find(conn: Connection) -> Accreditation:
            return full(self._means, conn, known_accreditation(conn, scope, accreditation_id))

        return await self._means.db.read(find)

    async def correct(self, scope: Scope, accreditation_id: str, ask: AccreditationChange) -> Accreditation:
        """Correct what an accreditation says; what kind, validity and plates must agree on is checked again."""

        def change(conn: Connection, row: AccreditationRow) -> AccreditationRow:
            said = {name: getattr(ask, name) for name in ("category", "kind", "issuer", "issuer_country", "language")}
            values = {name: value for name, value in said.items() if value is not None}
            if ask.issuer_country is not None:
                check_country(ask.issuer_country)
            after = msgspec.structs.replace(check_alive(row), **values)
            check_kind(after.kind, after.valid_from, after.valid_to, live_plates(conn, accreditation_id))
            if ask.holder is not None:
                holder = kept_holder(self._means, row.municipality_id, accreditation_id, ask.holder)
                after = with_holder(after, holder)
                word_store.put_words(conn, after, holder.words)
            return after

        return await self._change(scope, accreditation_id, change)

    async def renew(self, scope: Scope, accreditation_id: str, ask: Renewal) -> Accreditation:
        """Give new dates; AccreditationEnded when it was revoked."""

        def change(conn: Connection, row: AccreditationRow) -> AccreditationRow:
            valid_from = ask.valid_from or row.valid_from
            check_kind(row.kind, valid_from, ask.valid_to, live_plates(conn, accreditation_id))
            return msgspec.structs.replace(check_alive(row), valid_from=valid_from, valid_to=ask.valid_to)

        return await self._change(scope, accreditation_id, change)

    async def replace(self, scope: Scope, accreditation_id: str, ask: Replacement) -> AccreditationIssued:
        """The document was replaced by one of another number: a new letter, and its cards stop unless they are kept.

        It stays the same accreditation: whoever has claimed it keeps it, and so does a bay of its own. NumberTaken
        when another accreditation of the issuer has the number.
        """
        code, now = new_code(), self._means.clock()

        def change(conn: Connection, row: AccreditationRow) -> AccreditationRow:
            key = match_key(self._means, conn, row.municipality_id)
            if not ask.keep_cards:
                revoke_cards(conn, accreditation_id, ask.reason, now)
            return msgspec.structs.replace(
                check_alive(row), number_match=match(key, "number", ask.number),
                number_ends_with=shown_end(normalise_number(ask.number), 3),
                claim_match=self._means.code_match("claim-code", code),
            )  # fmt: skip

        changed = await self._change(scope, accreditation_id, change)
        log.info("accreditation_replaced", accreditation_id=accreditation_id, reason=ask.reason)
        return AccreditationIssued(accreditation=changed, claim_code=code)

    async def set_status(self, scope: Scope, accreditation_id: str, status: AccreditationStatus,
                         reason: EndReason | None = None) -> Accreditation:  # fmt: skip
        """Suspend, resume or revoke; a revoked one stays so and its claim code is void."""

        def change(_: Connection, row: AccreditationRow) -> AccreditationRow:
            if status == "revoked" and row.status == "revoked":
                return row
            code = None if status == "revoked" else row.claim_match
            return msgspec.structs.replace(check_alive(row), status=status, status_reason=reason, claim_match=code)

        changed = await self._change(scope, accreditation_id, change)
        log.info("accreditation_status", accreditation_id=accreditation_id, status=status)
        return changed

    async def _change(self, scope: Scope, accreditation_id: str, change: Change) -> Accreditation:
        """One change in one transaction with its events: the accreditation and every card and plate of it."""
        now = self._means.clock()

        def keep(conn: Connection) -> Accreditation:
            before = known_accreditation(conn, scope, accreditation_id, lock=True)
            after = change(conn, before)
            if after != before:
                after = msgspec.structs.replace(after, version=before.version + 1)
                store.change_accreditation(conn, after)
                tell_all(self._means, conn, after, now)
            return full(self._means, conn, after)

        return await self._means.db.write(keep)

    async def claim(self, user_id: str, code: str, address: str) -> OwnAccreditation:
        """A driver takes the accreditation of a claim code, which is spent; WrongCode or TooMany."""
        subjects = (self._doorman.claims(user_id), self._doorman.address(address))
        at = await self._doorman.attempt(*subjects)
        match_of_code, now = self._means.code_match("claim-code", code), self._means.clock()

        def take(conn: Connection) -> AccreditationRow | None:
            row = store.accreditation_by_claim(conn, match_of_code)
            if row is None or row.status == "revoked" or people_store.account_by_id(conn, user_id) is None:
                return None
            claimant = self._means.claimant(user_id)
            claimed = msgspec.structs.replace(row, claim_match=None, claimed_by=claimant, version=row.version + 1)
            store.change_accreditation(conn, claimed)
            tell_accreditation(self._means, conn, claimed, now)
            if DRIVER not in people_store.grants_of(conn, user_id):
                give_grants(self._means, conn, user_id, [DRIVER], now, "claim")
            return claimed

        claimed = await self._means.db.write(take)
        if claimed is None:
            raise WrongCode("Compare it with the letter, or ask your town hall for a new one.")
        await self._doorman.forgive(at, subjects, wholly=subjects[:1])
        log.info("accreditation_claimed", accreditation_id=claimed.accreditation_id)
        return (await self.own(user_id, claimed.accreditation_id)).accreditations[0]

    async def own(self, user_id: str, accreditation_id: str | None = None) -> OwnAccreditations:
        """What a driver has claimed."""

        def find(conn: Connection) -> list[OwnAccreditation]:
            rows = store.claimed_by(conn, self._means.claimant(user_id))
            towns = {town.municipality_id: town.name for town in town_store.list_municipalities(conn)}
            return [_own(row, towns) for row in rows if accreditation_id in (None, row.accreditation_id)]

        return OwnAccreditations(accreditations=await self._means.db.read(find))


def _own(row: AccreditationRow, towns: dict[str, str]) -> OwnAccreditation:
    return OwnAccreditation(
        accreditation_id=row.accreditation_id, municipality_id=row.municipality_id,
        municipality_name=towns.get(row.municipality_id, ""), category=row.category, kind=row.kind, issuer=row.issuer,
        number_ends_with=row.number_ends_with, valid_from=row.valid_from, valid_to=row.valid_to, status=row.status,
        issuer_country=row.issuer_country,
    )  # fmt: skip


def language_of(town: Municipality) -> HolderLanguage:
    """In which language a municipality writes to people first, of those that SIGA has letters in."""
    known: tuple[HolderLanguage, ...] = ("es", "en")
    return next((one for tag in town.languages for one in known if tag.lower().startswith(one)), "es")
