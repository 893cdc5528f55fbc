"""One-time links: what they open, how long they live, how many there may be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from siga.contract.auth import Grant

LinkKind = Literal["register", "known", "reset", "email_old", "email_new"]
"""`known`: a letter to an address that has an account already; it is counted like a link and opens nothing."""

LIVES: dict[LinkKind, timedelta] = {
    "register": timedelta(hours=24), "known": timedelta(hours=1), "reset": timedelta(minutes=30),
    "email_old": timedelta(hours=24), "email_new": timedelta(hours=24),
}  # fmt: skip
"""How long a link is good once it was handed to the mail server or shown."""
WAITS_FOR_MAIL = timedelta(hours=24)
WAITS_FOR_HANDS = timedelta(days=7)
COUNTED = timedelta(hours=1)
MOST_AN_HOUR = 3
"""So many letters of this sort may one address get in an hour, whoever asks for them."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link as it is kept. Its token is made anew of its id when it is needed and stands nowhere.

    `group_id` binds the two links of a change of address. `by_hand`: there is no mail server, so a person hands it
    over. It is good from `opened_at` on.
    """

    link_id: str
    kind: LinkKind
    user_id: str
    group_id: str
    email_match: str
    token_hash: str
    asked_sealed: bytes | None
    by_hand: bool
    created_at: datetime
    opened_at: datetime | None = None
    used_at: datetime | None = None
    ends_at: datetime


class Applicant(msgspec.Struct, frozen=True, kw_only=True):
    """Who registers, until the address is proved. Kept sealed."""

    email: str
    name: str
    language: str
    password_hash: str


def is_good(link: Link, now: datetime) -> bool:
    """Whether a link opens something at that instant."""
    return link.kind != "known" and link.opened_at is not None and link.used_at is None and now < link.ends_at


class Helper(msgspec.Struct, frozen=True):
    """Who hands a link over: the console, whoever runs the installation, or one municipality's administrators."""

    kind: Literal["console", "platform", "administrator"]
    municipality_id: str = ""


def helper_of(grants: Sequence[Grant], *, alone: bool) -> Helper:
    """Who hands a person the link to a new password where there is no mail server.

    Staff of one municipality: its administrators; for its only one (`alone`) who runs the installation. Who runs the
    installation: the console at its next start. Everybody else (drivers, and staff who also drive or work in several
    towns): who runs the installation, since no town's administrator may open what is not that town's.
    """
    if any(grant.role == "platform" for grant in grants):
        return Helper("console")
    homes = {grant.municipality_id for grant in grants}
    if alone or len(homes) != 1 or any(grant.role == "driver" for grant in grants):
        return Helper("platform")
    return Helper("administrator", homes.pop())
