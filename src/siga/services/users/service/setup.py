"""The first run (D20): one account and one municipality, by a code that the start of the process printed."""

from __future__ import annotations

import hmac

from sqlalchemy import Connection

from siga.contract.accounts import SetupAsk, SetupDone, SetupState
from siga.contract.auth import Grant
from siga.kit.ids import new_code, new_id
from siga.kit.log import logger
from siga.services.users.model.emails import tidy_email
from siga.services.users.model.passwords import check_password
from siga.services.users.model.people import SETUP_CODE_LIVES, Account
from siga.services.users.model.problems import SetupOver, WrongCode
from siga.services.users.service.accounts import give_grants
from siga.services.users.service.acting import note_staff
from siga.services.users.service.doorman import Doorman
from siga.services.users.service.means import Means
from siga.services.users.service.municipalities import found_municipality
from siga.services.users.store import people as people_store
from siga.services.users.store import secrets as store

log = logger("users")


class Setup:
    """Makes the first account, once."""

    def __init__(self, means: Means, doorman: Doorman) -> None:
        self._means, self._doorman = means, doorman

    async def make_code(self) -> str | None:
        """A new setup code while there is no account (an older one is void); None afterwards."""
        code, now = new_code(), self._means.clock()

        def keep(conn: Connection) -> str | None:
            if people_store.any_account(conn):
                store.drop_secret(conn, store.SETUP_CODE)
                return None
            match = self._means.code_match("setup", code).encode()
            store.put_secret(conn, store.SETUP_CODE, match, now + SETUP_CODE_LIVES)
            return code

        return await self._means.db.write(keep)

    async def state(self) -> SetupState:
        """Whether the first account is still to be made."""
        return SetupState(needed=not await self._means.db.read(people_store.any_account))

    async def finish(self, ask: SetupAsk, address: str) -> SetupDone:
        """The first account (`platform` and `administrator`) and its municipality; SetupOver afterwards."""
        if not (await self.state()).needed:
            raise SetupOver("Sign in with the account that exists.")
        subject = self._doorman.address(address)
        at = await self._doorman.attempt(subject)
        match = self._means.code_match("setup", ask.code).encode()
        if not await self._means.db.read(lambda conn: self._fits(conn, match)):
            raise WrongCode("Use the newest code: each start of SIGA prints another one, good for 24 hours.")
        await self._doorman.forgive(at, [subject])
        email = tidy_email(ask.email)
        password = check_password(ask.password, email, staff=True, known_here=[ask.municipality.name])
        hashed = await self._means.hasher.hash(password)
        now = self._means.clock()
        account = Account(
            user_id=new_id(), email=email, name=ask.name.strip(), language=ask.language, password_hash=hashed,
            created_at=now,
        )  # fmt: skip

        def keep(conn: Connection) -> SetupDone:
            if people_store.any_account(conn):
                raise SetupOver("Sign in with the account that exists.")
            if not self._fits(conn, match) or not store.drop_secret(conn, store.SETUP_CODE):
                raise WrongCode("The code was used or replaced meanwhile.")
            municipality = found_municipality(self._means, conn, ask.municipality, now)
            people_store.add_account(conn, account)
            roles = (
                Grant(role="administrator", municipality_id=municipality.municipality_id),
                Grant(role="platform"),
            )
            give_grants(self._means, conn, account.user_id, roles, now, "setup")
            note_staff(conn, account.user_id)
            return SetupDone(user_id=account.user_id, municipality=municipality)

        done = await self._means.db.write(keep)
        log.info("setup_finished", user_id=done.user_id, municipality_id=done.municipality.municipality_id)
        return done

    def _fits(self, conn: Connection, match: bytes) -> bool:
        kept = store.secret(conn, store.SETUP_CODE, self._means.clock())
        return kept is not None and hmac.compare_digest(kept, match)
