"""People of staff, as administrators manage them: invited, given roles, relieved of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from siga.contract.accounts import Invited, PeoplePage, Person
from siga.contract.auth import Grant, Role
from siga.kit.ids import new_code, new_id
from siga.kit.log import logger
from siga.kit.problem import Conflict, NotFound
from siga.services.users.model.emails import tidy_email
from siga.services.users.model.letters import Waiting
from siga.services.users.model.people import (
    INVITATION_LIVES,
    Account,
    Invitation,
    check_grant,
    may_be_reset,
    with_grant,
    within,
)
from siga.services.users.model.problems import GrantRefused, LastAdministrator
from siga.services.users.service.accounts import give_grants, tell_grants
from siga.services.users.service.mail import Mail
from siga.services.users.service.means import Means
from siga.services.users.store import municipalities as town_store
from siga.services.users.store import people as store

log = logger("users")
Scope = Sequence[str]
"""The municipalities whose people a caller may see and manage."""


def invite(means: Means, conn: Connection, account: Account, grants: Sequence[Grant], now: datetime, *,
           resets: bool = False) -> tuple[Invitation, str]:  # fmt: skip
    """Keep a new invitation in the caller's transaction; with its code, which is nowhere kept in clear."""
    code = new_code()
    invitation = Invitation(
        user_id=account.user_id, municipality_id=grants[0].municipality_id, grants=tuple(grants), name=account.name,
        ends_at=now + INVITATION_LIVES, resets=resets,
    )  # fmt: skip
    store.put_invitation(conn, invitation, means.code_match("invitation", code))
    return invitation, code


def account_for(conn: Connection, email: str, name: str, language: str, now: datetime) -> Account:
    """The account of an address as far as the inviter may know it: his own words for it; made if there is none."""
    known = store.account_by_email(conn, email)
    user_id = known.user_id if known else new_id()
    account = Account(
        user_id=user_id, email=email, name=name.strip(), language=language, password_hash=None, created_at=now
    )
    if known is None:
        store.add_account(conn, account)
    return account


def write_invitation(mail: Mail, conn: Connection, account: Account, invitation: Invitation, code: str,
                     now: datetime) -> bool:  # fmt: skip
    """Have the code sent to the person as well, in the caller's transaction; whether there is a mail server."""
    town = town_store.municipality(conn, invitation.municipality_id)
    letter = Waiting(
        kind="invitation", to=account.email, language=account.language, code=code, town=town.name if town else ""
    )
    mail.post(conn, letter, account.user_id, now, INVITATION_LIVES)
    return mail.works


class People:
    """Manages the people of some municipalities."""

    def __init__(self, means: Means, mail: Mail) -> None:
        self._means, self._mail = means, mail

    async def page(self, scope: Scope, role: Role | None, after: str, limit: int) -> PeoplePage:
        """People with a role or an invitation in these municipalities."""

        def find(conn: Connection) -> list[Person]:
            return self._persons(conn, scope, store.staff_of(conn, scope, role, after, limit + 1))

        found = await self._means.db.read(find)
        return PeoplePage(people=found[:limit], next=found[limit - 1].user_id if len(found) > limit else None)

    async def one(self, scope: Scope, user_id: str) -> Person:
        """One person; NotFound for people of other municipalities."""
        return await self._means.db.read(lambda conn: self._person(conn, scope, user_id))

    async def invite(self, email: str, name: str, language: str, grants: Sequence[Grant]) -> Invited:
        """Invite a person with these roles, all in one municipality.

        Roles are taken with the code alone, also where the address has an account: nobody gets roles for having
        registered somebody else's address.
        """
        if len({grant.municipality_id for grant in grants}) != 1:
            raise GrantRefused("One invitation is for one municipality.")
        wanted: tuple[Grant, ...] = ()
        for grant in grants:
            wanted = with_grant(wanted, check_grant(grant))
        address, now, scope = tidy_email(email), self._means.clock(), (wanted[0].municipality_id,)

        def keep(conn: Connection) -> Invited:
            account = account_for(conn, address, name, language, now)
            invitation, code = invite(self._means, conn, account, wanted, now)
            person = self._persons(conn, scope, [account])[0]
            mailed = write_invitation(self._mail, conn, account, invitation, code, now)
            return Invited(person=person, code=code, ends_at=invitation.ends_at, mailed=mailed)

        invited = await self._means.db.write(keep)
        self._mail.hurry()
        log.info("person_invited", user_id=invited.person.user_id, municipality_id=scope[0])
        return invited

    async def invite_again(self, scope: Scope, user_id: str) -> Invited:
        """A new code: for an invitation that was not used, else to set a new password (only for pure staff of here)."""
        now = self._means.clock()

        def keep(conn: Connection) -> Invited:
            person = self._person(conn, scope, user_id)
            account = store.account_by_id(conn, user_id)
            assert account is not None
            open_ones = store.invitations_in(conn, scope, [user_id])
            if open_ones:
                kept = open_ones[0]
                named = account_for(conn, account.email, kept.name, account.language, now)
                invitation, code = invite(self._means, conn, named, kept.grants, now, resets=kept.resets)
            else:
                if not may_be_reset(store.grants_of(conn, user_id), scope):
                    raise Conflict("This person also drives or works elsewhere: only they can change their password.")
                invitation, code = invite(self._means, conn, account, person.grants, now, resets=True)
            mailed = write_invitation(self._mail, conn, account, invitation, code, now)
            person = self._person(conn, scope, user_id)
            return Invited(person=person, code=code, ends_at=invitation.ends_at, mailed=mailed)

        invited = await self._means.db.write(keep)
        self._mail.hurry()
        return invited

    async def give(self, scope: Scope, user_id: str, grant: Grant, by: str) -> Person:
        """Give a role to a person who has one in these municipalities already; others are invited."""
        check_grant(grant)
        now = self._means.clock()

        def keep(conn: Connection) -> Person:
            if not self._person(conn, scope, user_id).grants:
                raise Conflict("This person has not used the invitation yet: invite again with all roles.")
            give_grants(self._means, conn, user_id, [grant], now, by)
            return self._person(conn, scope, user_id)

        return await self._means.db.write(keep)

    async def take(self, scope: Scope, user_id: str, role: Role, municipality_id: str) -> None:
        """Take a role away; LastAdministrator when nobody would be left to manage the municipality."""
        now = self._means.clock()

        def drop(conn: Connection) -> None:
            town_store.lock_municipality(conn, municipality_id)
            self._person(conn, scope, user_id)
            if not store.take_grant(conn, user_id, role, municipality_id):
                raise NotFound("The person has no such role there.")
            if role == "administrator" and not store.roles_in(conn, municipality_id).get("administrator"):
                raise LastAdministrator("Give the role to somebody else first.")
            tell_grants(self._means, conn, user_id, municipality_id, now)

        await self._means.db.write(drop)
        log.info("role_taken", user_id=user_id, role=role, municipality_id=municipality_id)

    async def withdraw(self, scope: Scope, user_id: str, municipality_id: str) -> None:
        """Withdraw an invitation that was not used."""

        def drop(conn: Connection) -> None:
            self._person(conn, scope, user_id)
            if not store.drop_invitation(conn, user_id, municipality_id):
                raise NotFound("There is no open invitation.")

        await self._means.db.write(drop)

    async def sweep(self) -> int:
        """Forget invitations past their time."""
        now = self._means.clock()
        return await self._means.db.write(lambda conn: store.forget_invitations(conn, now))

    def _person(self, conn: Connection, scope: Scope, user_id: str) -> Person:
        account = store.account_by_id(conn, user_id)
        person = self._persons(conn, scope, [account])[0] if account else None
        if person is None or not (person.grants or person.invited or person.invitation_ends_at):
            raise NotFound("There is no such person among yours.")
        return person

    @staticmethod
    def _persons(conn: Connection, scope: Scope, accounts: Sequence[Account]) -> list[Person]:
        """People as administrators of `scope` see them: a name from the invitation where they have no role there."""
        ids = [account.user_id for account in accounts]
        grants = store.grants_of_many(conn, ids)
        waiting = {invitation.user_id: invitation for invitation in store.invitations_in(conn, scope, ids)}
        persons = []
        for account in accounts:
            here = within(grants.get(account.user_id, ()), scope)
            invitation = waiting.get(account.user_id)
            persons.append(
                Person(
                    user_id=account.user_id, email=account.email,
                    name=invitation.name if invitation and not here else account.name,
                    language=account.language, grants=here,
                    invited=invitation.grants if invitation and not invitation.resets else (),
                    invitation_ends_at=invitation.ends_at if invitation else None,
                )
            )  # fmt: skip
        return persons
