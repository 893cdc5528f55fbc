"""What the audit is told of signing in: staff by their id, in each municipality they work in; drivers only counted."""

from __future__ import annotations

from sqlalchemy import Connection

from siga.contract.auth import STAFF_ROLES
from siga.kit import audit
from siga.services.users.service.means import Means
from siga.services.users.store import people as people_store


def homes_of(conn: Connection, user_id: str) -> tuple[str, ...]:
    """The municipalities in which a person has a role of staff ("" for the whole system), each once."""
    grants = people_store.grants_of(conn, user_id)
    return tuple(dict.fromkeys(grant.municipality_id for grant in grants if grant.role in STAFF_ROLES))


def note_staff(conn: Connection, user_id: str) -> None:
    """A stranger's act at hand is this person's, if the person is of staff."""
    homes = homes_of(conn, user_id)
    if homes:
        audit.named(user_id, homes)


async def count_failure(means: Means, action: str, user_id: str | None) -> None:
    """Somebody failed to show that they are this person (None: nobody is known by that name)."""
    homes = await means.db.read(lambda conn: homes_of(conn, user_id)) if user_id else ()
    if homes:
        means.audit.count(action, "person", user_id or "", homes, purpose="sign_in")
    else:
        means.audit.count(action, "person", "", purpose="sign_in")
