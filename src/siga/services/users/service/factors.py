"""A person's own second factors: set up, listed, taken away. Every change ends the person's other sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
import pyotp
from sqlalchemy import Connection

from siga.contract.factors import (
    Factors,
    FactorsChanged,
    PasskeyConfirm,
    PasskeyStart,
    PasskeyView,
    RecoveryCodes,
    TotpConfirm,
    TotpStart,
    Way,
)
from siga.kit.ids import new_code, new_id
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.problem import Conflict, NotFound
from siga.services.users.model.factors import (
    ENROLMENT_LIVES,
    MOST_PASSKEYS,
    RECOVERY_CODES,
    Passkey,
    Totp,
    fitting_step,
    otpauth_uri,
)
from siga.services.users.model.people import Account, may_be_reset, within
from siga.services.users.model.problems import FactorFailed, LastFactor
from siga.services.users.service import passkeys
from siga.services.users.service.accounts import known_account
from siga.services.users.service.demands import mode_of
from siga.services.users.service.means import Means
from siga.services.users.service.proofs import place_of_secret, recovery_match, tell_factors
from siga.services.users.service.sessions import end_sessions_of
from siga.services.users.service.tickets import Tickets, new_challenge
from siga.services.users.store import factors as store
from siga.services.users.store import people as people_store

log = logger("users")
_ALL_WAYS: tuple[Way, ...] = ("totp", "passkey", "recovery")
Own = tuple[str, str | None]
"""The person who asks and the session by which."""


class SecondFactors:
    """Sets up and takes away second factors."""

    def __init__(self, means: Means, tickets: Tickets, settings: LiveSettings) -> None:
        self._means, self._tickets, self._settings = means, tickets, settings

    async def own(self, user_id: str) -> Factors:
        """A person's second factors, and whether one is asked for."""

        def find(conn: Connection) -> Factors:
            held, grants = store.held_by(conn, user_id), people_store.grants_of(conn, user_id)
            return Factors(
                mode=mode_of(self._settings, grants), totp_added_at=held.totp.added_at if held.totp else None,
                passkeys=[_view(one) for one in held.passkeys], recovery_codes_left=held.recovery_codes,
            )  # fmt: skip

        return await self._means.db.read(find)

    async def start_totp(self, own: Own) -> TotpStart:
        """A new secret for an app of codes; the one in use stays until a code of the new one was sent."""
        account, secret = await self._account(own), pyotp.random_base32()
        token, _ = await self._tickets.give(
            "totp", secret.encode(), user_id=own[0], session_id=own[1], lives=ENROLMENT_LIVES
        )
        return TotpStart(ticket=token, secret=secret, uri=otpauth_uri(secret, account.email))

    async def confirm_totp(self, own: Own, ask: TotpConfirm) -> RecoveryCodes:
        """The app has the secret: it is a second factor from now on. FactorFailed for a wrong code."""
        ticket, now = await self._tickets.find(ask.ticket, "totp", session=own), self._means.clock()
        secret = self._tickets.content(ticket)
        step = fitting_step(secret.decode(), ask.code, -1, now)
        if step is None:
            raise FactorFailed("The code does not fit. See that the phone's clock is right and send the next one.")
        sealed = self._means.vault.seal(secret, place_of_secret(own[0]))

        def keep(conn: Connection) -> RecoveryCodes:
            self._tickets.spend(conn, ticket)
            store.put_totp(conn, Totp(user_id=own[0], secret_sealed=sealed, last_step=step, added_at=now))
            return self._added(conn, own, FactorsChanged(user_id=own[0], what="added", factor="totp"), now)

        return await self._kept(own, "factor_added", "totp", keep)

    async def start_passkey(self, own: Own, origin: str) -> PasskeyStart:
        """What to ask the browser for; PasskeyNeedsName where browsers do no passkeys."""
        challenge, account = new_challenge(origin), await self._account(own)
        known = await self._means.db.read(lambda conn: store.passkeys_of(conn, own[0]))
        if len(known) >= MOST_PASSKEYS:
            raise Conflict(f"There are {MOST_PASSKEYS} passkeys already: remove one that is not used.")
        options = passkeys.registration(challenge, account, known)
        token, _ = await self._tickets.give(
            "enrol", msgspec.msgpack.encode(challenge), user_id=own[0], session_id=own[1], lives=ENROLMENT_LIVES
        )
        return PasskeyStart(ticket=token, options=options)

    async def confirm_passkey(self, own: Own, ask: PasskeyConfirm) -> RecoveryCodes:
        """Keep the new passkey. FactorFailed when the browser's answer is not in order."""
        ticket, now = await self._tickets.find(ask.ticket, "enrol", session=own), self._means.clock()
        challenge = self._tickets.challenge(ticket)
        new = passkeys.registered(ask.passkey, challenge)
        passkey = Passkey(
            passkey_id=new_id(), user_id=own[0], credential_id=new.credential_id,
            rp_id=passkeys.host_of(challenge.origin), public_key=new.public_key, sign_count=new.sign_count,
            synced=new.synced, name=ask.name.strip() or "SIGA", added_at=now,
        )  # fmt: skip

        def keep(conn: Connection) -> RecoveryCodes:
            self._tickets.spend(conn, ticket)
            if store.passkey_by_credential(conn, passkey.credential_id) is not None:
                raise Conflict("That passkey is known already.")
            store.add_passkey(conn, passkey)
            return self._added(conn, own, FactorsChanged(user_id=own[0], what="added", factor="passkey"), now)

        return await self._kept(own, "factor_added", "passkey", keep)

    async def drop_totp(self, own: Own) -> None:
        """Take the app of codes away; LastFactor when a town demands one and it is the last."""

        def drop(conn: Connection) -> None:
            if not store.drop_totp(conn, own[0]):
                raise NotFound("There is no app of codes.")
            self._dropped(conn, own, FactorsChanged(user_id=own[0], what="removed", factor="totp"))

        await self._means.db.write(drop)
        log.warning("factor_removed", user_id=own[0], factor="totp")

    async def drop_passkey(self, own: Own, passkey_id: str) -> None:
        """Take a passkey away; LastFactor when a town demands one and it is the last."""

        def drop(conn: Connection) -> None:
            if not store.drop_passkey(conn, own[0], passkey_id):
                raise NotFound("You have no such passkey.")
            self._dropped(conn, own, FactorsChanged(user_id=own[0], what="removed", factor="passkey"))

        await self._means.db.write(drop)
        log.warning("factor_removed", user_id=own[0], factor="passkey")

    async def renew_codes(self, own: Own) -> RecoveryCodes:
        """Ten new recovery codes; older ones are void. Conflict without a second factor they could stand in for."""
        now = self._means.clock()

        def keep(conn: Connection) -> RecoveryCodes:
            if not store.has_factor(conn, own[0]):
                raise Conflict("Set up a second factor first: recovery codes come with it.")
            codes = self._new_codes(conn, own[0])
            self._tell(conn, own, FactorsChanged(user_id=own[0], what="renewed", factor="recovery"), now)
            return codes

        return await self._kept(own, "factor_renewed", "recovery", keep)

    async def drop_all(self, scope: tuple[str, ...], user_id: str) -> None:
        """For a person who lost everything: no second factor any more; all sessions end.

        Only for pure staff of these municipalities (as for passwords); NotFound for people of others.
        """
        now = self._means.clock()

        def drop(conn: Connection) -> None:
            grants = people_store.grants_of(conn, user_id)
            if not within(grants, scope):
                raise NotFound("There is no such person among yours.")
            if not may_be_reset(grants, scope):
                raise Conflict("This person also drives or works elsewhere: only they can change their factors.")
            if not store.drop_all(conn, user_id):
                raise NotFound("The person has no second factor.")
            for factor in _ALL_WAYS:
                tell_factors(self._means, conn, FactorsChanged(user_id=user_id, what="removed", factor=factor), now)
            end_sessions_of(self._means, conn, user_id, now)

        await self._means.db.write(drop)
        log.warning("factors_removed_by_administrator", user_id=user_id)

    async def _account(self, own: Own) -> Account:
        return await self._means.db.read(lambda conn: known_account(conn, own[0]))

    async def _kept(self, own: Own, told: str, factor: Way,
                    keep: Callable[[Connection], RecoveryCodes]) -> RecoveryCodes:  # fmt: skip
        codes = await self._means.db.write(keep)
        log.warning(told, user_id=own[0], factor=factor)
        return codes

    def _added(self, conn: Connection, own: Own, changed: FactorsChanged, now: datetime) -> RecoveryCodes:
        self._tell(conn, own, changed, now)
        return RecoveryCodes(codes=[]) if store.codes_left(conn, own[0]) else self._new_codes(conn, own[0])

    def _dropped(self, conn: Connection, own: Own, changed: FactorsChanged) -> None:
        if not store.has_factor(conn, own[0]):
            if mode_of(self._settings, people_store.grants_of(conn, own[0])) == "required":
                raise LastFactor("Set up another one first.")
            store.put_codes(conn, own[0], ())
        self._tell(conn, own, changed, self._means.clock())

    def _tell(self, conn: Connection, own: Own, changed: FactorsChanged, now: datetime) -> None:
        tell_factors(self._means, conn, changed, now)
        end_sessions_of(self._means, conn, own[0], now, but=own[1])

    def _new_codes(self, conn: Connection, user_id: str) -> RecoveryCodes:
        codes = [new_code() for _ in range(RECOVERY_CODES)]
        store.put_codes(conn, user_id, [recovery_match(self._means, user_id, code) for code in codes])
        return RecoveryCodes(codes=codes)


def _view(one: Passkey) -> PasskeyView:
    return PasskeyView(
        passkey_id=one.passkey_id, name=one.name, added_at=one.added_at, used_at=one.used_at, synced=one.synced
    )
