"""Municipalities: founded with a match key, read by anyone, changed by their administrators."""

from __future__ import annotations

import base64
import os
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from siga.contract.accounts import (
    AdministratorAsk,
    Invited,
    MunicipalityAsk,
    MunicipalityChange,
    MunicipalityFounded,
    MunicipalityPage,
    Person,
    SetupChecklist,
)
from siga.contract.auth import Grant
from siga.contract.users import MatchKey, Municipality, MunicipalityDefined
from siga.kit.ids import new_id
from siga.kit.journal import Fact
from siga.kit.log import logger
from siga.kit.problem import Conflict, NotFound
from siga.services.users.model.emails import tidy_email
from siga.services.users.model.municipalities import check_municipality, setup_steps, slug_of
from siga.services.users.service.mail import Mail
from siga.services.users.service.means import Means
from siga.services.users.service.people import account_for, invite, write_invitation
from siga.services.users.store import municipalities as store
from siga.services.users.store import people as people_store

log = logger("users")
MATCH_KEY_BYTES = 32


def found_municipality(means: Means, conn: Connection, ask: MunicipalityAsk, now: datetime) -> Municipality:
    """Keep a new municipality with a new match key and tell all, in the caller's transaction."""
    slug = ask.slug or _free_slug(conn, slug_of(ask.name))
    municipality = check_municipality(
        Municipality(
            municipality_id=new_id(), name=ask.name.strip(), slug=slug, time_zone=ask.time_zone,
            languages=ask.languages, country=ask.country, contact=ask.contact.strip(), lon=ask.lon, lat=ask.lat,
        )
    )  # fmt: skip
    key = means.vault.seal(os.urandom(MATCH_KEY_BYTES), _place(municipality.municipality_id))
    store.add_municipality(conn, municipality, key)
    _tell(means, conn, municipality, 1, now)
    return municipality


def match_key(means: Means, conn: Connection, municipality_id: str) -> bytes:
    """The key under which a municipality's cards and plates are found; NotFound for an unknown one."""
    sealed = store.match_key_sealed(conn, municipality_id)
    if sealed is None:
        raise NotFound("There is no such municipality.")
    return means.vault.open(sealed, _place(municipality_id))


def known_municipality(conn: Connection, id_or_slug: str) -> Municipality:
    """The municipality of that id or short name; NotFound when there is none."""
    municipality = store.municipality(conn, id_or_slug)
    if municipality is None:
        raise NotFound("There is no such municipality.")
    return municipality


def _place(municipality_id: str) -> str:
    return f"municipalities.match_key:{municipality_id}"


def _tell(means: Means, conn: Connection, municipality: Municipality, version: int, now: datetime) -> None:
    fact = Fact(
        data=MunicipalityDefined(municipality=municipality), municipality_id=municipality.municipality_id,
        subject_id=municipality.municipality_id, occurred_at=now, sequence=version,
    )  # fmt: skip
    means.journal.append(conn, [fact], now)


def _free_slug(conn: Connection, wanted: str) -> str:
    slug, number = wanted, 2
    while not store.slug_is_free(conn, slug):
        slug, number = f"{wanted[:36]}-{number}", number + 1
    return slug


class Municipalities:
    """Founds, lists, reads and changes municipalities."""

    def __init__(self, means: Means, mail: Mail) -> None:
        self._means, self._mail = means, mail

    async def found(self, ask: MunicipalityAsk, first: AdministratorAsk) -> MunicipalityFounded:
        """A new municipality, and the invitation of its first administrator."""
        now, email = self._means.clock(), tidy_email(first.email)

        def keep(conn: Connection) -> MunicipalityFounded:
            municipality = found_municipality(self._means, conn, ask, now)
            invited = self._invite_administrator(conn, municipality, email, first, now)
            return MunicipalityFounded(municipality=municipality, invitation=invited)

        founded = await self._means.db.write(keep)
        self._mail.hurry()
        log.info("municipality_founded", municipality_id=founded.municipality.municipality_id)
        return founded

    async def invite_administrator(self, municipality_id: str, first: AdministratorAsk) -> Invited:
        """Invite a municipality's first administrator again, as long as it has none."""
        now, email = self._means.clock(), tidy_email(first.email)

        def keep(conn: Connection) -> Invited:
            municipality = known_municipality(conn, municipality_id)
            if people_store.roles_in(conn, municipality.municipality_id).get("administrator"):
                raise Conflict("It has an administrator, who invites everybody else.")
            return self._invite_administrator(conn, municipality, email, first, now)

        invited = await self._means.db.write(keep)
        self._mail.hurry()
        return invited

    def _invite_administrator(self, conn: Connection, municipality: Municipality, email: str, first: AdministratorAsk,
                              now: datetime) -> Invited:  # fmt: skip
        account = account_for(conn, email, first.name, first.language, now)
        grant = Grant(role="administrator", municipality_id=municipality.municipality_id)
        invitation, code = invite(self._means, conn, account, [grant], now)
        person = Person(
            user_id=account.user_id, email=email, name=account.name, language=account.language,
            invited=invitation.grants, invitation_ends_at=invitation.ends_at,
        )  # fmt: skip
        mailed = write_invitation(self._mail, conn, account, invitation, code, now)
        return Invited(person=person, code=code, ends_at=invitation.ends_at, mailed=mailed)

    async def page(self, after: str, limit: int) -> MunicipalityPage:
        """Municipalities by id; they are no secret."""
        found = await self._means.db.read(lambda conn: store.list_municipalities(conn, after, limit + 1))
        following = found[limit - 1].municipality_id if len(found) > limit else None
        return MunicipalityPage(municipalities=found[:limit], next=following)

    async def all(self) -> list[Municipality]:
        """Every municipality."""
        return await self._means.db.read(store.list_municipalities)

    async def one(self, id_or_slug: str) -> Municipality:
        """The municipality of that id or short name."""
        return await self._means.db.read(lambda conn: known_municipality(conn, id_or_slug))

    async def change(self, municipality_id: str, ask: MunicipalityChange) -> Municipality:
        """Change what is given; the short name never changes."""
        now = self._means.clock()
        values = {f: v for f, v in msgspec.structs.asdict(ask).items() if v is not None}

        def keep(conn: Connection) -> Municipality:
            store.lock_municipality(conn, municipality_id)
            before = known_municipality(conn, municipality_id)
            after = check_municipality(msgspec.structs.replace(before, **values))
            _tell(self._means, conn, after, store.change_municipality(conn, after), now)
            return after

        return await self._means.db.write(keep)

    async def checklist(self, municipality_id: str) -> SetupChecklist:
        """Which of a municipality's first steps are done, as far as Users knows."""

        def find(conn: Connection) -> SetupChecklist:
            municipality = known_municipality(conn, municipality_id)
            roles = set(people_store.roles_in(conn, municipality_id))
            return SetupChecklist(municipality_id=municipality_id, steps=setup_steps(municipality, roles))

        return await self._means.db.read(find)

    async def match_key(self, municipality_id: str) -> MatchKey:
        """The municipality's match key, for the gateway alone."""
        key = await self._means.db.read(lambda conn: match_key(self._means, conn, municipality_id))
        return MatchKey(municipality_id=municipality_id, key=base64.b64encode(key).decode())
