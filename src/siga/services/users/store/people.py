"""People, their roles and their invitations in the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from siga.contract.auth import Grant
from siga.services.users.model.people import Account, Invitation
from siga.services.users.model.problems import EmailTaken
from siga.services.users.store.tables import grants, invitations, people


def any_account(conn: Connection) -> bool:
    """Whether there is a first account."""
    return conn.scalar(select(people.c.user_id).limit(1)) is not None


def add_account(conn: Connection, account: Account) -> None:
    """Keep a new account; EmailTaken when the address has one."""
    try:
        conn.execute(insert(people).values(**{f: getattr(account, f) for f in account.__struct_fields__}))
    except IntegrityError as fault:
        raise EmailTaken("Sign in with it, or use another address.") from fault


def _account(conn: Connection, where: Any) -> Account | None:
    row = conn.execute(select(people).where(where)).mappings().first()
    return None if row is None else Account(**row)


def account_by_email(conn: Connection, email: str) -> Account | None:
    """The account of an address in normal form."""
    return _account(conn, people.c.email == email)


def account_by_id(conn: Connection, user_id: str) -> Account | None:
    """The account of that id."""
    return _account(conn, people.c.user_id == user_id)


def set_password(conn: Connection, user_id: str, password_hash: str) -> None:
    """Replace a person's password."""
    conn.execute(update(people).where(people.c.user_id == user_id).values(password_hash=password_hash))


def change_account(conn: Connection, user_id: str, **values: str) -> None:
    """Change a person's name or language."""
    if values:
        conn.execute(update(people).where(people.c.user_id == user_id).values(**values))


def change_email(conn: Connection, user_id: str, email: str) -> None:
    """Give an account another address; EmailTaken when another account has it."""
    try:
        conn.execute(update(people).where(people.c.user_id == user_id).values(email=email))
    except IntegrityError as fault:
        raise EmailTaken("Another account has that address.") from fault


def grants_of(conn: Connection, user_id: str) -> tuple[Grant, ...]:
    """A person's roles, in the order in which they were given."""
    return grants_of_many(conn, [user_id]).get(user_id, ())


def grants_of_many(conn: Connection, user_ids: Sequence[str]) -> dict[str, tuple[Grant, ...]]:
    """The roles of several people by their ids."""
    query = select(grants).where(grants.c.user_id.in_(user_ids)).order_by(grants.c.given_at, grants.c.role)
    found: dict[str, tuple[Grant, ...]] = {}
    for row in conn.execute(query).mappings():
        grant = Grant(role=row["role"], municipality_id=row["municipality_id"], zone_ids=row["zone_ids"])
        found[row["user_id"]] = (*found.get(row["user_id"], ()), grant)
    return found


def put_grant(conn: Connection, user_id: str, grant: Grant, at: datetime, by: str) -> None:
    """Give a role, in the place of the same one in the same municipality."""
    take_grant(conn, user_id, grant.role, grant.municipality_id)
    conn.execute(
        insert(grants).values(
            user_id=user_id, role=grant.role, municipality_id=grant.municipality_id, zone_ids=grant.zone_ids,
            given_at=at, given_by=by,
        )
    )  # fmt: skip


def take_grant(conn: Connection, user_id: str, role: str, municipality_id: str) -> bool:
    """Take a role away; whether there was one."""
    same = (grants.c.user_id == user_id, grants.c.role == role, grants.c.municipality_id == municipality_id)
    return bool(conn.execute(delete(grants).where(*same)).rowcount)


def roles_in(conn: Connection, municipality_id: str) -> dict[str, int]:
    """How many people have each role in a municipality."""
    query = (
        select(grants.c.role, func.count().label("people"))
        .where(grants.c.municipality_id == municipality_id)
        .group_by(grants.c.role)
    )  # fmt: skip
    return {row.role: int(row.people) for row in conn.execute(query)}


def put_invitation(conn: Connection, invitation: Invitation, code_match: str) -> None:
    """Keep an invitation in the place of an older one of that person there."""
    drop_invitation(conn, invitation.user_id, invitation.municipality_id)
    values = {f: getattr(invitation, f) for f in invitation.__struct_fields__}
    conn.execute(insert(invitations).values(**values, code_match=code_match))


def drop_invitation(conn: Connection, user_id: str, municipality_id: str) -> bool:
    """Forget an invitation; whether there was one, so that a code is used once."""
    same = (invitations.c.user_id == user_id, invitations.c.municipality_id == municipality_id)
    return bool(conn.execute(delete(invitations).where(*same)).rowcount)


def _invitation(row: Any) -> Invitation:
    values = {f: row[f] for f in Invitation.__struct_fields__}
    return Invitation(**{**values, "resets": bool(values["resets"])})


def invitation_by_code(conn: Connection, code_match: str, now: datetime) -> Invitation | None:
    """The invitation a code belongs to, if it can still be used."""
    query = select(invitations).where(invitations.c.code_match == code_match, invitations.c.ends_at > now)
    row = conn.execute(query).mappings().first()
    return None if row is None else _invitation(row)


def invitations_in(conn: Connection, municipality_ids: Sequence[str], user_ids: Sequence[str]) -> list[Invitation]:
    """The open invitations of these people in these municipalities."""
    query = select(invitations).where(
        invitations.c.municipality_id.in_(municipality_ids), invitations.c.user_id.in_(user_ids)
    )
    return [_invitation(row) for row in conn.execute(query).mappings()]


def staff_of(
    conn: Connection, municipality_ids: Sequence[str], role: str | None, after: str, limit: int
) -> list[Account]:
    """People with a role or an open invitation in these municipalities, by id after `after`."""
    with_role = select(grants.c.user_id).where(grants.c.municipality_id.in_(municipality_ids))
    invited = select(invitations.c.user_id).where(invitations.c.municipality_id.in_(municipality_ids))
    member = people.c.user_id.in_(with_role.where(grants.c.role == role) if role else with_role)
    wanted = member if role else or_(member, people.c.user_id.in_(invited))
    query = select(people).where(wanted, people.c.user_id > after).order_by(people.c.user_id).limit(limit)
    return [Account(**row) for row in conn.execute(query).mappings()]


def forget_invitations(conn: Connection, now: datetime) -> int:
    """Forget invitations past their time, and people who never came; the number of invitations."""
    gone = conn.execute(delete(invitations).where(invitations.c.ends_at <= now)).rowcount
    if gone:
        waiting, active = select(invitations.c.user_id), select(grants.c.user_id)
        conn.execute(
            delete(people).where(
                people.c.password_hash.is_(None), people.c.user_id.not_in(waiting), people.c.user_id.not_in(active)
            )
        )
    return gone
