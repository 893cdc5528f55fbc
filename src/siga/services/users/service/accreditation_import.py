"""A town's list of accreditations: planned whole, refused row by row, and the same list again changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from siga.contract.accreditation_lists import (
    AccreditationBatch,
    AccreditationDraft,
    AccreditationImport,
    ImportedAccreditation,
    RefusedEntry,
)
from siga.contract.users import CredentialKind, Municipality
from siga.kit.credentials import match, normalise_number, normalise_plate, normalise_uid
from siga.kit.ids import new_id
from siga.kit.log import logger
from siga.kit.problem import Problem
from siga.services.users.model.accreditations import (
    AccreditationRow,
    CredentialRow,
    holds_on,
    shown_end,
)
from siga.services.users.model.kinds import check_country, check_kind
from siga.services.users.model.municipalities import day_at
from siga.services.users.service.accreditations import language_of
from siga.services.users.service.credentials import live_plates
from siga.services.users.service.holders import kept_holder, opened_holder, with_holder
from siga.services.users.service.means import Means
from siga.services.users.service.municipalities import known_municipality, match_key
from siga.services.users.service.telling import tell_all_of, tell_new
from siga.services.users.service.views import place_of_value
from siga.services.users.store import accreditation_lists as lists
from siga.services.users.store import accreditations as store
from siga.services.users.store import holder_words as word_store

log = logger("users")
Known = tuple[str, str, str]
"""(match of the number, issuer, country): by which an accreditation is known again."""
_FIELDS = ("category", "kind", "valid_from", "valid_to", "language")
_NEEDED = ("holder", "category", "valid_from", "valid_to")


class AccreditationLists:
    """The use case. The caller was checked for the municipality."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def take(self, batch: AccreditationBatch) -> AccreditationImport:
        """Give or bring up to date what the batch describes; what cannot be is refused and harms nothing else."""
        if batch.dry_run:
            plan = await self._means.db.read(lambda conn: planned(self._means, conn, batch))
        else:
            plan = await self._means.db.write(lambda conn: self._carry_out(conn, batch))
            log.info("accreditations_imported", municipality_id=batch.municipality_id, rows=len(plan.rows))
        counts = {word: sum(row.outcome == word for row in plan.rows) for word in ("created", "updated", "unchanged")}
        return AccreditationImport(**counts, rows=plan.rows, refused=plan.refused, dry_run=batch.dry_run)

    def _carry_out(self, conn: Connection, batch: AccreditationBatch) -> Plan:
        plan = planned(self._means, conn, batch)
        fresh = {row.accreditation_id for row in plan.new}
        moved = [card for card in plan.cards if card.version > 1]
        lists.add_many(conn, plan.new, [card for card in plan.cards if card.version == 1])
        word_store.add_words(conn, [(row, plan.words[row.accreditation_id]) for row in plan.new])
        for card in moved:
            store.put_credential(conn, card)
        for row in plan.changed:
            store.change_accreditation(conn, row)
            if row.accreditation_id in plan.words:
                word_store.put_words(conn, row, plan.words[row.accreditation_id])
        now = plan.now
        tell_new(self._means, conn, plan.new, [card for card in plan.cards if card.accreditation_id in fresh], now)
        tell_all_of(self._means, conn, plan.changed, now)
        return plan


def planned(means: Means, conn: Connection, batch: AccreditationBatch) -> Plan:
    """What the batch would do to the store as it is."""
    plan = Plan(means, conn, batch)
    for draft in batch.drafts:
        plan.take(draft)
    return plan


class Plan:
    """What is to be done, row by row."""

    def __init__(self, means: Means, conn: Connection, batch: AccreditationBatch) -> None:
        self._means, self._conn = means, conn
        self.now: datetime = means.clock()
        self._town: Municipality = known_municipality(conn, batch.municipality_id)
        self._key = match_key(means, conn, self._town.municipality_id)
        self._today: date = day_at(self.now, self._town.time_zone)
        self._known = self._look_up(batch.drafts, lock=not batch.dry_run)
        self._held = self._look_up_cards(batch.drafts)
        self._seen: set[Known] = set()
        self.new: list[AccreditationRow] = []
        self.changed: list[AccreditationRow] = []
        self.cards: list[CredentialRow] = []
        """New cards and plates; those of a version above 1 move here from where they are over."""
        self.words: dict[str, Sequence[str]] = {}
        """By accreditation: the hashed words of a new name."""
        self.rows: list[ImportedAccreditation] = []
        self.refused: list[RefusedEntry] = []

    # --- what is there -----------------------------------------------------------------------------------------------

    def _look_up(self, drafts: Sequence[AccreditationDraft], *, lock: bool) -> dict[Known, AccreditationRow]:
        """Those of these numbers; of one that was given again after a revocation the living one."""
        matches = [one for one in (_quiet(self._key, "number", draft.number) for draft in drafts) if one]
        rows = lists.by_numbers(
            self._conn, self._town.municipality_id, list(dict.fromkeys(matches)), lock=lock
        )  # fmt: skip
        rows.sort(key=lambda row: row.status != "revoked")
        return {(row.number_match, row.issuer, row.issuer_country): row for row in rows}

    def _look_up_cards(self, drafts: Sequence[AccreditationDraft]) -> dict[str, store.Pair]:
        wanted = [(kind, text) for draft in drafts for kind, text in _values(draft)]
        matches = dict.fromkeys(one for one in (_quiet(self._key, kind, text) for kind, text in wanted) if one)
        pairs = lists.pairs(self._conn, self._town.municipality_id, list(matches))
        return {card.credential: (row, card) for row, card in pairs}

    # --- one row -----------------------------------------------------------------------------------------------------

    def take(self, draft: AccreditationDraft) -> None:
        """Plan one row."""
        try:
            self._take(draft)
        except Problem as fault:
            self._refuse(draft, fault.slug, fault.detail or str(fault))
        except _Refused as fault:
            self._refuse(draft, fault.slug, fault.reason)

    def _refuse(self, draft: AccreditationDraft, slug: str, reason: str) -> None:
        entry = RefusedEntry(row=draft.row, reason=reason, slug=slug, excerpt=f"…{_end_of(draft.number)}")
        self.refused.append(entry)

    def _take(self, draft: AccreditationDraft) -> None:
        number = match(self._key, "number", draft.number)
        country = check_country(draft.issuer_country or self._town.country)
        known = (number, (draft.issuer or self._town.name).strip(), country)
        if known in self._seen:
            raise _Refused("twice", "This number of this issuer stands twice in the list.")
        before = self._known.get(known)
        if before is not None and before.status == "revoked":
            raise _Refused("revoked", "It was revoked: whoever revoked it gives a new one by hand if that was wrong.")
        if before is None:
            missing = [name for name in _NEEDED if not getattr(draft, name)]
            if missing:
                raise _Refused("missing", f"A new accreditation needs {', '.join(missing)}.")
        after, words = self._described(draft, before, known)
        found = (self._card(after, kind, text) for kind, text in _values(draft))
        cards = list({card.credential: card for card in found if card is not None}.values())
        plates = sum(card.kind == "plate" for card in cards)
        if before is not None and after.kind == "collective":
            plates += live_plates(self._conn, before.accreditation_id)
        check_kind(after.kind, after.valid_from, after.valid_to, plates)
        self._seen.add(known)
        self._note(draft, before, after, words, cards)

    def _note(self, draft: AccreditationDraft, before: AccreditationRow | None, after: AccreditationRow,
              words: Sequence[str] | None, cards: list[CredentialRow]) -> None:  # fmt: skip
        changes = _differences(before, after, words, cards)
        for card in cards:
            self._held[card.credential] = (after, card)
        self.cards += cards
        if words is not None:
            self.words[after.accreditation_id] = words
        if before is None:
            self.new.append(after)
        elif changes:
            self.changed.append(msgspec.structs.replace(after, version=before.version + 1))
        outcome = "created" if before is None else "updated" if changes else "unchanged"
        told = () if before is None else changes
        self.rows.append(
            ImportedAccreditation(row=draft.row, outcome=outcome, number_ends_with=after.number_ends_with, changes=told)  # type: ignore[arg-type]
        )

    def _described(self, draft: AccreditationDraft, before: AccreditationRow | None,
                   known: Known) -> tuple[AccreditationRow, Sequence[str] | None]:  # fmt: skip
        """The accreditation as the row wants it, and the words of its holder where the name is new."""
        told: dict[str, Any] = {name: value for name in _FIELDS if (value := getattr(draft, name)) is not None}
        name = (draft.holder or "").strip()
        if before is not None:
            after = msgspec.structs.replace(before, **told)
            if not name or name == opened_holder(self._means, before):
                return after, None
            holder = kept_holder(self._means, before.municipality_id, before.accreditation_id, name)
            return with_holder(after, holder), holder.words
        accreditation_id = new_id()
        holder = kept_holder(self._means, self._town.municipality_id, accreditation_id, name)
        values = {"kind": "personal", "language": language_of(self._town), **told}
        row = AccreditationRow(
            accreditation_id=accreditation_id, municipality_id=self._town.municipality_id, number_match=known[0],
            issuer=known[1], issuer_country=known[2],
            number_ends_with=shown_end(normalise_number(draft.number), 3), holder_sealed=holder.sealed, status="valid",
            holder_words=max(1, len(holder.words)), status_reason=None, claim_match=None, claimed_by=None,
            created_at=self.now, version=1, **values,
        )  # fmt: skip
        return row, holder.words

    def _card(self, row: AccreditationRow, kind: CredentialKind, text: str) -> CredentialRow | None:
        """A new card or plate of the accreditation; None when it has it already."""
        value = normalise_plate(text) if kind == "plate" else normalise_uid(text)
        found = match(self._key, kind, value)
        pair = self._held.get(found)
        if pair is not None:
            held, card = pair
            if card.accreditation_id == row.accreditation_id and card.revoked_at is None:
                return None
            if card.accreditation_id == row.accreditation_id:
                raise _Refused("credential-revoked", f"Its {kind} …{card.ends_with} was revoked: add it by hand.")
            if holds_on(held, card, self._today):
                raise _Refused("credential-taken", f"Its {kind} …{card.ends_with} belongs to another accreditation.")
        credential_id, version = (pair[1].credential_id, pair[1].version + 1) if pair else (new_id(), 1)
        return CredentialRow(
            credential_id=credential_id, credential=found, kind=kind, accreditation_id=row.accreditation_id,
            municipality_id=row.municipality_id,
            value_sealed=self._means.vault.seal(value.encode(), place_of_value(credential_id)),
            ends_with=shown_end(value, 3 if kind == "plate" else 4), added_at=self.now, revoked_at=None,
            version=version,
        )  # fmt: skip


class _Refused(Exception):
    """A row that cannot be taken."""

    def __init__(self, slug: str, reason: str) -> None:
        super().__init__(reason)
        self.slug, self.reason = slug, reason


def _values(draft: AccreditationDraft) -> list[tuple[CredentialKind, str]]:
    """The cards and plates of a row, each once."""
    plates: list[tuple[CredentialKind, str]] = [("plate", text) for text in dict.fromkeys(draft.plates or ())]
    return [*plates, *(("card", text) for text in dict.fromkeys(draft.cards or ()))]


def _quiet(key: bytes, kind: Any, text: str) -> str | None:
    """A value's match; None for what is refused when its row is taken."""
    try:
        return match(key, kind, text)
    except Problem:
        return None


def _end_of(number: str) -> str:
    plain = "".join(c for c in number if c.isalnum())
    return shown_end(plain, 3)


def _differences(before: AccreditationRow | None, after: AccreditationRow, words: Sequence[str] | None,
                 cards: Sequence[CredentialRow]) -> tuple[str, ...]:  # fmt: skip
    if before is None:
        return ()
    found = [name for name in _FIELDS if getattr(before, name) != getattr(after, name)]
    found += ["holder"] if words is not None else []
    kinds = {"plates" if card.kind == "plate" else "cards" for card in cards}
    return (*found, *sorted(kinds))
