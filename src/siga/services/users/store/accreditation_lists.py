"""Accreditations by the hundred: found by their numbers, added at once, those without a letter, those to warn of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from siga.kit.problem import Conflict
from siga.services.users.model.accreditations import AccreditationRow, CredentialRow
from siga.services.users.store.accreditations import Pair, pairs_by_match, row_of, values_of
from siga.services.users.store.tables import accreditations, credentials

_c = accreditations.c
_IN_AT_ONCE = 500
"""Values in one IN: SQLite takes 32,766, PostgreSQL plans short lists best."""


def _slices(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _IN_AT_ONCE):
        yield values[start : start + _IN_AT_ONCE]


def by_numbers(conn: Connection, municipality_id: str, matches: Sequence[str], *,
               lock: bool = False) -> list[AccreditationRow]:  # fmt: skip
    """The accreditations of a municipality that have these numbers, of whatever issuer, revoked ones too.

    With `lock` nobody else changes them until the transaction ends.
    """
    here = select(accreditations).where(_c.municipality_id == municipality_id)
    here = here.with_for_update() if lock else here
    return [
        row_of(found)
        for some in _slices(matches)
        for found in conn.execute(here.where(_c.number_match.in_(some))).mappings()
    ]


def pairs(conn: Connection, municipality_id: str, matches: Sequence[str]) -> list[Pair]:
    """Cards and plates found by HMAC, each with its accreditation."""
    return [pair for some in _slices(matches) for pair in pairs_by_match(conn, [municipality_id], some)]


def add_many(conn: Connection, rows: Sequence[AccreditationRow], cards: Sequence[CredentialRow]) -> None:
    """Keep new accreditations and new cards and plates; Conflict when somebody else added one of them meanwhile."""
    try:
        if rows:
            conn.execute(insert(accreditations), [values_of(row) for row in rows])
        if cards:
            conn.execute(insert(credentials), [values_of(card) for card in cards])
    except IntegrityError as fault:
        raise Conflict("Somebody has just added some of these: send the list again.") from fault


def _lacks_letter(municipality_id: str) -> ColumnElement[bool]:
    return and_(
        _c.municipality_id == municipality_id, _c.claim_match.is_(None), _c.claimed_by.is_(None), _c.status == "valid"
    )


def without_letter(conn: Connection, municipality_id: str, limit: int) -> list[AccreditationRow]:
    """The oldest valid accreditations that nobody has claimed and that have no claim code, locked."""
    query = select(accreditations).where(_lacks_letter(municipality_id)).order_by(_c.accreditation_id).limit(limit)
    return [row_of(found) for found in conn.execute(query.with_for_update()).mappings()]


def count_without_letter(conn: Connection, municipality_id: str) -> int:
    """How many there are of those."""
    return int(conn.scalar(select(func.count()).where(_lacks_letter(municipality_id))) or 0)


def warn_of(conn: Connection, municipality_id: str, today: date, until: date) -> int:
    """Note that a person is warned of those whose last day lies between; how many nobody was warned of before."""
    due = and_(
        _c.municipality_id == municipality_id, _c.status == "valid", _c.valid_to >= today, _c.valid_to <= until,
        _c.warned_for.is_distinct_from(_c.valid_to),
    )  # fmt: skip
    return conn.execute(update(accreditations).where(due).values(warned_for=_c.valid_to)).rowcount
