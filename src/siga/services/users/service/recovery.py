"""A forgotten password, and another e-mail address: by links that only the mailbox's reader, or a helper, gets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from siga.contract.accounts import Asked, EmailChange, EmailConfirmed, ForgotAsk, LinkUse
from siga.kit.ids import new_id
from siga.kit.log import logger
from siga.kit.problem import NotFound
from siga.services.users.model.emails import folded_email, tidy_email
from siga.services.users.model.letters import Waiting
from siga.services.users.model.links import (
    COUNTED,
    MOST_AN_HOUR,
    WAITS_FOR_HANDS,
    WAITS_FOR_MAIL,
    Link,
    LinkKind,
    is_good,
)
from siga.services.users.model.people import Account, is_staff
from siga.services.users.model.problems import LinkOver, NoMail
from siga.services.users.model.throttle import RECOVERY_LIMIT
from siga.services.users.service.accounts import known_account
from siga.services.users.service.acting import note_staff
from siga.services.users.service.doorman import Doorman, Subject
from siga.services.users.service.mail import Mail, password_changed
from siga.services.users.service.means import Means, sha256
from siga.services.users.service.new_password import hashed as new_hash
from siga.services.users.service.sessions import end_sessions_of
from siga.services.users.store import mail as mail_store
from siga.services.users.store import people as store

log = logger("users")
_CHANGES: tuple[LinkKind, ...] = ("email_old", "email_new")


class Recovery:
    """Links that open one's own account to a new password or another address. None of them signs anybody in."""

    def __init__(self, means: Means, doorman: Doorman, mail: Mail) -> None:
        self._means, self._doorman, self._mail = means, doorman, mail

    async def forgot(self, ask: ForgotAsk, address: str) -> Asked:
        """Have a link made for a new password; the answer tells nothing of whether there is such an account."""
        email = folded_email(ask.email)
        wishes = Subject(self._means.vault.blind("recovery", email), RECOVERY_LIMIT)
        await self._doorman.attempt(self._doorman.registrations(address), wishes)
        now = self._means.clock()

        def keep(conn: Connection) -> None:
            account = store.account_by_email(conn, email)
            if account is None or account.password_hash is None:
                return
            if mail_store.links_since(conn, self._mail.match_of(email), now - COUNTED) >= MOST_AN_HOUR:
                return
            if not self._mail.works and any(
                one.user_id == account.user_id for one in mail_store.asks_by_hand(conn, now)
            ):
                return
            self._send(conn, "reset", account, email, now)

        await self._means.db.write(keep)
        self._mail.hurry()
        return Asked(by="mail" if self._mail.works else "administration")

    def _send(self, conn: Connection, kind: LinkKind, account: Account, to: str, now: datetime, *,
              group_id: str = "", asked: bytes | None = None) -> None:  # fmt: skip
        """A new link, and its letter where there is a mail server."""
        waits = WAITS_FOR_MAIL if self._mail.works else WAITS_FOR_HANDS
        link = self._mail.new_link(kind, account.user_id, to, now, waits, group_id=group_id, asked=asked)
        mail_store.add_link(conn, link)
        letter = Waiting(kind=kind, to=to, language=account.language, link_id=link.link_id)
        self._mail.post(conn, letter, account.user_id, now, waits)

    async def reset(self, ask: LinkUse, address: str) -> None:
        """Set a new password by a link; LinkOver or WeakPassword. Ends all sessions, opens none.

        Whoever has a second factor is asked for it when they sign in: a link to the mailbox does not replace it.
        """
        mine, token_hash = self._doorman.address(address), sha256(ask.code.strip().lower())
        at = await self._doorman.attempt(mine)
        account, staff = await self._means.db.read(lambda conn: self._resets(conn, token_hash, at)[1:])
        await self._doorman.forgive(at, [mine])
        hashed = await new_hash(self._means, ask.password, account.email, staff=staff)
        now = self._means.clock()

        def take(conn: Connection) -> None:
            link, found, _ = self._resets(conn, token_hash, now)
            if not mail_store.use_link(conn, link.link_id, now):
                raise LinkOver("Ask for another one.")
            store.set_password(conn, found.user_id, hashed)
            end_sessions_of(self._means, conn, found.user_id, now)
            password_changed(conn, self._mail, found, now)
            note_staff(conn, found.user_id)

        await self._means.db.write(take)
        self._mail.hurry()
        log.info("password_reset", user_id=account.user_id)

    def _resets(self, conn: Connection, token_hash: str, now: datetime) -> tuple[Link, Account, bool]:
        link = mail_store.link_by_token(conn, token_hash)
        account = store.account_by_id(conn, link.user_id) if link else None
        if link is None or account is None or link.kind != "reset" or not is_good(link, now):
            raise LinkOver("Ask for another one.")
        return link, account, is_staff(store.grants_of(conn, account.user_id))

    # --- another address -----------------------------------------------------------------------------------------

    async def change_email(self, user_id: str, ask: EmailChange, address: str) -> Asked:
        """Write to both addresses; the account uses the new one when both letters are answered. NoMail without mail."""
        if not self._mail.works:
            raise NoMail("An address can only be changed where SIGA can write to it: ask your town's administration.")
        wanted = tidy_email(ask.email)
        account = await self._means.db.read(lambda conn: known_account(conn, user_id))
        await self._doorman.admit(account.email, ask.current_password, address)
        await self._doorman.attempt(Subject(self._means.vault.blind("recovery", wanted), RECOVERY_LIMIT))
        now, group_id = self._means.clock(), new_id()

        def keep(conn: Connection) -> None:
            mail_store.drop_links_of(conn, user_id, _CHANGES)
            current = known_account(conn, user_id)
            self._send(conn, "email_old", current, current.email, now, group_id=group_id)
            if store.account_by_email(conn, wanted) is None:
                self._send(conn, "email_new", current, wanted, now, group_id=group_id, asked=wanted.encode())
            else:
                self._mail.post(conn, Waiting(kind="email_taken", to=wanted, language=current.language), user_id, now)

        await self._means.db.write(keep)
        self._mail.hurry()
        return Asked(by="mail")

    async def confirm_email(self, code: str, address: str) -> EmailConfirmed:
        """Answer one of the two letters; LinkOver, or EmailTaken when another account has the address by now."""
        mine, token_hash = self._doorman.address(address), sha256(code.strip().lower())
        at = await self._doorman.attempt(mine)
        now = self._means.clock()

        def take(conn: Connection) -> EmailConfirmed:
            link = mail_store.link_by_token(conn, token_hash)
            if link is None or link.kind not in _CHANGES or not is_good(link, now):
                raise LinkOver("Ask for the change again.")
            mail_store.use_link(conn, link.link_id, now)
            group = mail_store.links_of_group(conn, link.group_id)
            new = next((one for one in group if one.kind == "email_new"), None)
            if new is None or any(one.used_at is None for one in group):
                return EmailConfirmed(state="other_awaited")
            self._change(conn, new, now)
            return EmailConfirmed(state="changed")

        done = await self._means.db.write(take)
        await self._doorman.forgive(at, [mine])
        self._mail.hurry()
        return done

    def _change(self, conn: Connection, link: Link, now: datetime) -> None:
        account = store.account_by_id(conn, link.user_id)
        if account is None:
            raise NotFound("There is no such account.")
        store.change_email(conn, account.user_id, self._mail.asked(link).decode())
        end_sessions_of(self._means, conn, account.user_id, now)
        mail_store.drop_links_of(conn, account.user_id, (*_CHANGES, "reset"))
        letter = Waiting(kind="email_changed", to=account.email, language=account.language)
        self._mail.post(conn, letter, account.user_id, now)
        log.info("email_changed", user_id=account.user_id)

    async def sweep(self) -> int:
        """Forget links whose time is over."""
        now = self._means.clock()
        return await self._means.db.write(lambda conn: mail_store.forget_old(conn, now))
