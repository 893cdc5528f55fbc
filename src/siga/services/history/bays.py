"""Which bays there are, what each of them was when, and how far its changes have come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, select, update

from siga.contract.base import Word
from siga.contract.parking import Bay, Category
from siga.kit.bulk import update_named
from siga.services.history.model import Tip
from siga.services.history.tables import bays, places

_PIECE = 5_000
_TIP = Tip.__struct_fields__


class Kind(Word):
    """What statistics and rights ask of a bay."""

    zone_id: str
    category: Category
    personal: bool


class BayRow(Word):
    """A bay as kept; `version` 0 while Parking's definition has not come yet."""

    bay_no: int
    bay_id: str
    municipality_id: str
    code: str
    version: int
    place_no: int
    kind: Kind
    tip: Tip


def known(conn: Connection, bay_ids: Iterable[str]) -> dict[str, BayRow]:
    """Those of these bays that are known, by id."""
    wanted = list(bay_ids)
    found: dict[str, BayRow] = {}
    b, p = bays.c, places.c
    query = select(
        b.bay_no, b.bay_id, b.municipality_id, b.code, b.version, b.place_no, p.zone_id, p.category, p.personal,
        *(b[name] for name in _TIP),
    ).join(places, p.place_no == b.place_no)  # fmt: skip
    for start in range(0, len(wanted), _PIECE):
        for row in conn.execute(query.where(b.bay_id.in_(wanted[start : start + _PIECE]))):
            bay_no, bay_id, municipality_id, code, version, place_no, zone_id, category, personal, *tip = row
            found[bay_id] = BayRow(
                bay_no=bay_no, bay_id=bay_id, municipality_id=municipality_id, code=code, version=version,
                place_no=place_no, kind=Kind(zone_id=zone_id, category=category, personal=personal),
                tip=Tip(**dict(zip(_TIP, tip, strict=True))),
            )  # fmt: skip
    return found


def define(conn: Connection, bay: Bay, at: datetime) -> None:
    """Take over a bay's new version; an older one changes nothing. What it was until now stays what it was."""
    kind = Kind(zone_id=bay.zone_id, category=bay.category, personal=bay.personal)
    row = known(conn, [bay.bay_id]).get(bay.bay_id)
    if row is None:
        add(conn, bay.bay_id, bay.municipality_id, bay.code, kind, at, bay.version)
        return
    if bay.version <= row.version:
        return
    place_no = row.place_no if row.kind == kind else _add_place(conn, row.bay_no, kind, at)
    conn.execute(
        update(bays)
        .where(bays.c.bay_no == row.bay_no)
        .values(code=bay.code, version=bay.version, place_no=place_no)
    )  # fmt: skip


def add(conn: Connection, bay_id: str, municipality_id: str, code: str, kind: Kind, at: datetime,
        version: int = 0) -> BayRow:  # fmt: skip
    """Keep a bay that was not known."""
    values = {
        "bay_id": bay_id, "municipality_id": municipality_id, "code": code, "version": version, "place_no": 0,
        "position": 0, "ordinal": 0,
    }  # fmt: skip
    made = conn.execute(insert(bays).values(**values)).inserted_primary_key
    bay_no = int(made[0]) if made else 0
    place_no = _add_place(conn, bay_no, kind, at)
    conn.execute(update(bays).where(bays.c.bay_no == bay_no).values(place_no=place_no))
    return BayRow(
        bay_no=bay_no, bay_id=bay_id, municipality_id=municipality_id, code=code, version=version, place_no=place_no,
        kind=kind, tip=Tip(),
    )  # fmt: skip


def _add_place(conn: Connection, bay_no: int, kind: Kind, at: datetime) -> int:
    values = {"bay_no": bay_no, "since_at": at, **msgspec.structs.asdict(kind)}
    made = conn.execute(insert(places).values(**values)).inserted_primary_key
    return int(made[0]) if made else 0


def place_for(conn: Connection, row: BayRow, kind: Kind, at: datetime) -> int:
    """The place of a bay that was of this kind at `at`: its present one, else one it had, else a new one."""
    if row.kind == kind:
        return row.place_no
    query = select(places.c.place_no).where(
        places.c.bay_no == row.bay_no, places.c.zone_id == kind.zone_id, places.c.category == kind.category,
        places.c.personal == kind.personal,
    )  # fmt: skip
    had = conn.scalar(query.order_by(places.c.since_at.desc()).limit(1))
    return int(had) if had is not None else _add_place(conn, row.bay_no, kind, at)


def move_tips(conn: Connection, tips: dict[int, Tip]) -> None:
    """Note by bay number how far its changes have come."""
    rows = [{"bay_no": bay_no, **msgspec.structs.asdict(tip)} for bay_no, tip in tips.items()]
    update_named(conn, bays, _TIP, "bay_no", rows)


def numbered(conn: Connection, bay_no: int) -> BayRow | None:
    """The bay of that number, None when there is none."""
    bay_id = conn.scalar(select(bays.c.bay_id).where(bays.c.bay_no == bay_no))
    return None if bay_id is None else known(conn, [bay_id])[bay_id]
