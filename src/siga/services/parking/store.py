"""The SQL behind Parking: one text for SQLite and PostgreSQL, no rule in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update

from siga.contract.parking import Bay, Rule, Zone
from siga.contract.users import AccreditationBrief, CredentialCopy, Municipality
from siga.kit.bulk import update_rows
from siga.services.parking import store_devices
from siga.services.parking import tables as t
from siga.services.parking.columns import packed, unpacked
from siga.services.parking.model import BayState
from siga.services.parking.sql import parts, put
from siga.services.parking.text import fold_text


class LoadedBay(msgspec.Struct, frozen=True, kw_only=True):
    """A bay with its state; `period_s` of the sensor that watches it, None without one."""

    bay: Bay
    state: BayState
    period_s: int | None


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What memory holds beside the bays, read at start."""

    zones: list[Zone]
    rules: list[Rule]
    credentials: list[CredentialCopy]
    accreditations: list[AccreditationBrief]
    municipalities: list[Municipality]
    cameras: dict[str, tuple[str, ...]]
    position: int


def load(conn: Connection) -> Loaded:
    """Everything but the bays, as of the journal's head."""
    return Loaded(
        zones=list(conn.scalars(select(t.zones.c.zone))),
        rules=list(conn.scalars(select(t.rules.c.rule))),
        credentials=list(conn.scalars(select(t.credentials.c.row))),
        accreditations=list(conn.scalars(select(t.accreditations.c.brief))),
        municipalities=list(conn.scalars(select(t.municipalities.c.municipality))),
        cameras=store_devices.cameras(conn), position=t.journal.head(conn),
    )  # fmt: skip


def load_bays(conn: Connection, after_place: int, limit: int) -> list[LoadedBay]:
    """Bays in the order of their places, a part at a time."""
    query = select(t.bays).where(t.bays.c.place > after_place).order_by(t.bays.c.place).limit(limit)
    return [_loaded_bay(row) for row in conn.execute(query).mappings()]


def bays_with_ids(conn: Connection, bay_ids: Sequence[str]) -> list[LoadedBay]:
    """These bays, those that are there, in the order of their places."""
    found: list[LoadedBay] = []
    for lot in parts(bay_ids):
        query = select(t.bays).where(t.bays.c.bay_id.in_(lot)).order_by(t.bays.c.place)
        found += [_loaded_bay(row) for row in conn.execute(query).mappings()]
    return found


def _loaded_bay(row: Any) -> LoadedBay:
    state = unpacked(row["bay_id"], row["state"])
    return LoadedBay(bay=row["bay"], state=state, period_s=row["period_s"])


def changed_since(conn: Connection, position: int) -> list[str]:
    """Ids of the bays (among other subjects) that changed after a position of the journal."""
    e, q = t.journal.events.c, t.quiet_changes.c
    told = conn.scalars(select(e.subject_id).where(e.position > position).distinct())
    return list({*told, *conn.scalars(select(q.bay_id).where(q.position >= position))})


def event_at(conn: Connection, position: int) -> str | None:
    """The id of the event at a position of the journal."""
    e = t.journal.events.c
    found: str | None = conn.scalar(select(e.event_id).where(e.position == position))
    return found


def note_quiet(conn: Connection, bay_ids: Iterable[str], position: int) -> None:
    """Note that these bays changed without an event."""
    for bay_id in bay_ids:
        put(conn, t.quiet_changes, "bay_id", {"bay_id": bay_id, "position": position})


# --- the map ---------------------------------------------------------------------------------------------------------


def whole_bay(conn: Connection, bay_id: str) -> Bay | None:
    """The bay with everything that is kept of it."""
    found: Bay | None = conn.scalar(select(t.bays.c.bay).where(t.bays.c.bay_id == bay_id))
    return found


def bays_by_external(conn: Connection, municipality_id: str, external_ids: Sequence[str]) -> dict[str, Bay]:
    """The municipality's bays that came under these external ids."""
    b = t.bays.c
    found: dict[str, Bay] = {}
    for lot in parts(external_ids):
        query = select(b.external_id, b.bay).where(b.municipality_id == municipality_id, b.external_id.in_(lot))
        found.update((external_id, bay) for external_id, bay in conn.execute(query))
    return found


def code_taken(conn: Connection, municipality_id: str, code: str) -> str | None:
    """The bay that has this code (in any case) in the municipality."""
    b = t.bays.c
    mine = and_(b.municipality_id == municipality_id, b.folded_code == code.upper())
    found: str | None = conn.scalar(select(b.bay_id).where(mine))
    return found


def codes_like(conn: Connection, municipality_id: str, codes: Sequence[str]) -> set[str]:
    """The municipality's upper-case codes that are one of `codes`, or one of them with `.2`, `.3`, … behind."""
    b = t.bays.c
    found: set[str] = set()
    for lot in parts(codes):
        query = select(b.folded_code).where(b.municipality_id == municipality_id, b.folded_code.in_(lot))
        found.update(conn.scalars(query))
    for code in list(found):
        more = b.folded_code.startswith(f"{code}.", autoescape=True)
        found.update(conn.scalars(select(b.folded_code).where(b.municipality_id == municipality_id, more)))
    return found


def next_place(conn: Connection) -> int:
    """The place of the next new bay."""
    newest = conn.scalar(select(func.max(t.bays.c.place)))
    return 0 if newest is None else int(newest) + 1


def put_zone(conn: Connection, zone: Zone) -> None:
    """Keep a zone."""
    put(conn, t.zones, "zone_id", {
        "zone_id": zone.zone_id, "municipality_id": zone.municipality_id, "name": zone.name, "zone": zone,
    })  # fmt: skip


def insert_bays(conn: Connection, pairs: Sequence[tuple[Bay, BayState]]) -> None:
    """Keep new bays with their first state; they take the next places in their order."""
    first = next_place(conn)
    rows = [
        {**_bay_values(bay), "bay_id": bay.bay_id, "state": packed(state), "place": first + n}
        for n, (bay, state) in enumerate(pairs)
    ]
    if rows:
        conn.execute(insert(t.bays), rows)


def update_bays(conn: Connection, bays: Iterable[Bay]) -> None:
    """Keep new versions of bays; their state stays."""
    rows = [{**_bay_values(bay), "key": bay.bay_id} for bay in bays]
    if rows:
        conn.execute(update(t.bays).where(t.bays.c.bay_id == bindparam("key")), rows)


def _bay_values(bay: Bay) -> dict[str, Any]:
    return {
        "municipality_id": bay.municipality_id, "zone_id": bay.zone_id, "code": bay.code,
        "folded_code": bay.code.upper(), "folded_address": fold_text(bay.address), "external_id": bay.external_id,
        "bay": bay,
    }  # fmt: skip


def update_states(conn: Connection, states: Mapping[str, bytes]) -> None:
    """Keep new (packed) states of bays."""
    update_rows(conn, t.bays, ["state"], "bay_id", [(state, bay_id) for bay_id, state in states.items()])


def put_periods(conn: Connection, periods: Mapping[str, int | None]) -> None:
    """Keep the period of the sensor that watches each of these bays, None without one."""
    update_rows(conn, t.bays, ["period_s"], "bay_id", [(period_s, bay_id) for bay_id, period_s in periods.items()])


def put_rule(conn: Connection, rule: Rule) -> None:
    """Keep a rule."""
    put(conn, t.rules, "rule_id", {"rule_id": rule.rule_id, "municipality_id": rule.municipality_id, "rule": rule})


def remove_rule(conn: Connection, rule_id: str) -> None:
    """Take a rule away."""
    conn.execute(delete(t.rules).where(t.rules.c.rule_id == rule_id))


def add_doubt(conn: Connection, doubt_id: str, bay_id: str, by: str, at: datetime) -> bool:
    """Keep a doubt; False when it is already there."""
    if conn.scalar(select(t.doubts.c.doubt_id).where(t.doubts.c.doubt_id == doubt_id)):
        return False
    conn.execute(insert(t.doubts).values(doubt_id=doubt_id, bay_id=bay_id, by_whom=by, at=at))
    return True


def doubters_since(conn: Connection, bay_id: str, since: datetime) -> int:
    """How many different people doubted the bay since an instant."""
    mine = and_(t.doubts.c.bay_id == bay_id, t.doubts.c.at >= since)
    return int(conn.scalar(select(func.count(func.distinct(t.doubts.c.by_whom))).where(mine)) or 0)


def forget_doubts(conn: Connection, before: datetime) -> None:
    """Forget doubts older than an instant."""
    conn.execute(delete(t.doubts).where(t.doubts.c.at < before))


def put_credential(conn: Connection, row: CredentialCopy) -> None:
    """Keep a row of the read copy of Users' credentials."""
    put(conn, t.credentials, "credential", {"credential": row.credential, "row": row})


def put_accreditation(conn: Connection, brief: AccreditationBrief) -> None:
    """Keep a row of the read copy of Users' accreditations."""
    put(conn, t.accreditations, "accreditation_id", {"accreditation_id": brief.accreditation_id, "brief": brief})


def put_municipality(conn: Connection, municipality: Municipality) -> None:
    """Keep a row of the read copy of Users' municipalities."""
    key = municipality.municipality_id
    put(conn, t.municipalities, "municipality_id", {"municipality_id": key, "municipality": municipality})


def put_addresses(conn: Connection, rows: Sequence[dict[str, Any]]) -> int:
    """Keep addresses that are not there yet; how many were new."""
    ids = [row["address_id"] for row in rows]
    known: set[str] = set()
    for lot in parts(ids):
        known.update(conn.scalars(select(t.addresses.c.address_id).where(t.addresses.c.address_id.in_(lot))))
    fresh = {row["address_id"]: row for row in rows if row["address_id"] not in known}
    if fresh:
        conn.execute(insert(t.addresses), list(fresh.values()))
    return len(fresh)


def find_streets(
    conn: Connection, words: Sequence[str], limit: int, municipality_id: str | None
) -> list[tuple[str, float, float]]:
    """(address, lon, lat) of public bays whose folded address holds every word, each address once, in its order."""
    b = t.bays.c
    query = select(b.bay).where(b.folded_address != "", *(b.folded_address.contains(w, autoescape=True) for w in words))
    if municipality_id:
        query = query.where(b.municipality_id == municipality_id)
    found: dict[str, tuple[str, float, float]] = {}
    for bay in conn.scalars(query.order_by(b.folded_address)):
        if not bay.personal and bay.life in ("in_service", "closed"):
            found.setdefault(bay.address, (bay.address, bay.lon, bay.lat))
        if len(found) >= limit:
            break
    return sorted(found.values())


def find_addresses(
    conn: Connection, words: Sequence[str], limit: int, municipality_id: str | None
) -> list[dict[str, Any]]:
    """Addresses whose folded text holds every word."""
    a = t.addresses
    query = select(a).where(*(a.c.folded.contains(word, autoescape=True) for word in words))
    if municipality_id:
        query = query.where(a.c.municipality_id == municipality_id)
    query = query.order_by(a.c.street, func.length(a.c.number), a.c.number).limit(limit)
    return [dict(row) for row in conn.execute(query).mappings()]
