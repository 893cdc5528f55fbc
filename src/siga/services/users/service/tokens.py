"""Tokens of apps: a short access token and a refresh token that is spent at each use."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from siga.contract.accounts import SignInAsk, TokenPair
from siga.contract.auth import Grant
from siga.kit.access import ACCESS_LIVES_S
from siga.kit.ids import new_secret
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.services.users.model.people import Account
from siga.services.users.model.problems import RefreshFailed, RefreshReused
from siga.services.users.model.sessions import Session, judge_refresh
from siga.services.users.service.doorman import Doorman
from siga.services.users.service.means import Means, sha256
from siga.services.users.service.proofs import Proofs
from siga.services.users.service.sessions import begin_session, end_session, new_session, principal_of
from siga.services.users.store import factors as factor_store
from siga.services.users.store import people as people_store
from siga.services.users.store import sessions as store

log = logger("users")
Outcome = tuple[Session, Account, tuple[Grant, ...], bool] | RefreshFailed | RefreshReused


class Tokens:
    """Issues and rotates tokens."""

    def __init__(self, means: Means, doorman: Doorman, proofs: Proofs, settings: LiveSettings) -> None:
        self._means, self._doorman, self._proofs, self._settings = means, doorman, proofs, settings

    async def issue(self, ask: SignInAsk, address: str, user_agent: str) -> TokenPair:
        """The first pair of a new family; SignInFailed, SecondFactorNeeded, FactorFailed or TooMany."""
        account = await self._doorman.admit(ask.email, ask.password, address)
        await self._proofs.need_code(account.user_id, ask.code, address)
        now, refresh = self._means.clock(), new_secret()
        begun = new_session(account.user_id, "app", user_agent, now)

        def keep(conn: Connection) -> tuple[Session, tuple[Grant, ...], bool]:
            store.add_refresh_token(conn, sha256(refresh), begun.session_id)
            return begin_session(self._settings, conn, begun, None, now)

        session, grants, second_factor = await self._means.db.write(keep)
        log.info("session_opened", session_id=session.session_id, user_id=account.user_id)
        return self._pair(session, account, grants, second_factor, refresh)

    async def refresh(self, refresh_token: str) -> TokenPair:
        """The next pair for a refresh token, which is spent by it.

        RefreshFailed for one that is unknown or too old; RefreshReused for one spent before, which ends the family.
        """
        now, fresh = self._means.clock(), new_secret()
        outcome = await self._means.db.write(lambda conn: self._rotate(conn, sha256(refresh_token), fresh, now))
        if isinstance(outcome, RefreshFailed | RefreshReused):
            log.warning("refresh_refused", why=outcome.slug)
            raise outcome
        session, account, grants, second_factor = outcome
        return self._pair(session, account, grants, second_factor, fresh)

    def _rotate(self, conn: Connection, spent: str, fresh: str, now: datetime) -> Outcome:
        """Refusals are answered, not raised: the end of a family must be committed."""
        found = store.refresh_token(conn, spent)
        account = people_store.account_by_id(conn, found[0].user_id) if found else None
        if found is None or account is None:
            return RefreshFailed("Sign in again.")
        session, used_at = found
        grants = people_store.grants_of(conn, account.user_id)
        verdict = judge_refresh(session, grants, used_at, now)
        if verdict == "rotate":
            store.spend_refresh_token(conn, spent, now)
            store.add_refresh_token(conn, sha256(fresh), session.session_id)
            store.touch_session(conn, session.session_id, now)
            return session, account, grants, factor_store.has_factor(conn, account.user_id)
        end_session(self._means, conn, session, now)
        if verdict == "over":
            return RefreshFailed("The session is too old. Sign in again.")
        return RefreshReused("Somebody may have copied it. Sign in again.")

    async def sign_out(self, user_id: str | None, session_id: str | None, refresh_token: str | None) -> None:
        """End the session of a refresh token, or the person's own; no fault when it has ended."""
        now = self._means.clock()

        def end(conn: Connection) -> None:
            if refresh_token is not None:
                found = store.refresh_token(conn, sha256(refresh_token))
                session = found[0] if found else None
            else:
                own = store.sessions_of(conn, user_id) if user_id else []
                session = next((s for s in own if s.session_id == session_id), None)
            if session is not None:
                end_session(self._means, conn, session, now)

        await self._means.db.write(end)

    def _pair(self, session: Session, account: Account, grants: tuple[Grant, ...], second_factor: bool,
              refresh: str) -> TokenPair:  # fmt: skip
        principal = principal_of(session, account, grants, second_factor)
        access = self._means.keys.access_token(principal, ACCESS_LIVES_S)
        return TokenPair(access_token=access, refresh_token=refresh, expires_in=ACCESS_LIVES_S)
