"""Letters that wait and one-time links in the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from siga.services.users.model.links import Link
from siga.services.users.store.mail_tables import letters, links


class LetterRow(NamedTuple):
    """A letter as it is kept."""

    letter_id: str
    letter_sealed: bytes
    attempts: int
    ends_at: datetime


def put_letter(conn: Connection, letter_id: str, user_id: str, sealed: bytes, now: datetime, ends_at: datetime) -> None:
    """Keep a letter to be sent from now on; `user_id` is empty for an address without an account."""
    conn.execute(
        insert(letters).values(
            letter_id=letter_id, user_id=user_id, letter_sealed=sealed, attempts=0, next_at=now, ends_at=ends_at
        )
    )


def due_letters(conn: Connection, now: datetime, limit: int) -> list[LetterRow]:
    """Letters whose turn it is, oldest first."""
    columns = (letters.c.letter_id, letters.c.letter_sealed, letters.c.attempts, letters.c.ends_at)
    query = select(*columns).where(letters.c.next_at <= now).order_by(letters.c.next_at, letters.c.letter_id)
    return [LetterRow(*row) for row in conn.execute(query.limit(limit))]


def put_off_letter(conn: Connection, letter_id: str, attempts: int, next_at: datetime) -> None:
    """Note that a letter was tried, and when it is tried again."""
    values = {"attempts": attempts, "next_at": next_at}
    conn.execute(update(letters).where(letters.c.letter_id == letter_id).values(**values))


def drop_letter(conn: Connection, letter_id: str) -> None:
    """Forget a letter that was sent or never will be."""
    conn.execute(delete(letters).where(letters.c.letter_id == letter_id))


def add_link(conn: Connection, link: Link) -> None:
    """Keep a new link."""
    conn.execute(insert(links).values(**{f: getattr(link, f) for f in Link.__struct_fields__}))


def _link(row: Any) -> Link:
    values = {f: row[f] for f in Link.__struct_fields__}
    return Link(**{**values, "by_hand": bool(values["by_hand"])})


def _links(conn: Connection, *where: Any) -> list[Link]:
    query = select(links).where(*where).order_by(links.c.created_at, links.c.link_id)
    return [_link(row) for row in conn.execute(query).mappings()]


def link_by_token(conn: Connection, token_hash: str) -> Link | None:
    """The link a token belongs to, good or not."""
    return next(iter(_links(conn, links.c.token_hash == token_hash)), None)


def link_by_id(conn: Connection, link_id: str) -> Link | None:
    """The link of that id."""
    return next(iter(_links(conn, links.c.link_id == link_id)), None)


def links_of_group(conn: Connection, group_id: str) -> list[Link]:
    """The links that belong together."""
    return _links(conn, links.c.group_id == group_id)


def links_since(conn: Connection, email_match: str, since: datetime) -> int:
    """How many links were made for an address since an instant."""
    query = select(func.count()).select_from(links)
    return int(conn.scalar(query.where(links.c.email_match == email_match, links.c.created_at > since)) or 0)


def asks_by_hand(conn: Connection, now: datetime) -> list[Link]:
    """Links that wait for a person to hand them over."""
    return _links(conn, links.c.by_hand == 1, links.c.opened_at.is_(None), links.c.ends_at > now)


def open_link(conn: Connection, link_id: str, at: datetime, ends_at: datetime) -> bool:
    """From now on a link is good; whether it was not before."""
    unopened = (links.c.link_id == link_id, links.c.opened_at.is_(None))
    return bool(conn.execute(update(links).where(*unopened).values(opened_at=at, ends_at=ends_at)).rowcount)


def extend_link(conn: Connection, link_id: str, at: datetime, ends_at: datetime) -> None:
    """A link is good from now on, whether it was before or not: its letter is handed over (again)."""
    conn.execute(update(links).where(links.c.link_id == link_id).values(opened_at=at, ends_at=ends_at))


def use_link(conn: Connection, link_id: str, at: datetime) -> bool:
    """Spend a link; whether it was not spent before."""
    unused = (links.c.link_id == link_id, links.c.used_at.is_(None))
    return bool(conn.execute(update(links).where(*unused).values(used_at=at)).rowcount)


def drop_links_of(conn: Connection, user_id: str, kinds: Sequence[str]) -> None:
    """Forget a person's links of these kinds."""
    conn.execute(delete(links).where(links.c.user_id == user_id, links.c.kind.in_(kinds)))


def forget_old(conn: Connection, now: datetime) -> int:
    """Forget links whose time is over; how many. Letters past theirs go when their turn comes."""
    return conn.execute(delete(links).where(links.c.ends_at <= now)).rowcount
