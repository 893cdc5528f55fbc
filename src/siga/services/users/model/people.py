"""People, their roles, invitations: structs and the rules about who may give what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from siga.contract.auth import STAFF_ROLES, Grant, Role
from siga.services.users.model.problems import GrantRefused

INVITATION_LIVES = timedelta(days=7)
SETUP_CODE_LIVES = timedelta(hours=24)
DRIVER = Grant(role="driver")
"""Every driver's role: without a municipality, since a driver parks everywhere."""

GIVEN_BY_ADMINISTRATORS: frozenset[Role] = frozenset({"police", "administrator", "installer", "operator", "auditor"})
_NARROWED_TO_ZONES: frozenset[Role] = frozenset({"police", "installer"})


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person who can sign in, or will when the invitation is used (`password_hash` is None until then)."""

    user_id: str
    email: str
    name: str
    language: str
    password_hash: str | None
    created_at: datetime


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """Roles that wait for a person to use a one-time code."""

    user_id: str
    municipality_id: str
    grants: tuple[Grant, ...]
    name: str
    ends_at: datetime
    resets: bool = False
    """Whether the code sets a new password over an old one."""


def is_staff(grants: Iterable[Grant]) -> bool:
    """Whether any of the roles is more than a driver's."""
    return any(grant.role in STAFF_ROLES for grant in grants)


def check_grant(grant: Grant) -> Grant:
    """A grant an administrator may give; GrantRefused for `driver`, `platform` and zones where they mean nothing."""
    if grant.role not in GIVEN_BY_ADMINISTRATORS:
        raise GrantRefused(f"The role '{grant.role}' is not given by administrators.")
    if grant.zone_ids and grant.role not in _NARROWED_TO_ZONES:
        raise GrantRefused(f"The role '{grant.role}' is for the whole municipality: leave out 'zone_ids'.")
    return grant


def with_grant(grants: Sequence[Grant], new: Grant) -> tuple[Grant, ...]:
    """The grants with `new` in the place of one for the same role and municipality, or added."""
    others = [g for g in grants if (g.role, g.municipality_id) != (new.role, new.municipality_id)]
    return (*others, new)


def within(grants: Iterable[Grant], municipalities: Iterable[str]) -> tuple[Grant, ...]:
    """Those grants that lie in one of the municipalities."""
    wanted = set(municipalities)
    return tuple(grant for grant in grants if grant.municipality_id in wanted)


def may_be_reset(grants: Sequence[Grant], municipalities: Iterable[str]) -> bool:
    """Whether administrators of these municipalities may replace a person's password: only for pure staff of theirs.

    Who also drives, or works elsewhere, keeps the account to himself: a new password would open what is not theirs.
    """
    return bool(grants) and len(within(grants, municipalities)) == len(grants)
