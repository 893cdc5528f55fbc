"""Who may try, and whether a password is right: throttled before any hashing, as slow for strangers as for members."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from siga.kit.log import logger
from siga.kit.problem import TooMany
from siga.services.users.model.emails import folded_email
from siga.services.users.model.passwords import tidy_password
from siga.services.users.model.people import Account
from siga.services.users.model.problems import SignInFailed
from siga.services.users.model.throttle import ACCOUNT_LIMIT, ADDRESS_LIMIT, REGISTER_LIMIT, WINDOW_S, recent, wait_s
from siga.services.users.service.acting import count_failure
from siga.services.users.service.means import Means
from siga.services.users.store import people as people_store
from siga.services.users.store import sessions as store

log = logger("users")


class Subject(msgspec.Struct, frozen=True):
    """Whose failures are counted: an account, an address, a person who tries codes. `key` is a keyed hash."""

    key: str
    limit: int


class Doorman:
    """Counts attempts and checks passwords."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def account(self, email: str) -> Subject:
        """The failures of one account, whether it exists or not."""
        return Subject(self._means.vault.blind("account", folded_email(email)), ACCOUNT_LIMIT)

    def address(self, address: str) -> Subject:
        """The failures from one address."""
        return Subject(self._means.vault.blind("address", address), ADDRESS_LIMIT)

    def registrations(self, address: str) -> Subject:
        """The accounts made from one address."""
        return Subject(self._means.vault.blind("register", address), REGISTER_LIMIT)

    def claims(self, user_id: str) -> Subject:
        """The wrong claim codes of one person."""
        return Subject(self._means.vault.blind("claim", user_id), ACCOUNT_LIMIT)

    def factors(self, user_id: str) -> Subject:
        """The wrong second factors of one person."""
        return Subject(self._means.vault.blind("factor", user_id), ACCOUNT_LIMIT)

    async def attempt(self, *subjects: Subject) -> datetime:
        """Count an attempt as failed before it is made, so that many at once cannot slip through; when it was.

        TooMany, with how long to wait, for a subject with too many failures; then nothing is counted.
        """
        now = self._means.clock()

        def count(conn: Connection) -> None:
            kept = [(subject, recent(store.failures_of(conn, subject.key), now)) for subject in subjects]
            wait = max(wait_s(times, subject.limit, now) for subject, times in kept)
            if wait:
                raise TooMany(f"Too many attempts. Try again in {wait} s.", headers={"Retry-After": str(wait)})
            for subject, times in kept:
                store.put_failures(conn, subject.key, (*times, now))

        await self._means.db.write(count)
        return now

    async def forgive(self, at: datetime, subjects: Sequence[Subject], *, wholly: Sequence[Subject] = ()) -> None:
        """The attempt of `at` was no failure; subjects in `wholly` start afresh."""

        def forget(conn: Connection) -> None:
            for subject in subjects:
                times = list(store.failures_of(conn, subject.key))
                if at in times:
                    times.remove(at)
                store.put_failures(conn, subject.key, [] if subject in wholly else times)

        await self._means.db.write(forget)

    async def sweep(self) -> int:
        """Forget subjects whose failures are all too old to count."""
        before = self._means.clock() - timedelta(seconds=WINDOW_S)
        return await self._means.db.write(lambda conn: store.forget_failures(conn, before))

    async def admit(self, email: str, password: str, address: str) -> Account:
        """The account that an e-mail and a password open; SignInFailed for a wrong one of either."""
        self._means.hasher.need_room()
        account_subject, address_subject = self.account(email), self.address(address)
        subjects = (account_subject, address_subject)
        at = await self.attempt(*subjects)
        try:
            account = await self._means.db.read(lambda conn: people_store.account_by_email(conn, folded_email(email)))
            known = account.password_hash if account else None
            result = await self._means.hasher.verify(tidy_password(password), known)
        except Exception:
            await self.forgive(at, subjects)
            raise
        if account is None or not result.fits:
            log.info("sign_in_failed")
            await count_failure(self._means, "session.refused", account.user_id if account else None)
            raise SignInFailed("Check both and try again.")
        await self.forgive(at, subjects, wholly=[account_subject])
        if result.hash is not None:
            fresh, user_id = result.hash, account.user_id
            await self._means.db.write(lambda conn: people_store.set_password(conn, user_id, fresh))
        return account
