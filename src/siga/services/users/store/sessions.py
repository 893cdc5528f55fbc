"""Sessions, refresh tokens and the failures of the throttle in the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from siga.services.users.model.sessions import Session
from siga.services.users.store.tables import failures, grants, refresh_tokens, sessions

_FLAGS = ("must_enrol", "locked")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def add_session(conn: Connection, session: Session, token_hash: str | None) -> None:
    """Keep a new session; pages' sessions are found by the hash of their token."""
    values = {f: getattr(session, f) for f in session.__struct_fields__ if f not in _FLAGS}
    flags = {f: int(getattr(session, f)) for f in _FLAGS}
    conn.execute(insert(sessions).values(**values, **flags, token_hash=token_hash))


def _session(row: Any) -> Session:
    values = {f: row[f] for f in Session.__struct_fields__}
    return Session(**{**values, **{f: bool(row[f]) for f in _FLAGS}})


def session_by_token(conn: Connection, token_hash: str) -> Session | None:
    """The session of pages that has this token."""
    row = conn.execute(select(sessions).where(sessions.c.token_hash == token_hash)).mappings().first()
    return None if row is None else _session(row)


def sessions_of(conn: Connection, user_id: str) -> list[Session]:
    """A person's sessions, newest first."""
    query = select(sessions).where(sessions.c.user_id == user_id).order_by(sessions.c.created_at.desc())
    return [_session(row) for row in conn.execute(query).mappings()]


def old_sessions(conn: Connection, opened_before: datetime) -> list[Session]:
    """Sessions opened before an instant."""
    query = select(sessions).where(sessions.c.created_at <= opened_before)
    return [_session(row) for row in conn.execute(query).mappings()]


def staff_sessions(conn: Connection, unused_since: datetime, opened_before: datetime) -> list[Session]:
    """Sessions of people with a role of staff that are not used since an instant, or opened before another."""
    staff = select(grants.c.user_id).where(grants.c.role != "driver")
    query = select(sessions).where(
        sessions.c.user_id.in_(staff), or_(sessions.c.seen_at <= unused_since, sessions.c.created_at <= opened_before)
    )
    return [_session(row) for row in conn.execute(query).mappings()]


def touch_session(conn: Connection, session_id: str, at: datetime) -> None:
    """Write down that a session was used."""
    conn.execute(update(sessions).where(sessions.c.session_id == session_id).values(seen_at=at))


def confirm_session(conn: Connection, session_id: str, at: datetime) -> None:
    """Write down that the session's person showed who they are; that unlocks it too."""
    conn.execute(update(sessions).where(sessions.c.session_id == session_id).values(confirmed_at=at, locked=0))


def lock_session(conn: Connection, user_id: str, session_id: str, locked: bool) -> bool:
    """Lock or unlock one of a person's sessions; whether there is such a one."""
    own = update(sessions).where(sessions.c.session_id == session_id, sessions.c.user_id == user_id)
    return bool(conn.execute(own.values(locked=int(locked))).rowcount)


def drop_session(conn: Connection, session_id: str) -> bool:
    """Forget a session and its refresh tokens; whether it was there."""
    conn.execute(delete(refresh_tokens).where(refresh_tokens.c.session_id == session_id))
    return bool(conn.execute(delete(sessions).where(sessions.c.session_id == session_id)).rowcount)


def add_refresh_token(conn: Connection, token_hash: str, session_id: str) -> None:
    """Keep the hash of a family's next refresh token."""
    conn.execute(insert(refresh_tokens).values(token_hash=token_hash, session_id=session_id, used_at=None))


def refresh_token(conn: Connection, token_hash: str) -> tuple[Session, datetime | None] | None:
    """The family of a refresh token and when it was spent. The row stays locked until the transaction ends."""
    query = (
        select(sessions, refresh_tokens.c.used_at)
        .join(refresh_tokens, refresh_tokens.c.session_id == sessions.c.session_id)
        .where(refresh_tokens.c.token_hash == token_hash)
        .with_for_update()
    )
    row = conn.execute(query).mappings().first()
    return None if row is None else (_session(row), row["used_at"])


def spend_refresh_token(conn: Connection, token_hash: str, at: datetime) -> None:
    """Mark a refresh token as used."""
    conn.execute(update(refresh_tokens).where(refresh_tokens.c.token_hash == token_hash).values(used_at=at))


def failures_of(conn: Connection, subject: str) -> tuple[datetime, ...]:
    """When attempts of a subject failed, oldest first."""
    times: tuple[int, ...] | None = conn.scalar(select(failures.c.times_us).where(failures.c.subject == subject))
    return tuple(_EPOCH + timedelta(microseconds=at) for at in times or ())


def put_failures(conn: Connection, subject: str, times: Sequence[datetime]) -> None:
    """Keep a subject's failures; none at all forgets it."""
    conn.execute(delete(failures).where(failures.c.subject == subject))
    if times:
        micro = tuple((at - _EPOCH) // timedelta(microseconds=1) for at in times)
        conn.execute(insert(failures).values(subject=subject, times_us=micro, last_at=times[-1]))


def forget_failures(conn: Connection, before: datetime) -> int:
    """Forget subjects whose last failure is older than that."""
    return conn.execute(delete(failures).where(failures.c.last_at < before)).rowcount
