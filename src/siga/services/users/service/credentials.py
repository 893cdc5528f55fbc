"""Cards and plates: added to an accreditation, revoked, found by others through their HMACs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import Connection

from siga.contract.accreditations import (
    AccreditationSearch,
    CardAdded,
    CardAsk,
    CardReplacement,
    EndReason,
    Plate,
    UidForms,
)
from siga.contract.users import (
    AccreditationBrief,
    CredentialAnswer,
    CredentialKind,
    CredentialQuestion,
    CredentialSnapshot,
)
from siga.kit.credentials import match, normalise_plate, normalise_uid, reverse_uid, uid_from_decimal
from siga.kit.ids import new_id
from siga.kit.log import logger
from siga.kit.problem import Invalid, NotFound
from siga.services.users.model.accreditations import (
    AccreditationRow,
    CredentialRow,
    brief,
    check_alive,
    copy_of,
    holds_on,
    shown_end,
    standing,
    uid_forms,
)
from siga.services.users.model.kinds import LastPlate
from siga.services.users.model.municipalities import day_at
from siga.services.users.model.problems import CredentialTaken
from siga.services.users.service import views
from siga.services.users.service.holders import hashed_words
from siga.services.users.service.means import Means
from siga.services.users.service.municipalities import known_municipality, match_key
from siga.services.users.service.telling import tell_credential
from siga.services.users.store import accreditations as store
from siga.services.users.store import holder_words as word_store

log = logger("users")
Scope = Sequence[str]
_MOST_FOUND = 100


def uid_of(ask: CardAsk) -> str:
    """A card's UID in normal form, as the bays' readers tell it; UidForm or UidLength."""
    uid = normalise_uid(ask.uid) if ask.form == "hex" else uid_from_decimal(ask.uid)
    return reverse_uid(uid) if ask.reversed else uid


def today_of(conn: Connection, municipality_id: str, now: datetime) -> date:
    """The day it is in a municipality."""
    return day_at(now, known_municipality(conn, municipality_id).time_zone)


def known_accreditation(
    conn: Connection, scope: Scope, accreditation_id: str, *, lock: bool = False
) -> AccreditationRow:
    """An accreditation of these municipalities; NotFound for any other."""
    row = store.accreditation(conn, accreditation_id, lock=lock)
    if row is None or row.municipality_id not in scope:
        raise NotFound("There is no such accreditation among yours.")
    return row


def add_card(means: Means, conn: Connection, row: AccreditationRow, ask: CardAsk, key: bytes, today: date,
             now: datetime) -> CardAdded:  # fmt: skip
    """Add a card in the caller's transaction; CredentialTaken when it belongs to somebody."""
    uid = uid_of(ask)
    kept = _add(means, conn, row, ask.kind, uid, shown_end(uid, 4), key, today, now)
    return CardAdded(card=views.card(kept), forms=uid_forms(uid))


def add_plate(means: Means, conn: Connection, row: AccreditationRow, text: str, key: bytes, today: date,
              now: datetime) -> Plate:  # fmt: skip
    """Add a plate in the caller's transaction; CredentialTaken when it belongs to somebody."""
    plate = normalise_plate(text)
    return views.plate(means, _add(means, conn, row, "plate", plate, shown_end(plate, 3), key, today, now))


def _add(means: Means, conn: Connection, row: AccreditationRow, kind: CredentialKind, value: str, ends_with: str,
         key: bytes, today: date, now: datetime) -> CredentialRow:  # fmt: skip
    """One row for each card or plate of a municipality: it moves here when it belongs to nobody any more."""
    check_alive(row)
    found = match(key, kind, value)
    pairs = store.pairs_by_match(conn, [row.municipality_id], [found])
    if pairs and holds_on(*pairs[0], today):
        raise CredentialTaken("Revoke it there first.")
    credential_id, version = (pairs[0][1].credential_id, pairs[0][1].version + 1) if pairs else (new_id(), 1)
    kept = CredentialRow(
        credential_id=credential_id, credential=found, kind=kind, accreditation_id=row.accreditation_id,
        municipality_id=row.municipality_id,
        value_sealed=means.vault.seal(value.encode(), views.place_of_value(credential_id)),
        ends_with=ends_with, added_at=now, revoked_at=None, version=version,
    )  # fmt: skip
    store.put_credential(conn, kept)
    tell_credential(means, conn, row, kept, now)
    return kept


def live_plates(conn: Connection, accreditation_id: str) -> int:
    """How many plates of an accreditation are not revoked."""
    return sum(one.kind == "plate" and one.revoked_at is None for one in store.credentials_of(conn, accreditation_id))


def revoke_cards(conn: Connection, accreditation_id: str, reason: EndReason, now: datetime) -> None:
    """Revoke all cards and tags of an accreditation; whoever does so tells them, with their next version."""
    for one in store.credentials_of(conn, accreditation_id):
        if one.kind != "plate" and one.revoked_at is None:
            store.put_credential(conn, msgspec.structs.replace(one, revoked_at=now, revoked_reason=reason))


def matches_of(means: Means, conn: Connection, municipality_id: str, key: bytes,
               ask: AccreditationSearch) -> list[AccreditationRow]:  # fmt: skip
    """The accreditations of a municipality that have all the values asked for; Invalid when none is asked for."""
    sets: list[dict[str, AccreditationRow]] = []
    if ask.number is not None:
        filters = {"number_match": match(key, "number", ask.number)}
        rows = store.list_accreditations(conn, [municipality_id], filters, "", _MOST_FOUND)
        sets.append({row.accreditation_id: row for row in rows})
    wanted = [match(key, "card", uid_of(ask.card))] if ask.card else []
    wanted += [match(key, "plate", ask.plate)] if ask.plate is not None else []
    for one in wanted:
        pairs = store.pairs_by_match(conn, [municipality_id], [one])
        sets.append({row.accreditation_id: row for row, _ in pairs})
    if ask.holder is not None:
        words = hashed_words(means, municipality_id, ask.holder)
        rows = word_store.with_words(conn, municipality_id, words, _MOST_FOUND) if words else []
        sets.append({row.accreditation_id: row for row in rows})
    if not sets:
        raise Invalid("Give a number, a card, a plate or a holder to search for.")
    common = set.intersection(*(set(found) for found in sets))
    return [sets[0][accreditation_id] for accreditation_id in sorted(common)]


def match_of_card(means: Means, conn: Connection, row: AccreditationRow, ask: CardAsk) -> str:
    """The keyed match of a card in an accreditation's municipality."""
    return match(match_key(means, conn, row.municipality_id), "card", uid_of(ask))


def _credential_of(conn: Connection, accreditation_id: str, credential_id: str, *, plate: bool) -> CredentialRow:
    kept = store.credential(conn, credential_id)
    if kept is None or kept.accreditation_id != accreditation_id or (kept.kind == "plate") != plate:
        raise NotFound("The accreditation has no such card or plate.")
    return kept


class Credentials:
    """Adds, revokes and finds cards and plates."""

    def __init__(self, means: Means) -> None:
        self._means = means

    @staticmethod
    def forms(ask: CardAsk) -> UidForms:
        """A UID in every form, for a clerk to compare before it is kept."""
        return uid_forms(uid_of(ask))

    async def add_card(self, scope: Scope, accreditation_id: str, ask: CardAsk) -> CardAdded:
        """Add a card or tag to an accreditation."""
        now = self._means.clock()

        def keep(conn: Connection) -> CardAdded:
            row = known_accreditation(conn, scope, accreditation_id, lock=True)
            key, today = match_key(self._means, conn, row.municipality_id), today_of(conn, row.municipality_id, now)
            return add_card(self._means, conn, row, ask, key, today, now)

        added = await self._means.db.write(keep)
        log.info("card_added", accreditation_id=accreditation_id, card=added.card.credential_id)
        return added

    async def add_plate(self, scope: Scope, accreditation_id: str, text: str) -> Plate:
        """Add a number plate to an accreditation."""
        now = self._means.clock()

        def keep(conn: Connection) -> Plate:
            row = known_accreditation(conn, scope, accreditation_id, lock=True)
            key, today = match_key(self._means, conn, row.municipality_id), today_of(conn, row.municipality_id, now)
            return add_plate(self._means, conn, row, text, key, today, now)

        added = await self._means.db.write(keep)
        log.info("vehicle_added", accreditation_id=accreditation_id)
        return added

    async def revoke(self, scope: Scope, accreditation_id: str, credential_id: str, *, plate: bool,
                     reason: EndReason = "other") -> None:  # fmt: skip
        """Revoke a card or a plate of an accreditation; no fault when it is revoked already.

        LastPlate for the last plate of a collective accreditation that is not revoked itself.
        """
        now = self._means.clock()

        def drop(conn: Connection) -> None:
            row = known_accreditation(conn, scope, accreditation_id, lock=True)
            kept = _credential_of(conn, accreditation_id, credential_id, plate=plate)
            bound = plate and row.kind == "collective" and row.status != "revoked"
            if bound and kept.revoked_at is None and live_plates(conn, accreditation_id) == 1:
                raise LastPlate("Add the plate of the other vehicle first, or revoke the accreditation.")
            self._drop(conn, row, kept, reason, now)

        await self._means.db.write(drop)
        log.info("credential_revoked", accreditation_id=accreditation_id, credential_id=credential_id, reason=reason)

    async def replace_card(self, scope: Scope, accreditation_id: str, credential_id: str,
                           ask: CardReplacement) -> CardAdded:  # fmt: skip
        """A new card in the place of one that was lost or broken, which stops in the same moment."""
        now = self._means.clock()

        def swap(conn: Connection) -> CardAdded:
            row = check_alive(known_accreditation(conn, scope, accreditation_id, lock=True))
            kept = _credential_of(conn, accreditation_id, credential_id, plate=False)
            if match_of_card(self._means, conn, row, ask) == kept.credential:
                raise CredentialTaken("That is the card to be replaced: hold the new one to the reader.")
            self._drop(conn, row, kept, ask.reason, now)
            key, today = match_key(self._means, conn, row.municipality_id), today_of(conn, row.municipality_id, now)
            return add_card(self._means, conn, row, ask, key, today, now)

        added = await self._means.db.write(swap)
        log.info("card_replaced", accreditation_id=accreditation_id, card=added.card.credential_id, reason=ask.reason)
        return added

    def _drop(self, conn: Connection, row: AccreditationRow, kept: CredentialRow, reason: EndReason,
              now: datetime) -> None:  # fmt: skip
        if kept.revoked_at is None:
            gone = msgspec.structs.replace(kept, revoked_at=now, revoked_reason=reason, version=kept.version + 1)
            store.put_credential(conn, gone)
            tell_credential(self._means, conn, row, gone, now)

    async def snapshot(self) -> CredentialSnapshot:
        """Every card and plate as Parking keeps it, and the position from which to follow the events."""

        def find(conn: Connection) -> CredentialSnapshot:
            position = self._means.journal.head(conn)  # first: what commits meanwhile comes again as an event
            return CredentialSnapshot(position=position, rows=[copy_of(*pair) for pair in store.all_pairs(conn)])

        return await self._means.db.read(find)

    async def lookup(self, ask: CredentialQuestion) -> CredentialAnswer:
        """The first of some values that belongs to an accreditation, and whether that is valid at an instant."""

        def find(conn: Connection) -> CredentialAnswer:
            town = known_municipality(conn, ask.municipality_id)
            key = match_key(self._means, conn, ask.municipality_id)
            wanted = [_match_or_none(key, ask.kind, value) for value in ask.values]
            asked = [one for one in wanted if one is not None]
            pairs = {
                card.credential: (row, card) for row, card in store.pairs_by_match(conn, [town.municipality_id], asked)
            }
            return _answer(wanted, pairs, day_at(ask.at, town.time_zone))

        return await self._means.db.read(find)

    async def claimed_by(self, user_id: str) -> list[AccreditationBrief]:
        """What a person has claimed, without names."""
        rows = await self._means.db.read(lambda conn: store.claimed_by(conn, self._means.claimant(user_id)))
        return [brief(row) for row in rows]


def _match_or_none(key: bytes, kind: CredentialKind, value: str) -> str | None:
    """A value's HMAC; None for what can be no card or plate at all, such as a misread one."""
    try:
        return match(key, kind, value)
    except Invalid:
        return None


def _answer(wanted: Sequence[str | None], pairs: dict[str, store.Pair], on: date) -> CredentialAnswer:
    for index, one in enumerate(wanted):
        if one is None or one not in pairs:
            continue
        row, card = pairs[one]
        reason = "revoked" if card.revoked_at is not None else standing(row, on)
        return CredentialAnswer(
            index=index, credential=one, accreditation=brief(row), valid=reason == "valid", reason=reason
        )
    return CredentialAnswer()
