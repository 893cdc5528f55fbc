"""A person's own account: the roles of an invitation; name, language, password."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from siga.contract.accounts import InvitationUse, Me, MeChange, PasswordChange
from siga.contract.auth import Grant
from siga.contract.users import GrantsChanged
from siga.kit.journal import Fact
from siga.kit.log import logger
from siga.kit.problem import NotFound
from siga.services.users.model.people import DRIVER, Account, Invitation, is_staff
from siga.services.users.model.problems import WrongCode
from siga.services.users.service.acting import note_staff
from siga.services.users.service.doorman import Doorman
from siga.services.users.service.mail import Mail, password_changed
from siga.services.users.service.means import Means
from siga.services.users.service.new_password import checked
from siga.services.users.service.new_password import hashed as new_hash
from siga.services.users.service.sessions import end_sessions_of
from siga.services.users.store import people as store

log = logger("users")


def give_grants(means: Means, conn: Connection, user_id: str, grants: Sequence[Grant], now: datetime, by: str) -> None:
    """Give roles and tell gateways, in the caller's transaction."""
    for grant in grants:
        store.put_grant(conn, user_id, grant, now, by)
    tell_grants(means, conn, user_id, grants[0].municipality_id if grants else "", now)


def tell_grants(means: Means, conn: Connection, user_id: str, municipality_id: str, now: datetime) -> None:
    """Tell gateways that a person's roles changed."""
    changed = GrantsChanged(user_id=user_id)
    fact = Fact(data=changed, municipality_id=municipality_id, subject_id=user_id, occurred_at=now)
    means.journal.append(conn, [fact], now)


def known_account(conn: Connection, user_id: str) -> Account:
    """A person's account; NotFound when there is none."""
    account = store.account_by_id(conn, user_id)
    if account is None:
        raise NotFound("There is no such account.")
    return account


class Accounts:
    """What a person does with his own account."""

    def __init__(self, means: Means, doorman: Doorman, mail: Mail) -> None:
        self._means, self._doorman, self._mail = means, doorman, mail

    async def use_invitation(self, ask: InvitationUse, address: str) -> Me:
        """Take the roles of an invitation: with a new password, or with the account's own where there is one.

        So nobody gets roles by having registered somebody else's address, and no administrator gets into an account
        that a person made for himself.
        """
        subject = self._doorman.address(address)
        at = await self._doorman.attempt(subject)
        code = self._means.code_match("invitation", ask.code)
        invitation, account = await self._means.db.read(lambda conn: self._invited(conn, code, at))
        await self._doorman.forgive(at, [subject])
        if account.password_hash is not None and not invitation.resets:
            await self._doorman.admit(account.email, ask.password, address)
            await checked(
                self._means, ask.password, account.email, staff=True
            )  # what did for a driver may be too short for staff
            hashed = None
        else:
            hashed = await new_hash(self._means, ask.password, account.email, staff=True)
        now = self._means.clock()

        def take(conn: Connection) -> Me:
            current, found = self._invited(conn, code, now)
            if found.password_hash != account.password_hash:
                raise WrongCode("The account has changed meanwhile: use the code again.")
            if current.resets and DRIVER in store.grants_of(conn, found.user_id):
                raise WrongCode("This person also drives now: only they can change their password.")
            self._take(conn, current, found, hashed, ask.name, now)
            note_staff(conn, found.user_id)
            changed = known_account(conn, found.user_id)
            return me_of(changed, store.grants_of(conn, found.user_id), "")

        me = await self._means.db.write(take)
        log.info("invitation_used", user_id=me.user_id, municipality_id=invitation.municipality_id)
        return me

    @staticmethod
    def _invited(conn: Connection, code_match: str, now: datetime) -> tuple[Invitation, Account]:
        invitation = store.invitation_by_code(conn, code_match, now)
        account = store.account_by_id(conn, invitation.user_id) if invitation else None
        if invitation is None or account is None:
            raise WrongCode("Ask your administrator for a new invitation.")
        return invitation, account

    def _take(self, conn: Connection, invitation: Invitation, account: Account, hashed: str | None, name: str | None,
              now: datetime) -> None:  # fmt: skip
        user_id = account.user_id
        if not store.drop_invitation(conn, user_id, invitation.municipality_id):
            raise WrongCode("Ask your administrator for a new invitation.")
        if hashed is not None:
            store.set_password(conn, user_id, hashed)
            end_sessions_of(self._means, conn, user_id, now)
        if name is not None and name.strip():
            store.change_account(conn, user_id, name=name.strip())
        give_grants(self._means, conn, user_id, invitation.grants, now, "invitation")

    async def me(self, user_id: str, session_id: str | None) -> Me:
        """Who a person is and what he may do."""

        def find(conn: Connection) -> Me:
            return me_of(known_account(conn, user_id), store.grants_of(conn, user_id), session_id or "")

        return await self._means.db.read(find)

    async def change_me(self, user_id: str, session_id: str | None, ask: MeChange) -> Me:
        """Change one's own name or language."""
        values = {"name": ask.name.strip() if ask.name else None, "language": ask.language}

        def change(conn: Connection) -> Me:
            known_account(conn, user_id)
            store.change_account(conn, user_id, **{k: v for k, v in values.items() if v})
            return me_of(known_account(conn, user_id), store.grants_of(conn, user_id), session_id or "")

        return await self._means.db.write(change)

    async def change_password(self, user_id: str, session_id: str | None, ask: PasswordChange, address: str) -> None:
        """Change one's own password, given the old one; all other sessions end."""

        def find(conn: Connection) -> tuple[Account, bool]:
            return known_account(conn, user_id), is_staff(store.grants_of(conn, user_id))

        account, staff = await self._means.db.read(find)
        password = await checked(self._means, ask.new_password, account.email, staff=staff)
        await self._doorman.admit(account.email, ask.current_password, address)
        hashed, now = await self._means.hasher.hash(password), self._means.clock()

        def change(conn: Connection) -> None:
            store.set_password(conn, user_id, hashed)
            end_sessions_of(self._means, conn, user_id, now, but=session_id)
            password_changed(conn, self._mail, account, now)

        await self._means.db.write(change)
        self._mail.hurry()
        log.info("password_changed", user_id=user_id)


def me_of(account: Account, grants: tuple[Grant, ...], session_id: str) -> Me:
    """An account as its own person sees it."""
    return Me(
        user_id=account.user_id, email=account.email, name=account.name, language=account.language, grants=grants,
        session_id=session_id,
    )  # fmt: skip
