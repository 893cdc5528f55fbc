"""What Drivers hears from other services: bays and their changes, municipalities, cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from siga.contract.enforcement import CaseChanged, CaseOpened
from siga.contract.events import Event
from siga.contract.parking import BayChanged, BayDefined
from siga.contract.users import MunicipalityDefined
from siga.kit.clock import Clock
from siga.services.drivers.model import Place
from siga.services.drivers.service.follow import case_moved, case_opened, follow_change
from siga.services.drivers.store import bays, check_ins, opinions, reports

HEEDED = {
    "parking": (BayDefined.__name__, BayChanged.__name__),
    "users": (MunicipalityDefined.__name__,),
    "enforcement": (CaseOpened.__name__, CaseChanged.__name__),
}
"""The kinds of events that do something here, by whose they are."""


def parking(clock: Clock, conn: Connection, events: Sequence[Event]) -> None:
    """Bays into the read copy; changes end check-ins, settle doubts and misuse reports."""
    decoded = [(event, event.decoded()) for event in events]
    for _, data in decoded:
        if isinstance(data, BayDefined):
            bays.put_bay(conn, data.bay)
    changes = [(event.recorded_at, data) for event, data in decoded if isinstance(data, BayChanged)]
    if changes:
        _changes(conn, changes, clock())


def _changes(conn: Connection, changes: Sequence[tuple[datetime, BayChanged]], now: datetime) -> None:
    touched = {change.bay_id for _, change in changes}
    concerned = check_ins.open_bays(conn, touched) | opinions.doubted_bays(conn, touched)
    concerned |= reports.misused_bays(conn, touched)
    for recorded_at, change in changes:
        if change.bay_id in concerned:
            follow_change(conn, change, recorded_at, now)
    bays.put_stays(conn, {change.bay_id: change.stay_id for _, change in changes})


def users(conn: Connection, events: Sequence[Event]) -> None:
    """Where the municipalities lie."""
    for event in events:
        data = event.decoded()
        if isinstance(data, MunicipalityDefined):
            town = data.municipality
            bays.put_place(conn, town.municipality_id, Place(time_zone=town.time_zone, country=town.country))


def enforcement(conn: Connection, events: Sequence[Event]) -> None:
    """Cases: whether a guest's declaration is still needed, and what reporters are told."""
    for event in events:
        data = event.decoded()
        if isinstance(data, CaseOpened):
            case_opened(conn, data)
        elif isinstance(data, CaseChanged):
            case_moved(conn, data, event.position, event.occurred_at)
