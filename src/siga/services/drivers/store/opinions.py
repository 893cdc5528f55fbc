"""Doubts and ratings."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from siga.contract.drivers import Doubt, Rating
from siga.services.drivers.store.tables import doubts, ratings


class Aggregate(NamedTuple):
    """How many rated a bay, and the sums of their three answers."""

    number: int
    width: int
    kerb: int
    surface: int


def add_doubt(conn: Connection, doubt: Doubt, who: str) -> None:
    """Keep a doubt."""
    conn.execute(insert(doubts).values(doubt_id=doubt.doubt_id, bay_id=doubt.bay_id, at=doubt.at, who=who))


def doubt_of(conn: Connection, bay_id: str, who: str, since: datetime) -> Doubt | None:
    """A person's doubt about a bay since an instant that nothing has settled yet."""
    mine = (doubts.c.bay_id == bay_id) & (doubts.c.who == who) & doubts.c.settled_at.is_(None)
    query = select(doubts.c.doubt_id, doubts.c.bay_id, doubts.c.at).where(mine, doubts.c.at > since)
    row = conn.execute(query.order_by(doubts.c.at.desc()).limit(1)).mappings().first()
    return None if row is None else Doubt(**row)


def doubt_times(conn: Connection, who: str, since: datetime) -> list[datetime]:
    """When a person doubted since an instant, at any bay."""
    return list(conn.scalars(select(doubts.c.at).where(doubts.c.who == who, doubts.c.at > since)))


def doubted_bays(conn: Connection, bay_ids: Collection[str]) -> set[str]:
    """Those of these bays about which a doubt is not settled."""
    query = select(doubts.c.bay_id).where(doubts.c.settled_at.is_(None), doubts.c.bay_id.in_(bay_ids))
    return set(conn.scalars(query.distinct()))


def settle_doubts(conn: Connection, bay_id: str, at: datetime) -> None:
    """The bay had news at that instant: doubts from before are settled."""
    open_ones = (doubts.c.bay_id == bay_id) & doubts.c.settled_at.is_(None) & (doubts.c.at < at)
    conn.execute(update(doubts).where(open_ones).values(settled_at=at))


def forget_doubts(conn: Connection, before: datetime) -> int:
    """Delete doubts from before an instant; how many."""
    return conn.execute(delete(doubts).where(doubts.c.at < before)).rowcount


def put_rating(conn: Connection, rating: Rating, check_in_id: str) -> Rating:
    """Keep the rating of a check-in, in the place of an earlier one, whose id it then takes."""
    values = {name: getattr(rating, name) for name in ("width", "kerb", "surface", "comment", "rated_at")}
    mine = ratings.c.check_in_id == check_in_id
    earlier = conn.scalar(select(ratings.c.rating_id).where(mine))
    if earlier is None:
        new = {"rating_id": rating.rating_id, "bay_id": rating.bay_id, "check_in_id": check_in_id}
        conn.execute(insert(ratings).values(**new, **values))
    else:
        conn.execute(update(ratings).where(mine).values(**values))
    return Rating(rating_id=earlier or rating.rating_id, bay_id=rating.bay_id, **values)


def rated(conn: Connection, bay_id: str) -> Aggregate:
    """The sums over all ratings of a bay."""
    sums = (func.sum(column) for column in (ratings.c.width, ratings.c.kerb, ratings.c.surface))
    row = conn.execute(select(func.count(), *sums).where(ratings.c.bay_id == bay_id)).one()
    return Aggregate(*(int(value or 0) for value in row))


def comments_on(conn: Connection, bay_id: str, limit: int) -> list[str]:
    """What users of a bay wrote, newest first."""
    query = select(ratings.c.comment).where(ratings.c.bay_id == bay_id, ratings.c.comment.is_not(None))
    return list(conn.scalars(query.order_by(ratings.c.rated_at.desc()).limit(limit)))


def erase_comments(conn: Connection, before: datetime) -> int:
    """Erase comments from before an instant; how many."""
    old = (ratings.c.rated_at < before) & ratings.c.comment.is_not(None)
    return conn.execute(update(ratings).where(old).values(comment=None)).rowcount
