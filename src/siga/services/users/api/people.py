"""People of staff and their roles, for administrators of their municipality."""

from __future__ import annotations

from litestar import delete, get, post, put

from siga.contract.accounts import GrantChange, Invited, PeoplePage, Person, PersonAsk
from siga.contract.auth import Claims, Grant, Role
from siga.kit.http import need
from siga.services.users.api.common import Cursor, Freshness, Limit, home_of, scope_of
from siga.services.users.service.factors import SecondFactors
from siga.services.users.service.people import People
from siga.services.users.service.sessions import Sessions

_ACTION = "people.manage"
_TAGS = ["People"]


@get("/api/v1/users", tags=_TAGS)
async def list_people(caller: Claims, people: People, municipality_id: str | None = None, role: Role | None = None,
                      limit: Limit = 50, cursor: Cursor = "") -> PeoplePage:  # fmt: skip
    """People with a role, or invited to one, in the caller's municipalities."""
    return await people.page(scope_of(caller, _ACTION, municipality_id), role, cursor, limit)


@post("/api/v1/users", tags=_TAGS)
async def invite(caller: Claims, data: PersonAsk, people: People, freshness: Freshness) -> Invited:
    """Invite a person of staff. The answer holds a code, shown this once, with which the person sets a password.

    Where the address has an account already, the person takes the roles with the code and the password of that
    account.
    """
    need(caller, _ACTION)
    freshness.need(caller)
    grants = [
        Grant(role=g.role, municipality_id=home_of(caller, _ACTION, g.municipality_id), zone_ids=g.zone_ids)
        for g in data.grants
    ]
    return await people.invite(data.email, data.name, data.language, grants)


@get("/api/v1/users/{user_id:str}", tags=_TAGS)
async def one_person(caller: Claims, user_id: str, people: People) -> Person:
    """One person with the roles in the caller's municipalities."""
    return await people.one(scope_of(caller, _ACTION), user_id)


@post("/api/v1/users/{user_id:str}/invitation", tags=_TAGS)
async def invite_again(caller: Claims, user_id: str, people: People, freshness: Freshness) -> Invited:
    """A new invitation code, or one to set a new password for a person who works here only and does not drive.

    The person's second factors stay.
    """
    scope = scope_of(caller, _ACTION)
    freshness.need(caller)
    return await people.invite_again(scope, user_id)


@delete("/api/v1/users/{user_id:str}/invitation", tags=_TAGS)
async def withdraw_invitation(caller: Claims, user_id: str, people: People, municipality_id: str | None = None) -> None:
    """Withdraw an invitation that was not used."""
    home = home_of(caller, _ACTION, municipality_id)
    await people.withdraw((home,), user_id, home)


@put("/api/v1/users/{user_id:str}/grants/{role:str}", tags=_TAGS)
async def give_role(caller: Claims, user_id: str, role: Role, data: GrantChange, people: People,
                    freshness: Freshness) -> Person:  # fmt: skip
    """Give a role to a person who has one here already, or change its zones."""
    home = home_of(caller, _ACTION, data.municipality_id)
    freshness.need(caller)
    grant = Grant(role=role, municipality_id=home, zone_ids=data.zone_ids)
    return await people.give(scope_of(caller, _ACTION), user_id, grant, caller.sub)


@delete("/api/v1/users/{user_id:str}/grants/{role:str}", tags=_TAGS)
async def take_role(
    caller: Claims, user_id: str, role: Role, people: People, freshness: Freshness, municipality_id: str | None = None
) -> None:
    """Take a role away. The last administrator of a municipality stays."""
    home = home_of(caller, _ACTION, municipality_id)
    freshness.need(caller)
    await people.take(scope_of(caller, _ACTION), user_id, role, home)


@delete("/api/v1/users/{user_id:str}/sessions", tags=_TAGS)
async def end_sessions(caller: Claims, user_id: str, sessions: Sessions) -> None:
    """End all sessions of a person who works in one of the caller's municipalities, e.g. when a phone was lost."""
    await sessions.end_of_staff(scope_of(caller, _ACTION), user_id)


@delete("/api/v1/users/{user_id:str}/factors", tags=_TAGS)
async def drop_factors(caller: Claims, user_id: str, factors: SecondFactors, freshness: Freshness) -> None:
    """Take all second factors from a person who lost them, known to you in person; all their sessions end.

    Only for people who work here only and do not drive. The password stays as it is.
    """
    scope = scope_of(caller, _ACTION)
    freshness.need(caller)
    await factors.drop_all(scope, user_id)


HANDLERS = [
    list_people, invite, one_person, invite_again, withdraw_invitation, give_role, take_role, end_sessions,
    drop_factors,
]  # fmt: skip
