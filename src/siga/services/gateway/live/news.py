"""What Parking's and Enforcement's events mean to the live stream."""

from __future__ import annotations

from datetime import datetime

import msgspec

from siga.contract.base import Word
from siga.contract.enforcement import CaseChanged, CaseOpened
from siga.contract.events import Event
from siga.contract.parking import BayChanged, BayDefined, BayHeard, DeviceAlarmed
from siga.services.gateway.live.client import StaffNews
from siga.services.gateway.live.hub import Hub
from siga.services.gateway.live.model import server_sent

_ZONES_KEPT = 20_000


class _Changed(msgspec.Struct):
    """As much of `BayChanged` as is told: the view goes out as it came in, byte for byte."""

    bay_id: str
    personal: bool = False
    view: msgspec.Raw = msgspec.Raw(b"null")


class _Place(msgspec.Struct):
    lon: float
    lat: float


class _Ages(Word):
    """Data of `heard`: when the bay's sensor saw the present state, and when it spoke last."""

    bay_id: str
    observed_at: datetime
    heard_at: datetime


_changed = msgspec.json.Decoder(_Changed)
_place = msgspec.json.Decoder(_Place)


class News:
    """Hears the journals and tells the hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._case_zones: dict[str, str] = {}

    def hear_parking(self, event: Event) -> None:
        """Tell clients about a bay, staff about an alarm."""
        hub, kind = self._hub, event.kind
        if kind == BayChanged.__name__:
            self._changed(event)
        elif kind == BayHeard.__name__:
            self._heard(event)
        elif kind == BayDefined.__name__:
            self._defined(event)
        elif kind == DeviceAlarmed.__name__:
            data = event.decoded()
            if isinstance(data, DeviceAlarmed):
                wire = server_sent("alarm", event.data)
                hub.staff_news(StaffNews("devices.read", event.municipality_id, None, data.bay_id, wire))
        hub.position = event.position

    def hear_enforcement(self, event: Event) -> None:
        """Tell staff that a case was opened or moved: ids and state, nothing else."""
        data = event.decoded()
        if isinstance(data, CaseOpened):
            self._remember_zone(data.case_id, data.zone_id)
            told: dict[str, object] = {"case_id": data.case_id, "bay_id": data.bay_id, "state": "new"}
        elif isinstance(data, CaseChanged):
            told = {
                "case_id": data.case_id, "bay_id": data.bay_id, "state": data.state, "outcome": data.outcome,
                "complete": data.complete,
            }  # fmt: skip
        else:
            return
        zone_id = self._case_zones.get(data.case_id)
        wire = server_sent("case", msgspec.json.encode(told))
        self._hub.staff_news(StaffNews("cases.work", event.municipality_id, zone_id, data.bay_id, wire))

    def _changed(self, event: Event) -> None:
        data = _changed.decode(event.data)
        view = bytes(data.view)
        if data.personal or view == b"null":
            self._hub.gone(event.position, data.bay_id)
        else:
            place = _place.decode(view)
            self._hub.bay(event.position, data.bay_id, place.lon, place.lat, view)

    def _heard(self, event: Event) -> None:
        data = event.decoded()
        if isinstance(data, BayHeard) and not data.personal:
            ages = _Ages(bay_id=data.bay_id, observed_at=data.observed_at, heard_at=data.heard_at)
            self._hub.heard(event.position, data.bay_id, data.lon, data.lat, msgspec.json.encode(ages))

    def _defined(self, event: Event) -> None:
        data = event.decoded()
        if not isinstance(data, BayDefined):
            return
        bay = data.bay
        if bay.version > 1:
            self._hub.defined(event.position, bay.bay_id)
        if bay.personal or bay.life == "retired":
            self._hub.gone(event.position, bay.bay_id)

    def _remember_zone(self, case_id: str, zone_id: str) -> None:
        self._case_zones[case_id] = zone_id
        if len(self._case_zones) > _ZONES_KEPT:
            del self._case_zones[next(iter(self._case_zones))]
