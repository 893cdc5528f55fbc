"""A new password, looked at with what everybody knows in this place, and hashed."""

from __future__ import annotations

from siga.services.users.model.passwords import check_password
from siga.services.users.service.means import Means
from siga.services.users.store import municipalities as town_store


async def checked(means: Means, password: str, email: str, *, staff: bool) -> str:
    """A new password in the form it is hashed in; WeakPassword says what is wrong with it."""
    towns = await means.db.read(town_store.list_municipalities)
    return check_password(password, email, staff=staff, known_here=[town.name for town in towns])


async def hashed(means: Means, password: str, email: str, *, staff: bool) -> str:
    """The hash of a new password; WeakPassword, or what the hasher refuses with."""
    return await means.hasher.hash(await checked(means, password, email, staff=staff))
