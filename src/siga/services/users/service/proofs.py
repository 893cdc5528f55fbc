"""Showing a second factor: at sign-in and to confirm who one is. Throttled before anything is checked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from siga.contract.factors import (
    ConfirmAsk,
    ConfirmStart,
    FactorsChanged,
    SecondStep,
    SessionConfirmed,
    SessionLocked,
    Way,
)
from siga.kit.ids import tidy_code
from siga.kit.journal import Fact
from siga.kit.log import logger
from siga.kit.problem import Invalid, NotFound
from siga.services.users.model.factors import Challenge, Held, Ticket, fitting_step, looks_like_totp
from siga.services.users.model.problems import FactorFailed, SecondFactorNeeded
from siga.services.users.service import passkeys
from siga.services.users.service.acting import count_failure
from siga.services.users.service.doorman import Doorman
from siga.services.users.service.means import Means
from siga.services.users.service.tickets import Tickets, new_challenge
from siga.services.users.store import factors as store
from siga.services.users.store import people as people_store
from siga.services.users.store import sessions as session_store

log = logger("users")


def place_of_secret(user_id: str) -> str:
    """Where the secret of a person's app of codes is sealed for."""
    return f"totp.secret:{user_id}"


def recovery_match(means: Means, user_id: str, code: str) -> str:
    """How a person's recovery code is kept and found."""
    return means.vault.blind("recovery", f"{user_id}:{tidy_code(code)}")


def tell_factors(means: Means, conn: Connection, changed: FactorsChanged, now: datetime) -> None:
    """Tell others that a person's factors changed, without a word about the person."""
    means.journal.append(
        conn, [Fact(data=changed, municipality_id="", subject_id=changed.user_id, occurred_at=now)], now
    )


class Proofs:
    """Asks for second factors and checks them."""

    def __init__(self, means: Means, doorman: Doorman, tickets: Tickets) -> None:
        self._means, self._doorman, self._tickets = means, doorman, tickets

    async def begin(self, user_id: str, origin: str) -> SecondStep:
        """Ask for the second factor of a person whose password was right."""
        held = await self._means.db.read(lambda conn: store.held_by(conn, user_id))
        challenge = new_challenge(origin)
        token, ends_at = await self._tickets.give("sign_in", msgspec.msgpack.encode(challenge), user_id=user_id)
        return _step(token, ends_at, challenge, held)

    async def begin_passkey(self, origin: str) -> SecondStep:
        """Begin to sign in by a passkey alone; PasskeyNeedsName where browsers do none."""
        challenge = new_challenge(origin)
        options = passkeys.request(challenge, ())
        token, ends_at = await self._tickets.give("passkey", msgspec.msgpack.encode(challenge))
        return SecondStep(ticket=token, ways=("passkey",), ends_at=ends_at, passkey=options)

    async def look(self, token: str) -> SecondStep:
        """What was asked for with a ticket."""
        ticket = await self._tickets.find(token, "sign_in", "passkey")
        challenge, user_id = self._tickets.challenge(ticket), ticket.user_id
        if user_id is None:
            options = passkeys.request(challenge, ())
            return SecondStep(ticket=token, ways=("passkey",), ends_at=ticket.ends_at, passkey=options)
        held = await self._means.db.read(lambda conn: store.held_by(conn, user_id))
        return _step(token, ticket.ends_at, challenge, held)

    async def show(self, token: str, code: str | None, passkey: dict[str, Any] | None, address: str) -> tuple[str, Way]:
        """Whose second factor was shown with a ticket, which that uses up, and which one it was.

        FactorFailed, TicketOver or TooMany.
        """
        ticket = await self._tickets.find(token, "sign_in", "passkey")
        if ticket.user_id is None and passkey is None:
            raise FactorFailed("This sign-in is by passkey alone.")
        return await self._check(ticket, code, passkey, ticket.user_id, address)

    async def need_code(self, user_id: str, code: str | None, address: str) -> None:
        """The second factor of an app's sign-in; SecondFactorNeeded when there is one and no code was sent."""
        if not await self._means.db.read(lambda conn: store.has_factor(conn, user_id)):
            return
        if code is None:
            raise SecondFactorNeeded("Send the code of your app, or a recovery code, as `code`.")
        await self._check(None, code, None, user_id, address)

    async def confirm_start(self, user_id: str, session_id: str, origin: str) -> ConfirmStart:
        """How a person can confirm who they are."""
        held = await self._means.db.read(lambda conn: store.held_by(conn, user_id))
        challenge = new_challenge(origin)
        token, ends_at = await self._tickets.give(
            "confirm", msgspec.msgpack.encode(challenge), user_id=user_id, session_id=session_id
        )
        step = _step(token, ends_at, challenge, held)
        return ConfirmStart(ticket=token, ways=step.ways if held else (), passkey=step.passkey)

    async def confirm(self, user_id: str, session_id: str, ask: ConfirmAsk, address: str) -> None:
        """Confirm who one is: for 5 minutes sensitive acts are open.

        SignInFailed, FactorFailed, TicketOver or TooMany.
        """
        ticket = await self._tickets.find(ask.ticket, "confirm", session=(user_id, session_id))
        if ask.passkey is not None:
            await self._check(ticket, None, ask.passkey, user_id, address)
        else:
            await self._by_password(ticket, user_id, ask, address)
        now = self._means.clock()

        def keep(conn: Connection) -> None:
            session_store.confirm_session(conn, session_id, now)
            confirmed = SessionConfirmed(session_id=session_id)
            fact = Fact(data=confirmed, municipality_id="", subject_id=session_id, occurred_at=now)
            self._means.journal.append(conn, [fact], now)

        await self._means.db.write(keep)
        log.info("session_confirmed", session_id=session_id, user_id=user_id)

    async def lock(self, user_id: str, session_id: str) -> None:
        """The screen of a session was left alone: until its person is back it shows nothing of the cases."""
        await self._set_lock(user_id, session_id, locked=True)

    async def unlock(self, user_id: str, session_id: str, ask: ConfirmAsk, address: str) -> None:
        """The person is back: a passkey (which also confirms), or the password alone."""
        if ask.passkey is not None:
            await self.confirm(user_id, session_id, ask, address)
            return
        await self._tickets.find(ask.ticket, "confirm", session=(user_id, session_id))
        await self._password(user_id, ask, address)
        await self._set_lock(user_id, session_id, locked=False)

    async def _set_lock(self, user_id: str, session_id: str, *, locked: bool) -> None:
        now = self._means.clock()

        def keep(conn: Connection) -> None:
            if not session_store.lock_session(conn, user_id, session_id, locked):
                raise NotFound("There is no such session.")
            data = SessionLocked(session_id=session_id, locked=locked)
            fact = Fact(data=data, municipality_id="", subject_id=session_id, occurred_at=now)
            self._means.journal.append(conn, [fact], now)

        await self._means.db.write(keep)

    async def _password(self, user_id: str, ask: ConfirmAsk, address: str) -> None:
        if ask.password is None:
            raise Invalid("Send your password, or a passkey's answer.")
        account = await self._means.db.read(lambda conn: people_store.account_by_id(conn, user_id))
        await self._doorman.admit(account.email if account else "", ask.password, address)

    async def _by_password(self, ticket: Ticket, user_id: str, ask: ConfirmAsk, address: str) -> None:
        await self._password(user_id, ask, address)
        if await self._means.db.read(lambda conn: store.has_factor(conn, user_id)):
            if ask.code is None:
                raise FactorFailed("A code is needed besides the password.")
            await self._check(ticket, ask.code, None, user_id, address)
        else:
            await self._means.db.write(lambda conn: self._tickets.spend(conn, ticket))

    async def _check(self, ticket: Ticket | None, code: str | None, passkey: dict[str, Any] | None,
                     user_id: str | None, address: str) -> tuple[str, Way]:  # fmt: skip
        subjects = [self._doorman.address(address)]
        if user_id is not None:
            subjects.append(self._doorman.factors(user_id))
        at = await self._doorman.attempt(*subjects)
        challenge = self._tickets.challenge(ticket) if ticket and passkey is not None else None

        def check(conn: Connection) -> tuple[str, Way]:
            if passkey is not None and challenge is not None:
                shown: tuple[str, Way] = (self._passkey(conn, passkey, challenge, user_id, at), "passkey")
            elif code is not None and user_id is not None:
                shown = (user_id, self._code(conn, user_id, code, at))
            else:
                raise FactorFailed("Send a code or a passkey's answer.")
            if ticket is not None:
                self._tickets.spend(conn, ticket)
            return shown

        try:
            found = await self._means.db.write(check)
        except FactorFailed:
            log.info("second_factor_failed", user_id=user_id or "")
            await count_failure(self._means, "factor.refused", user_id)
            raise
        await self._doorman.forgive(at, subjects, wholly=subjects[1:])
        return found

    @staticmethod
    def _passkey(conn: Connection, answer: dict[str, Any], challenge: Challenge, user_id: str | None,
                 now: datetime) -> str:  # fmt: skip
        known = store.passkey_by_credential(conn, passkeys.credential_of(answer))
        if known is None or user_id not in (None, known.user_id) or known.rp_id != passkeys.host_of(challenge.origin):
            raise FactorFailed("That passkey is not known here.")
        sign_count, synced = passkeys.signed(answer, challenge, known)
        store.used_passkey(conn, known.passkey_id, sign_count, synced, now)
        return known.user_id

    def _code(self, conn: Connection, user_id: str, code: str, now: datetime) -> Way:
        if looks_like_totp(code):
            known = store.totp_of(conn, user_id)
            if known is not None:
                secret = self._means.vault.open(known.secret_sealed, place_of_secret(user_id)).decode()
                step = fitting_step(secret, code, known.last_step, now)
                if step is not None and store.spend_step(conn, user_id, step):
                    return "totp"
        elif store.spend_code(conn, user_id, recovery_match(self._means, user_id, code)):
            tell_factors(self._means, conn, FactorsChanged(user_id=user_id, what="used", factor="recovery"), now)
            log.warning("recovery_code_used", user_id=user_id)
            return "recovery"
        raise FactorFailed("The code is wrong, was used already or is too old.")


def _step(token: str, ends_at: datetime, challenge: Challenge, held: Held) -> SecondStep:
    able = bool(held.passkeys) and passkeys.works_at(challenge.origin)
    return SecondStep(
        ticket=token, ways=tuple(way for way in held.ways() if able or way != "passkey"), ends_at=ends_at,
        passkey=passkeys.request(challenge, held.passkeys) if able else None,
    )  # fmt: skip
