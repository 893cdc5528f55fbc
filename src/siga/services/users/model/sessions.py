"""How long a session lives, and what becomes of a refresh token."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from siga.contract.accounts import SessionKind
from siga.contract.auth import STAFF_ROLES, Grant

POLICE_IDLE_S = 15 * 60
STAFF_IDLE_S = 30 * 60
STAFF_LONGEST_S = 10 * 3600
DRIVER_LONGEST_S = 30 * 86400
TOUCH_S = 60
"""Use of a session is written down at most this often."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in: of pages (a cookie's token) or of an app (a family of refresh tokens)."""

    session_id: str
    user_id: str
    kind: SessionKind
    user_agent: str
    created_at: datetime
    seen_at: datetime
    confirmed_at: datetime | None = None
    """When its person last showed who they are: at sign-in, or since. None: before SIGA kept it."""
    must_enrol: bool = False
    """It was opened without the second factor that a town demands: until there is one, it gives no role."""
    locked: bool = False
    """Its screen was left alone: until its person is back it shows nothing of the cases."""


def idle_s(kind: SessionKind, grants: Sequence[Grant]) -> int:
    """Seconds without use after which a session ends. Apps and drivers have no limit but the longest life."""
    roles = {grant.role for grant in grants}
    if kind == "app" or not roles & STAFF_ROLES:
        return longest_s(grants)
    return POLICE_IDLE_S if "police" in roles else STAFF_IDLE_S


def longest_s(grants: Sequence[Grant]) -> int:
    """Seconds after which a session ends however much it is used."""
    return STAFF_LONGEST_S if any(grant.role in STAFF_ROLES for grant in grants) else DRIVER_LONGEST_S


def ends_at(session: Session, grants: Sequence[Grant]) -> datetime:
    """When the session ends if it is not used again, by the roles its person has now."""
    idle = session.seen_at + timedelta(seconds=idle_s(session.kind, grants))
    return min(idle, session.created_at + timedelta(seconds=longest_s(grants)))


def is_over(session: Session, grants: Sequence[Grant], now: datetime) -> bool:
    """Whether the session has ended by time."""
    return now >= ends_at(session, grants)


def wants_touch(session: Session, now: datetime) -> bool:
    """Whether this use is to be written down."""
    return (now - session.seen_at).total_seconds() >= TOUCH_S


RefreshVerdict = Literal["rotate", "reused", "over"]


def judge_refresh(session: Session, grants: Sequence[Grant], used_at: datetime | None, now: datetime) -> RefreshVerdict:
    """What to do with a known refresh token: a second use betrays a copy and ends the family (RFC 9700, 4.14)."""
    if used_at is not None:
        return "reused"
    return "over" if is_over(session, grants, now) else "rotate"
