"""Registering as a driver: at once where there is no mail server, else when the address is proved."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from siga.contract.accounts import LinkUse, Me, RegisterAsk, Registered
from siga.kit.ids import new_id
from siga.kit.log import logger
from siga.services.users.model.emails import tidy_email
from siga.services.users.model.letters import Waiting
from siga.services.users.model.links import COUNTED, MOST_AN_HOUR, WAITS_FOR_MAIL, Applicant, LinkKind, is_good
from siga.services.users.model.passwords import tidy_password
from siga.services.users.model.people import DRIVER, Account
from siga.services.users.model.problems import EmailTaken, LinkOver, SignInFailed
from siga.services.users.model.throttle import ACCOUNT_LIMIT
from siga.services.users.service.accounts import give_grants, me_of
from siga.services.users.service.doorman import Doorman, Subject
from siga.services.users.service.mail import Mail
from siga.services.users.service.means import Means, sha256
from siga.services.users.service.new_password import checked
from siga.services.users.store import mail as mail_store
from siga.services.users.store import people as store

log = logger("users")


class Registering:
    """New accounts of drivers."""

    def __init__(self, means: Means, doorman: Doorman, mail: Mail) -> None:
        self._means, self._doorman, self._mail = means, doorman, mail

    async def register(self, ask: RegisterAsk, address: str) -> Registered:
        """A driver's new account; WeakPassword, BadEmail or TooMany.

        With a mail server the answer is the same whether or not the address has an account: a letter goes there.
        Without one the account is open at once, and EmailTaken says that there is one.
        """
        email = tidy_email(ask.email)
        password = await checked(self._means, ask.password, email, staff=False)
        self._means.hasher.need_room()
        await self._doorman.attempt(self._doorman.registrations(address))
        known = await self._means.db.read(lambda conn: store.account_by_email(conn, email))
        if known is not None and not self._mail.works:
            raise EmailTaken("Sign in with it, or use another address.")
        hashed = await self._means.hasher.hash(password)
        applicant = Applicant(email=email, name=ask.name.strip(), language=ask.language, password_hash=hashed)
        if self._mail.works:
            return await self._write_to(applicant)
        now = self._means.clock()
        account = await self._means.db.write(lambda conn: self._open(conn, applicant, now))
        return _registered(applicant, account.user_id)

    async def _write_to(self, applicant: Applicant) -> Registered:
        now = self._means.clock()

        def keep(conn: Connection) -> None:
            if mail_store.links_since(conn, self._mail.match_of(applicant.email), now - COUNTED) >= MOST_AN_HOUR:
                return
            known = store.account_by_email(conn, applicant.email)
            taken = known is not None and known.password_hash is not None
            kind: LinkKind = "known" if taken else "register"
            asked = None if taken else msgspec.json.encode(applicant)
            link = self._mail.new_link(kind, "", applicant.email, now, WAITS_FOR_MAIL, asked=asked)
            mail_store.add_link(conn, link)
            link_id = "" if taken else link.link_id
            letter = Waiting(
                kind="known" if taken else "register", to=applicant.email, language=applicant.language, link_id=link_id
            )
            self._mail.post(conn, letter, known.user_id if known else "", now, WAITS_FOR_MAIL)

        await self._means.db.write(keep)
        self._mail.hurry()
        return _registered(applicant, "")

    async def verify(self, ask: LinkUse, address: str) -> Me:
        """Open the account of a letter's link, with the password that was chosen; LinkOver or SignInFailed.

        The password is asked for again since a stranger may have registered the address: whoever only reads the
        letter must not open an account whose password a stranger knows.
        """
        mine, token_hash = self._doorman.address(address), sha256(ask.code.strip().lower())
        tries = Subject(self._means.vault.blind("link-tries", token_hash), ACCOUNT_LIMIT)
        at = await self._doorman.attempt(mine, tries)
        applicant = await self._means.db.read(lambda conn: self._applicant(conn, token_hash, at)[1])
        result = await self._means.hasher.verify(tidy_password(ask.password), applicant.password_hash)
        if not result.fits:
            raise SignInFailed("Enter the password that was chosen when the account was asked for.")
        await self._doorman.forgive(at, [mine, tries])
        now = self._means.clock()

        def take(conn: Connection) -> Me:
            link_id, found = self._applicant(conn, token_hash, now)
            if not mail_store.use_link(conn, link_id, now):
                raise LinkOver("Sign in, or register again.")
            account = self._open(conn, found, now)
            return me_of(account, store.grants_of(conn, account.user_id), "")

        return await self._means.db.write(take)

    def _applicant(self, conn: Connection, token_hash: str, now: datetime) -> tuple[str, Applicant]:
        link = mail_store.link_by_token(conn, token_hash)
        if link is None or link.kind != "register" or not is_good(link, now):
            raise LinkOver("Register again: a new letter comes.")
        return link.link_id, msgspec.json.decode(self._mail.asked(link), type=Applicant)

    def _open(self, conn: Connection, applicant: Applicant, now: datetime) -> Account:
        """The account is made; one that only waited for its invitation gets its password by this."""
        known = store.account_by_email(conn, applicant.email)
        if known is not None and (known.password_hash is not None or not self._mail.works):
            raise EmailTaken("Sign in with it, or use another address.")
        account = Account(
            user_id=known.user_id if known else new_id(), email=applicant.email, name=applicant.name,
            language=applicant.language, password_hash=applicant.password_hash, created_at=now,
        )  # fmt: skip
        if known is None:
            store.add_account(conn, account)
            store.put_grant(conn, account.user_id, DRIVER, now, account.user_id)
        else:
            store.set_password(conn, account.user_id, applicant.password_hash)
            store.change_account(conn, account.user_id, name=account.name, language=account.language)
            give_grants(self._means, conn, account.user_id, [DRIVER], now, account.user_id)
        log.info("account_registered", user_id=account.user_id)
        return account


def _registered(applicant: Applicant, user_id: str) -> Registered:
    return Registered(
        user_id=user_id, email=applicant.email, name=applicant.name, language=applicant.language,
        grants=(DRIVER,) if user_id else (), state="open" if user_id else "mail_sent",
    )  # fmt: skip
