"""Which of a bay's corrections hold: the newest told under each report's place in Parking's order."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, insert, select, update

from siga.contract.events import Event
from siga.contract.parking import StayCorrected
from siga.services.history.tables import corrections

Word = tuple[Event, StayCorrected]


def settle(conn: Connection, bay_no: int, words: Sequence[Word]) -> tuple[list[Word], list[int]]:
    """Those of a bay's corrections that hold from now on, and the positions of those that they replace.

    What was told before under the same order at a later position, or at the same, makes a word count for nothing.
    """
    newest: dict[tuple[int, int, int], Word] = {}
    for word in sorted(words, key=lambda one: one[0].position):
        newest[word[1].order] = word
    held, replaced = [], []
    for order, (event, data) in newest.items():
        before = _position(conn, bay_no, order, event.position)
        if before is None or before < event.position:
            held.append((event, data))
            replaced += [] if before is None else [before]
    return held, replaced


def _position(conn: Connection, bay_no: int, order: tuple[int, int, int], position: int) -> int | None:
    """Where it was last told before; notes that it now was at `position`, if that is newer."""
    c = corrections.c
    key = {"bay_no": bay_no, "assignment": order[0], "epoch": order[1], "sequence": order[2]}
    mine = and_(*(c[name] == value for name, value in key.items()))
    before: int | None = conn.scalar(select(c.position).where(mine))
    if before is None:
        conn.execute(insert(corrections).values(**key, position=position))
    elif before < position:
        conn.execute(update(corrections).where(mine).values(position=position))
    return before
