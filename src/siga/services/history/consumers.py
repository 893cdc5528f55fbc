"""Events in: Parking's bays, changes, late reports and corrections."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from siga.contract.events import Event
from siga.contract.parking import BayChanged, BayDefined, ReportCameLate, StayCorrected
from siga.services.history import bays, corrections, store
from siga.services.history.bays import BayRow, Kind
from siga.services.history.facts import change_of, corrected_changes_of, late_changes_of
from siga.services.history.model import Change
from siga.services.history.pseudonyms import Pseudonyms

Words = list[tuple[Event, BayChanged | ReportCameLate | StayCorrected]]

HEEDED = tuple(kind.__name__ for kind in (BayDefined, BayChanged, ReportCameLate, StayCorrected))


def parking(pseudonyms: Pseudonyms) -> Callable[[Connection, Sequence[Event]], None]:
    """What a batch of Parking's events does here. The same event again changes nothing, in whatever order."""

    def effect(conn: Connection, events: Sequence[Event]) -> None:
        told: dict[str, Words] = {}
        for event in events:
            if event.kind not in HEEDED:
                continue
            data = event.decoded()
            if isinstance(data, BayDefined):
                bays.define(conn, data.bay, event.occurred_at)
            elif isinstance(data, BayChanged | ReportCameLate | StayCorrected):
                told.setdefault(data.bay_id, []).append((event, data))
        rows = bays.known(conn, told)
        news, gone = [], {}
        for bay_id, words in told.items():
            row = rows.get(bay_id) or _made_known(conn, words)
            changes = [change for word in words for change in _changes(conn, row, *word, pseudonyms)]
            corrected = [(event, data) for event, data in words if isinstance(data, StayCorrected)]
            held, gone[row.bay_no] = corrections.settle(conn, row.bay_no, corrected)
            changes += [change for word in held for change in corrected_changes_of(*word, row.place_no)]
            news.append((row, store.fresh(conn, row, changes)))
        store.enter(conn, news, gone)

    return effect


def _made_known(conn: Connection, words: Words) -> BayRow:
    """A bay that Parking spoke of before it defined it; LookupError when not even its category was told."""
    for event, data in words:
        if isinstance(data, BayChanged):
            return bays.add(conn, data.bay_id, event.municipality_id, data.code, _kind(data), event.recorded_at)
    raise LookupError("a late report of a bay that is not known")


def _kind(data: BayChanged) -> Kind:
    return Kind(zone_id=data.zone_id, category=data.category, personal=data.personal)


def _changes(conn: Connection, row: BayRow, event: Event, data: BayChanged | ReportCameLate | StayCorrected,
             pseudonyms: Pseudonyms) -> list[Change]:  # fmt: skip
    if isinstance(data, StayCorrected):
        return []  # they are settled together
    if isinstance(data, ReportCameLate):
        return late_changes_of(event, data, row.place_no)
    place_no = bays.place_for(conn, row, _kind(data), event.recorded_at)
    subject = pseudonyms.of(data.subject, event.recorded_at) if data.subject else None
    return [change_of(event, data, place_no, subject)]
