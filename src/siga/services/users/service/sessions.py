"""Sessions of pages: opened with a password, resolved at each request, ended by their person or by time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from siga.contract.accounts import SessionAsk, SessionKind, SessionList, SessionView
from siga.contract.auth import Grant, Principal
from siga.contract.factors import SecondStep, SessionStep, StepAsk
from siga.contract.users import SessionEnded
from siga.kit.ids import new_id, new_secret
from siga.kit.journal import Fact
from siga.kit.live_settings import LiveSettings
from siga.kit.log import logger
from siga.kit.problem import NotFound
from siga.services.users.model.people import Account, within
from siga.services.users.model.problems import SessionOver
from siga.services.users.model.sessions import (
    DRIVER_LONGEST_S,
    POLICE_IDLE_S,
    STAFF_LONGEST_S,
    Session,
    ends_at,
    idle_s,
    is_over,
    longest_s,
    wants_touch,
)
from siga.services.users.service.acting import note_staff
from siga.services.users.service.demands import mode_of
from siga.services.users.service.doorman import Doorman
from siga.services.users.service.means import Means, sha256
from siga.services.users.service.proofs import Proofs
from siga.services.users.store import factors as factor_store
from siga.services.users.store import people as people_store
from siga.services.users.store import sessions as store

log = logger("users")


def csrf_of(token: str) -> str:
    """The CSRF value of a session, made of its token, so that the store cannot tell it."""
    return hashlib.sha256(f"siga csrf {token}".encode()).hexdigest()


def principal_of(
    session: Session, account: Account, grants: tuple[Grant, ...], second_factor: bool, csrf: str = ""
) -> Principal:
    """What the gateway is told of a person: no roles while a second factor is demanded and there is none."""
    must_enrol = session.must_enrol and not second_factor
    return Principal(
        user_id=account.user_id, session_id=session.session_id, grants=() if must_enrol else grants,
        display_name=account.name, language=account.language, csrf=csrf, confirmed_at=session.confirmed_at,
        locked=session.locked,
        second_factor=second_factor, must_enrol=must_enrol,
    )  # fmt: skip


def new_session(user_id: str, kind: SessionKind, user_agent: str, now: datetime) -> Session:
    """A session that begins now, by somebody who has just shown who they are."""
    agent = "".join(c for c in user_agent if c.isprintable())[:200]
    return Session(
        session_id=new_id(), user_id=user_id, kind=kind, user_agent=agent, created_at=now, seen_at=now, confirmed_at=now
    )


def begin_session(settings: LiveSettings, conn: Connection, session: Session, token_hash: str | None,
                  now: datetime) -> tuple[Session, tuple[Grant, ...], bool]:  # fmt: skip
    """Keep a new session; with the person's roles and whether there is a second factor.

    Where a town demands one and there is none, the first sign-in is of grace; later ones only let it be set up.
    """
    grants = people_store.grants_of(conn, session.user_id)
    second_factor = factor_store.has_factor(conn, session.user_id)
    if not second_factor and mode_of(settings, grants) == "required":
        graced = factor_store.take_grace(conn, session.user_id, now)
        session = msgspec.structs.replace(session, must_enrol=not graced)
    store.add_session(conn, session, token_hash)
    note_staff(conn, session.user_id)
    return session, grants, second_factor


def end_session(means: Means, conn: Connection, session: Session, now: datetime) -> bool:
    """Forget a session and tell gateways; whether it was there."""
    if not store.drop_session(conn, session.session_id):
        return False
    note_staff(conn, session.user_id)
    ended = SessionEnded(session_id=session.session_id, user_id=session.user_id)
    fact = Fact(data=ended, municipality_id="", subject_id=session.session_id, occurred_at=now)
    means.journal.append(conn, [fact], now)
    return True


def end_sessions_of(means: Means, conn: Connection, user_id: str, now: datetime, but: str | None = None) -> None:
    """End all sessions of a person, except one."""
    for session in store.sessions_of(conn, user_id):
        if session.session_id != but:
            end_session(means, conn, session, now)


class Sessions:
    """Opens, resolves and ends sessions."""

    def __init__(self, means: Means, doorman: Doorman, proofs: Proofs, settings: LiveSettings) -> None:
        self._means, self._doorman, self._proofs, self._settings = means, doorman, proofs, settings

    async def open(self, ask: SessionAsk) -> SessionStep:
        """A new session for pages, or the second factor to show first; SignInFailed or TooMany."""
        account = await self._doorman.admit(ask.email, ask.password, ask.address)
        if await self._means.db.read(lambda conn: factor_store.has_factor(conn, account.user_id)):
            return SessionStep(step=await self._proofs.begin(account.user_id, ask.origin))
        return await self._opened(account, ask.user_agent, "password")

    async def open_by_passkey(self, origin: str) -> SecondStep:
        """Begin to sign in by a passkey alone; PasskeyNeedsName where browsers do none."""
        return await self._proofs.begin_passkey(origin)

    async def look(self, ticket: str) -> SecondStep:
        """What is still to be shown with a ticket; TicketOver."""
        return await self._proofs.look(ticket)

    async def go_on(self, ask: StepAsk) -> SessionStep:
        """A new session for who showed the second factor; FactorFailed, TicketOver or TooMany."""
        user_id, way = await self._proofs.show(ask.ticket, ask.code, ask.passkey, ask.address)
        account = await self._means.db.read(lambda conn: people_store.account_by_id(conn, user_id))
        if account is None:
            raise SessionOver("There is no such account any more.")
        return await self._opened(account, ask.user_agent, way)

    async def _opened(self, account: Account, user_agent: str, by: str) -> SessionStep:
        now, token = self._means.clock(), new_secret()
        fresh = new_session(account.user_id, "page", user_agent, now)
        session, grants, second_factor = await self._means.db.write(
            lambda conn: begin_session(self._settings, conn, fresh, sha256(token), now)
        )
        log.info("session_opened", session_id=session.session_id, user_id=account.user_id, by=by)
        return SessionStep(
            token=token, principal=principal_of(session, account, grants, second_factor, csrf_of(token)),
            ends_at=session.created_at + timedelta(seconds=longest_s(grants)), idle_s=idle_s("page", grants),
        )  # fmt: skip

    async def resolve(self, token: str) -> Principal:
        """Whose session a token is; SessionOver when it has ended."""
        now = self._means.clock()

        def find(conn: Connection) -> tuple[Session, Account, tuple[Grant, ...], bool] | None:
            session = store.session_by_token(conn, sha256(token))
            account = people_store.account_by_id(conn, session.user_id) if session else None
            if session is None or account is None:
                return None
            grants = people_store.grants_of(conn, account.user_id)
            return session, account, grants, factor_store.has_factor(conn, account.user_id)

        found = await self._means.db.read(find)
        if found is None:
            raise SessionOver("Sign in again.")
        session, account, grants, second_factor = found
        if is_over(session, grants, now):
            await self._means.db.write(lambda conn: end_session(self._means, conn, session, now))
            raise SessionOver("It was not used for too long, or it was very old. Sign in again.")
        if wants_touch(session, now):
            await self._means.db.write(lambda conn: store.touch_session(conn, session.session_id, now))
        return principal_of(session, account, grants, second_factor, csrf_of(token))

    async def end(self, token: str) -> None:
        """End the session of a token; no fault when it has ended."""
        now = self._means.clock()

        def end(conn: Connection) -> None:
            session = store.session_by_token(conn, sha256(token))
            if session is not None:
                end_session(self._means, conn, session, now)

        await self._means.db.write(end)

    async def own(self, user_id: str, current: str | None) -> SessionList:
        """A person's open sessions."""
        now = self._means.clock()

        def find(conn: Connection) -> tuple[list[Session], tuple[Grant, ...]]:
            return store.sessions_of(conn, user_id), people_store.grants_of(conn, user_id)

        found, grants = await self._means.db.read(find)
        views = [
            SessionView(
                session_id=session.session_id, kind=session.kind, user_agent=session.user_agent,
                created_at=session.created_at, seen_at=session.seen_at, ends_at=ends_at(session, grants),
                current=session.session_id == current,
            )
            for session in found
            if not is_over(session, grants, now)
        ]  # fmt: skip
        return SessionList(sessions=views)

    async def end_own(self, user_id: str, session_id: str) -> None:
        """End one of a person's own sessions; NotFound for anybody else's."""
        now = self._means.clock()

        def end(conn: Connection) -> None:
            own = next((s for s in store.sessions_of(conn, user_id) if s.session_id == session_id), None)
            if own is None:
                raise NotFound("You have no such session.")
            end_session(self._means, conn, own, now)

        await self._means.db.write(end)

    async def end_of_staff(self, scope: Sequence[str], user_id: str) -> int:
        """End all sessions of a person with a role in one of these municipalities; how many. NotFound for others."""
        now = self._means.clock()

        def end(conn: Connection) -> int:
            if not within(people_store.grants_of(conn, user_id), scope):
                raise NotFound("There is no such person among yours.")
            found = store.sessions_of(conn, user_id)
            return sum(end_session(self._means, conn, session, now) for session in found)

        ended = await self._means.db.write(end)
        log.warning("sessions_ended_by_administrator", user_id=user_id, count=ended)
        return ended

    async def sweep(self) -> int:
        """End the sessions whose time is over, so that gateways drop their open streams; how many."""
        now = self._means.clock()

        def over(conn: Connection) -> list[Session]:
            unused, opened = now - timedelta(seconds=POLICE_IDLE_S), now - timedelta(seconds=STAFF_LONGEST_S)
            old = store.old_sessions(conn, now - timedelta(seconds=DRIVER_LONGEST_S))
            known = {s.session_id: s for s in (*store.staff_sessions(conn, unused, opened), *old)}
            grants = people_store.grants_of_many(conn, [s.user_id for s in known.values()])
            return [s for s in known.values() if is_over(s, grants.get(s.user_id, ()), now)]

        ended = await self._means.db.read(over)
        if ended:
            await self._means.db.write(lambda conn: [end_session(self._means, conn, s, now) for s in ended])
        return len(ended)
